//! The database is away, hangs, or does not let the sink in.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use serde_json::json;

use crate::connectors::{
    dead_letters, file_sink, graph_sink, holds_for, lines, nodes, outage, quick_worker, with,
};
use crate::support::kafka::{Kafka, Record};
use crate::support::neo4j::{Auth, Neo4j, USER};
use crate::support::{Ctx, Engine, Need, Worker, WorkerSpec, scratch, wait_until};

const PATIENCE: Duration = Duration::from_secs(120);
/// `task.shutdown.graceful.timeout.ms` and what leaving the group may take.
const GRACE: Duration = Duration::from_secs(8);

pub fn tests(ctx: &'static Ctx) -> Vec<Trial> {
    let both = &[Need::Kafka, Need::Neo4j];
    vec![
        ctx.trial(
            both,
            "targets::database_away_at_start_and_later_delays_records_only",
            database_away_at_start_and_later_delays_records_only,
        ),
        ctx.trial(
            both,
            "targets::database_that_hangs_delays_records_only",
            database_that_hangs_delays_records_only,
        ),
        ctx.trial(
            both,
            "targets::hanging_database_does_not_hold_up_a_stop",
            hanging_database_does_not_hold_up_a_stop,
        ),
        ctx.trial(
            both,
            "targets::hanging_database_does_not_hold_up_a_rebalance",
            hanging_database_does_not_hold_up_a_rebalance,
        ),
        ctx.trial(
            both,
            "targets::bounded_wait_for_a_database_fails_the_task",
            bounded_wait_for_a_database_fails_the_task,
        ),
        ctx.trial(
            both,
            "targets::wrong_password_fails_the_task_with_advice",
            wrong_password_fails_the_task_with_advice,
        ),
    ]
}

fn records(from: u32, to: u32) -> impl Iterator<Item = Record> {
    (from..to).map(|i| Record::value(i.to_string()).key(format!("k{i}")))
}

fn is_running(worker: &Worker, connector: &str) -> bool {
    let status = worker.status(connector).unwrap_or_default();
    status["tasks"][0]["state"] == "RUNNING" && status["connector"]["state"] == "RUNNING"
}

/// With everything set that would let records be given up.
fn tolerant(neo4j: &Neo4j, topic: &str) -> serde_json::Value {
    let config = graph_sink(neo4j, topic, topic);
    let config = with(config, &dead_letters(&format!("{topic}-dlq")));
    with(
        config,
        &json!({"errors.tolerance": "all", "errors.log.enable": "true"}),
    )
}

fn expect_all(kafka: &Kafka, neo4j: &Neo4j, topic: &str, count: u32) {
    kafka.wait_drained(&format!("connect-{topic}"), topic, PATIENCE);
    let found = nodes(neo4j, topic);
    assert_eq!(found.len(), count as usize);
    assert!(found.iter().all(|(k, v)| *k == format!("k{v}")));
    assert_eq!(
        kafka.read(&format!("{topic}-dlq")),
        [],
        "an outage is not a record's fault"
    );
}

fn database_away_at_start_and_later_delays_records_only(ctx: &'static Ctx) {
    let (kafka, neo4j) = (
        ctx.kafka(),
        Neo4j::start(Auth::Disabled).expect("a database"),
    );
    let topic = kafka.new_topic("away", 2);
    let worker = quick_worker(kafka).start();

    neo4j.stop();
    kafka.produce(&topic, records(0, 1_000));
    worker
        .rest()
        .put(
            &format!("/connectors/{topic}/config"),
            &tolerant(&neo4j, &topic),
        )
        .expect("an answer")
        .expect(201);
    holds_for(Duration::from_secs(5), "the task does not fail", || {
        worker
            .status(&topic)
            .is_some_and(|s| s["tasks"][0]["state"] != "FAILED")
    });
    neo4j.start_again().expect("the database");
    wait_until(PATIENCE, "RUNNING", || is_running(&worker, &topic));
    expect_all(kafka, &neo4j, &topic, 1_000);

    neo4j.kill();
    kafka.produce(&topic, records(1_000, 3_000));
    holds_for(outage(ctx), "the task is RUNNING", || {
        is_running(&worker, &topic)
    });
    let committed: i64 = kafka
        .committed(&format!("connect-{topic}"), &topic)
        .values()
        .sum();
    assert_eq!(
        committed, 1_000,
        "nothing is committed that was not written"
    );
    neo4j.start_again().expect("the database");
    expect_all(kafka, &neo4j, &topic, 3_000);
    assert!(is_running(&worker, &topic));
}

fn database_that_hangs_delays_records_only(ctx: &'static Ctx) {
    let (kafka, neo4j) = (
        ctx.kafka(),
        Neo4j::start(Auth::Disabled).expect("a database"),
    );
    let topic = kafka.new_topic("hangs", 2);
    // The group would put out a member that does not poll for eight seconds.
    let worker = quick_worker(kafka)
        .set("consumer.max.poll.interval.ms", "8000")
        .start();
    kafka.produce(&topic, records(0, 500));
    worker.run_connector(&topic, &tolerant(&neo4j, &topic));
    expect_all(kafka, &neo4j, &topic, 500);

    neo4j.freeze();
    kafka.produce(&topic, records(500, 2_000));
    holds_for(outage(ctx), "the task is RUNNING", || {
        is_running(&worker, &topic)
    });
    assert_eq!(kafka.members(&format!("connect-{topic}")).len(), 1);
    neo4j.thaw();
    expect_all(kafka, &neo4j, &topic, 2_000);
}

fn hanging_database_does_not_hold_up_a_stop(ctx: &'static Ctx) {
    let (kafka, neo4j) = (
        ctx.kafka(),
        Neo4j::start(Auth::Disabled).expect("a database"),
    );
    let topics = [kafka.new_topic("hung", 1), kafka.new_topic("hung", 1)];
    let worker = quick_worker(kafka).start();
    for topic in &topics {
        kafka.produce(topic, records(0, 10));
        worker.run_connector(topic, &tolerant(&neo4j, topic));
        expect_all(kafka, &neo4j, topic, 10);
    }
    neo4j.freeze();
    for topic in &topics {
        kafka.produce(topic, records(10, 20));
    }
    // Long enough for the records to be on their way to the database.
    holds_for(Duration::from_secs(2), "the tasks are RUNNING", || {
        topics.iter().all(|topic| is_running(&worker, topic))
    });

    let begin = Instant::now();
    worker.delete_connector(&topics[0]);
    assert!(begin.elapsed() < GRACE, "DELETE took {:?}", begin.elapsed());
    wait_until(GRACE, "the deleted connector leaves its group", || {
        kafka.members(&format!("connect-{}", topics[0])).is_empty()
    });
    let begin = Instant::now();
    let status = worker.stop(GRACE);
    println!("SIGTERM with a hanging database: {:?}", begin.elapsed());
    assert_eq!(status.code(), Some(0), "{}", worker.process().log_tail());

    // Nothing that hung counts as written: another worker goes on where the last one committed.
    neo4j.thaw();
    let worker = quick_worker(kafka).start();
    worker.run_connector(&topics[1], &tolerant(&neo4j, &topics[1]));
    expect_all(kafka, &neo4j, &topics[1], 20);
}

/// A second member joins while the first one hangs in a write: the first has to let partitions go when its time is
/// over, without committing what hangs. The other writes to a file, because a sink that finds no database does not join.
fn hanging_database_does_not_hold_up_a_rebalance(ctx: &'static Ctx) {
    let (kafka, neo4j) = (
        ctx.kafka(),
        Neo4j::start(Auth::Disabled).expect("a database"),
    );
    let topic = kafka.new_topic("rebalance", 2);
    let group = format!("connect-{topic}");
    let first = quick_worker(kafka)
        .set("consumer.max.poll.interval.ms", "8000")
        .start();
    first.run_connector(&topic, &tolerant(&neo4j, &topic));
    kafka.produce(&topic, records(0, 100));
    expect_all(kafka, &neo4j, &topic, 100);
    neo4j.freeze();
    kafka.produce(&topic, records(100, 600));
    holds_for(Duration::from_secs(2), "the task is RUNNING", || {
        is_running(&first, &topic)
    });

    let second = quick_worker(kafka).start();
    let out = second.dir().join("out");
    second.run_connector(&topic, &file_sink(&topic, &out));
    wait_until(
        Duration::from_secs(30),
        "the second one has records",
        || !lines(&out).is_empty(),
    );
    assert_eq!(kafka.members(&group).len(), 2, "the first one stays");
    assert!(is_running(&first, &topic));
    neo4j.thaw();
    kafka.wait_drained(&group, &topic, PATIENCE);
    for worker in [&first, &second] {
        let status = worker.stop(Duration::from_secs(10));
        assert_eq!(status.code(), Some(0), "{}", worker.process().log_tail());
    }
    let mut arrived: BTreeSet<String> =
        nodes(&neo4j, &topic).values().map(i64::to_string).collect();
    arrived.extend(lines(&out));
    assert_eq!(arrived.len(), 600, "each record is here or there");
    assert_eq!(kafka.read(&format!("{topic}-dlq")), []);
}

/// Who wants the original's way sets a bound.
fn bounded_wait_for_a_database_fails_the_task(ctx: &'static Ctx) {
    let (kafka, neo4j) = (ctx.kafka(), ctx.neo4j());
    let topic = kafka.new_topic("bounded", 1);
    kafka.produce(&topic, records(0, 10));
    let worker = quick_worker(kafka).start();
    let away = format!("bolt://127.0.0.1:{}", scratch::free_port());
    let config = with(
        tolerant(neo4j, &topic),
        &json!({"neo4j.uri": away, "target.wait.max.ms": "3000"}),
    );
    let begin = Instant::now();
    worker
        .rest()
        .put(&format!("/connectors/{topic}/config"), &config)
        .expect("an answer")
        .expect(201);
    let status = worker.wait_state(&topic, "FAILED", PATIENCE);
    assert!(begin.elapsed() > Duration::from_secs(3));
    let trace = status["tasks"][0]["trace"].as_str().expect("a trace");
    assert!(trace.contains("target.wait.max.ms"), "{trace}");
    assert_eq!(kafka.read(&format!("{topic}-dlq")), []);

    let found = json!({"neo4j.uri": neo4j.uri()});
    worker.run_connector(&topic, &with(config, &found));
    expect_all(kafka, neo4j, &topic, 10);
}

fn wrong_password_fails_the_task_with_advice(ctx: &'static Ctx) {
    let (kafka, neo4j) = (ctx.kafka(), ctx.neo4j_with_auth());
    let topic = kafka.new_topic("password", 1);
    kafka.produce(&topic, records(0, 3));
    let worker = WorkerSpec::new(Engine::Turnbuckle, kafka).start();
    let secret = "not-the-password-of-anyone";
    let config = with(
        graph_sink(neo4j, &topic, &topic),
        &json!({
            "neo4j.authentication.type": "BASIC",
            "neo4j.authentication.basic.username": USER,
            "neo4j.authentication.basic.password": secret,
        }),
    );
    worker
        .rest()
        .put(&format!("/connectors/{topic}/config"), &config)
        .expect("an answer")
        .expect(201);
    let status = worker.wait_state(&topic, "FAILED", PATIENCE);
    let trace = status["tasks"][0]["trace"].as_str().expect("a trace");
    for text in [
        "unauthorized",
        "Check user and password in the neo4j.authentication keys.",
    ] {
        assert!(trace.contains(text), "{text} in {trace}");
    }
    assert!(!trace.contains(secret) && !worker.log().contains(secret));
    let committed = kafka.committed(&format!("connect-{topic}"), &topic);
    assert!(
        committed.values().all(|offset| *offset == 0),
        "{committed:?}"
    );

    // Repaired, it goes on.
    let good = json!({"neo4j.authentication.basic.password": crate::support::neo4j::PASSWORD});
    worker.run_connector(&topic, &with(config, &good));
    kafka.wait_drained(&format!("connect-{topic}"), &topic, PATIENCE);
    assert_eq!(nodes(neo4j, &topic).len(), 3);
}
