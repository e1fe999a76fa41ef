//! A schema registry with the REST API of Confluent's: Apicurio, in memory.

use std::process::Command;
use std::sync::Mutex;
use std::time::Duration;

use serde_json::{Value, json};

use super::process::Process;
use super::rest::Rest;
use super::{jars, scratch};

pub struct Registry {
    port: u16,
    process: Mutex<Option<Process>>,
}

impl Registry {
    pub fn start() -> Result<Registry, String> {
        let folder = jars::apicurio()?;
        let registry = Registry {
            port: scratch::free_port(),
            process: Mutex::new(None),
        };
        let mut java = Command::new("java");
        java.args(["-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]);
        java.arg("-Dquarkus.http.host=127.0.0.1");
        java.arg(format!("-Dquarkus.http.port={}", registry.port));
        java.arg("-jar").arg(folder.join(jars::APICURIO_JAR));
        let home = scratch::dir("registry");
        java.current_dir(&home);
        let process = Process::spawn("the schema registry", java, &home.join("registry.log"))?;
        process.wait_ready(Duration::from_secs(120), || {
            let answer = registry.rest().get("/subjects");
            answer.is_ok_and(|answer| answer.status == 200)
        })?;
        *registry.lock() = Some(process);
        Ok(registry)
    }

    /// What goes into `schema.registry.url`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/apis/ccompat/v7", self.port)
    }

    pub fn rest(&self) -> Rest {
        Rest::new(self.url())
    }

    /// Registers a schema and gives its id. References are `(name, subject, version)`.
    pub fn register(
        &self,
        subject: &str,
        type_: &str,
        schema: &str,
        references: &[(&str, &str, i32)],
    ) -> i32 {
        let references: Vec<Value> = references
            .iter()
            .map(|(name, subject, version)| {
                json!({"name": name, "subject": subject, "version": version})
            })
            .collect();
        let body = json!({"schema": schema, "schemaType": type_, "references": references});
        let path = format!("/subjects/{subject}/versions");
        let answer = self.rest().post(&path, &body).expect("an answer");
        let id = answer.expect(200).json()["id"].as_i64();
        id.and_then(|id| i32::try_from(id).ok()).expect("an id")
    }

    /// Everything that is registered: subjects with the numbers of their versions.
    pub fn contents(&self) -> Vec<(String, Value)> {
        let get = |path: &str| self.rest().get(path).expect("an answer").expect(200).json();
        let subjects = get("/subjects");
        let names = subjects.as_array().into_iter().flatten();
        names
            .filter_map(Value::as_str)
            .map(|name| (name.to_owned(), get(&format!("/subjects/{name}/versions"))))
            .collect()
    }

    /// The requests that it has answered: `GET /schemas/ids/1`.
    pub fn asked(&self) -> Vec<String> {
        let log = self.lock().as_ref().map(Process::log).unwrap_or_default();
        let requests = log.lines().filter_map(|line| {
            let (_, rest) = line.split_once("method=\"")?;
            let (method, rest) = rest.split_once("\" path=\"/apis/ccompat/v7")?;
            let (path, _) = rest.split_once("\" response_code=")?;
            Some(format!("{method} {path}"))
        });
        requests.collect()
    }

    pub fn kill(&self) {
        drop(self.lock().take());
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Process>> {
        let locked = self.process.lock();
        locked.unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
