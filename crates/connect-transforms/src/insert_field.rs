//! `InsertField`: fields with the record's topic, partition, offset, timestamp or a fixed text.

use std::sync::Arc;

use bytestring::ByteString;
use connect_api::config::{ConfigDef, ConfigErrors, ConfigReader, Importance, Key, invalid_value};
use connect_api::data::{
    Schema, SchemaRef, Struct, Type, Value, optional, required, timestamp_schema,
};
use connect_api::plugin::PluginDescriptor;
use connect_api::transform::Transformation;
use connect_api::{ConnectError, SinkRecord};

use crate::descriptor::transformation;
use crate::keys::REPLACE_NULL_WITH_DEFAULT;
use crate::requirements::{require_map, require_struct};
use crate::schema_cache::SchemaCache;
use crate::side::Side;
use crate::structs::{Nulls, fields_of, struct_like};
use crate::topic_memo::TopicMemo;

pub const KEY: PluginDescriptor = transformation(
    "org.apache.kafka.connect.transforms.InsertField$Key",
    config_def,
    |config| Ok(Box::new(InsertField::new(config, Side::Key)?)),
);
pub const VALUE: PluginDescriptor = transformation(
    "org.apache.kafka.connect.transforms.InsertField$Value",
    config_def,
    |config| Ok(Box::new(InsertField::new(config, Side::Value)?)),
);

const PURPOSE: &str = "field insertion";

const TOPIC_FIELD: Key<Option<String>> = Key::optional(
    "topic.field",
    Importance::Medium,
    "Field for the topic. A name may end in `!` for a required field or in `?` for an optional one, which is the default.",
);
const PARTITION_FIELD: Key<Option<String>> = Key::optional(
    "partition.field",
    Importance::Medium,
    "Field for the Kafka partition; suffixes as for the topic.",
);
const OFFSET_FIELD: Key<Option<String>> = Key::optional(
    "offset.field",
    Importance::Medium,
    "Field for the offset; suffixes as for the topic.",
);
const TIMESTAMP_FIELD: Key<Option<String>> = Key::optional(
    "timestamp.field",
    Importance::Medium,
    "Field for the record's timestamp; suffixes as for the topic.",
);
const STATIC_FIELD: Key<Option<String>> = Key::optional(
    "static.field",
    Importance::Medium,
    "Field for `static.value`; suffixes as for the topic.",
);
const STATIC_VALUE: Key<Option<String>> = Key::optional(
    "static.value",
    Importance::Medium,
    "The text of `static.field`.",
);

pub fn config_def() -> ConfigDef {
    ConfigDef::new()
        .define(&TOPIC_FIELD)
        .define(&PARTITION_FIELD)
        .define(&OFFSET_FIELD)
        .define(&TIMESTAMP_FIELD)
        .define(&STATIC_FIELD)
        .define(&STATIC_VALUE)
        .define(&REPLACE_NULL_WITH_DEFAULT)
}

/// What a new field holds.
#[derive(Clone, Debug, PartialEq)]
enum Source {
    Topic,
    Partition,
    Offset,
    Timestamp,
    Static(ByteString),
}

/// A field to be inserted.
struct Insertion {
    name: ByteString,
    optional: bool,
    source: Source,
}

impl Insertion {
    fn parse(name: &str, source: Source) -> Self {
        let (name, optional) = match (name.strip_suffix('?'), name.strip_suffix('!')) {
            (Some(name), _) => (name, true),
            (None, Some(name)) => (name, false),
            (None, None) => (name, true),
        };
        Self {
            name: name.into(),
            optional,
            source,
        }
    }

    fn schema(&self) -> Result<SchemaRef, ConnectError> {
        let type_ = match self.source {
            Source::Timestamp => return timestamp_schema(self.optional),
            Source::Topic | Source::Static(_) => Type::String,
            Source::Partition => Type::Int32,
            Source::Offset => Type::Int64,
        };
        Ok(match self.optional {
            true => optional(type_),
            false => required(type_),
        })
    }

    /// The value; none if the record has none.
    fn value(&self, record: &SinkRecord, topics: &mut TopicMemo<ByteString>) -> Option<Value> {
        match &self.source {
            Source::Topic => {
                let text = |topic: &Arc<str>| Ok::<_, ()>(ByteString::from(&**topic));
                topics
                    .get_or_try(&record.topic, text)
                    .ok()
                    .map(Value::String)
            }
            Source::Partition => record.partition.map(Value::Int32),
            Source::Offset => Some(Value::Int64(record.offset())),
            Source::Timestamp => record.timestamp.map(Value::Int64),
            Source::Static(text) => Some(Value::String(text.clone())),
        }
    }
}

/// `org.apache.kafka.connect.transforms.InsertField`
pub(crate) struct InsertField {
    side: Side,
    insertions: Vec<Insertion>,
    nulls: Nulls,
    schemas: SchemaCache<SchemaRef>,
    /// Names as values, so that records of a topic share one.
    topics: TopicMemo<ByteString>,
}

impl InsertField {
    pub(crate) fn new(config: &ConfigReader<'_>, side: Side) -> Result<Self, ConfigErrors> {
        // What is read wrong counts before what does not go together.
        let nulls = Nulls::configured(config);
        let mut insertions = Vec::new();
        for (key, source) in [
            (&TOPIC_FIELD, Source::Topic),
            (&PARTITION_FIELD, Source::Partition),
            (&OFFSET_FIELD, Source::Offset),
            (&TIMESTAMP_FIELD, Source::Timestamp),
        ] {
            if let Some(name) = config.get(key) {
                insertions.push(Insertion::parse(&name, source));
            }
        }
        match (config.get(&STATIC_FIELD), config.get(&STATIC_VALUE)) {
            (Some(name), Some(text)) => {
                insertions.push(Insertion::parse(&name, Source::Static(text.into())));
            }
            (Some(name), None) => {
                let why = format!("No value specified for static field: {name}");
                let message = invalid_value(STATIC_VALUE.name(), "null", &why);
                config.error(STATIC_VALUE.name(), message);
            }
            (None, _) if insertions.is_empty() => {
                config.error(TOPIC_FIELD.name(), "No field insertion configured");
            }
            (None, _) => {}
        }
        config.finish(Self {
            side,
            insertions,
            nulls,
            schemas: SchemaCache::new(),
            topics: TopicMemo::new(),
        })
    }
}

fn with_insertions(schema: &Schema, insertions: &[Insertion]) -> Result<SchemaRef, ConnectError> {
    let mut builder = struct_like(schema);
    for field in fields_of(schema)? {
        builder = builder.field(field.name.clone(), field.schema.clone());
    }
    for insertion in insertions {
        builder = builder.field(insertion.name.clone(), insertion.schema()?);
    }
    builder.build()
}

impl InsertField {
    /// The record with its new fields.
    ///
    /// # Errors
    /// The value is neither struct nor map, or a field must not be null.
    pub(crate) fn insert(&mut self, mut record: SinkRecord) -> Result<SinkRecord, ConnectError> {
        if self.side.value(&record).is_null() {
            return Ok(record);
        }
        let value = self.side.take(&mut record);
        if self.side.schema(&record).is_none() {
            let mut map = require_map(value, PURPOSE)?;
            for insertion in &self.insertions {
                if let Some(value) = insertion.value(&record, &mut self.topics) {
                    map.insert_str(insertion.name.clone(), value);
                }
            }
            self.side.set(&mut record, None, Value::Map(map));
            return Ok(record);
        }
        let value = require_struct(value, PURPOSE)?;
        let schema = self.schemas.get_or_make(value.schema(), |schema| {
            with_insertions(schema, &self.insertions)
        })?;
        let mut values = value.into_values();
        values.reserve_exact(self.insertions.len());
        for (field, value) in schema.fields().iter().zip(&mut values) {
            self.nulls.settle(field, value)?;
        }
        for insertion in &self.insertions {
            let value = insertion
                .value(&record, &mut self.topics)
                .unwrap_or_default();
            values.push(match (&insertion.source, value) {
                (Source::Timestamp, Value::Int64(millis)) => Value::Timestamp(millis),
                (_, value) => value,
            });
        }
        let value = Struct::from_values(schema.clone(), values);
        let schema = Some(schema.clone());
        self.side.set(&mut record, schema, Value::Struct(value));
        Ok(record)
    }
}

impl Transformation for InsertField {
    fn apply(&mut self, record: SinkRecord) -> Result<Option<SinkRecord>, ConnectError> {
        self.insert(record).map(Some)
    }
}
