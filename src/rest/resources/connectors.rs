//! `/connectors`.

use std::fmt::Write as _;

use axum::extract::{Path, State};
use axum::http::header::{HOST, LOCATION};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde_json::{Map, Value};

use super::{Parameters, flag, values};
use crate::config::TargetState;
use crate::config::rest::Scheme;
use crate::herder::command::{ConfigureMode, Configured, RestartScope};
use crate::herder::validation::RawConfig;
use crate::rest::AppState;
use crate::rest::body::JsonBody;
use crate::rest::entities::{self, InstanceState};
use crate::rest::error::ApiError;

type Answer = Result<Response, ApiError>;

pub async fn list(State(state): State<AppState>, parameters: Parameters) -> Answer {
    let expand = values(&parameters, "expand");
    if expand.is_empty() {
        return Ok(Json(state.herder.names().await?).into_response());
    }
    let (wants_info, wants_status) = (
        expand.iter().any(|e| e == "info"),
        expand.iter().any(|e| e == "status"),
    );
    let mut all = Map::new();
    for (name, (info, status)) in state.herder.all().await? {
        let mut entry = Map::new();
        if wants_info {
            entry.insert("info".to_owned(), entities::connector_info(&info));
        }
        match status {
            Some(status) if wants_status => {
                entry.insert("status".to_owned(), entities::connector_status(&status));
            }
            // A connector that has not reported yet is left out if its status was asked for.
            None if wants_status => continue,
            _ => {}
        }
        all.insert(name, Value::Object(entry));
    }
    Ok(Json(all).into_response())
}

pub async fn create(
    State(state): State<AppState>,
    scheme: Extension<Scheme>,
    headers: HeaderMap,
    body: JsonBody,
) -> Answer {
    let request = body.create_request()?;
    let mode = ConfigureMode::Create(request.initial_state);
    let configured = state
        .herder
        .configure(&request.name, request.config, mode)
        .await?;
    Ok(configured_answer(*scheme, &headers, &configured))
}

pub async fn info(State(state): State<AppState>, Path(name): Path<String>) -> Answer {
    let info = state.herder.info(&name).await?;
    Ok(Json(entities::connector_info(&info)).into_response())
}

pub async fn config(State(state): State<AppState>, Path(name): Path<String>) -> Answer {
    let info = state.herder.info(&name).await?;
    Ok(Json(entities::config(&info.config)).into_response())
}

pub async fn put_config(
    State(state): State<AppState>,
    Path(name): Path<String>,
    scheme: Extension<Scheme>,
    headers: HeaderMap,
    body: JsonBody,
) -> Answer {
    let config = body.config()?;
    let configured = state
        .herder
        .configure(&name, config, ConfigureMode::CreateOrUpdate)
        .await?;
    Ok(configured_answer(*scheme, &headers, &configured))
}

/// Merges the body over the present configuration; a null removes a key.
pub async fn patch_config(
    State(state): State<AppState>,
    Path(name): Path<String>,
    scheme: Extension<Scheme>,
    headers: HeaderMap,
    body: JsonBody,
) -> Answer {
    let patch = body.config()?;
    let present = state.herder.info(&name).await?.config;
    let mut merged: RawConfig = present
        .iter()
        .map(|(k, v)| (k.to_owned(), Some(v.to_owned())))
        .collect();
    for (key, value) in patch {
        match value {
            Some(value) => merged.insert(key, Some(value)),
            None => merged.remove(&key),
        };
    }
    let configured = state
        .herder
        .configure(&name, merged, ConfigureMode::Update)
        .await?;
    Ok(configured_answer(*scheme, &headers, &configured))
}

pub async fn delete(State(state): State<AppState>, Path(name): Path<String>) -> Answer {
    state.herder.delete(&name).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub async fn status(State(state): State<AppState>, Path(name): Path<String>) -> Answer {
    let status = state.herder.status(&name).await?;
    Ok(Json(entities::connector_status(&status)).into_response())
}

pub async fn tasks(State(state): State<AppState>, Path(name): Path<String>) -> Answer {
    let tasks = state.herder.tasks(&name).await?;
    Ok(Json(entities::tasks(&name, &tasks)).into_response())
}

pub async fn task_status(
    State(state): State<AppState>,
    Path((name, task)): Path<(String, String)>,
) -> Answer {
    let task = task_number(&task)?;
    let status = state.herder.task_status(&name, task).await?;
    Ok(Json(InstanceState::task(task, &status)).into_response())
}

pub async fn pause(State(state): State<AppState>, Path(name): Path<String>) -> Answer {
    state.herder.set_target(&name, TargetState::Paused).await?;
    Ok(StatusCode::ACCEPTED.into_response())
}

pub async fn resume(State(state): State<AppState>, Path(name): Path<String>) -> Answer {
    state.herder.set_target(&name, TargetState::Started).await?;
    Ok(StatusCode::ACCEPTED.into_response())
}

pub async fn stop(State(state): State<AppState>, Path(name): Path<String>) -> Answer {
    state.herder.set_target(&name, TargetState::Stopped).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Without flags only the connector itself, and no body.
pub async fn restart(
    State(state): State<AppState>,
    Path(name): Path<String>,
    parameters: Parameters,
) -> Answer {
    let scope = RestartScope {
        include_tasks: flag(&parameters, "includeTasks").unwrap_or(false),
        only_failed: flag(&parameters, "onlyFailed").unwrap_or(false),
    };
    let status = state.herder.restart(&name, scope).await?;
    if scope == RestartScope::default() {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    Ok((
        StatusCode::ACCEPTED,
        Json(entities::connector_status(&status)),
    )
        .into_response())
}

pub async fn restart_task(
    State(state): State<AppState>,
    Path((name, task)): Path<(String, String)>,
) -> Answer {
    state
        .herder
        .restart_task(&name, task_number(&task)?)
        .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// A segment that is no number makes the path an unknown one.
pub fn task_number(segment: &str) -> Result<i64, ApiError> {
    segment
        .parse::<i32>()
        .map(i64::from)
        .map_err(|_| ApiError::no_such_path())
}

fn configured_answer(scheme: Scheme, headers: &HeaderMap, configured: &Configured) -> Response {
    let body = Json(entities::connector_info(&configured.info));
    if !configured.created {
        return body.into_response();
    }
    let location = location(scheme, headers, &configured.info.name);
    (StatusCode::CREATED, [(LOCATION, location)], body).into_response()
}

/// The connector's address, under scheme and host that the client used.
fn location(scheme: Scheme, headers: &HeaderMap, name: &str) -> String {
    let host = headers
        .get(HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or("localhost");
    let mut location = format!("{}://{host}/connectors/", scheme.name());
    for byte in name.bytes() {
        let is_plain = byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(&byte);
        if is_plain {
            location.push(char::from(byte));
        } else {
            let _ = write!(location, "%{byte:02X}");
        }
    }
    location
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_location_is_encoded_as_kafka_does() {
        let headers = HeaderMap::from_iter([(HOST, axum::http::HeaderValue::from_static("h:1"))]);
        for (name, expected) in [
            ("plain", "plain"),
            ("audit trail", "audit%20trail"),
            ("why?now&then=#1", "why%3Fnow&then=%231"),
            ("in/out", "in%2Fout"),
            ("50%off", "50%25off"),
            ("a+b;c:d", "a+b;c:d"),
            ("жур", "%D0%B6%D1%83%D1%80"),
        ] {
            assert_eq!(
                location(Scheme::Http, &headers, name),
                format!("http://h:1/connectors/{expected}")
            );
        }
    }
}
