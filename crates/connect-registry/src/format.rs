//! [`Format`]: what Avro, Protobuf and JSON Schema each do in their own way.

use std::sync::Arc;

use bytes::Bytes;
use connect_api::ConnectError;
use connect_api::config::{ConfigDef, ConfigReader};
use connect_api::convert::ConverterType;
use connect_api::data::{SchemaAndValue, SchemaRef, Value};

/// A schema as the registry keeps it, with everything that it refers to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SchemaText {
    pub text: String,
    /// What the text refers to, directly or not; a text stands behind those that it refers to itself.
    pub references: Vec<ReferencedText>,
}

/// A schema that another one refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReferencedText {
    /// What the referring text calls it: a full name in Avro, a path in Protobuf, a URI in JSON Schema.
    pub name: String,
    pub subject: String,
    pub version: i32,
    pub text: String,
    /// Names of what it refers to itself.
    pub references: Vec<String>,
}

/// A format of schemas and of the bytes behind a schema's id.
///
/// One value serves one part (key or value) of the records of one task. Nothing here waits or asks the registry.
pub trait Format: Send + Sized + 'static {
    /// What the registry calls it: `AVRO`, `PROTOBUF`, `JSON`.
    const TYPE: &'static str;
    /// Whether the id is followed by the way to the message type inside the schema (Protobuf).
    const HAS_INDEXES: bool = false;
    /// A schema made ready for reading.
    type Schema: Send + Sync + 'static;

    /// The keys of the format's own, besides those of the registry.
    fn config_def() -> ConfigDef;

    /// Reads those keys. Errors stay in the reader.
    fn new(config: &ConfigReader<'_>, part: ConverterType) -> Self;

    /// `version` is the schema's in its subject, which becomes the version of the Connect schema.
    ///
    /// # Errors
    /// A record's fault: the text is no schema of this format, or one that Connect data cannot express.
    fn parse(
        &mut self,
        text: &SchemaText,
        version: Option<i32>,
    ) -> Result<Self::Schema, ConnectError>;

    /// The full name of the record type, for subjects that are named after it.
    fn record_name(schema: &Self::Schema, indexes: &[i32]) -> Option<String>;

    /// `indexes` is empty unless [`HAS_INDEXES`](Self::HAS_INDEXES). `payload` is what stands behind id and indexes; keep
    /// slices of it instead of copies.
    ///
    /// # Errors
    /// A record's fault: the bytes do not fit the schema.
    fn read(
        &mut self,
        schema: &Arc<Self::Schema>,
        indexes: &[i32],
        payload: Bytes,
    ) -> Result<SchemaAndValue, ConnectError>;

    /// A schema that reads what was written under `writer` as `reader` has it, for `use.latest.version`.
    ///
    /// # Errors
    /// A record's fault: the one cannot be read as the other. `Config` where a format cannot do this at all.
    fn reading_as(
        &mut self,
        writer: &Arc<Self::Schema>,
        reader: &Arc<Self::Schema>,
    ) -> Result<Arc<Self::Schema>, ConnectError> {
        let _ = (writer, reader);
        Err(ConnectError::config(
            "use.latest.version and use.latest.with.metadata are not supported by this converter when it reads; remove them",
        ))
    }

    /// The schema under which a value is to be written, as it would be registered.
    ///
    /// # Errors
    /// A record's fault: this format cannot express the Connect schema.
    fn schema_of(
        &mut self,
        schema: Option<&SchemaRef>,
        value: &Value,
    ) -> Result<Arc<SchemaText>, ConnectError>;

    /// Appends the payload under a schema that [`schema_of`](Self::schema_of) gave and [`parse`](Self::parse) made
    /// ready; returns the indexes.
    ///
    /// # Errors
    /// A record's fault: the value does not fit the schema.
    fn write(
        &mut self,
        written_as: &Arc<Self::Schema>,
        schema: Option<&SchemaRef>,
        value: &Value,
        out: &mut Vec<u8>,
    ) -> Result<Vec<i32>, ConnectError>;
}
