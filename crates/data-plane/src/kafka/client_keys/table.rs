//! The one table of Java's client keys: what becomes of each.

/// Which client a key belongs to; bits.
pub(super) type Roles = u8;
pub(super) const CONSUMER: Roles = 1;
pub(super) const PRODUCER: Roles = 2;
pub(super) const ADMIN: Roles = 4;
pub(super) const ALL: Roles = CONSUMER | PRODUCER | ADMIN;

pub(super) struct Entry {
    /// Java's name; with a `*` at the end, all names that begin so.
    pub key: &'static str,
    pub roles: Roles,
    /// Java's default. Set explicitly even where librdkafka's is the same today; none: not set unless given.
    pub default: Option<&'static str>,
    pub rule: Rule,
}

pub(super) enum Rule {
    /// librdkafka's names for it, all of which get the value.
    To(&'static [&'static str], Form),
    /// Read by our own code.
    Ours(Form),
    /// Has no meaning here, for this reason.
    Inert(&'static str),
    /// Ignoring it would change delivery, routing or security: why, and what to do instead.
    Refused(&'static str),
}

/// How a value is written.
pub(super) enum Form {
    Text,
    Bool,
    /// Java's type, and librdkafka's range: what lies outside is set to the nearest it takes.
    Number {
        of: Number,
        least: i64,
        most: i64,
        /// A value that Java gives another meaning, and how librdkafka writes that.
        special: Option<(i64, i64)>,
    },
    /// Java's words and librdkafka's.
    Words(&'static [(&'static str, &'static str)]),
}

#[derive(Clone, Copy)]
pub(super) enum Number {
    Int,
    Long,
}

const fn number(of: Number, least: i64, most: i64) -> Form {
    Form::Number {
        of,
        least,
        most,
        special: None,
    }
}

const fn int(least: i64, most: i64) -> Form {
    number(Number::Int, least, most)
}

const fn long(least: i64, most: i64) -> Form {
    number(Number::Long, least, most)
}

const fn special(of: Number, least: i64, most: i64, special: (i64, i64)) -> Form {
    Form::Number {
        of,
        least,
        most,
        special: Some(special),
    }
}

const fn set(
    roles: Roles,
    key: &'static str,
    default: &'static str,
    native: &'static [&'static str],
    form: Form,
) -> Entry {
    Entry {
        key,
        roles,
        default: Some(default),
        rule: Rule::To(native, form),
    }
}

const fn given(
    roles: Roles,
    key: &'static str,
    native: &'static [&'static str],
    form: Form,
) -> Entry {
    Entry {
        key,
        roles,
        default: None,
        rule: Rule::To(native, form),
    }
}

const fn ours(roles: Roles, key: &'static str, default: Option<&'static str>, form: Form) -> Entry {
    Entry {
        key,
        roles,
        default,
        rule: Rule::Ours(form),
    }
}

const fn inert(roles: Roles, key: &'static str, why: &'static str) -> Entry {
    Entry {
        key,
        roles,
        default: None,
        rule: Rule::Inert(why),
    }
}

const fn refused(roles: Roles, key: &'static str, why: &'static str) -> Entry {
    Entry {
        key,
        roles,
        default: None,
        rule: Rule::Refused(why),
    }
}

use Form::{Bool, Text, Words};
use Number::{Int, Long};

const MAX: i64 = i32::MAX as i64;
const BYTES: &str = "records stay bytes here; converters read and write them";
const JVM: &str = "it names a class of the JVM";
const METRICS: &str = "metrics are exported another way";
const BUFFER: &str = "there is one buffer per batch";

pub(super) const TABLE: &[Entry] = &[
    // Connection.
    given(ALL, "bootstrap.servers", &["bootstrap.servers"], Text),
    given(ALL, "client.id", &["client.id"], Text),
    set(
        ALL,
        "client.dns.lookup",
        "use_all_dns_ips",
        &["client.dns.lookup"],
        Words(&[
            ("use_all_dns_ips", "use_all_dns_ips"),
            (
                "resolve_canonical_bootstrap_servers_only",
                "resolve_canonical_bootstrap_servers_only",
            ),
        ]),
    ),
    set(
        ALL,
        "request.timeout.ms",
        "30000",
        &["socket.timeout.ms"],
        int(10, 300_000),
    ),
    set(
        ALL,
        "retry.backoff.ms",
        "100",
        &["retry.backoff.ms"],
        long(1, 300_000),
    ),
    set(
        ALL,
        "retry.backoff.max.ms",
        "1000",
        &["retry.backoff.max.ms"],
        long(1, 300_000),
    ),
    set(
        ALL,
        "reconnect.backoff.ms",
        "50",
        &["reconnect.backoff.ms"],
        long(0, 3_600_000),
    ),
    set(
        ALL,
        "reconnect.backoff.max.ms",
        "1000",
        &["reconnect.backoff.max.ms"],
        long(0, 3_600_000),
    ),
    set(
        ALL,
        "metadata.max.age.ms",
        "300000",
        &["topic.metadata.refresh.interval.ms", "metadata.max.age.ms"],
        long(10, 3_600_000),
    ),
    set(
        ALL,
        "connections.max.idle.ms",
        "540000",
        &["connections.max.idle.ms"],
        special(Long, 0, MAX, (-1, 0)),
    ),
    set(
        ALL,
        "socket.connection.setup.timeout.ms",
        "10000",
        &["socket.connection.setup.timeout.ms"],
        long(1000, MAX),
    ),
    inert(
        ALL,
        "socket.connection.setup.timeout.max.ms",
        "the time-out of a connection does not grow",
    ),
    // No defaults: Java's small fixed buffers would switch off the system's own tuning.
    given(
        ALL,
        "receive.buffer.bytes",
        &["socket.receive.buffer.bytes"],
        special(Int, 0, 100_000_000, (-1, 0)),
    ),
    given(
        ALL,
        "send.buffer.bytes",
        &["socket.send.buffer.bytes"],
        special(Int, 0, 100_000_000, (-1, 0)),
    ),
    set(
        ALL,
        "metadata.recovery.strategy",
        "rebootstrap",
        &["metadata.recovery.strategy"],
        Words(&[("none", "none"), ("rebootstrap", "rebootstrap")]),
    ),
    set(
        ALL,
        "metadata.recovery.rebootstrap.trigger.ms",
        "300000",
        &["metadata.recovery.rebootstrap.trigger.ms"],
        long(0, MAX),
    ),
    ours(ALL, "default.api.timeout.ms", Some("60000"), int(0, MAX)),
    refused(
        ADMIN,
        "bootstrap.controllers",
        "talking to controllers is not supported; set bootstrap.servers instead",
    ),
    set(
        CONSUMER | PRODUCER,
        "enable.metrics.push",
        "true",
        &["enable.metrics.push"],
        Bool,
    ),
    inert(ALL, "metric.reporters", METRICS),
    inert(ALL, "metrics.*", METRICS),
    inert(ALL, "auto.include.jmx.reporter", METRICS),
    inert(ALL, "interceptor.classes", JVM),
    inert(
        ALL,
        "config.providers*",
        "references are resolved before the client is made",
    ),
    inert(ALL, "internal.*", "it is internal to the JVM's client"),
    inert(ALL, "confluent.*", "it belongs to Confluent's client"),
    // Security; read together in `security.rs`.
    ours(ALL, "security.protocol", Some("PLAINTEXT"), Text),
    ours(ALL, "sasl.mechanism", Some("GSSAPI"), Text),
    ours(ALL, "sasl.jaas.config", None, Text),
    refused(
        ALL,
        "sasl.client.callback.handler.class",
        "it names a class of the JVM that would take part in the login; use sasl.mechanism PLAIN or SCRAM with sasl.jaas.config",
    ),
    refused(
        ALL,
        "sasl.login.callback.handler.class",
        "it names a class of the JVM that would take part in the login; use sasl.mechanism PLAIN or SCRAM with sasl.jaas.config",
    ),
    refused(
        ALL,
        "sasl.login.class",
        "it names a class of the JVM that would take part in the login; use sasl.mechanism PLAIN or SCRAM with sasl.jaas.config",
    ),
    inert(
        ALL,
        "sasl.oauthbearer.*",
        "sasl.mechanism is not OAUTHBEARER",
    ),
    inert(ALL, "sasl.kerberos.*", "sasl.mechanism is not GSSAPI"),
    inert(
        ALL,
        "sasl.login.*",
        "only mechanisms with tokens or tickets renew their login",
    ),
    ours(ALL, "ssl.truststore.type", Some("JKS"), Text),
    ours(ALL, "ssl.truststore.location", None, Text),
    ours(ALL, "ssl.truststore.password", None, Text),
    ours(ALL, "ssl.truststore.certificates", None, Text),
    ours(ALL, "ssl.keystore.type", Some("JKS"), Text),
    ours(ALL, "ssl.keystore.location", None, Text),
    ours(ALL, "ssl.keystore.password", None, Text),
    ours(ALL, "ssl.keystore.key", None, Text),
    ours(ALL, "ssl.keystore.certificate.chain", None, Text),
    ours(ALL, "ssl.key.password", None, Text),
    ours(
        ALL,
        "ssl.endpoint.identification.algorithm",
        Some("https"),
        Text,
    ),
    ours(ALL, "ssl.cipher.suites", None, Text),
    ours(ALL, "ssl.enabled.protocols", Some("TLSv1.2,TLSv1.3"), Text),
    ours(ALL, "ssl.engine.factory.class", None, Text),
    inert(
        ALL,
        "ssl.protocol",
        "TLS 1.3 is used where the broker has it, else TLS 1.2",
    ),
    inert(ALL, "ssl.provider", JVM),
    inert(ALL, "ssl.keymanager.algorithm", JVM),
    inert(ALL, "ssl.trustmanager.algorithm", JVM),
    inert(ALL, "ssl.secure.random.implementation", JVM),
    inert(ALL, "security.providers", JVM),
    // Consumer.
    given(CONSUMER, "group.id", &["group.id"], Text),
    given(CONSUMER, "group.instance.id", &["group.instance.id"], Text),
    given(CONSUMER, "client.rack", &["client.rack"], Text),
    ours(
        CONSUMER,
        "group.protocol",
        Some("classic"),
        Words(&[("classic", "classic"), ("consumer", "consumer")]),
    ),
    ours(CONSUMER, "group.remote.assignor", None, Text),
    ours(CONSUMER, "partition.assignment.strategy", None, Text),
    ours(
        CONSUMER,
        "session.timeout.ms",
        Some("45000"),
        int(1, 3_600_000),
    ),
    ours(
        CONSUMER,
        "heartbeat.interval.ms",
        Some("3000"),
        int(1, 3_600_000),
    ),
    set(
        CONSUMER,
        "max.poll.interval.ms",
        "300000",
        &["max.poll.interval.ms"],
        int(1, 86_400_000),
    ),
    ours(CONSUMER, "max.poll.records", None, int(1, MAX)),
    ours(CONSUMER, "auto.offset.reset", Some("latest"), Text),
    set(
        CONSUMER,
        "isolation.level",
        "read_uncommitted",
        &["isolation.level"],
        Words(&[
            ("read_uncommitted", "read_uncommitted"),
            ("read_committed", "read_committed"),
        ]),
    ),
    set(
        CONSUMER,
        "fetch.min.bytes",
        "1",
        &["fetch.min.bytes"],
        int(1, 100_000_000),
    ),
    set(
        CONSUMER,
        "fetch.max.wait.ms",
        "500",
        &["fetch.wait.max.ms"],
        int(0, 300_000),
    ),
    ours(
        CONSUMER,
        "fetch.max.bytes",
        Some("52428800"),
        int(0, 2_147_000_000),
    ),
    set(
        CONSUMER,
        "max.partition.fetch.bytes",
        "1048576",
        &["fetch.message.max.bytes"],
        int(1, 1_000_000_000),
    ),
    set(CONSUMER, "check.crcs", "true", &["check.crcs"], Bool),
    set(
        CONSUMER,
        "allow.auto.create.topics",
        "true",
        &["allow.auto.create.topics"],
        Bool,
    ),
    ours(CONSUMER, "exclude.internal.topics", Some("true"), Bool),
    ours(CONSUMER, "enable.auto.commit", Some("false"), Bool),
    inert(
        CONSUMER,
        "auto.commit.interval.ms",
        "offsets are committed when the sink has the records (offset.flush.interval.ms)",
    ),
    inert(CONSUMER, "key.deserializer", BYTES),
    inert(CONSUMER, "value.deserializer", BYTES),
    inert(
        CONSUMER,
        "share.*",
        "sinks read in consumer groups, not in share groups",
    ),
    // Producer.
    set(
        PRODUCER,
        "acks",
        "all",
        &["request.required.acks"],
        Words(&[("all", "-1"), ("-1", "-1"), ("0", "0"), ("1", "1")]),
    ),
    set(
        PRODUCER,
        "compression.type",
        "none",
        &["compression.codec"],
        Words(&[
            ("none", "none"),
            ("gzip", "gzip"),
            ("snappy", "snappy"),
            ("lz4", "lz4"),
            ("zstd", "zstd"),
        ]),
    ),
    given(
        PRODUCER,
        "compression.gzip.level",
        &["compression.level"],
        int(-1, 9),
    ),
    given(
        PRODUCER,
        "compression.lz4.level",
        &["compression.level"],
        int(1, 12),
    ),
    given(
        PRODUCER,
        "compression.zstd.level",
        &["compression.level"],
        int(-1, 12),
    ),
    set(
        PRODUCER,
        "linger.ms",
        "5",
        &["queue.buffering.max.ms"],
        long(0, 900_000),
    ),
    set(
        PRODUCER,
        "batch.size",
        "16384",
        &["batch.size"],
        int(1, MAX),
    ),
    ours(
        PRODUCER,
        "max.request.size",
        Some("1048576"),
        int(1000, 1_000_000_000),
    ),
    set(
        PRODUCER,
        "delivery.timeout.ms",
        "120000",
        &["message.timeout.ms"],
        special(Int, 0, MAX, (MAX, 0)),
    ),
    set(
        PRODUCER,
        "retries",
        "2147483647",
        &["message.send.max.retries"],
        int(0, MAX),
    ),
    set(
        PRODUCER,
        "max.in.flight.requests.per.connection",
        "5",
        &["max.in.flight.requests.per.connection"],
        int(1, 1_000_000),
    ),
    ours(PRODUCER, "enable.idempotence", Some("true"), Bool),
    refused(
        PRODUCER,
        "transactional.id",
        "dead letters are not sent in transactions; remove the key",
    ),
    ours(PRODUCER, "partitioner.class", None, Text),
    ours(PRODUCER, "partitioner.ignore.keys", Some("false"), Bool),
    inert(
        PRODUCER,
        "partitioner.adaptive.partitioning.enable",
        "records without a key go to partitions in turn",
    ),
    inert(
        PRODUCER,
        "partitioner.availability.timeout.ms",
        "records without a key go to partitions in turn",
    ),
    inert(PRODUCER, "buffer.memory", BUFFER),
    inert(
        PRODUCER,
        "max.block.ms",
        "sending waits for as long as it takes",
    ),
    inert(PRODUCER, "metadata.max.idle.ms", "one topic is written to"),
    inert(
        PRODUCER,
        "transaction.timeout.ms",
        "dead letters are not sent in transactions",
    ),
    inert(
        PRODUCER,
        "transaction.two.phase.commit.enable",
        "dead letters are not sent in transactions",
    ),
    inert(PRODUCER, "key.serializer", BYTES),
    inert(PRODUCER, "value.serializer", BYTES),
    // Admin.
    inert(
        ADMIN,
        "retries",
        "calls are repeated until their time is up",
    ),
];

/// The entry of a key for one kind of client.
pub(super) fn find(role: Roles, key: &str) -> Option<&'static Entry> {
    let of_role = || TABLE.iter().filter(|e| e.roles & role != 0);
    let exact = of_role().find(|e| e.key == key);
    exact.or_else(|| {
        of_role().find(|e| {
            e.key
                .strip_suffix('*')
                .is_some_and(|prefix| key.starts_with(prefix))
        })
    })
}
