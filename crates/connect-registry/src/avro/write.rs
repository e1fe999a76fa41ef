//! Values to bytes under an Avro schema: the one made of their Connect schema, or one of the registry that fits.

use connect_api::ConnectError;
use connect_api::data::{DATE, DECIMAL, Schema, SchemaRef, Struct, TIME, TIMESTAMP, Type, Value};

use super::config::Settings;
use super::defaults;
use super::from_connect::{fixed_size, is_union, parameter};
use super::model::{Field, Kind, Model, NodeId};
use super::names::{KEY, VALUE};
use super::read::MILLIS_PER_DAY;
use super::wire::{put_bytes, put_long};

/// Values inside each other, as far as they can be read again.
const MAX_DEPTH: usize = 250;

pub(super) struct Writer<'a> {
    pub model: &'a Model,
    pub settings: &'a Settings,
}

type Written = Result<(), ConnectError>;

impl Writer<'_> {
    /// # Errors
    /// A record's fault: the value does not fit the schema.
    pub fn payload(&self, schema: &SchemaRef, value: &Value, out: &mut Vec<u8>) -> Written {
        // Bytes alone have no length in front of them.
        if let (Kind::Bytes, false) = (self.model.kind(self.model.root), value.is_null()) {
            out.extend_from_slice(&binary(schema, value)?);
            return Ok(());
        }
        self.value(self.model.root, schema, value, out, 0)
    }

    /// A value without schema, in the record that stands for all of them.
    pub fn anything(&self, value: &Value, out: &mut Vec<u8>, depth: usize) -> Written {
        if depth > MAX_DEPTH {
            return Err(too_deep());
        }
        let field = anything_field(value)?;
        for place in 0..9 {
            if Some(place) != field {
                put_long(out, 0);
                continue;
            }
            put_long(out, 1);
            match value {
                Value::Boolean(b) => out.push((*b).into()),
                Value::Bytes(bytes) => put_bytes(out, bytes),
                Value::Float64(n) => out.extend_from_slice(&n.to_le_bytes()),
                Value::Float32(n) => out.extend_from_slice(&n.to_le_bytes()),
                Value::Int8(n) => put_long(out, (*n).into()),
                Value::Int16(n) => put_long(out, (*n).into()),
                Value::Int32(n) => put_long(out, (*n).into()),
                Value::Int64(n) => put_long(out, *n),
                Value::String(text) => put_bytes(out, text.as_bytes()),
                Value::Array(items) => blocks(out, items.iter(), |item, out| {
                    self.anything(item, out, depth + 1)
                })?,
                Value::Map(map) => blocks(out, map.iter(), |(key, value), out| {
                    self.anything(key, out, depth + 1)?;
                    self.anything(value, out, depth + 1)
                })?,
                _ => {}
            }
        }
        Ok(())
    }

    fn value(
        &self,
        node: NodeId,
        schema: &SchemaRef,
        value: &Value,
        out: &mut Vec<u8>,
        depth: usize,
    ) -> Written {
        if depth > MAX_DEPTH {
            return Err(too_deep());
        }
        if value.is_null() && !schema.is_optional() {
            return Err(ConnectError::data(
                "Found null value for non-optional schema",
            ));
        }
        if let Value::Struct(s) = value
            && !Schema::same(s.schema(), schema)
        {
            return Err(ConnectError::data("Mismatching struct schema"));
        }
        if let (Value::Struct(s), true) = (value, is_union(schema)) {
            return self.chosen(node, schema, s, out, depth);
        }
        if let Kind::Union(members) = self.model.kind(node) {
            let place = members
                .iter()
                .position(|&member| self.fits(member, schema, value));
            let place = place.ok_or_else(|| self.misfit(node, value))?;
            put_long(out, place as i64);
            return self.plain(members[place], schema, value, out, depth);
        }
        match self.fits(node, schema, value) {
            true => self.plain(node, schema, value, out, depth),
            false => Err(self.misfit(node, value)),
        }
    }

    /// The member of a union that its struct holds.
    fn chosen(
        &self,
        node: NodeId,
        schema: &SchemaRef,
        s: &Struct,
        out: &mut Vec<u8>,
        depth: usize,
    ) -> Written {
        for (place, field) in schema.fields().iter().enumerate() {
            let value = self.stored(s, place);
            if !value.is_null() {
                return self.value(node, &field.schema, value, out, depth + 1);
            }
        }
        let null = match self.model.kind(node) {
            Kind::Union(members) => members.iter().position(|&m| self.model.kind(m).is_null()),
            _ => None,
        };
        match null.filter(|_| schema.is_optional()) {
            Some(null) => {
                put_long(out, null as i64);
                Ok(())
            }
            None => Err(ConnectError::data(
                "Found null value for non-optional schema",
            )),
        }
    }

    fn stored<'v>(&self, s: &'v Struct, place: usize) -> &'v Value {
        match self.settings.ignore_defaults {
            true => &s.values()[place],
            false => s.at(place),
        }
    }

    /// Whether a type of Avro, no union, takes a value.
    fn fits(&self, node: NodeId, schema: &SchemaRef, value: &Value) -> bool {
        let node = &self.model.nodes[node];
        match (&node.kind, schema.type_(), value) {
            (Kind::Null, _, value) => value.is_null(),
            (_, _, Value::Null) => false,
            (Kind::Boolean, Type::Boolean, _)
            | (Kind::Int, Type::Int8 | Type::Int16 | Type::Int32, _)
            | (Kind::Long, Type::Int64, _)
            | (Kind::Float, Type::Float32, _)
            | (Kind::Double, Type::Float64, _)
            | (Kind::Array(_), Type::Array, _)
            | (Kind::Map(_), Type::Map, _) => true,
            (Kind::String, Type::String, _) => !self.settings.writes_enum(schema),
            (Kind::Enum { .. }, Type::String, _) => {
                let own = self.settings.enum_parameter();
                let name = parameter(schema, own).filter(|_| self.settings.writes_enum(schema));
                name.is_some_and(|name| self.settings.full_name(name) == node.full_name())
            }
            (Kind::Bytes, Type::Bytes, _) => matches!(fixed_size(schema), Ok(None)),
            (Kind::Fixed(size), Type::Bytes, _) => {
                let has_name = schema.name().is_some_and(|name| {
                    // The decimals of a fixed type have the name of decimals.
                    name == DECIMAL || self.settings.full_name(name) == node.full_name()
                });
                has_name && matches!(fixed_size(schema), Ok(Some(own)) if own == *size)
            }
            (Kind::Array(item), Type::Map, _) => {
                !self.settings.writes_map(schema) && self.model.nodes[*item].is_map_entry()
            }
            (Kind::Record(_), Type::Struct, _) => match schema.name() {
                Some(name) => self.settings.full_name(name) == node.full_name(),
                None => true,
            },
            _ => false,
        }
    }

    fn plain(
        &self,
        node: NodeId,
        schema: &SchemaRef,
        value: &Value,
        out: &mut Vec<u8>,
        depth: usize,
    ) -> Written {
        match (self.model.kind(node), value) {
            (Kind::Null, _) => {}
            (Kind::Boolean, Value::Boolean(b)) => out.push((*b).into()),
            (Kind::Int, value) => put_long(out, int(schema, value)?.into()),
            (Kind::Long, value) => put_long(out, long(schema, value)?),
            (Kind::Float, Value::Float32(n)) => out.extend_from_slice(&n.to_le_bytes()),
            (Kind::Double, Value::Float64(n)) => out.extend_from_slice(&n.to_le_bytes()),
            (Kind::String, Value::String(text)) => put_bytes(out, text.as_bytes()),
            (Kind::Enum { symbols, .. }, Value::String(symbol)) => {
                let place = symbols.iter().position(|known| known == symbol);
                let place = place.ok_or_else(|| {
                    let name = self.model.nodes[node].full_name();
                    ConnectError::data(format!("{symbol} is no symbol of the enum {name}"))
                })?;
                put_long(out, place as i64);
            }
            (Kind::Bytes, value) => put_bytes(out, &binary(schema, value)?),
            (Kind::Fixed(size), value) => out.extend_from_slice(&fixed(schema, value, *size)?),
            (Kind::Array(item), Value::Array(items)) => {
                let inner = part(schema.value_schema())?;
                blocks(out, items.iter(), |value, out| {
                    self.value(*item, inner, value, out, depth + 1)
                })?;
            }
            (Kind::Map(values), Value::Map(map)) => {
                let inner = part(schema.value_schema())?;
                blocks(out, map.iter(), |(key, value), out| {
                    let text = key.as_str();
                    let text = text.ok_or_else(|| misfit("STRING", key))?;
                    put_bytes(out, text.as_bytes());
                    self.value(*values, inner, value, out, depth + 1)
                })?;
            }
            (Kind::Array(entry), Value::Map(map)) => {
                let Kind::Record(fields) = self.model.kind(*entry) else {
                    return Err(self.misfit(node, value));
                };
                let (keys, values) = (part(schema.key_schema())?, part(schema.value_schema())?);
                blocks(out, map.iter(), |(key, value), out| {
                    for field in fields {
                        match &*field.name {
                            KEY => self.value(field.node, keys, key, out, depth + 1)?,
                            VALUE => self.value(field.node, values, value, out, depth + 1)?,
                            _ => self.missing(field, out)?,
                        }
                    }
                    Ok(())
                })?;
            }
            (Kind::Record(fields), Value::Struct(s)) => {
                self.record(node, fields, schema, s, out, depth)?;
            }
            _ => return Err(misfit(schema.type_().name(), value)),
        }
        Ok(())
    }

    fn record(
        &self,
        node: NodeId,
        fields: &[Field],
        schema: &SchemaRef,
        s: &Struct,
        out: &mut Vec<u8>,
        depth: usize,
    ) -> Written {
        let mut written = 0;
        for (at, field) in fields.iter().enumerate() {
            // Nearly always the fields stand in the same order.
            let is_it = |place: &usize| {
                let own = schema.fields().get(*place);
                own.is_some_and(|own| self.settings.field_name(&own.name) == *field.name)
            };
            let place = Some(at)
                .filter(is_it)
                .or_else(|| (0..schema.fields().len()).find(is_it));
            let Some(place) = place else {
                self.missing(field, out)?;
                continue;
            };
            written += 1;
            let inner = &schema.fields()[place].schema;
            self.value(field.node, inner, self.stored(s, place), out, depth + 1)?;
        }
        if written < schema.fields().len() {
            return Err(ConnectError::data(format!(
                "{} has no place for every field of {schema}",
                self.model.nodes[node].full_name()
            )));
        }
        Ok(())
    }

    /// A field that the value does not have.
    fn missing(&self, field: &Field, out: &mut Vec<u8>) -> Written {
        match &field.default {
            Some(default) => defaults::encode(self.model, field.node, default, out),
            None => Err(ConnectError::data(format!(
                "Field {} has no value and no default",
                field.name
            ))),
        }
    }

    fn misfit(&self, node: NodeId, value: &Value) -> ConnectError {
        let name = self.model.nodes[node].full_name();
        ConnectError::data(format!(
            "A value of class {} does not fit the Avro schema {name}",
            value.java_class()
        ))
    }
}

/// The field of a value without schema; null has none.
fn anything_field(value: &Value) -> Result<Option<usize>, ConnectError> {
    Ok(Some(match value {
        Value::Null => return Ok(None),
        Value::Boolean(_) => 0,
        Value::Bytes(_) => 1,
        Value::Float64(_) => 2,
        Value::Float32(_) => 3,
        Value::Int8(_) | Value::Int16(_) | Value::Int32(_) => 4,
        Value::Int64(_) => 5,
        Value::String(_) => 6,
        Value::Array(_) => 7,
        Value::Map(_) => 8,
        other => {
            return Err(ConnectError::data(format!(
                "Unknown Java type for schemaless data: class {}",
                other.java_class()
            )));
        }
    }))
}

fn blocks<T>(
    out: &mut Vec<u8>,
    items: impl ExactSizeIterator<Item = T>,
    mut write: impl FnMut(T, &mut Vec<u8>) -> Written,
) -> Written {
    if items.len() > 0 {
        put_long(out, items.len() as i64);
        for item in items {
            write(item, out)?;
        }
    }
    put_long(out, 0);
    Ok(())
}

fn int(schema: &Schema, value: &Value) -> Result<i32, ConnectError> {
    Ok(match (schema.name(), value) {
        (Some(DATE), Value::Timestamp(millis)) => {
            if millis % MILLIS_PER_DAY != 0 {
                return Err(ConnectError::data(
                    "Kafka Connect Date type should not have any time fields set to non-zero values.",
                ));
            }
            // As Java cuts it down.
            (millis / MILLIS_PER_DAY) as i32
        }
        (Some(TIME), Value::Timestamp(millis)) => match i32::try_from(*millis) {
            Ok(millis) if (0..=MILLIS_PER_DAY).contains(&millis.into()) => millis,
            _ => {
                return Err(ConnectError::data(
                    "Kafka Connect Time type should not have any date fields set to non-zero values.",
                ));
            }
        },
        (_, Value::Int8(n)) if schema.type_() == Type::Int8 => (*n).into(),
        (_, Value::Int16(n)) if schema.type_() == Type::Int16 => (*n).into(),
        (_, Value::Int32(n)) if schema.type_() == Type::Int32 => *n,
        _ => return Err(misfit(schema.type_().name(), value)),
    })
}

fn long(schema: &Schema, value: &Value) -> Result<i64, ConnectError> {
    match (schema.name(), value) {
        (Some(TIMESTAMP), Value::Timestamp(millis)) => Ok(*millis),
        (_, Value::Int64(n)) => Ok(*n),
        _ => Err(misfit(schema.type_().name(), value)),
    }
}

fn binary(schema: &Schema, value: &Value) -> Result<Vec<u8>, ConnectError> {
    match (schema.name(), value) {
        (Some(DECIMAL), Value::Decimal(decimal)) => {
            let scale = parameter(schema, connect_api::data::DECIMAL_SCALE);
            let scale: Option<i32> = scale.and_then(|scale| scale.parse().ok());
            match scale {
                Some(scale) if scale == decimal.scale => Ok(decimal.to_unscaled_bytes()),
                _ => Err(ConnectError::data(
                    "Decimal value has mismatching scale for given Decimal schema",
                )),
            }
        }
        (Some(DECIMAL), other) => Err(ConnectError::data(format!(
            "Invalid type for Decimal, expected BigDecimal but was class {}",
            other.java_class()
        ))),
        (_, Value::Bytes(bytes)) => Ok(bytes.to_vec()),
        (_, other) => Err(misfit("BYTES", other)),
    }
}

/// Decimals are filled up in front with their sign.
fn fixed(schema: &Schema, value: &Value, size: usize) -> Result<Vec<u8>, ConnectError> {
    let bytes = binary(schema, value)?;
    let is_decimal = matches!(value, Value::Decimal(_));
    if bytes.len() == size {
        return Ok(bytes);
    }
    if !is_decimal || bytes.len() > size {
        return Err(ConnectError::data(format!(
            "{} bytes do not fit a fixed type of {size}",
            bytes.len()
        )));
    }
    let sign = bytes
        .first()
        .map_or(0, |&first| if first < 0x80 { 0 } else { 0xff });
    let mut filled = vec![sign; size - bytes.len()];
    filled.extend_from_slice(&bytes);
    Ok(filled)
}

fn misfit(type_: &str, value: &Value) -> ConnectError {
    ConnectError::data(format!(
        "Invalid type for {type_}: class {}",
        value.java_class()
    ))
}

fn too_deep() -> ConnectError {
    ConnectError::data(format!(
        "values stand inside each other more than {MAX_DEPTH} deep"
    ))
}

fn part(schema: Option<&SchemaRef>) -> Result<&SchemaRef, ConnectError> {
    schema.ok_or_else(|| ConnectError::data("an array or map without a schema of its parts"))
}
