//! The REST API fuzzed from its own document, `docs/openapi.json`: no crash, no hang, no answer that it does not name.
//!
//! 500 is what Kafka says to a body that is no JSON or of another shape. So it passes where such bodies are sent, and
//! nowhere else: the first run sends only what the document allows.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::support::{Ctx, Engine, Need, Worker, WorkerSpec, python, scratch};

pub fn tests(ctx: &'static Ctx) -> Vec<Trial> {
    vec![ctx.trial(
        &[Need::Kafka],
        "fuzz_rest::the_document_holds_whatever_is_sent",
        the_document_holds_whatever_is_sent,
    )]
}

/// Names that connectors get, so that requests meet some that exist, and not ever more of them run.
const NAMES: [&str; 6] = ["a", "b", "c d", "e?f", "ü", "1"];

fn the_document_holds_whatever_is_sent(ctx: &'static Ctx) {
    let topic = ctx.kafka().new_topic("fuzz", 1);
    let worker = WorkerSpec::new(Engine::Turnbuckle, ctx.kafka()).start();
    let seconds = match std::env::var_os("TURNBUCKLE_LONG") {
        Some(_) => "300",
        None => "25",
    };
    for (mode, failures) in [("positive", Failures::Nowhere), ("all", Failures::OfBodies)] {
        let document = narrowed(&topic, failures);
        fuzz(&worker, &document, mode, seconds);
    }
    worker.rest().get("/health").unwrap().expect(200);
    let log = worker.log();
    assert!(!log.contains("panicked"), "{log}");
    // What is left can be read and taken away.
    let names = worker.rest().get("/connectors").unwrap().expect(200).json();
    for name in names.as_array().unwrap() {
        let path = format!("/connectors/{}", encoded(name.as_str().unwrap()));
        worker.rest().get(&path).unwrap().expect(200);
        worker.rest().delete(&path).unwrap().expect(204);
    }
    let status = worker.stop(Duration::from_secs(30));
    assert_eq!(status.code(), Some(0), "{}", worker.log());
}

fn fuzz(worker: &Worker, document: &Path, mode: &str, seconds: &str) {
    let (folder, base) = (document.parent().unwrap(), worker.base());
    let document = document.to_string_lossy();
    let args = [
        "run",
        &*document,
        "--url",
        &base,
        "--mode",
        mode,
        "--max-time",
        seconds,
        "--request-timeout",
        "40",
        "--seed",
        "1",
        "--checks",
        "status_code_conformance,response_schema_conformance",
        "--suppress-health-check",
        "all",
        "--generation-database",
        "none",
        "--no-color",
    ];
    let output = python::tool(&python::FUZZER, "schemathesis", &args, folder).expect("the fuzzer");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(
        output.status.success(),
        "{mode}: {said}\n{}",
        worker.process().log_tail()
    );
    assert!(said.contains("Test cases:"), "{said}");
}

/// Where an answer 500 may come from.
#[derive(Clone, Copy, PartialEq)]
enum Failures {
    Nowhere,
    /// From requests with a body, which may be malformed.
    OfBodies,
}

/// The document for one worker: few names, and configurations that mostly work and write to the worker's folder.
fn narrowed(topic: &str, failures: Failures) -> PathBuf {
    let text = include_str!("../../docs/openapi.json");
    let mut document: Value = serde_json::from_str(text).unwrap();
    let parts = &mut document["components"];
    parts["parameters"]["name"]["schema"] = json!({"type": "string", "enum": NAMES});
    parts["parameters"]["task"]["schema"] = json!({"type": "integer", "minimum": 0, "maximum": 3});
    parts["parameters"]["plugin"]["schema"] = json!({
        "type": "string",
        "enum": ["FileStreamSink", "org.apache.kafka.connect.json.JsonConverter", "Filter", "none"],
    });
    let schemas = &mut parts["schemas"];
    schemas["CreateConnectorRequest"]["properties"]["name"] =
        json!({"type": "string", "enum": NAMES});
    schemas["Config"] = json!({
        "type": "object",
        "required": ["connector.class", "topics", "file"],
        "properties": {
            "connector.class": {"type": "string", "enum": ["FileStreamSink", "FileStreamSinkConnector"]},
            "topics": {"type": "string", "enum": [topic]},
            "file": {"type": "string", "enum": ["out.txt"]},
            "tasks.max": {"enum": ["1", "2", 1, 2, 0, "x"]},
            "transforms": {"type": "string", "enum": ["", "a", "a,b"]},
            "transforms.a.type": {"type": "string", "enum": ["Filter", "RegexRouter", "x"]},
        },
        "additionalProperties": {"type": ["string", "number", "boolean", "null"], "maxLength": 12},
    });
    for (name, path) in document["paths"].as_object_mut().unwrap() {
        // Kafka itself refuses offsets of topics that are not there, which is a 500 of the JVM's as well.
        if name.ends_with("/offsets") {
            continue;
        }
        for operation in path.as_object_mut().unwrap().values_mut() {
            // Parameters that all methods share stand beside them.
            if operation.is_array() {
                continue;
            }
            if failures == Failures::Nowhere || operation.get("requestBody").is_none() {
                let responses = operation["responses"].as_object_mut().unwrap();
                responses.remove("500");
            }
        }
    }
    let file = scratch::dir("openapi").join("openapi.json");
    fs::write(&file, document.to_string()).unwrap();
    file
}

fn encoded(name: &str) -> String {
    name.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
