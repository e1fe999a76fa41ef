//! [`Headers`]: named values beside a record's key and value, in order, names may repeat.

use bytestring::ByteString;

use crate::data::{SchemaRef, Value};

/// One header of a record, converted.
#[derive(Clone, Debug, PartialEq)]
pub struct Header {
    pub key: ByteString,
    pub schema: Option<SchemaRef>,
    pub value: Value,
}

/// A record's headers in the order of the Kafka record (`org.apache.kafka.connect.header.Headers`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Headers(Vec<Header>);

impl Headers {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn with_capacity(n: usize) -> Self {
        Self(Vec::with_capacity(n))
    }

    pub fn push(&mut self, key: impl Into<ByteString>, schema: Option<SchemaRef>, value: Value) {
        self.0.push(Header {
            key: key.into(),
            schema,
            value,
        });
    }

    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Header> + ExactSizeIterator {
        self.0.iter()
    }

    /// The last header of that name, which is the one that counts where only one can.
    pub fn last_with_name(&self, key: &str) -> Option<&Header> {
        self.0.iter().rev().find(|h| h.key == key)
    }

    /// Removes every header of that name.
    pub fn remove(&mut self, key: &str) {
        self.0.retain(|h| h.key != key);
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
