//! [`Settings`]: the configuration of a converter, read. Pure.

use std::collections::BTreeMap;
use std::time::Duration;

use connect_api::config::{ConfigReader, ConfigType, Key, Password, invalid_value};
use connect_api::convert::ConverterType;
use key_stores::{Store, Tls};

use crate::keys;
use crate::subject::Strategy;
use crate::wire::SchemaId;

/// Everything but the format's own.
pub struct Settings {
    pub connection: Connection,
    pub part: ConverterType,
    pub strategy: Strategy,
    pub id_from: IdFrom,
    pub id_to: IdTo,
    pub newest: Newest,
    /// None: for ever.
    pub newest_ttl: Option<Duration>,
    pub write: Write,
    pub most_schemas: usize,
    pub most_missing: usize,
    pub missing_ttl: Duration,
    pub first_pause: Duration,
    pub longest_pause: Duration,
}

/// The way to the registry.
#[derive(Clone)]
pub struct Connection {
    /// At least one.
    pub urls: Vec<Url>,
    pub auth: Auth,
    pub tls: Tls,
    pub proxy: Option<(String, u16)>,
    pub headers: Vec<(String, String)>,
    pub connect_timeout: Duration,
    pub read_timeout: Duration,
}

#[derive(Clone)]
pub struct Url {
    /// Without credentials and without a slash at its end.
    pub base: String,
    pub credentials: Option<(String, Password)>,
}

#[derive(Clone)]
pub enum Auth {
    /// What stands in each address, if anything.
    OfUrl,
    Basic(String, Password),
    Bearer(Bearer),
}

#[derive(Clone)]
pub struct Bearer {
    /// One of both is there.
    pub token: Option<Password>,
    pub oauth: Option<OAuth>,
    pub logical_cluster: Option<String>,
    pub identity_pool: Option<String>,
}

#[derive(Clone)]
pub struct OAuth {
    pub endpoint: String,
    pub client_id: String,
    pub client_secret: Password,
    pub scope: Option<String>,
    /// How long before its end a token is replaced.
    pub buffer: Duration,
}

/// Where a record's schema id is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdFrom {
    HeaderOrPrefix,
    Prefix,
    Config(SchemaId),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdTo {
    Prefix,
    Header,
}

/// Which version takes the place of a record's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Newest {
    No,
    Version,
    WithMetadata(BTreeMap<String, String>),
}

/// How the schema to write under is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Write {
    pub auto_register: bool,
    pub normalize: bool,
    pub propagate_tags: bool,
    pub id: Option<i32>,
}

/// An unknown id is remembered so long at least: a topic full of them must not be a request for each batch.
const LEAST_MISSING: Duration = Duration::from_secs(10);

impl Settings {
    /// Reads every key. Errors stay in the reader.
    pub fn read(config: &ConfigReader<'_>, part: ConverterType) -> Self {
        for key in keys::INERT {
            config.get(&keys::inert_key(key));
        }
        for key in keys::REFUSED {
            config.get(&keys::refused_key(key));
        }
        let missing = config.get(&keys::MISSING_ID_TTL).max(0) as u64;
        let latest_ttl = config.get(&keys::LATEST_TTL);
        let positive = |n: i32| usize::try_from(n).unwrap_or(1).max(1);
        Self {
            connection: connection(config),
            part,
            strategy: strategy(config, part),
            id_from: id_from(config, part),
            id_to: id_to(config, part),
            newest: newest(config),
            newest_ttl: u64::try_from(latest_ttl).ok().map(Duration::from_secs),
            write: Write {
                auto_register: config.get(&keys::AUTO_REGISTER),
                normalize: config.get(&keys::NORMALIZE),
                propagate_tags: config.get(&keys::PROPAGATE_TAGS),
                id: Some(config.get(&keys::USE_ID)).filter(|id| *id >= 0),
            },
            most_schemas: positive(config.get(&keys::MAX_SCHEMAS)),
            most_missing: positive(config.get(&keys::MISSING_SIZE)),
            missing_ttl: Duration::from_secs(missing).max(LEAST_MISSING),
            first_pause: ms(of_client(config, &keys::RETRIES_WAIT)),
            longest_pause: ms(of_client(config, &keys::RETRIES_MAX_WAIT)),
        }
    }
}

fn ms(ms: i32) -> Duration {
    Duration::from_millis(u64::try_from(ms).unwrap_or(0))
}

/// A key of the client's, which may stand behind the registry's prefix.
fn of_client<T: ConfigType>(config: &ConfigReader<'_>, key: &Key<T>) -> T {
    let plain = config.get(key);
    let name = format!("{}{}", keys::PREFIX, key.name());
    let Some(text) = config.config().get(&name) else {
        return plain;
    };
    let parsed = T::TYPE.parse(text).and_then(|parsed| {
        let errors = key.info.check.map(|c| c.errors(&name, Some(&parsed)));
        match errors.unwrap_or_default().first() {
            Some(error) => {
                config.error(&name, error.clone());
                Ok(plain)
            }
            None => T::from_parsed(Some(parsed)),
        }
    });
    parsed.unwrap_or_else(|why| {
        config.error(&name, invalid_value(&name, text, &why));
        T::placeholder()
    })
}

fn connection(config: &ConfigReader<'_>) -> Connection {
    let urls = config.get(&keys::URL);
    let urls = urls.iter().filter_map(|text| match url(text) {
        Ok(url) => Some(url),
        Err(why) => {
            // The text may hold a password.
            let message = invalid_value(keys::URL.name(), &without_credentials(text), why);
            config.error(keys::URL.name(), message);
            None
        }
    });
    let host = of_client(config, &keys::PROXY_HOST);
    let port = of_client(config, &keys::PROXY_PORT);
    let proxy = match (host.as_str(), u16::try_from(port)) {
        ("", _) => None,
        (host, Ok(port)) if port > 0 => Some((host.to_owned(), port)),
        _ => {
            let why = "proxy.host is set, so it must be the proxy's port";
            let name = keys::PROXY_PORT.name();
            config.error(name, invalid_value(name, &port.to_string(), why));
            None
        }
    };
    Connection {
        urls: urls.collect(),
        auth: auth(config),
        tls: tls(config),
        proxy,
        headers: config.get_all(&keys::HEADERS),
        connect_timeout: ms(of_client(config, &keys::CONNECT_TIMEOUT)),
        read_timeout: ms(of_client(config, &keys::READ_TIMEOUT)),
    }
}

/// An address with its credentials apart.
fn url(text: &str) -> Result<Url, &'static str> {
    const WRONG: &str = "it must be http://host:port or https://host:port";
    if text.starts_with("mock:") {
        return Err("there is no registry inside of this process; give the address of one");
    }
    let (scheme, rest) = text.split_once("://").ok_or(WRONG)?;
    if scheme != "http" && scheme != "https" {
        return Err(WRONG);
    }
    let end = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let (credentials, host) = match authority.rsplit_once('@') {
        Some((credentials, host)) => (Some(credentials), host),
        None => (None, authority),
    };
    let is_odd = |c: char| c.is_whitespace() || matches!(c, '?' | '#' | '\\');
    if host.is_empty() || host.contains(is_odd) || path.contains(is_odd) {
        return Err(WRONG);
    }
    let credentials = credentials.map(|text| {
        let (user, password) = text.split_once(':').unwrap_or((text, ""));
        (decoded(user), Password::new(decoded(password)))
    });
    Ok(Url {
        base: format!("{scheme}://{host}{}", path.trim_end_matches('/')),
        credentials,
    })
}

/// `%40` is an `@`.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let hex = tail.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn without_credentials(url: &str) -> String {
    match (url.find("://"), url.rfind('@')) {
        (Some(scheme), Some(at)) if scheme < at => {
            format!("{}{}", &url[..scheme + 3], &url[at + 1..])
        }
        (None, Some(at)) => url[at + 1..].to_owned(),
        _ => url.to_owned(),
    }
}

fn auth(config: &ConfigReader<'_>) -> Auth {
    let basic = of_client(config, &keys::BASIC_SOURCE);
    let bearer = of_client(config, &keys::BEARER_SOURCE);
    // All are read, so that all are checked.
    let user_info = of_client(config, &keys::USER_INFO);
    // The older name is the newer one behind the prefix.
    config.get(&keys::OLD_USER_INFO);
    let jaas = of_client(config, &keys::JAAS);
    let parts = bearer_parts(config);
    let fail = |key: &str, why: &str| config.error(key, why);
    if let (Some(_), Some(_)) = (&basic, &bearer) {
        fail(
            keys::BEARER_SOURCE.name(),
            "Only one of 'basic.auth.credentials.source' and 'bearer.auth.credentials.source' may be specified",
        );
    }
    match (basic.as_deref(), bearer.as_deref()) {
        (Some("USER_INFO"), _) => match user_info.reveal().split_once(':') {
            Some((user, password)) => Auth::Basic(user.to_owned(), Password::new(password)),
            None => {
                fail(
                    keys::USER_INFO.name(),
                    "basic.auth.user.info must be user:password with basic.auth.credentials.source=USER_INFO",
                );
                Auth::OfUrl
            }
        },
        (Some("SASL_INHERIT"), _) => {
            let jaas = jaas.as_ref().map_or("", Password::reveal);
            match (option(jaas, "username"), option(jaas, "password")) {
                (Some(user), Some(password)) => Auth::Basic(user, Password::new(password)),
                _ => {
                    fail(
                        keys::JAAS.name(),
                        "sasl.jaas.config must hold username and password with basic.auth.credentials.source=SASL_INHERIT, behind the converter's prefix",
                    );
                    Auth::OfUrl
                }
            }
        }
        (_, Some(source)) => bearer_auth(config, source, parts),
        _ => Auth::OfUrl,
    }
}

/// What the keys of tokens hold.
struct BearerParts {
    token: Password,
    endpoint: Option<String>,
    client_id: Option<String>,
    client_secret: Option<Password>,
    scope: Option<String>,
    buffer: i16,
    logical_cluster: Option<String>,
    identity_pool: Option<String>,
}

fn bearer_parts(config: &ConfigReader<'_>) -> BearerParts {
    BearerParts {
        token: of_client(config, &keys::BEARER_TOKEN),
        endpoint: of_client(config, &keys::ISSUER),
        client_id: of_client(config, &keys::CLIENT_ID),
        client_secret: of_client(config, &keys::CLIENT_SECRET),
        scope: of_client(config, &keys::SCOPE),
        buffer: of_client(config, &keys::EXPIRY_BUFFER),
        logical_cluster: of_client(config, &keys::LOGICAL_CLUSTER),
        identity_pool: of_client(config, &keys::IDENTITY_POOL),
    }
}

fn bearer_auth(config: &ConfigReader<'_>, source: &str, parts: BearerParts) -> Auth {
    let missing = |key: &str| {
        let why = format!("{key} is needed with bearer.auth.credentials.source={source}");
        config.error(key, why);
    };
    let mut bearer = Bearer {
        token: None,
        oauth: None,
        logical_cluster: parts.logical_cluster,
        identity_pool: parts.identity_pool,
    };
    if source == "STATIC_TOKEN" {
        if parts.token.reveal().is_empty() {
            missing(keys::BEARER_TOKEN.name());
        }
        bearer.token = Some(parts.token);
        return Auth::Bearer(bearer);
    }
    match (parts.endpoint, parts.client_id, parts.client_secret) {
        (Some(endpoint), Some(client_id), Some(client_secret)) => {
            bearer.oauth = Some(OAuth {
                endpoint,
                client_id,
                client_secret,
                scope: parts.scope,
                buffer: Duration::from_secs(u64::try_from(parts.buffer).unwrap_or(0)),
            });
        }
        (endpoint, client_id, client_secret) => {
            let given = [
                (keys::ISSUER.name(), endpoint.is_some()),
                (keys::CLIENT_ID.name(), client_id.is_some()),
                (keys::CLIENT_SECRET.name(), client_secret.is_some()),
            ];
            for (key, _) in given.iter().filter(|(_, given)| !given) {
                missing(key);
            }
        }
    }
    Auth::Bearer(bearer)
}

/// An option of a JAAS line: `username="a" password='b c';`.
fn option(jaas: &str, name: &str) -> Option<String> {
    let mut rest = jaas;
    loop {
        let at = rest.find(name)?;
        let before = rest[..at].chars().next_back();
        let tail = rest[at + name.len()..].trim_start();
        rest = &rest[at + name.len()..];
        let Some(value) = tail.strip_prefix('=') else {
            continue;
        };
        if before.is_some_and(|c| !c.is_whitespace()) {
            continue;
        }
        let value = value.trim_start();
        return Some(match value.chars().next()? {
            quote @ ('"' | '\'') => {
                let inner = &value[1..];
                inner[..inner.find(quote)?].to_owned()
            }
            _ => {
                let end = value.find(|c: char| c.is_whitespace() || c == ';');
                value[..end.unwrap_or(value.len())].to_owned()
            }
        });
    }
}

fn tls(config: &ConfigReader<'_>) -> Tls {
    let reveal = |password: Option<Password>| password.map(|p| p.reveal().to_owned());
    let key_password = reveal(config.get(&keys::KEY_PASSWORD));
    let trust = StoreKeys {
        location: &keys::TRUST_LOCATION,
        type_: config.get(&keys::TRUST_TYPE),
        password: reveal(config.get(&keys::TRUST_PASSWORD)),
        inline: reveal(config.get(&keys::TRUST_PEM)).map(|pem| (keys::TRUST_PEM.name(), pem)),
    };
    let key = reveal(config.get(&keys::OWN_KEY));
    let chain = reveal(config.get(&keys::OWN_CHAIN));
    let own = match (key, chain) {
        (Some(key), Some(chain)) => Some((keys::OWN_KEY.name(), format!("{chain}\n{key}"))),
        (None, None) => None,
        (None, Some(_)) => {
            config.error(
                keys::OWN_KEY.name(),
                "schema.registry.ssl.keystore.key is needed with schema.registry.ssl.keystore.certificate.chain",
            );
            None
        }
        (Some(_), None) => {
            config.error(
                keys::OWN_CHAIN.name(),
                "schema.registry.ssl.keystore.certificate.chain is needed with schema.registry.ssl.keystore.key",
            );
            None
        }
    };
    let own = StoreKeys {
        location: &keys::OWN_LOCATION,
        type_: config.get(&keys::OWN_TYPE),
        password: reveal(config.get(&keys::OWN_PASSWORD)),
        inline: own,
    };
    Tls {
        trust: own_store(config, trust),
        identity: own_store(config, own),
        key_password,
    }
}

/// What the keys of one store hold.
struct StoreKeys<'a> {
    location: &'a Key<Option<String>>,
    type_: String,
    password: Option<String>,
    inline: Option<(&'static str, String)>,
}

fn own_store(config: &ConfigReader<'_>, store: StoreKeys<'_>) -> Option<Store> {
    let key = store.location.name();
    let path = config.get(store.location).filter(|path| !path.is_empty());
    match (path, store.inline) {
        (None, None) => None,
        (None, Some((key, pem))) => Some(Store::Inline { key, pem }),
        (Some(path), _) if store.type_.eq_ignore_ascii_case("PEM") => {
            Some(Store::Pem { key, path })
        }
        (Some(path), _) => Some(Store::Java {
            key,
            path,
            password: store.password,
        }),
    }
}

/// The key of the own part; that of the other one is read too, and not used.
fn of_part<'a>(
    part: ConverterType,
    key: &'a Key<String>,
    value: &'a Key<String>,
) -> (&'a Key<String>, &'a Key<String>) {
    match part {
        ConverterType::Key => (key, value),
        _ => (value, key),
    }
}

fn strategy(config: &ConfigReader<'_>, part: ConverterType) -> Strategy {
    let (own, other) = of_part(part, &keys::KEY_SUBJECT, &keys::VALUE_SUBJECT);
    config.get(other);
    let class = config.get(own);
    Strategy::from_class(&class).unwrap_or_else(|why| {
        config.error(own.name(), invalid_value(own.name(), &class, &why));
        Strategy::Topic
    })
}

const ID_PACKAGE: &str = "io.confluent.kafka.serializers.schema.id.";

fn id_from(config: &ConfigReader<'_>, part: ConverterType) -> IdFrom {
    let (own, other) = of_part(part, &keys::KEY_DESERIALIZER, &keys::VALUE_DESERIALIZER);
    config.get(other);
    let class = config.get(own);
    let (id, guid) = (config.get(&keys::USE_ID), config.get(&keys::USE_GUID));
    let guid = guid.and_then(|text| {
        let guid = SchemaId::from_guid_text(&text);
        if guid.is_none() {
            let name = keys::USE_GUID.name();
            config.error(name, invalid_value(name, &text, "it is no GUID"));
        }
        guid
    });
    match class.strip_prefix(ID_PACKAGE).unwrap_or(&class) {
        "DualSchemaIdDeserializer" => IdFrom::HeaderOrPrefix,
        "PrefixSchemaIdDeserializer" => IdFrom::Prefix,
        "ConfigSchemaIdDeserializer" if id >= 0 => IdFrom::Config(SchemaId::Id(id)),
        "ConfigSchemaIdDeserializer" => {
            if let Some(guid) = guid {
                return IdFrom::Config(guid);
            }
            let why = "use.schema.id or use.schema.guid is needed with ConfigSchemaIdDeserializer";
            config.error(own.name(), why);
            IdFrom::HeaderOrPrefix
        }
        _ => {
            let why = format!(
                "classes of Java cannot be loaded; {ID_PACKAGE}DualSchemaIdDeserializer, PrefixSchemaIdDeserializer and ConfigSchemaIdDeserializer are there"
            );
            config.error(own.name(), invalid_value(own.name(), &class, &why));
            IdFrom::HeaderOrPrefix
        }
    }
}

fn id_to(config: &ConfigReader<'_>, part: ConverterType) -> IdTo {
    let (own, other) = of_part(part, &keys::KEY_SERIALIZER, &keys::VALUE_SERIALIZER);
    config.get(other);
    let class = config.get(own);
    match class.strip_prefix(ID_PACKAGE).unwrap_or(&class) {
        "PrefixSchemaIdSerializer" => IdTo::Prefix,
        "HeaderSchemaIdSerializer" => IdTo::Header,
        _ => {
            let why = format!(
                "classes of Java cannot be loaded; {ID_PACKAGE}PrefixSchemaIdSerializer and HeaderSchemaIdSerializer are there"
            );
            config.error(own.name(), invalid_value(own.name(), &class, &why));
            IdTo::Prefix
        }
    }
}

fn newest(config: &ConfigReader<'_>) -> Newest {
    let is_newest = config.get(&keys::USE_LATEST);
    let Some(text) = config.get(&keys::USE_METADATA).filter(|t| !t.is_empty()) else {
        return match is_newest {
            true => Newest::Version,
            false => Newest::No,
        };
    };
    let mut properties = BTreeMap::new();
    for pair in text.split(',') {
        match pair.split_once('=') {
            Some((key, value)) if !key.trim().is_empty() => {
                properties.insert(key.trim().to_owned(), value.trim().to_owned());
            }
            _ => {
                let name = keys::USE_METADATA.name();
                let why = "it must be property=value, several separated by commas";
                config.error(name, invalid_value(name, &text, why));
            }
        }
    }
    Newest::WithMetadata(properties)
}
