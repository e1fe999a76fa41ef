//! What a worker needs when records come faster than the target takes them.

use std::fs;
use std::time::{Duration, Instant};

use libtest_mimic::Trial;

use crate::connectors::{file_sink, graph_sink, holds_for, quick_worker};
use crate::support::kafka::Record;
use crate::support::neo4j::{Auth, Neo4j};
use crate::support::{Ctx, Need, Worker};

const PATIENCE: Duration = Duration::from_secs(120);
/// Peak resident memory of a worker with one task, `task.memory.bytes` and fetch sizes as they are by default.
const BOUND_MB: u64 = 150;

pub fn tests(ctx: &'static Ctx) -> Vec<Trial> {
    vec![
        ctx.trial(
            &[Need::Kafka, Need::Neo4j],
            "memory::stays_bounded_before_a_target_that_hangs",
            stays_bounded_before_a_target_that_hangs,
        ),
        ctx.trial(
            &[Need::Kafka],
            "memory::stays_bounded_while_a_long_topic_flows",
            stays_bounded_while_a_long_topic_flows,
        ),
    ]
}

fn stays_bounded_before_a_target_that_hangs(ctx: &'static Ctx) {
    let (kafka, neo4j) = (
        ctx.kafka(),
        Neo4j::start(Auth::Disabled).expect("a database"),
    );
    let topic = kafka.new_topic("memory", 4);
    let worker = quick_worker(kafka).start();
    worker.run_connector(&topic, &graph_sink(&neo4j, &topic, &topic));
    let first = (0..4).map(|p| Record::value("1").key("k").partition(p));
    kafka.produce(&topic, first);
    kafka.wait_drained(&format!("connect-{topic}"), &topic, PATIENCE);
    let idle = memory(&worker, "VmRSS:");

    neo4j.freeze();
    // 500 MB in records of 10 kB.
    let text = "x".repeat(10_000);
    let many = (0..50_000).map(|i| Record::value(text.as_str()).key("k").partition(i % 4));
    kafka.produce(&topic, many);
    let mut last = 0;
    holds_for(Duration::from_secs(15), "memory stays bounded", || {
        last = memory(&worker, "VmRSS:");
        last < BOUND_MB
    });
    let peak = memory(&worker, "VmHWM:");
    println!("idle {idle} MB, 500 MB waiting: {last} MB, peak {peak} MB");
    assert!(peak < BOUND_MB, "peak {peak} MB");
    let status = worker.status(&topic).expect("a status");
    assert_eq!(status["tasks"][0]["state"], "RUNNING");
    kafka.delete_topic(&topic);
}

fn stays_bounded_while_a_long_topic_flows(ctx: &'static Ctx) {
    let kafka = ctx.kafka();
    let topic = kafka.new_topic("long", 4);
    let text = "x".repeat(10_000);
    let many = (0..50_000).map(|i| Record::value(text.as_str()).partition(i % 4));
    kafka.produce(&topic, many);
    let worker = quick_worker(kafka).start();
    let out = worker.dir().join("out");
    let begin = Instant::now();
    worker.run_connector(&topic, &file_sink(&topic, &out));
    kafka.wait_drained(&format!("connect-{topic}"), &topic, PATIENCE);
    let time = begin.elapsed();
    let size = fs::metadata(&out).expect("a file").len();
    assert_eq!(size, 50_000 * 10_001);
    let peak = memory(&worker, "VmHWM:");
    println!("500 MB into a file: {time:?}, peak {peak} MB");
    assert!(peak < BOUND_MB, "peak {peak} MB");
    kafka.delete_topic(&topic);
    fs::remove_file(&out).expect("the file goes");
}

/// In megabytes, as the kernel tells it.
fn memory(worker: &Worker, line: &str) -> u64 {
    let path = format!("/proc/{}/status", worker.process().pid());
    let text = fs::read_to_string(path).expect("a running worker");
    let found = text
        .lines()
        .find_map(|l| l.strip_prefix(line)?.trim().strip_suffix(" kB"));
    found
        .and_then(|kb| kb.parse::<u64>().ok())
        .expect("a number")
        / 1024
}
