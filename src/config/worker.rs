//! [`WorkerConfig`]: the worker's configuration, typed and complete.

use std::collections::BTreeMap;
use std::time::Duration;

use connect_api::config::{Config, ConfigDef, ConfigReader, invalid_value};

use super::connector::{limit, millis};
use super::inert::{self, CLIENT_KEYS, REFUSED};
use super::layers::WorkerProperties;
use super::policy::OverridePolicy;
use super::rest::{RestConfig, tls};
pub use super::worker_keys::TARGET_WAIT_MAX_MS;
use data_plane::metrics::Windows;

use super::worker_keys::{
    BOOTSTRAP_SERVERS, CLIENT_DNS_LOOKUP, CONFIG_PROVIDERS, DEFAULT_API_TIMEOUT, HEADER_CONVERTER,
    KEY_CONVERTER, METRICS_NUM_SAMPLES, METRICS_SAMPLE_WINDOW, OFFSET_FLUSH_INTERVAL,
    OFFSET_FLUSH_TIMEOUT, OVERRIDE_POLICY, TASK_MEMORY_BYTES, TASK_SHUTDOWN_TIMEOUT,
    TOPIC_TRACKING, TOPIC_TRACKING_RESET, VALUE_CONVERTER, worker_config_def,
};

/// What the worker reads of its configuration.
#[derive(Clone, Debug)]
pub struct WorkerConfig {
    pub key_converter: String,
    pub value_converter: String,
    pub header_converter: String,
    pub rest: RestConfig,
    pub flush_interval: Duration,
    pub flush_timeout: Duration,
    pub graceful_timeout: Duration,
    /// How far rates, averages and maxima look back.
    pub metric_windows: Windows,
    pub override_policy: OverridePolicy,
    /// Whether the topics that connectors use are told, and may be forgotten on request.
    pub topic_tracking: bool,
    pub topic_tracking_reset: bool,
    pub task_memory: usize,
    /// None is for ever.
    pub target_wait_max: Option<Duration>,
    /// Everything as it was set, for the parts that read their own prefix.
    pub properties: Config,
}

/// One thing that is wrong with the worker's configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerConfigError {
    pub key: String,
    /// Kafka's text where there is one.
    pub message: String,
    /// Where the value stands.
    pub origin: String,
}

/// Everything that is wrong with the worker's configuration.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub struct WorkerConfigErrors(pub Vec<WorkerConfigError>);

impl std::fmt::Display for WorkerConfigErrors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (i, error) in self.0.iter().enumerate() {
            let newline = if i > 0 { "\n" } else { "" };
            match error.origin.as_str() {
                "default" => write!(f, "{newline}{}", error.message)?,
                origin => write!(f, "{newline}{} ({origin})", error.message)?,
            }
        }
        Ok(())
    }
}

/// What the start-up log says about keys without effect.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyReport {
    /// Accepted without effect, with the reason.
    pub inert: BTreeMap<String, &'static str>,
    pub unknown: Vec<String>,
}

impl WorkerConfig {
    /// Reads and checks everything. Pure: plugins are looked up later.
    ///
    /// # Errors
    /// Everything that is wrong, each with the origin of its value.
    pub fn parse(properties: &WorkerProperties) -> Result<Self, WorkerConfigErrors> {
        let config = &properties.config;
        let reader = ConfigReader::new(config);
        refuse(config, &reader);
        // Read for their validators; the clients get them from `properties`.
        let _ = (
            reader.get(&BOOTSTRAP_SERVERS),
            reader.get(&CLIENT_DNS_LOOKUP),
            reader.get(&DEFAULT_API_TIMEOUT),
            reader.get(&CONFIG_PROVIDERS),
        );
        let parsed = Self {
            key_converter: reader.get(&KEY_CONVERTER).0,
            value_converter: reader.get(&VALUE_CONVERTER).0,
            header_converter: reader.get(&HEADER_CONVERTER).0,
            rest: RestConfig::parse(&reader, config),
            flush_interval: millis(reader.get(&OFFSET_FLUSH_INTERVAL)),
            flush_timeout: millis(reader.get(&OFFSET_FLUSH_TIMEOUT)),
            graceful_timeout: millis(reader.get(&TASK_SHUTDOWN_TIMEOUT)),
            override_policy: override_policy(&reader),
            topic_tracking: reader.get(&TOPIC_TRACKING),
            topic_tracking_reset: reader.get(&TOPIC_TRACKING_RESET),
            task_memory: usize::try_from(reader.get(&TASK_MEMORY_BYTES)).unwrap_or(usize::MAX),
            metric_windows: Windows {
                samples: reader.get(&METRICS_NUM_SAMPLES).max(1) as usize,
                length: millis(reader.get(&METRICS_SAMPLE_WINDOW)),
            },
            target_wait_max: limit(reader.get(&TARGET_WAIT_MAX_MS)),
            properties: config.clone(),
        };
        reader.finish(parsed).map_err(|errors| {
            let origin = |key: &str| properties.origin(key).to_owned();
            let located = errors.0.into_iter().map(|error| WorkerConfigError {
                origin: origin(&error.key),
                key: error.key,
                message: error.message,
            });
            WorkerConfigErrors(located.collect())
        })
    }
}

/// The prefixes of clients that get no security settings although the worker itself has some. Nothing is inherited,
/// in Kafka neither, and it is the usual mistake on a secured cluster.
pub fn unsecured_clients(config: &Config) -> Vec<&'static str> {
    const SECURITY: [&str; 3] = ["security.", "sasl.", "ssl."];
    let has_any = |settings: &Config, families: &[&str]| {
        settings.iter().any(|(key, value)| {
            families.iter().any(|family| key.starts_with(family)) && value.trim() != "PLAINTEXT"
        })
    };
    let is_secured = |settings: &Config| has_any(settings, &SECURITY);
    // Its certificates alone may be those of https listeners.
    if !has_any(config, &SECURITY[..2]) {
        return Vec::new();
    }
    let mut clients = vec!["consumer.", "producer."];
    clients.retain(|prefix| !is_secured(&config.with_prefix(prefix)));
    clients
}

/// Sorts the keys that nothing reads.
pub fn key_report(config: &Config) -> KeyReport {
    let def = worker_config_def();
    let mut report = KeyReport::default();
    for (key, _) in config.iter() {
        if let Some(reason) = inert::reason(key) {
            report.inert.insert(key.to_owned(), reason);
        } else if tls::is_inert(key) {
            report.inert.insert(key.to_owned(), inert::JVM_TLS);
        } else if !tls::is_known(key) || !is_known(key, &def) {
            report.unknown.push(key.to_owned());
        }
    }
    report
}

fn is_known(key: &str, def: &ConfigDef) -> bool {
    def.knows(key) || CLIENT_KEYS.contains(&key) || REFUSED.iter().any(|refused| refused.key == key)
}

fn refuse(config: &Config, reader: &ConfigReader<'_>) {
    for refused in REFUSED {
        if let Some(value) = config.get(refused.key)
            && (refused.when)(value)
        {
            reader.error(
                refused.key,
                invalid_value(refused.key, value, refused.reason),
            );
        }
    }
}

fn override_policy(reader: &ConfigReader<'_>) -> OverridePolicy {
    let text = reader.get(&OVERRIDE_POLICY);
    OverridePolicy::parse(&text, reader.get(&super::worker_keys::OVERRIDE_ALLOWLIST))
        .unwrap_or_else(|| {
            let name = OVERRIDE_POLICY.name();
            let why = format!(
                "Class {text} could not be found; expected All, None, Principal or Allowlist"
            );
            reader.error(name, invalid_value(name, &text, &why));
            OverridePolicy::None
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::environment::Environment;
    use crate::config::layers::{WorkerFile, layered};
    use crate::config::properties;
    use crate::config::rest::Admin;

    const CONVERTERS: &str = "key.converter=K\nvalue.converter=V\n";

    fn properties_of(text: &str) -> WorkerProperties {
        let file = WorkerFile {
            path: "w.properties".to_owned(),
            properties: properties::parse(text).unwrap_or_default(),
        };
        layered(&file, &Environment::default(), &[]).expect("layers of text")
    }

    fn parse(text: &str) -> Result<WorkerConfig, String> {
        let text = format!("{CONVERTERS}{text}");
        WorkerConfig::parse(&properties_of(&text)).map_err(|e| e.to_string())
    }

    #[test]
    fn defaults_are_kafkas() {
        let config = parse("").expect("a valid configuration");
        assert_eq!(config.flush_interval, Duration::from_secs(60));
        assert_eq!(config.flush_timeout, Duration::from_secs(5));
        assert_eq!(config.graceful_timeout, Duration::from_secs(5));
        let listeners = config.rest.listeners.iter();
        assert_eq!(
            listeners.map(ToString::to_string).collect::<Vec<_>>(),
            ["http://:8083"]
        );
        assert_eq!(config.rest.admin, Admin::Shared);
        assert_eq!(config.override_policy, OverridePolicy::All);
        assert_eq!(config.task_memory, 32 * 1024 * 1024);
        assert_eq!(config.target_wait_max, None);
    }

    #[test]
    fn every_error_names_key_and_origin() {
        let errors = WorkerConfig::parse(&properties_of("offset.flush.interval.ms=soon\n"))
            .expect_err("three errors")
            .to_string();
        assert_eq!(
            errors,
            "Missing required configuration \"key.converter\" which has no default value.\n\
             Missing required configuration \"value.converter\" which has no default value.\n\
             Invalid value soon for configuration offset.flush.interval.ms: Not a number of type LONG (w.properties:1)"
        );
    }

    #[test]
    fn refuses_what_must_not_be_ignored() {
        for (text, expected) in [
            ("rest.extension.classes=a.B", "the class could not be found"),
            (
                "connector.client.config.override.policy=a.B",
                "Class a.B could not be found",
            ),
        ] {
            let error = parse(text).expect_err(text);
            assert!(error.contains(expected), "{text}: {error}");
            assert!(error.ends_with("(w.properties:3)"), "{text}: {error}");
        }
    }

    #[test]
    fn accepts_what_changes_nothing() {
        for text in [
            "admin.listeners=",
            "config.providers=file",
            "consumer.sasl.jaas.config=${file:/s:p}",
            "listeners.https.ssl.keystore.location=/k",
            "no.such.key=${x}",
            "connector.client.config.override.policy=Principal",
        ] {
            assert!(parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn clients_without_the_workers_security_are_named() {
        for (keys, expected) in [
            (vec!["bootstrap.servers"], vec![]),
            (vec!["consumer.security.protocol"], vec![]),
            (vec!["ssl.keystore.location"], vec![]),
            (vec!["security.protocol"], vec!["consumer.", "producer."]),
            (
                vec!["sasl.mechanism", "consumer.sasl.mechanism"],
                vec!["producer."],
            ),
        ] {
            let config: Config = keys.iter().map(|key| (*key, "x")).collect();
            assert_eq!(unsecured_clients(&config), expected, "{keys:?}");
        }
    }

    #[test]
    fn keys_are_honoured_inert_or_unknown() {
        let config: Config = [
            "bootstrap.servers",
            "consumer.max.poll.records",
            "ssl.truststore.location",
            "request.timeout.ms",
            "plugin.path",
            "config.storage.topic",
            "confluent.license",
            "no.such.key",
            "rest.port",
        ]
        .map(|key| (key, "x"))
        .into();
        let report = key_report(&config);
        let inert: Vec<&str> = report.inert.keys().map(String::as_str).collect();
        assert_eq!(
            inert,
            ["config.storage.topic", "confluent.license", "plugin.path"]
        );
        assert_eq!(report.unknown, ["no.such.key", "rest.port"]);
    }
}
