//! The closed list of what the herder's task obeys.

use std::collections::BTreeMap;

use connect_api::config::Config;
use data_plane::task::{Phase, TaskStatus};
use tokio::sync::oneshot;

use super::error::HerderError;
use super::state::{State, Status};
use crate::config::TargetState;

/// Where an answer goes. The one who asked may be gone; that is no error.
pub type Reply<T> = oneshot::Sender<Result<T, HerderError>>;

pub enum Command {
    /// A question, answered at once.
    Ask(Question),
    /// Something about one connector that may have to wait for its tasks to stop. Changes of one connector are done
    /// in order; those of others do not wait.
    Change { name: String, change: Change },
    /// Forgets the topics that a connector has used.
    ResetTopics { name: String, reply: Reply<()> },
    /// Stops every task and ends the herder.
    Shutdown(oneshot::Sender<()>),
}

pub enum Question {
    /// Whether the herder is there at all.
    Ping(Reply<()>),
    Names(Reply<Vec<String>>),
    /// Everything about every connector.
    All(Reply<BTreeMap<String, (ConnectorInfo, Option<ConnectorStatus>)>>),
    Info(String, Reply<ConnectorInfo>),
    Tasks(String, Reply<Vec<Config>>),
    Status(String, Reply<ConnectorStatus>),
    TaskStatus(String, i64, Reply<Status>),
    TaskPhase(String, i64, Reply<TaskPhase>),
    /// The topics that the tasks of a connector have got records of. Nothing for a connector that does not exist.
    Topics(String, Reply<Vec<String>>),
}

pub enum Change {
    /// Creates a connector or gives it another configuration.
    Configure {
        config: Config,
        mode: ConfigureMode,
        reply: Reply<Configured>,
    },
    Delete(Reply<()>),
    SetTarget(TargetState, Reply<()>),
    Restart(RestartScope, Reply<ConnectorStatus>),
    RestartTask(i64, Reply<()>),
    /// No change: the configuration, once the connector is STOPPED and has no tasks any more.
    CheckStopped(Reply<Config>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfigureMode {
    /// The name must be free.
    Create(TargetState),
    /// The name may be free.
    CreateOrUpdate,
    /// The connector must exist.
    Update,
}

/// What became of a [`Change::Configure`].
pub struct Configured {
    pub created: bool,
    pub info: ConnectorInfo,
}

/// What a restart touches besides the connector itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RestartScope {
    pub include_tasks: bool,
    pub only_failed: bool,
}

impl RestartScope {
    /// Whether an instance in this state is restarted.
    pub fn covers(self, state: Option<State>) -> bool {
        !self.only_failed || state == Some(State::Failed)
    }
}

/// Body of `GET /connectors/{name}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectorInfo {
    pub name: String,
    pub config: Config,
    pub tasks: Vec<u32>,
    /// `sink`, or `unknown` without the plugin.
    pub kind: &'static str,
}

/// Body of `GET /connectors/{name}/status`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectorStatus {
    pub name: String,
    pub connector: Status,
    pub tasks: BTreeMap<u32, Status>,
    pub kind: &'static str,
}

/// Body of `GET /turnbuckle/connectors/{name}/tasks/{task}`.
#[derive(Clone, Debug)]
pub struct TaskPhase {
    pub phase: Phase,
    /// Why it waits or has failed, if it does or has. With references instead of what they stand for.
    pub why: Option<String>,
    /// Bytes read from Kafka and not done with.
    pub bytes_in_flight: usize,
}

/// What a task says.
pub struct TaskReport {
    pub name: String,
    pub task: u32,
    /// Which start of the task it is about; late words of an earlier one do not count.
    pub incarnation: u64,
    pub told: Told,
}

pub enum Told {
    Status(TaskStatus),
    /// It has got records of this topic.
    Topic(String),
}
