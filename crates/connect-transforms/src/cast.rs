//! `Cast`: fields, or the whole key or value, get another primitive type.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytestring::ByteString;
use connect_api::config::{
    Check, ConfigDef, ConfigErrors, ConfigReader, Importance, Key, Parsed, invalid_value,
};
use connect_api::data::values::{convert_to_string, java_text, sort_by_hash};
use connect_api::data::{
    DATE, Schema, SchemaBuilder, SchemaRef, Struct, TIME, TIMESTAMP, Type, Value,
};
use connect_api::error::exception;
use connect_api::plugin::PluginDescriptor;
use connect_api::transform::Transformation;
use connect_api::{ConnectError, SinkRecord};
use java_compat::number::{parse_double, parse_float, parse_integer, trim};

use crate::descriptor::transformation;
use crate::keys::REPLACE_NULL_WITH_DEFAULT;
use crate::numbers::{double_value, float_value, int_value, long_value};
use crate::requirements::{require_map, require_struct};
use crate::schema_cache::SchemaCache;
use crate::side::Side;
use crate::structs::{Nulls, fields_of, put, struct_like, with_basics_of};

pub const KEY: PluginDescriptor = transformation(
    "org.apache.kafka.connect.transforms.Cast$Key",
    config_def,
    |config| Ok(Box::new(Cast::new(config, Side::Key)?)),
);
pub const VALUE: PluginDescriptor = transformation(
    "org.apache.kafka.connect.transforms.Cast$Value",
    config_def,
    |config| Ok(Box::new(Cast::new(config, Side::Value)?)),
);

const PURPOSE: &str = "cast types";
const MILLIS_PER_DAY: i64 = 86_400_000;

const SPEC: Key<Vec<String>> = Key::required(
    "spec",
    Importance::High,
    "Fields and their new types as `field:type`, or one type alone for the whole key or value. Types: `int8`, `int16`, `int32`, `int64`, `float32`, `float64`, `boolean`, `string`.",
)
.check(Check::Custom(check_spec));

pub fn config_def() -> ConfigDef {
    ConfigDef::new()
        .define(&SPEC)
        .define(&REPLACE_NULL_WITH_DEFAULT)
}

fn check_spec(_: &str, value: Option<&Parsed>) -> Vec<String> {
    match value {
        Some(Parsed::List(items)) if !items.is_empty() => {
            Spec::parse(items).err().into_iter().collect()
        }
        _ => vec!["Must specify at least one field to cast.".to_owned()],
    }
}

const OUTPUTS: [Type; 8] = [
    Type::Int8,
    Type::Int16,
    Type::Int32,
    Type::Int64,
    Type::Float32,
    Type::Float64,
    Type::Boolean,
    Type::String,
];

/// What is cast to what.
#[derive(Clone, Debug, PartialEq)]
enum Spec {
    Whole(Type),
    /// The last entry of a repeated field counts.
    Fields(Vec<(ByteString, Type)>),
}

impl Spec {
    /// # Errors
    /// Kafka's message.
    fn parse(items: &[String]) -> Result<Self, String> {
        let mut fields: Vec<(ByteString, Type)> = Vec::new();
        let mut whole = None;
        for item in items {
            // Java's `split` gives no empty parts at the end.
            let parts: Vec<&str> = item.trim_end_matches(':').split(':').collect();
            match parts.as_slice() {
                [type_] => whole = Some(output_type(type_)?),
                [name, type_] => {
                    let type_ = output_type(type_)?;
                    match fields.iter_mut().find(|(n, _)| n == trim(name)) {
                        Some(field) => field.1 = type_,
                        None => fields.push((trim(name).into(), type_)),
                    }
                }
                _ => {
                    let all = format!("[{}]", items.join(", "));
                    let why = format!("Invalid rename mapping: {item}");
                    return Err(invalid_value("renames", &all, &why));
                }
            }
        }
        // The first that cannot be cast is the first in the order of Java's map.
        sort_by_hash(&mut fields, |(name, _)| name);
        match whole {
            None => Ok(Spec::Fields(fields)),
            Some(type_) if items.len() == 1 => Ok(Spec::Whole(type_)),
            Some(_) => Err("Cast transformations that specify a type to cast the entire value to may only specify a single cast in their spec".to_owned()),
        }
    }
}

fn output_type(text: &str) -> Result<Type, String> {
    let name = trim(text);
    let upper = name.to_uppercase();
    let all = OUTPUTS.into_iter();
    let all = all.chain([Type::Bytes, Type::Array, Type::Map, Type::Struct]);
    let Some(type_) = all.clone().find(|t| t.name() == upper) else {
        return Err(format!(
            "Invalid value java.lang.IllegalArgumentException: No enum constant org.apache.kafka.connect.data.Schema.Type.{upper} \
             for configuration Invalid type found in casting spec: {name}"
        ));
    };
    if OUTPUTS.contains(&type_) {
        return Ok(type_);
    }
    Err(format!(
        "Cast transformation does not support casting to {type_}; supported types are [{}]",
        OUTPUTS.map(Type::name).join(", ")
    ))
}

/// `org.apache.kafka.connect.transforms.Cast`
struct Cast {
    side: Side,
    spec: Spec,
    nulls: Nulls,
    plans: SchemaCache<Plan>,
}

/// The new schema, and the new type of each field that gets one.
struct Plan {
    schema: SchemaRef,
    targets: Vec<Option<Type>>,
}

impl Cast {
    fn new(config: &ConfigReader<'_>, side: Side) -> Result<Self, ConfigErrors> {
        // What is wrong with it, its check has said.
        let spec = Spec::parse(&config.get(&SPEC)).unwrap_or(Spec::Fields(Vec::new()));
        config.finish(Self {
            side,
            spec,
            nulls: Nulls::configured(config),
            plans: SchemaCache::new(),
        })
    }

    fn without_schema(&self, value: Value) -> Result<Value, ConnectError> {
        let fields = match &self.spec {
            Spec::Whole(target) => return cast(None, value, *target),
            Spec::Fields(fields) => fields,
        };
        let mut map = require_map(value, PURPOSE)?;
        for (name, target) in fields {
            match map.get_mut(name) {
                Some(value) => *value = cast(None, std::mem::take(value), *target)?,
                None => drop(map.insert_str(name.clone(), Value::Null)),
            }
        }
        Ok(Value::Map(map))
    }
}

impl Spec {
    fn target(&self, name: &str) -> Option<Type> {
        match self {
            Spec::Whole(_) => None,
            Spec::Fields(fields) => fields.iter().find(|(n, _)| n == name).map(|(_, t)| *t),
        }
    }

    fn plan(&self, schema: &Schema) -> Result<Plan, ConnectError> {
        let mut targets = Vec::new();
        let (mut builder, type_) = match self {
            Spec::Whole(type_) => (with_basics_of(schema, SchemaBuilder::new(*type_)), *type_),
            Spec::Fields(_) => {
                let mut builder = struct_like(schema);
                for field in fields_of(schema)? {
                    let target = self.target(&field.name);
                    let changed = match target {
                        Some(target) => cast_field_schema(&field.schema, target)?,
                        None => field.schema.clone(),
                    };
                    builder = builder.field(field.name.clone(), changed);
                    targets.push(target);
                }
                (builder, Type::Struct)
            }
        };
        builder = builder.optional(schema.is_optional());
        if let Some(default) = schema.default() {
            builder = builder.default(cast(Some(schema), default.clone(), type_)?);
        }
        Ok(Plan {
            schema: builder.build()?,
            targets,
        })
    }
}

fn cast_field_schema(schema: &Schema, target: Type) -> Result<SchemaRef, ConnectError> {
    let mut builder = SchemaBuilder::new(target).optional(schema.is_optional());
    if let Some(default) = schema.default() {
        builder = builder.default(cast(Some(schema), default.clone(), target)?);
    }
    builder.build()
}

impl Transformation for Cast {
    fn apply(&mut self, mut record: SinkRecord) -> Result<Option<SinkRecord>, ConnectError> {
        if self.side.value(&record).is_null() {
            return Ok(Some(record));
        }
        let value = self.side.take(&mut record);
        let Some(schema) = self.side.schema(&record) else {
            let value = self.without_schema(value)?;
            self.side.set(&mut record, None, value);
            return Ok(Some(record));
        };
        let plan = self
            .plans
            .get_or_make(schema, |schema| self.spec.plan(schema))?;
        let value = match self.spec {
            Spec::Whole(target) => cast(Some(schema), value, target)?,
            Spec::Fields(_) => Value::Struct(cast_fields(
                require_struct(value, PURPOSE)?,
                plan,
                self.nulls,
            )?),
        };
        let schema = Some(plan.schema.clone());
        self.side.set(&mut record, schema, value);
        Ok(Some(record))
    }
}

fn cast_fields(value: Struct, plan: &Plan, nulls: Nulls) -> Result<Struct, ConnectError> {
    let old = value.schema().clone();
    let mut values = value.into_values();
    let fields = old.fields().iter().zip(plan.schema.fields());
    for (((old, new), target), value) in fields.zip(&plan.targets).zip(&mut values) {
        nulls.fill(&old.schema, value);
        if let Some(target) = target {
            *value = cast(Some(&old.schema), std::mem::take(value), *target)?;
        }
        if value.is_null() {
            put(new, value)?;
        }
    }
    Ok(Struct::from_values(plan.schema.clone(), values))
}

/// Casts one value; null stays null.
fn cast(schema: Option<&Schema>, value: Value, target: Type) -> Result<Value, ConnectError> {
    if value.is_null() {
        return Ok(value);
    }
    let Some(type_) = schema.map(Schema::type_).or_else(|| type_of(&value)) else {
        return Err(ConnectError::data(format!(
            "Cast transformation was passed a value of type class {} which is not supported by Connect's data API",
            value.java_class()
        )));
    };
    if !type_.is_primitive() {
        return Err(ConnectError::data(format!(
            "Cast transformation does not support casting from {type_}; supported types are [{}, BYTES]",
            OUTPUTS.map(Type::name).join(", ")
        )));
    }
    let value = match schema.and_then(Schema::name) {
        Some(name) if target != Type::String => base_value(name, value)?,
        _ => value,
    };
    match target {
        Type::Boolean => to_boolean(&value),
        Type::String => Ok(to_string(value)),
        Type::Float32 | Type::Float64 => to_float(&value, target),
        _ => to_integer(&value, target),
    }
}

/// The type of a value without a schema; none for classes that Connect does not know.
fn type_of(value: &Value) -> Option<Type> {
    Some(match value {
        Value::Int8(_) => Type::Int8,
        Value::Int16(_) => Type::Int16,
        Value::Int32(_) => Type::Int32,
        Value::Int64(_) => Type::Int64,
        Value::Float32(_) => Type::Float32,
        Value::Float64(_) => Type::Float64,
        Value::Boolean(_) => Type::Boolean,
        Value::String(_) => Type::String,
        Value::Bytes(_) => Type::Bytes,
        Value::Array(_) => Type::Array,
        Value::Map(_) => Type::Map,
        Value::Struct(_) => Type::Struct,
        Value::Null | Value::Decimal(_) | Value::BigInteger(_) | Value::Timestamp(_) => {
            return None;
        }
    })
}

/// Dates become the integers that stand for them; a decimal is a number already.
fn base_value(name: &str, value: Value) -> Result<Value, ConnectError> {
    let Value::Timestamp(millis) = value else {
        return Ok(value);
    };
    match name {
        DATE if millis % MILLIS_PER_DAY != 0 => Err(ConnectError::data(
            "Kafka Connect Date type should not have any time fields set to non-zero values.",
        )),
        DATE => Ok(Value::Int32((millis / MILLIS_PER_DAY) as i32)),
        TIME if !(0..MILLIS_PER_DAY).contains(&millis) => Err(ConnectError::data(
            "Kafka Connect Time type should not have any date fields set to non-zero values.",
        )),
        TIME => Ok(Value::Int32(millis as i32)),
        TIMESTAMP => Ok(Value::Int64(millis)),
        _ => Ok(value),
    }
}

fn unexpected(value: &Value) -> ConnectError {
    ConnectError::data(format!(
        "Unexpected type in Cast transformation: class {}",
        value.java_class()
    ))
}

fn out_of_range(text: &str) -> ConnectError {
    let cause = format!("For input string: \"{text}\"");
    ConnectError::data(format!(
        "Value ({text}) was out of range for requested data type"
    ))
    .caused_by(ConnectError::record(exception::NUMBER_FORMAT, cause))
}

fn to_integer(value: &Value, target: Type) -> Result<Value, ConnectError> {
    if let Value::String(text) = value {
        let number = parse_integer(text).and_then(|n| match target {
            Type::Int8 => i8::try_from(n).map(Value::Int8).ok(),
            Type::Int16 => i16::try_from(n).map(Value::Int16).ok(),
            Type::Int32 => i32::try_from(n).map(Value::Int32).ok(),
            _ => Some(Value::Int64(n)),
        });
        return number.ok_or_else(|| out_of_range(text));
    }
    let (int, long) = match value {
        Value::Boolean(b) => (i32::from(*b), i64::from(*b)),
        other => match (int_value(other), long_value(other)) {
            (Some(int), Some(long)) => (int, long),
            _ => return Err(unexpected(value)),
        },
    };
    Ok(match target {
        Type::Int8 => Value::Int8(int as i8),
        Type::Int16 => Value::Int16(int as i16),
        Type::Int32 => Value::Int32(int),
        _ => Value::Int64(long),
    })
}

fn to_float(value: &Value, target: Type) -> Result<Value, ConnectError> {
    let single = target == Type::Float32;
    let number = match value {
        Value::String(text) if single => parse_float(text).map(Value::Float32),
        Value::String(text) => parse_double(text).map(Value::Float64),
        Value::Boolean(b) if single => Some(Value::Float32(f32::from(u8::from(*b)))),
        Value::Boolean(b) => Some(Value::Float64(f64::from(u8::from(*b)))),
        other if single => float_value(other).map(Value::Float32),
        other => double_value(other).map(Value::Float64),
    };
    number.ok_or_else(|| match value {
        Value::String(text) => out_of_range(text),
        _ => unexpected(value),
    })
}

fn to_boolean(value: &Value) -> Result<Value, ConnectError> {
    match value {
        Value::Boolean(b) => Ok(Value::Boolean(*b)),
        Value::String(text) => Ok(Value::Boolean(text.eq_ignore_ascii_case("true"))),
        other => match long_value(other) {
            Some(number) => Ok(Value::Boolean(number != 0)),
            None => Err(unexpected(value)),
        },
    }
}

fn to_string(value: Value) -> Value {
    let text = match &value {
        Value::String(_) => return value,
        Value::Bytes(bytes) => STANDARD.encode(bytes),
        Value::Timestamp(_) => convert_to_string(&value).unwrap_or_default(),
        other => java_text(other),
    };
    Value::String(text.into())
}
