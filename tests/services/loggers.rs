//! `/admin/loggers`: what the log says is changed while the worker runs.

use std::time::Duration;

use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::support::{Ctx, Engine, Need, Worker, WorkerSpec, wait_until};

const PATIENCE: Duration = Duration::from_secs(10);
const REST: &str = "org.apache.kafka.connect.runtime.rest";

pub fn tests(ctx: &'static Ctx) -> Vec<Trial> {
    vec![
        ctx.trial(
            &[Need::Kafka],
            "loggers::levels_change_what_is_logged",
            levels_change_what_is_logged,
        ),
        ctx.trial(
            &[Need::Kafka],
            "loggers::levels_of_the_start_are_shown",
            levels_of_the_start_are_shown,
        ),
    ]
}

fn levels_change_what_is_logged(ctx: &'static Ctx) {
    let worker = WorkerSpec::new(Engine::Turnbuckle, ctx.kafka()).start();
    look(&worker, "quiet");
    let changed = set(&worker, REST, "debug");
    assert_eq!(changed, json!([REST, "turnbuckle::rest"]));
    look(&worker, "loud");
    let told = worker.log();
    assert!(!told.contains("/connectors/quiet"), "{told}");
    assert!(told.contains(&format!(
        "Setting level of namespace {REST} and children to DEBUG (turnbuckle::rest)"
    )));
    for name in [REST, "turnbuckle::rest"] {
        let logger = get(&worker, name);
        assert_eq!(logger["level"], "DEBUG");
        assert!(logger["last_modified"].is_i64(), "{logger}");
    }

    set(&worker, "root", "off");
    let answer = worker.rest().get("/connectors/silent").expect("an answer");
    assert_eq!(answer.status, 404);
    set(&worker, "root", "debug");
    look(&worker, "again");
    assert!(!worker.log().contains("/connectors/silent"));

    // A name without counterpart is kept, as in Kafka, and the log says that it is nothing.
    assert_eq!(
        set(&worker, "com.acme.Sink", "TRACE"),
        json!(["com.acme.Sink"])
    );
    assert_eq!(get(&worker, "com.acme.Sink")["level"], "TRACE");
    wait_until(PATIENCE, "a warning", || {
        worker
            .log()
            .contains("there is no logger of this name here, so its level changes nothing")
    });
}

fn levels_of_the_start_are_shown(ctx: &'static Ctx) {
    let worker = WorkerSpec::new(Engine::Turnbuckle, ctx.kafka())
        .env("CONNECT_LOG4J_ROOT_LOGLEVEL", "WARN")
        .env(
            "CONNECT_LOG4J_LOGGERS",
            "org.apache.kafka.clients=OFF,org.apache.kafka.connect.json=FATAL",
        )
        .start();
    let all = worker.rest().get("/admin/loggers/").expect("an answer");
    let all = all.expect(200).json();
    let untouched = |level: &str| json!({"level": level, "last_modified": null});
    assert_eq!(all["root"], untouched("WARN"));
    assert_eq!(all["turnbuckle::rest"], untouched("WARN"));
    assert_eq!(all["connect_converters"], untouched("FATAL"));
    assert_eq!(
        all["librdkafka"],
        Value::Null,
        "what says nothing is left out"
    );
    assert_eq!(get(&worker, "librdkafka"), untouched("OFF"));
    let names: Vec<&String> = all.as_object().expect("an object").keys().collect();
    assert!(names.is_sorted(), "{names:?}");
}

/// Asks for a connector that is not there, and if that is logged, waits for the line.
fn look(worker: &Worker, name: &str) {
    let path = format!("/connectors/{name}");
    let answer = worker.rest().get(&path).expect("an answer");
    assert_eq!(answer.status, 404);
    if name != "quiet" {
        wait_until(PATIENCE, "the line of a request", || {
            worker.log().contains(&path)
        });
    }
}

fn set(worker: &Worker, name: &str, level: &str) -> Value {
    let path = format!("/admin/loggers/{name}");
    let answer = worker.rest().put(&path, &json!({"level": level}));
    answer.expect("an answer").expect(200).json()
}

fn get(worker: &Worker, name: &str) -> Value {
    let answer = worker.rest().get(&format!("/admin/loggers/{name}"));
    answer.expect("an answer").expect(200).json()
}
