//! A Neo4j server. Tests ask it over its HTTP endpoint: no driver is needed, and none that the tested program uses.

use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::kafka::java;
use super::process::Process;
use super::rest::Rest;
use super::{jars, scratch};

pub const USER: &str = "neo4j";
pub const PASSWORD: &str = "turnbuckle-tests";

/// Whether clients have to say who they are ([`USER`], [`PASSWORD`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auth {
    Disabled,
    Enabled,
}

pub struct Neo4j {
    auth: Auth,
    home: PathBuf,
    bolt_port: u16,
    http: Rest,
    process: Mutex<Option<Process>>,
}

impl Neo4j {
    /// A server of one's own. Tests that stop or freeze it need that; others share [`super::Ctx::neo4j`].
    pub fn start(auth: Auth) -> Result<Neo4j, String> {
        let home = scratch::dir("neo4j");
        let (bolt_port, http_port) = (scratch::free_port(), scratch::free_port());
        let server = Neo4j {
            auth,
            http: authorized(
                Rest::new(format!("http://127.0.0.1:{http_port}")),
                auth,
                PASSWORD,
            ),
            home,
            bolt_port,
            process: Mutex::new(None),
        };
        server.write_config(http_port)?;
        server.launch(auth == Auth::Enabled)?;
        Ok(server)
    }

    /// `bolt://host:port`.
    pub fn uri(&self) -> String {
        format!("bolt://127.0.0.1:{}", self.bolt_port)
    }

    /// Rows of one statement; fails the test when the database refuses it.
    pub fn query(&self, statement: &str, parameters: Value) -> Vec<Vec<Value>> {
        self.try_query(statement, parameters)
            .unwrap_or_else(|e| panic!("{statement}: {e}"))
    }

    pub fn try_query(&self, statement: &str, parameters: Value) -> Result<Vec<Vec<Value>>, String> {
        ask(&self.http, "neo4j", statement, parameters)
    }

    /// Without saying who one is.
    pub fn anonymous_query(&self, statement: &str) -> Result<Vec<Vec<Value>>, String> {
        ask(
            &Rest::new(self.http.base.clone()),
            "neo4j",
            statement,
            json!({}),
        )
    }

    /// The only value of the only row, as an integer: for `RETURN count(*)`.
    pub fn count(&self, statement: &str) -> i64 {
        let rows = self.query(statement, json!({}));
        rows.first()
            .and_then(|row| row.first())
            .and_then(Value::as_i64)
            .expect("a statement that returns a number")
    }

    /// Takes away all nodes, constraints and indexes.
    pub fn clear(&self) {
        // In parts: one transaction with a large graph does not fit into the server's memory.
        while self.count("MATCH (n) WITH n LIMIT 5000 DETACH DELETE n RETURN count(*)") > 0 {}
        for row in self.query("SHOW CONSTRAINTS YIELD name", json!({})) {
            self.query(
                &format!(
                    "DROP CONSTRAINT `{}` IF EXISTS",
                    row[0].as_str().unwrap_or_default()
                ),
                json!({}),
            );
        }
        for row in self.query(
            "SHOW INDEXES YIELD name, type WHERE type <> 'LOOKUP' RETURN name",
            json!({}),
        ) {
            self.query(
                &format!(
                    "DROP INDEX `{}` IF EXISTS",
                    row[0].as_str().unwrap_or_default()
                ),
                json!({}),
            );
        }
    }

    /// Ends the server; its data stays.
    pub fn stop(&self) {
        if let Some(process) = self.take() {
            process.stop(Duration::from_secs(30));
        }
    }

    /// kill -9.
    pub fn kill(&self) {
        drop(self.take());
    }

    /// Starts it again with the same data on the same ports.
    pub fn start_again(&self) -> Result<(), String> {
        self.stop();
        self.launch(false)
    }

    /// A black hole: connections are accepted by the kernel and never answered.
    pub fn freeze(&self) {
        self.with_process(Process::freeze);
    }

    pub fn thaw(&self) {
        self.with_process(Process::thaw);
    }

    fn take(&self) -> Option<Process> {
        self.process
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    fn with_process(&self, act: impl FnOnce(&Process)) {
        let process = self.process.lock().unwrap_or_else(PoisonError::into_inner);
        act(process.as_ref().expect("the server was started"));
    }

    fn write_config(&self, http_port: u16) -> Result<(), String> {
        let conf = self.home.join("conf");
        fs::create_dir_all(&conf).map_err(|e| format!("{}: {e}", conf.display()))?;
        // Tests with a wrong password must not lock out those with the right one.
        let text = format!(
            "server.bolt.listen_address=127.0.0.1:{}\n\
             server.http.enabled=true\n\
             server.http.listen_address=127.0.0.1:{http_port}\n\
             dbms.security.auth_enabled={}\n\
             dbms.security.auth_max_failed_attempts=0\n\
             dbms.usage_report.enabled=false\n\
             server.memory.pagecache.size=64m\n\
             db.tx_log.preallocate=false\n",
            self.bolt_port,
            self.auth == Auth::Enabled,
        );
        fs::write(conf.join("neo4j.conf"), text).map_err(|e| format!("{}: {e}", conf.display()))
    }

    fn launch(&self, set_password: bool) -> Result<(), String> {
        let jars = jars::neo4j()?;
        let mut java = java("768m", &jars.join("*").to_string_lossy());
        for package in [
            "java.nio",
            "java.io",
            "sun.nio.ch",
            "java.lang",
            "java.util.concurrent",
        ] {
            java.arg(format!("--add-opens=java.base/{package}=ALL-UNNAMED"));
        }
        java.arg("org.neo4j.server.CommunityEntryPoint");
        java.arg(format!("--home-dir={}", self.home.display()));
        java.arg(format!("--config-dir={}", self.home.join("conf").display()));
        let process = Process::spawn("neo4j", java, &self.home.join("neo4j.log"))?;
        process.wait_ready(Duration::from_secs(90), || {
            if !set_password {
                return self.try_query("RETURN 1", json!({})).is_ok();
            }
            // A new server has the password "neo4j" and lets one do nothing but change it.
            let first = authorized(Rest::new(self.http.base.clone()), Auth::Enabled, "neo4j");
            let change = "ALTER CURRENT USER SET PASSWORD FROM 'neo4j' TO $new";
            ask(&first, "system", change, json!({"new": PASSWORD})).is_ok()
        })?;
        *self.process.lock().unwrap_or_else(PoisonError::into_inner) = Some(process);
        Ok(())
    }
}

fn authorized(rest: Rest, auth: Auth, password: &str) -> Rest {
    match auth {
        Auth::Disabled => rest,
        Auth::Enabled => {
            let token = STANDARD.encode(format!("{USER}:{password}"));
            rest.with_header("Authorization", &format!("Basic {token}"))
        }
    }
}

fn ask(
    http: &Rest,
    database: &str,
    statement: &str,
    parameters: Value,
) -> Result<Vec<Vec<Value>>, String> {
    let body = json!({"statements": [{"statement": statement, "parameters": parameters}]});
    let path = format!("/db/{database}/tx/commit");
    let answer = http.post(&path, &body).map_err(|e| e.to_string())?;
    if answer.status != 200 {
        return Err(format!("{}: {}", answer.status, answer.text()));
    }
    let answer = answer.json();
    if let Some(error) = answer["errors"].get(0) {
        return Err(error["message"]
            .as_str()
            .unwrap_or("an error without a text")
            .to_owned());
    }
    let rows = answer["results"][0]["data"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    Ok(rows
        .into_iter()
        .map(|row| row["row"].as_array().cloned().unwrap_or_default())
        .collect())
}
