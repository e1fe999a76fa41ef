//! What configurations say, and which are refused.

use std::collections::BTreeSet;

use super::*;
use crate::keys;
use crate::settings::Auth;

const URL: (&str, &str) = ("schema.registry.url", "http://localhost:8081");

fn errors(pairs: &[(&str, &str)]) -> String {
    let pairs = [&[URL], pairs].concat();
    settings(&pairs)
        .err()
        .map_or_else(String::new, |e| e.to_string())
}

#[test]
fn every_defined_key_is_read_and_nothing_else() {
    let config = Config::from([URL]);
    let reader = ConfigReader::new(&config);
    Settings::read(&reader, ConverterType::Key);
    let def = keys::config_def();
    let defined: BTreeSet<String> = def.keys().map(|info| info.name.to_owned()).collect();
    assert_eq!(reader.keys_read(), defined);
}

#[test]
fn an_address_is_asked_for_and_must_be_one() {
    let missing = settings(&[]).err().unwrap().to_string();
    assert_eq!(
        missing,
        "Missing required configuration \"schema.registry.url\" which has no default value."
    );
    for wrong in [
        "localhost:8081",
        "mock://scope",
        "ftp://host",
        "http://",
        "http://ho st",
        "",
    ] {
        let error = settings(&[("schema.registry.url", wrong)]).err().unwrap();
        assert!(
            error.to_string().contains("schema.registry.url"),
            "{wrong}: {error}"
        );
    }
    let error = settings(&[("schema.registry.url", "https:/me:secret@host")])
        .err()
        .unwrap();
    assert!(!error.to_string().contains("secret"), "{error}");
    let read = settings(&[("schema.registry.url", "http://a:1/, https://me:p%40ss@b/x/")]);
    let urls = read.unwrap().connection.urls;
    let bases: Vec<&str> = urls.iter().map(|url| url.base.as_str()).collect();
    assert_eq!(bases, ["http://a:1", "https://b/x"]);
    let (user, password) = urls[1].credentials.as_ref().unwrap();
    assert_eq!((user.as_str(), password.reveal()), ("me", "p@ss"));
}

#[test]
fn what_cannot_be_done_is_refused_by_name() {
    for (key, value) in [
        ("rule.executors", "encrypt"),
        ("rule.actions", "dlq"),
        ("context.name.strategy", "com.acme.Contexts"),
        ("schema.reflection", "true"),
        ("schema.format", "resolved"),
        ("schema.backup.enabled", "true"),
        ("bearer.auth.custom.provider.class", "com.acme.Tokens"),
        (
            "schema.registry.ssl.engine.factory.class",
            "com.acme.Engine",
        ),
        ("schema.registry.ssl.endpoint.identification.algorithm", ""),
        ("value.subject.name.strategy", "com.acme.Names"),
        (
            "value.subject.name.strategy",
            "io.confluent.kafka.serializers.subject.AssociatedNameStrategy",
        ),
        ("value.schema.id.deserializer", "com.acme.Ids"),
        ("basic.auth.credentials.source", "ELSEWHERE"),
        ("bearer.auth.credentials.source", "SASL_OAUTHBEARER_INHERIT"),
        ("bearer.auth.credentials.source", "CUSTOM"),
        ("schema.registry.http.read.timeout.ms", "0"),
    ] {
        let error = errors(&[(key, value)]);
        assert!(error.contains(key), "{key}: {error}");
    }
    for (key, value) in [
        ("rule.executors", ""),
        ("schema.reflection", "false"),
        (
            "context.name.strategy",
            "io.confluent.kafka.serializers.context.NullContextNameStrategy",
        ),
        (
            "schema.registry.ssl.endpoint.identification.algorithm",
            "https",
        ),
        ("key.subject.name.strategy", "com.acme.OfTheOtherPart"),
    ] {
        assert_eq!(errors(&[(key, value)]), "", "{key}");
    }
}

#[test]
fn what_belongs_together_must_be_complete() {
    for (pairs, named) in [
        (
            &[("basic.auth.credentials.source", "USER_INFO")][..],
            "basic.auth.user.info",
        ),
        (
            &[("basic.auth.credentials.source", "SASL_INHERIT")],
            "sasl.jaas.config",
        ),
        (
            &[("bearer.auth.credentials.source", "STATIC_TOKEN")],
            "bearer.auth.token",
        ),
        (
            &[("bearer.auth.credentials.source", "OAUTHBEARER")],
            "bearer.auth.client.secret is needed",
        ),
        (
            &[
                ("basic.auth.credentials.source", "URL"),
                ("bearer.auth.credentials.source", "STATIC_TOKEN"),
                ("bearer.auth.token", "t"),
            ],
            "Only one of",
        ),
        (&[("proxy.host", "proxy")], "proxy.port"),
        (
            &[("schema.registry.ssl.keystore.key", "PEM")],
            "schema.registry.ssl.keystore.certificate.chain is needed",
        ),
    ] {
        let error = errors(pairs);
        assert!(error.contains(named), "{pairs:?}: {error}");
    }
}

#[test]
fn the_registrys_prefix_counts_first() {
    let read = settings(&[
        URL,
        ("http.read.timeout.ms", "1"),
        ("schema.registry.http.read.timeout.ms", "2"),
        ("schema.registry.basic.auth.credentials.source", "USER_INFO"),
        ("basic.auth.user.info", "a:b:c"),
    ]);
    let connection = read.unwrap().connection;
    assert_eq!(connection.read_timeout, Duration::from_millis(2));
    let Auth::Basic(user, password) = connection.auth else {
        panic!("no user");
    };
    assert_eq!((user.as_str(), password.reveal()), ("a", "b:c"));
}
