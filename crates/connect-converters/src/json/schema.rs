//! Schemas in the envelope: from JSON.

use std::collections::HashSet;

use bytestring::ByteString;
use connect_api::ConnectError;
use connect_api::data::{SchemaBuilder, SchemaRef, Struct, Type, Value};
use connect_api::error::exception;

use super::reader::{Number, Reader};
use super::typed::{Fault, Kind, TypedReader};

/// The names of the types in JSON.
pub(super) const TYPE_NAMES: [(&str, Type); 12] = [
    ("boolean", Type::Boolean),
    ("int8", Type::Int8),
    ("int16", Type::Int16),
    ("int32", Type::Int32),
    ("int64", Type::Int64),
    ("float", Type::Float32),
    ("double", Type::Float64),
    ("bytes", Type::Bytes),
    ("string", Type::String),
    ("array", Type::Array),
    ("map", Type::Map),
    ("struct", Type::Struct),
];

/// Reads the schema that begins at a place of a document known to be JSON there; none for null.
///
/// Attributes of the wrong kind are left out, as Kafka does. Schemas are read once and then kept, so this takes the
/// plain way: it notes where each member begins and looks at them in Kafka's order.
pub(super) fn read_schema(
    doc: &ByteString,
    start: usize,
    replace_null_with_default: bool,
) -> Result<Option<SchemaRef>, Fault> {
    nested_schema(doc, start, replace_null_with_default, 0)
}

/// Schemas within schemas. Nothing real comes near; the bound keeps what walks along schemas from exhausting the stack.
const MAX_DEPTH: usize = 200;

fn nested_schema(
    doc: &ByteString,
    start: usize,
    nulls: bool,
    depth: usize,
) -> Result<Option<SchemaRef>, Fault> {
    if Kind::next(&mut Reader::at(doc, start))? == Kind::Null {
        return Ok(None);
    }
    Node::new(doc, start, depth)?.schema(nulls).map(Some)
}

fn data<T>(message: impl Into<String>) -> Result<T, Fault> {
    Err(ConnectError::data(message).into())
}

/// An object of a schema, with the places of its members' values.
struct Node<'a> {
    doc: &'a ByteString,
    members: Vec<(ByteString, usize)>,
    depth: usize,
}

impl<'a> Node<'a> {
    /// Anything but an object has no members.
    fn new(doc: &'a ByteString, start: usize, depth: usize) -> Result<Self, Fault> {
        if depth > MAX_DEPTH {
            return data("Schemas are nested too deep");
        }
        let mut members = Vec::new();
        let mut r = Reader::at(doc, start);
        if r.peek() == b'{' {
            r.enter()?;
            let mut more = r.peek() != b'}';
            while more {
                let name = r.name()?;
                let name = r.name_slice(name);
                r.peek();
                members.push((name, r.pos()));
                r.skip_value()?;
                more = r.peek() == b',';
                if more {
                    r.step();
                }
            }
        }
        Ok(Self {
            doc,
            members,
            depth,
        })
    }

    /// Where the last member of that name begins, and its kind.
    fn member(&self, name: &str) -> Option<(usize, Kind)> {
        let (_, start) = self.members.iter().rev().find(|(n, _)| *n == name)?;
        let kind = Kind::next(&mut self.reader(*start)).ok()?;
        Some((*start, kind))
    }

    fn reader(&self, start: usize) -> Reader<'a> {
        Reader::at(self.doc, start)
    }

    fn text(&self, name: &str) -> Option<ByteString> {
        match self.member(name)? {
            (start, Kind::String) => self.reader(start).string().ok(),
            _ => None,
        }
    }

    fn is_true(&self, name: &str) -> bool {
        match self.member(name) {
            Some((start, Kind::Boolean)) => self.reader(start).peek() == b't',
            _ => false,
        }
    }

    fn integer(&self, name: &str) -> Option<i64> {
        match self.member(name)? {
            (start, Kind::Number) => match self.reader(start).number().ok()? {
                Number::Integer(n) => Some(n),
                Number::Double(_) => None,
            },
            _ => None,
        }
    }

    /// The schema under a name, if there is one that is not null.
    fn child(&self, name: &str, nulls: bool) -> Result<Option<SchemaRef>, Fault> {
        match self.member(name) {
            Some((start, _)) => nested_schema(self.doc, start, nulls, self.depth + 1),
            None => Ok(None),
        }
    }

    /// Where each element of an array member begins.
    fn elements(&self, name: &str) -> Result<Option<Vec<usize>>, Fault> {
        let Some((start, Kind::Array)) = self.member(name) else {
            return Ok(None);
        };
        let mut r = self.reader(start);
        let mut places = Vec::new();
        r.enter()?;
        let mut more = r.peek() != b']';
        while more {
            r.peek();
            places.push(r.pos());
            r.skip_value()?;
            more = r.peek() == b',';
            if more {
                r.step();
            }
        }
        Ok(Some(places))
    }

    fn schema(&self, nulls: bool) -> Result<SchemaRef, Fault> {
        let mut builder = self.typed(nulls)?.optional(self.is_true("optional"));
        if let Some(name) = self.text("name") {
            builder = builder.name(own(name));
        }
        if let Some(version) = self.integer("version") {
            builder = builder.version(version as i32);
        }
        if let Some(doc) = self.text("doc") {
            builder = builder.doc(own(doc));
        }
        if let Some((start, Kind::Object)) = self.member("parameters") {
            let parameters = Node::new(self.doc, start, self.depth + 1)?;
            for (name, _) in &parameters.members {
                let Some(value) = parameters.text(name) else {
                    return data("Schema parameters must have string values.");
                };
                builder = builder.parameter(name.to_string(), value.to_string());
            }
        }
        let schema = builder.build()?;
        match self.member("default") {
            Some((start, _)) => self.with_default(schema, start, nulls),
            None => Ok(schema),
        }
    }

    fn typed(&self, nulls: bool) -> Result<SchemaBuilder, Fault> {
        let Some(name) = self.text("type") else {
            return data("Schema must contain 'type' field");
        };
        let Some((_, type_)) = TYPE_NAMES.iter().find(|(n, _)| name == *n) else {
            return data(format!("Unknown schema type: {name}"));
        };
        match type_ {
            Type::Array => match self.child("items", nulls)? {
                Some(items) => Ok(SchemaBuilder::array(items)),
                None => data("Array schema did not specify the element type"),
            },
            Type::Map => {
                let Some(keys) = self.child("keys", nulls)? else {
                    return data("Map schema did not specify the key type");
                };
                match self.child("values", nulls)? {
                    Some(values) => Ok(SchemaBuilder::map(keys, values)),
                    None => data("Map schema did not specify the value type"),
                }
            }
            Type::Struct => self.structure(nulls),
            primitive => Ok(SchemaBuilder::new(*primitive)),
        }
    }

    fn structure(&self, nulls: bool) -> Result<SchemaBuilder, Fault> {
        let Some(places) = self.elements("fields")? else {
            return data("Struct schema's \"fields\" argument is not an array.");
        };
        let mut builder = SchemaBuilder::structure();
        let mut names = HashSet::new();
        for start in places {
            let field = Node::new(self.doc, start, self.depth + 1)?;
            let Some(name) = field.text("field") else {
                return data("Struct schema's field name not specified properly");
            };
            let name = own(name);
            let is_new = names.insert(name.clone());
            builder = builder.field(name, field.schema(nulls)?);
            if !is_new {
                // The builder has noted it; what stands behind is not looked at.
                break;
            }
        }
        builder
            .build()
            .map(|s| SchemaBuilder::like(&s))
            .map_err(Fault::from)
    }

    /// The default is given in the JSON form of the schema itself.
    fn with_default(
        &self,
        schema: SchemaRef,
        start: usize,
        nulls: bool,
    ) -> Result<SchemaRef, Fault> {
        let default = TypedReader::new(nulls).read(&mut self.reader(start), &schema)?;
        if let Value::Struct(s) = &default
            && is_of(s, &schema)
        {
            // Kafka compares the default's schema with the unfinished one, which are never equal.
            let error = ConnectError::record(exception::SCHEMA_BUILDER, "Invalid default value")
                .caused_by(ConnectError::data("Struct schemas do not match."));
            return Err(error.into());
        }
        if default.is_null() && schema.is_optional() {
            return Ok(schema);
        }
        Ok(SchemaBuilder::like(&schema)
            .default(own_value(default))
            .build()?)
    }
}

fn is_of(s: &Struct, schema: &SchemaRef) -> bool {
    std::sync::Arc::ptr_eq(s.schema(), schema)
}

/// A copy: a schema is kept for long and must not hold the batch that it came in.
fn own(text: ByteString) -> ByteString {
    ByteString::from(&*text)
}

fn own_value(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(own(text)),
        Value::Array(items) => Value::Array(items.into_iter().map(own_value).collect()),
        Value::Map(map) => Value::Map(
            map.into_entries()
                .into_iter()
                .map(|(k, v)| (own_value(k), own_value(v)))
                .collect(),
        ),
        other => other,
    }
}
