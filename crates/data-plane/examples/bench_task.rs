//! What a record costs in the task itself: the actors and the machine on a broker in memory, with a converter and a sink
//! that do nothing.
//!
//!     cargo run --release -p data-plane --features memory --example bench_task -- [RECORDS]
//!
//! It is for comparing two builds of the crate in one run on one machine; the broker in memory is in the figure.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use connect_api::config::Config;
use connect_api::convert::{Converter, HeaderConverter};
use connect_api::data::{SchemaAndValue, SchemaRef, Value};
use connect_api::sink::{PutReport, SinkTask, SinkTaskContext};
use connect_api::{Bytes, ConnectError, RecordSlice, TopicPartition};
use data_plane::clock::SystemClock;
use data_plane::kafka::memory::{MemoryCluster, MemoryRecord};
use data_plane::task::{StageParts, Task, TaskParts, TaskSettings, Tolerance};

struct AsItIs;

impl Converter for AsItIs {
    fn to_connect_data(
        &mut self,
        _: &str,
        data: Option<Bytes>,
    ) -> Result<SchemaAndValue, ConnectError> {
        let value = data.map_or(Value::Null, Value::Bytes);
        Ok(SchemaAndValue::new(None, value))
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

impl HeaderConverter for AsItIs {
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

struct Count(Arc<AtomicUsize>);

#[async_trait]
impl SinkTask for Count {
    async fn start(&mut self, _: &Config, _: &SinkTaskContext) -> Result<(), ConnectError> {
        Ok(())
    }

    async fn put(&mut self, records: RecordSlice) -> PutReport {
        self.0.fetch_add(records.len(), Ordering::Relaxed);
        PutReport::all()
    }

    async fn stop(&mut self) {}
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
        flush_interval: Duration::from_millis(50),
        flush_timeout: Duration::from_secs(5),
        graceful_timeout: Duration::from_secs(5),
        max_poll_interval: Duration::from_secs(300),
        max_poll_records: None,
        memory: 16 << 20,
        target_wait_max: None,
        paused: false,
    }
}

/// Seconds of user and system time of this process.
fn processor_seconds() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = fields.get(11)?.parse::<f64>().ok()? + fields.get(12)?.parse::<f64>().ok()?;
    Some(ticks / 100.0)
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let wanted: usize = std::env::args()
        .nth(1)
        .and_then(|n| n.parse().ok())
        .unwrap_or(2_000_000);
    let cluster = MemoryCluster::new();
    let value = "x".repeat(200);
    for _ in 0..wanted {
        cluster.append(
            "t",
            0,
            MemoryRecord::value(value.clone())
                .with_key("key")
                .at(1_700_000_000_000),
        );
    }
    let (consumer, member) = cluster.member("connect-c");
    let written = Arc::new(AtomicUsize::new(0));
    let before = processor_seconds().unwrap_or_default();
    let handle = Task::spawn(TaskParts {
        settings: settings(),
        consumer: Box::new(consumer),
        dead_letter_topic: None,
        stage: StageParts {
            key: (Box::new(AsItIs), "AsItIs".to_owned()),
            value: (Box::new(AsItIs), "AsItIs".to_owned()),
            header: (Box::new(AsItIs), "AsItIs".to_owned()),
            transformations: Vec::new(),
        },
        sink: Box::new(Count(written.clone())),
        sink_config: Config::new(),
        status: Box::new(|_| {}),
        clock: Arc::new(SystemClock),
        topics: None,
        metrics: Arc::default(),
    });
    member.assign(&[TopicPartition::new("t", 0)]);
    while written.load(Ordering::Relaxed) < wanted {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let spent = processor_seconds().unwrap_or_default() - before;
    println!(
        "{wanted} records, {:.1} ns of processor time each",
        spent * 1e9 / wanted as f64
    );
    drop(handle);
}
