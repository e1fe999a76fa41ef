//! [`DropFields`]: fields that a header names are left out (`drop.fields.…`).

use connect_api::config::{Config, ConfigReader};
use connect_api::data::values::java_text;
use connect_api::data::{SchemaRef, Value};
use connect_api::error::exception;
use connect_api::{ConnectError, SinkRecord};

use super::keys::{DROP_FIELDS_FROM_KEY, DROP_FIELDS_HEADER, DROP_FIELDS_KEEP_SCHEMA_COMPATIBLE};
use crate::replace_field::ReplaceField;
use crate::side::Side;
use crate::structs::fields_of;

/// How many lists are remembered with what they do to a schema.
const CAPACITY: usize = 16;

pub(super) struct DropFields {
    header: String,
    from_key: bool,
    keep_schema_compatible: bool,
    /// The last used first.
    key_droppers: Vec<Dropper>,
    value_droppers: Vec<Dropper>,
}

/// Debezium makes a `ReplaceField` for each list as well.
struct Dropper {
    exclude: String,
    delegate: ReplaceField,
}

impl DropFields {
    /// None if no header is configured.
    pub fn configured(config: &ConfigReader<'_>) -> Option<Self> {
        let from_key = config.get(&DROP_FIELDS_FROM_KEY);
        let keep_schema_compatible = config.get(&DROP_FIELDS_KEEP_SCHEMA_COMPATIBLE);
        let _trimmed = config.get(&DROP_FIELDS_HEADER);
        let header = config.config().get(DROP_FIELDS_HEADER.name())?;
        if header.trim().is_empty() {
            return None;
        }
        Some(Self {
            header: header.to_owned(),
            from_key,
            keep_schema_compatible,
            key_droppers: Vec::new(),
            value_droppers: Vec::new(),
        })
    }

    /// # Errors
    /// The header holds no list, a list that names nothing, or the record has no fields to drop.
    pub fn apply(&mut self, mut record: SinkRecord) -> Result<SinkRecord, ConnectError> {
        let header = record.headers.iter().find(|h| h.key == self.header);
        let names = match header.map(|header| &header.value) {
            None | Some(Value::Null) => return Ok(record),
            Some(Value::Array(names)) => names,
            Some(other) => return Err(not_a_list(other)),
        };
        let from_key = match self.from_key && !names.is_empty() && !record.key.is_null() {
            true => self.exclude(record.key_schema.as_ref(), names)?,
            false => None,
        };
        let from_value = match names.is_empty() {
            true => None,
            false => self.exclude(record.value_schema.as_ref(), names)?,
        };
        if let Some(exclude) = from_key {
            record = dropper(&mut self.key_droppers, Side::Key, exclude)?.replace(record)?;
        }
        if let Some(exclude) = from_value {
            record = dropper(&mut self.value_droppers, Side::Value, exclude)?.replace(record)?;
        }
        Ok(record)
    }

    /// The list for a `ReplaceField`, if there is anything to drop.
    fn exclude(
        &self,
        schema: Option<&SchemaRef>,
        names: &[Value],
    ) -> Result<Option<String>, ConnectError> {
        let names: Vec<String> = match self.keep_schema_compatible {
            true => optional_fields(schema, names)?,
            false => names
                .iter()
                .filter(|name| !name.is_null())
                .map(java_text)
                .collect(),
        };
        Ok((!names.is_empty()).then(|| names.join(",")))
    }
}

/// The names of optional fields among those to be dropped.
fn optional_fields(
    schema: Option<&SchemaRef>,
    names: &[Value],
) -> Result<Vec<String>, ConnectError> {
    let Some(schema) = schema else {
        return Err(ConnectError::record(
            exception::NULL_POINTER,
            "There is no schema that tells which of the fields to be dropped are optional (drop.fields.keep.schema.compatible)",
        ));
    };
    let named = |name: &str| names.iter().any(|n| n.as_str() == Some(name));
    let fields = fields_of(schema)?.iter();
    Ok(fields
        .filter(|field| field.schema.is_optional() && named(&field.name))
        .map(|field| field.name.to_string())
        .collect())
}

fn dropper(
    droppers: &mut Vec<Dropper>,
    side: Side,
    exclude: String,
) -> Result<&mut ReplaceField, ConnectError> {
    match droppers.iter().position(|d| d.exclude == exclude) {
        Some(place) => droppers[..=place].rotate_right(1),
        None => {
            let config: Config = [("exclude", exclude.as_str())].into_iter().collect();
            let delegate = ReplaceField::new(&ConfigReader::new(&config), side);
            let delegate = delegate.map_err(|errors| {
                let first = errors.0.into_iter().next();
                ConnectError::record(
                    exception::CONFIG,
                    first.map(|error| error.message).unwrap_or_default(),
                )
            })?;
            droppers.truncate(CAPACITY - 1);
            droppers.insert(0, Dropper { exclude, delegate });
        }
    }
    Ok(&mut droppers[0].delegate)
}

fn not_a_list(value: &Value) -> ConnectError {
    let class = value.java_class();
    ConnectError::record(
        exception::CLASS_CAST,
        format!("class {class} cannot be cast to class java.util.List"),
    )
}
