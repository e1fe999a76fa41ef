//! `StringConverter`: text in any character set.

use bytes::Bytes;
use connect_api::ConnectError;
use connect_api::config::{ConfigDef, ConfigErrors, ConfigReader, Importance, Key, Width};
use connect_api::convert::{Converter, ConverterType, HeaderConverter};
use connect_api::data::values::java_text;
use connect_api::data::{SchemaAndValue, SchemaRef, Type, Value, optional};
use connect_api::plugin::{KAFKA_VERSION, Plugin, PluginDescriptor};

use crate::charset::Charset;
use crate::common::{CONVERTER_TYPE, Codec, ForAll, read_converter_type};

const CLASS: &str = "org.apache.kafka.connect.storage.StringConverter";

/// The character set, by its Java name.
pub const ENCODING: Key<String> = {
    let mut key = Key::new(
        "converter.encoding",
        "UTF-8",
        Importance::High,
        "Character set of the bytes, by its Java name.",
    );
    key.info.width = Width::Medium;
    key.info.display_name = "Encoding";
    key
};

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
    ConfigDef::new().define(&CONVERTER_TYPE).define(&ENCODING)
}

fn new_converter(
    config: &ConfigReader<'_>,
    _: ConverterType,
) -> Result<Box<dyn Converter>, ConfigErrors> {
    Ok(Box::new(ForAll(StringConverter::new(config)?)))
}

fn new_header_converter(
    config: &ConfigReader<'_>,
) -> Result<Box<dyn HeaderConverter>, ConfigErrors> {
    Ok(Box::new(ForAll(StringConverter::new(config)?)))
}

/// `org.apache.kafka.connect.storage.StringConverter`
///
/// Reading gives a string, whatever the bytes; in UTF-8 it is the record's own bytes. Writing takes any value and
/// prints it as Java does; the schema is not looked at.
pub struct StringConverter {
    charset: Charset,
    schema: SchemaRef,
    /// How often the schema is given out before it is made anew.
    left: u32,
}

/// One thread makes records while another drops those of the batch before. If all had the same schema, both would
/// write its reference count, and each would wait for the other's cache line with every record.
const SHARED_BY: u32 = 1024;

impl StringConverter {
    /// # Errors
    /// If Java knows no character set of that name.
    pub fn new(config: &ConfigReader<'_>) -> Result<Self, ConfigErrors> {
        read_converter_type(config);
        let name = config.get(&ENCODING);
        let charset = Charset::for_name(&name);
        if charset.is_none() {
            config.error(ENCODING.name(), format!("Unsupported encoding {name}"));
        }
        config.finish(Self {
            charset: charset.unwrap_or(Charset::Utf8),
            schema: optional(Type::String),
            left: SHARED_BY,
        })
    }

    #[inline]
    fn decode(&mut self, data: Option<Bytes>) -> SchemaAndValue {
        if self.left == 0 {
            self.schema = optional(Type::String);
            self.left = SHARED_BY;
        }
        self.left -= 1;
        let value = data.map_or(Value::Null, |data| Value::String(self.charset.decode(data)));
        SchemaAndValue::new(Some(self.schema.clone()), value)
    }

    fn encode(&self, value: &Value) -> Option<Bytes> {
        let text = match value {
            Value::Null => return None,
            Value::String(text) => text.clone(),
            other => java_text(other).into(),
        };
        Some(self.charset.encode(text))
    }
}

impl Codec for StringConverter {
    fn read(&mut self, data: Option<Bytes>) -> Result<SchemaAndValue, ConnectError> {
        Ok(self.decode(data))
    }

    fn write(
        &mut self,
        _: Option<&SchemaRef>,
        value: &Value,
    ) -> Result<Option<Bytes>, ConnectError> {
        Ok(self.encode(value))
    }
}
