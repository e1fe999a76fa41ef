//! Keys of consumers.

use super::super::table::Form::{Bool, Text, Words};
use super::super::table::{CONSUMER, Entry, given, inert, int, ours, set};
use super::{BYTES, MAX};

pub(in super::super) const CONSUMER_KEYS: &[Entry] = &[
    given(CONSUMER, "group.id", &["group.id"], Text),
    given(CONSUMER, "group.instance.id", &["group.instance.id"], Text),
    given(CONSUMER, "client.rack", &["client.rack"], Text),
    ours(
        CONSUMER,
        "group.protocol",
        Some("classic"),
        Words(&[("classic", "classic"), ("consumer", "consumer")]),
        "`group.protocol`",
    ),
    ours(
        CONSUMER,
        "group.remote.assignor",
        None,
        Text,
        "`group.remote.assignor`, with `group.protocol=consumer` only",
    ),
    ours(
        CONSUMER,
        "partition.assignment.strategy",
        Some(
            "org.apache.kafka.clients.consumer.RangeAssignor,org.apache.kafka.clients.consumer.CooperativeStickyAssignor",
        ),
        Text,
        "`partition.assignment.strategy`; of a list that holds eager assignors and the cooperative one, the eager ones",
    ),
    ours(
        CONSUMER,
        "session.timeout.ms",
        Some("45000"),
        int(1, 3_600_000),
        "`session.timeout.ms`, at most `max.poll.interval.ms`",
    ),
    ours(
        CONSUMER,
        "heartbeat.interval.ms",
        Some("3000"),
        int(1, 3_600_000),
        "`heartbeat.interval.ms`",
    ),
    set(
        CONSUMER,
        "max.poll.interval.ms",
        "300000",
        &["max.poll.interval.ms"],
        int(1, 86_400_000),
    ),
    ours(
        CONSUMER,
        "max.poll.records",
        None,
        int(1, MAX),
        "upper bound of the records of one `put`; not set, a batch is bounded by bytes",
    ),
    ours(
        CONSUMER,
        "auto.offset.reset",
        Some("latest"),
        Text,
        "where a partition begins without a valid committed offset: `earliest`, `latest`, `none`, `by_duration:PnDTnHnMn.nS`",
    ),
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
        "`fetch.max.bytes`; not set, half of `task.memory.bytes` if that is less",
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
    ours(
        CONSUMER,
        "exclude.internal.topics",
        Some("true"),
        Bool,
        "whether `topics.regex` leaves out Kafka's own topics",
    ),
    ours(
        CONSUMER,
        "enable.auto.commit",
        Some("false"),
        Bool,
        "always false: offsets are committed by the task, when the sink has the records",
    ),
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
];
