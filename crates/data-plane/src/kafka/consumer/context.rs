//! [`Context`]: what librdkafka calls back with while it is polled. It only takes notes; answers come later.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use connect_api::{ConnectError, TopicPartition};
use rdkafka::TopicPartitionList;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::types::RDKafkaRespErr;

use crate::kafka::diagnosis::Trouble;
use crate::kafka::{problems, statistics};
use crate::metrics::ClientCounters;

/// The facility of log lines about connections that failed.
pub(in crate::kafka) const FAILED: &str = "FAIL";

/// Something librdkafka said.
pub(super) enum Said {
    Assigned(Vec<TopicPartition>),
    Revoked {
        partitions: Vec<TopicPartition>,
        lost: bool,
    },
    Error(RDKafkaErrorCode, String),
    /// There is no token to log in with.
    Login(ConnectError),
    /// A connection failed; some of these never come as errors.
    Trouble(Trouble),
}

pub(super) struct Context {
    /// Whose client it is, for log lines from librdkafka's own threads.
    span: tracing::Span,
    said: Mutex<VecDeque<Said>>,
    /// How often anything was heard, log lines too. A poll does not tell "nothing there" from "handled".
    heard: AtomicU64,
    /// Nobody answers rebalances any more: give everything up at once, or the end would wait for ever.
    closing: AtomicBool,
    counters: Arc<ClientCounters>,
}

impl Context {
    pub fn new() -> Self {
        Self {
            span: tracing::Span::current(),
            said: Mutex::default(),
            heard: AtomicU64::default(),
            closing: AtomicBool::default(),
            counters: Arc::default(),
        }
    }

    pub fn take(&self) -> VecDeque<Said> {
        std::mem::take(&mut self.said.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Notes, on another thread, that there is no token to log in with.
    pub fn login_failed(&self, error: ConnectError) {
        self.hear(Some(Said::Login(error)));
    }

    pub fn counters(&self) -> Arc<ClientCounters> {
        self.counters.clone()
    }

    pub fn heard(&self) -> u64 {
        self.heard.load(Ordering::Relaxed)
    }

    pub fn start_closing(&self) {
        self.closing.store(true, Ordering::Release);
    }

    fn hear(&self, said: Option<Said>) {
        self.heard.fetch_add(1, Ordering::Relaxed);
        if let Some(said) = said {
            let mut queue = self.said.lock().unwrap_or_else(PoisonError::into_inner);
            queue.push_back(said);
        }
    }
}

impl ClientContext for Context {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, line: &str) {
        let failed = facility == FAILED;
        self.hear(
            failed
                .then(|| Trouble::parse(line))
                .flatten()
                .map(Said::Trouble),
        );
        self.span.in_scope(|| match moved(facility, level, line) {
            Some(text) => tracing::warn!("{text}"),
            None => log_line(level, facility, line),
        });
    }

    fn stats_raw(&self, statistics: &[u8]) {
        self.hear(None);
        if let Some(counts) = statistics::counts(statistics) {
            self.counters.set(counts);
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        let code = problems::code(&error);
        self.hear(Some(Said::Error(code, reason.to_owned())));
    }
}

impl ConsumerContext for Context {
    /// Instead of the default, which assigns at once: the task first opens the sink's partitions or closes them.
    fn rebalance(
        &self,
        consumer: &BaseConsumer<Self>,
        what: RDKafkaRespErr,
        list: &mut TopicPartitionList,
    ) {
        if self.closing.load(Ordering::Acquire) {
            self.hear(None);
            // The error could only be that there is nothing to give up.
            let _ = consumer.unassign();
            return;
        }
        let partition = |e: &rdkafka::topic_partition_list::TopicPartitionListElem<'_>| {
            TopicPartition::new(e.topic(), e.partition())
        };
        let partitions = list.elements().iter().map(partition).collect();
        self.hear(Some(match what {
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS => Said::Assigned(partitions),
            _ => Said::Revoked {
                partitions,
                lost: consumer.assignment_lost(),
            },
        }));
    }

    fn commit_callback(&self, _: KafkaResult<()>, _: &TopicPartitionList) {
        self.hear(None);
    }
}

/// What to say of a position that is not in its partition any more. librdkafka says so only in its log, and goes on.
fn moved(facility: &str, level: RDKafkaLogLevel, line: &str) -> Option<String> {
    if facility != "OFFSET" || !matches!(level, RDKafkaLogLevel::Warning) {
        return None;
    }
    let text = match line.strip_prefix("[thrd:") {
        Some(rest) => rest.split_once("]: ")?.1,
        None => line,
    };
    let (partition, what) = text.split_once("]: ")?;
    let (topic, partition) = partition.rsplit_once(" [")?;
    Some(format!(
        "{topic}-{partition}: the position is out of range, so records were deleted that had not been read: retention was quicker, or the topic was made anew. Reading goes on where auto.offset.reset says ({what})"
    ))
}

/// librdkafka's own log lines. What it calls an error is mostly a connection it will open again, and what matters of
/// these comes as an error event too.
pub(in crate::kafka) fn log_line(level: RDKafkaLogLevel, facility: &str, line: &str) {
    use RDKafkaLogLevel as Level;
    match level {
        Level::Emerg | Level::Alert | Level::Critical => {
            tracing::warn!(target: "librdkafka", facility, "{line}")
        }
        Level::Error | Level::Warning | Level::Notice | Level::Info => {
            tracing::debug!(target: "librdkafka", facility, "{line}")
        }
        Level::Debug => tracing::trace!(target: "librdkafka", facility, "{line}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_that_is_gone_is_told_with_its_partition() {
        let line = "[thrd:main]: a.b [c [7]: offset reset (at offset 3 (leader epoch 0), broker 1) to cached BEGINNING offset 8 (leader epoch -1): fetch failed due to requested offset not available on the broker: Broker: Offset out of range";
        let told = moved("OFFSET", RDKafkaLogLevel::Warning, line).unwrap_or_default();
        assert!(
            told.starts_with("a.b [c-7: the position is out of range"),
            "{told}"
        );
        assert!(told.contains("(offset reset (at offset 3"), "{told}");
        assert_eq!(moved("OFFSET", RDKafkaLogLevel::Debug, line), None);
        assert_eq!(moved("FAIL", RDKafkaLogLevel::Warning, line), None);
    }
}
