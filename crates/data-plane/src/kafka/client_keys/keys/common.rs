//! What all clients have: connections, time-outs, metrics.

use super::super::table::Form::{Bool, Text, Words};
use super::super::table::Number::{Int, Long};
use super::super::table::{
    ADMIN, ALL, CONSUMER, Entry, PRODUCER, given, inert, int, long, ours, refused, set, special,
};
use super::{JVM, MAX, METRICS};

pub(in super::super) const COMMON: &[Entry] = &[
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
        ADMIN,
        "connections.max.idle.ms",
        "300000",
        &["connections.max.idle.ms"],
        special(Long, 0, MAX, (-1, 0)),
    ),
    set(
        CONSUMER | PRODUCER,
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
    ours(
        CONSUMER | ADMIN,
        "default.api.timeout.ms",
        Some("60000"),
        int(0, MAX),
        "how long a call of an admin client may take",
    ),
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
    set(
        ADMIN,
        "enable.metrics.push",
        "false",
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
    inert(
        ADMIN,
        "retries",
        "calls are repeated until their time is up",
    ),
];
