//! [`Value`]: anything a record can carry.

use std::hash::{Hash, Hasher};

use bytes::Bytes;
use bytestring::ByteString;
use num_bigint::BigInt;

use super::{Decimal, Map, SchemaRef, Struct};

/// A runtime value of Connect, with or without a schema beside it.
///
/// Strings and bytes are slices of the batch they came in wherever a converter can manage it, so cloning one is a
/// reference count. The variants stand for the Java classes that Kafka's own code tells apart, because its
/// messages and its conversions depend on them.
#[derive(Clone, Debug, Default)]
pub enum Value {
    #[default]
    Null,
    Boolean(bool),
    Int8(i8),
    Int16(i16),
    Int32(i32),
    Int64(i64),
    Float32(f32),
    Float64(f64),
    String(ByteString),
    Bytes(Bytes),
    /// `java.math.BigDecimal`, the value of a `Decimal` schema.
    Decimal(Box<Decimal>),
    /// `java.math.BigInteger`: no schema has it, but schemaless data and parsed JSON can.
    BigInteger(Box<BigInt>),
    /// `java.util.Date` in milliseconds since the epoch: the value of `Date`, `Time` and `Timestamp` schemas,
    /// which on the JVM share one class. The schema's name tells them apart.
    Timestamp(i64),
    Array(Vec<Value>),
    Map(Map),
    Struct(Struct),
}

impl Value {
    pub fn string(text: impl Into<ByteString>) -> Self {
        Value::String(text.into())
    }

    pub fn bytes(bytes: impl Into<Bytes>) -> Self {
        Value::Bytes(bytes.into())
    }

    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(s) => Some(s),
            _ => None,
        }
    }

    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    pub fn as_struct(&self) -> Option<&Struct> {
        match self {
            Value::Struct(s) => Some(s),
            _ => None,
        }
    }

    /// Name of the Java class that holds such a value in Kafka Connect, for messages that name it.
    /// Null has none; Kafka's messages print `null` there.
    pub fn java_class(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Boolean(_) => "java.lang.Boolean",
            Value::Int8(_) => "java.lang.Byte",
            Value::Int16(_) => "java.lang.Short",
            Value::Int32(_) => "java.lang.Integer",
            Value::Int64(_) => "java.lang.Long",
            Value::Float32(_) => "java.lang.Float",
            Value::Float64(_) => "java.lang.Double",
            Value::String(_) => "java.lang.String",
            Value::Bytes(_) => "[B",
            Value::Decimal(_) => "java.math.BigDecimal",
            Value::BigInteger(_) => "java.math.BigInteger",
            Value::Timestamp(_) => "java.util.Date",
            Value::Array(_) => "java.util.ArrayList",
            Value::Map(_) => "java.util.HashMap",
            Value::Struct(_) => "org.apache.kafka.connect.data.Struct",
        }
    }
}

/// Equal as Java's `equals` sees it: same class and same content; floats compare by their bits' meaning
/// (`NaN` equals itself, `0.0` and `-0.0` differ), so that values can be map keys.
impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Value::Null, Value::Null) => true,
            (Value::Boolean(a), Value::Boolean(b)) => a == b,
            (Value::Int8(a), Value::Int8(b)) => a == b,
            (Value::Int16(a), Value::Int16(b)) => a == b,
            (Value::Int32(a), Value::Int32(b)) => a == b,
            (Value::Int64(a), Value::Int64(b)) => a == b,
            (Value::Float32(a), Value::Float32(b)) => float_bits(*a) == float_bits(*b),
            (Value::Float64(a), Value::Float64(b)) => double_bits(*a) == double_bits(*b),
            (Value::String(a), Value::String(b)) => a == b,
            (Value::Bytes(a), Value::Bytes(b)) => a == b,
            (Value::Decimal(a), Value::Decimal(b)) => a == b,
            (Value::BigInteger(a), Value::BigInteger(b)) => a == b,
            (Value::Timestamp(a), Value::Timestamp(b)) => a == b,
            (Value::Array(a), Value::Array(b)) => a == b,
            (Value::Map(a), Value::Map(b)) => a == b,
            (Value::Struct(a), Value::Struct(b)) => a == b,
            _ => false,
        }
    }
}

impl Eq for Value {}

fn float_bits(f: f32) -> u32 {
    if f.is_nan() {
        f32::NAN.to_bits()
    } else {
        f.to_bits()
    }
}

fn double_bits(d: f64) -> u64 {
    if d.is_nan() {
        f64::NAN.to_bits()
    } else {
        d.to_bits()
    }
}

impl Hash for Value {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::mem::discriminant(self).hash(state);
        match self {
            Value::Null => {}
            Value::Boolean(v) => v.hash(state),
            Value::Int8(v) => v.hash(state),
            Value::Int16(v) => v.hash(state),
            Value::Int32(v) => v.hash(state),
            Value::Int64(v) | Value::Timestamp(v) => v.hash(state),
            Value::Float32(v) => float_bits(*v).hash(state),
            Value::Float64(v) => double_bits(*v).hash(state),
            Value::String(v) => v.hash(state),
            Value::Bytes(v) => v.hash(state),
            Value::Decimal(v) => v.hash(state),
            Value::BigInteger(v) => v.hash(state),
            Value::Array(v) => v.hash(state),
            // Equal maps may differ in order, so only what order cannot change goes in.
            Value::Map(v) => v.len().hash(state),
            Value::Struct(v) => v.values().hash(state),
        }
    }
}

macro_rules! from {
    ($($type:ty => $variant:ident),*) => {
        $(impl From<$type> for Value {
            fn from(v: $type) -> Self {
                Value::$variant(v.into())
            }
        })*
    };
}

from!(bool => Boolean, i8 => Int8, i16 => Int16, i32 => Int32, i64 => Int64, f32 => Float32, f64 => Float64,
    &str => String, String => String, ByteString => String, Bytes => Bytes, Vec<Value> => Array, Map => Map,
    Struct => Struct);

/// A value with its schema, if it has one (`org.apache.kafka.connect.data.SchemaAndValue`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SchemaAndValue {
    pub schema: Option<SchemaRef>,
    pub value: Value,
}

impl SchemaAndValue {
    /// Neither schema nor value: what most converters make of a tombstone.
    pub const NULL: SchemaAndValue = SchemaAndValue {
        schema: None,
        value: Value::Null,
    };

    pub fn new(schema: Option<SchemaRef>, value: Value) -> Self {
        Self { schema, value }
    }
}
