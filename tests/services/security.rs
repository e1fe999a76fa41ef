//! A secured cluster: what lets a worker in does, and what does not is told within seconds, by what to do about it.

use std::path::PathBuf;
use std::time::Duration;

use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::connectors::{connector_file, dead_letters, file_sink, lines, with};
use crate::support::secured::{OLD_SUITE, OPEN, PASSWORD, STORE_PASSWORD, SecuredKafka, USER};
use crate::support::{Ctx, Engine, Need, Worker, WorkerSpec, scratch, wait_until};

const PATIENCE: Duration = Duration::from_secs(60);
/// Who cannot get in learns so within this.
pub const VERDICT: Duration = Duration::from_secs(30);

pub type Settings = Vec<(&'static str, String)>;

pub fn tests(ctx: &'static Ctx) -> Vec<Trial> {
    let secured = &[Need::Secured];
    let trial = |name, test| ctx.trial(secured, name, test);
    vec![
        trial("security::every_login_works", every_login_works),
        trial("security::every_trust_store_works", every_trust_store_works),
        trial("security::every_key_store_works", every_key_store_works),
        trial(
            "security::wrong_passwords_and_certificates_fail_the_task_with_advice",
            wrong_passwords_and_certificates_fail_the_task_with_advice,
        ),
        trial(
            "security::missing_permissions_fail_the_task_with_advice",
            missing_permissions_fail_the_task_with_advice,
        ),
        trial(
            "security::stores_that_cannot_be_read_fail_the_task_with_advice",
            stores_that_cannot_be_read_fail_the_task_with_advice,
        ),
        trial(
            "security::jvm_worker_takes_the_same_files",
            jvm_worker_takes_the_same_files,
        ),
    ]
}

/// A file sink with one task on a topic with three records.
pub struct Pipeline {
    pub name: String,
    pub topic: String,
    pub out: PathBuf,
}

impl Pipeline {
    pub fn new(secured: &SecuredKafka, name: &str, topic: &str) -> Pipeline {
        let topic = secured.kafka().new_topic(topic, 1);
        secured.kafka().produce(&topic, ["a", "b", "c"]);
        Pipeline {
            name: scratch::unique(name),
            topic,
            out: scratch::dir("security").join("out.txt"),
        }
    }

    pub fn config(&self) -> Value {
        file_sink(&self.topic, &self.out)
    }

    pub fn group(&self) -> String {
        format!("connect-{}", self.name)
    }

    /// All clients of the worker, its own too, have these settings, as users write them.
    pub fn start(&self, secured: &SecuredKafka, engine: Engine, settings: &Settings) -> Worker {
        let mut spec = WorkerSpec::new(engine, secured.kafka());
        for prefix in ["", "consumer.", "producer.", "admin."] {
            for (key, value) in settings {
                spec = spec.set(&format!("{prefix}{key}"), value);
            }
        }
        spec.connector_lines(connector_file(&self.name, &self.config()))
            .start()
    }

    /// Only the consumers have these settings: the worker itself would not start with them.
    pub fn start_consumer(&self, secured: &SecuredKafka, settings: &Settings) -> Worker {
        let mut spec = WorkerSpec::new(Engine::Turnbuckle, secured.kafka());
        for (key, value) in settings {
            spec = spec.set(&format!("consumer.{key}"), value);
        }
        spec.connector_lines(connector_file(&self.name, &self.config()))
            .start()
    }

    pub fn expect_lines(&self, secured: &SecuredKafka) {
        wait_until(PATIENCE, "three lines", || lines(&self.out).len() == 3);
        secured
            .kafka()
            .wait_drained(&self.group(), &self.topic, PATIENCE);
    }

    /// The task fails soon, tells all of this, shows no secret and has committed nothing.
    pub fn expect_refusal(&self, secured: &SecuredKafka, worker: &Worker, told: &[&str]) {
        let status = worker.wait_state(&self.name, "FAILED", VERDICT);
        let trace = status["tasks"][0]["trace"].as_str().unwrap_or_default();
        for expected in told {
            assert!(trace.contains(expected), "{expected} is not in: {trace}");
        }
        expect_no_secret(worker, &status.to_string());
        assert_eq!(lines(&self.out).len(), 0);
        let committed = secured.kafka().committed(&self.group(), &self.topic);
        assert!(committed.is_empty(), "{committed:?}");
    }
}

pub fn expect_no_secret(worker: &Worker, rest: &str) {
    for (place, text) in [("log", worker.log()), ("REST", rest.to_owned())] {
        let found = text.lines().find(|line| line.contains("geheim"));
        assert_eq!(found, None, "a secret in the {place}");
    }
}

pub fn tls(bootstrap: String, trust: &str, path: String) -> Settings {
    vec![
        ("bootstrap.servers", bootstrap),
        ("security.protocol", "SSL".to_owned()),
        ("ssl.truststore.type", trust.to_owned()),
        ("ssl.truststore.location", path),
    ]
}

fn with_password(mut settings: Settings, password: &str) -> Settings {
    settings.push(("ssl.truststore.password", password.to_owned()));
    settings
}

fn login(secured: &SecuredKafka, mechanism: &str, password: &str) -> Settings {
    let module = match mechanism {
        "PLAIN" => "plain.PlainLoginModule",
        _ => "scram.ScramLoginModule",
    };
    let mut settings = tls(secured.sasl(), "PEM", secured.file("trust.pem"));
    settings[1].1 = "SASL_SSL".to_owned();
    settings.push(("sasl.mechanism", mechanism.to_owned()));
    settings.push((
        "sasl.jaas.config",
        format!(
            "org.apache.kafka.common.security.{module} required username=\"{USER}\" password=\"{password}\";"
        ),
    ));
    settings
}

fn every_login_works(ctx: &'static Ctx) {
    let secured = ctx.secured();
    for mechanism in ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] {
        let pipeline = Pipeline::new(secured, OPEN, OPEN);
        let settings = login(secured, mechanism, PASSWORD);
        let worker = pipeline.start(secured, Engine::Turnbuckle, &settings);
        pipeline.expect_lines(secured);
        let status = worker.status(&pipeline.name).expect("a status");
        expect_no_secret(&worker, &status.to_string());
    }
}

fn every_trust_store_works(ctx: &'static Ctx) {
    let secured = ctx.secured();
    let inline = {
        let mut settings = tls(secured.tls(), "PEM", String::new());
        let pem = std::fs::read_to_string(secured.file("trust.pem")).expect("a file");
        settings[3] = ("ssl.truststore.certificates", pem.replace('\n', " "));
        settings
    };
    let unchecked = {
        let mut settings = tls(
            secured.tls_by_another_name(),
            "PEM",
            secured.file("trust.pem"),
        );
        settings.push(("ssl.endpoint.identification.algorithm", String::new()));
        settings
    };
    let chosen = |bootstrap, key, value: &str| {
        let mut settings = tls(bootstrap, "PEM", secured.file("trust.pem"));
        settings.push((key, value.to_owned()));
        settings
    };
    let cases = [
        tls(secured.tls(), "PEM", secured.file("trust.pem")),
        tls(secured.tls(), "PEM", secured.file("issuer.pem")),
        tls(secured.tls(), "PEM", secured.file("server-alone.pem")),
        inline,
        unchecked,
        chosen(secured.tls(), "ssl.enabled.protocols", "TLSv1.3"),
        chosen(secured.old_tls(), "ssl.cipher.suites", OLD_SUITE),
        tls(secured.tls(), "JKS", secured.file("trust.jks")),
        with_password(
            tls(secured.tls(), "JKS", secured.file("trust.jks")),
            STORE_PASSWORD,
        ),
        with_password(
            tls(secured.tls(), "PKCS12", secured.file("trust.p12")),
            STORE_PASSWORD,
        ),
        // As Java, by what is in the file.
        with_password(
            tls(secured.tls(), "JKS", secured.file("trust.p12")),
            STORE_PASSWORD,
        ),
    ];
    for settings in cases {
        let pipeline = Pipeline::new(secured, OPEN, OPEN);
        let _worker = pipeline.start(secured, Engine::Turnbuckle, &settings);
        pipeline.expect_lines(secured);
    }
}

fn identity(secured: &SecuredKafka, more: &[(&'static str, &str)]) -> Settings {
    let mut settings = tls(secured.mtls(), "PEM", secured.file("trust.pem"));
    for (key, value) in more {
        settings.push((key, (*value).to_owned()));
    }
    settings
}

fn every_key_store_works(ctx: &'static Ctx) {
    let secured = ctx.secured();
    let [ours, java, jks, pem, encrypted] = [
        "client.p12",
        "client-java.p12",
        "client.jks",
        "client.pem",
        "client-encrypted.pem",
    ]
    .map(|name| secured.file(name));
    let archive = |path: &str| {
        identity(
            secured,
            &[
                ("ssl.keystore.type", "PKCS12"),
                ("ssl.keystore.location", path),
                ("ssl.keystore.password", STORE_PASSWORD),
            ],
        )
    };
    let file = |path: &str| {
        identity(
            secured,
            &[
                ("ssl.keystore.type", "PEM"),
                ("ssl.keystore.location", path),
                ("ssl.key.password", STORE_PASSWORD),
            ],
        )
    };
    let stores = [
        archive(&ours),
        archive(&java),
        archive(&jks),
        file(&pem),
        file(&encrypted),
    ];
    for settings in stores {
        let pipeline = Pipeline::new(secured, OPEN, OPEN);
        let _worker = pipeline.start(secured, Engine::Turnbuckle, &settings);
        pipeline.expect_lines(secured);
    }
}

fn wrong_passwords_and_certificates_fail_the_task_with_advice(ctx: &'static Ctx) {
    let secured = ctx.secured();
    let wrong = "geheim-falsch";
    let cases: Vec<(Settings, &[&str])> = vec![
        (
            login(secured, "SCRAM-SHA-512", wrong),
            &["SaslAuthenticationException", "sasl.jaas.config"],
        ),
        (
            login(secured, "PLAIN", wrong),
            &["SaslAuthenticationException", "sasl.jaas.config"],
        ),
        (
            tls(secured.tls(), "PEM", secured.file("other.pem")),
            &["SslAuthenticationException", "ssl.truststore"],
        ),
        (
            tls(
                secured.tls_by_another_name(),
                "PEM",
                secured.file("trust.pem"),
            ),
            &[
                "SslAuthenticationException",
                "ssl.endpoint.identification.algorithm",
            ],
        ),
        // The listener has TLS 1.2 only.
        (
            {
                let mut settings = tls(secured.old_tls(), "PEM", secured.file("trust.pem"));
                settings.push(("ssl.enabled.protocols", "TLSv1.3".to_owned()));
                settings
            },
            &["SslAuthenticationException", "handshake failure"],
        ),
        // No certificate where one is wanted.
        (
            tls(secured.mtls(), "PEM", secured.file("trust.pem")),
            &["SslAuthenticationException", "ssl.keystore"],
        ),
    ];
    for (settings, told) in cases {
        let pipeline = Pipeline::new(secured, OPEN, OPEN);
        let worker = pipeline.start_consumer(secured, &settings);
        pipeline.expect_refusal(secured, &worker, told);
    }
}

fn missing_permissions_fail_the_task_with_advice(ctx: &'static Ctx) {
    let secured = ctx.secured();
    let settings = login(secured, "SCRAM-SHA-256", PASSWORD);

    let no_group = Pipeline::new(secured, "closed", OPEN);
    let worker = no_group.start(secured, Engine::Turnbuckle, &settings);
    let group = no_group.group();
    no_group.expect_refusal(
        secured,
        &worker,
        &["GroupAuthorizationException", &group, "READ"],
    );

    let no_topic = Pipeline::new(secured, OPEN, "closed");
    let worker = no_topic.start(secured, Engine::Turnbuckle, &settings);
    let topic = no_topic.topic.clone();
    no_topic.expect_refusal(
        secured,
        &worker,
        &["TopicAuthorizationException", &topic, "READ"],
    );

    let pipeline = Pipeline::new(secured, OPEN, OPEN);
    let letters = scratch::unique("closed-letters");
    let worker = {
        let mut spec = WorkerSpec::new(Engine::Turnbuckle, secured.kafka());
        for prefix in ["", "consumer.", "producer.", "admin."] {
            for (key, value) in &settings {
                spec = spec.set(&format!("{prefix}{key}"), value);
            }
        }
        let config = with(pipeline.config(), &dead_letters(&letters));
        let config = with(config, &json!({"errors.tolerance": "all"}));
        spec.connector_lines(connector_file(&pipeline.name, &config))
            .start()
    };
    pipeline.expect_refusal(
        secured,
        &worker,
        &["Could not initialize dead letter queue", &letters, "CREATE"],
    );
}

fn stores_that_cannot_be_read_fail_the_task_with_advice(ctx: &'static Ctx) {
    let secured = ctx.secured();
    let cases: Vec<(Settings, Vec<String>)> = vec![
        (
            tls(secured.tls(), "JKS", "/no/such/trust.jks".to_owned()),
            vec!["ssl.truststore.location=/no/such/trust.jks".to_owned()],
        ),
        (
            with_password(
                tls(secured.tls(), "PKCS12", secured.file("trust.p12")),
                "geheim-falsch",
            ),
            vec!["ssl.truststore.password is wrong".to_owned()],
        ),
        (
            with_password(
                tls(secured.tls(), "JKS", secured.file("trust.jks")),
                "geheim-falsch",
            ),
            vec!["ssl.truststore.password is wrong".to_owned()],
        ),
    ];
    for (settings, told) in cases {
        let pipeline = Pipeline::new(secured, OPEN, OPEN);
        let worker = pipeline.start_consumer(secured, &settings);
        let told: Vec<&str> = told.iter().map(String::as_str).collect();
        pipeline.expect_refusal(secured, &worker, &told);
    }
}

/// The files of the tests above are those of the JVM, not only of ours.
fn jvm_worker_takes_the_same_files(ctx: &'static Ctx) {
    let secured = ctx.secured();
    let key_store = identity(
        secured,
        &[
            ("ssl.keystore.type", "PKCS12"),
            ("ssl.keystore.location", &secured.file("client-java.p12")),
            ("ssl.keystore.password", STORE_PASSWORD),
        ],
    );
    let mut trust = login(secured, "SCRAM-SHA-512", PASSWORD);
    trust[2].1 = "JKS".to_owned();
    trust[3].1 = secured.file("trust.jks");
    for settings in [with_password(trust, STORE_PASSWORD), key_store] {
        let pipeline = Pipeline::new(secured, OPEN, OPEN);
        let _worker = pipeline.start(secured, Engine::Jvm, &settings);
        pipeline.expect_lines(secured);
    }
}
