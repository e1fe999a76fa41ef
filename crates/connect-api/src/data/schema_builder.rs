//! [`SchemaBuilder`]: makes schemas and checks what Kafka's builder checks.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytestring::ByteString;

use super::fields::Fields;
use super::{Schema, SchemaRef, Type, Value, validate_value};
use crate::error::{ConnectError, exception};

/// Builds a [`Schema`] step by step, as `org.apache.kafka.connect.data.SchemaBuilder`.
///
/// The first mistake is kept and returned by [`build`](Self::build) as a `SchemaBuilderException`, so that
/// calls chain without a `?` each.
#[derive(Debug)]
pub struct SchemaBuilder {
    pub(super) schema: Schema,
    error: Option<ConnectError>,
}

impl SchemaBuilder {
    /// A schema of a primitive type, or an empty struct.
    pub fn new(type_: Type) -> Self {
        Self {
            schema: Schema {
                type_,
                optional: false,
                default: None,
                name: None,
                version: None,
                doc: None,
                parameters: None,
                key_schema: None,
                value_schema: None,
                fields: Fields::default(),
            },
            error: None,
        }
    }

    /// An array of the given elements.
    pub fn array(items: SchemaRef) -> Self {
        let mut b = Self::new(Type::Array);
        b.schema.value_schema = Some(items);
        b
    }

    /// A map with the given keys and values.
    pub fn map(keys: SchemaRef, values: SchemaRef) -> Self {
        let mut b = Self::new(Type::Map);
        b.schema.key_schema = Some(keys);
        b.schema.value_schema = Some(values);
        b
    }

    /// An array whose elements have no common schema, as Kafka's value parser gives for mixed lists.
    pub fn array_of_mixed() -> Self {
        Self::new(Type::Array)
    }

    /// A map whose keys or values (or both) have no common schema.
    pub fn map_of_mixed(keys: Option<SchemaRef>, values: Option<SchemaRef>) -> Self {
        let mut b = Self::new(Type::Map);
        b.schema.key_schema = keys;
        b.schema.value_schema = values;
        b
    }

    /// A struct; add its fields with [`field`](Self::field).
    pub fn structure() -> Self {
        Self::new(Type::Struct)
    }

    /// A copy of an existing schema to change, fields included.
    pub fn like(schema: &Schema) -> Self {
        Self {
            schema: schema.clone(),
            error: None,
        }
    }

    /// What was set until now.
    pub fn so_far(&self) -> &Schema {
        &self.schema
    }

    pub fn optional(mut self, optional: bool) -> Self {
        self.schema.optional = optional;
        self
    }

    pub fn name(mut self, name: impl Into<ByteString>) -> Self {
        self.schema.name = Some(name.into());
        self
    }

    pub fn version(mut self, version: i32) -> Self {
        self.schema.version = Some(version);
        self
    }

    pub fn doc(mut self, doc: impl Into<ByteString>) -> Self {
        self.schema.doc = Some(doc.into());
        self
    }

    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.schema
            .parameters
            .get_or_insert_with(BTreeMap::new)
            .insert(name.into(), value.into());
        self
    }

    /// The default; it must fit what is known of the schema so far, else `Invalid default value`.
    pub fn default(mut self, value: Value) -> Self {
        if let Err(cause) = validate_value(None, &self.schema, &value) {
            self.fail("Invalid default value", Some(cause));
            return self;
        }
        self.schema.default = Some(value);
        self
    }

    /// Appends a field to a struct schema.
    pub fn field(mut self, name: impl Into<ByteString>, schema: SchemaRef) -> Self {
        let name = name.into();
        if self.schema.type_ != Type::Struct {
            let text = format!("Cannot create fields on type {}", self.schema.type_);
            self.fail(text, None);
            return self;
        }
        if name.is_empty() {
            self.fail("fieldName cannot be null.", None);
            return self;
        }
        if self.has_field(&name) {
            let text = format!("Cannot create field because of field name duplication {name}");
            self.fail(text, None);
            return self;
        }
        self.schema.fields.push(name, schema);
        self
    }

    fn has_field(&self, name: &str) -> bool {
        self.schema.field(name).is_some()
    }

    fn fail(&mut self, message: impl Into<String>, cause: Option<ConnectError>) {
        if self.error.is_none() {
            let mut error = ConnectError::record(exception::SCHEMA_BUILDER, message);
            if let Some(cause) = cause {
                error = error.caused_by(cause);
            }
            self.error = Some(error);
        }
    }

    /// The finished schema.
    ///
    /// # Errors
    /// The first mistake made on the way, as Kafka's `SchemaBuilderException`.
    pub fn build(self) -> Result<SchemaRef, ConnectError> {
        self.into_schema().map(Arc::new)
    }

    pub(super) fn into_schema(self) -> Result<Schema, ConnectError> {
        match self.error {
            Some(error) => Err(error),
            None => Ok(self.schema),
        }
    }
}
