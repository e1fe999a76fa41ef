//! [`KafkaConsumer`]: a member of a consumer group on librdkafka.
//!
//! librdkafka is polled for events only. Messages come over a queue of our own that is read in batches: each
//! partition's queue is led there before it is assigned. Everything that touches positions (reading, seeking, pausing,
//! assigning) is done by the one owner of this object, one after the other.
//!
//! Nothing is polled in a loop: both queues ring a bell when they cease to be empty. A slow tick beside it keeps the
//! membership alive for as long as somebody waits for [`GroupConsumer::event`].

mod context;
mod handle;
mod listen;
mod moves;
mod outage;
mod reader;
mod reset;
mod subscription;

pub(super) use context::{FAILED, log_line};
pub use subscription::Subscription;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use connect_api::sink::Offsets;
use connect_api::{ConnectError, TopicPartition};
use rdkafka::Offset;
use rdkafka::config::FromClientConfigAndContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use tokio::time::sleep;

use self::context::Context;
use self::handle::Handle;
use self::moves::list;
use self::outage::Outage;
use self::reader::Reader;
use self::reset::Lost;
use self::subscription::{Missing, Watch};
use super::client_keys::{ClientSettings, OffsetReset};
use super::ffi::{BatchQueue, CommitQueue, Wake, cached_watermarks};
use super::logins::{Keeper, log_in};
use super::problems::Who;
use super::{ConsumerEvent, GroupConsumer, Position, ReadLimits, Start};
use crate::metrics::ClientCounters;
use crate::raw::RawBatch;
use crate::task::Durable;

/// Keeps the membership while nothing happens; far below any `max.poll.interval.ms`.
const TICK: Duration = Duration::from_secs(1);

/// A consumer of a group. Drop or, better, [close](GroupConsumer::close) it; neither blocks.
pub struct KafkaConsumer {
    reader: Reader,
    commits: CommitQueue<Context>,
    events: VecDeque<ConsumerEvent>,
    topics: Topics,
    /// The group was told that we want in; before, there is nothing to watch topics for.
    subscribed: bool,
    /// A [`ConsumerEvent::Revoked`] is out and not answered.
    revoking: bool,
    outage: Outage,
    /// The topic that is asked for to see whether the cluster answers.
    probed: Option<String>,
    wake: Arc<Wake>,
    who: Who,
    reset: OffsetReset,
    /// Partitions that begin by time and wait for their place.
    lost: Lost,
    /// Keeps the client logged in.
    _keeper: Option<Keeper>,
    /// The last: it outlives the queues.
    client: Handle,
}

enum Topics {
    Fixed(Vec<String>, Missing),
    Watched(Watch),
}

impl KafkaConsumer {
    /// A consumer that has not joined its group. `memory` bounds, in bytes, what librdkafka reads ahead.
    ///
    /// # Errors
    /// `Config`: librdkafka does not take the settings.
    pub fn new(
        settings: ClientSettings,
        subscription: Subscription,
        memory: usize,
    ) -> Result<Self, ConnectError> {
        let config = settings.consumer_config(memory)?;
        let mut consumer = BaseConsumer::from_config_and_context(&config, Context::new())
            .map_err(|e| settings.refused(&e))?;
        let wake = Arc::new(Wake::default());
        let bell = wake.clone();
        consumer.set_nonempty_callback(move || bell.ring());
        let context = consumer.context().clone();
        let bell = wake.clone();
        let told = move |result: Result<(), ConnectError>| {
            if let Err(error) = result {
                context.login_failed(error);
                bell.ring();
            }
        };
        let (consumer, keeper) = log_in(&settings, consumer, |c| c.client(), told)?.split();
        let topics = match subscription {
            Subscription::Topics(topics) => Topics::Fixed(topics, Missing::new()),
            Subscription::Pattern(pattern) => {
                let interval = settings.metadata_max_age();
                Topics::Watched(Watch::new(
                    pattern,
                    settings.exclude_internal_topics(),
                    interval,
                ))
            }
        };
        Ok(Self {
            reader: Reader::new(BatchQueue::new(consumer.clone(), wake.clone())),
            commits: CommitQueue::new(consumer.clone(), wake.clone()),
            events: VecDeque::new(),
            topics,
            subscribed: false,
            revoking: false,
            outage: Outage::new(),
            probed: None,
            wake,
            who: settings.who(),
            reset: settings.offset_reset(),
            lost: Lost::new(match settings.offset_reset() {
                OffsetReset::ByDuration(age) => age,
                _ => Duration::ZERO,
            }),
            _keeper: keeper,
            client: Handle::new(consumer),
        })
    }

    fn consumer(&self) -> Result<&Arc<BaseConsumer<Context>>, ConnectError> {
        self.client.get()
    }

    fn send_commit(&self, seq: u64, offsets: &Offsets) -> Result<(), ConnectError> {
        let first = offsets.keys().next();
        let places = offsets.iter().map(|(p, o)| (p, Offset::Offset(*o)));
        let sent = list(places).and_then(|list| {
            let sent = self.commits.send(seq, &list);
            sent.map_err(KafkaError::ConsumerCommit)
        });
        sent.map_err(|e| self.refused_first("commit", first, &e))
    }

    /// [`GroupConsumer::commit`] for tests outside this crate, which cannot make [`Durable`] offsets.
    ///
    /// # Errors
    /// It could not be sent.
    #[cfg(any(test, feature = "memory"))]
    #[doc(hidden)]
    pub fn commit_for_test(&mut self, seq: u64, offsets: &Offsets) -> Result<(), ConnectError> {
        self.send_commit(seq, offsets)
    }
}

impl KafkaConsumer {
    fn next_event(&mut self) -> Option<ConsumerEvent> {
        let event = self.events.pop_front()?;
        self.revoking |= matches!(event, ConsumerEvent::Revoked { .. });
        Some(event)
    }

    fn join(&mut self, topics: &[String]) -> Result<(), ConnectError> {
        self.probed = topics.first().cloned();
        let names: Vec<&str> = topics.iter().map(String::as_str).collect();
        let group = &self.who.group;
        tracing::info!(group, topics = topics.join(","), "subscribing");
        let failed = |e: KafkaError| {
            let topics = topics.join(", ");
            ConnectError::fatal(format!(
                "could not subscribe to {topics} in group {group}: {e}. Check the names, then restart the task"
            ))
        };
        self.consumer()?.subscribe(&names).map_err(failed)
    }

    /// Whether nothing that was subscribed to exists.
    fn has_no_topic(&self) -> bool {
        match &self.topics {
            Topics::Fixed(topics, missing) => missing.names().len() == topics.len(),
            Topics::Watched(watch) => watch.matches_nothing(),
        }
    }

    /// Waits until other topics are to be read: those of a pattern, or listed ones that did not exist.
    async fn topics_changed(
        topics: &mut Topics,
        client: &Handle,
        subscribed: bool,
        partitions: &[reader::Partition],
    ) -> Vec<String> {
        match (topics, client.get()) {
            (Topics::Watched(watch), Ok(consumer)) if subscribed => watch.changed(consumer).await,
            (Topics::Fixed(topics, missing), Ok(consumer)) if subscribed => loop {
                let found = missing.found(consumer).await;
                let names = found.join(",");
                // librdkafka may have been quicker.
                let is_read = |t: &str| partitions.iter().any(|p| *p.id.topic == *t);
                if missing.need_subscription(found, is_read) {
                    tracing::info!(topics = names, "topics that were missing exist now");
                    return topics.clone();
                }
            },
            _ => std::future::pending().await,
        }
    }

    /// Waits for the next sign of life that is due; for ever without a topic to ask for.
    async fn probe(outage: &mut Outage, client: &Handle, topic: &Option<String>) -> bool {
        match (client.get(), topic) {
            (Ok(consumer), Some(topic)) => outage.probe(consumer, topic).await,
            _ => std::future::pending().await,
        }
    }

    /// Waits for places of partitions that begin by time.
    async fn found(lost: &mut Lost, client: &Handle) -> Vec<(TopicPartition, i64)> {
        match client.get() {
            Ok(consumer) => lost.found(consumer).await,
            Err(_) => std::future::pending().await,
        }
    }

    /// Subscribes anew, which makes the group rebalance.
    fn resubscribe(&mut self, topics: &[String]) {
        if topics.is_empty() {
            if let Ok(consumer) = self.consumer() {
                consumer.unsubscribe();
            }
            return self.has_nothing_to_read();
        }
        if let Err(error) = self.join(topics) {
            self.events.push_back(ConsumerEvent::Problem(error));
        }
    }
}

#[async_trait]
impl GroupConsumer for KafkaConsumer {
    async fn subscribe(&mut self) -> Result<(), ConnectError> {
        self.subscribed = true;
        match &self.topics {
            Topics::Fixed(topics, _) => {
                let topics = topics.clone();
                self.join(&topics)
            }
            Topics::Watched(_) => {
                // There may be no topic that matches; this one is there in every cluster.
                self.probed = Some("__consumer_offsets".to_owned());
                Ok(())
            }
        }
    }

    async fn event(&mut self) -> ConsumerEvent {
        loop {
            self.lead_again();
            self.listen();
            if let Some(event) = self.next_event() {
                return event;
            }
            if self.reader.queue.take_ring() {
                return ConsumerEvent::Data;
            }
            let topics = Self::topics_changed(
                &mut self.topics,
                &self.client,
                self.subscribed,
                self.reader.partitions(),
            );
            tokio::select! {
                () = self.wake.rung() => {}
                () = sleep(TICK) => {}
                topics = topics => self.resubscribe(&topics),
                places = Self::found(&mut self.lost, &self.client) => self.begin_at(&places),
                alive = Self::probe(&mut self.outage, &self.client, &self.probed) => match alive {
                    true => self.answered(),
                    false => self.away("no answer for 20 seconds"),
                },
            }
        }
    }

    fn read(&mut self, limits: ReadLimits) -> RawBatch {
        let mut errors = Vec::new();
        let batch = self.reader.read(limits, &mut errors);
        if !errors.is_empty() {
            self.read_failed(errors);
        }
        if !batch.is_empty() {
            self.all_is_well();
        }
        batch
    }

    async fn assign(&mut self, starts: &[Start]) -> Result<(), ConnectError> {
        self.answer_assigned(starts)
    }

    async fn unassign(&mut self, partitions: &[TopicPartition]) -> Result<(), ConnectError> {
        let answers = std::mem::take(&mut self.revoking);
        if answers {
            self.answer_revoked(partitions)
        } else {
            self.give_up(partitions)
        }
    }

    async fn seek(&mut self, starts: &[Start]) -> Result<(), ConnectError> {
        self.start_again(starts).await
    }

    async fn pause(&mut self, partitions: &[TopicPartition]) -> Result<(), ConnectError> {
        for partition in partitions {
            if !self.reader.pause(partition) {
                return Err(self.refused("pause", partition, "it is not assigned"));
            }
        }
        self.pause_in_client(partitions.iter())
    }

    async fn resume(&mut self, partitions: &[TopicPartition]) -> Result<(), ConnectError> {
        let mut places = Vec::new();
        for partition in partitions {
            let Some(known) = self.reader.find(partition) else {
                return Err(self.refused("resume", partition, "it is not assigned"));
            };
            known.paused = false;
            if known.held {
                continue;
            }
            if let (true, Some(next)) = (known.moved, known.next) {
                known.moved = false;
                places.push((partition.clone(), Offset::Offset(next)));
            }
        }
        self.seek_in_client(places).await?;
        self.resume_in_client(partitions.iter())
    }

    fn commit(&mut self, seq: u64, offsets: &Durable) -> Result<(), ConnectError> {
        self.send_commit(seq, offsets.offsets())
    }

    fn positions(&self) -> Vec<Position> {
        let Ok(consumer) = self.client.get() else {
            return Vec::new();
        };
        let position = |p: &reader::Partition| {
            let marks = cached_watermarks(consumer, &p.id.topic, p.id.partition);
            Position {
                partition: p.id.clone(),
                next: p.next,
                begin: marks.map(|(low, _)| low).filter(|low| *low >= 0),
                end: marks.map(|(_, high)| high),
            }
        };
        self.reader.partitions().iter().map(position).collect()
    }

    fn counters(&self) -> Option<Arc<ClientCounters>> {
        Some(self.client.get().ok()?.context().counters())
    }

    async fn close(self: Box<Self>, deadline: Duration) {
        let KafkaConsumer {
            reader,
            commits,
            client,
            who,
            ..
        } = *self;
        // Messages that are alive would keep the client from ending.
        drop((reader, commits));
        if !client.close(deadline).await {
            let group = who.group;
            tracing::warn!(
                group,
                "leaving the group takes longer than may be waited for"
            );
        }
    }
}
