//! The task: consume, convert, transform, put, commit.
//!
//! [`machine`] takes every decision; [`stage`], the poller, the sink and the dead letters are actors that do one thing
//! each; `task_loop` joins them and holds the line that commits.

pub mod machine;

mod dead_letter;
mod log;
mod poller;
mod sink;
pub mod stage;
mod tolerance;
mod topics;
mod trace;

mod task_loop;

#[cfg(test)]
mod tests;

pub use log::{LOG_CONTEXT, chain as error_text, log_span};
pub use machine::{Accepted, Durable, Phase};
pub use task_loop::{PhaseReport, Task, TaskHandle};
pub use topics::TopicTracker;

use std::sync::Arc;
use std::time::Duration;

use connect_api::config::Config;
use connect_api::convert::{Converter, HeaderConverter};
use connect_api::sink::SinkTask;
use connect_api::transform::{Predicate, Transformation};
use connect_api::{ConnectError, SinkRecord};

use crate::clock::Clock;
use crate::kafka::{DeadLetterTopic, GroupConsumer};
use crate::metrics::TaskMetrics;

/// Everything a task is made of. Building it does no I/O that can fail for reasons outside this process.
pub struct TaskParts {
    pub settings: TaskSettings,
    /// Not yet subscribed member of the connector's group; joins when the task has started.
    pub consumer: Box<dyn GroupConsumer>,
    /// Absent without `errors.deadletterqueue.topic.name`.
    pub dead_letter_topic: Option<Arc<dyn DeadLetterTopic>>,
    pub stage: StageParts,
    pub sink: Box<dyn SinkTask>,
    /// What `SinkTask::start` gets: the task's configuration, references resolved.
    pub sink_config: Config,
    /// Told of every change of the task's state, in order. Must not block.
    pub status: Box<dyn Fn(TaskStatus) + Send>,
    pub clock: Arc<dyn Clock>,
    /// Hears which topics have records; none without `topic.tracking.enable`.
    pub topics: Option<TopicTracker>,
    /// Where it is counted what the task does.
    pub metrics: Arc<TaskMetrics>,
}

/// What turns bytes into records. The class names are those of the JVM, for reports.
pub struct StageParts {
    pub key: (Box<dyn Converter>, String),
    pub value: (Box<dyn Converter>, String),
    pub header: (Box<dyn HeaderConverter>, String),
    pub transformations: Vec<ConfiguredTransformation>,
}

/// One link of the chain.
pub struct ConfiguredTransformation {
    pub transformation: Box<dyn Transformation>,
    /// Its name in `transforms`.
    pub alias: String,
    pub class: String,
    /// Applies only where the predicate says so; with `negate`, only where it does not.
    pub predicate: Option<(Box<dyn Predicate>, Negate)>,
}

impl ConfiguredTransformation {
    /// The record as the transformation gives it back, or as it is where the predicate says so; none if it is dropped.
    ///
    /// # Errors
    /// Those of predicate and transformation.
    pub fn apply(&mut self, record: SinkRecord) -> Result<Option<SinkRecord>, ConnectError> {
        let applies = match &mut self.predicate {
            None => true,
            Some((predicate, negate)) => predicate.test(&record)? != (*negate == Negate::Yes),
        };
        match applies {
            true => self.transformation.apply(record),
            false => Ok(Some(record)),
        }
    }
}

/// `transforms.<alias>.negate`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Negate {
    No,
    Yes,
}

/// `errors.tolerance`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tolerance {
    #[default]
    None,
    All,
}

/// The settings of one task, from worker and connector configuration.
#[derive(Clone, Debug)]
pub struct TaskSettings {
    pub connector: Arc<str>,
    pub task: u32,
    pub tolerance: Tolerance,
    /// `errors.log.enable`, `errors.log.include.messages`.
    pub log_errors: bool,
    pub log_messages: bool,
    /// `errors.retry.timeout`: for retriable errors of converters and transformations; none is for ever.
    pub retry_timeout: Option<Duration>,
    /// `errors.retry.delay.max.ms`.
    pub retry_delay_max: Duration,
    /// `errors.deadletterqueue.context.headers.enable`.
    pub context_headers: bool,
    /// `offset.flush.interval.ms`, `offset.flush.timeout.ms`.
    pub flush_interval: Duration,
    pub flush_timeout: Duration,
    /// `task.shutdown.graceful.timeout.ms`.
    pub graceful_timeout: Duration,
    /// `max.poll.interval.ms` of the consumer: how long a rebalance may wait for a `put`.
    pub max_poll_interval: Duration,
    /// `max.poll.records` of the consumer, if set: upper bound of one `put`.
    pub max_poll_records: Option<usize>,
    /// What may be in flight between the consumer's own queue and the sink, in bytes.
    pub memory: usize,
    /// `target.wait.max.ms`: how long the task waits for an unavailable target before it fails; none is for ever.
    pub target_wait_max: Option<Duration>,
    /// Whether the connector's target state is PAUSED when the task starts.
    pub paused: bool,
}

/// What a task reports, as the status of REST shows it.
#[derive(Debug)]
pub enum TaskStatus {
    Running,
    Paused,
    /// With the trace users see.
    Failed(ConnectError),
    /// Stopped as asked.
    Unassigned,
}
