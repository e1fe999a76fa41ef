//! What a task counts of its life, and what it tells of its batches.

use std::sync::Mutex;

use super::*;
use crate::metrics::{StageName, TaskSnapshot, Trace, WaitReason};

impl Bench {
    fn numbers(&self) -> TaskSnapshot {
        self.metrics.snapshot()
    }
}

fn tolerant() -> TaskSettings {
    TaskSettings {
        tolerance: Tolerance::All,
        log_errors: true,
        ..settings()
    }
}

#[tokio::test(start_paused = true)]
async fn records_are_counted_from_kafka_to_the_commit() {
    let bench = Bench::start(settings(), false, &["a", "b", "c"]);
    bench
        .until("all written", |b| b.target.offsets().len() == 3)
        .await;
    bench
        .until("the batch is over", |b| b.numbers().sent_total == 3)
        .await;
    let numbers = bench.numbers();
    assert_eq!((numbers.read_total, numbers.sent_total), (3, 3));
    // Keys `k`, values of one letter, and the header `own: h`.
    assert_eq!(numbers.read_bytes_total, 3 * (1 + 1 + 4));
    assert_eq!((numbers.active, numbers.partition_count), (3, 1));
    assert_eq!((numbers.batch_max, numbers.batch_avg), (3.0, 3.0));
    assert_eq!(numbers.topics.len(), 1);
    assert_eq!(
        (&*numbers.topics[0].topic, numbers.topics[0].records),
        ("t", 3)
    );
    assert_eq!(numbers.latency.buckets.iter().sum::<u64>(), 3);
    assert_eq!(
        (numbers.commits_completed, numbers.commit_success),
        (0, 0.0)
    );

    bench.until("a commit", |b| b.committed() == Some(3)).await;
    bench
        .until("its answer", |b| b.numbers().commits_completed == 1)
        .await;
    let numbers = bench.numbers();
    assert_eq!((numbers.active, numbers.commit_seq), (0, 1));
    assert_eq!((numbers.commit_success, numbers.commit_failure), (1.0, 0.0));
    // 60 s of virtual time are over: the batch is out of the window.
    assert!(numbers.batch_max.is_nan(), "{numbers:?}");
    assert!(numbers.running_ratio > 0.9, "{numbers:?}");
    let runs = |stage: StageName| numbers.stages[stage as usize].1;
    assert_eq!(
        [
            StageName::Consume,
            StageName::Convert,
            StageName::Transform,
            StageName::Put,
            StageName::PreCommit,
            StageName::Commit
        ]
        .map(runs),
        [1, 1, 0, 1, 1, 1]
    );
    // Kafka counts an interval without news as a commit that succeeded.
    bench
        .until("an idle interval", |b| b.numbers().commits_completed == 2)
        .await;
    assert_eq!(bench.numbers().commit_seq, 2);
}

#[tokio::test(start_paused = true)]
async fn errors_of_records_are_counted_as_kafka_does() {
    let bench = Bench::start(
        tolerant(),
        true,
        &["a", "garbage", "poison", "b", "garbage"],
    );
    bench
        .until("the letters", |b| b.letters.letters().len() == 3)
        .await;
    bench
        .until("the rest", |b| b.numbers().sent_total == 2)
        .await;
    let numbers = bench.numbers();
    // The sink's refusals are failures and no errors.
    assert_eq!(
        (numbers.failures, numbers.errors, numbers.skipped),
        (3, 2, 2)
    );
    assert_eq!(
        (numbers.logged, numbers.letters, numbers.letters_failed),
        (3, 3, 0)
    );
    assert_eq!((numbers.read_total, numbers.sent_total), (5, 2));
    assert!(numbers.last_error > 0);
    assert_eq!(numbers.latency.buckets.iter().sum::<u64>(), 5);
}

#[tokio::test(start_paused = true)]
async fn each_wait_has_its_reason_and_its_time() {
    let mut bench = Bench::start(settings(), false, &[]);
    assert!(is_running(&bench.status().await));
    bench
        .until("partitions", |b| b.numbers().partition_count == 1)
        .await;
    assert_eq!(bench.numbers().waiting, None);

    bench.target.is_up.store(false, Ordering::SeqCst);
    bench.cluster.append("t", 0, MemoryRecord::value("a"));
    let waits = |reason| move |b: &Bench| b.numbers().waiting == Some(reason);
    bench
        .until("the target", waits(WaitReason::TargetAway))
        .await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    bench.target.is_up.store(true, Ordering::SeqCst);
    bench
        .until("the end of the wait", |b| b.numbers().waiting.is_none())
        .await;
    let waited = bench.numbers().waited[WaitReason::TargetAway as usize];
    assert!(
        waited >= Duration::from_secs(60) && waited < Duration::from_secs(70),
        "{waited:?}"
    );

    bench.handle.pause();
    bench.until("the pause", waits(WaitReason::Paused)).await;
    bench.handle.resume();
    bench
        .until("the resumption", |b| b.numbers().waiting.is_none())
        .await;
    assert_eq!(
        bench.numbers().waited[WaitReason::TargetAway as usize],
        waited
    );
}

#[tokio::test(start_paused = true)]
async fn what_ended_a_task_is_kept_with_its_numbers() {
    let mut bench = Bench::start(settings(), false, &["a", "garbage"]);
    bench.failure().await;
    let numbers = bench.numbers();
    assert_eq!(numbers.failed, Some(connect_api::ErrorClass::Record));
    assert_eq!((numbers.failures, numbers.errors), (1, 1));
    // As in Kafka, what ends the task is not left out.
    assert_eq!((numbers.skipped, numbers.partition_count), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_batch_is_told_with_its_stages_and_where_its_records_come_from() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let hears = told.clone();
    let metrics = TaskMetrics::default().traced(Box::new(move |trace| {
        hears.lock().expect("not poisoned").push(trace)
    }));
    let bench = Bench::start_counted(Box::new(Text), tolerant(), true, &[], metrics);
    let parent = |n: u8| format!("00-{:032x}-{:016x}-01", n, n);
    for (value, n) in [("a", 1), ("b", 1), ("poison", 2)] {
        let record = MemoryRecord::value(value).with_header("traceparent", parent(n));
        bench.cluster.append("t", 0, record);
    }
    bench.until("a commit", |b| b.committed() == Some(3)).await;
    bench
        .until("told", |_| told.lock().expect("not poisoned").len() >= 2)
        .await;
    let told = told.lock().expect("not poisoned");
    let batches: Vec<_> = told
        .iter()
        .filter_map(|t| match t {
            Trace::Batch(batch) => Some(batch),
            Trace::Commit(_) => None,
        })
        .collect();
    let records: usize = batches.iter().map(|b| b.records).sum();
    let letters = batches
        .iter()
        .flat_map(|b| &b.stages)
        .filter(|s| s.stage == StageName::DeadLetter);
    assert_eq!((records, letters.count()), (3, 1));
    let last = batches.last().expect("a batch");
    assert!(last.links.iter().any(|l| l.trace_id[15] == 2), "{last:?}");
    let first = last
        .stages
        .iter()
        .take(3)
        .map(|s| s.stage)
        .collect::<Vec<_>>();
    assert_eq!(
        first,
        [StageName::Consume, StageName::Convert, StageName::Put]
    );
    let failed = last
        .stages
        .iter()
        .find(|s| s.error.is_some())
        .expect("the refusal");
    let error = failed.error.as_deref().unwrap_or_default();
    assert!(
        error.starts_with("Record: ") && !error.contains("refuses"),
        "{error}"
    );
    let commit = told.iter().find_map(|t| match t {
        Trace::Commit(commit) => Some(commit),
        Trace::Batch(_) => None,
    });
    let stages: Vec<_> = commit
        .expect("a commit")
        .stages
        .iter()
        .map(|s| s.stage)
        .collect();
    assert_eq!(stages, [StageName::PreCommit, StageName::Commit]);
}
