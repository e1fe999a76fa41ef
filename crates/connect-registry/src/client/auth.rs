//! [`Login`]: what to show the registry, and how to get it.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;
use ureq::Agent;

use super::error::RestError;
use crate::settings::{Auth, Bearer, OAuth, Url};

/// Answers are a few kilobytes.
const MOST: u64 = 1 << 20;

/// How long a token is used that does not say how long it lasts.
const UNSAID: Duration = Duration::from_secs(300);

type Header = (&'static str, String);

pub(super) struct Login {
    auth: Auth,
    token: Mutex<Option<Token>>,
}

#[derive(Clone)]
struct Token {
    text: String,
    until: Instant,
}

impl Login {
    pub fn new(auth: Auth) -> Self {
        Self {
            auth,
            token: Mutex::new(None),
        }
    }

    /// The headers for one registry; gets a token if there is none that lasts.
    pub fn headers(&self, agent: &Agent, url: &Url) -> Result<Vec<Header>, RestError> {
        let basic = |user: &str, password: &str| {
            let credentials = STANDARD.encode(format!("{user}:{password}"));
            ("Authorization", format!("Basic {credentials}"))
        };
        match &self.auth {
            Auth::OfUrl => {
                let credentials = url.credentials.as_ref();
                Ok(credentials
                    .map(|(user, password)| basic(user, password.reveal()))
                    .into_iter()
                    .collect())
            }
            Auth::Basic(user, password) => Ok(vec![basic(user, password.reveal())]),
            Auth::Bearer(bearer) => self.bearer(agent, bearer),
        }
    }

    fn bearer(&self, agent: &Agent, bearer: &Bearer) -> Result<Vec<Header>, RestError> {
        let token = match (&bearer.token, &bearer.oauth) {
            (Some(token), _) => token.reveal().to_owned(),
            (None, Some(oauth)) => self.token(agent, oauth)?,
            (None, None) => String::new(),
        };
        let mut headers = vec![("Authorization", format!("Bearer {token}"))];
        if let Some(cluster) = &bearer.logical_cluster {
            headers.push(("target-sr-cluster", cluster.clone()));
        }
        if let Some(pool) = &bearer.identity_pool {
            headers.push(("Confluent-Identity-Pool-Id", pool.clone()));
        }
        Ok(headers)
    }

    /// The registry refused it; whether there was a token, so that another one may help.
    pub fn forget(&self) -> bool {
        self.held().take().is_some()
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Option<Token>> {
        self.token.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn token(&self, agent: &Agent, oauth: &OAuth) -> Result<String, RestError> {
        let now = Instant::now();
        if let Some(token) = self.held().as_ref().filter(|token| token.until > now) {
            return Ok(token.text.clone());
        }
        // Not under the lock: threads that ask at once may each get one, which costs less than waiting for another's.
        let token = ask(agent, oauth)?;
        let text = token.text.clone();
        *self.held() = Some(token);
        Ok(text)
    }
}

/// Client credentials for a token.
fn ask(agent: &Agent, oauth: &OAuth) -> Result<Token, RestError> {
    let OAuth {
        endpoint,
        client_id,
        client_secret,
        scope,
        ..
    } = oauth;
    let away = |why: String| {
        RestError::away(format!(
            "{endpoint} gives no token for the schema registry ({why}): check that it runs and bearer.auth.issuer.endpoint.url"
        ))
    };
    let mut body = "grant_type=client_credentials".to_owned();
    if let Some(scope) = scope {
        // A blank is a plus in forms, as Java's client sends it.
        body = format!("{body}&scope={}", encoded(scope).replace("%20", "+"));
    }
    let credentials = STANDARD.encode(format!("{client_id}:{}", client_secret.reveal()));
    let request = agent
        .post(endpoint)
        .header("Accept", "application/json")
        .header("Authorization", format!("Basic {credentials}"))
        .header("Content-Type", "application/x-www-form-urlencoded");
    let mut answer = request.send(body).map_err(|e| away(e.to_string()))?;
    let status = answer.status().as_u16();
    let text = answer.body_mut().with_config().limit(MOST).read_to_string();
    let text = text.map_err(|e| away(e.to_string()))?;
    let answer: Value = serde_json::from_str(&text).unwrap_or_default();
    if status != 200 && status != 201 {
        let said = answer["error"].as_str().unwrap_or("no reason given");
        return Err(match status {
            408 | 425 | 429 | 500..=599 => away(format!("it answered {status}")),
            _ => RestError::Denied(format!(
                "{endpoint} gives no token for the schema registry: it answered {status}, {said}. Check bearer.auth.client.id, bearer.auth.client.secret and bearer.auth.scope"
            )),
        });
    }
    let token = answer["access_token"].as_str().filter(|t| !t.is_empty());
    let token = token.ok_or_else(|| {
        RestError::Config(format!(
            "the answer of {endpoint} holds no access_token; correct bearer.auth.issuer.endpoint.url"
        ))
    })?;
    Ok(Token {
        until: Instant::now() + lasts(token, &answer, oauth.buffer),
        text: token.to_owned(),
    })
}

/// How long to use it: until `buffer` before its end, unless that is over already.
fn lasts(token: &str, answer: &Value, buffer: Duration) -> Duration {
    let said = answer["expires_in"].as_u64();
    let lifetime = said.or_else(|| lifetime(token)).map(Duration::from_secs);
    let lifetime = lifetime.unwrap_or(UNSAID).min(Duration::from_secs(86_400));
    match lifetime.checked_sub(buffer) {
        Some(left) if !left.is_zero() => left,
        _ => lifetime,
    }
}

/// From the token itself, if it is a JWT that says when it was issued and when it ends.
fn lifetime(token: &str) -> Option<u64> {
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claims: Value = serde_json::from_slice(&payload).ok()?;
    let (issued, end) = (claims["iat"].as_u64()?, claims["exp"].as_u64()?);
    end.checked_sub(issued)
}

/// As in paths: what is not a letter, a digit or one of `-_.~` as `%XX`.
pub(super) fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                encoded.push(char::from(byte));
            }
            other => encoded.push_str(&format!("%{other:02X}")),
        }
    }
    encoded
}
