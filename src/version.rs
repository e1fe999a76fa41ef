//! Versions that others see.

/// `version` of `GET /`: the Kafka whose behaviour this is, then ours. Tools read the front as a semantic version.
pub const WORKER: &str = concat!("4.3.1-turnbuckle.", env!("CARGO_PKG_VERSION"));

/// `commit` of `GET /`.
pub const COMMIT: &str = match option_env!("TURNBUCKLE_COMMIT") {
    Some(commit) => commit,
    None => "unknown",
};
