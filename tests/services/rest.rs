//! REST answers against recorded ones.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use libtest_mimic::Trial;
use serde_json::json;

use crate::support::{Ctx, Engine, Need, Worker, WorkerSpec, python, scratch};

const PATIENCE: Duration = Duration::from_secs(30);

pub fn tests(ctx: &'static Ctx) -> Vec<Trial> {
    let kafka = &[Need::Kafka];
    vec![
        ctx.trial(
            kafka,
            "rest::jvm_worker_answers_as_recorded",
            jvm_worker_answers_as_recorded,
        ),
        ctx.trial(kafka, "rest::answers_as_recorded", answers_as_recorded),
        ctx.trial(
            kafka,
            "rest::answers_as_a_cluster_where_the_mode_is_no_matter",
            answers_as_a_cluster_where_the_mode_is_no_matter,
        ),
        ctx.trial(
            kafka,
            "rest::topics_are_told_and_forgotten_only_where_that_is_allowed",
            topics_are_told_and_forgotten_only_where_that_is_allowed,
        ),
        ctx.trial(
            kafka,
            "rest::variations_are_answered_as_by_the_jvm",
            variations_are_answered_as_by_the_jvm,
        ),
        ctx.trial(
            kafka,
            "rest::starts_connectors_of_every_file_form",
            starts_connectors_of_every_file_form,
        ),
        ctx.trial(
            kafka,
            "rest::a_bad_connector_file_ends_the_worker_with_3",
            a_bad_connector_file_ends_the_worker_with_3,
        ),
        ctx.trial(
            kafka,
            "rest::a_signal_stops_in_order",
            a_signal_stops_in_order,
        ),
        ctx.trial(
            kafka,
            "rest::errors_name_the_place_of_a_value",
            errors_name_the_place_of_a_value,
        ),
        ctx.trial(&[], "rest::exit_codes_are_kafkas", exit_codes_are_kafkas),
    ]
}

/// Recorded steps that are answered otherwise, and why. What is named here must still differ.
const OTHERWISE: &[(&str, &str)] = &[
    ("plugins-all", "other plugins are built in"),
    (
        "validate-converter-with-settings",
        "JsonConverter of 4.3 has one key more",
    ),
    ("validate-no-class", "400 instead of 500"),
    ("validate-unknown-plugin", "400 instead of 500"),
    ("restart-missing", "404 instead of 500"),
    ("task-restart-connector-missing", "404 instead of 500"),
    ("stop-missing", "404 instead of 500"),
    ("offsets-alter-negative", "400 instead of 500"),
    (
        "status-after-task-restart-missing",
        "a task that does not exist is not listed",
    ),
    (
        "create-null-own-key",
        "a null is refused instead of making a failed connector",
    ),
    ("null-own-key-status", "so there is no such connector"),
    ("null-own-key-delete", "so there is no such connector"),
    ("name-slash-put", "names of any kind can be reached"),
    ("name-percent-put", "names of any kind can be reached"),
    ("name-backslash-put", "names of any kind can be reached"),
    ("name-slash-create", "it was created before"),
    ("list-after-deletes", "it was created before"),
    ("list-last", "the others were created before"),
    ("name-slash-get", "names of any kind can be reached"),
    ("name-slash-delete", "names of any kind can be reached"),
];

/// Steps that a cluster answers in its own way.
const OF_THE_MODE: &[(&str, &str)] = &[
    ("internal-task-configs", "a worker alone takes none"),
    ("internal-fence", "a worker alone takes none"),
    ("task-restart-missing", "another sentence"),
    ("task-restart-stopped", "nobody else could run it"),
];

/// Steps whose answer lists tasks.
const CREATED_OR_CHANGED: &[&str] = &[
    "create",
    "patch",
    "put-more-tasks",
    "failing-create",
    "poison-create",
    "create-running",
    "put-creates",
    "create-null-initial-state",
    "name-space-create",
    "name-unicode-create",
    "name-question-mark-create",
    "name-plus-create",
    "name-colon-dot-create",
];

fn answers_as_recorded(ctx: &'static Ctx) {
    replays_but_for(ctx, "standalone.jsonl", OTHERWISE);
}

/// What a cluster answered, as far as it is no matter of the mode.
fn answers_as_a_cluster_where_the_mode_is_no_matter(ctx: &'static Ctx) {
    // Here they are answered as by a cluster.
    let alike = [
        "restart-missing",
        "task-restart-connector-missing",
        "stop-missing",
        "status-after-task-restart-missing",
    ];
    let mut otherwise = OTHERWISE.to_vec();
    otherwise.retain(|(step, _)| !alike.contains(step));
    let before = "tasks are those before the change there";
    otherwise.extend(OF_THE_MODE.iter().copied());
    otherwise.extend(CREATED_OR_CHANGED.iter().map(|step| (*step, before)));
    replays_but_for(ctx, "distributed.jsonl", &otherwise);
}

/// Replays a recording; all steps but these answer as recorded, and none of these does.
fn replays_but_for(ctx: &'static Ctx, recording: &str, otherwise: &[(&str, &str)]) {
    let worker = recorded_worker(ctx, Engine::Turnbuckle);
    // What is answered otherwise is not waited for.
    let once = otherwise.iter().flat_map(|(step, _)| ["--once", step]);
    let once: Vec<&str> = once.collect();
    let report = replay(ctx, &worker, recording, &once);
    assert!(report.contains(" passed, "), "{report}");

    let mut differing: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut step = "";
    for line in report.lines() {
        if let Some(rest) = line.strip_prefix("DIFF ") {
            step = rest.split(' ').next().unwrap_or_default();
        } else if line.starts_with(' ') && !line.contains(".value.recommended_values: ") {
            // Recommended is what is built in, which is other than what was installed there.
            differing.entry(step).or_default().push(line);
        }
    }
    let otherwise: BTreeMap<&str, &str> = otherwise.iter().copied().collect();
    let (got, expected): (Vec<_>, Vec<_>) =
        (differing.keys().collect(), otherwise.keys().collect());
    assert_eq!(got, expected, "{report}");
}

/// The same requests, as the seed has them, to a worker of the JVM and to ours.
fn variations_are_answered_as_by_the_jvm(ctx: &'static Ctx) {
    let reference = recorded_worker(ctx, Engine::Jvm);
    let worker = recorded_worker(ctx, Engine::Turnbuckle);
    let topic = ctx.kafka().new_topic("variations", 1);
    ctx.kafka().produce(&topic, ["10", "20", "30"]);
    let dir = scratch::dir("variations");
    let (reference, base, dir) = (reference.base(), worker.base(), dir.to_string_lossy());
    let seed = std::env::var("TURNBUCKLE_SEED").unwrap_or_else(|_| "1".to_owned());
    let args = [
        &*reference,
        &*base,
        "--topic",
        &topic,
        "--dir",
        &*dir,
        "--seed",
        &seed,
        "--rounds",
        "6",
    ];
    let output = python::run("tests/goldens/rest/vary.py", &args).expect("the variations run");
    let report = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        report.ends_with(" alike, 0 different\n"),
        "{report}{errors}"
    );
}

fn topics_are_told_and_forgotten_only_where_that_is_allowed(ctx: &'static Ctx) {
    let disabled = json!({"error_code": 403, "message": "Topic tracking is disabled."});
    let kept = json!({"error_code": 403, "message": "Topic tracking reset is disabled."});
    for engine in [Engine::Jvm, Engine::Turnbuckle] {
        let spec = || WorkerSpec::new(engine, ctx.kafka());
        let worker = spec().set("topic.tracking.enable", "false").start();
        let rest = worker.rest();
        let told = rest.get("/connectors/x/topics").unwrap().expect(403);
        assert_eq!(told.json(), disabled, "{engine:?}");
        let reset = rest.send("PUT", "/connectors/x/topics/reset", None);
        assert_eq!(reset.unwrap().expect(403).json(), disabled, "{engine:?}");

        let worker = spec().set("topic.tracking.allow.reset", "false").start();
        let rest = worker.rest();
        let told = rest.get("/connectors/x/topics").unwrap().expect(200);
        assert_eq!(told.json(), json!({"x": {"topics": []}}), "{engine:?}");
        let reset = rest.send("PUT", "/connectors/x/topics/reset", None);
        assert_eq!(reset.unwrap().expect(403).json(), kept, "{engine:?}");
    }
}

fn starts_connectors_of_every_file_form(ctx: &'static Ctx) {
    let topic = ctx.kafka().new_topic("forms", 1);
    let dir = scratch::dir("forms");
    let config = |name: &str| json!({"connector.class": "FileStreamSink", "topics": topic, "file": dir.join(name), "tasks.max": 1});
    let mut flat = config("j");
    flat["name"] = json!("j");
    let properties = format!(
        "name=p\nconnector.class=FileStreamSink\ntopics={topic}\nfile={}\n",
        dir.join("p").display()
    );
    let request =
        json!({"name": "r", "config": config("r"), "initial_state": "PAUSED", "owner": 1});
    let mut spec = WorkerSpec::new(Engine::Turnbuckle, ctx.kafka());
    for (file, text) in [
        ("j.json", flat.to_string()),
        ("r.txt", request.to_string()),
        ("p.json", properties),
    ] {
        fs::write(dir.join(file), text).unwrap();
        spec = spec.arg(&dir.join(file).to_string_lossy());
    }
    let worker = spec.start();
    worker.rest().get("/health").unwrap().expect(200);
    let names = worker.rest().get("/connectors").unwrap().json();
    assert_eq!(names, json!(["j", "p", "r"]));
    worker.wait_state("j", "RUNNING", PATIENCE);
    worker.wait_state("p", "RUNNING", PATIENCE);
    let status = worker.status("r").unwrap();
    assert_eq!(status["connector"]["state"], "PAUSED");
    assert_eq!(status["tasks"], json!([]));
}

fn a_bad_connector_file_ends_the_worker_with_3(ctx: &'static Ctx) {
    let worker = WorkerSpec::new(Engine::Turnbuckle, ctx.kafka())
        .connector(&[("name", "x"), ("connector.class", "FileStreamSink")])
        .spawn();
    let status = worker.process().wait(PATIENCE);
    let log = worker.log();
    assert_eq!(status.code(), Some(3), "{log}");
    for text in [
        "connector-0.properties",
        "Must configure one of topics or topics.regex",
        "Stopping after connector error",
    ] {
        assert!(log.contains(text), "{text} in {log}");
    }
}

fn a_signal_stops_in_order(ctx: &'static Ctx) {
    let topic = ctx.kafka().new_topic("signal", 1);
    let worker = WorkerSpec::new(Engine::Turnbuckle, ctx.kafka()).start();
    let out = worker.dir().join("out");
    let config = json!({"connector.class": "FileStreamSink", "topics": topic, "file": out});
    worker.run_connector("s", &config);
    let status = worker.stop(Duration::from_secs(6));
    assert_eq!(status.code(), Some(0), "{}", worker.log());
    assert!(worker.log().contains("Kafka Connect stopped"));
}

fn errors_name_the_place_of_a_value(ctx: &'static Ctx) {
    let spec = || WorkerSpec::new(Engine::Turnbuckle, ctx.kafka());
    let key = "offset.flush.interval.ms";
    let variable = "CONNECT_OFFSET_FLUSH_INTERVAL_MS";
    let argument = format!("{key}=soon");
    for (spec, origin) in [
        (spec().set(key, "soon"), "worker.properties:"),
        (
            spec().env(variable, "soon"),
            "(environment variable CONNECT_OFFSET_FLUSH_INTERVAL_MS)",
        ),
        (
            spec().arg("--override").arg(&argument),
            "(--override offset.flush.interval.ms)",
        ),
    ] {
        let worker = spec.spawn();
        let status = worker.process().wait(PATIENCE);
        let log = worker.log();
        assert_eq!(status.code(), Some(2), "{log}");
        let message =
            format!("Invalid value soon for configuration {key}: Not a number of type LONG");
        assert!(
            log.contains(&message) && log.contains(origin),
            "{origin} in {log}"
        );
    }
}

fn exit_codes_are_kafkas(_: &'static Ctx) {
    let converter = "org.apache.kafka.connect.storage.StringConverter";
    let text = format!(
        "bootstrap.servers=127.0.0.1:{}\nlisteners=http://127.0.0.1:0\ndefault.api.timeout.ms=500\n\
         key.converter={converter}\nvalue.converter={converter}\n",
        scratch::free_port()
    );
    let worker = scratch::dir("exit-codes").join("worker.properties");
    fs::write(&worker, text).unwrap();
    let worker = worker.to_string_lossy().into_owned();
    for (args, code, expected) in [
        (vec!["standalone"], 1, "worker.properties"),
        (vec!["--help"], 1, "standalone"),
        (
            vec!["standalone", "/no/such/file"],
            2,
            "cannot read the worker file /no/such/file",
        ),
        (
            vec!["standalone", ""],
            2,
            "Missing required configuration \"key.converter\" which has no default value.",
        ),
        (
            vec!["standalone", &worker],
            2,
            "Failed to connect to and describe Kafka cluster. Check worker's broker connection and security properties.",
        ),
        (
            vec![
                "standalone",
                &worker,
                "--override",
                "value.converter=com.acme.X",
            ],
            2,
            "Class com.acme.X could not be found. (--override value.converter)",
        ),
    ] {
        let binary = env!("CARGO_BIN_EXE_turnbuckle");
        let output = Command::new(binary).args(&args).output().unwrap();
        let printed = [output.stdout, output.stderr].concat();
        let printed = String::from_utf8_lossy(&printed);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {printed}");
        assert!(printed.contains(expected), "{args:?}: {printed}");
    }
}

/// Keeps the recording and the replay true. The recorded worker is of an older release than the one run here.
fn jvm_worker_answers_as_recorded(ctx: &'static Ctx) {
    let newer_key = "    .body.configs.value.converter.schema.content: extra";
    let worker = recorded_worker(ctx, Engine::Jvm);
    let report = replay(ctx, &worker, "standalone.jsonl", &[]);
    let mut differences = report.lines().filter(|line| line.starts_with(' '));
    assert!(differences.all(|line| line == newer_key), "{report}");
    assert!(report.ends_with("316 passed, 1 failed\n"), "{report}");
}

/// A worker with the settings that the recorded ones had. A replay needs a fresh one.
pub fn recorded_worker(ctx: &'static Ctx, engine: Engine) -> Worker {
    let json = "org.apache.kafka.connect.json.JsonConverter";
    WorkerSpec::new(engine, ctx.kafka())
        .set("key.converter", json)
        .set("value.converter", json)
        .set("key.converter.schemas.enable", "false")
        .set("value.converter.schemas.enable", "false")
        .set("offset.flush.interval.ms", "1000")
        .set("consumer.session.timeout.ms", "6000")
        .set("consumer.heartbeat.interval.ms", "1000")
        .start()
}

/// Sends the recorded requests and gives back the differences; the last line is `N passed, M failed`.
pub fn replay(ctx: &'static Ctx, worker: &Worker, recording: &str, options: &[&str]) -> String {
    // The names of connectors are recorded, and with them those of groups.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let topic = ctx.kafka().new_topic("replay", 1);
    ctx.kafka().produce(&topic, ["10", "20", "30"]);
    let recording = recordings().join(recording);
    let file = scratch::dir("replay").join("out.txt");
    let (base, recording, file) = (
        worker.base(),
        recording.to_string_lossy(),
        file.to_string_lossy(),
    );
    let mut args = vec![&*base, &*recording, "--topic", &topic, "--file", &*file];
    args.extend(options);
    let output = python::run("tests/goldens/rest/replay.py", &args).expect("the replay runs");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    printed + &String::from_utf8_lossy(&output.stderr)
}

fn recordings() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goldens/rest")
}
