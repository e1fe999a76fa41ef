//! A standalone worker under test: ours, or the JVM's started from the same files.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::Duration;

use serde_json::Value;

use super::kafka::Kafka;
use super::process::Process;
use super::rest::Rest;
use super::wait::try_wait_for;
use super::{jvm_connect, scratch};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// The binary of this repository.
    Turnbuckle,
    /// Apache Kafka's own worker.
    Jvm,
}

/// What a worker is started from.
#[derive(Clone, Debug)]
pub struct WorkerSpec {
    engine: Engine,
    properties: Vec<(String, String)>,
    connectors: Vec<Vec<(String, String)>>,
    env: Vec<(String, String)>,
    args: Vec<String>,
    class_path: Vec<PathBuf>,
}

pub struct Worker {
    spec: WorkerSpec,
    dir: PathBuf,
    port: u16,
    process: Process,
}

impl WorkerSpec {
    /// String converters, commits every 300 ms, REST on a free port.
    pub fn new(engine: Engine, kafka: &Kafka) -> WorkerSpec {
        WorkerSpec {
            engine,
            properties: Vec::new(),
            connectors: Vec::new(),
            env: Vec::new(),
            args: Vec::new(),
            class_path: Vec::new(),
        }
        .set("bootstrap.servers", &kafka.bootstrap())
        .set(
            "key.converter",
            "org.apache.kafka.connect.storage.StringConverter",
        )
        .set(
            "value.converter",
            "org.apache.kafka.connect.storage.StringConverter",
        )
        .set("offset.flush.interval.ms", "300")
    }

    /// A line of the worker's properties; a later one for the same key takes the place of an earlier one.
    pub fn set(mut self, key: &str, value: &str) -> WorkerSpec {
        self.properties.retain(|(k, _)| k != key);
        self.properties.push((key.to_owned(), value.to_owned()));
        self
    }

    /// A connector file for the command line.
    pub fn connector(mut self, config: &[(&str, &str)]) -> WorkerSpec {
        self.connectors.push(
            config
                .iter()
                .map(|(k, v)| (k.to_string(), v.to_string()))
                .collect(),
        );
        self
    }

    /// The same from lines that are owned already.
    pub fn connector_lines(mut self, config: Vec<(String, String)>) -> WorkerSpec {
        self.connectors.push(config);
        self
    }

    pub fn env(mut self, name: &str, value: &str) -> WorkerSpec {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// An argument behind the files.
    pub fn arg(mut self, arg: &str) -> WorkerSpec {
        self.args.push(arg.to_owned());
        self
    }

    /// A jar for the JVM's class path.
    pub fn jar(mut self, jar: &Path) -> WorkerSpec {
        self.class_path.push(jar.to_owned());
        self
    }

    /// Starts the worker and waits until its REST API answers.
    pub fn start(self) -> Worker {
        let worker = self.spawn();
        worker.wait_ready();
        worker
    }

    /// Starts the worker and waits for nothing: for workers that are expected to refuse.
    pub fn spawn(mut self) -> Worker {
        let dir = scratch::dir("worker");
        let port = scratch::free_port();
        let mut listeners = format!("http://127.0.0.1:{port}");
        for (key, more) in &self.properties {
            if key == "listeners" {
                listeners += &format!(",{more}");
            }
        }
        self = self.set("listeners", &listeners);
        self = self.set(
            "offset.storage.file.filename",
            &dir.join("offsets").to_string_lossy(),
        );
        if self.engine == Engine::Jvm {
            let plugins = jvm_connect::plugin_path(&dir).expect("the file connector's jar");
            self = self.set("plugin.path", &plugins.to_string_lossy());
        }
        let process = launch(&self, &dir);
        Worker {
            spec: self,
            dir,
            port,
            process,
        }
    }
}

impl Worker {
    pub fn rest(&self) -> Rest {
        Rest::new(self.base())
    }

    /// `http://host:port`.
    pub fn base(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Of the listener that every worker here has.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// A folder of this worker alone; connectors may write there.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The operating system's process: pid, signals, `freeze`, `log`.
    pub fn process(&self) -> &Process {
        &self.process
    }

    pub fn log(&self) -> String {
        self.process.log()
    }

    /// Fails the test, showing the log, when the worker ends or does not answer in time.
    pub fn wait_ready(&self) {
        let answers = || {
            self.rest()
                .get("/connectors")
                .is_ok_and(|r| r.status == 200)
        };
        self.process
            .wait_ready(Duration::from_secs(60), answers)
            .expect("a worker");
    }

    /// Waits for the word that it has started: for workers whose API does not answer everyone.
    pub fn wait_started(&self) {
        let started = || self.log().contains("Kafka Connect started");
        self.process
            .wait_ready(Duration::from_secs(60), started)
            .expect("a worker");
    }

    /// kill -9.
    pub fn kill(&self) {
        self.process.kill();
    }

    /// SIGTERM, and waits for the end: how did it exit?
    pub fn stop(&self, deadline: Duration) -> ExitStatus {
        self.process.terminate();
        self.process.wait(deadline)
    }

    /// Starts it once more from the same files; what still runs is killed. The log goes on in the same file.
    pub fn start_again(&mut self) {
        self.process.kill();
        self.process = launch(&self.spec, &self.dir);
        self.wait_ready();
    }

    /// Creates or changes a connector over REST and waits until it and all its tasks run.
    pub fn run_connector(&self, name: &str, config: &Value) {
        let answer = self
            .rest()
            .put(&format!("/connectors/{name}/config"), config)
            .expect("an answer");
        assert!(
            matches!(answer.status, 200 | 201),
            "{}: {}",
            answer.status,
            answer.text()
        );
        self.wait_state(name, "RUNNING", Duration::from_secs(30));
    }

    pub fn delete_connector(&self, name: &str) {
        self.rest()
            .delete(&format!("/connectors/{name}"))
            .expect("an answer")
            .expect(204);
    }

    /// The status as REST tells it; `None` when there is no such connector.
    pub fn status(&self, name: &str) -> Option<Value> {
        let answer = self
            .rest()
            .get(&format!("/connectors/{name}/status"))
            .ok()?;
        (answer.status == 200).then(|| answer.json())
    }

    /// Waits until all tasks are in `state` and there is at least one.
    pub fn wait_state(&self, name: &str, state: &str, deadline: Duration) -> Value {
        let mut last = Value::Null;
        let found = try_wait_for(deadline, || {
            last = self.status(name).unwrap_or(Value::Null);
            let tasks = last["tasks"].as_array().filter(|tasks| !tasks.is_empty());
            Ok(tasks
                .is_some_and(|tasks| tasks.iter().all(|t| t["state"] == state))
                .then_some(()))
        });
        match found {
            Ok(Some(())) => last,
            _ => panic!(
                "{name} is not {state} after {deadline:?}: {last}\n{}",
                self.process.log_tail()
            ),
        }
    }
}

fn launch(spec: &WorkerSpec, dir: &Path) -> Process {
    let properties = write_properties(dir, "worker.properties", &spec.properties);
    let files: Vec<PathBuf> = (0..)
        .zip(&spec.connectors)
        .map(|(number, config)| {
            write_properties(dir, &format!("connector-{number}.properties"), config)
        })
        .collect();
    let mut command = match spec.engine {
        Engine::Jvm => {
            jvm_connect::command(&properties, &files, &spec.class_path).expect("the worker's jars")
        }
        Engine::Turnbuckle => {
            let mut binary = Command::new(env!("CARGO_BIN_EXE_turnbuckle"));
            binary.arg("standalone").arg(&properties).args(&files);
            binary
        }
    };
    command.args(&spec.args).current_dir(dir);
    command.envs(spec.env.iter().map(|(k, v)| (k, v)));
    let name = match spec.engine {
        Engine::Turnbuckle => "turnbuckle",
        Engine::Jvm => "the JVM's worker",
    };
    Process::spawn(name, command, &dir.join("worker.log")).expect("a process")
}

/// Escapes what `.properties` readers take specially in values; keys here never need it.
fn write_properties(dir: &Path, name: &str, lines: &[(String, String)]) -> PathBuf {
    let mut text = String::new();
    for (key, value) in lines {
        let value = value
            .replace('\\', "\\\\")
            .replace('\n', "\\n")
            .replace('\r', "\\r");
        let lead = if value.starts_with(' ') { "\\" } else { "" };
        text += &format!("{key}={lead}{value}\n");
    }
    let path = dir.join(name);
    fs::write(&path, text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    path
}
