//! `HoistField`: the whole key or value becomes the only field of a struct or map.

use bytestring::ByteString;
use connect_api::config::{ConfigDef, ConfigErrors, ConfigReader, Importance, Key};
use connect_api::data::{Map, SchemaBuilder, SchemaRef, Struct, Value};
use connect_api::plugin::PluginDescriptor;
use connect_api::transform::Transformation;
use connect_api::{ConnectError, SinkRecord};

use crate::descriptor::transformation;
use crate::schema_cache::SchemaCache;
use crate::side::Side;
use crate::structs::put;

pub const KEY: PluginDescriptor = transformation(
    "org.apache.kafka.connect.transforms.HoistField$Key",
    config_def,
    |config| Ok(Box::new(HoistField::new(config, Side::Key)?)),
);
pub const VALUE: PluginDescriptor = transformation(
    "org.apache.kafka.connect.transforms.HoistField$Value",
    config_def,
    |config| Ok(Box::new(HoistField::new(config, Side::Value)?)),
);

const FIELD: Key<String> = Key::required(
    "field",
    Importance::Medium,
    "Name of the field that the key or value becomes.",
);

pub fn config_def() -> ConfigDef {
    ConfigDef::new().define(&FIELD)
}

/// `org.apache.kafka.connect.transforms.HoistField`
struct HoistField {
    side: Side,
    field: ByteString,
    schemas: SchemaCache<SchemaRef>,
}

impl HoistField {
    fn new(config: &ConfigReader<'_>, side: Side) -> Result<Self, ConfigErrors> {
        let field = config.get(&FIELD).into();
        config.finish(Self {
            side,
            field,
            schemas: SchemaCache::new(),
        })
    }
}

impl Transformation for HoistField {
    fn apply(&mut self, mut record: SinkRecord) -> Result<Option<SinkRecord>, ConnectError> {
        let value = self.side.take(&mut record);
        let Some(schema) = self.side.schema(&record) else {
            let hoisted = Map::from_entries(vec![(Value::String(self.field.clone()), value)]);
            self.side.set(&mut record, None, Value::Map(hoisted));
            return Ok(Some(record));
        };
        let hoisted = self.schemas.get_or_make(schema, |schema| {
            SchemaBuilder::structure()
                .field(self.field.clone(), schema.clone())
                .build()
        })?;
        put(&hoisted.fields()[0], &value)?;
        let value = Struct::from_values(hoisted.clone(), vec![value]);
        let schema = Some(hoisted.clone());
        self.side.set(&mut record, schema, Value::Struct(value));
        Ok(Some(record))
    }
}
