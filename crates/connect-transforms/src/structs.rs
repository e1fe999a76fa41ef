//! Copying structs and schemas as Kafka's transformations do.

use connect_api::ConnectError;
use connect_api::config::ConfigReader;
use connect_api::data::{Field, Schema, SchemaBuilder, Type, Value, validate_value};

use crate::keys::REPLACE_NULL_WITH_DEFAULT;

/// How a field that holds nothing is read (`replace.null.with.default`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nulls {
    AsDefault,
    AsNull,
}

impl Nulls {
    pub fn configured(config: &ConfigReader<'_>) -> Self {
        if config.get(&REPLACE_NULL_WITH_DEFAULT) {
            Nulls::AsDefault
        } else {
            Nulls::AsNull
        }
    }

    /// A stored value as it is read.
    pub fn read(self, schema: &Schema, stored: Value) -> Value {
        match (self, schema.default()) {
            (Nulls::AsDefault, Some(default)) if stored.is_null() => default.clone(),
            _ => stored,
        }
    }

    /// [`read`](Self::read) in place: a value that is there is not moved.
    pub fn fill(self, schema: &Schema, stored: &mut Value) {
        if stored.is_null()
            && let (Nulls::AsDefault, Some(default)) = (self, schema.default())
        {
            *stored = default.clone();
        }
    }

    /// [`carry`](Self::carry) in place.
    ///
    /// # Errors
    /// It is null and the field must not be.
    pub fn settle(self, field: &Field, stored: &mut Value) -> Result<(), ConnectError> {
        if stored.is_null() {
            self.fill(&field.schema, stored);
            if stored.is_null() {
                put(field, stored)?;
            }
        }
        Ok(())
    }

    /// A stored value as it is read and put into a field of the same schema elsewhere.
    ///
    /// # Errors
    /// It is null and the field must not be.
    pub fn carry(self, field: &Field, stored: Value) -> Result<Value, ConnectError> {
        let value = self.read(&field.schema, stored);
        if value.is_null() {
            put(field, &value)?;
        }
        Ok(value)
    }
}

/// The check of `Struct.put`.
///
/// # Errors
/// The value does not fit the field.
pub(crate) fn put(field: &Field, value: &Value) -> Result<(), ConnectError> {
    validate_value(Some(&field.name), &field.schema, value)
}

/// A struct schema without fields that has name, version, doc and parameters of another (`SchemaUtil.copySchemaBasics`).
pub(crate) fn struct_like(source: &Schema) -> SchemaBuilder {
    with_basics_of(source, SchemaBuilder::new(Type::Struct))
}

/// Name, version, doc and parameters of a schema on another.
pub(crate) fn with_basics_of(source: &Schema, mut builder: SchemaBuilder) -> SchemaBuilder {
    if let Some(name) = source.name() {
        builder = builder.name(name);
    }
    if let Some(version) = source.version() {
        builder = builder.version(version);
    }
    if let Some(doc) = source.doc() {
        builder = builder.doc(doc);
    }
    for (name, value) in source.parameters().into_iter().flatten() {
        builder = builder.parameter(name, value);
    }
    builder
}

/// The fields of a struct schema.
///
/// # Errors
/// It is none.
pub(crate) fn fields_of(schema: &Schema) -> Result<&[Field], ConnectError> {
    if schema.type_() == Type::Struct {
        return Ok(schema.fields());
    }
    Err(ConnectError::data("Cannot list fields on non-struct type"))
}

/// A field of a struct schema, if it has it.
///
/// # Errors
/// It is no struct schema.
pub(crate) fn field_of<'a>(
    schema: &'a Schema,
    name: &str,
) -> Result<Option<&'a Field>, ConnectError> {
    if schema.type_() == Type::Struct {
        return Ok(schema.field(name));
    }
    Err(ConnectError::data(
        "Cannot look up fields on non-struct type",
    ))
}
