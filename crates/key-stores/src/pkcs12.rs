//! PKCS12, read by OpenSSL. What Java wrote before 8u301 is encrypted with RC2 and needs OpenSSL's legacy provider,
//! which is loaded the first time it is wanted.

use std::ffi::CString;
use std::sync::OnceLock;

use openssl::error::ErrorStack;
use openssl::pkcs12::{ParsedPkcs12_2, Pkcs12};
use openssl::provider::Provider;
use openssl::x509::X509;

use super::{Fault, Identity, in_order};

pub(super) fn trusted(bytes: &[u8], password: Option<&str>) -> Result<Vec<X509>, Fault> {
    let parsed = parse(bytes, password.unwrap_or_default())?;
    let others = parsed.ca.into_iter().flatten();
    Ok(parsed.cert.into_iter().chain(others).collect())
}

pub(super) fn identity(
    bytes: &[u8],
    password: Option<&str>,
    key_password: Option<&str>,
) -> Result<Identity, Fault> {
    let password = password.unwrap_or_default();
    if key_password.is_some_and(|key| key != password) {
        return Err(Fault::Password);
    }
    let parsed = parse(bytes, password)?;
    let (Some(key), Some(certificate)) = (parsed.pkey, parsed.cert) else {
        let why = "it holds no key with its certificate";
        return Err(Fault::Broken(why.to_owned()));
    };
    let others = parsed.ca.into_iter().flatten().collect();
    let others = in_order(&certificate, others);
    Ok(Identity {
        key,
        certificate,
        others,
    })
}

fn parse(bytes: &[u8], password: &str) -> Result<ParsedPkcs12_2, Fault> {
    let broken = |e: ErrorStack| Fault::Broken(reason(&e));
    let archive = Pkcs12::from_der(bytes).map_err(broken)?;
    // The library cannot take a zero byte, and Java's tools write none.
    if CString::new(password).is_err() {
        return Err(Fault::Password);
    }
    let error = match archive.parse2(password) {
        Ok(parsed) => return Ok(parsed),
        Err(error) => error,
    };
    if !says(&error, "unsupported") {
        return Err(fault(&error));
    }
    if !legacy() {
        return Err(Fault::Outdated);
    }
    archive.parse2(password).map_err(|e| fault(&e))
}

fn fault(error: &ErrorStack) -> Fault {
    if says(error, "mac verify failure") || says(error, "bad decrypt") {
        return Fault::Password;
    }
    match says(error, "unsupported") {
        true => Fault::Outdated,
        false => Fault::Broken(reason(error)),
    }
}

fn says(error: &ErrorStack, what: &str) -> bool {
    error
        .errors()
        .iter()
        .any(|e| e.reason().is_some_and(|r| r.contains(what)))
}

fn reason(error: &ErrorStack) -> String {
    let reasons: Vec<_> = error.errors().iter().filter_map(|e| e.reason()).collect();
    match reasons.is_empty() {
        true => "it is no PKCS12 file".to_owned(),
        false => reasons.join(", "),
    }
}

/// Whether the legacy provider is there; it then stays for the life of the process.
fn legacy() -> bool {
    static LEGACY: OnceLock<Option<Provider>> = OnceLock::new();
    let load = || Provider::try_load(None, "legacy", true).ok();
    LEGACY.get_or_init(load).is_some()
}
