//! Schemas that change in mid-topic, ids in headers, and what preview says of a registry.

use std::fs;
use std::process::{Command, Output};

use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::connectors::STRING;
use crate::registry::{AVRO, JSON_SCHEMA, PROTOBUF, preview, produce, produce_to};
use crate::registry_notation::schema;
use crate::support::fake_registry::{FakeRegistry, Mode};
use crate::support::{Ctx, Need, scratch};

pub fn tests(ctx: &'static Ctx) -> Vec<Trial> {
    vec![
        ctx.trial(
            &[Need::Kafka, Need::Registry],
            "registry::schemas_change_in_mid_topic",
            schemas_change_in_mid_topic,
        ),
        ctx.trial(
            &[Need::Kafka],
            "registry::ids_in_headers_are_read_and_shown",
            ids_in_headers_are_read_and_shown,
        ),
    ]
}

/// Name and age under one version, with a city under the next, and under the first again.
fn schemas_change_in_mid_topic(ctx: &'static Ctx) {
    let cases = [
        (
            AVRO,
            "avro",
            "struct(turnbuckle.Person)v1{name: string, age: int32}",
            "struct(turnbuckle.Person)v2{name: string, age: int64, city: string<avro.field.default=true>=\"nowhere\"}",
            json!({"name": "Ada", "age": 36, "city": "nowhere"}),
        ),
        (
            PROTOBUF,
            "protobuf",
            "struct(Person)v1{name: string?<protobuf.Tag=1>, age: int32?<protobuf.Tag=2>}",
            "struct(Person)v2{name: string?<protobuf.Tag=1>, age: int64?<protobuf.Tag=2>, city: string?<protobuf.Tag=3>}",
            json!({"name": "Ada", "age": 36, "city": ""}),
        ),
    ];
    for (converter, format, first, second, as_newest) in cases {
        let topic = ctx.kafka().new_topic(&format!("evolving-{format}"), 1);
        produce(ctx, "evolving", &topic, &[format]);
        let read = |more: &Value| {
            let mut entries = json!({"value.converter": converter});
            for (key, value) in more.as_object().unwrap() {
                entries[format!("value.converter.{key}")] = value.clone();
            }
            let read = preview(ctx, &topic, &entries);
            let seen = read.iter().map(|record| {
                let value = &record["ok"]["value"];
                let version = record["schemas"]["value"]["version"].as_i64();
                (version, schema(&value["schema"]), value["payload"].clone())
            });
            seen.collect::<Vec<_>>()
        };
        let old = |name: &str| (Some(1), first.to_owned(), json!({"name": name, "age": 36}));
        let newer = json!({"name": "Alan", "age": 5_000_000_000_i64, "city": "Wilmslow"});
        let newer = (Some(2), second.to_owned(), newer);
        assert_eq!(
            read(&json!({})),
            [old("Ada"), newer.clone(), old("Ada")],
            "{format}"
        );
        let raised = (Some(1), second.to_owned(), as_newest);
        let newest = read(&json!({"use.latest.version": "true"}));
        assert_eq!(newest, [raised.clone(), newer, raised], "{format}");
    }
}

fn ids_in_headers_are_read_and_shown(ctx: &'static Ctx) {
    let registry = FakeRegistry::start();
    let topic = ctx.kafka().new_topic("in-headers", 1);
    produce_to(ctx, &registry.url, "in_headers", &topic, &[]);
    let before = registry.asked().len();
    for (number, converter, format) in [
        (0, AVRO, "AVRO"),
        (1, PROTOBUF, "PROTOBUF"),
        (2, JSON_SCHEMA, "JSON"),
    ] {
        let run = |form: &[&str]| preview_of(ctx, &registry, &topic, converter, number, form);
        let output = run(&["--json"]);
        let line: Value = serde_json::from_slice(&output.stdout).expect("a record");
        assert_eq!(line["ok"]["value"]["payload"], json!({"n": 7}), "{line}");
        let guid = format!("7d3a1f00-0000-4000-8000-{:012x}", number + 1);
        // All three stand in the topic's subject.
        let used = json!({"format": format, "guid": guid, "subject": format!("{topic}-value"), "version": number + 1});
        assert_eq!(line["schemas"], json!({"value": used}));
        let readable = run(&[]);
        let text = String::from_utf8_lossy(&readable.stdout).into_owned();
        let told = format!(
            "  schema value {format} guid {guid}, version {} of {topic}-value\n",
            number + 1
        );
        assert!(text.contains(&told), "{text}");
    }
    let asked: Vec<String> = registry.asked()[before..]
        .iter()
        .map(|a| a.line.clone())
        .collect();
    assert!(
        asked.iter().all(|line| !line.contains("/versions")),
        "nothing is registered: {asked:?}"
    );

    registry.set(Mode::Answers(503, &[], ""));
    let output = preview_of(ctx, &registry, &topic, AVRO, 0, &[]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("answered 503"), "{said}");
}

/// One record of a topic.
fn preview_of(
    ctx: &Ctx,
    registry: &FakeRegistry,
    topic: &str,
    converter: &str,
    offset: i64,
    form: &[&str],
) -> Output {
    let file = scratch::dir("preview").join("connector.json");
    let config = json!({
        "name": topic, "connector.class": "FileStreamSink", "topics": topic,
        "key.converter": STRING,
        "value.converter": converter,
        "value.converter.schema.registry.url": registry.url,
        // Headers are not looked at otherwise.
        "header.converter": "org.apache.kafka.connect.converters.ByteArrayConverter",
    });
    fs::write(&file, config.to_string()).unwrap();
    Command::new(env!("CARGO_BIN_EXE_turnbuckle"))
        .arg("preview")
        .arg(&file)
        .args([
            "--topic",
            topic,
            "--partition",
            "0",
            "--max",
            "1",
            "--offset",
            &offset.to_string(),
        ])
        .arg("--override")
        .arg(format!("bootstrap.servers={}", ctx.kafka().bootstrap()))
        .args(form)
        .output()
        .unwrap()
}
