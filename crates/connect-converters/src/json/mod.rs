//! `JsonConverter`: JSON with or without a schema beside the payload.
//!
//! | setting | a record is | what comes of it |
//! | --- | --- | --- |
//! | `schemas.enable=true` | `{"schema": …, "payload": …}` | the payload by its schema |
//! | … and `schema.content` | the payload alone | the payload by that schema |
//! | `schemas.enable=false` | any JSON | INT64, FLOAT64, strings, booleans, lists, maps without schema |
//!
//! Documents are read once, straight from the bytes into values: strings are slices of the record, containers are made
//! in one piece, and a schema is recognised by its bytes. Nothing recurses without a bound.

mod config;
mod decimal;
mod encoding;
mod envelope;
mod names;
mod plain;
mod reader;
mod schema;
mod syntax;
mod typed;
mod write;

use bytes::Bytes;
use bytestring::ByteString;
use connect_api::ConnectError;
use connect_api::config::{ConfigErrors, ConfigReader};
use connect_api::convert::{Converter, ConverterType, HeaderConverter};
use connect_api::data::{SchemaAndValue, SchemaRef, Value};
use connect_api::plugin::{KAFKA_VERSION, Plugin, PluginDescriptor};

pub use config::config_def;

/// What other converters of JSON are made of.
pub mod parts {
    pub use super::decimal::{decimal_scale, low_bits};
    pub use super::encoding::Document;
    pub use super::envelope::skip_root;
    pub use super::reader::{Name, Number, Reader};
    pub use super::syntax::{Syntax, Why};
    pub use super::typed::{Fault, Kind, base64, decimal, enter, goes_on, number, temporal};
    pub use super::write::text::{scalar, write_base64, write_integer, write_string};
}

use crate::common::{Codec, ForAll, read_converter_type};
use config::{JsonConfig, SCHEMA_CONTENT};
use encoding::Document;
use envelope::{EnvelopeReader, skip_root};
use plain::PlainReader;
use reader::Reader;
use schema::read_schema;
use syntax::{Syntax, Why};
use typed::{Fault, Kind, TypedReader};
use write::Writer;

const CLASS: &str = "org.apache.kafka.connect.json.JsonConverter";

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

fn new_converter(
    config: &ConfigReader<'_>,
    _: ConverterType,
) -> Result<Box<dyn Converter>, ConfigErrors> {
    Ok(Box::new(ForAll(JsonConverter::new(config)?)))
}

fn new_header_converter(
    config: &ConfigReader<'_>,
) -> Result<Box<dyn HeaderConverter>, ConfigErrors> {
    Ok(Box::new(ForAll(JsonConverter::new(config)?)))
}

/// `org.apache.kafka.connect.json.JsonConverter`
pub struct JsonConverter {
    shape: Shape,
    plain: PlainReader,
    typed: TypedReader,
    writer: Writer,
    writes_envelope: bool,
}

/// What a document holds.
enum Shape {
    Plain,
    Envelope(EnvelopeReader),
    /// A payload of the schema that the configuration gives.
    Payload(SchemaRef),
}

impl JsonConverter {
    /// # Errors
    /// Everything that is wrong with the configuration, a schema in it that is none included.
    pub fn new(config: &ConfigReader<'_>) -> Result<Self, ConfigErrors> {
        read_converter_type(config);
        let settings = config.finish(JsonConfig::read(config))?;
        let nulls = settings.replace_null_with_default;
        let given = match given_schema(settings.schema_content.as_deref(), nulls) {
            Ok(given) => given,
            Err(error) => {
                config.error(SCHEMA_CONTENT.name(), error.to_string());
                None
            }
        };
        let shape = match given {
            _ if !settings.schemas_enable => Shape::Plain,
            Some(schema) => Shape::Payload(schema),
            None => Shape::Envelope(EnvelopeReader::new(settings.schemas_cache_size)),
        };
        config.finish(Self {
            shape,
            plain: PlainReader::default(),
            typed: TypedReader::new(nulls),
            writer: Writer::new(
                settings.decimals_as_numbers,
                nulls,
                settings.schemas_cache_size,
            ),
            writes_envelope: settings.schemas_enable,
        })
    }

    fn decode(&mut self, data: Bytes) -> Result<SchemaAndValue, ConnectError> {
        let doc = Document::new(data).map_err(|syntax| syntax.into_error(&[]))?;
        self.read_document(&doc).map_err(|fault| match fault {
            Fault::Syntax(syntax) => syntax.into_error(doc.text.as_bytes()),
            Fault::Data(error) => *error,
        })
    }

    fn read_document(&mut self, doc: &Document) -> Result<SchemaAndValue, Fault> {
        let text = &doc.text;
        let r = &mut Reader::new(text);
        let first = r.peek();
        if doc.cut && !matches!(first, b'{' | b'[' | b'"') {
            // What is cut off stands right behind a number or word, or is the whole document.
            skip_root(r)?;
            if r.at_end() {
                return Err(cut_off(r));
            }
        }
        let is_missing = first == 0 && r.at_end();
        let r = &mut Reader::new(text);
        match &mut self.shape {
            Shape::Plain if is_missing => Ok(SchemaAndValue::NULL),
            Shape::Plain => {
                let value = self.plain.read(r)?;
                check_end(r, first)?;
                Ok(SchemaAndValue::new(None, value))
            }
            Shape::Envelope(envelope) => envelope.read(text, &mut self.plain, &mut self.typed),
            Shape::Payload(schema) => {
                let value = if is_missing {
                    self.typed.mismatch(schema, Kind::Missing)?
                } else {
                    match self.typed.read(r, schema) {
                        Ok(value) => value,
                        Err(fault) => {
                            skip_root(&mut Reader::new(text))?;
                            return Err(fault);
                        }
                    }
                };
                check_end(r, first)?;
                Ok(SchemaAndValue::new(Some(schema.clone()), value))
            }
        }
    }

    fn encode(
        &mut self,
        schema: Option<&SchemaRef>,
        value: &Value,
    ) -> Result<Option<Bytes>, ConnectError> {
        if schema.is_none() && value.is_null() {
            return Ok(None);
        }
        self.writer
            .document(schema, value, self.writes_envelope)
            .map(Some)
    }
}

fn check_end(r: &Reader<'_>, first: u8) -> Result<(), Syntax> {
    if matches!(first, b'-' | b'0'..=b'9') && !r.ends_root_number() {
        return Err(r.error(Why::Separator));
    }
    Ok(())
}

fn cut_off(r: &Reader<'_>) -> Fault {
    Fault::Syntax(Syntax {
        at: r.pos(),
        why: Why::Utf8,
    })
}

/// The schema of the key `schema.content`; blank text and `null` are none.
fn given_schema(text: Option<&str>, nulls: bool) -> Result<Option<SchemaRef>, ConnectError> {
    let Some(text) = text else {
        return Ok(None);
    };
    let doc = ByteString::from(text);
    let r = &mut Reader::new(&doc);
    if r.peek() == 0 && r.at_end() {
        return Ok(None);
    }
    let start = r.pos();
    let read = match skip_root(r) {
        Ok(()) => read_schema(&doc, start, nulls),
        Err(syntax) => Err(Fault::Syntax(syntax)),
    };
    read.map_err(|fault| match fault {
        Fault::Data(error) => *error,
        Fault::Syntax(_) => ConnectError::data(
            "Failed to parse schema in converter config due to serialization error: ",
        ),
    })
}

impl Codec for JsonConverter {
    fn read(&mut self, data: Option<Bytes>) -> Result<SchemaAndValue, ConnectError> {
        data.map_or(Ok(SchemaAndValue::NULL), |data| self.decode(data))
    }

    fn write(
        &mut self,
        schema: Option<&SchemaRef>,
        value: &Value,
    ) -> Result<Option<Bytes>, ConnectError> {
        self.encode(schema, value)
    }
}
