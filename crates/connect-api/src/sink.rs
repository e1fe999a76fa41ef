//! The sink: a connector that says how many tasks, and tasks that write.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use crate::config::{Config, ConfigErrors, ConfigReader};
use crate::data::Value;
use crate::error::ConnectError;
use crate::record::{RecordSlice, TopicPartition};

/// Offsets per partition; an offset is that of the *next* record, as Kafka commits it.
pub type Offsets = BTreeMap<TopicPartition, i64>;

/// One connector of a configuration (`org.apache.kafka.connect.sink.SinkConnector`).
///
/// Made from a configuration that validation has passed; makes the configurations of its tasks and the tasks.
pub trait SinkConnector: Send + Sync {
    /// The configuration of each task, at most `max_tasks` of them (`Connector.taskConfigs`).
    ///
    /// # Errors
    /// An error makes the connector FAILED; its tasks are not started.
    fn task_configs(&self, max_tasks: usize) -> Result<Vec<Config>, ConnectError>;

    /// What the start of its tasks would refuse although validation accepts it, told before. Pure.
    ///
    /// # Errors
    /// The one that [`SinkTask::start`] would give.
    fn check(&self) -> Result<(), ConnectError> {
        Ok(())
    }

    /// What a task would send to its target for these records, for people to read before anything runs
    /// (`turnbuckle preview --statements`). Pure: no connection, no file. None: this sink does not tell.
    ///
    /// With no records it tells, by none or an empty list, whether it would.
    ///
    /// # Errors
    /// The one that `put` would report of the records before it sends anything.
    fn statements(&self, records: &RecordSlice) -> Option<Result<Vec<Statement>, ConnectError>> {
        let _ = records;
        None
    }

    /// Whether the group's committed offsets alone tell where this connector goes on. Where they do not, as with a
    /// ledger in the target, users who alter offsets are told to look there as well (`SinkConnector.alterOffsets`).
    fn offsets_are_in_kafka_alone(&self) -> bool {
        false
    }

    /// A task that has not started yet. Pure: I/O begins in [`SinkTask::start`].
    fn task(&self) -> Box<dyn SinkTask>;
}

/// One thing that a sink would send, as [`SinkConnector::statements`] tells it.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// A query, a command or a line.
    pub text: String,
    /// Names and values of its parameters. What Connect has no type for is text.
    pub parameters: Vec<(String, Value)>,
}

/// Makes a connector from its configuration. Pure: no file, network or clock.
pub type NewSinkConnector = fn(&ConfigReader<'_>) -> Result<Box<dyn SinkConnector>, ConfigErrors>;

/// Writes records to a target (`org.apache.kafka.connect.sink.SinkTask`).
///
/// Calls come one after the other, never two at a time: `start`, then `open`, `put`, `pre_commit`, `close` as
/// partitions and records come, then `stop`. The smallest sink writes `start`, `put` and `stop`.
///
/// A task classifies its errors ([`ErrorClass`](crate::ErrorClass)) and never retries between puts, sleeps or counts
/// attempts: waiting and delivering again is the runtime's. A panic ends this task only.
#[async_trait]
pub trait SinkTask: Send {
    /// The first call, with the task's configuration; the first I/O happens here.
    ///
    /// # Errors
    /// `Unavailable` and `Retriable`: `start` is called again after a pause, for as long as it takes, on the same
    /// object. Any other class: the task is FAILED.
    async fn start(
        &mut self,
        config: &Config,
        context: &SinkTaskContext,
    ) -> Result<(), ConnectError>;

    /// These partitions are now this task's. A sink that keeps offsets in its target answers where to begin; for
    /// all others Kafka's committed offsets count.
    ///
    /// # Errors
    /// As for [`start`](Self::start): retriable classes are called again, any other ends the task.
    async fn open(&mut self, partitions: &[TopicPartition]) -> Result<Offsets, ConnectError> {
        let _ = partitions;
        Ok(Offsets::new())
    }

    /// Writes a batch: records of any of the open partitions, grouped by partition, in offset order within one. May be
    /// empty: then it is a chance to do what is due by time.
    ///
    /// When it returns, what it reports as applied is in the target or in the task's own buffer; a buffering task
    /// holds commits back in [`pre_commit`](Self::pre_commit).
    async fn put(&mut self, records: RecordSlice) -> PutReport;

    /// Offsets are about to be committed: answer with those that are safe, at most the given ones
    /// (`SinkTask.preCommit`). A buffering task writes its buffer out here or answers with less.
    ///
    /// # Errors
    /// The commit is skipped and the given partitions are read again from the last committed offsets. What is buffered
    /// of other partitions must be kept.
    async fn pre_commit(&mut self, accepted: &Offsets) -> Result<Offsets, ConnectError> {
        Ok(accepted.clone())
    }

    /// These partitions are no longer this task's. Called after `pre_commit` and before the commit, as in Kafka, or
    /// without `pre_commit` if the group has already given the partitions away.
    ///
    /// # Errors
    /// Logged; the task goes on without the partitions.
    async fn close(&mut self, partitions: &[TopicPartition]) -> Result<(), ConnectError> {
        let _ = partitions;
        Ok(())
    }

    /// The last call, also after a failed `start`. Closes what is open.
    async fn stop(&mut self);
}

/// What became of the records of one `put`.
#[derive(Debug)]
pub struct PutReport {
    /// Which records are written, by their place in the slice; ascending, without repeats. Ignored (all are) when
    /// nothing failed.
    pub applied: Vec<usize>,
    /// What stopped the put. Records that are neither applied nor named here were not tried.
    pub failure: Option<Failure>,
}

/// Why a put did not write everything.
#[derive(Debug)]
pub struct Failure {
    pub error: ConnectError,
    /// The records it concerns, by their place in the slice, ascending. Nothing of them is in the target.
    /// If there are several, the culprit among them is unknown: the runtime puts them again in halves to find it.
    /// Empty means all that were not applied.
    pub records: Vec<usize>,
}

impl PutReport {
    /// Everything is written.
    pub fn all() -> Self {
        Self {
            applied: Vec::new(),
            failure: None,
        }
    }

    /// Nothing is written, and the error concerns the whole slice.
    pub fn failed(error: ConnectError) -> Self {
        Self {
            applied: Vec::new(),
            failure: Some(Failure {
                error,
                records: Vec::new(),
            }),
        }
    }

    /// Some is written, then an error struck the named records.
    pub fn partly(applied: Vec<usize>, error: ConnectError, records: Vec<usize>) -> Self {
        Self {
            applied,
            failure: Some(Failure { error, records }),
        }
    }
}

/// What a sink task asks of the runtime (`org.apache.kafka.connect.sink.SinkTaskContext`).
///
/// Requests are collected during a call and take effect when it returns. Cloning gives another handle.
#[derive(Clone, Debug)]
pub struct SinkTaskContext {
    connector: Arc<str>,
    task: u32,
    has_reporter: bool,
    requests: Arc<Mutex<Requests>>,
}

/// The requests a task made since they were last taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requests {
    /// Read these partitions from other offsets, backwards too.
    pub rewinds: Offsets,
    /// Upper bound of the wait before the next `put`.
    pub timeout: Option<Duration>,
    pub commit: bool,
    /// The last word on each partition that was paused (true) or resumed (false).
    pub pauses: BTreeMap<TopicPartition, bool>,
}

impl SinkTaskContext {
    pub fn new(connector: impl Into<Arc<str>>, task: u32, has_reporter: bool) -> Self {
        Self {
            connector: connector.into(),
            task,
            has_reporter,
            requests: Arc::default(),
        }
    }

    pub fn connector(&self) -> &str {
        &self.connector
    }

    /// The task's number, from 0.
    pub fn task(&self) -> u32 {
        self.task
    }

    /// Whether bad records can be reported one by one (`errantRecordReporter` is not null): a dead letter topic is
    /// set or `errors.log.enable` is true. Without, a bad record fails the task.
    pub fn has_reporter(&self) -> bool {
        self.has_reporter
    }

    /// Read a partition from another offset next (`offset`).
    pub fn offset(&self, partition: TopicPartition, offset: i64) {
        self.with(|r| {
            r.rewinds.insert(partition, offset);
        });
    }

    /// Call `put` again after at most this time (`timeout`).
    pub fn timeout(&self, wait: Duration) {
        self.with(|r| r.timeout = Some(wait));
    }

    /// Commit as soon as possible (`requestCommit`).
    pub fn request_commit(&self) {
        self.with(|r| r.commit = true);
    }

    /// Stop reading these partitions until [`resume`](Self::resume).
    pub fn pause(&self, partitions: &[TopicPartition]) {
        self.with(|r| {
            r.pauses
                .extend(partitions.iter().map(|p| (p.clone(), true)))
        });
    }

    pub fn resume(&self, partitions: &[TopicPartition]) {
        self.with(|r| {
            r.pauses
                .extend(partitions.iter().map(|p| (p.clone(), false)))
        });
    }

    /// What was asked since the last call; the runtime takes it after each call of the task.
    pub fn take_requests(&self) -> Requests {
        std::mem::take(&mut *self.requests.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn with(&self, change: impl FnOnce(&mut Requests)) {
        change(&mut self.requests.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
