//! Validation of whole payloads, for `json.fail.invalid.schema`.

use std::collections::HashMap;

use connect_api::ConnectError;
use connect_api::error::exception;
use jsonschema::{Draft as Dialect, Retrieve, Uri, ValidationOptions, Validator};
use serde_json::Value;

use super::load::Draft;
use crate::format::SchemaText;

pub struct Validation {
    validator: Validator,
}

impl Validation {
    /// # Errors
    /// A record's fault: the text is no schema.
    pub fn new(
        text: &SchemaText,
        draft: Draft,
        ignores_modern: bool,
    ) -> Result<Self, ConnectError> {
        let mut schema = parse(&text.text)?;
        let mut references = HashMap::with_capacity(text.references.len());
        for reference in &text.references {
            references.insert(reference.name.clone(), parse(&reference.text)?);
        }
        let mut options: ValidationOptions<'_> = jsonschema::options()
            // The JVM asserts formats in the older drafts only.
            .should_validate_formats(draft != Draft::Modern)
            .with_retriever(References(references));
        options = match draft {
            Draft::Draft4 => options.with_draft(Dialect::Draft4),
            Draft::Draft6 => options.with_draft(Dialect::Draft6),
            Draft::Draft7 => options.with_draft(Dialect::Draft7),
            // What `$schema` says.
            Draft::Modern => options,
        };
        if draft == Draft::Draft7
            && let Some(members) = schema.as_object_mut()
            && (ignores_modern || members.contains_key("$schema"))
        {
            // Perhaps another dialect, which is to be read as draft 7, or one that nobody knows.
            members.remove("$schema");
        }
        let validator = options.build(&schema).map_err(|error| {
            ConnectError::data(format!("Invalid JSON Schema: {}", error.masked()))
        })?;
        Ok(Self { validator })
    }

    /// # Errors
    /// A record's fault: the payload does not match. What it holds is not told.
    pub fn check(&self, payload: &[u8]) -> Result<(), ConnectError> {
        let invalid = |why: String| {
            let message = "The JSON does not match its schema (json.fail.invalid.schema)";
            ConnectError::record(exception::SERIALIZATION, message).caused_by(ConnectError::record(
                "org.everit.json.schema.ValidationException",
                why,
            ))
        };
        let value: Value = serde_json::from_slice(payload)
            .map_err(|error| invalid(format!("it cannot be read for validation: {error}")))?;
        match self.validator.validate(&value) {
            Ok(()) => Ok(()),
            Err(error) => {
                let at = error.instance_path().to_string();
                let at = if at.is_empty() {
                    "the top".to_owned()
                } else {
                    at
                };
                Err(invalid(format!("{} at {at}", error.masked())))
            }
        }
    }
}

fn parse(text: &str) -> Result<Value, ConnectError> {
    serde_json::from_str(text)
        .map_err(|error| ConnectError::data(format!("Invalid JSON Schema: {error}")))
}

/// The texts that the registry keeps beside the schema. Nothing is fetched.
struct References(HashMap<String, Value>);

impl Retrieve for References {
    fn retrieve(
        &self,
        uri: &Uri<String>,
    ) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        let uri = uri.as_str();
        let found = self.0.iter().find(|(name, _)| {
            let name = name.trim_start_matches("./");
            uri == name
                || uri
                    .strip_suffix(name)
                    .is_some_and(|base| base.ends_with('/'))
        });
        match found {
            Some((_, schema)) => Ok(schema.clone()),
            None => Err(format!("{uri} is not among the references of the schema").into()),
        }
    }
}
