//! The definition of the sink's configuration: its keys, their checks and the rules between them.
//!
//! The names, defaults and messages are those of the JVM connector, because configurations and the tools around them
//! are to work unchanged; [`settings`](crate::settings) makes typed values of them. Nothing here does I/O but
//! the check of certificate files, which looks at the file system as the original does.

mod keys;

use std::path::Path;

use connect_api::config::{
    Config, ConfigDef, ConfigError, ConfigType, Key, KeyDefault, Parsed, invalid_value,
};

pub use keys::*;

use crate::duration;
use crate::uri;

/// The definition, in the original's order.
pub fn config_def() -> ConfigDef {
    ConfigDef::new()
        .define(&URI)
        .define(&DATABASE)
        .define(&AUTH_TYPE)
        .define(&USERNAME)
        .define(&PASSWORD)
        .define(&REALM)
        .define(&KERBEROS_TICKET)
        .define(&BEARER_TOKEN)
        .define(&CUSTOM_SCHEME)
        .define(&CUSTOM_PRINCIPAL)
        .define(&CUSTOM_CREDENTIALS)
        .define(&CUSTOM_REALM)
        .define(&ENCRYPTED)
        .define(&TRUST)
        .define(&HOSTNAME_VERIFICATION)
        .define(&CERT_FILES)
        .define(&CONNECTION_TIMEOUT)
        .define(&POOL_SIZE)
        .define(&POOL_ACQUISITION)
        .define(&POOL_LIFETIME)
        .define(&POOL_IDLE_TEST)
        .define(&MAX_RETRY_TIME)
        .define(&CDC_SOURCE_ID_TOPICS)
        .define(&CDC_SCHEMA_TOPICS)
        .define(&CUD_TOPICS)
        .define(&BATCH_SIZE)
        .define(&BATCH_TIMEOUT)
        .define(&EOS_OFFSET_LABEL)
        .define(&MAX_BATCHED_QUERIES)
        .define(&CDC_LABEL)
        .define(&CDC_PROPERTY)
        .define(&BIND_TIMESTAMP)
        .define(&BIND_HEADER)
        .define(&BIND_KEY)
        .define(&BIND_VALUE)
        .define(&BIND_VALUE_AS_EVENT)
        .define(&PATTERN_TIMESTAMP)
        .define(&PATTERN_HEADER)
        .define(&PATTERN_KEY)
        .define(&PATTERN_VALUE)
        .define(&MERGE_NODE_PROPERTIES)
        .define(&MERGE_RELATIONSHIP_PROPERTIES)
        .define_family(&CYPHER_TOPIC)
        .define_family(&PATTERN_TOPIC)
        .rule(credentials_given)
        .rule(something_bound)
        .rule(crate::legacy::refused)
}

const ON_AUTH: &[&str] = &["neo4j.authentication.type"];
const AUTH_TYPES: &[&str] = &["NONE", "BASIC", "KERBEROS", "BEARER", "CUSTOM"];
const BOOLEANS: &[&str] = &["true", "false"];
const TRUST_STRATEGIES: &[&str] = &[
    "TRUST_ALL_CERTIFICATES",
    "TRUST_CUSTOM_CA_SIGNED_CERTIFICATES",
    "TRUST_SYSTEM_CA_SIGNED_CERTIFICATES",
];

fn texts(items: &[&str]) -> Vec<String> {
    items.iter().map(|&item| item.to_owned()).collect()
}

/// The text of a key, or its default.
fn text<'a>(config: &'a Config, key: &'a Key<impl ConfigType>) -> &'a str {
    match (config.get(key.name()), key.info.default) {
        (Some(given), _) => given.trim(),
        (None, KeyDefault::Text(default)) => default,
        (None, _) => "",
    }
}

fn auth_is(config: &Config, type_: &str) -> bool {
    text(config, &AUTH_TYPE) == type_
}

fn has_plain_scheme(config: &Config) -> bool {
    config.contains(URI.name())
        && text(config, &URI).split(',').all(|item| {
            let scheme = item.trim().split(':').next();
            matches!(scheme, Some("bolt" | "neo4j"))
        })
}

fn has_source_id_topics(config: &Config) -> bool {
    !text(config, &CDC_SOURCE_ID_TOPICS).is_empty()
}

fn credentials_given(config: &Config) -> Vec<ConfigError> {
    let required: &[&str] = match text(config, &AUTH_TYPE) {
        "BASIC" => &[USERNAME.name(), PASSWORD.name()],
        "KERBEROS" => &[KERBEROS_TICKET.name()],
        "BEARER" => &[BEARER_TOKEN.name()],
        "CUSTOM" => &[
            CUSTOM_SCHEME.name(),
            CUSTOM_PRINCIPAL.name(),
            CUSTOM_CREDENTIALS.name(),
        ],
        _ => &[],
    };
    required
        .iter()
        .filter(|key| config.get(key).unwrap_or_default().trim().is_empty())
        .map(|&key| ConfigError {
            key: key.to_owned(),
            message: format!("Invalid value for configuration {key}: Must not be blank."),
        })
        .collect()
}

fn something_bound(config: &Config) -> Vec<ConfigError> {
    let names = [&BIND_TIMESTAMP, &BIND_HEADER, &BIND_KEY, &BIND_VALUE];
    let bound = text(config, &BIND_VALUE_AS_EVENT) != "false"
        || names.iter().any(|key| !text(config, key).is_empty());
    if bound {
        return Vec::new();
    }
    names
        .iter()
        .chain([&&BIND_VALUE_AS_EVENT])
        .map(|key| ConfigError {
            key: key.name().to_owned(),
            message: "At least one variable binding must be specified for Cypher strategies."
                .to_owned(),
        })
        .collect()
}

fn check_uris(key: &str, value: Option<&Parsed>) -> Vec<String> {
    let why = match value {
        Some(Parsed::List(items)) if items.is_empty() => Some(("[]", "Must not be empty.".into())),
        Some(Parsed::List(items)) => items
            .iter()
            .find_map(|item| uri::wrong(item).map(|why| (item.as_str(), why))),
        _ => Some(("null", "Must be a String or a List.".into())),
    };
    why.map(|(shown, why)| invalid_value(key, shown, &why))
        .into_iter()
        .collect()
}

fn check_one_of(key: &str, value: Option<&Parsed>, legal: &[&str]) -> Vec<String> {
    let given = match value {
        Some(Parsed::Text(given)) => given.as_str(),
        _ => "null",
    };
    if legal.contains(&given) {
        return Vec::new();
    }
    let quoted: Vec<String> = legal.iter().map(|item| format!("'{item}'")).collect();
    let why = format!("Must be one of: {}.", quoted.join(", "));
    vec![invalid_value(key, given, &why)]
}

fn check_auth_type(key: &str, value: Option<&Parsed>) -> Vec<String> {
    check_one_of(key, value, AUTH_TYPES)
}

fn check_boolean(key: &str, value: Option<&Parsed>) -> Vec<String> {
    check_one_of(key, value, BOOLEANS)
}

fn check_trust(key: &str, value: Option<&Parsed>) -> Vec<String> {
    check_one_of(key, value, TRUST_STRATEGIES)
}

/// The original asks only whether the text contains a duration somewhere and fails later; this asks for the whole.
fn check_duration(key: &str, value: Option<&Parsed>) -> Vec<String> {
    match value {
        Some(Parsed::Text(given)) if duration::parse(given).is_some() => Vec::new(),
        Some(Parsed::Text(given)) => vec![invalid_value(key, given, duration::PATTERN)],
        _ => vec![invalid_value(key, "null", duration::PATTERN)],
    }
}

fn check_duration_or_blank(key: &str, value: Option<&Parsed>) -> Vec<String> {
    match value {
        Some(Parsed::Text(given)) if given.is_empty() => Vec::new(),
        other => check_duration(key, other),
    }
}

/// Only the first wrong entry is reported, as in the original.
fn check_cert_files(key: &str, value: Option<&Parsed>) -> Vec<String> {
    let Some(Parsed::List(items)) = value else {
        return Vec::new();
    };
    items
        .iter()
        .filter(|item| !item.is_empty())
        .find_map(|item| {
            let path = Path::new(item);
            let why = if !path.is_absolute() {
                "Must be an absolute path."
            } else if !path.is_file() {
                "Must be a file."
            } else if std::fs::File::open(path).is_err() {
                "Must be readable."
            } else {
                return None;
            };
            Some(invalid_value(key, item, why))
        })
        .into_iter()
        .collect()
}
