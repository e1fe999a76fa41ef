//! `ValueToKey`: the key is made of fields of the value.

use std::sync::Arc;

use bytestring::ByteString;
use connect_api::config::{Check, ConfigDef, ConfigErrors, ConfigReader, Importance, Key};
use connect_api::data::{Map, Schema, SchemaBuilder, SchemaRef, Struct, Value};
use connect_api::plugin::PluginDescriptor;
use connect_api::transform::Transformation;
use connect_api::{ConnectError, SinkRecord};

use crate::descriptor::transformation;
use crate::keys::REPLACE_NULL_WITH_DEFAULT;
use crate::requirements::{not_a_map, require_struct};
use crate::schema_cache::SchemaCache;
use crate::structs::Nulls;

pub const PLUGIN: PluginDescriptor = transformation(
    "org.apache.kafka.connect.transforms.ValueToKey",
    config_def,
    |config| Ok(Box::new(ValueToKey::new(config)?)),
);

const PURPOSE: &str = "copying fields from value to key";

const FIELDS: Key<Vec<String>> = Key::required(
    "fields",
    Importance::High,
    "Fields of the value that become the key.",
)
.check(Check::DistinctList {
    may_be_empty: false,
});

pub fn config_def() -> ConfigDef {
    ConfigDef::new()
        .define(&FIELDS)
        .define(&REPLACE_NULL_WITH_DEFAULT)
}

/// `org.apache.kafka.connect.transforms.ValueToKey`
struct ValueToKey {
    fields: Vec<ByteString>,
    nulls: Nulls,
    plans: SchemaCache<Plan>,
}

/// The key's schema, and where its fields stand in the value.
struct Plan {
    schema: SchemaRef,
    sources: Arc<[usize]>,
}

impl ValueToKey {
    fn new(config: &ConfigReader<'_>) -> Result<Self, ConfigErrors> {
        let fields = config.get(&FIELDS).into_iter().map(ByteString::from);
        config.finish(Self {
            fields: fields.collect(),
            nulls: Nulls::configured(config),
            plans: SchemaCache::new(),
        })
    }
}

fn plan(schema: &Schema, fields: &[ByteString]) -> Result<Plan, ConnectError> {
    let mut builder = SchemaBuilder::structure();
    let mut sources = Vec::with_capacity(fields.len());
    for name in fields {
        let Some(field) = schema.field(name) else {
            return Err(ConnectError::data(format!("Field does not exist: {name}")));
        };
        builder = builder.field(name.clone(), field.schema.clone());
        sources.push(field.index);
    }
    Ok(Plan {
        schema: builder.build()?,
        sources: sources.into(),
    })
}

impl Transformation for ValueToKey {
    fn apply(&mut self, mut record: SinkRecord) -> Result<Option<SinkRecord>, ConnectError> {
        if record.value_schema.is_none() {
            let Value::Map(value) = &record.value else {
                return Err(not_a_map(&record.value, PURPOSE));
            };
            let entries = self.fields.iter().map(|name| {
                let value = value.get(name).cloned().unwrap_or_default();
                (Value::String(name.clone()), value)
            });
            record.key = Value::Map(entries.collect::<Map>());
            record.key_schema = None;
            return Ok(Some(record));
        }
        let Value::Struct(value) = &record.value else {
            let other = std::mem::take(&mut record.value);
            return Err(match require_struct(other, PURPOSE) {
                Err(error) => error,
                Ok(_) => ConnectError::data(PURPOSE),
            });
        };
        let plan = self
            .plans
            .get_or_make(value.schema(), |schema| plan(schema, &self.fields))?;
        let mut key = Vec::with_capacity(plan.sources.len());
        for (field, &source) in plan.schema.fields().iter().zip(&*plan.sources) {
            key.push(self.nulls.carry(field, value.values()[source].clone())?);
        }
        let schema = plan.schema.clone();
        record.key = Value::Struct(Struct::from_values(schema.clone(), key));
        record.key_schema = Some(schema);
        Ok(Some(record))
    }
}
