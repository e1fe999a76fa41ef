//! Trust and key stores of Java: for librdkafka as PEM, for HTTP clients as rustls takes them.
//!
//! [`Tls`] says which ones; it is made from configuration keys without a look at any file. [`load`] and
//! `http_client::tls_config` read them when a client is made. Every error names the key to correct and never shows a password.
//!
//! Java finds out by itself which of its two formats a file has, whatever the type says, and so does this.

#[cfg(feature = "http-client")]
pub mod http_client;
mod jks;
mod pem;
mod pkcs12;

use std::fs;

use connect_api::ConnectError;
use openssl::pkey::{PKey, Private};
use openssl::x509::X509;

/// The certificates and keys of a client.
#[derive(Clone, Default)]
pub struct Tls {
    /// None: those of the system.
    pub trust: Option<Store>,
    /// The client's own certificate; none: it shows none.
    pub identity: Option<Store>,
    /// Of the own key, if it has one of its own.
    pub key_password: Option<String>,
}

/// Where certificates are.
#[derive(Clone)]
pub enum Store {
    /// PEM in the configuration itself.
    Inline { key: &'static str, pem: String },
    /// A PEM file.
    Pem { key: &'static str, path: String },
    /// A JKS or PKCS12 file.
    Java {
        key: &'static str,
        path: String,
        password: Option<String>,
    },
}

/// A certificate with its key, and the certificates that vouch for it, in order.
struct Identity {
    key: PKey<Private>,
    certificate: X509,
    others: Vec<X509>,
}

impl Store {
    /// The configuration key that names it.
    fn key(&self) -> &'static str {
        match self {
            Store::Inline { key, .. } | Store::Pem { key, .. } | Store::Java { key, .. } => key,
        }
    }

    /// The same key with another ending, `ssl.truststore.password` for `ssl.truststore.location`.
    fn sibling(&self, ending: &str) -> String {
        let stem = self.key().strip_suffix("location").unwrap_or(self.key());
        format!("{stem}{ending}")
    }

    fn is_own(&self) -> bool {
        self.key().contains("ssl.keystore")
    }
}

/// The settings of librdkafka that stand for these stores.
///
/// # Errors
/// `Config`: a file cannot be read, its password is wrong, it is not what its type says.
pub fn load(tls: &Tls) -> Result<Vec<(&'static str, String)>, ConnectError> {
    let mut settings = Vec::new();
    if let Some(store) = &tls.trust {
        let certificates = trusted(store)?;
        settings.push(("ssl.ca.pem", pem::certificates(&certificates)));
    }
    if let Some(store) = &tls.identity {
        let (chain, key) = own(store, tls.key_password.as_deref())?;
        settings.push(("ssl.certificate.pem", pem::certificates(&chain)));
        let key = key.private_key_to_pem_pkcs8();
        let key = key.map_err(|e| wrong(store, &format!("its key cannot be used: {e}")))?;
        settings.push(("ssl.key.pem", String::from_utf8_lossy(&key).into_owned()));
    }
    Ok(settings)
}

/// OpenSSL's name of a cipher suite of TLS 1.2; none if it has no such.
pub fn cipher(name: &str) -> Option<&'static str> {
    let found = openssl::ssl::cipher_name(name);
    (found != "(NONE)").then_some(found)
}

fn wrong(store: &Store, why: &str) -> ConnectError {
    let key = store.key();
    match store {
        Store::Inline { .. } => ConnectError::config(format!("{key}: {why}")),
        Store::Pem { path, .. } | Store::Java { path, .. } => {
            ConnectError::config(format!("{key}={path}: {why}"))
        }
    }
}

/// The certificates that a store says to trust.
///
/// # Errors
/// `Config`, as [`load`].
pub fn trusted(store: &Store) -> Result<Vec<X509>, ConnectError> {
    read_trust(store).map_err(|why| wrong(store, &why))
}

/// A certificate with those that vouch for it, and its key.
///
/// # Errors
/// `Config`, as [`load`].
pub fn own(
    store: &Store,
    key_password: Option<&str>,
) -> Result<(Vec<X509>, PKey<Private>), ConnectError> {
    let identity = read_identity(store, key_password).map_err(|why| wrong(store, &why))?;
    let chain = [vec![identity.certificate], identity.others].concat();
    Ok((chain, identity.key))
}

fn read_trust(store: &Store) -> Result<Vec<X509>, String> {
    let certificates = match store {
        Store::Inline { pem, .. } => pem::read_certificates(pem.as_bytes())?,
        Store::Pem { path, .. } => pem::read_certificates(&file(path)?)?,
        Store::Java { path, password, .. } => {
            let bytes = file(path)?;
            match format(&bytes) {
                Format::Jks => {
                    jks::trusted(&bytes, password.as_deref()).map_err(|why| advise(store, why))?
                }
                Format::Pkcs12 => pkcs12::trusted(&bytes, password.as_deref())
                    .map_err(|why| advise(store, why))?,
                Format::Pem => return Err(is_pem(store)),
                Format::Unknown => return Err(UNKNOWN.to_owned()),
            }
        }
    };
    match certificates.is_empty() {
        true => Err("it holds no certificate to trust".to_owned()),
        false => Ok(certificates),
    }
}

fn read_identity(store: &Store, key_password: Option<&str>) -> Result<Identity, String> {
    match store {
        Store::Inline { pem, .. } => pem::read_identity(pem.as_bytes(), key_password),
        Store::Pem { path, .. } => pem::read_identity(&file(path)?, key_password),
        Store::Java { path, password, .. } => {
            let bytes = file(path)?;
            match format(&bytes) {
                Format::Jks => jks::identity(&bytes, password.as_deref(), key_password)
                    .map_err(|why| advise(store, why)),
                Format::Pkcs12 => pkcs12::identity(&bytes, password.as_deref(), key_password)
                    .map_err(|why| advise(store, why)),
                Format::Pem => Err(is_pem(store)),
                Format::Unknown => Err(UNKNOWN.to_owned()),
            }
        }
    }
}

const UNKNOWN: &str = "it is neither a JKS nor a PKCS12 file";

fn is_pem(store: &Store) -> String {
    format!("it is a PEM file: set {}=PEM", store.sibling("type"))
}

/// What is wrong with a file of Java's.
#[derive(Debug, PartialEq, Eq)]
enum Fault {
    /// Not given, or not the one that the file was made with.
    Password,
    /// That of the key in it.
    KeyPassword,
    /// Encrypted in a way this OpenSSL has no more.
    Outdated,
    Broken(String),
}

fn advise(store: &Store, fault: Fault) -> String {
    let Store::Java { path, password, .. } = store else {
        return "it cannot be read".to_owned();
    };
    let key = store.sibling("password");
    match fault {
        Fault::Password if password.is_none() => format!("{key} is missing"),
        Fault::KeyPassword => {
            let prefix = store.key().split("ssl.keystore").next();
            let prefix = prefix.unwrap_or_default();
            format!(
                "{prefix}ssl.key.password is wrong or missing: the key in it has a password of its own"
            )
        }
        Fault::Password if store.is_own() => format!(
            "{key} is wrong, or the password of the key (ssl.key.password) is another one: a PKCS12 file has one password for both, only a JKS file may have two"
        ),
        Fault::Password => format!("{key} is wrong"),
        Fault::Outdated => format!(
            "it is encrypted with RC2 or triple DES, as Java wrote it before 8u301, and OpenSSL's legacy provider is not installed. Write it anew with `keytool -importkeystore -srckeystore {path} -destkeystore {path}.new -deststoretype PKCS12` of Java 17"
        ),
        Fault::Broken(why) => format!("it cannot be read: {why}"),
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Format {
    Jks,
    Pkcs12,
    Pem,
    Unknown,
}

fn format(bytes: &[u8]) -> Format {
    match bytes {
        [0xfe, 0xed, 0xfe, 0xed, ..] => Format::Jks,
        // An ASN.1 SEQUENCE.
        [0x30, ..] => Format::Pkcs12,
        _ if bytes.windows(11).any(|w| w == b"-----BEGIN ") => Format::Pem,
        _ => Format::Unknown,
    }
}

fn file(path: &str) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|e| format!("it cannot be read: {e}"))
}

/// The certificates that vouch for this one, as far as they are among these, each before the one that vouches for it.
fn in_order(certificate: &X509, mut others: Vec<X509>) -> Vec<X509> {
    let mut chain: Vec<X509> = Vec::new();
    loop {
        let last = chain.last().unwrap_or(certificate);
        let vouches = |c: &X509| c.issued(last) == openssl::x509::X509VerifyResult::OK;
        let Some(next) = others.iter().position(vouches) else {
            return chain;
        };
        chain.push(others.remove(next));
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
