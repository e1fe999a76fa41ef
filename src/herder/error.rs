//! Why the herder refuses, by what it means to the one who asked.

use crate::providers::ProviderError;

/// The text is Kafka's where clients compare it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HerderError {
    #[error("{0}")]
    NotFound(String),
    #[error("{0}")]
    BadRequest(String),
    /// The class of a configuration is no connector.
    #[error("{0}")]
    UnknownConnectorClass(String),
    #[error("{0}")]
    AlreadyExists(String),
    #[error("{0}")]
    Forbidden(String),
    #[error("{0}")]
    Internal(String),
    /// A reference of a configuration cannot be resolved.
    #[error(transparent)]
    Provider(#[from] ProviderError),
}

impl HerderError {
    pub fn connector_not_found(name: &str) -> Self {
        Self::NotFound(format!("Connector {name} not found"))
    }

    /// `stage` is a sentence about what the worker is at.
    pub fn timed_out(stage: Option<String>) -> Self {
        Self::Internal(match stage {
            Some(stage) => format!("Request timed out. {stage}"),
            None => "Request timed out".to_owned(),
        })
    }

    pub fn shutting_down() -> Self {
        Self::Internal("Worker is shutting down".to_owned())
    }
}
