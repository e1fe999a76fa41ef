//! From a topic to a file: what our worker writes is what the JVM's worker writes.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use libtest_mimic::Trial;
use serde_json::{Map, Value, json};

use crate::support::kafka::{Kafka, Record};
use crate::support::{Ctx, Engine, Need, Worker, WorkerSpec, scratch};

const PATIENCE: Duration = Duration::from_secs(30);

pub fn tests(ctx: &'static Ctx) -> Vec<Trial> {
    vec![
        ctx.trial(
            &[Need::Kafka],
            "flow::jvm_worker_moves_a_topic_to_a_file",
            jvm_worker_moves_a_topic_to_a_file,
        ),
        ctx.trial(
            &[Need::Kafka],
            "flow::jvm_worker_writes_the_recorded_files",
            jvm_worker_writes_the_recorded_files,
        ),
        ctx.trial(
            &[Need::Kafka],
            "flow::writes_the_recorded_files",
            writes_the_recorded_files,
        ),
        ctx.trial(
            &[Need::Kafka],
            "flow::writes_what_a_jvm_worker_beside_it_writes",
            writes_what_a_jvm_worker_beside_it_writes,
        ),
    ]
}

fn jvm_worker_moves_a_topic_to_a_file(ctx: &'static Ctx) {
    let worker = WorkerSpec::new(Engine::Jvm, ctx.kafka()).start();
    let records = [
        Record::value("one").key("k"),
        Record::tombstone().key("k"),
        Record::value("three"),
    ];
    let written = file_output(ctx.kafka(), &worker, &records, &json!({}));
    assert_eq!(String::from_utf8_lossy(&written), "one\nnull\nthree\n");
}

/// Keeps the recording true: a newer Kafka that writes something else is seen here.
fn jvm_worker_writes_the_recorded_files(ctx: &'static Ctx) {
    let worker = WorkerSpec::new(Engine::Jvm, ctx.kafka()).start();
    check_recorded_files(ctx.kafka(), &worker, |_| true);
}

/// Java 17 prints more digits than a float needs; here, as from Java 19 on, the fewest.
const SUPPORTED: fn(&str) -> bool = |id| !id.ends_with("_not_shortest");

fn writes_the_recorded_files(ctx: &'static Ctx) {
    let worker = WorkerSpec::new(Engine::Turnbuckle, ctx.kafka()).start();
    check_recorded_files(ctx.kafka(), &worker, SUPPORTED);
}

fn writes_what_a_jvm_worker_beside_it_writes(ctx: &'static Ctx) {
    let mut records: Vec<Record> = (0..2_000)
        .map(|i| Record::value(format!("[{i}, {}.5, \"n\u{e4}me {i}\", null, true]", i * 7)))
        .collect();
    records.insert(700, Record::tombstone().key("gone"));
    let settings = json!({
        "value.converter": "org.apache.kafka.connect.json.JsonConverter",
        "value.converter.schemas.enable": "false",
    });
    let expected = reference_output(ctx, &records, &settings);
    let worker = WorkerSpec::new(Engine::Turnbuckle, ctx.kafka()).start();
    let written = file_output(ctx.kafka(), &worker, &records, &settings);
    let text = String::from_utf8_lossy(&written);
    assert_eq!(text.lines().count(), 2_001);
    assert_eq!(
        text.lines().nth(1),
        Some("[1, 7.5, n\u{e4}me 1, null, true]")
    );
    assert!(written == expected, "the two files differ");
}

/// What a JVM worker writes for these records (one partition) under `settings`, e.g. a `value.converter`.
pub fn reference_output(ctx: &'static Ctx, records: &[Record], settings: &Value) -> Vec<u8> {
    let worker = WorkerSpec::new(Engine::Jvm, ctx.kafka()).start();
    file_output(ctx.kafka(), &worker, records, settings)
}

/// Lets a worker move `records` through a new topic to a file by a connector with `settings`, and gives back the file.
pub fn file_output(
    kafka: &Kafka,
    worker: &Worker,
    records: &[Record],
    settings: &Value,
) -> Vec<u8> {
    Move::begin(kafka, worker, records, settings).finish(kafka, worker)
}

/// Records on their way from a topic of their own to a file of their own.
struct Move {
    /// The connector is named like its topic, so that its group has no past.
    topic: String,
    file: PathBuf,
}

impl Move {
    fn begin(kafka: &Kafka, worker: &Worker, records: &[Record], settings: &Value) -> Move {
        let topic = kafka.new_topic("file", 1);
        kafka.produce(&topic, records.iter().cloned());
        let file = scratch::dir("file").join("out.txt");
        let mut config = json!({
            "connector.class": "org.apache.kafka.connect.file.FileStreamSinkConnector",
            "tasks.max": "1",
            "topics": topic,
            "file": file.to_string_lossy(),
            "key.converter": "org.apache.kafka.connect.storage.StringConverter",
        });
        merge(&mut config, settings);
        worker.run_connector(&topic, &config);
        Move { topic, file }
    }

    fn finish(self, kafka: &Kafka, worker: &Worker) -> Vec<u8> {
        kafka.wait_drained(&format!("connect-{}", self.topic), &self.topic, PATIENCE);
        worker.delete_connector(&self.topic);
        fs::read(&self.file).unwrap_or_else(|e| panic!("{}: {e}", self.file.display()))
    }
}

/// Every line of `goldens/file/cases.jsonl` whose id `wanted` takes; all differences are shown at once.
pub fn check_recorded_files(kafka: &Kafka, worker: &Worker, wanted: impl Fn(&str) -> bool) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goldens/file/cases.jsonl");
    let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut cases: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("a case"))
        .collect();
    cases.retain(|case| wanted(case["id"].as_str().unwrap_or_default()));
    let mut wrong = Vec::new();
    // Ten at a time: joining a group takes its second, whoever else does so.
    for some in cases.chunks(10) {
        let begin = |case: &Value| Move::begin(kafka, worker, &records_of(case), &case["settings"]);
        let moves: Vec<Move> = some.iter().map(begin).collect();
        for (case, moved) in some.iter().zip(moves) {
            let written = without_hashes(&String::from_utf8_lossy(&moved.finish(kafka, worker)));
            let expected = case["file"].as_str().expect("the file's text");
            if written != expected && !(holds_maps(case) && sorted(&written) == sorted(expected)) {
                wrong.push(format!(
                    "{}: expected {expected:?}\n  written {written:?}",
                    case["id"]
                ));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} files differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

fn records_of(case: &Value) -> Vec<Record> {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let record = |record: &Value| match record["value"].as_str() {
        None => Record::tombstone(),
        Some(text) => Record::value(STANDARD.decode(text).expect("base64")),
    };
    case["records"]
        .as_array()
        .expect("records")
        .iter()
        .map(record)
        .collect()
}

/// Java prints a map in the order of its hash table; ours keeps the order of the document.
fn holds_maps(case: &Value) -> bool {
    case["settings"]["value.converter"] == "org.apache.kafka.connect.json.JsonConverter"
}

/// The text with the entries of each printed map (not struct) in alphabetical order.
fn sorted(text: &str) -> String {
    let Some(open) = text.find('{') else {
        return text.to_owned();
    };
    let close = closing(text, open);
    let (before, inner, after) = (
        &text[..open],
        &text[open + 1..close],
        &text[(close + 1).min(text.len())..],
    );
    let inner = if before.ends_with("Struct") {
        sorted(inner)
    } else {
        let mut entries: Vec<String> = entries(inner).into_iter().map(sorted).collect();
        entries.sort();
        entries.join(", ")
    };
    format!("{before}{{{inner}}}{}", sorted(after))
}

/// Where the bracket at `open` is closed, or the end of the text.
fn closing(text: &str, open: usize) -> usize {
    let mut depth = 0;
    for (at, c) in text[open..].char_indices() {
        match c {
            '{' | '[' => depth += 1,
            '}' | ']' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return open + at;
        }
    }
    text.len()
}

fn entries(text: &str) -> Vec<&str> {
    let (mut found, mut begin, mut at) = (Vec::new(), 0, 0);
    while let Some(c) = text[at..].chars().next() {
        match c {
            '{' | '[' => at = closing(text, at).min(text.len() - 1),
            ',' if text[at..].starts_with(", ") => {
                found.push(&text[begin..at]);
                begin = at + 2;
            }
            _ => {}
        }
        at += c.len_utf8();
    }
    found.push(&text[begin..]);
    found
}

/// Java prints a byte array as `[B@` and a hash that differs from run to run.
fn without_hashes(text: &str) -> String {
    let mut parts = text.split("[B@");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain += "[B@HASH";
        plain += part.trim_start_matches(|c: char| c.is_ascii_hexdigit());
    }
    plain
}

fn merge(config: &mut Value, settings: &Value) {
    let more: Map<String, Value> = settings.as_object().cloned().unwrap_or_default();
    config.as_object_mut().expect("an object").extend(more);
}
