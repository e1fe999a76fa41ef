//! [`connect_schema`]: an Avro schema to the Connect schema of its values.
//!
//! A record becomes a schema of its own wherever it stands, with the attributes of its place. Inside itself it refers to
//! the schema around it, whose attributes it has there, as on the JVM.

use std::collections::HashMap;

use connect_api::ConnectError;
use connect_api::data::{
    DATE, RecursiveStruct, SchemaBuilder, SchemaRef, TIME, TIMESTAMP, Type, decimal_schema,
    required,
};
use serde_json::Value as Json;

use super::config::Settings;
use super::defaults;
use super::model::{Field, Kind, Model, Node, NodeId};
use super::names::*;

/// Types inside each other. Values end about there too; this guards the stack against schemas.
const MAX_TYPES_DEEP: usize = 100;

/// `version` is the schema's in its subject, unless it has one of its own.
///
/// # Errors
/// A record's fault: Connect data cannot express the schema.
pub(super) fn connect_schema(
    model: &Model,
    settings: &Settings,
    version: Option<i32>,
) -> Result<SchemaRef, ConnectError> {
    let mut builder = Builder {
        model,
        settings,
        open: HashMap::new(),
        cyclic: HashMap::new(),
        known: HashMap::new(),
        unions: 0,
        depth: 0,
        reached: 0,
    };
    let at = Place {
        version,
        ..Place::default()
    };
    builder.schema(model.root, at)
}

/// What a schema gets from where it stands.
#[derive(Clone, Copy, Default)]
struct Place<'a> {
    is_optional: bool,
    /// Of the field.
    default: Option<&'a Json>,
    /// Of the field.
    doc: Option<&'a str>,
    version: Option<i32>,
}

struct Builder<'a> {
    model: &'a Model,
    settings: &'a Settings,
    /// Records under way; whoever meets one stands inside it.
    open: HashMap<NodeId, (RecursiveStruct, Place<'a>)>,
    /// Records that contain themselves.
    cyclic: HashMap<NodeId, SchemaRef>,
    /// Schemas without anything of their place but whether they are optional and what the field says of them. Without
    /// these a small text could ask for any number of equal schemas.
    known: HashMap<(NodeId, bool, Option<&'a str>), Known>,
    unions: usize,
    depth: usize,
    /// The greatest depth of what was met since the schema under way was begun.
    reached: usize,
}

struct Known {
    schema: SchemaRef,
    /// How deep it is itself.
    height: usize,
}

impl<'a> Builder<'a> {
    fn schema(&mut self, id: NodeId, at: Place<'a>) -> Result<SchemaRef, ConnectError> {
        let doc = at.doc.filter(|_| self.settings.discard);
        let key = (id, at.is_optional, doc);
        let has_no_place = at.default.is_none() && at.version.is_none();
        if let Some(known) = self.known.get(&key).filter(|_| has_no_place) {
            let schema = known.schema.clone();
            self.reach(self.depth + known.height, id)?;
            return Ok(schema);
        }
        let reached_around = std::mem::replace(&mut self.reached, self.depth);
        self.depth += 1;
        self.reach(self.depth, id)?;
        let schema = self.new_schema(id, at)?;
        self.depth -= 1;
        let height = self.reached - self.depth;
        self.reached = self.reached.max(reached_around);
        if has_no_place {
            let schema = schema.clone();
            self.known.insert(key, Known { schema, height });
        }
        Ok(schema)
    }

    fn reach(&mut self, depth: usize, id: NodeId) -> Result<(), ConnectError> {
        if depth > MAX_TYPES_DEEP {
            return Err(ConnectError::data(format!(
                "{} stands inside more than {MAX_TYPES_DEEP} other types",
                self.model.nodes[id].full_name()
            )));
        }
        self.reached = self.reached.max(depth);
        Ok(())
    }

    /// A schema where one may stand inside itself: as member of a union, element of an array, value of a map.
    fn inner(
        &mut self,
        id: NodeId,
        is_optional: bool,
        doc: Option<&'a str>,
    ) -> Result<SchemaRef, ConnectError> {
        if let Some((recursive, at)) = self.open.get(&id) {
            let node = &self.model.nodes[id];
            let reference = Box::new(recursive.reference());
            let reference = self.with_attributes(reference, node, *at)?;
            return reference.optional(is_optional).build();
        }
        if let Some(schema) = self.cyclic.get(&id) {
            return SchemaBuilder::like(schema).optional(is_optional).build();
        }
        let at = Place {
            is_optional,
            doc,
            ..Place::default()
        };
        self.schema(id, at)
    }

    // Small frames: these functions call each other once per level.
    fn new_schema(&mut self, id: NodeId, at: Place<'a>) -> Result<SchemaRef, ConnectError> {
        let node = &self.model.nodes[id];
        match &node.kind {
            Kind::Record(fields) => return self.record(id, node, fields, at),
            Kind::Union(members) => {
                if let Some(only) = self.model.flattened(members, self.settings) {
                    // The only member of a union is never optional, whatever stands around.
                    return self.inner(only, members.len() > 1, at.doc);
                }
            }
            _ => {}
        }
        let builder = match &node.kind {
            Kind::Array(items) => self.array(*items)?,
            Kind::Map(values) => self.map(*values)?,
            Kind::Union(members) => self.union(members)?,
            _ => self.leaf(node)?,
        };
        let schema = self.with_attributes(builder, node, at)?.build()?;
        self.with_default(id, schema, at)
    }

    fn leaf(&self, node: &Node) -> Result<Box<SchemaBuilder>, ConnectError> {
        let builder = match &node.kind {
            Kind::Boolean => SchemaBuilder::new(Type::Boolean),
            Kind::Int => int(node)?,
            Kind::Long => match logical(node) {
                Some(name) if name.eq_ignore_ascii_case("timestamp-millis") => {
                    plain(Type::Int64, TIMESTAMP)
                }
                _ => SchemaBuilder::new(Type::Int64),
            },
            Kind::Float => SchemaBuilder::new(Type::Float32),
            Kind::Double => SchemaBuilder::new(Type::Float64),
            Kind::String => SchemaBuilder::new(Type::String),
            Kind::Bytes => binary(node)?,
            Kind::Fixed(size) => binary(node)?.parameter(FIXED_SIZE, size.to_string()),
            Kind::Enum { symbols, default } => {
                self.symbols(node, symbols.iter().map(|s| &**s), default.as_deref())
            }
            // All others have schemas inside.
            _ => {
                return Err(ConnectError::data(
                    "Standalone null schemas are not supported by this converter",
                ));
            }
        };
        Ok(Box::new(builder))
    }

    fn map(&mut self, values: NodeId) -> Result<Box<SchemaBuilder>, ConnectError> {
        let values = self.inner(values, false, None)?;
        Ok(Box::new(SchemaBuilder::map(required(Type::String), values)))
    }

    fn array(&mut self, items: NodeId) -> Result<Box<SchemaBuilder>, ConnectError> {
        let item = &self.model.nodes[items];
        let fields = match &item.kind {
            Kind::Record(fields) if item.is_map_entry() => fields,
            _ => {
                let items = self.inner(items, false, None)?;
                return Ok(Box::new(SchemaBuilder::array(items)));
            }
        };
        let field = |name: &str| fields.iter().find(|field| field.name == name);
        let (Some(key), Some(value), 2) = (field(KEY), field(VALUE), fields.len()) else {
            return Err(ConnectError::data(
                "Found map encoded as array of key-value pairs, but array elements do not match the expected format.",
            ));
        };
        let key = self.inner(key.node, false, None)?;
        let value = self.inner(value.node, false, None)?;
        Ok(Box::new(SchemaBuilder::map(key, value)))
    }

    fn symbols<'s>(
        &self,
        node: &Node,
        symbols: impl Iterator<Item = &'s str>,
        default: Option<&str>,
    ) -> SchemaBuilder {
        let mut builder = SchemaBuilder::new(Type::String);
        let simple = node.name.as_ref().map_or("", |name| &name.simple);
        if self.settings.meta_data {
            if let Some(doc) = &node.doc {
                let name = match self.settings.discard {
                    true => DISCARDED_ENUM_DOC.to_owned(),
                    false => format!("{ENUM_DOC_PREFIX}{simple}"),
                };
                builder = builder.parameter(name, doc);
            }
            if let Some(default) = default.filter(|_| !self.settings.discard) {
                builder = builder.parameter(format!("{ENUM_DEFAULT_PREFIX}{simple}"), default);
            }
        }
        let name = self.settings.enum_parameter();
        builder = builder.parameter(name, node.full_name());
        for (place, symbol) in symbols.enumerate() {
            let value = match self.settings.generalized {
                true => place.to_string(),
                false => symbol.to_owned(),
            };
            builder = builder.parameter(format!("{name}.{symbol}"), value);
        }
        builder
    }

    fn union(&mut self, members: &[NodeId]) -> Result<Box<SchemaBuilder>, ConnectError> {
        let number = self.unions;
        self.unions += usize::from(self.settings.generalized);
        let mut fields: Vec<(String, SchemaRef)> = Vec::with_capacity(members.len());
        let mut is_optional = false;
        for (place, &member) in members.iter().enumerate() {
            let node = &self.model.nodes[member];
            if node.kind.is_null() {
                is_optional = true;
                continue;
            }
            let name = self.settings.member_name(node, place);
            if fields.iter().any(|(other, _)| *other == name) {
                return Err(ConnectError::data(
                    "Multiple union schemas map to the Connect union field name",
                ));
            }
            fields.push((name, self.inner(member, true, None)?));
        }
        let mut builder = SchemaBuilder::structure().optional(is_optional);
        builder = match self.settings.generalized {
            true => {
                let name = format!("{UNION_PREFIX}{number}");
                builder
                    .name(name.clone())
                    .parameter(GENERALIZED_UNION, name)
            }
            false => builder.name(UNION),
        };
        for (name, schema) in fields {
            builder = builder.field(name, schema);
        }
        Ok(Box::new(builder))
    }

    fn record(
        &mut self,
        id: NodeId,
        node: &'a Node,
        fields: &'a [Field],
        at: Place<'a>,
    ) -> Result<SchemaRef, ConnectError> {
        if self.open.contains_key(&id) {
            return Err(ConnectError::data(format!(
                "{} has itself as a field, so it has no end",
                node.full_name()
            )));
        }
        self.open.insert(id, (RecursiveStruct::new(), at));
        let mut schemas = Vec::with_capacity(fields.len());
        for field in fields {
            let place = Place {
                default: field.default.as_ref(),
                doc: field.doc.as_deref(),
                ..Place::default()
            };
            schemas.push(self.schema(field.node, place)?);
        }
        self.completed(id, node, at, schemas)
    }

    fn completed(
        &mut self,
        id: NodeId,
        node: &'a Node,
        at: Place<'a>,
        schemas: Vec<SchemaRef>,
    ) -> Result<SchemaRef, ConnectError> {
        let (Some((recursive, _)), Kind::Record(fields)) = (self.open.remove(&id), &node.kind)
        else {
            return Err(ConnectError::data(format!(
                "{} is converted twice",
                node.full_name()
            )));
        };
        let builder = Box::new(SchemaBuilder::structure());
        let mut builder = *self.with_attributes(builder, node, at)?;
        for (field, schema) in fields.iter().zip(schemas) {
            builder = builder.field(field.name.clone(), schema);
        }
        let is_cyclic = recursive.is_referred_to();
        let schema = self.with_default(id, recursive.complete(builder)?, at)?;
        if is_cyclic {
            self.cyclic.insert(id, schema.clone());
        }
        Ok(schema)
    }

    /// Everything but fields and default.
    fn with_attributes(
        &self,
        builder: Box<SchemaBuilder>,
        node: &Node,
        at: Place<'a>,
    ) -> Result<Box<SchemaBuilder>, ConnectError> {
        let mut builder = self.with_docs(*builder, node, at);
        builder = with_version(builder, node, at.version)?;
        if let Some(parameters) = node.property(CONNECT_PARAMETERS)
            && self.settings.meta_data
        {
            builder = with_parameters(builder, parameters)?;
        }
        for (name, value) in &node.properties {
            if name.starts_with(AVRO_PREFIX) {
                builder = builder.parameter(name, java_text(value));
            }
        }
        if at.default.is_some()
            && node.property(CONNECT_DEFAULT).is_none()
            && self.settings.meta_data
            && !self.settings.discard
        {
            builder = builder.parameter(FIELD_DEFAULT_FLAG, "true");
        }
        builder = with_name(builder, node)?;
        Ok(Box::new(match at.is_optional {
            true => builder.optional(true),
            false => builder,
        }))
    }

    fn with_docs(&self, builder: SchemaBuilder, node: &Node, at: Place<'a>) -> SchemaBuilder {
        let Settings {
            meta_data, discard, ..
        } = *self.settings;
        let own = node.text_property(CONNECT_DOC);
        let mut builder = builder;
        if discard {
            if let Some(doc) = at.doc.or(node.doc.as_deref()).or(own) {
                builder = builder.doc(doc);
            }
            if let Some(doc) = node.doc.as_ref().filter(|_| meta_data) {
                builder = builder.parameter(DISCARDED_RECORD_DOC, doc);
            }
            return builder;
        }
        if !meta_data {
            return builder;
        }
        if let Some(doc) = own {
            builder = builder.doc(doc);
        }
        if let Kind::Record(fields) = &node.kind {
            if let Some(doc) = &node.doc {
                builder = builder.parameter(RECORD_DOC, doc);
            }
            for field in fields {
                if let Some(doc) = &field.doc {
                    builder = builder.parameter(format!("{FIELD_DOC_PREFIX}{}", field.name), doc);
                }
            }
        }
        builder
    }

    /// A default that does not fit is left out, as on the JVM.
    fn with_default(
        &self,
        id: NodeId,
        schema: SchemaRef,
        at: Place<'a>,
    ) -> Result<SchemaRef, ConnectError> {
        let node = &self.model.nodes[id];
        let Some(default) = at.default.or(node.property(CONNECT_DEFAULT)) else {
            return Ok(schema);
        };
        match defaults::value(self.model, self.settings, id, &schema, default) {
            Ok(value) if !value.is_null() => {
                let with_default = SchemaBuilder::like(&schema).default(value).build();
                Ok(with_default.unwrap_or(schema))
            }
            _ => Ok(schema),
        }
    }
}

fn plain(type_: Type, name: &'static str) -> SchemaBuilder {
    SchemaBuilder::new(type_).name(name).version(1)
}

fn logical(node: &Node) -> Option<&str> {
    node.text_property(LOGICAL_TYPE)
}

fn int(node: &Node) -> Result<SchemaBuilder, ConnectError> {
    let is = |found: &str, name: &str| found.eq_ignore_ascii_case(name);
    Ok(match (logical(node), node.text_property(CONNECT_TYPE)) {
        (Some(name), _) if is(name, "date") => plain(Type::Int32, DATE),
        (Some(name), _) if is(name, "time-millis") => plain(Type::Int32, TIME),
        (Some(_), _) | (None, None) => SchemaBuilder::new(Type::Int32),
        (None, Some("int8")) => SchemaBuilder::new(Type::Int8),
        (None, Some("int16")) => SchemaBuilder::new(Type::Int16),
        (None, Some(_)) => {
            return Err(ConnectError::data(
                "Connect type annotation for Avro int field is null",
            ));
        }
    })
}

fn binary(node: &Node) -> Result<SchemaBuilder, ConnectError> {
    if !logical(node).is_some_and(|name| name.eq_ignore_ascii_case("decimal")) {
        return Ok(SchemaBuilder::new(Type::Bytes));
    }
    let scale = node.property(SCALE).and_then(number).unwrap_or(0);
    let builder = decimal_schema(scale as i32);
    let Some(precision) = node.property(PRECISION).filter(|p| !p.is_null()) else {
        return Ok(builder);
    };
    match number(precision) {
        Some(DEFAULT_PRECISION) => Ok(builder),
        Some(precision) => Ok(builder.parameter(DECIMAL_PRECISION, (precision as i32).to_string())),
        None => Err(ConnectError::data(
            "precision property must be a JSON Integer. https://avro.apache.org/docs/1.9.1/spec.html#Decimal",
        )),
    }
}

/// As Java cuts a number down to an integer.
fn number(json: &Json) -> Option<i64> {
    json.as_i64()
        .or_else(|| json.as_f64().map(|number| number as i64))
}

fn with_version(
    builder: SchemaBuilder,
    node: &Node,
    version: Option<i32>,
) -> Result<SchemaBuilder, ConnectError> {
    let version = match node.property(CONNECT_VERSION) {
        None => version,
        Some(json) => {
            let number = number(json).map(|number| number as i32);
            let wrong = || ConnectError::data(format!("Invalid Connect version found: {json}"));
            Some(number.ok_or_else(wrong)?)
        }
    };
    let Some(version) = version.filter(|version| *version >= 0) else {
        return Ok(builder);
    };
    match builder.so_far().version() {
        Some(other) if other != version => Err(ConnectError::data(format!(
            "Mismatched versions: version already added to SchemaBuilder ({other}) differs from version in source schema ({version})"
        ))),
        _ => Ok(builder.version(version)),
    }
}

fn with_parameters(
    mut builder: SchemaBuilder,
    parameters: &Json,
) -> Result<SchemaBuilder, ConnectError> {
    let Json::Object(parameters) = parameters else {
        return Err(ConnectError::data(format!(
            "Expected JSON object for schema parameters but found: {}",
            java_text(parameters)
        )));
    };
    for (name, value) in parameters {
        let Json::String(value) = value else {
            return Err(ConnectError::data(format!(
                "Expected schema parameter values to be strings but found: {}",
                java_text(value)
            )));
        };
        builder = builder.parameter(name, value);
    }
    Ok(builder)
}

fn with_name(builder: SchemaBuilder, node: &Node) -> Result<SchemaBuilder, ConnectError> {
    let given = match node.property(CONNECT_NAME) {
        Some(Json::String(name)) => Some(name.clone()),
        Some(other) => {
            let text = format!("Invalid schema name: {}", java_text(other));
            return Err(ConnectError::data(text));
        }
        None => None,
    };
    let is_given = given.is_some();
    let name = given.or_else(|| node.name.as_ref().map(|name| name.full()));
    let Some(name) = name.filter(|name| !name.starts_with(DEFAULT_FULL_NAME)) else {
        return Ok(builder);
    };
    match builder.so_far().name() {
        Some(other) if other == name => Ok(builder),
        // A decimal of a fixed size has two names. The JVM cannot read it.
        Some(_) if !is_given => Ok(builder),
        Some(other) => Err(ConnectError::data(format!(
            "Mismatched names: name already added to SchemaBuilder ({other}) differs from name in source schema ({name})"
        ))),
        None => Ok(builder.name(name)),
    }
}

/// A value of JSON as `toString` of the Java object that it becomes.
fn java_text(json: &Json) -> String {
    match json {
        Json::String(text) => text.clone(),
        Json::Array(items) => {
            let items: Vec<String> = items.iter().map(java_text).collect();
            format!("[{}]", items.join(", "))
        }
        Json::Object(members) => {
            let members = members.iter();
            let members = members.map(|(key, value)| format!("{key}={}", java_text(value)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}
