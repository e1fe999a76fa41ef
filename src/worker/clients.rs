//! The settings of the Kafka clients that work for a connector, in the JVM's names.
//!
//! Later entries win: ours, then the worker's prefix, then the connector's overrides as far as the policy allows.
//! Security settings of the worker itself are *not* inherited by consumers and producers, as in Kafka; admin clients
//! inherit them.

use connect_api::ConnectError;
use connect_api::config::Config;
use data_plane::kafka::dead_letter_base;

use crate::config::WorkerConfig;
use crate::config::inert::CLIENT_KEYS;
use crate::config::policy::OverridePolicy;
use crate::config::worker_keys::{BOOTSTRAP_SERVERS, CLIENT_DNS_LOOKUP, DEFAULT_API_TIMEOUT};

/// What the settings of one task's clients are made from.
#[derive(Clone, Copy)]
pub struct ClientContext<'a> {
    pub worker: &'a WorkerConfig,
    /// The connector's configuration as it is.
    pub connector: &'a Config,
    pub name: &'a str,
    pub task: u32,
}

impl ClientContext<'_> {
    /// # Errors
    /// The policy forbids an override.
    pub fn consumer(&self) -> Result<Config, ConnectError> {
        let mut settings = self.base(format!("connector-consumer-{}-{}", self.name, self.task));
        settings.insert("group.id", format!("connect-{}", self.name));
        settings.insert("auto.offset.reset", "earliest");
        self.layer(&mut settings, "consumer.", "consumer.override.")?;
        // Offsets are committed by the task alone; a consumer that commits by itself would lose records.
        settings.insert("enable.auto.commit", "false");
        Ok(settings)
    }

    /// The producer of dead letters.
    ///
    /// # Errors
    /// The policy forbids an override.
    pub fn producer(&self) -> Result<Config, ConnectError> {
        let mut settings = self.base(format!(
            "connector-dlq-producer-{}-{}",
            self.name, self.task
        ));
        for (key, value) in dead_letter_base().iter() {
            settings.insert(key, value);
        }
        self.layer(&mut settings, "producer.", "producer.override.")?;
        Ok(settings)
    }

    /// The client that creates the dead letter topic.
    ///
    /// # Errors
    /// The policy forbids an override.
    pub fn admin(&self) -> Result<Config, ConnectError> {
        let mut settings = worker_client(self.worker);
        // Without a suffix, as in Kafka.
        settings.insert("client.id", "connector-dlq-adminclient-");
        self.layer(&mut settings, "admin.", "admin.override.")?;
        Ok(settings)
    }

    /// The client that reads and changes the connector's offsets.
    ///
    /// # Errors
    /// The policy forbids an override.
    pub fn offsets_admin(&self) -> Result<Config, ConnectError> {
        let mut settings = worker_client(self.worker);
        settings.insert(
            "client.id",
            format!("connector-worker-adminclient-{}", self.name),
        );
        self.layer(&mut settings, "admin.", "admin.override.")?;
        Ok(settings)
    }

    fn base(&self, client_id: String) -> Config {
        let mut settings = Config::new();
        settings.insert("client.id", client_id);
        for key in [BOOTSTRAP_SERVERS.name(), CLIENT_DNS_LOOKUP.name()] {
            if let Some(value) = self.worker.properties.get(key) {
                settings.insert(key, value);
            }
        }
        if !settings.contains(BOOTSTRAP_SERVERS.name()) {
            settings.insert(BOOTSTRAP_SERVERS.name(), DEFAULT_BROKER);
        }
        settings
    }

    fn layer(&self, settings: &mut Config, own: &str, overrides: &str) -> Result<(), ConnectError> {
        for (key, value) in self.worker.properties.with_prefix(own).iter() {
            // `admin.listeners` and what stands behind it are the REST API's.
            if own != "admin." || !(key == "listeners" || key.starts_with("listeners.")) {
                settings.insert(key, value);
            }
        }
        for (key, value) in self.connector.with_prefix(overrides).iter() {
            allowed(&self.worker.override_policy, key)?;
            settings.insert(key, value);
        }
        Ok(())
    }
}

const DEFAULT_BROKER: &str = "localhost:9092";

fn allowed(policy: &OverridePolicy, key: &str) -> Result<(), ConnectError> {
    policy
        .check(key)
        .map_err(|why| ConnectError::config(format!("Client Config Overrides not allowed: {why}")))
}

/// The settings of the worker's own clients: its client keys without a prefix.
pub fn worker_client(worker: &WorkerConfig) -> Config {
    let mut settings = Config::from([(BOOTSTRAP_SERVERS.name(), DEFAULT_BROKER)]);
    for (key, value) in worker.properties.iter() {
        let own = key == BOOTSTRAP_SERVERS.name()
            || key == CLIENT_DNS_LOOKUP.name()
            || key == DEFAULT_API_TIMEOUT.name()
            || CLIENT_KEYS.contains(&key)
            || ["ssl.", "sasl.", "security."]
                .iter()
                .any(|prefix| key.starts_with(prefix));
        // Whether clients of the REST API show a certificate is no matter of Kafka's.
        if own && key != "ssl.client.auth" {
            settings.insert(key, value);
        }
    }
    settings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::environment::Environment;
    use crate::config::layers::{WorkerFile, layered};
    use crate::config::properties;

    fn worker(text: &str) -> WorkerConfig {
        let file = WorkerFile {
            path: "w".to_owned(),
            properties: properties::parse(&format!("key.converter=K\nvalue.converter=V\n{text}"))
                .unwrap_or_default(),
        };
        let properties = layered(&file, &Environment::default(), &[]).expect("layers of text");
        WorkerConfig::parse(&properties).expect("a valid configuration")
    }

    fn shown(config: &Config) -> Vec<String> {
        config.iter().map(|(k, v)| format!("{k}={v}")).collect()
    }

    const SECURED: &str = "bootstrap.servers=b:1\nsecurity.protocol=SSL\nrequest.timeout.ms=7\n\
                           consumer.fetch.min.bytes=1\nconsumer.auto.offset.reset=latest\n\
                           producer.acks=1\nadmin.retries=2\nconsumer.enable.auto.commit=true\n";

    #[test]
    fn settings_of_the_rest_api_are_handed_to_no_client() {
        let worker = worker(
            "admin.retries=2\nadmin.listeners=http://:1\nadmin.listeners.https.ssl.protocol=TLS\nssl.client.auth=none\n",
        );
        let context = ClientContext {
            worker: &worker,
            connector: &Config::new(),
            name: "s",
            task: 2,
        };
        let admin = context.admin().expect("settings");
        assert_eq!(admin.get("retries"), Some("2"));
        for key in [
            "listeners",
            "listeners.https.ssl.protocol",
            "ssl.client.auth",
        ] {
            assert_eq!(admin.get(key), None, "{key}");
        }
    }

    #[test]
    fn consumers_take_their_prefix_then_the_overrides_and_inherit_no_security() {
        let worker = worker(SECURED);
        let connector = Config::from([
            ("consumer.override.fetch.min.bytes", "9"),
            ("producer.override.linger.ms", "5"),
        ]);
        let context = ClientContext {
            worker: &worker,
            connector: &connector,
            name: "s",
            task: 2,
        };
        assert_eq!(
            context.consumer().map(|c| shown(&c)).ok(),
            Some(
                [
                    "auto.offset.reset=latest",
                    "bootstrap.servers=b:1",
                    "client.id=connector-consumer-s-2",
                    "enable.auto.commit=false",
                    "fetch.min.bytes=9",
                    "group.id=connect-s",
                ]
                .map(str::to_owned)
                .to_vec()
            )
        );
        let producer = context.producer().expect("allowed");
        assert_eq!(producer.get("acks"), Some("1"));
        assert_eq!(producer.get("linger.ms"), Some("5"));
        assert_eq!(
            producer.get("client.id"),
            Some("connector-dlq-producer-s-2")
        );
        assert_eq!(producer.get("security.protocol"), None);
    }

    #[test]
    fn admin_clients_inherit_the_workers_own_settings() {
        let worker = worker(SECURED);
        let connector = Config::from([("admin.override.request.timeout.ms", "8")]);
        let context = ClientContext {
            worker: &worker,
            connector: &connector,
            name: "s",
            task: 0,
        };
        let admin = context.admin().expect("allowed");
        assert_eq!(
            shown(&admin),
            [
                "bootstrap.servers=b:1",
                "client.id=connector-dlq-adminclient-",
                "request.timeout.ms=8",
                "retries=2",
                "security.protocol=SSL",
            ]
        );
    }

    #[test]
    fn the_policy_guards_overrides() {
        let worker = worker("connector.client.config.override.policy=Principal\n");
        let connector = Config::from([("consumer.override.fetch.min.bytes", "9")]);
        let context = ClientContext {
            worker: &worker,
            connector: &connector,
            name: "s",
            task: 0,
        };
        let error = context.consumer().expect_err("forbidden").to_string();
        assert!(error.starts_with("Client Config Overrides not allowed: The 'Principal' policy"));
    }
}
