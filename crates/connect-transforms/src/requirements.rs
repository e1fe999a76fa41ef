//! What a transformation requires of a value, with Kafka's texts (`org.apache.kafka.connect.transforms.util.Requirements`).

use connect_api::ConnectError;
use connect_api::data::{Map, Struct, Value};

/// # Errors
/// The value is no map, which is what data without a schema must be.
pub(crate) fn require_map(value: Value, purpose: &str) -> Result<Map, ConnectError> {
    match value {
        Value::Map(map) => Ok(map),
        other => Err(not_a_map(&other, purpose)),
    }
}

pub(crate) fn not_a_map(value: &Value, purpose: &str) -> ConnectError {
    ConnectError::data(format!(
        "Only Map objects supported in absence of schema for [{purpose}], found: {}",
        value.java_class()
    ))
}

/// # Errors
/// The value is no struct.
pub(crate) fn require_struct(value: Value, purpose: &str) -> Result<Struct, ConnectError> {
    match value {
        Value::Struct(s) => Ok(s),
        other => Err(not_a_struct(&other, purpose)),
    }
}

pub(crate) fn not_a_struct(value: &Value, purpose: &str) -> ConnectError {
    ConnectError::data(format!(
        "Only Struct objects supported for [{purpose}], found: {}",
        value.java_class()
    ))
}
