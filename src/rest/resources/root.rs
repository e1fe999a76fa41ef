//! `/` and `/health`.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::rest::AppState;
use crate::version;

const HEALTH_TIMEOUT: Duration = Duration::from_secs(10);

pub async fn server_info(State(state): State<AppState>) -> Json<Value> {
    Json(json!({
        "version": version::WORKER,
        "commit": version::COMMIT,
        "kafka_cluster_id": state.kafka_cluster_id,
    }))
}

/// Healthy is: the connectors of the command line were created, and the herder answers.
pub async fn health(State(mut state): State<AppState>) -> Response {
    let answered = timeout(HEALTH_TIMEOUT, async {
        let started = state.started.wait_for(|started| *started).await.is_ok();
        started && state.herder.ping().await.is_ok()
    });
    let (code, status, message) = match answered.await {
        Ok(true) => (
            StatusCode::OK,
            "healthy",
            "Worker has completed startup and is ready to handle requests.".to_owned(),
        ),
        // A worker of the JVM tells no stage here.
        _ if !*state.started.borrow() => (
            StatusCode::SERVICE_UNAVAILABLE,
            "starting",
            "Worker is still starting up.".to_owned(),
        ),
        _ => {
            let why = "Worker was unable to handle this request and may be unable to handle other requests.";
            let message = match state.herder.stage() {
                Some(stage) => format!("{why} {stage}"),
                None => why.to_owned(),
            };
            (StatusCode::INTERNAL_SERVER_ERROR, "unhealthy", message)
        }
    };
    (code, Json(json!({"status": status, "message": message}))).into_response()
}
