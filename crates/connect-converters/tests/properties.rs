//! What holds for any input: nothing panics, and what was written is read back.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use bytes::Bytes;
use connect_api::config::{Config, ConfigReader};
use connect_api::convert::{Converter, ConverterType};
use connect_api::data::{
    Decimal, Map, SchemaBuilder, SchemaRef, Struct, Type, Value, date_schema, decimal_schema,
    optional, required, timestamp_schema,
};
use connect_api::plugin::Plugin;
use connect_converters::{PLUGINS, json};
use proptest::prelude::*;

fn converter(settings: &[(&str, &str)]) -> Box<dyn Converter> {
    let config = Config::from_iter(settings.iter().copied());
    match json::CONVERTER.plugin {
        Plugin::Converter(new) => new(&ConfigReader::new(&config), ConverterType::Value).unwrap(),
        _ => panic!("not a converter"),
    }
}

/// JSON without schemas: integers are INT64, other numbers FLOAT64.
fn plain() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Boolean),
        any::<i64>().prop_map(Value::Int64),
        // JSON has one zero.
        any::<f64>()
            .prop_filter("finite", |d| d.is_finite())
            .prop_map(|d| Value::Float64(if d == 0.0 { 0.0 } else { d })),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::Array),
            prop::collection::vec((any::<String>().prop_map(Value::from), inner), 0..8)
                .prop_map(|entries| Value::Map(Map::from_entries(entries))),
        ]
    })
}

fn row_schema() -> SchemaRef {
    SchemaBuilder::structure()
        .name("row \"quoted\" \u{1F600}")
        .field("i8", required(Type::Int8))
        .field("i64", optional(Type::Int64))
        .field("f", required(Type::Float32))
        .field("s", optional(Type::String))
        .field("b", required(Type::Bytes))
        .field("d", decimal_schema(2).build().unwrap())
        .field("day", date_schema(false).unwrap())
        .field("at", timestamp_schema(true).unwrap())
        .field(
            "list",
            SchemaBuilder::array(optional(Type::Int32)).build().unwrap(),
        )
        .field(
            "map",
            SchemaBuilder::map(required(Type::Int16), required(Type::String))
                .build()
                .unwrap(),
        )
        .build()
        .unwrap()
}

fn row() -> impl Strategy<Value = Vec<Value>> {
    (
        any::<i8>(),
        any::<Option<i64>>(),
        any::<f32>().prop_filter("finite", |f| f.is_finite() && *f != 0.0),
        any::<Option<String>>(),
        any::<Vec<u8>>(),
        any::<i128>(),
        -1_000_000i64..1_000_000,
        any::<Option<i64>>(),
        any::<Vec<Option<i32>>>(),
        any::<std::collections::BTreeMap<i16, String>>(),
    )
        .prop_map(|(i8_, i64_, f, s, b, d, day, at, list, map)| {
            vec![
                Value::Int8(i8_),
                i64_.map_or(Value::Null, Value::Int64),
                Value::Float32(f),
                s.map_or(Value::Null, Value::from),
                Value::bytes(b),
                Value::Decimal(Box::new(Decimal::new(d, 2))),
                Value::Timestamp(day * 86_400_000),
                at.map_or(Value::Null, Value::Timestamp),
                Value::Array(
                    list.into_iter()
                        .map(|i| i.map_or(Value::Null, Value::Int32))
                        .collect(),
                ),
                Value::Map(
                    map.into_iter()
                        .map(|(k, v)| (Value::Int16(k), Value::from(v)))
                        .collect(),
                ),
            ]
        })
}

proptest! {
    #[test]
    fn plain_json_reads_back(value in plain()) {
        let mut c = converter(&[("schemas.enable", "false")]);
        let written = c.from_connect_data("t", None, &value).unwrap();
        let read = c.to_connect_data("t", written).unwrap();
        prop_assert_eq!(read.value, value);
    }

    #[test]
    fn envelopes_read_back(values in row(), numeric: bool) {
        let format = if numeric { "NUMERIC" } else { "BASE64" };
        let mut c = converter(&[("decimal.format", format)]);
        let schema = row_schema();
        let value = Value::Struct(Struct::from_values(schema.clone(), values));
        let written = c.from_connect_data("t", Some(&schema), &value).unwrap();
        let read = c.to_connect_data("t", written).unwrap();
        prop_assert_eq!(read.schema, Some(schema));
        prop_assert_eq!(read.value, value);
    }

    #[test]
    fn we_agree_with_serde_json(text in any::<prop::sample::Index>(), json in plain()) {
        // A document, whole or with one byte changed.
        let mut c = converter(&[("schemas.enable", "false")]);
        let written = c.from_connect_data("t", None, &json).unwrap().unwrap_or_default();
        let mut bytes = written.to_vec();
        if !bytes.is_empty() {
            let at = text.index(bytes.len());
            bytes[at] ^= 4;
        }
        let theirs = serde_json::from_slice::<serde_json::Value>(&bytes);
        let ours = c.to_connect_data("t", Some(bytes.into()));
        // What the stricter parser takes, ours must take.
        if theirs.is_ok() {
            prop_assert!(ours.is_ok(), "{:?}", ours);
        }
    }

    #[test]
    fn no_bytes_break_a_converter(bytes: Vec<u8>) {
        any_bytes(bytes.into());
    }

    #[test]
    fn nothing_like_json_breaks_a_converter(text in "[\\[\\]{}:,\"\\\\ 0-9a-flnrstu.+eE-]{0,60}") {
        any_bytes(text.clone().into());
        any_bytes(format!("{{\"schema\":{text},\"payload\":{text}}}").into());
        let schema = r#"{"type":"array","items":{"type":"struct","fields":[{"field":"a","type":"int8"}]}}"#;
        any_bytes(format!("{{\"schema\":{schema},\"payload\":{text}}}").into());
    }
}

fn any_bytes(bytes: Bytes) {
    for schemas in ["true", "false"] {
        let config = Config::from([("schemas.enable", schemas)]);
        for plugin in PLUGINS {
            let reader = ConfigReader::new(&config);
            match plugin.plugin {
                Plugin::Converter(new) => {
                    let mut c = new(&reader, ConverterType::Value).unwrap();
                    let _ = c.to_connect_data("t", Some(bytes.clone()));
                }
                Plugin::HeaderConverter(new) => {
                    let mut c = new(&reader).unwrap();
                    let _ = c.to_connect_header("t", "h", Some(bytes.clone()));
                }
                _ => {}
            }
        }
    }
}

#[test]
fn deep_documents_and_schemas_are_read_or_refused() {
    let mut plain = converter(&[("schemas.enable", "false")]);
    let nested = |n: usize| Some(Bytes::from("[".repeat(n) + &"]".repeat(n)));
    assert!(plain.to_connect_data("t", nested(1000)).is_ok());
    assert!(plain.to_connect_data("t", nested(1001)).is_err());
    assert!(plain.to_connect_data("t", nested(100_000)).is_err());

    let mut envelope = converter(&[]);
    let document = |n: usize| {
        let schema =
            "{\"type\":\"array\",\"items\":".repeat(n) + "{\"type\":\"int8\"}" + &"}".repeat(n);
        let payload = "[".repeat(n) + &"]".repeat(n);
        Some(Bytes::from(format!(
            "{{\"schema\":{schema},\"payload\":{payload}}}"
        )))
    };
    assert!(envelope.to_connect_data("t", document(200)).is_ok());
    assert!(envelope.to_connect_data("t", document(201)).is_err());
    assert!(envelope.to_connect_data("t", document(990)).is_err());
}

#[test]
fn a_recursive_schema_cannot_be_written_and_says_so() {
    let node = connect_api::data::RecursiveStruct::new();
    let next = node.reference().optional(true).build().unwrap();
    let builder = SchemaBuilder::structure().name("Node").field("next", next);
    let schema = node.complete(builder).unwrap();
    let value = Value::Struct(Struct::new(schema.clone()).unwrap());
    let mut json = converter(&[("schemas.enable", "true")]);
    let error = json.from_connect_data("t", Some(&schema), &value);
    assert_eq!(
        error.unwrap_err().message(),
        Some(
            "JSON with a schema in every record does not support recursive schemas, and Schema{STRUCT} contains itself"
        )
    );
    let mut json = converter(&[("schemas.enable", "false")]);
    let written = json.from_connect_data("t", Some(&schema), &value).unwrap();
    assert_eq!(written.unwrap(), "{\"next\":null}");
}
