//! What a task that cannot reach Kafka says, in the log and under `/turnbuckle`, while it stays RUNNING.

use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::connectors::{black_hole, file_sink, graph_sink, lines, phase, quick_worker, with};
use crate::support::kafka::{Kafka, Record, Setup};
use crate::support::{Ctx, Engine, Need, Worker, WorkerSpec, scratch, wait_for, wait_until};

/// How soon a person is told.
const SOON: Duration = Duration::from_secs(30);

pub fn tests(ctx: &'static Ctx) -> Vec<Trial> {
    let (kafka, secured) = (&[Need::Kafka], &[Need::Kafka, Need::Secured]);
    vec![
        ctx.trial(
            secured,
            "diagnosis::each_way_not_to_reach_kafka_is_told_apart",
            each_way_not_to_reach_kafka_is_told_apart,
        ),
        ctx.trial(
            secured,
            "diagnosis::mechanism_that_is_not_offered_fails_the_task_with_advice",
            mechanism_that_is_not_offered_fails_the_task_with_advice,
        ),
        ctx.trial(
            kafka,
            "diagnosis::worker_that_starts_without_a_broker_says_so_early",
            worker_that_starts_without_a_broker_says_so_early,
        ),
        ctx.trial(
            kafka,
            "diagnosis::cluster_that_comes_back_ends_the_wait",
            cluster_that_comes_back_ends_the_wait,
        ),
        ctx.trial(
            &[Need::Kafka, Need::Neo4j],
            "diagnosis::each_way_not_to_reach_a_database_is_told_apart",
            each_way_not_to_reach_a_database_is_told_apart,
        ),
    ]
}

/// A sink whose consumer looks for its brokers there.
fn sink_at(bootstrap: &str, more: &Value) -> Value {
    let out = scratch::dir("nowhere").join("out.txt");
    let config = with(
        file_sink("nothing", &out),
        &json!({"consumer.override.bootstrap.servers": bootstrap}),
    );
    with(config, more)
}

fn create(worker: &Worker, name: &str, config: &Value) {
    let path = format!("/connectors/{name}/config");
    let answer = worker.rest().put(&path, config).expect("an answer");
    answer.expect(201);
}

fn each_way_not_to_reach_kafka_is_told_apart(ctx: &'static Ctx) {
    let secured = ctx.secured();
    let (lost, shut) = (scratch::free_port(), scratch::free_port());
    let elsewhere = |name: &str, port: u16, told: &str| {
        (
            format!("{name}://127.0.0.1:{port}"),
            format!("{name}://{told}"),
        )
    };
    let protocols = "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,LOST:PLAINTEXT,SHUT:PLAINTEXT";
    let kafka = Kafka::start_setup(&Setup {
        settings: vec![(
            "listener.security.protocol.map".to_owned(),
            protocols.to_owned(),
        )],
        misadvertised: vec![
            elsewhere("LOST", lost, "kafka.invalid:9092"),
            elsewhere("SHUT", shut, "127.0.0.1:1"),
        ],
        ..Setup::default()
    });
    let kafka = kafka.expect("a broker");
    let (_hole, silent) = black_hole();
    let worker = WorkerSpec::new(Engine::Turnbuckle, &kafka).start();
    let http = worker.base().replace("http://", "");

    let at = |port: u16| format!("127.0.0.1:{port}");
    let tls = json!({"consumer.override.security.protocol": "SSL"});
    let none = json!({});
    let unknown = "no-such-host.invalid:9092";
    let cases = [
        (
            "resolve",
            unknown.to_owned(),
            &none,
            "no-such-host.invalid:9092 is no name that this machine can resolve",
        ),
        ("refused", at(1), &none, "nothing listens at 127.0.0.1:1"),
        ("silent", silent, &none, "does not answer"),
        ("http", http.clone(), &none, "answers in HTTP"),
        ("tls-http", http, &tls, "does not speak TLS"),
        (
            "plain-tls",
            secured.tls(),
            &none,
            "most likely asks for TLS",
        ),
        ("tls-plain", kafka.bootstrap(), &tls, "does not speak TLS"),
        (
            "no-login",
            secured.sasl_plaintext(),
            &none,
            "most likely asks for SASL",
        ),
        (
            "lost",
            at(lost),
            &none,
            "answered, but the broker advertises kafka.invalid:9092, a name that this machine cannot resolve",
        ),
        (
            "shut",
            at(shut),
            &none,
            "answered, but the broker advertises 127.0.0.1:1, which refuses connections",
        ),
    ];
    let began = Instant::now();
    for (name, bootstrap, more, _) in &cases {
        create(&worker, name, &sink_at(bootstrap, more));
    }
    for (name, bootstrap, _, advice) in &cases {
        let what = format!("{name}: {advice}");
        let told = wait_for(SOON, &what, || {
            let found = phase(&worker, name, 0);
            (found["phase"] == "waiting-for-kafka").then_some(found)
        });
        assert!(began.elapsed() < SOON + Duration::from_secs(2), "{name}");
        let why = told["why"].as_str().unwrap_or_default().to_owned();
        assert!(why.contains(advice), "{name}: {why}");
        assert!(why.contains(bootstrap), "{name}: {why}");
        assert!(told["since"].is_i64(), "{told}");
        let status = worker.status(name).expect("a status");
        assert_eq!(status["tasks"][0]["state"], "RUNNING", "{status}");
        assert!(status["tasks"][0].get("trace").is_none(), "{status}");
    }
    let log = worker.log();
    for (name, _, _, advice) in &cases {
        let warnings = |line: &&str| line.contains(&format!("] WARN [{name}|task-0] "));
        let told: Vec<&str> = log.lines().filter(warnings).collect();
        assert_eq!(told.len(), 1, "once, and not at every attempt: {told:?}");
        assert!(told[0].contains(advice), "{name}: {told:?}");
    }
}

fn mechanism_that_is_not_offered_fails_the_task_with_advice(ctx: &'static Ctx) {
    let (kafka, secured) = (ctx.kafka(), ctx.secured());
    let worker = WorkerSpec::new(Engine::Turnbuckle, kafka).start();
    let login = json!({
        "consumer.override.security.protocol": "SASL_PLAINTEXT",
        "consumer.override.sasl.mechanism": "SCRAM-SHA-256",
        "consumer.override.sasl.jaas.config":
            "org.apache.kafka.common.security.scram.ScramLoginModule required username=\"u\" password=\"top-secret\";",
    });
    for (name, bootstrap, offered) in [
        ("mechanism", secured.sasl_plaintext(), "PLAIN"),
        ("no-sasl", kafka.bootstrap(), ""),
    ] {
        create(&worker, name, &sink_at(&bootstrap, &login));
        let status = worker.wait_state(name, "FAILED", SOON);
        let trace = status["tasks"][0]["trace"].as_str().unwrap_or_default();
        assert!(
            trace.contains("Set sasl.mechanism to one that the listener offers"),
            "{trace}"
        );
        let mechanisms = format!("supported mechanisms: {offered}");
        assert!(trace.contains(&mechanisms), "{trace}");
    }
}

fn worker_that_starts_without_a_broker_says_so_early(ctx: &'static Ctx) {
    let (_hole, silent) = black_hole();
    for (bootstrap, advice) in [
        (silent.as_str(), "does not answer"),
        ("127.0.0.1:1", "nothing listens at 127.0.0.1:1"),
    ] {
        let worker = WorkerSpec::new(Engine::Turnbuckle, ctx.kafka())
            .set("bootstrap.servers", bootstrap)
            .set("default.api.timeout.ms", "29000")
            .spawn();
        wait_until(Duration::from_secs(27), advice, || {
            let log = worker.log();
            let early = |line: &str| line.contains("] WARN Kafka cannot be reached");
            log.lines().any(|line| early(line) && line.contains(advice))
        });
        assert!(worker.process().is_running(), "{}", worker.log());
        let status = worker.process().wait(SOON);
        let log = worker.log();
        assert_eq!(status.code(), Some(2), "{log}");
        assert!(
            log.contains("Failed to connect to and describe Kafka cluster"),
            "{log}"
        );
    }
}

fn cluster_that_comes_back_ends_the_wait(_: &'static Ctx) {
    let kafka = Kafka::start().expect("a broker");
    let topic = kafka.new_topic("back", 1);
    let out = scratch::dir("back").join("out.txt");
    let worker = quick_worker(&kafka).start();
    worker.run_connector("back", &file_sink(&topic, &out));
    kafka.produce(&topic, [Record::value("a")]);
    wait_until(SOON, "a line", || lines(&out) == ["a"]);
    assert_eq!(phase(&worker, "back", 0)["phase"], "running");
    kafka.kill();
    let told = wait_for(SOON, "the wait", || {
        let found = phase(&worker, "back", 0);
        (found["phase"] == "waiting-for-kafka").then_some(found)
    });
    let why = told["why"].as_str().unwrap_or_default();
    assert!(why.contains("Kafka cannot be reached"), "{why}");
    assert!(!why.contains("advertise"), "its address was right: {why}");
    kafka.start_again().expect("the broker again");
    kafka.produce(&topic, [Record::value("b")]);
    wait_until(Duration::from_secs(60), "another line", || {
        lines(&out).contains(&"b".to_owned())
    });
    let well = json!({"phase": "running", "since": null, "why": null, "bytes_in_flight": 0});
    wait_until(SOON, "the end of the wait", || {
        phase(&worker, "back", 0) == well
    });
    let log = worker.log();
    assert!(
        log.contains("INFO [back|task-0] the Kafka cluster answers again"),
        "{log}"
    );
}

fn each_way_not_to_reach_a_database_is_told_apart(ctx: &'static Ctx) {
    let (kafka, neo4j) = (ctx.kafka(), ctx.neo4j());
    let topic = kafka.new_topic("nograph", 1);
    let worker = WorkerSpec::new(Engine::Turnbuckle, kafka).start();
    let (_hole, silent) = black_hole();
    let silent = format!("bolt://{silent}");
    let (bolt, http) = (neo4j.uri(), worker.base().replace("http://", "bolt://"));
    let tls = bolt.replace("bolt://", "bolt+ssc://");
    let sink = |uri: &str, more: Value| {
        let config = with(
            graph_sink(neo4j, &topic, "Nowhere"),
            &json!({"neo4j.uri": uri}),
        );
        with(config, &more)
    };
    let began = Instant::now();
    let waits = [
        (
            "refused",
            sink("bolt://127.0.0.1:1", json!({})),
            "Unable to connect to 127.0.0.1:1, ensure the database is running",
        ),
        (
            "resolve",
            sink("bolt://no-such-host.invalid:7687", json!({})),
            "no-such-host.invalid is no name that this machine can resolve",
        ),
        (
            "silent",
            sink(&silent, json!({"neo4j.connection-timeout": "10s"})),
            "Unable to connect to",
        ),
        (
            "tls-plain",
            sink(&tls, json!({})),
            "It does not seem to speak TLS",
        ),
    ];
    let fails = [
        (
            "http",
            sink(&http, json!({})),
            "does neo4j.uri name the Bolt port?",
        ),
        (
            "database",
            sink(&bolt, json!({"neo4j.database": "nosuch"})),
            "Correct neo4j.database or create the database",
        ),
    ];
    for (name, config, _) in waits.iter().chain(&fails) {
        create(&worker, name, config);
    }
    for (name, _, advice) in &waits {
        let told = wait_for(SOON, advice, || {
            let found = phase(&worker, name, 0);
            (found["phase"] == "waiting-for-target").then_some(found)
        });
        assert!(began.elapsed() < SOON + Duration::from_secs(2), "{name}");
        let why = told["why"].as_str().unwrap_or_default();
        assert!(why.contains(advice), "{name}: {why}");
        let status = worker.status(name).expect("a status");
        assert_eq!(status["tasks"][0]["state"], "RUNNING", "{status}");
        let log = worker.log();
        let mut told = log
            .lines()
            .filter(|l| l.contains(&format!("] WARN [{name}|task-0] ")));
        assert!(told.any(|line| line.contains(advice)), "{name}\n{log}");
    }
    for (name, _, advice) in &fails {
        let status = worker.wait_state(name, "FAILED", SOON);
        let trace = status["tasks"][0]["trace"].as_str().unwrap_or_default();
        assert!(trace.contains(advice), "{name}: {trace}");
    }
}
