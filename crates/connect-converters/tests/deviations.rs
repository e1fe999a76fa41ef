//! What the converters do in another way than the JVM's, on purpose: each test is named in `docs/deviations.md`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use bytes::Bytes;
use connect_api::ConnectError;
use connect_api::config::{Config, ConfigReader};
use connect_api::convert::{Converter, ConverterType};
use connect_api::data::Value;
use connect_api::data::values::{java_text, parse_string};
use connect_api::plugin::Plugin;
use connect_converters::PLUGINS;

fn converter(class: &str, entries: &[(&str, &str)]) -> Box<dyn Converter> {
    let found = PLUGINS.iter().find_map(|plugin| match plugin.plugin {
        Plugin::Converter(new) if plugin.class.ends_with(class) => Some(new),
        _ => None,
    });
    let config = Config::from_iter(entries.iter().copied());
    found.unwrap()(&ConfigReader::new(&config), ConverterType::Value).unwrap()
}

fn read(schemas: &str, document: &str) -> Result<Value, ConnectError> {
    let mut json = converter("JsonConverter", &[("schemas.enable", schemas)]);
    let bytes = Bytes::copy_from_slice(document.as_bytes());
    json.to_connect_data("t", Some(bytes))
        .map(|read| read.value)
}

/// The JVM's map has the order `{a, n, ts}` at once.
#[test]
fn schemaless_objects_keep_the_order_of_the_document() {
    let value = read("false", r#"{"ts":1,"n":2,"a":3}"#).unwrap();
    let Value::Map(map) = &value else {
        panic!("{value:?}")
    };
    let keys: Vec<String> = map.iter().map(|(key, _)| java_text(key)).collect();
    assert_eq!(keys, ["ts", "n", "a"]);
    assert_eq!(java_text(&value), "{a=3, n=2, ts=1}");
}

/// Java 17 has `1.23456792E8` and `1.9999999999999998E23`.
#[test]
fn floats_print_the_shortest_digits() {
    assert_eq!(java_text(&Value::Float32(123_456_792.0)), "1.2345679E8");
    assert_eq!(java_text(&Value::Float64(2e23)), "2.0E23");
}

/// In Java the string has the half of a pair.
#[test]
fn lone_surrogates_become_question_marks() {
    assert_eq!(read("false", r#""a\ud83d""#).unwrap(), Value::from("a?"));
}

#[test]
fn what_nests_too_deep_is_refused() {
    let schema = |depth: usize| {
        let open = r#"{"type":"array","items":"#.repeat(depth);
        format!(
            r#"{{"schema":{open}{{"type":"int8"}}{},"payload":null}}"#,
            "}".repeat(depth)
        )
    };
    // Null is refused as well, but by a schema that was read.
    let said = |depth| read("true", &schema(depth)).unwrap_err().to_string();
    assert!(!said(190).contains("nest"), "{}", said(190));
    assert!(said(201).contains("nest"), "{}", said(201));

    let list = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let parsed = |depth| parse_string(&list(depth).into()).value;
    assert!(matches!(parsed(250), Value::Array(_)));
    assert!(matches!(parsed(251), Value::String(_)));
}

/// In Java this byte means nothing in the Thai set; on the Web it is that of Windows.
#[test]
fn rare_bytes_of_asian_encodings_follow_the_webs_standard() {
    let mut text = converter("StringConverter", &[("converter.encoding", "TIS-620")]);
    let read = text.to_connect_data("t", Some(Bytes::from_static(&[0x80])));
    assert_eq!(read.unwrap().value, Value::from("€"));
}

/// The JVM goes by the schema and says that structs should be objects.
#[test]
fn of_several_faults_the_first_in_the_document_is_reported() {
    let inner = r#"{"field":"a","type":"struct","fields":[{"field":"c","type":"int8"}]}"#;
    let decimal = r#"{"field":"b","type":"bytes","name":"org.apache.kafka.connect.data.Decimal","parameters":{"scale":"1"}}"#;
    let document = format!(
        r#"{{"schema":{{"type":"struct","fields":[{inner},{decimal}]}},"payload":{{"b":true,"a":1}}}}"#
    );
    let error = read("true", &document).unwrap_err();
    let said = "Invalid type for Decimal, underlying representation should be numeric or bytes but was BOOLEAN";
    assert_eq!(error.message(), Some(said));
}
