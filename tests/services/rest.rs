//! REST answers against recorded ones.

use libtest_mimic::Trial;

use crate::support::{Ctx, Engine, Need, Worker, WorkerSpec, python, scratch};

pub fn tests(ctx: &'static Ctx) -> Vec<Trial> {
    vec![ctx.trial(
        &[Need::Kafka],
        "rest::jvm_worker_answers_as_recorded",
        jvm_worker_answers_as_recorded,
    )]
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
    let topic = ctx.kafka().new_topic("replay", 1);
    ctx.kafka().produce(&topic, ["10", "20", "30"]);
    let recording = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/goldens/rest")
        .join(recording);
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
