//! A sink without a worker, and a second way into the database to look at what it wrote.

pub mod conformance;
mod relay;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use connect_api::config::{Config, ConfigReader};
use connect_api::data::{Type, Value, optional};
use connect_api::plugin::Plugin;
use connect_api::sink::{PutReport, SinkTask, SinkTaskContext};
use connect_api::{ConnectError, RecordSlice, SinkRecord, TopicPartition};
use connector_graph::PLUGIN;
use neo4rs::{Graph, Query};
use tokio::runtime::Runtime;

/// Names the database that the tests may empty.
pub const URI: &str = "TURNBUCKLE_NEO4J_URI";

pub fn uri() -> String {
    std::env::var(URI).unwrap()
}

thread_local! {
    static RUNTIME: Runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
}

pub fn block<T>(future: impl Future<Output = T>) -> T {
    RUNTIME.with(|runtime| runtime.block_on(future))
}

/// None if it takes longer than these seconds.
pub fn within<T>(seconds: u64, future: impl Future<Output = T>) -> Option<T> {
    block(async {
        tokio::time::timeout(Duration::from_secs(seconds), future)
            .await
            .ok()
    })
}

/// A started task, with topic `t` unless the keys say otherwise.
pub fn start(keys: &[(&str, &str)]) -> Result<Box<dyn SinkTask>, ConnectError> {
    let uri = uri();
    let mut config = Config::from([
        ("topics", "t"),
        ("neo4j.uri", &uri),
        ("neo4j.authentication.type", "NONE"),
    ]);
    for (key, value) in keys {
        config.insert(*key, *value);
    }
    let Plugin::Sink(new) = PLUGIN.plugin else {
        panic!("no sink");
    };
    let connector = new(&ConfigReader::new(&config)).unwrap();
    let config = connector.task_configs(1).unwrap().remove(0);
    let mut task = connector.task();
    block(task.start(&config, &SinkTaskContext::new("test", 0, false)))?;
    Ok(task)
}

pub fn sink(keys: &[(&str, &str)]) -> Box<dyn SinkTask> {
    start(keys).unwrap_or_else(|error| panic!("{}", error.trace()))
}

pub fn run(sink: &mut Box<dyn SinkTask>, records: Vec<SinkRecord>) -> PutReport {
    block(sink.put(RecordSlice::new(records)))
}

/// A record of partition 0 without key and value.
pub fn record(topic: &str, offset: i64) -> SinkRecord {
    SinkRecord::new(Arc::new(TopicPartition::new(topic, 0)), offset)
}

/// Gives a record a value as the string converter does.
pub fn with_text(mut record: SinkRecord, value: &str) -> SinkRecord {
    record.value_schema = Some(optional(Type::String));
    record.value = Value::string(value.to_owned());
    record
}

/// Gives a record a key as the string converter does.
pub fn text(mut record: SinkRecord, key: &str) -> SinkRecord {
    record.key_schema = Some(optional(Type::String));
    record.key = Value::string(key.to_owned());
    record
}

pub struct Database {
    graph: Graph,
}

impl Database {
    /// The database, emptied.
    pub fn new() -> Self {
        let graph = Graph::new(uri(), "", "").unwrap();
        let database = Self { graph };
        database.empty();
        database
    }

    pub fn empty(&self) {
        self.run("MATCH (n) DETACH DELETE n");
    }

    pub fn run(&self, statement: &str) {
        block(self.try_run(statement)).unwrap();
    }

    /// Once, while the driver's own way would try again for a minute.
    pub async fn try_run(&self, statement: &str) -> neo4rs::Result<()> {
        let mut transaction = self.graph.start_txn().await?;
        transaction.run(Query::from(statement)).await?;
        transaction.commit().await
    }

    /// The one number `n` of a query.
    pub fn count(&self, query: &str) -> i64 {
        block(async {
            let mut rows = self.graph.execute(Query::from(query)).await.unwrap();
            rows.next().await.unwrap().unwrap().get("n").unwrap()
        })
    }
}

/// Whether a connection to the database has TCP_NODELAY, and none of the sink's has not. The own connections of
/// [`Database`] get it too, because they lead to the same port.
pub fn all_send_at_once() -> bool {
    let port: u16 = uri().rsplit(':').next().unwrap().parse().unwrap();
    let mut states = Vec::new();
    for entry in std::fs::read_dir("/proc/self/fd").unwrap() {
        let fd: i32 = entry
            .unwrap()
            .file_name()
            .to_str()
            .unwrap()
            .parse()
            .unwrap();
        // SAFETY: only asked for options, and the test has one thread.
        let file = unsafe { std::os::fd::BorrowedFd::borrow_raw(fd) };
        let socket = socket2::SockRef::from(&file);
        let peer = socket.peer_addr().ok().and_then(|peer| peer.as_socket());
        if peer.is_some_and(|peer| peer.port() == port) {
            states.push(socket.tcp_nodelay().unwrap());
        }
    }
    !states.is_empty() && states.iter().all(|&on| on)
}
