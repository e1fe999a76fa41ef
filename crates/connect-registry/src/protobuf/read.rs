//! Bytes to values, by a compiled plan.
//!
//! A message that stands more than once in its field is merged, as Protobuf says: its bytes are put behind each other
//! and read once, at the end of the message around it, so that no input makes us read anything again and again.

use std::ops::Range;

use bytes::Bytes;
use bytestring::ByteString;
use connect_api::ConnectError;
use connect_api::data::{Map, SchemaRef, Struct, Value};

use super::logical::{Parts, value as logical_value};
use super::plan::{
    Entry, Enum, Field, Kind, Logical, Member, Message, Place, Reader, Scalar, Shape, Width,
};
use super::wire::{
    FIXED32, FIXED64, Input, LENGTH, MAX_DEPTH, Malformed, VARINT, unzigzag32, unzigzag64,
};

/// What the JVM throws about bytes.
const INVALID: &str = "com.google.protobuf.InvalidProtocolBufferException";

/// Reads records; keeps its memory between them.
#[derive(Default)]
pub(super) struct Decoder {
    pending: Vec<Pending>,
    chosen: Vec<Chosen>,
}

/// A message in a field that is read when the one around it ends.
struct Pending {
    /// Place in the plan's fields.
    field: usize,
    range: Range<usize>,
    /// Everything, if the field stood more than once.
    joined: Option<Vec<u8>>,
}

/// The member of a oneof that came last.
#[derive(Default)]
struct Chosen {
    field: Option<usize>,
    value: Value,
}

pub(super) enum Fault {
    Malformed(Malformed),
    /// Paths of required fields that are missing.
    Missing(Vec<String>),
    Value(Box<ConnectError>),
}

impl From<Malformed> for Fault {
    fn from(malformed: Malformed) -> Self {
        Fault::Malformed(malformed)
    }
}

impl Fault {
    /// Seen from the message around.
    fn inside(self, field: &Field) -> Self {
        match self {
            Fault::Missing(paths) => {
                let path = |path| format!("{}.{path}", field.name);
                Fault::Missing(paths.into_iter().map(path).collect())
            }
            other => other,
        }
    }

    fn into_error(self) -> ConnectError {
        match self {
            Fault::Malformed(malformed) => ConnectError::record(INVALID, malformed.text()),
            Fault::Missing(paths) => ConnectError::record(
                INVALID,
                format!("Message missing required fields: {}", paths.join(", ")),
            ),
            Fault::Value(error) => *error,
        }
    }
}

impl Decoder {
    pub fn read(&mut self, reader: &Reader, payload: &Bytes) -> Result<Value, ConnectError> {
        self.pending.clear();
        self.chosen.clear();
        let mut frame = Frame {
            messages: &reader.messages,
            decoder: self,
            depth: 0,
            is_there: true,
        };
        let input = Input::whole(payload);
        frame
            .content(&reader.root, input)
            .map_err(Fault::into_error)
    }
}

/// A message being read.
struct Frame<'a> {
    messages: &'a [Message],
    decoder: &'a mut Decoder,
    depth: usize,
    /// False for a message that is missing and is read all the same, from no bytes.
    is_there: bool,
}

impl Frame<'_> {
    /// The value of a message that stands inside this one.
    fn inner(&mut self, kind: &Kind, buffer: &Bytes, range: Range<usize>) -> Result<Value, Fault> {
        self.at_depth(kind, Input::part(buffer, range), self.is_there)
    }

    /// The value of a message that is missing.
    fn missing(&mut self, kind: &Kind) -> Result<Value, Fault> {
        self.at_depth(kind, Input::whole(&Bytes::new()), false)
    }

    fn at_depth(&mut self, kind: &Kind, input: Input<'_>, is_there: bool) -> Result<Value, Fault> {
        if self.depth == MAX_DEPTH {
            return Err(Malformed::Depth.into());
        }
        let mut inner = Frame {
            messages: self.messages,
            decoder: self.decoder,
            depth: self.depth + 1,
            is_there,
        };
        inner.content(kind, input)
    }

    fn content(&mut self, kind: &Kind, input: Input<'_>) -> Result<Value, Fault> {
        match kind {
            Kind::Struct { message, schema } => {
                let messages = self.messages;
                self.structure(&messages[*message], schema, input)
            }
            Kind::Wrapper(member) => self.wrapped(member, input),
            Kind::Logical(logical) => self.logical(logical, input),
            // A scalar has no content of its own.
            Kind::Scalar(_) => Ok(Value::Null),
        }
    }

    fn structure(
        &mut self,
        message: &Message,
        schema: &SchemaRef,
        mut input: Input<'_>,
    ) -> Result<Value, Fault> {
        let first_pending = self.decoder.pending.len();
        let first_chosen = self.decoder.chosen.len();
        for _ in &message.oneofs {
            self.decoder.chosen.push(Chosen::default());
        }
        let mut values = message.template.clone();
        let mut maps: Vec<(usize, Vec<(Value, Value)>)> = Vec::new();
        let mut seen = vec![false; message.required];

        while let Some((number, wire_type)) = input.tag()? {
            let Some(place) = message.field(number) else {
                input.skip(number, wire_type, self.depth)?;
                continue;
            };
            let field = &message.fields[place];
            match (&field.shape, field.place) {
                (Shape::Single(Kind::Scalar(scalar)), _) if wire_type == scalar.wire_type() => {
                    let value = scalar.read(&mut input)?;
                    if value.is_null() {
                        continue;
                    }
                    if let Some(required) = field.required {
                        seen[required] = true;
                    }
                    match field.place {
                        Place::Slot(slot) => values[slot] = value,
                        Place::Oneof { oneof, .. } => {
                            self.choose(message, first_pending, first_chosen + oneof, place);
                            self.decoder.chosen[first_chosen + oneof].value = value;
                        }
                    }
                }
                (Shape::Single(kind), _) if kind.is_message() && wire_type == LENGTH => {
                    let range = input.length()?;
                    if let Some(required) = field.required {
                        seen[required] = true;
                    }
                    if let Place::Oneof { oneof, .. } = field.place {
                        self.choose(message, first_pending, first_chosen + oneof, place);
                    }
                    self.postpone(first_pending, place, input.buffer(), range);
                }
                (Shape::Repeated(kind), Place::Slot(slot)) => {
                    let Value::Array(items) = &mut values[slot] else {
                        continue;
                    };
                    self.element(kind, (number, wire_type), &mut input, items)
                        .map_err(|fault| fault.inside(field))?;
                }
                (Shape::Map(entry), Place::Slot(slot)) if wire_type == LENGTH => {
                    let range = input.length()?;
                    let pair = self
                        .entry(entry, input.buffer(), range)
                        .map_err(|fault| fault.inside(field))?;
                    match maps.iter_mut().find(|(s, _)| *s == slot) {
                        Some((_, pairs)) => pairs.push(pair),
                        None => maps.push((slot, vec![pair])),
                    }
                }
                // A value of another type than the field's counts as that of an unknown field.
                _ => input.skip(number, wire_type, self.depth)?,
            }
        }

        for (slot, pairs) in maps {
            values[slot] = Value::Map(Map::from_entries(pairs));
        }
        self.read_pending(message, (first_pending, first_chosen), &input, &mut values)?;
        for &place in &message.always {
            let field = &message.fields[place];
            if let (Shape::Single(kind), Place::Slot(slot)) = (&field.shape, field.place)
                && values[slot].is_null()
            {
                values[slot] = self.missing(kind)?;
            }
        }
        for (i, oneof) in message.oneofs.iter().enumerate() {
            let chosen = std::mem::take(&mut self.decoder.chosen[first_chosen + i]);
            let Some(Place::Oneof { slot, .. }) = chosen.field.map(|f| message.fields[f].place)
            else {
                continue;
            };
            match &oneof.union {
                None => values[slot] = chosen.value,
                Some((place, schema)) => {
                    let mut members = vec![Value::Null; schema.fields().len()];
                    members[slot] = chosen.value;
                    values[*place] = Struct::from_values(schema.clone(), members).into();
                }
            }
        }
        self.decoder.chosen.truncate(first_chosen);
        if self.is_there && seen.contains(&false) {
            return Err(missing_fields(message, &seen));
        }
        Ok(Struct::from_values(schema.clone(), values).into())
    }

    /// Makes a field the member of its oneof that counts; what another member held is gone.
    fn choose(&mut self, message: &Message, first_pending: usize, chosen: usize, field: usize) {
        let before = self.decoder.chosen[chosen].field.replace(field);
        let Some(before) = before.filter(|&before| before != field) else {
            return;
        };
        self.decoder.chosen[chosen].value = Value::Null;
        if matches!(&message.fields[before].shape, Shape::Single(kind) if kind.is_message()) {
            let pending = &self.decoder.pending[first_pending..];
            if let Some(at) = pending.iter().position(|p| p.field == before) {
                self.decoder.pending.remove(first_pending + at);
            }
        }
    }

    fn postpone(&mut self, first: usize, field: usize, buffer: &Bytes, range: Range<usize>) {
        let pending = self.decoder.pending[first..].iter_mut();
        for known in pending {
            if known.field == field {
                let joined = known
                    .joined
                    .get_or_insert_with(|| buffer[known.range.clone()].to_vec());
                joined.extend_from_slice(&buffer[range]);
                return;
            }
        }
        self.decoder.pending.push(Pending {
            field,
            range,
            joined: None,
        });
    }

    fn read_pending(
        &mut self,
        message: &Message,
        (first_pending, first_chosen): (usize, usize),
        input: &Input<'_>,
        values: &mut [Value],
    ) -> Result<(), Fault> {
        for i in first_pending..self.decoder.pending.len() {
            let pending = &mut self.decoder.pending[i];
            let (range, joined) = (pending.range.clone(), pending.joined.take());
            let field = &message.fields[pending.field];
            let Shape::Single(kind) = &field.shape else {
                continue;
            };
            let value = match joined {
                None => self.inner(kind, input.buffer(), range),
                Some(bytes) => {
                    let range = 0..bytes.len();
                    self.inner(kind, &Bytes::from(bytes), range)
                }
            };
            let value = value.map_err(|fault| fault.inside(field))?;
            match field.place {
                Place::Slot(slot) => values[slot] = value,
                Place::Oneof { oneof, .. } => {
                    self.decoder.chosen[first_chosen + oneof].value = value;
                }
            }
        }
        self.decoder.pending.truncate(first_pending);
        Ok(())
    }

    /// One element of a repeated field, or many that are packed.
    fn element(
        &mut self,
        kind: &Kind,
        (number, wire_type): (u32, u8),
        input: &mut Input<'_>,
        items: &mut Vec<Value>,
    ) -> Result<(), Fault> {
        match kind {
            Kind::Scalar(scalar) if wire_type == scalar.wire_type() => {
                let value = scalar.read(input)?;
                if !value.is_null() {
                    items.push(value);
                }
            }
            // Strings and bytes were dealt with: their own type is LENGTH.
            Kind::Scalar(scalar) if wire_type == LENGTH => {
                let range = input.length()?;
                if let Some(size) = scalar.fixed_size() {
                    items.reserve(range.len() / size);
                }
                let mut packed = Input::part(input.buffer(), range);
                while !packed.is_at_end() {
                    let value = scalar.read(&mut packed)?;
                    if !value.is_null() {
                        items.push(value);
                    }
                }
            }
            kind if kind.is_message() && wire_type == LENGTH => {
                let range = input.length()?;
                items.push(self.inner(kind, input.buffer(), range)?);
            }
            _ => input.skip(number, wire_type, self.depth)?,
        }
        Ok(())
    }

    fn entry(
        &mut self,
        entry: &Entry,
        buffer: &Bytes,
        range: Range<usize>,
    ) -> Result<(Value, Value), Fault> {
        if self.depth == MAX_DEPTH {
            return Err(Malformed::Depth.into());
        }
        let mut frame = Frame {
            messages: self.messages,
            decoder: self.decoder,
            depth: self.depth + 1,
            is_there: self.is_there,
        };
        let mut input = Input::part(buffer, range);
        let mut key = Found::default();
        let mut value = Found::default();
        while let Some((number, wire_type)) = input.tag()? {
            let taken = if number == entry.key.number {
                key.take(&entry.key.kind, wire_type, &mut input)?
            } else if number == entry.value.number {
                value.take(&entry.value.kind, wire_type, &mut input)?
            } else {
                false
            };
            if !taken {
                input.skip(number, wire_type, frame.depth)?;
            }
        }
        let key = frame.member(&entry.key, key, buffer)?;
        let value = frame.member(&entry.value, value, buffer)?;
        Ok((key, value))
    }

    fn member(&mut self, member: &Member, found: Found, buffer: &Bytes) -> Result<Value, Fault> {
        match found {
            Found::Nothing => match &member.default {
                Some(default) => Ok(default.clone()),
                None => self.missing(&member.kind),
            },
            Found::Scalar(value) => Ok(value),
            Found::Message(range, None) => self.inner(&member.kind, buffer, range),
            Found::Message(_, Some(bytes)) => {
                let range = 0..bytes.len();
                self.inner(&member.kind, &Bytes::from(bytes), range)
            }
        }
    }

    fn wrapped(&mut self, member: &Member, mut input: Input<'_>) -> Result<Value, Fault> {
        let mut found = Found::default();
        while let Some((number, wire_type)) = input.tag()? {
            if number != member.number || !found.take(&member.kind, wire_type, &mut input)? {
                input.skip(number, wire_type, self.depth)?;
            }
        }
        self.member(member, found, input.buffer())
    }

    fn logical(&mut self, logical: &Logical, mut input: Input<'_>) -> Result<Value, Fault> {
        let mut parts = Parts::default();
        while let Some((number, wire_type)) = input.tag()? {
            let part = logical
                .parts
                .iter()
                .position(|(n, scalar)| *n == number && scalar.wire_type() == wire_type);
            let Some(part) = part else {
                input.skip(number, wire_type, self.depth)?;
                continue;
            };
            match logical.parts[part].1.read(&mut input)? {
                Value::Int64(n) => parts.numbers[part] = n,
                Value::Int32(n) => parts.numbers[part] = n.into(),
                Value::Bytes(bytes) => parts.bytes = Some(bytes),
                _ => {}
            }
        }
        logical_value(logical.type_, &parts).map_err(|error| Fault::Value(Box::new(error)))
    }
}

/// The last value of a member of an entry or wrapper.
#[derive(Default)]
enum Found {
    #[default]
    Nothing,
    Scalar(Value),
    Message(Range<usize>, Option<Vec<u8>>),
}

impl Found {
    /// Reads a value; false if it is of another type, and still to be skipped.
    fn take(
        &mut self,
        kind: &Kind,
        wire_type: u8,
        input: &mut Input<'_>,
    ) -> Result<bool, Malformed> {
        match kind {
            Kind::Scalar(scalar) if wire_type == scalar.wire_type() => {
                let value = scalar.read(input)?;
                if !value.is_null() {
                    *self = Found::Scalar(value);
                }
            }
            kind if kind.is_message() && wire_type == LENGTH => {
                let range = input.length()?;
                let buffer = input.buffer();
                *self = match std::mem::take(self) {
                    Found::Message(before, joined) => {
                        let mut all = joined.unwrap_or_else(|| buffer[before.clone()].to_vec());
                        all.extend_from_slice(&buffer[range]);
                        Found::Message(before, Some(all))
                    }
                    _ => Found::Message(range, None),
                };
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}

fn missing_fields(message: &Message, seen: &[bool]) -> Fault {
    let fields = message.fields.iter();
    let missing = fields.filter(|field| field.required.is_some_and(|required| !seen[required]));
    Fault::Missing(missing.map(|field| field.name.to_string()).collect())
}

impl Scalar {
    fn wire_type(&self) -> u8 {
        match self {
            Scalar::Sfixed32(_) | Scalar::Fixed32 | Scalar::Float => FIXED32,
            Scalar::Fixed64 | Scalar::Double => FIXED64,
            Scalar::String | Scalar::LenientString | Scalar::Bytes => LENGTH,
            _ => VARINT,
        }
    }

    fn fixed_size(&self) -> Option<usize> {
        match self.wire_type() {
            FIXED32 => Some(4),
            FIXED64 => Some(8),
            _ => None,
        }
    }

    /// Null is the number of no symbol of an enum that is closed.
    #[inline]
    fn read(&self, input: &mut Input<'_>) -> Result<Value, Malformed> {
        Ok(match self {
            Scalar::Int32(width) => width.of(input.varint()? as i32),
            Scalar::Sint32(width) => width.of(unzigzag32(input.varint()? as u32)),
            Scalar::Sfixed32(width) => width.of(i32::from_le_bytes(input.fixed32()?)),
            Scalar::Uint32 => Value::Int64((input.varint()? as u32).into()),
            Scalar::Fixed32 => Value::Int64(u32::from_le_bytes(input.fixed32()?).into()),
            Scalar::Int64 => Value::Int64(input.varint()? as i64),
            Scalar::Sint64 => Value::Int64(unzigzag64(input.varint()?)),
            Scalar::Fixed64 => Value::Int64(i64::from_le_bytes(input.fixed64()?)),
            Scalar::Float => Value::Float32(f32::from_le_bytes(input.fixed32()?)),
            Scalar::Double => Value::Float64(f64::from_le_bytes(input.fixed64()?)),
            Scalar::Bool => Value::Boolean(input.varint()? != 0),
            Scalar::String => {
                let bytes = input.buffer().slice(input.length()?);
                Value::String(ByteString::try_from(bytes).map_err(|_| Malformed::Utf8)?)
            }
            Scalar::LenientString => {
                let bytes = input.buffer().slice(input.length()?);
                Value::String(match ByteString::try_from(bytes.clone()) {
                    Ok(text) => text,
                    Err(_) => String::from_utf8_lossy(&bytes).into_owned().into(),
                })
            }
            Scalar::Bytes => Value::Bytes(input.buffer().slice(input.length()?)),
            Scalar::Enum(names) => names.value(input.varint()? as i32).unwrap_or_default(),
        })
    }
}

impl Width {
    /// Narrow types keep the low bits.
    pub fn of(self, n: i32) -> Value {
        match self {
            Width::Int8 => Value::Int8(n as i8),
            Width::Int16 => Value::Int16(n as i16),
            Width::Int32 => Value::Int32(n),
        }
    }
}

impl Enum {
    /// None for a number without a symbol, if the enum is closed; an open one calls it by its number, as the JVM does.
    pub fn value(&self, number: i32) -> Option<Value> {
        let symbol = self.symbol(number);
        if symbol.is_none() && self.is_closed {
            return None;
        }
        if self.as_int {
            return Some(Value::Int32(number));
        }
        Some(match symbol {
            Some(symbol) => Value::String(symbol.clone()),
            None => Value::string(format!("UNKNOWN_ENUM_VALUE_{}_{number}", self.name)),
        })
    }
}
