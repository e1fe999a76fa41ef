//! `TimestampConverter`: times from one form to another: text, Unix time, date, time of day, timestamp.

use connect_api::config::{ConfigDef, ConfigErrors, ConfigReader, Importance, Key, invalid_value};
use connect_api::data::{
    DATE, Schema, SchemaRef, Struct, TIME, TIMESTAMP, Type, Value, date_schema, optional, required,
    time_schema, timestamp_schema,
};
use connect_api::error::exception;
use connect_api::plugin::PluginDescriptor;
use connect_api::transform::Transformation;
use connect_api::{ConnectError, SinkRecord};
use java_compat::date_format::DateFormat;

use crate::descriptor::transformation;
use crate::keys::REPLACE_NULL_WITH_DEFAULT;
use crate::requirements::{require_map, require_struct};
use crate::schema_cache::SchemaCache;
use crate::side::Side;
use crate::structs::{Nulls, fields_of, put, struct_like};

pub const KEY: PluginDescriptor = transformation(
    "org.apache.kafka.connect.transforms.TimestampConverter$Key",
    config_def,
    |config| Ok(Box::new(TimestampConverter::new(config, Side::Key)?)),
);
pub const VALUE: PluginDescriptor = transformation(
    "org.apache.kafka.connect.transforms.TimestampConverter$Value",
    config_def,
    |config| Ok(Box::new(TimestampConverter::new(config, Side::Value)?)),
);

const PURPOSE: &str = "converting timestamp formats";
const MILLIS_PER_DAY: i64 = 86_400_000;

const FIELD: Key<String> = Key::new(
    "field",
    "",
    Importance::High,
    "The field with the time; empty for the whole key or value.",
);
const TARGET_TYPE: Key<String> = Key::required(
    "target.type",
    Importance::High,
    "What the time becomes: `string`, `unix`, `Date`, `Time` or `Timestamp`.",
)
.one_of(&["string", "unix", "Date", "Time", "Timestamp"]);
const FORMAT: Key<String> = Key::new(
    "format",
    "",
    Importance::Medium,
    "Pattern of Java's `SimpleDateFormat` for texts that are read or written; times are in UTC.",
);
const UNIX_PRECISION: Key<String> = Key::new(
    "unix.precision",
    "milliseconds",
    Importance::Low,
    "Unit of Unix times that are read or written: `seconds`, `milliseconds`, `microseconds` or `nanoseconds`.",
)
.one_of(&["nanoseconds", "microseconds", "milliseconds", "seconds"]);

pub fn config_def() -> ConfigDef {
    ConfigDef::new()
        .define(&FIELD)
        .define(&TARGET_TYPE)
        .define(&FORMAT)
        .define(&UNIX_PRECISION)
        .define(&REPLACE_NULL_WITH_DEFAULT)
}

/// `org.apache.kafka.connect.transforms.TimestampConverter`
struct TimestampConverter {
    side: Side,
    field: String,
    translator: Translator,
    nulls: Nulls,
    schemas: SchemaCache<SchemaRef>,
}

impl TimestampConverter {
    fn new(config: &ConfigReader<'_>, side: Side) -> Result<Self, ConfigErrors> {
        let field = config.get(&FIELD);
        let target = Form::named(&config.get(&TARGET_TYPE));
        let pattern = config.get(&FORMAT);
        let precision = Precision::named(&config.get(&UNIX_PRECISION));
        let nulls = Nulls::configured(config);
        let mut format = None;
        if !pattern.is_empty() {
            match DateFormat::new(&pattern) {
                Ok(made) => format = Some(made),
                Err(error) => {
                    config.error(FORMAT.name(), bad_pattern(&pattern, &error.to_string()))
                }
            }
        } else if target == Form::String {
            config.error(
                FORMAT.name(),
                "TimestampConverter requires format option to be specified when using string timestamps",
            );
        }
        config.finish(Self {
            side,
            field,
            translator: Translator {
                target,
                format,
                precision,
            },
            nulls,
            schemas: SchemaCache::new(),
        })
    }
}

/// Kafka gives the exception where the value belongs, and the reason where the key does.
fn bad_pattern(pattern: &str, why: &str) -> String {
    let reason = format!(
        "TimestampConverter requires a SimpleDateFormat-compatible pattern for string timestamps: {pattern}"
    );
    let whole = invalid_value(
        &reason,
        &format!("java.lang.IllegalArgumentException: {why}"),
        "",
    );
    whole.trim_end_matches(": ").to_owned()
}

/// The forms that a time can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    String,
    Unix,
    Date,
    Time,
    Timestamp,
}

impl Form {
    fn named(name: &str) -> Self {
        match name {
            "unix" => Form::Unix,
            "Date" => Form::Date,
            "Time" => Form::Time,
            "Timestamp" => Form::Timestamp,
            _ => Form::String,
        }
    }

    fn of_schema(schema: &Schema) -> Result<Self, ConnectError> {
        match (schema.name(), schema.type_()) {
            (Some(TIMESTAMP), _) => Ok(Form::Timestamp),
            (Some(DATE), _) => Ok(Form::Date),
            (Some(TIME), _) => Ok(Form::Time),
            (_, Type::String) => Ok(Form::String),
            (_, Type::Int64) => Ok(Form::Unix),
            _ => Err(ConnectError::record(
                exception::CONNECT,
                format!("Schema {schema} does not correspond to a known timestamp type format"),
            )),
        }
    }

    fn of_value(value: &Value) -> Result<Self, ConnectError> {
        match value {
            Value::Timestamp(_) => Ok(Form::Timestamp),
            Value::Int64(_) => Ok(Form::Unix),
            Value::String(_) => Ok(Form::String),
            other => Err(ConnectError::data(format!(
                "TimestampConverter does not support class {} objects as timestamps",
                other.java_class()
            ))),
        }
    }

    fn schema(self, is_optional: bool) -> Result<SchemaRef, ConnectError> {
        let plain = if is_optional { optional } else { required };
        match self {
            Form::String => Ok(plain(Type::String)),
            Form::Unix => Ok(plain(Type::Int64)),
            Form::Date => date_schema(is_optional),
            Form::Time => time_schema(is_optional),
            Form::Timestamp => timestamp_schema(is_optional),
        }
    }
}

/// The unit of Unix times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Precision {
    Seconds,
    Milliseconds,
    Microseconds,
    Nanoseconds,
}

impl Precision {
    fn named(name: &str) -> Self {
        match name {
            "seconds" => Precision::Seconds,
            "microseconds" => Precision::Microseconds,
            "nanoseconds" => Precision::Nanoseconds,
            _ => Precision::Milliseconds,
        }
    }

    /// What is finer is cut toward zero; what is too large stops at the bounds.
    fn to_millis(self, time: i64) -> i64 {
        match self {
            Precision::Seconds => time.saturating_mul(1000),
            Precision::Milliseconds => time,
            Precision::Microseconds => time / 1000,
            Precision::Nanoseconds => time / 1_000_000,
        }
    }

    fn of_millis(self, millis: i64) -> i64 {
        match self {
            Precision::Seconds => millis / 1000,
            Precision::Milliseconds => millis,
            Precision::Microseconds => millis.saturating_mul(1000),
            Precision::Nanoseconds => millis.saturating_mul(1_000_000),
        }
    }
}

/// From any form to the one that is wanted.
struct Translator {
    target: Form,
    format: Option<DateFormat>,
    precision: Precision,
}

impl Translator {
    /// Null stays null. Without a schema the value's own class says what it is.
    fn translate(&self, value: Value, schema: Option<&Schema>) -> Result<Value, ConnectError> {
        let form = match schema {
            Some(schema) => Form::of_schema(schema)?,
            None if value.is_null() => return Ok(value),
            None => Form::of_value(&value)?,
        };
        if value.is_null() {
            return Ok(value);
        }
        let millis = self.read(form, &value)?;
        self.write(millis)
    }

    fn read(&self, form: Form, value: &Value) -> Result<i64, ConnectError> {
        let expected = |what: &str| {
            Err(ConnectError::data(format!(
                "Expected {what}, but found class {}",
                value.java_class()
            )))
        };
        match (form, value) {
            (Form::String, Value::String(text)) => self.parse(text),
            (Form::String, _) => expected("string timestamp to be a String"),
            (Form::Unix, Value::Int64(time)) => Ok(self.precision.to_millis(*time)),
            (Form::Unix, _) => expected("Unix timestamp to be a Long"),
            (_, Value::Timestamp(millis)) => Ok(*millis),
            (Form::Date, _) => expected("Date to be a java.util.Date"),
            (Form::Time, _) => expected("Time to be a java.util.Date"),
            (Form::Timestamp, _) => expected("Timestamp to be a java.util.Date"),
        }
    }

    fn parse(&self, text: &str) -> Result<i64, ConnectError> {
        let Some(format) = &self.format else {
            return Err(ConnectError::record(
                exception::NULL_POINTER,
                "A text is to be read as a time, and 'format' is not set",
            ));
        };
        format.parse(text).ok_or_else(|| {
            let why = format!("Unparseable date: \"{text}\"");
            ConnectError::data(format!(
                "Could not parse timestamp: value ({text}) does not match pattern ({})",
                format.pattern()
            ))
            .caused_by(ConnectError::record(exception::PARSE, why))
        })
    }

    fn write(&self, millis: i64) -> Result<Value, ConnectError> {
        Ok(match self.target {
            Form::String => match &self.format {
                Some(format) => Value::String(format.format(millis).into()),
                None => Value::Null,
            },
            Form::Unix => Value::Int64(self.precision.of_millis(millis)),
            Form::Date => Value::Timestamp(millis.wrapping_sub(millis.rem_euclid(MILLIS_PER_DAY))),
            Form::Time => Value::Timestamp(millis.rem_euclid(MILLIS_PER_DAY)),
            Form::Timestamp => Value::Timestamp(millis),
        })
    }

    /// The struct with the field in its new form.
    fn translate_field(
        &self,
        value: Struct,
        field: &str,
        schema: &SchemaRef,
        nulls: Nulls,
    ) -> Result<Struct, ConnectError> {
        let old = value.schema().clone();
        let mut values = value.into_values();
        let fields = old.fields().iter().zip(schema.fields());
        for ((old, new), value) in fields.zip(&mut values) {
            nulls.fill(&old.schema, value);
            if old.name == field {
                *value = self.translate(std::mem::take(value), Some(&old.schema))?;
            }
            if value.is_null() {
                put(new, value)?;
            }
        }
        Ok(Struct::from_values(schema.clone(), values))
    }

    fn translate_schema(
        &self,
        schema: &Schema,
        field: &str,
        nulls: Nulls,
    ) -> Result<SchemaRef, ConnectError> {
        let builder = || -> Result<_, ConnectError> {
            let mut builder = struct_like(schema);
            for old in fields_of(schema)? {
                let new = match old.name == field {
                    true => self.target.schema(old.schema.is_optional())?,
                    false => old.schema.clone(),
                };
                builder = builder.field(old.name.clone(), new);
            }
            Ok(builder.optional(schema.is_optional()))
        };
        let changed = builder()?.build()?;
        let Some(Value::Struct(default)) = schema.default() else {
            return Ok(changed);
        };
        let default = self.translate_field(default.clone(), field, &changed, nulls)?;
        builder()?.default(Value::Struct(default)).build()
    }
}

impl TimestampConverter {
    fn without_schema(&self, value: Value) -> Result<Value, ConnectError> {
        if value.is_null() || self.field.is_empty() {
            return self.translator.translate(value, None);
        }
        let mut map = require_map(value, PURPOSE)?;
        match map.get_mut(&self.field) {
            Some(value) => *value = self.translator.translate(std::mem::take(value), None)?,
            None => drop(map.insert_str(self.field.as_str(), Value::Null)),
        }
        Ok(Value::Map(map))
    }
}

impl Transformation for TimestampConverter {
    fn apply(&mut self, mut record: SinkRecord) -> Result<Option<SinkRecord>, ConnectError> {
        let value = self.side.take(&mut record);
        let Some(schema) = self.side.schema(&record) else {
            let value = self.without_schema(value)?;
            self.side.set(&mut record, None, value);
            return Ok(Some(record));
        };
        if self.field.is_empty() {
            let changed = self.translator.target.schema(schema.is_optional())?;
            let value = self.translator.translate(value, Some(schema))?;
            self.side.set(&mut record, Some(changed), value);
            return Ok(Some(record));
        }
        let value = match value {
            Value::Null => None,
            value => Some(require_struct(value, PURPOSE)?),
        };
        let (translator, field, nulls) = (&self.translator, &self.field, self.nulls);
        let changed = self.schemas.get_or_make(schema, |schema| {
            translator.translate_schema(schema, field, nulls)
        })?;
        let value = match value {
            None => Value::Null,
            Some(value) => Value::Struct(translator.translate_field(value, field, changed, nulls)?),
        };
        let changed = Some(changed.clone());
        self.side.set(&mut record, changed, value);
        Ok(Some(record))
    }
}
