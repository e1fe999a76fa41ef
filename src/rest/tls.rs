//! TLS of https listeners, by rustls: what the configuration says, with the files read.

use std::sync::Arc;

use key_stores::Store;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::server::danger::ClientCertVerifier;
use tokio_rustls::rustls::{
    RootCertStore, ServerConfig, SupportedCipherSuite, SupportedProtocolVersion, version,
};
use tracing::warn;

use crate::config::rest::{ClientAuth, Protocol, TlsSettings};

/// Reads keys and certificates.
///
/// # Errors
/// What cannot be read or used, with its key and file.
pub fn acceptor(settings: &TlsSettings) -> Result<TlsAcceptor, String> {
    let provider = Arc::new(provider(settings)?);
    let Some(store) = &settings.stores.identity else {
        return Err("an https listener needs ssl.keystore.location".to_owned());
    };
    let (chain, key) = own(store, settings)?;
    let verifier = verifier(settings, &provider)?;
    let builder = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&versions(settings))
        .map_err(|e| format!("ssl.cipher.suites and ssl.enabled.protocols: {e}"))?;
    let builder = match verifier {
        Some(verifier) => builder.with_client_cert_verifier(verifier),
        None => builder.with_no_client_auth(),
    };
    let config = builder.with_single_cert(chain, key);
    let mut config =
        config.map_err(|e| format!("{}: the certificate cannot be used: {e}", place(store)))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn provider(settings: &TlsSettings) -> Result<CryptoProvider, String> {
    let mut provider = ring::default_provider();
    let mut left_out = settings.left_out.clone();
    if let Some(wanted) = &settings.ciphers {
        let known: Vec<String> = provider.cipher_suites.iter().map(java_name).collect();
        provider
            .cipher_suites
            .retain(|suite| wanted.contains(&java_name(suite)));
        let unknown = wanted.iter().filter(|name| !known.contains(name));
        left_out.extend(unknown.map(|name| format!("ssl.cipher.suites: {name}")));
        if provider.cipher_suites.is_empty() {
            return Err(format!(
                "ssl.cipher.suites={}: none of these is offered here; there are {}",
                wanted.join(","),
                known.join(", ")
            ));
        }
    }
    if !left_out.is_empty() {
        warn!(
            settings = left_out.join(", "),
            "https listeners do not offer these, they are left out"
        );
    }
    Ok(provider)
}

/// The registered name, which Java uses.
fn java_name(suite: &SupportedCipherSuite) -> String {
    let name = suite.suite().as_str().unwrap_or_default();
    name.replace("TLS13_", "TLS_")
}

fn versions(settings: &TlsSettings) -> Vec<&'static SupportedProtocolVersion> {
    let version = |protocol: &Protocol| match protocol {
        Protocol::Tls12 => &version::TLS12,
        Protocol::Tls13 => &version::TLS13,
    };
    settings.protocols.iter().map(version).collect()
}

type Own = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn own(store: &Store, settings: &TlsSettings) -> Result<Own, String> {
    let identity = key_stores::own(store, settings.stores.key_password.as_deref());
    let (chain, key) = identity.map_err(|e| e.to_string())?;
    let failed = |e: &dyn std::fmt::Display| format!("{}: {e}", place(store));
    let mut certificates = Vec::new();
    for certificate in &chain {
        certificates.push(certificate.to_der().map_err(|e| failed(&e))?.into());
    }
    let key = key.private_key_to_pkcs8().map_err(|e| failed(&e))?;
    Ok((certificates, PrivatePkcs8KeyDer::from(key).into()))
}

fn verifier(
    settings: &TlsSettings,
    provider: &Arc<CryptoProvider>,
) -> Result<Option<Arc<dyn ClientCertVerifier>>, String> {
    let (ClientAuth::Requested | ClientAuth::Required, Some(store)) =
        (settings.client_auth, &settings.stores.trust)
    else {
        return Ok(None);
    };
    let failed = |e: &dyn std::fmt::Display| {
        format!(
            "{}: one of its certificates cannot be trusted: {e}",
            place(store)
        )
    };
    let mut roots = RootCertStore::empty();
    for certificate in key_stores::trusted(store).map_err(|e| e.to_string())? {
        let der = certificate.to_der().map_err(|e| failed(&e))?;
        roots.add(der.into()).map_err(|e| failed(&e))?;
    }
    let builder =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider));
    let builder = match settings.client_auth {
        ClientAuth::Required => builder,
        _ => builder.allow_unauthenticated(),
    };
    builder.build().map(Some).map_err(|e| failed(&e))
}

/// Key and file of a store.
fn place(store: &Store) -> String {
    match store {
        Store::Inline { key, .. } => (*key).to_owned(),
        Store::Pem { key, path } | Store::Java { key, path, .. } => format!("{key}={path}"),
    }
}
