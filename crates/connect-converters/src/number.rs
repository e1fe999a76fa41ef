//! `ShortConverter` to `DoubleConverter`: numbers as Kafka's plain serializers write them, big-endian.

use bytes::Bytes;
use connect_api::ConnectError;
use connect_api::config::{ConfigDef, ConfigErrors, ConfigReader};
use connect_api::convert::{NewConverter, NewHeaderConverter};
use connect_api::data::{SchemaAndValue, SchemaRef, Type, Value, optional};
use connect_api::error::exception;
use connect_api::plugin::{KAFKA_VERSION, Plugin, PluginDescriptor};

use crate::common::{CONVERTER_TYPE, Codec, ForAll, read_converter_type};

pub const SHORT: PluginDescriptor = converter(
    "org.apache.kafka.connect.converters.ShortConverter",
    |config, _| {
        Ok(Box::new(ForAll(NumberConverter::new(
            Width::Short,
            config,
        )?)))
    },
);
pub const SHORT_HEADER: PluginDescriptor = header_converter(SHORT.class, |config| {
    Ok(Box::new(ForAll(NumberConverter::new(
        Width::Short,
        config,
    )?)))
});
pub const INTEGER: PluginDescriptor = converter(
    "org.apache.kafka.connect.converters.IntegerConverter",
    |config, _| {
        Ok(Box::new(ForAll(NumberConverter::new(
            Width::Integer,
            config,
        )?)))
    },
);
pub const INTEGER_HEADER: PluginDescriptor = header_converter(INTEGER.class, |config| {
    Ok(Box::new(ForAll(NumberConverter::new(
        Width::Integer,
        config,
    )?)))
});
pub const LONG: PluginDescriptor = converter(
    "org.apache.kafka.connect.converters.LongConverter",
    |config, _| Ok(Box::new(ForAll(NumberConverter::new(Width::Long, config)?))),
);
pub const LONG_HEADER: PluginDescriptor = header_converter(LONG.class, |config| {
    Ok(Box::new(ForAll(NumberConverter::new(Width::Long, config)?)))
});
pub const FLOAT: PluginDescriptor = converter(
    "org.apache.kafka.connect.converters.FloatConverter",
    |config, _| {
        Ok(Box::new(ForAll(NumberConverter::new(
            Width::Float,
            config,
        )?)))
    },
);
pub const FLOAT_HEADER: PluginDescriptor = header_converter(FLOAT.class, |config| {
    Ok(Box::new(ForAll(NumberConverter::new(
        Width::Float,
        config,
    )?)))
});
pub const DOUBLE: PluginDescriptor = converter(
    "org.apache.kafka.connect.converters.DoubleConverter",
    |config, _| {
        Ok(Box::new(ForAll(NumberConverter::new(
            Width::Double,
            config,
        )?)))
    },
);
pub const DOUBLE_HEADER: PluginDescriptor = header_converter(DOUBLE.class, |config| {
    Ok(Box::new(ForAll(NumberConverter::new(
        Width::Double,
        config,
    )?)))
});

const fn converter(class: &'static str, new: NewConverter) -> PluginDescriptor {
    PluginDescriptor {
        class,
        aliases: &[],
        version: KAFKA_VERSION,
        config_def,
        plugin: Plugin::Converter(new),
    }
}

const fn header_converter(class: &'static str, new: NewHeaderConverter) -> PluginDescriptor {
    PluginDescriptor {
        class,
        aliases: &[],
        version: KAFKA_VERSION,
        config_def,
        plugin: Plugin::HeaderConverter(new),
    }
}

/// The keys that the converters understand.
pub fn config_def() -> ConfigDef {
    ConfigDef::new().define(&CONVERTER_TYPE)
}

/// Which of the five classes a converter is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    Short,
    Integer,
    Long,
    Float,
    Double,
}

impl Width {
    const fn type_(self) -> Type {
        match self {
            Width::Short => Type::Int16,
            Width::Integer => Type::Int32,
            Width::Long => Type::Int64,
            Width::Float => Type::Float32,
            Width::Double => Type::Float64,
        }
    }

    /// As messages name it.
    const fn name(self) -> &'static str {
        match self {
            Width::Short => "short",
            Width::Integer => "integer",
            Width::Long => "long",
            Width::Float => "float",
            Width::Double => "double",
        }
    }

    /// What Kafka says of bytes of another length; it forgot the type's name twice.
    const fn wrong_size(self) -> &'static str {
        match self {
            Width::Short => "Size of data received by ShortDeserializer is not 2",
            Width::Integer => "Size of data received by IntegerDeserializer is not 4",
            Width::Long => "Size of data received by LongDeserializer is not 8",
            Width::Float => "Size of data received by Deserializer is not 4",
            Width::Double => "Size of data received by Deserializer is not 8",
        }
    }

    fn read(self, bytes: &[u8]) -> Option<Value> {
        let value = match self {
            Width::Short => Value::Int16(i16::from_be_bytes(bytes.try_into().ok()?)),
            Width::Integer => Value::Int32(i32::from_be_bytes(bytes.try_into().ok()?)),
            Width::Long => Value::Int64(i64::from_be_bytes(bytes.try_into().ok()?)),
            Width::Float => Value::Float32(f32::from_be_bytes(bytes.try_into().ok()?)),
            Width::Double => Value::Float64(f64::from_be_bytes(bytes.try_into().ok()?)),
        };
        Some(value)
    }

    /// Only a value of the very class can be written, whatever the schema says.
    fn write(self, value: &Value) -> Option<Bytes> {
        match (self, value) {
            (Width::Short, Value::Int16(n)) => Some(copied(&n.to_be_bytes())),
            (Width::Integer, Value::Int32(n)) => Some(copied(&n.to_be_bytes())),
            (Width::Long, Value::Int64(n)) => Some(copied(&n.to_be_bytes())),
            // Java writes one bit pattern for every NaN.
            (Width::Float, Value::Float32(f)) if f.is_nan() => {
                Some(copied(&0x7fc0_0000_u32.to_be_bytes()))
            }
            (Width::Float, Value::Float32(f)) => Some(copied(&f.to_be_bytes())),
            (Width::Double, Value::Float64(d)) if d.is_nan() => {
                Some(copied(&0x7ff8_0000_0000_0000_u64.to_be_bytes()))
            }
            (Width::Double, Value::Float64(d)) => Some(copied(&d.to_be_bytes())),
            _ => None,
        }
    }
}

fn copied(bytes: &[u8]) -> Bytes {
    Bytes::copy_from_slice(bytes)
}

/// `org.apache.kafka.connect.converters.NumberConverter` and its five subclasses.
pub struct NumberConverter {
    width: Width,
    schema: SchemaRef,
}

impl NumberConverter {
    /// # Errors
    /// If `converter.type` is given and none of Kafka's.
    pub fn new(width: Width, config: &ConfigReader<'_>) -> Result<Self, ConfigErrors> {
        read_converter_type(config);
        config.finish(Self {
            width,
            schema: optional(width.type_()),
        })
    }

    fn decode(&self, data: Option<Bytes>) -> Result<SchemaAndValue, ConnectError> {
        let value = match data {
            None => Value::Null,
            Some(data) => self.width.read(&data).ok_or_else(|| {
                let why = ConnectError::record(exception::SERIALIZATION, self.width.wrong_size());
                let what = format!("Failed to deserialize {}: ", self.width.name());
                ConnectError::data(what).caused_by(why)
            })?,
        };
        Ok(SchemaAndValue::new(Some(self.schema.clone()), value))
    }

    fn encode(&self, value: &Value) -> Result<Option<Bytes>, ConnectError> {
        if value.is_null() {
            return Ok(None);
        }
        let (name, class) = (self.width.name(), value.java_class());
        self.width.write(value).map(Some).ok_or_else(|| {
            let why = format!("class {class} is no {name}");
            ConnectError::data(format!(
                "Failed to serialize to {name} (was class {class}): "
            ))
            .caused_by(ConnectError::record(exception::CLASS_CAST, why))
        })
    }
}

impl Codec for NumberConverter {
    fn read(&mut self, data: Option<Bytes>) -> Result<SchemaAndValue, ConnectError> {
        self.decode(data)
    }

    fn write(
        &mut self,
        _: Option<&SchemaRef>,
        value: &Value,
    ) -> Result<Option<Bytes>, ConnectError> {
        self.encode(value)
    }
}
