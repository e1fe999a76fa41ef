//! [`SinkRecord`] and the slices of a batch in which a sink receives them.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use crate::data::{SchemaRef, Value};
use crate::header::Headers;

/// A partition of a topic.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TopicPartition {
    pub topic: Arc<str>,
    pub partition: i32,
}

impl TopicPartition {
    pub fn new(topic: impl Into<Arc<str>>, partition: i32) -> Self {
        Self {
            topic: topic.into(),
            partition,
        }
    }
}

/// As Kafka prints it: `topic-partition`.
impl fmt::Display for TopicPartition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.topic, self.partition)
    }
}

/// What a record's timestamp means (`org.apache.kafka.common.record.TimestampType`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimestampType {
    #[default]
    NoTimestampType,
    CreateTime,
    LogAppendTime,
}

impl TimestampType {
    /// As Kafka prints it: `NoTimestampType`, `CreateTime`, `LogAppendTime`.
    pub const fn name(self) -> &'static str {
        match self {
            TimestampType::NoTimestampType => "NoTimestampType",
            TimestampType::CreateTime => "CreateTime",
            TimestampType::LogAppendTime => "LogAppendTime",
        }
    }
}

/// A record on its way to a sink: converted, and changed by the configured transformations
/// (`org.apache.kafka.connect.sink.SinkRecord`).
///
/// `topic` and `partition` are what transformations made of them; [`original`](Self::original) and
/// `offset` are where the record stands in Kafka and what commits go by (KIP-793). Transformations may change every
/// public field but the offset.
#[derive(Clone, Debug, PartialEq)]
pub struct SinkRecord {
    pub topic: Arc<str>,
    /// The Kafka partition; transformations may unset it.
    pub partition: Option<i32>,
    pub key_schema: Option<SchemaRef>,
    pub key: Value,
    pub value_schema: Option<SchemaRef>,
    pub value: Value,
    /// Milliseconds since the epoch; none if the Kafka record has none.
    pub timestamp: Option<i64>,
    pub timestamp_type: TimestampType,
    pub headers: Headers,
    original: Arc<TopicPartition>,
    offset: i64,
}

impl SinkRecord {
    /// A record without key, value, timestamp and headers; set the public fields afterwards.
    pub fn new(origin: Arc<TopicPartition>, offset: i64) -> Self {
        Self {
            topic: origin.topic.clone(),
            partition: Some(origin.partition),
            key_schema: None,
            key: Value::Null,
            value_schema: None,
            value: Value::Null,
            timestamp: None,
            timestamp_type: TimestampType::NoTimestampType,
            headers: Headers::new(),
            original: origin,
            offset,
        }
    }

    /// The partition the record was read from; no transformation changes it.
    pub fn original(&self) -> &Arc<TopicPartition> {
        &self.original
    }

    /// The offset the record was read from (`kafkaOffset`).
    pub fn offset(&self) -> i64 {
        self.offset
    }
}

/// Some records of one batch, in order. Taking a part of it copies no record: a batch that failed is halved by
/// making two of these.
#[derive(Clone, Debug)]
pub struct RecordSlice {
    // A vector behind the count, not a slice: making one from a vector then moves no record.
    records: Arc<Vec<SinkRecord>>,
    chosen: Chosen,
}

#[derive(Clone, Debug)]
enum Chosen {
    Range(Range<usize>),
    Places(Arc<[u32]>, Range<usize>),
}

impl RecordSlice {
    /// All records of a batch.
    pub fn new(records: Vec<SinkRecord>) -> Self {
        let all = 0..records.len();
        Self {
            records: Arc::new(records),
            chosen: Chosen::Range(all),
        }
    }

    pub fn empty() -> Self {
        Self::new(Vec::new())
    }

    pub fn len(&self) -> usize {
        match &self.chosen {
            Chosen::Range(range) | Chosen::Places(_, range) => range.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The record at a place of this slice.
    ///
    /// # Panics
    /// If the place is not below [`len`](Self::len).
    pub fn get(&self, i: usize) -> &SinkRecord {
        &self.records[self.place(i)]
    }

    /// Where record `i` of this slice stands in the batch.
    pub fn place(&self, i: usize) -> usize {
        match &self.chosen {
            Chosen::Range(range) => range.start + i,
            Chosen::Places(places, range) => places[range.start + i] as usize,
        }
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = &SinkRecord> {
        (0..self.len()).map(|i| self.get(i))
    }

    /// The first `n` records and the others.
    pub fn split_at(&self, n: usize) -> (RecordSlice, RecordSlice) {
        (self.part(0..n), self.part(n..self.len()))
    }

    /// A contiguous part of this slice.
    pub fn part(&self, part: Range<usize>) -> RecordSlice {
        let chosen = match &self.chosen {
            Chosen::Range(range) => Chosen::Range(range.start + part.start..range.start + part.end),
            Chosen::Places(places, range) => Chosen::Places(
                places.clone(),
                range.start + part.start..range.start + part.end,
            ),
        };
        RecordSlice {
            records: self.records.clone(),
            chosen,
        }
    }

    /// The records at these places of this slice, which must be ascending.
    pub fn choose(&self, places: impl IntoIterator<Item = usize>) -> RecordSlice {
        let places: Arc<[u32]> = places.into_iter().map(|i| self.place(i) as u32).collect();
        let all = 0..places.len();
        RecordSlice {
            records: self.records.clone(),
            chosen: Chosen::Places(places, all),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offsets(slice: &RecordSlice) -> Vec<i64> {
        slice.iter().map(SinkRecord::offset).collect()
    }

    #[test]
    fn parts_of_parts_name_the_same_records() {
        let origin = Arc::new(TopicPartition::new("t", 0));
        let all = RecordSlice::new(
            (0..10)
                .map(|o| SinkRecord::new(origin.clone(), o))
                .collect::<Vec<_>>(),
        );
        let (front, back) = all.split_at(4);
        assert_eq!(offsets(&front), [0, 1, 2, 3]);
        assert_eq!(offsets(&back), [4, 5, 6, 7, 8, 9]);
        let odd = back.choose([1, 3, 5]);
        assert_eq!(offsets(&odd), [5, 7, 9]);
        assert_eq!(offsets(&odd.part(1..3)), [7, 9]);
        assert_eq!(offsets(&odd.choose([0, 2])), [5, 9]);
        assert_eq!(odd.place(2), 9);
    }
}
