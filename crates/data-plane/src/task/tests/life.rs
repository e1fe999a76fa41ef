//! Commits, rebalances, pauses, rewinds, stops.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_stop_commits_what_was_written_closes_and_leaves_the_group() {
    let mut bench = Bench::start(settings(), false, &["a", "b", "c"]);
    assert!(is_running(&bench.status().await));
    bench
        .until("written", |b| b.target.offsets() == [0, 1, 2])
        .await;
    assert_eq!(bench.committed(), None, "the interval is not over");
    bench.handle.stop();
    assert!(matches!(bench.status().await, TaskStatus::Unassigned));
    bench.handle.finished().await;
    assert_eq!(bench.committed(), Some(3));
    assert_eq!(*bench.target.closed.lock().unwrap(), [partition()]);
    assert!(bench.target.stopped.load(Ordering::SeqCst));
    assert!(bench.member.is_closed());
}

#[tokio::test(start_paused = true)]
async fn offsets_are_committed_every_flush_interval() {
    let bench = Bench::start(settings(), false, &["a", "b"]);
    bench
        .until("written", |b| b.target.offsets().len() == 2)
        .await;
    tokio::time::sleep(Duration::from_secs(59)).await;
    assert_eq!(bench.committed(), None);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(bench.committed(), Some(2));
}

#[tokio::test(start_paused = true)]
async fn a_partition_that_comes_back_is_read_on_from_the_commit() {
    let bench = Bench::start(settings(), false, &["a", "b"]);
    bench
        .until("written", |b| b.target.offsets() == [0, 1])
        .await;
    bench.member.revoke(&[partition()]);
    bench.member.settled().await;
    assert_eq!(
        bench.committed(),
        Some(2),
        "committed before it was given back"
    );
    bench.cluster.append("t", 0, MemoryRecord::value("c"));
    bench.member.assign(&[partition()]);
    bench
        .until("written", |b| b.target.offsets() == [0, 1, 2])
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_paused_task_reads_nothing_and_stays_in_the_group() {
    let mut bench = Bench::start(settings(), false, &["a"]);
    assert!(is_running(&bench.status().await));
    bench.until("written", |b| b.target.offsets() == [0]).await;
    bench.handle.pause();
    assert!(matches!(bench.status().await, TaskStatus::Paused));
    bench.until("committed", |b| b.committed() == Some(1)).await;
    for _ in 0..5000 {
        bench.cluster.append("t", 0, MemoryRecord::value("b"));
    }
    tokio::time::sleep(Duration::from_secs(300)).await;
    assert_eq!(
        bench.target.offsets(),
        [0],
        "nor writes what was being read"
    );
    bench.handle.resume();
    assert!(is_running(&bench.status().await));
    bench
        .until("written", |b| b.target.offsets().len() == 5001)
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_task_of_a_paused_connector_starts_when_it_is_resumed() {
    let mut settings = settings();
    settings.paused = true;
    let mut bench = Bench::start(settings, false, &["a"]);
    assert!(matches!(bench.status().await, TaskStatus::Paused));
    tokio::time::sleep(Duration::from_secs(100)).await;
    assert!(bench.member.calls().is_empty());
    bench.handle.resume();
    assert!(is_running(&bench.status().await));
    bench.until("written", |b| b.target.offsets() == [0]).await;
}

#[tokio::test(start_paused = true)]
async fn a_record_larger_than_the_bound_passes_alone() {
    let mut settings = settings();
    settings.memory = 1000;
    let bench = Bench::start(settings, false, &[]);
    for _ in 0..3 {
        bench
            .cluster
            .append("t", 0, MemoryRecord::value(vec![b'x'; 100_000]));
    }
    bench
        .until("written", |b| b.target.offsets() == [0, 1, 2])
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_failed_commit_is_made_good_by_the_next() {
    let mut settings = settings();
    settings.flush_interval = Duration::from_secs(1);
    let bench = Bench::start(settings, false, &["a"]);
    bench
        .member
        .fail(Op::Commit, ConnectError::retriable("not the coordinator"));
    bench.until("committed", |b| b.committed() == Some(1)).await;
}

/// Holds two records back until told, as a sink with a buffer does.
struct Rewinder(Option<SinkTaskContext>, Arc<Mutex<Vec<i64>>>);

#[async_trait]
impl SinkTask for Rewinder {
    async fn start(&mut self, _: &Config, context: &SinkTaskContext) -> Result<(), ConnectError> {
        self.0 = Some(context.clone());
        Ok(())
    }

    async fn open(&mut self, _: &[TopicPartition]) -> Result<Offsets, ConnectError> {
        Ok(Offsets::from([(partition(), 1)]))
    }

    async fn put(&mut self, records: RecordSlice) -> PutReport {
        let mut seen = self.1.lock().expect("not poisoned");
        seen.extend(records.iter().map(|r| r.offset()));
        if let (3, Some(context)) = (seen.len(), &self.0) {
            context.offset(partition(), 2);
        }
        PutReport::all()
    }

    async fn stop(&mut self) {}
}

/// A task whose sink begins at the second of four records and goes back once.
fn rewinder(cluster: &MemoryCluster) -> (TaskHandle, Member, Arc<Mutex<Vec<i64>>>) {
    for value in ["a", "b", "c", "d"] {
        cluster.append("t", 0, MemoryRecord::value(value));
    }
    let (consumer, member) = cluster.member("connect-c");
    let seen = Arc::new(Mutex::new(Vec::new()));
    let text = || (Box::new(Text) as Box<_>, "test.Text".to_owned());
    let handle = Task::spawn(TaskParts {
        settings: settings(),
        consumer: Box::new(consumer),
        dead_letter_topic: None,
        stage: StageParts {
            key: text(),
            value: text(),
            header: (Box::new(Text), "test.Text".to_owned()),
            transformations: Vec::new(),
        },
        sink: Box::new(Rewinder(None, seen.clone())),
        sink_config: Config::new(),
        status: Box::new(|_| {}),
        clock: Arc::new(SystemClock),
        topics: None,
        metrics: Arc::default(),
    });
    (handle, member, seen)
}

#[tokio::test(start_paused = true)]
async fn a_sink_may_say_where_to_begin_and_rewind() {
    let cluster = MemoryCluster::new();
    let (mut handle, member, seen) = rewinder(&cluster);
    member.assign(&[partition()]);
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(*seen.lock().unwrap(), [1, 2, 3, 2, 3]);
    handle.stop();
    handle.finished().await;
    assert_eq!(cluster.committed("connect-c", &partition()), Some(4));
}

#[tokio::test(start_paused = true)]
async fn a_rewind_waits_for_kafka() {
    let cluster = MemoryCluster::new();
    let (mut handle, member, seen) = rewinder(&cluster);
    for _ in 0..12 {
        member.fail(Op::Seek, ConnectError::unavailable("the brokers are away"));
    }
    member.assign(&[partition()]);
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(
        *seen.lock().unwrap(),
        [1, 2, 3],
        "nothing is read meanwhile"
    );
    let report = handle.phase();
    assert!(matches!(report.phase, Phase::WaitingForKafka { .. }));
    assert!(
        report
            .why
            .is_some_and(|why| why.to_string() == "the brokers are away")
    );
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(*seen.lock().unwrap(), [1, 2, 3, 2, 3]);
    assert_eq!(handle.phase().phase, Phase::Running);
    handle.stop();
    handle.finished().await;
    assert_eq!(cluster.committed("connect-c", &partition()), Some(4));
}
