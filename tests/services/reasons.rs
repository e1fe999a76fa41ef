//! Why a connector makes no progress, as its status, `/turnbuckle` and the log tell it, each with the next step.

use std::time::Duration;

use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::connectors::{
    JSON, black_hole, dead_letters, file_sink, graph_sink, lines, make_pipe, phase, quick_worker,
    with,
};
use crate::support::kafka::Record;
use crate::support::neo4j::USER;
use crate::support::secured::OPEN;
use crate::support::{Ctx, Need, Worker, scratch, wait_for, wait_until};

/// How soon a person is told.
const SOON: Duration = Duration::from_secs(30);

pub fn tests(ctx: &'static Ctx) -> Vec<Trial> {
    let kafka = &[Need::Kafka];
    vec![
        ctx.trial(
            kafka,
            "reasons::what_is_waited_for_is_told_while_the_task_is_running",
            what_is_waited_for_is_told_while_the_task_is_running,
        ),
        ctx.trial(
            &[Need::Kafka, Need::Neo4j, Need::Secured],
            "reasons::what_only_a_person_can_repair_fails_the_task_and_names_the_step",
            what_only_a_person_can_repair_fails_the_task_and_names_the_step,
        ),
        ctx.trial(
            kafka,
            "reasons::topics_that_come_and_partitions_that_are_added_end_the_wait",
            topics_that_come_and_partitions_that_are_added_end_the_wait,
        ),
    ]
}

fn create(worker: &Worker, name: &str, config: &Value) {
    let path = format!("/connectors/{name}/config");
    worker.rest().put(&path, config).unwrap().expect(201);
}

fn wait_phase(worker: &Worker, name: &str, task: u32, phase_name: &str) -> Value {
    wait_for(SOON, &format!("{name}-{task} is {phase_name}"), || {
        let found = phase(worker, name, task);
        (found["phase"] == phase_name).then_some(found)
    })
}

/// The lines of the log about this task at this level.
fn said(worker: &Worker, level: &str, name: &str, task: u32) -> String {
    let log = worker.log();
    let context = format!("] {level} [{name}|task-{task}] ");
    let lines: Vec<&str> = log.lines().filter(|l| l.contains(&context)).collect();
    lines.join("\n")
}

fn what_is_waited_for_is_told_while_the_task_is_running(ctx: &'static Ctx) {
    let kafka = ctx.kafka();
    let topic = kafka.new_topic("reasons", 1);
    kafka.produce(&topic, ["{no json"]);
    let worker = quick_worker(kafka).start();
    let dir = worker.dir().to_owned();
    let sink = |name: &str, more: Value| with(file_sink(&topic, &dir.join(name)), &more);
    let nowhere = format!("http://127.0.0.1:{}", scratch::free_port());
    let (_hole, silent) = black_hole();
    let pipe = dir.join("hung");
    make_pipe(&pipe);
    let cases = [
        (
            "missing",
            sink(
                "missing",
                json!({
                    "topics": "no-such-topic-anywhere",
                    "consumer.override.allow.auto.create.topics": "false",
                }),
            ),
            "no-partitions",
            "topic no-such-topic-anywhere does not exist: create it, or correct topics",
        ),
        (
            "pattern",
            with_pattern(sink("pattern", json!({})), "nothing-is-called-so-.*"),
            "no-partitions",
            "no topic matches topics.regex=nothing-is-called-so-.*: correct it",
        ),
        (
            "registry",
            sink(
                "registry",
                json!({
                    "value.converter": "io.confluent.connect.json.JsonSchemaConverter",
                    "value.converter.schema.registry.url": nowhere,
                    "topics": framed(ctx),
                }),
            ),
            "waiting-for-registry",
            nowhere.as_str(),
        ),
        (
            "hung",
            sink("hung", json!({})),
            "waiting-for-target",
            "the sink's start has not returned for",
        ),
        (
            "letters",
            with(
                sink(
                    "letters",
                    json!({
                        "errors.tolerance": "all",
                        "value.converter": JSON,
                        "producer.override.bootstrap.servers": silent,
                    }),
                ),
                &dead_letters(&format!("{topic}-dlq")),
            ),
            "waiting-for-kafka",
            "dead letters have not been acknowledged for",
        ),
        (
            "no-admin",
            with(
                sink(
                    "no-admin",
                    json!({"admin.override.bootstrap.servers": silent}),
                ),
                &dead_letters(&format!("{topic}-dlq")),
            ),
            "waiting-for-kafka",
            "whether the dead letter topic exists has been asked for",
        ),
    ];
    for (name, config, ..) in &cases {
        create(&worker, name, config);
    }
    for (name, _, phase_name, why) in &cases {
        let told = wait_phase(&worker, name, 0, phase_name);
        let text = told["why"].as_str().unwrap_or_default();
        assert!(text.contains(why), "{name}: {told}");
        assert!(told["since"].is_i64(), "{told}");
        let status = worker.wait_state(name, "RUNNING", SOON);
        assert!(status["tasks"][0].get("trace").is_none(), "{status}");
        assert_eq!(status["connector"]["state"], "RUNNING", "{status}");
        let log = said(&worker, "WARN", name, 0);
        assert!(log.contains(why), "{name}: {log}");
    }

    // Three tasks for one partition: two stand by.
    create(&worker, "many", &sink("many", json!({"tasks.max": "3"})));
    let idle = wait_for(SOON, "two without a partition", || {
        let phases = (0..3).map(|task| phase(&worker, "many", task));
        let idle: Vec<Value> = phases.filter(|p| p["phase"] == "no-partitions").collect();
        (idle.len() == 2).then_some(idle)
    });
    for task in idle {
        let why = task["why"].as_str().unwrap_or_default();
        assert!(
            why.contains("group connect-many has no partition for this task"),
            "{why}"
        );
        assert!(why.contains("Lower tasks.max or add partitions"), "{why}");
    }
    let status = worker.wait_state("many", "RUNNING", SOON);
    assert_eq!(
        status["tasks"].as_array().map(Vec::len),
        Some(3),
        "{status}"
    );

    // Asked for, and said so.
    let pause = worker.rest().send("PUT", "/connectors/many/pause", None);
    pause.unwrap().expect(202);
    worker.wait_state("many", "PAUSED", SOON);
    let paused = json!({"phase": "paused", "since": null, "why": null, "bytes_in_flight": 0});
    for task in 0..3 {
        wait_until(SOON, "paused", || phase(&worker, "many", task) == paused);
    }
    let log = worker.log();
    assert!(log.contains("changing the target state"), "{log}");
}

fn with_pattern(mut config: Value, pattern: &str) -> Value {
    let keys = config.as_object_mut().expect("an object");
    keys.remove("topics");
    keys.insert("topics.regex".to_owned(), json!(pattern));
    config
}

/// A topic with a record whose schema has an id.
fn framed(ctx: &'static Ctx) -> String {
    let kafka = ctx.kafka();
    let topic = kafka.new_topic("framed", 1);
    kafka.produce(&topic, [Record::value(vec![0, 0, 0, 0, 1, b'1'])]);
    topic
}

fn what_only_a_person_can_repair_fails_the_task_and_names_the_step(ctx: &'static Ctx) {
    let (kafka, secured, neo4j) = (ctx.kafka(), ctx.secured(), ctx.neo4j_with_auth());
    let topic = kafka.new_topic("repair", 1);
    kafka.produce(&topic, ["{no json"]);
    let worker = quick_worker(kafka).start();
    let sink = |name: &str, more: Value| with(file_sink(&topic, &worker.dir().join(name)), &more);
    // May read the group `open` and see topics that begin with `seen`.
    let guest = |group: &str, topic: &str| {
        json!({
            "consumer.override.bootstrap.servers": secured.sasl_plaintext(),
            "consumer.override.security.protocol": "SASL_PLAINTEXT",
            "consumer.override.sasl.mechanism": "PLAIN",
            "consumer.override.sasl.jaas.config":
                "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"guest\" password=\"guest\";",
            "consumer.override.group.id": group,
            "topics": topic,
        })
    };
    let seen = secured.kafka().new_topic("seen", 1);
    let (hidden, password) = (secured.kafka().new_topic("hidden", 1), "not-the-password");
    secured.kafka().produce(&seen, ["1"]);
    let graph = with(
        graph_sink(neo4j, &topic, "Repair"),
        &json!({
            "neo4j.authentication.type": "BASIC",
            "neo4j.authentication.basic.username": USER,
            "neo4j.authentication.basic.password": password,
        }),
    );
    let bad = format!("topic='{topic}', partition=0, offset=0");
    let cases: [(&str, Value, &[&str]); 7] = [
        (
            "bad-record",
            sink(
                "bad-record",
                json!({
                    "value.converter": JSON,
                    "errors.log.enable": "true",
                    "errors.log.include.messages": "true",
                }),
            ),
            &[
                "Tolerance exceeded in error handler",
                &topic,
                "offset=0",
                "errors.tolerance=all",
            ],
        ),
        (
            "topic-acl",
            sink("topic-acl", guest(OPEN, &seen)),
            &["may not use a topic", &seen, "READ and DESCRIBE to consume"],
        ),
        (
            "hidden-topic",
            sink("hidden-topic", guest(OPEN, &hidden)),
            &[
                "may not use a topic",
                &hidden,
                "READ and DESCRIBE to consume",
            ],
        ),
        (
            "group-acl",
            sink("group-acl", guest("of-others", &seen)),
            &[
                "Not authorized to access group of-others",
                "READ to consume",
            ],
        ),
        (
            "target-password",
            graph,
            &[
                "unauthorized",
                "Check user and password in the neo4j.authentication keys",
            ],
        ),
        // One that cannot even be made.
        (
            "unmade",
            sink(
                "unmade",
                json!({"consumer.override.auto.offset.reset": "sometimes"}),
            ),
            &["auto.offset.reset", "sometimes"],
        ),
        (
            "no-folder",
            sink("no-folder", json!({"file": "/nonexistent/folder/file"})),
            &["Couldn't find or create file '/nonexistent/folder/file'"],
        ),
    ];
    for (name, config, _) in &cases {
        create(&worker, name, config);
    }
    for (name, _, texts) in &cases {
        let status = worker.wait_state(name, "FAILED", SOON);
        assert_eq!(status["connector"]["state"], "RUNNING", "{status}");
        let trace = status["tasks"][0]["trace"].as_str().unwrap_or_default();
        let told = wait_phase(&worker, name, 0, "failed");
        let why = told["why"].as_str().unwrap_or_default();
        let log = said(&worker, "ERROR", name, 0);
        for text in *texts {
            assert!(
                trace.contains(text),
                "{name}: {text} in the status: {trace}"
            );
            assert!(why.contains(text), "{name}: {text} in why: {why}");
        }
        assert!(
            log.contains("Task threw an uncaught and unrecoverable exception"),
            "{name}: {log}"
        );
    }
    let log = said(&worker, "ERROR", "bad-record", 0);
    assert!(log.contains(&bad), "{log}");
    assert!(!worker.log().contains(password));
}

fn topics_that_come_and_partitions_that_are_added_end_the_wait(ctx: &'static Ctx) {
    let kafka = ctx.kafka();
    let topic = kafka.new_topic("grows", 1);
    let later = scratch::unique("later");
    let worker = quick_worker(kafka)
        .set("consumer.metadata.max.age.ms", "1000")
        .set("consumer.allow.auto.create.topics", "false")
        .start();
    let out = |name: &str| worker.dir().join(name);
    create(
        &worker,
        "grows",
        &with(file_sink(&topic, &out("grows")), &json!({"tasks.max": "2"})),
    );
    create(&worker, "later", &file_sink(&later, &out("later")));
    create(
        &worker,
        "regex",
        &with_pattern(file_sink("", &out("regex")), &format!("{later}.*")),
    );
    wait_until(SOON, "one task without a partition", || {
        (0..2).any(|task| phase(&worker, "grows", task)["phase"] == "no-partitions")
    });
    for name in ["later", "regex"] {
        wait_phase(&worker, name, 0, "no-partitions");
    }
    kafka.grow_topic(&topic, 2);
    kafka.create_topic(&later, 1, &[]);
    kafka.produce(&later, ["1"]);
    let well = json!({"phase": "running", "since": null, "why": null, "bytes_in_flight": 0});
    for (name, tasks) in [("grows", 2), ("later", 1), ("regex", 1)] {
        for task in 0..tasks {
            wait_until(SOON, name, || phase(&worker, name, task) == well);
        }
    }
    for name in ["later", "regex"] {
        wait_until(SOON, "the record", || lines(&out(name)) == ["1"]);
    }
    // Taken away again, that is told too.
    kafka.delete_topic(&later);
    for name in ["later", "regex"] {
        wait_phase(&worker, name, 0, "no-partitions");
    }
}
