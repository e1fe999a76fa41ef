//! Configuration: a key is declared once, and everything else derives from the declaration.
//!
//! ```
//! use connect_api::config::{Config, ConfigDef, ConfigErrors, ConfigReader, Importance, Key};
//!
//! const BATCH_SIZE: Key<i32> = Key::new("batch.size", "3000", Importance::Medium, "Rows per batch.").at_least(1);
//!
//! fn config_def() -> ConfigDef {
//!     ConfigDef::new().define(&BATCH_SIZE)
//! }
//!
//! struct SinkConfig { batch_size: i32 }
//!
//! fn parse(config: &ConfigReader) -> Result<SinkConfig, ConfigErrors> {
//!     let parsed = SinkConfig { batch_size: config.get(&BATCH_SIZE) };
//!     config.finish(parsed)
//! }
//!
//! let bad = Config::from([("batch.size", "0")]);
//! let error = parse(&ConfigReader::new(&bad)).err().unwrap();
//! assert_eq!(error.to_string(), "Invalid value 0 for configuration batch.size: Value must be at least 1");
//! ```
//!
//! Parsing is pure: no file, no network, no clock. It collects every error instead of stopping at the first.

mod check;
mod def;
mod key;
mod reader;
mod types;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

pub use check::Check;
pub use def::{ConfigDef, ConfigValue};
pub use key::{Importance, Key, KeyDefault, KeyInfo, PrefixKey, Width};
pub use reader::ConfigReader;
pub use types::{ClassName, ConfigType, KeyType, Parsed, Password};

/// A flat configuration: keys to texts. Never prints its values, because some are secrets.
///
/// What a client sent for validation may hold nulls as well. A null counts as absent everywhere but in
/// [`ConfigDef::validate`], where the default does not step in for it. No connector ever starts with one.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Config {
    entries: BTreeMap<String, String>,
    nulls: BTreeSet<String>,
}

impl Config {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn get(&self, key: &str) -> Option<&str> {
        self.entries.get(key).map(String::as_str)
    }

    pub fn contains(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }

    pub fn insert(&mut self, key: impl Into<String>, value: impl Into<String>) {
        let key = key.into();
        self.nulls.remove(&key);
        self.entries.insert(key, value.into());
    }

    pub fn insert_null(&mut self, key: impl Into<String>) {
        let key = key.into();
        self.entries.remove(&key);
        self.nulls.insert(key);
    }

    /// Whether the key is there without a value.
    pub fn is_null(&self, key: &str) -> bool {
        self.nulls.contains(key)
    }

    /// The keys that are there without a value.
    pub fn nulls(&self) -> impl Iterator<Item = &str> {
        self.nulls.iter().map(String::as_str)
    }

    pub fn remove(&mut self, key: &str) -> Option<String> {
        self.nulls.remove(key);
        self.entries.remove(key)
    }

    /// Keys and values in the order of the keys.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.entries.iter().map(|(k, v)| (k.as_str(), v.as_str()))
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The entries whose key begins with the prefix, with the prefix taken off.
    pub fn with_prefix(&self, prefix: &str) -> Config {
        let tail = |k: &String| {
            k.strip_prefix(prefix)
                .filter(|t| !t.is_empty())
                .map(str::to_owned)
        };
        let entries = self.entries.iter();
        Config {
            entries: entries
                .filter_map(|(k, v)| Some((tail(k)?, v.clone())))
                .collect(),
            nulls: self.nulls.iter().filter_map(tail).collect(),
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.entries.keys()).finish()
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Config {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        Self {
            entries: entries
                .into_iter()
                .map(|(k, v)| (k.into(), v.into()))
                .collect(),
            nulls: BTreeSet::new(),
        }
    }
}

impl<K: Into<String>, V: Into<String>, const N: usize> From<[(K, V); N]> for Config {
    fn from(entries: [(K, V); N]) -> Self {
        entries.into_iter().collect()
    }
}

/// One thing that is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The key at fault.
    pub key: String,
    /// Kafka's text, complete: it usually names key and value itself.
    pub message: String,
}

/// Everything that is wrong with a configuration; never empty when returned as an error.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfigErrors(pub Vec<ConfigError>);

impl ConfigErrors {
    /// A single error.
    pub fn one(key: impl Into<String>, message: impl Into<String>) -> Self {
        Self(vec![ConfigError {
            key: key.into(),
            message: message.into(),
        }])
    }
}

/// One message a line.
impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, error) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            f.write_str(&error.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}

/// Kafka's text for a value that is refused (`ConfigException(name, value, message)`).
pub fn invalid_value(key: &str, value: &str, why: &str) -> String {
    format!("Invalid value {value} for configuration {key}: {why}")
}
