//! Topics, records and a member that answers the group by itself.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use connect_api::TopicPartition;
use connect_api::config::Config;
use data_plane::kafka::client_keys::ClientSettings;
use data_plane::kafka::{
    ConsumerEvent, GroupConsumer, KafkaConsumer, ReadLimits, Start, Subscription,
};
use data_plane::raw::RawBatch;
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};
use tokio::time::timeout;

pub type Running = Pin<Box<dyn Future<Output = ()>>>;

pub const LIMITS: ReadLimits = ReadLimits {
    records: 5000,
    bytes: 4 << 20,
};
pub const PATIENCE: Duration = Duration::from_secs(40);

/// A name that no other run uses.
pub fn unique(name: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_micros();
    format!("{name}-{now}-{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

fn client(bootstrap: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", bootstrap);
    config
}

pub async fn create_topic(bootstrap: &str, topic: &str, partitions: i32) {
    let admin: AdminClient<DefaultClientContext> = client(bootstrap).create().unwrap();
    let new = NewTopic::new(topic, partitions, TopicReplication::Fixed(1))
        .set("max.message.bytes", "31457280");
    let options = AdminOptions::new();
    let made = admin.create_topics([&new], &options).await.unwrap();
    made.into_iter().next().unwrap().unwrap();
}

pub async fn delete_topic(bootstrap: &str, topic: &str) {
    let admin: AdminClient<DefaultClientContext> = client(bootstrap).create().unwrap();
    let gone = admin.delete_topics(&[topic], &AdminOptions::new()).await;
    gone.unwrap().remove(0).unwrap();
}

pub async fn new_topic(bootstrap: &str, partitions: i32) -> String {
    let topic = unique("t");
    create_topic(bootstrap, &topic, partitions).await;
    topic
}

pub fn producer(
    bootstrap: &str,
    settings: &[(&str, &str)],
) -> ThreadedProducer<DefaultProducerContext> {
    let mut config = client(bootstrap);
    config
        .set("message.max.bytes", "31457280")
        .set("queue.buffering.max.messages", "0")
        .set("linger.ms", "5");
    for (key, value) in settings {
        config.set(*key, *value);
    }
    config.create().unwrap()
}

/// Sends `count` records, numbered from `first` on, to each of the partitions; the values are the numbers.
pub fn produce(bootstrap: &str, topic: &str, partitions: i32, first: i64, count: i64) {
    // A broker that is slow to answer makes others repeat batches, and out of order.
    let producer = producer(bootstrap, &[("enable.idempotence", "true")]);
    for n in first..first + count {
        for partition in 0..partitions {
            let value = n.to_string();
            let record = BaseRecord::<(), str>::to(topic)
                .partition(partition)
                .payload(&value);
            producer.send(record).unwrap();
        }
    }
    producer.flush(PATIENCE).unwrap();
}

pub fn settings(bootstrap: &str, group: &str, more: &[(&str, &str)]) -> ClientSettings {
    let mut config = Config::from([
        ("bootstrap.servers", bootstrap),
        ("group.id", group),
        ("auto.offset.reset", "earliest"),
    ]);
    for (key, value) in more {
        config.insert(*key, *value);
    }
    ClientSettings::consumer(&config).unwrap().0
}

/// A consumer with what it read.
pub struct Member {
    pub consumer: Box<KafkaConsumer>,
    pub epoch: u64,
    /// The epoch each partition was assigned or sought under.
    pub epochs: BTreeMap<TopicPartition, u64>,
    pub assigned: Vec<TopicPartition>,
    /// Values by partition, in the order they came.
    pub read: BTreeMap<i32, Vec<String>>,
    pub offsets: BTreeMap<TopicPartition, i64>,
    /// Whether `Data` was said and no read was empty since.
    data: bool,
    /// Where partitions begin that are assigned.
    pub starts: BTreeMap<TopicPartition, i64>,
    pub paused: bool,
}

impl Member {
    pub async fn join(settings: ClientSettings, topics: &[&str]) -> Self {
        let topics = topics.iter().map(|t| (*t).to_owned()).collect();
        Self::subscribe(settings, Subscription::Topics(topics)).await
    }

    pub async fn subscribe(settings: ClientSettings, subscription: Subscription) -> Self {
        let mut consumer = KafkaConsumer::new(settings, subscription, 64 << 20).unwrap();
        consumer.subscribe().await.unwrap();
        Self {
            consumer: Box::new(consumer),
            epoch: 0,
            epochs: BTreeMap::new(),
            assigned: Vec::new(),
            read: BTreeMap::new(),
            offsets: BTreeMap::new(),
            data: false,
            starts: BTreeMap::new(),
            paused: false,
        }
    }

    /// Waits for one event, answers the group, and reads if there is data. Gives back what else was said.
    pub async fn step(&mut self) -> Option<ConsumerEvent> {
        match self.consumer.event().await {
            ConsumerEvent::Assigned(partitions) => {
                self.epoch += 1;
                let starts: Vec<_> = partitions.iter().map(|p| self.start(p)).collect();
                self.consumer.assign(&starts).await.unwrap();
                for partition in &partitions {
                    self.offsets.remove(partition);
                    self.epochs.insert(partition.clone(), self.epoch);
                }
                self.assigned.extend(partitions);
            }
            ConsumerEvent::Revoked { partitions, lost } => {
                self.consumer.unassign(&partitions).await.unwrap();
                self.assigned.retain(|p| !partitions.contains(p));
                return Some(ConsumerEvent::Revoked { partitions, lost });
            }
            ConsumerEvent::Data => {
                self.data = true;
                self.drain();
            }
            // For people; here partitions and records are looked at.
            ConsumerEvent::NoPartitions(_) => {}
            other => return Some(other),
        }
        None
    }

    fn start(&self, partition: &TopicPartition) -> Start {
        Start {
            partition: Arc::new(partition.clone()),
            offset: self.starts.get(partition).copied(),
            epoch: self.epoch,
            paused: self.paused,
        }
    }

    /// Reads until nothing is there.
    pub fn drain(&mut self) {
        while self.data {
            let batch = self.consumer.read(LIMITS);
            self.data = !batch.is_empty();
            self.keep(&batch);
        }
    }

    pub fn keep(&mut self, batch: &RawBatch) {
        for run in batch.runs() {
            let epoch = self.epochs.get(&*run.partition);
            assert_eq!(Some(&run.epoch), epoch, "epoch of {}", run.partition);
            let values = self.read.entry(run.partition.partition).or_default();
            for i in run.records.clone() {
                let value = batch.value(i).unwrap_or_default();
                values.push(String::from_utf8_lossy(&value).into_owned());
            }
            let last = self
                .offsets
                .insert((*run.partition).clone(), run.next_offset);
            assert!(last.is_none_or(|last| last < run.next_offset));
        }
    }

    pub fn count(&self) -> usize {
        self.read.values().map(Vec::len).sum()
    }

    /// Steps until the condition holds; panics when that takes too long or something else is said.
    pub async fn until(&mut self, what: &str, condition: impl Fn(&Self) -> bool) {
        let waited = timeout(PATIENCE, async {
            while !condition(self) {
                match self.step().await {
                    None | Some(ConsumerEvent::Revoked { .. }) => {}
                    Some(other) => panic!("waiting for {what}: {other:?}"),
                }
            }
        })
        .await;
        let count = self.count();
        waited.unwrap_or_else(|_| panic!("waiting for {what}: {count} read, {:?}", self.assigned));
    }

    /// Steps for a while.
    pub async fn idle(&mut self, time: Duration) {
        let _ = timeout(time, async {
            loop {
                self.step().await;
            }
        })
        .await;
    }

    /// The next thing that is said and not answered here.
    pub async fn said(&mut self, what: &str) -> ConsumerEvent {
        let said = timeout(PATIENCE, async {
            loop {
                if let Some(said) = self.step().await {
                    return said;
                }
            }
        })
        .await;
        said.unwrap_or_else(|_| panic!("waiting for {what}"))
    }

    pub async fn leave(self) {
        self.consumer.close(Duration::from_secs(10)).await;
    }
}

/// The numbers of a range as values.
pub fn numbers(range: std::ops::Range<i64>) -> Vec<String> {
    range.map(|n| n.to_string()).collect()
}
