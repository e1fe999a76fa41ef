//! The task with real actors on a broker in memory, in virtual time.

mod ahead;
mod counts;
mod errors;
mod life;
mod outages;

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
use crate::metrics::TaskMetrics;

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
    metrics: Arc<TaskMetrics>,
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
        Self::start_with(Box::new(Text), settings, with_letters, values)
    }

    fn start_with(
        converter: Box<dyn Converter>,
        settings: TaskSettings,
        with_letters: bool,
        values: &[&str],
    ) -> Self {
        Self::start_counted(
            converter,
            settings,
            with_letters,
            values,
            TaskMetrics::default(),
        )
    }

    fn start_counted(
        converter: Box<dyn Converter>,
        settings: TaskSettings,
        with_letters: bool,
        values: &[&str],
        metrics: TaskMetrics,
    ) -> Self {
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
        let metrics = Arc::new(metrics);
        let handle = Task::spawn(TaskParts {
            settings,
            consumer: Box::new(consumer),
            dead_letter_topic: with_letters.then(|| Arc::new(letters.clone()) as _),
            stage: StageParts {
                key: (Box::new(Text), "test.Text".to_owned()),
                value: (converter, "test.Text".to_owned()),
                header: (Box::new(Text), "test.Text".to_owned()),
                transformations: Vec::new(),
            },
            sink: Box::new(TestSink(target.clone())),
            sink_config: Config::new(),
            status: Box::new(move |s| drop(status.send(s))),
            clock: Arc::new(SystemClock),
            topics: None,
            metrics: metrics.clone(),
        });
        member.assign(&[partition()]);
        Self {
            cluster,
            member,
            letters,
            target,
            statuses,
            handle,
            metrics,
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
