//! A Kafka broker with TLS, logins and permissions.
//!
//! | listener | how to get in |
//! | --- | --- |
//! | plain, of [`SecuredKafka::kafka`] | anybody, with all permissions: for the tests themselves |
//! | TLS | anybody, with all permissions |
//! | OLDTLS | the same with TLS 1.2 and [`OLD_SUITE`] only |
//! | MTLS | a certificate that the CA has signed; the principal is its name |
//! | SASL (TLS) | PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER with a token of [`Tokens`] |
//! | SASLPLAIN | PLAIN: `admin`/`admin`, who may all, `guest`/`guest`, who may little; see `tests/kafka/denied.rs` |
//!
//! [`USER`] and the certificate [`CERTIFICATE_NAME`] may use topics and groups that begin with [`OPEN`].
//! The broker's certificate is for `localhost`, and not for `127.0.0.1`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use super::kafka::{Kafka, Setup, class_path, java};
use super::process::run_tool;
use super::scratch;

pub mod certificates;
pub mod tokens;

use certificates::Certificates;
use tokens::Tokens;

pub const USER: &str = "sink";
pub const PASSWORD: &str = "geheim-richtig";
/// What the topics begin with that [`USER`] may use; its groups begin with `connect-` before it.
pub const OPEN: &str = "open";
pub const CERTIFICATE_NAME: &str = "CN=sink-certificate";
pub const OLD_SUITE: &str = "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384";
/// Of every store.
pub const STORE_PASSWORD: &str = "geheim-laden";

pub struct SecuredKafka {
    kafka: Kafka,
    files: PathBuf,
    tokens: Arc<Tokens>,
    tls: u16,
    old_tls: u16,
    mtls: u16,
    sasl: u16,
    sasl_plaintext: u16,
}

/// Stores of every kind, for a server that is no broker: `trust.*`, `other.pem`, `client.*` in a folder.
pub struct TlsFiles {
    pub dir: PathBuf,
    /// Key and chain of the server, which is `localhost`.
    pub server: String,
    /// Who has signed server and client.
    pub ca: String,
}

impl TlsFiles {
    pub fn make() -> Result<TlsFiles, String> {
        let dir = scratch::dir("tls");
        let made = Certificates::make("client");
        write_stores(&dir, &made)?;
        Ok(TlsFiles {
            dir,
            server: made.server(),
            ca: made.ca(),
        })
    }
}

impl SecuredKafka {
    pub fn start() -> Result<SecuredKafka, String> {
        let files = scratch::dir("secured");
        let made = Certificates::make(CERTIFICATE_NAME.trim_start_matches("CN="));
        write_stores(&files, &made)?;
        let tokens = Tokens::start(USER, PASSWORD, &made.server())?;
        let jwks = files.join("jwks.json");
        fs::write(&jwks, tokens.jwks()).map_err(|e| format!("{}: {e}", jwks.display()))?;
        let jwks = format!("file://{}", jwks.display());
        let [tls, old_tls, mtls, sasl, sasl_plaintext] = [(); 5].map(|()| scratch::free_port());
        let kafka = Kafka::start_setup(&Setup {
            settings: settings(&files, &jwks),
            listeners: vec![
                format!("TLS://localhost:{tls}"),
                format!("OLDTLS://localhost:{old_tls}"),
                format!("MTLS://localhost:{mtls}"),
                format!("SASL://localhost:{sasl}"),
                format!("SASLPLAIN://127.0.0.1:{sasl_plaintext}"),
            ],
            misadvertised: Vec::new(),
            scram_users: ["SCRAM-SHA-256", "SCRAM-SHA-512"]
                .map(|m| format!("{m}=[name={USER},password={PASSWORD}]"))
                .to_vec(),
            system_properties: vec![
                format!("org.apache.kafka.sasl.oauthbearer.allowed.urls={jwks}"),
                format!(
                    "org.apache.kafka.sasl.oauthbearer.allowed.files={}",
                    files.join("jwks.json").display()
                ),
            ],
        })?;
        let secured = SecuredKafka {
            kafka,
            files,
            tokens,
            tls,
            old_tls,
            mtls,
            sasl,
            sasl_plaintext,
        };
        secured.permit()?;
        Ok(secured)
    }

    /// The broker by its plain listener, where everything is allowed.
    pub fn kafka(&self) -> &Kafka {
        &self.kafka
    }

    /// Gives tokens for [`USER`] with [`PASSWORD`].
    pub fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    pub fn tls(&self) -> String {
        format!("localhost:{}", self.tls)
    }

    /// An address that the certificate is not for.
    pub fn tls_by_another_name(&self) -> String {
        format!("127.0.0.1:{}", self.tls)
    }

    pub fn old_tls(&self) -> String {
        format!("localhost:{}", self.old_tls)
    }

    pub fn mtls(&self) -> String {
        format!("localhost:{}", self.mtls)
    }

    pub fn sasl(&self) -> String {
        format!("localhost:{}", self.sasl)
    }

    pub fn sasl_plaintext(&self) -> String {
        format!("127.0.0.1:{}", self.sasl_plaintext)
    }

    /// One of `trust.pem`, `trust.jks`, `trust.p12` (the right CA), `issuer.pem`, `server-alone.pem` (what stands below it
    /// in the server's chain, each alone), `other.pem` (another one), `client.p12` (by
    /// OpenSSL), `client-java.p12` (by keytool), `client.jks`, `client.pem`, `client-encrypted.pem`.
    pub fn file(&self, name: &str) -> String {
        let path = self.files.join(name);
        assert!(path.exists(), "{}", path.display());
        path.to_string_lossy().into_owned()
    }

    fn permit(&self) -> Result<(), String> {
        let user = format!("User:{USER}");
        let certificate = format!("User:{CERTIFICATE_NAME}");
        let group = format!("connect-{OPEN}");
        self.acl(&[
            "--allow-principal",
            &user,
            "--allow-principal",
            &certificate,
            "--operation",
            "All",
            "--topic",
            OPEN,
            "--group",
            &group,
            "--resource-pattern-type",
            "prefixed",
        ])?;
        self.acl(&[
            "--allow-principal",
            "User:guest",
            "--operation",
            "Read",
            "--group",
            "open",
        ])?;
        self.acl(&[
            "--allow-principal",
            "User:guest",
            "--operation",
            "Describe",
            "--topic",
            "seen",
            "--resource-pattern-type",
            "prefixed",
        ])
    }

    fn acl(&self, arguments: &[&str]) -> Result<(), String> {
        let mut acl = java("128m", &class_path()?);
        acl.args(["org.apache.kafka.tools.AclCommand", "--bootstrap-server"]);
        acl.arg(self.kafka.bootstrap()).arg("--add").args(arguments);
        run_tool(acl).map(drop)
    }
}

fn settings(files: &Path, jwks: &str) -> Vec<(String, String)> {
    let plain = |users: &[(&str, &str)]| {
        let users: String = users
            .iter()
            .map(|(user, password)| format!(" user_{user}=\"{password}\""))
            .collect();
        format!("org.apache.kafka.common.security.plain.PlainLoginModule required{users};")
    };
    let scram = "org.apache.kafka.common.security.scram.ScramLoginModule required;";
    let server = files.join("server.pem");
    let trust = files.join("trust.pem");
    let sasl = "listener.name.sasl";
    let oauth = "org.apache.kafka.common.security.oauthbearer.";
    let lines = [
        (
            "listener.security.protocol.map",
            "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,TLS:SSL,OLDTLS:SSL,MTLS:SSL,SASL:SASL_SSL,SASLPLAIN:SASL_PLAINTEXT"
                .to_owned(),
        ),
        (
            "authorizer.class.name",
            "org.apache.kafka.metadata.authorizer.StandardAuthorizer".to_owned(),
        ),
        ("super.users", "User:ANONYMOUS;User:admin".to_owned()),
        ("ssl.keystore.type", "PEM".to_owned()),
        ("ssl.keystore.location", server.to_string_lossy().into_owned()),
        ("ssl.truststore.type", "PEM".to_owned()),
        ("ssl.truststore.location", trust.to_string_lossy().into_owned()),
        ("listener.name.oldtls.ssl.enabled.protocols", "TLSv1.2".to_owned()),
        ("listener.name.oldtls.ssl.cipher.suites", OLD_SUITE.to_owned()),
        ("listener.name.mtls.ssl.client.auth", "required".to_owned()),
        (
            "listener.name.sasl.sasl.enabled.mechanisms",
            "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER".to_owned(),
        ),
        (
            "listener.name.sasl.oauthbearer.sasl.server.callback.handler.class",
            format!("{oauth}OAuthBearerValidatorCallbackHandler"),
        ),
        (
            "listener.name.sasl.oauthbearer.sasl.oauthbearer.jwks.endpoint.url",
            jwks.to_owned(),
        ),
        (
            "listener.name.sasl.oauthbearer.sasl.oauthbearer.expected.audience",
            "kafka".to_owned(),
        ),
        // A session ends with its token.
        (
            "listener.name.sasl.oauthbearer.connections.max.reauth.ms",
            "3600000".to_owned(),
        ),
        (
            "listener.name.sasl.oauthbearer.sasl.jaas.config",
            format!("{oauth}OAuthBearerLoginModule required;"),
        ),
        (
            "listener.name.saslplain.sasl.enabled.mechanisms",
            "PLAIN".to_owned(),
        ),
        (
            "listener.name.saslplain.plain.sasl.jaas.config",
            plain(&[("admin", "admin"), ("guest", "guest")]),
        ),
    ];
    let mut settings: Vec<_> = lines
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect();
    for (mechanism, login) in [
        ("plain", plain(&[(USER, PASSWORD)])),
        ("scram-sha-256", scram.to_owned()),
        ("scram-sha-512", scram.to_owned()),
    ] {
        settings.push((format!("{sasl}.{mechanism}.sasl.jaas.config"), login));
    }
    settings
}

/// Made anew for each run, so that none ever expires. Java's formats are written by Java's own tool.
fn write_stores(files: &Path, made: &Certificates) -> Result<(), String> {
    let texts = [
        ("trust.pem", made.ca()),
        ("issuer.pem", made.issuer()),
        ("server-alone.pem", made.server_alone()),
        ("other.pem", made.other_ca()),
        ("server.pem", made.server()),
        ("client.pem", made.client()),
        (
            "client-encrypted.pem",
            made.client_encrypted(STORE_PASSWORD),
        ),
    ];
    for (name, text) in texts {
        let path = files.join(name);
        fs::write(&path, text).map_err(|e| format!("{}: {e}", path.display()))?;
    }
    let archive = files.join("client.p12");
    fs::write(&archive, made.client_pkcs12(STORE_PASSWORD))
        .map_err(|e| format!("{}: {e}", archive.display()))?;
    for (name, kind) in [("trust.jks", "JKS"), ("trust.p12", "PKCS12")] {
        keytool(
            files,
            &[
                "-importcert",
                "-noprompt",
                "-alias",
                "ca",
                "-file",
                "trust.pem",
                "-keystore",
                name,
                "-storetype",
                kind,
                "-storepass",
                STORE_PASSWORD,
            ],
        )?;
    }
    for (name, kind) in [("client-java.p12", "PKCS12"), ("client.jks", "JKS")] {
        keytool(
            files,
            &[
                "-importkeystore",
                "-noprompt",
                "-srckeystore",
                "client.p12",
                "-srcstorepass",
                STORE_PASSWORD,
                "-destkeystore",
                name,
                "-deststoretype",
                kind,
                "-deststorepass",
                STORE_PASSWORD,
            ],
        )?;
    }
    Ok(())
}

fn keytool(files: &Path, arguments: &[&str]) -> Result<(), String> {
    let mut keytool = Command::new("keytool");
    keytool.current_dir(files).args(arguments);
    run_tool(keytool).map(drop)
}
