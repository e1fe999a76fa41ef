//! `ttl.ms`: how long what a provider of files gave may be used before it is looked up again.
//!
//! Kafka has the mechanism and no provider that uses it; this parameter is ours.

use std::time::Duration;

use connect_api::config::{Check, Config, ConfigReader, Importance, Key, Parsed, invalid_value};

use super::ProviderError;

pub const TTL_MS: Key<i64> = Key::new(
    "ttl.ms",
    "0",
    Importance::Low,
    "After how many milliseconds a connector that uses a value is restarted with what the file says then; 0 never. \
     Not a parameter of Kafka's.",
)
.check(Check::Custom(never_or_not_too_often));

const SHORTEST: i64 = 1000;

fn never_or_not_too_often(key: &str, value: Option<&Parsed>) -> Vec<String> {
    match value {
        Some(&Parsed::Int(ms)) if ms != 0 && ms < SHORTEST => {
            let why = format!("Value must be 0 or at least {SHORTEST}");
            vec![invalid_value(key, &ms.to_string(), &why)]
        }
        _ => Vec::new(),
    }
}

/// None: for ever.
///
/// # Errors
/// It is no number, or too short.
pub fn ttl(config: &Config) -> Result<Option<Duration>, ProviderError> {
    let reader = ConfigReader::new(config);
    let ms = reader.get(&TTL_MS);
    reader
        .finish(())
        .map_err(|errors| ProviderError::config(errors.to_string()))?;
    let ms = u64::try_from(ms).unwrap_or_default();
    Ok((ms > 0).then(|| Duration::from_millis(ms)))
}
