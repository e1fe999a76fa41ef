//! [`Subscription`]: which topics a consumer reads, and the watch for new ones that a pattern matches.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::metadata::MetadataTopic;
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
const AGAIN: Duration = Duration::from_secs(5);

/// A question to the cluster, asked again and again off the runtime's threads.
pub(super) struct Question<T> {
    due: Instant,
    asked: Option<JoinHandle<T>>,
}

impl<T: Send + 'static> Question<T> {
    /// First asked after this pause.
    pub fn new(pause: Duration) -> Self {
        Self {
            due: Instant::now() + pause,
            asked: None,
        }
    }

    /// Waits until it is due, asks, and waits for the answer. Cancelling the wait loses nothing.
    pub async fn answer<F: FnOnce() -> T + Send + 'static>(
        &mut self,
        ask: impl FnOnce() -> F,
    ) -> T {
        if self.asked.is_none() {
            sleep_until(self.due).await;
        }
        let asked = self
            .asked
            .get_or_insert_with(|| tokio::task::spawn_blocking(ask()));
        let answer = asked.await;
        self.asked = None;
        match answer {
            Ok(answer) => answer,
            // The runtime is going down.
            Err(_) => std::future::pending().await,
        }
    }

    pub fn again_in(&mut self, pause: Duration) {
        self.due = Instant::now() + pause;
    }
}

/// Looks for the topics of a pattern.
pub(super) struct Watch {
    pattern: TopicPattern,
    exclude_internal: bool,
    interval: Duration,
    /// None before the first answer.
    matched: Option<Vec<String>>,
    question: Question<Result<Vec<String>, KafkaError>>,
}

impl Watch {
    pub fn new(pattern: TopicPattern, exclude_internal: bool, interval: Duration) -> Self {
        Self {
            pattern,
            exclude_internal,
            interval,
            matched: None,
            question: Question::new(Duration::ZERO),
        }
    }

    pub fn pattern(&self) -> &str {
        self.pattern.as_str()
    }

    pub fn matches_nothing(&self) -> bool {
        self.matched.as_ref().is_some_and(Vec::is_empty)
    }

    /// Waits until other topics match than before. Cancelling the wait loses nothing.
    pub async fn changed(&mut self, consumer: &Arc<BaseConsumer<Context>>) -> Vec<String> {
        loop {
            let ask = || {
                let consumer = consumer.clone();
                move || topics(&consumer)
            };
            match self.question.answer(ask).await {
                Ok(topics) => {
                    self.question.again_in(self.interval);
                    let matched = self.choose(topics);
                    if self.matched.as_ref() != Some(&matched) {
                        self.matched = Some(matched.clone());
                        return matched;
                    }
                }
                Err(error) => {
                    tracing::debug!(%error, "topics could not be listed for the pattern");
                    self.question.again_in(AGAIN.min(self.interval));
                }
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

/// Subscribed topics that do not exist, and the wait for them.
///
/// Java asks for them again and again, and with `allow.auto.create.topics` that creates them; librdkafka asks again
/// only at its next refresh, and a subscription alone creates nothing there.
///
/// A blip is enough for librdkafka to drop a topic from what it asks the group for, to give up its partitions for that,
/// and to say so once. Partitions that are there when the topic is seen again may be about to go, so they are looked at
/// for a while.
pub(super) struct Missing {
    topics: BTreeSet<String>,
    question: Question<Vec<String>>,
    /// How often those that exist again were looked at.
    looks: u32,
}

/// How often topics that are read again are looked at: longer than giving up partitions takes.
const LOOKS: u32 = 4;

impl Missing {
    pub fn new() -> Self {
        Self {
            topics: BTreeSet::new(),
            question: Question::new(Duration::ZERO),
            looks: 0,
        }
    }

    /// Whether one of these was not known to be missing.
    pub fn add(&mut self, topics: impl Iterator<Item = String>) -> bool {
        let known = self.topics.len();
        self.topics.extend(topics);
        self.looks = 0;
        self.topics.len() > known
    }

    pub fn is_empty(&self) -> bool {
        self.topics.is_empty()
    }

    pub fn names(&self) -> Vec<String> {
        self.topics.iter().cloned().collect()
    }

    /// Whether to subscribe anew, now that these exist; if not, they may be looked at again.
    pub fn need_subscription(
        &mut self,
        found: Vec<String>,
        is_read: impl Fn(&str) -> bool,
    ) -> bool {
        let missed = !found.iter().all(|topic| is_read(topic));
        self.looks += 1;
        if !missed && self.looks < LOOKS {
            self.topics.extend(found);
        }
        missed
    }

    /// Waits until some of them exist; for ever if none is missing. Cancelling the wait loses nothing.
    pub async fn found(&mut self, consumer: &Arc<BaseConsumer<Context>>) -> Vec<String> {
        if self.topics.is_empty() {
            return std::future::pending().await;
        }
        loop {
            let ask = || {
                let (consumer, topics) = (consumer.clone(), self.topics.clone());
                move || {
                    topics
                        .into_iter()
                        .filter(|t| exists(&consumer, t))
                        .collect()
                }
            };
            let found: Vec<String> = self.question.answer(ask).await;
            self.question.again_in(AGAIN);
            self.topics.retain(|t| !found.contains(t));
            if !found.is_empty() {
                return found;
            }
        }
    }
}

/// Asking for one topic by name creates it where the client and the brokers let that happen.
fn exists(consumer: &BaseConsumer<Context>, topic: &str) -> bool {
    let Ok(metadata) = consumer.fetch_metadata(Some(topic), METADATA_TIMEOUT) else {
        return false;
    };
    let there = |t: &MetadataTopic| t.error().is_none() && !t.partitions().is_empty();
    metadata.topics().iter().any(there)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_that_came_back_is_watched_until_its_partitions_stay() {
        let mut missing = Missing::new();
        let names = || ["t".to_owned()];
        missing.add(names().into_iter());
        // The partitions are those from before: about to be given up.
        for _ in 1..LOOKS {
            missing.topics.clear();
            assert!(!missing.need_subscription(names().to_vec(), |_| true));
            assert!(missing.topics.contains("t"), "it is looked at again");
        }
        missing.topics.clear();
        assert!(!missing.need_subscription(names().to_vec(), |_| true));
        assert!(missing.topics.is_empty(), "they stayed");

        missing.add(names().into_iter());
        missing.topics.clear();
        assert!(!missing.need_subscription(names().to_vec(), |_| true));
        missing.topics.clear();
        assert!(missing.need_subscription(names().to_vec(), |_| false));
        assert!(missing.topics.is_empty());
    }
}
