//! [`FieldReference`]: an item of `add.fields` or `add.headers`, and where a change event has its value.

use bytestring::ByteString;
use connect_api::ConnectError;
use connect_api::data::{Schema, SchemaBuilder, SchemaRef, Struct, Type, Value};
use connect_api::error::exception;

use crate::structs::{field_of, with_basics_of};

/// A field of a change event and its new name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FieldReference {
    /// The struct inside the event; none for fields of the event itself.
    parent: Option<String>,
    field: String,
    pub new_name: ByteString,
}

impl FieldReference {
    /// # Errors
    /// Debezium's text, or ours where it has none.
    pub fn parse(prefix: &str, item: &str) -> Result<Self, String> {
        // Java's `split` gives no empty parts at the end, but the text itself if it is empty.
        let parts = split(item, ':');
        let Some(path) = parts.first() else {
            return Err(format!(
                "Unexpected field name: {item} (no field stands before the colon)"
            ));
        };
        let (parent, field) = match split(path, '.').as_slice() {
            [] => {
                return Err(format!(
                    "Unexpected field name: {item} (there is no name between the dots)"
                ));
            }
            [field] => (implied_parent(field), *field),
            [parent, field, ..] => (Some(*parent), *field),
        };
        let new_name = match (&parts[1..], parent) {
            ([], Some(parent)) if split(path, '.').len() > 1 => {
                format!("{prefix}{parent}_{field}")
            }
            ([], _) => format!("{prefix}{field}"),
            ([name], _) => format!("{prefix}{name}"),
            _ => return Err(format!("Unexpected field name: {item}")),
        };
        Ok(Self {
            parent: parent.map(ToOwned::to_owned),
            field: field.to_owned(),
            new_name: new_name.into(),
        })
    }

    /// Whether it is the operation, the one thing that a tombstone tells.
    pub fn is_operation(&self) -> bool {
        self.field == "op"
    }

    /// Finds the field in events of a schema; none if they do not have it.
    ///
    /// # Errors
    /// They have not even the struct that should hold it.
    pub fn resolve(&self, event: &Schema) -> Result<Option<Resolved>, ConnectError> {
        let parent = match &self.parent {
            None => None,
            Some(name) => Some(event.field(name).ok_or_else(|| self.no_parent(name))?),
        };
        let holder = parent.map_or(event, |parent| &parent.schema);
        // A field that is not where it should be may have been put into the event by another transformation.
        let (inside, field) = match field_of(holder, &self.field)? {
            Some(field) => (parent.is_some(), field),
            None => match event.field(&self.field) {
                Some(field) => (false, field),
                None => return Ok(None),
            },
        };
        Ok(Some(Resolved {
            name: self.new_name.clone(),
            schema: optional_like(&field.schema)?,
            parent: parent.map(|parent| parent.index),
            inside,
            index: field.index,
        }))
    }

    fn no_parent(&self, parent: &str) -> ConnectError {
        let message = format!(
            "The change event has no field \"{parent}\", where \"{}\" is looked for",
            self.field
        );
        ConnectError::record(exception::NULL_POINTER, message)
    }
}

/// Where events of one schema have the value of a reference.
pub(super) struct Resolved {
    pub name: ByteString,
    pub schema: SchemaRef,
    parent: Option<usize>,
    /// Whether the field is in the parent rather than beside it.
    inside: bool,
    index: usize,
}

impl Resolved {
    /// The stored value; null if the parent is.
    pub fn value(&self, event: &Struct) -> Value {
        let values = event.values();
        let Some(parent) = self.parent else {
            return values[self.index].clone();
        };
        match &values[parent] {
            Value::Struct(parent) if self.inside => parent.values()[self.index].clone(),
            Value::Null => Value::Null,
            _ => values[self.index].clone(),
        }
    }
}

fn split(text: &str, separator: char) -> Vec<&str> {
    match text {
        "" => vec![""],
        text => match text.trim_end_matches(separator) {
            "" => Vec::new(),
            text => text.split(separator).collect(),
        },
    }
}

/// Where a name alone is looked for.
fn implied_parent(field: &str) -> Option<&str> {
    match field {
        "id" | "data_collection_order" | "total_order" => Some("transaction"),
        "op" | "ts_ms" | "ts_us" | "ts_ns" => None,
        "updateDescription" => Some("updateDescription"),
        _ => Some("source"),
    }
}

/// `SchemaUtil.copySchemaBasics(schema).optional()`: a struct loses its fields, anything its default.
fn optional_like(schema: &Schema) -> Result<SchemaRef, ConnectError> {
    let builder = match (schema.type_(), schema.value_schema()) {
        (Type::Array, Some(items)) => SchemaBuilder::array(items.clone()),
        (Type::Array, None) => SchemaBuilder::array_of_mixed(),
        (Type::Map, values) => {
            SchemaBuilder::map_of_mixed(schema.key_schema().cloned(), values.cloned())
        }
        (type_, _) => SchemaBuilder::new(type_),
    };
    with_basics_of(schema, builder).optional(true).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_and_made_from_paths() {
        let check = |item: &str, parent: Option<&str>, field: &str, name: &str| {
            let found = FieldReference::parse("__", item).unwrap();
            assert_eq!(
                (found.parent.as_deref(), &*found.field, &*found.new_name),
                (parent, field, name),
                "{item}"
            );
        };
        check("op", None, "op", "__op");
        check("lsn", Some("source"), "lsn", "__lsn");
        check("source.lsn", Some("source"), "lsn", "__source_lsn");
        check("source.lsn:at", Some("source"), "lsn", "__at");
        check("id", Some("transaction"), "id", "__id");
        check(
            "transaction.id:",
            Some("transaction"),
            "id",
            "__transaction_id",
        );
        check("a.b.c", Some("a"), "b", "__a_b");
        check("source.", Some("source"), "source", "__source");
        check("", Some("source"), "", "__");
    }

    #[test]
    fn names_that_say_nothing_are_refused() {
        for item in ["op:a:b", ":", ".", "..", ".:x"] {
            let why = FieldReference::parse("", item).unwrap_err();
            assert!(why.starts_with("Unexpected field name: "), "{why}");
        }
    }
}
