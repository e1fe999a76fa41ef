//! Avro as the JVM's converter has it: schema for schema and value for value.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod hostile;
#[path = "../common/notation.rs"]
mod notation;
mod reading;
mod resolving;
mod writing;

use std::sync::Arc;

use bytes::Bytes;
use connect_api::ConnectError;
use connect_api::config::{Config, ConfigReader};
use connect_api::convert::ConverterType;
use connect_api::data::{SchemaAndValue, SchemaRef};
use connect_registry::avro::{Avro, AvroSchema};
use connect_registry::format::{Format, ReferencedText, SchemaText};

/// The format under keys written as in a file.
fn format(keys: &str) -> Avro {
    let keys = keys.lines().filter_map(|line| line.trim().split_once('='));
    let config: Config = keys.collect();
    let reader = ConfigReader::new(&config);
    let format = Avro::new(&reader, ConverterType::Value);
    reader.finish(format).unwrap()
}

fn schema_text(text: &str) -> SchemaText {
    SchemaText {
        text: text.to_owned(),
        references: Vec::new(),
    }
}

fn reference(name: &str, text: &str) -> ReferencedText {
    ReferencedText {
        name: name.to_owned(),
        subject: name.to_owned(),
        version: 1,
        text: text.to_owned(),
        references: Vec::new(),
    }
}

fn parsed(format: &mut Avro, text: &str) -> Arc<AvroSchema> {
    let parsed = format.parse(&schema_text(text), None);
    Arc::new(parsed.unwrap_or_else(|error| panic!("{text}: {}", error.trace())))
}

/// The Connect schema of a text.
fn connect_schema(keys: &str, text: &str) -> SchemaRef {
    parsed(&mut format(keys), text).schema().unwrap().clone()
}

fn read(
    format: &mut Avro,
    text: &str,
    payload: impl Into<Bytes>,
) -> Result<SchemaAndValue, ConnectError> {
    let schema = Arc::new(format.parse(&schema_text(text), None)?);
    format.read(&schema, &[], payload.into())
}

/// The lines of a trace without the packages of exceptions.
fn lines(error: &ConnectError) -> Vec<String> {
    let trace = error.trace();
    let lines = trace.lines().map(|line| {
        let line = line.trim_start_matches("Caused by: ");
        let (class, message) = line.split_once(": ").unwrap_or((line, ""));
        let class = class.rsplit('.').next().unwrap_or(class);
        format!("{class}: {message}")
    });
    lines.collect()
}
