//! Configuration providers: what `${provider:[path:]key}` stands for.
//!
//! Parsing a configuration does no I/O, so resolving references is a step of its own before it. What is stored and
//! shown is always the text with its references; what they stand for lives in a [`Resolved`] for the moment of a
//! start or a validation, and its [`Secrets`] keep it out of texts that people read.
//!
//! The providers are Apache Kafka's own three. What those of files gave may have a time to live ([`ttl`]), which
//! Kafka's never have; when it is over the herder restarts the connector, unless `config.action.reload` says `none`.

mod allowed_paths;
mod directory;
mod env;
mod file;

mod resolve;
mod secrets;
mod ttl;
mod worker;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use connect_api::ConnectError;
use connect_api::config::{Config, ConfigDef, invalid_value};

use self::directory::DirectoryConfigProvider;
use self::env::EnvVarConfigProvider;
use self::file::FileConfigProvider;
pub use self::resolve::{Resolved, Unresolved, restore};
pub use self::secrets::{Secrets, hide_in_log};
pub use self::worker::{WorkerProviders, resolve_worker};
use crate::config::worker_keys::CONFIG_PROVIDERS;

/// Environment variables by name.
pub type Variables = BTreeMap<String, String>;

/// What a provider has under a path, by key.
pub type Values = BTreeMap<String, String>;

/// Names the references that stay as they are: nearly always a slip, and silent in Kafka.
pub fn warn_unresolved(of: &str, unresolved: &[Unresolved]) {
    for Unresolved { key, reference } in unresolved {
        tracing::warn!(
            of,
            key,
            reference,
            "no configuration provider has this; the value keeps the text as it is"
        );
    }
}

/// A provider that cannot give what it is asked for, or that cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ProviderError {
    /// The JVM's exception.
    pub exception: &'static str,
    pub message: String,
}

impl ProviderError {
    fn config(message: impl Into<String>) -> Self {
        Self {
            exception: connect_api::error::exception::CONFIG,
            message: message.into(),
        }
    }
}

impl From<ProviderError> for ConnectError {
    fn from(error: ProviderError) -> Self {
        ConnectError::config(error.message).named(error.exception)
    }
}

/// One class of providers: its name and what may stand behind `config.providers.<alias>.param.`.
pub struct ProviderClass {
    pub class: &'static str,
    /// How a reference to it looks, for documentation.
    pub reference: &'static str,
    pub doc: &'static str,
    pub config_def: fn() -> ConfigDef,
    new: fn(&Config, &Variables) -> Result<Provider, ProviderError>,
}

/// Every class there is.
pub const CLASSES: &[ProviderClass] = &[file::CLASS, directory::CLASS, env::CLASS];

impl ProviderClass {
    /// Full class name, simple name, or simple name without `ConfigProvider`.
    pub fn answers_to(&self, name: &str) -> bool {
        let simple = self.class.rsplit('.').next().unwrap_or(self.class);
        [
            Some(self.class),
            Some(simple),
            simple.strip_suffix("ConfigProvider"),
        ]
        .contains(&Some(name))
    }

    pub fn find(name: &str) -> Option<&'static ProviderClass> {
        CLASSES.iter().find(|class| class.answers_to(name))
    }
}

/// A provider that is configured.
enum Provider {
    File(FileConfigProvider),
    Directory(DirectoryConfigProvider),
    Env(EnvVarConfigProvider),
}

impl Provider {
    /// The values of these keys under a path, of all if none are named. What is not there is left out.
    fn get(&self, path: &str, keys: Option<&BTreeSet<&str>>) -> Result<Values, ProviderError> {
        let wanted = |key: &str| keys.is_none_or(|keys| keys.contains(key));
        match self {
            Provider::File(file) => file.get(path, wanted),
            Provider::Directory(directory) => directory.get(path, wanted),
            Provider::Env(env) => env.get(path, wanted),
        }
    }
}

/// The providers of a worker by the alias that references name.
#[derive(Default)]
pub struct Providers {
    by_alias: BTreeMap<String, Configured>,
}

struct Configured {
    provider: Provider,
    /// How long what it gives may be used; none is for ever.
    ttl: Option<Duration>,
}

impl Providers {
    /// Adds a provider; `config` is what stands behind its `param.`.
    ///
    /// # Errors
    /// The class is unknown, or what is wrong with its parameters.
    pub fn configure(
        &mut self,
        alias: &str,
        class: &str,
        config: &Config,
        variables: &Variables,
    ) -> Result<(), ProviderError> {
        let Some(found) = ProviderClass::find(class) else {
            let key = format!("{}.{alias}.class", CONFIG_PROVIDERS.name());
            let why = "Could not load config provider class or one of its dependencies";
            return Err(ProviderError::config(invalid_value(&key, class, why)));
        };
        let provider = (found.new)(config, variables)?;
        let ttl = match (found.config_def)().knows(ttl::TTL_MS.name()) {
            true => ttl::ttl(config)?,
            false => None,
        };
        let configured = Configured { provider, ttl };
        self.by_alias.insert(alias.to_owned(), configured);
        Ok(())
    }

    /// What the provider of an alias has under a path: the values of these keys, or all. Nothing without the alias.
    ///
    /// # Errors
    /// The provider's own.
    pub fn get(
        &self,
        alias: &str,
        path: &str,
        keys: Option<&BTreeSet<&str>>,
    ) -> Result<Values, ProviderError> {
        match self.by_alias.get(alias) {
            Some(configured) => configured.provider.get(path, keys),
            None => Ok(Values::new()),
        }
    }

    /// How long what the provider of an alias gives may be used; none is for ever.
    pub fn ttl(&self, alias: &str) -> Option<Duration> {
        self.by_alias
            .get(alias)
            .and_then(|configured| configured.ttl)
    }
}
