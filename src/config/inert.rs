//! Worker keys that are accepted without effect, and those that are refused because silence would be dangerous.

/// A key, or with a trailing dot a family of keys, and why it has no effect.
#[derive(Clone, Copy, Debug)]
pub struct Inert {
    pub key: &'static str,
    pub reason: &'static str,
}

const PLUGINS_BUILT_IN: &str = "plugins are built in";
const SOURCES_ONLY: &str = "concerns source connectors only";
const DISTRIBUTED_ONLY: &str = "concerns distributed mode only";
const METRICS: &str = "there are no metrics reporters inside the worker";
const TOPIC_TRACKING: &str = "the topics a connector used are not tracked";
const CORS: &str = "no cross-origin headers are sent, so browsers of other origins stay out";
const JVM_CLIENT: &str = "the Kafka client of the worker has no such setting";

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
    inert("topic.tracking.enable", TOPIC_TRACKING),
    inert("topic.tracking.allow.reset", TOPIC_TRACKING),
    inert("metric.reporters", METRICS),
    inert("auto.include.jmx.reporter", METRICS),
    inert("metrics.", METRICS),
    inert("access.control.allow.origin", CORS),
    inert("access.control.allow.methods", CORS),
    inert(
        "response.http.headers.config",
        "answers carry no additional headers",
    ),
    inert("listeners.https.", "there is no HTTPS listener"),
    inert("admin.listeners.https.", "there is no HTTPS listener"),
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
pub const REFUSED: &[Refused] = &[
    Refused {
        key: "rest.extension.classes",
        when: not_blank,
        values: "any",
        reason: "REST extensions are JVM classes, and one may guard the API; put a proxy before it instead",
    },
    Refused {
        key: "admin.listeners",
        when: not_blank,
        values: "any but the empty list",
        reason: "separate admin listeners are not supported yet; leave the key out",
    },
    Refused {
        key: "listeners",
        when: names_https,
        values: "https://…",
        reason: "HTTPS listeners are not supported yet; listen on http:// behind a proxy that ends TLS",
    },
    Refused {
        key: "rest.advertised.listener",
        when: names_https,
        values: "https",
        reason: "HTTPS listeners are not supported yet",
    },
];

const fn inert(key: &'static str, reason: &'static str) -> Inert {
    Inert { key, reason }
}

fn not_blank(value: &str) -> bool {
    !value.trim().is_empty()
}

fn names_https(value: &str) -> bool {
    value.to_ascii_lowercase().contains("https")
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
