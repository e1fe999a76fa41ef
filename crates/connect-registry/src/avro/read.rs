//! Bytes to values, by a compiled plan.

use bytes::Bytes;
use bytestring::ByteString;
use connect_api::ConnectError;
use connect_api::data::{Decimal, Map, Struct, Value};
use connect_api::error::exception;

use super::plan::{Binary, Kind, Layout, Number, Reader, Root, Skip, Step, Symbol};
use super::wire::{Input, Malformed};

/// Values inside each other. Whoever takes values apart later does so on a stack.
const MAX_DEPTH: usize = 250;

/// How many values may stand in a payload that take no bytes; without a bound four bytes could claim a billion.
const MAX_WITHOUT_BYTES: usize = 1_000_000;

pub(super) const MILLIS_PER_DAY: i64 = 86_400_000;

pub(super) enum Fault {
    Malformed(Malformed),
    Value(Box<ConnectError>),
}

impl From<Malformed> for Fault {
    fn from(malformed: Malformed) -> Self {
        Fault::Malformed(malformed)
    }
}

impl From<ConnectError> for Fault {
    fn from(error: ConnectError) -> Self {
        Fault::Value(Box::new(error))
    }
}

impl Fault {
    pub fn into_error(self) -> ConnectError {
        match self {
            Fault::Malformed(malformed) => malformed.into_error(),
            Fault::Value(error) => *error,
        }
    }
}

impl Reader {
    /// What stands behind the value is passed over, as by the JVM's library.
    ///
    /// # Errors
    /// A record's fault: the bytes are no value of the schema.
    pub fn read(&self, payload: &Bytes) -> Result<Value, ConnectError> {
        let mut reading = Reading {
            reader: self,
            input: Input::new(payload),
            depth: 0,
            without_bytes: 0,
        };
        let value = match &self.root {
            Root::Value(kind) => reading.value(kind),
            Root::Raw(binary) => binary.value(payload.clone()).map_err(Fault::from),
            Root::Anything => reading.anything(),
        };
        value.map_err(Fault::into_error)
    }
}

/// A payload being read.
struct Reading<'a> {
    reader: &'a Reader,
    input: Input<'a>,
    depth: usize,
    without_bytes: usize,
}

impl Reading<'_> {
    #[inline]
    fn value(&mut self, kind: &Kind) -> Result<Value, Fault> {
        Ok(match kind {
            Kind::Null => Value::Null,
            // As in Java, where everything but one is false.
            Kind::Boolean => Value::Boolean(self.input.byte()? == 1),
            Kind::Int(number) => number.of_int(self.input.int()?)?,
            Kind::Long(number) => number.of_long(self.input.long()?),
            Kind::Float(number) => number.of_float(f32::from_le_bytes(self.input.fixed()?)),
            Kind::Double => Value::Float64(f64::from_le_bytes(self.input.fixed()?)),
            Kind::String => Value::String(self.string()?),
            Kind::Bytes(binary) => {
                let range = self.input.prefixed()?;
                binary.value(self.input.slice(range))?
            }
            Kind::Fixed(size, binary) => {
                let range = self.input.take(*size)?;
                binary.value(self.input.slice(range))?
            }
            Kind::Enum(symbols) => match &symbols[self.input.index(symbols.len())?] {
                Symbol::Known(symbol) => Value::String(symbol.clone()),
                Symbol::Unknown(error) => return Err(Fault::Value(error.clone())),
            },
            Kind::Optional { null, kind } => {
                if self.input.index(2)? == *null {
                    return Ok(Value::Null);
                }
                self.value(kind)?
            }
            Kind::Record(record) => self.record(*record)?,
            other => self.inside(|reading| reading.container(other))?,
        })
    }

    #[inline]
    fn inside<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        if self.depth == MAX_DEPTH {
            return Err(Malformed::Depth.into());
        }
        self.depth += 1;
        let read = read(self);
        self.depth -= 1;
        read
    }

    fn container(&mut self, kind: &Kind) -> Result<Value, Fault> {
        match kind {
            Kind::Array(item) => {
                let mut items = Vec::new();
                self.blocks(&mut items, |reading| reading.value(item))?;
                Ok(Value::Array(items))
            }
            Kind::Map(value) => {
                let mut entries = Vec::new();
                self.blocks(&mut entries, |reading| {
                    let key = Value::String(reading.string()?);
                    Ok((key, reading.value(value)?))
                })?;
                Ok(Value::Map(Map::from_entries(entries)))
            }
            Kind::Entries(layout) => {
                let mut entries = Vec::new();
                self.blocks(&mut entries, |reading| {
                    let mut values = reading.fields(layout)?.into_iter();
                    let mut next = || values.next().unwrap_or_default();
                    Ok((next(), next()))
                })?;
                Ok(Value::Map(Map::from_entries(entries)))
            }
            Kind::Union(members) => {
                let member = self.input.index(members.len())?;
                self.value(&members[member])
            }
            Kind::Member(member) => {
                let value = self.value(&member.kind)?;
                let mut values = vec![Value::Null; member.schema.fields().len()];
                values[member.slot] = value;
                Ok(Struct::from_values(member.schema.clone(), values).into())
            }
            Kind::Unreadable(error) => Err(Fault::Value(error.clone())),
            // All others were dealt with.
            _ => Ok(Value::Null),
        }
    }

    #[inline]
    fn string(&mut self) -> Result<ByteString, Malformed> {
        let range = self.input.prefixed()?;
        match ByteString::try_from(self.input.slice(range.clone())) {
            Ok(text) => Ok(text),
            Err(_) => Ok(lossy(self.input.bytes(range))),
        }
    }

    fn record(&mut self, record: usize) -> Result<Value, Fault> {
        let record = &self.reader.records[record];
        let start = self.input.at();
        let values = self.inside(|reading| reading.fields(&record.layout))?;
        if self.input.at() == start {
            self.count_without_bytes(1 + values.len())?;
        }
        Ok(Struct::from_values(record.schema.clone(), values).into())
    }

    fn fields(&mut self, layout: &Layout) -> Result<Vec<Value>, Fault> {
        match layout {
            Layout::Straight(kinds) => {
                let mut values = Vec::with_capacity(kinds.len());
                for kind in kinds {
                    values.push(self.value(kind)?);
                }
                Ok(values)
            }
            Layout::Mapped { steps, template } => {
                let mut values = template.clone();
                for step in steps {
                    match step {
                        Step::Read { slot, kind } => values[*slot] = self.value(kind)?,
                        Step::Skip(skip) => self.skip(skip)?,
                    }
                }
                Ok(values)
            }
        }
    }

    fn blocks<T>(
        &mut self,
        items: &mut Vec<T>,
        mut read: impl FnMut(&mut Self) -> Result<T, Fault>,
    ) -> Result<(), Fault> {
        loop {
            let count = self.input.block()?;
            if count == 0 {
                return Ok(());
            }
            // An item has a byte nearly always, so what is left bounds the allocation.
            let likely = usize::try_from(count).unwrap_or(usize::MAX);
            items.reserve(likely.min(self.input.left()));
            for _ in 0..count {
                let start = self.input.at();
                items.push(read(self)?);
                if self.input.at() == start {
                    self.count_without_bytes(1)?;
                }
            }
        }
    }

    #[inline]
    fn count_without_bytes(&mut self, values: usize) -> Result<(), Malformed> {
        self.without_bytes += values;
        match self.without_bytes > MAX_WITHOUT_BYTES {
            true => Err(Malformed::TooMany),
            false => Ok(()),
        }
    }

    fn skip(&mut self, skip: &Skip) -> Result<(), Fault> {
        match skip {
            Skip::Nothing => {}
            Skip::Bytes(length) => {
                self.input.take(*length)?;
            }
            Skip::Varint => {
                self.input.long()?;
            }
            Skip::Prefixed => {
                self.input.prefixed()?;
            }
            Skip::Array(item) => self.skip_blocks(item, false)?,
            Skip::Map(value) => self.skip_blocks(value, true)?,
            Skip::Union(members) => {
                let member = self.input.index(members.len())?;
                self.inside(|reading| reading.skip(&members[member]))?;
            }
            Skip::Record(record) => {
                let start = self.input.at();
                let fields = &self.reader.skipped[*record];
                self.inside(|reading| fields.iter().try_for_each(|field| reading.skip(field)))?;
                if self.input.at() == start {
                    self.count_without_bytes(1)?;
                }
            }
        }
        Ok(())
    }

    fn skip_blocks(&mut self, item: &Skip, has_keys: bool) -> Result<(), Fault> {
        loop {
            let count = self.input.block()?;
            if count == 0 {
                return Ok(());
            }
            for _ in 0..count {
                let start = self.input.at();
                if has_keys {
                    self.input.prefixed()?;
                }
                self.inside(|reading| reading.skip(item))?;
                if self.input.at() == start {
                    self.count_without_bytes(1)?;
                }
            }
        }
    }

    /// A value without schema: a record of nine fields, of which the first that is not null counts.
    fn anything(&mut self) -> Result<Value, Fault> {
        self.inside(|reading| {
            let mut found = Value::Null;
            for field in 0..9 {
                if reading.input.index(2)? == 0 {
                    continue;
                }
                let value = reading.anything_in(field)?;
                if found.is_null() {
                    found = value;
                }
            }
            Ok(found)
        })
    }

    fn anything_in(&mut self, field: usize) -> Result<Value, Fault> {
        Ok(match field {
            0 => self.value(&Kind::Boolean)?,
            1 => self.value(&Kind::Bytes(Binary::Bytes))?,
            2 => self.value(&Kind::Double)?,
            3 => self.value(&Kind::Float(Number::Float32))?,
            4 => self.value(&Kind::Int(Number::Int32))?,
            5 => self.value(&Kind::Long(Number::Int64))?,
            6 => self.value(&Kind::String)?,
            7 => {
                let mut items = Vec::new();
                self.blocks(&mut items, Self::anything)?;
                Value::Array(items)
            }
            _ => {
                let mut entries = Vec::new();
                self.blocks(&mut entries, |reading| {
                    Ok((reading.anything()?, reading.anything()?))
                })?;
                Value::Map(Map::from_entries(entries))
            }
        })
    }
}

/// Bytes that are no UTF-8 are replaced, as in Java.
fn lossy(bytes: &[u8]) -> ByteString {
    String::from_utf8_lossy(bytes).into_owned().into()
}

impl Number {
    #[inline]
    fn of_int(self, n: i32) -> Result<Value, Fault> {
        Ok(match self {
            // Narrow types keep the low bits.
            Number::Int8 => Value::Int8(n as i8),
            Number::Int16 => Value::Int16(n as i16),
            Number::Int32 => Value::Int32(n),
            Number::Date => Value::Timestamp(i64::from(n) * MILLIS_PER_DAY),
            Number::Time => Value::Timestamp(time(n)?),
            other => other.of_long(n.into()),
        })
    }

    #[inline]
    fn of_long(self, n: i64) -> Value {
        match self {
            Number::Timestamp => Value::Timestamp(n),
            Number::Float32 => Value::Float32(n as f32),
            Number::Float64 => Value::Float64(n as f64),
            _ => Value::Int64(n),
        }
    }

    #[inline]
    fn of_float(self, n: f32) -> Value {
        match self {
            Number::Float64 => Value::Float64(n.into()),
            _ => Value::Float32(n),
        }
    }
}

fn time(millis: i32) -> Result<i64, ConnectError> {
    let millis = i64::from(millis);
    if !(0..=MILLIS_PER_DAY).contains(&millis) {
        return Err(ConnectError::data(
            "Time values must use number of milliseconds greater than 0 and less than 86400000",
        ));
    }
    Ok(millis)
}

impl Binary {
    #[inline]
    fn value(self, bytes: Bytes) -> Result<Value, ConnectError> {
        match self {
            Binary::Bytes => Ok(Value::Bytes(bytes)),
            Binary::String => Ok(Value::String(lossy(&bytes))),
            Binary::Decimal { .. } if bytes.is_empty() => Err(ConnectError::record(
                exception::NUMBER_FORMAT,
                "Zero length BigInteger",
            )),
            Binary::Decimal { scale } => Ok(Value::Decimal(Box::new(
                Decimal::from_unscaled_bytes(&bytes, scale),
            ))),
        }
    }
}
