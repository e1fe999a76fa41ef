//! Configurations of the connectors that the tests run, and how to look at what they wrote.

use std::collections::BTreeMap;
use std::ffi::CString;
use std::fs;
use std::net::TcpListener;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use crate::support::neo4j::Neo4j;
use crate::support::{Ctx, Engine, Worker, WorkerSpec, wait_until};

pub const FILE: &str = "org.apache.kafka.connect.file.FileStreamSinkConnector";
pub const GRAPH: &str = "org.neo4j.connectors.kafka.sink.Neo4jConnector";
pub const STRING: &str = "org.apache.kafka.connect.storage.StringConverter";
pub const JSON: &str = "org.apache.kafka.connect.json.JsonConverter";

/// A worker of ours whose members are missed by the broker after three seconds.
pub fn quick_worker(kafka: &crate::support::kafka::Kafka) -> WorkerSpec {
    WorkerSpec::new(Engine::Turnbuckle, kafka)
        .set("consumer.session.timeout.ms", "3000")
        .set("consumer.heartbeat.interval.ms", "500")
}

pub fn file_sink(topic: &str, file: &Path) -> Value {
    json!({
        "connector.class": FILE,
        "tasks.max": "1",
        "topics": topic,
        "file": file.to_string_lossy(),
    })
}

/// Merges `(:label {id: key})` and sets `v` to the value.
pub fn graph_sink(neo4j: &Neo4j, topic: &str, label: &str) -> Value {
    let mut config = json!({
        "connector.class": GRAPH,
        "tasks.max": "1",
        "topics": topic,
        "neo4j.uri": neo4j.uri(),
        "neo4j.authentication.type": "NONE",
    });
    config[format!("neo4j.cypher.topic.{topic}")] = json!(format!(
        "MERGE (n:`{label}` {{id: __key}}) SET n.v = __value"
    ));
    config
}

/// `config` with `more` over it.
pub fn with(mut config: Value, more: &Value) -> Value {
    let more: Map<String, Value> = more.as_object().cloned().unwrap_or_default();
    config.as_object_mut().expect("an object").extend(more);
    config
}

/// A dead letter topic of one broker, with context headers.
pub fn dead_letters(topic: &str) -> Value {
    json!({
        "errors.deadletterqueue.topic.name": topic,
        "errors.deadletterqueue.topic.replication.factor": "1",
        "errors.deadletterqueue.context.headers.enable": "true",
    })
}

/// As lines of a connector file.
pub fn connector_file(name: &str, config: &Value) -> Vec<(String, String)> {
    let mut lines = vec![("name".to_owned(), name.to_owned())];
    for (key, value) in config.as_object().expect("an object") {
        lines.push((key.clone(), value.as_str().expect("a text").to_owned()));
    }
    lines
}

/// Without it each `MERGE` searches all nodes of the label.
pub fn make_unique(neo4j: &Neo4j, label: &str) {
    neo4j.query(
        &format!("CREATE CONSTRAINT FOR (n:`{label}`) REQUIRE n.id IS UNIQUE"),
        json!({}),
    );
}

/// `id` → `v` of all nodes of a label.
pub fn nodes(neo4j: &Neo4j, label: &str) -> BTreeMap<String, i64> {
    let rows = neo4j.query(&format!("MATCH (n:`{label}`) RETURN n.id, n.v"), json!({}));
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    rows.iter()
        .map(|row| (text(&row[0]), row[1].as_i64().unwrap_or(-1)))
        .collect()
}

/// What a task is at, as `/turnbuckle` tells it.
pub fn phase(worker: &Worker, name: &str, task: u32) -> Value {
    let path = format!("/turnbuckle/connectors/{name}/tasks/{task}");
    worker.rest().get(&path).expect("an answer").json()
}

/// Connections are made by the kernel, and nobody ever answers.
pub fn black_hole() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    (listener, address)
}

pub fn make_pipe(path: &Path) {
    let name = CString::new(path.as_os_str().as_bytes()).expect("a path");
    // SAFETY: mkfifo(3) reads the name, which lives until it returns.
    assert_eq!(unsafe { libc::mkfifo(name.as_ptr(), 0o600) }, 0);
}

/// Lines of all these files, and how often each was written.
pub fn times(files: &[&Path]) -> BTreeMap<String, usize> {
    let mut times = BTreeMap::new();
    for line in files.iter().flat_map(|file| lines(file)) {
        *times.entry(line).or_default() += 1;
    }
    times
}

/// Complete lines of a file; none while it is not there.
pub fn lines(file: &Path) -> Vec<String> {
    let text = fs::read_to_string(file).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// Lets time pass while `holds` is looked at; fails the test when it does not hold any more.
pub fn holds_for(time: Duration, what: &str, mut holds: impl FnMut() -> bool) {
    let begin = Instant::now();
    wait_until(time + Duration::from_secs(30), what, || {
        assert!(holds(), "after {:?} no more: {what}", begin.elapsed());
        begin.elapsed() >= time
    });
}

/// Numbers that look random; the same for the same seed.
pub struct Dice(u64);

impl Dice {
    /// The seed is printed, and taken from `TURNBUCKLE_SEED` if that is set.
    pub fn new(what: &str) -> Dice {
        let given = std::env::var("TURNBUCKLE_SEED").ok();
        let seed = given
            .and_then(|seed| seed.parse().ok())
            .unwrap_or_else(|| u64::from(std::process::id()));
        println!("{what}: TURNBUCKLE_SEED={seed}");
        Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

/// How long an outage lasts.
pub fn outage(ctx: &Ctx) -> Duration {
    Duration::from_secs(if ctx.long { 90 } else { 20 })
}
