//! Kafka: the only place that names rdkafka.
//!
//! [`GroupConsumer`] is what a task needs of a consumer and [`DeadLetterTopic`] where its bad records go. They are
//! implemented on librdkafka ([`KafkaConsumer`], [`DeadLetterProducer`]) and by an in-memory twin for tests, `memory`,
//! that can fail on demand. [`ClusterAdmin`] asks of the cluster what no task does, [`GroupAdmin`] among it.
//!
//! Clients are made from [`ClientSettings`](client_keys::ClientSettings): Java's keys in librdkafka's words. The only
//! `unsafe` code of the crate is in `ffi/`.

mod admin;
mod blocking;
pub mod client_keys;
mod consumer;
mod diagnosis;
mod ffi;
mod group_admin;
mod listener;
mod logins;
#[cfg(any(test, feature = "memory"))]
pub mod memory;
mod problems;
mod producer;
mod statistics;
mod topic_pattern;
mod topic_reader;

pub use admin::{ClusterAdmin, Creation, TopicSpec};
pub use consumer::{KafkaConsumer, Subscription};
pub use group_admin::{GroupAdmin, GroupChange};
pub use producer::{DeadLetterProducer, dead_letter_base};
pub use topic_pattern::TopicPattern;
pub use topic_reader::{ReadFrom, TopicReader};

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use connect_api::{ConnectError, TopicPartition};

use crate::metrics::ClientCounters;
use crate::raw::RawBatch;
use crate::task::Durable;

/// Something the consumer has to say.
#[derive(Debug)]
pub enum ConsumerEvent {
    /// The group gave us these partitions. Nothing of them is read until [`GroupConsumer::assign`]; the group waits.
    Assigned(Vec<TopicPartition>),
    /// The group takes these partitions back and waits for [`GroupConsumer::unassign`]. If they are `lost`, others
    /// may own them already: nothing may be committed.
    Revoked {
        partitions: Vec<TopicPartition>,
        lost: bool,
    },
    /// Answer to [`GroupConsumer::commit`] with that number.
    Committed {
        seq: u64,
        result: Result<(), ConnectError>,
    },
    /// The group has nothing to read for this member, for this reason; until partitions are assigned.
    NoPartitions(ConnectError),
    /// Records wait to be read.
    Data,
    /// The cluster could not be used or refused something; see the error's class. `Unavailable`: it is away, and the
    /// client goes on trying; told again every few minutes with the latest reason. `Denied`, `Fatal` and `Config`: it
    /// never will.
    Problem(ConnectError),
    /// A cluster that was told to be away answers again.
    Back,
}

/// Where a partition begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Start {
    pub partition: Arc<TopicPartition>,
    /// None: the group's committed offset, else `auto.offset.reset`.
    pub offset: Option<i64>,
    /// Given back with every run read under this assignment.
    pub epoch: u64,
    /// Do not read it until [`GroupConsumer::resume`].
    pub paused: bool,
}

/// How far the reading of a partition has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    pub partition: Arc<TopicPartition>,
    /// The offset of the next record; none before the first was read.
    pub next: Option<i64>,
    /// The offset of the first record of the partition as the last answer told it.
    pub begin: Option<i64>,
    /// The offset after the last record of the partition as the last answer told it.
    pub end: Option<i64>,
}

/// How much one read may take.
#[derive(Clone, Copy, Debug)]
pub struct ReadLimits {
    pub records: usize,
    /// Bytes of keys, values and headers; one record always fits.
    pub bytes: usize,
}

/// A member of a consumer group, owned by one actor that calls it in sequence.
///
/// Rebalances come as events and are answered by `assign` and `unassign`; until then the group waits. Reading never
/// waits; not reading is how a task that cannot go on holds back, and the member stays in the group meanwhile.
#[async_trait]
pub trait GroupConsumer: Send {
    /// Joins the group; called once. Before, there are no events but problems: a sink may take its time to start
    /// without being a member that does not answer.
    ///
    /// # Errors
    /// The client refused; the task cannot go on.
    async fn subscribe(&mut self) -> Result<(), ConnectError>;

    /// Waits for the next event. Cancelling the wait loses nothing.
    async fn event(&mut self) -> ConsumerEvent;

    /// What is there, at most `limits`, and perhaps nothing. After a [`ConsumerEvent::Data`], read until a batch
    /// comes back empty before waiting for the next.
    fn read(&mut self, limits: ReadLimits) -> RawBatch;

    /// Answers [`ConsumerEvent::Assigned`].
    ///
    /// # Errors
    /// The client refused; the task cannot go on.
    async fn assign(&mut self, starts: &[Start]) -> Result<(), ConnectError>;

    /// Answers [`ConsumerEvent::Revoked`], or gives up partitions.
    ///
    /// # Errors
    /// The client refused; the task cannot go on.
    async fn unassign(&mut self, partitions: &[TopicPartition]) -> Result<(), ConnectError>;

    /// Reads these assigned partitions from other offsets, under new epochs, from the next `read` on.
    ///
    /// # Errors
    /// `Unavailable`: Kafka is away; ask again, meanwhile nothing of them is read. Any other: the task cannot go on.
    async fn seek(&mut self, starts: &[Start]) -> Result<(), ConnectError>;

    /// Stops reading these partitions; what was read ahead is dropped and read again later.
    ///
    /// # Errors
    /// The client refused.
    async fn pause(&mut self, partitions: &[TopicPartition]) -> Result<(), ConnectError>;

    /// Reads these partitions again, from after the last record that `read` gave.
    ///
    /// # Errors
    /// The client refused.
    async fn resume(&mut self, partitions: &[TopicPartition]) -> Result<(), ConnectError>;

    /// Sends a commit; the answer is a [`ConsumerEvent::Committed`] with the number. Plain offsets, no metadata text.
    ///
    /// # Errors
    /// It could not even be sent.
    fn commit(&mut self, seq: u64, offsets: &Durable) -> Result<(), ConnectError>;

    /// How far reading has come and how far there is to go; asks no broker.
    fn positions(&self) -> Vec<Position> {
        Vec::new()
    }

    /// What is known of its connections; none if it does not tell.
    fn counters(&self) -> Option<Arc<ClientCounters>> {
        None
    }

    /// Leaves the group and frees everything, at the latest after `deadline`.
    async fn close(self: Box<Self>, deadline: Duration);
}

/// A record for the dead letter topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    pub key: Option<Bytes>,
    pub value: Option<Bytes>,
    /// Milliseconds since the epoch; none lets the broker decide.
    pub timestamp: Option<i64>,
    pub headers: Vec<(Bytes, Option<Bytes>)>,
}

/// Where bad records go.
#[async_trait]
pub trait DeadLetterTopic: Send + Sync {
    /// Creates the topic if it is absent: one partition, the configured replication factor, nothing else.
    ///
    /// # Errors
    /// `Unavailable` while the cluster cannot be reached; any other class if it refused: `Could not initialize dead
    /// letter queue with topic=…`.
    async fn prepare(&self) -> Result<(), ConnectError>;

    /// Sends letters in order and waits until every one is acknowledged. Errors that pass are waited out inside.
    ///
    /// # Errors
    /// The first refusal for good: too large, not permitted, topic gone.
    async fn send(&self, letters: Vec<Letter>) -> Result<(), ConnectError>;

    /// What is known of its connections; none if it does not tell.
    fn counters(&self) -> Option<Arc<ClientCounters>> {
        None
    }
}
