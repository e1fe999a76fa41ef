//! Request bodies: JSON, with scalars taken as texts.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use serde_json::{Map, Value};

use super::error::ApiError;
use crate::config::TargetState;
use crate::herder::validation::RawConfig;

/// What a missing body is to the JVM, whose text clients may know.
const NO_CONFIG: &str =
    "Cannot invoke \"java.util.Map.get(Object)\" because \"connectorConfig\" is null";

/// A JSON body; none without one, and for a literal null.
pub struct JsonBody(pub Option<Value>);

impl<S: Send + Sync> FromRequest<S> for JsonBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let has_type = request.headers().contains_key(CONTENT_TYPE);
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(|rejection| ApiError::new(rejection.status(), rejection.body_text()))?;
        if bytes.is_empty() {
            return Ok(Self(None));
        }
        // Some editors put a mark of the encoding before everything; it is passed over, as in Kafka.
        let json = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
        if !has_type {
            let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
            return Err(ApiError::new(status, "HTTP 415 Unsupported Media Type"));
        }
        // Malformed JSON is a 500 in Kafka, and clients know it as one.
        let value = serde_json::from_slice(json).map_err(|e| ApiError::internal(e.to_string()))?;
        Ok(Self(Some(value).filter(|value: &Value| !value.is_null())))
    }
}

impl JsonBody {
    /// A flat map of texts.
    pub fn config(self) -> Result<RawConfig, ApiError> {
        match self.0 {
            None => Err(ApiError::internal(NO_CONFIG)),
            Some(Value::Object(members)) => config_of(members),
            Some(other) => Err(wrong_type("a map of texts", &other)),
        }
    }

    /// The body of `POST /connectors`.
    pub fn create_request(self) -> Result<CreateConnectorRequest, ApiError> {
        let mut members = match self.0 {
            None => return Err(ApiError::internal("the request has no body")),
            Some(Value::Object(members)) => members,
            Some(other) => return Err(wrong_type("an object with name and config", &other)),
        };
        let name = match members.remove("name") {
            None | Some(Value::Null) => String::new(),
            Some(name) => text_of("name", name)?.unwrap_or_default().trim().to_owned(),
        };
        let config = match members.remove("config") {
            None | Some(Value::Null) => Err(ApiError::internal(NO_CONFIG)),
            Some(Value::Object(config)) => config_of(config),
            Some(other) => Err(wrong_type("a map of texts as config", &other)),
        };
        let initial_state = match members.remove("initial_state") {
            None | Some(Value::Null) => TargetState::default(),
            Some(state) => state
                .as_str()
                .and_then(TargetState::from_initial_state)
                .ok_or_else(|| {
                    ApiError::internal(format!(
                        "initial_state {state} is none of RUNNING, PAUSED, STOPPED"
                    ))
                })?,
        };
        if let Some(unknown) = members.keys().next() {
            return Err(unrecognized_field(
                unknown,
                &["config", "name", "initial_state"],
            ));
        }
        Ok(CreateConnectorRequest {
            name,
            config: config?,
            initial_state,
        })
    }
}

/// What `POST /connectors` asks for.
pub struct CreateConnectorRequest {
    pub name: String,
    pub config: RawConfig,
    pub initial_state: TargetState,
}

fn config_of(members: Map<String, Value>) -> Result<RawConfig, ApiError> {
    members
        .into_iter()
        .map(|(key, value)| {
            let text = text_of(&key, value)?;
            Ok((key, text))
        })
        .collect()
}

/// Scalars become their text.
fn text_of(key: &str, value: Value) -> Result<Option<String>, ApiError> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text)),
        Value::Bool(_) | Value::Number(_) => Ok(Some(value.to_string())),
        // The value is not shown: it may hold a secret.
        Value::Array(_) => Err(ApiError::internal(format!(
            "Cannot deserialize value of type `java.lang.String` from Array value of \"{key}\""
        ))),
        Value::Object(_) => Err(ApiError::internal(format!(
            "Cannot deserialize value of type `java.lang.String` from Object value of \"{key}\""
        ))),
    }
}

/// A member that nothing reads; the beginning is what clients may know.
pub fn unrecognized_field(field: &str, known: &[&str]) -> ApiError {
    let count = match known.len() {
        1 => "one known property".to_owned(),
        count => format!("{count} known properties"),
    };
    let known: Vec<String> = known.iter().map(|name| format!("\"{name}\"")).collect();
    ApiError::internal(format!(
        "Unrecognized field \"{field}\", not marked as ignorable ({count}: {})",
        known.join(", ")
    ))
}

fn wrong_type(expected: &str, got: &Value) -> ApiError {
    let kind = match got {
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
        Value::String(_) => "a string",
        Value::Number(_) => "a number",
        Value::Bool(_) => "a boolean",
        Value::Null => "null",
    };
    ApiError::internal(format!(
        "Cannot deserialize the request: expected {expected}, got {kind}"
    ))
}
