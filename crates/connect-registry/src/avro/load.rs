//! [`load`]: the text of an Avro schema to a [`Model`].

use std::collections::{HashMap, HashSet};

use connect_api::ConnectError;
use connect_api::error::exception;
use serde_json::{Map, Value as Json};

use super::model::{Field, Kind, Model, Name, Node, NodeId};
use super::names::split;
use crate::format::SchemaText;

/// Attributes that the specification gives a meaning; all others are properties.
const RESERVED: [&str; 10] = [
    "type",
    "name",
    "namespace",
    "aliases",
    "doc",
    "fields",
    "items",
    "values",
    "size",
    "symbols",
];

/// Reads what a schema refers to and then itself.
///
/// # Errors
/// A record's fault: what the text lacks to be a schema.
pub(super) fn load(text: &SchemaText) -> Result<Model, ConnectError> {
    let mut loader = Loader {
        model: Model::default(),
        names: HashMap::new(),
    };
    for reference in &text.references {
        let read = loader.read(&reference.text);
        read.map_err(|why| invalid(&format!("{}: {why}", reference.name)))?;
    }
    loader.model.root = loader.read(&text.text).map_err(|why| invalid(&why))?;
    Ok(loader.model)
}

fn invalid(why: &str) -> ConnectError {
    let parse = ConnectError::record("org.apache.avro.SchemaParseException", why);
    let text = "Invalid schema of type AVRO";
    ConnectError::record(exception::SERIALIZATION, text).caused_by(parse)
}

struct Loader {
    model: Model,
    names: HashMap<String, NodeId>,
}

type Loaded<T> = Result<T, String>;

impl Loader {
    fn read(&mut self, text: &str) -> Loaded<NodeId> {
        // Nesting is bounded by this parser.
        let json: Json = serde_json::from_str(text).map_err(|error| error.to_string())?;
        self.schema(&json, None)
    }

    /// `space` is the namespace around it.
    fn schema(&mut self, json: &Json, space: Option<&str>) -> Loaded<NodeId> {
        match json {
            Json::String(name) => self.by_name(name, space),
            Json::Array(members) => self.union(members, space),
            Json::Object(object) => self.object(object, space),
            other => Err(format!("Schema not yet supported: {other}")),
        }
    }

    fn by_name(&mut self, name: &str, space: Option<&str>) -> Loaded<NodeId> {
        if let Some(kind) = Kind::primitive(name) {
            return Ok(self.model.push(Node::new(kind)));
        }
        let inside = match space {
            Some(space) if !name.contains('.') => self.names.get(&format!("{space}.{name}")),
            _ => None,
        };
        let found = inside.or_else(|| self.names.get(name));
        found
            .copied()
            .ok_or_else(|| format!("Undefined schema: {name}"))
    }

    fn union(&mut self, members: &[Json], space: Option<&str>) -> Loaded<NodeId> {
        let mut nodes = Vec::with_capacity(members.len());
        let mut seen = HashSet::new();
        for member in members {
            let node = self.schema(member, space)?;
            if matches!(self.model.kind(node), Kind::Union(_)) {
                return Err(format!("Nested union: {}", Json::from(members.to_vec())));
            }
            let name = self.model.nodes[node].full_name();
            if !seen.insert(name.clone()) {
                return Err(format!("Duplicate in union:{name}"));
            }
            nodes.push(node);
        }
        Ok(self.model.push(Node::new(Kind::Union(nodes))))
    }

    fn object(&mut self, object: &Map<String, Json>, space: Option<&str>) -> Loaded<NodeId> {
        let type_ = match object.get("type") {
            Some(Json::String(type_)) => type_.as_str(),
            // Some producers put a schema in a schema's place once more.
            Some(inner @ (Json::Object(_) | Json::Array(_))) => return self.schema(inner, space),
            _ => return Err(format!("No type: {}", Json::from(object.clone()))),
        };
        if let Some(kind) = Kind::primitive(type_) {
            return Ok(self.with_properties(kind, object));
        }
        match type_ {
            "array" => {
                let items = object.get("items").ok_or("Array has no items type")?;
                let items = self.schema(items, space)?;
                Ok(self.with_properties(Kind::Array(items), object))
            }
            "map" => {
                let values = object.get("values").ok_or("Map has no values type")?;
                let values = self.schema(values, space)?;
                Ok(self.with_properties(Kind::Map(values), object))
            }
            "record" | "error" | "enum" | "fixed" => self.named(type_, object, space),
            name => self.by_name(name, space),
        }
    }

    fn with_properties(&mut self, kind: Kind, object: &Map<String, Json>) -> NodeId {
        let is_enum = matches!(kind, Kind::Enum { .. });
        let is_own = |key: &str| !RESERVED.contains(&key) && (key != "default" || !is_enum);
        let own = object.iter().filter(|(key, _)| is_own(key.as_str()));
        let properties = own.map(|(key, value)| (key.clone(), value.clone()));
        let node = Node {
            properties: properties.collect(),
            ..Node::new(kind)
        };
        self.model.push(node)
    }

    fn named(
        &mut self,
        type_: &str,
        object: &Map<String, Json>,
        space: Option<&str>,
    ) -> Loaded<NodeId> {
        let name = name(object, space)?;
        let full = name.full();
        let space = name.namespace.clone();
        let kind = match type_ {
            "enum" => symbols(object)?,
            "fixed" => size(object)?,
            _ => Kind::Record(Vec::new()),
        };
        let id = self.with_properties(kind, object);
        let node = &mut self.model.nodes[id];
        node.doc = text(object, "doc");
        node.name = Some(name);
        // Known before its fields are, which may lead back to it.
        if self.names.insert(full.clone(), id).is_some() {
            return Err(format!("Can't redefine: {full}"));
        }
        if let Kind::Record(_) = self.model.kind(id) {
            let fields = self.fields(object, &full, space.as_deref())?;
            self.model.nodes[id].kind = Kind::Record(fields);
        }
        Ok(id)
    }

    fn fields(
        &mut self,
        object: &Map<String, Json>,
        record: &str,
        space: Option<&str>,
    ) -> Loaded<Vec<Field>> {
        let Some(Json::Array(list)) = object.get("fields") else {
            return Err(format!("Record has no fields: {record}"));
        };
        let mut fields: Vec<Field> = Vec::with_capacity(list.len());
        let mut seen = HashSet::new();
        for json in list {
            let Json::Object(object) = json else {
                return Err(format!("Record {record} has a field that is none: {json}"));
            };
            let name = text(object, "name").ok_or_else(|| format!("No field name: {json}"))?;
            valid(&name)?;
            let type_ = object.get("type");
            let type_ = type_.ok_or_else(|| format!("No field type: {json}"))?;
            let node = self.schema(type_, space)?;
            if !seen.insert(name.clone()) {
                return Err(format!("Duplicate field {name} in record {record}"));
            }
            fields.push(Field {
                name: name.into(),
                doc: text(object, "doc"),
                default: object.get("default").cloned(),
                aliases: texts(object, "aliases"),
                node,
            });
        }
        Ok(fields)
    }
}

fn name(object: &Map<String, Json>, space: Option<&str>) -> Loaded<Name> {
    let given = text(object, "name");
    let given =
        given.ok_or_else(|| format!("No name in schema: {}", Json::from(object.clone())))?;
    let (own_space, simple) = split(&given);
    valid(simple)?;
    let namespace = match (own_space, object.get("namespace").and_then(Json::as_str)) {
        (Some(own), _) => Some(own),
        (None, Some(given)) => Some(given),
        (None, None) => space,
    };
    let namespace = namespace.filter(|space| !space.is_empty());
    let aliases = texts(object, "aliases").into_iter();
    let aliases = aliases.map(|alias| match namespace {
        Some(space) if !alias.contains('.') => format!("{space}.{alias}"),
        _ => alias,
    });
    Ok(Name {
        namespace: namespace.map(str::to_owned),
        simple: simple.to_owned(),
        aliases: aliases.collect(),
    })
}

fn symbols(object: &Map<String, Json>) -> Loaded<Kind> {
    let Some(Json::Array(list)) = object.get("symbols") else {
        return Err(format!(
            "Enum has no symbols: {}",
            Json::from(object.clone())
        ));
    };
    let mut symbols = Vec::with_capacity(list.len());
    let mut seen = HashSet::new();
    for symbol in list {
        let symbol = symbol.as_str().unwrap_or_default();
        valid(symbol)?;
        if !seen.insert(symbol) {
            return Err(format!("Duplicate enum symbol: {symbol}"));
        }
        symbols.push(symbol.into());
    }
    let default = text(object, "default");
    match default {
        Some(default) if !seen.contains(default.as_str()) => Err(format!(
            "The Enum Default: {default} is not in the enum symbol set: {:?}",
            list.iter().filter_map(Json::as_str).collect::<Vec<_>>()
        )),
        default => Ok(Kind::Enum { symbols, default }),
    }
}

fn size(object: &Map<String, Json>) -> Loaded<Kind> {
    let size = object.get("size").and_then(Json::as_u64);
    let size = size.filter(|size| *size <= i32::MAX as u64);
    let wrong = || format!("Invalid or no size: {}", Json::from(object.clone()));
    Ok(Kind::Fixed(size.ok_or_else(wrong)? as usize))
}

fn text(object: &Map<String, Json>, key: &str) -> Option<String> {
    object.get(key).and_then(Json::as_str).map(str::to_owned)
}

fn texts(object: &Map<String, Json>, key: &str) -> Vec<String> {
    let list = object.get(key).and_then(Json::as_array);
    let texts = list.into_iter().flatten().filter_map(Json::as_str);
    texts.map(str::to_owned).collect()
}

/// As Java's library checks names: letters of any script.
fn valid(name: &str) -> Loaded<()> {
    let Some(first) = name.chars().next() else {
        return Err("Empty name".to_owned());
    };
    if !first.is_alphabetic() && first != '_' {
        return Err(format!("Illegal initial character: {name}"));
    }
    if !name.chars().all(|c| c.is_alphanumeric() || c == '_') {
        return Err(format!("Illegal character in: {name}"));
    }
    Ok(())
}
