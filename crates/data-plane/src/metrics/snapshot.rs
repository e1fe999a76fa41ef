//! [`TaskSnapshot`]: the books of a task at one moment.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use connect_api::{ErrorClass, TopicPartition};

use super::latency::LatencyCounts;
use super::task::{RatioState, StageName, TaskMetrics, WaitReason};
use super::{ClientCounts, window::Sampled};

/// All numbers of a task. Rates, averages and maxima are those of the last windows; NaN is "no sample".
#[derive(Clone, Debug)]
pub struct TaskSnapshot {
    pub read_total: u64,
    pub read_rate: f64,
    pub read_bytes_total: u64,
    pub read_bytes_rate: f64,
    pub sent_total: u64,
    pub sent_rate: f64,
    pub active: u64,
    pub active_max: f64,
    pub active_avg: f64,
    pub partition_count: u64,
    pub commit_seq: u64,
    pub commits_completed: u64,
    pub commits_completed_rate: f64,
    pub commits_skipped: u64,
    pub commits_skipped_rate: f64,
    pub put_max_ms: f64,
    pub put_avg_ms: f64,
    pub batch_max: f64,
    pub batch_avg: f64,
    pub commit_max_ms: f64,
    pub commit_avg_ms: f64,
    pub commit_success: f64,
    pub commit_failure: f64,
    pub running_ratio: f64,
    pub pause_ratio: f64,
    pub failures: u64,
    pub errors: u64,
    pub skipped: u64,
    pub retries: u64,
    pub logged: u64,
    pub letters: u64,
    pub letters_failed: u64,
    /// Milliseconds since the epoch; 0: never.
    pub last_error: i64,
    pub rebalances: u64,
    pub bytes_in_flight: u64,
    /// By stage: time at work, and how often.
    pub stages: [(Duration, u64); StageName::ALL.len()],
    pub latency: LatencyCounts,
    pub waiting: Option<WaitReason>,
    /// By reason: time waited, the present wait included.
    pub waited: [Duration; WaitReason::ALL.len()],
    /// The class of the error that ended the task.
    pub failed: Option<ErrorClass>,
    pub topics: Vec<TopicSnapshot>,
    pub partitions: Vec<PartitionSnapshot>,
    pub consumer: Option<ClientCounts>,
    pub producer: Option<ClientCounts>,
}

/// What was read of a topic.
#[derive(Clone, Debug)]
pub struct TopicSnapshot {
    pub topic: Arc<str>,
    pub records: u64,
    pub records_rate: f64,
    pub bytes: u64,
    pub bytes_rate: f64,
}

/// How far a partition is read.
#[derive(Clone, Debug)]
pub struct PartitionSnapshot {
    pub partition: Arc<TopicPartition>,
    /// Records behind the end, and in front of the beginning, of the partition; NaN while unknown.
    pub lag: f64,
    pub lag_avg: f64,
    pub lag_max: f64,
    pub lead: f64,
}

impl TaskMetrics {
    /// Everything as of now.
    pub fn snapshot(&self) -> TaskSnapshot {
        let now = self.clock().now();
        let (consumer, producer) = self.client_counts();
        let t = &self.totals;
        let book = self.book();
        let ratios = book.ratios.at(now);
        let lived: Duration = ratios.iter().sum();
        let ratio = |state: RatioState| match lived.is_zero() {
            true => 0.0,
            false => ratios[state as usize].as_secs_f64() / lived.as_secs_f64(),
        };
        let commits = !book.commit_succeeded.avg(now).is_nan();
        let success = book.commit_succeeded.share(now);
        let topics = book.topics.iter().map(|(topic, t)| TopicSnapshot {
            topic: topic.clone(),
            records: t.records,
            records_rate: t.record_rate.rate(now),
            bytes: t.bytes,
            bytes_rate: t.byte_rate.rate(now),
        });
        let number = |n: Option<i64>| n.map_or(f64::NAN, |n| n as f64);
        let partitions = book.partitions.iter().map(|(partition, p)| {
            let next = p.end.zip(p.lag).map(|(end, lag)| end - lag);
            PartitionSnapshot {
                partition: partition.clone(),
                lag: number(p.lag),
                lag_avg: p.lags.avg(now),
                lag_max: p.lags.max(now),
                lead: number(next.zip(p.begin).map(|(next, begin)| (next - begin).max(0))),
            }
        });
        let rate = |s: &Sampled| s.rate(now);
        TaskSnapshot {
            read_total: t.read.load(Relaxed),
            read_rate: rate(&book.read),
            read_bytes_total: t.read_bytes.load(Relaxed),
            read_bytes_rate: rate(&book.read_bytes),
            sent_total: t.sent.load(Relaxed),
            sent_rate: rate(&book.sent),
            active: t.active.load(Relaxed),
            active_max: book.active.max(now),
            active_avg: book.active.avg(now),
            partition_count: t.partitions.load(Relaxed),
            commit_seq: t.commit_seq.load(Relaxed),
            commits_completed: t.commits_completed.load(Relaxed),
            commits_completed_rate: rate(&book.completions),
            commits_skipped: t.commits_skipped.load(Relaxed),
            commits_skipped_rate: rate(&book.skips),
            put_max_ms: book.put_ms.max(now),
            put_avg_ms: book.put_ms.avg(now),
            batch_max: book.batch_size.max(now),
            batch_avg: book.batch_size.avg(now),
            commit_max_ms: book.commit_ms.max(now),
            commit_avg_ms: book.commit_ms.avg(now),
            commit_success: success,
            commit_failure: if commits { 1.0 - success } else { 0.0 },
            running_ratio: ratio(RatioState::Running),
            pause_ratio: ratio(RatioState::Paused),
            failures: t.failures.load(Relaxed),
            errors: t.errors.load(Relaxed),
            skipped: t.skipped.load(Relaxed),
            retries: t.retries.load(Relaxed),
            logged: t.logged.load(Relaxed),
            letters: t.letters.load(Relaxed),
            letters_failed: t.letters_failed.load(Relaxed),
            last_error: t.last_error.load(Relaxed),
            rebalances: t.rebalances.load(Relaxed),
            bytes_in_flight: t.bytes_in_flight.load(Relaxed),
            stages: std::array::from_fn(|i| {
                let stage = &self.stages[i];
                let nanos = stage.nanos.load(Relaxed);
                (Duration::from_nanos(nanos), stage.times.load(Relaxed))
            }),
            latency: self.latency.counts(),
            waiting: book.waits.now.map(|i| WaitReason::ALL[i]),
            waited: book.waits.at(now),
            failed: book.failed,
            topics: topics.collect(),
            partitions: partitions.collect(),
            consumer,
            producer,
        }
    }
}
