//! [`Struct`]: values of a struct schema.

use super::{Schema, SchemaRef, Type, Value, validate_value};
use crate::error::{ConnectError, exception};

/// A record with named fields, as `org.apache.kafka.connect.data.Struct`.
///
/// It stores what was put: [`Value::Null`] where nothing was, even if the field has a default. [`get`](Self::get)
/// gives the default then, [`get_without_default`](Self::get_without_default) the stored value.
#[derive(Clone, Debug)]
pub struct Struct {
    schema: SchemaRef,
    values: Vec<Value>,
}

impl Struct {
    /// An empty struct.
    ///
    /// # Errors
    /// A `DataException` if the schema is not a struct schema.
    pub fn new(schema: SchemaRef) -> Result<Self, ConnectError> {
        if schema.type_() != Type::Struct {
            return Err(ConnectError::data(format!("Not a struct schema: {schema}")));
        }
        let values = vec![Value::Null; schema.fields().len()];
        Ok(Self { schema, values })
    }

    /// A struct of values in field order, each already known to fit its field: what a converter has after it
    /// has built every value by the field's own schema. Missing values at the end are null.
    pub fn from_values(schema: SchemaRef, mut values: Vec<Value>) -> Self {
        values.resize(schema.fields().len(), Value::Null);
        Self { schema, values }
    }

    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The stored values in field order, null where nothing was put.
    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// The values in field order, owned.
    pub fn into_values(self) -> Vec<Value> {
        self.values
    }

    /// The value of a field, or its default if it is null (`Struct.get`).
    ///
    /// # Errors
    /// A `DataException` if there is no such field.
    pub fn get(&self, name: &str) -> Result<&Value, ConnectError> {
        let field = self.lookup(name)?;
        Ok(self.at(field))
    }

    /// The value at a place, or the field's default if it is null.
    pub fn at(&self, index: usize) -> &Value {
        let value = &self.values[index];
        if !value.is_null() {
            return value;
        }
        self.schema.fields()[index]
            .schema
            .default()
            .unwrap_or(value)
    }

    /// The stored value of a field (`Struct.getWithoutDefault`).
    ///
    /// # Errors
    /// A `DataException` if there is no such field.
    pub fn get_without_default(&self, name: &str) -> Result<&Value, ConnectError> {
        Ok(&self.values[self.lookup(name)?])
    }

    /// Sets a field after checking the value against its schema (`Struct.put`).
    ///
    /// # Errors
    /// A `DataException` if there is no such field or the value does not fit.
    pub fn put(&mut self, name: &str, value: Value) -> Result<&mut Self, ConnectError> {
        let index = self.lookup(name)?;
        let field = &self.schema.fields()[index];
        validate_value(Some(&field.name), &field.schema, &value)?;
        self.values[index] = value;
        Ok(self)
    }

    /// Checks that every required field without a default has a value (`Struct.validate`).
    ///
    /// # Errors
    /// A `DataException` naming the first field that has not.
    pub fn validate(&self) -> Result<(), ConnectError> {
        for (field, value) in self.schema.fields().iter().zip(&self.values) {
            if value.is_null() && (field.schema.is_optional() || field.schema.default().is_some()) {
                continue;
            }
            validate_value(Some(&field.name), &field.schema, value)?;
        }
        Ok(())
    }

    fn lookup(&self, name: &str) -> Result<usize, ConnectError> {
        match self.schema.field(name) {
            Some(field) => Ok(field.index),
            None => Err(ConnectError::record(
                exception::DATA,
                format!("{name} is not a valid field name"),
            )),
        }
    }
}

impl PartialEq for Struct {
    fn eq(&self, other: &Self) -> bool {
        Schema::same(&self.schema, &other.schema) && self.values == other.values
    }
}
