//! `security.protocol`, `sasl.*` and `ssl.*`: only what the protocol uses is looked at, as in Java.

use connect_api::config::invalid_value;

use super::jaas::Jaas;
use super::{Draft, NoteKind, oauth};
use key_stores::{Store, Tls};

pub(super) fn translate(draft: &mut Draft<'_>) {
    let protocol = draft.text("security.protocol").to_uppercase();
    let native = match protocol.as_str() {
        "PLAINTEXT" => "plaintext",
        "SSL" => "ssl",
        "SASL_PLAINTEXT" => "sasl_plaintext",
        "SASL_SSL" => "sasl_ssl",
        other => {
            let why = "String must be one of (case insensitive): PLAINTEXT, SASL_PLAINTEXT, SASL_SSL, SSL";
            draft.error(
                "security.protocol",
                invalid_value("security.protocol", other, why),
            );
            return;
        }
    };
    draft.set("security.protocol", native);
    if protocol.starts_with("SASL") {
        sasl(draft);
    }
    if protocol.ends_with("SSL") {
        ssl(draft);
    }
}

fn sasl(draft: &mut Draft<'_>) {
    let mechanism = draft.text("sasl.mechanism").to_owned();
    let by_token = mechanism == "OAUTHBEARER";
    if !by_token {
        note_token_keys(draft, &mechanism);
    }
    match mechanism.as_str() {
        "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512" | "OAUTHBEARER" => {}
        "GSSAPI" | "AWS_MSK_IAM" => {
            let given = match draft.config.contains("sasl.mechanism") {
                true => "",
                false => " (the default)",
            };
            let instead = match mechanism.as_str() {
                "GSSAPI" => {
                    "there is no Kerberos in this program: use a listener with PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER and give the login in sasl.jaas.config"
                }
                _ => {
                    "requests are not signed for AWS: use the cluster's SCRAM-SHA-512 listener with a user in Secrets Manager, or its TLS listener with a client certificate (ssl.keystore.*)"
                }
            };
            let why = format!("{mechanism}{given} is not supported, {instead}");
            let key = "sasl.mechanism";
            return draft.error(key, invalid_value(key, &mechanism, &why));
        }
        other => {
            let key = "sasl.mechanism";
            let why = "it must be PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER";
            return draft.error(key, invalid_value(key, other, why));
        }
    }
    draft.set("sasl.mechanism", mechanism);
    let Some(jaas) = draft.config.get(JAAS) else {
        let text = "sasl.jaas.config is missing: security.protocol needs a login; set it to '<login module> required username=\"…\" password=\"…\";' (with OAUTHBEARER clientId and clientSecret)";
        return draft.error(JAAS, text.to_owned());
    };
    // The value is a secret and never shown.
    let hidden = |why| format!("Invalid value [hidden] for configuration sasl.jaas.config: {why}");
    let jaas = match Jaas::parse(jaas) {
        Ok(jaas) => jaas,
        Err(why) => return draft.error(JAAS, hidden(why)),
    };
    if by_token {
        return oauth::translate(draft, &jaas);
    }
    match jaas.login() {
        Ok((user, password)) => {
            draft.set("sasl.username", user);
            draft.set("sasl.password", password);
        }
        Err(why) => draft.error(JAAS, hidden(why)),
    }
}

pub(super) const JAAS: &str = "sasl.jaas.config";

/// What only OAUTHBEARER has: classes that would take part in another login are refused, the rest is inert.
fn note_token_keys(draft: &mut Draft<'_>, mechanism: &str) {
    let keys: Vec<_> = draft.config.iter().map(|(key, _)| key.to_owned()).collect();
    for key in keys {
        if given(draft, &key).is_none() {
            continue;
        }
        if oauth::CLASSES.contains(&key.as_str()) {
            let text = format!(
                "Configuration {key} is refused: it names a class of the JVM that would take part in the login by {mechanism}; remove it and give the login in sasl.jaas.config"
            );
            draft.error(&key, text);
        } else if key.starts_with("sasl.oauthbearer.") || key.starts_with("sasl.login.") {
            draft.note(&key, NoteKind::Inert, "sasl.mechanism is not OAUTHBEARER");
        }
    }
}

fn ssl(draft: &mut Draft<'_>) {
    protocols_and_ciphers(draft);
    draft.tls = stores(draft);
    let algorithm = draft
        .text("ssl.endpoint.identification.algorithm")
        .to_lowercase();
    match algorithm.as_str() {
        "https" => draft.set("ssl.endpoint.identification.algorithm", "https"),
        "" => draft.set("ssl.endpoint.identification.algorithm", "none"),
        other => {
            let key = "ssl.endpoint.identification.algorithm";
            draft.error(key, invalid_value(key, other, "it must be https or empty"));
        }
    }
}

/// The trust and key stores that the configuration names.
pub(super) fn stores(draft: &mut Draft<'_>) -> Tls {
    Tls {
        trust: trust(draft),
        identity: identity(draft),
        key_password: given(draft, "ssl.key.password").map(str::to_owned),
    }
}

/// A list that offers TLS 1.2 and no suites for it: with OpenSSL nothing is left of TLS 1.2 then.
const NO_SUITES: &str = "PSK";

/// librdkafka offers TLS 1.2 and 1.3; which suites of TLS 1.2, can be said.
fn protocols_and_ciphers(draft: &mut Draft<'_>) {
    let key = "ssl.enabled.protocols";
    let protocols = draft.text(key).to_owned();
    let has = |version: &str| protocols.split(',').any(|p| p.trim() == version);
    let known = ["TLSv1.2", "TLSv1.3", "TLSv1.1", "TLSv1"];
    if !protocols.split(',').all(|p| known.contains(&p.trim())) {
        let why = "it must be a list of TLSv1.2 and TLSv1.3";
        return draft.error(key, invalid_value(key, &protocols, why));
    }
    match (has("TLSv1.2"), has("TLSv1.3")) {
        (false, false) => {
            let why = "TLS 1.0 and 1.1 are not offered; it must name TLSv1.2 or TLSv1.3";
            return draft.error(key, invalid_value(key, &protocols, why));
        }
        (false, true) => return draft.set("ssl.cipher.suites", NO_SUITES),
        (true, false) => {
            let reason = "TLS 1.3 is used where the broker has it";
            draft.note(key, NoteKind::Adjusted, reason);
        }
        (true, true) if has("TLSv1.1") || has("TLSv1") => {
            let reason = "only TLS 1.2 and 1.3 are offered";
            draft.note(key, NoteKind::Adjusted, reason);
        }
        (true, true) => {}
    }
    ciphers(draft);
}

fn ciphers(draft: &mut Draft<'_>) {
    let key = "ssl.cipher.suites";
    let Some(suites) = given(draft, key).map(str::to_owned) else {
        return;
    };
    let mut names = Vec::new();
    let mut newer = false;
    for suite in suites.split(',').map(str::trim).filter(|s| !s.is_empty()) {
        // Those of TLS 1.3 name no key exchange.
        if suite.starts_with("TLS_") && !suite.contains("_WITH_") {
            newer = true;
            continue;
        }
        match key_stores::cipher(suite) {
            Some(name) => names.push(name),
            None => {
                let why = format!("{suite} is unknown to OpenSSL");
                return draft.error(key, invalid_value(key, &suites, &why));
            }
        }
    }
    if names.is_empty() {
        names.push(NO_SUITES);
    }
    if newer {
        let reason = "the suites of TLS 1.3 cannot be chosen, all of them are offered";
        draft.note(key, NoteKind::Adjusted, reason);
    }
    draft.set(key, names.join(":"));
}

fn trust(draft: &mut Draft<'_>) -> Option<Store> {
    let (inline, location) = ("ssl.truststore.certificates", "ssl.truststore.location");
    let certificates = given(draft, inline).map(str::to_owned);
    let path = given(draft, location).map(str::to_owned);
    if certificates.is_none() && path.is_none() {
        // The system's certificates, as the JVM's own in Java.
        return None;
    }
    let is_pem = is_pem(draft, "ssl.truststore.type", certificates.is_some())?;
    let password = password(draft, "ssl.truststore.password", is_pem);
    match (certificates, path) {
        (Some(_), Some(_)) => {
            let text = format!("{inline} and {location} exclude each other");
            draft.error(inline, text);
            None
        }
        (Some(pem), None) => Some(Store::Inline { key: inline, pem }),
        (None, path) => Some(file(location, path?, is_pem, password)),
    }
}

fn identity(draft: &mut Draft<'_>) -> Option<Store> {
    let (inline, location) = ("ssl.keystore.key", "ssl.keystore.location");
    let path = given(draft, location).map(str::to_owned);
    let key = given(draft, inline).map(str::to_owned);
    let chain = given(draft, "ssl.keystore.certificate.chain").map(str::to_owned);
    if path.is_none() && key.is_none() && chain.is_none() {
        return None;
    }
    let is_pem = is_pem(draft, "ssl.keystore.type", key.is_some())?;
    let password = password(draft, "ssl.keystore.password", is_pem);
    match (path, key, chain) {
        (None, Some(key), Some(chain)) => Some(Store::Inline {
            key: inline,
            pem: format!("{key}\n{chain}"),
        }),
        (Some(path), None, None) => Some(file(location, path, is_pem, password)),
        _ => {
            let text = "set either ssl.keystore.location, or both ssl.keystore.key and ssl.keystore.certificate.chain";
            draft.error(inline, text.to_owned());
            None
        }
    }
}

fn file(key: &'static str, path: String, is_pem: bool, password: Option<String>) -> Store {
    match is_pem {
        true => Store::Pem { key, path },
        false => Store::Java {
            key,
            path,
            password,
        },
    }
}

fn password(draft: &mut Draft<'_>, key: &str, is_pem: bool) -> Option<String> {
    let password = given(draft, key).map(str::to_owned);
    if is_pem && password.is_some() {
        let reason = "PEM has no password; that of a key is ssl.key.password";
        draft.note(key, NoteKind::Inert, reason);
    }
    password
}

/// Whether a store is PEM; none if its type is wrong, which is noted.
fn is_pem(draft: &mut Draft<'_>, key: &str, inline: bool) -> Option<bool> {
    let kind = draft.text(key).to_owned();
    let why = match kind.to_uppercase().as_str() {
        "PEM" => return Some(true),
        "JKS" | "PKCS12" if !inline => return Some(false),
        "JKS" | "PKCS12" => {
            "certificates and keys can stand in the configuration as PEM only; set it to PEM"
        }
        _ => "it must be JKS, PKCS12 or PEM",
    };
    draft.error(key, invalid_value(key, &kind, why));
    None
}

/// A value that is there and not blank.
pub(super) fn given<'a>(draft: &Draft<'a>, key: &str) -> Option<&'a str> {
    draft.config.get(key).filter(|v| !v.trim().is_empty())
}
