//! One group, two kinds of workers: a JVM worker takes over from ours and gives back, and both share a topic.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use libtest_mimic::Trial;

use crate::connectors::{connector_file, file_sink, lines};
use crate::support::kafka::{Kafka, Record};
use crate::support::{Ctx, Engine, Need, Worker, WorkerSpec, scratch, wait_until};

const PATIENCE: Duration = Duration::from_secs(90);
const STOP: Duration = Duration::from_secs(20);

pub fn tests(ctx: &'static Ctx) -> Vec<Trial> {
    let kafka = &[Need::Kafka];
    vec![
        ctx.trial(
            kafka,
            "flow::jvm_worker_goes_on_where_ours_stopped_and_back",
            jvm_worker_goes_on_where_ours_stopped_and_back,
        ),
        ctx.trial(
            kafka,
            "flow::shares_a_group_with_a_jvm_worker",
            shares_a_group_with_a_jvm_worker,
        ),
    ]
}

fn records(from: u32, to: u32) -> impl Iterator<Item = Record> {
    (from..to).map(|i| Record::value(i.to_string()).partition((i % 4) as i32))
}

/// The same two files for both kinds of workers.
fn worker(engine: Engine, kafka: &Kafka, topic: &str, out: &Path) -> Worker {
    WorkerSpec::new(engine, kafka)
        .connector_lines(connector_file(topic, &file_sink(topic, out)))
        .start()
}

/// Every value of `0..count`, and how often it was written if not once.
fn expect_each_once(count: u32, files: &[&Path]) {
    let mut times: BTreeMap<u32, u32> = (0..count).map(|i| (i, 0)).collect();
    for line in files.iter().flat_map(|file| lines(file)) {
        *times.entry(line.parse().expect("a number")).or_default() += 1;
    }
    times.retain(|_, times| *times != 1);
    assert!(times.is_empty(), "{} not once: {times:?}", times.len());
}

fn jvm_worker_goes_on_where_ours_stopped_and_back(ctx: &'static Ctx) {
    let kafka = ctx.kafka();
    let topic = kafka.new_topic("handover", 4);
    let group = format!("connect-{topic}");
    let out = scratch::dir("handover").join("out.txt");
    let mut produced = 0;
    let engines = [Engine::Turnbuckle, Engine::Jvm, Engine::Turnbuckle];
    for engine in engines {
        let seen = lines(&out).len();
        kafka.produce(&topic, records(produced, produced + 20_000));
        produced += 20_000;
        let worker = worker(engine, kafka, &topic, &out);
        // Stopped somewhere in the middle.
        wait_until(PATIENCE, "lines", || lines(&out).len() > seen);
        worker.stop(STOP);
        assert!(kafka.members(&group).is_empty(), "{engine:?} has left");
    }
    let last = worker(Engine::Jvm, kafka, &topic, &out);
    kafka.wait_drained(&group, &topic, PATIENCE);
    last.stop(STOP);
    expect_each_once(produced, &[&out]);
}

/// As while workers are replaced one after another.
fn shares_a_group_with_a_jvm_worker(ctx: &'static Ctx) {
    let kafka = ctx.kafka();
    let topic = kafka.new_topic("shared", 4);
    let group = format!("connect-{topic}");
    let dir = scratch::dir("shared");
    let (theirs_out, ours_out) = (dir.join("theirs.txt"), dir.join("ours.txt"));
    let mut produced = 0;
    let mut flow = |count: u32| {
        kafka.produce(&topic, records(produced, produced + count));
        produced += count;
        produced
    };
    flow(1_000);
    let theirs = worker(Engine::Jvm, kafka, &topic, &theirs_out);
    kafka.wait_drained(&group, &topic, PATIENCE);
    let ours = worker(Engine::Turnbuckle, kafka, &topic, &ours_out);
    wait_until(PATIENCE, "both are members", || {
        kafka.members(&group).len() == 2
    });
    wait_until(PATIENCE, "both write", || {
        let before = lines(&theirs_out).len();
        flow(400);
        kafka.wait_drained(&group, &topic, PATIENCE);
        !lines(&ours_out).is_empty() && lines(&theirs_out).len() > before
    });
    flow(5_000);
    theirs.stop(STOP);
    let count = flow(1_000);
    kafka.wait_drained(&group, &topic, PATIENCE);
    assert_eq!(kafka.members(&group).len(), 1);
    assert_eq!(ours.stop(STOP).code(), Some(0));
    expect_each_once(count, &[&theirs_out, &ours_out]);
}
