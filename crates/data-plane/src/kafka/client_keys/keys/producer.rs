//! Keys of producers.

use super::super::table::Form::{Bool, Words};
use super::super::table::Number::Int;
use super::super::table::{Entry, PRODUCER, inert, int, long, ours, refused, set, special};
use super::{BUFFER, BYTES, MAX};

pub(in super::super) const PRODUCER_KEYS: &[Entry] = &[
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
    ours(
        PRODUCER,
        "compression.gzip.level",
        Some("-1"),
        int(-1, 9),
        "`compression.level` with `compression.type=gzip`",
    ),
    ours(
        PRODUCER,
        "compression.lz4.level",
        Some("9"),
        int(1, 12),
        "`compression.level` with `compression.type=lz4`",
    ),
    ours(
        PRODUCER,
        "compression.zstd.level",
        Some("3"),
        int(-1, 12),
        "`compression.level` with `compression.type=zstd`",
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
        "`message.max.bytes`",
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
    ours(
        PRODUCER,
        "enable.idempotence",
        Some("true"),
        Bool,
        "`enable.idempotence`, unless `acks`, `retries` or `max.in.flight.requests.per.connection` rule it out",
    ),
    refused(
        PRODUCER,
        "transactional.id",
        "dead letters are not sent in transactions; remove the key",
    ),
    refused(
        PRODUCER,
        "partitioner.class",
        "partitioners of the JVM are not available; remove the key to partition as Java does by default",
    ),
    ours(
        PRODUCER,
        "partitioner.ignore.keys",
        Some("false"),
        Bool,
        "`partitioner`: `murmur2_random` as Java's default, `random` if keys are ignored",
    ),
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
];
