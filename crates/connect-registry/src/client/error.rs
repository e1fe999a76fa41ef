//! [`RestError`]: why the registry gave no schema, by who must act.

use std::time::Duration;

use connect_api::error::exception;
use connect_api::{ConnectError, ErrorClass};

pub const NETWORK: &str = "org.apache.kafka.common.errors.NetworkException";
const REST_CLIENT: &str =
    "io.confluent.kafka.schemaregistry.client.rest.exceptions.RestClientException";

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RestError {
    /// Nobody answers, or who answers cannot serve now. It passes.
    Away {
        why: String,
        /// The registry's own word (`Retry-After`).
        again_after: Option<Duration>,
    },
    /// The registry refuses what a record asks for: an unknown id, a schema it does not take.
    Refused { code: i64, message: String },
    /// Credentials or permissions; with advice.
    Denied(String),
    /// Something in the configuration; with advice.
    Config(String),
}

impl RestError {
    pub fn away(why: impl Into<String>) -> Self {
        RestError::Away {
            why: why.into(),
            again_after: None,
        }
    }

    /// Whether another registry of the list may do better.
    pub fn passes(&self) -> bool {
        matches!(self, RestError::Away { .. })
    }

    /// As the exception of the original's client.
    pub fn into_error(self) -> ConnectError {
        match self {
            RestError::Away { why, .. } => ConnectError::new(ErrorClass::Unavailable, NETWORK, why),
            RestError::Refused { code, message } => {
                ConnectError::record(REST_CLIENT, format!("{message}; error code: {code}"))
            }
            RestError::Denied(why) => ConnectError::denied(why).named(exception::CONFIG),
            RestError::Config(why) => ConnectError::config(why),
        }
    }
}
