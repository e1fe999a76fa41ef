//! `SetSchemaMetadata`: another name or version for the schema.

use bytestring::ByteString;
use connect_api::config::{ConfigDef, ConfigErrors, ConfigReader, Importance, Key};
use connect_api::data::{Schema, SchemaBuilder, SchemaRef, Struct, Value};
use connect_api::plugin::PluginDescriptor;
use connect_api::transform::Transformation;
use connect_api::{ConnectError, SinkRecord};

use crate::descriptor::transformation;
use crate::keys::REPLACE_NULL_WITH_DEFAULT;
use crate::schema_cache::SchemaCache;
use crate::side::Side;
use crate::structs::{Nulls, fields_of};

pub const KEY: PluginDescriptor = transformation(
    "org.apache.kafka.connect.transforms.SetSchemaMetadata$Key",
    config_def,
    |config| Ok(Box::new(SetSchemaMetadata::new(config, Side::Key)?)),
);
pub const VALUE: PluginDescriptor = transformation(
    "org.apache.kafka.connect.transforms.SetSchemaMetadata$Value",
    config_def,
    |config| Ok(Box::new(SetSchemaMetadata::new(config, Side::Value)?)),
);

const SCHEMA_NAME: Key<Option<String>> =
    Key::optional("schema.name", Importance::High, "The schema's new name.");
const SCHEMA_VERSION: Key<Option<i32>> = Key::optional(
    "schema.version",
    Importance::High,
    "The schema's new version.",
);

pub fn config_def() -> ConfigDef {
    ConfigDef::new()
        .define(&SCHEMA_NAME)
        .define(&SCHEMA_VERSION)
        .define(&REPLACE_NULL_WITH_DEFAULT)
}

/// `org.apache.kafka.connect.transforms.SetSchemaMetadata`
struct SetSchemaMetadata {
    side: Side,
    name: Option<ByteString>,
    version: Option<i32>,
    nulls: Nulls,
    schemas: SchemaCache<SchemaRef>,
}

impl SetSchemaMetadata {
    fn new(config: &ConfigReader<'_>, side: Side) -> Result<Self, ConfigErrors> {
        let name = config.get(&SCHEMA_NAME).map(ByteString::from);
        let given = config.config().contains(SCHEMA_VERSION.name());
        let version = config.get(&SCHEMA_VERSION);
        // What is read wrong counts before what does not go together.
        let nulls = Nulls::configured(config);
        if name.is_none() && !given {
            config.error(
                SCHEMA_NAME.name(),
                "Neither schema name nor version configured",
            );
        }
        config.finish(Self {
            side,
            name,
            version,
            nulls,
            schemas: SchemaCache::new(),
        })
    }
}

fn renamed(
    schema: &Schema,
    name: Option<&ByteString>,
    version: Option<i32>,
) -> Result<SchemaRef, ConnectError> {
    // Kafka asks any schema for its fields, and only structs have some.
    fields_of(schema)?;
    let mut builder = SchemaBuilder::like(schema);
    if let Some(name) = name {
        builder = builder.name(name.clone());
    }
    if let Some(version) = version {
        builder = builder.version(version);
    }
    builder.build()
}

impl Transformation for SetSchemaMetadata {
    fn apply(&mut self, mut record: SinkRecord) -> Result<Option<SinkRecord>, ConnectError> {
        let Some(schema) = self.side.schema(&record) else {
            if self.side.value(&record).is_null() {
                return Ok(Some(record));
            }
            return Err(ConnectError::data(
                "Schema required for [updating schema metadata]",
            ));
        };
        let schema = self
            .schemas
            .get_or_make(schema, |schema| {
                renamed(schema, self.name.as_ref(), self.version)
            })?
            .clone();
        let value = match self.side.take(&mut record) {
            Value::Struct(value) => Value::Struct(with_schema(value, &schema, self.nulls)?),
            other => other,
        };
        self.side.set(&mut record, Some(schema), value);
        Ok(Some(record))
    }
}

fn with_schema(value: Struct, schema: &SchemaRef, nulls: Nulls) -> Result<Struct, ConnectError> {
    let mut values = value.into_values();
    for (field, value) in schema.fields().iter().zip(&mut values) {
        nulls.settle(field, value)?;
    }
    Ok(Struct::from_values(schema.clone(), values))
}
