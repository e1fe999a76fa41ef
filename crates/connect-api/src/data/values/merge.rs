//! One schema for the elements of a list, as Kafka's value parser finds it.

use crate::data::{DATE, Schema, SchemaAndValue, SchemaRef, TIME, TIMESTAMP, Type, Value};
use crate::error::ConnectError;

use java_time::calendar::MILLIS_PER_DAY;

/// The common schema of the elements seen so far.
#[derive(Default)]
pub(super) struct Merger {
    common: Option<SchemaRef>,
    /// Two elements had nothing in common: no later one can change that.
    apart: bool,
}

impl Merger {
    pub fn add(&mut self, element: &SchemaAndValue) {
        let Some(schema) = &element.schema else {
            return;
        };
        if self.apart {
            return;
        }
        self.common = match &self.common {
            None => Some(schema.clone()),
            Some(common) => {
                let merged = merged(common, schema);
                self.apart = merged.is_none();
                merged
            }
        };
    }

    /// None if there were only nulls or if the elements have nothing in common.
    pub fn into_schema(self) -> Option<SchemaRef> {
        self.common
    }
}

/// Of two schemas of one type the later wins, whatever it says of its elements. Of two numeric types the wider wins.
fn merged(common: &SchemaRef, schema: &SchemaRef) -> Option<SchemaRef> {
    if common.type_() == schema.type_() {
        return Some(schema.clone());
    }
    let (a, b) = (width(common.type_())?, width(schema.type_())?);
    Some(if a > b { common } else { schema }.clone())
}

fn width(type_: Type) -> Option<u8> {
    match type_ {
        Type::Int8 => Some(1),
        Type::Int16 => Some(2),
        Type::Int32 => Some(3),
        Type::Int64 => Some(4),
        Type::Float32 => Some(5),
        Type::Float64 => Some(6),
        _ => None,
    }
}

/// Converts an element to the common schema.
///
/// # Errors
/// If the element is null or of a kind that cannot become such a value; the whole text is then no list or map.
pub(super) fn align(schema: &Schema, value: Value) -> Result<Value, ConnectError> {
    if value.is_null() {
        return Err(ConnectError::data(
            "Unable to convert a null value to a schema that requires a value",
        ));
    }
    match (schema.name(), &value) {
        // A date, time or timestamp among others of the same base type stays what it is.
        (Some(DATE | TIME | TIMESTAMP), Value::Timestamp(_)) => return Ok(value),
        (Some(DATE), _) => return Ok(Value::Timestamp(long(&value)? * MILLIS_PER_DAY)),
        (Some(TIME), _) => {
            let ms = long(&value)?;
            if !(0..=MILLIS_PER_DAY).contains(&ms) {
                return Err(not_a_number(&value));
            }
            return Ok(Value::Timestamp(ms));
        }
        (Some(TIMESTAMP), _) => return Ok(Value::Timestamp(long(&value)?)),
        _ => {}
    }
    Ok(match schema.type_() {
        Type::Int8 => Value::Int8(long(&value)? as i8),
        Type::Int16 => Value::Int16(long(&value)? as i16),
        Type::Int32 => Value::Int32(long(&value)? as i32),
        Type::Int64 => Value::Int64(long(&value)?),
        Type::Float32 => Value::Float32(double(&value)? as f32),
        Type::Float64 => Value::Float64(double(&value)?),
        _ => value,
    })
}

fn long(value: &Value) -> Result<i64, ConnectError> {
    match value {
        Value::Int8(n) => Ok((*n).into()),
        Value::Int16(n) => Ok((*n).into()),
        Value::Int32(n) => Ok((*n).into()),
        Value::Int64(n) => Ok(*n),
        _ => Err(not_a_number(value)),
    }
}

fn double(value: &Value) -> Result<f64, ConnectError> {
    match value {
        Value::Float32(f) => Ok((*f).into()),
        Value::Float64(d) => Ok(*d),
        other => long(other).map(|n| n as f64),
    }
}

fn not_a_number(value: &Value) -> ConnectError {
    ConnectError::data(format!(
        "Unable to convert a value of class {} to a number",
        value.java_class()
    ))
}
