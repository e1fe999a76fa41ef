//! JSON by a schema, straight to values.

mod logical;

use connect_api::ConnectError;
use connect_api::data::{
    DATE, DECIMAL, Decimal, Map, Schema, SchemaRef, Struct, TIME, TIMESTAMP, Type, Value,
    validate_value,
};

use super::decimal::low_bits;
use super::reader::{Number, Reader, is_zero};
use super::syntax::{Syntax, Why};
pub use logical::{base64, decimal, temporal};
use logical::{wrong_decimal, wrong_temporal};

/// Why a payload cannot be read. Boxed, because it is large and rare.
#[derive(Debug)]
pub enum Fault {
    Syntax(Syntax),
    Data(Box<ConnectError>),
}

impl From<Syntax> for Fault {
    fn from(syntax: Syntax) -> Self {
        Fault::Syntax(syntax)
    }
}

impl From<ConnectError> for Fault {
    fn from(error: ConnectError) -> Self {
        Fault::Data(Box::new(error))
    }
}

fn data<T>(message: impl Into<String>) -> Result<T, Fault> {
    Err(ConnectError::data(message).into())
}

/// The kinds of JSON values, by the names that Kafka's messages use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Array,
    Boolean,
    Missing,
    Null,
    Number,
    Object,
    String,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Kind::Array => "ARRAY",
            Kind::Boolean => "BOOLEAN",
            Kind::Missing => "MISSING",
            Kind::Null => "NULL",
            Kind::Number => "NUMBER",
            Kind::Object => "OBJECT",
            Kind::String => "STRING",
        }
    }

    /// The kind of the value that comes next.
    pub fn next(reader: &mut Reader<'_>) -> Result<Self, Syntax> {
        Ok(match reader.peek() {
            b'"' => Kind::String,
            b'{' => Kind::Object,
            b'[' => Kind::Array,
            b't' | b'f' => Kind::Boolean,
            b'n' => Kind::Null,
            b'-' | b'0'..=b'9' => Kind::Number,
            _ => return Err(reader.error(Why::Value)),
        })
    }
}

/// Reads payloads by their schema.
///
/// A scalar of the wrong kind is no error in Kafka: as a number it counts 0, as a boolean false, as text or bytes null.
pub(super) struct TypedReader {
    pub replace_null_with_default: bool,
    /// A text or bytes became null; whether the schema allows that is seen when a struct takes it.
    lost_text: bool,
}

impl TypedReader {
    pub fn new(replace_null_with_default: bool) -> Self {
        Self {
            replace_null_with_default,
            lost_text: false,
        }
    }

    /// The value that comes next.
    pub fn read(&mut self, r: &mut Reader<'_>, schema: &SchemaRef) -> Result<Value, Fault> {
        let kind = Kind::next(r)?;
        if kind == Kind::Null {
            r.word("null")?;
            return self.null(schema);
        }
        match schema.name() {
            Some(DECIMAL) => return decimal(r, schema, kind),
            Some(name @ (DATE | TIME | TIMESTAMP)) => return temporal(r, name, kind),
            _ => {}
        }
        match (schema.type_(), kind) {
            (Type::Array, Kind::Array | Kind::Object) => self.array(r, schema, kind),
            (Type::Map, Kind::Array | Kind::Object) => self.map(r, schema, kind),
            (Type::Struct, Kind::Object) => self.structure(r, schema),
            (Type::String, Kind::String) => Ok(Value::String(r.string()?)),
            (Type::Bytes, Kind::String) => base64(&r.string()?).map_err(|cause| {
                ConnectError::data("Invalid bytes field")
                    .caused_by(cause)
                    .into()
            }),
            (Type::Boolean, Kind::Boolean) => {
                let truth = r.peek() == b't';
                r.word(if truth { "true" } else { "false" })?;
                Ok(Value::Boolean(truth))
            }
            (type_, Kind::Number) if type_.is_primitive() => self.number(r, schema),
            _ => {
                r.skip_value()?;
                self.mismatch(schema, kind)
            }
        }
    }

    /// What null or an absent member stands for.
    pub fn null(&self, schema: &Schema) -> Result<Value, Fault> {
        match schema.default() {
            Some(default) if self.replace_null_with_default => Ok(default.clone()),
            _ if schema.is_optional() => Ok(Value::Null),
            _ => data(format!(
                "Invalid null value for required {} field",
                schema.type_()
            )),
        }
    }

    /// What a value of another kind than the schema's stands for, once it has been stepped over.
    pub fn mismatch(&mut self, schema: &Schema, kind: Kind) -> Result<Value, Fault> {
        let found = kind.name();
        if kind == Kind::Missing {
            match schema.name() {
                Some(DECIMAL) => return wrong_decimal(kind),
                Some(name @ (DATE | TIME | TIMESTAMP)) => return wrong_temporal(name, kind),
                _ => {}
            }
        }
        Ok(match schema.type_() {
            Type::Boolean => Value::Boolean(false),
            Type::Int8 => Value::Int8(0),
            Type::Int16 => Value::Int16(0),
            Type::Int32 => Value::Int32(0),
            Type::Int64 => Value::Int64(0),
            Type::Float32 => Value::Float32(0.0),
            Type::Float64 => Value::Float64(0.0),
            Type::String | Type::Bytes => {
                self.lost_text = true;
                Value::Null
            }
            Type::Array => Value::Array(Vec::new()),
            Type::Map if has_text_keys(schema) => {
                return data(format!(
                    "Maps with string fields should be encoded as JSON objects, but found {found}"
                ));
            }
            Type::Map => {
                return data(format!(
                    "Maps with non-string fields should be encoded as JSON array of tuples, but found {found}"
                ));
            }
            Type::Struct => {
                return data(format!(
                    "Structs should be encoded as JSON objects, but found {found}"
                ));
            }
        })
    }

    fn number(&mut self, r: &mut Reader<'_>, schema: &Schema) -> Result<Value, Fault> {
        match number(r, schema.type_())? {
            Some(value) => Ok(value),
            None => self.mismatch(schema, Kind::Number),
        }
    }

    /// Elements of an array; of an object, its members' values.
    fn array(&mut self, r: &mut Reader<'_>, schema: &Schema, kind: Kind) -> Result<Value, Fault> {
        let Some(item_schema) = schema.value_schema() else {
            return data("Array schema did not specify the element type");
        };
        if kind == Kind::Object {
            let members = self.members(r, item_schema)?.into_entries();
            return Ok(Value::Array(members.into_iter().map(|(_, v)| v).collect()));
        }
        let mut items = Vec::new();
        let mut more = enter(r, b']')?;
        while more {
            items.push(self.read(r, item_schema)?);
            more = goes_on(r, b']')?;
        }
        r.leave();
        Ok(Value::Array(items))
    }

    fn members(&mut self, r: &mut Reader<'_>, schema: &SchemaRef) -> Result<Map, Fault> {
        let mut members = Vec::new();
        let mut more = enter(r, b'}')?;
        while more {
            let name = r.name()?;
            let name = r.name_slice(name);
            members.push((Value::String(name), self.read(r, schema)?));
            more = goes_on(r, b'}')?;
        }
        r.leave();
        Ok(Map::from_entries(members))
    }

    fn map(&mut self, r: &mut Reader<'_>, schema: &Schema, kind: Kind) -> Result<Value, Fault> {
        let (Some(keys), Some(values)) = (schema.key_schema(), schema.value_schema()) else {
            return data("Map schema did not specify the key type");
        };
        if has_text_keys(schema) != (kind == Kind::Object) {
            return self.mismatch(schema, kind);
        }
        if kind == Kind::Object {
            return Ok(Value::Map(self.members(r, values)?));
        }
        let mut entries = Vec::new();
        let mut more = enter(r, b']')?;
        while more {
            entries.push(self.pair(r, keys, values)?);
            more = goes_on(r, b']')?;
        }
        r.leave();
        Ok(Value::Map(Map::from_entries(entries)))
    }

    /// An entry of a map as an array of key and value.
    fn pair(
        &mut self,
        r: &mut Reader<'_>,
        keys: &SchemaRef,
        values: &SchemaRef,
    ) -> Result<(Value, Value), Fault> {
        let kind = Kind::next(r)?;
        if kind != Kind::Array {
            return data(format!(
                "Found invalid map entry instead of array tuple: {}",
                kind.name()
            ));
        }
        let (mut key, mut value) = (Value::Null, Value::Null);
        let mut size = 0;
        let mut more = enter(r, b']')?;
        while more {
            match size {
                0 => key = self.read(r, keys)?,
                1 => value = self.read(r, values)?,
                _ => r.skip_value()?,
            }
            size += 1;
            more = goes_on(r, b']')?;
        }
        r.leave();
        if size != 2 {
            return data(format!(
                "Found invalid map entry, expected length 2 but found :{size}"
            ));
        }
        Ok((key, value))
    }

    fn structure(&mut self, r: &mut Reader<'_>, schema: &SchemaRef) -> Result<Value, Fault> {
        let fields = schema.fields();
        let mut slots: Vec<Option<Value>> = Vec::with_capacity(fields.len());
        let lost_before = std::mem::take(&mut self.lost_text);
        let mut expected = 0;
        let mut more = enter(r, b'}')?;
        while more {
            let name = r.name()?;
            // Members nearly always come in the order of the fields.
            let field = match fields.get(expected) {
                Some(field) if field.name == name.text() => Some(field),
                _ => schema.field(name.text()),
            };
            match field {
                Some(field) => {
                    expected = field.index + 1;
                    let value = Some(self.read(r, &field.schema)?);
                    if field.index < slots.len() {
                        slots[field.index] = value;
                    } else {
                        slots.resize_with(field.index, || None);
                        slots.push(value);
                    }
                }
                None => r.skip_value()?,
            }
            more = goes_on(r, b'}')?;
        }
        r.leave();
        slots.resize_with(fields.len(), || None);
        // The values lie where the slots lay.
        let values = slots.into_iter().zip(fields);
        let values = values.map(|(slot, field)| match slot {
            Some(value) => Ok(value),
            None => self.null(&field.schema),
        });
        let values: Vec<Value> = values.collect::<Result<_, Fault>>()?;
        if self.lost_text {
            for (value, field) in values.iter().zip(fields) {
                validate_value(Some(&field.name), &field.schema, value)?;
            }
        }
        self.lost_text |= lost_before;
        Ok(Value::Struct(Struct::from_values(schema.clone(), values)))
    }
}

fn has_text_keys(schema: &Schema) -> bool {
    schema
        .key_schema()
        .is_some_and(|keys| keys.type_() == Type::String)
}

/// Opens a container; whether there is anything in it.
pub fn enter(r: &mut Reader<'_>, end: u8) -> Result<bool, Syntax> {
    r.enter()?;
    Ok(r.peek() != end)
}

/// Behind an element: whether another one follows.
pub fn goes_on(r: &mut Reader<'_>, end: u8) -> Result<bool, Syntax> {
    match r.peek() {
        b',' => {
            r.step();
            Ok(true)
        }
        byte if byte == end => Ok(false),
        _ => Err(r.error(Why::Comma)),
    }
}

/// The number that comes next as a value of a numeric type, none for other types: narrowed without a check of the range,
/// fractions cut off, as Java's casts do.
pub fn number(r: &mut Reader<'_>, type_: Type) -> Result<Option<Value>, Syntax> {
    let start = r.pos();
    let number = r.number()?;
    let text = r.since(start);
    let integer = || match number {
        Number::Integer(n) => n,
        Number::Double(_) => text.parse::<Decimal>().map_or(0, |d| low_bits(&d)),
    };
    Ok(Some(match type_ {
        Type::Int8 => Value::Int8(integer() as i8),
        Type::Int16 => Value::Int16(integer() as i16),
        Type::Int32 => Value::Int32(integer() as i32),
        Type::Int64 => Value::Int64(integer()),
        // From the text: rounding to a double first would round twice.
        Type::Float32 => Value::Float32(float(text)),
        Type::Float64 => Value::Float64(match number {
            Number::Double(d) => d,
            Number::Integer(n) if text.len() <= 18 => n as f64,
            Number::Integer(_) => text.parse().unwrap_or(0.0),
        }),
        _ => return Ok(None),
    }))
}

fn float(text: &str) -> f32 {
    let f = text.parse().unwrap_or(0.0);
    if f == 0.0 && is_zero(text.trim_start_matches('-')) {
        return 0.0;
    }
    f
}
