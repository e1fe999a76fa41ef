//! Drafts 4, 6 and 7: each group of keywords that stands in a schema is a schema of its own; several are joined.

use super::super::model::{How, Kind, Node, NodeId, Object};
use super::super::text::Json;
use super::references::Scope;
use super::{Draft, Loaded, Loader, required, simple_type, type_names, unknown_type, values_of};

const OBJECT_KEYWORDS: [&str; 8] = [
    "properties",
    "required",
    "minProperties",
    "maxProperties",
    "dependencies",
    "patternProperties",
    "additionalProperties",
    "propertyNames",
];
const ARRAY_KEYWORDS: [&str; 6] = [
    "items",
    "additionalItems",
    "minItems",
    "maxItems",
    "uniqueItems",
    "contains",
];
const NUMBER_KEYWORDS: [&str; 5] = [
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
];
const STRING_KEYWORDS: [&str; 4] = ["minLength", "maxLength", "pattern", "format"];
const CONDITIONAL_KEYWORDS: [&str; 3] = ["if", "then", "else"];

/// Which groups of keywords a type has used up.
#[derive(Default)]
struct Used {
    object: bool,
    array: bool,
    number: bool,
    string: bool,
}

impl<'a> Loader<'a> {
    pub(super) fn classic(&mut self, json: &'a Json, scope: &Scope<'a>) -> Loaded<Node> {
        if let Some(reference) = json.get("$ref") {
            // What stands beside it does not count.
            return self.reference("$ref", reference, scope);
        }
        let mut parts: Vec<Kind> = Vec::new();
        if let Some(values) = json.get("enum") {
            parts.push(Kind::Enum(values_of(values)?));
        }
        for how in [How::All, How::Any, How::One] {
            if let Some(subschemas) = json.get(how.keyword()) {
                let subschemas = self.children(subschemas, scope, how.keyword())?;
                parts.push(Kind::written(how, subschemas));
            }
        }
        if json.get("not").is_some() {
            parts.push(Kind::Not);
        }
        if let Some(value) = json.get("const")
            && self.draft >= Draft::Draft6
        {
            parts.push(Kind::Const(value.clone()));
        }
        let mut used = Used::default();
        if let Some(type_) = json.get("type") {
            parts.push(self.classic_types(type_, json, scope, &mut used)?);
        }
        self.sniff(json, scope, &used, &mut parts)?;
        if parts.len() == 1 {
            return Ok(parts.remove(0).into());
        }
        if parts.is_empty() {
            return Ok(Kind::Empty.into());
        }
        let ids = parts.into_iter().map(|part| self.push(part));
        let ids = ids.collect::<Loaded<Vec<NodeId>>>()?;
        Ok(Kind::generated(How::All, ids).into())
    }

    fn classic_types(
        &mut self,
        type_: &'a Json,
        json: &'a Json,
        scope: &Scope<'a>,
        used: &mut Used,
    ) -> Loaded<Kind> {
        let names = type_names(type_)?;
        if let (Json::String(_), [name]) = (type_, &names[..]) {
            return self.classic_type(name, json, scope, used);
        }
        let mut parts = Vec::with_capacity(names.len());
        for name in names {
            let kind = self.classic_type(name, json, scope, used)?;
            parts.push(self.push(kind)?);
        }
        Ok(Kind::written(How::Any, parts))
    }

    fn classic_type(
        &mut self,
        name: &str,
        json: &'a Json,
        scope: &Scope<'a>,
        used: &mut Used,
    ) -> Loaded<Kind> {
        let kind = simple_type(name).ok_or_else(|| unknown_type(name))?;
        Ok(match kind {
            Kind::Array { .. } => {
                used.array = true;
                self.array(json, scope)?
            }
            Kind::Object(_) => {
                used.object = true;
                self.object(json, scope)?
            }
            kind => {
                used.number |= matches!(kind, Kind::Number { .. });
                used.string |= matches!(kind, Kind::String);
                kind
            }
        })
    }

    /// Keywords that belong to a type which the schema does not name.
    fn sniff(
        &mut self,
        json: &'a Json,
        scope: &Scope<'a>,
        used: &Used,
        parts: &mut Vec<Kind>,
    ) -> Loaded<()> {
        let has = |keywords: &[&str]| keywords.iter().any(|k| json.get(k).is_some());
        // `contains` and `propertyNames` came with draft 6.
        let late = usize::from(self.draft == Draft::Draft4);
        if !used.array && has(&ARRAY_KEYWORDS[..ARRAY_KEYWORDS.len() - late]) {
            parts.push(self.array(json, scope)?);
        }
        if !used.object && has(&OBJECT_KEYWORDS[..OBJECT_KEYWORDS.len() - late]) {
            parts.push(self.object(json, scope)?);
        }
        if !used.number && has(&NUMBER_KEYWORDS) {
            parts.push(Kind::Number { integer: false });
        }
        if !used.string && has(&STRING_KEYWORDS) {
            parts.push(Kind::String);
        }
        if self.draft >= Draft::Draft7 && has(&CONDITIONAL_KEYWORDS) {
            parts.push(Kind::Conditional);
        }
        Ok(())
    }

    fn array(&mut self, json: &'a Json, scope: &Scope<'a>) -> Loaded<Kind> {
        let items = match json.get("items") {
            // A tuple.
            None | Some(Json::Array(_)) => None,
            Some(items) => Some(self.child(items, scope)?),
        };
        Ok(Kind::Array { items })
    }

    fn object(&mut self, json: &'a Json, scope: &Scope<'a>) -> Loaded<Kind> {
        let mut object = match json.get("properties") {
            Some(properties) => self.properties(properties, scope)?,
            None => Object::default(),
        };
        if let Some(names) = json.get("required") {
            object.required = required(names)?;
        }
        if let Some(additional @ Json::Object(_)) = json.get("additionalProperties") {
            object.additional = Some(self.child(additional, scope)?);
        }
        Ok(Kind::Object(object))
    }
}
