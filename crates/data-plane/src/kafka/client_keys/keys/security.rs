//! Security; these are read together in `security.rs`.

use super::super::table::Form::Text;
use super::super::table::{ALL, Entry, inert, ours, refused};
use super::JVM;

pub(in super::super) const SECURITY: &[Entry] = &[
    ours(ALL, "security.protocol", Some("PLAINTEXT"), Text),
    ours(ALL, "sasl.mechanism", Some("GSSAPI"), Text),
    ours(ALL, "sasl.jaas.config", None, Text),
    refused(
        ALL,
        "sasl.client.callback.handler.class",
        "it names a class of the JVM that would take part in the login; use sasl.mechanism PLAIN or SCRAM with sasl.jaas.config",
    ),
    refused(
        ALL,
        "sasl.login.callback.handler.class",
        "it names a class of the JVM that would take part in the login; use sasl.mechanism PLAIN or SCRAM with sasl.jaas.config",
    ),
    refused(
        ALL,
        "sasl.login.class",
        "it names a class of the JVM that would take part in the login; use sasl.mechanism PLAIN or SCRAM with sasl.jaas.config",
    ),
    inert(
        ALL,
        "sasl.oauthbearer.*",
        "sasl.mechanism is not OAUTHBEARER",
    ),
    inert(ALL, "sasl.kerberos.*", "sasl.mechanism is not GSSAPI"),
    inert(
        ALL,
        "sasl.login.*",
        "only mechanisms with tokens or tickets renew their login",
    ),
    ours(ALL, "ssl.truststore.type", Some("JKS"), Text),
    ours(ALL, "ssl.truststore.location", None, Text),
    ours(ALL, "ssl.truststore.password", None, Text),
    ours(ALL, "ssl.truststore.certificates", None, Text),
    ours(ALL, "ssl.keystore.type", Some("JKS"), Text),
    ours(ALL, "ssl.keystore.location", None, Text),
    ours(ALL, "ssl.keystore.password", None, Text),
    ours(ALL, "ssl.keystore.key", None, Text),
    ours(ALL, "ssl.keystore.certificate.chain", None, Text),
    ours(ALL, "ssl.key.password", None, Text),
    ours(
        ALL,
        "ssl.endpoint.identification.algorithm",
        Some("https"),
        Text,
    ),
    ours(ALL, "ssl.cipher.suites", None, Text),
    ours(ALL, "ssl.enabled.protocols", Some("TLSv1.2,TLSv1.3"), Text),
    ours(ALL, "ssl.engine.factory.class", None, Text),
    inert(
        ALL,
        "ssl.protocol",
        "TLS 1.3 is used where the broker has it, else TLS 1.2",
    ),
    inert(ALL, "ssl.provider", JVM),
    inert(ALL, "ssl.keymanager.algorithm", JVM),
    inert(ALL, "ssl.trustmanager.algorithm", JVM),
    inert(ALL, "ssl.secure.random.implementation", JVM),
    inert(ALL, "security.providers", JVM),
];
