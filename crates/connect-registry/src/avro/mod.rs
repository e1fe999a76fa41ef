//! Avro as `io.confluent.connect.avro.AvroConverter` reads and writes it.
//!
//! ```text
//! text ─► load ─► Model ─► to_connect ─► Connect schema ─┐
//!                   └──────────────────────► compile ◄───┘ ─► plan ─► read each payload
//! ```
//!
//! The other way `from_connect` makes a `Model` of a Connect schema, `text` prints it, and `write` makes the payload.

mod compile;
mod config;
mod defaults;
mod from_connect;
mod load;
mod model;
mod names;
mod plan;
mod read;
mod text;
mod to_connect;
mod wire;
mod write;

use std::sync::Arc;

use bytes::Bytes;
use connect_api::ConnectError;
use connect_api::config::{ConfigDef, ConfigReader};
use connect_api::convert::ConverterType;
use connect_api::data::{SchemaAndValue, SchemaRef, Value};
use connect_api::plugin::PluginDescriptor;

use crate::converter::plugin;
use crate::format::{Format, SchemaText};
use config::Settings;
use from_connect::avro_schema;
use model::{Kind, Model};
use names::{ANYTHING, NAMESPACE};
use plan::{Reader, Root};
use write::Writer;

/// As converter of keys and values.
pub const CONVERTER: PluginDescriptor = plugin::<Avro>("io.confluent.connect.avro.AvroConverter");

/// The format `AVRO`.
pub struct Avro {
    settings: Settings,
    /// Schemas that were written, oldest first.
    texts: Vec<(SchemaRef, Arc<SchemaText>)>,
    anything: Arc<SchemaText>,
}

/// An Avro schema made ready for reading.
pub struct AvroSchema {
    model: Arc<Model>,
    reader: Reader,
}

impl AvroSchema {
    /// The Connect schema of the values; none for values without one.
    pub fn schema(&self) -> Option<&SchemaRef> {
        self.reader.schema.as_ref()
    }
}

impl Format for Avro {
    const TYPE: &'static str = "AVRO";
    type Schema = AvroSchema;

    fn config_def() -> ConfigDef {
        config::config_def()
    }

    fn new(config: &ConfigReader<'_>, _: ConverterType) -> Self {
        Self {
            settings: Settings::read(config),
            texts: Vec::new(),
            anything: Arc::new(SchemaText {
                text: ANYTHING_SCHEMA.trim_end().to_owned(),
                references: Vec::new(),
            }),
        }
    }

    fn parse(
        &mut self,
        text: &SchemaText,
        version: Option<i32>,
    ) -> Result<AvroSchema, ConnectError> {
        let model = Arc::new(load::load(text)?);
        if is_anything(&model) {
            let reader = Reader {
                schema: None,
                root: Root::Anything,
                records: Vec::new(),
                skipped: Vec::new(),
            };
            return Ok(AvroSchema { model, reader });
        }
        let schema = to_connect::connect_schema(&model, &self.settings, version)?;
        let reader = compile::compile(&model, &model, &self.settings, &schema)?;
        Ok(AvroSchema { model, reader })
    }

    fn record_name(schema: &AvroSchema, _: &[i32]) -> Option<String> {
        let root = &schema.model.nodes[schema.model.root];
        matches!(root.kind, Kind::Record(_)).then(|| root.full_name())
    }

    fn read(
        &mut self,
        schema: &Arc<AvroSchema>,
        _: &[i32],
        payload: Bytes,
    ) -> Result<SchemaAndValue, ConnectError> {
        let value = schema.reader.read(&payload)?;
        Ok(SchemaAndValue::new(schema.reader.schema.clone(), value))
    }

    fn reading_as(
        &mut self,
        writer: &Arc<AvroSchema>,
        reader: &Arc<AvroSchema>,
    ) -> Result<Arc<AvroSchema>, ConnectError> {
        let Some(schema) = reader.schema() else {
            let is_same = writer.schema().is_none();
            return match is_same {
                true => Ok(reader.clone()),
                false => Err(ConnectError::data(
                    "what was written with a schema cannot be read as a value without one",
                )),
            };
        };
        let plan = compile::compile(&writer.model, &reader.model, &self.settings, schema)?;
        Ok(Arc::new(AvroSchema {
            model: reader.model.clone(),
            reader: plan,
        }))
    }

    fn schema_of(
        &mut self,
        schema: Option<&SchemaRef>,
        _: &Value,
    ) -> Result<Arc<SchemaText>, ConnectError> {
        let Some(schema) = schema else {
            return Ok(self.anything.clone());
        };
        let known = self.texts.iter();
        // Nearly always it is the very same object.
        let same = known.clone().find(|(known, _)| Arc::ptr_eq(known, schema));
        let known = same.or_else(|| known.clone().find(|(known, _)| known == schema));
        if let Some((_, text)) = known {
            return Ok(text.clone());
        }
        let text = Arc::new(SchemaText {
            text: text::print(&avro_schema(schema, &self.settings)?),
            references: Vec::new(),
        });
        // What Avro does not take (an invalid name, say) shows here, before the registry is asked.
        load::load(&text)?;
        if self.texts.len() == self.settings.cache_size {
            self.texts.remove(0);
        }
        self.texts.push((schema.clone(), text.clone()));
        Ok(text)
    }

    fn write(
        &mut self,
        written_as: &Arc<AvroSchema>,
        schema: Option<&SchemaRef>,
        value: &Value,
        out: &mut Vec<u8>,
    ) -> Result<Vec<i32>, ConnectError> {
        let writer = Writer {
            model: &written_as.model,
            settings: &self.settings,
        };
        match (schema, is_anything(&written_as.model)) {
            (Some(schema), _) => writer.payload(schema, value, out)?,
            (None, true) => writer.anything(value, out, 0)?,
            (None, false) => {
                return Err(ConnectError::data(
                    "a value without a schema cannot be written under a schema of the registry",
                ));
            }
        }
        Ok(Vec::new())
    }
}

/// The schema of values without one.
const ANYTHING_SCHEMA: &str = include_str!("anything.avsc");

fn is_anything(model: &Model) -> bool {
    let root = &model.nodes[model.root];
    let name = root.name.as_ref();
    let has_name = name.is_some_and(|name| {
        name.namespace.as_deref() == Some(NAMESPACE) && name.simple == ANYTHING
    });
    const FIELDS: [&str; 9] = [
        "boolean", "bytes", "double", "float", "int", "long", "string", "array", "map",
    ];
    let Kind::Record(fields) = &root.kind else {
        return false;
    };
    has_name && fields.iter().map(|field| &*field.name).eq(FIELDS)
}
