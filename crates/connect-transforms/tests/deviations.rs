//! What the transformations do in another way than the JVM's, on purpose: each test is named in `docs/deviations.md`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use connect_api::config::{Config, ConfigErrors, ConfigReader};
use connect_api::data::{Map, SchemaBuilder, Struct, Type, Value, required};
use connect_api::plugin::Plugin;
use connect_api::transform::Transformation;
use connect_api::{ConnectError, SinkRecord, TopicPartition};
use connect_transforms::PLUGINS;

fn make(class: &str, entries: &[(&str, &str)]) -> Result<Box<dyn Transformation>, ConfigErrors> {
    let name = format!("org.apache.kafka.connect.transforms.{class}$Value");
    let plugin = PLUGINS.iter().find(|plugin| plugin.class == name).unwrap();
    let Plugin::Transformation(new) = plugin.plugin else {
        panic!("{class} is no transformation");
    };
    let config = Config::from_iter(entries.iter().copied());
    new(&ConfigReader::new(&config))
}

fn apply(made: &mut dyn Transformation, value: impl Into<Value>) -> Result<Value, ConnectError> {
    let mut record = SinkRecord::new(Arc::new(TopicPartition::new("t", 0)), 0);
    record.value = value.into();
    Ok(made.apply(record)?.unwrap().value)
}

fn map(members: &[(&str, &str)]) -> Value {
    let members = members.iter();
    let members = members.map(|(name, text)| (Value::from(*name), Value::from(*text)));
    members.collect::<Map>().into()
}

/// Kafka's map has the order `{a, n, ts}` after it.
#[test]
fn schemaless_maps_keep_their_order() {
    let mut made = make("MaskField", &[("fields", "a")]).unwrap();
    let masked = apply(&mut *made, map(&[("ts", "x"), ("n", "y"), ("a", "z")])).unwrap();
    let Value::Map(masked) = masked else {
        panic!("{masked:?}")
    };
    let keys: Vec<&Value> = masked.iter().map(|(key, _)| key).collect();
    assert_eq!(keys, ["ts", "n", "a"].map(Value::from).each_ref());
}

/// Kafka's gives `2023-11-14 10:00 PST`, and all dates behind it in that zone.
#[test]
fn after_the_name_of_a_zone_dates_are_in_utc_again() {
    let entries = [("target.type", "string"), ("format", "yyyy-MM-dd HH:mm z")];
    let mut made = make("TimestampConverter", &entries).unwrap();
    for (value, expected) in [
        (Value::from("2023-11-14 10:00 PST"), "2023-11-14 18:00 UTC"),
        (Value::Timestamp(0), "1970-01-01 00:00 UTC"),
    ] {
        assert_eq!(apply(&mut *made, value).unwrap(), Value::from(expected));
    }
}

/// There they are those of Java's lists and null pointers; the classes are the same.
#[test]
fn what_is_missing_is_said_in_words_of_our_own() {
    let extract = [("field", ""), ("field.syntax.version", "V2")];
    let unix = [("target.type", "unix")];
    let copy = [("fields", "z"), ("headers", "h"), ("operation", "copy")];
    let schema = SchemaBuilder::structure().field("a", required(Type::Int8));
    let schema = schema.build().unwrap();
    let structure = Struct::from_values(schema.clone(), vec![Value::Int8(1)]);
    let index = "java.lang.IllegalArgumentException";
    let null = "java.lang.NullPointerException";
    for (class, entries, value, with_schema, exception, said) in [
        (
            "ExtractField",
            &extract[..],
            map(&[("a", "1")]),
            false,
            index,
            "The field path is empty",
        ),
        (
            "TimestampConverter",
            &unix,
            Value::from("x"),
            false,
            null,
            "format",
        ),
        (
            "HeaderFrom",
            &copy,
            Value::Struct(structure),
            true,
            null,
            "The schema has no field z",
        ),
    ] {
        let mut made = make(class, entries).unwrap();
        let mut record = SinkRecord::new(Arc::new(TopicPartition::new("t", 0)), 0);
        record.value = value;
        record.value_schema = with_schema.then(|| schema.clone());
        let error = made.apply(record).unwrap_err();
        assert_eq!(error.exception(), exception, "{class}");
        let message = error.message().unwrap_or_default();
        assert!(message.contains(said), "{class}: {message}");
    }
}

/// Kafka stops at the first, and tells of a cast of nothing that an index is out of bounds.
#[test]
fn of_several_faults_all_are_named() {
    let errors = |class, entries: &[(&str, &str)]| match make(class, entries) {
        Ok(_) => panic!("{class} was made"),
        Err(errors) => errors.0.into_iter().map(|e| e.key).collect::<Vec<_>>(),
    };
    let entries = [("spec", "a:foo"), ("replace.null.with.default", "no")];
    assert_eq!(
        errors("Cast", &entries),
        ["spec", "replace.null.with.default"]
    );
    assert_eq!(errors("Cast", &[("spec", "a:int8,:")]), ["spec"]);
}
