//! TLS of HTTP clients, by rustls.

use std::sync::Arc;

use openssl::x509::X509;
use rustls_native_certs::load_native_certs;
use ureq::tls::{Certificate, ClientCert, PrivateKey, RootCerts, TlsConfig};

use super::Tls;

/// The stores as the HTTP client takes them; reads them.
///
/// # Errors
/// One cannot be read.
pub fn tls_config(tls: &Tls) -> Result<TlsConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = TlsConfig::builder()
        .unversioned_rustls_crypto_provider(provider)
        .root_certs(RootCerts::Specific(Arc::new(trusted(tls)?)))
        .client_cert(own(tls)?);
    Ok(config.build())
}

fn trusted(tls: &Tls) -> Result<Vec<Certificate<'static>>, String> {
    let Some(store) = &tls.trust else {
        let found = load_native_certs().certs;
        let certificate = |der: &_| Certificate::from_der(AsRef::as_ref(der)).to_owned();
        return Ok(found.iter().map(certificate).collect());
    };
    let certificates = super::trusted(store).map_err(|e| e.to_string())?;
    certificates.iter().map(certificate).collect()
}

fn own(tls: &Tls) -> Result<Option<ClientCert>, String> {
    let Some(store) = &tls.identity else {
        return Ok(None);
    };
    let identity = super::own(store, tls.key_password.as_deref());
    let (chain, key) = identity.map_err(|e| e.to_string())?;
    let chain: Result<Vec<_>, String> = chain.iter().map(certificate).collect();
    let key = key.private_key_to_pem_pkcs8().map_err(|e| e.to_string())?;
    let key = PrivateKey::from_pem(&key).map_err(|e| e.to_string())?;
    Ok(Some(ClientCert::new_with_certs(&chain?, key)))
}

fn certificate(certificate: &X509) -> Result<Certificate<'static>, String> {
    let der = certificate.to_der().map_err(|e| e.to_string())?;
    Ok(Certificate::from_der(&der).to_owned())
}
