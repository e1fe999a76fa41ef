//! `ExtractField`: one field becomes the whole key or value.

use connect_api::config::{ConfigDef, ConfigErrors, ConfigReader, Importance, Key};
use connect_api::data::Value;
use connect_api::error::exception;
use connect_api::plugin::PluginDescriptor;
use connect_api::transform::Transformation;
use connect_api::{ConnectError, SinkRecord};

use crate::descriptor::transformation;
use crate::field_path::FieldPath;
use crate::keys::{FIELD_SYNTAX_VERSION, REPLACE_NULL_WITH_DEFAULT};
use crate::requirements::{require_map, require_struct};
use crate::side::Side;
use crate::structs::Nulls;

pub const KEY: PluginDescriptor = transformation(
    "org.apache.kafka.connect.transforms.ExtractField$Key",
    config_def,
    |config| Ok(Box::new(ExtractField::new(config, Side::Key)?)),
);
pub const VALUE: PluginDescriptor = transformation(
    "org.apache.kafka.connect.transforms.ExtractField$Value",
    config_def,
    |config| Ok(Box::new(ExtractField::new(config, Side::Value)?)),
);

const PURPOSE: &str = "field extraction";

const FIELD: Key<String> = Key::required(
    "field",
    Importance::Medium,
    "The field, or with `field.syntax.version=V2` the path to it.",
);

pub fn config_def() -> ConfigDef {
    ConfigDef::new()
        .define(&FIELD)
        .define(&REPLACE_NULL_WITH_DEFAULT)
        .define(&FIELD_SYNTAX_VERSION)
}

/// `org.apache.kafka.connect.transforms.ExtractField`
struct ExtractField {
    side: Side,
    path: FieldPath,
    nulls: Nulls,
}

impl ExtractField {
    fn new(config: &ConfigReader<'_>, side: Side) -> Result<Self, ConfigErrors> {
        let field = config.get(&FIELD);
        let nulls = Nulls::configured(config);
        let version = config.get(&FIELD_SYNTAX_VERSION);
        let path = FieldPath::parse(&field, &version).unwrap_or_else(|message| {
            config.error(FIELD.name(), message);
            FieldPath::default()
        });
        config.finish(Self { side, path, nulls })
    }
}

impl Transformation for ExtractField {
    fn apply(&mut self, mut record: SinkRecord) -> Result<Option<SinkRecord>, ConnectError> {
        let value = self.side.take(&mut record);
        let Some(schema) = self.side.schema(&record) else {
            let extracted = match value {
                Value::Null => Value::Null,
                value => self.path.take_from_map(require_map(value, PURPOSE)?)?,
            };
            self.side.set(&mut record, None, extracted);
            return Ok(Some(record));
        };
        let value = match value {
            Value::Null => None,
            value => Some(require_struct(value, PURPOSE)?),
        };
        let Some(field_schema) = self.path.schema_in(schema)?.cloned() else {
            return Err(ConnectError::record(
                exception::ILLEGAL_ARGUMENT,
                format!("Unknown field: {}", self.path.text()),
            ));
        };
        let extracted = match value {
            Some(value) => self.path.take_from_struct(value, self.nulls)?,
            None => Value::Null,
        };
        self.side.set(&mut record, Some(field_schema), extracted);
        Ok(Some(record))
    }
}
