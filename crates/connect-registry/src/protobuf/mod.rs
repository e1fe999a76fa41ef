//! Protobuf as `io.confluent.connect.protobuf.ProtobufConverter` reads and writes it.

mod calendar;
mod compile;
mod config;
mod from_connect;
mod known;
mod logical;
mod names;
mod plan;
mod read;
mod source;
mod text;
mod wire;
mod write;

use std::sync::Arc;

use bytes::Bytes;
use connect_api::ConnectError;
use connect_api::config::{ConfigDef, ConfigReader};
use connect_api::convert::ConverterType;
use connect_api::data::{SchemaAndValue, SchemaRef, Type, Value};
use connect_api::error::exception;
use connect_api::plugin::PluginDescriptor;

use crate::converter::plugin;
use crate::format::{Format, SchemaText};
use config::Settings;
use from_connect::{file_of, root_name};
use read::Decoder;
pub use source::ProtobufSchema;
use write::Writer;

/// As converter of keys and values.
pub const CONVERTER: PluginDescriptor =
    plugin::<Protobuf>("io.confluent.connect.protobuf.ProtobufConverter");

/// The format `PROTOBUF`.
pub struct Protobuf {
    settings: Arc<Settings>,
    decoder: Decoder,
    /// Schemas that were written, oldest first.
    texts: Vec<(SchemaRef, Arc<SchemaText>)>,
    writer: Option<Current>,
}

/// The writer that was used last; records of one topic have one schema.
struct Current {
    writer: Writer,
    indexes: Vec<i32>,
    written_as: Arc<ProtobufSchema>,
    schema: SchemaRef,
}

impl Format for Protobuf {
    const TYPE: &'static str = "PROTOBUF";
    const HAS_INDEXES: bool = true;
    type Schema = ProtobufSchema;

    fn config_def() -> ConfigDef {
        config::config_def()
    }

    fn new(config: &ConfigReader<'_>, _: ConverterType) -> Self {
        Self {
            settings: Arc::new(Settings::read(config)),
            decoder: Decoder::default(),
            texts: Vec::new(),
            writer: None,
        }
    }

    fn parse(
        &mut self,
        text: &SchemaText,
        version: Option<i32>,
    ) -> Result<ProtobufSchema, ConnectError> {
        ProtobufSchema::parse(text, version, self.settings.clone())
    }

    fn record_name(schema: &ProtobufSchema, indexes: &[i32]) -> Option<String> {
        let message = schema.message(indexes).ok()?;
        Some(message.full_name().to_owned())
    }

    fn read(
        &mut self,
        schema: &Arc<ProtobufSchema>,
        indexes: &[i32],
        payload: Bytes,
    ) -> Result<SchemaAndValue, ConnectError> {
        let reader = schema.reader(indexes)?;
        let value = self.decoder.read(reader, &payload)?;
        Ok(SchemaAndValue::new(Some(reader.schema.clone()), value))
    }

    fn reading_as(
        &mut self,
        writer: &Arc<ProtobufSchema>,
        reader: &Arc<ProtobufSchema>,
    ) -> Result<Arc<ProtobufSchema>, ConnectError> {
        writer.reading_as(reader).map(Arc::new)
    }

    fn schema_of(
        &mut self,
        schema: Option<&SchemaRef>,
        _: &Value,
    ) -> Result<Arc<SchemaText>, ConnectError> {
        let Some(schema) = schema else {
            return Err(without_schema());
        };
        let known = self.texts.iter();
        // Nearly always it is the very same object.
        let same = known.clone().find(|(known, _)| Arc::ptr_eq(known, schema));
        let known = same.or_else(|| known.clone().find(|(known, _)| known == schema));
        if let Some((_, text)) = known {
            return Ok(text.clone());
        }
        let text = Arc::new(self.text_of(schema)?);
        if self.texts.len() == self.settings.cache_size {
            self.texts.remove(0);
        }
        self.texts.push((schema.clone(), text.clone()));
        Ok(text)
    }

    fn write(
        &mut self,
        written_as: &Arc<ProtobufSchema>,
        schema: Option<&SchemaRef>,
        value: &Value,
        out: &mut Vec<u8>,
    ) -> Result<Vec<i32>, ConnectError> {
        let Some(schema) = schema else {
            return Err(without_schema());
        };
        let is_current = self.writer.as_ref().is_some_and(|current| {
            Arc::ptr_eq(&current.written_as, written_as)
                && connect_api::data::Schema::same(&current.schema, schema)
        });
        if !is_current {
            let name = root_name(schema, &self.settings)?;
            let (message, indexes) = written_as
                .named(&name)
                .ok_or_else(|| ConnectError::data(format!("Invalid message name: {name}")))?;
            self.writer = Some(Current {
                writer: Writer::new(schema, message, &self.settings)?,
                indexes,
                written_as: written_as.clone(),
                schema: schema.clone(),
            });
        }
        let Some(current) = &self.writer else {
            return Err(without_schema());
        };
        current.writer.write(value, out)?;
        Ok(current.indexes.clone())
    }
}

impl Protobuf {
    fn text_of(&self, schema: &SchemaRef) -> Result<SchemaText, ConnectError> {
        let name = root_name(schema, &self.settings)?;
        let text = if schema.type_() == Type::Struct {
            file_of(schema, &self.settings)?.to_string()
        } else {
            WRAPPERS.to_owned()
        };
        let text = SchemaText {
            text,
            references: Vec::new(),
        };
        // What Protobuf does not take (two fields of one number, say) shows here, before the registry is asked.
        let parsed = ProtobufSchema::parse(&text, None, self.settings.clone());
        let unfit = |error| {
            ConnectError::record(
                "java.lang.IllegalStateException",
                format!("{schema} cannot be expressed in Protobuf"),
            )
            .caused_by(error)
        };
        let parsed = parsed.map_err(unfit)?;
        let Some((message, _)) = parsed.named(&name) else {
            return Err(ConnectError::data(format!("Invalid message name: {name}")));
        };
        Writer::new(schema, message, &self.settings).map_err(unfit)?;
        Ok(text)
    }
}

/// The file in which primitive types stand alone, as it is registered for them.
const WRAPPERS: &str = include_str!("known/wrappers.proto");

fn without_schema() -> ConnectError {
    ConnectError::record(
        exception::NULL_POINTER,
        "a value without a schema cannot be written as Protobuf",
    )
}
