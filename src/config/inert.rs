//! Worker keys that are accepted without effect, and those that are refused because silence would be dangerous.

use super::rest;

/// A key, or with a trailing dot a family of keys, and why it has no effect.
#[derive(Clone, Copy, Debug)]
pub struct Inert {
    pub key: &'static str,
    pub reason: &'static str,
}

const PLUGINS_BUILT_IN: &str = "plugins are built in";
const SOURCES_ONLY: &str = "concerns source connectors only";
const DISTRIBUTED_ONLY: &str = "concerns distributed mode only";
const METRICS: &str =
    "there are no metrics reporters inside the worker; see GET /metrics and OpenTelemetry";
const METRICS_CONTEXT: &str = "metrics carry no context labels; let the scraper add them";
const JVM_CLIENT: &str = "the Kafka client of the worker has no such setting";

/// Of keys behind `listeners.https.` and `admin.listeners.https.`.
pub const JVM_TLS: &str = "the TLS of listeners has no such setting";

/// Accepted without effect.
pub const INERT: &[Inert] = &[
    inert("plugin.path", PLUGINS_BUILT_IN),
    inert("plugin.discovery", PLUGINS_BUILT_IN),
    inert(
        "offset.storage.file.filename",
        "source offsets only; sinks commit to Kafka, and the file is left alone",
    ),
    inert("topic.creation.enable", SOURCES_ONLY),
    inert("exactly.once.source.support", SOURCES_ONLY),
    inert("metric.reporters", METRICS),
    inert("auto.include.jmx.reporter", METRICS),
    inert("metrics.recording.level", "everything is recorded"),
    inert("metrics.context.", METRICS_CONTEXT),
    inert(
        "internal.key.converter",
        "internal converters are fixed since Kafka 3.0",
    ),
    inert(
        "internal.value.converter",
        "internal converters are fixed since Kafka 3.0",
    ),
    inert("confluent.", "belongs to Confluent's own plugins"),
    inert("group.id", DISTRIBUTED_ONLY),
    inert("connect.protocol", DISTRIBUTED_ONLY),
    inert("config.storage.", DISTRIBUTED_ONLY),
    inert("offset.storage.", DISTRIBUTED_ONLY),
    inert("status.storage.", DISTRIBUTED_ONLY),
    inert("session.timeout.ms", DISTRIBUTED_ONLY),
    inert("heartbeat.interval.ms", DISTRIBUTED_ONLY),
    inert("rebalance.timeout.ms", DISTRIBUTED_ONLY),
    inert("scheduled.rebalance.max.delay.ms", DISTRIBUTED_ONLY),
    inert("worker.sync.timeout.ms", DISTRIBUTED_ONLY),
    inert("worker.unsync.backoff.ms", DISTRIBUTED_ONLY),
    inert("inter.worker.", DISTRIBUTED_ONLY),
    inert(
        "connector.plugin.version",
        "belongs into a connector's configuration",
    ),
    inert("security.providers", JVM_CLIENT),
    inert("send.buffer.bytes", JVM_CLIENT),
    inert("receive.buffer.bytes", JVM_CLIENT),
    inert("retries", JVM_CLIENT),
    inert("metadata.recovery.strategy", JVM_CLIENT),
    inert("metadata.recovery.rebootstrap.trigger.ms", JVM_CLIENT),
];

/// Settings of the worker's own Kafka clients without a prefix; handed to them as they are.
pub const CLIENT_KEYS: &[&str] = &[
    "client.id",
    "connections.max.idle.ms",
    "metadata.max.age.ms",
    "reconnect.backoff.max.ms",
    "reconnect.backoff.ms",
    "request.timeout.ms",
    "retry.backoff.max.ms",
    "retry.backoff.ms",
    "socket.connection.setup.timeout.max.ms",
    "socket.connection.setup.timeout.ms",
];

/// A key that is refused with some values.
#[derive(Clone, Copy)]
pub struct Refused {
    pub key: &'static str,
    /// Whether this value would change delivery, security or routing if it were ignored.
    pub when: fn(&str) -> bool,
    /// Which values, for documentation.
    pub values: &'static str,
    pub reason: &'static str,
}

/// Refused at start, because ignoring them would change delivery, security or routing.
pub const REFUSED: &[Refused] = &[Refused {
    key: "rest.extension.classes",
    when: rest::names_unknown_extension,
    values: "any but `BasicAuthSecurityRestExtension`",
    reason: "the class could not be found: extensions are classes of the JVM, and one may guard the API; but for org.apache.kafka.connect.rest.basic.auth.extension.BasicAuthSecurityRestExtension, put a proxy before it instead",
}];

const fn inert(key: &'static str, reason: &'static str) -> Inert {
    Inert { key, reason }
}

/// Why the key has no effect, if it is one of these.
pub fn reason(key: &str) -> Option<&'static str> {
    INERT
        .iter()
        .find(|inert| match inert.key.strip_suffix('.') {
            Some(_) => key.starts_with(inert.key),
            None => key == inert.key,
        })
        .map(|inert| inert.reason)
}
