//! Any text as a schema of Avro, Protobuf and JSON Schema, and any bytes as a payload of schemas that have everything. What
//! Avro reads is written, and reads the same then.
#![no_main]

use std::sync::Arc;

use bytes::Bytes;
use connect_api::config::{Config, ConfigReader};
use connect_api::convert::ConverterType;
use connect_registry::avro::Avro;
use connect_registry::format::{Format, SchemaText};
use connect_registry::json_schema::JsonSchema;
use connect_registry::protobuf::Protobuf;
use libfuzzer_sys::fuzz_target;

const AVRO: &str = r#"{"type":"record","name":"R","fields":[
    {"name":"b","type":"boolean"},{"name":"i","type":"int"},{"name":"l","type":["null","long"]},
    {"name":"f","type":"float"},{"name":"d","type":"double"},{"name":"s","type":"string"},
    {"name":"y","type":"bytes"},{"name":"x","type":{"type":"fixed","name":"F","size":3}},
    {"name":"e","type":{"type":"enum","name":"E","symbols":["A","B"]}},
    {"name":"a","type":{"type":"array","items":"string"}},{"name":"m","type":{"type":"map","values":"R"}},
    {"name":"u","type":["null","R","int",{"type":"array","items":{"type":"record","name":"N","fields":[]}}]},
    {"name":"t","type":{"type":"int","logicalType":"time-millis"}},
    {"name":"c","type":{"type":"bytes","logicalType":"decimal","precision":9,"scale":2}}]}"#;

const PROTOBUF: &str = r#"syntax = "proto3";
message M {
  int32 i = 1; sint64 z = 2; fixed32 f = 3; double d = 4; string s = 5; bytes y = 6; bool b = 7;
  enum E { A = 0; B = 1; }
  E e = 8; repeated int32 packed = 9; repeated string texts = 10; map<string, M> map = 11; M inner = 12;
  oneof choice { string one = 13; M two = 14; }
  optional uint64 maybe = 15;
}"#;

const JSON: &str = r#"{"type":"object","title":"J","properties":{
    "i":{"type":"integer"},"n":{"type":"number"},"s":{"type":"string"},"b":{"type":"boolean"},
    "a":{"type":"array","items":{"type":"string"}},"o":{"type":"object","properties":{"x":{"type":"integer"}}},
    "u":{"oneOf":[{"type":"null"},{"type":"string"},{"type":"integer"}]},"m":{"type":"object","connect.type":"map",
    "additionalProperties":{"type":"number"}}}}"#;

const SETTINGS: [&[(&str, &str)]; 3] = [
    &[],
    &[("generalized.sum.type.support", "true")],
    &[
        ("enhanced.avro.schema.support", "true"),
        ("flatten.singleton.unions", "false"),
        ("discard.type.doc.default", "true"),
        ("json.fail.invalid.schema", "true"),
    ],
];

fuzz_target!(|data: &[u8]| {
    let [which, settings, rest @ ..] = data else {
        return;
    };
    let settings = SETTINGS[*settings as usize % SETTINGS.len()];
    match which % 6 {
        0 => avro(settings, AVRO, rest),
        1 => payload::<Protobuf>(settings, PROTOBUF, rest),
        2 => payload::<JsonSchema>(settings, JSON, rest),
        3 => text(rest, |text, rest| avro(settings, text, rest)),
        4 => text(rest, |text, rest| payload::<Protobuf>(settings, text, rest)),
        _ => text(rest, |text, rest| {
            payload::<JsonSchema>(settings, text, rest)
        }),
    }
});

/// A schema, and behind a zero byte the payload.
fn text(data: &[u8], with: impl FnOnce(&str, &[u8])) {
    let end = data.iter().position(|&byte| byte == 0);
    let (schema, payload) = data.split_at(end.unwrap_or(data.len()));
    if let Ok(schema) = std::str::from_utf8(schema) {
        with(schema, payload.get(1..).unwrap_or_default());
    }
}

fn format<F: Format>(settings: &[(&str, &str)]) -> F {
    let config = Config::from_iter(settings.iter().copied());
    F::new(&ConfigReader::new(&config), ConverterType::Value)
}

fn parsed<F: Format>(format: &mut F, schema: &str) -> Option<Arc<F::Schema>> {
    let text = SchemaText {
        text: schema.to_owned(),
        references: Vec::new(),
    };
    format.parse(&text, Some(1)).ok().map(Arc::new)
}

fn payload<F: Format>(settings: &[(&str, &str)], schema: &str, payload: &[u8]) {
    let mut format: F = format(settings);
    let Some(schema) = parsed(&mut format, schema) else {
        return;
    };
    let indexes: &[i32] = if F::HAS_INDEXES { &[0] } else { &[] };
    let Ok(read) = format.read(&schema, indexes, Bytes::copy_from_slice(payload)) else {
        return;
    };
    // Not every schema that is read can be written, nor under every setting.
    let _ = format.schema_of(read.schema.as_ref(), &read.value);
    let _ = format.write(&schema, read.schema.as_ref(), &read.value, &mut Vec::new());
}

fn avro(settings: &[(&str, &str)], schema: &str, payload: &[u8]) {
    let mut format: Avro = format(settings);
    let Some(schema) = parsed(&mut format, schema) else {
        return;
    };
    let Ok(read) = format.read(&schema, &[], Bytes::copy_from_slice(payload)) else {
        return;
    };
    let _ = format.schema_of(read.schema.as_ref(), &read.value);
    let mut out = Vec::new();
    if format
        .write(&schema, read.schema.as_ref(), &read.value, &mut out)
        .is_ok()
    {
        let again = format.read(&schema, &[], out.clone().into());
        let again = again.unwrap_or_else(|error| panic!("{out:?}: {error}"));
        assert_eq!(again.value, read.value);
    }
    if let Ok(same) = format.reading_as(&schema, &schema) {
        let again = format.read(&same, &[], Bytes::copy_from_slice(payload));
        assert_eq!(again.ok().map(|again| again.value), Some(read.value));
    }
}
