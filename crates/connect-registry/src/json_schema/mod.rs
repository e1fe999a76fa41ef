//! JSON Schema: what the JVM's `JsonSchemaConverter` does, schema for schema and value for value.
//!
//! ```text
//! text ─► load ─► Model ─► to_connect ─► Drafts ─► build ─► Connect schema ─► Plans (read)
//!         what the schema says           structs that          made once         each payload
//!                                        contain each other
//! ```
//!
//! The other way `from_connect` describes a Connect schema, and `write` makes the payload.

mod build;
mod config;
mod from_connect;
mod load;
mod model;
mod names;
mod read;
mod text;
mod to_connect;
mod validate;
mod write;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use connect_api::ConnectError;
use connect_api::config::{ConfigDef, ConfigReader};
use connect_api::convert::ConverterType;
use connect_api::data::{SchemaAndValue, SchemaRef, Value};
use connect_api::plugin::PluginDescriptor;

use crate::converter;
use crate::format::{Format, SchemaText};
use config::Settings;
use read::Plans;
use text::Json;
use validate::Validation;
use write::Writer;

/// The converter of keys and values.
pub const CONVERTER: PluginDescriptor =
    converter::plugin::<JsonSchema>("io.confluent.connect.json.JsonSchemaConverter");

/// The format of JSON with a JSON schema.
pub struct JsonSchema {
    settings: Settings,
    /// Texts of Connect schemas by their address. The reference keeps the address from being used again.
    written: HashMap<usize, (SchemaRef, Arc<SchemaText>)>,
}

/// A JSON schema made ready for reading.
pub struct Parsed {
    schema: SchemaRef,
    plans: Plans,
    title: Option<String>,
    validation: Option<Validation>,
}

impl Parsed {
    /// The Connect schema of the values.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }
}

impl Format for JsonSchema {
    const TYPE: &'static str = "JSON";
    type Schema = Parsed;

    fn config_def() -> ConfigDef {
        config::config_def()
    }

    fn new(config: &ConfigReader<'_>, _: ConverterType) -> Self {
        Self {
            settings: Settings::read(config),
            written: HashMap::new(),
        }
    }

    fn parse(&mut self, text: &SchemaText, version: Option<i32>) -> Result<Parsed, ConnectError> {
        let ignore_modern = self.settings.ignore_modern_dialects;
        let (model, draft) = load::load(text, ignore_modern)?;
        let drafts = to_connect::draft(&model, &self.settings, version)?;
        let schema = build::build(&drafts)?;
        let validation = match self.settings.validate {
            true => Some(Validation::new(text, draft, ignore_modern)?),
            false => None,
        };
        let title = Json::parse(&text.text)?;
        let title = title
            .get("title")
            .and_then(Json::as_str)
            .map(ToString::to_string);
        Ok(Parsed {
            plans: Plans::new(&schema),
            schema,
            title,
            validation,
        })
    }

    fn record_name(schema: &Parsed, _: &[i32]) -> Option<String> {
        schema.title.clone()
    }

    fn read(
        &mut self,
        schema: &Arc<Parsed>,
        _: &[i32],
        payload: Bytes,
    ) -> Result<SchemaAndValue, ConnectError> {
        if let Some(validation) = &schema.validation {
            validation.check(&payload)?;
        }
        let value = schema.plans.read(payload)?;
        Ok(SchemaAndValue::new(Some(schema.schema.clone()), value))
    }

    fn schema_of(
        &mut self,
        schema: Option<&SchemaRef>,
        _: &Value,
    ) -> Result<Arc<SchemaText>, ConnectError> {
        let Some(schema) = schema else {
            return Err(ConnectError::data(
                "a value without a schema cannot be written with a JSON schema: give it one, or write it with \
                 org.apache.kafka.connect.json.JsonConverter and schemas.enable=false",
            ));
        };
        let address = Arc::as_ptr(schema) as usize;
        if let Some((_, text)) = self.written.get(&address) {
            return Ok(text.clone());
        }
        let text = Arc::new(SchemaText {
            text: from_connect::schema_text(schema, &self.settings)?,
            references: Vec::new(),
        });
        if self.written.len() >= self.settings.written_schemas {
            self.written.clear();
        }
        self.written.insert(address, (schema.clone(), text.clone()));
        Ok(text)
    }

    fn write(
        &mut self,
        written_as: &Arc<Parsed>,
        schema: Option<&SchemaRef>,
        value: &Value,
        out: &mut Vec<u8>,
    ) -> Result<Vec<i32>, ConnectError> {
        let start = out.len();
        if !Writer::new(&self.settings).value(out, schema, value)? {
            out.extend_from_slice(b"null");
        }
        if let Some(validation) = &written_as.validation {
            validation.check(&out[start..])?;
        }
        Ok(Vec::new())
    }
}
