//! Records that Confluent's own serializers write, with a schema registry, and what our converters make of them.
//!
//! `tests/registry/produce.py` writes them. What is expected stands in `tests/registry/expected`, one line for a record
//! under some options of the converter; it was held against the sources of Confluent's converters.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::connectors::{STRING, with};
use crate::registry_notation;
use crate::support::{Ctx, Need, python, scratch};

pub const AVRO: &str = "io.confluent.connect.avro.AvroConverter";
pub const PROTOBUF: &str = "io.confluent.connect.protobuf.ProtobufConverter";
pub const JSON_SCHEMA: &str = "io.confluent.connect.json.JsonSchemaConverter";

const SCRIPT: &str = "tests/registry/produce.py";

pub fn tests(ctx: &'static Ctx) -> Vec<Trial> {
    let needs = &[Need::Kafka, Need::Registry];
    vec![
        ctx.trial(needs, "registry::avro_of_real_producers", |ctx| {
            matrix(ctx, "avro", AVRO);
        }),
        ctx.trial(needs, "registry::protobuf_of_real_producers", |ctx| {
            matrix(ctx, "protobuf", PROTOBUF);
        }),
        ctx.trial(needs, "registry::json_schema_of_real_producers", |ctx| {
            matrix(ctx, "json_schema", JSON_SCHEMA);
        }),
    ]
}

/// Lets a function of the script write to a topic.
pub fn produce(ctx: &Ctx, function: &str, topic: &str, arguments: &[&str]) -> String {
    produce_to(ctx, &ctx.registry().url(), function, topic, arguments)
}

/// The same with another registry.
pub fn produce_to(
    ctx: &Ctx,
    registry: &str,
    function: &str,
    topic: &str,
    arguments: &[&str],
) -> String {
    let bootstrap = ctx.kafka().bootstrap();
    let mut all = vec![bootstrap.as_str(), registry, topic, function];
    all.extend(arguments);
    let output = python::run_in(&python::SERIALIZERS, SCRIPT, &all).expect("the script runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
}

/// What `preview --json` says of each record of a topic, with a converter for the values.
pub fn preview(ctx: &Ctx, topic: &str, entries: &Value) -> Vec<Value> {
    let config = json!({
        "name": topic,
        "connector.class": "FileStreamSink",
        "topics": topic,
        "key.converter": STRING,
        "value.converter": STRING,
        "key.converter.schema.registry.url": ctx.registry().url(),
        "value.converter.schema.registry.url": ctx.registry().url(),
    });
    let file = scratch::dir("preview").join("connector.json");
    fs::write(&file, with(config, entries).to_string()).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_turnbuckle"))
        .arg("preview")
        .arg(&file)
        .args(["--json", "--from-beginning", "--topic", topic, "--override"])
        .arg(format!("bootstrap.servers={}", ctx.kafka().bootstrap()))
        .output()
        .unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    lines
        .lines()
        .map(|line| serde_json::from_str(line).expect(line))
        .collect()
}

fn expected(format: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join(format!("tests/registry/expected/{format}.jsonl"))
}

/// A record under options; both as they stand in the file.
type Case = (String, String);

/// Every record under every set of options that the file of a format names.
fn matrix(ctx: &'static Ctx, format: &str, converter: &str) {
    let topic = ctx.kafka().new_topic(format, 1);
    for name in ["-keys", "-record", "-both"] {
        ctx.kafka().create_topic(&format!("{topic}{name}"), 1, &[]);
    }
    produce(ctx, format, &topic, &[]);
    let before = registered(ctx, &topic);
    let cases = read_cases(&expected(format));
    let mut options: Vec<&String> = cases.keys().map(|(options, _)| options).collect();
    options.dedup();
    let mut found: BTreeMap<Case, Value> = BTreeMap::new();
    for options in options {
        found.extend(outcomes(ctx, &topic, converter, options));
    }
    if std::env::var_os("TURNBUCKLE_SHOW").is_some() {
        for ((options, case), outcome) in &found {
            println!("{}", line(options, case, outcome));
        }
    }
    let mut wrong = Vec::new();
    for (case, expected) in &cases {
        match found.get(case) {
            Some(found) if found == expected => {}
            found => wrong.push(format!("{case:?}:\n  {found:?}\nnot {expected:?}")),
        }
    }
    // Every record is looked at without options.
    for case in found.keys().filter(|(options, _)| options.is_empty()) {
        if !cases.contains_key(case) {
            wrong.push(format!("nothing is expected of {case:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(
        registered(ctx, &topic),
        before,
        "a preview registers nothing"
    );
}

/// Subjects and versions of a topic.
fn registered(ctx: &Ctx, topic: &str) -> Vec<(String, Value)> {
    let all = ctx.registry().contents().into_iter();
    all.filter(|(subject, _)| subject.starts_with(topic))
        .collect()
}

fn line(options: &str, case: &str, outcome: &Value) -> Value {
    with(json!({"options": options, "case": case}), outcome)
}

fn read_cases(file: &Path) -> BTreeMap<Case, Value> {
    let text = fs::read_to_string(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    let mut cases = BTreeMap::new();
    for line in text.lines() {
        let mut line: Value = serde_json::from_str(line).expect(line);
        let members = line.as_object_mut().expect("an object");
        let mut take = |name: &str| match members.remove(name) {
            Some(Value::String(text)) => text,
            other => panic!("{name}: {other:?}"),
        };
        let case = (take("options"), take("case"));
        cases.insert(case, line);
    }
    cases
}

/// What becomes of all records under these options: `key=value …`, and `topic=-keys` for one of the further topics.
fn outcomes(ctx: &Ctx, topic: &str, converter: &str, options: &str) -> BTreeMap<Case, Value> {
    let mut suffix = "";
    let mut of_converter = Vec::new();
    for option in options.split_whitespace() {
        match option.split_once('=').expect("key=value") {
            ("topic", name) => suffix = name,
            key_and_value => of_converter.push(key_and_value),
        }
    }
    let part = if suffix == "-keys" { "key" } else { "value" };
    let mut entries = json!({format!("{part}.converter"): converter});
    for (key, value) in of_converter {
        entries[format!("{part}.converter.{key}")] = json!(value);
    }
    let of_case = format!("{topic}{suffix}");
    // The other part is the name of a case.
    let messages = ctx.kafka().read(&of_case).into_iter();
    let names: BTreeMap<i64, Vec<u8>> = messages
        .filter_map(|message| {
            let plain = if part == "key" {
                message.value
            } else {
                message.key
            };
            Some((message.offset, plain?))
        })
        .collect();
    let read = preview(ctx, &of_case, &entries);
    let outcomes = read.iter().map(|record| {
        let offset = record["input"]["offset"].as_i64();
        let name = offset.and_then(|offset| names.get(&offset));
        let name = String::from_utf8_lossy(name.unwrap_or_else(|| panic!("{record}")));
        let case = (options.to_owned(), name.into_owned());
        (case, outcome(record, part, topic))
    });
    outcomes.collect()
}

/// The exceptions, the outermost one first.
fn causes(error: &Value) -> Vec<String> {
    let mut all = Vec::new();
    let mut next = error;
    while let Some(class) = next["class"].as_str() {
        let message = next["message"].as_str().unwrap_or_default();
        all.push(format!("{class}: {message}"));
        next = &next["cause"];
    }
    all
}

/// What a record became, without what differs from run to run: the topic's name and ids.
fn outcome(record: &Value, part: &str, topic: &str) -> Value {
    let used = &record["schemas"][part];
    let mut outcome = json!({});
    match record["error"].is_object() {
        true => outcome["error"] = json!(causes(&record["error"])),
        false => {
            let data = &record["ok"][part];
            outcome["schema"] = json!(registry_notation::schema(&data["schema"]));
            outcome["value"] = data["payload"].clone();
        }
    }
    if used.is_object() {
        let written = format!("{}:{}", used["subject"], used["version"]);
        outcome["written"] = json!(written.replace('"', ""));
    }
    let mut text = outcome.to_string().replace(topic, "TOPIC");
    if let Some(id) = used["id"].as_i64() {
        text = text.replace(&format!("for id {id}\""), "for id ID\"");
    }
    serde_json::from_str(&text).unwrap()
}
