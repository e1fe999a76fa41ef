//! `BooleanConverter`: one byte, 0 or 1.

use bytes::Bytes;
use connect_api::ConnectError;
use connect_api::config::{ConfigDef, ConfigErrors, ConfigReader};
use connect_api::data::{SchemaAndValue, SchemaRef, Type, Value, optional};
use connect_api::error::exception;
use connect_api::plugin::{KAFKA_VERSION, Plugin, PluginDescriptor};

use crate::common::{CONVERTER_TYPE, Codec, ForAll, read_converter_type};

const CLASS: &str = "org.apache.kafka.connect.converters.BooleanConverter";

/// As converter of keys and values.
pub const CONVERTER: PluginDescriptor = PluginDescriptor {
    class: CLASS,
    aliases: &[],
    version: KAFKA_VERSION,
    config_def,
    plugin: Plugin::Converter(|config, _| Ok(Box::new(ForAll(BooleanConverter::new(config)?)))),
};

/// As converter of headers.
pub const HEADER_CONVERTER: PluginDescriptor = PluginDescriptor {
    class: CLASS,
    aliases: &[],
    version: KAFKA_VERSION,
    config_def,
    plugin: Plugin::HeaderConverter(|config| Ok(Box::new(ForAll(BooleanConverter::new(config)?)))),
};

/// The keys that the converter understands.
pub fn config_def() -> ConfigDef {
    ConfigDef::new().define(&CONVERTER_TYPE)
}

/// `org.apache.kafka.connect.converters.BooleanConverter`
pub struct BooleanConverter {
    schema: SchemaRef,
}

impl BooleanConverter {
    /// # Errors
    /// If `converter.type` is given and none of Kafka's.
    pub fn new(config: &ConfigReader<'_>) -> Result<Self, ConfigErrors> {
        read_converter_type(config);
        config.finish(Self {
            schema: optional(Type::Boolean),
        })
    }

    fn decode(&self, data: Option<Bytes>) -> Result<SchemaAndValue, ConnectError> {
        let value = match data.as_deref() {
            None => Value::Null,
            Some([0]) => Value::Boolean(false),
            Some([1]) => Value::Boolean(true),
            Some([other]) => {
                let why = format!(
                    "Unexpected byte received by BooleanDeserializer: {}",
                    *other as i8
                );
                return Err(unreadable(&why));
            }
            Some(_) => {
                return Err(unreadable(
                    "Size of data received by BooleanDeserializer is not 1",
                ));
            }
        };
        Ok(SchemaAndValue::new(Some(self.schema.clone()), value))
    }
}

fn unreadable(why: &str) -> ConnectError {
    ConnectError::data("Failed to deserialize boolean: ")
        .caused_by(ConnectError::record(exception::SERIALIZATION, why))
}

fn write(schema: Option<&SchemaRef>, value: &Value) -> Result<Option<Bytes>, ConnectError> {
    if let Some(schema) = schema
        && schema.type_() != Type::Boolean
    {
        return Err(ConnectError::data(format!(
            "Invalid schema type for BooleanConverter: {}",
            schema.type_()
        )));
    }
    match value {
        Value::Null => Ok(None),
        Value::Boolean(false) => Ok(Some(Bytes::from_static(&[0]))),
        Value::Boolean(true) => Ok(Some(Bytes::from_static(&[1]))),
        other => Err(ConnectError::data(format!(
            "BooleanConverter is not compatible with objects of type class {}",
            other.java_class()
        ))),
    }
}

impl Codec for BooleanConverter {
    fn read(&mut self, data: Option<Bytes>) -> Result<SchemaAndValue, ConnectError> {
        self.decode(data)
    }

    fn write(
        &mut self,
        schema: Option<&SchemaRef>,
        value: &Value,
    ) -> Result<Option<Bytes>, ConnectError> {
        write(schema, value)
    }
}
