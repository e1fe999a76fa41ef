//! The providers that a worker's properties name, and the references in those properties themselves.

use connect_api::config::Config;

use super::{ProviderError, Providers, Secrets, Unresolved, Variables};
use crate::config::layers::WorkerProperties;
use crate::config::topics::names;
use crate::config::worker_keys::CONFIG_PROVIDERS;

/// What came of the worker's properties.
pub struct WorkerProviders {
    /// With references resolved; origins are those of the references.
    pub properties: WorkerProperties,
    pub secrets: Secrets,
    pub unresolved: Vec<Unresolved>,
    /// What the configurations of connectors may refer to.
    pub providers: Providers,
}

/// Makes the providers and resolves the worker's own references, once. Reads files.
///
/// # Errors
/// The key at fault, and a provider that is unknown, is configured wrongly or cannot give what it is asked for.
pub fn resolve_worker(
    properties: &WorkerProperties,
    variables: &Variables,
) -> Result<WorkerProviders, (String, ProviderError)> {
    let written = &properties.config;
    let list = written.get(CONFIG_PROVIDERS.name()).unwrap_or_default();
    // In its own file a worker of the JVM takes the names as they stand, so a blank before one hides it.
    let own = list.split(',').map(str::to_owned).collect();
    let providers = make(own, written, variables)?;
    let resolved = providers
        .resolve(written)
        .map_err(|error| (String::new(), error))?;
    let of_connectors = names(
        resolved
            .config
            .get(CONFIG_PROVIDERS.name())
            .unwrap_or_default(),
    );
    Ok(WorkerProviders {
        providers: make(of_connectors, &resolved.config, variables)?,
        properties: properties.with_values(resolved.config),
        secrets: resolved.secrets,
        unresolved: resolved.unresolved,
    })
}

/// Names without a class are left out: references to them stay as they are.
fn make(
    aliases: Vec<String>,
    config: &Config,
    variables: &Variables,
) -> Result<Providers, (String, ProviderError)> {
    let mut providers = Providers::default();
    for alias in aliases {
        let key = format!("{}.{alias}.class", CONFIG_PROVIDERS.name());
        let Some(name) = config.get(&key) else {
            continue;
        };
        let prefix = format!("{}.{alias}.param.", CONFIG_PROVIDERS.name());
        providers
            .configure(&alias, name.trim(), &config.with_prefix(&prefix), variables)
            .map_err(|error| (key, error))?;
    }
    Ok(providers)
}
