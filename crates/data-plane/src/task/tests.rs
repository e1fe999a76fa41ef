//! The task with real actors on a broker in memory, in virtual time.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use connect_api::config::Config;
use connect_api::convert::{Converter, HeaderConverter};
use connect_api::data::{SchemaAndValue, SchemaRef, Value};
use connect_api::sink::{Offsets, PutReport, SinkTask, SinkTaskContext};
use connect_api::{Bytes, ConnectError, RecordSlice, TopicPartition};
use tokio::sync::{Semaphore, mpsc};

use super::{Phase, StageParts, Task, TaskHandle, TaskParts, TaskSettings, TaskStatus, Tolerance};
use crate::clock::SystemClock;
use crate::kafka::memory::{Member, MemoryCluster, MemoryDeadLetters, MemoryRecord, Op};

/// Text in, text out; `garbage` cannot be read and `panic` is a bug.
struct Text;

impl Converter for Text {
    fn to_connect_data(
        &mut self,
        _: &str,
        data: Option<Bytes>,
    ) -> Result<SchemaAndValue, ConnectError> {
        let Some(data) = data else {
            return Ok(SchemaAndValue::NULL);
        };
        match &data[..] {
            b"garbage" => Err(ConnectError::data("not readable")),
            b"panic" => panic!("a bug in the converter"),
            text => Ok(SchemaAndValue::new(
                None,
                Value::string(String::from_utf8_lossy(text).into_owned()),
            )),
        }
    }

    fn from_connect_data(
        &mut self,
        _: &str,
        _: Option<&SchemaRef>,
        _: &Value,
    ) -> Result<Option<Bytes>, ConnectError> {
        Ok(None)
    }
}

impl HeaderConverter for Text {
    fn to_connect_header(
        &mut self,
        _: &str,
        _: &str,
        data: Option<Bytes>,
    ) -> Result<SchemaAndValue, ConnectError> {
        self.to_connect_data("", data)
    }

    fn from_connect_header(
        &mut self,
        _: &str,
        _: &str,
        _: Option<&SchemaRef>,
        _: &Value,
    ) -> Result<Option<Bytes>, ConnectError> {
        Ok(None)
    }
}

/// What the test and the sink share.
struct Target {
    written: Mutex<Vec<(TopicPartition, i64)>>,
    is_up: AtomicBool,
    panics: AtomicBool,
    /// A put needs a permit; without one it hangs.
    permits: Semaphore,
    puts_begun: Mutex<usize>,
    closed: Mutex<Vec<TopicPartition>>,
    stopped: AtomicBool,
}

impl Target {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            written: Mutex::default(),
            is_up: AtomicBool::new(true),
            panics: AtomicBool::new(false),
            permits: Semaphore::new(1_000_000),
            puts_begun: Mutex::default(),
            closed: Mutex::default(),
            stopped: AtomicBool::new(false),
        })
    }

    fn offsets(&self) -> Vec<i64> {
        self.written
            .lock()
            .expect("not poisoned")
            .iter()
            .map(|(_, offset)| *offset)
            .collect()
    }
}

/// All or nothing per put; refuses the value `poison`.
struct TestSink(Arc<Target>);

#[async_trait]
impl SinkTask for TestSink {
    async fn start(&mut self, _: &Config, _: &SinkTaskContext) -> Result<(), ConnectError> {
        match self.0.is_up.load(Ordering::SeqCst) {
            true => Ok(()),
            false => Err(ConnectError::unavailable("connection refused")),
        }
    }

    async fn put(&mut self, records: RecordSlice) -> PutReport {
        assert!(!self.0.panics.load(Ordering::SeqCst), "a bug in the sink");
        if !self.0.is_up.load(Ordering::SeqCst) {
            return PutReport::failed(ConnectError::unavailable("connection lost"));
        }
        *self.0.puts_begun.lock().expect("not poisoned") += records.len();
        if !records.is_empty() {
            self.0.permits.acquire().await.expect("open").forget();
        }
        if records.iter().any(|r| r.value.as_str() == Some("poison")) {
            return PutReport::failed(ConnectError::data("the target refuses it"));
        }
        let places = records
            .iter()
            .map(|r| ((**r.original()).clone(), r.offset()));
        self.0.written.lock().expect("not poisoned").extend(places);
        PutReport::all()
    }

    async fn close(&mut self, partitions: &[TopicPartition]) -> Result<(), ConnectError> {
        self.0
            .closed
            .lock()
            .expect("not poisoned")
            .extend(partitions.iter().cloned());
        Ok(())
    }

    async fn stop(&mut self) {
        self.0.stopped.store(true, Ordering::SeqCst);
    }
}

struct Bench {
    cluster: MemoryCluster,
    member: Member,
    letters: MemoryDeadLetters,
    target: Arc<Target>,
    statuses: mpsc::UnboundedReceiver<TaskStatus>,
    handle: TaskHandle,
}

fn settings() -> TaskSettings {
    TaskSettings {
        connector: "c".into(),
        task: 0,
        tolerance: Tolerance::None,
        log_errors: false,
        log_messages: false,
        retry_timeout: Some(Duration::ZERO),
        retry_delay_max: Duration::from_secs(60),
        context_headers: false,
        flush_interval: Duration::from_secs(60),
        flush_timeout: Duration::from_secs(5),
        graceful_timeout: Duration::from_secs(5),
        max_poll_interval: Duration::from_secs(300),
        max_poll_records: None,
        memory: 1 << 20,
        target_wait_max: None,
        paused: false,
    }
}

fn partition() -> TopicPartition {
    TopicPartition::new("t", 0)
}

impl Bench {
    fn start(settings: TaskSettings, with_letters: bool, values: &[&str]) -> Self {
        let cluster = MemoryCluster::new();
        for value in values {
            let value = value.to_string();
            cluster.append(
                "t",
                0,
                MemoryRecord::value(value)
                    .with_key("k")
                    .at(7)
                    .with_header("own", "h"),
            );
        }
        let (consumer, member) = cluster.member("connect-c");
        let letters = MemoryDeadLetters::new();
        let target = Target::new();
        let (status, statuses) = mpsc::unbounded_channel();
        let handle = Task::spawn(TaskParts {
            settings,
            consumer: Box::new(consumer),
            dead_letter_topic: with_letters.then(|| Arc::new(letters.clone()) as _),
            stage: StageParts {
                key: (Box::new(Text), "test.Text".to_owned()),
                value: (Box::new(Text), "test.Text".to_owned()),
                header: (Box::new(Text), "test.Text".to_owned()),
                transformations: Vec::new(),
            },
            sink: Box::new(TestSink(target.clone())),
            sink_config: Config::new(),
            status: Box::new(move |s| drop(status.send(s))),
            clock: Arc::new(SystemClock),
        });
        member.assign(&[partition()]);
        Self {
            cluster,
            member,
            letters,
            target,
            statuses,
            handle,
        }
    }

    async fn status(&mut self) -> TaskStatus {
        self.statuses.recv().await.expect("a status")
    }

    /// In virtual time a tick costs nothing.
    async fn until(&self, what: &str, condition: impl Fn(&Self) -> bool) {
        for _ in 0..1_000_000 {
            if condition(self) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("never: {what}");
    }

    fn committed(&self) -> Option<i64> {
        self.cluster.committed("connect-c", &partition())
    }

    async fn failure(&mut self) -> String {
        loop {
            match self.status().await {
                TaskStatus::Failed(error) => return error.trace(),
                TaskStatus::Unassigned => panic!("stopped and not failed"),
                _ => {}
            }
        }
    }
}

fn is_running(status: &TaskStatus) -> bool {
    matches!(status, TaskStatus::Running)
}

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
async fn bad_record_goes_to_dead_letter_and_the_rest_is_written() {
    let mut settings = settings();
    settings.tolerance = Tolerance::All;
    settings.context_headers = true;
    let mut bench = Bench::start(settings, true, &["a", "poison", "b", "garbage", "c"]);
    bench
        .until("written", |b| b.target.offsets() == [0, 2, 4])
        .await;
    bench.handle.stop();
    bench.handle.finished().await;
    assert_eq!(bench.committed(), Some(5));
    let mut letters = bench.letters.letters();
    letters.sort_by_key(|l| l.value.clone());
    assert_eq!(letters.len(), 2);
    let texts: Vec<(String, Option<String>)> = letters[1]
        .headers
        .iter()
        .map(|(name, value)| {
            let text = |b: &Bytes| String::from_utf8(b.to_vec()).expect("UTF-8");
            (text(name), value.as_ref().map(text))
        })
        .collect();
    assert_eq!(letters[1].value, Some(Bytes::from_static(b"poison")));
    assert_eq!(
        (letters[1].key.clone(), letters[1].timestamp),
        (Some(Bytes::from_static(b"k")), Some(7))
    );
    let expected = [
        ("own", "h"),
        ("__connect.errors.topic", "t"),
        ("__connect.errors.partition", "0"),
        ("__connect.errors.offset", "1"),
        ("__connect.errors.connector.name", "c"),
        ("__connect.errors.task.id", "0"),
        ("__connect.errors.stage", "TASK_PUT"),
        (
            "__connect.errors.class.name",
            "org.apache.kafka.connect.sink.SinkTask",
        ),
        (
            "__connect.errors.exception.class.name",
            "org.apache.kafka.connect.errors.DataException",
        ),
        (
            "__connect.errors.exception.message",
            "the target refuses it",
        ),
        (
            "__connect.errors.exception.stacktrace",
            "org.apache.kafka.connect.errors.DataException: the target refuses it\n",
        ),
    ];
    let expected: Vec<_> = expected
        .iter()
        .map(|(n, v)| (n.to_string(), Some(v.to_string())))
        .collect();
    assert_eq!(texts, expected);
}

#[tokio::test(start_paused = true)]
async fn without_a_reporter_a_bad_record_fails_the_task_even_with_tolerance() {
    let mut settings = settings();
    settings.tolerance = Tolerance::All;
    let mut bench = Bench::start(settings, false, &["a", "poison", "b"]);
    let trace = bench.failure().await;
    let mut lines = trace.lines();
    assert_eq!(
        lines.next(),
        Some(
            "org.apache.kafka.connect.errors.ConnectException: Exiting WorkerSinkTask due to unrecoverable exception."
        )
    );
    assert_eq!(
        lines.next(),
        Some("Caused by: org.apache.kafka.connect.errors.DataException: the target refuses it")
    );
    assert_eq!(bench.target.offsets(), [0; 0], "nothing of the put is kept");
    assert_eq!(bench.committed(), None);
}

#[tokio::test(start_paused = true)]
async fn without_tolerance_a_reporter_gets_the_first_bad_record_and_the_good_ones_before_it_are_written()
 {
    let mut bench = Bench::start(settings(), true, &["a", "b", "poison", "c", "poison"]);
    let trace = bench.failure().await;
    assert!(
        trace.contains("Tolerance exceeded in error handler"),
        "{trace}"
    );
    assert_eq!(bench.target.offsets(), [0, 1]);
    assert_eq!(bench.letters.letters().len(), 1);
    assert_eq!(bench.committed(), None);
}

#[tokio::test(start_paused = true)]
async fn without_tolerance_an_unreadable_record_fails_the_task_with_the_text_of_kafka() {
    let mut bench = Bench::start(settings(), false, &["garbage"]);
    let trace = bench.failure().await;
    assert_eq!(
        trace,
        "org.apache.kafka.connect.errors.ConnectException: Tolerance exceeded in error handler\n\
         Caused by: org.apache.kafka.connect.errors.DataException: not readable\n"
    );
    assert_eq!(bench.committed(), None);
}

#[tokio::test(start_paused = true)]
async fn a_refused_dead_letter_fails_the_task_and_its_offset_is_not_passed() {
    let mut settings = settings();
    settings.tolerance = Tolerance::All;
    let mut bench = Bench::start(settings, true, &["poison"]);
    bench
        .letters
        .fail(Op::Send, ConnectError::denied("topic authorization failed"));
    let trace = bench.failure().await;
    assert!(trace.contains("topic authorization failed"), "{trace}");
    assert_eq!(bench.committed(), None);
}

#[tokio::test(start_paused = true)]
async fn offsets_wait_for_the_acknowledgement_of_dead_letters() {
    let mut settings = settings();
    settings.tolerance = Tolerance::All;
    settings.flush_interval = Duration::from_secs(1);
    let bench = Bench::start(settings, true, &["a", "poison", "b"]);
    bench.letters.hold(Op::Send);
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(bench.committed(), None);
    bench.letters.release(Op::Send);
    bench.until("committed", |b| b.committed() == Some(3)).await;
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_the_sink_fails_its_task_only() {
    let mut bench = Bench::start(settings(), false, &[]);
    assert!(is_running(&bench.status().await));
    bench.target.panics.store(true, Ordering::SeqCst);
    bench.cluster.append("t", 0, MemoryRecord::value("x"));
    let trace = bench.failure().await;
    assert!(trace.contains("a bug in the sink"), "{trace}");
    assert!(bench.member.is_closed(), "the group was left");
    assert_eq!(bench.committed(), None);
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_a_converter_fails_its_task_only() {
    let mut bench = Bench::start(settings(), false, &["a", "panic"]);
    let trace = bench.failure().await;
    assert!(trace.contains("a bug in the converter"), "{trace}");
    assert!(bench.target.stopped.load(Ordering::SeqCst));
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
async fn wrong_credentials_for_kafka_fail_the_task() {
    let mut bench = Bench::start(settings(), false, &[]);
    bench
        .member
        .problem(ConnectError::denied("SASL authentication failed"));
    assert!(bench.failure().await.contains("SASL authentication failed"));
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

#[tokio::test(start_paused = true)]
async fn a_sink_may_say_where_to_begin_and_rewind() {
    let cluster = MemoryCluster::new();
    for value in ["a", "b", "c", "d"] {
        cluster.append("t", 0, MemoryRecord::value(value));
    }
    let (consumer, member) = cluster.member("connect-c");
    let seen = Arc::new(Mutex::new(Vec::new()));
    let text = || (Box::new(Text) as Box<_>, "test.Text".to_owned());
    let mut handle = Task::spawn(TaskParts {
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
    });
    member.assign(&[partition()]);
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(*seen.lock().unwrap(), [1, 2, 3, 2, 3]);
    handle.stop();
    handle.finished().await;
    assert_eq!(cluster.committed("connect-c", &partition()), Some(4));
}
