//! What a secured cluster refuses: `TURNBUCKLE_SASL_BOOTSTRAP=host:port`, which CI sets to a listener with
//! SASL_PLAINTEXT and PLAIN, users `admin`/`admin` (super user) and `guest`/`guest` (no permission but READ on group
//! `open` and DESCRIBE on topics that begin with `seen`).

use std::sync::Arc;
use std::time::Duration;

use connect_api::config::Config;
use connect_api::{ConnectError, ErrorClass};
use data_plane::kafka::client_keys::ClientSettings;
use data_plane::kafka::{
    ClusterAdmin, ConsumerEvent, DeadLetterProducer, DeadLetterTopic, GroupAdmin, Letter,
    TopicSpec, dead_letter_base,
};
use tokio::time::timeout;

use crate::Test;
use crate::support::{Member, unique};

pub const TESTS: &[Test] = &[
    ("a_wrong_password_fails_every_client", |b| {
        Box::pin(password(b))
    }),
    ("a_missing_permission_fails_with_its_name", |b| {
        Box::pin(permissions(b))
    }),
    ("the_right_password_works", |b| Box::pin(right(b))),
];

fn config(bootstrap: &str, user: &str, password: &str, base: Config) -> Config {
    let jaas = format!(
        "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"{user}\" password=\"{password}\";"
    );
    let mut config = base;
    config.insert("bootstrap.servers", bootstrap);
    config.insert("security.protocol", "SASL_PLAINTEXT");
    config.insert("sasl.mechanism", "PLAIN");
    config.insert("sasl.jaas.config", jaas);
    config
}

fn admin(bootstrap: &str, user: &str, password: &str) -> ClusterAdmin {
    let settings = ClientSettings::admin(&config(bootstrap, user, password, Config::new()));
    ClusterAdmin::new(settings.unwrap().0).unwrap()
}

fn consumer(bootstrap: &str, user: &str, password: &str, group: &str) -> ClientSettings {
    let mut config = config(bootstrap, user, password, Config::new());
    config.insert("group.id", group);
    config.insert("auto.offset.reset", "earliest");
    ClientSettings::consumer(&config).unwrap().0
}

fn dead_letters(bootstrap: &str, user: &str, password: &str, topic: &str) -> DeadLetterProducer {
    let producer = config(bootstrap, user, password, dead_letter_base());
    let producer = ClientSettings::producer(&producer).unwrap().0;
    let admin = ClientSettings::admin(&config(bootstrap, user, password, Config::new()));
    DeadLetterProducer::new(producer, admin.unwrap().0, topic, 1).unwrap()
}

fn letters() -> Vec<Letter> {
    vec![Letter {
        key: None,
        value: Some("v".into()),
        timestamp: None,
        headers: Vec::new(),
    }]
}

/// A refusal comes soon, says what it is, and shows no password.
fn check(error: &ConnectError, expected: &str) {
    assert_eq!(error.class(), ErrorClass::Denied, "{}", error.trace());
    let trace = error.trace();
    assert!(trace.contains(expected), "{expected}: {trace}");
    assert!(!trace.contains("geheim"), "{trace}");
    println!("{trace}");
}

async fn soon<T>(what: impl Future<Output = T>) -> T {
    let waited = timeout(Duration::from_secs(15), what).await;
    waited.expect("an answer soon")
}

async fn problem(settings: ClientSettings, topic: &str) -> ConnectError {
    let mut member = Member::join(settings, &[topic]).await;
    let said = soon(member.said("the problem")).await;
    member.leave().await;
    match said {
        ConsumerEvent::Problem(error) => error,
        other => panic!("{other:?}"),
    }
}

async fn password(bootstrap: Arc<str>) {
    let wrong = |group: &str| consumer(&bootstrap, "guest", "geheim", group);
    check(&problem(wrong("g"), "t").await, "sasl.jaas.config");
    let error = soon(admin(&bootstrap, "guest", "geheim").list_topics()).await;
    check(&error.unwrap_err(), "sasl.jaas.config");
    let producer = dead_letters(&bootstrap, "guest", "geheim", "d");
    check(&soon(producer.prepare()).await.unwrap_err(), "with topic=d");
    check(
        &soon(producer.send(letters())).await.unwrap_err(),
        "sasl.jaas.config",
    );
}

async fn permissions(bootstrap: Arc<str>) {
    let topic = unique("private");
    let spec = TopicSpec {
        name: topic.clone(),
        partitions: 1,
        replication: 1,
        ..TopicSpec::default()
    };
    let owner = admin(&bootstrap, "admin", "admin");
    owner.create_topic(&spec).await.unwrap();
    let guest = |group: &str| consumer(&bootstrap, "guest", "guest", group);
    check(&problem(guest("mine"), &topic).await, "group mine");
    check(&problem(guest("open"), &topic).await, &topic);
    let seen = TopicSpec {
        name: unique("seen"),
        ..spec
    };
    owner.create_topic(&seen).await.unwrap();
    check(&problem(guest("open"), &seen.name).await, &seen.name);
    let producer = dead_letters(&bootstrap, "guest", "guest", &topic);
    check(&soon(producer.prepare()).await.unwrap_err(), "permission");
    check(&soon(producer.send(letters())).await.unwrap_err(), &topic);
    let guests = admin(&bootstrap, "guest", "guest");
    check(
        &soon(guests.group_offsets("theirs")).await.unwrap_err(),
        "theirs",
    );
    check(
        &soon(guests.delete_group("theirs")).await.unwrap_err(),
        "theirs",
    );
}

async fn right(bootstrap: Arc<str>) {
    let topic = unique("dlq");
    let producer = dead_letters(&bootstrap, "admin", "admin", &topic);
    producer.prepare().await.unwrap();
    producer.send(letters()).await.unwrap();
    let settings = consumer(&bootstrap, "admin", "admin", &unique("g"));
    let mut member = Member::join(settings, &[&topic]).await;
    member.until("the letter", |m| m.count() == 1).await;
    member.leave().await;
}
