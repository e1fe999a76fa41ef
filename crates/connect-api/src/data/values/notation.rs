//! Values in Kafka's notation.

use std::fmt::Write;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::number::{write_java_double, write_java_float};
use super::temporal::write_temporal;
use crate::data::Value;

/// Text of a value as headers carry it (`Values.convertToString`): `[1,"x"]`, `{"a":1}`; none for null.
///
/// A text by itself is written as it is; inside a container it is quoted, and quotes and backslashes are escaped.
pub fn convert_to_string(value: &Value) -> Option<String> {
    if value.is_null() {
        return None;
    }
    let mut text = String::new();
    match value {
        Value::String(s) => text.push_str(s),
        Value::Bytes(bytes) => STANDARD.encode_string(bytes, &mut text),
        other => append(&mut text, other),
    }
    Some(text)
}

/// Writing to a String cannot fail, so results of `write!` are dropped.
fn append(text: &mut String, value: &Value) {
    match value {
        Value::Null => text.push_str("null"),
        Value::Boolean(b) => text.push_str(if *b { "true" } else { "false" }),
        Value::Int8(n) => drop(write!(text, "{n}")),
        Value::Int16(n) => drop(write!(text, "{n}")),
        Value::Int32(n) => drop(write!(text, "{n}")),
        Value::Int64(n) => drop(write!(text, "{n}")),
        Value::Float32(f) => drop(write_java_float(text, *f)),
        Value::Float64(d) => drop(write_java_double(text, *d)),
        Value::Decimal(d) => drop(write!(text, "{d}")),
        Value::BigInteger(n) => drop(write!(text, "{n}")),
        Value::Timestamp(millis) => drop(write_temporal(text, *millis)),
        Value::String(s) => append_quoted(text, s),
        Value::Bytes(bytes) => {
            text.push('"');
            STANDARD.encode_string(bytes, text);
            text.push('"');
        }
        Value::Array(items) => {
            text.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    text.push(',');
                }
                append(text, item);
            }
            text.push(']');
        }
        Value::Map(map) => {
            text.push('{');
            for (i, (key, value)) in map.iter().enumerate() {
                if i > 0 {
                    text.push(',');
                }
                append(text, key);
                text.push(':');
                append(text, value);
            }
            text.push('}');
        }
        Value::Struct(s) => {
            text.push('{');
            for (i, field) in s.schema().fields().iter().enumerate() {
                if i > 0 {
                    text.push(',');
                }
                append_quoted(text, &field.name);
                text.push(':');
                append(text, s.at(i));
            }
            text.push('}');
        }
    }
}

fn append_quoted(text: &mut String, content: &str) {
    text.push('"');
    for c in content.chars() {
        if matches!(c, '"' | '\\') {
            text.push('\\');
        }
        text.push(c);
    }
    text.push('"');
}
