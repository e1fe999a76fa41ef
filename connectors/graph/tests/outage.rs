//! What the sink says of a database that is not there, without one.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::TcpListener;
use std::time::{Duration, Instant};

use connect_api::config::{Config, ConfigReader};
use connect_api::plugin::Plugin;
use connect_api::sink::SinkTaskContext;
use connect_api::{ConnectError, ErrorClass};
use connector_graph::PLUGIN;

/// The error of a task's start.
async fn refusal(keys: &[(&str, &str)]) -> ConnectError {
    let mut config = Config::from([
        ("topics", "t"),
        ("neo4j.uri", "bolt://127.0.0.1:1"),
        ("neo4j.authentication.type", "NONE"),
        ("neo4j.cypher.topic.t", "CREATE (:N)"),
    ]);
    for (key, value) in keys {
        config.insert(*key, *value);
    }
    let Plugin::Sink(new) = PLUGIN.plugin else {
        panic!("no sink");
    };
    let connector = new(&ConfigReader::new(&config)).unwrap();
    let mut task = connector.task();
    let context = SinkTaskContext::new("test", 0, false);
    let error = task.start(&config, &context).await.unwrap_err();
    task.stop().await;
    error
}

#[tokio::test]
async fn an_absent_server_is_an_outage() {
    let error = refusal(&[]).await;
    assert_eq!(error.class(), ErrorClass::Unavailable);
    assert_eq!(
        error.message(),
        Some(
            "Unable to connect to 127.0.0.1:1, ensure the database is running and that there is a working network \
             connection to it."
        )
    );
}

#[tokio::test]
async fn a_silent_server_is_an_outage() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    for (scheme, limit) in [
        ("bolt", "neo4j.connection-timeout"),
        ("neo4j", "neo4j.pool.connection-acquisition-timeout"),
        ("bolt+ssc", "neo4j.connection-timeout"),
    ] {
        let uri = format!("{scheme}://{}", silent.local_addr().unwrap());
        let began = Instant::now();
        let error = refusal(&[("neo4j.uri", &uri), (limit, "200ms")]).await;
        assert_eq!(error.class(), ErrorClass::Unavailable, "{scheme}: {error}");
        assert!(began.elapsed() < Duration::from_secs(5), "{scheme}");
    }
}

/// Topics are checked before anything that is not supported, and that before the database.
#[tokio::test]
async fn what_is_not_supported_is_refused_by_name() {
    for (key, value, begin) in [
        (
            "topics",
            "t,bar",
            "Topic bar is not assigned a sink strategy",
        ),
        (
            "neo4j.pattern.topic.t",
            "(:A{!id})",
            "Topic 't' has multiple strategies defined",
        ),
        (
            "neo4j.cud.topics",
            "t",
            "Topic 't' has multiple strategies defined",
        ),
        (
            "neo4j.eos-offset-label",
            "Offset",
            "neo4j.eos-offset-label asks for exactly-once writing",
        ),
        (
            "neo4j.authentication.type",
            "BEARER",
            "neo4j.authentication.type BEARER is not supported yet: use BASIC",
        ),
        (
            "neo4j.security.encrypted",
            "true",
            "Unable to connect to 127.0.0.1:1",
        ),
    ] {
        let mut keys = vec![
            (key, value),
            ("neo4j.authentication.bearer.token", "topsecret"),
        ];
        if key == "neo4j.security.encrypted" {
            keys.push(("neo4j.security.trust-strategy", "TRUST_ALL_CERTIFICATES"));
        }
        let error = refusal(&keys).await;
        assert!(
            error.message().unwrap().starts_with(begin),
            "{key}: {error}"
        );
        assert!(!error.trace().contains("topsecret"));
        if key != "neo4j.security.encrypted" {
            assert_eq!(error.class(), ErrorClass::Config);
            assert!(
                error
                    .trace()
                    .starts_with("org.apache.kafka.common.config.ConfigException: ")
            );
        }
    }
    let pattern = refusal(&[("topics", "p"), ("neo4j.pattern.topic.p", "(:A{!id})")]).await;
    assert_eq!(
        pattern.message(),
        Some(
            "Topic 'p' asks for the pattern strategy in neo4j.pattern.topic.p, which is not supported yet: use \
             neo4j.cypher.topic.p."
        )
    );
    let unverified = refusal(&[
        ("neo4j.security.encrypted", "true"),
        ("neo4j.security.hostname-verification-enabled", "false"),
    ])
    .await;
    assert!(
        unverified
            .message()
            .unwrap()
            .starts_with("neo4j.security.hostname-verification-enabled false")
    );
}
