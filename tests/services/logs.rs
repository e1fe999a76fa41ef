//! What the log holds, as text and JSON, and whose lines they are.

use std::fs;
use std::time::Duration;

use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::connectors::{connector_file, file_sink, lines, with};
use crate::support::kafka::Record;
use crate::support::{Ctx, Engine, Need, WorkerSpec, scratch, wait_until};

const PATIENCE: Duration = Duration::from_secs(60);

pub fn tests(ctx: &'static Ctx) -> Vec<Trial> {
    let kafka = &[Need::Kafka];
    vec![
        ctx.trial(
            kafka,
            "logs::json_in_a_rotated_file_says_whose_each_line_is",
            json_in_a_rotated_file_says_whose_each_line_is,
        ),
        ctx.trial(
            kafka,
            "logs::text_is_laid_out_as_kafkas_and_the_images_levels_count",
            text_is_laid_out_as_kafkas_and_the_images_levels_count,
        ),
    ]
}

fn json_in_a_rotated_file_says_whose_each_line_is(ctx: &'static Ctx) {
    let kafka = ctx.kafka();
    let topic = kafka.new_topic("logjson", 1);
    let folder = scratch::dir("logjson");
    let (out, log) = (folder.join("out.txt"), folder.join("w.log"));
    fs::write(folder.join("w.log.2001-01-01"), "old").expect("written");
    fs::write(folder.join("w.log.2001-01-02"), "old").expect("written");
    kafka.produce(&topic, [Record::value("v")]);
    let name = scratch::unique("logjson");
    // A broker that is not there makes the client's own threads say something.
    let lost = scratch::unique("loglost");
    let nowhere = with(
        file_sink(&topic, &folder.join("lost.txt")),
        &json!({"consumer.override.bootstrap.servers": "127.0.0.1:1"}),
    );
    let worker = WorkerSpec::new(Engine::Turnbuckle, kafka)
        .connector_lines(connector_file(&name, &file_sink(&topic, &out)))
        .connector_lines(connector_file(&lost, &nowhere))
        .env("TURNBUCKLE_LOG", "debug")
        .arg("--log-format=json")
        .arg(&format!("--log-file={}", log.display()))
        .arg("--log-rotation=daily")
        .arg("--log-keep=2")
        .start();
    wait_until(PATIENCE, "lines", || !lines(&out).is_empty());
    worker.stop(Duration::from_secs(10));
    assert_eq!(worker.log(), "", "nothing beside the file");

    let written = fs::read_to_string(&log).expect("the link leads to the newest");
    let entries: Vec<Value> = written
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")))
        .collect();
    let of = |logger: &str| -> Vec<&Value> {
        entries.iter().filter(|e| e["logger"] == logger).collect()
    };
    assert_eq!(
        entries.last().expect("a line")["message"],
        "Kafka Connect stopped",
        "a normal stop loses nothing"
    );
    let subscribing = of("data_plane::kafka");
    let subscribing = subscribing
        .iter()
        .find(|e| e["message"] == "subscribing")
        .expect("a line of the consumer");
    assert_eq!(subscribing["connector"], *name);
    assert_eq!(subscribing["task"], 0);
    assert_eq!(subscribing["fields"]["topics"], *topic);
    let mut client = of("librdkafka");
    client.retain(|e| e["message"].to_string().contains("127.0.0.1:1/"));
    assert!(!client.is_empty(), "{written}");
    let is_its_own = |e: &&Value| e["connector"] == *lost && e["task"] == 0;
    assert!(client.iter().all(is_its_own), "{client:?}");
    let files = fs::read_dir(&folder).expect("a folder").flatten();
    let kept = files
        .filter(|f| f.file_name().to_string_lossy().starts_with("w.log."))
        .count();
    assert_eq!(kept, 2);
}

fn text_is_laid_out_as_kafkas_and_the_images_levels_count(ctx: &'static Ctx) {
    let kafka = ctx.kafka();
    let topic = kafka.new_topic("logtext", 1);
    let out = scratch::dir("logtext").join("out.txt");
    kafka.produce(&topic, [Record::value("v")]);
    let name = scratch::unique("logtext");
    let worker = WorkerSpec::new(Engine::Turnbuckle, kafka)
        .connector_lines(connector_file(&name, &file_sink(&topic, &out)))
        .env("CONNECT_LOG4J_ROOT_LOGLEVEL", "WARN")
        .env(
            "CONNECT_LOG4J_LOGGERS",
            "org.apache.kafka.clients.consumer=INFO,org.reflections=ERROR,com.acme=DEBUG,org.apache.kafka.connect.cli=INFO",
        )
        .env("CONNECT_LOG4J_APPENDER_STDOUT_LAYOUT_CONVERSIONPATTERN", "%m%n")
        .start();
    wait_until(PATIENCE, "lines", || !lines(&out).is_empty());
    worker.stop(Duration::from_secs(10));
    let log = worker.log();
    let after_time = |line: &str| line.split_once("] ").map(|(_, rest)| rest.to_owned());
    let lines: Vec<String> = log.lines().filter_map(after_time).collect();
    let group = format!("connect-{name}");
    let expected = format!(
        "INFO [{name}|task-0] subscribing group={group:?} topics={topic:?} (data_plane::kafka)"
    );
    assert!(lines.contains(&expected), "{expected}\n{log}");
    assert!(
        log.contains("INFO Kafka Connect stopped (turnbuckle::cli)"),
        "{log}"
    );
    assert!(
        !log.contains("turnbuckle::herder"),
        "the root is WARN: {log}"
    );
    assert_eq!(
        log.matches("com.acme=DEBUG is left out").count(),
        1,
        "{log}"
    );
}
