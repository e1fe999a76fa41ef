//! Secrets are given to the program wherever it takes them, everything is made to fail, and all that comes out is
//! searched. `GET /connectors/{name}`, `…/config` and `…/tasks` show a configuration as it was sent, as in Kafka.

use std::fs;
use std::path::Path;
use std::time::Duration;

use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::connectors::{dead_letters, file_sink, graph_sink, quick_worker, with};
use crate::support::kafka::Record;
use crate::support::neo4j::{PASSWORD, USER};
use crate::support::{Ctx, Need, Worker, scratch, wait_until};

const PATIENCE: Duration = Duration::from_secs(60);
/// Part of every secret.
const SECRET: &str = "g3h31m";

pub fn tests(ctx: &'static Ctx) -> Vec<Trial> {
    let all = &[Need::Kafka, Need::Secured, Need::Neo4j];
    vec![
        ctx.trial(all, "secrets::stay_inside_at_trace_in_text", |ctx| {
            stay_inside(ctx, "text");
        }),
        ctx.trial(all, "secrets::stay_inside_at_trace_in_json", |ctx| {
            stay_inside(ctx, "json");
        }),
    ]
}

/// A secret that no other has, so that a leak names its key.
fn secret(key: &str) -> String {
    format!("{SECRET}-{key}")
}

fn jaas(key: &str) -> String {
    let password = secret(key);
    format!(
        "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"admin\" password=\"{password}\";"
    )
}

/// Keys that are of no use to a connector, and hold secrets.
fn useless() -> Value {
    json!({
        "my.password": secret("my.password"),
        "database.secret.token": secret("database.secret.token"),
        "value.converter.basic.auth.user.info": format!("user:{}", secret("user.info")),
        "consumer.override.ssl.key.password": secret("ssl.key.password"),
        "consumer.override.ssl.keystore.password": secret("ssl.keystore.password"),
        "consumer.override.ssl.truststore.password": secret("ssl.truststore.password"),
    })
}

fn stay_inside(ctx: &'static Ctx, format: &str) {
    let (kafka, secured, neo4j) = (ctx.kafka(), ctx.secured(), ctx.neo4j_with_auth());
    let log = scratch::dir("secrets").join("worker.log");
    let worker = quick_worker(kafka)
        .set("ssl.key.password", &secret("worker.ssl.key.password"))
        .set("sasl.jaas.config", &jaas("worker.sasl.jaas.config"))
        .set(
            "consumer.ssl.keystore.password",
            &secret("consumer.keystore"),
        )
        .set("producer.sasl.jaas.config", &jaas("producer.jaas"))
        .set(
            "value.converter.basic.auth.user.info",
            &format!("u:{}", secret("worker.user.info")),
        )
        .set("unknown.password", &secret("unknown.password"))
        .env("CONNECT_UNKNOWN_TOKEN_SECRET", &secret("environment"))
        .env("TURNBUCKLE_LOG", "trace")
        .arg(&format!("--log-format={format}"))
        .arg(&format!("--log-file={}", log.display()))
        .arg("--override")
        .arg(&format!("other.password={}", secret("override")))
        .start();
    let mut said: Vec<(String, String)> = Vec::new();
    let topic = kafka.new_topic("secrets", 1);
    let out = scratch::dir("secrets").join("out.txt");

    // A wrong login at Kafka.
    let login = json!({
        "consumer.override.bootstrap.servers": secured.sasl_plaintext(),
        "consumer.override.security.protocol": "SASL_PLAINTEXT",
        "consumer.override.sasl.mechanism": "PLAIN",
        "consumer.override.sasl.jaas.config": jaas("override.jaas"),
    });
    let denied = with(with(file_sink(&topic, &out), &useless()), &login);
    run(&worker, "denied", &denied, &mut said);
    worker.wait_state("denied", "FAILED", PATIENCE);

    // A wrong password at the target.
    let mut wrong = with(graph_sink(neo4j, &topic, "Secret"), &useless());
    wrong = with(
        wrong,
        &json!({
            "neo4j.authentication.type": "BASIC",
            "neo4j.authentication.basic.username": USER,
            "neo4j.authentication.basic.password": secret("neo4j.password"),
        }),
    );
    run(&worker, "wrong", &wrong, &mut said);
    worker.wait_state("wrong", "FAILED", PATIENCE);

    // A target that is away, with a user in its address.
    let address = format!("bolt://neo4j:{}@127.0.0.1:1", secret("uri"));
    let away = with(wrong.clone(), &json!({"neo4j.uri": address}));
    let path = "/connectors/away/config";
    let answer = worker.rest().put(path, &away).expect("an answer");
    // Kafka's answers show values of keys that are no passwords; nobody else may read them.
    if answer.status == 201 {
        wait_until(PATIENCE, "the wait", || {
            look(&worker, "away").contains("why")
        });
    }

    // A record that cannot be written, with a right password.
    let letters = format!("{topic}-dlq");
    let statement = format!("neo4j.cypher.topic.{topic}");
    let mut poison = with(graph_sink(neo4j, &topic, "Secret"), &useless());
    poison = with(poison, &dead_letters(&letters));
    poison = with(
        poison,
        &json!({
            "neo4j.authentication.type": "BASIC",
            "neo4j.authentication.basic.username": USER,
            "neo4j.authentication.basic.password": PASSWORD,
            "errors.tolerance": "all",
            "errors.log.enable": "true",
            "errors.log.include.messages": "true",
            statement: "CREATE (:Secret {v: 1 / 0})",
        }),
    );
    run(&worker, "poison", &poison, &mut said);
    kafka.produce(&topic, [Record::value("v").key("k")]);
    kafka.wait_drained("connect-poison", &topic, PATIENCE);
    let letters = kafka.read(&letters);
    assert!(!letters.is_empty());
    said.push((
        "dead letters".to_owned(),
        format!("{letters:?}{}", headers(&letters)),
    ));

    // What is refused, and what is only looked at.
    let bad = with(
        wrong.clone(),
        &json!({"errors.tolerance": "some", "neo4j.batch-size": "x"}),
    );
    let answer = worker.rest().put("/connectors/bad/config", &bad);
    let answer = answer.expect("an answer").expect(400);
    said.push(("refusal".to_owned(), answer.text()));
    for config in [&bad, &wrong, &denied] {
        let class = config["connector.class"].as_str().expect("a class");
        let path = format!("/connector-plugins/{class}/config/validate");
        let answer = worker
            .rest()
            .put(&path, config)
            .expect("an answer")
            .expect(200);
        said.push((format!("validation of {class}"), shown(&answer.json())));
    }
    for name in ["denied", "wrong", "away", "poison"] {
        said.push((format!("{name} looked at"), look(&worker, name)));
    }
    let all = worker
        .rest()
        .get("/connectors?expand=status")
        .expect("an answer");
    said.push(("statuses".to_owned(), all.text()));

    worker.stop(Duration::from_secs(20));
    said.push(("output".to_owned(), worker.log()));
    let lines = fs::read_to_string(&log).expect("a log");
    assert!(
        lines.contains("TRACE") && lines.contains("librdkafka"),
        "it was told to say all"
    );
    said.push(("log".to_owned(), lines));
    for (what, text) in &said {
        for found in [SECRET, PASSWORD] {
            let line = text.lines().find(|line| line.contains(found));
            assert_eq!(line, None, "{found} in the {what}");
        }
    }
    assert!(
        is_kept(&worker.dir().join("worker.properties")),
        "the test has its secrets"
    );
}

fn run(worker: &Worker, name: &str, config: &Value, said: &mut Vec<(String, String)>) {
    let path = format!("/connectors/{name}/config");
    let answer = worker
        .rest()
        .put(&path, config)
        .expect("an answer")
        .expect(201);
    assert!(
        answer.text().contains(SECRET),
        "shown to the one who sent it, as in Kafka"
    );
    said.push((format!("status of {name}"), look(worker, name)));
}

/// What anybody may look at.
fn look(worker: &Worker, name: &str) -> String {
    let mut found = String::new();
    for path in [
        format!("/connectors/{name}/status"),
        format!("/connectors/{name}/tasks/0/status"),
        format!("/turnbuckle/connectors/{name}/tasks/0"),
    ] {
        let answer = worker.rest().get(&path).expect("an answer");
        found += &answer.text();
        found.push('\n');
    }
    found
}

/// Values of keys that are passwords by definition; what is not defined is no password in Kafka's eyes.
fn shown(validation: &Value) -> String {
    let configs = validation["configs"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let defined = |c: &&Value| c["definition"]["type"] == "PASSWORD";
    let passwords: Vec<Value> = configs
        .iter()
        .filter(defined)
        .map(|c| c["value"].clone())
        .collect();
    let errors: Vec<&Value> = configs.iter().map(|c| &c["value"]["errors"]).collect();
    format!("{passwords:?}\n{errors:?}")
}

fn headers(letters: &[crate::support::kafka::Message]) -> String {
    let all = letters.iter().flat_map(|m| &m.headers);
    let text = |(name, value): &(String, Option<Vec<u8>>)| {
        let value = value.as_deref().unwrap_or_default();
        format!("{name}={}\n", String::from_utf8_lossy(value))
    };
    all.map(text).collect()
}

fn is_kept(file: &Path) -> bool {
    fs::read_to_string(file).is_ok_and(|text| text.contains(SECRET))
}
