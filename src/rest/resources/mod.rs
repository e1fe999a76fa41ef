//! One module for each resource class of Kafka.

pub mod connector_plugins;
pub mod connectors;
pub mod internal;
pub mod loggers;
pub mod metrics;
pub mod offsets;
pub mod root;
pub mod topics;
pub mod turnbuckle;

use axum::extract::Query;
use axum::extract::rejection::QueryRejection;

/// Query parameters, repeated ones included. A query that is none counts as empty.
pub type Parameters = Result<Query<Vec<(String, String)>>, QueryRejection>;

/// The last value of a parameter.
fn parameter(parameters: &Parameters, name: &str) -> Option<String> {
    values(parameters, name).pop()
}

fn values(parameters: &Parameters, name: &str) -> Vec<String> {
    let Ok(Query(all)) = parameters else {
        return Vec::new();
    };
    all.iter()
        .filter(|(key, _)| key == name)
        .map(|(_, value)| value.clone())
        .collect()
}

/// Anything but `true` is false, as `Boolean.parseBoolean` has it.
fn flag(parameters: &Parameters, name: &str) -> Option<bool> {
    parameter(parameters, name).map(|text| text.eq_ignore_ascii_case("true"))
}
