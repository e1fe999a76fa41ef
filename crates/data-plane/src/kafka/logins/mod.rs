//! Logins by token: SASL OAUTHBEARER, as Java's clients get their tokens.
//!
//! [`TokenLogin`] says where a token comes from; it is made from the client's keys, without a look at file or network.
//! [`log_in`] gives a client to a thread of its own that gets a token, hands it to librdkafka, and gets the next one
//! in good time. librdkafka waits for the first one with its connections; nobody else waits, so an endpoint that is
//! slow or away holds up neither records nor a stop.

mod endpoint;
mod jwt;
mod keeper;

use std::fs;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use connect_api::{ConnectError, ErrorClass};
use rdkafka::client::{Client, ClientContext};

pub(super) use self::endpoint::Endpoint;
pub(super) use self::keeper::Keeper;
use super::client_keys::ClientSettings;
use super::ffi;
use super::problems::Who;

/// How a client gets its tokens.
pub(super) struct TokenLogin {
    pub source: Source,
    /// SASL extensions, sent beside the token.
    pub extensions: Vec<(String, String)>,
    pub refresh: Refresh,
    /// First and longest pause before another try.
    pub backoff: (Duration, Duration),
    /// The claim that holds the principal's name.
    pub principal_claim: String,
}

pub(super) enum Source {
    /// Client credentials are changed for a token.
    Endpoint(Box<Endpoint>),
    /// The token stands in a file.
    File(String),
    /// A token without a signature that says what we please; brokers take these in tests only.
    Unsecured {
        claims: serde_json::Map<String, serde_json::Value>,
        lifetime: Duration,
    },
}

/// When a token is replaced: `sasl.login.refresh.*`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Refresh {
    /// After which part of its life, and at most how much later, by chance.
    pub factor: f64,
    pub jitter: f64,
    pub least: Duration,
    /// So long before its end at the latest.
    pub buffer: Duration,
}

/// A token and what is known of it.
#[derive(PartialEq, Eq)]
pub(super) struct Token {
    pub value: String,
    pub principal: String,
    /// Milliseconds since the epoch.
    pub expires_ms: i64,
}

/// Why there is no token.
#[derive(Debug, PartialEq, Eq)]
enum NoToken {
    /// It may come later.
    Passing(String),
    /// A person must act: what is wrong, and what to do.
    Refused(String),
}

impl TokenLogin {
    /// Gets a token; waits for the network.
    fn token(&self, now_ms: i64) -> Result<Token, NoToken> {
        let value = match &self.source {
            Source::Endpoint(endpoint) => endpoint.token()?,
            Source::File(path) => match fs::read_to_string(path) {
                Ok(text) => text.trim().to_owned(),
                Err(error) => {
                    return Err(NoToken::Refused(format!(
                        "{path} cannot be read ({error}); correct sasl.oauthbearer.token.endpoint.url"
                    )));
                }
            },
            Source::Unsecured { claims, lifetime } => jwt::unsecured(claims, *lifetime, now_ms),
        };
        jwt::read(value, &self.principal_claim)
            .map_err(|why| NoToken::Refused(format!("{} gave no token: {why}", self.place())))
    }

    /// Where tokens come from, for texts.
    fn place(&self) -> &str {
        match &self.source {
            Source::Endpoint(endpoint) => &endpoint.url,
            Source::File(path) => path,
            Source::Unsecured { .. } => "sasl.jaas.config",
        }
    }

    fn error(&self, who: &Who, no_token: NoToken) -> ConnectError {
        let name = &who.name;
        match no_token {
            NoToken::Passing(why) => {
                let place = self.place();
                let text = format!(
                    "{name} gets no token from {place} ({why}) and goes on trying. If it stays so, check sasl.oauthbearer.token.endpoint.url and the network"
                );
                ConnectError::new(
                    ErrorClass::Unavailable,
                    "org.apache.kafka.common.errors.TimeoutException",
                    text,
                )
            }
            NoToken::Refused(why) => ConnectError::new(
                ErrorClass::Denied,
                "org.apache.kafka.common.errors.SaslAuthenticationException",
                format!("{name} cannot log in: {why}, then restart the task"),
            ),
        }
    }
}

/// A client that is kept logged in for as long as this lives.
pub(super) struct LoggedIn<T> {
    client: Arc<T>,
    _keeper: Option<Keeper>,
}

impl<T> LoggedIn<T> {
    pub fn share(&self) -> Arc<T> {
        self.client.clone()
    }

    /// The client, and what must live as long as it is to stay logged in.
    pub fn split(self) -> (Arc<T>, Option<Keeper>) {
        (self.client, self._keeper)
    }
}

impl<T> Deref for LoggedIn<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.client
    }
}

/// Keeps a client logged in, if its settings say that it logs in by token. `inner` finds librdkafka's client in it,
/// `told` is told of every token and of every failure to get one, by another thread.
///
/// # Errors
/// `Config`: the trust store of the token endpoint cannot be read.
pub(super) fn log_in<T: Send + Sync + 'static, C: ClientContext + 'static>(
    settings: &ClientSettings,
    client: T,
    inner: fn(&T) -> &Client<C>,
    told: impl Fn(Result<(), ConnectError>) + Send + 'static,
) -> Result<LoggedIn<T>, ConnectError> {
    let client = Arc::new(client);
    let Some(login) = settings.login() else {
        return Ok(LoggedIn {
            client,
            _keeper: None,
        });
    };
    let who = settings.who();
    if let Source::Endpoint(endpoint) = &login.source {
        let name = &who.name;
        let failed = |why| {
            ConnectError::config(format!("{name} could not be made: sasl.jaas.config: {why}"))
        };
        endpoint.prepare().map_err(failed)?;
    }
    let hand_over = move |client: &T, login: &TokenLogin, token: &Token| {
        ffi::set_token(inner(client), token, &login.extensions)
    };
    let keeper = Keeper::start(login.clone(), who, &client, hand_over, told)?;
    Ok(LoggedIn {
        client,
        _keeper: Some(keeper),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
