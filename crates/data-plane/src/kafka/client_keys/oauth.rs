//! SASL OAUTHBEARER: where the tokens come from.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use connect_api::config::{Config, invalid_value};
use serde_json::{Map, Value};

use super::jaas::Jaas;
use super::security::{JAAS, given, stores};
use super::{Draft, NoteKind, Role};
use crate::kafka::logins::{Endpoint, Refresh, Source, TokenLogin};
use key_stores::Tls;

/// Classes that take part in a login.
pub(super) const CLASSES: [&str; 3] = [
    "sasl.login.callback.handler.class",
    "sasl.client.callback.handler.class",
    "sasl.login.class",
];

const URL: &str = "sasl.oauthbearer.token.endpoint.url";
const RETRIEVER: &str = "sasl.oauthbearer.jwt.retriever.class";
const PACKAGE: &str = "org.apache.kafka.common.security.oauthbearer.";
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const READ_TIMEOUT: Duration = Duration::from_secs(30);

pub(super) fn translate(draft: &mut Draft<'_>, jaas: &Jaas) {
    let handled = has_handler(draft);
    let (Some(source), extensions) = (match handled {
        true => (source(draft, jaas), jaas.with_prefix("extension_")),
        false => (
            unsecured(draft, jaas),
            jaas.with_prefix("unsecuredLoginExtension_"),
        ),
    }) else {
        return;
    };
    let principal = match handled {
        true => draft.text("sasl.oauthbearer.sub.claim.name"),
        false => jaas
            .option("unsecuredLoginPrincipalClaimName")
            .unwrap_or("sub"),
    };
    let principal_claim = principal.to_owned();
    let seconds = |draft: &mut Draft<'_>, key: &str| {
        Duration::from_secs(draft.number(key).max(0).unsigned_abs())
    };
    let millis = |draft: &mut Draft<'_>, key: &str| {
        Duration::from_millis(draft.number(key).max(0).unsigned_abs())
    };
    draft.login = Some(Arc::new(TokenLogin {
        source,
        extensions,
        refresh: Refresh {
            factor: draft.decimal("sasl.login.refresh.window.factor"),
            jitter: draft.decimal("sasl.login.refresh.window.jitter"),
            least: seconds(draft, "sasl.login.refresh.min.period.seconds"),
            buffer: seconds(draft, "sasl.login.refresh.buffer.seconds"),
        },
        backoff: (
            millis(draft, "sasl.login.retry.backoff.ms"),
            millis(draft, "sasl.login.retry.backoff.max.ms"),
        ),
        principal_claim,
    }));
}

/// Whether Java would ask an endpoint or a file; without its handler it makes unsecured tokens.
fn has_handler(draft: &mut Draft<'_>) -> bool {
    for key in CLASSES {
        let Some(class) = given(draft, key).map(|c| c.trim().to_owned()) else {
            continue;
        };
        let known = match key {
            "sasl.login.callback.handler.class" => class
                .strip_prefix(PACKAGE)
                // Where it was before Kafka 3.4.
                .map(|name| name.strip_prefix("secured.").unwrap_or(name))
                .is_some_and(|name| name == "OAuthBearerLoginCallbackHandler"),
            _ => false,
        };
        if !known {
            let why = format!(
                "classes of the JVM are not available; remove it, or for tokens of an endpoint set sasl.login.callback.handler.class to {PACKAGE}OAuthBearerLoginCallbackHandler"
            );
            draft.error(key, invalid_value(key, &class, &why));
        }
    }
    given(draft, CLASSES[0]).is_some()
}

fn source(draft: &mut Draft<'_>, jaas: &Jaas) -> Option<Source> {
    assertions_are_refused(draft);
    let class = draft.text(RETRIEVER).to_owned();
    let file = match class.strip_prefix(PACKAGE).unwrap_or(&class) {
        "DefaultJwtRetriever" => None,
        "ClientCredentialsJwtRetriever" => Some(false),
        "FileJwtRetriever" => Some(true),
        _ => {
            let why = "it must be the DefaultJwtRetriever, ClientCredentialsJwtRetriever or FileJwtRetriever of Kafka";
            draft.error(RETRIEVER, invalid_value(RETRIEVER, &class, why));
            return None;
        }
    };
    let url = draft.text(URL).to_owned();
    if url.is_empty() {
        draft.missing(URL);
        return None;
    }
    match (url.split_once("://").map(|(scheme, _)| scheme), file) {
        (Some("file"), None | Some(true)) => {
            let path = url.trim_start_matches("file://");
            Some(Source::File(path.to_owned()))
        }
        (Some("http" | "https"), None | Some(false)) => endpoint(draft, jaas, url),
        _ => {
            let why = "it must begin with https://, http:// or, for a token in a file, file:///";
            draft.error(URL, invalid_value(URL, &url, why));
            None
        }
    }
}

fn endpoint(draft: &mut Draft<'_>, jaas: &Jaas, url: String) -> Option<Source> {
    let client_id = key_or_option(
        draft,
        jaas,
        "sasl.oauthbearer.client.credentials.client.id",
        "clientId",
    );
    let client_secret = key_or_option(
        draft,
        jaas,
        "sasl.oauthbearer.client.credentials.client.secret",
        "clientSecret",
    );
    let scope = key_or_option(draft, jaas, "sasl.oauthbearer.scope", "scope");
    let timeout =
        |draft: &mut Draft<'_>, key: &str, default: Duration| match given(draft, key).is_some() {
            true => Duration::from_millis(draft.number(key).max(1).unsigned_abs()),
            false => default,
        };
    let (Some(client_id), Some(client_secret)) = (client_id, client_secret) else {
        let text = "sasl.jaas.config must give clientId and clientSecret, or sasl.oauthbearer.client.credentials.client.id and …client.secret must be set";
        draft.error(JAAS, text.to_owned());
        return None;
    };
    Some(Source::Endpoint(Box::new(Endpoint {
        url,
        client_id,
        client_secret,
        scope,
        urlencode: draft.flag("sasl.oauthbearer.header.urlencode"),
        connect_timeout: timeout(draft, "sasl.login.connect.timeout.ms", CONNECT_TIMEOUT),
        read_timeout: timeout(draft, "sasl.login.read.timeout.ms", READ_TIMEOUT),
        tls: tls(draft, jaas),
        agent: OnceLock::new(),
    })))
}

/// The key wins over the login's option, as in Java.
fn key_or_option(
    draft: &Draft<'_>,
    jaas: &Jaas,
    key: &'static str,
    option: &str,
) -> Option<String> {
    let found = given(draft, key).or(jaas.option(option));
    found.filter(|v| !v.is_empty()).map(str::to_owned)
}

/// TLS to the endpoint: Java looks for `ssl.` keys among the login's options, not among the client's.
fn tls(draft: &mut Draft<'_>, jaas: &Jaas) -> Tls {
    let options = jaas.options().iter();
    let config: Config = options
        .filter(|(name, _)| name.starts_with("ssl."))
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let mut inner = Draft::new(Role::Admin, &config);
    let tls = stores(&mut inner);
    for error in inner.errors {
        let text = format!(
            "Invalid value [hidden] for configuration sasl.jaas.config: {}",
            error.message
        );
        draft.error(JAAS, text);
    }
    tls
}

/// Logins by a signed assertion instead of a secret.
fn assertions_are_refused(draft: &mut Draft<'_>) {
    for key in [
        "sasl.oauthbearer.assertion.file",
        "sasl.oauthbearer.assertion.private.key.file",
        "sasl.oauthbearer.assertion.claim.iss",
    ] {
        if given(draft, key).is_some() {
            let text = format!(
                "Configuration {key} is refused: logins by assertion are not supported; give client id and client secret"
            );
            draft.error(key, text);
        }
    }
}

/// A token that says what the login's options say, for brokers without any security.
fn unsecured(draft: &mut Draft<'_>, jaas: &Jaas) -> Option<Source> {
    let mut claims = Map::new();
    for (name, value) in jaas.with_prefix("unsecuredLoginStringClaim_") {
        claims.insert(name, Value::from(value));
    }
    for (name, value) in jaas.with_prefix("unsecuredLoginNumberClaim_") {
        let Ok(number) = value.parse::<f64>() else {
            let text = "Invalid value [hidden] for configuration sasl.jaas.config: an unsecuredLoginNumberClaim_ is no number";
            draft.error(JAAS, text.to_owned());
            return None;
        };
        claims.insert(name, Value::from(number));
    }
    for (name, value) in jaas.with_prefix("unsecuredLoginListClaim_") {
        // Its first character stands between its parts.
        let mut parts = value.chars();
        let list: Vec<_> = match parts.next() {
            Some(between) => parts.as_str().split(between).map(Value::from).collect(),
            None => Vec::new(),
        };
        claims.insert(name, Value::from(list));
    }
    let principal = jaas
        .option("unsecuredLoginPrincipalClaimName")
        .unwrap_or("sub");
    if !claims.contains_key(principal) {
        let text = format!(
            "set sasl.login.callback.handler.class to {PACKAGE}OAuthBearerLoginCallbackHandler for tokens of {URL}; without it tokens are unsecured, for tests, and sasl.jaas.config must give unsecuredLoginStringClaim_{principal}"
        );
        draft.error("sasl.login.callback.handler.class", text);
        return None;
    }
    let seconds = jaas.option("unsecuredLoginLifetimeSeconds");
    let seconds = seconds.and_then(|s| s.parse().ok()).unwrap_or(3600);
    draft.note(
        "sasl.jaas.config",
        NoteKind::Adjusted,
        "tokens are unsecured: any broker that takes them lets anybody in",
    );
    Some(Source::Unsecured {
        claims,
        lifetime: Duration::from_secs(seconds),
    })
}
