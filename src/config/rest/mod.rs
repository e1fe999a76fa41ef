//! [`RestConfig`]: the keys of the REST API, typed and complete.

mod cors;
mod headers;
pub mod keys;
mod listener;
pub mod tls;

use std::time::Duration;

use connect_api::config::{Config, ConfigReader, invalid_value};

pub use self::cors::Cors;
pub use self::headers::{Action, HeaderRule, RuleValue};
pub use self::listener::{Advertised, Listener, Scheme};
pub use self::tls::{ClientAuth, Protocol, TlsSettings};

use self::cors::CorsError;
use self::keys::{
    ADMIN_LISTENERS, ADVERTISED_HOST, ADVERTISED_LISTENER, ADVERTISED_PORT, ALLOW_METHODS,
    ALLOW_ORIGIN, BASIC_AUTH_FILE, EXTENSIONS, IDLE_TIMEOUT, LISTENERS, MAX_BODY_BYTES,
    MAX_CONNECTIONS, RESPONSE_HEADERS,
};
use super::connector::millis;

/// The one extension that is built in.
const BASIC_AUTH: &str =
    "org.apache.kafka.connect.rest.basic.auth.extension.BasicAuthSecurityRestExtension";

/// Where the API listens and what guards it.
#[derive(Clone, Debug)]
pub struct RestConfig {
    /// Never empty.
    pub listeners: Vec<Listener>,
    pub admin: Admin,
    pub advertised: Advertised,
    /// Of https listeners; there if there is one.
    pub tls: Option<TlsSettings>,
    /// Of those for `/admin` alone.
    pub admin_tls: Option<TlsSettings>,
    pub cors: Option<Cors>,
    pub headers: Vec<HeaderRule>,
    pub basic_auth: Option<BasicAuth>,
    pub limits: Limits,
}

/// Where `/admin` is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admin {
    /// Where the rest is.
    Shared,
    Off,
    /// There and nowhere else, and nothing else there.
    Own(Vec<Listener>),
}

/// Users with passwords.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BasicAuth {
    /// None: the JAAS file says which.
    pub file: Option<String>,
}

/// What clients may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub connections: usize,
    pub idle: Duration,
    pub body_bytes: usize,
}

impl RestConfig {
    /// Notes what is wrong with the reader.
    pub(super) fn parse(reader: &ConfigReader<'_>, config: &Config) -> Self {
        let listeners = listeners(reader);
        let admin = admin(reader);
        let is_https = |listeners: &[Listener]| listeners.iter().any(|l| l.scheme == Scheme::Https);
        let tls = match is_https(&listeners) {
            true => tls::of_listeners(reader, config),
            false => None,
        };
        let admin_tls = match &admin {
            Admin::Own(listeners) if is_https(listeners) => tls::of_admin(reader, config),
            _ => None,
        };
        Self {
            advertised: advertised(reader, &listeners),
            listeners,
            admin,
            tls,
            admin_tls,
            cors: cors(reader),
            headers: headers(reader),
            basic_auth: basic_auth(reader),
            limits: Limits {
                connections: size(reader.get(&MAX_CONNECTIONS)),
                idle: millis(reader.get(&IDLE_TIMEOUT)),
                body_bytes: size(reader.get(&MAX_BODY_BYTES)),
            },
        }
    }
}

/// Checked to be above zero.
fn size(value: i32) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}

fn listeners(reader: &ConfigReader<'_>) -> Vec<Listener> {
    let key = LISTENERS.name();
    let texts = reader.get(&LISTENERS);
    if texts.iter().all(|text| text.is_empty()) {
        reader.error(
            key,
            "Invalid value for listeners, at least one URL is expected, ex: http://localhost:8080,https://localhost:8443.",
        );
        return Vec::new();
    }
    let empty = "Empty URL found when parsing listeners list.";
    parse_listeners(reader, key, &texts, empty)
}

fn admin(reader: &ConfigReader<'_>) -> Admin {
    let key = ADMIN_LISTENERS.name();
    let Some(text) = reader.get(&ADMIN_LISTENERS) else {
        return Admin::Shared;
    };
    if text.trim().is_empty() {
        return Admin::Off;
    }
    let texts: Vec<String> = text.split(',').map(|t| t.trim().to_owned()).collect();
    let empty = "Configuration 'admin.listeners' values must not be empty.";
    Admin::Own(parse_listeners(reader, key, &texts, empty))
}

fn parse_listeners(
    reader: &ConfigReader<'_>,
    key: &str,
    texts: &[String],
    empty: &str,
) -> Vec<Listener> {
    let mut listeners = Vec::new();
    for text in texts {
        match Listener::parse(text) {
            Ok(listener) => listeners.push(listener),
            Err(_) if text.is_empty() => reader.error(key, empty),
            Err(why) => reader.error(key, invalid_value(key, text, &why)),
        }
    }
    listeners
}

fn advertised(reader: &ConfigReader<'_>, listeners: &[Listener]) -> Advertised {
    let port = reader.get(&ADVERTISED_PORT).and_then(|port| {
        let valid = u16::try_from(port).ok();
        if valid.is_none() {
            let why = "Value must be a port from 1 to 65535";
            let name = ADVERTISED_PORT.name();
            reader.error(name, invalid_value(name, &port.to_string(), why));
        }
        valid
    });
    // Plain http before https, whatever comes first in the list.
    let has_http = listeners.iter().any(|l| l.scheme == Scheme::Http);
    let default = if has_http {
        Scheme::Http
    } else {
        Scheme::Https
    };
    let given = reader.get(&ADVERTISED_LISTENER).filter(|s| !s.is_empty());
    let scheme = match given {
        None => default,
        Some(text) => Scheme::parse(&text).unwrap_or_else(|| {
            let name = ADVERTISED_LISTENER.name();
            reader.error(name, invalid_value(name, &text, "expected http or https"));
            default
        }),
    };
    Advertised {
        scheme,
        host: reader.get(&ADVERTISED_HOST).filter(|host| !host.is_empty()),
        port: port.filter(|&port| port > 0),
    }
}

fn cors(reader: &ConfigReader<'_>) -> Option<Cors> {
    let (origins, methods) = (reader.get(&ALLOW_ORIGIN), reader.get(&ALLOW_METHODS));
    Cors::parse(&origins, &methods).unwrap_or_else(|error| {
        let (key, value, why) = match &error {
            CorsError::Origin(why) => (ALLOW_ORIGIN.name(), &origins, why),
            CorsError::Method(why) => (ALLOW_METHODS.name(), &methods, why),
        };
        reader.error(key, invalid_value(key, value, why));
        None
    })
}

fn headers(reader: &ConfigReader<'_>) -> Vec<HeaderRule> {
    let text = reader.get(&RESPONSE_HEADERS);
    HeaderRule::parse_all(&text).unwrap_or_else(|why| {
        reader.error(RESPONSE_HEADERS.name(), why);
        Vec::new()
    })
}

/// Simple names are aliases, as of other plugins.
fn is_basic_auth(class: &str) -> bool {
    class == BASIC_AUTH || BASIC_AUTH.rsplit('.').next() == Some(class)
}

/// Whether a list of extensions names one that is not built in.
pub fn names_unknown_extension(classes: &str) -> bool {
    let mut classes = classes.split(',').map(str::trim).filter(|c| !c.is_empty());
    classes.any(|class| !is_basic_auth(class))
}

fn basic_auth(reader: &ConfigReader<'_>) -> Option<BasicAuth> {
    let file = reader.get(&BASIC_AUTH_FILE).filter(|file| !file.is_empty());
    let is_on = reader
        .get(&EXTENSIONS)
        .iter()
        .any(|class| is_basic_auth(class));
    if !is_on && let Some(file) = &file {
        let name = BASIC_AUTH_FILE.name();
        let why = format!(
            "nobody is asked for a password without {}={BASIC_AUTH}",
            EXTENSIONS.name()
        );
        reader.error(name, invalid_value(name, file, &why));
    }
    is_on.then_some(BasicAuth { file })
}

#[cfg(test)]
mod tests;
