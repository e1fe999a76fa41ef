//! The keys of every converter here that are not a format's own: the registry, how to reach it, ids, subjects.
//!
//! Each is honoured, without effect for a reason, or refused. The page's tables derive from here.

use connect_api::config::{
    Check, ConfigDef, Importance, Key, Parsed, Password, PrefixKey, invalid_value,
};

use Importance::{High, Low, Medium};

pub const URL: Key<Vec<String>> = Key::required(
    "schema.registry.url",
    High,
    "Addresses of the schema registry, separated by commas; the next one is asked when one does not answer. \
     A user and a password may stand in them: `https://user:password@host`.",
)
.check(Check::NonEmptyList);

pub const MAX_SCHEMAS: Key<i32> = Key::new(
    "max.schemas.per.subject",
    "1000",
    Low,
    "How many schemas are kept, by id.",
)
.at_least(1);

// How a record's id is read.

pub const KEY_DESERIALIZER: Key<String> = id_deserializer("key.schema.id.deserializer");
pub const VALUE_DESERIALIZER: Key<String> = id_deserializer("value.schema.id.deserializer");

const fn id_deserializer(name: &'static str) -> Key<String> {
    Key::new(
        name,
        "io.confluent.kafka.serializers.schema.id.DualSchemaIdDeserializer",
        Medium,
        "Where the id of the schema stands: `DualSchemaIdDeserializer` (in the header `__key_schema_id` or \
         `__value_schema_id`, else before the payload), `PrefixSchemaIdDeserializer` (before the payload), or \
         `ConfigSchemaIdDeserializer` (nowhere: it is `use.schema.id` or `use.schema.guid`). That of the other part \
         has no effect.",
    )
}

pub const KEY_SERIALIZER: Key<String> = id_serializer("key.schema.id.serializer");
pub const VALUE_SERIALIZER: Key<String> = id_serializer("value.schema.id.serializer");

const fn id_serializer(name: &'static str) -> Key<String> {
    Key::new(
        name,
        "io.confluent.kafka.serializers.schema.id.PrefixSchemaIdSerializer",
        Medium,
        "Writing: where the id goes, `PrefixSchemaIdSerializer` or `HeaderSchemaIdSerializer` (a GUID in a header).",
    )
}

pub const USE_ID: Key<i32> = Key::new(
    "use.schema.id",
    "-1",
    Low,
    "The id under which to write; with `ConfigSchemaIdDeserializer`, the one under which records were written.",
);
pub const USE_GUID: Key<Option<String>> = Key::optional(
    "use.schema.guid",
    Low,
    "With `ConfigSchemaIdDeserializer`, the GUID of the schema under which records were written.",
);

// Subjects.

pub const KEY_SUBJECT: Key<String> = subject("key.subject.name.strategy");
pub const VALUE_SUBJECT: Key<String> = subject("value.subject.name.strategy");

const fn subject(name: &'static str) -> Key<String> {
    Key::new(
        name,
        "io.confluent.kafka.serializers.subject.TopicNameStrategy",
        Medium,
        "How the subject is named in which a schema's version is looked up: `TopicNameStrategy` (topic and `-key` or \
         `-value`), `RecordNameStrategy` (the record type) or `TopicRecordNameStrategy` (both). It must be the one \
         that the producers use. That of the other part has no effect.",
    )
}

pub const USE_LATEST: Key<bool> = Key::new(
    "use.latest.version",
    "false",
    Low,
    "Whether the newest version in the subject takes the place of the record's own schema: what was written under \
     another version is read as the newest one has it.",
);
pub const USE_METADATA: Key<Option<String>> = Key::optional(
    "use.latest.with.metadata",
    Low,
    "As `use.latest.version`, with the newest version whose metadata has these properties: `application.version=v1`.",
);
pub const LATEST_TTL: Key<i32> = Key::new(
    "latest.cache.ttl.sec",
    "-1",
    Low,
    "How long the newest version of a subject counts as such, in seconds; -1: as long as the task runs.",
);

// Writing.

pub const AUTO_REGISTER: Key<bool> = Key::new(
    "auto.register.schemas",
    "true",
    Medium,
    "Writing: whether schemas that the registry does not have are registered.",
);
pub const NORMALIZE: Key<bool> = Key::new(
    "normalize.schemas",
    "false",
    Medium,
    "Writing: whether the registry brings schemas into its normal form before it compares them.",
);
pub const PROPAGATE_TAGS: Key<bool> = Key::new(
    "propagate.schema.tags",
    "false",
    Low,
    "Writing: whether a schema that is registered takes over the tags of the version before.",
);

// The way to the registry.

pub const CONNECT_TIMEOUT: Key<i32> = Key::new(
    "http.connect.timeout.ms",
    "60000",
    Low,
    "How long a connection to the registry may take.",
)
.at_least(1);
pub const READ_TIMEOUT: Key<i32> = Key::new(
    "http.read.timeout.ms",
    "60000",
    Low,
    "How long the registry may take for an answer.",
)
.at_least(1);
pub const RETRIES_WAIT: Key<i32> = Key::new(
    "retries.wait.ms",
    "1000",
    Low,
    "The first pause before a registry that is away is asked again; each further one is twice as long.",
)
.at_least(1);
pub const RETRIES_MAX_WAIT: Key<i32> = Key::new(
    "retries.max.wait.ms",
    "20000",
    Low,
    "The longest pause, unless the registry asks for a longer one (`Retry-After`).",
)
.at_least(1);
pub const PROXY_HOST: Key<String> = Key::new(
    "proxy.host",
    "",
    Low,
    "A proxy on the way to the registry; it is asked to CONNECT.",
);
pub const PROXY_PORT: Key<i32> = Key::new("proxy.port", "-1", Low, "The proxy's port.");
pub const HEADERS: PrefixKey<String> = PrefixKey::new(
    "request.header.",
    "<name>",
    "A header that goes with every request to the registry.",
);
/// Any key of the client's may stand behind it.
pub const PREFIX: &str = "schema.registry.";
pub const PREFIXED: PrefixKey<String> = PrefixKey::new(
    PREFIX,
    "<key>",
    "The keys of the way to the registry and of its credentials may stand behind this prefix too, and count first then.",
);

// What is not known is remembered.

pub const MISSING_SIZE: Key<i32> = Key::new(
    "missing.cache.size",
    "10000",
    Low,
    "How many unknown ids are remembered.",
)
.at_least(1);
pub const MISSING_ID_TTL: Key<i64> = Key::new(
    "missing.id.cache.ttl.sec",
    "0",
    Low,
    "For how many seconds an id that the registry does not know is not asked for again; ten at least.",
)
.at_least(0);

// Credentials.

pub const BASIC_SOURCE: Key<Option<String>> = Key::optional(
    "basic.auth.credentials.source",
    Medium,
    "Where user and password are: `URL` (as without this key), `USER_INFO` (`basic.auth.user.info`) or `SASL_INHERIT` \
     (`sasl.jaas.config`).",
)
.check(Check::Custom(|key, value| {
    one_of(key, value, &["URL", "USER_INFO", "SASL_INHERIT"])
}));
pub const USER_INFO: Key<Password> = Key::new(
    "basic.auth.user.info",
    "",
    Medium,
    "User and password, `user:password`, with `basic.auth.credentials.source=USER_INFO`.",
);
pub const OLD_USER_INFO: Key<Password> = Key::new(
    "schema.registry.basic.auth.user.info",
    "",
    Medium,
    "The older name of `basic.auth.user.info`.",
);
pub const JAAS: Key<Option<Password>> = Key::optional(
    "sasl.jaas.config",
    Medium,
    "Holds user and password with `basic.auth.credentials.source=SASL_INHERIT`. It must stand here too: what the Kafka \
     clients have is not seen by converters.",
);
pub const BEARER_SOURCE: Key<Option<String>> = Key::optional(
    "bearer.auth.credentials.source",
    Medium,
    "Where a token comes from: `STATIC_TOKEN` (`bearer.auth.token`) or `OAUTHBEARER` (asked of \
     `bearer.auth.issuer.endpoint.url` with client credentials).",
)
.check(Check::Custom(bearer_source));
pub const BEARER_TOKEN: Key<Password> = Key::new(
    "bearer.auth.token",
    "",
    Medium,
    "The token of `bearer.auth.credentials.source=STATIC_TOKEN`.",
);
pub const ISSUER: Key<Option<String>> = Key::optional(
    "bearer.auth.issuer.endpoint.url",
    Medium,
    "The address that gives tokens, with `OAUTHBEARER`.",
);
pub const CLIENT_ID: Key<Option<String>> =
    Key::optional("bearer.auth.client.id", Medium, "The client's name there.");
pub const CLIENT_SECRET: Key<Option<Password>> = Key::optional(
    "bearer.auth.client.secret",
    Medium,
    "The client's secret there.",
);
pub const SCOPE: Key<Option<String>> =
    Key::optional("bearer.auth.scope", Medium, "The scope to ask for.");
pub const EXPIRY_BUFFER: Key<i16> = Key::new(
    "bearer.auth.cache.expiry.buffer.seconds",
    "300",
    Low,
    "How long before its end a token is replaced.",
)
.check(Check::Between(0, 3600));
pub const LOGICAL_CLUSTER: Key<Option<String>> = Key::optional(
    "bearer.auth.logical.cluster",
    Medium,
    "Sent as the header `target-sr-cluster` with a token.",
);
pub const IDENTITY_POOL: Key<Option<String>> = Key::optional(
    "bearer.auth.identity.pool.id",
    Medium,
    "Sent as the header `Confluent-Identity-Pool-Id` with a token.",
);

// TLS.

pub const TRUST_TYPE: Key<String> = Key::new(
    "schema.registry.ssl.truststore.type",
    "JKS",
    Medium,
    "`JKS`, `PKCS12` or `PEM`.",
);
pub const TRUST_LOCATION: Key<Option<String>> = Key::optional(
    "schema.registry.ssl.truststore.location",
    High,
    "A file with the certificates that are trusted; without it, those of the system.",
);
pub const TRUST_PASSWORD: Key<Option<Password>> = Key::optional(
    "schema.registry.ssl.truststore.password",
    High,
    "That file's password.",
);
pub const TRUST_PEM: Key<Option<Password>> = Key::optional(
    "schema.registry.ssl.truststore.certificates",
    High,
    "The certificates that are trusted, as PEM, with `ssl.truststore.type=PEM`.",
);
pub const OWN_TYPE: Key<String> = Key::new(
    "schema.registry.ssl.keystore.type",
    "JKS",
    Medium,
    "`JKS`, `PKCS12` or `PEM`.",
);
pub const OWN_LOCATION: Key<Option<String>> = Key::optional(
    "schema.registry.ssl.keystore.location",
    High,
    "A file with the client's certificate and key, which makes TLS mutual.",
);
pub const OWN_PASSWORD: Key<Option<Password>> = Key::optional(
    "schema.registry.ssl.keystore.password",
    High,
    "That file's password.",
);
pub const OWN_KEY: Key<Option<Password>> = Key::optional(
    "schema.registry.ssl.keystore.key",
    High,
    "The client's key, as PEM, with `ssl.keystore.type=PEM`.",
);
pub const OWN_CHAIN: Key<Option<Password>> = Key::optional(
    "schema.registry.ssl.keystore.certificate.chain",
    High,
    "The client's certificate and those that vouch for it, as PEM.",
);
pub const KEY_PASSWORD: Key<Option<Password>> = Key::optional(
    "schema.registry.ssl.key.password",
    High,
    "The password of the client's key, if it has one of its own.",
);

fn one_of(key: &str, value: Option<&Parsed>, legal: &[&str]) -> Vec<String> {
    match value {
        Some(Parsed::Text(text)) if !legal.contains(&text.as_str()) => {
            let why = format!("it must be one of {}", legal.join(", "));
            vec![invalid_value(key, text, &why)]
        }
        _ => Vec::new(),
    }
}

fn bearer_source(key: &str, value: Option<&Parsed>) -> Vec<String> {
    match value {
        Some(Parsed::Text(text)) if text == "SASL_OAUTHBEARER_INHERIT" => vec![invalid_value(
            key,
            text,
            "converters do not see the login of the Kafka clients; set OAUTHBEARER and the keys bearer.auth.issuer.endpoint.url, bearer.auth.client.id and bearer.auth.client.secret",
        )],
        Some(Parsed::Text(text)) if text == "CUSTOM" => {
            vec![invalid_value(key, text, "classes of Java cannot be loaded")]
        }
        value => one_of(key, value, &["STATIC_TOKEN", "OAUTHBEARER"]),
    }
}

/// A key that is known and changes nothing here, with the reason.
pub struct Other {
    pub name: &'static str,
    pub why: &'static str,
}

const fn other(name: &'static str, why: &'static str) -> Other {
    Other { name, why }
}

const STRICT: &str = "Writing: each value must fit the schema that it is written under, which is the stricter check.";
const ASSOCIATED: &str = "Belongs to `AssociatedNameStrategy`, which is refused.";
const ONE_TLS: &str = "TLS 1.2 and 1.3 are offered, with the suites that are safe today.";
const NO_JAVA: &str = "Names a part of Java's TLS.";
const CLAIM: &str = "The token is handed on as it is.";

/// Keys without effect.
pub const INERT: &[Other] = &[
    other(
        "max.retries",
        "A registry that is away is asked again for as long as it takes.",
    ),
    other("id.compatibility.strict", STRICT),
    other("latest.compatibility.strict", STRICT),
    other(
        "latest.cache.size",
        "The newest version is kept with the schemas that it is needed for.",
    ),
    other(
        "missing.version.cache.ttl.sec",
        "An id and its version are remembered together: `missing.id.cache.ttl.sec`.",
    ),
    other(
        "missing.schema.cache.ttl.sec",
        "Writing: what could not be registered is asked for again.",
    ),
    other(
        "rule.service.loader.enable",
        "There are no classes of Java to look for rules in.",
    ),
    other("bearer.auth.scope.claim.name", CLAIM),
    other("bearer.auth.sub.claim.name", CLAIM),
    other("subject.name.strategy.cache.expiry.secs", ASSOCIATED),
    other("subject.name.strategy.cache.size", ASSOCIATED),
    other("subject.name.strategy.kafka.cluster.id", ASSOCIATED),
    other("subject.name.strategy.fallback.type", ASSOCIATED),
    other("schema.registry.ssl.protocol", ONE_TLS),
    other("schema.registry.ssl.enabled.protocols", ONE_TLS),
    other("schema.registry.ssl.cipher.suites", ONE_TLS),
    other("schema.registry.ssl.provider", NO_JAVA),
    other("schema.registry.ssl.keymanager.algorithm", NO_JAVA),
    other("schema.registry.ssl.trustmanager.algorithm", NO_JAVA),
    other("schema.registry.ssl.secure.random.implementation", NO_JAVA),
];

/// A key that may not be given, or with one value only.
pub struct Refused {
    pub name: &'static str,
    /// What is taken nevertheless, since it asks for nothing.
    pub allowed: &'static [&'static str],
    pub why: &'static str,
}

const fn refused(
    name: &'static str,
    allowed: &'static [&'static str],
    why: &'static str,
) -> Refused {
    Refused { name, allowed, why }
}

const RULES: &str = "rules (encryption of fields, CEL, JSONata) cannot be applied here";
const CLASSES: &str = "classes of Java cannot be loaded";

/// Keys that ask for what is not there.
pub const REFUSED: &[Refused] = &[
    refused("rule.executors", &[""], RULES),
    refused("rule.actions", &[""], RULES),
    refused(
        "context.name.strategy",
        &[
            "",
            "io.confluent.kafka.serializers.context.NullContextNameStrategy",
        ],
        "classes of Java cannot be loaded; an address may name a context, as in http://host:8081/contexts/.name",
    ),
    refused(
        "schema.reflection",
        &["false"],
        "there are no classes of Java to read into",
    ),
    refused(
        "schema.format",
        &[""],
        "schemas are read as they were registered, so they are not asked for in another form",
    ),
    refused(
        "schema.backup.enabled",
        &["false"],
        "records are not wrapped with their schemas",
    ),
    refused(
        "provenance.algorithm",
        &[""],
        "fields are not told apart by when they were added",
    ),
    refused("bearer.auth.custom.provider.class", &[""], CLASSES),
    refused("schema.registry.ssl.engine.factory.class", &[""], CLASSES),
    refused(
        "schema.registry.ssl.endpoint.identification.algorithm",
        &["https"],
        "the registry's name is always checked against its certificate",
    ),
];

/// Every key that is honoured, in the order of the page.
pub fn honoured() -> ConfigDef {
    ConfigDef::new()
        .define(&URL)
        .define(&MAX_SCHEMAS)
        .define(&KEY_SUBJECT)
        .define(&VALUE_SUBJECT)
        .define(&KEY_DESERIALIZER)
        .define(&VALUE_DESERIALIZER)
        .define(&USE_ID)
        .define(&USE_GUID)
        .define(&USE_LATEST)
        .define(&USE_METADATA)
        .define(&LATEST_TTL)
        .define(&MISSING_ID_TTL)
        .define(&MISSING_SIZE)
        .define(&CONNECT_TIMEOUT)
        .define(&READ_TIMEOUT)
        .define(&RETRIES_WAIT)
        .define(&RETRIES_MAX_WAIT)
        .define(&PROXY_HOST)
        .define(&PROXY_PORT)
        .define(&BASIC_SOURCE)
        .define(&USER_INFO)
        .define(&OLD_USER_INFO)
        .define(&JAAS)
        .define(&BEARER_SOURCE)
        .define(&BEARER_TOKEN)
        .define(&ISSUER)
        .define(&CLIENT_ID)
        .define(&CLIENT_SECRET)
        .define(&SCOPE)
        .define(&EXPIRY_BUFFER)
        .define(&LOGICAL_CLUSTER)
        .define(&IDENTITY_POOL)
        .define(&TRUST_LOCATION)
        .define(&TRUST_PASSWORD)
        .define(&TRUST_TYPE)
        .define(&TRUST_PEM)
        .define(&OWN_LOCATION)
        .define(&OWN_PASSWORD)
        .define(&OWN_TYPE)
        .define(&OWN_KEY)
        .define(&OWN_CHAIN)
        .define(&KEY_PASSWORD)
        .define(&AUTO_REGISTER)
        .define(&NORMALIZE)
        .define(&PROPAGATE_TAGS)
        .define(&KEY_SERIALIZER)
        .define(&VALUE_SERIALIZER)
        .define_family(&HEADERS)
        .define_family(&PREFIXED)
}

/// The whole definition but for a format's own keys.
pub fn config_def() -> ConfigDef {
    let mut def = honoured();
    for key in INERT {
        def = def.define(&inert_key(key));
    }
    for key in REFUSED {
        def = def.define(&refused_key(key));
    }
    def
}

pub fn inert_key(key: &Other) -> Key<Option<String>> {
    Key::optional(key.name, Low, key.why)
}

pub fn refused_key(key: &Refused) -> Key<Option<String>> {
    Key::optional(key.name, Low, key.why).check(Check::Custom(refuse))
}

fn refuse(key: &str, value: Option<&Parsed>) -> Vec<String> {
    let found = REFUSED.iter().find(|refused| refused.name == key);
    match (found, value) {
        (Some(refused), Some(Parsed::Text(text))) if !refused.allowed.contains(&text.as_str()) => {
            let why = format!("not supported: {}; remove the key", refused.why);
            vec![invalid_value(key, text, &why)]
        }
        _ => Vec::new(),
    }
}
