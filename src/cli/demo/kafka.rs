//! The demo's own use of Kafka: makes topics, produces, asks how far the group is, reads the dead letters.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use connect_api::ConnectError;
use connect_api::config::{Config, ConfigErrors};
use data_plane::kafka::client_keys::{ClientSettings, KeyNote};
use data_plane::kafka::{
    ClusterAdmin, ConsumerEvent, DeadLetterProducer, DeadLetterTopic as _, GroupAdmin as _,
    GroupConsumer as _, KafkaConsumer, Letter, ReadLimits, Start, Subscription, TopicSpec,
};

use super::stream::Topic;

/// Records that are sent and acknowledged together.
const BATCH: usize = 500;
const READ_AHEAD: usize = 4 << 20;
const LEAVE: Duration = Duration::from_secs(5);

/// A dead letter, as far as the demo shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeadLetter {
    pub value: String,
    /// By their names without `__connect.errors.`.
    pub context: BTreeMap<String, String>,
}

/// The demo as a client of the broker.
pub struct Kafka {
    base: Config,
    admin: ClusterAdmin,
}

impl Kafka {
    /// # Errors
    /// The client library refuses; it does not connect yet.
    pub fn new(broker: SocketAddr) -> Result<Self, ConnectError> {
        let base = Config::from([("bootstrap.servers", broker.to_string())]);
        let admin = ClusterAdmin::new(settings(ClientSettings::admin(&base))?)?;
        Ok(Self { base, admin })
    }

    /// Makes a topic if it is not there.
    ///
    /// # Errors
    /// The broker refused.
    pub async fn create(&self, topic: &str, partitions: i32) -> Result<(), ConnectError> {
        let spec = TopicSpec {
            name: topic.to_owned(),
            partitions,
            replication: 1,
            config: BTreeMap::new(),
        };
        self.admin.create_topic(&spec).await.map(drop)
    }

    /// Sends a topic's records and waits until all are acknowledged. `sent` hears how many are.
    ///
    /// # Errors
    /// The broker refused.
    pub async fn produce(
        &self,
        topic: &Topic,
        mut sent: impl FnMut(usize),
    ) -> Result<(), ConnectError> {
        let producer = settings(ClientSettings::producer(&self.base))?;
        let admin = settings(ClientSettings::admin(&self.base))?;
        // The producer of dead letters sends in order and waits for every answer; that is all that is wanted here.
        let producer = DeadLetterProducer::new(producer, admin, topic.name, 1)?;
        for records in topic.records.chunks(BATCH) {
            let letters = records.iter().map(|(key, value)| Letter {
                key: Some(Bytes::from(key.clone())),
                value: Some(Bytes::from(value.clone())),
                timestamp: None,
                headers: Vec::new(),
            });
            producer.send(letters.collect()).await?;
            sent(records.len());
        }
        Ok(())
    }

    /// How many records the group has committed, of all topics.
    ///
    /// # Errors
    /// The broker refused.
    pub async fn committed(&self, group: &str) -> Result<usize, ConnectError> {
        let offsets = self.admin.group_offsets(group).await?;
        let sum: i64 = offsets.values().sum();
        Ok(usize::try_from(sum).unwrap_or_default())
    }

    /// Reads this many records of a dead letter topic.
    ///
    /// # Errors
    /// The broker refused. There is no limit to the wait.
    pub async fn dead_letters(
        &self,
        topic: &str,
        count: usize,
    ) -> Result<Vec<DeadLetter>, ConnectError> {
        let mut config = self.base.clone();
        config.insert("group.id", "turnbuckle-demo");
        config.insert("auto.offset.reset", "earliest");
        let config = settings(ClientSettings::consumer(&config))?;
        let topics = Subscription::Topics(vec![topic.to_owned()]);
        let mut consumer = KafkaConsumer::new(config, topics, READ_AHEAD)?;
        let letters = read(&mut consumer, count).await;
        Box::new(consumer).close(LEAVE).await;
        letters
    }
}

async fn read(consumer: &mut KafkaConsumer, count: usize) -> Result<Vec<DeadLetter>, ConnectError> {
    let limits = ReadLimits {
        records: count,
        bytes: READ_AHEAD,
    };
    let mut letters = Vec::new();
    consumer.subscribe().await?;
    while letters.len() < count {
        match consumer.event().await {
            ConsumerEvent::Assigned(partitions) => {
                let start = |partition| Start {
                    partition: Arc::new(partition),
                    offset: None,
                    epoch: 0,
                    paused: false,
                };
                let starts: Vec<Start> = partitions.into_iter().map(start).collect();
                consumer.assign(&starts).await?;
            }
            ConsumerEvent::Revoked { partitions, .. } => consumer.unassign(&partitions).await?,
            ConsumerEvent::Problem(error) => return Err(error),
            ConsumerEvent::Committed { .. }
            | ConsumerEvent::Back
            | ConsumerEvent::NoPartitions(_) => {}
            ConsumerEvent::Data => loop {
                let batch = consumer.read(limits);
                if batch.is_empty() {
                    break;
                }
                letters.extend((0..batch.len()).map(|i| DeadLetter {
                    value: text(batch.value(i)),
                    context: batch.headers(i).filter_map(context).collect(),
                }));
            },
        }
    }
    letters.truncate(count);
    Ok(letters)
}

fn context((name, value): (Bytes, Option<Bytes>)) -> Option<(String, String)> {
    let name = text(Some(name));
    let name = name.strip_prefix("__connect.errors.")?;
    Some((name.to_owned(), text(value)))
}

fn text(bytes: Option<Bytes>) -> String {
    String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned()
}

fn settings(
    made: Result<(ClientSettings, Vec<KeyNote>), ConfigErrors>,
) -> Result<ClientSettings, ConnectError> {
    let (settings, _) = made.map_err(|errors| ConnectError::config(errors.to_string()))?;
    Ok(settings)
}
