//! `/connectors/{name}/topics`: the topics that a connector's tasks have got records of.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use crate::rest::AppState;
use crate::rest::error::ApiError;

pub async fn list(
    State(state): State<AppState>,
    Path(name): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let topics = state.herder.topics(&name).await?;
    let mut body = Map::new();
    body.insert(name, json!({"topics": topics}));
    Ok(Json(Value::Object(body)))
}

pub async fn reset(
    State(state): State<AppState>,
    Path(name): Path<String>,
) -> Result<StatusCode, ApiError> {
    state.herder.reset_topics(&name).await?;
    Ok(StatusCode::ACCEPTED)
}
