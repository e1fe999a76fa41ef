//! [`TopicReader`]: the records of a topic up to its end, read in no group.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use connect_api::{ConnectError, ErrorClass, TopicPartition};
use tokio::time::timeout;

use super::client_keys::ClientSettings;
use super::{
    ClusterAdmin, ConsumerEvent, GroupConsumer, KafkaConsumer, ReadLimits, Start, Subscription,
};
use crate::raw::RawBatch;

/// Behind the last record of a partition may stand marks of transactions, which nobody is given.
const NOTHING_MORE: Duration = Duration::from_secs(10);

/// What to read of a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadFrom {
    Beginning,
    Offset(i64),
    /// So many before the end of each partition, or fewer where offsets are missing.
    Newest(i64),
}

/// Reads a topic as far as it goes now. It joins no group and commits nothing.
pub struct TopicReader {
    consumer: Box<KafkaConsumer>,
    /// By partition: the next offset, and the end when the reading began.
    left: BTreeMap<i32, (i64, i64)>,
    problem: Option<ConnectError>,
}

impl TopicReader {
    /// Looks up partitions and ends, and begins to read: all partitions, or one. `memory` bounds, in bytes, what is read
    /// ahead.
    ///
    /// # Errors
    /// The cluster cannot be used, or has no such topic or partition.
    pub async fn open(
        admin: &ClusterAdmin,
        settings: ClientSettings,
        topic: &str,
        partition: Option<i32>,
        from: ReadFrom,
        memory: usize,
    ) -> Result<Self, ConnectError> {
        let mut ends = admin.watermarks(topic).await?;
        if let Some(partition) = partition {
            ends.retain(|p, _| *p == partition);
        }
        if ends.is_empty() {
            let what = partition.map_or(topic.to_owned(), |p| format!("{topic}-{p}"));
            return Err(ConnectError::config(format!(
                "There is no {what}; check its name and that the login may see it"
            )));
        }
        let mut starts = Vec::new();
        let mut left = BTreeMap::new();
        for (partition, (low, high)) in ends {
            let first = match from {
                ReadFrom::Beginning => low,
                ReadFrom::Offset(offset) => offset.clamp(low, high),
                ReadFrom::Newest(count) => high.saturating_sub(count).max(low),
            };
            if first < high {
                starts.push(Start {
                    partition: Arc::new(TopicPartition::new(topic, partition)),
                    offset: Some(first),
                    epoch: 0,
                    paused: false,
                });
                left.insert(partition, (first, high));
            }
        }
        let subscription = Subscription::Topics(vec![topic.to_owned()]);
        let mut consumer = Box::new(KafkaConsumer::new(settings, subscription, memory)?);
        // Without `subscribe` there is no membership.
        if !starts.is_empty() {
            consumer.assign(&starts).await?;
        }
        Ok(Self {
            consumer,
            left,
            problem: None,
        })
    }

    /// The next records; none at the end.
    ///
    /// # Errors
    /// The cluster refuses, or does not answer any more.
    pub async fn next(&mut self, limits: ReadLimits) -> Result<Option<RawBatch>, ConnectError> {
        loop {
            let batch = self.consumer.read(limits);
            if !batch.is_empty() {
                self.problem = None;
                self.note(&batch);
                return Ok(Some(batch));
            }
            if self.left.is_empty() {
                return Ok(None);
            }
            match timeout(NOTHING_MORE, self.consumer.event()).await {
                Ok(ConsumerEvent::Problem(error)) if error.class() == ErrorClass::Unavailable => {
                    self.problem = Some(error);
                }
                Ok(ConsumerEvent::Problem(error)) => return Err(error),
                Ok(_) => {}
                Err(_) => return self.problem.take().map_or(Ok(None), Err),
            }
        }
    }

    fn note(&mut self, batch: &RawBatch) {
        for run in batch.runs() {
            let partition = run.partition.partition;
            if let Some((next, end)) = self.left.get_mut(&partition) {
                *next = run.next_offset;
                if *next >= *end {
                    self.left.remove(&partition);
                }
            }
        }
    }

    /// Frees everything, at the latest after `deadline`.
    pub async fn close(self, deadline: Duration) {
        self.consumer.close(deadline).await;
    }
}
