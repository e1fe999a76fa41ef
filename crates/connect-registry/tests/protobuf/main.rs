//! Protobuf as the JVM's converter has it: schema for schema and value for value.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../common/notation.rs"]
mod notation;
mod reading;
mod writing;

use std::sync::Arc;

use bytes::Bytes;
use connect_api::ConnectError;
use connect_api::config::{Config, ConfigReader};
use connect_api::convert::ConverterType;
use connect_api::data::SchemaAndValue;
use connect_registry::format::{Format, ReferencedText, SchemaText};
use connect_registry::protobuf::{Protobuf, ProtobufSchema};
use prost_reflect::{DescriptorPool, DynamicMessage};

/// The format under keys written as in a file.
fn format(keys: &str) -> Protobuf {
    let keys = keys.lines().filter_map(|line| line.trim().split_once('='));
    let config: Config = keys.collect();
    let reader = ConfigReader::new(&config);
    let format = Protobuf::new(&reader, ConverterType::Value);
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

fn read(
    format: &mut Protobuf,
    text: &SchemaText,
    indexes: &[i32],
    payload: impl Into<Bytes>,
) -> Result<SchemaAndValue, ConnectError> {
    let schema: Arc<ProtobufSchema> = Arc::new(format.parse(text, None)?);
    format.read(&schema, indexes, payload.into())
}

/// Bytes by another library: the message in Protobuf's text format.
fn encode(file: &str, message: &str, text: &str) -> Vec<u8> {
    use prost::Message;
    let mut pool = DescriptorPool::global();
    let file = protox_parse::parse("encode.proto", file).unwrap();
    pool.add_file_descriptor_proto(file).unwrap();
    let descriptor = pool.get_message_by_name(message).unwrap();
    DynamicMessage::parse_text_format(descriptor, text)
        .unwrap_or_else(|error| panic!("{text}: {error}"))
        .encode_to_vec()
}
