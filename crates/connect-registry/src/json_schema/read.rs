//! Payloads to values, by a plan that is made once per schema.
//!
//! Values are made straight from the bytes; strings without escapes are slices of them. What a value of the wrong kind
//! becomes is the JVM's: as a number it counts 0, as a boolean false, as text null. A struct that lies in another one must be
//! complete, because it is checked when it is put there; the outermost one need not be.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use connect_api::ByteString;
use connect_api::ConnectError;
use connect_api::data::{
    DATE, DECIMAL, Map, Schema, SchemaRef, Struct, TIME, TIMESTAMP, Type, Value, validate_value,
};
use connect_converters::json::parts::{
    Document, Fault, Kind, Reader, Syntax, Why, base64, decimal, enter, goes_on, number, skip_root,
    temporal,
};

use super::names::{KEY, ONE_OF, SUM_UNION, VALUE};

/// Objects in payloads may lie this deep; each level costs stack.
const MAX_DEPTH: usize = 500;

type PlanId = usize;

/// The plans of a schema and all that it contains.
pub struct Plans {
    all: Vec<Plan>,
}

struct Plan {
    schema: SchemaRef,
    shape: Shape,
}

enum Shape {
    Boolean,
    Number(Type),
    String,
    Bytes,
    Decimal,
    Temporal(&'static str),
    Array(PlanId),
    /// Text keys make an object.
    TextMap(PlanId),
    /// Other keys make an array of objects with a key and a value.
    Map(PlanId, PlanId),
    Struct(Vec<PlanId>),
    Union(Vec<PlanId>),
    /// An array or map of which the schema does not say everything.
    Incomplete,
}

pub fn is_union(schema: &Schema) -> bool {
    let is_sum = || {
        schema
            .parameters()
            .is_some_and(|p| p.contains_key(SUM_UNION))
    };
    schema.type_() == Type::Struct && (schema.name() == Some(ONE_OF) || is_sum())
}

/// Whether maps with these keys are objects in JSON.
pub fn has_text_keys(schema: &Schema) -> bool {
    schema
        .key_schema()
        .is_some_and(|keys| keys.type_() == Type::String && !keys.is_optional())
}

impl Plans {
    pub fn new(schema: &SchemaRef) -> Self {
        let mut plans = Self { all: Vec::new() };
        let mut known = HashMap::new();
        // Parts are appended while it goes on, so that no depth of schemas matters.
        plans.plan(schema, &mut known);
        let mut next = 0;
        while next < plans.all.len() {
            let schema = plans.all[next].schema.clone();
            plans.all[next].shape = plans.shape(&schema, &mut known);
            next += 1;
        }
        plans
    }

    fn plan(&mut self, schema: &SchemaRef, known: &mut HashMap<usize, PlanId>) -> PlanId {
        let place = Arc::as_ptr(schema) as usize;
        *known.entry(place).or_insert_with(|| {
            self.all.push(Plan {
                schema: schema.clone(),
                shape: Shape::Incomplete,
            });
            self.all.len() - 1
        })
    }

    fn shape(&mut self, schema: &SchemaRef, known: &mut HashMap<usize, PlanId>) -> Shape {
        match schema.name() {
            Some(DECIMAL) => return Shape::Decimal,
            Some(DATE) => return Shape::Temporal(DATE),
            Some(TIME) => return Shape::Temporal(TIME),
            Some(TIMESTAMP) => return Shape::Temporal(TIMESTAMP),
            _ => {}
        }
        match (schema.type_(), schema.key_schema(), schema.value_schema()) {
            (Type::Boolean, ..) => Shape::Boolean,
            (Type::String, ..) => Shape::String,
            (Type::Bytes, ..) => Shape::Bytes,
            (Type::Array, _, Some(items)) => Shape::Array(self.plan(items, known)),
            (Type::Map, Some(_), Some(values)) if has_text_keys(schema) => {
                Shape::TextMap(self.plan(values, known))
            }
            (Type::Map, Some(keys), Some(values)) => {
                Shape::Map(self.plan(keys, known), self.plan(values, known))
            }
            (Type::Struct, ..) => {
                let fields = schema.fields().iter();
                let fields: Vec<_> = fields.map(|f| self.plan(&f.schema, known)).collect();
                if is_union(schema) {
                    Shape::Union(fields)
                } else {
                    Shape::Struct(fields)
                }
            }
            (Type::Array | Type::Map, ..) => Shape::Incomplete,
            (type_, ..) => Shape::Number(type_),
        }
    }

    /// # Errors
    /// A record's fault: the payload is no JSON, or does not fit the schema.
    pub fn read(&self, payload: Bytes) -> Result<Value, ConnectError> {
        let doc = Document::new(payload).map_err(|syntax| not_json(syntax, &[]))?;
        self.document(&doc).map_err(|fault| match fault {
            Fault::Syntax(syntax) => not_json(syntax, doc.text.as_bytes()),
            Fault::Data(error) => *error,
        })
    }

    fn document(&self, doc: &Document) -> Result<Value, Fault> {
        let r = &mut Reader::new(&doc.text).words_as_numbers();
        let first = r.peek();
        let mut reading = Reading {
            plans: &self.all,
            depth: 0,
            is_inside: false,
            is_doubtful: false,
        };
        if first == 0 && r.at_end() {
            if doc.cut {
                return Err(r.error(Why::Utf8).into());
            }
            return reading.mismatch(&self.all[0], Kind::Missing);
        }
        match reading.value(r, 0) {
            Ok(value) if is_number(first) && !r.ends_root_number() => {
                drop(value);
                Err(r.error(Why::Separator).into())
            }
            Ok(_) if doc.cut && r.at_end() && !matches!(first, b'{' | b'[' | b'"') => {
                Err(r.error(Why::Utf8).into())
            }
            Ok(value) => Ok(value),
            Err(fault) => {
                // A document that is no JSON is that first of all.
                skip_root(&mut Reader::new(&doc.text).words_as_numbers())?;
                Err(fault)
            }
        }
    }
}

fn is_number(first: u8) -> bool {
    matches!(first, b'-' | b'0'..=b'9')
}

/// What the JVM's parser throws; the converter's sentences come around it.
fn not_json(syntax: Syntax, doc: &[u8]) -> ConnectError {
    let error = syntax.into_error(doc);
    let why = error.cause().and_then(ConnectError::message);
    ConnectError::record(
        "com.fasterxml.jackson.core.JsonParseException",
        why.unwrap_or_default(),
    )
}

fn data<T>(message: impl Into<String>) -> Result<T, Fault> {
    Err(ConnectError::data(message).into())
}

struct Reading<'p> {
    plans: &'p [Plan],
    depth: usize,
    /// Whether a struct lies around the value.
    is_inside: bool,
    /// Something became null or of another class that the schema perhaps does not allow; the struct that takes it looks.
    is_doubtful: bool,
}

impl Reading<'_> {
    fn value(&mut self, r: &mut Reader<'_>, plan: PlanId) -> Result<Value, Fault> {
        let plans = self.plans;
        let plan = &plans[plan];
        let first = r.peek();
        match (&plan.shape, first) {
            (Shape::String, b'"') => Ok(Value::String(r.string()?)),
            (Shape::Number(type_), b'-' | b'0'..=b'9') => self.number(r, plan, *type_),
            (_, b'n') => {
                r.word("null")?;
                null(&plan.schema)
            }
            (Shape::Boolean, b't' | b'f') => {
                r.word(if first == b't' { "true" } else { "false" })?;
                Ok(Value::Boolean(first == b't'))
            }
            (Shape::Struct(fields), b'{') => self.structure(r, &plan.schema, fields),
            (Shape::Array(items), b'[') => self.array(r, *items),
            (Shape::TextMap(values), b'{') => {
                self.deeper(|this| Ok(Value::Map(Map::from_entries(this.members(r, *values)?))))
            }
            _ => self.unusual(r, plan),
        }
    }

    #[inline(never)]
    fn number(&mut self, r: &mut Reader<'_>, plan: &Plan, type_: Type) -> Result<Value, Fault> {
        if r.peek() == b'-'
            && let Some(word) = r.number_word()
        {
            return Ok(narrowed(word, type_));
        }
        match number(r, type_)? {
            Some(value) => Ok(value),
            None => self.mismatch(plan, Kind::Number),
        }
    }

    /// Everything but what most values are.
    #[inline(never)]
    fn unusual(&mut self, r: &mut Reader<'_>, plan: &Plan) -> Result<Value, Fault> {
        let word = if matches!(r.peek(), b'N' | b'I' | b'-') {
            r.number_word()
        } else {
            None
        };
        if let Some(word) = word {
            return match plan.shape {
                Shape::Number(type_) => Ok(narrowed(word, type_)),
                _ => self.mismatch(plan, Kind::Number),
            };
        }
        let kind = Kind::next(r)?;
        match &plan.shape {
            Shape::Decimal => decimal(r, &plan.schema, kind),
            Shape::Temporal(name) => temporal(r, name, kind),
            Shape::Bytes if kind == Kind::String => base64(&r.string()?).map_err(|cause| {
                ConnectError::data("Invalid bytes field")
                    .caused_by(cause)
                    .into()
            }),
            Shape::Bytes if kind == Kind::Number => {
                let start = r.pos();
                r.number()?;
                let text = r.since(start);
                let decimal = text
                    .parse()
                    .map_err(|_| ConnectError::data(format!("Not a decimal number: {text}")))?;
                self.is_doubtful = true;
                Ok(Value::Decimal(Box::new(decimal)))
            }
            Shape::Array(items) if kind == Kind::Object => self.deeper(|this| {
                let members = this.members(r, *items)?;
                Ok(Value::Array(members.into_iter().map(|(_, v)| v).collect()))
            }),
            Shape::Map(keys, values) if kind == Kind::Array => self.pairs(r, *keys, *values),
            Shape::Union(branches) => self.union(r, &plan.schema, branches, kind),
            _ => {
                r.skip_value()?;
                self.mismatch(plan, kind)
            }
        }
    }

    /// What a value of another kind than the schema's stands for, once it has been stepped over.
    #[cold]
    fn mismatch(&mut self, plan: &Plan, kind: Kind) -> Result<Value, Fault> {
        let found = kind.name();
        Ok(match &plan.shape {
            Shape::Boolean => Value::Boolean(false),
            Shape::Number(type_) => narrowed(0.0, *type_),
            Shape::String => {
                self.is_doubtful = true;
                Value::Null
            }
            Shape::Bytes => {
                self.is_doubtful = true;
                Value::Decimal(Box::new(connect_api::data::Decimal::new(0, 0)))
            }
            Shape::Decimal => {
                return data(format!(
                    "Invalid type for Decimal, underlying representation should be numeric or bytes but was {found}"
                ));
            }
            Shape::Temporal(name) => {
                let short = name.rsplit('.').next().unwrap_or(name);
                let expected = if *name == TIMESTAMP {
                    "integral"
                } else {
                    "integer"
                };
                return data(format!(
                    "Invalid type for {short}, underlying representation should be {expected} but was {found}"
                ));
            }
            Shape::Array(_) => Value::Array(Vec::new()),
            Shape::TextMap(_) => {
                return data(format!(
                    "Maps with string fields should be encoded as JSON objects, but found {found}"
                ));
            }
            Shape::Map(..) => {
                return data(format!(
                    "Maps with non-string fields should be encoded as JSON array of objects, but found {found}"
                ));
            }
            Shape::Struct(_) => {
                return data(format!(
                    "Structs should be encoded as JSON objects, but found {found}"
                ));
            }
            Shape::Union(_) => return no_branch(),
            Shape::Incomplete => return data("the schema of an array or map is not complete"),
        })
    }

    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        if self.depth == MAX_DEPTH {
            return data(format!("the record is nested more than {MAX_DEPTH} deep"));
        }
        self.depth += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn array(&mut self, r: &mut Reader<'_>, items: PlanId) -> Result<Value, Fault> {
        self.deeper(|this| {
            let mut values = Vec::new();
            let mut more = enter(r, b']')?;
            while more {
                values.push(this.value(r, items)?);
                more = goes_on(r, b']')?;
            }
            r.leave();
            Ok(Value::Array(values))
        })
    }

    fn members(
        &mut self,
        r: &mut Reader<'_>,
        values: PlanId,
    ) -> Result<Vec<(Value, Value)>, Fault> {
        let mut members = Vec::new();
        let mut more = enter(r, b'}')?;
        while more {
            let name = r.name()?;
            let name = r.name_slice(name);
            members.push((Value::String(name), self.value(r, values)?));
            more = goes_on(r, b'}')?;
        }
        r.leave();
        Ok(members)
    }

    fn pairs(&mut self, r: &mut Reader<'_>, keys: PlanId, values: PlanId) -> Result<Value, Fault> {
        self.deeper(|this| {
            let mut entries = Vec::new();
            let mut more = enter(r, b']')?;
            while more {
                entries.push(this.pair(r, keys, values)?);
                more = goes_on(r, b']')?;
            }
            r.leave();
            Ok(Value::Map(Map::from_entries(entries)))
        })
    }

    fn pair(
        &mut self,
        r: &mut Reader<'_>,
        keys: PlanId,
        values: PlanId,
    ) -> Result<(Value, Value), Fault> {
        let kind = Kind::next(r)?;
        if kind != Kind::Object {
            return data(format!(
                "Found invalid map entry instead of object: {}",
                kind.name()
            ));
        }
        let (mut key, mut value) = (None, None);
        let mut names: Vec<ByteString> = Vec::new();
        let mut more = enter(r, b'}')?;
        while more {
            let name = r.name()?;
            match name.text() {
                KEY => key = Some(self.value(r, keys)?),
                VALUE => value = Some(self.value(r, values)?),
                _ => r.skip_value()?,
            }
            let name = r.name_slice(name);
            // More than two names are a fault whatever they are.
            if names.len() < 3 && !names.contains(&name) {
                names.push(name);
            }
            more = goes_on(r, b'}')?;
        }
        r.leave();
        if names.len() != 2 {
            return data(format!(
                "Found invalid map entry, expected length 2 but found :{}",
                names.len()
            ));
        }
        Ok((
            key.unwrap_or_else(|| self.absent(keys)),
            value.unwrap_or_else(|| self.absent(values)),
        ))
    }

    /// What stands for a member that is not there: the default, else null even where the schema does not allow it.
    fn absent(&mut self, plan: PlanId) -> Value {
        let schema = &self.plans[plan].schema;
        match schema.default() {
            Some(default) => default.clone(),
            None => {
                self.is_doubtful |= !schema.is_optional();
                Value::Null
            }
        }
    }

    fn structure(
        &mut self,
        r: &mut Reader<'_>,
        schema: &SchemaRef,
        plans: &[PlanId],
    ) -> Result<Value, Fault> {
        let fields = schema.fields();
        let mut slots: Vec<Option<Value>> = Vec::new();
        slots.resize_with(fields.len(), || None);
        let doubt_before = std::mem::take(&mut self.is_doubtful);
        let was_inside = std::mem::replace(&mut self.is_inside, true);
        self.deeper(|this| {
            let mut expected = 0;
            let mut more = enter(r, b'}')?;
            while more {
                let name = r.name()?;
                // Members nearly always come in the same order.
                let field = match fields.get(expected) {
                    Some(field) if field.name == name.text() => Some(field),
                    _ => schema.field(name.text()),
                };
                match field {
                    Some(field) => {
                        expected = field.index + 1;
                        slots[field.index] = Some(this.value(r, plans[field.index])?);
                    }
                    None => r.skip_value()?,
                }
                more = goes_on(r, b'}')?;
            }
            r.leave();
            Ok(())
        })?;
        self.is_inside = was_inside;
        self.complete(schema, plans, slots, doubt_before)
    }

    #[inline(never)]
    fn complete(
        &mut self,
        schema: &SchemaRef,
        plans: &[PlanId],
        slots: Vec<Option<Value>>,
        doubt_before: bool,
    ) -> Result<Value, Fault> {
        let doubtful = self.is_doubtful;
        let mut values = Vec::with_capacity(slots.len());
        for (slot, plan) in slots.into_iter().zip(plans) {
            values.push(slot.unwrap_or_else(|| self.absent(*plan)));
        }
        if doubtful {
            for (value, field) in values.iter().zip(schema.fields()) {
                // Nothing is put where nothing came of a member.
                if !value.is_null() {
                    validate_value(Some(&field.name), &field.schema, value)?;
                }
            }
        }
        let value = Struct::from_values(schema.clone(), values);
        if self.is_doubtful && self.is_inside {
            value.validate()?;
        }
        self.is_doubtful = doubt_before;
        Ok(Value::Struct(value))
    }

    /// The first branch whose kind is that of the value; of structs the one that knows most of the names.
    #[inline(never)]
    fn union(
        &mut self,
        r: &mut Reader<'_>,
        schema: &SchemaRef,
        branches: &[PlanId],
        kind: Kind,
    ) -> Result<Value, Fault> {
        let is_integer = kind == Kind::Number && is_integer(r)?;
        let plans = self.plans;
        let mut best: Option<(usize, usize)> = None;
        let mut chosen = None;
        let mut names: Option<Vec<ByteString>> = None;
        for (index, branch) in branches.iter().enumerate() {
            let branch = &plans[*branch].schema;
            if is_of_kind(branch.type_(), kind, is_integer) {
                chosen = Some(index);
                break;
            }
            if branch.type_() == Type::Struct && kind == Kind::Object {
                if names.is_none() {
                    names = Some(member_names(r)?);
                }
                let known = names
                    .iter()
                    .flatten()
                    .filter(|name| branch.field(name).is_some());
                let known = known.count();
                if best.is_none_or(|(_, most)| known > most) {
                    best = Some((index, known));
                }
            }
        }
        let Some(index) = chosen.or(best.map(|(index, _)| index)) else {
            r.skip_value()?;
            return no_branch();
        };
        let was_inside = std::mem::replace(&mut self.is_inside, true);
        let doubt_before = std::mem::take(&mut self.is_doubtful);
        let value = self.deeper(|this| this.value(r, branches[index]))?;
        self.is_inside = was_inside;
        if self.is_doubtful && !value.is_null() {
            let field = &schema.fields()[index];
            validate_value(Some(&field.name), &field.schema, &value)?;
        }
        self.is_doubtful = doubt_before;
        let mut values = vec![Value::Null; branches.len()];
        values[index] = value;
        Ok(Value::Struct(Struct::from_values(schema.clone(), values)))
    }
}

fn no_branch<T>() -> Result<T, Fault> {
    data("Did not find matching oneof field for data")
}

/// What an explicit null stands for.
#[inline(never)]
fn null(schema: &Schema) -> Result<Value, Fault> {
    match schema.default() {
        Some(default) => Ok(default.clone()),
        None if schema.is_optional() => Ok(Value::Null),
        None => data(format!(
            "Invalid null value for required {} field",
            schema.type_()
        )),
    }
}

fn narrowed(number: f64, type_: Type) -> Value {
    match type_ {
        Type::Int8 => Value::Int8(number as i32 as i8),
        Type::Int16 => Value::Int16(number as i32 as i16),
        Type::Int32 => Value::Int32(number as i32),
        Type::Int64 => Value::Int64(number as i64),
        Type::Float32 => Value::Float32(number as f32),
        _ => Value::Float64(number),
    }
}

fn is_of_kind(type_: Type, kind: Kind, is_integer: bool) -> bool {
    match type_ {
        Type::Int8 | Type::Int16 | Type::Int32 | Type::Int64 => is_integer,
        Type::Float32 | Type::Float64 => kind == Kind::Number,
        Type::Boolean => kind == Kind::Boolean,
        Type::String => kind == Kind::String,
        // A number with a point, as decimals are written on request.
        Type::Bytes => kind == Kind::Number && !is_integer,
        Type::Array => kind == Kind::Array,
        Type::Map => matches!(kind, Kind::Object | Kind::Array),
        Type::Struct => false,
    }
}

fn is_integer(r: &Reader<'_>) -> Result<bool, Syntax> {
    let mut ahead = r.clone();
    let start = ahead.pos();
    ahead.number()?;
    Ok(!ahead.since(start).contains(['.', 'e', 'E']))
}

/// The names of the object that comes next, each once.
fn member_names(r: &Reader<'_>) -> Result<Vec<ByteString>, Syntax> {
    let mut ahead = r.clone();
    let mut names = Vec::new();
    let mut more = enter(&mut ahead, b'}')?;
    while more {
        let name = ahead.name()?;
        names.push(ahead.name_slice(name));
        ahead.skip_value()?;
        more = goes_on(&mut ahead, b'}')?;
    }
    names.sort_unstable();
    names.dedup();
    Ok(names)
}
