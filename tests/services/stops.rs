//! Whatever hangs, a change of a connector and the end of the process take no longer than
//! `task.shutdown.graceful.timeout.ms`, and other connectors are answered meanwhile.
//!
//! Each change has a connector of its own, hindered in the same way; all changes are asked for at once.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use libtest_mimic::Trial;
use rdkafka::consumer::{BaseConsumer, Consumer};
use serde_json::{Value, json};

use crate::connectors::{
    GRAPH, JSON, black_hole, dead_letters, file_sink, lines, make_pipe, phase, quick_worker, with,
};
use crate::support::kafka::{Kafka, Record};
use crate::support::rest::Response;
use crate::support::{Ctx, Engine, Need, Worker, WorkerSpec, scratch, wait_until};

const GRACE: Duration = Duration::from_secs(2);
/// What REST, leaving the group and a busy machine add. What hangs here hangs for half a minute at least.
const MARGIN: Duration = Duration::from_secs(4);
/// For an answer that nothing hinders.
const AT_ONCE: Duration = Duration::from_secs(3);
const PATIENCE: Duration = Duration::from_secs(60);

pub fn tests(ctx: &'static Ctx) -> Vec<Trial> {
    let kafka = &[Need::Kafka];
    vec![
        ctx.trial(
            kafka,
            "stops::a_pipe_that_nobody_reads_holds_up_nothing",
            a_pipe_that_nobody_reads_holds_up_nothing,
        ),
        ctx.trial(
            kafka,
            "stops::a_pipe_that_nobody_opens_holds_up_nothing",
            a_pipe_that_nobody_opens_holds_up_nothing,
        ),
        ctx.trial(
            kafka,
            "stops::a_database_that_never_answers_holds_up_nothing",
            a_database_that_never_answers_holds_up_nothing,
        ),
        ctx.trial(
            kafka,
            "stops::a_dead_letter_topic_out_of_reach_holds_up_nothing",
            a_dead_letter_topic_out_of_reach_holds_up_nothing,
        ),
        ctx.trial(
            kafka,
            "stops::a_registry_that_never_answers_holds_up_nothing",
            a_registry_that_never_answers_holds_up_nothing,
        ),
        ctx.trial(
            kafka,
            "stops::a_member_that_never_answers_holds_up_nothing",
            a_member_that_never_answers_holds_up_nothing,
        ),
        ctx.trial(
            kafka,
            "stops::a_jvm_worker_that_hangs_in_the_group_holds_up_nothing",
            a_jvm_worker_that_hangs_in_the_group_holds_up_nothing,
        ),
        ctx.trial(
            kafka,
            "stops::a_frozen_broker_holds_up_nothing",
            a_frozen_broker_holds_up_nothing,
        ),
        ctx.trial(
            kafka,
            "stops::a_broker_that_is_gone_holds_up_nothing",
            a_broker_that_is_gone_holds_up_nothing,
        ),
    ]
}

/// What is asked for, of which of the connectors, and the answer.
const CHANGES: [(&str, &str, &str, u16); 7] = [
    ("target", "PUT", "/pause", 202),
    ("stop", "PUT", "/stop", 204),
    ("delete", "DELETE", "", 204),
    ("restart", "POST", "/restart", 204),
    ("restart-all", "POST", "/restart?includeTasks=true", 202),
    ("restart-task", "POST", "/tasks/0/restart", 204),
    ("configure", "PUT", "/config", 200),
];

/// The result of `work`, which must be there within `bound`.
fn within<T: Send + 'static>(
    bound: Duration,
    what: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> T {
    let (done, wait) = channel();
    thread::spawn(move || done.send(work()));
    let found = wait.recv_timeout(bound);
    found.unwrap_or_else(|_| panic!("not within {bound:?}: {what}"))
}

fn ask(
    worker: &Worker,
    bound: Duration,
    method: &'static str,
    path: &str,
    body: Option<Value>,
) -> Response {
    let (rest, path) = (worker.rest(), path.to_owned());
    let what = format!("{method} {path}");
    let answer = within(bound, &what, move || {
        rest.send(method, &path, body.as_ref())
    });
    answer.expect("an answer")
}

fn hindered_worker(kafka: &Kafka) -> WorkerSpec {
    quick_worker(kafka)
        .set(
            "task.shutdown.graceful.timeout.ms",
            &GRACE.as_millis().to_string(),
        )
        // What is committed is committed by the stop.
        .set("offset.flush.interval.ms", "3600000")
}

/// Connectors, one for each change, all running; gives their names in the order of [`CHANGES`].
fn create_all(worker: &Worker, prefix: &str, config: impl Fn(&str) -> Value) -> Vec<String> {
    let create = |(change, ..): &(&str, _, _, _)| {
        let name = format!("{prefix}-{change}");
        let path = format!("/connectors/{name}/config");
        ask(worker, AT_ONCE, "PUT", &path, Some(config(&name))).expect(201);
        name
    };
    CHANGES.iter().map(create).collect()
}

/// Records were read and are not done with.
fn holds_records(worker: &Worker, name: &str) -> bool {
    phase(worker, name, 0)["bytes_in_flight"].as_i64() > Some(0)
}

/// All changes at once, then what they left behind, then the end of the process.
fn expect_changes_in_time(worker: &Worker, names: &[String], config: impl Fn(&str) -> Value) {
    thread::scope(|scope| {
        for ((change, method, path, status), name) in CHANGES.into_iter().zip(names) {
            let body = (change == "configure")
                .then(|| with(config(name), &json!({"errors.log.enable": "true"})));
            let path = format!("/connectors/{name}{path}");
            scope.spawn(move || ask(worker, GRACE + MARGIN, method, &path, body).expect(status));
        }
        // Meanwhile nobody else waits.
        for name in names {
            ask(worker, AT_ONCE, "GET", "/connectors?expand=status", None).expect(200);
            ask(
                worker,
                AT_ONCE,
                "GET",
                &format!("/connectors/{name}/config"),
                None,
            );
        }
    });
    let status = |name: &str| worker.status(name).unwrap_or_default();
    for ((change, ..), name) in CHANGES.into_iter().zip(names) {
        let status = status(name);
        match change {
            "delete" => assert!(status.is_null(), "{status}"),
            "stop" => {
                assert_eq!(status["connector"]["state"], "STOPPED", "{status}");
                assert_eq!(status["tasks"], json!([]), "{status}");
            }
            "target" => {
                assert_eq!(status["connector"]["state"], "PAUSED", "{status}");
                let resume = format!("/connectors/{name}/resume");
                ask(worker, AT_ONCE, "PUT", &resume, None).expect(202);
            }
            _ => wait_until(PATIENCE, "it is there again", || {
                let status = worker.status(name).unwrap_or_default();
                let states = [&status["connector"]["state"], &status["tasks"][0]["state"]];
                // A task that waits for its target is RUNNING; one that hangs in its start has not begun.
                states.iter().all(|s| *s != "RESTARTING" && *s != "FAILED")
            }),
        }
    }
    worker.process().terminate();
    let ended = worker.process().wait(GRACE + MARGIN);
    assert_eq!(ended.code(), Some(0), "{}", worker.process().log_tail());
    let log = worker.log();
    assert!(!log.contains("panicked"), "{log}");
}

/// A record that a healthy connector writes is proof that the runtime runs.
fn expect_flow(kafka: &Kafka, topic: &str, out: &Path) {
    let before = lines(out).len();
    kafka.produce(topic, ["still alive"]);
    wait_until(PATIENCE, "another connector goes on", || {
        lines(out).len() > before
    });
}

/// An end of the pipe that is open and never read.
fn hold(path: &Path) -> File {
    OpenOptions::new()
        .read(true)
        .write(true)
        .open(path)
        .unwrap()
}

/// More than a pipe holds.
fn bulk() -> impl Iterator<Item = Record> {
    (0..2_000).map(|i| Record::value(format!("{i:0100}")))
}

fn pipes(ctx: &'static Ctx, what: &str, hold_them: bool) {
    let kafka = ctx.kafka();
    let (topic, healthy) = (kafka.new_topic(what, 1), kafka.new_topic(what, 1));
    kafka.produce(&topic, bulk());
    let worker = hindered_worker(kafka).start();
    let out = worker.dir().join("healthy");
    worker.run_connector(&healthy, &file_sink(&healthy, &out));
    let dir = scratch::dir(what);
    let pipe = |name: &str| -> PathBuf { dir.join(name) };
    let mut held = Vec::new();
    for (change, ..) in CHANGES {
        let pipe = pipe(&format!("{topic}-{change}"));
        make_pipe(&pipe);
        held.extend(hold_them.then(|| hold(&pipe)));
    }
    let config = |name: &str| file_sink(&topic, &pipe(name));
    let names = create_all(&worker, &topic, config);
    if hold_them {
        for name in &names {
            wait_until(PATIENCE, "the pipe is full", || {
                holds_records(&worker, name)
            });
        }
    }
    expect_flow(kafka, &healthy, &out);
    expect_changes_in_time(&worker, &names, config);
}

fn a_pipe_that_nobody_reads_holds_up_nothing(ctx: &'static Ctx) {
    pipes(ctx, "unread", true);
}

/// Opening it hangs.
fn a_pipe_that_nobody_opens_holds_up_nothing(ctx: &'static Ctx) {
    pipes(ctx, "unopened", false);
}

fn a_database_that_never_answers_holds_up_nothing(ctx: &'static Ctx) {
    let kafka = ctx.kafka();
    let topic = kafka.new_topic("silent", 1);
    kafka.produce(&topic, ["1"]);
    let worker = hindered_worker(kafka).start();
    let (_listener, address) = black_hole();
    let config = |_: &str| {
        let statement = format!("neo4j.cypher.topic.{topic}");
        json!({
            "connector.class": GRAPH,
            "topics": topic,
            "neo4j.uri": format!("bolt://{address}"),
            "neo4j.authentication.type": "NONE",
            statement: "MERGE (n:N {v: __value})",
        })
    };
    let names = create_all(&worker, &topic, config);
    expect_changes_in_time(&worker, &names, config);
}

fn a_dead_letter_topic_out_of_reach_holds_up_nothing(ctx: &'static Ctx) {
    let kafka = ctx.kafka();
    let topic = kafka.new_topic("letters", 1);
    kafka.produce(&topic, ["{bad", "{worse"]);
    let worker = hindered_worker(kafka).start();
    let (_listener, address) = black_hole();
    let out = worker.dir().join("out");
    let config = |_: &str| {
        let config = with(
            file_sink(&topic, &out),
            &dead_letters(&format!("{topic}-dlq")),
        );
        let more = json!({
            "errors.tolerance": "all",
            "value.converter": JSON,
            "value.converter.schemas.enable": "false",
            "producer.override.bootstrap.servers": address,
        });
        with(config, &more)
    };
    let names = create_all(&worker, &topic, config);
    for name in &names {
        wait_until(PATIENCE, "bad records are read", || {
            holds_records(&worker, name)
        });
    }
    expect_changes_in_time(&worker, &names, config);
    for name in &names {
        let committed = kafka.committed(&format!("connect-{name}"), &topic);
        let passed = committed.values().any(|offset| *offset > 0);
        assert!(
            !passed,
            "{name}: a dead letter that is nowhere is not passed: {committed:?}"
        );
    }
}

fn a_registry_that_never_answers_holds_up_nothing(ctx: &'static Ctx) {
    let kafka = ctx.kafka();
    let topic = kafka.new_topic("registry", 1);
    let framed = |i: u8| Record::value(vec![0, 0, 0, 0, 1, 2, i]);
    kafka.produce(&topic, (0..3).map(framed));
    let worker = hindered_worker(kafka).start();
    let (_listener, address) = black_hole();
    let out = worker.dir().join("out");
    let config = |_: &str| {
        let more = json!({
            "value.converter": "io.confluent.connect.json.JsonSchemaConverter",
            "value.converter.schema.registry.url": format!("http://{address}"),
        });
        with(file_sink(&topic, &out), &more)
    };
    let names = create_all(&worker, &topic, config);
    for name in &names {
        wait_until(PATIENCE, "records wait for the registry", || {
            holds_records(&worker, name)
        });
    }
    expect_changes_in_time(&worker, &names, config);
}

/// A member of the connector's group that has its partitions and will answer nothing any more.
fn silent_member(kafka: &Kafka, group: &str, topic: &str) -> BaseConsumer {
    let member = kafka.consumer(Some(group), &[("max.poll.interval.ms", "600000")]);
    member.subscribe(&[topic]).unwrap();
    wait_until(PATIENCE, "the member has joined", || {
        member.poll(Duration::from_millis(100));
        member.assignment().is_ok_and(|a| a.count() > 0)
    });
    member
}

fn a_member_that_never_answers_holds_up_nothing(ctx: &'static Ctx) {
    let kafka = ctx.kafka();
    let topic = kafka.new_topic("mute", 2);
    let worker = hindered_worker(kafka).start();
    let group = |name: &str| format!("connect-{name}");
    let members: Vec<BaseConsumer> = CHANGES
        .iter()
        .map(|(change, ..)| silent_member(kafka, &group(&format!("{topic}-{change}")), &topic))
        .collect();
    let out = worker.dir().join("out");
    let config = |_: &str| file_sink(&topic, &out);
    let names = create_all(&worker, &topic, config);
    for name in &names {
        wait_until(PATIENCE, "the group waits for the other", || {
            kafka.members(&group(name)).len() == 2
        });
    }
    expect_changes_in_time(&worker, &names, config);
    // Left unread: a revocation that is not answered would hold up their end too.
    members.into_iter().for_each(std::mem::forget);
}

fn a_jvm_worker_that_hangs_in_the_group_holds_up_nothing(ctx: &'static Ctx) {
    let kafka = ctx.kafka();
    let topic = kafka.new_topic("jvm-hangs", 2);
    kafka.produce(&topic, bulk());
    let theirs = WorkerSpec::new(Engine::Jvm, kafka).start();
    let worker = hindered_worker(kafka).start();
    let dir = scratch::dir("jvm-hangs");
    let mut held = Vec::new();
    for (change, ..) in CHANGES {
        let name = format!("{topic}-{change}");
        let pipe = dir.join(&name);
        make_pipe(&pipe);
        held.push(hold(&pipe));
        theirs.run_connector(&name, &file_sink(&topic, &pipe));
    }
    let out = worker.dir().join("out");
    let config = |_: &str| file_sink(&topic, &out);
    let group = |name: &str| format!("connect-{name}");
    for (change, ..) in CHANGES {
        let name = format!("{topic}-{change}");
        wait_until(PATIENCE, "the JVM's task has joined", || {
            kafka.members(&group(&name)).len() == 1
        });
    }
    let names = create_all(&worker, &topic, config);
    for name in &names {
        wait_until(PATIENCE, "the group waits for the JVM's task", || {
            kafka.members(&group(name)).len() == 2
        });
    }
    expect_changes_in_time(&worker, &names, config);
    theirs.kill();
}

/// With partitions, and with something to commit.
fn without_broker(take_away: fn(&Kafka)) {
    let kafka = Kafka::start().expect("a broker");
    let topic = kafka.new_topic("away", 1);
    kafka.produce(&topic, ["1", "2"]);
    let worker = hindered_worker(&kafka).start();
    let dir = worker.dir().to_owned();
    let config = |name: &str| {
        let config = file_sink(&topic, &dir.join(name));
        with(config, &dead_letters(&format!("{topic}-dlq")))
    };
    let names = create_all(&worker, &topic, config);
    for name in &names {
        wait_until(PATIENCE, "records", || lines(&dir.join(name)).len() == 2);
    }
    take_away(&kafka);
    expect_changes_in_time(&worker, &names, config);
}

fn a_frozen_broker_holds_up_nothing(_: &'static Ctx) {
    without_broker(Kafka::freeze);
}

fn a_broker_that_is_gone_holds_up_nothing(_: &'static Ctx) {
    without_broker(Kafka::kill);
}
