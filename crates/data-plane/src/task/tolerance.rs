//! `errors.retry.*` and `errors.tolerance`: what a failed record operation may do.

use std::sync::Arc;
use std::time::{Duration, Instant};

use connect_api::ConnectError;

use super::machine::{Moment, Reaction, Stage, reaction};
use crate::clock::Clock;
use crate::raw::RawBatch;

/// The first pause between two tries, as in Kafka's `RetryWithToleranceOperator`.
const FIRST_PAUSE: Duration = Duration::from_millis(300);

/// Longest pause between two looks at something that is away.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Retries of converters and transformations, for retriable errors only.
pub struct Retry {
    /// In all; none is for ever, zero is never.
    timeout: Option<Duration>,
    longest_pause: Duration,
    clock: Arc<dyn Clock>,
}

impl Retry {
    pub fn new(timeout: Option<Duration>, longest_pause: Duration, clock: Arc<dyn Clock>) -> Self {
        Self {
            timeout,
            longest_pause,
            clock,
        }
    }

    /// A new operation. Costs nothing until it fails.
    pub fn attempt(&self) -> Attempt {
        Attempt {
            timeout: self.timeout,
            longest_pause: self.longest_pause,
            clock: self
                .timeout
                .is_none_or(|t| !t.is_zero())
                .then(|| self.clock.clone()),
            begun: None,
            tries: 0,
        }
    }
}

/// One operation with its tries.
pub struct Attempt {
    timeout: Option<Duration>,
    longest_pause: Duration,
    /// None if the configuration allows no retry.
    clock: Option<Arc<dyn Clock>>,
    begun: Option<Instant>,
    tries: u32,
}

impl Attempt {
    /// Waits for the time of the next try; false if there is none.
    pub async fn may_retry(&mut self, error: &ConnectError) -> bool {
        let class = error.class();
        if reaction(class, Moment::Converting) == Reaction::Again {
            // What a converter needs is away; that is no fault of the record, and no limit counts.
            self.tries += 1;
            tokio::time::sleep(self.pause(LONGEST_WAIT)).await;
            return true;
        }
        let Some(clock) = &self.clock else {
            return false;
        };
        if reaction(class, Moment::Converting) != Reaction::RetryThenTolerance {
            return false;
        }
        let now = clock.now();
        let begun = *self.begun.get_or_insert(now);
        let pause = self.pause(self.longest_pause);
        self.tries += 1;
        if self
            .timeout
            .is_some_and(|limit| now.saturating_duration_since(begun) + pause > limit)
        {
            return false;
        }
        tokio::time::sleep(pause).await;
        true
    }
}

impl Attempt {
    fn pause(&self, longest: Duration) -> Duration {
        (FIRST_PAUSE * 2u32.pow(self.tries.min(16))).min(longest)
    }
}

/// Why a task ends for a record that may not be skipped: Kafka's message, then which record, and what to do.
pub fn tolerance_exceeded(
    cause: ConnectError,
    raw: &RawBatch,
    place: usize,
    stage: Stage,
) -> ConnectError {
    let (partition, offset) = (&raw.run_of(place).partition, raw.offset(place));
    let (topic, partition) = (&partition.topic, partition.partition);
    let text = format!(
        "Tolerance exceeded in error handler: record {{topic='{topic}', partition={partition}, offset={offset}}} failed in stage {}. Correct the record or what reads it, or skip such records with errors.tolerance=all and keep them with errors.deadletterqueue.topic.name; then restart the task",
        stage.name()
    );
    ConnectError::fatal(text).caused_by(cause)
}
