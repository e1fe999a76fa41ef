//! The typed configuration that the task sees.

use std::path::PathBuf;
use std::time::Duration;

use connect_api::ConnectError;
use connect_api::config::{ConfigErrors, ConfigReader, Key, Password};

use crate::config as keys;
use crate::strategy::{self, Bindings, Sources};
use crate::uri::{Security, Uri};
use crate::{duration, legacy};

/// Everything a task needs to know.
#[derive(Clone, Debug)]
pub struct GraphSinkConfig {
    pub connection: Connection,
    /// What `topics` lists; a topic found only by `topics.regex` has no strategy.
    pub topics: Vec<String>,
    pub batch_size: usize,
    pub bindings: Bindings,
    pub sources: Sources,
    /// What was asked for and is not supported, one sentence each; the task refuses to start with the first.
    pub unsupported: Vec<String>,
    /// One sentence for each key that goes by an old name.
    pub notes: Vec<String>,
}

/// How to reach the database.
#[derive(Clone, Debug)]
pub struct Connection {
    pub uris: Vec<Uri>,
    /// None: the user's home database.
    pub database: Option<String>,
    pub user: String,
    pub password: Password,
    pub tls: Tls,
    pub timeout: Duration,
    pub acquisition: Duration,
    pub lifetime: Duration,
    /// How long one answer may take before the connection counts as lost.
    pub answer: Duration,
    pub pool_size: usize,
}

/// Encryption of URIs whose scheme does not decide it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tls {
    Off,
    System,
    Any,
    Authority(PathBuf),
}

/// A database that says nothing for this long is given up even if its host still acknowledges packets. Far above any
/// transaction that is not broken, because one that takes longer would be cut off and begun again for ever.
const LONGEST_ANSWER: Duration = Duration::from_secs(600);

impl GraphSinkConfig {
    /// Reads and checks the configuration; what is asked for and not supported is no error here but in
    /// [`refuse_unsupported`](Self::refuse_unsupported), because validation accepts what the original accepts.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub fn parse(reader: &ConfigReader<'_>) -> Result<Self, ConfigErrors> {
        let Some((translated, notes)) = legacy::translate(reader.config()) else {
            return read(reader);
        };
        let config = read(&ConfigReader::new(&translated))?;
        Ok(Self { notes, ..config })
    }

    /// Names the first thing that was asked for and is not supported.
    ///
    /// # Errors
    /// If there is one.
    pub fn refuse_unsupported(&self) -> Result<(), ConnectError> {
        match self.unsupported.first() {
            Some(what) => Err(ConnectError::config(what)),
            None => Ok(()),
        }
    }
}

fn read(reader: &ConfigReader<'_>) -> Result<GraphSinkConfig, ConfigErrors> {
    let mut unsupported = Vec::new();
    let (user, password) = read_credentials(reader, &mut unsupported);
    let tls = read_tls(reader, &mut unsupported);
    let time = |key: &Key<String>| duration::parse(&reader.get(key)).unwrap_or_default();
    let database = reader.get(&keys::DATABASE);
    let mut uris = Vec::new();
    for uri in reader.get(&keys::URI) {
        // A text that does not parse is already an error of the key.
        uris.extend(Uri::parse(&uri));
    }
    let connection = Connection {
        uris,
        database: Some(database).filter(|name| !name.trim().is_empty()),
        user,
        password,
        tls,
        timeout: time(&keys::CONNECTION_TIMEOUT),
        acquisition: time(&keys::POOL_ACQUISITION),
        lifetime: time(&keys::POOL_LIFETIME),
        answer: time(&keys::MAX_RETRY_TIME).max(LONGEST_ANSWER),
        pool_size: usize::try_from(reader.get(&keys::POOL_SIZE)).unwrap_or(1),
    };
    if !reader.get(&keys::EOS_OFFSET_LABEL).trim().is_empty() {
        unsupported.push(format!(
            "{} asks for exactly-once writing, which is not supported yet: leave it blank.",
            keys::EOS_OFFSET_LABEL.name()
        ));
    }
    // Read so that a wrong value is reported; they have nothing to do yet, or nothing at all.
    reader.get(&keys::BATCH_TIMEOUT);
    reader.get(&keys::POOL_IDLE_TEST);
    reader.get(&keys::MAX_BATCHED_QUERIES);
    reader.finish(GraphSinkConfig {
        connection,
        topics: list(reader.config().get("topics").unwrap_or_default()),
        batch_size: usize::try_from(reader.get(&keys::BATCH_SIZE)).unwrap_or(1),
        bindings: read_bindings(reader),
        sources: strategy::read_sources(reader),
        unsupported,
        notes: Vec::new(),
    })
}

fn read_credentials(
    reader: &ConfigReader<'_>,
    unsupported: &mut Vec<String>,
) -> (String, Password) {
    let type_ = reader.get(&keys::AUTH_TYPE);
    let basic = (reader.get(&keys::USERNAME), reader.get(&keys::PASSWORD));
    let custom = (
        reader.get(&keys::CUSTOM_PRINCIPAL),
        reader.get(&keys::CUSTOM_CREDENTIALS),
    );
    let scheme = reader.get(&keys::CUSTOM_SCHEME);
    reader.get(&keys::KERBEROS_TICKET);
    reader.get(&keys::BEARER_TOKEN);
    let (realm, custom_realm) = (reader.get(&keys::REALM), reader.get(&keys::CUSTOM_REALM));
    let mut refuse_realm = |key: &Key<String>, realm: &str| {
        if !realm.trim().is_empty() {
            unsupported.push(format!(
                "{} is not supported yet: leave it blank.",
                key.name()
            ));
        }
    };
    match type_.as_str() {
        "BASIC" => {
            refuse_realm(&keys::REALM, &realm);
            basic
        }
        "CUSTOM" if scheme == "basic" => {
            refuse_realm(&keys::CUSTOM_REALM, &custom_realm);
            custom
        }
        "NONE" => (String::new(), Password::new("")),
        other => {
            unsupported.push(format!(
                "{} {other} is not supported yet: use BASIC with {} and {}, or NONE.",
                keys::AUTH_TYPE.name(),
                keys::USERNAME.name(),
                keys::PASSWORD.name()
            ));
            (String::new(), Password::new(""))
        }
    }
}

fn read_tls(reader: &ConfigReader<'_>, unsupported: &mut Vec<String>) -> Tls {
    let encrypted = reader.get(&keys::ENCRYPTED) == "true";
    let trust = reader.get(&keys::TRUST);
    let verified = reader.get(&keys::HOSTNAME_VERIFICATION) != "false";
    let files = reader.get(&keys::CERT_FILES);
    let mut files = files.iter().filter(|file| !file.is_empty());
    let by_scheme = reader
        .get(&keys::URI)
        .iter()
        .any(|uri| Uri::parse(uri).is_ok_and(|uri| uri.security != Security::ByKeys));
    if !encrypted || by_scheme {
        return Tls::Off;
    }
    if !verified && trust != "TRUST_ALL_CERTIFICATES" {
        unsupported.push(format!(
            "{} false is not supported yet with {trust}: trust all certificates, or use one made out to the host.",
            keys::HOSTNAME_VERIFICATION.name()
        ));
    }
    match trust.as_str() {
        "TRUST_ALL_CERTIFICATES" => Tls::Any,
        "TRUST_CUSTOM_CA_SIGNED_CERTIFICATES" => match (files.next(), files.next()) {
            (Some(file), None) => Tls::Authority(PathBuf::from(file)),
            _ => {
                unsupported.push(format!(
                    "{} must name exactly one file: put all certificates into it.",
                    keys::CERT_FILES.name()
                ));
                Tls::System
            }
        },
        _ => Tls::System,
    }
}

fn read_bindings(reader: &ConfigReader<'_>) -> Bindings {
    let name =
        |key: &Key<String>| Some(reader.get(key)).filter(|name: &String| !name.trim().is_empty());
    Bindings {
        event: reader.get(&keys::BIND_VALUE_AS_EVENT) != "false",
        timestamp: name(&keys::BIND_TIMESTAMP),
        header: name(&keys::BIND_HEADER),
        key: name(&keys::BIND_KEY),
        value: name(&keys::BIND_VALUE),
    }
}

/// A list as Kafka splits it; blank entries say nothing.
fn list(text: &str) -> Vec<String> {
    text.split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use connect_api::config::Config;

    fn config(entries: &[(&str, &str)]) -> Config {
        let base = [
            ("topics", "a, b"),
            ("neo4j.uri", "bolt://x"),
            ("neo4j.authentication.type", "NONE"),
        ];
        base.iter().chain(entries).copied().collect()
    }

    fn parse(entries: &[(&str, &str)]) -> GraphSinkConfig {
        GraphSinkConfig::parse(&ConfigReader::new(&config(entries))).expect("a configuration")
    }

    #[test]
    fn defaults_are_typed() {
        let config = parse(&[("neo4j.pool.max-connection-lifetime", "1m30s")]);
        assert_eq!(config.topics, ["a", "b"]);
        assert_eq!(config.batch_size, 1000);
        assert_eq!(config.connection.database, None);
        assert_eq!(config.connection.timeout, Duration::from_secs(30));
        assert_eq!(config.connection.lifetime, Duration::from_secs(90));
        assert_eq!(config.connection.answer, LONGEST_ANSWER);
        assert_eq!(config.connection.tls, Tls::Off);
        assert_eq!(config.bindings.header.as_deref(), Some("__header"));
        assert!(config.unsupported.is_empty() && config.notes.is_empty());
        let patient = parse(&[("neo4j.max-retry-time", "1h")]);
        assert_eq!(patient.connection.answer, Duration::from_secs(3600));
    }

    #[test]
    fn old_names_are_read_with_a_note_each() {
        let config = parse(&[
            ("neo4j.batch.size", "7"),
            ("neo4j.topic.cypher.a", "CREATE (:N)"),
        ]);
        assert_eq!(config.batch_size, 7);
        assert!(config.sources.cypher.contains_key("a"));
        assert_eq!(config.notes.len(), 2);
    }

    #[test]
    fn encryption_follows_the_keys_unless_a_scheme_decides() {
        let on = ("neo4j.security.encrypted", "true");
        let trust = |value| ("neo4j.security.trust-strategy", value);
        let here = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        let file = ("neo4j.security.cert-files", here);
        let custom = trust("TRUST_CUSTOM_CA_SIGNED_CERTIFICATES");
        for (entries, tls, refused) in [
            (&[on][..], Tls::System, 0),
            (&[on, trust("TRUST_ALL_CERTIFICATES")], Tls::Any, 0),
            (&[on, custom, file], Tls::Authority(here.into()), 0),
            (&[on, custom], Tls::System, 1),
            (&[on, ("neo4j.uri", "bolt://x,bolt+s://y")], Tls::Off, 0),
            (
                &[
                    on,
                    ("neo4j.security.hostname-verification-enabled", "false"),
                ],
                Tls::System,
                1,
            ),
        ] {
            let config = parse(entries);
            assert_eq!(config.connection.tls, tls, "{entries:?}");
            assert_eq!(config.unsupported.len(), refused, "{entries:?}");
        }
    }
}
