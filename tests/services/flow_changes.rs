//! Changes while records flow: configuration, pauses, tasks, topics.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use serde_json::json;

use crate::connectors::{FILE, file_sink, holds_for, lines, quick_worker, with};
use crate::support::kafka::{Kafka, Record};
use crate::support::{Ctx, Need, scratch, wait_until};

const PATIENCE: Duration = Duration::from_secs(60);

pub fn tests(ctx: &'static Ctx) -> Vec<Trial> {
    let kafka = &[Need::Kafka];
    vec![
        ctx.trial(
            kafka,
            "flow::changed_configuration_goes_on_where_the_old_one_ended",
            changed_configuration_goes_on_where_the_old_one_ended,
        ),
        ctx.trial(
            kafka,
            "flow::paused_connector_keeps_its_place",
            paused_connector_keeps_its_place,
        ),
        ctx.trial(
            kafka,
            "flow::new_topics_and_partitions_of_a_pattern_are_found",
            new_topics_and_partitions_of_a_pattern_are_found,
        ),
        ctx.trial(
            kafka,
            "flow::broker_that_hangs_delays_records_and_no_stop",
            broker_that_hangs_delays_records_and_no_stop,
        ),
    ]
}

fn records(from: u32, to: u32, partitions: u32) -> impl Iterator<Item = Record> {
    (from..to).map(move |i| Record::value(i.to_string()).partition((i % partitions) as i32))
}

fn distinct(files: &[&Path]) -> BTreeSet<u32> {
    let all = files.iter().flat_map(|file| lines(file));
    all.map(|line| line.parse().expect("a number")).collect()
}

/// Orderly changes repeat nothing: one task, then three, then another file.
fn changed_configuration_goes_on_where_the_old_one_ended(ctx: &'static Ctx) {
    let kafka = ctx.kafka();
    let topic = kafka.new_topic("changes", 4);
    let group = format!("connect-{topic}");
    let worker = quick_worker(kafka).start();
    let (first, second) = (worker.dir().join("first"), worker.dir().join("second"));
    let mut produced = 0;
    let mut flow = |count: u32| {
        kafka.produce(&topic, records(produced, produced + count, 4));
        produced += count;
        produced
    };
    flow(10_000);
    worker.run_connector(&topic, &file_sink(&topic, &first));
    wait_until(PATIENCE, "lines", || !lines(&first).is_empty());
    flow(10_000);
    let three = with(file_sink(&topic, &first), &json!({"tasks.max": "3"}));
    worker.run_connector(&topic, &three);
    wait_until(PATIENCE, "three members", || {
        kafka.members(&group).len() == 3
    });
    let status = worker.status(&topic).expect("a status");
    assert_eq!(status["tasks"].as_array().map(Vec::len), Some(3));
    flow(10_000);
    worker.run_connector(&topic, &file_sink(&topic, &second));
    let count = flow(10_000);
    kafka.wait_drained(&group, &topic, PATIENCE);
    wait_until(PATIENCE, "one member", || kafka.members(&group).len() == 1);

    assert!(!lines(&second).is_empty());
    let found = distinct(&[&first, &second]);
    assert_eq!(found.len(), count as usize, "each record");
    let written = lines(&first).len() + lines(&second).len();
    assert_eq!(written, count as usize, "once");
}

fn paused_connector_keeps_its_place(ctx: &'static Ctx) {
    let kafka = ctx.kafka();
    let topic = kafka.new_topic("paused", 2);
    let group = format!("connect-{topic}");
    let worker = quick_worker(kafka).start();
    let out = worker.dir().join("out");
    let call = |what: &str| {
        let answer = worker
            .rest()
            .send("PUT", &format!("/connectors/{topic}/{what}"), None);
        let expected = if what == "stop" { 204 } else { 202 };
        answer.expect("an answer").expect(expected);
    };
    kafka.produce(&topic, records(0, 100, 2));
    worker.run_connector(&topic, &file_sink(&topic, &out));
    kafka.wait_drained(&group, &topic, PATIENCE);
    call("pause");
    worker.wait_state(&topic, "PAUSED", PATIENCE);
    kafka.produce(&topic, records(100, 200, 2));
    holds_for(
        Duration::from_secs(4),
        "nothing flows, and it stays a member",
        || lines(&out).len() == 100 && kafka.members(&group).len() == 1,
    );
    call("resume");
    worker.wait_state(&topic, "RUNNING", PATIENCE);
    kafka.wait_drained(&group, &topic, PATIENCE);
    assert_eq!(lines(&out).len(), 200);

    call("stop");
    wait_until(PATIENCE, "no members", || kafka.members(&group).is_empty());
    kafka.produce(&topic, records(200, 300, 2));
    call("resume");
    kafka.wait_drained(&group, &topic, PATIENCE);
    assert_eq!(distinct(&[&out]).len(), 300);
    assert_eq!(lines(&out).len(), 300);
}

fn new_topics_and_partitions_of_a_pattern_are_found(ctx: &'static Ctx) {
    let kafka = ctx.kafka();
    let prefix = scratch::unique("pattern");
    let group = format!("connect-{prefix}");
    let topic = |name: &str| format!("{prefix}.{name}");
    let worker = quick_worker(kafka)
        .set("consumer.metadata.max.age.ms", "1000")
        .start();
    let out = worker.dir().join("out");
    kafka.create_topic(&topic("a"), 1, &[]);
    // The whole name has to match.
    kafka.create_topic(&topic("a.more"), 1, &[]);
    kafka.produce(&topic("a.more"), ["not this one"]);
    kafka.produce(&topic("a"), ["a0"]);
    worker.run_connector(
        &prefix,
        &json!({
            "connector.class": FILE,
            "tasks.max": "1",
            "topics.regex": format!("{prefix}\\.[a-z]"),
            "file": out.to_string_lossy(),
        }),
    );
    kafka.wait_drained(&group, &topic("a"), PATIENCE);
    kafka.create_topic(&topic("b"), 1, &[]);
    kafka.produce(&topic("b"), ["b0"]);
    kafka.wait_drained(&group, &topic("b"), PATIENCE);
    kafka.grow_topic(&topic("a"), 3);
    wait_until(PATIENCE, "three partitions", || {
        kafka.partitions(&topic("a")).len() == 3
    });
    kafka.produce(&topic("a"), [Record::value("a2").partition(2)]);
    kafka.wait_drained(&group, &topic("a"), PATIENCE);
    let mut written = lines(&out);
    written.sort();
    assert_eq!(written, ["a0", "a2", "b0"]);
}

fn broker_that_hangs_delays_records_and_no_stop(_: &'static Ctx) {
    let kafka = Kafka::start().expect("a broker");
    let topic = kafka.new_topic("frozen", 2);
    let group = format!("connect-{topic}");
    let mut worker = quick_worker(&kafka).start();
    let out = worker.dir().join("out");
    kafka.produce(&topic, records(0, 100, 2));
    let config = file_sink(&topic, &out);
    worker.run_connector(&topic, &config);
    kafka.wait_drained(&group, &topic, PATIENCE);
    kafka.freeze();
    holds_for(Duration::from_secs(10), "the task is RUNNING", || {
        let status = worker.status(&topic).unwrap_or_default();
        status["tasks"][0]["state"] == "RUNNING"
    });
    kafka.thaw();
    kafka.produce(&topic, records(100, 200, 2));
    kafka.wait_drained(&group, &topic, PATIENCE);
    assert_eq!(distinct(&[&out]).len(), 200);

    kafka.freeze();
    let begin = Instant::now();
    let status = worker.stop(Duration::from_secs(15));
    println!("SIGTERM with a hanging broker: {:?}", begin.elapsed());
    assert_eq!(status.code(), Some(0), "{}", worker.process().log_tail());
    kafka.thaw();
    worker.start_again();
    kafka.produce(&topic, records(200, 300, 2));
    worker.run_connector(&topic, &config);
    kafka.wait_drained(&group, &topic, PATIENCE);
    assert_eq!(distinct(&[&out]).len(), 300);
}
