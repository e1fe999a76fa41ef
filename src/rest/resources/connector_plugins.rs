//! `/connector-plugins`.

use axum::Json;
use axum::extract::{Path, State};
use serde_json::Value;

use super::{Parameters, flag, parameter};
use crate::config::connector::CONNECTOR_CLASS;
use crate::herder::HerderError;
use crate::plugins::Kind;
use crate::rest::AppState;
use crate::rest::body::JsonBody;
use crate::rest::entities;
use crate::rest::error::ApiError;

pub async fn list(State(state): State<AppState>, parameters: Parameters) -> Json<Vec<Value>> {
    let connectors_only = flag(&parameters, "connectorsOnly").unwrap_or(true);
    let plugins = state.herder.worker().plugins.all().iter();
    Json(
        plugins
            .filter(|plugin| !connectors_only || Kind::of(plugin) == Kind::Sink)
            .map(|plugin| entities::plugin(plugin))
            .collect(),
    )
}

pub async fn keys(
    State(state): State<AppState>,
    Path(name): Path<String>,
    parameters: Parameters,
) -> Result<Json<Vec<Value>>, ApiError> {
    let version = parameter(&parameters, "version");
    let keys = state.herder.plugin_keys(&name, version.as_deref())?;
    Ok(Json(keys.iter().map(entities::definition).collect()))
}

pub async fn validate(
    State(state): State<AppState>,
    Path(name): Path<String>,
    body: JsonBody,
) -> Result<Json<Value>, ApiError> {
    let config = body.config()?;
    if let Some(Some(class)) = config.get(CONNECTOR_CLASS.name())
        && !short(class).ends_with(short(&name))
    {
        return Err(ApiError::bad_request(format!(
            "Included connector type {class} does not match request type {name}"
        )));
    }
    match state.herder.validate(&config).await {
        Ok(infos) => Ok(Json(entities::config_infos(&infos))),
        // Kafka names the exception here, and only here.
        Err(HerderError::Provider(error)) => {
            Err(ApiError::internal(format!("{}: {error}", error.exception)))
        }
        Err(error) => Err(error.into()),
    }
}

fn short(class: &str) -> &str {
    class.strip_suffix("Connector").unwrap_or(class)
}
