//! Validation beside a live JVM worker: the same configurations, drawn at random too, to both.

use libtest_mimic::Trial;

use crate::support::{Ctx, Engine, Need, Worker, WorkerSpec, python};

pub fn tests(ctx: &'static Ctx) -> Vec<Trial> {
    let kafka = &[Need::Kafka];
    vec![
        ctx.trial(
            kafka,
            "validation::answers_are_those_of_the_jvm",
            answers_are_those_of_the_jvm,
        ),
        ctx.trial(
            kafka,
            "validation::overrides_are_allowed_as_by_the_jvm",
            overrides_are_allowed_as_by_the_jvm,
        ),
    ]
}

const JSON: &str = "org.apache.kafka.connect.json.JsonConverter";

fn answers_are_those_of_the_jvm(ctx: &'static Ctx) {
    let [reference, tested] = workers(ctx, &[]);
    // Of some 2700 configurations with one mistake each a part, and some with several things at once.
    let drawn = match is_long() {
        true => ["--every", "1", "--count", "4000"],
        false => ["--every", "7", "--count", "200"],
    };
    compare(&reference, &tested, &drawn, 500);
}

fn overrides_are_allowed_as_by_the_jvm(ctx: &'static Ctx) {
    const POLICY: &str = "connector.client.config.override.policy";
    const CLASSES: &str = "org.apache.kafka.connect.connector.policy.";
    let none = format!("{CLASSES}NoneConnectorClientConfigOverridePolicy");
    let allowlist = "connector.client.config.override.allowlist";
    for (policy, more) in [
        ("All", vec![]),
        (&none, vec![]),
        ("Principal", vec![]),
        (
            "Allowlist",
            vec![(allowlist, "max.poll.records, acks,group.id")],
        ),
    ] {
        let mut settings = vec![(POLICY, policy)];
        settings.extend(more);
        let [reference, tested] = workers(ctx, &settings);
        let count = if is_long() { "1000" } else { "60" };
        compare(&reference, &tested, &["--overrides", "--count", count], 250);
    }
}

/// The JVM's worker and ours from the same files.
fn workers(ctx: &'static Ctx, settings: &[(&str, &str)]) -> [Worker; 2] {
    let start = |engine| {
        let spec = WorkerSpec::new(engine, ctx.kafka())
            .set("key.converter", JSON)
            .set("value.converter", JSON);
        let spec = settings
            .iter()
            .fold(spec, |spec, (key, value)| spec.set(key, value));
        spec.spawn()
    };
    let workers = [start(Engine::Jvm), start(Engine::Turnbuckle)];
    workers.iter().for_each(Worker::wait_ready);
    workers
}

/// Fails, showing the differences, unless at least so many configurations are answered alike. Another seed is
/// tried with `TURNBUCKLE_SEED`.
fn compare(reference: &Worker, tested: &Worker, options: &[&str], at_least: usize) {
    let seed = std::env::var("TURNBUCKLE_SEED").unwrap_or_else(|_| "1".to_owned());
    let (reference, tested) = (reference.base(), tested.base());
    let mut args = vec![&*reference, &*tested, "--seed", &seed];
    args.extend(options);
    let output = python::run("tests/goldens/rest/validations.py", &args).expect("the comparison");
    let report = [output.stdout, output.stderr].concat();
    let report = String::from_utf8_lossy(&report);
    let last = report.lines().last().unwrap_or_default();
    let count = last.split(' ').next().and_then(|n| n.parse().ok());
    assert!(last.contains(" 0 answers differ"), "seed {seed}: {report}");
    assert!(count >= Some(at_least), "{last}");
}

fn is_long() -> bool {
    std::env::var_os("TURNBUCKLE_LONG").is_some()
}
