//! Errors as clients see them: `{"error_code": …, "message": …}`.

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::{ALLOW, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::herder::HerderError;

/// An error raised by a resource.
#[derive(Debug)]
pub struct ApiError {
    status: StatusCode,
    message: String,
}

#[derive(Serialize)]
struct ErrorMessage<'a> {
    error_code: u16,
    message: &'a str,
}

impl ApiError {
    pub fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
        }
    }

    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, message)
    }

    /// A path segment that should be a number and is none is an unknown path.
    pub fn no_such_path() -> Self {
        Self::new(StatusCode::NOT_FOUND, "HTTP 404 Not Found")
    }
}

impl From<HerderError> for ApiError {
    fn from(error: HerderError) -> Self {
        let status = match &error {
            HerderError::NotFound(_) => StatusCode::NOT_FOUND,
            HerderError::BadRequest(_) | HerderError::UnknownConnectorClass(_) => {
                StatusCode::BAD_REQUEST
            }
            HerderError::AlreadyExists(_) => StatusCode::CONFLICT,
            HerderError::Forbidden(_) => StatusCode::FORBIDDEN,
            HerderError::Internal(_) | HerderError::Provider(_) => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
        };
        Self::new(status, error.to_string())
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = ErrorMessage {
            error_code: self.status.as_u16(),
            message: &self.message,
        };
        (self.status, Json(body)).into_response()
    }
}

/// An error of routing: the same body, but without a `Content-Type`, as Kafka's framework answers it.
pub fn routing_error(status: StatusCode) -> Response {
    let reason = status.canonical_reason().unwrap_or_default();
    let message = format!("HTTP {} {reason}", status.as_u16());
    let mut response = ApiError::new(status, message).into_response();
    response.headers_mut().remove(CONTENT_TYPE);
    response
}

pub async fn not_found() -> Response {
    routing_error(StatusCode::NOT_FOUND)
}

pub async fn method_not_allowed() -> Response {
    routing_error(StatusCode::METHOD_NOT_ALLOWED)
}

/// Kafka's 405 does not say what would be allowed; routing here would add it.
pub async fn without_allow(mut response: Response) -> Response {
    if response.status() == StatusCode::METHOD_NOT_ALLOWED {
        response.headers_mut().remove(ALLOW);
    }
    response
}
