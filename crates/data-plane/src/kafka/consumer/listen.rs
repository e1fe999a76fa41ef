//! What librdkafka says: rebalances, answers to commits, errors.

use std::time::Duration;

use connect_api::{ErrorClass, TopicPartition};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::{Message, Offset};

use super::context::{Context, Said};
use super::moves::list;
use super::outage::Answered;
use super::reader::ReadError;
use super::{KafkaConsumer, Topics};
use crate::kafka::ConsumerEvent;
use crate::kafka::client_keys::OffsetReset;
use crate::kafka::problems::{self, Verdict};

/// How librdkafka begins to say that it leaves a topic out of what it asks the group for, whatever the reason.
const NOT_AVAILABLE: &str = "Subscribed topic not available";

impl KafkaConsumer {
    /// Lets librdkafka say what it has to say.
    pub(super) fn listen(&mut self) {
        let Ok(consumer) = self.client.get().cloned() else {
            return;
        };
        loop {
            let before = consumer.context().heard();
            match consumer.poll(Duration::ZERO) {
                Some(Ok(message)) => self.strayed(&message),
                Some(Err(KafkaError::MessageConsumptionFatal(_))) => self.died(&consumer),
                // The context was told, with the reason.
                Some(Err(_)) => {}
                None if consumer.context().heard() == before => break,
                None => {}
            }
            for said in consumer.context().take() {
                self.hear(said);
            }
        }
        // What another thread has said between two polls.
        for said in consumer.context().take() {
            self.hear(said);
        }
        while let Some(answer) = self.commits.next() {
            let failed = answer.error.filter(|(code, _)| *code != Code::NoOffset);
            let result = match failed {
                None => {
                    self.all_is_well();
                    Ok(())
                }
                Some((code, partition)) => Err(problems::commit_failed(
                    code,
                    partition.as_deref(),
                    &self.who,
                )),
            };
            let seq = answer.seq;
            self.events
                .push_back(ConsumerEvent::Committed { seq, result });
        }
    }

    fn hear(&mut self, said: Said) {
        match said {
            Said::Assigned(partitions) if partitions.is_empty() => {
                match self.answer_assigned(&[]) {
                    Ok(()) => self.has_nothing_to_read(),
                    Err(error) => self.events.push_back(ConsumerEvent::Problem(error)),
                }
            }
            Said::Revoked { partitions, .. } if partitions.is_empty() => {
                if let Err(error) = self.answer_revoked(&[]) {
                    self.events.push_back(ConsumerEvent::Problem(error));
                }
            }
            Said::Assigned(partitions) => {
                self.all_is_well();
                self.events.push_back(ConsumerEvent::Assigned(partitions));
            }
            Said::Revoked { partitions, lost } => {
                self.events
                    .push_back(ConsumerEvent::Revoked { partitions, lost });
            }
            Said::Error(code, reason) => self.judge(code, &reason, None),
            Said::Login(error) if error.class() == ErrorClass::Unavailable => {
                if self.outage.tell("no login", &self.who).is_some() {
                    self.events.push_back(ConsumerEvent::Problem(error));
                }
            }
            Said::Login(error) => self.events.push_back(ConsumerEvent::Problem(error)),
            Said::Trouble(trouble) => self.outage.trouble(trouble, &self.who),
        }
    }

    fn judge(&mut self, code: Code, reason: &str, what: Option<&str>) {
        let names_topic =
            code == Code::UnknownTopicOrPartition || reason.starts_with(NOT_AVAILABLE);
        if names_topic && self.note_missing(reason) {
            return;
        }
        if code == Code::AllBrokersDown {
            return self.away(reason);
        }
        let (group, partition) = (&self.who.group, what.unwrap_or_default());
        match problems::judge(code, reason, what, &self.who) {
            Verdict::Passing => tracing::debug!(group, partition, reason, "kafka client error"),
            Verdict::Warning => tracing::warn!(group, partition, reason, "kafka client error"),
            Verdict::Problem(error) => self.events.push_back(ConsumerEvent::Problem(error)),
        }
    }

    /// The cluster does not answer; librdkafka goes on trying.
    pub(super) fn away(&mut self, reason: &str) {
        if let Some(error) = self.outage.tell(reason, &self.who) {
            self.events.push_back(ConsumerEvent::Problem(error));
        }
    }

    pub(super) fn all_is_well(&mut self) {
        if self.outage.over() {
            self.events.push_back(ConsumerEvent::Back);
        }
    }

    /// The cluster answered the question for a sign of life.
    pub(super) fn answered(&mut self) {
        let has_partitions = !self.reader.partitions().is_empty();
        match self.outage.answered(has_partitions, &self.who) {
            Answered::AsEver => {}
            Answered::Back => self.events.push_back(ConsumerEvent::Back),
            Answered::InPart(error) => self.events.push_back(ConsumerEvent::Problem(error)),
        }
    }

    fn died(&mut self, consumer: &BaseConsumer<Context>) {
        let (code, reason) = consumer
            .client()
            .fatal_error()
            .unwrap_or((Code::Fatal, "no reason given".to_owned()));
        let error = problems::fatal(code, &reason, &self.who);
        self.events.push_back(ConsumerEvent::Problem(error));
    }

    /// A message came by the wrong way. None should, for all are led to our queue; its place is read again.
    fn strayed(&mut self, message: &rdkafka::message::BorrowedMessage<'_>) {
        let partition = TopicPartition::new(message.topic(), message.partition());
        tracing::warn!(%partition, offset = message.offset(), "a record strayed and is read again");
        if let Some(known) = self.reader.find(&partition) {
            let next = *known.next.get_or_insert(message.offset());
            self.seek_later(&[(partition, next)]);
        }
    }

    /// Seeks without waiting. What was queued before is stale from now on, and its loss is what this is for.
    fn seek_later(&self, places: &[(TopicPartition, i64)]) {
        let Ok(consumer) = self.client.get() else {
            return;
        };
        let places = places.iter().map(|(p, next)| (p, Offset::Offset(*next)));
        let sought = list(places).and_then(|l| consumer.seek_partitions(l, Duration::ZERO));
        if let Err(error) = sought {
            tracing::warn!(%error, group = self.who.group, "could not seek after an error");
        }
    }

    /// librdkafka may have moved its position over the error; ours stays, and reading goes on there. Unless the position
    /// itself was the error, or there is nothing to read: then librdkafka decides.
    pub(super) fn read_failed(&mut self, errors: Vec<ReadError>) {
        for error in errors {
            let by_time = matches!(self.reset, OffsetReset::ByDuration(_));
            if by_time && error.code == Code::AutoOffsetReset {
                self.lost.add(&error.partition);
                continue;
            }
            let partition = error.partition.to_string();
            self.judge(error.code, &error.reason, Some(&partition));
            let decides = matches!(
                error.code,
                Code::OffsetOutOfRange
                    | Code::AutoOffsetReset
                    | Code::LogTruncation
                    | Code::UnknownTopicOrPartition
                    | Code::UnknownTopic
                    | Code::UnknownPartition
                    | Code::TopicAuthorizationFailed
            );
            if let (Some(next), false) = (error.next, decides) {
                self.seek_later(&[((*error.partition).clone(), next)]);
            }
        }
        self.wake.ring();
    }

    /// librdkafka names the topic in its text only. Whether one of ours is named, and the reason told.
    fn note_missing(&mut self, reason: &str) -> bool {
        let Topics::Fixed(topics, missing) = &mut self.topics else {
            return false;
        };
        let named = |t: &&String| reason.contains(&format!(": {t}: "));
        let found: Vec<String> = topics.iter().filter(named).cloned().collect();
        // A missing permission has been told with its own words; here the topic itself is missing.
        let is_unknown = reason.contains("Unknown topic");
        let are_new = missing.add(found.iter().cloned());
        if found.is_empty() || !is_unknown {
            return false;
        }
        if !self.reader.partitions().is_empty() {
            if are_new {
                tracing::warn!("{}", problems::no_topic(&found, &self.who));
            }
        } else {
            self.has_nothing_to_read();
        }
        true
    }

    /// Tells why, if this member has no partition.
    pub(super) fn has_nothing_to_read(&mut self) {
        if !self.reader.partitions().is_empty() {
            return;
        }
        let why = match &self.topics {
            Topics::Fixed(_, missing) if !missing.is_empty() => {
                problems::no_topic(&missing.names(), &self.who)
            }
            Topics::Watched(watch) if watch.matches_nothing() => {
                problems::no_match(watch.pattern(), &self.who)
            }
            _ => problems::no_partition(&self.who),
        };
        self.events.push_back(ConsumerEvent::NoPartitions(why));
    }
}
