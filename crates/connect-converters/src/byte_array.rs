//! `ByteArrayConverter`: the bytes as they are.

use bytes::Bytes;
use connect_api::ConnectError;
use connect_api::config::{ConfigDef, ConfigErrors, ConfigReader};
use connect_api::convert::{Converter, ConverterType, HeaderConverter};
use connect_api::data::{SchemaAndValue, SchemaRef, Type, Value, optional};
use connect_api::plugin::{KAFKA_VERSION, Plugin, PluginDescriptor};

use crate::common::{CONVERTER_TYPE, Codec, ForAll, read_converter_type};

const CLASS: &str = "org.apache.kafka.connect.converters.ByteArrayConverter";

/// As converter of keys and values.
pub const CONVERTER: PluginDescriptor = PluginDescriptor {
    class: CLASS,
    aliases: &[],
    version: KAFKA_VERSION,
    config_def,
    plugin: Plugin::Converter(new_converter),
};

/// As converter of headers.
pub const HEADER_CONVERTER: PluginDescriptor = PluginDescriptor {
    class: CLASS,
    aliases: &[],
    version: KAFKA_VERSION,
    config_def,
    plugin: Plugin::HeaderConverter(new_header_converter),
};

/// The keys that the converter understands.
pub fn config_def() -> ConfigDef {
    ConfigDef::new().define(&CONVERTER_TYPE)
}

fn new_converter(
    config: &ConfigReader<'_>,
    _: ConverterType,
) -> Result<Box<dyn Converter>, ConfigErrors> {
    Ok(Box::new(ForAll(ByteArrayConverter::new(config)?)))
}

fn new_header_converter(
    config: &ConfigReader<'_>,
) -> Result<Box<dyn HeaderConverter>, ConfigErrors> {
    Ok(Box::new(ForAll(ByteArrayConverter::new(config)?)))
}

/// `org.apache.kafka.connect.converters.ByteArrayConverter`
///
/// Nothing is copied in either direction.
pub struct ByteArrayConverter {
    schema: SchemaRef,
}

impl ByteArrayConverter {
    /// # Errors
    /// If `converter.type` is given and none of Kafka's.
    pub fn new(config: &ConfigReader<'_>) -> Result<Self, ConfigErrors> {
        read_converter_type(config);
        config.finish(Self {
            schema: optional(Type::Bytes),
        })
    }

    fn decode(&self, data: Option<Bytes>) -> SchemaAndValue {
        SchemaAndValue::new(
            Some(self.schema.clone()),
            data.map_or(Value::Null, Value::Bytes),
        )
    }
}

fn write(schema: Option<&SchemaRef>, value: &Value) -> Result<Option<Bytes>, ConnectError> {
    if let Some(schema) = schema
        && schema.type_() != Type::Bytes
    {
        return Err(ConnectError::data(format!(
            "Invalid schema type for ByteArrayConverter: {}",
            schema.type_()
        )));
    }
    match value {
        Value::Null => Ok(None),
        Value::Bytes(bytes) => Ok(Some(bytes.clone())),
        other => Err(ConnectError::data(format!(
            "ByteArrayConverter is not compatible with objects of type class {}",
            other.java_class()
        ))),
    }
}

impl Codec for ByteArrayConverter {
    fn read(&mut self, data: Option<Bytes>) -> Result<SchemaAndValue, ConnectError> {
        Ok(self.decode(data))
    }

    fn write(
        &mut self,
        schema: Option<&SchemaRef>,
        value: &Value,
    ) -> Result<Option<Bytes>, ConnectError> {
        write(schema, value)
    }
}
