//! [`Writer`]: Connect data to bytes, by a plan made of the Connect schema and of the message type that came of it.

use std::collections::HashMap;

use connect_api::ConnectError;
use connect_api::data::{Schema, SchemaRef, Struct, Type, Value};
use connect_api::error::exception;
use prost_reflect::{Cardinality, FieldDescriptor, Kind as Proto, MessageDescriptor};

use super::config::Settings;
use super::from_connect::{is_enum, is_union, logical, scrubbed};
use super::logical::{date_parts, time_parts, timestamp_parts};
use super::plan::LogicalType;
use super::wire::{
    FIXED32, FIXED64, LENGTH, MAX_DEPTH, VARINT, put_length_of, put_tag, put_varint,
};

/// How to write values of one schema.
pub(super) struct Writer {
    root: Content,
    messages: Vec<Message>,
    ignore_defaults: bool,
}

/// A message type: its fields in the order of their numbers.
#[derive(Default)]
struct Message {
    fields: Vec<Field>,
    /// Places of unions, one member of which must be set.
    unions: Vec<usize>,
}

struct Field {
    number: u32,
    /// Place in the struct.
    slot: usize,
    /// Place in the union that stands there.
    member: Option<usize>,
    shape: Shape,
    content: Content,
    /// Whether a default is written too.
    has_presence: bool,
    is_nullable: bool,
}

enum Shape {
    Single,
    Repeated,
    Packed,
    Map(Box<(Part, Part)>),
}

/// Key or value of a map's entry.
struct Part {
    number: u32,
    content: Content,
}

enum Content {
    Scalar(Proto),
    /// The numbers of an enum's symbols.
    Symbols(HashMap<String, i32>),
    /// A message with one scalar.
    Wrapper(u32, Proto),
    Logical(LogicalType),
    Struct(usize, SchemaRef),
}

impl Writer {
    /// # Errors
    /// The message type is none that came of the schema.
    pub fn new(
        schema: &SchemaRef,
        message: &MessageDescriptor,
        settings: &Settings,
    ) -> Result<Self, ConnectError> {
        let mut maker = Maker {
            settings,
            messages: Vec::new(),
            known: HashMap::new(),
        };
        let root = if schema.type_() == Type::Struct {
            Content::Struct(maker.message(schema, message)?, schema.clone())
        } else {
            let value = field_named(message, "value")?;
            Content::Wrapper(value.number(), value.kind())
        };
        Ok(Self {
            root,
            messages: maker.messages,
            ignore_defaults: settings.ignore_defaults,
        })
    }

    /// Appends the message that a value becomes.
    pub fn write(&self, value: &Value, out: &mut Vec<u8>) -> Result<(), ConnectError> {
        self.content(&self.root, value, out, 0)
    }

    /// The inside of a message.
    fn content(
        &self,
        content: &Content,
        value: &Value,
        out: &mut Vec<u8>,
        depth: usize,
    ) -> Result<(), ConnectError> {
        if depth > MAX_DEPTH {
            return Err(ConnectError::data(format!(
                "The value is nested deeper than {MAX_DEPTH} messages, which nobody would read"
            )));
        }
        match content {
            Content::Struct(message, schema) => {
                let Value::Struct(structure) = value else {
                    return Err(mismatch(Type::Struct, value));
                };
                if !Schema::same(structure.schema(), schema) {
                    return Err(ConnectError::data("Mismatching struct schema"));
                }
                self.message(&self.messages[*message], structure, out, depth)
            }
            Content::Wrapper(number, proto) => {
                let start = out.len();
                put_tag(out, *number, wire_type(proto));
                if !put_scalar(out, proto, value)? {
                    out.truncate(start);
                }
                Ok(())
            }
            Content::Logical(type_) => put_logical(out, *type_, value),
            // Neither is a message.
            Content::Scalar(_) | Content::Symbols(_) => Ok(()),
        }
    }

    fn message(
        &self,
        message: &Message,
        structure: &Struct,
        out: &mut Vec<u8>,
        depth: usize,
    ) -> Result<(), ConnectError> {
        for &slot in &message.unions {
            if let Value::Struct(union) = structure.at(slot)
                && (0..union.values().len()).all(|member| union.at(member).is_null())
            {
                return Err(ConnectError::data("Cannot find non-null field"));
            }
        }
        for field in &message.fields {
            let value = match field.member {
                None if self.ignore_defaults && field.is_nullable => {
                    &structure.values()[field.slot]
                }
                None => structure.at(field.slot),
                Some(member) => match structure.at(field.slot) {
                    Value::Null => continue,
                    Value::Struct(union) => {
                        // The first member that is set is the one that counts.
                        let first = (0..union.values().len()).find(|&m| !union.at(m).is_null());
                        match first {
                            Some(first) if first == member => union.at(member),
                            _ => continue,
                        }
                    }
                    other => return Err(mismatch(Type::Struct, other)),
                },
            };
            if !value.is_null() {
                self.field(field, value, out, depth)?;
            }
        }
        Ok(())
    }

    fn field(
        &self,
        field: &Field,
        value: &Value,
        out: &mut Vec<u8>,
        depth: usize,
    ) -> Result<(), ConnectError> {
        let number = field.number;
        match (&field.shape, value) {
            (Shape::Single, value) => self.single(
                number,
                &field.content,
                value,
                field.has_presence,
                out,
                depth,
            ),
            (Shape::Repeated, Value::Array(items)) => items.iter().try_for_each(|item| {
                not_null(item)?;
                self.single(number, &field.content, item, true, out, depth)
            }),
            (Shape::Packed, Value::Array(items)) if items.is_empty() => Ok(()),
            (Shape::Packed, Value::Array(items)) => {
                put_tag(out, number, LENGTH);
                put_length_of(out, |out| {
                    items.iter().try_for_each(|item| {
                        not_null(item)?;
                        put_element(out, &field.content, item)
                    })
                })
            }
            (Shape::Map(parts), Value::Map(map)) => map.iter().try_for_each(|(key, value)| {
                put_tag(out, number, LENGTH);
                put_length_of(out, |out| {
                    for (part, value) in [(&parts.0, key), (&parts.1, value)] {
                        if !value.is_null() {
                            let (number, content) = (part.number, &part.content);
                            self.single(number, content, value, false, out, depth + 1)?;
                        }
                    }
                    Ok(())
                })
            }),
            (Shape::Map(_), value) => Err(mismatch(Type::Map, value)),
            (_, value) => Err(mismatch(Type::Array, value)),
        }
    }

    fn single(
        &self,
        number: u32,
        content: &Content,
        value: &Value,
        with_default: bool,
        out: &mut Vec<u8>,
        depth: usize,
    ) -> Result<(), ConnectError> {
        let start = out.len();
        let is_default = match content {
            Content::Scalar(proto) => {
                put_tag(out, number, wire_type(proto));
                !put_scalar(out, proto, value)?
            }
            Content::Symbols(symbols) => {
                put_tag(out, number, VARINT);
                let number = enum_number(symbols, value)?;
                put_varint(out, i64::from(number) as u64);
                number == 0
            }
            message => {
                put_tag(out, number, LENGTH);
                put_length_of(out, |out| self.content(message, value, out, depth + 1))?;
                false
            }
        };
        if is_default && !with_default {
            out.truncate(start);
        }
        Ok(())
    }
}

/// The JVM's builder takes no null in lists.
fn not_null(item: &Value) -> Result<(), ConnectError> {
    if item.is_null() {
        return Err(ConnectError::record(
            exception::NULL_POINTER,
            "an element of a list is null, which Protobuf cannot hold",
        ));
    }
    Ok(())
}

fn put_element(out: &mut Vec<u8>, content: &Content, value: &Value) -> Result<(), ConnectError> {
    match content {
        Content::Scalar(proto) => put_scalar(out, proto, value).map(drop),
        Content::Symbols(symbols) => {
            put_varint(out, i64::from(enum_number(symbols, value)?) as u64);
            Ok(())
        }
        // Messages are never packed.
        _ => Ok(()),
    }
}

fn enum_number(symbols: &HashMap<String, i32>, value: &Value) -> Result<i32, ConnectError> {
    match value {
        Value::String(symbol) => symbols.get(&**symbol).copied().ok_or_else(|| {
            ConnectError::record(
                exception::ILLEGAL_ARGUMENT,
                format!("\"{symbol}\" is no symbol of the enum"),
            )
        }),
        Value::Int8(_) | Value::Int16(_) | Value::Int32(_) | Value::Int64(_) => {
            Ok(integer(Type::Int32, value)? as i32)
        }
        other => Err(mismatch(Type::String, other)),
    }
}

fn wire_type(proto: &Proto) -> u8 {
    match proto {
        Proto::Fixed32 | Proto::Sfixed32 | Proto::Float => FIXED32,
        Proto::Fixed64 | Proto::Sfixed64 | Proto::Double => FIXED64,
        Proto::String | Proto::Bytes | Proto::Message(_) => LENGTH,
        _ => VARINT,
    }
}

/// Appends a scalar; false if it is the default of its type.
fn put_scalar(out: &mut Vec<u8>, proto: &Proto, value: &Value) -> Result<bool, ConnectError> {
    match proto {
        Proto::Float => {
            let n = double(Type::Float32, value)? as f32;
            let n = if let Value::Float32(exact) = value {
                *exact
            } else {
                n
            };
            out.extend_from_slice(&n.to_le_bytes());
            Ok(n.to_bits() != 0)
        }
        Proto::Double => {
            let n = double(Type::Float64, value)?;
            out.extend_from_slice(&n.to_le_bytes());
            Ok(n.to_bits() != 0)
        }
        Proto::Bool => match value {
            Value::Boolean(b) => {
                out.push(u8::from(*b));
                Ok(*b)
            }
            other => Err(mismatch(Type::Boolean, other)),
        },
        Proto::String => match value {
            Value::String(text) => Ok(put_bytes(out, text.as_bytes())),
            other => Err(mismatch(Type::String, other)),
        },
        Proto::Bytes => match value {
            Value::Bytes(bytes) => Ok(put_bytes(out, bytes)),
            other => Err(mismatch(Type::Bytes, other)),
        },
        _ => {
            let n = integer(Type::Int64, value)?;
            put_integer(out, proto, n);
            Ok(n != 0)
        }
    }
}

fn put_integer(out: &mut Vec<u8>, proto: &Proto, n: i64) {
    match proto {
        Proto::Uint32 => put_varint(out, u64::from(n as u32)),
        Proto::Fixed32 | Proto::Sfixed32 => out.extend_from_slice(&(n as i32).to_le_bytes()),
        Proto::Fixed64 | Proto::Sfixed64 => out.extend_from_slice(&n.to_le_bytes()),
        Proto::Sint32 => {
            let n = n as i32;
            put_varint(out, u64::from(((n << 1) ^ (n >> 31)) as u32));
        }
        Proto::Sint64 => put_varint(out, ((n << 1) ^ (n >> 63)) as u64),
        // A 32-bit number is written as one of 64 bits.
        Proto::Int32 => put_varint(out, i64::from(n as i32) as u64),
        _ => put_varint(out, n as u64),
    }
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) -> bool {
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
    !bytes.is_empty()
}

fn put_logical(out: &mut Vec<u8>, type_: LogicalType, value: &Value) -> Result<(), ConnectError> {
    let not = |name: &str, class: &str| {
        ConnectError::data(format!(
            "Invalid type for {name}, expected {class} but was class {}",
            value.java_class()
        ))
    };
    if type_ == LogicalType::Decimal {
        let Value::Decimal(decimal) = value else {
            return Err(not("Decimal", "BigDecimal"));
        };
        put_tag(out, 1, LENGTH);
        put_bytes(out, &decimal.to_unscaled_bytes());
        put_tag(out, 2, VARINT);
        put_varint(out, decimal.precision() as u64);
        return put_parts(out, 3, &[i64::from(decimal.scale)]);
    }
    let name = format!("{type_:?}");
    let Value::Timestamp(millis) = value else {
        return Err(not(&name, "Date"));
    };
    match type_ {
        LogicalType::Date => put_parts(out, 1, &date_parts(*millis)?),
        LogicalType::Time => put_parts(out, 1, &time_parts(*millis)?),
        _ => put_parts(out, 1, &timestamp_parts(*millis)?),
    }
}

/// Integers as fields of numbers that follow each other; zero is left out.
fn put_parts(out: &mut Vec<u8>, first: u32, parts: &[i64]) -> Result<(), ConnectError> {
    for (number, &part) in (first..).zip(parts) {
        if part != 0 {
            put_tag(out, number, VARINT);
            put_varint(out, part as u64);
        }
    }
    Ok(())
}

/// What Java's `Number` gives as an integer.
fn integer(type_: Type, value: &Value) -> Result<i64, ConnectError> {
    match value {
        Value::Int8(n) => Ok((*n).into()),
        Value::Int16(n) => Ok((*n).into()),
        Value::Int32(n) => Ok((*n).into()),
        Value::Int64(n) => Ok(*n),
        Value::Float32(n) => Ok(*n as i64),
        Value::Float64(n) => Ok(*n as i64),
        other => Err(mismatch(type_, other)),
    }
}

fn double(type_: Type, value: &Value) -> Result<f64, ConnectError> {
    match value {
        Value::Float32(n) => Ok((*n).into()),
        Value::Float64(n) => Ok(*n),
        other => integer(type_, other).map(|n| n as f64),
    }
}

fn mismatch(type_: Type, value: &Value) -> ConnectError {
    ConnectError::data(format!(
        "Invalid type for {type_}: class {}",
        value.java_class()
    ))
}

fn field_named(message: &MessageDescriptor, name: &str) -> Result<FieldDescriptor, ConnectError> {
    message
        .get_field_by_name(name)
        .ok_or_else(|| ConnectError::data(format!("Cannot find field with name {name}")))
}

struct Maker<'a> {
    settings: &'a Settings,
    messages: Vec<Message>,
    /// By full name.
    known: HashMap<String, usize>,
}

impl Maker<'_> {
    fn message(
        &mut self,
        schema: &Schema,
        descriptor: &MessageDescriptor,
    ) -> Result<usize, ConnectError> {
        if let Some(&known) = self.known.get(descriptor.full_name()) {
            return Ok(known);
        }
        let place = self.messages.len();
        self.messages.push(Message::default());
        self.known.insert(descriptor.full_name().to_owned(), place);
        let mut message = Message::default();
        for (slot, member) in schema.fields().iter().enumerate() {
            if !is_union(&member.schema) {
                let found = field_named(descriptor, &scrubbed(&member.name, self.settings))?;
                let field = self.field(&member.schema, &found, slot)?;
                message.fields.push(field);
                continue;
            }
            message.unions.push(slot);
            for (i, inner) in member.schema.fields().iter().enumerate() {
                let found = field_named(descriptor, &scrubbed(&inner.name, self.settings))?;
                let mut field = self.field(&inner.schema, &found, slot)?;
                field.member = Some(i);
                message.fields.push(field);
            }
        }
        message.fields.sort_by_key(|field| field.number);
        self.messages[place] = message;
        Ok(place)
    }

    fn field(
        &mut self,
        schema: &SchemaRef,
        field: &FieldDescriptor,
        slot: usize,
    ) -> Result<Field, ConnectError> {
        let no_schema = || ConnectError::data(format!("{schema} has no schema for its elements"));
        let (shape, content) = match schema.type_() {
            Type::Map => {
                let Proto::Message(entry) = field.kind() else {
                    return Err(unfit(schema, field));
                };
                let key = schema.key_schema().ok_or_else(no_schema)?;
                let value = schema.value_schema().ok_or_else(no_schema)?;
                let parts = (
                    self.part(key, &entry, "key")?,
                    self.part(value, &entry, "value")?,
                );
                (Shape::Map(Box::new(parts)), Content::Scalar(Proto::Bytes))
            }
            Type::Array => {
                let items = schema.value_schema().ok_or_else(no_schema)?;
                let content = self.content(items, field)?;
                let packed = match &content {
                    Content::Scalar(proto) => wire_type(proto) != LENGTH,
                    Content::Symbols(_) => true,
                    _ => false,
                };
                (
                    if packed {
                        Shape::Packed
                    } else {
                        Shape::Repeated
                    },
                    content,
                )
            }
            _ => (Shape::Single, self.content(schema, field)?),
        };
        let is_repeated = field.cardinality() == Cardinality::Repeated;
        if is_repeated == matches!(shape, Shape::Single) {
            return Err(unfit(schema, field));
        }
        Ok(Field {
            number: field.number(),
            slot,
            member: None,
            shape,
            content,
            // Members of a oneof have it, and what says `optional` is the only member of one.
            has_presence: field.supports_presence(),
            is_nullable: schema.is_optional(),
        })
    }

    fn part(
        &mut self,
        schema: &SchemaRef,
        entry: &MessageDescriptor,
        name: &str,
    ) -> Result<Part, ConnectError> {
        let field = field_named(entry, name)?;
        Ok(Part {
            number: field.number(),
            content: self.content(schema, &field)?,
        })
    }

    fn content(
        &mut self,
        schema: &SchemaRef,
        field: &FieldDescriptor,
    ) -> Result<Content, ConnectError> {
        if let Some((_, type_)) = logical(schema) {
            use super::known;
            return Ok(Content::Logical(match type_ {
                known::DECIMAL_TYPE => LogicalType::Decimal,
                known::DATE_TYPE => LogicalType::Date,
                known::TIME_TYPE => LogicalType::Time,
                _ => LogicalType::Timestamp,
            }));
        }
        match field.kind() {
            Proto::Message(message) if schema.type_() == Type::Struct => Ok(Content::Struct(
                self.message(schema, &message)?,
                schema.clone(),
            )),
            Proto::Message(message) if schema.type_().is_primitive() => {
                let value = field_named(&message, "value")?;
                Ok(Content::Wrapper(value.number(), value.kind()))
            }
            Proto::Enum(_) if is_enum(schema) => {
                Ok(Content::Symbols(symbols(schema, self.settings)))
            }
            Proto::Message(_) | Proto::Enum(_) => Err(unfit(schema, field)),
            scalar => Ok(Content::Scalar(scalar)),
        }
    }
}

fn symbols(schema: &Schema, settings: &Settings) -> HashMap<String, i32> {
    let prefix = format!("{}.", settings.enum_parameter());
    let parameters = schema.parameters().into_iter().flatten();
    parameters
        .filter_map(|(name, number)| {
            let symbol = name.strip_prefix(&prefix)?;
            Some((symbol.to_owned(), number.parse().ok()?))
        })
        .collect()
}

fn unfit(schema: &Schema, field: &FieldDescriptor) -> ConnectError {
    ConnectError::data(format!(
        "{schema} does not fit the field {}",
        field.full_name()
    ))
}
