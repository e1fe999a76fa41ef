//! The worker's keys, each declared once. What is not read here is [`inert`](super::inert) or refused.

use connect_api::config::{ClassName, ConfigDef, Importance, Key, PrefixKey};

use super::rest;

pub const BOOTSTRAP_SERVERS: Key<Vec<String>> = Key::new(
    "bootstrap.servers",
    "localhost:9092",
    Importance::High,
    "Brokers to begin with, as host:port, separated by commas.",
);

pub const KEY_CONVERTER: Key<ClassName> = Key::required(
    "key.converter",
    Importance::High,
    "Class that converts record keys where a connector names none. Its own keys stand behind this prefix.",
);

pub const VALUE_CONVERTER: Key<ClassName> = Key::required(
    "value.converter",
    Importance::High,
    "Class that converts record values where a connector names none. Its own keys stand behind this prefix.",
);

pub const HEADER_CONVERTER: Key<ClassName> = Key::new(
    "header.converter",
    "org.apache.kafka.connect.storage.SimpleHeaderConverter",
    Importance::Low,
    "Class that converts header values where a connector names none. Its own keys stand behind this prefix.",
);

pub const CLIENT_DNS_LOOKUP: Key<String> = Key::new(
    "client.dns.lookup",
    "use_all_dns_ips",
    Importance::Medium,
    "How broker names become addresses.",
)
.one_of(&[
    "use_all_dns_ips",
    "resolve_canonical_bootstrap_servers_only",
]);

pub const DEFAULT_API_TIMEOUT: Key<i32> = Key::new(
    "default.api.timeout.ms",
    "60000",
    Importance::Medium,
    "How many milliseconds the worker waits at start for the Kafka cluster to answer.",
)
.at_least(0);

pub const TASK_SHUTDOWN_TIMEOUT: Key<i64> = Key::new(
    "task.shutdown.graceful.timeout.ms",
    "5000",
    Importance::Low,
    "How many milliseconds tasks that are being stopped together may take; what is not done then is left behind.",
);

pub const OFFSET_FLUSH_INTERVAL: Key<i64> = Key::new(
    "offset.flush.interval.ms",
    "60000",
    Importance::Low,
    "How many milliseconds lie between two commits of a task's offsets.",
);

pub const OFFSET_FLUSH_TIMEOUT: Key<i64> = Key::new(
    "offset.flush.timeout.ms",
    "5000",
    Importance::Low,
    "How many milliseconds a commit may take before it counts as failed.",
);

pub const OVERRIDE_POLICY: Key<String> = Key::new(
    "connector.client.config.override.policy",
    "All",
    Importance::Medium,
    "Which consumer, producer and admin settings connectors may override: All, None, Principal or Allowlist.",
);

pub const OVERRIDE_ALLOWLIST: Key<Vec<String>> = Key::new(
    "connector.client.config.override.allowlist",
    "",
    Importance::Medium,
    "With the policy Allowlist: the client settings that connectors may override.",
);

pub const TOPIC_TRACKING: Key<bool> = Key::new(
    "topic.tracking.enable",
    "true",
    Importance::Low,
    "Whether the worker tells which topics the tasks of a connector have got records of.",
);

pub const TOPIC_TRACKING_RESET: Key<bool> = Key::new(
    "topic.tracking.allow.reset",
    "true",
    Importance::Low,
    "Whether a request may forget the topics that a connector has used.",
);

pub const CONFIG_PROVIDERS: Key<Vec<String>> = Key::new(
    "config.providers",
    "",
    Importance::Low,
    "Aliases of the configuration providers that this file and connectors may refer to as ${alias:path:key}. \
     Without blanks: one before an alias hides it from this file, as in Kafka.",
);

pub const METRICS_SAMPLE_WINDOW: Key<i64> = Key::new(
    "metrics.sample.window.ms",
    "30000",
    Importance::Low,
    "How many milliseconds each sample of a rate, an average or a maximum spans.",
)
.at_least(1);

pub const METRICS_NUM_SAMPLES: Key<i32> = Key::new(
    "metrics.num.samples",
    "2",
    Importance::Low,
    "How many samples a rate, an average or a maximum is made of.",
)
.at_least(1);

pub const TASK_MEMORY_BYTES: Key<i64> = Key::new(
    "task.memory.bytes",
    "33554432",
    Importance::Medium,
    "How many bytes of records a task may hold: half of them read ahead by the Kafka client, half on their way to the \
     target. A single larger record still passes. Turnbuckle's own.",
)
.at_least(65_536);

pub const TARGET_WAIT_MAX_MS: Key<i64> = Key::new(
    "target.wait.max.ms",
    "-1",
    Importance::Medium,
    "How many milliseconds a task waits for a target that is away before it fails; -1 as long as it takes. \
     Connectors may set it for themselves. Turnbuckle's own.",
)
.at_least(-1);

const CONFIG_PROVIDERS_KEYS: PrefixKey<String> = PrefixKey::new(
    "config.providers.",
    "<alias>.class, <alias>.param.<key>",
    "Class of a configuration provider, and its own keys.",
);
const KEY_CONVERTER_KEYS: PrefixKey<String> = PrefixKey::new(
    "key.converter.",
    "<key>",
    "Keys of the worker's key converter.",
);
const VALUE_CONVERTER_KEYS: PrefixKey<String> = PrefixKey::new(
    "value.converter.",
    "<key>",
    "Keys of the worker's value converter.",
);
const HEADER_CONVERTER_KEYS: PrefixKey<String> = PrefixKey::new(
    "header.converter.",
    "<key>",
    "Keys of the worker's header converter.",
);
const CONSUMER_KEYS: PrefixKey<String> = PrefixKey::new(
    "consumer.",
    "<key>",
    "Settings of the consumers of all sink tasks. Security settings are not inherited from the worker.",
);
const PRODUCER_KEYS: PrefixKey<String> = PrefixKey::new(
    "producer.",
    "<key>",
    "Settings of the producers of dead letters. Security settings are not inherited from the worker.",
);
const ADMIN_KEYS: PrefixKey<String> = PrefixKey::new(
    "admin.",
    "<key>",
    "Settings of the client that creates dead letter topics, on top of the worker's own client settings.",
);
const SSL_KEYS: PrefixKey<String> = PrefixKey::new(
    "ssl.",
    "<key>",
    "TLS of the worker's own connections to Kafka.",
);
const SASL_KEYS: PrefixKey<String> = PrefixKey::new(
    "sasl.",
    "<key>",
    "Login of the worker's own connections to Kafka.",
);
const SECURITY_KEYS: PrefixKey<String> = PrefixKey::new(
    "security.",
    "<key>",
    "Protocol of the worker's own connections to Kafka (security.protocol).",
);

/// Every key that is honoured, in the order of the documentation.
pub fn worker_config_def() -> ConfigDef {
    let def = ConfigDef::new()
        .define(&BOOTSTRAP_SERVERS)
        .define(&KEY_CONVERTER)
        .define(&VALUE_CONVERTER)
        .define(&HEADER_CONVERTER);
    let def = rest::keys::define(def)
        .define(&OFFSET_FLUSH_INTERVAL)
        .define(&OFFSET_FLUSH_TIMEOUT)
        .define(&TASK_SHUTDOWN_TIMEOUT)
        .define(&OVERRIDE_POLICY)
        .define(&OVERRIDE_ALLOWLIST)
        .define(&TOPIC_TRACKING)
        .define(&TOPIC_TRACKING_RESET)
        .define(&CLIENT_DNS_LOOKUP)
        .define(&DEFAULT_API_TIMEOUT)
        .define(&METRICS_SAMPLE_WINDOW)
        .define(&METRICS_NUM_SAMPLES)
        .define(&TASK_MEMORY_BYTES)
        .define(&TARGET_WAIT_MAX_MS)
        .define(&CONFIG_PROVIDERS)
        .define_family(&CONFIG_PROVIDERS_KEYS)
        .define_family(&KEY_CONVERTER_KEYS)
        .define_family(&VALUE_CONVERTER_KEYS)
        .define_family(&HEADER_CONVERTER_KEYS)
        .define_family(&CONSUMER_KEYS)
        .define_family(&PRODUCER_KEYS)
        .define_family(&ADMIN_KEYS)
        .define_family(&SECURITY_KEYS)
        .define_family(&SASL_KEYS)
        .define_family(&SSL_KEYS);
    rest::keys::define_families(def)
}
