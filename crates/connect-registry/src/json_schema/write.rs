//! Values to JSON, as the JVM's converter writes them.

use std::io::Write as _;

use connect_api::ConnectError;
use connect_api::data::{
    DATE, DECIMAL, Map, Schema, SchemaRef, Struct, TIME, TIMESTAMP, Type, Value,
};
use connect_converters::json::parts::{
    decimal_scale, scalar, write_base64, write_integer, write_string,
};

use super::config::Settings;
use super::names::{KEY, VALUE};
use super::read::{has_text_keys, is_union};

pub struct Writer<'a> {
    settings: &'a Settings,
}

/// Whether anything was written: a required field that is null without a default is left out.
type Written = Result<bool, ConnectError>;

impl<'a> Writer<'a> {
    pub fn new(settings: &'a Settings) -> Self {
        Self { settings }
    }

    /// Appends a value; nothing is appended for one that is to be left out.
    ///
    /// # Errors
    /// A record's fault: the value does not fit the schema.
    pub fn value(&self, out: &mut Vec<u8>, schema: Option<&SchemaRef>, value: &Value) -> Written {
        let Some(schema) = schema else {
            return self.untyped(out, value);
        };
        if value.is_null() {
            return self.null(out, schema);
        }
        match schema.name() {
            Some(DECIMAL) => return self.decimal(out, schema, value),
            Some(name @ (DATE | TIME | TIMESTAMP)) => return temporal(out, name, value),
            _ => {}
        }
        match (schema.type_(), value) {
            (Type::Array, Value::Array(items)) => self.array(out, schema.value_schema(), items),
            (Type::Map, Value::Map(map)) => self.map(out, Some(schema), map, has_text_keys(schema)),
            (Type::Struct, Value::Struct(s)) => {
                if !Schema::same(s.schema(), schema) {
                    return Err(ConnectError::data("Mismatching schema."));
                }
                self.structure(out, schema, s)
            }
            (Type::Bytes, Value::Decimal(decimal)) => {
                // Writing to a Vec cannot fail.
                let _ = write!(out, "{decimal}");
                Ok(true)
            }
            (type_, value) if scalar_type(value) == Some(type_) => {
                scalar(out, value);
                Ok(true)
            }
            (Type::Bytes, _) => Err(ConnectError::data(format!(
                "Invalid type for bytes type: class {}",
                value.java_class()
            ))),
            (type_, _) => Err(ConnectError::data(format!(
                "Invalid type for {type_}: class {}",
                value.java_class()
            ))),
        }
    }

    /// A value where JSON needs one, even if it is to be left out.
    fn value_or_null(
        &self,
        out: &mut Vec<u8>,
        schema: Option<&SchemaRef>,
        value: &Value,
    ) -> Written {
        if !self.value(out, schema, value)? {
            out.extend_from_slice(b"null");
        }
        Ok(true)
    }

    fn null(&self, out: &mut Vec<u8>, schema: &SchemaRef) -> Written {
        if let Some(default) = schema.default()
            && !self.settings.ignore_default_for_nullables
        {
            return self.value(out, Some(schema), default);
        }
        if schema.is_optional() {
            out.extend_from_slice(b"null");
        }
        Ok(schema.is_optional())
    }

    fn structure(&self, out: &mut Vec<u8>, schema: &SchemaRef, value: &Struct) -> Written {
        let stored = value.values().iter().enumerate();
        let ignore = self.settings.ignore_default_for_nullables;
        let mut fields = schema
            .fields()
            .iter()
            .zip(stored.map(|(i, stored)| if ignore { stored } else { value.at(i) }));
        if is_union(schema) {
            return match fields.find(|(_, value)| !value.is_null()) {
                Some((field, value)) => self.value(out, Some(&field.schema), value),
                None => self.null(out, schema),
            };
        }
        out.push(b'{');
        let mut first = true;
        for (field, value) in fields {
            let before = out.len();
            if !first {
                out.push(b',');
            }
            write_string(out, &field.name);
            out.push(b':');
            if self.value(out, Some(&field.schema), value)? {
                first = false;
            } else {
                out.truncate(before);
            }
        }
        out.push(b'}');
        Ok(true)
    }

    fn array(&self, out: &mut Vec<u8>, items: Option<&SchemaRef>, values: &[Value]) -> Written {
        out.push(b'[');
        for (i, value) in values.iter().enumerate() {
            if i > 0 {
                out.push(b',');
            }
            self.value_or_null(out, items, value)?;
        }
        out.push(b']');
        Ok(true)
    }

    /// As an object if the keys are texts, else as an array of objects with a key and a value.
    fn map(
        &self,
        out: &mut Vec<u8>,
        schema: Option<&SchemaRef>,
        map: &Map,
        as_object: bool,
    ) -> Written {
        let keys = schema.and_then(|s| s.key_schema());
        let values = schema.and_then(|s| s.value_schema());
        out.push(if as_object { b'{' } else { b'[' });
        for (i, (key, value)) in map.iter().enumerate() {
            if i > 0 {
                out.push(b',');
            }
            if as_object {
                let Value::String(name) = key else {
                    return Err(ConnectError::data(format!(
                        "Invalid type for STRING: class {}",
                        key.java_class()
                    )));
                };
                write_string(out, name);
                out.push(b':');
                self.value_or_null(out, values, value)?;
                continue;
            }
            let _ = write!(out, "{{\"{KEY}\":");
            self.value_or_null(out, keys, key)?;
            let _ = write!(out, ",\"{VALUE}\":");
            self.value_or_null(out, values, value)?;
            out.push(b'}');
        }
        out.push(if as_object { b'}' } else { b']' });
        Ok(true)
    }

    /// A value without schema, by its class.
    fn untyped(&self, out: &mut Vec<u8>, value: &Value) -> Written {
        match value {
            Value::Null => Ok(false),
            Value::Array(items) => self.array(out, None, items),
            Value::Map(map) => {
                let as_object = map.iter().all(|(key, _)| key.as_str().is_some());
                self.map(out, None, map, as_object)
            }
            Value::Struct(_) => Err(ConnectError::data("Mismatching schema.")),
            Value::Decimal(_) | Value::BigInteger(_) | Value::Timestamp(_) => {
                Err(ConnectError::data(format!(
                    "Java class class {} does not have corresponding schema type.",
                    value.java_class()
                )))
            }
            value => {
                scalar(out, value);
                Ok(true)
            }
        }
    }

    fn decimal(&self, out: &mut Vec<u8>, schema: &Schema, value: &Value) -> Written {
        let Value::Decimal(decimal) = value else {
            return Err(ConnectError::data(format!(
                "Invalid type for Decimal, expected BigDecimal but was class {}",
                value.java_class()
            )));
        };
        if self.settings.decimals_as_numbers {
            let _ = write!(out, "{decimal}");
            return Ok(true);
        }
        let scale = decimal_scale(schema)?;
        if decimal.scale != scale {
            return Err(ConnectError::data(format!(
                "Decimal value has mismatching scale for given Decimal schema. Schema has scale {scale}, value has scale {}.",
                decimal.scale
            )));
        }
        write_base64(out, &decimal.to_unscaled_bytes());
        Ok(true)
    }
}

fn temporal(out: &mut Vec<u8>, name: &str, value: &Value) -> Written {
    const MILLIS_PER_DAY: i64 = 86_400_000;
    let short = name.rsplit('.').next().unwrap_or(name);
    let Value::Timestamp(millis) = value else {
        return Err(ConnectError::data(format!(
            "Invalid type for {short}, expected Date but was class {}",
            value.java_class()
        )));
    };
    let number = match name {
        DATE if millis % MILLIS_PER_DAY != 0 => {
            return Err(ConnectError::data(
                "Kafka Connect Date type should not have any time fields set to non-zero values.",
            ));
        }
        DATE => millis / MILLIS_PER_DAY,
        TIME if !(0..=MILLIS_PER_DAY).contains(millis) => {
            return Err(ConnectError::data(
                "Kafka Connect Time type should not have any date fields set to non-zero values.",
            ));
        }
        _ => *millis,
    };
    write_integer(out, number);
    Ok(true)
}

/// The type whose values are of this class.
fn scalar_type(value: &Value) -> Option<Type> {
    Some(match value {
        Value::Boolean(_) => Type::Boolean,
        Value::Int8(_) => Type::Int8,
        Value::Int16(_) => Type::Int16,
        Value::Int32(_) => Type::Int32,
        Value::Int64(_) => Type::Int64,
        Value::Float32(_) => Type::Float32,
        Value::Float64(_) => Type::Float64,
        Value::String(_) => Type::String,
        Value::Bytes(_) => Type::Bytes,
        _ => return None,
    })
}
