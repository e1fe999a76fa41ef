//! `auto.offset.reset=by_duration`: librdkafka has no such policy. It is told to raise an error instead and gives the
//! partition up; here the place is looked for by time, and the partition is begun there.

use std::sync::Arc;
use std::time::Duration;

use connect_api::TopicPartition;
use rdkafka::consumer::{BaseConsumer, Consumer, RebalanceProtocol};
use rdkafka::error::KafkaError;
use rdkafka::{Offset, TopicPartitionList};
use tokio::time::Instant;

use super::KafkaConsumer;
use super::context::Context;
use super::moves::list;
use super::subscription::Question;
use crate::clock::{Clock, SystemClock};
use crate::kafka::{ConsumerEvent, Start};

const TIMEOUT: Duration = Duration::from_secs(30);
const AGAIN: Duration = Duration::from_secs(1);
const LEAD: Duration = Duration::from_secs(10);

type Places = Vec<(TopicPartition, i64)>;

/// Partitions that wait for their place.
pub(super) struct Lost {
    age: Duration,
    partitions: Vec<TopicPartition>,
    /// Until when queues are led anew, see [`KafkaConsumer::lead_again`].
    lead_until: Option<Instant>,
    question: Question<Result<Places, KafkaError>>,
}

impl Lost {
    pub fn new(age: Duration) -> Self {
        Self {
            age,
            partitions: Vec::new(),
            lead_until: None,
            question: Question::new(Duration::ZERO),
        }
    }

    pub fn add(&mut self, partition: &TopicPartition) {
        if !self.partitions.contains(partition) {
            self.partitions.push(partition.clone());
        }
    }

    /// These begin elsewhere by now, or are another's.
    pub fn forget<'a>(&mut self, partitions: impl Iterator<Item = &'a TopicPartition>) {
        for partition in partitions {
            self.partitions.retain(|p| p != partition);
        }
    }

    /// Waits until places are known; for ever if none is wanted. Cancelling the wait loses nothing.
    pub async fn found(&mut self, consumer: &Arc<BaseConsumer<Context>>) -> Places {
        if self.partitions.is_empty() {
            return std::future::pending().await;
        }
        loop {
            let ask = || {
                let (consumer, partitions) = (consumer.clone(), self.partitions.clone());
                let age = self.age;
                move || places(&consumer, partitions, age)
            };
            match self.question.answer(ask).await {
                Ok(mut places) => {
                    self.question.again_in(Duration::ZERO);
                    // Some may have been forgotten since they were asked for.
                    places.retain(|(p, _)| self.partitions.contains(p));
                    self.forget(places.iter().map(|(p, _)| p));
                    return places;
                }
                Err(error) => {
                    tracing::warn!(%error, "could not look for the offsets to begin with");
                    self.question.again_in(AGAIN);
                }
            }
        }
    }
}

/// The first record of each partition that is not older; its end if all are.
pub(super) fn places(
    consumer: &BaseConsumer<Context>,
    partitions: Vec<TopicPartition>,
    age: Duration,
) -> Result<Places, KafkaError> {
    let age = i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
    let since = SystemClock.unix_ms().saturating_sub(age).max(0);
    let times: TopicPartitionList = list(partitions.iter().map(|p| (p, Offset::Offset(since))))?;
    let found = consumer.offsets_for_times(times, TIMEOUT)?;
    let mut places = Vec::new();
    for partition in partitions {
        let element = found.find_partition(&partition.topic, partition.partition);
        let offset = match element.map(|e| (e.error(), e.offset())) {
            Some((Ok(()), Offset::Offset(offset))) => offset,
            Some((Err(error), _)) => return Err(error),
            _ => {
                let (topic, number) = (&partition.topic, partition.partition);
                consumer.fetch_watermarks(topic, number, TIMEOUT)?.1
            }
        };
        places.push((partition, offset));
    }
    Ok(places)
}

impl KafkaConsumer {
    /// Begins the partitions at these places. librdkafka has given them up and takes no seek: they are assigned anew.
    pub(super) fn begin_at(&mut self, places: &Places) {
        let Ok(consumer) = self.client.get().cloned() else {
            return;
        };
        // A member of an eager group can only be given its whole assignment; the others go on where they are.
        let alone = matches!(
            consumer.rebalance_protocol(),
            RebalanceProtocol::Cooperative
        );
        let mut starts = Vec::new();
        for known in self.reader.partitions() {
            let place = places.iter().find(|(p, _)| *p == *known.id);
            if let Some((partition, offset)) = place {
                tracing::info!(%partition, offset, "begins by time, as auto.offset.reset says");
            } else if alone {
                continue;
            }
            starts.push(Start {
                partition: known.id.clone(),
                offset: place.map(|(_, offset)| *offset).or(known.next),
                epoch: known.epoch,
                paused: known.paused,
            });
        }
        let given_up = starts.iter().map(|s| (&*s.partition, Offset::Invalid));
        let begun = match (starts.is_empty(), alone) {
            // They went to another member meanwhile.
            (true, _) => return,
            (false, true) => list(given_up)
                .and_then(|list| consumer.incremental_unassign(&list))
                .map_err(|e| self.refused_first("assign", None, &e)),
            (false, false) => Ok(()),
        };
        let begun = begun.and_then(|()| self.answer_assigned(&starts));
        self.lost.lead_until = Some(Instant::now() + LEAD);
        if let Err(error) = begun {
            self.events.push_back(ConsumerEvent::Problem(error));
        }
    }

    /// Leads the partitions' queues to ours once more. librdkafka stops a partition before it starts it anew, some
    /// time after it was told, and stopping ends where its queue leads. What came meanwhile follows.
    pub(super) fn lead_again(&mut self) {
        let Some(until) = self.lost.lead_until else {
            return;
        };
        for partition in self.reader.partitions() {
            let (topic, number) = (&partition.id.topic, partition.id.partition);
            // It had a queue when it was assigned.
            let _ = self.reader.queue.lead(topic, number);
        }
        if Instant::now() > until {
            self.lost.lead_until = None;
        }
    }
}
