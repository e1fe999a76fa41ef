//! [`DeadLetterProducer`]: the dead letter topic on librdkafka.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use connect_api::config::Config;
use connect_api::{ConnectError, ErrorClass};
use rdkafka::client::ClientContext;
use rdkafka::config::{FromClientConfigAndContext, RDKafkaLogLevel};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::{DeliveryResult, Header, OwnedHeaders};
use rdkafka::producer::{BaseRecord, Producer, ProducerContext, ThreadedProducer};
use tokio::sync::Notify;
use tokio::time::sleep;

use super::admin::{ClusterAdmin, Creation, TopicSpec};
use super::blocking::drop_elsewhere;
use super::client_keys::ClientSettings;
use super::listener::Listener;
use super::logins::{LoggedIn, log_in};
use super::{DeadLetterTopic, Letter};
use super::{problems, statistics};
use crate::metrics::ClientCounters;

const AGAIN: Duration = Duration::from_secs(1);
const QUEUE_FULL: Duration = Duration::from_millis(50);

/// What the JVM's Connect gives the producer of dead letters, before `producer.` and `producer.override.` keys.
pub fn dead_letter_base() -> Config {
    Config::from([
        ("max.block.ms", "9223372036854775807"),
        ("enable.idempotence", "false"),
        ("acks", "all"),
        ("max.in.flight.requests.per.connection", "1"),
        ("delivery.timeout.ms", "2147483647"),
    ])
}

/// Sends bad records to their topic, and creates that.
pub struct DeadLetterProducer {
    topic: String,
    replication: i16,
    settings: ClientSettings,
    admin: ClientSettings,
    producer: Option<LoggedIn<ThreadedProducer<Context>>>,
}

impl DeadLetterProducer {
    /// Does not connect yet. `replication` is for the topic if it must be created.
    ///
    /// # Errors
    /// `Config`: librdkafka does not take the settings.
    pub fn new(
        settings: ClientSettings,
        admin: ClientSettings,
        topic: impl Into<String>,
        replication: i16,
    ) -> Result<Self, ConnectError> {
        let context = Context(Listener::new(settings.who()));
        let mut config = settings.config()?;
        statistics::ask_for(&mut config);
        let producer = ThreadedProducer::from_config_and_context(&config, context)
            .map_err(|e| settings.refused(&e))?;
        let producer = logged_in(&settings, producer)?;
        Ok(Self {
            topic: topic.into(),
            replication,
            settings,
            admin,
            producer: Some(producer),
        })
    }

    fn producer(&self) -> Result<&ThreadedProducer<Context>, ConnectError> {
        let closed = || ConnectError::fatal("the producer is closed");
        self.producer.as_deref().ok_or_else(closed)
    }

    async fn create(&self) -> Result<(), ConnectError> {
        let admin = ClusterAdmin::new(self.admin.clone())?;
        if admin.list_topics().await?.contains_key(&self.topic) {
            return Ok(());
        }
        let topic = TopicSpec {
            name: self.topic.clone(),
            partitions: 1,
            replication: i32::from(self.replication),
            config: Default::default(),
        };
        match admin.create_topic(&topic).await? {
            Creation::Created => {
                tracing::info!(topic = self.topic, "dead letter topic created");
            }
            Creation::Existed => {}
        }
        Ok(())
    }

    /// Sends these and waits for all answers: the code of what was refused, by place.
    async fn send_once(&self, letters: &[(usize, &Letter)]) -> Result<Answers, ConnectError> {
        let producer = self.producer()?;
        let batch = Arc::new(Batch::default());
        let mut refused = Vec::new();
        for &(place, letter) in letters {
            batch.expect_one();
            if let Err(code) = self.enqueue(producer, place, letter, &batch).await {
                batch.answered(place, None);
                refused.push((place, code));
                // What comes after must not be there without this one.
                break;
            }
        }
        let listener = &producer.context().0;
        tokio::select! {
            error = listener.refusal() => return Err(error),
            () = batch.done() => {}
        }
        refused.extend(batch.take());
        refused.sort_unstable_by_key(|(place, _)| *place);
        Ok(refused)
    }

    async fn enqueue(
        &self,
        producer: &ThreadedProducer<Context>,
        place: usize,
        letter: &Letter,
        batch: &Arc<Batch>,
    ) -> Result<(), Code> {
        loop {
            let ticket = Box::new(Ticket {
                place,
                batch: batch.clone(),
            });
            let mut record =
                BaseRecord::with_opaque_to(&self.topic, ticket).headers(headers(letter));
            record.key = letter.key.as_deref();
            record.payload = letter.value.as_deref();
            record.timestamp = letter.timestamp;
            match producer.send(record) {
                Ok(()) => return Ok(()),
                Err((KafkaError::MessageProduction(Code::QueueFull), _)) => sleep(QUEUE_FULL).await,
                Err((error, _)) => return Err(problems::code(&error)),
            }
        }
    }

    fn refused(&self, letter: &Letter, code: Code) -> ConnectError {
        let (topic, who) = (&self.topic, self.settings.who());
        let reason = format!("dead letter topic {topic}: {code}");
        if let Some(error) = problems::refusal(code, &reason, &who) {
            return error;
        }
        let size = size(letter);
        match code {
            Code::MessageSizeTooLarge => ConnectError::new(
                ErrorClass::Fatal,
                "org.apache.kafka.common.errors.RecordTooLargeException",
                format!(
                    "a record of {size} bytes is too large for dead letter topic {topic}: max.request.size of the producer is {}, and max.message.bytes of the topic counts too. Raise both (producer.override.max.request.size), then restart the task",
                    self.settings.max_request_size()
                ),
            ),
            Code::UnknownTopicOrPartition | Code::UnknownTopic | Code::UnknownPartition => {
                ConnectError::new(
                    ErrorClass::Fatal,
                    "org.apache.kafka.common.errors.UnknownTopicOrPartitionException",
                    format!(
                        "dead letter topic {topic} is gone. Create it again or restart the task, which creates it"
                    ),
                )
            }
            _ => ConnectError::new(
                ErrorClass::Fatal,
                problems::KAFKA,
                format!(
                    "a record of {size} bytes was refused by dead letter topic {topic}: {code}. Correct the topic or the producer's settings, then restart the task"
                ),
            ),
        }
    }
}

#[async_trait]
impl DeadLetterTopic for DeadLetterProducer {
    async fn prepare(&self) -> Result<(), ConnectError> {
        self.create().await.map_err(|cause| {
            let topic = &self.topic;
            let text = format!("Could not initialize dead letter queue with topic={topic}");
            let exception = connect_api::error::exception::CONNECT;
            ConnectError::new(cause.class(), exception, text).caused_by(cause)
        })
    }

    fn counters(&self) -> Option<Arc<ClientCounters>> {
        Some(self.producer.as_ref()?.context().0.counters())
    }

    async fn send(&self, letters: Vec<Letter>) -> Result<(), ConnectError> {
        let mut open: Vec<_> = letters.iter().enumerate().collect();
        loop {
            let refused = self.send_once(&open).await?;
            let Some((first, _)) = refused.first() else {
                return Ok(());
            };
            let for_good = refused.iter().find(|(_, code)| !problems::passes(*code));
            if let Some((place, code)) = for_good {
                return Err(self.refused(&letters[*place], *code));
            }
            // Their time was up (`delivery.timeout.ms`). From the first of them on, so that the order stays.
            let (topic, first) = (&self.topic, *first);
            tracing::warn!(topic, "dead letters wait for the cluster");
            open.retain(|(place, _)| *place >= first);
            sleep(AGAIN).await;
        }
    }
}

impl Drop for DeadLetterProducer {
    fn drop(&mut self) {
        drop_elsewhere(self.producer.take());
    }
}

type Answers = Vec<(usize, Code)>;

/// Letters on their way.
#[derive(Default)]
struct Batch {
    state: Mutex<(usize, Answers)>,
    changed: Notify,
}

/// Travels with a letter and comes back with the answer.
pub(super) struct Ticket {
    place: usize,
    batch: Arc<Batch>,
}

impl Batch {
    fn state(&self) -> std::sync::MutexGuard<'_, (usize, Answers)> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn expect_one(&self) {
        self.state().0 += 1;
    }

    fn answered(&self, place: usize, refusal: Option<Code>) {
        let mut state = self.state();
        state.0 -= 1;
        state.1.extend(refusal.map(|code| (place, code)));
        if state.0 == 0 {
            self.changed.notify_one();
        }
    }

    async fn done(&self) {
        while self.state().0 > 0 {
            self.changed.notified().await;
        }
    }

    fn take(&self) -> Answers {
        std::mem::take(&mut self.state().1)
    }
}

/// Keeps a producer logged in that has a listener.
pub(super) fn logged_in(
    settings: &ClientSettings,
    producer: ThreadedProducer<Context>,
) -> Result<LoggedIn<ThreadedProducer<Context>>, ConnectError> {
    let context = producer.context().clone();
    let told = move |result| context.0.logged_in(result);
    log_in(settings, producer, |p| p.client(), told)
}

/// [`Listener`] that also hears of deliveries.
pub(super) struct Context(pub Listener);

impl ClientContext for Context {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, line: &str) {
        self.0.log(level, facility, line);
    }

    fn stats_raw(&self, statistics: &[u8]) {
        self.0.stats_raw(statistics);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.0.error(error, reason);
    }
}

impl ProducerContext for Context {
    type DeliveryOpaque = Box<Ticket>;

    fn delivery(&self, result: &DeliveryResult<'_>, ticket: Box<Ticket>) {
        let failed =
            |(error, _): &(KafkaError, _)| error.rdkafka_error_code().unwrap_or(Code::Fail);
        let refusal = result.as_ref().err().map(failed);
        ticket.batch.answered(ticket.place, refusal);
    }
}

fn headers(letter: &Letter) -> OwnedHeaders {
    let mut headers = OwnedHeaders::new_with_capacity(letter.headers.len());
    for (name, value) in &letter.headers {
        // The library takes names as C strings only.
        let name = String::from_utf8_lossy(name).replace('\0', "\u{fffd}");
        headers = headers.insert(Header {
            key: &name,
            value: value.as_deref(),
        });
    }
    headers
}

fn size(letter: &Letter) -> usize {
    let len = |bytes: &Option<Bytes>| bytes.as_ref().map_or(0, Bytes::len);
    let headers = letter.headers.iter().map(|(n, v)| n.len() + len(v));
    len(&letter.key) + len(&letter.value) + headers.sum::<usize>()
}
