//! Targets that are away or hang.

use super::*;
use crate::task::error_text;

#[tokio::test(start_paused = true)]
async fn an_outage_of_two_minutes_neither_fails_nor_loses_anything() {
    let mut bench = Bench::start(settings(), true, &["a"]);
    bench.until("written", |b| b.target.offsets() == [0]).await;
    bench.target.is_up.store(false, Ordering::SeqCst);
    for _ in 0..10 {
        bench.cluster.append("t", 0, MemoryRecord::value("x"));
    }
    tokio::time::sleep(Duration::from_secs(120)).await;
    assert!(matches!(
        bench.handle.phase().phase,
        Phase::WaitingForTarget { .. }
    ));
    assert!(is_running(&bench.status().await));
    assert!(
        bench.statuses.try_recv().is_err(),
        "the state stayed RUNNING"
    );
    bench.target.is_up.store(true, Ordering::SeqCst);
    bench
        .until("healed", |b| {
            b.target.offsets() == (0..11).collect::<Vec<_>>()
        })
        .await;
    assert_eq!(bench.handle.phase().phase, Phase::Running);
    assert!(bench.letters.letters().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_target_that_is_away_at_the_start_is_waited_for_outside_the_group() {
    let mut bench = Bench::start(settings(), false, &["a"]);
    bench.target.is_up.store(false, Ordering::SeqCst);
    assert!(is_running(&bench.status().await));
    tokio::time::sleep(Duration::from_secs(90)).await;
    assert!(bench.member.calls().is_empty(), "not a member yet");
    bench.target.is_up.store(true, Ordering::SeqCst);
    bench.until("written", |b| b.target.offsets() == [0]).await;
}

#[tokio::test(start_paused = true)]
async fn target_wait_max_brings_the_failure_back() {
    let mut settings = settings();
    settings.target_wait_max = Some(Duration::from_secs(30));
    let mut bench = Bench::start(settings, false, &[]);
    assert!(is_running(&bench.status().await));
    bench
        .until("started", |b| !b.member.calls().is_empty())
        .await;
    bench.target.is_up.store(false, Ordering::SeqCst);
    bench.cluster.append("t", 0, MemoryRecord::value("x"));
    let trace = bench.failure().await;
    assert!(
        trace.contains("longer than target.wait.max.ms=30000"),
        "{trace}"
    );
    assert_eq!(bench.committed(), None);
}

#[tokio::test(start_paused = true)]
async fn a_put_that_does_not_return_is_told_and_its_return_too() {
    let bench = Bench::start(settings(), false, &["a"]);
    bench.target.permits.forget_permits(1_000_000);
    bench
        .until("hung", |b| *b.target.puts_begun.lock().unwrap() == 1)
        .await;
    let asked = tokio::time::Instant::now();
    assert_eq!(bench.handle.phase().phase, Phase::Running);
    let waits = |b: &Bench| matches!(b.handle.phase().phase, Phase::WaitingForTarget { .. });
    bench.until("told", waits).await;
    let told = asked.elapsed();
    assert!(
        told >= Duration::from_secs(19) && told <= Duration::from_secs(21),
        "{told:?}"
    );
    let why = bench.handle.phase().why.unwrap().to_string();
    assert!(
        why.contains("the sink's put has not returned for 20 s"),
        "{why}"
    );
    bench.target.permits.add_permits(1);
    bench.until("written", |b| b.target.offsets() == [0]).await;
    assert_eq!(bench.handle.phase().phase, Phase::Running);
}

#[tokio::test(start_paused = true)]
async fn a_task_that_failed_shows_why() {
    let mut bench = Bench::start(settings(), false, &["garbage"]);
    bench.failure().await;
    let failed = |b: &Bench| b.handle.phase().phase == Phase::Failed;
    bench.until("failed", failed).await;
    let why = error_text(&bench.handle.phase().why.unwrap());
    assert!(why.contains("not readable"), "{why}");
}

#[tokio::test(start_paused = true)]
async fn a_stop_does_not_wait_longer_than_the_graceful_timeout_for_a_hung_target() {
    let mut bench = Bench::start(settings(), false, &["a"]);
    bench.target.permits.forget_permits(1_000_000);
    bench
        .until("hung", |b| *b.target.puts_begun.lock().unwrap() == 1)
        .await;
    let asked = tokio::time::Instant::now();
    bench.handle.stop();
    bench.handle.finished().await;
    assert!(
        asked.elapsed() <= Duration::from_millis(5100),
        "{:?}",
        asked.elapsed()
    );
    assert_eq!(bench.committed(), None);
    assert!(bench.member.is_closed());
}

#[tokio::test(start_paused = true)]
async fn a_revocation_during_a_hung_put_is_answered_in_time_and_marks_nothing() {
    let bench = Bench::start(settings(), false, &["a"]);
    bench.target.permits.forget_permits(1_000_000);
    bench
        .until("hung", |b| *b.target.puts_begun.lock().unwrap() == 1)
        .await;
    bench.member.revoke(&[partition()]);
    let asked = tokio::time::Instant::now();
    bench.member.settled().await;
    let waited = asked.elapsed();
    assert!(
        waited >= Duration::from_secs(239) && waited <= Duration::from_secs(241),
        "{waited:?}"
    );
    assert_eq!(bench.committed(), None);
    // The partition comes back while the old put still hangs; when that returns, it is closed before it is opened.
    bench.member.assign(&[partition()]);
    bench.target.permits.add_permits(10);
    bench
        .until("read again", |b| b.target.offsets() == [0, 0])
        .await;
    assert_eq!(*bench.target.closed.lock().unwrap(), [partition()]);
}
