//! A schema registry that is away, hangs, refuses or answers nonsense: what the task does, and what its user sees.
//!
//! The registries here are fakes in this process; connectors write to files.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::connectors::{dead_letters, file_sink, holds_for, lines, quick_worker, with};
use crate::registry::JSON_SCHEMA;
use crate::support::fake_registry::{FakeRegistry, Mode};
use crate::support::kafka::{Kafka, Record};
use crate::support::{Ctx, Need, Worker, scratch, wait_for, wait_until};

pub const PATIENCE: Duration = Duration::from_secs(60);
/// How long a registry is away.
const OUTAGE: Duration = Duration::from_secs(8);
const SCHEMA: &str = r#"{"type":"object","title":"R","properties":{"n":{"type":"integer"}}}"#;

pub fn tests(ctx: &'static Ctx) -> Vec<Trial> {
    let needs = &[Need::Kafka];
    vec![
        ctx.trial(
            needs,
            "registry::outages_delay_records_only",
            outages_delay_records_only,
        ),
        ctx.trial(
            needs,
            "registry::what_a_person_must_repair_fails_the_task_with_advice",
            what_a_person_must_repair_fails_the_task_with_advice,
        ),
        ctx.trial(
            needs,
            "registry::an_unknown_id_is_a_record_error",
            an_unknown_id_is_a_record_error,
        ),
        ctx.trial(
            needs,
            "registry::one_that_hangs_holds_up_nothing",
            one_that_hangs_holds_up_nothing,
        ),
        ctx.trial(
            needs,
            "registry::a_thousand_schemas_are_asked_for_once_each",
            a_thousand_schemas_are_asked_for_once_each,
        ),
    ]
}

/// A connector with a topic, a file and dead letters of its own.
pub struct Sink {
    pub topic: String,
    pub file: PathBuf,
}

impl Sink {
    pub fn new(kafka: &Kafka, name: &str) -> Sink {
        let topic = kafka.new_topic(name, 1);
        kafka.create_topic(&format!("{topic}-dlq"), 1, &[]);
        let file = scratch::dir("registry-sink").join("out.txt");
        Sink { topic, file }
    }

    /// With everything set that would let records be given up.
    pub fn config(&self, url: &str) -> Value {
        let config = file_sink(&self.topic, &self.file);
        let config = with(config, &dead_letters(&format!("{}-dlq", self.topic)));
        with(
            config,
            &json!({
                "errors.tolerance": "all",
                "value.converter": JSON_SCHEMA,
                "value.converter.schema.registry.url": url,
                "value.converter.retries.max.wait.ms": "2000",
                "value.converter.http.read.timeout.ms": "60000",
            }),
        )
    }

    pub fn create(&self, worker: &Worker, url: &str, more: &Value) {
        let path = format!("/connectors/{}/config", self.topic);
        let answer = worker.rest().put(&path, &with(self.config(url), more));
        answer.expect("an answer").expect(201);
    }

    pub fn produce(&self, kafka: &Kafka, id: i32, numbers: std::ops::Range<u32>) {
        kafka.produce(&self.topic, numbers.map(|n| record(id, n)));
    }

    /// What the file says.
    pub fn written(&self) -> Vec<u32> {
        let lines = lines(&self.file);
        let number = |line: &String| {
            line.trim_start_matches("Struct{n=")
                .trim_end_matches('}')
                .parse()
        };
        lines.iter().map(|line| number(line).expect(line)).collect()
    }

    pub fn dead(&self, kafka: &Kafka) -> usize {
        kafka.read(&format!("{}-dlq", self.topic)).len()
    }

    pub fn expect_all(&self, kafka: &Kafka, numbers: std::ops::Range<u32>) {
        kafka.wait_drained(&format!("connect-{}", self.topic), &self.topic, PATIENCE);
        assert_eq!(
            self.written(),
            numbers.collect::<Vec<u32>>(),
            "{}",
            self.topic
        );
        assert_eq!(self.dead(kafka), 0, "{}", self.topic);
    }

    /// What `GET /turnbuckle/connectors/…/tasks/0` says.
    pub fn task(&self, worker: &Worker) -> Value {
        let path = format!("/turnbuckle/connectors/{}/tasks/0", self.topic);
        let answer = worker.rest().get(&path).expect("an answer");
        if answer.status == 200 {
            answer.json()
        } else {
            Value::Null
        }
    }

    /// Waits until the task says that it waits for the registry; why it does.
    pub fn wait_waiting(&self, worker: &Worker) -> String {
        wait_for(PATIENCE, &format!("{} waits", self.topic), || {
            let task = self.task(worker);
            let waits = task["phase"] == "waiting-for-registry";
            waits.then(|| task["why"].as_str().unwrap_or_default().to_owned())
        })
    }

    pub fn is_running(&self, worker: &Worker) -> bool {
        let status = worker.status(&self.topic).unwrap_or_default();
        status["tasks"][0]["state"] == "RUNNING"
    }

    /// Waits until the task has failed; its trace.
    pub fn wait_failed(&self, worker: &Worker) -> String {
        let status = worker.wait_state(&self.topic, "FAILED", PATIENCE);
        status["tasks"][0]["trace"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }
}

/// As a serializer of JSON Schema writes it.
fn record(id: i32, n: u32) -> Record {
    let mut value = vec![0];
    value.extend_from_slice(&id.to_be_bytes());
    value.extend_from_slice(format!("{{\"n\":{n}}}").as_bytes());
    Record::value(value)
}

/// A way to be away, and what its user is told.
struct Outage {
    name: &'static str,
    mode: Mode,
    told: &'static str,
    registry: FakeRegistry,
    sink: Sink,
}

fn outages_delay_records_only(ctx: &'static Ctx) {
    let kafka = ctx.kafka();
    let worker = quick_worker(kafka).start();
    let outages = [
        ("hangs", Mode::Hangs, "has not answered for 5 s"),
        ("hangs-up", Mode::HangsUp, "does not answer"),
        ("500", Mode::Answers(500, &[], ""), "answered 500"),
        ("502", Mode::Answers(502, &[], "<html>"), "answered 502"),
        (
            "503",
            Mode::Answers(503, &[], r#"{"error_code": 50302, "message": "later"}"#),
            "answered 503, later",
        ),
        (
            "429",
            Mode::Answers(429, &[("Retry-After", "3")], ""),
            "answered 429",
        ),
        ("garbage", Mode::Answers(200, &[], "<html>"), "no JSON"),
        ("nothing", Mode::Answers(200, &[], "{}"), "holds no schema"),
    ];
    let outages: Vec<Outage> = outages
        .into_iter()
        .map(|(name, mode, told)| Outage {
            name,
            mode,
            told,
            registry: FakeRegistry::start(),
            sink: Sink::new(kafka, name),
        })
        .collect();
    for Outage {
        mode,
        registry,
        sink,
        ..
    } in &outages
    {
        let id = registry.register(&format!("{}-value", sink.topic), "JSON", SCHEMA);
        registry.set(mode.clone());
        sink.produce(kafka, id, 0..20);
        sink.create(
            &worker,
            &registry.url,
            &json!({"value.converter.http.read.timeout.ms": "7000"}),
        );
    }
    // Nothing listens, until something does.
    let (away, port) = (Sink::new(kafka, "away"), scratch::free_port());
    away.produce(kafka, 1, 0..20);
    away.create(&worker, &format!("http://localhost:{port}"), &json!({}));

    for Outage {
        name, told, sink, ..
    } in &outages
    {
        let why = sink.wait_waiting(&worker);
        assert!(why.contains(told), "{name}: {why}");
    }
    let why = away.wait_waiting(&worker);
    assert!(
        why.contains("check that it runs, schema.registry.url"),
        "{why}"
    );
    holds_for(OUTAGE, "the tasks are RUNNING and write nothing", || {
        let waits = |sink: &Sink| sink.is_running(&worker) && sink.written().is_empty();
        outages.iter().all(|o| waits(&o.sink)) && waits(&away)
    });
    wait_until(PATIENCE, "the log tells that the task waits", || {
        let log = worker.log();
        log.lines().any(|line| {
            line.contains("WARN") && line.contains(&away.topic) && line.contains("schema registry")
        })
    });

    let late = FakeRegistry::start_at(port);
    late.register(&format!("{}-value", away.topic), "JSON", SCHEMA);
    away.expect_all(kafka, 0..20);
    for Outage { registry, sink, .. } in &outages {
        registry.set(Mode::Works);
        sink.expect_all(kafka, 0..20);
    }

    // It goes away in the middle: what is known is converted without it, what is new waits.
    let Outage { registry, sink, .. } = &outages[1];
    let newer = registry.register(
        &format!("{}-value", sink.topic),
        "JSON",
        &SCHEMA.replace("R", "S"),
    );
    registry.set(Mode::HangsUp);
    sink.produce(kafka, 1, 20..40);
    sink.expect_all(kafka, 0..40);
    sink.produce(kafka, newer, 40..60);
    sink.wait_waiting(&worker);
    registry.set(Mode::Slow(Duration::from_millis(300)));
    sink.expect_all(kafka, 0..60);
    assert_eq!(sink.task(&worker)["phase"], "running");
}

fn what_a_person_must_repair_fails_the_task_with_advice(ctx: &'static Ctx) {
    let kafka = ctx.kafka();
    let worker = quick_worker(kafka).start();
    let refused = r#"{"error_code": 40301, "message": "not yours"}"#;
    let cases = [
        ("401", Mode::Answers(401, &[], ""), "basic.auth.user.info"),
        (
            "403",
            Mode::Answers(403, &[], refused),
            "403 Forbidden, not yours: give this user the right",
        ),
        (
            "404",
            Mode::Answers(404, &[], "<html>"),
            "check schema.registry.url",
        ),
        (
            "moved",
            Mode::Answers(301, &[("Location", "https://x/")], ""),
            "redirects to https://x/",
        ),
    ];
    let mut sinks = Vec::new();
    for (name, mode, told) in cases {
        let (registry, sink) = (FakeRegistry::start(), Sink::new(kafka, name));
        registry.set(mode);
        sink.produce(kafka, 1, 0..3);
        sink.create(&worker, &registry.url, &json!({}));
        sinks.push((sink, told));
    }
    for (sink, told) in &sinks {
        let trace = sink.wait_failed(&worker);
        assert!(trace.contains(told), "{trace}");
        assert_eq!((sink.written().len(), sink.dead(kafka)), (0, 0));
        let group = format!("connect-{}", sink.topic);
        assert!(kafka.committed(&group, &sink.topic).is_empty());
    }
}

fn an_unknown_id_is_a_record_error(ctx: &'static Ctx) {
    let kafka = ctx.kafka();
    let worker = quick_worker(kafka).start();
    let registry = FakeRegistry::start();
    let (tolerant, strict) = (Sink::new(kafka, "tolerant"), Sink::new(kafka, "strict"));
    for sink in [&tolerant, &strict] {
        let id = registry.register(&format!("{}-value", sink.topic), "JSON", SCHEMA);
        sink.produce(kafka, id, 0..5);
        sink.produce(kafka, 4711, 5..8);
        sink.produce(kafka, id, 8..10);
    }
    tolerant.create(&worker, &registry.url, &json!({}));
    strict.create(&worker, &registry.url, &json!({"errors.tolerance": "none"}));
    let trace = strict.wait_failed(&worker);
    assert!(
        trace.contains("Tolerance exceeded in error handler"),
        "{trace}"
    );
    assert!(
        trace.contains("Error retrieving JSON schema for id 4711"),
        "{trace}"
    );

    let group = format!("connect-{}", tolerant.topic);
    kafka.wait_drained(&group, &tolerant.topic, PATIENCE);
    assert_eq!(tolerant.written(), [0, 1, 2, 3, 4, 8, 9]);
    let dead = kafka.read(&format!("{}-dlq", tolerant.topic));
    assert_eq!(dead.len(), 3);
    let exception = dead[0].header("__connect.errors.exception.class.name");
    assert_eq!(
        exception.as_deref(),
        Some("org.apache.kafka.connect.errors.DataException")
    );
    let original = record(4711, 5);
    kafka.produce(&strict.topic, [original]);
    let written = kafka.read(&strict.topic).pop();
    assert_eq!(
        dead[0].value,
        written.and_then(|message| message.value),
        "the very bytes"
    );
    // Three records, and the strict task's own question.
    let asked = registry.asked();
    let asked = asked
        .iter()
        .filter(|a| a.line.contains("/schemas/ids/4711?"));
    assert_eq!(asked.count(), 2);
}

/// Each within what these calls take without a registry, however long the registry's own time-outs are.
fn one_that_hangs_holds_up_nothing(ctx: &'static Ctx) {
    let kafka = ctx.kafka();
    let registry = FakeRegistry::start();
    registry.set(Mode::Hangs);
    let spec = || quick_worker(kafka).set("task.shutdown.graceful.timeout.ms", "5000");
    let worker = spec().start();
    let (sink, deleted) = (Sink::new(kafka, "hangs"), Sink::new(kafka, "deleted"));
    for sink in [&sink, &deleted] {
        registry.register(&format!("{}-value", sink.topic), "JSON", SCHEMA);
        sink.produce(kafka, 1, 0..10);
        sink.create(&worker, &registry.url, &json!({}));
    }
    sink.wait_waiting(&worker);
    deleted.wait_waiting(&worker);

    let path = format!("/connectors/{}", sink.topic);
    worker
        .rest()
        .put(&format!("{path}/pause"), &json!({}))
        .unwrap()
        .expect(202);
    worker.wait_state(&sink.topic, "PAUSED", Duration::from_secs(5));
    worker
        .rest()
        .put(&format!("{path}/resume"), &json!({}))
        .unwrap()
        .expect(202);
    worker.wait_state(&sink.topic, "RUNNING", Duration::from_secs(5));
    sink.wait_waiting(&worker);

    let begin = Instant::now();
    worker.delete_connector(&deleted.topic);
    let group = format!("connect-{}", deleted.topic);
    wait_until(
        Duration::from_secs(10),
        "the deleted task leaves its group",
        || kafka.members(&group).is_empty(),
    );

    // Another worker comes into the group, and the partition has one owner again.
    let other = spec().start();
    let connector = with(
        sink.config(&registry.url),
        &json!({"file": sink.file.with_extension("2").to_string_lossy()}),
    );
    let answer = other.rest().put(&format!("{path}/config"), &connector);
    answer.expect("an answer").expect(201);
    let group = format!("connect-{}", sink.topic);
    wait_until(Duration::from_secs(15), "two members", || {
        kafka.members(&group).len() == 2
    });
    assert!(sink.is_running(&worker));
    let status = worker.stop(Duration::from_secs(15));
    assert!(status.success(), "{status}");
    wait_until(Duration::from_secs(15), "one member", || {
        kafka.members(&group).len() == 1
    });
    assert!(
        begin.elapsed() < Duration::from_secs(58),
        "before any request's own end"
    );

    // The one that is left has the partition, and goes on when the registry does.
    registry.set(Mode::Works);
    other
        .rest()
        .post(&format!("{path}/tasks/0/restart"), &json!({}))
        .unwrap();
    kafka.wait_drained(&group, &sink.topic, PATIENCE);
    assert_eq!(lines(&sink.file.with_extension("2")).len(), 10);
    assert_eq!(sink.dead(kafka), 0);
}

fn a_thousand_schemas_are_asked_for_once_each(ctx: &'static Ctx) {
    const COUNT: u32 = 1_000;
    let kafka = ctx.kafka();
    let registry = FakeRegistry::start();
    let sink = Sink::new(kafka, "thousand");
    let subject = format!("{}-value", sink.topic);
    let ids: Vec<i32> = (0..COUNT)
        .map(|n| {
            registry.register(
                &subject,
                "JSON",
                &SCHEMA.replace("\"R\"", &format!("\"R{n}\"")),
            )
        })
        .collect();
    let of = |n: u32| record(ids[(n % COUNT) as usize], n);
    kafka.produce(&sink.topic, (0..3 * COUNT).map(of));
    let worker = quick_worker(kafka).start();
    sink.create(&worker, &registry.url, &json!({}));
    sink.expect_all(kafka, 0..3 * COUNT);
    let asked = |what: &str| {
        registry
            .asked()
            .iter()
            .filter(|a| a.line.starts_with(what))
            .count()
    };
    assert_eq!(asked("GET /schemas/ids/"), COUNT as usize);
    assert_eq!(asked("POST /subjects/"), COUNT as usize, "for the versions");
    worker.delete_connector(&sink.topic);

    // A bound below what one batch needs costs requests, and nothing else.
    let small = Sink::new(kafka, "small");
    let subject = format!("{}-value", small.topic);
    let ids: Vec<i32> = (0..50)
        .map(|n| {
            registry.register(
                &subject,
                "JSON",
                &SCHEMA.replace("\"R\"", &format!("\"R{n}\"")),
            )
        })
        .collect();
    small.create(
        &worker,
        &registry.url,
        &json!({"value.converter.max.schemas.per.subject": "10"}),
    );
    for round in 0..4 {
        let from = round * 50;
        kafka.produce(
            &small.topic,
            (from..from + 50).map(|n| record(ids[(n % 50) as usize], n)),
        );
        small.expect_all(kafka, 0..from + 50);
    }
}
