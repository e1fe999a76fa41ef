//! [`Side`]: the part of the record that a `$Key` or `$Value` transformation works on.

use connect_api::SinkRecord;
use connect_api::data::{SchemaRef, Value};

/// The class behind the `$`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Key,
    Value,
}

impl Side {
    pub fn schema(self, record: &SinkRecord) -> Option<&SchemaRef> {
        match self {
            Side::Key => record.key_schema.as_ref(),
            Side::Value => record.value_schema.as_ref(),
        }
    }

    pub fn value(self, record: &SinkRecord) -> &Value {
        match self {
            Side::Key => &record.key,
            Side::Value => &record.value,
        }
    }

    /// Takes the value out; the record holds null until another is [`set`](Self::set).
    pub fn take(self, record: &mut SinkRecord) -> Value {
        match self {
            Side::Key => std::mem::take(&mut record.key),
            Side::Value => std::mem::take(&mut record.value),
        }
    }

    pub fn set(self, record: &mut SinkRecord, schema: Option<SchemaRef>, value: Value) {
        match self {
            Side::Key => (record.key_schema, record.key) = (schema, value),
            Side::Value => (record.value_schema, record.value) = (schema, value),
        }
    }
}
