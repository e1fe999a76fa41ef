//! `turnbuckle preview`: the dry run, from the command line.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use connect_api::config::{Config, ConfigReader};
use connect_api::convert::ConverterType;
use connect_api::plugin::Plugin;
use connect_testkit::{Vectors, vectors};
use libtest_mimic::Trial;
use serde_json::{Map, Value, json};

use crate::support::kafka::Record;
use crate::support::{Ctx, Need, scratch};

const STRING: &str = "org.apache.kafka.connect.storage.StringConverter";
const JSON: &str = "org.apache.kafka.connect.json.JsonConverter";

pub fn tests(ctx: &'static Ctx) -> Vec<Trial> {
    vec![
        ctx.trial(
            &[],
            "preview::prints_recorded_chains",
            prints_recorded_chains,
        ),
        ctx.trial(
            &[],
            "preview::tells_what_becomes_of_each_record",
            tells_what_becomes_of_each_record,
        ),
        ctx.trial(
            &[],
            "preview::shows_what_the_sink_would_send",
            shows_what_the_sink_would_send,
        ),
        ctx.trial(
            &[],
            "preview::ends_with_2_if_nothing_can_be_previewed",
            ends_with_2_if_nothing_can_be_previewed,
        ),
        ctx.trial(
            &[Need::Kafka],
            "preview::reads_a_live_topic_and_leaves_no_trace",
            reads_a_live_topic_and_leaves_no_trace,
        ),
    ]
}

/// Exit code, standard output and standard error.
struct Answer {
    code: i32,
    out: String,
    err: String,
}

impl Answer {
    /// The objects of `--json`.
    fn json(&self) -> Vec<Value> {
        let lines = self.out.lines();
        lines
            .map(|line| serde_json::from_str(line).expect(line))
            .collect()
    }
}

/// Runs `preview` with a connector of these entries.
fn preview(config: &Value, args: &[&str], input: &str) -> Answer {
    let file = scratch::dir("preview").join("connector.json");
    fs::write(&file, config.to_string()).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_turnbuckle"))
        .arg("preview")
        .arg(&file)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // It may end before it has read everything.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    Answer {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

fn merged(mut config: Value, entries: Value) -> Value {
    for (key, value) in entries.as_object().unwrap() {
        config[key] = value.clone();
    }
    config
}

fn file_sink(entries: Value) -> Value {
    let config = json!({
        "name": "c",
        "connector.class": "FileStreamSink",
        "topics": "t,u",
        "key.converter": STRING,
        "value.converter": JSON,
        "value.converter.schemas.enable": "false",
    });
    merged(config, entries)
}

/// Each chain that was recorded of the JVM, its record as a line of JSON, against what was recorded.
fn prints_recorded_chains(_: &'static Ctx) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut vectors = Vectors::read(root, &["transforms", "transforms-random"], &["chain"]);
    vectors.cases.retain(|case| case["op"] == "apply");
    let all = vectors.cases.len();
    vectors.cases.retain(|case| line(&case["record"]).is_some());
    println!("{} of {all} can be written as bytes", vectors.cases.len());
    vectors.check(replay);
}

/// A record as a line of input, if a converter makes of bytes what was recorded: data of a type that JSON knows.
fn line(record: &Value) -> Option<Value> {
    let mut line = record.clone();
    for part in ["key", "value"] {
        line[part] = envelope(&record[part])?;
    }
    for header in line["headers"].as_array_mut()? {
        let data = json!({"schema": header["schema"], "payload": header["value"]});
        header["value"] = envelope(&data)?["payload"].take();
    }
    Some(line)
}

/// The data as the text of a JsonConverter, if that reads it as what it is.
fn envelope(data: &Value) -> Option<Value> {
    let envelope = json!({"schema": data["schema"], "payload": untagged(&data["payload"])});
    let config = Config::from([("replace.null.with.default", "false")]);
    let reader = ConfigReader::new(&config);
    let plugin = &connect_converters::json::CONVERTER.plugin;
    let Plugin::Converter(new) = plugin else {
        panic!("a converter");
    };
    let mut converter = new(&reader, ConverterType::Value).unwrap();
    let bytes = envelope.to_string().into_bytes();
    let read = converter.to_connect_data("t", Some(bytes.into())).ok()?;
    // Texts keep apart what Java's equality does not: 0.0 and -0.0.
    let wanted = vectors::data(data);
    (format!("{read:?}") == format!("{wanted:?}")).then_some(envelope)
}

/// Maps with keys that look like tags are plain objects.
fn untagged(json: &Value) -> Value {
    match json {
        Value::Array(items) => items.iter().map(untagged).collect(),
        Value::Object(members) => match json["$map"].as_array() {
            Some(pairs) => {
                let member =
                    |pair: &Value| Some((pair[0].as_str()?.to_owned(), untagged(&pair[1])));
                let members: Option<Map<String, Value>> = pairs.iter().map(member).collect();
                members.map_or_else(|| json.clone(), Value::Object)
            }
            None => {
                let members = members
                    .iter()
                    .map(|(name, value)| (name.clone(), untagged(value)));
                Value::Object(members.collect())
            }
        },
        other => other.clone(),
    }
}

fn replay(case: &Value) -> Result<(), String> {
    let mut config = case["config"].clone();
    for part in ["key", "value", "header"] {
        config[format!("{part}.converter")] = json!(JSON);
        config[format!("{part}.converter.schemas.enable")] = json!("true");
        config[format!("{part}.converter.replace.null.with.default")] = json!("false");
    }
    let line = line(&case["record"]).ok_or("no bytes")?;
    let answer = preview(&config, &["--input", "-", "--json"], &line.to_string());
    let expected = &case["expect"];
    let got = answer.json();
    let [got] = got.as_slice() else {
        return Err(format!("{} {}", answer.out, answer.err));
    };
    let (code, same) = match expected["configure_error"].is_object() {
        true => (
            2,
            same_error(&got["configure_error"], &expected["configure_error"]),
        ),
        false if expected["error"].is_object() => {
            (1, same_error(&got["error"], &expected["error"]))
        }
        false => (0, same_record(&got["ok"], &expected["ok"])),
    };
    match same && answer.code == code {
        true => Ok(()),
        false => Err(format!("{got} with {}, not {expected}", answer.code)),
    }
}

fn same_error(got: &Value, expected: &Value) -> bool {
    got["class"] == expected["class"]
        && (expected["jvm_text"] == true || got["message"] == expected["message"])
}

fn same_record(got: &Value, expected: &Value) -> bool {
    if got.is_null() || expected.is_null() {
        return got == expected;
    }
    let plain = [
        "topic",
        "partition",
        "offset",
        "timestamp",
        "timestampType",
        "originalTopic",
    ];
    let data = |json: &Value| vectors::data(json);
    let header =
        |json: &Value| vectors::data(&json!({"schema": json["schema"], "payload": json["value"]}));
    let empty = Vec::new();
    let headers =
        |json: &Value| -> Vec<Value> { json["headers"].as_array().unwrap_or(&empty).clone() };
    let (got_headers, expected_headers) = (headers(got), headers(expected));
    plain.iter().all(|name| got[name] == expected[name])
        && data(&got["key"]) == data(&expected["key"])
        && data(&got["value"]) == data(&expected["value"])
        && got_headers.len() == expected_headers.len()
        && got_headers
            .iter()
            .zip(&expected_headers)
            .all(|(g, e)| g["key"] == e["key"] && header(g) == header(e))
}

fn tells_what_becomes_of_each_record(_: &'static Ctx) {
    let records = concat!(
        r#"{"key": "k", "value": {"a": 1.10}, "timestamp": 5, "headers": [{"key": "h", "value": "x"}]}"#,
        "\n\n",
        r#"{"topic": "u", "partition": 2, "offset": 7, "value": {"text": "{"}}"#,
        "\n",
        r#"{"value": null}"#,
    );
    let answer = preview(&file_sink(json!({})), &["--input", "-"], records);
    assert_eq!(answer.code, 1, "{}", answer.err);
    let lines: Vec<&str> = answer.out.lines().collect();
    let text = r#"{"schema":{"type":"string","optional":false},"payload":"x"}"#;
    assert_eq!(
        lines[..4],
        [
            "t-0@0 kept CreateTime 5",
            r#"  key    {"schema":{"type":"string","optional":true},"payload":"k"}"#,
            r#"  value  {"schema":null,"payload":{"a":1.1}}"#,
            &format!("  header h {text}"),
        ]
    );
    assert_eq!(
        lines[4],
        format!("u-2@7 failed in VALUE_CONVERTER by {JSON}")
    );
    assert!(
        lines[5].contains("DataException: Converting byte[]"),
        "{}",
        lines[5]
    );
    assert!(lines[7].starts_with("t-0@8 kept"), "{}", answer.out);
    assert!(
        answer
            .err
            .contains("3 records: 2 kept, 0 dropped, 1 failed"),
        "{}",
        answer.err
    );
    // Colours are for terminals.
    assert!(!answer.out.contains('\u{1b}'));

    let answer = preview(
        &file_sink(json!({})),
        &["--input", "-", "--json", "--max", "1"],
        records,
    );
    assert_eq!(answer.code, 0, "{}", answer.err);
    let all = answer.json();
    assert_eq!(all.len(), 1);
    assert_eq!(
        all[0]["ok"]["value"],
        json!({"schema": null, "payload": {"a": 1.1}})
    );
    assert_eq!(
        all[0]["input"],
        json!({"topic": "t", "partition": 0, "offset": 0})
    );
}

fn shows_what_the_sink_would_send(_: &'static Ctx) {
    let record = r#"{"value": {"id": 7}}"#;
    let args = ["--input", "-", "--json", "--statements"];
    let file = file_sink(json!({"file": "/no/such/folder/is/needed"}));
    let answer = preview(&file, &args, record);
    assert_eq!(answer.code, 0, "{}", answer.err);
    let line = json!([{"text": "{id=7}", "parameters": {}}]);
    assert_eq!(answer.json()[0]["statements"], line);

    let graph = merged(
        file_sink(json!({})),
        json!({
            "connector.class": "org.neo4j.connectors.kafka.sink.Neo4jConnector",
            "topics": "t",
            "neo4j.uri": "neo4j://no-such-host.invalid",
            "neo4j.authentication.type": "NONE",
            "neo4j.cypher.topic.t": "MERGE (:P {id: event.id})",
        }),
    );
    let answer = preview(&graph, &args, record);
    assert_eq!(answer.code, 0, "{}", answer.err);
    let statement = &answer.json()[0]["statements"][0];
    assert_eq!(statement["parameters"], json!({"events": [[7]]}));
    let text = statement["text"].as_str().unwrap();
    assert!(text.contains("MERGE (:P {id: event.id})"), "{text}");
    // A record that the sink would refuse has not passed.
    let answer = preview(&graph, &args, r#"{"topic": "other", "value": null}"#);
    assert_eq!(answer.code, 1, "{}", answer.out);
    assert_eq!(answer.json()[0]["failed"]["stage"], "TASK_PUT");
}

fn ends_with_2_if_nothing_can_be_previewed(_: &'static Ctx) {
    let with = |entries| file_sink(entries);
    let input = ["--input", "-"];
    for (config, args, lines, expected) in [
        (
            with(json!({})),
            &[] as &[&str],
            "",
            "--input <records.jsonl>",
        ),
        (
            with(json!({})),
            &["--input", "/no/such/file"],
            "",
            "cannot read /no/such/file",
        ),
        (
            with(json!({})),
            &input,
            "{}\n{\"vlaue\": 1}",
            "-, line 2: unknown field `vlaue`",
        ),
        (
            with(json!({"topics": "", "topics.regex": "t.*"})),
            &input,
            "{}",
            "line 1: the line names no topic",
        ),
        (
            with(json!({"transforms": "x", "transforms.x.type": "com.acme.No"})),
            &input,
            "{}",
            "Class com.acme.No could not be found.",
        ),
        (
            with(json!({"connector.class": "com.acme.Sink"})),
            &["--input", "-", "--statements"],
            "{}",
            "Failed to find any class that implements Connector and which name matches com.acme.Sink",
        ),
        (
            json!({"name": "c", "connector.class": "FileStreamSink", "topics": "t"}),
            &input,
            "{}",
            "with --worker",
        ),
    ] {
        let answer = preview(&config, args, lines);
        assert_eq!(answer.code, 2, "{expected}: {}", answer.out);
        assert!(answer.err.contains(expected), "{expected}: {}", answer.err);
    }
    // Without statements the sink itself need not be there.
    let answer = preview(
        &with(json!({"connector.class": "com.acme.Sink"})),
        &input,
        "{}",
    );
    assert_eq!(answer.code, 0, "{}", answer.err);
}

fn reads_a_live_topic_and_leaves_no_trace(ctx: &'static Ctx) {
    let topic = ctx.kafka().new_topic("preview", 2);
    let on = |partition, n: i32| Record::value(format!("{{\"n\":{n}}}")).partition(partition);
    ctx.kafka()
        .produce(&topic, [on(0, 0), on(1, 10), on(0, 1), on(0, 2), on(1, 11)]);
    let bootstrap = format!("bootstrap.servers={}", ctx.kafka().bootstrap());
    let run = |args: &[&str]| {
        let mut all = vec!["--json", "--override", &bootstrap, "--topic", &topic];
        all.extend(args);
        let answer = preview(&file_sink(json!({"name": topic})), &all, "");
        assert_eq!(answer.code, 0, "{args:?}: {} {}", answer.out, answer.err);
        let mut read: Vec<i64> = answer
            .json()
            .iter()
            .map(|record| record["ok"]["value"]["payload"]["n"].as_i64().unwrap())
            .collect();
        read.sort_unstable();
        read
    };
    assert_eq!(run(&["--from-beginning"]), [0, 1, 2, 10, 11]);
    assert_eq!(run(&["--from-beginning", "--max", "3"]).len(), 3);
    assert_eq!(run(&["--partition", "0", "--offset", "1"]), [1, 2]);
    assert_eq!(run(&["--partition", "0", "--max", "1"]), [2]);
    assert_eq!(run(&["--max", "100"]), [0, 1, 2, 10, 11]);
    let group = format!("connect-{topic}");
    assert!(ctx.kafka().committed(&group, &topic).is_empty());
    assert!(ctx.kafka().members(&group).is_empty());

    let args = [
        "--json",
        "--override",
        &bootstrap,
        "--topic",
        "no-such-topic",
        "--from-beginning",
    ];
    let answer = preview(&file_sink(json!({})), &args, "");
    assert_eq!(answer.code, 2);
    let message = answer.json()[0]["configure_error"]["message"].clone();
    assert!(
        message
            .as_str()
            .unwrap()
            .contains("There is no no-such-topic"),
        "{message}"
    );
}
