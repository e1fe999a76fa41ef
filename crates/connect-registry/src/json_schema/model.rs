//! [`Model`]: what a schema text says, in the terms of the JVM's JSON schema library, which the conversion to Connect
//! schemas goes by.

use connect_api::ByteString;

use super::text::Json;

pub type NodeId = usize;

/// A loaded schema with everything it refers to. References may lead back to where they stand.
pub struct Model {
    pub nodes: Vec<Node>,
    pub root: NodeId,
}

#[derive(Clone, Debug, Default)]
pub struct Node {
    pub kind: Kind,
    pub title: Option<ByteString>,
    pub description: Option<ByteString>,
    pub default: Option<Json>,
    /// The members that begin with `connect.`, as they stand.
    pub connect: Vec<(ByteString, Json)>,
}

#[derive(Clone, Debug, Default)]
pub enum Kind {
    /// Nothing is said of the value.
    #[default]
    Empty,
    True,
    False,
    Boolean,
    Null,
    Number {
        integer: bool,
    },
    String,
    Enum(Vec<Json>),
    Const(Json),
    Combined {
        how: How,
        /// Made by the loader of what stands side by side, not by the author.
        generated: bool,
        parts: Vec<NodeId>,
    },
    Array {
        /// The schema of all elements; tuples have none.
        items: Option<NodeId>,
    },
    Object(Object),
    Reference(NodeId),
    Not,
    Conditional,
}

#[derive(Clone, Debug, Default)]
pub struct Object {
    pub properties: Vec<(ByteString, NodeId)>,
    pub required: Vec<ByteString>,
    pub additional: Option<NodeId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    All,
    Any,
    One,
}

impl How {
    pub fn keyword(self) -> &'static str {
        match self {
            How::All => "allOf",
            How::Any => "anyOf",
            How::One => "oneOf",
        }
    }
}

impl Kind {
    /// The class of the JVM's library, which messages name.
    pub fn class(&self) -> &'static str {
        match self {
            Kind::Empty => "EmptySchema",
            Kind::True => "TrueSchema",
            Kind::False => "FalseSchema",
            Kind::Boolean => "BooleanSchema",
            Kind::Null => "NullSchema",
            Kind::Number { .. } => "NumberSchema",
            Kind::String => "StringSchema",
            Kind::Enum(_) => "EnumSchema",
            Kind::Const(_) => "ConstSchema",
            Kind::Combined { .. } => "CombinedSchema",
            Kind::Array { .. } => "ArraySchema",
            Kind::Object(_) => "ObjectSchema",
            Kind::Reference(_) => "ReferenceSchema",
            Kind::Not => "NotSchema",
            Kind::Conditional => "ConditionalSchema",
        }
    }

    /// As it stands in the text. Its order is that of the parts, on the JVM since version 1.14.5 of the library.
    pub fn written(how: How, parts: Vec<NodeId>) -> Self {
        Kind::Combined {
            how,
            generated: false,
            parts,
        }
    }

    pub fn generated(how: How, parts: Vec<NodeId>) -> Self {
        Kind::Combined {
            how,
            generated: true,
            parts,
        }
    }
}

impl From<Kind> for Node {
    fn from(kind: Kind) -> Self {
        Self {
            kind,
            ..Self::default()
        }
    }
}

impl Node {
    pub fn connect(&self, name: &str) -> Option<&Json> {
        self.connect.iter().find(|(n, _)| n == name).map(|(_, v)| v)
    }
}
