//! What the machine needs to know of the task's configuration.

use std::time::Duration;

use crate::task::{TaskSettings, Tolerance};

/// The part of [`TaskSettings`] that decisions depend on.
#[derive(Clone, Debug)]
pub struct Settings {
    pub tolerance: Tolerance,
    /// Bad records of `put` can be reported one by one: a dead letter topic is set or errors are logged.
    pub has_reporter: bool,
    pub has_dead_letter_topic: bool,
    pub flush_interval: Duration,
    pub flush_timeout: Duration,
    pub graceful_timeout: Duration,
    pub max_poll_interval: Duration,
    /// Most records of one read, and so of one `put`.
    pub max_records: usize,
    /// Bytes in flight.
    pub memory: usize,
    pub target_wait_max: Option<Duration>,
    pub paused: bool,
}

/// Records of one read when `max.poll.records` is not set: a statement or a file write is then well filled, and a
/// revocation still discards little.
const DEFAULT_MAX_RECORDS: usize = 4000;

impl Settings {
    pub fn new(task: &TaskSettings, has_dead_letter_topic: bool) -> Self {
        Self {
            tolerance: task.tolerance,
            has_reporter: has_dead_letter_topic || task.log_errors,
            has_dead_letter_topic,
            flush_interval: task.flush_interval,
            flush_timeout: task.flush_timeout,
            graceful_timeout: task.graceful_timeout,
            max_poll_interval: task.max_poll_interval,
            max_records: task.max_poll_records.unwrap_or(DEFAULT_MAX_RECORDS).max(1),
            memory: task.memory.max(1),
            target_wait_max: task.target_wait_max,
            paused: task.paused,
        }
    }
}
