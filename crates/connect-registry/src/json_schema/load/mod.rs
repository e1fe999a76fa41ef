//! From texts to a [`Model`].
//!
//! The JVM reads drafts 4, 6 and 7 with one library and later drafts with another, whose result it translates back. Where
//! the two differ in what a schema becomes, so do [`classic`] and [`modern`].

mod classic;
mod modern;
mod references;

use std::collections::VecDeque;

use connect_api::ByteString;
use connect_api::ConnectError;

use super::model::{Kind, Model, Node, NodeId, Object};
use super::text::{Json, in_hash_order};
use crate::format::SchemaText;
use references::{Scope, Sources};

/// More nodes than this come of no schema that a person wrote, but of a small text that refers to itself too cleverly.
const MAX_NODES: usize = 100_000;

/// The dialects of JSON Schema, as far as they are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Draft {
    Draft4,
    Draft6,
    Draft7,
    /// 2019-09 and 2020-12.
    Modern,
}

impl Draft {
    /// What `$schema` names; draft 7 if it names none that is known.
    pub fn of(root: &Json, ignore_modern: bool) -> Self {
        let Some(uri) = root.get("$schema").and_then(Json::as_str) else {
            return Draft::Draft7;
        };
        let path = uri.trim_end_matches('#').trim_end_matches('/');
        let path = path
            .strip_prefix("https://")
            .or(path.strip_prefix("http://"));
        match path {
            Some("json-schema.org/draft-04/schema") => Draft::Draft4,
            Some("json-schema.org/draft-06/schema") => Draft::Draft6,
            Some(
                "json-schema.org/draft/2019-09/schema" | "json-schema.org/draft/2020-12/schema",
            ) if !ignore_modern => Draft::Modern,
            _ => Draft::Draft7,
        }
    }
}

/// # Errors
/// A record's fault: the texts are no JSON Schema, or refer to one that is not there.
pub fn load(text: &SchemaText, ignore_modern: bool) -> Result<(Model, Draft), ConnectError> {
    let root = Json::parse(&text.text)?;
    let references = text
        .references
        .iter()
        .map(|r| Ok((r.name.as_str(), Json::parse(&r.text)?)))
        .collect::<Result<Vec<_>, ConnectError>>()?;
    let draft = Draft::of(&root, ignore_modern);
    let sources = Sources::new(&root, &references, draft);
    let mut loader = Loader {
        draft,
        sources: &sources,
        nodes: Vec::new(),
        pending: VecDeque::new(),
        targets: std::collections::HashMap::new(),
    };
    let scope = sources.root_scope();
    let node = loader.node(&root, &scope)?;
    let root = loader.push(node)?;
    loader.load_targets()?;
    let model = Model {
        nodes: loader.nodes,
        root,
    };
    Ok((model, draft))
}

struct Loader<'a> {
    draft: Draft,
    sources: &'a Sources<'a>,
    nodes: Vec<Node>,
    /// What is referred to and not loaded yet.
    pending: VecDeque<(NodeId, &'a Json, Scope<'a>)>,
    /// The node of each place that is referred to. All references to it share the node; what stands there in line does not.
    targets: std::collections::HashMap<String, NodeId>,
}

type Loaded<T> = Result<T, ConnectError>;

impl<'a> Loader<'a> {
    fn load_targets(&mut self) -> Loaded<()> {
        while let Some((id, json, scope)) = self.pending.pop_front() {
            self.nodes[id] = self.node(json, &scope)?;
        }
        Ok(())
    }

    fn push(&mut self, node: impl Into<Node>) -> Loaded<NodeId> {
        if self.nodes.len() == MAX_NODES {
            return Err(ConnectError::data(format!(
                "Invalid JSON Schema: it has more than {MAX_NODES} parts"
            )));
        }
        self.nodes.push(node.into());
        Ok(self.nodes.len() - 1)
    }

    fn child(&mut self, json: &'a Json, scope: &Scope<'a>) -> Loaded<NodeId> {
        let node = self.node(json, scope)?;
        self.push(node)
    }

    fn children(
        &mut self,
        json: &'a Json,
        scope: &Scope<'a>,
        keyword: &str,
    ) -> Loaded<Vec<NodeId>> {
        let Json::Array(items) = json else {
            return Err(wrong(keyword, "an array of schemas"));
        };
        items.iter().map(|item| self.child(item, scope)).collect()
    }

    fn node(&mut self, json: &'a Json, scope: &Scope<'a>) -> Loaded<Node> {
        match json {
            Json::Bool(true) => return Ok(Kind::True.into()),
            Json::Bool(false) => return Ok(Kind::False.into()),
            Json::Object(_) => {}
            _ => {
                return Err(ConnectError::data(
                    "Invalid JSON Schema: a schema must be an object or a boolean",
                ));
            }
        }
        let scope = &scope.inside(json, self.draft);
        let mut node = if self.draft == Draft::Modern {
            self.modern(json, scope)?
        } else {
            self.classic(json, scope)?
        };
        self.annotate(&mut node, json)?;
        Ok(node)
    }

    /// What a schema says beside what values must look like.
    fn annotate(&self, node: &mut Node, json: &Json) -> Loaded<()> {
        if let Some(title) = text_of(json, "title")? {
            node.title = Some(title);
        }
        if let Some(description) = text_of(json, "description")? {
            node.description = Some(description);
        }
        match json.get("default") {
            Some(Json::Null) if self.draft == Draft::Modern => {}
            Some(default) => node.default = Some(default.clone()),
            None => {}
        }
        let connect = json
            .members()
            .iter()
            .filter(|(name, _)| name.starts_with("connect."));
        let connect: Vec<_> = connect.cloned().collect();
        if !connect.is_empty() {
            node.connect = connect;
        }
        Ok(())
    }

    fn reference(&mut self, keyword: &str, json: &'a Json, scope: &Scope<'a>) -> Loaded<Node> {
        let Some(reference) = json.as_str() else {
            return Err(wrong(keyword, "text"));
        };
        let (place, target, target_scope) = self.sources.find(reference, scope)?;
        let id = match self.targets.get(&place) {
            Some(id) => *id,
            None => {
                let id = self.push(Kind::Empty)?;
                self.targets.insert(place, id);
                self.pending.push_back((id, target, target_scope));
                id
            }
        };
        Ok(Kind::Reference(id).into())
    }

    fn properties(&mut self, json: &'a Json, scope: &Scope<'a>) -> Loaded<Object> {
        let Json::Object(members) = json else {
            return Err(wrong("properties", "an object"));
        };
        let names: Vec<&str> = members.iter().map(|(name, _)| &**name).collect();
        let mut properties = Vec::with_capacity(members.len());
        for place in in_hash_order(&names) {
            let (name, schema) = &members[place];
            properties.push((name.clone(), self.child(schema, scope)?));
        }
        Ok(Object {
            properties,
            ..Object::default()
        })
    }
}

fn required(json: &Json) -> Loaded<Vec<ByteString>> {
    let names = match json {
        Json::Array(names) => names.iter().map(|n| n.as_str().cloned()).collect(),
        _ => None,
    };
    names.ok_or_else(|| wrong("required", "an array of names"))
}

fn simple_type(name: &str) -> Option<Kind> {
    Some(match name {
        "string" => Kind::String,
        "integer" => Kind::Number { integer: true },
        "number" => Kind::Number { integer: false },
        "boolean" => Kind::Boolean,
        "null" => Kind::Null,
        "array" => Kind::Array { items: None },
        "object" => Kind::Object(Object::default()),
        _ => return None,
    })
}

fn type_names(json: &Json) -> Loaded<Vec<&ByteString>> {
    let names = match json {
        Json::String(name) => Some(vec![name]),
        Json::Array(names) => names.iter().map(Json::as_str).collect(),
        _ => None,
    };
    names.ok_or_else(|| wrong("type", "a name or an array of names"))
}

fn unknown_type(name: &str) -> ConnectError {
    ConnectError::data(format!("Invalid JSON Schema: unknown type: [{name}]"))
}

fn values_of(json: &Json) -> Loaded<Vec<Json>> {
    match json {
        Json::Array(values) => Ok(values.clone()),
        _ => Err(wrong("enum", "an array")),
    }
}

fn text_of(json: &Json, name: &str) -> Loaded<Option<ByteString>> {
    match json.get(name) {
        None => Ok(None),
        Some(Json::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(wrong(name, "text")),
    }
}

fn wrong(keyword: &str, expected: &str) -> ConnectError {
    ConnectError::data(format!("Invalid JSON Schema: {keyword} must be {expected}"))
}
