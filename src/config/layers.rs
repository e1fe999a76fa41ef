//! The layers of the worker's configuration: file < environment < `--override`.
//!
//! Layering and the origin of each value are those of the crate `config`. Its keys are *paths*: dots make a tree, in
//! which `key.converter` and `key.converter.schemas.enable` would destroy each other. A key that is no valid path is
//! taken literally, so every key goes in behind a marker that no path may begin with, and comes out without it.

use std::collections::BTreeMap;

use config::{ConfigError, Map, Source, Value, ValueKind};
use connect_api::config::Config;

use super::environment::Environment;
use super::properties::Property;

const MARKER: char = '=';

/// The worker's properties with the place each one was set at.
#[derive(Clone, Debug, Default)]
pub struct WorkerProperties {
    pub config: Config,
    origins: BTreeMap<String, String>,
}

impl WorkerProperties {
    /// Where the value stands: `file:line`, an environment variable, an override, or the default.
    pub fn origin(&self, key: &str) -> &str {
        self.origins.get(key).map_or("default", String::as_str)
    }

    /// Other values for the same keys, which stand where they stood.
    pub fn with_values(&self, config: Config) -> Self {
        Self {
            config,
            origins: self.origins.clone(),
        }
    }

    /// Keys and origins in the order of the keys.
    pub fn origins(&self) -> impl Iterator<Item = (&str, &str)> {
        self.origins.iter().map(|(k, o)| (k.as_str(), o.as_str()))
    }
}

/// The worker file as it was read.
#[derive(Clone, Debug, Default)]
pub struct WorkerFile {
    /// As the user wrote it, for messages.
    pub path: String,
    pub properties: Vec<Property>,
}

/// Puts the layers on top of each other.
///
/// # Errors
/// Those of the crate `config`; none is known for layers of texts.
pub fn layered(
    file: &WorkerFile,
    environment: &Environment,
    overrides: &[(String, String)],
) -> Result<WorkerProperties, ConfigError> {
    let file = Layer::new(file.properties.iter().map(|p| {
        (
            p.key.as_str(),
            p.value.as_str(),
            format!("{}:{}", file.path, p.line),
        )
    }));
    let environment = Layer::new(environment.settings.iter().map(|s| {
        (
            s.key.as_str(),
            s.value.as_str(),
            format!("environment variable {}", s.variable),
        )
    }));
    let overrides = Layer::new(
        overrides
            .iter()
            .map(|(k, v)| (k.as_str(), v.as_str(), format!("--override {k}"))),
    );
    let merged = config::Config::builder()
        .add_source(file)
        .add_source(environment)
        .add_source(overrides)
        .build()?
        .collect()?;
    let mut worker = WorkerProperties::default();
    for (key, value) in merged {
        let Some(key) = key.strip_prefix(MARKER).map(str::to_owned) else {
            continue;
        };
        let origin = value.origin().unwrap_or("unknown").to_owned();
        worker.config.insert(key.clone(), value.into_string()?);
        worker.origins.insert(key, origin);
    }
    Ok(worker)
}

/// Entries of one layer, the last of equal keys.
#[derive(Clone, Debug)]
struct Layer(Map<String, Value>);

impl Layer {
    fn new<'a>(entries: impl Iterator<Item = (&'a str, &'a str, String)>) -> Self {
        Self(
            entries
                .map(|(key, value, origin)| {
                    let value = Value::new(Some(&origin), ValueKind::String(value.to_owned()));
                    (format!("{MARKER}{key}"), value)
                })
                .collect(),
        )
    }
}

impl Source for Layer {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Map<String, Value>, ConfigError> {
        Ok(self.0.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{environment, properties};

    fn file(text: &str) -> WorkerFile {
        WorkerFile {
            path: "worker.properties".to_owned(),
            properties: properties::parse(text).unwrap_or_default(),
        }
    }

    #[test]
    fn keys_come_out_as_they_went_in() {
        let text = "key.converter=A\nkey.converter.schemas.enable=false\nneo4j.cypher.topic.a[0].B=x\n\
                    Upper.CASE=U\nupper.case=l\n=empty\n\\==equals\nwith\\ blank=1\nlist[-1]=y\nü.é=z\n1=one\n";
        let expected: Vec<(String, String)> = {
            let mut entries: Vec<_> = file(text)
                .properties
                .into_iter()
                .map(|p| (p.key, p.value))
                .collect();
            entries.sort();
            entries
        };
        assert_eq!(expected.len(), 11);
        let worker = layered(&file(text), &Environment::default(), &[]).expect("layers of text");
        let got: Vec<(String, String)> = worker
            .config
            .iter()
            .map(|(k, v)| (k.to_owned(), v.to_owned()))
            .collect();
        assert_eq!(got, expected);
    }

    #[test]
    fn higher_layers_win_and_each_value_knows_its_origin() {
        let file = file("a=1\nb=1\nc=1\na=2\n");
        let environment = environment::read([
            ("CONNECT_B".to_owned(), "env".to_owned()),
            ("CONNECT_C".to_owned(), "env".to_owned()),
        ]);
        let overrides = [("c".to_owned(), "over".to_owned())];
        let worker = layered(&file, &environment, &overrides).expect("layers of text");
        let found = |key| (worker.config.get(key), worker.origin(key));
        assert_eq!(found("a"), (Some("2"), "worker.properties:4"));
        assert_eq!(found("b"), (Some("env"), "environment variable CONNECT_B"));
        assert_eq!(found("c"), (Some("over"), "--override c"));
        assert_eq!(found("d"), (None, "default"));
    }

    #[test]
    fn texts_stay_texts() {
        let worker = layered(
            &file("a=true\nb=0012\nc= 1e3 \n"),
            &Environment::default(),
            &[],
        )
        .expect("layers of text");
        assert_eq!(worker.config.get("a"), Some("true"));
        assert_eq!(worker.config.get("b"), Some("0012"));
        assert_eq!(worker.config.get("c"), Some("1e3 "));
    }
}
