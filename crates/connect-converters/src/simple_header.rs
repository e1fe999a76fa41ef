//! `SimpleHeaderConverter`: headers as text whose type is guessed; the default for headers.

use bytes::Bytes;
use connect_api::ConnectError;
use connect_api::config::{ConfigDef, ConfigErrors, ConfigReader};
use connect_api::convert::HeaderConverter;
use connect_api::data::values::{convert_to_string, parse_string};
use connect_api::data::{SchemaAndValue, SchemaRef, Value};
use connect_api::plugin::{KAFKA_VERSION, Plugin, PluginDescriptor};

use crate::charset::decode_utf8;

/// As converter of headers, its only use.
pub const HEADER_CONVERTER: PluginDescriptor = PluginDescriptor {
    class: "org.apache.kafka.connect.storage.SimpleHeaderConverter",
    aliases: &[],
    version: KAFKA_VERSION,
    config_def,
    plugin: Plugin::HeaderConverter(new_header_converter),
};

/// It has no keys.
pub fn config_def() -> ConfigDef {
    ConfigDef::new()
}

fn new_header_converter(_: &ConfigReader<'_>) -> Result<Box<dyn HeaderConverter>, ConfigErrors> {
    Ok(Box::new(SimpleHeaderConverter))
}

/// `org.apache.kafka.connect.storage.SimpleHeaderConverter`
///
/// See [`parse_string`] for what becomes of a text; nothing fails.
pub struct SimpleHeaderConverter;

impl HeaderConverter for SimpleHeaderConverter {
    fn to_connect_header(
        &mut self,
        _: &str,
        _: &str,
        data: Option<Bytes>,
    ) -> Result<SchemaAndValue, ConnectError> {
        Ok(data.map_or(SchemaAndValue::NULL, |data| {
            parse_string(&decode_utf8(data))
        }))
    }

    fn from_connect_header(
        &mut self,
        _: &str,
        _: &str,
        _: Option<&SchemaRef>,
        value: &Value,
    ) -> Result<Option<Bytes>, ConnectError> {
        Ok(convert_to_string(value).map(Bytes::from))
    }
}
