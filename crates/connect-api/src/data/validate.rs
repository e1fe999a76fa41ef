//! [`validate_value`]: does a value fit a schema (`ConnectSchema.validateValue`)?

use std::fmt;

use super::{DATE, DECIMAL, Schema, SchemaRef, TIME, TIMESTAMP, Type, Value};
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
    validate_at(&Place::Value(field), schema, value)
}

/// Where in the whole a value stands; put into words only for a message.
enum Place<'a> {
    Value(Option<&'a str>),
    /// `element of array`, `key of map` or `value of map`.
    Part(&'static str, &'a Place<'a>),
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Value(None) => f.write_str("value"),
            Place::Value(Some(field)) => write!(f, "field: \"{field}\""),
            Place::Part(part, whole) => write!(f, "{part} {whole}"),
        }
    }
}

fn validate_at(place: &Place<'_>, schema: &Schema, value: &Value) -> Result<(), ConnectError> {
    if value.is_null() {
        if schema.is_optional() {
            return Ok(());
        }
        return Err(ConnectError::data(format!(
            "Invalid value: null used for required {place}, schema type: {}",
            schema.type_()
        )));
    }
    if !class_fits(schema, value) {
        let named = schema
            .name()
            .map(|n| format!(" \"{n}\""))
            .unwrap_or_default();
        return Err(ConnectError::data(format!(
            "Invalid Java object for schema{named} with type {}: class {} for {place}",
            schema.type_(),
            value.java_class(),
        )));
    }
    match value {
        Value::Struct(s) => {
            if !std::ptr::eq(s.schema().as_ref(), schema) && **s.schema() != *schema {
                return Err(ConnectError::data("Struct schemas do not match."));
            }
            s.validate()
        }
        Value::Array(items) => {
            let place = Place::Part("element of array", place);
            let item_schema = part_schema(schema.value_schema(), &place)?;
            items
                .iter()
                .try_for_each(|item| validate_at(&place, item_schema, item))
        }
        Value::Map(map) => {
            let key_place = Place::Part("key of map", place);
            let value_place = Place::Part("value of map", place);
            let key_schema = part_schema(schema.key_schema(), &key_place)?;
            let value_schema = part_schema(schema.value_schema(), &value_place)?;
            map.iter().try_for_each(|(key, value)| {
                validate_at(&key_place, key_schema, key)?;
                validate_at(&value_place, value_schema, value)
            })
        }
        _ => Ok(()),
    }
}

/// Lists and maps that Kafka's value parser made of mixed elements have no schema for them, and pass nowhere.
fn part_schema<'a>(
    schema: Option<&'a SchemaRef>,
    place: &Place<'_>,
) -> Result<&'a SchemaRef, ConnectError> {
    schema.ok_or_else(|| ConnectError::data(format!("No schema defined for {place}")))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{SchemaBuilder, required};

    #[test]
    fn messages_say_where() {
        let int = required(Type::Int32);
        let list = SchemaBuilder::array(int.clone()).build().unwrap();
        let map = SchemaBuilder::map(int.clone(), list.clone())
            .build()
            .unwrap();
        let mixed = SchemaBuilder::array_of_mixed().build().unwrap();
        let nulls = Value::Array(vec![Value::Int32(1), Value::Null]);
        let entry = Value::Map([(Value::Int32(1), nulls.clone())].into_iter().collect());
        let cases = [
            (
                None,
                &int,
                Value::Null,
                "Invalid value: null used for required value, schema type: INT32",
            ),
            (
                Some("f"),
                &list,
                nulls.clone(),
                "Invalid value: null used for required element of array field: \"f\", schema type: INT32",
            ),
            (
                None,
                &map,
                entry,
                "Invalid value: null used for required element of array value of map value, schema type: INT32",
            ),
            (
                Some("f"),
                &int,
                Value::from("x"),
                "Invalid Java object for schema with type INT32: class java.lang.String for field: \"f\"",
            ),
            (
                Some("f"),
                &mixed,
                nulls,
                "No schema defined for element of array field: \"f\"",
            ),
        ];
        for (field, schema, value, message) in cases {
            let error = validate_value(field, schema, &value).unwrap_err();
            assert_eq!(error.message(), Some(message));
        }
    }
}
