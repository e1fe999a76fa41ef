//! [`TlsSettings`]: TLS of https listeners. Files are read when the worker starts, not here.

use std::fmt;

use connect_api::config::{Config, ConfigReader, invalid_value};
use key_stores::{Store, Tls};

/// TLS as the configuration has it.
#[derive(Clone)]
pub struct TlsSettings {
    /// The own certificate, which is always there, and whose clients' certificates are trusted.
    pub stores: Tls,
    pub client_auth: ClientAuth,
    pub protocols: Vec<Protocol>,
    /// By Java's names; none: all.
    pub ciphers: Option<Vec<String>>,
    /// What of the lists is unknown here and left out.
    pub left_out: Vec<String>,
}

impl fmt::Debug for TlsSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TlsSettings({:?})", self.client_auth)
    }
}

/// Whether clients show a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientAuth {
    None,
    /// They may; one that is not trusted is refused.
    Requested,
    Required,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    Tls12,
    Tls13,
}

/// The keys of one set of settings. Stores name theirs in errors.
struct Keys {
    prefix: &'static str,
    trust: &'static str,
    trust_inline: &'static str,
    own: &'static str,
    own_inline: &'static str,
}

const PLAIN: Keys = Keys {
    prefix: "",
    trust: "ssl.truststore.location",
    trust_inline: "ssl.truststore.certificates",
    own: "ssl.keystore.location",
    own_inline: "ssl.keystore.key",
};
const LISTENERS: Keys = Keys {
    prefix: "listeners.https.",
    trust: "listeners.https.ssl.truststore.location",
    trust_inline: "listeners.https.ssl.truststore.certificates",
    own: "listeners.https.ssl.keystore.location",
    own_inline: "listeners.https.ssl.keystore.key",
};
const ADMIN: Keys = Keys {
    prefix: "admin.listeners.https.",
    trust: "admin.listeners.https.ssl.truststore.location",
    trust_inline: "admin.listeners.https.ssl.truststore.certificates",
    own: "admin.listeners.https.ssl.keystore.location",
    own_inline: "admin.listeners.https.ssl.keystore.key",
};

/// Settings without a counterpart; nothing is lost by leaving them out.
const INERT: [&str; 8] = [
    "ssl.endpoint.identification.algorithm",
    "ssl.engine.factory.class",
    "ssl.keymanager.algorithm",
    "ssl.protocol",
    "ssl.provider",
    "ssl.secure.random.implementation",
    "ssl.trustmanager.algorithm",
    "security.providers",
];

/// TLS of `listeners`.
pub(super) fn of_listeners(reader: &ConfigReader<'_>, config: &Config) -> Option<TlsSettings> {
    read(reader, config, &LISTENERS)
}

/// TLS of `admin.listeners`.
pub(super) fn of_admin(reader: &ConfigReader<'_>, config: &Config) -> Option<TlsSettings> {
    read(reader, config, &ADMIN)
}

/// All or nothing: with one key behind the prefix, none without it counts.
fn read(reader: &ConfigReader<'_>, config: &Config, keys: &'static Keys) -> Option<TlsSettings> {
    let has_own = config.iter().any(|(key, _)| key.starts_with(keys.prefix));
    let keys = if has_own { keys } else { &PLAIN };
    let given = Given {
        reader,
        config,
        keys,
    };
    let identity = given.identity();
    let trust = given.trust();
    let client_auth = given.client_auth(trust.is_some());
    let mut left_out = Vec::new();
    let protocols = given.protocols(&mut left_out);
    Some(TlsSettings {
        stores: Tls {
            trust,
            identity: Some(identity?),
            key_password: given.get("ssl.key.password"),
        },
        client_auth,
        protocols,
        ciphers: given.list("ssl.cipher.suites"),
        left_out,
    })
}

/// Keys behind a prefix that are read nowhere: none of TLS, or without effect.
pub fn is_known(key: &str) -> bool {
    const READ: [&str; 13] = [
        "ssl.cipher.suites",
        "ssl.client.auth",
        "ssl.enabled.protocols",
        "ssl.key.password",
        "ssl.keystore.certificate.chain",
        "ssl.keystore.key",
        "ssl.keystore.location",
        "ssl.keystore.password",
        "ssl.keystore.type",
        "ssl.truststore.certificates",
        "ssl.truststore.location",
        "ssl.truststore.password",
        "ssl.truststore.type",
    ];
    let tail = tail(key);
    tail.is_none_or(|tail| READ.contains(&tail) || INERT.contains(&tail))
}

/// Whether the key stands behind one of the prefixes and has no effect.
pub fn is_inert(key: &str) -> bool {
    tail(key).is_some_and(|tail| INERT.contains(&tail))
}

fn tail(key: &str) -> Option<&str> {
    let mut prefixes = [LISTENERS.prefix, ADMIN.prefix].into_iter();
    prefixes.find_map(|prefix| key.strip_prefix(prefix))
}

struct Given<'a> {
    reader: &'a ConfigReader<'a>,
    config: &'a Config,
    keys: &'static Keys,
}

impl Given<'_> {
    fn name(&self, key: &str) -> String {
        format!("{}{key}", self.keys.prefix)
    }

    /// A value that says something.
    fn get(&self, key: &str) -> Option<String> {
        let value = self.config.get(&self.name(key))?.trim();
        (!value.is_empty()).then(|| value.to_owned())
    }

    fn list(&self, key: &str) -> Option<Vec<String>> {
        let list = self.get(key)?;
        let items = list
            .split(',')
            .map(str::trim)
            .filter(|item| !item.is_empty());
        Some(items.map(str::to_owned).collect())
    }

    fn error(&self, key: &str, message: String) {
        self.reader.error(&self.name(key), message);
    }

    fn identity(&self) -> Option<Store> {
        let (location, key) = (
            self.get("ssl.keystore.location"),
            self.get("ssl.keystore.key"),
        );
        let chain = self.get("ssl.keystore.certificate.chain");
        match (location, key, chain) {
            (Some(path), None, None) => Some(self.file(
                "ssl.keystore.type",
                self.keys.own,
                path,
                "ssl.keystore.password",
            )),
            (None, Some(key), Some(chain)) => Some(Store::Inline {
                key: self.keys.own_inline,
                pem: format!("{key}\n{chain}"),
            }),
            (None, None, None) => {
                let name = self.name("ssl.keystore.location");
                self.error(
                    "ssl.keystore.location",
                    format!("Missing required configuration \"{name}\": an https listener needs a certificate"),
                );
                None
            }
            _ => {
                let prefix = self.keys.prefix;
                self.error(
                    "ssl.keystore.location",
                    format!("Set either {prefix}ssl.keystore.location, or both {prefix}ssl.keystore.key and {prefix}ssl.keystore.certificate.chain"),
                );
                None
            }
        }
    }

    fn trust(&self) -> Option<Store> {
        let inline = self.get("ssl.truststore.certificates");
        match (self.get("ssl.truststore.location"), inline) {
            (None, None) => None,
            (Some(path), None) => Some(self.file(
                "ssl.truststore.type",
                self.keys.trust,
                path,
                "ssl.truststore.password",
            )),
            (None, Some(pem)) => Some(Store::Inline {
                key: self.keys.trust_inline,
                pem,
            }),
            (Some(_), Some(_)) => {
                let (one, other) = (self.keys.trust_inline, self.keys.trust);
                self.error(
                    "ssl.truststore.location",
                    format!("{one} and {other} exclude each other"),
                );
                None
            }
        }
    }

    /// Which of Java's two formats it is, the file itself tells.
    fn file(&self, type_: &str, key: &'static str, path: String, password: &str) -> Store {
        let given = self.get(type_).unwrap_or_else(|| "JKS".to_owned());
        match given.to_ascii_uppercase().as_str() {
            "PEM" => return Store::Pem { key, path },
            "JKS" | "PKCS12" => {}
            _ => {
                let name = self.name(type_);
                let why = "expected JKS, PKCS12 or PEM";
                self.error(type_, invalid_value(&name, &given, why));
            }
        }
        Store::Java {
            key,
            path,
            password: self.get(password),
        }
    }

    fn client_auth(&self, has_trust: bool) -> ClientAuth {
        let (key, name) = ("ssl.client.auth", self.name("ssl.client.auth"));
        let value = self.config.get(&name).map_or("none", str::trim);
        let auth = match value {
            "none" => ClientAuth::None,
            "requested" => ClientAuth::Requested,
            "required" => ClientAuth::Required,
            other => {
                let why = "String must be one of: required, requested, none";
                self.error(key, invalid_value(&name, other, why));
                return ClientAuth::None;
            }
        };
        if auth != ClientAuth::None && !has_trust {
            let trust = self.keys.trust;
            let why = format!("it needs {trust} to say whose certificates count");
            self.error(key, invalid_value(&name, value, &why));
        }
        auth
    }

    fn protocols(&self, left_out: &mut Vec<String>) -> Vec<Protocol> {
        let key = "ssl.enabled.protocols";
        let Some(names) = self.list(key) else {
            return vec![Protocol::Tls12, Protocol::Tls13];
        };
        let mut protocols = Vec::new();
        for protocol in &names {
            match protocol.as_str() {
                "TLSv1.2" => protocols.push(Protocol::Tls12),
                "TLSv1.3" => protocols.push(Protocol::Tls13),
                other => left_out.push(format!("{}: {other}", self.name(key))),
            }
        }
        if protocols.is_empty() {
            let name = self.name(key);
            let why = "expected TLSv1.2 or TLSv1.3; older ones are not spoken";
            self.error(key, invalid_value(&name, &names.join(","), why));
        }
        protocols
    }
}
