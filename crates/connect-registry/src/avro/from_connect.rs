//! [`avro_schema`]: a Connect schema to the Avro schema under which its values are written.

use std::collections::HashMap;

use connect_api::ConnectError;
use connect_api::data::{
    DATE, DECIMAL, DECIMAL_SCALE, Schema, SchemaRef, TIME, TIMESTAMP, Type, Value,
};
use connect_api::error::exception;
use serde_json::{Map as JsonMap, Value as Json};

use super::config::Settings;
use super::defaults;
use super::model::{Field, Kind, Model, Name, Node, NodeId};
use super::names::*;

/// Schemas inside each other.
const MAX_TYPES_DEEP: usize = 100;

/// # Errors
/// A record's fault: Avro cannot express the schema.
pub(super) fn avro_schema(schema: &SchemaRef, settings: &Settings) -> Result<Model, ConnectError> {
    let mut writer = Writer {
        settings,
        model: Model::default(),
        known: Vec::new(),
        entries: Vec::new(),
        names: HashMap::new(),
        unnamed: 0,
        depth: 0,
    };
    writer.model.root = writer.schema(schema, Optional::AsItIs)?;
    Ok(writer.model)
}

/// Whether an optional schema becomes a union with null.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Optional {
    AsItIs,
    /// The union stands around it already.
    Ignored,
}

struct Writer<'a> {
    settings: &'a Settings,
    model: Model,
    /// Named types by the schema that they stand for.
    known: Vec<(SchemaRef, NodeId)>,
    /// Records of maps' entries.
    entries: Vec<Entry>,
    names: HashMap<String, NodeId>,
    unnamed: usize,
    depth: usize,
}

struct Entry {
    key: SchemaRef,
    value: SchemaRef,
    name: Name,
    node: NodeId,
}

impl Writer<'_> {
    fn schema(&mut self, schema: &SchemaRef, optional: Optional) -> Result<NodeId, ConnectError> {
        if self.depth == MAX_TYPES_DEEP {
            return Err(ConnectError::data(format!(
                "{schema} stands inside more than {MAX_TYPES_DEEP} others"
            )));
        }
        self.depth += 1;
        let node = self.new_schema(schema, optional);
        self.depth -= 1;
        node
    }

    fn new_schema(
        &mut self,
        schema: &SchemaRef,
        optional: Optional,
    ) -> Result<NodeId, ConnectError> {
        if schema.type_() == Type::Struct && is_union(schema) {
            return self.union(schema);
        }
        let base = match self.known_type(schema) {
            Some(known) => known,
            None => self.base(schema)?,
        };
        if optional == Optional::Ignored || !schema.is_optional() {
            return Ok(base);
        }
        let null = self.model.push(Node::new(Kind::Null));
        // A default must be of the first member.
        let members = match schema.default().is_some() && schema.type_() != Type::Struct {
            true => vec![base, null],
            false => vec![null, base],
        };
        Ok(self.model.push(Node::new(Kind::Union(members))))
    }

    /// A named type that stands for an equal schema, whether or not that may be null.
    fn known_type(&self, schema: &SchemaRef) -> Option<NodeId> {
        let known = self.known.iter();
        let mut of_type = known.filter(|(known, _)| known.type_() == schema.type_());
        let found = of_type.find(|(known, _)| is_same_but_for_null(known, schema));
        found.map(|(_, node)| *node)
    }

    fn union(&mut self, schema: &SchemaRef) -> Result<NodeId, ConnectError> {
        let mut members = Vec::with_capacity(schema.fields().len() + 1);
        if schema.is_optional() {
            members.push(self.model.push(Node::new(Kind::Null)));
        }
        for field in schema.fields() {
            members.push(self.schema(&field.schema, Optional::Ignored)?);
        }
        Ok(self.model.push(Node::new(Kind::Union(members))))
    }

    fn base(&mut self, schema: &SchemaRef) -> Result<NodeId, ConnectError> {
        let id = match schema.type_() {
            Type::Int8 | Type::Int16 | Type::Int32 => self.model.push(Node::new(Kind::Int)),
            Type::Int64 => self.model.push(Node::new(Kind::Long)),
            Type::Float32 => self.model.push(Node::new(Kind::Float)),
            Type::Float64 => self.model.push(Node::new(Kind::Double)),
            Type::Boolean => self.model.push(Node::new(Kind::Boolean)),
            Type::String => self.string(schema)?,
            Type::Bytes => self.bytes(schema)?,
            Type::Array => {
                let items = self.schema(part(schema.value_schema())?, Optional::AsItIs)?;
                self.model.push(Node::new(Kind::Array(items)))
            }
            Type::Map => self.map(schema)?,
            Type::Struct => self.record(schema)?,
        };
        let properties = self.properties(schema)?;
        self.model.nodes[id].properties.extend(properties);
        Ok(id)
    }

    fn string(&mut self, schema: &SchemaRef) -> Result<NodeId, ConnectError> {
        if !self.settings.writes_enum(schema) {
            return Ok(self.model.push(Node::new(Kind::String)));
        }
        let parameters = schema.parameters().into_iter().flatten();
        let marker = self.settings.enum_parameter();
        let symbol = |(name, value): (&String, &String)| {
            let symbol = name.strip_prefix(marker)?.strip_prefix('.')?;
            Some((value.parse::<u32>().unwrap_or(0), symbol.to_owned()))
        };
        let mut symbols: Vec<_> = parameters.filter_map(symbol).collect();
        if self.settings.generalized {
            symbols.sort_by_key(|(place, _)| *place);
        }
        let name = parameter(schema, marker).map(String::as_str);
        let (_, simple) = split(schema.name().unwrap_or(DEFAULT_NAME));
        let (doc, default) = match self.settings.discard {
            true => (parameter(schema, DISCARDED_ENUM_DOC), None),
            false => (
                parameter(schema, &format!("{ENUM_DOC_PREFIX}{simple}")),
                parameter(schema, &format!("{ENUM_DEFAULT_PREFIX}{simple}")),
            ),
        };
        let kind = Kind::Enum {
            symbols: symbols.into_iter().map(|(_, s)| s.into()).collect(),
            default: default.cloned(),
        };
        let doc = doc.cloned();
        let name = self.name(name);
        self.named(schema, name, kind, doc)
    }

    fn bytes(&mut self, schema: &SchemaRef) -> Result<NodeId, ConnectError> {
        let id = match fixed_size(schema)? {
            Some(size) => {
                let name = self.name(schema.name());
                self.named(schema, name, Kind::Fixed(size), None)?
            }
            None => self.model.push(Node::new(Kind::Bytes)),
        };
        if is_named(schema, DECIMAL) {
            let properties = &mut self.model.nodes[id].properties;
            properties.push((SCALE.to_owned(), scale(schema)?.into()));
            properties.push((PRECISION.to_owned(), precision(schema)?.into()));
        }
        Ok(id)
    }

    fn map(&mut self, schema: &SchemaRef) -> Result<NodeId, ConnectError> {
        let (key, value) = (part(schema.key_schema())?, part(schema.value_schema())?);
        if self.settings.writes_map(schema) {
            let values = self.schema(value, Optional::AsItIs)?;
            return Ok(self.model.push(Node::new(Kind::Map(values))));
        }
        let name = match schema.name() {
            Some(name) => self.name(Some(name)),
            None => Name {
                namespace: Some(NAMESPACE.to_owned()),
                simple: MAP_ENTRY.to_owned(),
                aliases: Vec::new(),
            },
        };
        let known = self.entries.iter().find(|entry| {
            entry.name == name && Schema::same(&entry.key, key) && Schema::same(&entry.value, value)
        });
        if let Some(known) = known {
            let array = Kind::Array(known.node);
            return Ok(self.model.push(Node::new(array)));
        }
        let id = self.model.push(Node::new(Kind::Record(Vec::new())));
        if schema.name().is_some() {
            let property = (CONNECT_INTERNAL_TYPE.to_owned(), MAP_ENTRY.into());
            self.model.nodes[id].properties.push(property);
        }
        self.define(&name, id)?;
        self.model.nodes[id].name = Some(name.clone());
        self.entries.push(Entry {
            key: key.clone(),
            value: value.clone(),
            name,
            node: id,
        });
        let fields = vec![
            self.field(KEY.to_owned(), key, None)?,
            self.field(VALUE.to_owned(), value, None)?,
        ];
        self.model.nodes[id].kind = Kind::Record(fields);
        Ok(self.model.push(Node::new(Kind::Array(id))))
    }

    fn record(&mut self, schema: &SchemaRef) -> Result<NodeId, ConnectError> {
        let name = self.name(schema.name());
        let doc = match self.settings.discard {
            true => parameter(schema, DISCARDED_RECORD_DOC),
            false => parameter(schema, RECORD_DOC),
        };
        let id = self.named(schema, name, Kind::Record(Vec::new()), doc.cloned())?;
        let mut fields = Vec::with_capacity(schema.fields().len());
        for field in schema.fields() {
            let name = self.settings.field_name(&field.name);
            let doc = match self.settings.discard {
                true => field.schema.doc().map(str::to_owned),
                false => parameter(schema, &format!("{FIELD_DOC_PREFIX}{}", field.name)).cloned(),
            };
            fields.push(self.field(name, &field.schema, doc)?);
        }
        self.model.nodes[id].kind = Kind::Record(fields);
        Ok(id)
    }

    fn field(
        &mut self,
        name: String,
        schema: &SchemaRef,
        doc: Option<String>,
    ) -> Result<Field, ConnectError> {
        let node = self.schema(schema, Optional::AsItIs)?;
        let default = match schema.default() {
            Some(default) => Some(self.default(schema, default)?),
            None if schema.is_optional() => Some(Json::Null),
            None => None,
        };
        // One that does not fit its type is left out, as on the JVM.
        let default = default.filter(|json| {
            let first = match self.model.kind(node) {
                Kind::Union(members) => members[0],
                _ => node,
            };
            defaults::encode(&self.model, first, json, &mut Vec::new()).is_ok()
        });
        Ok(Field {
            name: name.into(),
            doc,
            default,
            aliases: Vec::new(),
            node,
        })
    }

    /// A named type, known from now on: its fields may lead back to it.
    fn named(
        &mut self,
        schema: &SchemaRef,
        name: Name,
        kind: Kind,
        doc: Option<String>,
    ) -> Result<NodeId, ConnectError> {
        let id = self.model.push(Node::new(kind));
        self.define(&name, id)?;
        self.known.push((schema.clone(), id));
        let node = &mut self.model.nodes[id];
        node.name = Some(name);
        node.doc = doc;
        Ok(id)
    }

    fn define(&mut self, name: &Name, id: NodeId) -> Result<(), ConnectError> {
        match self.names.insert(name.full(), id) {
            None => Ok(()),
            Some(_) => Err(parse_exception(format!("Can't redefine: {}", name.full()))),
        }
    }

    fn name(&mut self, full: Option<&str>) -> Name {
        let Some(full) = full else {
            self.unnamed += 1;
            let number = match self.unnamed {
                1 => String::new(),
                more => more.to_string(),
            };
            return Name {
                namespace: Some(NAMESPACE.to_owned()),
                simple: format!("{DEFAULT_NAME}{number}"),
                aliases: Vec::new(),
            };
        };
        let full = self.settings.full_name(full);
        let (namespace, simple) = split(&full);
        Name {
            namespace: namespace.filter(|n| !n.is_empty()).map(str::to_owned),
            simple: simple.to_owned(),
            aliases: Vec::new(),
        }
    }

    /// What Avro itself does not know of a schema.
    fn properties(&self, schema: &SchemaRef) -> Result<Vec<(String, Json)>, ConnectError> {
        let mut properties: Vec<(String, Json)> = Vec::new();
        let mut add = |name: &str, value: Json| properties.push((name.to_owned(), value));
        if self.settings.meta_data {
            if let Some(doc) = schema.doc() {
                add(CONNECT_DOC, doc.into());
            }
            if let Some(version) = schema.version() {
                add(CONNECT_VERSION, version.into());
            }
            let flag = |name: &str| !self.settings.discard && name == FIELD_DEFAULT_FLAG;
            let parameters = schema.parameters().into_iter().flatten();
            let parameters = parameters.filter(|(name, _)| !flag(name));
            let parameters: JsonMap<String, Json> = parameters
                .map(|(name, value)| (name.clone(), value.as_str().into()))
                .collect();
            if !parameters.is_empty() {
                add(CONNECT_PARAMETERS, parameters.into());
            }
            let is_of_field = parameter(schema, FIELD_DEFAULT_FLAG).is_some();
            if let Some(default) = schema.default()
                && (self.settings.discard || !is_of_field)
            {
                add(CONNECT_DEFAULT, self.default(schema, default)?);
            }
            if let Some(name) = schema.name() {
                add(CONNECT_NAME, name.into());
            }
            match schema.type_() {
                Type::Int8 => add(CONNECT_TYPE, "int8".into()),
                Type::Int16 => add(CONNECT_TYPE, "int16".into()),
                _ => {}
            }
        }
        if let Some(logical) = logical_type(schema) {
            add(LOGICAL_TYPE, logical.into());
        }
        for (name, value) in schema.parameters().into_iter().flatten() {
            if name.starts_with(AVRO_PREFIX) {
                add(name, value.as_str().into());
            }
        }
        Ok(properties)
    }

    fn default(&self, schema: &SchemaRef, value: &Value) -> Result<Json, ConnectError> {
        default_json(self.settings, schema, value)
    }
}

fn logical_type(schema: &Schema) -> Option<&'static str> {
    let name = schema.name()?;
    [
        (DECIMAL, "decimal"),
        (TIME, "time-millis"),
        (TIMESTAMP, "timestamp-millis"),
        (DATE, "date"),
    ]
    .into_iter()
    .find(|(logical, _)| logical.eq_ignore_ascii_case(name))
    .map(|(_, avro)| avro)
}

impl Settings {
    pub fn writes_enum(&self, schema: &Schema) -> bool {
        let is_marked = [GENERALIZED_ENUM, ENUM];
        (self.generalized || self.enhanced)
            && is_marked.iter().any(|name| parameter(schema, name).is_some())
            // The one of the other setting has no symbols for this one.
            && parameter(schema, self.enum_parameter()).is_some()
    }

    /// Whether a map becomes one of Avro, rather than an array of entries.
    pub fn writes_map(&self, schema: &Schema) -> bool {
        schema.key_schema().is_some_and(|key| {
            key.type_() == Type::String && (!key.is_optional() || self.optional_map_keys)
        })
    }

    pub fn field_name(&self, name: &str) -> String {
        match self.scrub_names {
            true => scrub(name),
            false => name.to_owned(),
        }
    }

    pub fn full_name(&self, full: &str) -> String {
        let parts: Vec<String> = full.split('.').map(|part| self.field_name(part)).collect();
        parts.join(".")
    }
}

/// A value as default in a schema's text.
fn default_json(settings: &Settings, schema: &Schema, value: &Value) -> Result<Json, ConnectError> {
    let of =
        |schema: Option<&SchemaRef>, value: &Value| default_json(settings, part(schema)?, value);
    Ok(match value {
        Value::Null => Json::Null,
        Value::Boolean(b) => (*b).into(),
        Value::Int8(n) => (*n).into(),
        Value::Int16(n) => (*n).into(),
        Value::Int32(n) => (*n).into(),
        Value::Int64(n) => (*n).into(),
        // By its own digits: 0.1 stays 0.1.
        Value::Float32(n) => n.to_string().parse().unwrap_or(f64::from(*n)).into(),
        Value::Float64(n) => (*n).into(),
        Value::String(text) => (&**text).into(),
        Value::Bytes(bytes) => bytes_json(bytes),
        Value::Decimal(decimal) => bytes_json(&decimal.to_unscaled_bytes()),
        Value::Timestamp(millis) if is_named(schema, DATE) => {
            (millis / super::read::MILLIS_PER_DAY).into()
        }
        Value::Timestamp(millis) => (*millis).into(),
        Value::BigInteger(_) => {
            return Err(ConnectError::data(format!(
                "Invalid type used for default value of {} field: class {}",
                schema.type_(),
                value.java_class()
            )));
        }
        Value::Array(items) => {
            let items = items.iter().map(|item| of(schema.value_schema(), item));
            Json::Array(items.collect::<Result<_, _>>()?)
        }
        Value::Map(map) if settings.writes_map(schema) => {
            let members = map.iter().map(|(key, value)| {
                let key = key.as_str().unwrap_or_default().to_owned();
                Ok((key, of(schema.value_schema(), value)?))
            });
            Json::Object(members.collect::<Result<_, ConnectError>>()?)
        }
        Value::Map(map) => {
            let entries = map.iter().map(|(key, value)| {
                let key = of(schema.key_schema(), key)?;
                Ok(Json::Array(vec![key, of(schema.value_schema(), value)?]))
            });
            Json::Array(entries.collect::<Result<_, ConnectError>>()?)
        }
        Value::Struct(s) => {
            let fields = s.schema().fields().iter();
            let mut members = JsonMap::new();
            for (place, field) in fields.enumerate() {
                let json = default_json(settings, &field.schema, s.at(place))?;
                if is_union(s.schema()) && !json.is_null() {
                    return Ok(json);
                }
                members.insert(settings.field_name(&field.name), json);
            }
            match is_union(s.schema()) {
                true => Json::Null,
                false => Json::Object(members),
            }
        }
    })
}

/// Bytes as the characters of their numbers.
fn bytes_json(bytes: &[u8]) -> Json {
    let text: String = bytes.iter().map(|&byte| char::from(byte)).collect();
    text.into()
}

pub(super) fn is_union(schema: &Schema) -> bool {
    schema.name() == Some(UNION) || parameter(schema, GENERALIZED_UNION).is_some()
}

pub(super) fn parameter<'a>(schema: &'a Schema, name: &str) -> Option<&'a String> {
    schema.parameters().and_then(|all| all.get(name))
}

fn is_named(schema: &Schema, name: &str) -> bool {
    schema
        .name()
        .is_some_and(|own| own.eq_ignore_ascii_case(name))
}

/// The size of a schema that was read of a fixed type, or is meant to become one.
pub(super) fn fixed_size(schema: &Schema) -> Result<Option<usize>, ConnectError> {
    let Some(size) = parameter(schema, FIXED_SIZE).filter(|_| schema.name().is_some()) else {
        return Ok(None);
    };
    let size = integer(size)?;
    let wrong = |_| parse_exception(format!("Malformed data. Length is negative: {size}"));
    usize::try_from(size).map(Some).map_err(wrong)
}

fn scale(schema: &Schema) -> Result<i32, ConnectError> {
    let missing = || ConnectError::data("Invalid Decimal schema: scale parameter not found.");
    integer(parameter(schema, DECIMAL_SCALE).ok_or_else(missing)?)
}

fn precision(schema: &Schema) -> Result<i32, ConnectError> {
    match parameter(schema, DECIMAL_PRECISION) {
        Some(precision) => integer(precision),
        None => Ok(DEFAULT_PRECISION as i32),
    }
}

fn integer(text: &str) -> Result<i32, ConnectError> {
    text.parse().map_err(|_| {
        let text = format!("For input string: \"{text}\"");
        ConnectError::record(exception::NUMBER_FORMAT, text)
    })
}

fn parse_exception(text: String) -> ConnectError {
    ConnectError::record("org.apache.avro.SchemaParseException", text)
}

fn part(schema: Option<&SchemaRef>) -> Result<&SchemaRef, ConnectError> {
    schema.ok_or_else(|| {
        ConnectError::data("an array or map without a schema of its parts has no Avro schema")
    })
}

/// Whether two schemas become one type of Avro.
fn is_same_but_for_null(a: &SchemaRef, b: &SchemaRef) -> bool {
    if Schema::same(a, b) {
        return true;
    }
    a.name() == b.name()
        && a.is_optional() != b.is_optional()
        && (a.shares_fields_with(b) || {
            let like = connect_api::data::SchemaBuilder::like(a).optional(b.is_optional());
            like.build().is_ok_and(|like| like == *b)
        })
}
