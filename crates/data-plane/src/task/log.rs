//! What a task writes to the log; the span carries connector and task.

use std::time::Instant;

use connect_api::{ConnectError, TopicPartition};
use tracing::{Span, error_span, info, warn};

use super::machine::Note;

/// The target of [`log_span`]: it must be on at every level, or lines would not say whose they are.
pub const LOG_CONTEXT: &str = "connector.context";

/// What is logged inside of it is said of this task.
pub fn log_span(connector: &str, task: u32) -> Span {
    error_span!(target: LOG_CONTEXT, "task", connector, task)
}

/// Writes a note. WARN: something is amiss and the task copes; INFO: it is well again.
pub(super) fn write(note: &Note, now: Instant) {
    match note {
        Note::Waiting { since, error } => warn!(
            waiting_s = now.saturating_duration_since(*since).as_secs(),
            error = %chain(error),
            "waiting: the same records will be delivered again, nothing is lost or dead-lettered"
        ),
        Note::WaitIsOver { since } => {
            info!(
                waited_s = now.saturating_duration_since(*since).as_secs(),
                "the wait is over, going on"
            );
        }
        Note::ConverterWaits { since, error } => warn!(
            waiting_s = now.saturating_duration_since(*since).as_secs(),
            error = %chain(error),
            "waiting: records cannot be converted yet; they stay where they are, nothing is lost or dead-lettered"
        ),
        Note::TakesLong { since, error } => warn!(
            waiting_s = now.saturating_duration_since(*since).as_secs(),
            error = %chain(error),
            "waiting"
        ),
        Note::NoPartitions(error) => warn!("nothing to read: {}", chain(error)),
        Note::CommitFailed(error) => {
            warn!(error = %chain(error), "commit of offsets failed; the next one will include them");
        }
        Note::CommitTimedOut => {
            warn!(
                "commit of offsets timed out after offset.flush.timeout.ms; the next one will include them"
            );
        }
        Note::PreCommitFailed(error) => {
            warn!(error = %chain(error), "the sink's pre-commit failed; reading again from the last committed offsets");
        }
        Note::OffsetsNotConsumed(partitions) => {
            warn!(partitions = %list(partitions), "ignoring offsets that the sink wants to commit but was not given");
        }
        Note::CloseFailed(error) => {
            warn!(error = %chain(error), "the sink failed to close partitions")
        }
        Note::KafkaIsBack { since } => {
            let waited_s = now.saturating_duration_since(*since).as_secs();
            info!(waited_s, "the Kafka cluster answers again");
        }
        Note::ConsumerProblem(error) => {
            warn!(error = %chain(error), "the Kafka cluster has a problem; going on trying")
        }
        Note::RevokedWhileSinkBusy(partitions) => warn!(
            partitions = %list(partitions),
            "partitions had to be given back while the sink was still at work; their last records may be written again"
        ),
        Note::AssignedWhileSinkHangs => {
            warn!(
                "partitions were assigned while the sink is still at work; they are read when it returns"
            );
        }
        Note::PausedUnassigned(partitions) => {
            warn!(partitions = %list(partitions), "ignoring pause or resume of partitions that are not assigned");
        }
        Note::ErrorWhileEnding(error) => {
            warn!(error = %chain(error), "another error on the way out")
        }
        Note::SinkHung => {
            warn!(
                "the sink did not come to an end within task.shutdown.graceful.timeout.ms; its last call is abandoned"
            );
        }
    }
}

/// An error and what is behind it, on one line.
pub fn chain(error: &ConnectError) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

fn list(partitions: &[TopicPartition]) -> String {
    partitions
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}
