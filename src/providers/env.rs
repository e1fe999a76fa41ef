//! `EnvVarConfigProvider`: `${env:NAME}`.

use connect_api::config::{Config, ConfigDef, Importance, Key, invalid_value};
use data_plane::kafka::TopicPattern;

use super::{Provider, ProviderClass, ProviderError, Values, Variables};

pub const ALLOWLIST_PATTERN: Key<Option<String>> = Key::optional(
    "allowlist.pattern",
    Importance::Low,
    "Regular expression that must match the whole name of a variable that may be read; all may if unset.",
);

pub const CLASS: ProviderClass = ProviderClass {
    class: "org.apache.kafka.common.config.provider.EnvVarConfigProvider",
    reference: "${env:NAME}",
    doc: "An environment variable of the worker, as it was when the worker started.",
    config_def: || ConfigDef::new().define(&ALLOWLIST_PATTERN),
    new,
};

fn new(config: &Config, variables: &Variables) -> Result<Provider, ProviderError> {
    let mut variables = variables.clone();
    if let Some(text) = config.get(ALLOWLIST_PATTERN.name()) {
        let pattern = TopicPattern::new(text).map_err(|why| not_a_pattern(text, &why))?;
        variables.retain(|name, _| pattern.matches(name));
    }
    Ok(Provider::Env(EnvVarConfigProvider { variables }))
}

fn not_a_pattern(text: &str, why: &str) -> ProviderError {
    ProviderError {
        exception: "java.util.regex.PatternSyntaxException",
        message: invalid_value(ALLOWLIST_PATTERN.name(), text, why),
    }
}

pub struct EnvVarConfigProvider {
    /// Those that are allowed.
    variables: Variables,
}

impl EnvVarConfigProvider {
    pub fn get(&self, path: &str, wanted: impl Fn(&str) -> bool) -> Result<Values, ProviderError> {
        if !path.is_empty() {
            return Err(ProviderError::config(format!(
                "Path is not supported for EnvVarConfigProvider, invalid value '{path}'"
            )));
        }
        let mut values = self.variables.clone();
        values.retain(|name, _| wanted(name));
        Ok(values)
    }
}
