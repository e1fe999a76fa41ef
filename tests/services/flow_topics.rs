//! What may lie in topics: large records, every compression, transactions; and topics that are not there yet.

use std::fs;
use std::time::Duration;

use libtest_mimic::Trial;
use serde_json::json;

use crate::connectors::{file_sink, holds_for, lines, quick_worker, with};
use crate::support::kafka::{End, Record};
use crate::support::{Ctx, Need, scratch, wait_until};

const PATIENCE: Duration = Duration::from_secs(60);

pub fn tests(ctx: &'static Ctx) -> Vec<Trial> {
    let kafka = &[Need::Kafka];
    vec![
        ctx.trial(
            kafka,
            "flow::record_of_20_megabytes_arrives",
            record_of_20_megabytes_arrives,
        ),
        ctx.trial(
            kafka,
            "flow::every_compression_is_read",
            every_compression_is_read,
        ),
        ctx.trial(
            kafka,
            "flow::read_committed_leaves_aborted_records_out",
            read_committed_leaves_aborted_records_out,
        ),
        ctx.trial(
            kafka,
            "flow::topic_made_after_the_start_is_picked_up",
            topic_made_after_the_start_is_picked_up,
        ),
    ]
}

/// Kafka's consumer reads a record that is larger than its fetch sizes all the same; so does ours, without any setting.
fn record_of_20_megabytes_arrives(ctx: &'static Ctx) {
    let kafka = ctx.kafka();
    let topic = scratch::unique("large");
    kafka.create_topic(&topic, 1, &[("max.message.bytes", "25000000")]);
    // Not one letter only: the broker would see a small record after compression, and lines are to differ.
    let large: String = (0..20_000_000u32)
        .map(|i| char::from(b'a' + (i % 23) as u8))
        .collect();
    let settings = [("message.max.bytes", "25000000")];
    let records = ["before".to_owned(), large.clone(), "after".to_owned()];
    kafka.produce_with(&settings, &topic, records.clone());
    let worker = quick_worker(kafka).start();
    for (name, more) in [
        ("defaults", json!({})),
        (
            "raised",
            json!({
                "consumer.override.max.partition.fetch.bytes": "25000000",
                "consumer.override.fetch.max.bytes": "30000000",
            }),
        ),
    ] {
        let connector = format!("{topic}-{name}");
        let out = worker.dir().join(name);
        worker.run_connector(&connector, &with(file_sink(&topic, &out), &more));
        kafka.wait_drained(&format!("connect-{connector}"), &topic, PATIENCE);
        let written = fs::read_to_string(&out).expect("a file");
        assert_eq!(
            written.len(),
            large.len() + "before\n\nafter\n".len(),
            "{name}"
        );
        assert!(written == records.join("\n") + "\n", "{name}: other text");
        worker.delete_connector(&connector);
    }
}

fn every_compression_is_read(ctx: &'static Ctx) {
    let kafka = ctx.kafka();
    let worker = quick_worker(kafka).start();
    let codecs = ["none", "gzip", "snappy", "lz4", "zstd"];
    let expected: Vec<String> = (0..3_000)
        .map(|i| format!("record {i} {}", "x".repeat(50)))
        .collect();
    let flows = codecs.map(|codec| {
        let topic = kafka.new_topic(codec, 1);
        kafka.produce_with(&[("compression.type", codec)], &topic, expected.clone());
        let out = worker.dir().join(codec);
        worker.run_connector(&topic, &file_sink(&topic, &out));
        (topic, out)
    });
    for (topic, out) in flows {
        kafka.wait_drained(&format!("connect-{topic}"), &topic, PATIENCE);
        assert!(lines(&out) == expected, "{topic}");
    }
}

fn read_committed_leaves_aborted_records_out(ctx: &'static Ctx) {
    let kafka = ctx.kafka();
    let topic = kafka.new_topic("aborted", 1);
    kafka.produce_transaction(&topic, ["a1", "a2"], End::Commit);
    kafka.produce_transaction(&topic, ["lost1", "lost2"], End::Abort);
    kafka.produce(&topic, ["plain"]);
    kafka.produce_transaction(&topic, ["b1"], End::Commit);
    kafka.produce_transaction(&topic, ["lost3"], End::Abort);
    let worker = quick_worker(kafka).start();
    let run = |level: &str| {
        let connector = format!("{topic}-{level}");
        let out = worker.dir().join(level);
        let more = json!({"consumer.override.isolation.level": level});
        worker.run_connector(&connector, &with(file_sink(&topic, &out), &more));
        (format!("connect-{connector}"), out)
    };
    let (group, committed) = run("read_committed");
    let (_, uncommitted) = run("read_uncommitted");
    // Not as Java does by default: its level is read_uncommitted.
    let count = |out: &std::path::Path| lines(out).len();
    wait_until(PATIENCE, "all that was ever written", || {
        count(&uncommitted) == 7
    });
    wait_until(PATIENCE, "what was committed", || count(&committed) == 4);
    assert_eq!(lines(&committed), ["a1", "a2", "plain", "b1"]);
    assert_eq!(
        lines(&uncommitted),
        ["a1", "a2", "lost1", "lost2", "plain", "b1", "lost3"]
    );
    // The end of the last committed record at least; what follows it are markers and aborted records.
    kafka.produce_transaction(&topic, ["c1"], End::Commit);
    wait_until(PATIENCE, "the next one", || count(&committed) == 5);
    let after_c1 = kafka.end_offsets(&topic)[&0] - 1;
    wait_until(PATIENCE, "its offset", || {
        kafka
            .committed(&group, &topic)
            .get(&0)
            .is_some_and(|at| *at >= after_c1)
    });
    assert_eq!(lines(&committed)[4], "c1");
}

fn topic_made_after_the_start_is_picked_up(ctx: &'static Ctx) {
    let kafka = crate::support::kafka::Kafka::start_with(&[("auto.create.topics.enable", "false")])
        .expect("a broker");
    let _ = ctx;
    let (early, late) = (kafka.new_topic("early", 1), scratch::unique("late"));
    let worker = quick_worker(&kafka)
        .set("consumer.metadata.max.age.ms", "1000")
        .start();
    let out = worker.dir().join("out");
    worker.run_connector(&late, &file_sink(&format!("{early},{late}"), &out));
    kafka.produce(&early, [Record::value("early")]);
    wait_until(PATIENCE, "the topic that is there flows", || {
        lines(&out) == ["early"]
    });
    holds_for(
        Duration::from_secs(3),
        "a missing topic is waited for",
        || {
            let status = worker.status(&late).unwrap_or_default();
            status["tasks"][0]["state"] == "RUNNING"
        },
    );
    kafka.create_topic(&late, 2, &[]);
    kafka.produce(
        &late,
        [
            Record::value("late 0").partition(0),
            Record::value("late 1").partition(1),
        ],
    );
    kafka.wait_drained(&format!("connect-{late}"), &late, PATIENCE);
    let mut written = lines(&out);
    written.sort();
    assert_eq!(written, ["early", "late 0", "late 1"]);
}
