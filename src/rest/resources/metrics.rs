//! `/metrics`: everything that is counted, for Prometheus.

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use super::{Parameters, parameter};
use crate::metrics::{self, Naming, families};
use crate::rest::AppState;
use crate::rest::error::ApiError;

/// `?names=strimzi` or `?names=confluent` leaves out the other family of names.
pub async fn get(State(state): State<AppState>, query: Parameters) -> Result<Response, ApiError> {
    let naming = match parameter(&query, "names").as_deref() {
        Some("strimzi") => Naming::Strimzi,
        Some("confluent") => Naming::Confluent,
        _ => Naming::Both,
    };
    let snapshot = state.herder.metrics().await?;
    let text = metrics::encode(&families(&snapshot, naming));
    Ok(([(CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response())
}
