//! [`FieldPath`]: the name of a field, or the way to a nested one (KIP-821).

use connect_api::ConnectError;
use connect_api::data::{Map, Schema, SchemaRef, Struct, Value};
use connect_api::error::exception;

use crate::requirements::{require_map, require_struct};
use crate::structs::{Nulls, field_of};

const NESTED: &str = "nested field access";

/// Where a value stands in maps or structs (`SingleFieldPath`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FieldPath {
    text: String,
    /// None at all for an empty path in the second syntax: it can be configured and fails every record.
    steps: Vec<String>,
}

impl FieldPath {
    /// Reads a path in the syntax of a version, `V1` or `V2`.
    ///
    /// # Errors
    /// Kafka's sentence for a backtick without its other half.
    pub fn parse(text: &str, version: &str) -> Result<Self, String> {
        let steps = if version.eq_ignore_ascii_case("V2") {
            steps_of(text)?
        } else {
            vec![text.to_owned()]
        };
        Ok(Self {
            text: text.to_owned(),
            steps,
        })
    }

    /// The path as configured.
    pub fn text(&self) -> &str {
        &self.text
    }

    fn last(&self) -> Result<(&str, &[String]), ConnectError> {
        match self.steps.split_last() {
            Some((last, parents)) => Ok((last, parents)),
            None => Err(ConnectError::record(
                exception::ILLEGAL_ARGUMENT,
                "The field path is empty",
            )),
        }
    }

    /// The schema at the end of the path; none if a step is missing.
    ///
    /// # Errors
    /// A step leads into something that is no struct, or the path is empty.
    pub fn schema_in<'a>(&self, schema: &'a Schema) -> Result<Option<&'a SchemaRef>, ConnectError> {
        let (last, parents) = self.last()?;
        let mut current = schema;
        for step in parents {
            match field_of(current, step)? {
                Some(field) => current = &field.schema,
                None => return Ok(None),
            }
        }
        Ok(field_of(current, last)?.map(|field| &field.schema))
    }

    /// The value at the end of the path; null if a step is missing or null.
    ///
    /// # Errors
    /// A step leads into something that is no map, or the path is empty.
    pub fn take_from_map(&self, map: Map) -> Result<Value, ConnectError> {
        let (last, parents) = self.last()?;
        let mut current = map;
        for step in parents {
            match take(current, step) {
                Value::Null => return Ok(Value::Null),
                value => current = require_map(value, NESTED)?,
            }
        }
        Ok(take(current, last))
    }

    /// The value at the end of the path, which exists in the struct's schema; null if a step is null.
    ///
    /// # Errors
    /// A step is missing or leads into something that is no struct, or the path is empty.
    pub fn take_from_struct(&self, value: Struct, nulls: Nulls) -> Result<Value, ConnectError> {
        let (last, parents) = self.last()?;
        let mut current = value;
        for step in parents {
            match read(current, step, nulls)? {
                Value::Null => return Ok(Value::Null),
                value => current = require_struct(value, NESTED)?,
            }
        }
        read(current, last, nulls)
    }
}

fn take(map: Map, key: &str) -> Value {
    let mut entries = map.into_entries().into_iter();
    entries
        .find(|(k, _)| k.as_str() == Some(key))
        .map(|(_, value)| value)
        .unwrap_or_default()
}

fn read(value: Struct, name: &str, nulls: Nulls) -> Result<Value, ConnectError> {
    let schema = value.schema().clone();
    let Some(field) = schema.field(name) else {
        return Err(ConnectError::data(format!(
            "{name} is not a valid field name"
        )));
    };
    let stored = value.into_values().swap_remove(field.index);
    Ok(nulls.read(&field.schema, stored))
}

/// Cuts a path at its dots, but not inside backticks.
///
/// A step that begins with a backtick runs to the next one that stands before a dot or at the end. One that stands
/// there and is meant literally has a backslash before it.
fn steps_of(path: &str) -> Result<Vec<String>, String> {
    let mut steps = Vec::new();
    if path.is_empty() {
        return Ok(steps);
    }
    let mut rest = path;
    loop {
        let (step, behind) = match rest.strip_prefix('`') {
            Some(quoted) => quoted_step(quoted).ok_or_else(|| incomplete(path, rest))?,
            None => match rest.split_once('.') {
                Some((step, behind)) => (step.to_owned(), Some(behind)),
                None => (rest.to_owned(), None),
            },
        };
        steps.push(step);
        match behind {
            Some(behind) => rest = behind,
            None => return Ok(steps),
        }
    }
}

/// The step behind an opening backtick, and what follows the dot behind it; none if it does not end.
fn quoted_step(text: &str) -> Option<(String, Option<&str>)> {
    let mut step = String::new();
    let mut rest = text;
    loop {
        let (before, behind) = rest.split_once('`')?;
        step.push_str(before);
        let ends = behind.is_empty() || behind.starts_with('.');
        if !ends {
            step.push('`');
        } else if step.ends_with('\\') {
            step.pop();
            step.push('`');
        } else {
            return Some((step, behind.strip_prefix('.')));
        }
        rest = behind;
    }
}

fn incomplete(path: &str, rest: &str) -> String {
    // Java counts UTF-16 units.
    let place = path[..path.len() - rest.len()].encode_utf16().count();
    format!(
        "Incomplete backtick pair in path: [{path}], consider adding a backslash before backtick at position {place} to escape it"
    )
}
