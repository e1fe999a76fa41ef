//! [`Model`]: an Avro schema as its text says it, with every property.
//!
//! No library of the field keeps the properties of primitive types, where `connect.type`, `connect.default` and the like
//! stand, so the text is read by [`load`](super::load) and kept here.

use bytestring::ByteString;
use serde_json::Value as Json;

use super::config::Settings;
use super::names::{CONNECT_INTERNAL_TYPE, MAP_ENTRY, NAMESPACE};

pub(super) type NodeId = usize;

/// A schema and all that stands in it. Named types are one node each, so that a schema may lead back into itself.
#[derive(Debug, Default)]
pub(super) struct Model {
    pub nodes: Vec<Node>,
    pub root: NodeId,
}

#[derive(Clone, Debug)]
pub(super) struct Node {
    pub kind: Kind,
    /// Of records, enums and fixed.
    pub name: Option<Name>,
    pub doc: Option<String>,
    /// What is none of the specification's own attributes, in its order.
    pub properties: Vec<(String, Json)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name {
    pub namespace: Option<String>,
    pub simple: String,
    /// Full names by which a reader knows this type too.
    pub aliases: Vec<String>,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    String,
    Array(NodeId),
    Map(NodeId),
    Union(Vec<NodeId>),
    Record(Vec<Field>),
    Enum {
        symbols: Vec<ByteString>,
        default: Option<String>,
    },
    Fixed(usize),
}

#[derive(Clone, Debug)]
pub(super) struct Field {
    pub name: ByteString,
    pub doc: Option<String>,
    pub default: Option<Json>,
    pub aliases: Vec<String>,
    pub node: NodeId,
}

impl Name {
    pub fn full(&self) -> String {
        match &self.namespace {
            Some(space) => format!("{space}.{}", self.simple),
            None => self.simple.clone(),
        }
    }
}

impl Kind {
    /// As schemas write it.
    pub fn name(&self) -> &'static str {
        match self {
            Kind::Null => "null",
            Kind::Boolean => "boolean",
            Kind::Int => "int",
            Kind::Long => "long",
            Kind::Float => "float",
            Kind::Double => "double",
            Kind::Bytes => "bytes",
            Kind::String => "string",
            Kind::Array(_) => "array",
            Kind::Map(_) => "map",
            Kind::Union(_) => "union",
            Kind::Record(_) => "record",
            Kind::Enum { .. } => "enum",
            Kind::Fixed(_) => "fixed",
        }
    }

    pub fn primitive(name: &str) -> Option<Self> {
        Some(match name {
            "null" => Kind::Null,
            "boolean" => Kind::Boolean,
            "int" => Kind::Int,
            "long" => Kind::Long,
            "float" => Kind::Float,
            "double" => Kind::Double,
            "bytes" => Kind::Bytes,
            "string" => Kind::String,
            _ => return None,
        })
    }

    pub fn is_null(&self) -> bool {
        matches!(self, Kind::Null)
    }
}

impl Node {
    pub fn new(kind: Kind) -> Self {
        Self {
            kind,
            name: None,
            doc: None,
            properties: Vec::new(),
        }
    }

    pub fn property(&self, name: &str) -> Option<&Json> {
        let found = self.properties.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value)
    }

    pub fn text_property(&self, name: &str) -> Option<&str> {
        self.property(name).and_then(Json::as_str)
    }

    /// The full name, or the type's.
    pub fn full_name(&self) -> String {
        match &self.name {
            Some(name) => name.full(),
            None => self.kind.name().to_owned(),
        }
    }

    /// The elements of an array that is a map.
    pub fn is_map_entry(&self) -> bool {
        let Some(name) = &self.name else {
            return false;
        };
        matches!(self.kind, Kind::Record(_))
            && (name.namespace.as_deref() == Some(NAMESPACE) && name.simple == MAP_ENTRY
                || self.text_property(CONNECT_INTERNAL_TYPE) == Some(MAP_ENTRY))
    }
}

impl Model {
    pub fn push(&mut self, node: Node) -> NodeId {
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    pub fn kind(&self, id: NodeId) -> &Kind {
        &self.nodes[id].kind
    }

    /// The member that a union stands for, if Connect has no union in its place.
    pub fn flattened(&self, members: &[NodeId], settings: &Settings) -> Option<NodeId> {
        match members {
            [only] if settings.flatten_singletons => Some(*only),
            [a, b] if self.kind(*a).is_null() => Some(*b),
            [a, b] if self.kind(*b).is_null() => Some(*a),
            _ => None,
        }
    }
}
