//! `/turnbuckle`: what Kafka's API has no place for.

use axum::Json;
use axum::extract::{Path, State};
use data_plane::clock::{Clock, SystemClock};
use serde_json::{Value, json};

use super::connectors::task_number;
use crate::rest::AppState;
use crate::rest::error::ApiError;

/// What a task is at: its phase, and if that is one that should end, since when (milliseconds since the epoch) and why;
/// the bytes it has in flight.
pub async fn task(
    State(state): State<AppState>,
    Path((name, task)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    let report = state.herder.task_phase(&name, task_number(&task)?).await?;
    let since = report.phase.since().map(|since| {
        let elapsed = SystemClock
            .now()
            .saturating_duration_since(since)
            .as_millis();
        SystemClock
            .unix_ms()
            .saturating_sub(i64::try_from(elapsed).unwrap_or(i64::MAX))
    });
    Ok(Json(json!({
        "phase": report.phase.name(),
        "since": since,
        "why": report.why,
        "bytes_in_flight": report.bytes_in_flight,
    })))
}
