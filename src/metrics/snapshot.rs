//! [`WorkerSnapshot`]: everything that is shown, at one moment.

use std::time::Duration;

use data_plane::metrics::TaskSnapshot;

/// The worker with its connectors.
#[derive(Clone, Debug)]
pub struct WorkerSnapshot {
    /// `host:port`.
    pub id: String,
    pub started_ms: i64,
    pub uptime: Duration,
    pub connector_startups: Startups,
    pub task_startups: Startups,
    pub connectors: Vec<ConnectorSnapshot>,
}

/// How starts ended.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Startups {
    pub attempts: u64,
    pub successes: u64,
    pub failures: u64,
    /// Of the last windows.
    pub success_share: f64,
    pub failure_share: f64,
}

#[derive(Clone, Debug)]
pub struct ConnectorSnapshot {
    pub name: String,
    /// Kafka's name of the state in lower case.
    pub status: String,
    /// `sink`, or `unknown` without the plugin.
    pub kind: &'static str,
    pub class: String,
    pub version: String,
    pub tasks: Vec<TaskState>,
}

/// A task that is configured; its numbers if it runs or ran here.
#[derive(Clone, Debug)]
pub struct TaskState {
    pub task: u32,
    pub status: String,
    pub client_id: String,
    pub producer_id: String,
    pub numbers: Option<TaskSnapshot>,
}

impl ConnectorSnapshot {
    pub fn tasks_that_are(&self, status: &str) -> usize {
        self.tasks.iter().filter(|t| t.status == status).count()
    }
}

impl WorkerSnapshot {
    /// Tasks that run here, with their connectors.
    pub fn running(&self) -> impl Iterator<Item = (&ConnectorSnapshot, &TaskState, &TaskSnapshot)> {
        self.connectors.iter().flat_map(|connector| {
            connector
                .tasks
                .iter()
                .filter_map(move |task| Some((connector, task, task.numbers.as_ref()?)))
        })
    }
}
