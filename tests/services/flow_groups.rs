//! Brokers that go, members that come and go: records flow on and none is lost.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use libtest_mimic::Trial;

use crate::connectors::{connector_file, file_sink, lines, quick_worker};
use crate::support::kafka::{Kafka, Record};
use crate::support::{Ctx, Need, Worker, scratch, wait_until};

const PATIENCE: Duration = Duration::from_secs(90);

pub fn tests(ctx: &'static Ctx) -> Vec<Trial> {
    let kafka = &[Need::Kafka];
    vec![
        ctx.trial(
            kafka,
            "flow::broker_restart_loses_no_record",
            broker_restart_loses_no_record,
        ),
        ctx.trial(
            kafka,
            "flow::second_worker_takes_over_from_a_killed_one",
            second_worker_takes_over_from_a_killed_one,
        ),
        ctx.trial(
            kafka,
            "flow::worker_that_was_frozen_out_of_its_group_comes_back",
            worker_that_was_frozen_out_of_its_group_comes_back,
        ),
        ctx.trial(
            kafka,
            "flow::partitions_move_to_a_second_worker_and_back",
            |ctx| partitions_move_to_a_second_worker_and_back(ctx, "classic"),
        ),
        ctx.trial(
            kafka,
            "flow::partitions_move_by_the_consumer_protocol",
            |ctx| partitions_move_to_a_second_worker_and_back(ctx, "consumer"),
        ),
    ]
}

/// Values `from..to`, spread over the partitions.
fn records(from: u32, to: u32, partitions: u32) -> impl Iterator<Item = Record> {
    (from..to).map(move |i| Record::value(i.to_string()).partition((i % partitions) as i32))
}

fn values(files: &[&Path]) -> Vec<u32> {
    let all = files.iter().flat_map(|file| lines(file));
    all.map(|line| line.parse().expect("a number")).collect()
}

fn expect_each_of(count: u32, found: &[u32]) {
    let distinct: BTreeSet<u32> = found.iter().copied().collect();
    let lost: Vec<u32> = (0..count).filter(|v| !distinct.contains(v)).collect();
    assert!(
        lost.is_empty(),
        "{} lost, e.g. {:?}",
        lost.len(),
        &lost[..lost.len().min(5)]
    );
    assert_eq!(distinct.len(), count as usize);
}

/// A worker with this connector in a file of the command line.
fn worker_with(kafka: &Kafka, connector: &str, topic: &str, out: &Path) -> Worker {
    quick_worker(kafka)
        .connector_lines(connector_file(connector, &file_sink(topic, out)))
        .start()
}

fn broker_restart_loses_no_record(_: &'static Ctx) {
    let kafka = Kafka::start().expect("a broker");
    let topic = kafka.new_topic("restart", 2);
    let out = scratch::dir("restart").join("out.txt");
    let name = scratch::unique("restart");
    let group = format!("connect-{name}");
    let worker = worker_with(&kafka, &name, &topic, &out);
    // Few at a time, so that the broker goes while records are on their way into it, too.
    let slowly = [
        ("queue.buffering.max.messages", "500"),
        ("enable.idempotence", "true"),
    ];
    let mut produced = 0;
    for kill in [false, true] {
        let seen = lines(&out).len();
        let chunk = records(produced, produced + 30_000, 2);
        produced += 30_000;
        std::thread::scope(|scope| {
            let producing = scope.spawn(|| kafka.produce_with(&slowly, &topic, chunk));
            wait_until(PATIENCE, "lines", || lines(&out).len() > seen);
            let begun = lines(&out).len() - seen;
            if kill {
                kafka.kill();
            } else {
                kafka.stop();
            }
            println!("the broker went after {begun} of 30000 records");
            kafka.start_again().expect("the broker");
            producing.join().expect("all records are produced");
        });
        kafka.wait_drained(&group, &topic, PATIENCE);
        let status = worker.status(&name).expect("a status");
        assert_eq!(status["tasks"][0]["state"], "RUNNING", "{status}");
    }
    let found = values(&[&out]);
    expect_each_of(produced, &found);
    println!("{} lines for {produced} records", found.len());
}

fn second_worker_takes_over_from_a_killed_one(ctx: &'static Ctx) {
    let kafka = ctx.kafka();
    let topic = kafka.new_topic("takeover", 4);
    let dir = scratch::dir("takeover");
    let (first_out, second_out) = (dir.join("first.txt"), dir.join("second.txt"));
    let name = scratch::unique("takeover");
    let group = format!("connect-{name}");
    let first = worker_with(kafka, &name, &topic, &first_out);
    let second = worker_with(kafka, &name, &topic, &second_out);
    let mut produced = 0;
    wait_until(PATIENCE, "both write", || {
        kafka.produce(&topic, records(produced, produced + 400, 4));
        produced += 400;
        !lines(&first_out).is_empty() && !lines(&second_out).is_empty()
    });
    kafka.wait_drained(&group, &topic, PATIENCE);
    assert_eq!(kafka.members(&group).len(), 2);

    let seen = lines(&first_out).len();
    kafka.produce(&topic, records(produced, produced + 20_000, 4));
    produced += 20_000;
    wait_until(PATIENCE, "the first writes", || {
        lines(&first_out).len() > seen
    });
    first.kill();
    let written = lines(&first_out).len();
    kafka.produce(&topic, records(produced, produced + 400, 4));
    produced += 400;
    kafka.wait_drained(&group, &topic, PATIENCE);
    assert_eq!(lines(&first_out).len(), written, "the dead do not write");
    assert_eq!(kafka.members(&group).len(), 1);
    let found = values(&[&first_out, &second_out]);
    expect_each_of(produced, &found);
    assert_eq!(second.stop(Duration::from_secs(10)).code(), Some(0));
}

/// A worker that stood still for longer than its session wakes up with records in its hands that are another's by now.
fn worker_that_was_frozen_out_of_its_group_comes_back(ctx: &'static Ctx) {
    let kafka = ctx.kafka();
    let topic = kafka.new_topic("zombie", 4);
    let dir = scratch::dir("zombie");
    let (first_out, second_out) = (dir.join("first.txt"), dir.join("second.txt"));
    let name = scratch::unique("zombie");
    let group = format!("connect-{name}");
    let first = worker_with(kafka, &name, &topic, &first_out);
    kafka.produce(&topic, records(0, 30_000, 4));
    wait_until(PATIENCE, "the first writes", || {
        !lines(&first_out).is_empty()
    });
    first.process().freeze();
    let second = worker_with(kafka, &name, &topic, &second_out);
    kafka.wait_drained(&group, &topic, PATIENCE);
    let committed = kafka.committed(&group, &topic);

    first.process().thaw();
    wait_until(PATIENCE, "it is a member again", || {
        kafka.members(&group).len() == 2
    });
    wait_until(PATIENCE, "both write", || {
        let (one, two) = (lines(&first_out).len(), lines(&second_out).len());
        kafka.produce(&topic, ["30000"]);
        kafka.produce(&topic, records(30_001, 30_401, 4));
        kafka.wait_drained(&group, &topic, PATIENCE);
        lines(&first_out).len() > one && lines(&second_out).len() > two
    });
    let now = kafka.committed(&group, &topic);
    assert!(
        committed.iter().all(|(p, at)| now[p] >= *at),
        "no commit of the frozen one went back: {committed:?}, {now:?}"
    );
    expect_each_of(30_401, &values(&[&first_out, &second_out]));
    for worker in [&first, &second] {
        assert_eq!(worker.stop(Duration::from_secs(10)).code(), Some(0));
        let log = worker.log();
        assert!(!log.contains("panicked"), "{log}");
    }
}

/// Nobody dies here: every record is written exactly once.
fn partitions_move_to_a_second_worker_and_back(ctx: &'static Ctx, protocol: &str) {
    let kafka = ctx.kafka();
    let worker = |name: &str, topic: &str, out: &Path| {
        quick_worker(kafka)
            .set("consumer.group.protocol", protocol)
            .connector_lines(connector_file(name, &file_sink(topic, out)))
            .start()
    };
    // Members of the consumer protocol are not listed where those of the classic one are.
    let has_members =
        |group: &str, count| protocol != "classic" || kafka.members(group).len() == count;
    let topic = kafka.new_topic("moves", 4);
    let dir = scratch::dir("moves");
    let (first_out, second_out) = (dir.join("first.txt"), dir.join("second.txt"));
    let name = scratch::unique("moves");
    let group = format!("connect-{name}");
    let first = worker(&name, &topic, &first_out);
    let mut produced = 0;
    let mut flow = |count: u32| {
        kafka.produce(&topic, records(produced, produced + count, 4));
        produced += count;
        produced
    };
    flow(2_000);
    kafka.wait_drained(&group, &topic, PATIENCE);

    let second = worker(&name, &topic, &second_out);
    wait_until(PATIENCE, "both write", || {
        flow(400);
        !lines(&second_out).is_empty() && has_members(&group, 2)
    });
    flow(5_000);
    let status = second.stop(Duration::from_secs(10));
    assert_eq!(status.code(), Some(0), "{}", second.process().log_tail());
    assert!(has_members(&group, 1), "it left the group at once");

    let from_here = lines(&first_out).len();
    let count = flow(2_000);
    kafka.wait_drained(&group, &topic, PATIENCE);
    assert!(
        lines(&first_out).len() >= from_here + 2_000,
        "all partitions are back"
    );
    let found = values(&[&first_out, &second_out]);
    expect_each_of(count, &found);
    assert_eq!(found.len(), count as usize, "orderly moves repeat nothing");
    assert_eq!(first.stop(Duration::from_secs(10)).code(), Some(0));
}
