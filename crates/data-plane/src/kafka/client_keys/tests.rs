mod java_keys;

use std::time::Duration;

use connect_api::config::{Config, ConfigErrors};

use super::{ClientSettings, KeyNote, NoteKind};
use crate::kafka::logins::Source;

type Translated = Result<(ClientSettings, Vec<KeyNote>), ConfigErrors>;

fn with(base: &[(&str, &str)], more: &[(&str, &str)]) -> Config {
    base.iter().chain(more).copied().collect()
}

fn consumer(more: &[(&str, &str)]) -> Translated {
    let base = [("bootstrap.servers", "b:9092"), ("group.id", "g")];
    ClientSettings::consumer(&with(&base, more))
}

fn producer(more: &[(&str, &str)]) -> Translated {
    ClientSettings::producer(&with(&[("bootstrap.servers", "b:9092")], more))
}

fn admin(more: &[(&str, &str)]) -> Translated {
    ClientSettings::admin(&with(&[("bootstrap.servers", "b:9092")], more))
}

/// What librdkafka gets, a line per key.
fn native(settings: &ClientSettings) -> Vec<String> {
    let config = settings.config().unwrap();
    let mut lines: Vec<_> = config
        .config_map()
        .iter()
        .map(|(k, v)| format!("{k}={v}"))
        .collect();
    lines.sort();
    lines
}

fn value(translated: Translated, key: &str) -> Option<String> {
    let (settings, _) = translated.unwrap();
    settings.config().unwrap().get(key).map(str::to_owned)
}

const COMMON: &[&str] = &[
    "bootstrap.servers=b:9092",
    "client.dns.lookup=use_all_dns_ips",
    "metadata.max.age.ms=300000",
    "metadata.recovery.rebootstrap.trigger.ms=300000",
    "metadata.recovery.strategy=rebootstrap",
    "reconnect.backoff.max.ms=1000",
    "reconnect.backoff.ms=50",
    "retry.backoff.max.ms=1000",
    "retry.backoff.ms=100",
    "security.protocol=plaintext",
    "socket.connection.setup.timeout.ms=10000",
    "socket.timeout.ms=30000",
    "topic.metadata.refresh.interval.ms=300000",
];

fn check(settings: &ClientSettings, own: &[&str]) {
    let mut expected: Vec<_> = COMMON.iter().chain(own).map(|l| (*l).to_owned()).collect();
    expected.sort();
    assert_eq!(native(settings), expected);
}

#[test]
fn javas_defaults_are_set_for_a_consumer() {
    let (settings, notes) = consumer(&[]).unwrap();
    assert_eq!(notes, []);
    check(
        &settings,
        &[
            "allow.auto.create.topics=true",
            "auto.offset.reset=latest",
            "check.crcs=true",
            "connections.max.idle.ms=540000",
            "enable.auto.commit=false",
            "enable.auto.offset.store=false",
            "enable.metrics.push=true",
            "enable.partition.eof=false",
            "fetch.message.max.bytes=1048576",
            "fetch.min.bytes=1",
            "fetch.queue.backoff.ms=5",
            "fetch.wait.max.ms=500",
            "group.id=g",
            "group.protocol=classic",
            "heartbeat.interval.ms=3000",
            "isolation.level=read_uncommitted",
            "max.poll.interval.ms=300000",
            "partition.assignment.strategy=range",
            "session.timeout.ms=45000",
        ],
    );
    let config = settings.consumer_config(64 << 20).unwrap();
    assert_eq!(config.get("fetch.max.bytes"), Some("52428800"));
    assert_eq!(config.get("queued.max.messages.kbytes"), Some("65536"));
    assert_eq!(config.get("receive.message.max.bytes"), Some("200000000"));
}

#[test]
fn javas_defaults_are_set_for_a_producer() {
    let (settings, notes) = producer(&[]).unwrap();
    assert_eq!(notes, []);
    check(
        &settings,
        &[
            "batch.size=16384",
            "connections.max.idle.ms=540000",
            "compression.codec=none",
            "enable.idempotence=true",
            "enable.metrics.push=true",
            "max.in.flight.requests.per.connection=5",
            "message.max.bytes=1048576",
            "message.send.max.retries=2147483647",
            "message.timeout.ms=120000",
            "partitioner=murmur2_random",
            "queue.buffering.max.kbytes=2097151",
            "queue.buffering.max.messages=0",
            "queue.buffering.max.ms=5",
            "request.required.acks=-1",
            "request.timeout.ms=30000",
        ],
    );
}

#[test]
fn javas_defaults_are_set_for_an_admin_client() {
    let (settings, notes) = admin(&[]).unwrap();
    assert_eq!(notes, []);
    check(
        &settings,
        &[
            "connections.max.idle.ms=300000",
            "enable.metrics.push=false",
        ],
    );
}

#[test]
fn values_are_translated() {
    let class = "org.apache.kafka.clients.consumer.";
    let mixed = format!("{class}RangeAssignor, {class}CooperativeStickyAssignor");
    let cooperative = format!("{class}CooperativeStickyAssignor");
    let cases = [
        ("auto.offset.reset", "none", "auto.offset.reset", "error"),
        (
            "auto.offset.reset",
            "BY_DURATION:PT1H",
            "auto.offset.reset",
            "error",
        ),
        ("fetch.max.wait.ms", "7", "fetch.wait.max.ms", "7"),
        ("check.crcs", "FALSE", "check.crcs", "false"),
        (
            "connections.max.idle.ms",
            "-1",
            "connections.max.idle.ms",
            "0",
        ),
        (
            "receive.buffer.bytes",
            "65536",
            "socket.receive.buffer.bytes",
            "65536",
        ),
        ("send.buffer.bytes", "-1", "socket.send.buffer.bytes", "0"),
        (
            "max.poll.interval.ms",
            "2147483647",
            "max.poll.interval.ms",
            "86400000",
        ),
        (
            "max.poll.interval.ms",
            "10000",
            "session.timeout.ms",
            "10000",
        ),
        (
            "metadata.max.age.ms",
            "1000",
            "topic.metadata.refresh.interval.ms",
            "1000",
        ),
        (
            "partition.assignment.strategy",
            &mixed,
            "partition.assignment.strategy",
            "range",
        ),
        (
            "partition.assignment.strategy",
            &cooperative,
            "partition.assignment.strategy",
            "cooperative-sticky",
        ),
        ("enable.auto.commit", "true", "enable.auto.commit", "false"),
        ("group.instance.id", "i", "group.instance.id", "i"),
    ];
    for (key, given, native, expected) in cases {
        let read = value(consumer(&[(key, given)]), native);
        assert_eq!(read.as_deref(), Some(expected), "{key}={given}");
    }
    let cases = [
        ("acks", "1", "request.required.acks", "1"),
        ("acks", "1", "enable.idempotence", "false"),
        (
            "delivery.timeout.ms",
            "2147483647",
            "message.timeout.ms",
            "0",
        ),
        ("compression.type", "zstd", "compression.codec", "zstd"),
        ("compression.type", "zstd", "compression.level", "3"),
        ("compression.type", "lz4", "compression.level", "9"),
        (
            "max.request.size",
            "5000000",
            "message.max.bytes",
            "5000000",
        ),
        ("partitioner.ignore.keys", "true", "partitioner", "random"),
    ];
    for (key, given, native, expected) in cases {
        let read = value(producer(&[(key, given)]), native);
        assert_eq!(read.as_deref(), Some(expected), "{key}={given}");
    }
}

#[test]
fn the_consumer_protocol_drops_what_the_brokers_decide() {
    let (settings, notes) = consumer(&[
        ("group.protocol", "consumer"),
        ("session.timeout.ms", "9000"),
    ])
    .unwrap();
    let lines = native(&settings);
    assert!(lines.contains(&"group.protocol=consumer".to_owned()));
    for gone in [
        "session.timeout.ms",
        "heartbeat.interval.ms",
        "partition.assignment",
    ] {
        assert!(!lines.iter().any(|l| l.starts_with(gone)), "{gone}");
    }
    assert_eq!(notes.len(), 1);
    assert_eq!(notes[0].key, "session.timeout.ms");
}

#[test]
fn a_small_memory_bounds_the_fetch_and_the_users_own_bound_counts() {
    let (settings, _) = consumer(&[]).unwrap();
    let config = settings.consumer_config(4 << 20).unwrap();
    assert_eq!(config.get("fetch.max.bytes"), Some("4194304"));
    assert_eq!(config.get("queued.max.messages.kbytes"), Some("4096"));
    let (settings, _) = consumer(&[("fetch.max.bytes", "300000000")]).unwrap();
    let config = settings.consumer_config(4 << 20).unwrap();
    assert_eq!(config.get("fetch.max.bytes"), Some("300000000"));
    assert_eq!(config.get("receive.message.max.bytes"), Some("302000000"));
}

#[test]
fn notes_tell_inert_adjusted_and_unknown_keys() {
    let cases = [
        ("interceptor.classes", "a.B", Some(NoteKind::Inert)),
        ("metrics.context.x", "y", Some(NoteKind::Inert)),
        ("key.deserializer", "a.B", Some(NoteKind::Inert)),
        ("enable.auto.commit", "true", Some(NoteKind::Inert)),
        ("enable.auto.commit", "false", None),
        (
            "max.poll.interval.ms",
            "2147483647",
            Some(NoteKind::Adjusted),
        ),
        ("sasl.kerberos.service.name", "kafka", Some(NoteKind::Inert)),
        ("linger.ms", "5", Some(NoteKind::Unknown)),
        ("fetch.queue.backoff.ms", "5", Some(NoteKind::Unknown)),
        ("ssl.truststore.location", "/x", None),
    ];
    for (key, given, expected) in cases {
        let (_, notes) = consumer(&[(key, given)]).unwrap();
        let kinds: Vec<_> = notes.iter().map(|n| n.kind).collect();
        assert_eq!(kinds, Vec::from_iter(expected), "{key}={given}");
    }
}

#[test]
fn what_would_change_delivery_or_security_is_refused_by_name() {
    let sasl = ("security.protocol", "SASL_PLAINTEXT");
    let ssl = ("security.protocol", "SSL");
    let cases: &[(&[(&str, &str)], &str)] = &[
        (
            &[("auto.offset.reset", "by_duration:1D")],
            "by_duration:PT1H",
        ),
        (&[("auto.offset.reset", "soon")], "earliest"),
        (
            &[("fetch.min.bytes", "x")],
            "Invalid value x for configuration fetch.min.bytes: Not a number of type INT",
        ),
        (
            &[("check.crcs", "x")],
            "Expected value to be either true or false",
        ),
        (
            &[("heartbeat.interval.ms", "45000")],
            "Heartbeat must be set lower",
        ),
        (
            &[(
                "partition.assignment.strategy",
                "org.apache.kafka.clients.consumer.StickyAssignor",
            )],
            "StickyAssignor is not available",
        ),
        (&[sasl], "GSSAPI (the default) is not supported"),
        (
            &[
                sasl,
                ("sasl.mechanism", "OAUTHBEARER"),
                ("sasl.jaas.config", "M required clientId=a;"),
            ],
            "set sasl.login.callback.handler.class to",
        ),
        (
            &[
                sasl,
                ("sasl.mechanism", "OAUTHBEARER"),
                ("sasl.jaas.config", "M required clientId=a;"),
                OAUTH_HANDLER,
            ],
            "\"sasl.oauthbearer.token.endpoint.url\"",
        ),
        (
            &[
                sasl,
                ("sasl.mechanism", "OAUTHBEARER"),
                ("sasl.jaas.config", "M required clientId=a;"),
                OAUTH_HANDLER,
                ("sasl.oauthbearer.token.endpoint.url", "https://i/t"),
            ],
            "clientSecret",
        ),
        (
            &[
                sasl,
                ("sasl.mechanism", "PLAIN"),
                ("sasl.jaas.config", "M required username=u password=p;"),
                ("sasl.login.callback.handler.class", "a.B"),
            ],
            "sasl.login.callback.handler.class is refused",
        ),
        (&[sasl, ("sasl.mechanism", "AWS_MSK_IAM")], "AWS_MSK_IAM"),
        (
            &[sasl, ("sasl.mechanism", "PLAIN")],
            "sasl.jaas.config is missing",
        ),
        (
            &[
                ssl,
                ("ssl.truststore.location", "/t"),
                ("ssl.truststore.type", "BCFKS"),
            ],
            "it must be JKS, PKCS12 or PEM",
        ),
        (
            &[ssl, ("ssl.truststore.certificates", "C")],
            "set it to PEM",
        ),
        (
            &[ssl, ("ssl.keystore.type", "PEM"), ("ssl.keystore.key", "K")],
            "ssl.keystore.certificate.chain",
        ),
        (
            &[ssl, ("ssl.cipher.suites", "TLS_RSA_WITH_NOTHING")],
            "TLS_RSA_WITH_NOTHING is unknown",
        ),
        (
            &[ssl, ("ssl.enabled.protocols", "TLSv1.1,TLSv1")],
            "not offered",
        ),
        (&[ssl, ("ssl.engine.factory.class", "a.B")], "of the JVM"),
        (&[("security.protocol", "TLS")], "SASL_SSL"),
        (&[("group.id", " ")], "\"group.id\""),
        (&[("bootstrap.servers", "")], "\"bootstrap.servers\""),
    ];
    for (keys, expected) in cases {
        let errors = consumer(keys).unwrap_err();
        assert_eq!(errors.0.len(), 1, "{keys:?}: {errors}");
        assert!(errors.to_string().contains(expected), "{keys:?}: {errors}");
    }
    for (keys, expected) in [
        (
            [("transactional.id", "t"), ("acks", "all")],
            "transactional.id",
        ),
        (
            [("partitioner.class", "a.B"), ("acks", "all")],
            "partitioner.class",
        ),
        (
            [("enable.idempotence", "true"), ("acks", "1")],
            "Must set acks to all",
        ),
    ] {
        let errors = producer(&keys).unwrap_err();
        assert!(errors.to_string().contains(expected), "{keys:?}: {errors}");
    }
}

const OAUTH_HANDLER: (&str, &str) = (
    "sasl.login.callback.handler.class",
    "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginCallbackHandler",
);

#[test]
fn tokens_come_from_where_the_keys_say() {
    let jaas =
        "M required clientId=\"old\" clientSecret=\"geheim\" scope=\"a b\" extension_tenant=\"t\";";
    let (settings, notes) = consumer(&[
        ("security.protocol", "SASL_SSL"),
        ("sasl.mechanism", "OAUTHBEARER"),
        ("sasl.jaas.config", jaas),
        OAUTH_HANDLER,
        ("sasl.oauthbearer.token.endpoint.url", "https://i/t"),
        ("sasl.oauthbearer.client.credentials.client.id", "new"),
        ("sasl.login.retry.backoff.max.ms", "7000"),
    ])
    .unwrap();
    assert_eq!(notes, []);
    let config = settings.config().unwrap();
    assert_eq!(config.get("sasl.mechanism"), Some("OAUTHBEARER"));
    let login = settings.login().unwrap();
    assert_eq!(login.extensions, [("tenant".to_owned(), "t".to_owned())]);
    assert_eq!(login.backoff.1, Duration::from_secs(7));
    assert_eq!(login.refresh.factor, 0.8);
    let Source::Endpoint(endpoint) = &login.source else {
        panic!("no endpoint");
    };
    assert_eq!(endpoint.url, "https://i/t");
    assert_eq!(endpoint.client_id, "new");
    assert_eq!(endpoint.client_secret, "geheim");
    assert_eq!(endpoint.scope.as_deref(), Some("a b"));
    assert!(!format!("{settings:?}").contains("geheim"));

    let (settings, _) = consumer(&[
        ("security.protocol", "SASL_SSL"),
        ("sasl.mechanism", "OAUTHBEARER"),
        ("sasl.jaas.config", "M required;"),
        OAUTH_HANDLER,
        ("sasl.oauthbearer.token.endpoint.url", "file:///t/token"),
    ])
    .unwrap();
    let source = &settings.login().unwrap().source;
    assert!(matches!(source, Source::File(path) if path == "/t/token"));

    let jaas = "M required unsecuredLoginStringClaim_sub=me unsecuredLoginExtension_a=b;";
    let (settings, notes) = consumer(&[
        ("security.protocol", "SASL_PLAINTEXT"),
        ("sasl.mechanism", "OAUTHBEARER"),
        ("sasl.jaas.config", jaas),
    ])
    .unwrap();
    assert_eq!(notes.len(), 1, "that tokens are unsecured is told");
    let login = settings.login().unwrap();
    assert_eq!(login.extensions, [("a".to_owned(), "b".to_owned())]);
    let Source::Unsecured { claims, .. } = &login.source else {
        panic!("not unsecured");
    };
    assert_eq!(claims["sub"], "me");
}

#[test]
fn security_is_translated_and_secrets_are_not_shown() {
    let jaas = r#"org.apache.kafka.common.security.scram.ScramLoginModule required username="u" password="geheim";"#;
    let (settings, notes) = consumer(&[
        ("security.protocol", "sasl_ssl"),
        ("sasl.mechanism", "SCRAM-SHA-512"),
        ("sasl.jaas.config", jaas),
        (
            "ssl.cipher.suites",
            "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,TLS_RSA_WITH_AES_128_CBC_SHA",
        ),
        ("ssl.endpoint.identification.algorithm", ""),
    ])
    .unwrap();
    assert_eq!(notes, []);
    let config = settings.config().unwrap();
    for line in [
        "security.protocol=sasl_ssl",
        "sasl.mechanism=SCRAM-SHA-512",
        "sasl.username=u",
        "sasl.password=geheim",
        "ssl.cipher.suites=ECDHE-RSA-AES256-GCM-SHA384:AES128-SHA",
        "ssl.endpoint.identification.algorithm=none",
    ] {
        let (key, value) = line.split_once('=').unwrap();
        assert_eq!(config.get(key), Some(value), "{key}");
    }
    assert!(!format!("{settings:?}").contains("geheim"));
    let bad = [
        ("security.protocol", "SASL_PLAINTEXT"),
        ("sasl.mechanism", "PLAIN"),
        ("sasl.jaas.config", "Module required password=geheim"),
    ];
    let errors = consumer(&bad).unwrap_err();
    assert!(!errors.to_string().contains("geheim"), "{errors}");
}

/// Files are read when a client is made, and what is wrong with them is told by its key.
#[test]
fn stores_are_read_when_the_client_is_made() {
    for (key, kind) in [
        ("ssl.truststore.location", "ssl.truststore.type"),
        ("ssl.keystore.location", "ssl.keystore.type"),
    ] {
        for format in ["JKS", "PKCS12", "PEM"] {
            let (settings, notes) = consumer(&[
                ("security.protocol", "SSL"),
                (key, "/no/such/file"),
                (kind, format),
            ])
            .unwrap();
            assert_eq!(notes, []);
            let error = settings.config().unwrap_err();
            let text = error.to_string();
            assert!(text.contains(&format!("{key}=/no/such/file")), "{text}");
            assert!(text.contains("the consumer of group g"), "{text}");
        }
    }
}

#[test]
fn protocols_that_cannot_be_chosen_are_told() {
    let cases = [
        ("TLSv1.2,TLSv1.3", 0, None),
        ("TLSv1.2", 1, None),
        ("TLSv1.3", 0, Some("PSK")),
        ("TLSv1.2,TLSv1.1,TLSv1", 1, None),
        ("TLSv1.3,TLSv1.2,TLSv1.1", 1, None),
    ];
    for (protocols, notes, suites) in cases {
        let keys = [
            ("security.protocol", "SSL"),
            ("ssl.enabled.protocols", protocols),
        ];
        let (settings, told) = consumer(&keys).unwrap();
        assert_eq!(told.len(), notes, "{protocols}");
        let config = settings.config().unwrap();
        assert_eq!(config.get("ssl.cipher.suites"), suites, "{protocols}");
    }
}

/// Whatever we set must be something librdkafka knows and takes.
#[test]
fn librdkafka_takes_what_is_set() {
    let jaas = r#"M required username="u" password="p";"#;
    let secure = [
        ("security.protocol", "SASL_SSL"),
        ("sasl.mechanism", "PLAIN"),
        ("sasl.jaas.config", jaas),
    ];
    let newest = [
        ("security.protocol", "SSL"),
        ("ssl.enabled.protocols", "TLSv1.3"),
    ];
    let consumer_protocol = [("group.protocol", "consumer")];
    for more in [&[][..], &secure, &newest, &consumer_protocol] {
        let (settings, _) = consumer(more).unwrap();
        settings
            .consumer_config(1)
            .unwrap()
            .create_native_config()
            .unwrap();
    }
    for more in [&[][..], &secure] {
        let all = [producer(more).unwrap().0, admin(more).unwrap().0];
        for settings in all {
            settings.config().unwrap().create_native_config().unwrap();
        }
    }
}
