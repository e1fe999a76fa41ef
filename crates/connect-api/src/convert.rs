//! Converters: Kafka's bytes to Connect data and back.

// `from_connect_data` is Kafka's name for the writing direction; it converts a value, not `self`.
#![allow(clippy::wrong_self_convention)]

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use bytestring::ByteString;

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

/// The headers of the record that a key or value belongs to, as they are in Kafka.
pub trait RecordHeaders {
    /// The value of the last header of that name; none if there is no such header, or its value is null.
    fn last(&self, name: &str) -> Option<Bytes>;
}

/// The headers of a record that has none.
pub struct NoHeaders;

impl RecordHeaders for NoHeaders {
    fn last(&self, _: &str) -> Option<Bytes> {
        None
    }
}

/// Turns keys and values from bytes to Connect data and back (`org.apache.kafka.connect.storage.Converter`).
///
/// One converter serves one task; it is called for records in order and may keep caches. It never waits: one that needs
/// the network gets what it needs for a whole batch before the batch is converted ([`ahead`](Self::ahead)).
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

    /// As [`to_connect_data`](Self::to_connect_data), for converters that read the record's headers. The runtime calls
    /// this one.
    ///
    /// # Errors
    /// As those.
    fn to_connect_data_with_headers(
        &mut self,
        topic: &str,
        headers: &dyn RecordHeaders,
        data: Option<Bytes>,
    ) -> Result<SchemaAndValue, ConnectError> {
        let _ = headers;
        self.to_connect_data(topic, data)
    }

    /// As [`from_connect_data`](Self::from_connect_data), for converters that write headers too; they append theirs.
    ///
    /// # Errors
    /// As those.
    fn from_connect_data_with_headers(
        &mut self,
        topic: &str,
        headers: &mut Vec<(ByteString, Bytes)>,
        schema: Option<&SchemaRef>,
        value: &Value,
    ) -> Result<Option<Bytes>, ConnectError> {
        let _ = headers;
        self.from_connect_data(topic, schema, value)
    }

    /// What gets from elsewhere what records need; none if this converter needs nothing. Always the same answer.
    fn ahead(&mut self) -> Option<&mut dyn LooksAhead> {
        None
    }
}

/// The part of a converter that looks at records before they are converted and gets what they need over the network, so
/// that converting does not wait.
///
/// In turn: [`look`](Self::look) at every record of a batch, [`fetch`](Self::fetch) until nothing
/// [lacks](Self::lacks), convert the batch. What a batch needs is kept until the next one is looked at.
///
/// Writing asks for an id in the same way: `from_connect_data` fails as `Unavailable` and notes what it lacks; after
/// `fetch` it succeeds.
#[async_trait]
pub trait LooksAhead: Send {
    /// Notes what a record needs that is not here yet. No I/O.
    fn look(&mut self, topic: &str, headers: &dyn RecordHeaders, data: &Bytes);

    /// Whether something was noted that is not here yet.
    fn lacks(&self) -> bool;

    /// Gets what lacks, once. A record's fault (an id that nobody knows) is no error here: converting the record says so.
    ///
    /// Dropping the future abandons the requests.
    ///
    /// # Errors
    /// `Unavailable`: call again after [`pause`](Self::pause); what has come is kept. Others end the task.
    async fn fetch(&mut self) -> Result<(), ConnectError>;

    /// How long to wait after so many failures in a row, at least one.
    fn pause(&self, failures: u32) -> Duration;

    /// Who is asked, as users know it: `schema registry http://registry:8081`.
    fn source(&self) -> &str;

    /// Under which schema a record was written, as far as that is here; for people to read.
    fn schema_used(
        &self,
        topic: &str,
        headers: &dyn RecordHeaders,
        data: &Bytes,
    ) -> Option<SchemaUsed>;
}

/// The schema under which a key or value was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SchemaUsed {
    /// The number that stands in the record; none if a GUID does.
    pub id: Option<i32>,
    pub guid: Option<String>,
    /// `AVRO`, `PROTOBUF`, `JSON`.
    pub format: &'static str,
    pub subject: Option<String>,
    /// In its subject.
    pub version: Option<i32>,
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
