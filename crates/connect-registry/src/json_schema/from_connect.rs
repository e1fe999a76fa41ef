//! From a Connect schema to the text of a JSON schema, member for member in the order in which the JVM's library prints it.

use std::collections::HashSet;

use connect_api::ByteString;
use connect_api::ConnectError;
use connect_api::data::{DECIMAL, Schema, SchemaRef, Type};

use super::config::Settings;
use super::names::{
    BYTES, ENUM, ID, KEY, MAP, NAMESPACE, NULL_MARKER, PROP_INDEX, PROP_PARAMETERS, PROP_TYPE,
    PROP_VERSION, SUM_ENUM, VALUE,
};
use super::read::{has_text_keys, is_union};
use super::text::{Json, in_hash_order};
use super::write::Writer;

/// # Errors
/// A record's fault: JSON schemas cannot say what the Connect schema says.
pub fn schema_text(schema: &SchemaRef, settings: &Settings) -> Result<String, ConnectError> {
    let mut describer = Describer {
        settings,
        ids: HashSet::new(),
        around: Vec::new(),
    };
    Ok(describer.schema(schema, None, false)?.to_text())
}

struct Describer<'a> {
    settings: &'a Settings,
    /// Of structs that were described already; what refers to them is a reference.
    ids: HashSet<String>,
    around: Vec<SchemaRef>,
}

type Members = Vec<(ByteString, Json)>;

fn member(name: &'static str, value: impl Into<Json>) -> (ByteString, Json) {
    (ByteString::from_static(name), value.into())
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Json::String(text.into())
    }
}

impl From<i32> for Json {
    fn from(number: i32) -> Self {
        Json::Number(number.to_string().into())
    }
}

impl Describer<'_> {
    /// `index`: the place among the fields of a struct. `is_branch`: a branch of a union, of which null is none.
    fn schema(
        &mut self,
        schema: &SchemaRef,
        index: Option<i32>,
        is_branch: bool,
    ) -> Result<Json, ConnectError> {
        if schema.type_() == Type::Struct {
            let is_around = |other: &SchemaRef| {
                std::sync::Arc::ptr_eq(other, schema) || other.shares_fields_with(schema)
            };
            if self.around.iter().any(is_around) {
                return Err(ConnectError::data(format!(
                    "{schema} contains itself and has no parameter {ID}, so no JSON schema can refer to it"
                )));
            }
            self.around.push(schema.clone());
        }
        let described = self.describe(schema, index, is_branch);
        if schema.type_() == Type::Struct {
            self.around.pop();
        }
        described
    }

    fn describe(
        &mut self,
        schema: &SchemaRef,
        index: Option<i32>,
        is_branch: bool,
    ) -> Result<Json, ConnectError> {
        let id = parameter(schema, ID).cloned();
        self.ids.extend(id.clone());
        if is_union(schema) {
            let mut branches = Vec::new();
            if schema.is_optional() && !is_branch {
                branches.push(null());
            }
            for field in schema.fields() {
                let place = Some(field.index as i32);
                branches.push(self.schema(&field.schema, place, true)?);
            }
            return Ok(one_of(branches, id.as_deref(), index));
        }
        let optional = schema.is_optional() && !is_branch;
        let (mut members, type_name, tail) = self.shape(schema)?;
        // Beside null the place stands outside, and the id of a struct on both sides.
        let own_index = if optional { None } else { index };
        let is_struct = schema.type_() == Type::Struct;
        let own_id = id.as_deref().filter(|_| is_struct || !optional);
        self.annotate(&mut members, schema, own_id, own_index, type_name)?;
        members.extend(tail);
        let json = Json::Object(members);
        if optional {
            return Ok(one_of(vec![null(), json], id.as_deref(), index));
        }
        Ok(json)
    }

    /// What values look like: the members that stand first, the type as `connect.type` has it, and the members at the end.
    fn shape(
        &mut self,
        schema: &SchemaRef,
    ) -> Result<(Members, Option<&'static str>, Members), ConnectError> {
        let typed = |name: &'static str| vec![member("type", name)];
        Ok(match schema.type_() {
            Type::Int8 => (typed("integer"), Some("int8"), Vec::new()),
            Type::Int16 => (typed("integer"), Some("int16"), Vec::new()),
            Type::Int32 => (typed("integer"), Some("int32"), Vec::new()),
            Type::Int64 => (typed("integer"), Some("int64"), Vec::new()),
            Type::Float32 => (typed("number"), Some("float32"), Vec::new()),
            Type::Float64 => (typed("number"), Some("float64"), Vec::new()),
            // The library prints this type behind the annotations.
            Type::Boolean => (Vec::new(), None, typed("boolean")),
            Type::String => match self.symbols(schema) {
                Some(symbols) => (vec![member("enum", Json::Array(symbols))], None, Vec::new()),
                None => (typed("string"), None, Vec::new()),
            },
            Type::Bytes => {
                let is_number = schema.name() == Some(DECIMAL) && self.settings.decimals_as_numbers;
                let name = if is_number { "number" } else { "string" };
                (typed(name), Some(BYTES), Vec::new())
            }
            Type::Array => {
                let items = part(schema.value_schema())?;
                let items = self.reference_or_schema(items, None)?;
                (typed("array"), None, vec![member("items", items)])
            }
            Type::Map => self.map(schema)?,
            Type::Struct => self.structure(schema)?,
        })
    }

    fn map(
        &mut self,
        schema: &SchemaRef,
    ) -> Result<(Members, Option<&'static str>, Members), ConnectError> {
        let (keys, values) = (part(schema.key_schema())?, part(schema.value_schema())?);
        if has_text_keys(schema) {
            let values = self.schema(values, None, false)?;
            return Ok((
                vec![member("type", "object")],
                Some(MAP),
                vec![member("additionalProperties", values)],
            ));
        }
        let key = self.schema(keys, Some(0), false)?;
        let value = self.schema(values, Some(1), false)?;
        let properties = Json::Object(vec![member(KEY, key), member(VALUE, value)]);
        let entry = vec![member("type", "object"), member("properties", properties)];
        Ok((
            vec![member("type", "array")],
            Some(MAP),
            vec![member("items", Json::Object(entry))],
        ))
    }

    fn structure(
        &mut self,
        schema: &SchemaRef,
    ) -> Result<(Members, Option<&'static str>, Members), ConnectError> {
        let names: Vec<&str> = schema.fields().iter().map(|f| &*f.name).collect();
        let mut properties: Vec<Option<Json>> = Vec::with_capacity(names.len());
        for field in schema.fields() {
            let place = Some(field.index as i32);
            properties.push(Some(self.reference_or_schema(&field.schema, place)?));
        }
        let mut members = vec![member("type", "object")];
        if !self.settings.additional_properties {
            members.push(member("additionalProperties", Json::Bool(false)));
        }
        let mut tail = Vec::new();
        if !properties.is_empty() {
            let ordered = in_hash_order(&names).into_iter().filter_map(|place| {
                Some((
                    schema.fields()[place].name.clone(),
                    properties[place].take()?,
                ))
            });
            tail.push(member("properties", Json::Object(ordered.collect())));
        }
        Ok((members, None, tail))
    }

    fn reference_or_schema(
        &mut self,
        schema: &SchemaRef,
        index: Option<i32>,
    ) -> Result<Json, ConnectError> {
        match parameter(schema, ID) {
            Some(id) if self.ids.contains(id) => {
                let mut members = vec![member("$ref", id.as_str())];
                // Without its place the field could be taken for another one of that place when it is read.
                members.extend(index.map(|index| member(PROP_INDEX, index)));
                Ok(Json::Object(members))
            }
            _ => self.schema(schema, index, false),
        }
    }

    /// The symbols of an enumeration, if the schema is one.
    fn symbols(&self, schema: &Schema) -> Option<Vec<Json>> {
        let parameters = schema.parameters()?;
        if !parameters.contains_key(SUM_ENUM) && !parameters.contains_key(ENUM) {
            return None;
        }
        let name = if self.settings.generalized_sum_types {
            SUM_ENUM
        } else {
            ENUM
        };
        let symbols = parameters.iter().filter_map(|(key, value)| {
            let symbol = key.strip_prefix(name)?.strip_prefix('.')?;
            // Numbers are the places of symbols where all formats share the form.
            Some((value.parse::<u32>().unwrap_or(0), symbol))
        });
        let mut symbols: Vec<_> = symbols.collect();
        symbols.sort_by_key(|(place, _)| {
            if self.settings.generalized_sum_types {
                *place
            } else {
                0
            }
        });
        let json = |symbol: &str| match symbol {
            NULL_MARKER => Json::Null,
            symbol => symbol.into(),
        };
        Some(
            symbols
                .into_iter()
                .map(|(_, symbol)| json(symbol))
                .collect(),
        )
    }

    fn annotate(
        &self,
        members: &mut Members,
        schema: &SchemaRef,
        id: Option<&str>,
        index: Option<i32>,
        type_name: Option<&'static str>,
    ) -> Result<(), ConnectError> {
        if let Some(name) = schema.name() {
            members.push(member("title", name));
        }
        if let Some(doc) = schema.doc() {
            members.push(member("description", doc));
        }
        if let Some(default) = schema.default() {
            let mut text = Vec::new();
            Writer::new(self.settings).value(&mut text, Some(schema), default)?;
            let text = String::from_utf8(text).unwrap_or_default();
            members.push(member("default", Json::parse(&text)?));
        }
        if let Some(id) = id {
            members.push(member("id", id));
        }
        if let Some(index) = index {
            members.push(member(PROP_INDEX, index));
        }
        if let Some(version) = schema.version() {
            members.push(member(PROP_VERSION, version));
        }
        if let Some(type_name) = type_name {
            members.push(member(PROP_TYPE, type_name));
        }
        let parameters = schema.parameters().into_iter().flatten();
        let parameters: Vec<_> = parameters
            .filter(|(name, _)| !name.starts_with(NAMESPACE))
            .collect();
        if !parameters.is_empty() {
            let names: Vec<&str> = parameters.iter().map(|(name, _)| name.as_str()).collect();
            let ordered = in_hash_order(&names).into_iter().map(|place| {
                let (name, value) = parameters[place];
                (name.as_str().into(), Json::from(value.as_str()))
            });
            members.push(member(PROP_PARAMETERS, Json::Object(ordered.collect())));
        }
        Ok(())
    }
}

fn null() -> Json {
    Json::Object(vec![member("type", "null")])
}

fn one_of(branches: Vec<Json>, id: Option<&str>, index: Option<i32>) -> Json {
    let mut members = Vec::new();
    if let Some(id) = id {
        members.push(member("id", id));
    }
    if let Some(index) = index {
        members.push(member(PROP_INDEX, index));
    }
    members.push(member("oneOf", Json::Array(branches)));
    Json::Object(members)
}

fn parameter<'a>(schema: &'a Schema, name: &str) -> Option<&'a String> {
    schema
        .parameters()
        .and_then(|parameters| parameters.get(name))
}

fn part(schema: Option<&SchemaRef>) -> Result<&SchemaRef, ConnectError> {
    schema.ok_or_else(|| {
        ConnectError::data("an array or map without a schema of its parts has no JSON schema")
    })
}
