//! Values to JSON, byte for byte as the JVM's converter writes them.

mod schema;
pub mod text;

use std::collections::HashMap;

use bytes::Bytes;
use connect_api::ConnectError;
use connect_api::data::{DATE, DECIMAL, Map, Schema, SchemaRef, TIME, TIMESTAMP, Type, Value};
use std::io::Write as _;

use super::decimal::decimal_scale;
use text::{scalar, write_base64, write_integer, write_string};

/// Writes values, and schemas once each.
pub(super) struct Writer {
    pub decimals_as_numbers: bool,
    pub replace_null_with_default: bool,
    cache_size: usize,
    /// Written schemas by their address. The reference keeps the address from being used again.
    schemas: HashMap<usize, (SchemaRef, Bytes)>,
}

type Written = Result<(), ConnectError>;

impl Writer {
    pub fn new(
        decimals_as_numbers: bool,
        replace_null_with_default: bool,
        cache_size: i32,
    ) -> Self {
        Self {
            decimals_as_numbers,
            replace_null_with_default,
            cache_size: usize::try_from(cache_size).unwrap_or(0),
            schemas: HashMap::new(),
        }
    }

    /// A document of value and schema, or of the value alone.
    pub fn document(
        &mut self,
        schema: Option<&SchemaRef>,
        value: &Value,
        with_envelope: bool,
    ) -> Result<Bytes, ConnectError> {
        let mut out = Vec::with_capacity(128);
        if with_envelope {
            out.extend_from_slice(b"{\"schema\":");
            match schema {
                Some(schema) => out.extend_from_slice(&self.written_schema(schema)?),
                None => out.extend_from_slice(b"null"),
            }
            out.extend_from_slice(b",\"payload\":");
        }
        self.value(&mut out, schema, value)?;
        if with_envelope {
            out.push(b'}');
        }
        Ok(out.into())
    }

    fn written_schema(&mut self, schema: &SchemaRef) -> Result<Bytes, ConnectError> {
        let address = std::sync::Arc::as_ptr(schema) as usize;
        if let Some((_, written)) = self.schemas.get(&address) {
            return Ok(written.clone());
        }
        schema.require_finite("JSON with a schema in every record")?;
        let mut out = Vec::with_capacity(256);
        self.schema(&mut out, schema, None)?;
        let written = Bytes::from(out);
        if self.cache_size > 0 {
            if self.schemas.len() >= self.cache_size {
                self.schemas.clear();
            }
            self.schemas
                .insert(address, (schema.clone(), written.clone()));
        }
        Ok(written)
    }

    fn value(&self, out: &mut Vec<u8>, schema: Option<&SchemaRef>, value: &Value) -> Written {
        if value.is_null() {
            return self.null(out, schema);
        }
        let Some(schema) = schema else {
            return self.untyped(out, value);
        };
        match schema.name() {
            Some(DECIMAL) => return self.decimal(out, schema, value),
            Some(name @ (DATE | TIME | TIMESTAMP)) => return temporal(out, name, value),
            _ => {}
        }
        match (schema.type_(), value) {
            (Type::Array, Value::Array(items)) => self.array(out, schema.value_schema(), items),
            (Type::Map, Value::Map(map)) => {
                let as_object = schema
                    .key_schema()
                    .is_some_and(|keys| keys.type_() == Type::String);
                self.map(out, Some(schema), map, as_object)
            }
            (Type::Struct, Value::Struct(s)) => {
                if !Schema::same(s.schema(), schema) {
                    return Err(ConnectError::data("Mismatching schema."));
                }
                out.push(b'{');
                for (i, (field, value)) in schema.fields().iter().zip(s.values()).enumerate() {
                    if i > 0 {
                        out.push(b',');
                    }
                    write_string(out, &field.name);
                    out.push(b':');
                    self.value(out, Some(&field.schema), value)?;
                }
                out.push(b'}');
                Ok(())
            }
            (type_, value) if scalar_type(value) == Some(type_) => {
                scalar(out, value);
                Ok(())
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

    fn null(&self, out: &mut Vec<u8>, schema: Option<&SchemaRef>) -> Written {
        if let Some(schema) = schema {
            if let Some(default) = schema.default()
                && self.replace_null_with_default
            {
                return self.value(out, Some(schema), default);
            }
            if !schema.is_optional() {
                return Err(ConnectError::data(
                    "Conversion error: null value for field that is required and has no default value",
                ));
            }
        }
        out.extend_from_slice(b"null");
        Ok(())
    }

    /// A value without schema, by its class.
    fn untyped(&self, out: &mut Vec<u8>, value: &Value) -> Written {
        match value {
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
                Ok(())
            }
        }
    }

    fn array(&self, out: &mut Vec<u8>, items: Option<&SchemaRef>, values: &[Value]) -> Written {
        out.push(b'[');
        for (i, value) in values.iter().enumerate() {
            if i > 0 {
                out.push(b',');
            }
            self.value(out, items, value)?;
        }
        out.push(b']');
        Ok(())
    }

    /// As an object if the keys are texts, else as an array of pairs.
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
            if !as_object {
                out.push(b'[');
                self.value(out, keys, key)?;
                out.push(b',');
                self.value(out, values, value)?;
                out.push(b']');
                continue;
            }
            if key.is_null() {
                // The name of a null key is the word, or the default of the key's schema.
                let mut name = Vec::new();
                self.value(&mut name, keys, key)?;
                if name == b"null" {
                    name = b"\"null\"".to_vec();
                }
                out.extend_from_slice(&name);
            } else {
                self.value(out, keys, key)?;
            }
            out.push(b':');
            self.value(out, values, value)?;
        }
        out.push(if as_object { b'}' } else { b']' });
        Ok(())
    }

    fn decimal(&self, out: &mut Vec<u8>, schema: &Schema, value: &Value) -> Written {
        let Value::Decimal(decimal) = value else {
            return Err(ConnectError::data(format!(
                "Invalid type for Decimal, expected BigDecimal but was class {}",
                value.java_class()
            )));
        };
        if self.decimals_as_numbers {
            // Writing to a Vec cannot fail.
            let _ = write!(out, "{decimal}");
            return Ok(());
        }
        let scale = decimal_scale(schema)?;
        if decimal.scale != scale {
            return Err(ConnectError::data(format!(
                "Decimal value has mismatching scale for given Decimal schema. Schema has scale {scale}, value has \
                 scale {}.",
                decimal.scale
            )));
        }
        write_base64(out, &decimal.to_unscaled_bytes());
        Ok(())
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
    Ok(())
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
