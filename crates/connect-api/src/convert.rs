//! Converters: Kafka's bytes to Connect data and back.

// `from_connect_data` is Kafka's name for the writing direction; it converts a value, not `self`.
#![allow(clippy::wrong_self_convention)]

use bytes::Bytes;

use crate::config::{ConfigErrors, ConfigReader};
use crate::data::{SchemaAndValue, SchemaRef, Value};
use crate::error::ConnectError;

/// Which part of the record a converter serves; the JVM passes it as the key `converter.type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConverterType {
    Key,
    Value,
    Header,
}

impl ConverterType {
    /// The text of `converter.type`.
    pub const fn name(self) -> &'static str {
        match self {
            ConverterType::Key => "key",
            ConverterType::Value => "value",
            ConverterType::Header => "header",
        }
    }
}

/// Turns keys and values from bytes to Connect data and back (`org.apache.kafka.connect.storage.Converter`).
///
/// One converter serves one task; it is called for records in order and may keep caches. It never waits.
pub trait Converter: Send {
    /// `data` is none for a tombstone. The bytes are a slice of the batch: keep slices of it instead of copies.
    ///
    /// # Errors
    /// A record's fault (usually `DataException`); `errors.tolerance` decides what follows.
    fn to_connect_data(
        &mut self,
        topic: &str,
        data: Option<Bytes>,
    ) -> Result<SchemaAndValue, ConnectError>;

    /// The bytes of a value; none for a tombstone.
    ///
    /// # Errors
    /// A record's fault if the value does not fit the schema or the format cannot hold it.
    fn from_connect_data(
        &mut self,
        topic: &str,
        schema: Option<&SchemaRef>,
        value: &Value,
    ) -> Result<Option<Bytes>, ConnectError>;
}

/// Turns header values from bytes to Connect data and back (`org.apache.kafka.connect.storage.HeaderConverter`).
pub trait HeaderConverter: Send {
    /// # Errors
    /// A record's fault; `errors.tolerance` decides what follows.
    fn to_connect_header(
        &mut self,
        topic: &str,
        key: &str,
        data: Option<Bytes>,
    ) -> Result<SchemaAndValue, ConnectError>;

    /// # Errors
    /// A record's fault if the value cannot be written.
    fn from_connect_header(
        &mut self,
        topic: &str,
        key: &str,
        schema: Option<&SchemaRef>,
        value: &Value,
    ) -> Result<Option<Bytes>, ConnectError>;
}

/// Makes a converter from its configuration (prefix taken off). Pure: no file, network or clock.
pub type NewConverter =
    fn(&ConfigReader<'_>, ConverterType) -> Result<Box<dyn Converter>, ConfigErrors>;

/// Makes a header converter from its configuration (prefix taken off). Pure.
pub type NewHeaderConverter =
    fn(&ConfigReader<'_>) -> Result<Box<dyn HeaderConverter>, ConfigErrors>;
