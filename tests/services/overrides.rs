//! Client settings of a connector (`consumer.override.*` and the like) in tasks that run, on a real cluster.

use std::time::Duration;

use libtest_mimic::Trial;
use serde_json::json;

use crate::connectors::{JSON, dead_letters, file_sink, lines, with};
use crate::support::{Ctx, Engine, Need, WorkerSpec, scratch, wait_until};

const PATIENCE: Duration = Duration::from_secs(60);

pub fn tests(ctx: &'static Ctx) -> Vec<Trial> {
    let kafka = &[Need::Kafka];
    vec![
        ctx.trial(
            kafka,
            "overrides::each_client_of_a_running_task_takes_its_own",
            each_client_of_a_running_task_takes_its_own,
        ),
        ctx.trial(
            kafka,
            "overrides::a_policy_that_forbids_them_refuses_the_connector",
            a_policy_that_forbids_them_refuses_the_connector,
        ),
    ]
}

/// What the worker says of its connectors' clients leads nowhere, so that each of them needs its override.
fn each_client_of_a_running_task_takes_its_own(ctx: &'static Ctx) {
    let kafka = ctx.kafka();
    let topic = &kafka.new_topic("overridden", 1);
    let (letters, group) = (format!("{topic}-dlq"), format!("{topic}-own"));
    kafka.produce(topic, ["1", "{no json", "2"]);
    let nowhere = format!("127.0.0.1:{}", scratch::free_port());
    let worker = WorkerSpec::new(Engine::Turnbuckle, kafka)
        .set("consumer.bootstrap.servers", &nowhere)
        .set("producer.bootstrap.servers", &nowhere)
        .set("admin.bootstrap.servers", &nowhere)
        .start();
    let out = worker.dir().join("out");
    let overrides = json!({
        "value.converter": JSON,
        "value.converter.schemas.enable": "false",
        "errors.tolerance": "all",
        "consumer.override.bootstrap.servers": kafka.bootstrap(),
        "consumer.override.group.id": group,
        "consumer.override.client.id": "its-own-consumer",
        "producer.override.bootstrap.servers": kafka.bootstrap(),
        "admin.override.bootstrap.servers": kafka.bootstrap(),
    });
    let config = with(file_sink(topic, &out), &dead_letters(&letters));
    worker.run_connector("s", &with(config, &overrides));

    kafka.wait_drained(&group, topic, PATIENCE);
    assert_eq!(lines(&out), ["1", "2"]);
    let members = kafka.members(&group);
    let clients: Vec<&str> = members.iter().map(|m| m.client_id.as_str()).collect();
    assert_eq!(clients, ["its-own-consumer"]);
    let of_its_name = kafka.committed("connect-s", topic);
    assert!(of_its_name.is_empty(), "{of_its_name:?}");
    // The admin client has made the topic, and the producer has written to it.
    let read: Vec<String> = kafka.read(&letters).iter().map(|m| m.text()).collect();
    assert_eq!(read, ["{no json"]);
    let offsets = worker.rest().get("/connectors/s/offsets").unwrap();
    let offset = &offsets.expect(200).json()["offsets"][0]["offset"];
    assert_eq!(offset, &json!({"kafka_offset": 3}));
}

fn a_policy_that_forbids_them_refuses_the_connector(ctx: &'static Ctx) {
    let kafka = ctx.kafka();
    let topic = &kafka.new_topic("forbidden", 1);
    let worker = WorkerSpec::new(Engine::Turnbuckle, kafka)
        .set("connector.client.config.override.policy", "None")
        .start();
    let config = with(
        file_sink(topic, &worker.dir().join("out")),
        &dead_letters(&format!("{topic}-dlq")),
    );
    for (prefix, key, value) in [
        ("consumer", "group.id", "other"),
        ("producer", "linger.ms", "5"),
        ("admin", "retries", "5"),
    ] {
        let key_of_config = format!("{prefix}.override.{key}");
        let config = with(config.clone(), &json!({key_of_config: value}));
        let answer = worker.rest().put("/connectors/s/config", &config).unwrap();
        let why = answer.expect(400).json()["message"].to_string();
        let expected = format!(
            "The 'None' policy does not allow '{key}' to be overridden in the connector configuration."
        );
        assert!(why.contains(&expected), "{why}");
    }
    assert_eq!(worker.status("s"), None);
    worker.run_connector("s", &config);
    kafka.produce(topic, ["a"]);
    wait_until(PATIENCE, "a record", || {
        lines(&worker.dir().join("out")) == ["a"]
    });
}
