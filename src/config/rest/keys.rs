//! The keys of the REST API.

use connect_api::config::{ConfigDef, Importance, Key, PrefixKey};

pub const LISTENERS: Key<Vec<String>> = Key::new(
    "listeners",
    "http://:8083",
    Importance::Low,
    "Where the REST API listens: http://host:port or https://host:port, separated by commas. No host is all \
     interfaces, port 0 a free one.",
);

pub const ADMIN_LISTENERS: Key<Option<String>> = Key::optional(
    "admin.listeners",
    Importance::Low,
    "Where /admin is answered, as in listeners. Not set: at those of the API; empty: nowhere.",
);

pub const ADVERTISED_HOST: Key<Option<String>> = Key::optional(
    "rest.advertised.host.name",
    Importance::Low,
    "Host that others reach this worker under; part of worker_id.",
);

pub const ADVERTISED_PORT: Key<Option<i32>> = Key::optional(
    "rest.advertised.port",
    Importance::Low,
    "Port that others reach this worker under; part of worker_id.",
);

pub const ADVERTISED_LISTENER: Key<Option<String>> = Key::optional(
    "rest.advertised.listener",
    Importance::Low,
    "Scheme that others reach this worker with, http or https: whose listener gives host and port of worker_id.",
);

pub const ALLOW_ORIGIN: Key<String> = Key::new(
    "access.control.allow.origin",
    "",
    Importance::Low,
    "Origins whose pages may call the API from a browser, separated by commas: regular expressions for the whole \
     origin, or * for any. Empty: those of the API alone.",
);

pub const ALLOW_METHODS: Key<String> = Key::new(
    "access.control.allow.methods",
    "",
    Importance::Low,
    "Methods that pages of other origins may use, separated by commas. Empty: GET, POST and HEAD.",
);

pub const RESPONSE_HEADERS: Key<String> = Key::new(
    "response.http.headers.config",
    "",
    Importance::Low,
    "Headers of every answer, as rules `[action] [name]:[value]` separated by commas; one with a comma in it stands in \
     double quotes. Actions are set, add, setDate and addDate; the latter two give milliseconds from now.",
);

pub const EXTENSIONS: Key<Vec<String>> = Key::new(
    "rest.extension.classes",
    "",
    Importance::Low,
    "Extensions of the API. One is built in: \
     org.apache.kafka.connect.rest.basic.auth.extension.BasicAuthSecurityRestExtension.",
);

pub const BASIC_AUTH_FILE: Key<Option<String>> = Key::optional(
    "rest.basic.auth.file",
    Importance::Low,
    "File with a line user=password for each user of BasicAuthSecurityRestExtension; then no JAAS file is needed. \
     Turnbuckle's own.",
);

pub const MAX_CONNECTIONS: Key<i32> = Key::new(
    "rest.connections.max",
    "256",
    Importance::Low,
    "How many connections listeners take together, and admin.listeners as many again; more are turned away with 503. \
     Turnbuckle's own.",
)
.at_least(1);

pub const IDLE_TIMEOUT: Key<i64> = Key::new(
    "rest.idle.timeout.ms",
    "30000",
    Importance::Low,
    "How many milliseconds a client may take for the head of a request, for its body, for TLS to begin, to take more \
     of an answer, and between two requests. Turnbuckle's own.",
)
.at_least(1);

pub const MAX_BODY_BYTES: Key<i32> = Key::new(
    "rest.body.max.bytes",
    "8388608",
    Importance::Low,
    "How many bytes the body of a request may have. Turnbuckle's own.",
)
.at_least(1);

const HTTPS_KEYS: PrefixKey<String> = PrefixKey::new(
    "listeners.https.",
    "ssl.<key>",
    "TLS of https listeners. If there is none of these, the worker's ssl.<key> count.",
);
const ADMIN_HTTPS_KEYS: PrefixKey<String> = PrefixKey::new(
    "admin.listeners.https.",
    "ssl.<key>",
    "TLS of https listeners in admin.listeners. If there is none of these, the worker's ssl.<key> count.",
);

/// All of them, in the order of the documentation.
pub fn define(def: ConfigDef) -> ConfigDef {
    def.define(&LISTENERS)
        .define(&ADMIN_LISTENERS)
        .define(&ADVERTISED_HOST)
        .define(&ADVERTISED_PORT)
        .define(&ADVERTISED_LISTENER)
        .define(&ALLOW_ORIGIN)
        .define(&ALLOW_METHODS)
        .define(&RESPONSE_HEADERS)
        .define(&EXTENSIONS)
        .define(&BASIC_AUTH_FILE)
        .define(&MAX_CONNECTIONS)
        .define(&IDLE_TIMEOUT)
        .define(&MAX_BODY_BYTES)
}

/// Those with an open tail.
pub fn define_families(def: ConfigDef) -> ConfigDef {
    def.define_family(&HTTPS_KEYS)
        .define_family(&ADMIN_HTTPS_KEYS)
}
