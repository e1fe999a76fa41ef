//! `/admin/loggers`: how much the log says.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use data_plane::clock::{Clock, SystemClock};
use serde_json::{Value, json};
use tracing::{info, warn};

use super::{Parameters, values};
use crate::logging::{Level, LoggerLevel, Loggers, NotSet};
use crate::rest::AppState;
use crate::rest::body::JsonBody;
use crate::rest::error::ApiError;

type Answer = Result<Response, ApiError>;

/// Which workers a level is set for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    Worker,
    Cluster,
}

pub async fn list(State(state): State<AppState>) -> Json<Value> {
    let all = state.loggers.all();
    let all = all
        .into_iter()
        .map(|(name, logger)| (name, logger_level(logger)));
    Json(Value::Object(all.collect()))
}

pub async fn get(State(state): State<AppState>, Path(name): Path<String>) -> Answer {
    let logger = state.loggers.level(&name);
    let logger = logger.ok_or_else(|| not_found(format!("Logger {name} not found.")))?;
    Ok(Json(logger_level(logger)).into_response())
}

/// A cluster of one is this worker; only the answer differs.
pub async fn set(
    State(state): State<AppState>,
    Path(name): Path<String>,
    parameters: Parameters,
    body: JsonBody,
) -> Answer {
    let level = wanted(body)?;
    let scope = scope(&parameters);
    info!(
        "Setting level of namespace {name} and children to {level}",
        level = level.name()
    );
    if !Loggers::has_effect(&name) {
        warn!(
            logger = name,
            "there is no logger of this name here, so its level changes nothing; docs/logging.md lists those there are"
        );
    }
    let changed = state.loggers.set(&name, level, SystemClock.unix_ms());
    let changed = changed.map_err(|why| match why {
        NotSet::TooMany => ApiError::bad_request(why.to_string()),
        NotSet::Ended => ApiError::internal(why.to_string()),
    })?;
    Ok(match scope {
        Scope::Worker => Json(changed).into_response(),
        Scope::Cluster => StatusCode::NO_CONTENT.into_response(),
    })
}

fn wanted(body: JsonBody) -> Result<Level, ApiError> {
    if body.0.is_none() {
        return Err(ApiError::internal(
            "Cannot invoke \"java.util.Map.get(Object)\" because \"levelMap\" is null",
        ));
    }
    let mut members = body.config()?.into_iter();
    let level = members.find_map(|(key, level)| level.filter(|_| key == "level"));
    let Some(level) = level else {
        return Err(ApiError::bad_request(
            "Desired 'level' parameter was not specified in request.",
        ));
    };
    if level.is_empty() {
        return Err(ApiError::internal("Illegal null or empty Level name."));
    }
    Level::parse(&level).ok_or_else(|| not_found(format!("invalid log level '{level}'.")))
}

/// An unknown scope is that of the worker, as in Kafka.
fn scope(parameters: &Parameters) -> Scope {
    let given = values(parameters, "scope");
    match given.first().map(|scope| scope.to_ascii_lowercase()) {
        None => Scope::Worker,
        Some(scope) if scope == "worker" => Scope::Worker,
        Some(scope) if scope == "cluster" => Scope::Cluster,
        Some(scope) => {
            warn!(
                "Received invalid scope '{}' in request to adjust logging level; will default to worker",
                // A line end in it must not begin a line of its own.
                scope.escape_debug()
            );
            Scope::Worker
        }
    }
}

/// Two members and no more: operators read it into a closed type.
fn logger_level(logger: LoggerLevel) -> Value {
    json!({"level": logger.level.name(), "last_modified": logger.last_modified})
}

fn not_found(message: String) -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, message)
}
