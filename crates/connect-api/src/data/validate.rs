//! [`validate_value`]: does a value fit a schema (`ConnectSchema.validateValue`)?

use super::{DATE, DECIMAL, Schema, TIME, TIMESTAMP, Type, Value};
use crate::error::ConnectError;

/// Checks a value against a schema as Kafka does, with Kafka's texts.
///
/// `field` is the name of the struct field, if the value is one; it appears in the message.
///
/// # Errors
/// A `DataException` if the value is null where it may not be, or of a class that the schema does not take.
pub fn validate_value(
    field: Option<&str>,
    schema: &Schema,
    value: &Value,
) -> Result<(), ConnectError> {
    let place = || {
        field
            .map(|f| format!(" for field: \"{f}\""))
            .unwrap_or_default()
    };
    if value.is_null() {
        if schema.is_optional() {
            return Ok(());
        }
        let used = field
            .map(|f| format!("field: \"{f}\""))
            .unwrap_or_else(|| "field: \"null\"".to_owned());
        return Err(ConnectError::data(format!(
            "Invalid value: null used for required {used}, schema type: {}",
            schema.type_()
        )));
    }
    if !class_fits(schema, value) {
        let named = schema
            .name()
            .map(|n| format!(" \"{n}\""))
            .unwrap_or_default();
        return Err(ConnectError::data(format!(
            "Invalid Java object for schema{named} with type {}: class {}{}",
            schema.type_(),
            value.java_class(),
            place()
        )));
    }
    match value {
        Value::Struct(s)
            if !std::ptr::eq(s.schema().as_ref(), schema) && **s.schema() != *schema =>
        {
            return Err(ConnectError::data("Struct schemas do not match."));
        }
        Value::Array(items) => {
            if let Some(item_schema) = schema.value_schema() {
                for item in items {
                    validate_value(None, item_schema, item)?;
                }
            }
        }
        Value::Map(map) => {
            for (key, value) in map.iter() {
                if let Some(key_schema) = schema.key_schema() {
                    validate_value(None, key_schema, key)?;
                }
                if let Some(value_schema) = schema.value_schema() {
                    validate_value(None, value_schema, value)?;
                }
            }
        }
        _ => {}
    }
    Ok(())
}

fn class_fits(schema: &Schema, value: &Value) -> bool {
    match schema.name() {
        Some(DECIMAL) => return matches!(value, Value::Decimal(_)),
        Some(DATE | TIME | TIMESTAMP) => return matches!(value, Value::Timestamp(_)),
        _ => {}
    }
    matches!(
        (schema.type_(), value),
        (Type::Int8, Value::Int8(_))
            | (Type::Int16, Value::Int16(_))
            | (Type::Int32, Value::Int32(_))
            | (Type::Int64, Value::Int64(_))
            | (Type::Float32, Value::Float32(_))
            | (Type::Float64, Value::Float64(_))
            | (Type::Boolean, Value::Boolean(_))
            | (Type::String, Value::String(_))
            | (Type::Bytes, Value::Bytes(_))
            | (Type::Array, Value::Array(_))
            | (Type::Map, Value::Map(_))
            | (Type::Struct, Value::Struct(_))
    )
}
