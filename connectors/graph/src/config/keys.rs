//! The keys, in the order in which clients see them.
//!
//! The dependents point from a key to those it depends on: the original has them the wrong way round, and the
//! repetition of errors that clients see follows from it.

use connect_api::config::Importance::{self, High, Low, Medium};
use connect_api::config::{Check, ConfigType, Key, Password, PrefixKey, Width};

use super::{
    AUTH_TYPES, BOOLEANS, ON_AUTH, TRUST_STRATEGIES, auth_is, check_auth_type, check_boolean,
    check_cert_files, check_duration, check_duration_or_blank, check_trust, check_uris,
    has_plain_scheme, has_source_id_topics, texts,
};

const CONNECTION: &str = "Connection";
const TLS: &str = "Connection TLS";
const ADVANCED: &str = "Connection Advanced";
const CONNECTOR: &str = "Connector";
const CONNECTOR_ADVANCED: &str = "Connector Advanced";

/// A key as the original shows it: in a group, without a place of its own, labelled with its name.
const fn key<T: ConfigType>(
    name: &'static str,
    default: &'static str,
    importance: Importance,
    group: &'static str,
    doc: &'static str,
) -> Key<T> {
    Key::new(name, default, importance, doc).shown(group, -1, Width::None, name)
}

// Connection.

pub const URI: Key<Vec<String>> = Key::required(
    "neo4j.uri",
    High,
    "URIs of the database, with one of the schemes neo4j, neo4j+s, neo4j+ssc, bolt, bolt+s, bolt+ssc. The first one \
     that answers is used; with a neo4j scheme it is asked which server takes writes.",
)
.shown(CONNECTION, -1, Width::None, "neo4j.uri")
.check(Check::Custom(check_uris));
pub const DATABASE: Key<String> = key(
    "neo4j.database",
    "",
    High,
    CONNECTION,
    "Database to write to. Blank means the user's home database.",
);
pub const AUTH_TYPE: Key<String> = key(
    "neo4j.authentication.type",
    "BASIC",
    High,
    CONNECTION,
    "How to log in: NONE, BASIC, KERBEROS, BEARER or CUSTOM. KERBEROS, BEARER and CUSTOM with a scheme other than \
     basic are not supported yet: the task says so when it starts.",
)
.check(Check::Custom(check_auth_type))
.recommend(|_| texts(AUTH_TYPES));
pub const USERNAME: Key<String> = key(
    "neo4j.authentication.basic.username",
    "",
    High,
    CONNECTION,
    "User name for BASIC.",
)
.dependents(ON_AUTH)
.visible(|c| auth_is(c, "BASIC"));
pub const PASSWORD: Key<Password> = key(
    "neo4j.authentication.basic.password",
    "",
    High,
    CONNECTION,
    "Password for BASIC.",
)
.dependents(ON_AUTH)
.visible(|c| auth_is(c, "BASIC"));
pub const REALM: Key<String> = key(
    "neo4j.authentication.basic.realm",
    "",
    Low,
    CONNECTION,
    "Realm for BASIC. Must be blank for now: the driver cannot name one.",
)
.dependents(ON_AUTH)
.visible(|c| auth_is(c, "BASIC"));
pub const KERBEROS_TICKET: Key<Password> = key(
    "neo4j.authentication.kerberos.ticket",
    "",
    High,
    CONNECTION,
    "Ticket for KERBEROS, which is not supported yet.",
)
.dependents(ON_AUTH)
.visible(|c| auth_is(c, "KERBEROS"));
pub const BEARER_TOKEN: Key<Password> = key(
    "neo4j.authentication.bearer.token",
    "",
    High,
    CONNECTION,
    "Token for BEARER, which is not supported yet.",
)
.dependents(ON_AUTH)
.visible(|c| auth_is(c, "BEARER"));
pub const CUSTOM_SCHEME: Key<String> = key(
    "neo4j.authentication.custom.scheme",
    "",
    High,
    CONNECTION,
    "Scheme for CUSTOM. Only basic is supported yet.",
)
.dependents(ON_AUTH)
.visible(|c| auth_is(c, "CUSTOM"));
pub const CUSTOM_PRINCIPAL: Key<String> = key(
    "neo4j.authentication.custom.principal",
    "",
    High,
    CONNECTION,
    "Principal for CUSTOM.",
)
.dependents(ON_AUTH)
.visible(|c| auth_is(c, "CUSTOM"));
pub const CUSTOM_CREDENTIALS: Key<Password> = key(
    "neo4j.authentication.custom.credentials",
    "",
    High,
    CONNECTION,
    "Credentials for CUSTOM.",
)
.dependents(ON_AUTH)
.visible(|c| auth_is(c, "CUSTOM"));
pub const CUSTOM_REALM: Key<String> = key(
    "neo4j.authentication.custom.realm",
    "",
    High,
    CONNECTION,
    "Realm for CUSTOM. Must be blank for now: the driver cannot name one.",
)
.dependents(ON_AUTH)
.visible(|c| auth_is(c, "CUSTOM"));

// TLS.

pub const ENCRYPTED: Key<String> = key(
    "neo4j.security.encrypted",
    "false",
    Low,
    TLS,
    "Whether to encrypt connections of the schemes bolt and neo4j. With +s and +ssc the scheme decides.",
)
.check(Check::Custom(check_boolean))
.dependents(&["neo4j.uri"])
.recommend(|_| texts(BOOLEANS))
.visible(has_plain_scheme);
pub const TRUST: Key<String> = key(
    "neo4j.security.trust-strategy",
    "TRUST_SYSTEM_CA_SIGNED_CERTIFICATES",
    Low,
    TLS,
    "Which certificates to trust when neo4j.security.encrypted is true: those of the system's authorities, those of \
     neo4j.security.cert-files, or all.",
)
.check(Check::Custom(check_trust))
.dependents(&["neo4j.uri", "neo4j.security.encrypted"])
.recommend(|_| texts(TRUST_STRATEGIES))
// Never visible, as in the original, which compares text with a boolean.
.visible(|_| false);
pub const HOSTNAME_VERIFICATION: Key<String> = key(
    "neo4j.security.hostname-verification-enabled",
    "true",
    Low,
    TLS,
    "Whether the certificate must be made out to the host. Can be false only with TRUST_ALL_CERTIFICATES for now.",
)
.check(Check::Custom(check_boolean))
.dependents(&["neo4j.uri", "neo4j.security.encrypted"])
.recommend(|_| texts(BOOLEANS))
.visible(|_| false);
pub const CERT_FILES: Key<Vec<String>> = key(
    "neo4j.security.cert-files",
    "",
    Low,
    TLS,
    "File with certificates of authorities to trust, in PEM, for TRUST_CUSTOM_CA_SIGNED_CERTIFICATES. Several \
     certificates go into one file.",
)
.check(Check::Custom(check_cert_files))
.dependents(&[
    "neo4j.uri",
    "neo4j.security.encrypted",
    "neo4j.security.trust-strategy",
])
.visible(|_| false);

// Connection, advanced.

pub const CONNECTION_TIMEOUT: Key<String> = key(
    "neo4j.connection-timeout",
    "30s",
    Low,
    ADVANCED,
    "How long connecting and logging in may take.",
)
.check(Check::Custom(check_duration));
pub const POOL_SIZE: Key<i32> = key(
    "neo4j.pool.max-connection-pool-size",
    "100",
    Low,
    ADVANCED,
    "Upper bound of a task's connections. A task writes one transaction at a time and so needs one.",
)
.at_least(1);
pub const POOL_ACQUISITION: Key<String> = key(
    "neo4j.pool.connection-acquisition-timeout",
    "1m",
    Low,
    ADVANCED,
    "How long to wait for a connection of the pool, opening one included.",
)
.check(Check::Custom(check_duration));
pub const POOL_LIFETIME: Key<String> = key(
    "neo4j.pool.max-connection-lifetime",
    "1h",
    Low,
    ADVANCED,
    "A connection older than this is replaced before the next transaction.",
)
.check(Check::Custom(check_duration));
pub const POOL_IDLE_TEST: Key<String> = key(
    "neo4j.pool.idle-time-before-connection-test",
    "",
    Low,
    ADVANCED,
    "Idle time after which a connection is tested before use. Connections are always tested, whatever stands here.",
)
.check(Check::Custom(check_duration_or_blank));
pub const MAX_RETRY_TIME: Key<String> = key(
    "neo4j.max-retry-time",
    "30s",
    Low,
    ADVANCED,
    "Does not bound retries: a transaction that met a passing fault or an outage is tried again for as long as it \
     takes, see target.wait.max.ms. A value above ten minutes is how long one answer of the database may take before \
     the connection counts as lost.",
)
.check(Check::Custom(check_duration));

// Connector.

pub const CDC_SOURCE_ID_TOPICS: Key<Vec<String>> = key(
    "neo4j.cdc.source-id.topics",
    "",
    Medium,
    CONNECTOR,
    "Topics with change events for the source-id strategy, which is not supported yet.",
);
pub const CDC_SCHEMA_TOPICS: Key<Vec<String>> = key(
    "neo4j.cdc.schema.topics",
    "",
    Medium,
    CONNECTOR,
    "Topics with change events for the schema strategy, which is not supported yet.",
);
pub const CUD_TOPICS: Key<Vec<String>> = key(
    "neo4j.cud.topics",
    "",
    Medium,
    CONNECTOR,
    "Topics with CUD messages, which are not supported yet.",
);
pub const CYPHER_TOPIC: PrefixKey<String> = PrefixKey::new(
    "neo4j.cypher.topic.",
    "<topic>",
    "Cypher statement that runs once for each record of the topic.",
);
pub const PATTERN_TOPIC: PrefixKey<String> = PrefixKey::new(
    "neo4j.pattern.topic.",
    "<topic>",
    "Node or relationship pattern for the topic, which is not supported yet.",
);

// Connector, advanced.

pub const BATCH_SIZE: Key<i32> = key(
    "neo4j.batch-size",
    "1000",
    Medium,
    CONNECTOR_ADVANCED,
    "Records per statement. The records of a topic partition in one put are one transaction of as many statements as \
     that takes.",
)
.at_least(1);
pub const BATCH_TIMEOUT: Key<String> = key(
    "neo4j.batch-timeout",
    "0s",
    Medium,
    CONNECTOR_ADVANCED,
    "Accepted and without effect, as in the JVM connector: nothing is held back between puts.",
)
.check(Check::Custom(check_duration));
pub const EOS_OFFSET_LABEL: Key<String> = key(
    "neo4j.eos-offset-label",
    "",
    High,
    CONNECTOR_ADVANCED,
    "Label of the nodes that hold offsets for exactly-once writing, which is not supported yet. Must be blank.",
);
pub const MAX_BATCHED_QUERIES: Key<i32> = key(
    "neo4j.max-batched-queries",
    "50",
    Low,
    CONNECTOR_ADVANCED,
    "Different statements in one batch. The Cypher strategy has one per topic, so nothing comes of it yet.",
)
.at_least(1);
pub const CDC_LABEL: Key<String> = key(
    "neo4j.cdc.source-id.label-name",
    "SourceEvent",
    Low,
    CONNECTOR_ADVANCED,
    "Label of the nodes of the source-id strategy.",
)
.visible(has_source_id_topics);
pub const CDC_PROPERTY: Key<String> = key(
    "neo4j.cdc.source-id.property-name",
    "sourceId",
    Low,
    CONNECTOR_ADVANCED,
    "Property that holds the foreign id in the source-id strategy.",
)
.visible(has_source_id_topics);
pub const BIND_TIMESTAMP: Key<String> = key(
    "neo4j.cypher.bind-timestamp-as",
    "__timestamp",
    Medium,
    CONNECTOR_ADVANCED,
    "Name of the record's timestamp in Cypher statements. Blank: not bound.",
);
pub const BIND_HEADER: Key<String> = key(
    "neo4j.cypher.bind-header-as",
    "__header",
    Low,
    CONNECTOR_ADVANCED,
    "Name of the record's headers in Cypher statements. Blank: not bound.",
);
pub const BIND_KEY: Key<String> = key(
    "neo4j.cypher.bind-key-as",
    "__key",
    Low,
    CONNECTOR_ADVANCED,
    "Name of the record's key in Cypher statements. Blank: not bound.",
);
pub const BIND_VALUE: Key<String> = key(
    "neo4j.cypher.bind-value-as",
    "__value",
    Low,
    CONNECTOR_ADVANCED,
    "Name of the record's value in Cypher statements. Blank: not bound.",
);
pub const BIND_VALUE_AS_EVENT: Key<String> = key(
    "neo4j.cypher.bind-value-as-event",
    "true",
    Low,
    CONNECTOR_ADVANCED,
    "Whether Cypher statements also find the record's value under the name event.",
)
.check(Check::Custom(check_boolean))
.recommend(|_| texts(BOOLEANS));
pub const PATTERN_TIMESTAMP: Key<String> = key(
    "neo4j.pattern.bind-timestamp-as",
    "__timestamp",
    Low,
    CONNECTOR_ADVANCED,
    "Name of the record's timestamp in patterns.",
);
pub const PATTERN_HEADER: Key<String> = key(
    "neo4j.pattern.bind-header-as",
    "__header",
    Low,
    CONNECTOR_ADVANCED,
    "Name of the record's headers in patterns.",
);
pub const PATTERN_KEY: Key<String> = key(
    "neo4j.pattern.bind-key-as",
    "__key",
    Low,
    CONNECTOR_ADVANCED,
    "Name of the record's key in patterns.",
);
pub const PATTERN_VALUE: Key<String> = key(
    "neo4j.pattern.bind-value-as",
    "__value",
    Low,
    CONNECTOR_ADVANCED,
    "Name of the record's value in patterns.",
);
pub const MERGE_NODE_PROPERTIES: Key<String> = key(
    "neo4j.pattern.merge-node-properties",
    "false",
    Low,
    CONNECTOR_ADVANCED,
    "Whether patterns add to the properties of nodes instead of replacing them.",
)
.check(Check::Custom(check_boolean))
.recommend(|_| texts(BOOLEANS));
pub const MERGE_RELATIONSHIP_PROPERTIES: Key<String> = key(
    "neo4j.pattern.merge-relationship-properties",
    "false",
    Low,
    CONNECTOR_ADVANCED,
    "Whether patterns add to the properties of relationships instead of replacing them.",
)
.check(Check::Custom(check_boolean))
.recommend(|_| texts(BOOLEANS));
