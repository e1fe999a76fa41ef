//! Where the consumer reads: assigning, seeking, pausing. Each of these tells librdkafka and keeps our own account.

use std::time::Duration;

use connect_api::{ConnectError, TopicPartition};
use rdkafka::consumer::{Consumer, RebalanceProtocol};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::topic_partition_list::TopicPartitionListElem;
use rdkafka::{Offset, TopicPartitionList};
use tokio::time::{Instant, sleep};

use super::KafkaConsumer;
use super::reset::places;
use crate::kafka::blocking::blocking;
use crate::kafka::client_keys::OffsetReset;
use crate::kafka::{Start, problems};

/// Seeking right after an assignment is refused until librdkafka has started the partition. With the cluster away that
/// takes as long as the outage, for the group's offset is looked up first: then whoever asked is told, and asks again.
const SEEK_AGAIN: Duration = Duration::from_millis(20);
const SEEK_TIMEOUT: Duration = Duration::from_secs(3);

type Place = (TopicPartition, Offset);

impl KafkaConsumer {
    pub(super) fn answer_assigned(&mut self, starts: &[Start]) -> Result<(), ConnectError> {
        let consumer = self.consumer()?.clone();
        for start in starts {
            let (topic, partition) = (&start.partition.topic, start.partition.partition);
            if !self.reader.queue.lead(topic, partition) {
                return Err(self.refused("assign", &start.partition, "the partition has no queue"));
            }
        }
        self.reader.begin(starts);
        self.lost.forget(starts.iter().map(|s| &*s.partition));
        let places = starts.iter().map(|s| (&*s.partition, offset(s.offset)));
        let first = starts.first().map(|s| s.partition.clone());
        let assigned = list(places).and_then(|list| match consumer.rebalance_protocol() {
            RebalanceProtocol::Cooperative => consumer.incremental_assign(&list),
            RebalanceProtocol::Eager | RebalanceProtocol::None => consumer.assign(&list),
        });
        assigned.map_err(|e| self.refused_first("assign", first.as_deref(), &e))?;
        let paused = starts.iter().filter(|s| s.paused).map(|s| &*s.partition);
        self.pause_in_client(paused)
    }

    pub(super) fn answer_revoked(
        &mut self,
        partitions: &[TopicPartition],
    ) -> Result<(), ConnectError> {
        let consumer = self.consumer()?.clone();
        self.reader.end(partitions);
        self.lost.forget(partitions.iter());
        let unassigned = match consumer.rebalance_protocol() {
            RebalanceProtocol::Cooperative => list(partitions.iter().map(|p| (p, Offset::Invalid)))
                .and_then(|list| consumer.incremental_unassign(&list)),
            // All or nothing: a member of such a group gives back everything at once.
            RebalanceProtocol::Eager | RebalanceProtocol::None => consumer.unassign(),
        };
        unassigned.map_err(|e| self.refused_first("unassign", partitions.first(), &e))?;
        // Others are mostly about to come; of a topic that is gone none will.
        if self.has_no_topic() {
            self.has_nothing_to_read();
        }
        Ok(())
    }

    /// Gives up partitions that the group has not asked for.
    pub(super) fn give_up(&mut self, partitions: &[TopicPartition]) -> Result<(), ConnectError> {
        let consumer = self.consumer()?.clone();
        let cooperative = matches!(
            consumer.rebalance_protocol(),
            RebalanceProtocol::Cooperative
        );
        let all = self
            .reader
            .partitions()
            .iter()
            .all(|p| partitions.contains(&p.id));
        if cooperative || all {
            return self.answer_revoked(partitions);
        }
        // An eager member can only give back everything. They stay ours in the group's eyes and are not read.
        self.pause_in_client(partitions.iter())?;
        self.lost.forget(partitions.iter());
        self.reader.end(partitions);
        Ok(())
    }

    /// Reads these partitions from other places, under other epochs.
    pub(super) async fn start_again(&mut self, starts: &[Start]) -> Result<(), ConnectError> {
        for start in starts {
            if self.reader.find(&start.partition).is_none() {
                return Err(self.refused("seek", &start.partition, "it is not assigned"));
            }
        }
        let places = self.places(starts).await?;
        let (still, moving): (Vec<_>, Vec<_>) = starts.iter().partition(|s| s.paused);
        self.pause_in_client(still.iter().map(|s| &*s.partition))?;
        // From here on what was read before is gone, and what is queued is stale.
        self.reader.begin(starts);
        self.lost.forget(starts.iter().map(|s| &*s.partition));
        if let Err(error) = self.seek_in_client(places).await {
            // librdkafka may go on where it was, and that is not where these are to be read.
            starts.iter().for_each(|s| self.reader.hold(&s.partition));
            return Err(error);
        }
        self.resume_in_client(moving.iter().map(|s| &*s.partition))
    }

    /// Where these begin: as given, else as committed.
    async fn places(&mut self, starts: &[Start]) -> Result<Vec<Place>, ConnectError> {
        let (given, open): (Vec<_>, Vec<_>) = starts.iter().partition(|s| s.offset.is_some());
        let mut places: Vec<Place> = given
            .iter()
            .map(|s| ((*s.partition).clone(), offset(s.offset)))
            .collect();
        if !open.is_empty() {
            let offsets = self.committed(&open).await?;
            let open = open.iter().map(|s| (*s.partition).clone());
            places.extend(open.zip(offsets));
        }
        Ok(places)
    }

    pub(super) fn pause_in_client<'a>(
        &self,
        partitions: impl Iterator<Item = &'a TopicPartition>,
    ) -> Result<(), ConnectError> {
        let partitions: Vec<_> = partitions.collect();
        if partitions.is_empty() {
            return Ok(());
        }
        let consumer = self.consumer()?;
        let paused = list(partitions.iter().map(|p| (*p, Offset::Invalid)))
            .and_then(|list| consumer.pause(&list));
        paused.map_err(|e| self.refused_first("pause", partitions.first().copied(), &e))
    }

    pub(super) fn resume_in_client<'a>(
        &self,
        partitions: impl Iterator<Item = &'a TopicPartition>,
    ) -> Result<(), ConnectError> {
        let partitions: Vec<_> = partitions.collect();
        if partitions.is_empty() {
            return Ok(());
        }
        let consumer = self.consumer()?;
        let resumed = list(partitions.iter().map(|p| (*p, Offset::Invalid)))
            .and_then(|list| consumer.resume(&list));
        resumed.map_err(|e| self.refused_first("resume", partitions.first().copied(), &e))
    }

    /// Seeks and waits until librdkafka has done it.
    pub(super) async fn seek_in_client(
        &mut self,
        mut places: Vec<Place>,
    ) -> Result<(), ConnectError> {
        let deadline = Instant::now() + SEEK_TIMEOUT;
        while !places.is_empty() {
            let consumer = self.consumer()?.clone();
            let targets = list(places.iter().map(|(p, offset)| (p, *offset)))
                .map_err(|e| self.refused_first("seek", places.first().map(|p| &p.0), &e))?;
            let seek = move || consumer.seek_partitions(targets, SEEK_TIMEOUT);
            let answered = blocking(seek).await?;
            let answered =
                answered.map_err(|e| self.not_sought(places.first().map(|p| &p.0), &e))?;
            let mut again = Vec::new();
            for (place, element) in places.iter().zip(answered.elements()) {
                let error = match element.error() {
                    Ok(()) => continue,
                    Err(error) => error,
                };
                let state = error.rdkafka_error_code() == Some(RDKafkaErrorCode::State);
                if !state || Instant::now() >= deadline {
                    return Err(self.not_sought(Some(&place.0), &error));
                }
                again.push(place.clone());
            }
            places = again;
            if !places.is_empty() {
                sleep(SEEK_AGAIN).await;
            }
        }
        Ok(())
    }

    /// The group's committed offsets of these partitions, else what `auto.offset.reset` says.
    async fn committed(&mut self, starts: &[&Start]) -> Result<Vec<Offset>, ConnectError> {
        let consumer = self.consumer()?.clone();
        let partitions = list(starts.iter().map(|s| (&*s.partition, Offset::Invalid)));
        let ids: Vec<TopicPartition> = starts.iter().map(|s| (*s.partition).clone()).collect();
        let age = match self.reset {
            OffsetReset::ByDuration(age) => Some(age),
            _ => None,
        };
        let ask = move || {
            let known = consumer.committed_offsets(partitions?, SEEK_TIMEOUT)?;
            let by_time = match age {
                Some(age) => places(&consumer, ids, age)?,
                None => Vec::new(),
            };
            Ok((known, by_time))
        };
        let answer: Result<_, KafkaError> = blocking(ask).await?;
        let first = starts.first().map(|s| &*s.partition);
        let (known, by_time) = answer.map_err(|e| self.not_sought(first, &e))?;
        let elements = known.elements();
        let offset = |(start, element): (&&Start, &TopicPartitionListElem<'_>)| match (
            element.offset(),
            self.reset,
        ) {
            (Offset::Offset(offset), _) => Ok(Offset::Offset(offset)),
            (_, OffsetReset::Earliest) => Ok(Offset::Beginning),
            (_, OffsetReset::Latest) => Ok(Offset::End),
            (_, OffsetReset::ByDuration(_)) => {
                let place = by_time.iter().find(|(p, _)| *p == *start.partition);
                Ok(place.map_or(Offset::End, |(_, offset)| Offset::Offset(*offset)))
            }
            (_, OffsetReset::None) => {
                let partition = start.partition.to_string();
                Err(problems::no_offset(
                    &partition,
                    "nothing is committed",
                    &self.who,
                ))
            }
        };
        starts.iter().zip(&elements).map(offset).collect()
    }

    /// A seek that may be asked for again, or not.
    fn not_sought(&self, partition: Option<&TopicPartition>, error: &KafkaError) -> ConnectError {
        let code = problems::code(error);
        if code != RDKafkaErrorCode::State && !problems::passes(code) {
            return self.refused_first("seek", partition, error);
        }
        let group = &self.who.group;
        let partition = partition.map(|p| format!(" of {p}")).unwrap_or_default();
        ConnectError::unavailable(format!(
            "the rewind{partition} in group {group} waits for Kafka ({error}); check the brokers if it stays so"
        ))
    }

    pub(super) fn refused(
        &self,
        what: &str,
        partition: &TopicPartition,
        why: &str,
    ) -> ConnectError {
        let group = &self.who.group;
        ConnectError::fatal(format!(
            "could not {what} partition {partition} in group {group}: {why}. Restart the task"
        ))
    }

    pub(super) fn refused_first(
        &self,
        what: &str,
        partition: Option<&TopicPartition>,
        error: &KafkaError,
    ) -> ConnectError {
        match partition {
            Some(partition) => self.refused(what, partition, &error.to_string()),
            None => ConnectError::fatal(format!(
                "could not {what} in group {}: {error}. Restart the task",
                self.who.group
            )),
        }
    }
}

/// A list for librdkafka. `Invalid` stands for "none given": where the group has committed.
pub(super) fn list<'a>(
    places: impl IntoIterator<Item = (&'a TopicPartition, Offset)>,
) -> Result<TopicPartitionList, KafkaError> {
    let mut list = TopicPartitionList::new();
    for (partition, offset) in places {
        list.add_partition_offset(&partition.topic, partition.partition, offset)?;
    }
    Ok(list)
}

pub(super) fn offset(offset: Option<i64>) -> Offset {
    offset.map_or(Offset::Invalid, Offset::Offset)
}
