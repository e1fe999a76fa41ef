//! Values as `String.valueOf` prints them.

use std::fmt::{self, Write};
use std::hash::Hasher;

use super::hash_order::in_hash_order;
use super::number::{write_java_double, write_java_float};
use super::temporal::write_java_date;
use crate::data::{Struct, Value};

/// What `String.valueOf(value)` gives on the JVM: `Struct{a=1}`, `{a=1, b=null}`, `[1, x]`,
/// `Tue Nov 14 22:13:20 UTC 2023` (dates in the zone of the process).
///
/// Maps come in the order of a Java `HashMap`. A byte array prints its class and a number, as in Java; ours depends
/// on the content, Java's on the object.
pub fn java_text(value: &Value) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write_java_text(&mut text, value);
    text
}

/// Appends [`java_text`] to a text; [`Utf8`] lends it a byte buffer.
///
/// # Errors
/// Only those of `out`.
pub fn write_java_text(out: &mut impl Write, value: &Value) -> fmt::Result {
    match value {
        Value::Null => out.write_str("null"),
        Value::Boolean(b) => out.write_str(if *b { "true" } else { "false" }),
        Value::Int8(n) => write!(out, "{n}"),
        Value::Int16(n) => write!(out, "{n}"),
        Value::Int32(n) => write!(out, "{n}"),
        Value::Int64(n) => write!(out, "{n}"),
        Value::Float32(f) => write_java_float(out, *f),
        Value::Float64(d) => write_java_double(out, *d),
        Value::String(text) => out.write_str(text),
        Value::Bytes(bytes) => write!(out, "[B@{:x}", stand_in_hash(bytes)),
        Value::Decimal(d) => write!(out, "{d}"),
        Value::BigInteger(n) => write!(out, "{n}"),
        Value::Timestamp(millis) => write_java_date(out, *millis),
        Value::Array(items) => {
            out.write_str("[")?;
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.write_str(", ")?;
                }
                write_java_text(out, item)?;
            }
            out.write_str("]")
        }
        Value::Map(map) => {
            out.write_str("{")?;
            for (i, (key, value)) in in_hash_order(map).enumerate() {
                if i > 0 {
                    out.write_str(", ")?;
                }
                write_java_text(out, key)?;
                out.write_str("=")?;
                write_java_text(out, value)?;
            }
            out.write_str("}")
        }
        Value::Struct(s) => write_struct(out, s),
    }
}

/// Fields that hold nothing are left out, even if they have a default.
fn write_struct(out: &mut impl Write, s: &Struct) -> fmt::Result {
    out.write_str("Struct{")?;
    let mut first = true;
    for (field, value) in s.schema().fields().iter().zip(s.values()) {
        if value.is_null() {
            continue;
        }
        if !first {
            out.write_str(",")?;
        }
        first = false;
        out.write_str(&field.name)?;
        out.write_str("=")?;
        write_java_text(out, value)?;
    }
    out.write_str("}")
}

/// A number of the shape of an identity hash, the same in every run.
fn stand_in_hash(bytes: &[u8]) -> u32 {
    let mut hasher = std::hash::DefaultHasher::new();
    hasher.write(bytes);
    (hasher.finish() as u32) & 0x7fff_ffff
}

/// A byte buffer as a text to write to.
pub struct Utf8<'a>(pub &'a mut Vec<u8>);

impl Write for Utf8<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Decimal, Map, SchemaBuilder, Type, optional};

    #[test]
    fn prints_as_java() {
        let map = Map::from_entries(vec![
            (Value::from("b"), Value::Null),
            (Value::from("a"), Value::Int32(1)),
        ]);
        let cases = [
            (Value::Null, "null"),
            (Value::from("x y"), "x y"),
            (Value::Float64(1e10), "1.0E10"),
            (
                Value::Timestamp(1_700_000_000_000),
                "Tue Nov 14 22:13:20 UTC 2023",
            ),
            (Value::Decimal(Box::new(Decimal::new(1, -5))), "1E+5"),
            (
                Value::Array(vec![Value::Int8(1), Value::from("x"), Value::Null]),
                "[1, x, null]",
            ),
            (Value::Map(map), "{a=1, b=null}"),
        ];
        for (value, text) in cases {
            assert_eq!(java_text(&value), text);
        }
        assert!(java_text(&Value::bytes(vec![1, 2])).starts_with("[B@"));
    }

    #[test]
    fn empty_fields_of_a_struct_are_left_out() {
        let field = optional(Type::Int32);
        let schema = SchemaBuilder::structure()
            .field("a", field.clone())
            .field("b", field.clone())
            .field("c", field)
            .build()
            .unwrap();
        let s = Struct::from_values(schema, vec![Value::Int32(1), Value::Null, Value::Int32(3)]);
        assert_eq!(java_text(&Value::Struct(s)), "Struct{a=1,c=3}");
    }
}
