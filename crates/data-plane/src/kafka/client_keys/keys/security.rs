//! Security; these are read together in `security.rs`.

use super::super::table::Form::Text;
use super::super::table::{ALL, Entry, inert, ours, refused};
use super::JVM;

/// Keys that Java types as passwords.
pub(in super::super) const SECRETS: &[&str] = &[
    "sasl.jaas.config",
    "sasl.oauthbearer.assertion.private.key.passphrase",
    "sasl.oauthbearer.client.credentials.client.secret",
    "ssl.key.password",
    "ssl.keystore.certificate.chain",
    "ssl.keystore.key",
    "ssl.keystore.password",
    "ssl.truststore.certificates",
    "ssl.truststore.password",
];

pub(in super::super) const SECURITY: &[Entry] = &[
    ours(
        ALL,
        "security.protocol",
        Some("PLAINTEXT"),
        Text,
        "`security.protocol`",
    ),
    ours(
        ALL,
        "sasl.mechanism",
        Some("GSSAPI"),
        Text,
        "PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER",
    ),
    ours(
        ALL,
        "sasl.jaas.config",
        None,
        Text,
        "the options of the login module: `username` and `password`, or those of OAUTHBEARER",
    ),
    inert(ALL, "sasl.kerberos.*", "sasl.mechanism is not GSSAPI"),
    ours(
        ALL,
        "ssl.truststore.type",
        Some("JKS"),
        Text,
        "JKS, PKCS12 or PEM; which of the first two, the file itself tells",
    ),
    ours(
        ALL,
        "ssl.truststore.location",
        None,
        Text,
        "whose certificates are trusted; not set, those of the system",
    ),
    ours(
        ALL,
        "ssl.truststore.password",
        None,
        Text,
        "of a JKS or PKCS12 file",
    ),
    ours(
        ALL,
        "ssl.truststore.certificates",
        None,
        Text,
        "the same, written out as PEM",
    ),
    ours(
        ALL,
        "ssl.keystore.type",
        Some("JKS"),
        Text,
        "JKS, PKCS12 or PEM; which of the first two, the file itself tells",
    ),
    ours(
        ALL,
        "ssl.keystore.location",
        None,
        Text,
        "own certificate and key",
    ),
    ours(
        ALL,
        "ssl.keystore.password",
        None,
        Text,
        "of a JKS or PKCS12 file",
    ),
    ours(
        ALL,
        "ssl.keystore.key",
        None,
        Text,
        "own key, written out as PEM",
    ),
    ours(
        ALL,
        "ssl.keystore.certificate.chain",
        None,
        Text,
        "own certificate and its chain, written out as PEM",
    ),
    ours(
        ALL,
        "ssl.key.password",
        None,
        Text,
        "of the own key, in PKCS12 the same as that of the file",
    ),
    ours(
        ALL,
        "ssl.endpoint.identification.algorithm",
        Some("https"),
        Text,
        "`https`: the certificate must be for the host; empty: it need not",
    ),
    ours(
        ALL,
        "ssl.cipher.suites",
        None,
        Text,
        "`ssl.cipher.suites` in OpenSSL's names; those of TLS 1.3 cannot be chosen",
    ),
    ours(
        ALL,
        "ssl.enabled.protocols",
        Some("TLSv1.2,TLSv1.3"),
        Text,
        "TLS 1.3 alone, or both; what else cannot be chosen is logged",
    ),
    refused(
        ALL,
        "ssl.engine.factory.class",
        "it names a class of the JVM; use ssl.truststore.* and ssl.keystore.*",
    ),
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
