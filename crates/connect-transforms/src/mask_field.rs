//! `MaskField`: fields are replaced by zero, nothing, or a text.

use bytestring::ByteString;
use connect_api::config::{Check, ConfigDef, ConfigErrors, ConfigReader, Importance, Key};
use connect_api::data::values::sort_by_hash;
use connect_api::data::{Decimal, Map, Struct, Value};
use connect_api::error::exception;
use connect_api::plugin::PluginDescriptor;
use connect_api::transform::Transformation;
use connect_api::{ConnectError, SinkRecord};
use num_bigint::BigInt;

use crate::descriptor::transformation;
use crate::keys::REPLACE_NULL_WITH_DEFAULT;
use crate::numbers::{decimal_bits, decimal_to_double};
use crate::requirements::{require_map, require_struct};
use crate::side::Side;
use crate::structs::Nulls;

pub const KEY: PluginDescriptor = transformation(
    "org.apache.kafka.connect.transforms.MaskField$Key",
    config_def,
    |config| Ok(Box::new(MaskField::new(config, Side::Key)?)),
);
pub const VALUE: PluginDescriptor = transformation(
    "org.apache.kafka.connect.transforms.MaskField$Value",
    config_def,
    |config| Ok(Box::new(MaskField::new(config, Side::Value)?)),
);

const PURPOSE: &str = "mask fields";

const FIELDS: Key<Vec<String>> =
    Key::required("fields", Importance::High, "The fields to be masked.").check(
        Check::DistinctList {
            may_be_empty: false,
        },
    );
const REPLACEMENT: Key<Option<String>> = Key::optional(
    "replacement",
    Importance::Low,
    "What numbers and texts become; without it each type's empty value.",
)
.check(Check::NonEmpty);

pub fn config_def() -> ConfigDef {
    ConfigDef::new()
        .define(&FIELDS)
        .define(&REPLACEMENT)
        .define(&REPLACE_NULL_WITH_DEFAULT)
}

/// `org.apache.kafka.connect.transforms.MaskField`
struct MaskField {
    side: Side,
    fields: Vec<ByteString>,
    mask: Mask,
    nulls: Nulls,
}

impl MaskField {
    fn new(config: &ConfigReader<'_>, side: Side) -> Result<Self, ConfigErrors> {
        let fields = config.get(&FIELDS).into_iter().map(ByteString::from);
        let mut fields: Vec<ByteString> = fields.collect();
        // The first that cannot be masked is the first in the order of Java's set.
        sort_by_hash(&mut fields, |field| field);
        let mask = match config.get(&REPLACEMENT) {
            None => Mask::Empty,
            Some(text) => Mask::Text(Replacement::new(text)),
        };
        config.finish(Self {
            side,
            fields,
            mask,
            nulls: Nulls::configured(config),
        })
    }

    fn mask_struct(&self, value: Struct) -> Result<Struct, ConnectError> {
        let schema = value.schema().clone();
        let mut values = value.into_values();
        for (field, value) in schema.fields().iter().zip(&mut values) {
            self.nulls.settle(field, value)?;
            if self.fields.contains(&field.name) {
                *value = self.mask.apply(std::mem::take(value))?;
            }
        }
        Ok(Struct::from_values(schema, values))
    }
}

impl Transformation for MaskField {
    fn apply(&mut self, mut record: SinkRecord) -> Result<Option<SinkRecord>, ConnectError> {
        let value = self.side.take(&mut record);
        let Some(schema) = self.side.schema(&record).cloned() else {
            let mut map = require_map(value, PURPOSE)?;
            for name in &self.fields {
                match map.get_mut(name) {
                    Some(value) => *value = self.mask.apply(std::mem::take(value))?,
                    None => drop(map.insert_str(name.clone(), Value::Null)),
                }
            }
            self.side.set(&mut record, None, Value::Map(map));
            return Ok(Some(record));
        };
        let value = self.mask_struct(require_struct(value, PURPOSE)?)?;
        self.side
            .set(&mut record, Some(schema), Value::Struct(value));
        Ok(Some(record))
    }
}

/// What a masked value becomes; null stays null.
enum Mask {
    Empty,
    Text(Replacement),
}

impl Mask {
    fn apply(&self, value: Value) -> Result<Value, ConnectError> {
        match self {
            _ if value.is_null() => Ok(value),
            Mask::Empty => empty(&value),
            Mask::Text(replacement) => replacement.instead_of(&value),
        }
    }
}

fn empty(value: &Value) -> Result<Value, ConnectError> {
    Ok(match value {
        Value::Boolean(_) => Value::Boolean(false),
        Value::Int8(_) => Value::Int8(0),
        Value::Int16(_) => Value::Int16(0),
        Value::Int32(_) => Value::Int32(0),
        Value::Int64(_) => Value::Int64(0),
        Value::Float32(_) => Value::Float32(0.0),
        Value::Float64(_) => Value::Float64(0.0),
        Value::BigInteger(_) => Value::BigInteger(Box::default()),
        Value::Decimal(_) => Value::Decimal(Box::new(Decimal::new(0, 0))),
        Value::Timestamp(_) => Value::Timestamp(0),
        Value::String(_) => Value::from(""),
        Value::Array(_) => Value::Array(Vec::new()),
        Value::Map(_) => Value::Map(Map::new()),
        Value::Null | Value::Bytes(_) | Value::Struct(_) => {
            return Err(ConnectError::data(format!(
                "Cannot mask value of type: class {}",
                value.java_class()
            )));
        }
    })
}

/// The configured text, read once as all that it may stand for.
struct Replacement {
    text: ByteString,
    decimal: Option<Box<Decimal>>,
    double: f64,
    long: i64,
    integer: Option<Box<BigInt>>,
}

impl Replacement {
    fn new(text: String) -> Self {
        let decimal = text.parse::<Decimal>().ok().map(Box::new);
        Self {
            double: decimal.as_deref().map_or(0.0, decimal_to_double),
            long: decimal.as_deref().map_or(0, decimal_bits),
            decimal,
            integer: java_compat::number::big_integer_digits(&text)
                .and_then(|digits| digits.parse().ok())
                .map(Box::new),
            text: text.into(),
        }
    }

    fn instead_of(&self, value: &Value) -> Result<Value, ConnectError> {
        let number = |made: Value| match self.decimal {
            Some(_) => Ok(made),
            None => Err(self.no("a number")),
        };
        match value {
            Value::String(_) => Ok(Value::String(self.text.clone())),
            Value::Int8(_) => number(Value::Int8(self.long as i8)),
            Value::Int16(_) => number(Value::Int16(self.long as i16)),
            Value::Int32(_) => number(Value::Int32(self.long as i32)),
            Value::Int64(_) => number(Value::Int64(self.long)),
            Value::Float32(_) => number(Value::Float32(self.double as f32)),
            Value::Float64(_) => number(Value::Float64(self.double)),
            Value::Decimal(_) => match &self.decimal {
                Some(decimal) => Ok(Value::Decimal(decimal.clone())),
                None => Err(self.no("number")),
            },
            Value::BigInteger(_) => match &self.integer {
                Some(integer) => Ok(Value::BigInteger(integer.clone())),
                None => Err(self.no("number")),
            },
            other => Err(ConnectError::data(format!(
                "Cannot mask value of type class {} with custom replacement.",
                other.java_class()
            ))),
        }
    }

    fn no(&self, what: &str) -> ConnectError {
        let text = &self.text;
        ConnectError::data(format!(
            "Unable to convert {text} (class java.lang.String) to {what}"
        ))
        .caused_by(ConnectError::record(
            exception::NUMBER_FORMAT,
            format!("For input string: \"{text}\""),
        ))
    }
}
