//! Drafts 2019-09 and 2020-12: each keyword is a schema of its own, and they are joined one after the other, in the order
//! of a Java map of the keywords.

use super::super::model::{How, Kind, Node, NodeId, Object};
use super::super::text::{Json, in_hash_order};
use super::references::Scope;
use super::{Loaded, Loader, required, simple_type, type_names, unknown_type, values_of};

impl<'a> Loader<'a> {
    pub(super) fn modern(&mut self, json: &'a Json, scope: &Scope<'a>) -> Loaded<Node> {
        let members = json.members();
        let names: Vec<&str> = members.iter().map(|(name, _)| &**name).collect();
        let mut joined: Option<Kind> = None;
        for place in in_hash_order(&names) {
            let (keyword, value) = &members[place];
            if let Some(next) = self.keyword(keyword, value, json, scope)? {
                joined = Some(match joined {
                    None => next,
                    Some(joined) => self.join(joined, next)?,
                });
            }
        }
        let mut joined = joined.unwrap_or_else(nothing);
        if let Some(properties) = json.get("properties") {
            let object = self.properties(properties, scope)?;
            if !object.properties.is_empty() {
                joined = self.join(joined, Kind::Object(object))?;
            }
        }
        match joined {
            Kind::Combined {
                how: How::All,
                generated: true,
                parts,
            } if parts.len() < 2 => Ok(match parts.first() {
                Some(part) => self.nodes[*part].clone(),
                None => Kind::Empty.into(),
            }),
            joined => Ok(joined.into()),
        }
    }

    /// What a keyword is as a schema; unknown ones and those that only annotate are none.
    fn keyword(
        &mut self,
        keyword: &str,
        value: &'a Json,
        json: &'a Json,
        scope: &Scope<'a>,
    ) -> Loaded<Option<Kind>> {
        Ok(Some(match keyword {
            "type" => self.modern_types(value)?,
            "enum" => Kind::Enum(values_of(value)?),
            "const" => Kind::Const(value.clone()),
            "$ref" | "$dynamicRef" => self.reference(keyword, value, scope)?.kind,
            "allOf" => self.combination(How::All, value, scope)?,
            "anyOf" => self.combination(How::Any, value, scope)?,
            "oneOf" => self.combination(How::One, value, scope)?,
            "not" => Kind::Not,
            "if" => Kind::Conditional,
            "items" => {
                let items = match value {
                    Json::Object(_) if json.get("prefixItems").is_none() => {
                        Some(self.child(value, scope)?)
                    }
                    _ => None,
                };
                Kind::Array { items }
            }
            "prefixItems" | "contains" | "minItems" | "maxItems" | "uniqueItems" => {
                Kind::Array { items: None }
            }
            "additionalProperties" => {
                let additional = match value {
                    Json::Object(_) => Some(self.child(value, scope)?),
                    _ => None,
                };
                Kind::Object(Object {
                    additional,
                    ..Object::default()
                })
            }
            "required" => Kind::Object(Object {
                required: required(value)?,
                ..Object::default()
            }),
            "patternProperties" | "propertyNames" | "minProperties" | "maxProperties"
            | "dependentRequired" | "dependentSchemas" => Kind::Object(Object::default()),
            "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf" => {
                Kind::Number { integer: false }
            }
            "minLength" | "maxLength" | "pattern" => Kind::String,
            "format" => nothing(),
            _ => return Ok(None),
        }))
    }

    fn modern_types(&mut self, type_: &Json) -> Loaded<Kind> {
        let mut kinds = Vec::new();
        for name in type_names(type_)? {
            kinds.push(simple_type(name).ok_or_else(|| unknown_type(name))?);
        }
        if matches!(type_, Json::String(_)) && kinds.len() == 1 {
            return Ok(kinds.remove(0));
        }
        let parts = kinds.into_iter().map(|kind| self.push(kind));
        let parts = parts.collect::<Loaded<Vec<NodeId>>>()?;
        Ok(Kind::generated(How::Any, parts))
    }

    /// Parts that came of several keywords side by side are taken over one by one.
    fn combination(&mut self, how: How, value: &'a Json, scope: &Scope<'a>) -> Loaded<Kind> {
        let mut parts = Vec::new();
        for part in self.children(value, scope, how.keyword())? {
            match &self.nodes[part].kind {
                Kind::Combined {
                    how: How::All,
                    generated: true,
                    parts: inner,
                } => parts.extend_from_slice(inner),
                _ => parts.push(part),
            }
        }
        Ok(Kind::written(how, parts))
    }

    fn join(&mut self, a: Kind, b: Kind) -> Loaded<Kind> {
        if is_mergeable(&a, &b) {
            return Ok(merge(a, b));
        }
        if let Some(merged) = self.merge_into_types(&a, &b)? {
            return Ok(merged);
        }
        if let Some(merged) = self.merge_into_types(&b, &a)? {
            return Ok(merged);
        }
        let mut parts: Vec<NodeId> = Vec::new();
        for side in [a, b] {
            match side {
                Kind::Combined {
                    how: How::All,
                    generated: true,
                    parts: inner,
                } => {
                    for part in inner {
                        self.add(&mut parts, part)?;
                    }
                }
                kind => {
                    let part = self.push(kind)?;
                    self.add(&mut parts, part)?;
                }
            }
        }
        Ok(Kind::generated(How::All, parts))
    }

    /// `{"type": ["object", "null"], "properties": …}`: what is said of objects goes into the type it belongs to.
    fn merge_into_types(&mut self, types: &Kind, other: &Kind) -> Loaded<Option<Kind>> {
        let Kind::Combined {
            how: How::Any,
            generated: true,
            parts,
        } = types
        else {
            return Ok(None);
        };
        let same = |part: &NodeId| {
            std::mem::discriminant(&self.nodes[*part].kind) == std::mem::discriminant(other)
        };
        if !parts.iter().any(same) {
            return Ok(None);
        }
        let mut parts = parts.clone();
        let part = self.push(other.clone())?;
        self.add(&mut parts, part)?;
        Ok(Some(Kind::generated(How::Any, parts)))
    }

    /// Adds a part, or merges it into one of its kind.
    fn add(&mut self, parts: &mut Vec<NodeId>, part: NodeId) -> Loaded<()> {
        let kind = &self.nodes[part].kind;
        let place = parts
            .iter()
            .position(|p| is_mergeable(&self.nodes[*p].kind, kind));
        let Some(place) = place else {
            parts.push(part);
            return Ok(());
        };
        let (old, new) = (self.nodes[parts[place]].clone(), self.nodes[part].clone());
        let merged = Node {
            kind: merge(old.kind, new.kind),
            title: new.title.or(old.title),
            description: new.description.or(old.description),
            default: new.default.or(old.default),
            connect: if new.connect.is_empty() {
                old.connect
            } else {
                new.connect
            },
        };
        parts[place] = self.push(merged)?;
        Ok(())
    }
}

/// A schema that says nothing, and leaves nothing behind when it is joined with another one.
fn nothing() -> Kind {
    Kind::generated(How::All, Vec::new())
}

fn is_mergeable(a: &Kind, b: &Kind) -> bool {
    matches!(
        (a, b),
        (Kind::Array { .. }, Kind::Array { .. })
            | (Kind::Number { .. }, Kind::Number { .. })
            | (Kind::Object(_), Kind::Object(_))
            | (Kind::String, Kind::String)
    )
}

fn merge(a: Kind, b: Kind) -> Kind {
    match (a, b) {
        (Kind::Array { items: a }, Kind::Array { items: b }) => Kind::Array { items: b.or(a) },
        (Kind::Number { integer: a }, Kind::Number { integer: b }) => {
            Kind::Number { integer: a || b }
        }
        (Kind::Object(mut a), Kind::Object(b)) => {
            for (name, schema) in b.properties {
                match a.properties.iter_mut().find(|(n, _)| *n == name) {
                    Some(property) => property.1 = schema,
                    None => a.properties.push((name, schema)),
                }
            }
            a.required.extend(b.required);
            a.additional = b.additional.or(a.additional);
            Kind::Object(a)
        }
        (a, _) => a,
    }
}
