//! [`Schema`]: the type of a value, with Connect's attributes.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, LazyLock};

use bytestring::ByteString;

use super::Value;
use super::fields::Fields;

/// A shared, immutable schema. Records of one topic share one; cloning is a reference count.
pub type SchemaRef = Arc<Schema>;

/// The twelve types of Connect (`Schema.Type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    Int8,
    Int16,
    Int32,
    Int64,
    Float32,
    Float64,
    Boolean,
    String,
    Bytes,
    Array,
    Map,
    Struct,
}

impl Type {
    /// The name as Kafka writes it in messages and in `Schema.Type`: `INT8`, `STRUCT` and so on.
    pub const fn name(self) -> &'static str {
        match self {
            Type::Int8 => "INT8",
            Type::Int16 => "INT16",
            Type::Int32 => "INT32",
            Type::Int64 => "INT64",
            Type::Float32 => "FLOAT32",
            Type::Float64 => "FLOAT64",
            Type::Boolean => "BOOLEAN",
            Type::String => "STRING",
            Type::Bytes => "BYTES",
            Type::Array => "ARRAY",
            Type::Map => "MAP",
            Type::Struct => "STRUCT",
        }
    }

    /// Whether values of this type stand alone, that is, everything but array, map and struct.
    pub const fn is_primitive(self) -> bool {
        !matches!(self, Type::Array | Type::Map | Type::Struct)
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A member of a struct schema: its name, its place and its own schema.
#[derive(Clone, Debug)]
pub struct Field {
    pub name: ByteString,
    pub index: usize,
    pub schema: SchemaRef,
}

impl PartialEq for Field {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
            && self.index == other.index
            && Schema::same(&self.schema, &other.schema)
    }
}

/// The type of a value and its attributes, as `org.apache.kafka.connect.data.ConnectSchema`.
///
/// Made by [`SchemaBuilder`](super::SchemaBuilder), which checks it; afterwards it never changes. Equality is
/// Kafka's: every attribute counts, `doc`, default and parameters too. A struct schema may contain itself
/// ([`RecursiveStruct`](super::RecursiveStruct)); equality and printing end all the same.
#[derive(Clone, Debug)]
pub struct Schema {
    pub(super) type_: Type,
    pub(super) optional: bool,
    pub(super) default: Option<Value>,
    pub(super) name: Option<ByteString>,
    pub(super) version: Option<i32>,
    pub(super) doc: Option<ByteString>,
    pub(super) parameters: Option<BTreeMap<String, String>>,
    pub(super) key_schema: Option<SchemaRef>,
    pub(super) value_schema: Option<SchemaRef>,
    pub(super) fields: Fields,
}

impl Schema {
    pub fn type_(&self) -> Type {
        self.type_
    }

    /// Whether null is a legal value.
    pub fn is_optional(&self) -> bool {
        self.optional
    }

    /// The value that stands for null or an absent field, in the runtime form of the schema.
    pub fn default(&self) -> Option<&Value> {
        self.default.as_ref()
    }

    /// The schema's name; logical types are recognised by it alone.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    pub fn version(&self) -> Option<i32> {
        self.version
    }

    pub fn doc(&self) -> Option<&str> {
        self.doc.as_deref()
    }

    pub fn parameters(&self) -> Option<&BTreeMap<String, String>> {
        self.parameters.as_ref()
    }

    /// Key schema of a map.
    pub fn key_schema(&self) -> Option<&SchemaRef> {
        self.key_schema.as_ref()
    }

    /// Value schema of a map, element schema of an array.
    pub fn value_schema(&self) -> Option<&SchemaRef> {
        self.value_schema.as_ref()
    }

    /// Fields of a struct in their order; empty for other types.
    pub fn fields(&self) -> &[Field] {
        self.fields.list()
    }

    /// The field of that name, if the schema is a struct that has it.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.find(name)
    }

    /// Equality that looks at the pointers first: schemas of one topic are nearly always the same object.
    pub fn same(a: &SchemaRef, b: &SchemaRef) -> bool {
        Arc::ptr_eq(a, b) || a == b
    }
}

fn same_option(a: &Option<SchemaRef>, b: &Option<SchemaRef>) -> bool {
    match (a, b) {
        (None, None) => true,
        (Some(a), Some(b)) => Schema::same(a, b),
        _ => false,
    }
}

impl PartialEq for Schema {
    fn eq(&self, other: &Self) -> bool {
        self.type_ == other.type_
            && self.optional == other.optional
            && self.version == other.version
            && self.name == other.name
            && self.doc == other.doc
            && self.default == other.default
            && self.parameters == other.parameters
            && same_option(&self.key_schema, &other.key_schema)
            && same_option(&self.value_schema, &other.value_schema)
            && self.fields == other.fields
    }
}

/// As Kafka prints a schema in messages: `Schema{name:TYPE}`, or `Schema{TYPE}` without a name.
impl fmt::Display for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "Schema{{{name}:{}}}", self.type_),
            None => write!(f, "Schema{{{}}}", self.type_),
        }
    }
}

fn plain(type_: Type, optional: bool) -> SchemaRef {
    Arc::new(Schema {
        type_,
        optional,
        default: None,
        name: None,
        version: None,
        doc: None,
        parameters: None,
        key_schema: None,
        value_schema: None,
        fields: Fields::default(),
    })
}

const PRIMITIVES: [Type; 9] = [
    Type::Int8,
    Type::Int16,
    Type::Int32,
    Type::Int64,
    Type::Float32,
    Type::Float64,
    Type::Boolean,
    Type::String,
    Type::Bytes,
];

static PLAIN: LazyLock<Vec<[SchemaRef; 2]>> = LazyLock::new(|| {
    PRIMITIVES
        .iter()
        .map(|&t| [plain(t, false), plain(t, true)])
        .collect()
});

fn shared(type_: Type, optional: bool) -> SchemaRef {
    match PRIMITIVES.iter().position(|&t| t == type_) {
        Some(i) => PLAIN[i][usize::from(optional)].clone(),
        // Array, map and struct have no plain form; whoever asks gets an empty one of its own.
        None => plain(type_, optional),
    }
}

/// The shared plain schema of a primitive type, null not allowed (`Schema.INT32_SCHEMA` and so on).
pub fn required(type_: Type) -> SchemaRef {
    shared(type_, false)
}

/// The shared plain schema of a primitive type, null allowed (`Schema.OPTIONAL_INT32_SCHEMA` and so on).
pub fn optional(type_: Type) -> SchemaRef {
    shared(type_, true)
}
