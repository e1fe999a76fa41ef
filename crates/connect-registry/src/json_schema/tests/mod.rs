//! Schemas and values against what the JVM's converter makes of them.

mod notation;
mod reading;
mod writing;

use std::sync::Arc;

use bytes::Bytes;
use connect_api::ConnectError;
use connect_api::config::{Config, ConfigReader};
use connect_api::convert::ConverterType;
use connect_api::data::{SchemaRef, Value};

use super::{JsonSchema, Parsed};
use crate::format::{Format, ReferencedText, SchemaText};

fn format(settings: &[(&str, &str)]) -> JsonSchema {
    let config = Config::from_iter(
        settings
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned())),
    );
    let reader = ConfigReader::new(&config);
    let format = JsonSchema::new(&reader, ConverterType::Value);
    assert!(reader.finish(()).is_ok());
    format
}

fn text(schema: &str) -> SchemaText {
    SchemaText {
        text: schema.to_owned(),
        references: Vec::new(),
    }
}

fn with_references(schema: &str, references: &[(&str, &str)]) -> SchemaText {
    let references = references.iter().map(|(name, text)| ReferencedText {
        name: (*name).to_owned(),
        subject: String::new(),
        version: 1,
        text: (*text).to_owned(),
        references: Vec::new(),
    });
    SchemaText {
        text: schema.to_owned(),
        references: references.collect(),
    }
}

fn parse(settings: &[(&str, &str)], schema: &str) -> Result<SchemaRef, ConnectError> {
    format(settings)
        .parse(&text(schema), None)
        .map(|parsed| parsed.schema().clone())
}

fn read(settings: &[(&str, &str)], schema: &str, payload: &str) -> Result<Value, ConnectError> {
    let mut format = format(settings);
    let parsed = Arc::new(format.parse(&text(schema), None)?);
    read_parsed(&mut format, &parsed, payload)
}

fn read_parsed(
    format: &mut JsonSchema,
    parsed: &Arc<Parsed>,
    payload: &str,
) -> Result<Value, ConnectError> {
    let payload = Bytes::copy_from_slice(payload.as_bytes());
    format.read(parsed, &[], payload).map(|read| read.value)
}
