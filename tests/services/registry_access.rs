//! How the registry is reached: credentials, TLS with each kind of store, proxies, several addresses.

use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::connectors::{quick_worker, with};
use crate::registry_faults::Sink;
use crate::support::fake_registry::{FakeRegistry, Mode, Tls, proxy};
use crate::support::secured::tokens::{SCOPE, Tokens};
use crate::support::secured::{STORE_PASSWORD, TlsFiles};
use crate::support::{Ctx, Need};

const SCHEMA: &str = r#"{"type":"object","properties":{"n":{"type":"integer"}}}"#;
const USER: &str = "ada";
const PASSWORD: &str = "geheim-p@ss:1";

pub fn tests(ctx: &'static Ctx) -> Vec<Trial> {
    let needs = &[Need::Kafka];
    vec![
        ctx.trial(
            needs,
            "registry::every_way_to_show_who_one_is",
            every_way_to_show_who_one_is,
        ),
        ctx.trial(
            needs,
            "registry::tls_with_every_kind_of_store",
            tls_with_every_kind_of_store,
        ),
        ctx.trial(
            needs,
            "registry::another_address_is_asked_when_one_does_not_answer",
            another_address_is_asked_when_one_does_not_answer,
        ),
    ]
}

/// Keys of the value's converter.
fn of_converter(entries: &[(&str, &str)]) -> Value {
    let mut config = json!({});
    for (key, value) in entries {
        config[format!("value.converter.{key}")] = json!(value);
    }
    config
}

/// Makes the sink's schema known.
fn known(registry: &FakeRegistry, sink: &Sink) -> i32 {
    registry.register(&format!("{}-value", sink.topic), "JSON", SCHEMA)
}

/// A name, what the registry wants, and the converter's keys.
type Access<'a> = (&'a str, Mode, Vec<(&'a str, &'a str)>);

fn every_way_to_show_who_one_is(ctx: &'static Ctx) {
    let kafka = ctx.kafka();
    let worker = quick_worker(kafka).start();
    let files = TlsFiles::make().expect("certificates");
    let tokens = Tokens::start("client", "geheim-wort", &files.server).expect("tokens");
    let basic = "Basic YWRhOmdlaGVpbS1wQHNzOjE=";
    let user_info = format!("{USER}:{PASSWORD}");
    let jaas = format!(
        "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"{USER}\" password=\"{PASSWORD}\";"
    );
    let endpoint = tokens.url();
    let wants = |value: &str| Mode::Wants("authorization", value.to_owned());
    let cases: Vec<Access<'_>> = vec![
        ("in-url", wants(basic), vec![]),
        (
            "user-info",
            wants(basic),
            vec![
                ("basic.auth.credentials.source", "USER_INFO"),
                ("basic.auth.user.info", &user_info),
            ],
        ),
        (
            "prefixed",
            wants(basic),
            vec![
                ("basic.auth.credentials.source", "USER_INFO"),
                ("schema.registry.basic.auth.user.info", &user_info),
            ],
        ),
        (
            "sasl",
            wants(basic),
            vec![
                ("basic.auth.credentials.source", "SASL_INHERIT"),
                ("sasl.jaas.config", &jaas),
            ],
        ),
        (
            "static",
            wants("Bearer geheim-token"),
            vec![
                ("bearer.auth.credentials.source", "STATIC_TOKEN"),
                ("bearer.auth.token", "geheim-token"),
            ],
        ),
        (
            "header",
            Mode::Wants("x-team", "graph".to_owned()),
            vec![("request.header.X-Team", "graph")],
        ),
        (
            "oauth",
            Mode::Works,
            vec![
                ("bearer.auth.credentials.source", "OAUTHBEARER"),
                ("bearer.auth.issuer.endpoint.url", &endpoint),
                ("bearer.auth.client.id", "client"),
                ("bearer.auth.client.secret", "geheim-wort"),
                ("bearer.auth.scope", SCOPE),
                ("bearer.auth.logical.cluster", "lsrc-1"),
                ("bearer.auth.identity.pool.id", "pool-1"),
            ],
        ),
    ];
    for (name, mode, entries) in cases {
        let (registry, sink) = (FakeRegistry::start(), Sink::new(kafka, name));
        let id = known(&registry, &sink);
        registry.set(mode);
        sink.produce(kafka, id, 0..3);
        let url = match name {
            "in-url" => registry.url.replace("://", "://ada:geheim-p%40ss%3A1@"),
            _ => registry.url.clone(),
        };
        sink.create(&worker, &url, &of_converter(&entries));
        sink.expect_all(kafka, 0..3);
        if name == "oauth" {
            let asked = registry.asked().remove(0);
            let token = asked.header("authorization").unwrap_or_default();
            assert!(token.starts_with("Bearer ey"), "{token}");
            assert_eq!(asked.header("target-sr-cluster"), Some("lsrc-1"));
            assert_eq!(asked.header("confluent-identity-pool-id"), Some("pool-1"));
            assert_eq!(tokens.served(), 1, "one token serves all requests");
        }
    }
    // A wrong one fails the task, and no secret is told.
    let (registry, sink) = (FakeRegistry::start(), Sink::new(kafka, "wrong"));
    registry.set(wants("Basic of somebody else"));
    sink.produce(kafka, 1, 0..3);
    let url = registry.url.replace("://", "://ada:geheim-p%40ss%3A1@");
    sink.create(&worker, &url, &json!({}));
    let trace = sink.wait_failed(&worker);
    assert!(trace.contains("401 Unauthorized, who are you?"), "{trace}");
    for text in [trace, worker.log()] {
        assert!(!text.contains("geheim"), "{text}");
    }
}

fn tls_with_every_kind_of_store(ctx: &'static Ctx) {
    let kafka = ctx.kafka();
    let worker = quick_worker(kafka).start();
    let files = TlsFiles::make().expect("certificates");
    let registry = FakeRegistry::start_tls(&Tls {
        server: &files.server,
        client_ca: Some(&files.ca),
    });
    let path = |name: &str| files.dir.join(name).to_string_lossy().into_owned();
    let stores = [
        ("JKS", "trust.jks", "JKS", "client.jks"),
        ("JKS", "trust.jks", "PKCS12", "client-java.p12"),
        ("PKCS12", "trust.p12", "PKCS12", "client.p12"),
        ("PEM", "trust.pem", "PEM", "client.pem"),
    ];
    for (type_, trust, client_type, client) in stores {
        let sink = Sink::new(kafka, type_);
        let id = known(&registry, &sink);
        sink.produce(kafka, id, 0..3);
        let entries = with(
            trusted(type_, &path(trust)),
            &own(client_type, &path(client)),
        );
        sink.create(&worker, &registry.url, &entries);
        sink.expect_all(kafka, 0..3);
    }

    // Without a certificate of the client's, with another CA, and by a name that is not the registry's.
    let other_name = registry.url.replace("localhost", "127.0.0.1");
    let all = with(
        trusted("PEM", &path("trust.pem")),
        &own("PEM", &path("client.pem")),
    );
    let cases = [
        (
            "nobody",
            &registry.url,
            trusted("PEM", &path("trust.pem")),
            "schema.registry.ssl.keystore.location",
        ),
        (
            "other-ca",
            &registry.url,
            trusted("PEM", &path("other.pem")),
            "schema.registry.ssl.truststore.location",
        ),
        ("other-name", &other_name, all, "is refused"),
    ];
    for (name, url, entries, told) in cases {
        let sink = Sink::new(kafka, name);
        sink.produce(kafka, 1, 0..3);
        sink.create(&worker, url, &entries);
        let trace = sink.wait_failed(&worker);
        assert!(trace.contains(told), "{name}: {trace}");
        assert_eq!(sink.dead(kafka), 0);
    }
    assert!(!worker.log().contains(STORE_PASSWORD));
}

fn trusted(type_: &str, path: &str) -> Value {
    let mut entries = vec![
        ("schema.registry.ssl.truststore.type", type_),
        ("schema.registry.ssl.truststore.location", path),
    ];
    if type_ != "PEM" {
        entries.push(("schema.registry.ssl.truststore.password", STORE_PASSWORD));
    }
    of_converter(&entries)
}

fn own(type_: &str, path: &str) -> Value {
    let mut entries = vec![
        ("schema.registry.ssl.keystore.type", type_),
        ("schema.registry.ssl.keystore.location", path),
    ];
    if type_ != "PEM" {
        entries.push(("schema.registry.ssl.keystore.password", STORE_PASSWORD));
        entries.push(("schema.registry.ssl.key.password", STORE_PASSWORD));
    }
    of_converter(&entries)
}

fn another_address_is_asked_when_one_does_not_answer(ctx: &'static Ctx) {
    let kafka = ctx.kafka();
    let worker = quick_worker(kafka).start();
    let (first, second) = (FakeRegistry::start(), FakeRegistry::start());
    let sink = Sink::new(kafka, "several");
    for registry in [&first, &second] {
        known(registry, &sink);
    }
    first.set(Mode::Answers(503, &[], ""));
    sink.produce(kafka, 1, 0..5);
    let both = format!("{},{}", first.url, second.url);
    sink.create(&worker, &both, &json!({}));
    sink.expect_all(kafka, 0..5);
    assert_eq!(first.asked().len(), 1, "the one that answers is kept");

    let newer = SCHEMA.replace("properties", "title\":\"New\",\"properties");
    let id = first.register(&format!("{}-value", sink.topic), "JSON", &newer);
    second.register(&format!("{}-value", sink.topic), "JSON", &newer);
    first.set(Mode::Works);
    second.set(Mode::HangsUp);
    sink.produce(kafka, id, 5..9);
    sink.expect_all(kafka, 0..9);

    // By way of a proxy.
    let (port, asked) = proxy();
    let sink = Sink::new(kafka, "proxied");
    let id = known(&first, &sink);
    sink.produce(kafka, id, 0..3);
    let port = port.to_string();
    let entries = of_converter(&[("proxy.host", "localhost"), ("proxy.port", &port)]);
    sink.create(&worker, &first.url, &entries);
    sink.expect_all(kafka, 0..3);
    let target = first.url.trim_start_matches("http://").to_owned();
    assert!(asked.lock().unwrap().contains(&target));
}
