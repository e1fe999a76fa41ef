//! Start and end of the process: signals, layers of configuration, what a refusal says.

use std::fs;
use std::time::{Duration, Instant};

use libtest_mimic::Trial;

use crate::connectors::{connector_file, file_sink, graph_sink, lines, quick_worker};
use crate::support::kafka::Record;
use crate::support::neo4j::{Auth, Neo4j};
use crate::support::process::SIGTERM;
use crate::support::{Ctx, Engine, Need, WorkerSpec, scratch, wait_until};

const PATIENCE: Duration = Duration::from_secs(60);

pub fn tests(ctx: &'static Ctx) -> Vec<Trial> {
    let kafka = &[Need::Kafka];
    vec![
        ctx.trial(
            kafka,
            "lifecycle::sigterm_commits_what_is_written_and_leaves_the_group",
            sigterm_commits_what_is_written_and_leaves_the_group,
        ),
        ctx.trial(
            &[Need::Kafka, Need::Neo4j],
            "lifecycle::second_signal_ends_at_once",
            second_signal_ends_at_once,
        ),
        ctx.trial(
            kafka,
            "lifecycle::overrides_win_over_environment_and_environment_over_file",
            overrides_win_over_environment_and_environment_over_file,
        ),
        ctx.trial(
            kafka,
            "lifecycle::bad_connector_file_is_refused_with_file_key_and_remedy",
            bad_connector_file_is_refused_with_file_key_and_remedy,
        ),
    ]
}

/// The interval of commits is longer than the test: what is committed is committed by the stop.
fn sigterm_commits_what_is_written_and_leaves_the_group(ctx: &'static Ctx) {
    let kafka = ctx.kafka();
    let topic = kafka.new_topic("sigterm", 4);
    let out = scratch::dir("sigterm").join("out.txt");
    let name = scratch::unique("sigterm");
    let group = format!("connect-{name}");
    kafka.produce(
        &topic,
        (0..20_000).map(|i| Record::value(i.to_string()).partition(i % 4)),
    );
    let worker = WorkerSpec::new(Engine::Turnbuckle, kafka)
        .set("offset.flush.interval.ms", "3600000")
        .connector_lines(connector_file(&name, &file_sink(&topic, &out)))
        .start();
    wait_until(PATIENCE, "lines", || !lines(&out).is_empty());
    assert_eq!(kafka.members(&group).len(), 1);
    assert_eq!(kafka.committed(&group, &topic).values().sum::<i64>(), 0);
    let begin = Instant::now();
    let status = worker.stop(Duration::from_secs(6));
    assert_eq!(
        kafka.members(&group).len(),
        0,
        "nobody has to wait for a time-out"
    );
    println!("SIGTERM in the flow: {:?}", begin.elapsed());
    assert_eq!(status.code(), Some(0), "{}", worker.process().log_tail());
    let committed: i64 = kafka.committed(&group, &topic).values().sum();
    assert_eq!(
        committed,
        lines(&out).len() as i64,
        "neither more nor less than was written"
    );
}

fn second_signal_ends_at_once(ctx: &'static Ctx) {
    let (kafka, neo4j) = (
        ctx.kafka(),
        Neo4j::start(Auth::Disabled).expect("a database"),
    );
    let topic = kafka.new_topic("twice", 1);
    // A stop that would take an hour, because the database hangs.
    let worker = quick_worker(kafka)
        .set("task.shutdown.graceful.timeout.ms", "3600000")
        .connector_lines(connector_file(&topic, &graph_sink(&neo4j, &topic, &topic)))
        .start();
    kafka.produce(&topic, [Record::value("1").key("k")]);
    kafka.wait_drained(&format!("connect-{topic}"), &topic, PATIENCE);
    neo4j.freeze();
    kafka.produce(
        &topic,
        (0..500).map(|i| Record::value("2").key(format!("k{i}"))),
    );
    crate::connectors::holds_for(Duration::from_secs(2), "it runs", || {
        worker.process().is_running()
    });
    worker.process().signal(SIGTERM);
    wait_until(PATIENCE, "the first signal is heard", || {
        worker.log().contains("a second signal ends at once")
    });
    crate::connectors::holds_for(Duration::from_secs(2), "it waits for the database", || {
        worker.process().is_running()
    });
    let begin = Instant::now();
    worker.process().signal(SIGTERM);
    let status = worker.process().wait(Duration::from_secs(5));
    assert!(
        begin.elapsed() < Duration::from_secs(1),
        "{:?}",
        begin.elapsed()
    );
    assert_eq!(
        status.code(),
        Some(128 + SIGTERM),
        "{}",
        worker.process().log_tail()
    );
}

/// Three layers say where the API listens and how values are converted; the answer tells which one won.
fn overrides_win_over_environment_and_environment_over_file(ctx: &'static Ctx) {
    let kafka = ctx.kafka();
    let topic = kafka.new_topic("layers", 1);
    kafka.produce(&topic, ["[1,2]"]);
    let string = crate::connectors::STRING;
    let json = crate::connectors::JSON;
    let out = scratch::dir("layers");
    // Text as it is, or a list printed as Java does.
    let (text, list) = ("[1,2]", "[1, 2]");
    for (name, file, env, argument, expected) in [
        ("file", json, None, None, list),
        ("env", string, Some(json), None, list),
        ("override", json, Some(json), Some(string), text),
        ("override-over-file", string, None, Some(json), list),
    ] {
        let connector = format!("{topic}-{name}");
        let out = out.join(name);
        let mut spec = WorkerSpec::new(Engine::Turnbuckle, kafka)
            .set("value.converter", file)
            .set("value.converter.schemas.enable", "false")
            .connector_lines(connector_file(&connector, &file_sink(&topic, &out)));
        if let Some(class) = env {
            spec = spec.env("CONNECT_VALUE_CONVERTER", class);
        }
        if let Some(class) = argument {
            spec = spec
                .arg("--override")
                .arg(&format!("value.converter={class}"));
        }
        let worker = spec.start();
        kafka.wait_drained(&format!("connect-{connector}"), &topic, PATIENCE);
        assert_eq!(lines(&out), [expected], "{name}");
        drop(worker);
    }
}

fn bad_connector_file_is_refused_with_file_key_and_remedy(ctx: &'static Ctx) {
    let dir = scratch::dir("refused");
    for (name, content, texts) in [
        (
            "unknown-class.properties",
            "name=x\nconnector.class=com.acme.Sink\ntopics=t\n".to_owned(),
            vec!["com.acme.Sink", "FileStreamSinkConnector", "Neo4jConnector"],
        ),
        (
            "no-uri.json",
            format!(
                r#"{{"name": "x", "connector.class": "{}", "topics": "t"}}"#,
                crate::connectors::GRAPH
            ),
            vec!["neo4j.uri", "Missing required configuration"],
        ),
        (
            "no-name.properties",
            format!("connector.class={}\ntopics=t\n", crate::connectors::FILE),
            vec!["missing the mandatory 'name' configuration"],
        ),
        (
            "bad-number.properties",
            format!(
                "name=x\nconnector.class={}\ntopics=t\ntasks.max=many\n",
                crate::connectors::FILE
            ),
            vec!["tasks.max", "many", "Not a number of type INT"],
        ),
    ] {
        let path = dir.join(name);
        fs::write(&path, content).expect("a file");
        let worker = WorkerSpec::new(Engine::Turnbuckle, ctx.kafka())
            .arg(&path.to_string_lossy())
            .spawn();
        let status = worker.process().wait(PATIENCE);
        let log = worker.log();
        assert_eq!(status.code(), Some(3), "{name}: {log}");
        for text in texts.iter().chain(&[name]) {
            assert!(log.contains(text), "{name}: no {text:?} in {log}");
        }
    }
}
