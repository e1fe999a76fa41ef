//! The only wall clock of the data plane, and one that tests can hold.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Where time comes from.
pub trait Clock: Send + Sync {
    /// A point in time to reckon with.
    fn now(&self) -> Instant;

    /// Milliseconds since the epoch, for what users read.
    fn unix_ms(&self) -> i64;
}

/// The machine's clock. Its instants are those of tokio's timers, so a test that pauses those pauses this.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        tokio::time::Instant::now().into_std()
    }

    fn unix_ms(&self) -> i64 {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |d| d.as_millis() as i64)
    }
}
