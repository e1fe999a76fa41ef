//! The worker of the demo: `turnbuckle standalone` with the sample files of `config/`.
//!
//! The samples are built in, laid down in a folder of their own, and read from there like any user's. Only addresses and
//! the commit interval differ, and those are given where a user would give them.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::cli::Failure;
use crate::cli::args::{LogArgs, Standalone, WorkerFiles};
use crate::cli::standalone::{self, Owner, Started};
use crate::herder::state::State;

const WORKER: &str = include_str!("../../../config/connect-standalone.properties");
const CONNECTOR: &str = include_str!("../../../config/graph-sink.properties");
const ADDRESS: &str = "neo4j.uri=neo4j://localhost:7687\n";

/// As the sample says.
pub const NAME: &str = "customers-to-graph";
const TASKS: usize = 2;
pub const GROUP: &str = "connect-customers-to-graph";
pub const DEAD_LETTERS: &str = "customers-to-graph-dlq";

const LOOK_AGAIN: Duration = Duration::from_millis(20);
const START: Duration = Duration::from_secs(60);

/// A running worker.
pub struct Worker {
    started: Started,
    stop: Option<oneshot::Sender<()>>,
    ended: JoinHandle<Result<(), Failure>>,
    _files: Files,
}

impl Worker {
    /// Starts the worker and waits until it has created the connector.
    ///
    /// # Errors
    /// What `turnbuckle standalone` would say.
    pub async fn start(broker: SocketAddr, graph: SocketAddr) -> Result<Self, Failure> {
        let files = Files::write(graph).map_err(|e| failed(&e))?;
        let args = Standalone {
            files: WorkerFiles {
                overrides: overrides(broker),
                worker: files.path("connect-standalone.properties"),
                connectors: vec![files.path("graph-sink.properties")],
            },
            log: LogArgs::default(),
        };
        let (started, is_started) = oneshot::channel();
        let (stop, stopped) = oneshot::channel();
        let owner = Owner { started, stopped };
        let ended = tokio::spawn(async move { standalone::run_for(&args, owner).await });
        let Ok(started) = is_started.await else {
            let result = ended.await.map_err(|e| failed(&e))?;
            return Err(result.err().unwrap_or_else(|| failed(&"it was stopped")));
        };
        Ok(Self {
            started,
            stop: Some(stop),
            ended,
            _files: files,
        })
    }

    /// Waits until connector and tasks are RUNNING; the number of tasks.
    ///
    /// # Errors
    /// One of them failed, or did not come up in a minute.
    pub async fn running(&self) -> Result<usize, Failure> {
        let begin = Instant::now();
        loop {
            let status = self.started.herder.status(NAME).await;
            let status = status.map_err(|e| failed(&e))?;
            let tasks: Vec<_> = status.tasks.values().collect();
            if let Some(task) = tasks.iter().find(|task| task.state == State::Failed) {
                let trace = task.trace.clone().unwrap_or_default();
                return Err(failed(&format!("a task has failed:\n{trace}")));
            }
            if tasks.len() == TASKS && tasks.iter().all(|task| task.state == State::Running) {
                return Ok(tasks.len());
            }
            if begin.elapsed() > START {
                return Err(failed(&"it is not RUNNING after a minute"));
            }
            sleep(LOOK_AGAIN).await;
        }
    }

    /// Where the REST API listens.
    pub fn rest(&self) -> String {
        let port = self.started.ports.first().copied().unwrap_or_default();
        format!("http://127.0.0.1:{port}")
    }

    /// Stops it as a signal would.
    ///
    /// # Errors
    /// It did not end well.
    pub async fn stop(mut self) -> Result<(), Failure> {
        drop(self.stop.take());
        self.ended.await.map_err(|e| failed(&e))?
    }
}

fn failed(why: &dyn std::fmt::Display) -> Failure {
    Failure::Demo(format!("the worker: {why}"))
}

fn overrides(broker: SocketAddr) -> Vec<(String, String)> {
    [
        ("bootstrap.servers", broker.to_string()),
        // Any free port, and nobody's but this machine's.
        ("listeners", "http://127.0.0.1:0".to_owned()),
        // The demo's log has levels of its own, which these would not change.
        ("admin.listeners", String::new()),
        // The sample's ten seconds are for production; here somebody watches.
        ("offset.flush.interval.ms", "500".to_owned()),
    ]
    .map(|(key, value)| (key.to_owned(), value))
    .to_vec()
}

/// The sample of the connector with the graph's address.
fn connector(graph: SocketAddr) -> String {
    CONNECTOR.replacen(ADDRESS, &format!("neo4j.uri=neo4j://{graph}\n"), 1)
}

/// A folder that goes when this does.
struct Files(PathBuf);

impl Files {
    fn write(graph: SocketAddr) -> std::io::Result<Self> {
        let folder = std::env::temp_dir().join(format!("turnbuckle-demo-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        let files = Self(folder);
        fs::write(files.path("connect-standalone.properties"), WORKER)?;
        fs::write(files.path("graph-sink.properties"), connector(graph))?;
        Ok(files)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_string_lossy().into_owned()
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_is_used_but_for_its_address() {
        let graph = SocketAddr::from(([127, 0, 0, 1], 7));
        let used = connector(graph);
        let changed: Vec<_> = CONNECTOR
            .lines()
            .zip(used.lines())
            .filter(|(sample, used)| sample != used)
            .collect();
        let expected = (ADDRESS.trim_end(), "neo4j.uri=neo4j://127.0.0.1:7");
        assert_eq!(changed, [expected]);
        let has = |line: &str| CONNECTOR.lines().any(|l| l == line);
        assert!(has(&format!("name={NAME}")));
        assert!(has(&format!(
            "errors.deadletterqueue.topic.name={DEAD_LETTERS}"
        )));
    }
}
