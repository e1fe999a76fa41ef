//! Writing to topics: every delivery is waited for, and a record that was not accepted fails the test.

use std::sync::Mutex;
use std::time::Duration;

use rdkafka::ClientContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, DeliveryResult, Producer, ProducerContext};

use super::Kafka;
use crate::support::scratch;

const CALL: Duration = Duration::from_secs(30);

/// A record to be written: `Record::value("v").key("k").header("h", b"x").timestamp(1).partition(0)`.
#[derive(Clone, Debug, Default)]
pub struct Record {
    key: Option<Vec<u8>>,
    value: Option<Vec<u8>>,
    headers: Vec<(String, Option<Vec<u8>>)>,
    timestamp: Option<i64>,
    partition: Option<i32>,
}

impl Record {
    pub fn value(value: impl Into<Vec<u8>>) -> Record {
        Record {
            value: Some(value.into()),
            ..Record::default()
        }
    }

    /// No value at all.
    pub fn tombstone() -> Record {
        Record::default()
    }

    pub fn key(mut self, key: impl Into<Vec<u8>>) -> Record {
        self.key = Some(key.into());
        self
    }

    pub fn header(mut self, name: &str, value: impl Into<Vec<u8>>) -> Record {
        self.headers.push((name.to_owned(), Some(value.into())));
        self
    }

    pub fn null_header(mut self, name: &str) -> Record {
        self.headers.push((name.to_owned(), None));
        self
    }

    pub fn timestamp(mut self, millis: i64) -> Record {
        self.timestamp = Some(millis);
        self
    }

    pub fn partition(mut self, partition: i32) -> Record {
        self.partition = Some(partition);
        self
    }
}

impl<T: Into<Vec<u8>>> From<T> for Record {
    fn from(value: T) -> Record {
        Record::value(value)
    }
}

/// How a transaction ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Commit,
    Abort,
}

impl Kafka {
    pub fn produce<R: Into<Record>>(&self, topic: &str, records: impl IntoIterator<Item = R>) {
        self.produce_with(&[], topic, records);
    }

    /// With producer settings such as `("compression.type", "zstd")`.
    pub fn produce_with<R: Into<Record>>(
        &self,
        settings: &[(&str, &str)],
        topic: &str,
        records: impl IntoIterator<Item = R>,
    ) {
        let producer = self.producer(settings);
        send(&producer, topic, records);
        producer.flush(CALL).expect("all records are written");
        producer.context().expect_no_failure();
    }

    /// All records in one transaction. Aborted ones lie in the topic and must not be read.
    pub fn produce_transaction<R: Into<Record>>(
        &self,
        topic: &str,
        records: impl IntoIterator<Item = R>,
        end: End,
    ) {
        let id = scratch::unique("transaction");
        let producer = self.producer(&[("transactional.id", &id)]);
        producer
            .init_transactions(CALL)
            .expect("transactions are on");
        producer.begin_transaction().expect("a transaction begins");
        send(&producer, topic, records);
        producer.flush(CALL).expect("all records are written");
        match end {
            End::Commit => producer
                .commit_transaction(CALL)
                .expect("the transaction is committed"),
            End::Abort => producer
                .abort_transaction(CALL)
                .expect("the transaction is aborted"),
        }
        producer.context().expect_no_failure();
    }

    fn producer(&self, settings: &[(&str, &str)]) -> BaseProducer<Deliveries> {
        let mut config = self.client();
        config.set("linger.ms", "5").set("acks", "all");
        for (key, value) in settings {
            config.set(*key, *value);
        }
        config
            .create_with_context(Deliveries::default())
            .expect("a producer")
    }
}

/// Remembers records that the broker did not take.
#[derive(Default)]
struct Deliveries {
    failures: Mutex<Vec<String>>,
}

impl Deliveries {
    fn expect_no_failure(&self) {
        let failures = self.failures.lock().expect("not poisoned");
        assert!(
            failures.is_empty(),
            "{} records were not written: {}",
            failures.len(),
            failures[0]
        );
    }
}

impl ClientContext for Deliveries {}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        if let Err((error, _)) = result {
            self.failures
                .lock()
                .expect("not poisoned")
                .push(error.to_string());
        }
    }
}

fn send<R: Into<Record>>(
    producer: &BaseProducer<Deliveries>,
    topic: &str,
    records: impl IntoIterator<Item = R>,
) {
    for record in records {
        let record = record.into();
        let mut message = BaseRecord::<[u8], [u8]>::to(topic);
        message.key = record.key.as_deref();
        message.payload = record.value.as_deref();
        message.timestamp = record.timestamp;
        message.partition = record.partition;
        if !record.headers.is_empty() {
            let mut headers = OwnedHeaders::new();
            for (key, value) in &record.headers {
                headers = headers.insert(Header {
                    key,
                    value: value.as_ref(),
                });
            }
            message.headers = Some(headers);
        }
        while let Err((error, refused)) = producer.send(message) {
            // The local queue is full: let deliveries make room.
            assert_eq!(
                error,
                KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull),
                "cannot produce"
            );
            producer.poll(Duration::from_millis(100));
            message = refused;
        }
    }
}
