//! What all converters share.

use bytes::Bytes;
use bytestring::ByteString;
use connect_api::ConnectError;
use connect_api::config::{ConfigReader, Importance, Key};
use connect_api::convert::{Converter, HeaderConverter};
use connect_api::data::{SchemaAndValue, SchemaRef, Value};

/// The part of the record a converter serves. The runtime says it when it makes the converter; the key is there
/// because definitions on the JVM have it, and a user's value of it never counts.
pub const CONVERTER_TYPE: Key<String> = Key::required(
    "converter.type",
    Importance::Low,
    "Which part of the record the converter serves; set by the runtime.",
)
.one_of(&["key", "value", "header"]);

/// Reads the key where the runtime has put it into the configuration.
pub(crate) fn read_converter_type(config: &ConfigReader<'_>) {
    if config.config().contains(CONVERTER_TYPE.name()) {
        config.get(&CONVERTER_TYPE);
    }
}

/// Reads and writes data of which neither topic nor header name says anything.
pub(crate) trait Codec: Send {
    fn read(&mut self, data: Option<Bytes>) -> Result<SchemaAndValue, ConnectError>;

    fn write(
        &mut self,
        schema: Option<&SchemaRef>,
        value: &Value,
    ) -> Result<Option<Bytes>, ConnectError>;
}

/// A codec as the converter of keys, values and headers alike.
pub(crate) struct ForAll<C>(pub C);

impl<C: Codec> Converter for ForAll<C> {
    fn to_connect_data(
        &mut self,
        _: &str,
        data: Option<Bytes>,
    ) -> Result<SchemaAndValue, ConnectError> {
        self.0.read(data)
    }

    fn from_connect_data(
        &mut self,
        _: &str,
        schema: Option<&SchemaRef>,
        value: &Value,
    ) -> Result<Option<Bytes>, ConnectError> {
        self.0.write(schema, value)
    }
}

impl<C: Codec> HeaderConverter for ForAll<C> {
    fn to_connect_header(
        &mut self,
        _: &str,
        _: &str,
        data: Option<Bytes>,
    ) -> Result<SchemaAndValue, ConnectError> {
        self.0.read(data)
    }

    fn from_connect_header(
        &mut self,
        _: &str,
        _: &str,
        schema: Option<&SchemaRef>,
        value: &Value,
    ) -> Result<Option<Bytes>, ConnectError> {
        self.0.write(schema, value)
    }
}

/// The bytes as a text, or as they came if they are not UTF-8.
///
/// `ByteString::try_from` takes bytes away that are none; to have them back, each text would have to be counted twice.
#[inline]
pub(crate) fn text(bytes: Bytes) -> Result<ByteString, Bytes> {
    match std::str::from_utf8(&bytes) {
        // SAFETY: they were found to be UTF-8 a line above.
        Ok(_) => Ok(unsafe { ByteString::from_bytes_unchecked(bytes) }),
        Err(_) => Err(bytes),
    }
}
