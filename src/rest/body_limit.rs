//! What the body of a request may cost: its size, the time it takes, and the memory of all that arrive at once.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{CONNECTION, CONTENT_LENGTH};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::Body as _;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::error::ApiError;
use crate::config::rest::Limits;

/// What bodies may take together, if one alone may not take more.
const ALL_BODIES_BYTES: usize = 64 * 1024 * 1024;

#[derive(Clone)]
pub struct BodyLimit {
    limits: Limits,
    memory: Arc<Semaphore>,
}

impl BodyLimit {
    pub fn new(limits: Limits) -> Self {
        let memory = Semaphore::new(ALL_BODIES_BYTES.max(limits.body_bytes));
        Self {
            limits,
            memory: Arc::new(memory),
        }
    }
}

/// Hands on requests with their whole body. Runs where a resource will be asked, so after its guards.
pub async fn read(State(limit): State<BodyLimit>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    if body.is_end_stream() {
        return next.run(Request::from_parts(parts, Body::empty())).await;
    }
    let most = limit.limits.body_bytes;
    let told = parts.headers.get(CONTENT_LENGTH);
    let told = told.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if told.is_some_and(|length| length > most) {
        return too_large(most);
    }
    // Without a length it may become the largest one.
    let bytes = u32::try_from(told.unwrap_or(most)).unwrap_or(u32::MAX);
    let all = async {
        let room = limit.memory.acquire_many(bytes).await;
        (room, Limited::new(body, most).collect().await)
    };
    let Ok((_room, read)) = timeout(limit.limits.idle, all).await else {
        let ms = limit.limits.idle.as_millis();
        let status = StatusCode::REQUEST_TIMEOUT;
        return refused(
            status,
            format!("The request's body did not arrive within {ms} ms"),
        );
    };
    match read {
        Ok(read) => {
            let body = Body::from(read.to_bytes());
            next.run(Request::from_parts(parts, body)).await
        }
        Err(error) if error.is::<LengthLimitError>() => too_large(most),
        Err(_) => refused(StatusCode::BAD_REQUEST, "The request's body is cut off"),
    }
}

fn too_large(most: usize) -> Response {
    let status = StatusCode::PAYLOAD_TOO_LARGE;
    refused(
        status,
        format!("The request's body is larger than {most} bytes (rest.body.max.bytes)"),
    )
}

/// What is left of the body is not worth reading.
fn refused(status: StatusCode, message: impl Into<String>) -> Response {
    let mut response = ApiError::new(status, message).into_response();
    let close = HeaderValue::from_static("close");
    response.headers_mut().insert(CONNECTION, close);
    response
}
