//! [`TaskMetrics`]: the books of one task.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use connect_api::{ErrorClass, TopicPartition};

use super::latency::Latency;
use super::trace::Trace;
use super::window::{Sampled, Windows};
use super::{ClientCounters, ClientCounts};
use crate::clock::{Clock, SystemClock};
use crate::kafka::Position;
use crate::raw::RawBatch;

/// Where a batch spends its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StageName {
    /// Waiting for Kafka to have records, asked for and not there yet, included.
    Consume,
    Convert,
    Transform,
    Put,
    PreCommit,
    Commit,
    DeadLetter,
}

impl StageName {
    pub const ALL: [StageName; 7] = [
        StageName::Consume,
        StageName::Convert,
        StageName::Transform,
        StageName::Put,
        StageName::PreCommit,
        StageName::Commit,
        StageName::DeadLetter,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            StageName::Consume => "consume",
            StageName::Convert => "convert",
            StageName::Transform => "transform",
            StageName::Put => "put",
            StageName::PreCommit => "pre-commit",
            StageName::Commit => "commit",
            StageName::DeadLetter => "dead-letter",
        }
    }
}

/// Why a task makes no progress although it is not FAILED.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitReason {
    Paused,
    NoPartitions,
    TopicMissing,
    KafkaAway,
    RegistryAway,
    TargetAway,
    Redelivering,
}

impl WaitReason {
    pub const ALL: [WaitReason; 7] = [
        WaitReason::Paused,
        WaitReason::NoPartitions,
        WaitReason::TopicMissing,
        WaitReason::KafkaAway,
        WaitReason::RegistryAway,
        WaitReason::TargetAway,
        WaitReason::Redelivering,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            WaitReason::Paused => "paused",
            WaitReason::NoPartitions => "no-partitions",
            WaitReason::TopicMissing => "topic-missing",
            WaitReason::KafkaAway => "kafka-away",
            WaitReason::RegistryAway => "registry-away",
            WaitReason::TargetAway => "target-away",
            WaitReason::Redelivering => "redelivering",
        }
    }
}

/// The state that Kafka's ratios are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RatioState {
    Running,
    Paused,
    Other,
}

/// Time spent in one of several states.
#[derive(Debug)]
pub(super) struct Spent<const N: usize> {
    pub total: [Duration; N],
    pub now: Option<usize>,
    pub since: Instant,
}

impl<const N: usize> Spent<N> {
    fn new(now: Option<usize>, since: Instant) -> Self {
        let total = [Duration::ZERO; N];
        Self { total, now, since }
    }

    fn change(&mut self, to: Option<usize>, at: Instant) {
        if let Some(now) = self.now {
            self.total[now] += at.saturating_duration_since(self.since);
        }
        (self.now, self.since) = (to, at);
    }

    pub fn at(&self, at: Instant) -> [Duration; N] {
        let mut total = self.total;
        if let Some(now) = self.now {
            total[now] += at.saturating_duration_since(self.since);
        }
        total
    }
}

#[derive(Debug, Default)]
pub(super) struct StageTime {
    pub nanos: AtomicU64,
    pub times: AtomicU64,
}

/// Plain counts.
#[derive(Debug, Default)]
pub(super) struct Totals {
    pub read: AtomicU64,
    pub read_bytes: AtomicU64,
    pub sent: AtomicU64,
    pub commits_completed: AtomicU64,
    pub commits_skipped: AtomicU64,
    pub commit_seq: AtomicU64,
    pub failures: AtomicU64,
    pub errors: AtomicU64,
    pub skipped: AtomicU64,
    pub retries: AtomicU64,
    pub logged: AtomicU64,
    pub letters: AtomicU64,
    pub letters_failed: AtomicU64,
    pub rebalances: AtomicU64,
    pub partitions: AtomicU64,
    pub bytes_in_flight: AtomicU64,
    pub active: AtomicU64,
    /// Milliseconds since the epoch; 0: never.
    pub last_error: AtomicI64,
}

/// What has a window or a name.
pub(super) struct Book {
    pub windows: Windows,
    pub put_ms: Sampled,
    pub batch_size: Sampled,
    pub commit_ms: Sampled,
    pub commit_succeeded: Sampled,
    pub completions: Sampled,
    pub skips: Sampled,
    pub active: Sampled,
    pub read: Sampled,
    pub read_bytes: Sampled,
    pub sent: Sampled,
    pub ratios: Spent<3>,
    pub waits: Spent<{ WaitReason::ALL.len() }>,
    pub topics: BTreeMap<Arc<str>, TopicBook>,
    pub partitions: BTreeMap<Arc<TopicPartition>, PartitionBook>,
    pub failed: Option<ErrorClass>,
    pub consumer: Option<Arc<ClientCounters>>,
    pub producer: Option<Arc<ClientCounters>>,
}

pub(super) struct TopicBook {
    pub records: u64,
    pub bytes: u64,
    pub record_rate: Sampled,
    pub byte_rate: Sampled,
}

pub(super) struct PartitionBook {
    pub begin: Option<i64>,
    pub end: Option<i64>,
    pub lag: Option<i64>,
    pub lags: Sampled,
}

/// Hears of every batch and commit that is over; must not block.
pub type Listener = Box<dyn Fn(Trace) + Send + Sync>;

/// Everything that is counted about one task; shared by its actors and by who shows it.
pub struct TaskMetrics {
    clock: Arc<dyn Clock>,
    listener: Option<Listener>,
    began: Instant,
    pub(super) totals: Totals,
    pub(super) stages: [StageTime; StageName::ALL.len()],
    pub(super) latency: Latency,
    pub(super) book: Mutex<Book>,
}

impl std::fmt::Debug for TaskMetrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TaskMetrics").finish_non_exhaustive()
    }
}

impl Default for TaskMetrics {
    fn default() -> Self {
        Self::new(Arc::new(SystemClock), Windows::default())
    }
}

impl TaskMetrics {
    pub fn new(clock: Arc<dyn Clock>, windows: Windows) -> Self {
        let began = clock.now();
        let sampled = || Sampled::new(windows);
        Self {
            began,
            listener: None,
            totals: Totals::default(),
            stages: Default::default(),
            latency: Latency::default(),
            book: Mutex::new(Book {
                windows,
                put_ms: sampled(),
                batch_size: sampled(),
                commit_ms: sampled(),
                commit_succeeded: sampled(),
                completions: sampled(),
                skips: sampled(),
                active: sampled(),
                read: sampled(),
                read_bytes: sampled(),
                sent: sampled(),
                ratios: Spent::new(Some(RatioState::Other as usize), began),
                waits: Spent::new(None, began),
                topics: BTreeMap::new(),
                partitions: BTreeMap::new(),
                failed: None,
                consumer: None,
                producer: None,
            }),
            clock,
        }
    }

    /// With one who is told what becomes of batches and commits.
    pub fn traced(mut self, listener: Listener) -> Self {
        self.listener = Some(listener);
        self
    }

    pub(crate) fn is_traced(&self) -> bool {
        self.listener.is_some()
    }

    pub(crate) fn trace(&self, trace: Trace) {
        if let Some(listener) = &self.listener {
            listener(trace);
        }
    }

    /// The clock that all of it goes by.
    pub fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    pub(super) fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn client_counts(&self) -> (Option<ClientCounts>, Option<ClientCounts>) {
        let book = self.book();
        let counts = |c: &Option<Arc<ClientCounters>>| c.as_ref().map(|c| c.get());
        (counts(&book.consumer), counts(&book.producer))
    }

    /// Since when this task counts.
    pub fn began(&self) -> Instant {
        self.began
    }

    /// The clients that work for the task, as far as they tell of their connections.
    pub(crate) fn set_clients(
        &self,
        consumer: Option<Arc<ClientCounters>>,
        producer: Option<Arc<ClientCounters>>,
    ) {
        let mut book = self.book();
        (book.consumer, book.producer) = (consumer, producer);
    }

    /// A batch came from Kafka.
    pub(crate) fn read(&self, batch: &RawBatch, now: Instant) {
        let (records, bytes) = (batch.len() as u64, batch.data_bytes() as u64);
        self.totals.read.fetch_add(records, Relaxed);
        self.totals.read_bytes.fetch_add(bytes, Relaxed);
        let mut book = self.book();
        book.read.record(records as f64, now);
        book.read_bytes.record(bytes as f64, now);
        let windows = book.windows;
        for run in batch.runs() {
            let records = run.records.len() as u64;
            let bytes = batch.run_bytes(run) as u64;
            let topic = match book.topics.get_mut(&run.partition.topic) {
                Some(topic) => topic,
                None => book
                    .topics
                    .entry(run.partition.topic.clone())
                    .or_insert_with(|| TopicBook::new(windows)),
            };
            topic.records += records;
            topic.bytes += bytes;
            topic.record_rate.record(records as f64, now);
            topic.byte_rate.record(bytes as f64, now);
        }
    }

    /// How many records were read and not committed, by offsets, as Kafka counts them.
    pub(crate) fn active(&self, records: u64, now: Instant) {
        self.totals.active.store(records, Relaxed);
        self.book().active.record(records as f64, now);
    }

    /// A put of a batch came to its end and so many records of it are written.
    pub(crate) fn put(&self, written: usize, took: Duration, now: Instant) {
        self.totals.sent.fetch_add(written as u64, Relaxed);
        let mut book = self.book();
        book.sent.record(written as f64, now);
        book.batch_size.record(written as f64, now);
        book.put_ms.record(took.as_millis() as f64, now);
    }

    /// So long a stage was at work, once.
    pub(crate) fn spent(&self, stage: StageName, took: Duration) {
        let time = &self.stages[stage as usize];
        time.nanos.fetch_add(took.as_nanos() as u64, Relaxed);
        time.times.fetch_add(1, Relaxed);
    }

    /// Every record of the batch is written or handed to the dead letters.
    pub(crate) fn delivered(&self, batch: &RawBatch) {
        self.latency.record(batch, self.clock.unix_ms());
    }

    pub(crate) fn commit_begun(&self) {
        self.totals.commit_seq.fetch_add(1, Relaxed);
    }

    pub(crate) fn commit_ended(&self, succeeded: bool, took: Duration, now: Instant) {
        if succeeded {
            self.totals.commits_completed.fetch_add(1, Relaxed);
        }
        let mut book = self.book();
        if succeeded {
            book.completions.record(1.0, now);
        }
        book.commit_succeeded.record(f64::from(succeeded), now);
        book.commit_ms.record(took.as_millis() as f64, now);
    }

    /// The answer to a commit came after it was given up.
    pub(crate) fn commit_skipped(&self, now: Instant) {
        self.totals.commits_skipped.fetch_add(1, Relaxed);
        self.book().skips.record(1.0, now);
    }

    /// Records that a converter, a transformation or the sink refused, as Kafka counts them.
    pub(crate) fn record_failed(&self, failed: RecordFailures) {
        self.totals.failures.fetch_add(failed.failures, Relaxed);
        self.totals.errors.fetch_add(failed.errors, Relaxed);
        self.totals.skipped.fetch_add(failed.skipped, Relaxed);
        self.totals.retries.fetch_add(failed.retries, Relaxed);
        if failed.errors > 0 || failed.failures > failed.retries {
            self.totals.last_error.store(self.clock.unix_ms(), Relaxed);
        }
    }

    pub(crate) fn logged(&self, records: usize) {
        self.totals.logged.fetch_add(records as u64, Relaxed);
    }

    pub(crate) fn letters(&self, records: usize) {
        self.totals.letters.fetch_add(records as u64, Relaxed);
    }

    pub(crate) fn letters_failed(&self, records: usize) {
        self.totals
            .letters_failed
            .fetch_add(records as u64, Relaxed);
    }

    pub(crate) fn rebalanced(&self) {
        self.totals.rebalances.fetch_add(1, Relaxed);
    }

    pub(crate) fn set_sizes(&self, partitions: usize, bytes_in_flight: usize) {
        self.totals.partitions.store(partitions as u64, Relaxed);
        let bytes = bytes_in_flight as u64;
        self.totals.bytes_in_flight.store(bytes, Relaxed);
    }

    pub(crate) fn set_state(&self, state: RatioState, now: Instant) {
        self.book().ratios.change(Some(state as usize), now);
    }

    /// What the task waits for from now on, if anything.
    pub(crate) fn set_wait(&self, reason: Option<WaitReason>, now: Instant) {
        self.book().waits.change(reason.map(|r| r as usize), now);
    }

    pub(crate) fn set_failed(&self, class: ErrorClass) {
        self.book().failed = Some(class);
    }

    /// How far the consumer is; partitions that are not named are not the task's any more.
    pub(crate) fn set_positions(&self, positions: Vec<Position>, now: Instant) {
        let mut book = self.book();
        let windows = book.windows;
        // There may be thousands.
        let named: BTreeSet<_> = positions.iter().map(|p| p.partition.clone()).collect();
        book.partitions.retain(|tp, _| named.contains(tp));
        for position in positions {
            let partition = book
                .partitions
                .entry(position.partition)
                .or_insert_with(|| PartitionBook::new(windows));
            partition.begin = position.begin;
            partition.end = position.end;
            let known = position.end.zip(position.next);
            partition.lag = known.map(|(end, next)| (end - next).max(0));
            if let Some(lag) = partition.lag {
                partition.lags.record(lag as f64, now);
            }
        }
    }
}

/// What [`TaskMetrics::record_failed`] adds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RecordFailures {
    /// Operations that failed, those that were tried again included.
    pub failures: u64,
    /// Records that failed for good.
    pub errors: u64,
    /// Those of them that are left out.
    pub skipped: u64,
    pub retries: u64,
}

impl TopicBook {
    fn new(windows: Windows) -> Self {
        Self {
            records: 0,
            bytes: 0,
            record_rate: Sampled::new(windows),
            byte_rate: Sampled::new(windows),
        }
    }
}

impl PartitionBook {
    fn new(windows: Windows) -> Self {
        Self {
            begin: None,
            end: None,
            lag: None,
            lags: Sampled::new(windows),
        }
    }
}
