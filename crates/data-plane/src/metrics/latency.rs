//! [`Latency`]: how old records were when they were delivered, as a histogram.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::raw::RawBatch;

/// Upper bounds in milliseconds; above the last there is one bucket more.
pub const BOUNDS_MS: [i64; 16] = [
    5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000, 1_800_000,
    7_200_000,
];

const BUCKETS: usize = BOUNDS_MS.len() + 1;

/// Counts by bucket, and the sum. Records without a timestamp are not in it.
#[derive(Debug, Default)]
pub struct Latency {
    buckets: [AtomicU64; BUCKETS],
    sum_ms: AtomicU64,
}

/// What a [`Latency`] holds at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LatencyCounts {
    /// Not cumulated.
    pub buckets: [u64; BUCKETS],
    pub sum_ms: u64,
}

impl Latency {
    /// Counts a batch; the shared counters are written once per bucket that it touches.
    pub fn record(&self, batch: &RawBatch, unix_ms: i64) {
        let mut counts = [0u32; BUCKETS];
        let mut sum = 0u64;
        let (mut at, mut above, mut upto) = (0, 1, 0);
        for i in 0..batch.len() {
            let timestamp = batch.timestamp(i);
            if timestamp < 0 {
                continue;
            }
            // Clocks differ: what seems to come from the future has just been written.
            let age = (unix_ms - timestamp).max(0);
            // Neighbours are of one age, nearly always.
            if age < above || age > upto {
                at = BOUNDS_MS.partition_point(|bound| *bound < age);
                above = if at == 0 { 0 } else { BOUNDS_MS[at - 1] + 1 };
                upto = BOUNDS_MS.get(at).copied().unwrap_or(i64::MAX);
            }
            counts[at] += 1;
            sum += age as u64;
        }
        for (bucket, count) in self.buckets.iter().zip(counts) {
            if count > 0 {
                bucket.fetch_add(count.into(), Relaxed);
            }
        }
        self.sum_ms.fetch_add(sum, Relaxed);
    }

    pub fn counts(&self) -> LatencyCounts {
        let mut counts = LatencyCounts::default();
        for (count, bucket) in counts.buckets.iter_mut().zip(&self.buckets) {
            *count = bucket.load(Relaxed);
        }
        counts.sum_ms = self.sum_ms.load(Relaxed);
        counts
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use connect_api::{TimestampType, TopicPartition};

    use super::*;
    use crate::raw::{BorrowedRecord, RawBatchBuilder};

    fn batch(timestamps: &[i64]) -> RawBatch {
        let partition = Arc::new(TopicPartition::new("t", 0));
        let mut builder = RawBatchBuilder::default();
        for (offset, timestamp) in timestamps.iter().enumerate() {
            let record = BorrowedRecord {
                offset: offset as i64,
                timestamp: *timestamp,
                timestamp_type: TimestampType::CreateTime,
                key: None,
                value: None,
            };
            builder.push(&partition, 1, record);
        }
        builder.build()
    }

    #[test]
    fn ages_fall_into_the_bucket_whose_bound_they_do_not_exceed() {
        let latency = Latency::default();
        let now = 10_000_000;
        // 0 (from the future), 5, 6, 5, none, 7,200,000 and one millisecond more.
        let timestamps = [
            now + 9,
            now - 5,
            now - 6,
            now - 5,
            -1,
            now - 7_200_000,
            now - 7_200_001,
        ];
        latency.record(&batch(&timestamps), now);
        let mut expected = LatencyCounts::default();
        expected.buckets[0] = 3;
        expected.buckets[1] = 1;
        expected.buckets[15] = 1;
        expected.buckets[16] = 1;
        expected.sum_ms = 5 + 6 + 5 + 7_200_000 + 7_200_001;
        assert_eq!(latency.counts(), expected);
    }
}
