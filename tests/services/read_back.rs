//! What is answered is still so after `kill -9` and a new start, and is what a JVM worker answers that lives through the
//! same: connectors of files keep what their files say, everything else was in memory; offsets are Kafka's.

use std::path::Path;
use std::time::Duration;

use libtest_mimic::Trial;
use serde_json::{Map, Value, json};

use crate::connectors::{file_sink, lines, with};
use crate::support::kafka::{Kafka, Record};
use crate::support::rest::Response;
use crate::support::{Ctx, Engine, Need, Worker, WorkerSpec, scratch, wait_until};

const PATIENCE: Duration = Duration::from_secs(90);

pub fn tests(ctx: &'static Ctx) -> Vec<Trial> {
    let kafka = &[Need::Kafka];
    vec![
        ctx.trial(
            kafka,
            "read_back::after_a_kill_everything_is_answered_as_by_a_jvm_worker",
            after_a_kill_everything_is_answered_as_by_a_jvm_worker,
        ),
        ctx.trial(
            kafka,
            "read_back::offsets_are_refused_and_changed_in_the_words_of_a_jvm_worker",
            offsets_are_refused_and_changed_in_the_words_of_a_jvm_worker,
        ),
    ]
}

const ENGINES: [Engine; 2] = [Engine::Turnbuckle, Engine::Jvm];

fn send(worker: &Worker, method: &str, path: &str, body: Option<&Value>) -> Response {
    worker.rest().send(method, path, body).expect("an answer")
}

/// Both workers have names of their own for topics, groups and places; what is left must be equal.
fn equalised(worker: &Worker, own: &str, answer: &Response) -> (u16, Value) {
    let port = worker
        .base()
        .rsplit(':')
        .next()
        .unwrap_or_default()
        .to_owned();
    let text = answer
        .text()
        .replace(own, "OWN")
        .replace(&format!("127.0.0.1:{port}"), "WORKER")
        .replace(&worker.dir().to_string_lossy().into_owned(), "DIR");
    let mut value = match text.is_empty() {
        true => Value::Null,
        false => serde_json::from_str(&text).unwrap_or(Value::String(text)),
    };
    sort_offsets(&mut value);
    (answer.status, value)
}

/// There, they come in any order.
fn sort_offsets(value: &mut Value) {
    if let Some(offsets) = value.get_mut("offsets").and_then(Value::as_array_mut) {
        offsets.sort_by_key(|entry| entry["partition"].to_string());
    }
}

/// Everything that is answered about these connectors.
fn everything(worker: &Worker, own: &str, names: &[String]) -> Map<String, Value> {
    let mut all = Map::new();
    let mut ask = |path: String| {
        let (status, mut body) = equalised(worker, own, &send(worker, "GET", &path, None));
        if let Some(names) = body.as_array_mut().filter(|_| path == "/connectors") {
            names.sort_by_key(|n| n.as_str().map(str::to_owned));
        }
        all.insert(path.replace(own, "OWN"), json!([status, body]));
    };
    ask("/connectors".to_owned());
    ask("/connectors?expand=status&expand=info".to_owned());
    for name in names {
        for what in [
            "",
            "/config",
            "/status",
            "/tasks",
            "/offsets",
            "/tasks/0/status",
            "/tasks/1/status",
        ] {
            ask(format!("/connectors/{name}{what}"));
        }
    }
    all
}

struct Side {
    worker: Worker,
    own: String,
    names: Vec<String>,
}

/// A worker with three connectors of files, in the three forms that files have, one of them PAUSED and one STOPPED.
fn start(engine: Engine, kafka: &Kafka) -> Side {
    let own = scratch::unique("rb");
    kafka.create_topic(&own, 2, &[]);
    kafka.produce(
        &own,
        (0..10).map(|i| Record::value(i.to_string()).partition(i % 2)),
    );
    let dir = scratch::dir("rb");
    let name = |what: &str| format!("{own}-{what}");
    let config = with(
        file_sink(&own, Path::new("out")),
        &json!({"tasks.max": "2"}),
    );
    let posted = |what: &str, state: &str| {
        let body = json!({"name": name(what), "config": config, "initial_state": state});
        let file = dir.join(format!("{what}.json"));
        std::fs::write(&file, body.to_string()).unwrap();
        file.to_string_lossy().into_owned()
    };
    let flat = dir.join("flat.json");
    let flat_config = with(config.clone(), &json!({"name": name("flat")}));
    std::fs::write(&flat, flat_config.to_string()).unwrap();
    let worker = WorkerSpec::new(engine, kafka)
        // Those that were killed are missed soon.
        .set("consumer.session.timeout.ms", "3000")
        .set("consumer.heartbeat.interval.ms", "500")
        .connector(&[
            ("name", &name("lines")),
            ("connector.class", "FileStreamSink"),
            ("topics", &own),
            ("file", "out"),
        ])
        .arg(&flat.to_string_lossy())
        .arg(&posted("paused", "PAUSED"))
        .arg(&posted("stopped", "STOPPED"))
        .start();
    let names = ["lines", "flat", "paused", "stopped", "rest"]
        .map(name)
        .to_vec();
    Side { worker, own, names }
}

impl Side {
    fn name(&self, what: &str) -> String {
        format!("{}-{what}", self.own)
    }

    fn drain(&self, kafka: &Kafka, whats: &[&str]) {
        for what in whats {
            kafka.wait_drained(&format!("connect-{}", self.name(what)), &self.own, PATIENCE);
        }
    }

    /// Until the tasks of these connectors show this state.
    fn wait(&self, what: &str, state: &str) {
        self.worker.wait_state(&self.name(what), state, PATIENCE);
    }

    fn put(&self, what: &str, path: &str, body: Option<&Value>, status: u16) {
        let path = format!("/connectors/{}{path}", self.name(what));
        send(&self.worker, "PUT", &path, body).expect(status);
    }

    fn everything(&self) -> Map<String, Value> {
        everything(&self.worker, &self.own, &self.names)
    }
}

fn expect_equal(when: &str, ours: &Map<String, Value>, theirs: &Map<String, Value>) {
    assert_eq!(ours.len(), theirs.len());
    let mut differences = Vec::new();
    for (path, answer) in ours {
        let theirs = &theirs[path];
        if answer != theirs {
            differences.push(format!("GET {path}\n  ours   {answer}\n  theirs {theirs}"));
        }
    }
    assert!(differences.is_empty(), "{when}\n{}", differences.join("\n"));
}

fn after_a_kill_everything_is_answered_as_by_a_jvm_worker(ctx: &'static Ctx) {
    let kafka = ctx.kafka();
    let mut sides = ENGINES.map(|engine| start(engine, kafka));
    let compare = |sides: &[Side; 2], when: &str| {
        let [ours, theirs] = sides.each_ref().map(Side::everything);
        expect_equal(when, &ours, &theirs);
    };
    for side in &sides {
        side.wait("lines", "RUNNING");
        side.wait("flat", "RUNNING");
        side.drain(kafka, &["lines", "flat"]);
    }
    compare(&sides, "after the start");
    let change = |side: &Side| {
        // Over REST: a connector, another configuration, other states, other offsets. All of it but offsets is lost.
        let more = json!({"tasks.max": "1", "errors.log.enable": "true"});
        let config = with(
            file_sink(&side.own, side.worker.dir().join("rest").as_path()),
            &more,
        );
        side.put("rest", "/config", Some(&config), 201);
        side.wait("rest", "RUNNING");
        side.put("lines", "/pause", None, 202);
        side.wait("lines", "PAUSED");
        side.put("paused", "/resume", None, 202);
        side.wait("paused", "RUNNING");
        side.put("flat", "/config", Some(&config), 200);
        side.wait("flat", "RUNNING");
        side.drain(kafka, &["rest", "paused", "flat"]);
        let entry = |partition: i32| json!({"partition": {"kafka_topic": side.own, "kafka_partition": partition}, "offset": {"kafka_offset": 3}});
        let path = format!("/connectors/{}/offsets", side.name("stopped"));
        let body = json!({"offsets": [entry(0), entry(1)]});
        send(&side.worker, "PATCH", &path, Some(&body)).expect(200);
    };
    sides.iter().for_each(change);
    compare(&sides, "after changes over REST");
    for side in &mut sides {
        side.worker.kill();
        side.worker.start_again();
    }
    for side in &sides {
        side.wait("lines", "RUNNING");
        side.wait("flat", "RUNNING");
    }
    compare(&sides, "after kill -9");
    // Nothing is told that is not so: records flow again, and where nothing is to flow none does.
    for side in &sides {
        let out = side.worker.dir().join("rest");
        let before = lines(&out).len();
        let more = (0..2).map(|i| Record::value("more").partition(i));
        kafka.produce(&side.own, more);
        wait_until(PATIENCE, "the group of the file's connector moves", || {
            let group = format!("connect-{}", side.name("lines"));
            kafka.committed(&group, &side.own).values().sum::<i64>() == 12
        });
        assert_eq!(
            lines(&out).len(),
            before,
            "a connector of before the kill is gone"
        );
        side.drain(kafka, &["flat"]);
        let stopped = format!("connect-{}", side.name("stopped"));
        assert_eq!(
            kafka.committed(&stopped, &side.own),
            [(0, 3), (1, 3)].into()
        );
        // Resumed, the STOPPED one goes on where it was altered to.
        side.put("stopped", "/resume", None, 202);
        side.wait("stopped", "RUNNING");
        side.drain(kafka, &["stopped"]);
    }
    compare(&sides, "in the end");
    for side in &sides {
        side.worker.process().terminate();
        side.worker.process().wait(PATIENCE);
    }
}

fn offsets_are_refused_and_changed_in_the_words_of_a_jvm_worker(ctx: &'static Ctx) {
    let kafka = ctx.kafka();
    let [ours, theirs] = ENGINES.map(|engine| answers(engine, kafka));
    assert_eq!(ours.len(), theirs.len());
    let mut differences = Vec::new();
    for ((what, ours), (_, theirs)) in ours.iter().zip(&theirs) {
        // What the JVM's parser of JSON says names its classes and places in its stream; its status counts.
        let names_classes = theirs.1["message"]
            .as_str()
            .is_some_and(|text| text.contains("org.apache.kafka.connect.runtime.rest.entities"));
        let equal = match names_classes {
            true if what.ends_with(NULL_ELEMENT) => (ours.0, theirs.0) == (400, 500),
            true => ours.0 == theirs.0,
            false => ours == theirs,
        };
        if !equal {
            differences.push(format!("{what}\n  ours   {ours:?}\n  theirs {theirs:?}"));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// There, a null pointer; here, said as what it is.
const NULL_ELEMENT: &str = r#"PATCH {"offsets":[null]}"#;

/// One worker, its one connector, and what was answered, in order.
struct Asked<'a> {
    worker: &'a Worker,
    own: &'a str,
    said: Vec<(String, (u16, Value))>,
}

impl Asked<'_> {
    fn ask(&mut self, method: &str, body: Option<Value>, when: &str) {
        let path = format!("/connectors/{}/offsets", self.own);
        let answer = send(self.worker, method, &path, body.as_ref());
        let shown = body.map(|b| b.to_string()).unwrap_or_default();
        let what = format!("{when}: {method} {shown}").replace(self.own, "OWN");
        let said = equalised(self.worker, self.own, &answer);
        self.said.push((what, said));
    }

    /// Everything that a connector which is not STOPPED refuses.
    fn ask_all(&mut self, when: &str) {
        self.ask("GET", None, when);
        let good = one(place(json!(self.own), json!(0)), offset(json!(1)));
        self.ask("PATCH", Some(good), when);
        self.ask("PATCH", Some(json!({"offsets": []})), when);
        self.ask("DELETE", None, when);
    }
}

fn one(partition: Value, offset: Value) -> Value {
    json!({"offsets": [{"partition": partition, "offset": offset}]})
}

fn place(topic: Value, partition: Value) -> Value {
    json!({"kafka_topic": topic, "kafka_partition": partition})
}

fn offset(offset: Value) -> Value {
    json!({"kafka_offset": offset})
}

/// The answers to everything that can be asked of offsets, in order.
fn answers(engine: Engine, kafka: &Kafka) -> Vec<(String, (u16, Value))> {
    let own = scratch::unique("words");
    kafka.create_topic(&own, 2, &[]);
    kafka.produce(
        &own,
        (0..10).map(|i| Record::value(i.to_string()).partition(i % 2)),
    );
    let group = format!("connect-{own}");
    let worker = WorkerSpec::new(engine, kafka).start();
    let mut asked = Asked {
        worker: &worker,
        own: &own,
        said: Vec::new(),
    };
    asked.ask_all("no such connector");
    worker.run_connector(&own, &file_sink(&own, Path::new("out")));
    kafka.wait_drained(&group, &own, PATIENCE);
    asked.ask_all("RUNNING");
    let put = |path: &str, status| {
        let path = format!("/connectors/{own}{path}");
        send(&worker, "PUT", &path, None).expect(status);
    };
    put("/pause", 202);
    worker.wait_state(&own, "PAUSED", PATIENCE);
    asked.ask_all("PAUSED");
    put("/stop", 204);
    wait_until(PATIENCE, "no members", || kafka.members(&group).is_empty());
    asked.ask("GET", None, "STOPPED");
    for body in refused(&own) {
        asked.ask("PATCH", Some(body), "STOPPED");
        asked.ask("GET", None, "STOPPED, after a refusal");
    }
    for body in taken(&own) {
        asked.ask("PATCH", Some(body), "STOPPED, good");
        asked.ask("GET", None, "STOPPED, after a change");
    }
    asked.ask("DELETE", None, "STOPPED");
    asked.ask("GET", None, "STOPPED, after a reset");
    asked.ask("DELETE", None, "STOPPED, once more");
    let good = one(place(json!(own), json!(0)), offset(json!(1)));
    asked.ask("PATCH", Some(good), "STOPPED, after a reset");
    asked.ask("GET", None, "STOPPED, after a reset and a change");
    asked.said
}

/// Bodies that are refused, each for a reason of its own.
fn refused(own: &str) -> Vec<Value> {
    let here = || place(json!(own), json!(1));
    vec![
        json!({}),
        json!({"offsets": null}),
        json!({"offsets": {}}),
        json!({"offsets": "x"}),
        json!({"offsets": [], "more": 1}),
        json!({"offsets": [null]}),
        json!({"offsets": [{}]}),
        json!({"offsets": [{"partition": here()}]}),
        json!({"offsets": [{"partition": here(), "offset": offset(json!(1)), "more": 1}]}),
        json!([]),
        json!("x"),
        one(Value::Null, offset(json!(1))),
        one(json!("x"), offset(json!(1))),
        one(json!({}), offset(json!(1))),
        one(json!({"kafka_topic": own}), offset(json!(1))),
        one(json!({"kafka_partition": 0}), offset(json!(1))),
        one(
            json!({"kafka_topic": own, "kafka_partition": 0, "more": 1}),
            offset(json!(1)),
        ),
        one(json!({"topic": own, "partition": 0}), offset(json!(1))),
        one(place(Value::Null, json!(0)), offset(json!(1))),
        one(place(json!(own), Value::Null), offset(json!(1))),
        one(place(json!(own), json!("x")), offset(json!(1))),
        one(place(json!(own), json!(1.5)), offset(json!(1))),
        one(place(json!(own), json!(true)), offset(json!(1))),
        one(
            place(json!(own), json!(4_294_967_296_i64)),
            offset(json!(1)),
        ),
        one(here(), json!({})),
        one(here(), json!(5)),
        one(here(), json!({"offset": 5})),
        one(here(), offset(Value::Null)),
        one(here(), offset(json!("x"))),
        one(here(), offset(json!("1.5"))),
        one(here(), offset(json!(1.5))),
        one(here(), offset(json!([1]))),
        one(place(json!("no-such-topic"), json!(0)), offset(json!(1))),
        one(place(json!(own), json!(7)), offset(json!(1))),
        one(place(json!(own), json!(-1)), offset(json!(1))),
        one(place(json!(""), json!(0)), offset(json!(1))),
    ]
}

/// Bodies that change offsets.
fn taken(own: &str) -> Vec<Value> {
    let here = || place(json!(own), json!(1));
    vec![
        one(place(json!(own), json!("0")), offset(json!("4"))),
        one(here(), offset(json!(1000))),
        one(here(), Value::Null),
        one(here(), offset(json!(2))),
        json!({"offsets": [
            {"partition": here(), "offset": Value::Null},
            {"partition": place(json!(own), json!(0)), "offset": offset(json!(0))},
        ]}),
        json!({"offsets": [
            {"partition": here(), "offset": offset(json!(1))},
            {"partition": here(), "offset": offset(json!(3))},
        ]}),
        one(place(json!("no-such-topic"), json!(0)), Value::Null),
    ]
}
