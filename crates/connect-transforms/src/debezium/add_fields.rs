//! [`EventPlan`]: what is known of the change events of one schema.

use connect_api::ConnectError;
use connect_api::data::{SchemaRef, Struct, Type, Value};
use connect_api::error::exception;

use super::field_reference::{FieldReference, Resolved};
use crate::requirements::require_struct;
use crate::schema_cache::SchemaCache;
use crate::structs::{Nulls, fields_of, put, struct_like};

/// Where the fields of an event are. What is wrong with them is told when they are asked for, as not every event needs
/// all of them.
pub(super) struct EventPlan {
    after: Option<usize>,
    before: Option<usize>,
    operation: Result<(), ConnectError>,
    headers: Result<Vec<Resolved>, ConnectError>,
    added: Result<Vec<Resolved>, ConnectError>,
    /// The schemas of rows with their added fields.
    rows: SchemaCache<SchemaRef>,
}

impl EventPlan {
    pub fn new(event: &SchemaRef, headers: &[FieldReference], added: &[FieldReference]) -> Self {
        let place = |name: &str| event.field(name).map(|field| field.index);
        let resolve = |references: &[FieldReference]| {
            let found = references.iter().map(|r| r.resolve(event));
            found.filter_map(Result::transpose).collect()
        };
        Self {
            after: place("after"),
            before: place("before"),
            operation: text_field(event, "op").map(drop),
            headers: resolve(headers),
            added: resolve(added),
            rows: SchemaCache::new(),
        }
    }

    pub fn after(&self) -> Result<usize, ConnectError> {
        self.after.ok_or_else(|| unknown_field("after"))
    }

    pub fn before(&self) -> Result<usize, ConnectError> {
        self.before.ok_or_else(|| unknown_field("before"))
    }

    pub fn headers(&self) -> Result<&[Resolved], ConnectError> {
        self.headers.as_deref().map_err(Clone::clone)
    }

    /// The values of the added fields, in their order.
    pub fn added_values(&self, event: &Struct) -> Vec<Value> {
        let added = self.added.iter().flatten();
        added.map(|field| field.value(event)).collect()
    }

    /// The row with its added fields.
    ///
    /// # Errors
    /// It is no struct, a field is there twice, or a value does not fit.
    pub fn add_fields(&mut self, row: Value, added: Vec<Value>) -> Result<Struct, ConnectError> {
        let row = require_struct(row, "source field insertion")?;
        self.operation.clone()?;
        let fields = self.added.as_deref().map_err(Clone::clone)?;
        let schema = self
            .rows
            .get_or_make(row.schema(), |schema| with_fields(schema, fields))?;
        let mut values = row.into_values();
        let known = values.len();
        for (field, value) in schema.fields().iter().zip(&mut values) {
            *value = Nulls::AsNull.carry(field, std::mem::take(value))?;
        }
        for (field, value) in schema.fields()[known..].iter().zip(added) {
            put(field, &value)?;
            values.push(value);
        }
        Ok(Struct::from_values(schema.clone(), values))
    }
}

fn with_fields(row: &SchemaRef, added: &[Resolved]) -> Result<SchemaRef, ConnectError> {
    let mut builder = struct_like(row);
    for field in fields_of(row)? {
        builder = builder.field(field.name.clone(), field.schema.clone());
    }
    for field in added {
        builder = builder.field(field.name.clone(), field.schema.clone());
    }
    builder.build()
}

fn unknown_field(name: &str) -> ConnectError {
    ConnectError::record(
        exception::ILLEGAL_ARGUMENT,
        format!("Unknown field: {name}"),
    )
}

/// The place of a text field, with the errors of `Struct.getString`.
pub(super) fn text_field(schema: &SchemaRef, name: &str) -> Result<usize, ConnectError> {
    typed_field(schema, name, Type::String)
}

/// The place of a field of that type.
pub(super) fn typed_field(
    schema: &SchemaRef,
    name: &str,
    type_: Type,
) -> Result<usize, ConnectError> {
    let Some(field) = schema.field(name) else {
        return Err(ConnectError::data(format!(
            "{name} is not a valid field name"
        )));
    };
    if field.schema.type_() == type_ {
        return Ok(field.index);
    }
    Err(ConnectError::data(format!(
        "Field '{name}' is not of type {}",
        type_.name().to_uppercase()
    )))
}
