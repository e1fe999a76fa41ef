//! [`Subscription`]: which topics a consumer reads, and the watch for new ones that a pattern matches.

use std::sync::Arc;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

use super::context::Context;
use crate::kafka::topic_pattern::TopicPattern;

/// What to read.
#[derive(Clone, Debug)]
pub enum Subscription {
    Topics(Vec<String>),
    /// Every topic whose whole name matches, looked for every `metadata.max.age.ms`. librdkafka's own patterns are not
    /// used: they have another dialect, match prefixes and take in internal topics.
    Pattern(TopicPattern),
}

/// Topics that Kafka keeps for itself; a pattern does not match them unless `exclude.internal.topics=false`.
const INTERNAL: [&str; 3] = [
    "__consumer_offsets",
    "__transaction_state",
    "__share_group_state",
];

const METADATA_TIMEOUT: Duration = Duration::from_secs(30);
const AGAIN_AFTER_FAILURE: Duration = Duration::from_secs(5);

/// Looks for the topics of a pattern.
pub(super) struct Watch {
    pattern: TopicPattern,
    exclude_internal: bool,
    interval: Duration,
    matched: Vec<String>,
    due: Instant,
    running: Option<JoinHandle<Result<Vec<String>, KafkaError>>>,
}

impl Watch {
    pub fn new(pattern: TopicPattern, exclude_internal: bool, interval: Duration) -> Self {
        Self {
            pattern,
            exclude_internal,
            interval,
            matched: Vec::new(),
            due: Instant::now(),
            running: None,
        }
    }

    /// Waits until other topics match than before. Cancelling the wait loses nothing.
    pub async fn changed(&mut self, consumer: &Arc<BaseConsumer<Context>>) -> Vec<String> {
        loop {
            if self.running.is_none() {
                sleep_until(self.due).await;
                let consumer = consumer.clone();
                let list = move || topics(&consumer);
                self.running = Some(tokio::task::spawn_blocking(list));
            }
            let Some(running) = &mut self.running else {
                continue;
            };
            let listed = running.await;
            self.running = None;
            self.due = Instant::now() + self.interval;
            match listed {
                Ok(Ok(topics)) => {
                    let matched = self.choose(topics);
                    if matched != self.matched {
                        self.matched = matched.clone();
                        return matched;
                    }
                }
                Ok(Err(error)) => {
                    tracing::debug!(%error, "topics could not be listed for the pattern");
                    self.due = Instant::now() + AGAIN_AFTER_FAILURE.min(self.interval);
                }
                // The runtime is going down.
                Err(_) => std::future::pending().await,
            }
        }
    }

    fn choose(&self, topics: Vec<String>) -> Vec<String> {
        let internal = |t: &str| self.exclude_internal && INTERNAL.contains(&t);
        let mut chosen: Vec<String> = topics
            .into_iter()
            .filter(|t| !internal(t) && self.pattern.matches(t))
            .collect();
        chosen.sort_unstable();
        chosen
    }
}

fn topics(consumer: &BaseConsumer<Context>) -> Result<Vec<String>, KafkaError> {
    let metadata = consumer.fetch_metadata(None, METADATA_TIMEOUT)?;
    let names = metadata.topics().iter().filter(|t| t.error().is_none());
    Ok(names.map(|t| t.name().to_owned()).collect())
}
