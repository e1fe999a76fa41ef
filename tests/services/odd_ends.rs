//! What may happen to topics, groups and processes from outside while a connector runs: nothing is lost that is still
//! there, and the log says what happened.

use std::path::Path;
use std::time::Duration;

use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::connectors::{Dice, file_sink, holds_for, lines, phase, quick_worker, times, with};
use crate::support::kafka::{Kafka, Record};
use crate::support::{Ctx, Need, Worker, wait_until};

const PATIENCE: Duration = Duration::from_secs(90);

pub fn tests(ctx: &'static Ctx) -> Vec<Trial> {
    let kafka = &[Need::Kafka];
    vec![
        ctx.trial(
            kafka,
            "odd_ends::a_topic_that_is_made_anew_is_read_from_its_beginning",
            a_topic_that_is_made_anew_is_read_from_its_beginning,
        ),
        ctx.trial(
            kafka,
            "odd_ends::partitions_that_are_added_under_load_lose_nothing",
            partitions_that_are_added_under_load_lose_nothing,
        ),
        ctx.trial(
            kafka,
            "odd_ends::retention_that_passes_the_position_is_told",
            retention_that_passes_the_position_is_told,
        ),
        ctx.trial(
            kafka,
            "odd_ends::a_group_that_an_admin_deletes_is_read_again_from_the_beginning",
            a_group_that_an_admin_deletes_is_read_again_from_the_beginning,
        ),
        ctx.trial(
            kafka,
            "odd_ends::a_worker_frozen_again_and_again_always_comes_back",
            a_worker_frozen_again_and_again_always_comes_back,
        ),
    ]
}

fn expect_each(out: &Path, values: impl Iterator<Item = String>, exactly_once: bool) {
    let times = times(&[out]);
    let mut count = 0;
    for value in values {
        count += 1;
        let found = times.get(&value).copied().unwrap_or(0);
        assert!(found > 0, "{value} is lost");
        assert!(!exactly_once || found == 1, "{value}: {found} times");
    }
    assert_eq!(times.len(), count);
}

fn expect_running(worker: &Worker, name: &str) {
    let status = worker.status(name).unwrap();
    let tasks = status["tasks"].as_array().unwrap();
    assert!(tasks.iter().all(|t| t["state"] == "RUNNING"), "{status}");
}

fn a_topic_that_is_made_anew_is_read_from_its_beginning(ctx: &'static Ctx) {
    let kafka = ctx.kafka();
    let topic = kafka.new_topic("anew", 1);
    let group = format!("connect-{topic}");
    let worker = quick_worker(kafka)
        .set("consumer.metadata.max.age.ms", "1000")
        .set("consumer.allow.auto.create.topics", "false")
        .start();
    let out = worker.dir().join("out");
    worker.run_connector(&topic, &file_sink(&topic, &out));
    kafka.produce(&topic, (0..10).map(|i| format!("old {i}")));
    kafka.wait_drained(&group, &topic, PATIENCE);
    kafka.delete_topic(&topic);
    wait_until(PATIENCE, "that it is gone is told", || {
        let phase = phase(&worker, &topic, 0);
        let why = phase["why"].as_str().unwrap_or_default();
        phase["phase"] == "no-partitions" && why.contains("does not exist: create it")
    });
    let gone = format!("topic {topic} does not exist");
    assert!(worker.log().contains(&gone), "{}", worker.log());
    kafka.create_topic(&topic, 2, &[]);
    // Fewer than there were, so that an offset of before would be behind the end.
    kafka.produce(
        &topic,
        (0..6).map(|i| Record::value(format!("new {i}")).partition(i % 2)),
    );
    let all = || {
        (0..10)
            .map(|i| format!("old {i}"))
            .chain((0..6).map(|i| format!("new {i}")))
    };
    wait_until(PATIENCE, "the new records", || times(&[&out]).len() == 16);
    kafka.wait_drained(&group, &topic, PATIENCE);
    expect_running(&worker, &topic);
    expect_each(&out, all(), true);

    // So quickly that nobody sees it gone.
    kafka.delete_topic(&topic);
    kafka.create_topic(&topic, 2, &[]);
    kafka.produce(
        &topic,
        (0..4).map(|i| Record::value(format!("newest {i}")).partition(i % 2)),
    );
    wait_until(PATIENCE, "the newest records", || {
        times(&[&out]).len() == 20
    });
    expect_running(&worker, &topic);
    expect_each(
        &out,
        all().chain((0..4).map(|i| format!("newest {i}"))),
        true,
    );
}

fn partitions_that_are_added_under_load_lose_nothing(ctx: &'static Ctx) {
    let kafka = ctx.kafka();
    let topic = kafka.new_topic("added", 1);
    let worker = quick_worker(kafka)
        .set("consumer.metadata.max.age.ms", "1000")
        .start();
    let out = worker.dir().join("out");
    let config = with(file_sink(&topic, &out), &json!({"tasks.max": "2"}));
    worker.run_connector(&topic, &config);
    let mut count = 0;
    for partitions in [1, 2, 5] {
        if partitions > 1 {
            kafka.grow_topic(&topic, partitions);
        }
        let each = |i: u32| Record::value(i.to_string()).partition(i as i32 % partitions as i32);
        wait_until(PATIENCE, "leaders", || {
            kafka.partitions(&topic).len() == partitions
        });
        kafka.produce(&topic, (count..count + 5_000).map(each));
        count += 5_000;
        // Partitions are added while records flow.
        let goal = lines(&out).len() + 1;
        wait_until(PATIENCE, "some lines", || lines(&out).len() >= goal);
    }
    kafka.wait_drained(&format!("connect-{topic}"), &topic, PATIENCE);
    expect_running(&worker, &topic);
    expect_each(&out, (0..count).map(|i| i.to_string()), true);
}

fn retention_that_passes_the_position_is_told(ctx: &'static Ctx) {
    let kafka = ctx.kafka();
    let topic = kafka.new_topic("retention", 1);
    let worker = quick_worker(kafka).start();
    let cases = [
        ("earliest", "RUNNING"),
        ("latest", "RUNNING"),
        ("none", "FAILED"),
    ];
    kafka.produce(&topic, (0..10).map(|i| i.to_string()));
    let config = |reset: &str| -> Value {
        let out = worker.dir().join(reset);
        with(
            file_sink(&topic, &out),
            &json!({"consumer.override.auto.offset.reset": reset}),
        )
    };
    for (reset, _) in cases {
        // Everyone begins with a position of its own.
        let entry = json!({"partition": {"kafka_topic": topic, "kafka_partition": 0}, "offset": {"kafka_offset": 3}});
        let body = json!({"name": reset, "config": config(reset), "initial_state": "STOPPED"});
        worker
            .rest()
            .post("/connectors", &body)
            .unwrap()
            .expect(201);
        let path = format!("/connectors/{reset}/offsets");
        worker
            .rest()
            .patch(&path, &json!({"offsets": [entry]}))
            .unwrap()
            .expect(200);
    }
    kafka.delete_records_before(&topic, 0, 8);
    for (reset, _) in cases {
        let path = format!("/connectors/{reset}/resume");
        worker.rest().send("PUT", &path, None).unwrap().expect(202);
    }
    for (reset, state) in cases {
        worker.wait_state(reset, state, PATIENCE);
    }
    let out = |reset: &str| lines(&worker.dir().join(reset));
    wait_until(PATIENCE, "what is left", || out("earliest") == ["8", "9"]);
    // Only what comes after the jump is read by the one that asked for that; when it has jumped is told by the log.
    let jumped = |reset: &str| {
        let log = worker.log();
        let about = format!("] WARN [{reset}|task-0] ");
        let mut lines = log.lines().filter(|l| l.contains(&about));
        lines.any(|l| l.contains(&format!("{topic}-0")) && l.contains("out of range"))
    };
    for reset in ["earliest", "latest"] {
        wait_until(PATIENCE, "the jump is told", || jumped(reset));
    }
    wait_until(PATIENCE, "the latest one reads on", || {
        kafka.produce(&topic, ["after"]);
        out("latest").contains(&"after".to_owned())
    });
    assert!(!out("latest").contains(&"8".to_owned()));
    let status = worker.status("none").unwrap();
    let trace = status["tasks"][0]["trace"].as_str().unwrap();
    for text in [
        &format!("no reset policy for partition {topic}-0"),
        "auto.offset.reset is none",
        "Commit one, or set consumer.override.auto.offset.reset",
    ] {
        assert!(trace.contains(text), "{text}: {trace}");
    }
}

/// A group that has members cannot be deleted, but one whose worker stands still for long has none.
fn a_group_that_an_admin_deletes_is_read_again_from_the_beginning(ctx: &'static Ctx) {
    let kafka = ctx.kafka();
    let topic = kafka.new_topic("forgotten", 2);
    let group = format!("connect-{topic}");
    let worker = quick_worker(kafka).start();
    let out = worker.dir().join("out");
    worker.run_connector(&topic, &file_sink(&topic, &out));
    kafka.produce(
        &topic,
        (0..10).map(|i| Record::value(i.to_string()).partition(i % 2)),
    );
    kafka.wait_drained(&group, &topic, PATIENCE);
    worker.process().freeze();
    wait_until(PATIENCE, "it is put out", || {
        kafka.members(&group).is_empty()
    });
    kafka.delete_group(&group);
    kafka.produce(
        &topic,
        (10..20).map(|i| Record::value(i.to_string()).partition(i % 2)),
    );
    worker.process().thaw();
    kafka.wait_drained(&group, &topic, PATIENCE);
    expect_running(&worker, &topic);
    expect_each(&out, (0..20).map(|i| i.to_string()), false);
    // Over REST the same can be done in order, and without a repetition where it is not wanted.
    let stop = format!("/connectors/{topic}/stop");
    worker.rest().send("PUT", &stop, None).unwrap().expect(204);
    let before = lines(&out).len();
    let offsets = format!("/connectors/{topic}/offsets");
    worker.rest().delete(&offsets).unwrap().expect(200);
    let resume = format!("/connectors/{topic}/resume");
    worker
        .rest()
        .send("PUT", &resume, None)
        .unwrap()
        .expect(202);
    wait_until(PATIENCE, "all once more", || {
        lines(&out).len() == before + 20
    });
}

/// For shorter and longer than its session, under each way to share partitions.
fn a_worker_frozen_again_and_again_always_comes_back(ctx: &'static Ctx) {
    let kafka = ctx.kafka();
    let mut dice = Dice::new("freezes");
    let worker = quick_worker(kafka).start();
    let ways = [
        ("eager", json!({})),
        (
            "cooperative",
            json!({"consumer.override.partition.assignment.strategy":
                "org.apache.kafka.clients.consumer.CooperativeStickyAssignor"}),
        ),
        (
            "consumer",
            json!({"consumer.override.group.protocol": "consumer"}),
        ),
    ];
    let flows = ways.map(|(way, more)| {
        let topic = kafka.new_topic(way, 3);
        let out = worker.dir().join(way);
        worker.run_connector(&topic, &with(file_sink(&topic, &out), &more));
        (topic, out)
    });
    let mut produced = 0;
    let mut flow = |kafka: &Kafka, count: i32| {
        for (topic, _) in &flows {
            let records = produced..produced + count;
            let record = |i: i32| Record::value(i.to_string()).partition(i % 3);
            kafka.produce(topic, records.map(record));
        }
        produced += count;
        produced
    };
    for _ in 0..if ctx.long { 40 } else { 4 } {
        flow(kafka, 2_000);
        let (freeze, pause) = (dice.below(7_000), dice.below(1_500));
        holds_for(Duration::from_millis(pause), "it runs", || true);
        worker.process().freeze();
        flow(kafka, 100);
        holds_for(Duration::from_millis(freeze), "it stands", || true);
        worker.process().thaw();
        println!("after {pause} ms frozen for {freeze} ms");
        flow(kafka, 100);
        for (topic, _) in &flows {
            kafka.wait_drained(&format!("connect-{topic}"), topic, PATIENCE);
        }
    }
    let count = flow(kafka, 1);
    for (topic, out) in &flows {
        kafka.wait_drained(&format!("connect-{topic}"), topic, PATIENCE);
        expect_running(&worker, topic);
        expect_each(out, (0..count).map(|i| i.to_string()), false);
    }
    assert_eq!(worker.stop(Duration::from_secs(15)).code(), Some(0));
    assert!(!worker.log().contains("panicked"), "{}", worker.log());
}
