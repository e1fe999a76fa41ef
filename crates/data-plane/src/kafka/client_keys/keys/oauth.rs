//! Logins by token; these are read together in `oauth.rs`.

use super::super::table::Form::{Bool, Decimal, Text};
use super::super::table::{ALL, Entry, inert, int, long, ours, short};
use super::MAX;

const BROKER: &str = "tokens are checked by the brokers";
const ASSERTION: &str =
    "logins by assertion are not supported; refused with OAUTHBEARER if it would switch them on";

pub(in super::super) const OAUTH: &[Entry] = &[
    ours(
        ALL,
        "sasl.login.callback.handler.class",
        None,
        Text,
        "with OAUTHBEARER `org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginCallbackHandler`: tokens of an endpoint or a file; not set, unsecured tokens; others are refused",
    ),
    ours(
        ALL,
        "sasl.client.callback.handler.class",
        None,
        Text,
        "refused: it names a class of the JVM that would take part in the login",
    ),
    ours(
        ALL,
        "sasl.login.class",
        None,
        Text,
        "refused: it names a class of the JVM that would take part in the login",
    ),
    ours(
        ALL,
        "sasl.oauthbearer.token.endpoint.url",
        None,
        Text,
        "where tokens come from: `https://…`, `http://…`, or `file:///…` for one in a file",
    ),
    ours(
        ALL,
        "sasl.oauthbearer.client.credentials.client.id",
        None,
        Text,
        "the client; else `clientId` in `sasl.jaas.config`",
    ),
    ours(
        ALL,
        "sasl.oauthbearer.client.credentials.client.secret",
        None,
        Text,
        "its secret; else `clientSecret` in `sasl.jaas.config`",
    ),
    ours(
        ALL,
        "sasl.oauthbearer.scope",
        None,
        Text,
        "the scope that is asked for; else `scope` in `sasl.jaas.config`",
    ),
    ours(
        ALL,
        "sasl.oauthbearer.header.urlencode",
        Some("false"),
        Bool,
        "whether client and secret are written as in a URL before they go into the header",
    ),
    ours(
        ALL,
        "sasl.oauthbearer.jwt.retriever.class",
        Some("org.apache.kafka.common.security.oauthbearer.DefaultJwtRetriever"),
        Text,
        "that one, `ClientCredentialsJwtRetriever` or `FileJwtRetriever`; others are refused",
    ),
    ours(
        ALL,
        "sasl.oauthbearer.sub.claim.name",
        Some("sub"),
        Text,
        "the claim that holds the principal's name",
    ),
    ours(
        ALL,
        "sasl.login.connect.timeout.ms",
        None,
        int(1, MAX),
        "how long a connection to the endpoint may take; not set, 10 seconds",
    ),
    ours(
        ALL,
        "sasl.login.read.timeout.ms",
        None,
        int(1, MAX),
        "how long an answer of the endpoint may take; not set, 30 seconds",
    ),
    ours(
        ALL,
        "sasl.login.retry.backoff.ms",
        Some("100"),
        long(1, MAX),
        "the pause after the first failure to get a token",
    ),
    ours(
        ALL,
        "sasl.login.retry.backoff.max.ms",
        Some("10000"),
        long(1, MAX),
        "the longest such pause",
    ),
    ours(
        ALL,
        "sasl.login.refresh.window.factor",
        Some("0.8"),
        Decimal {
            least: 0.5,
            most: 1.0,
        },
        "after which part of its life a token is replaced",
    ),
    ours(
        ALL,
        "sasl.login.refresh.window.jitter",
        Some("0.05"),
        Decimal {
            least: 0.0,
            most: 0.25,
        },
        "by which part of its life that may come later, by chance",
    ),
    ours(
        ALL,
        "sasl.login.refresh.min.period.seconds",
        Some("60"),
        short(0, 900),
        "how long a token is kept at least, if it lives so long",
    ),
    ours(
        ALL,
        "sasl.login.refresh.buffer.seconds",
        Some("300"),
        short(0, 3600),
        "how long before its end a token is replaced at the latest, if it lives so long",
    ),
    inert(ALL, "sasl.oauthbearer.assertion.*", ASSERTION),
    inert(ALL, "sasl.oauthbearer.clock.skew.seconds", BROKER),
    inert(ALL, "sasl.oauthbearer.expected.*", BROKER),
    inert(ALL, "sasl.oauthbearer.jwks.*", BROKER),
    inert(ALL, "sasl.oauthbearer.jwt.validator.class", BROKER),
    inert(ALL, "sasl.oauthbearer.scope.claim.name", BROKER),
];
