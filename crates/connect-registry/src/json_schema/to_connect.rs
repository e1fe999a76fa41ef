//! From a [`Model`] to a Connect schema.
//!
//! It goes in two steps, because attributes of a struct become known while its fields are made: [`Draft`]s first, schemas
//! of them afterwards ([`build`](super::build)).

use std::collections::{BTreeMap, HashMap};

use connect_api::ByteString;
use connect_api::ConnectError;
use connect_api::data::Type;

use super::config::Settings;
use super::model::{How, Kind, Model, Node, NodeId, Object};
use super::names::{
    BYTES, ENUM, ID_PREFIX, KEY, MAP, NULL_MARKER, ONE_OF, PROP_INDEX, PROP_PARAMETERS, PROP_TYPE,
    PROP_VERSION, SUM_ENUM, SUM_UNION, UNION_FIELD_PREFIX, UNION_PREFIX, VALUE,
};
use super::text::Json;

/// Schemas that contain each other may not be nested deeper.
const MAX_DEPTH: usize = 200;

pub type DraftId = usize;

/// A schema in the making.
pub struct Draft {
    pub type_: Type,
    pub optional: bool,
    pub name: Option<ByteString>,
    pub version: Option<i32>,
    pub doc: Option<ByteString>,
    pub parameters: BTreeMap<String, String>,
    /// Set on a struct that stands at several places: its name, which `parameters` do not hold yet.
    pub id: Option<String>,
    /// Whether the struct itself shows its id, not only those further places.
    pub shows_id: bool,
    pub default: Option<Json>,
    pub key: Option<Use>,
    pub value: Option<Use>,
    pub fields: Vec<(ByteString, Use)>,
}

/// How a place uses a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Use {
    /// It is the schema's own place.
    Own(DraftId),
    /// The struct stands elsewhere, perhaps around this very place.
    Again { draft: DraftId, optional: bool },
}

pub struct Drafts {
    pub all: Vec<Draft>,
    pub root: Use,
}

/// # Errors
/// A record's fault: the schema says what Connect cannot express.
pub fn draft(
    model: &Model,
    settings: &Settings,
    version: Option<i32>,
) -> Result<Drafts, ConnectError> {
    let mut drafter = Drafter {
        model,
        settings,
        drafts: Vec::new(),
        structs: HashMap::new(),
        ids: 0,
        unions: 0,
        depth: 0,
    };
    let root = drafter.convert(model.root, version, false)?;
    Ok(Drafts {
        all: drafter.drafts,
        root,
    })
}

struct Drafter<'a> {
    model: &'a Model,
    settings: &'a Settings,
    drafts: Vec<Draft>,
    /// The struct that a node became.
    structs: HashMap<NodeId, DraftId>,
    ids: u32,
    unions: u32,
    depth: usize,
}

type Converted = Result<Use, ConnectError>;

impl<'a> Drafter<'a> {
    fn convert(&mut self, id: NodeId, version: Option<i32>, optional: bool) -> Converted {
        if self.depth == MAX_DEPTH {
            return Err(ConnectError::data(format!(
                "the JSON schema is nested more than {MAX_DEPTH} deep, or contains itself without an object between"
            )));
        }
        self.depth += 1;
        let converted = self.convert_node(id, version, optional);
        self.depth -= 1;
        converted
    }

    fn convert_node(&mut self, id: NodeId, version: Option<i32>, optional: bool) -> Converted {
        let model = self.model;
        let node = &model.nodes[id];
        let draft = match &node.kind {
            Kind::Boolean => self.add(Type::Boolean),
            Kind::Number { integer } => {
                let type_ = number_type(node, *integer)?;
                self.add(type_)
            }
            Kind::String => {
                let bytes = connect_type(node)? == Some(BYTES);
                self.add(if bytes { Type::Bytes } else { Type::String })
            }
            Kind::Const(value) => self.enumeration(std::slice::from_ref(value)),
            Kind::Enum(values) => self.enumeration(values),
            Kind::Combined { how, parts, .. } => {
                if let [part] = parts[..]
                    && self.settings.flatten_singleton_unions
                {
                    return self.convert(part, None, false);
                }
                if *how == How::All {
                    return self.all_of(id, parts, version, optional);
                }
                if let Some(part) = self.beside_null(parts) {
                    // On the JVM it has got its number when it turns out to be no union.
                    self.unions += 1;
                    return self.convert(part, version, true);
                }
                self.union(parts)?
            }
            Kind::Array { items } => self.array(node, *items)?,
            Kind::Object(object) => self.object(id, node, object)?,
            Kind::Reference(target) => return self.reference(*target, version, optional),
            kind => {
                return Err(ConnectError::data(format!(
                    "Unsupported schema type org.everit.json.schema.{}",
                    kind.class()
                )));
            }
        };
        self.finish(draft, node, version, optional)?;
        Ok(Use::Own(draft))
    }

    /// What every schema has, whatever its type.
    fn finish(
        &mut self,
        draft: DraftId,
        node: &Node,
        version: Option<i32>,
        optional: bool,
    ) -> Result<(), ConnectError> {
        let draft = &mut self.drafts[draft];
        if draft.name.is_none() {
            draft.name = node.title.clone();
        }
        draft.version = integer(node, PROP_VERSION)?.or(version);
        draft.doc = node.description.clone();
        if let Some(parameters) = node.connect(PROP_PARAMETERS) {
            let Json::Object(parameters) = parameters else {
                return Err(wrong(PROP_PARAMETERS, "an object"));
            };
            for (name, value) in parameters {
                draft.parameters.insert(name.to_string(), value.java_text());
            }
        }
        // Null is the default that a union with null has anyway.
        let of_union = draft.optional && node.default == Some(Json::Null);
        draft.default = node.default.clone().filter(|_| !of_union);
        draft.optional |= optional;
        // The id came before the schema was complete, so it is seen there too; or there are parameters it can join.
        draft.shows_id = draft.id.is_some() || !draft.parameters.is_empty();
        Ok(())
    }

    fn add(&mut self, type_: Type) -> DraftId {
        self.drafts.push(Draft {
            type_,
            optional: false,
            name: None,
            version: None,
            doc: None,
            parameters: BTreeMap::new(),
            id: None,
            shows_id: false,
            default: None,
            key: None,
            value: None,
            fields: Vec::new(),
        });
        self.drafts.len() - 1
    }

    fn enumeration(&mut self, values: &[Json]) -> DraftId {
        let sum = self.settings.generalized_sum_types;
        let name = if sum { SUM_ENUM } else { ENUM };
        let id = self.add(Type::String);
        let parameters = &mut self.drafts[id].parameters;
        parameters.insert(name.to_owned(), String::new());
        for (index, value) in values.iter().enumerate() {
            let symbol = match value {
                Json::Null => NULL_MARKER.to_owned(),
                value => value.java_text(),
            };
            let value = if sum {
                index.to_string()
            } else {
                symbol.clone()
            };
            parameters.insert(format!("{name}.{symbol}"), value);
        }
        id
    }

    /// The other one of two parts, if one of them is null: an optional schema.
    fn beside_null(&self, parts: &[NodeId]) -> Option<NodeId> {
        let is_null = |part: NodeId| matches!(self.model.nodes[part].kind, Kind::Null);
        match *parts {
            [a, b] if is_null(a) => Some(b).filter(|_| !is_null(b)),
            [a, b] if is_null(b) => Some(a),
            _ => None,
        }
    }

    fn union(&mut self, parts: &[NodeId]) -> Result<DraftId, ConnectError> {
        let sum = self.settings.generalized_sum_types;
        let id = self.add(Type::Struct);
        let number = self.unions;
        self.unions += 1;
        let (name, prefix) = if sum {
            let name = format!("{UNION_PREFIX}{number}");
            let parameters = &mut self.drafts[id].parameters;
            parameters.insert(SUM_UNION.to_owned(), name.clone());
            (name, UNION_FIELD_PREFIX.to_owned())
        } else {
            (ONE_OF.to_owned(), format!("{ONE_OF}.field."))
        };
        self.drafts[id].name = Some(name.into());
        let mut fields = Vec::new();
        for part in parts {
            if matches!(self.model.nodes[*part].kind, Kind::Null) {
                self.drafts[id].optional = true;
                continue;
            }
            let schema = self.convert(*part, None, true)?;
            fields.push((format!("{prefix}{}", fields.len()).into(), schema));
        }
        self.drafts[id].fields = fields;
        Ok(id)
    }

    fn array(&mut self, node: &Node, items: Option<NodeId>) -> Result<DraftId, ConnectError> {
        let items = items
            .ok_or_else(|| ConnectError::data("Array schema did not specify the items type"))?;
        if connect_type(node)? == Some(MAP)
            && let Kind::Object(entry) = &self.model.nodes[items].kind
        {
            let key = self.property(entry, KEY)?;
            let value = self.property(entry, VALUE)?;
            let id = self.add(Type::Map);
            self.drafts[id].key = Some(key);
            self.drafts[id].value = Some(value);
            return Ok(id);
        }
        let value = self.convert(items, None, false)?;
        let id = self.add(Type::Array);
        self.drafts[id].value = Some(value);
        Ok(id)
    }

    fn property(&mut self, object: &Object, name: &str) -> Converted {
        match object.properties.iter().find(|(n, _)| n == name) {
            Some((_, schema)) => self.convert(*schema, None, false),
            None => Err(ConnectError::data(format!("{name}Schema cannot be null."))),
        }
    }

    fn object(
        &mut self,
        id: NodeId,
        node: &Node,
        object: &Object,
    ) -> Result<DraftId, ConnectError> {
        if connect_type(node)? == Some(MAP) {
            let Some(values) = object.additional else {
                return Err(ConnectError::data("valueSchema cannot be null."));
            };
            let value = self.convert(values, None, false)?;
            let key = self.add(Type::String);
            let id = self.add(Type::Map);
            self.drafts[id].key = Some(Use::Own(key));
            self.drafts[id].value = Some(value);
            return Ok(id);
        }
        let draft = self.add(Type::Struct);
        self.structs.insert(id, draft);
        // As on the JVM, a place that is taken twice belongs to the later property.
        let mut ordered: BTreeMap<i32, &(ByteString, NodeId)> = BTreeMap::new();
        for property in &object.properties {
            let index = integer(&self.model.nodes[property.1], PROP_INDEX)?;
            ordered.insert(index.unwrap_or(ordered.len() as i32), property);
        }
        let mut fields = Vec::with_capacity(ordered.len());
        for (name, schema) in ordered.into_values() {
            let optional =
                self.settings.optional_for_nonrequired && !object.required.contains(name);
            fields.push((name.clone(), self.convert(*schema, None, optional)?));
        }
        self.drafts[draft].fields = fields;
        Ok(draft)
    }

    fn reference(&mut self, target: NodeId, version: Option<i32>, optional: bool) -> Converted {
        let Some(&draft) = self.structs.get(&target) else {
            return self.convert(target, version, optional);
        };
        self.ids += 1;
        self.drafts[draft].id = Some(format!("{ID_PREFIX}{}", self.ids));
        Ok(Use::Again { draft, optional })
    }

    fn all_of(
        &mut self,
        id: NodeId,
        parts: &[NodeId],
        version: Option<i32>,
        optional: bool,
    ) -> Converted {
        let model = self.model;
        let mut found = Parts::default();
        for part in parts {
            found.note(&model.nodes[*part].kind, *part);
            found.collect(model, *part, &mut Vec::new());
        }
        if !found.properties.is_empty() {
            let draft = self.add(Type::Struct);
            self.structs.insert(id, draft);
            let mut fields = Vec::with_capacity(found.properties.len());
            for (name, schema, required) in &found.properties {
                let optional = self.settings.optional_for_nonrequired && !required;
                fields.push((name.clone(), self.convert(*schema, None, optional)?));
            }
            self.drafts[draft].fields = fields;
            self.drafts[draft].optional = optional;
            self.drafts[draft].shows_id = self.drafts[draft].id.is_some();
            return Ok(Use::Own(draft));
        }
        if let Some(combined) = found.combined {
            return self.convert(combined, version, optional);
        }
        let chosen = if found.constant.is_some() {
            found.string.or(found.number)
        } else if found.enumeration.is_some() {
            found.string.and(found.enumeration).or(found.number)
        } else if found.string.is_some() {
            // A format beside a number is text to the loader.
            found.number.or(found.string)
        } else if let Some(Kind::Reference(target)) =
            found.reference.map(|id| &model.nodes[id].kind)
        {
            return self.reference(*target, version, optional);
        } else {
            None
        };
        match chosen {
            Some(chosen) => self.convert(chosen, version, optional),
            None => Err(ConnectError::record(
                "java.lang.IllegalArgumentException",
                "Unsupported criterion allOf: its parts are no objects and have no one type in common",
            )),
        }
    }
}

/// What stands in an `allOf`; of each kind the last counts.
#[derive(Default)]
struct Parts {
    constant: Option<NodeId>,
    enumeration: Option<NodeId>,
    number: Option<NodeId>,
    string: Option<NodeId>,
    combined: Option<NodeId>,
    reference: Option<NodeId>,
    /// Name, schema, and whether it is required.
    properties: Vec<(ByteString, NodeId, bool)>,
}

impl Parts {
    fn note(&mut self, kind: &Kind, id: NodeId) {
        let place = match kind {
            Kind::Const(_) => &mut self.constant,
            Kind::Enum(_) => &mut self.enumeration,
            Kind::Number { .. } => &mut self.number,
            Kind::String => &mut self.string,
            Kind::Combined { .. } => &mut self.combined,
            Kind::Reference(_) => &mut self.reference,
            _ => return,
        };
        *place = Some(id);
    }

    /// Properties of objects, also of those that are referred to and of `allOf`s inside.
    fn collect(&mut self, model: &Model, id: NodeId, visited: &mut Vec<NodeId>) {
        let mut open = vec![id];
        while let Some(id) = open.pop() {
            if visited.contains(&id) {
                continue;
            }
            visited.push(id);
            match &model.nodes[id].kind {
                Kind::Combined {
                    how: How::All,
                    parts,
                    ..
                } => open.extend(parts.iter().rev()),
                Kind::Reference(target) => open.push(*target),
                Kind::Object(object) => self.take(object),
                _ => {}
            }
        }
    }

    fn take(&mut self, object: &Object) {
        for (name, schema) in &object.properties {
            let required = object.required.contains(name);
            match self.properties.iter_mut().find(|(n, ..)| n == name) {
                Some(property) => *property = (name.clone(), *schema, required),
                None => self.properties.push((name.clone(), *schema, required)),
            }
        }
    }
}

fn number_type(node: &Node, integer: bool) -> Result<Type, ConnectError> {
    Ok(match connect_type(node)? {
        None if integer => Type::Int64,
        None => Type::Float64,
        Some("int8") => Type::Int8,
        Some("int16") => Type::Int16,
        Some("int32") => Type::Int32,
        Some("int64") => Type::Int64,
        Some("float32") => Type::Float32,
        Some("float64") => Type::Float64,
        Some(BYTES) => Type::Bytes,
        Some(other) => {
            return Err(ConnectError::record(
                "java.lang.IllegalArgumentException",
                format!("Unsupported type {other}"),
            ));
        }
    })
}

fn connect_type(node: &Node) -> Result<Option<&str>, ConnectError> {
    match node.connect(PROP_TYPE) {
        None => Ok(None),
        Some(Json::String(type_)) => Ok(Some(type_)),
        Some(_) => Err(wrong(PROP_TYPE, "text")),
    }
}

fn integer(node: &Node, name: &str) -> Result<Option<i32>, ConnectError> {
    match node.connect(name) {
        None => Ok(None),
        Some(json) => json
            .as_i32()
            .map(Some)
            .ok_or_else(|| wrong(name, "an integer of 32 bits")),
    }
}

fn wrong(name: &str, expected: &str) -> ConnectError {
    ConnectError::data(format!("{name} in the JSON schema must be {expected}"))
}
