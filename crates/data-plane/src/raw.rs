//! [`RawBatch`]: records as Kafka holds them, many in one piece of memory.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use connect_api::{TimestampType, TopicPartition};

/// Records of one read, grouped by partition, in offset order within each.
///
/// Keys, values, header names and header values lie one after the other in one arena, so a batch costs a handful of
/// allocations however many records it has, and the fetch buffers they came from are free at once. What a converter
/// or the dead letter topic needs are slices of the arena.
#[derive(Debug, Default)]
pub struct RawBatch {
    pub(crate) arena: Bytes,
    pub(crate) runs: Vec<Run>,
    pub(crate) records: Vec<RawRecord>,
    pub(crate) headers: Vec<RawHeader>,
}

/// Consecutive records of one partition.
#[derive(Clone, Debug)]
pub struct Run {
    pub partition: Arc<TopicPartition>,
    /// The assignment or seek under which they were read; older ones are discarded.
    pub epoch: u64,
    /// Their places in the batch.
    pub records: Range<usize>,
    /// The offset after the last record of the run. It may be beyond `last offset + 1`: control records of
    /// transactions and compacted records leave gaps.
    pub next_offset: i64,
}

/// Part of the arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub start: u32,
    pub len: u32,
}

#[derive(Clone, Debug)]
pub(crate) struct RawRecord {
    pub offset: i64,
    /// Milliseconds since the epoch; −1 if the record has none.
    pub timestamp: i64,
    pub timestamp_type: TimestampType,
    pub key: Option<Span>,
    pub value: Option<Span>,
    /// Places in `RawBatch::headers`.
    pub headers: Range<u32>,
}

#[derive(Clone, Debug)]
pub(crate) struct RawHeader {
    pub name: Span,
    pub value: Option<Span>,
}

impl RawBatch {
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Number of records.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Memory the batch holds, in bytes; what the bound of a task counts.
    pub fn bytes(&self) -> usize {
        self.arena.len()
            + self.records.len() * size_of::<RawRecord>()
            + self.headers.len() * size_of::<RawHeader>()
    }

    /// Bytes of keys, values and headers.
    pub fn data_bytes(&self) -> usize {
        self.arena.len()
    }

    /// Bytes of keys, values and headers of one of its runs.
    pub fn run_bytes(&self, run: &Run) -> usize {
        if self.runs.len() == 1 {
            return self.arena.len();
        }
        let len = |span: &Option<Span>| span.map_or(0, |s| s.len as usize);
        let records = self.records[run.records.clone()].iter().map(|record| {
            let headers = &self.headers[record.headers.start as usize..record.headers.end as usize];
            let headers = headers.iter().map(|h| h.name.len as usize + len(&h.value));
            len(&record.key) + len(&record.value) + headers.sum::<usize>()
        });
        records.sum()
    }

    pub fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// The run that a record belongs to.
    pub fn run_of(&self, i: usize) -> &Run {
        &self.runs[self.run_index(i)]
    }

    pub(crate) fn run_index(&self, i: usize) -> usize {
        self.runs.partition_point(|run| run.records.end <= i)
    }

    pub fn offset(&self, i: usize) -> i64 {
        self.records[i].offset
    }

    /// Milliseconds since the epoch as Kafka stores them; −1 if the record has none.
    pub fn timestamp(&self, i: usize) -> i64 {
        self.records[i].timestamp
    }

    pub fn timestamp_type(&self, i: usize) -> TimestampType {
        self.records[i].timestamp_type
    }

    pub fn key(&self, i: usize) -> Option<Bytes> {
        self.records[i].key.map(|span| self.slice(span))
    }

    pub fn value(&self, i: usize) -> Option<Bytes> {
        self.records[i].value.map(|span| self.slice(span))
    }

    pub fn has_headers(&self, i: usize) -> bool {
        !self.records[i].headers.is_empty()
    }

    /// Names and values of a record's headers, in order. Names are UTF-8 in Kafka; they are not checked here.
    pub fn headers(&self, i: usize) -> impl ExactSizeIterator<Item = (Bytes, Option<Bytes>)> {
        let range = self.records[i].headers.start as usize..self.records[i].headers.end as usize;
        self.headers[range]
            .iter()
            .map(|h| (self.slice(h.name), h.value.map(|span| self.slice(span))))
    }

    /// The value of a record's last header of that name; none if there is no such header or its value is null.
    pub fn last_header(&self, i: usize, name: &str) -> Option<Bytes> {
        let range = self.records[i].headers.start as usize..self.records[i].headers.end as usize;
        let has_name = |header: &&RawHeader| {
            let start = header.name.start as usize;
            self.arena[start..start + header.name.len as usize] == *name.as_bytes()
        };
        let last = self.headers[range].iter().rev().find(has_name)?;
        last.value.map(|span| self.slice(span))
    }

    fn slice(&self, span: Span) -> Bytes {
        let start = span.start as usize;
        self.arena.slice(start..start + span.len as usize)
    }
}

/// Fills a [`RawBatch`]; records of one partition must come in offset order and may be mixed with others'.
#[derive(Debug, Default)]
pub struct RawBatchBuilder {
    arena: Vec<u8>,
    records: Vec<RawRecord>,
    headers: Vec<RawHeader>,
    /// Records of one partition that came one after the other; a partition may have several.
    runs: Vec<Run>,
}

/// One record as the builder takes it; borrowed from the client library.
pub struct BorrowedRecord<'a> {
    pub offset: i64,
    pub timestamp: i64,
    pub timestamp_type: TimestampType,
    pub key: Option<&'a [u8]>,
    pub value: Option<&'a [u8]>,
}

impl RawBatchBuilder {
    pub fn with_capacity(records: usize, bytes: usize) -> Self {
        Self {
            arena: Vec::with_capacity(bytes),
            records: Vec::with_capacity(records),
            ..Self::default()
        }
    }

    pub fn len(&self) -> usize {
        self.records.len()
    }

    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Bytes of keys, values and headers so far.
    pub fn bytes(&self) -> usize {
        self.arena.len()
    }

    /// Copies a record in.
    pub fn push(
        &mut self,
        partition: &Arc<TopicPartition>,
        epoch: u64,
        record: BorrowedRecord<'_>,
    ) {
        self.extend_runs(partition, epoch, record.offset + 1);
        let key = record.key.map(|bytes| self.copy(bytes));
        let value = record.value.map(|bytes| self.copy(bytes));
        let at = self.headers.len() as u32;
        let record = RawRecord {
            offset: record.offset,
            timestamp: record.timestamp,
            timestamp_type: record.timestamp_type,
            key,
            value,
            headers: at..at,
        };
        self.records.push(record);
    }

    /// Copies a header of the record that was pushed last.
    pub fn push_header(&mut self, name: &[u8], value: Option<&[u8]>) {
        let name = self.copy(name);
        let value = value.map(|bytes| self.copy(bytes));
        self.headers.push(RawHeader { name, value });
        if let Some(record) = self.records.last_mut() {
            record.headers.end = self.headers.len() as u32;
        }
    }

    /// Makes room in the last run, which the next record nearly always belongs to, or begins one.
    fn extend_runs(&mut self, partition: &Arc<TopicPartition>, epoch: u64, next_offset: i64) {
        let at = self.records.len();
        if let Some(last) = self.runs.last_mut()
            && last.is_of(partition, epoch)
        {
            last.records.end = at + 1;
            last.next_offset = next_offset;
            return;
        }
        self.runs.push(Run {
            partition: partition.clone(),
            epoch,
            records: at..at + 1,
            next_offset,
        });
    }

    fn copy(&mut self, bytes: &[u8]) -> Span {
        let start = self.arena.len() as u32;
        self.arena.extend_from_slice(bytes);
        Span {
            start,
            len: bytes.len() as u32,
        }
    }

    /// The batch, grouped by partition.
    pub fn build(self) -> RawBatch {
        let is_mixed = |(at, run): (usize, &Run)| {
            let before = &self.runs[..at];
            before.iter().any(|r| r.is_of(&run.partition, run.epoch))
        };
        let (runs, records) = match self.runs.iter().enumerate().any(is_mixed) {
            true => grouped(&self.runs, &self.records),
            false => (self.runs, self.records),
        };
        RawBatch {
            arena: Bytes::from(self.arena),
            runs,
            records,
            headers: self.headers,
        }
    }
}

impl Run {
    fn is_of(&self, partition: &Arc<TopicPartition>, epoch: u64) -> bool {
        let same = Arc::ptr_eq(&self.partition, partition) || self.partition == *partition;
        same && self.epoch == epoch
    }
}

/// One run for each partition, in the order of their first records.
fn grouped(parts: &[Run], records: &[RawRecord]) -> (Vec<Run>, Vec<RawRecord>) {
    let mut runs: Vec<Run> = Vec::new();
    let mut ordered = Vec::with_capacity(records.len());
    for (at, part) in parts.iter().enumerate() {
        let is_done = |run: &Run| run.is_of(&part.partition, part.epoch);
        if runs.iter().any(is_done) {
            continue;
        }
        let (start, mut next_offset) = (ordered.len(), part.next_offset);
        for same in parts[at..].iter().filter(|run| is_done(run)) {
            ordered.extend_from_slice(&records[same.records.clone()]);
            next_offset = same.next_offset;
        }
        runs.push(Run {
            records: start..ordered.len(),
            next_offset,
            ..part.clone()
        });
    }
    (runs, ordered)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_grouped_by_partition_and_keep_their_order() {
        let (a, b) = (
            Arc::new(TopicPartition::new("t", 0)),
            Arc::new(TopicPartition::new("t", 1)),
        );
        let mut builder = RawBatchBuilder::default();
        for (partition, offset) in [(&a, 5), (&b, 1), (&a, 6), (&b, 3), (&a, 9)] {
            let value = format!("{partition}@{offset}");
            let record = BorrowedRecord {
                offset,
                timestamp: -1,
                timestamp_type: TimestampType::NoTimestampType,
                key: None,
                value: Some(value.as_bytes()),
            };
            builder.push(partition, 7, record);
            builder.push_header(b"h", Some(value.as_bytes()));
            builder.push_header(b"none", None);
        }
        let batch = builder.build();
        let offsets: Vec<i64> = (0..batch.len()).map(|i| batch.offset(i)).collect();
        assert_eq!(offsets, [5, 6, 9, 1, 3]);
        let runs: Vec<_> = batch
            .runs()
            .iter()
            .map(|r| (r.partition.partition, r.records.clone(), r.next_offset))
            .collect();
        assert_eq!(runs, [(0, 0..3, 10), (1, 3..5, 4)]);
        for i in 0..batch.len() {
            let value = batch.value(i).expect("every record has a value");
            let headers: Vec<_> = batch.headers(i).collect();
            assert_eq!(
                headers,
                [
                    (Bytes::from_static(b"h"), Some(value)),
                    (Bytes::from_static(b"none"), None)
                ]
            );
            assert_eq!(batch.last_header(i, "h"), batch.value(i));
            assert_eq!(batch.last_header(i, "none"), None);
            assert_eq!(batch.last_header(i, "other"), None);
        }
    }
}
