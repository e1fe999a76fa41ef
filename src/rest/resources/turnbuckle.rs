//! `/turnbuckle`: what Kafka's API has no place for.

use axum::Json;
use axum::extract::{Path, State};
use data_plane::clock::{Clock, SystemClock};
use data_plane::task::Phase;
use data_plane::task::error_text;
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
    let since = match report.phase {
        Phase::Redelivering { since }
        | Phase::WaitingForTarget { since }
        | Phase::WaitingForKafka { since }
        | Phase::WaitingForRegistry { since } => {
            let elapsed = SystemClock
                .now()
                .saturating_duration_since(since)
                .as_millis();
            Some(
                SystemClock
                    .unix_ms()
                    .saturating_sub(i64::try_from(elapsed).unwrap_or(i64::MAX)),
            )
        }
        Phase::Running | Phase::Paused | Phase::Stopping => None,
    };
    Ok(Json(json!({
        "phase": report.phase.name(),
        "since": since,
        "why": report.why.as_ref().map(error_text),
        "bytes_in_flight": report.bytes_in_flight,
    })))
}
