//! What recordings of single events cannot show: one transformation sees events of several shapes.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use connect_api::config::{Config, ConfigReader};
use connect_api::data::{SchemaBuilder, SchemaRef, Struct, Type, Value, optional, required};
use connect_api::plugin::Plugin;
use connect_api::transform::Transformation;
use connect_api::{SinkRecord, TopicPartition};
use connect_transforms::debezium::extract_new_record_state::PLUGIN;

fn made(config: &[(&'static str, &'static str)]) -> Box<dyn Transformation> {
    let config: Config = config.iter().copied().collect();
    let Plugin::Transformation(new) = PLUGIN.plugin else {
        panic!("no transformation")
    };
    new(&ConfigReader::new(&config)).unwrap()
}

fn row() -> SchemaRef {
    let row = SchemaBuilder::structure().name("t.Value").optional(true);
    row.field("id", required(Type::Int64)).build().unwrap()
}

/// An insert whose source has one field.
fn insert(field: &str, id: i64) -> SinkRecord {
    let source = SchemaBuilder::structure().field(field, required(Type::String));
    let source = source.build().unwrap();
    let event = SchemaBuilder::structure().name("t.Envelope");
    let event = event.field("before", row()).field("after", row());
    let event = event
        .field("source", source.clone())
        .field("op", required(Type::String));
    let event = event.build().unwrap();
    let row = Struct::from_values(row(), vec![Value::Int64(id)]);
    let source = Struct::from_values(source, vec![Value::string(field.to_uppercase())]);
    let values = vec![
        Value::Null,
        Value::Struct(row),
        Value::Struct(source),
        Value::string("c"),
    ];
    let mut record = SinkRecord::new(Arc::new(TopicPartition::new("t", 0)), 1);
    record.value_schema = Some(event.clone());
    record.value = Value::Struct(Struct::from_values(event, values));
    record
}

fn fields(record: &SinkRecord) -> Vec<(String, Value)> {
    let Value::Struct(row) = &record.value else {
        panic!("{record:?}")
    };
    assert_eq!(record.value_schema.as_ref(), Some(row.schema()));
    let fields = row.schema().fields().iter().zip(row.values());
    fields
        .map(|(field, value)| (field.name.to_string(), value.clone()))
        .collect()
}

#[test]
fn rows_of_equal_schema_get_what_their_own_event_has() {
    let mut unwrap = made(&[("add.fields", "lsn,gtid")]);
    for (source, id) in [("lsn", 1), ("gtid", 2), ("lsn", 3), ("other", 4)] {
        let row = unwrap.apply(insert(source, id)).unwrap().unwrap();
        let mut wanted = vec![("id".to_owned(), Value::Int64(id))];
        if source != "other" {
            let value = Value::string(source.to_uppercase());
            wanted.push((format!("__{source}"), value));
        }
        assert_eq!(fields(&row), wanted);
    }
}

#[test]
fn rows_of_one_topic_share_their_schema() {
    let mut unwrap = made(&[("add.fields", "lsn")]);
    let first = unwrap.apply(insert("lsn", 1)).unwrap().unwrap();
    let second = unwrap.apply(insert("lsn", 2)).unwrap().unwrap();
    let (first, second) = (first.value_schema.unwrap(), second.value_schema.unwrap());
    assert!(Arc::ptr_eq(&first, &second));
}

#[test]
fn each_record_loses_the_fields_that_its_own_header_names() {
    let mut unwrap = made(&[
        ("drop.fields.header.name", "unchanged"),
        ("drop.fields.keep.schema.compatible", "false"),
        ("add.fields", "op,lsn"),
    ]);
    let names = |names: &[&'static str]| names.iter().copied().map(Value::from).collect::<Vec<_>>();
    for n in 0..40 {
        let drop: &[&str] = [&["__op"][..], &["__lsn"], &["__lsn", "__op"], &[]][n % 4];
        let mut record = insert("lsn", 1);
        let list = SchemaBuilder::array(optional(Type::String))
            .build()
            .unwrap();
        let value = Value::Array(names(drop));
        record.headers.push("unchanged", Some(list), value);
        let row = unwrap.apply(record).unwrap().unwrap();
        let left: Vec<String> = fields(&row).into_iter().map(|(name, _)| name).collect();
        let kept = ["id", "__op", "__lsn"].into_iter();
        let kept: Vec<&str> = kept.filter(|name| !drop.contains(name)).collect();
        assert_eq!(left, kept);
    }
}
