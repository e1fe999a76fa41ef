//! [`Outage`]: an outage of the cluster is told once.

use std::time::Duration;

use rdkafka::error::RDKafkaErrorCode as Code;
use tokio::time::Instant;

use crate::kafka::problems;

/// Connections are tried at least this often, so silence for longer means that they hold again.
const QUIET: Duration = Duration::from_secs(60);

/// librdkafka says "all brokers are down" each time the last one of them goes, also when it was only tried again.
#[derive(Default)]
pub(super) struct Outage {
    /// The last sign of the outage that has been told.
    last: Option<Instant>,
}

impl Outage {
    /// Takes note of an error; true if it only says again what was told.
    pub fn is_known(&mut self, code: Code) -> bool {
        let now = Instant::now();
        let known = self.last.is_some_and(|last| now - last < QUIET);
        if code == Code::AllBrokersDown {
            self.last = Some(now);
            return known;
        }
        if known && problems::passes(code) {
            self.last = Some(now);
        }
        false
    }

    /// The cluster has answered.
    pub fn over(&mut self) {
        self.last = None;
    }
}
