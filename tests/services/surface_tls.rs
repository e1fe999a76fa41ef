//! HTTPS: certificates of every kind, those of clients, and what is wrong with them told at the start.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use libtest_mimic::Trial;
use openssl::ssl::{SslConnector, SslMethod, SslVerifyMode, SslVersion};
use openssl::x509::X509;

use crate::support::raw::{connect, connect_tls, exchange, request};
use crate::support::secured::certificates::Certificates;
use crate::support::{Ctx, Engine, Need, Worker, WorkerSpec, scratch};

const BINARY: &str = env!("CARGO_BIN_EXE_turnbuckle");
const PREFIX: &str = "listeners.https.";

pub fn tests(ctx: &'static Ctx) -> Vec<Trial> {
    let kafka = &[Need::Kafka];
    vec![
        ctx.trial(
            kafka,
            "surface_tls::https_serves_with_stores_of_every_kind",
            https_serves_with_stores_of_every_kind,
        ),
        ctx.trial(
            kafka,
            "surface_tls::the_address_of_a_new_connector_is_one_of_https_as_on_the_jvm",
            the_address_of_a_new_connector_is_one_of_https_as_on_the_jvm,
        ),
        ctx.trial(
            kafka,
            "surface_tls::clients_show_the_certificates_that_are_asked_for",
            clients_show_the_certificates_that_are_asked_for,
        ),
        ctx.trial(
            kafka,
            "surface_tls::protocols_and_ciphers_can_be_chosen",
            protocols_and_ciphers_can_be_chosen,
        ),
        ctx.trial(
            &[],
            "surface_tls::what_is_wrong_with_a_store_is_told_at_the_start",
            what_is_wrong_with_a_store_is_told_at_the_start,
        ),
    ]
}

/// Certificates laid down as files.
struct Stores {
    dir: PathBuf,
    certificates: Certificates,
}

impl Stores {
    fn new() -> Stores {
        let stores = Stores {
            dir: scratch::dir("https"),
            certificates: Certificates::make("ann"),
        };
        let c = &stores.certificates;
        for (name, bytes) in [
            ("server.pem", c.server().into_bytes()),
            // Certificates are for whom they are for; that it is no server's, no client here minds.
            ("server.p12", c.client_pkcs12("geheim")),
            ("localhost.p12", c.server_pkcs12("geheim")),
            ("encrypted.pem", c.client_encrypted("geheim").into_bytes()),
            ("ca.pem", c.ca().into_bytes()),
            ("client.pem", c.client().into_bytes()),
        ] {
            fs::write(stores.dir.join(name), bytes).unwrap();
        }
        stores
    }

    fn path(&self, name: &str) -> String {
        self.dir.join(name).to_string_lossy().into_owned()
    }

    /// A client that trusts the CA, and shows a certificate if it has one.
    fn client(&self, certificate: Option<&Path>, newest: Option<SslVersion>) -> SslConnector {
        let mut builder = SslConnector::builder(SslMethod::tls_client()).unwrap();
        let ca = X509::from_pem(self.certificates.ca().as_bytes()).unwrap();
        builder.cert_store_mut().add_cert(ca).unwrap();
        builder.set_verify(SslVerifyMode::PEER);
        builder.set_max_proto_version(newest).unwrap();
        if let Some(path) = certificate {
            builder
                .set_private_key_file(path, openssl::ssl::SslFiletype::PEM)
                .unwrap();
            builder.set_certificate_chain_file(path).unwrap();
        }
        builder.build()
    }
}

/// A worker with an https listener and these settings of it.
fn worker(ctx: &'static Ctx, settings: &[(&str, &str)]) -> (Worker, u16) {
    worker_of(Engine::Turnbuckle, ctx, settings)
}

fn worker_of(engine: Engine, ctx: &'static Ctx, settings: &[(&str, &str)]) -> (Worker, u16) {
    let port = scratch::free_port();
    let mut spec =
        WorkerSpec::new(engine, ctx.kafka()).set("listeners", &format!("https://127.0.0.1:{port}"));
    for (key, value) in settings {
        spec = spec.set(&format!("{PREFIX}{key}"), value);
    }
    (spec.start(), port)
}

/// The status of an answer over TLS; none if it did not come about.
fn ask(port: u16, client: &SslConnector) -> Option<u16> {
    let stream = connect_tls(port, client).ok()?;
    let answer = exchange(stream, &request("GET", "/connectors", &[], ""))?;
    Some(answer.status)
}

fn https_serves_with_stores_of_every_kind(ctx: &'static Ctx) {
    let stores = Stores::new();
    let client = stores.client(None, None);
    let (key, chain) = stores
        .certificates
        .server()
        .split_once("-----BEGIN CERT")
        .map_or_else(
            || panic!("a key and a chain"),
            |(key, chain)| {
                (
                    key.replace('\n', " "),
                    format!("-----BEGIN CERT{chain}").replace('\n', " "),
                )
            },
        );
    let (p12, pem, encrypted) = (
        stores.path("server.p12"),
        stores.path("server.pem"),
        stores.path("encrypted.pem"),
    );
    let kinds: [&[(&str, &str)]; 4] = [
        &[
            ("ssl.keystore.location", &p12),
            ("ssl.keystore.password", "geheim"),
            ("ssl.keystore.type", "PKCS12"),
        ],
        &[
            ("ssl.keystore.location", &pem),
            ("ssl.keystore.type", "PEM"),
        ],
        &[
            ("ssl.keystore.location", &encrypted),
            ("ssl.keystore.type", "PEM"),
            ("ssl.key.password", "geheim"),
        ],
        &[
            ("ssl.keystore.key", &key),
            ("ssl.keystore.certificate.chain", &chain),
            ("ssl.keystore.type", "PEM"),
        ],
    ];
    for settings in kinds {
        let (worker, port) = worker(ctx, settings);
        assert_eq!(ask(port, &client), Some(200), "{settings:?}");
        // The listener beside it is as before, and what speaks no TLS is not answered.
        worker.rest().get("/").unwrap().expect(200);
        let mut plain = connect(port);
        plain
            .write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            .unwrap();
        let mut answer = Vec::new();
        let _ = plain.read_to_end(&mut answer);
        assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
        assert!(!worker.log().contains("geheim"));
        let health = Command::new(BINARY)
            .args(["healthcheck", "--url"])
            .arg(format!("https://127.0.0.1:{port}"))
            .output();
        assert!(health.unwrap().status.success());
    }
}

fn the_address_of_a_new_connector_is_one_of_https_as_on_the_jvm(ctx: &'static Ctx) {
    let stores = Stores::new();
    let client = stores.client(None, None);
    let p12 = stores.path("localhost.p12");
    let create = |name: &str| {
        let config = r#"{"connector.class": "FileStreamSink", "topics": "t"}"#;
        let body =
            format!(r#"{{"name": "{name}", "config": {config}, "initial_state": "STOPPED"}}"#);
        let json = [("Content-Type", "application/json")];
        let request = request("POST", "/connectors", &json, &body);
        // Jetty compares it with the certificate.
        let request = String::from_utf8(request).unwrap();
        request
            .replace("Host: h:1", "Host: localhost:1")
            .into_bytes()
    };
    for engine in [Engine::Jvm, Engine::Turnbuckle] {
        let settings = [
            ("ssl.keystore.location", &*p12),
            ("ssl.keystore.password", "geheim"),
            ("ssl.key.password", "geheim"),
            ("ssl.keystore.type", "PKCS12"),
        ];
        let (worker, port) = worker_of(engine, ctx, &settings);
        let secured = exchange(connect_tls(port, &client).unwrap(), &create("s"));
        let plain = exchange(connect(worker.port()), &create("p"));
        for (answer, expected) in [
            (secured, "https://localhost:1/connectors/s"),
            (plain, "http://localhost:1/connectors/p"),
        ] {
            let answer = answer.expect("an answer");
            assert_eq!(answer.status, 201, "{engine:?} {}", answer.text());
            assert_eq!(answer.header("location"), Some(expected), "{engine:?}");
        }
    }
}

fn clients_show_the_certificates_that_are_asked_for(ctx: &'static Ctx) {
    let stores = Stores::new();
    let (pem, ca) = (stores.path("server.pem"), stores.path("ca.pem"));
    let other = Certificates::make("eve");
    let eve = stores.dir.join("eve.pem");
    fs::write(&eve, other.client()).unwrap();
    let ann = stores.dir.join("client.pem");
    let clients = [
        ("nobody", stores.client(None, None)),
        ("ann", stores.client(Some(&ann), None)),
        ("eve", stores.client(Some(&eve), None)),
    ];
    for (auth, expected) in [
        ("none", [Some(200), Some(200), Some(200)]),
        ("requested", [Some(200), Some(200), None]),
        ("required", [None, Some(200), None]),
    ] {
        let (_worker, port) = worker(
            ctx,
            &[
                ("ssl.keystore.location", &pem),
                ("ssl.keystore.type", "PEM"),
                ("ssl.truststore.location", &ca),
                ("ssl.truststore.type", "PEM"),
                ("ssl.client.auth", auth),
            ],
        );
        for ((who, client), expected) in clients.iter().zip(expected) {
            assert_eq!(ask(port, client), expected, "{auth}: {who}");
        }
    }
}

fn protocols_and_ciphers_can_be_chosen(ctx: &'static Ctx) {
    let stores = Stores::new();
    let pem = stores.path("server.pem");
    let old = stores.client(None, Some(SslVersion::TLS1_2));
    let new = stores.client(None, None);
    let cipher = "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384";
    for (key, value, with_old, left_out) in [
        (
            "ssl.enabled.protocols",
            "TLSv1.3,TLSv1.1",
            None,
            "listeners.https.ssl.enabled.protocols: TLSv1.1",
        ),
        (
            "ssl.cipher.suites",
            &*format!("{cipher},TLS_AES_128_GCM_SHA256,TLS_RSA_WITH_AES_128_CBC_SHA"),
            Some(cipher),
            "ssl.cipher.suites: TLS_RSA_WITH_AES_128_CBC_SHA",
        ),
    ] {
        let (worker, port) = worker(
            ctx,
            &[
                ("ssl.keystore.location", &pem),
                ("ssl.keystore.type", "PEM"),
                (key, value),
            ],
        );
        assert_eq!(ask(port, &new), Some(200));
        let chosen = connect_tls(port, &old)
            .ok()
            .and_then(|stream| Some(stream.ssl().current_cipher()?.standard_name()?.to_owned()));
        assert_eq!(chosen.as_deref(), with_old, "{key}={value}");
        assert!(worker.log().contains(left_out), "{}", worker.log());
    }
}

fn what_is_wrong_with_a_store_is_told_at_the_start(_: &'static Ctx) {
    let stores = Stores::new();
    let (p12, pem, ca) = (
        stores.path("server.p12"),
        stores.path("server.pem"),
        stores.path("ca.pem"),
    );
    let gone = stores.path("gone.p12");
    let location = |path: &str| format!("{PREFIX}ssl.keystore.location={path}");
    for (settings, expected) in [
        (vec![location(&gone)], format!("{PREFIX}ssl.keystore.location={gone}: it cannot be read: No such file")),
        (
            vec![location(&p12), format!("{PREFIX}ssl.keystore.password=falsch")],
            format!("{PREFIX}ssl.keystore.location={p12}: {PREFIX}ssl.keystore.password is wrong"),
        ),
        (vec![location(&pem)], format!("{PREFIX}ssl.keystore.location={pem}: it is a PEM file: set {PREFIX}ssl.keystore.type=PEM")),
        (
            vec![location(&ca), format!("{PREFIX}ssl.keystore.type=PEM")],
            format!("{PREFIX}ssl.keystore.location={ca}: "),
        ),
        (
            vec![location(&pem), format!("{PREFIX}ssl.keystore.type=PEM"), format!("{PREFIX}ssl.client.auth=required"), format!("{PREFIX}ssl.truststore.location={gone}")],
            format!("{PREFIX}ssl.truststore.location={gone}: it cannot be read"),
        ),
        (
            vec![location(&pem), format!("{PREFIX}ssl.keystore.type=PEM"), format!("{PREFIX}ssl.cipher.suites=TLS_RSA_WITH_AES_128_CBC_SHA")],
            "ssl.cipher.suites=TLS_RSA_WITH_AES_128_CBC_SHA: none of these is offered here; there are TLS_AES_".to_owned(),
        ),
    ] {
        let converter = "org.apache.kafka.connect.storage.StringConverter";
        let mut command = Command::new(BINARY);
        command.args(["standalone", ""]);
        let mut settings = settings;
        settings.extend([
            format!("key.converter={converter}"),
            format!("value.converter={converter}"),
            "listeners=https://127.0.0.1:0".to_owned(),
        ]);
        for setting in &settings {
            command.arg("--override").arg(setting);
        }
        let output = command.output().unwrap();
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.contains(&format!("no https listener in listeners: {expected}")), "{expected} in {told}");
        assert!(!told.contains("falsch"), "{told}");
    }
}
