//! Transformations of records whose schema contains itself.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use connect_api::config::{Config, ConfigReader};
use connect_api::data::{RecursiveStruct, SchemaBuilder, SchemaRef, Struct, Type, Value, required};
use connect_api::plugin::Plugin;
use connect_api::{ConnectError, SinkRecord, TopicPartition};
use connect_transforms::PLUGINS;

/// A list of two: each node has a value, and a node or nothing behind it.
fn list() -> SinkRecord {
    let node = RecursiveStruct::new();
    let next = node
        .reference()
        .name("Node")
        .optional(true)
        .build()
        .unwrap();
    let nodes = SchemaBuilder::array(node.reference().build().unwrap());
    let builder = SchemaBuilder::structure()
        .name("Node")
        .field("value", required(Type::Int32))
        .field("next", next.clone())
        .field("nodes", nodes.build().unwrap());
    let schema = node.complete(builder).unwrap();
    let of = |schema: &SchemaRef, value, next| {
        let values = vec![Value::Int32(value), next, Value::Array(Vec::new())];
        Value::Struct(Struct::from_values(schema.clone(), values))
    };
    let origin = TopicPartition::new("t", 0);
    let mut record = SinkRecord::new(Arc::new(origin), 0);
    record.value = of(&schema, 1, of(&next, 2, Value::Null));
    record.value_schema = Some(schema);
    record
}

fn apply(class: &str, entries: &[(&str, &str)]) -> Result<SinkRecord, ConnectError> {
    let name = format!("org.apache.kafka.connect.transforms.{class}$Value");
    let plugin = PLUGINS.iter().find(|plugin| plugin.class == name).unwrap();
    let Plugin::Transformation(new) = plugin.plugin else {
        panic!("{class} is no transformation");
    };
    let config = Config::from_iter(entries.iter().copied());
    let mut transformation = new(&ConfigReader::new(&config)).unwrap();
    let record = transformation.apply(list())?;
    Ok(record.unwrap())
}

#[test]
fn what_changes_the_first_level_leaves_the_nested_ones() {
    for (class, entries) in [
        ("SetSchemaMetadata", ("schema.name", "Other")),
        ("Cast", ("spec", "value:string")),
        ("ReplaceField", ("renames", "value:number")),
        ("InsertField", ("topic.field", "topic")),
        ("HoistField", ("field", "list")),
    ] {
        let record = apply(class, &[entries]).unwrap();
        let schema = record.value_schema.unwrap();
        let value = record.value.as_struct().unwrap();
        assert_eq!(value.schema(), &schema, "{class}");
        value.validate().unwrap();
        let inner = if class == "HoistField" {
            schema.field("list").unwrap().schema.clone()
        } else {
            schema
        };
        let next = &inner.field("next").unwrap().schema;
        assert_eq!(next.name(), Some("Node"), "{class}");
        assert_eq!(next.fields()[0].name, "value", "{class}");
    }
}

#[test]
fn flatten_refuses_a_struct_inside_itself_by_name() {
    let error = apply("Flatten", &[]).unwrap_err();
    assert_eq!(
        error.message(),
        Some(
            "Flatten transformation does not support recursive schemas, and Schema{Node:STRUCT} contains itself (in field next)."
        )
    );
}

/// Flatten leaves arrays as they are, whatever is in them.
#[test]
fn flatten_takes_a_struct_that_contains_itself_in_an_array() {
    let record = apply("ReplaceField", &[("exclude", "next")]).unwrap();
    assert!(
        record
            .value_schema
            .as_ref()
            .unwrap()
            .recursive_part()
            .is_some()
    );
    let name = "org.apache.kafka.connect.transforms.Flatten$Value";
    let plugin = PLUGINS.iter().find(|plugin| plugin.class == name).unwrap();
    let Plugin::Transformation(new) = plugin.plugin else {
        panic!("no transformation");
    };
    let config = Config::from_iter([("delimiter", "_")]);
    let mut flatten = new(&ConfigReader::new(&config)).unwrap();
    assert_eq!(
        flatten.apply(record.clone()).unwrap().unwrap().value,
        record.value
    );
}
