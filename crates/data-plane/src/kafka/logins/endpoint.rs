//! [`Endpoint`]: client credentials for a token, by OAuth 2.0 over HTTP.

use std::sync::OnceLock;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use key_stores::Tls;
use serde_json::Value;
use ureq::{Agent, Error};

use super::NoToken;

/// Answers are a few kilobytes.
const MOST: u64 = 1 << 20;

pub(in crate::kafka) struct Endpoint {
    pub url: String,
    pub client_id: String,
    pub client_secret: String,
    pub scope: Option<String>,
    /// Whether id and secret are written as in a URL before they go into the header.
    pub urlencode: bool,
    pub connect_timeout: Duration,
    pub read_timeout: Duration,
    /// Of the endpoint, which are others than the brokers'.
    pub tls: Tls,
    pub agent: OnceLock<Agent>,
}

impl Endpoint {
    /// Reads the stores.
    ///
    /// # Errors
    /// One cannot be read.
    pub fn prepare(&self) -> Result<(), String> {
        if self.agent.get().is_none() {
            let agent = self.make()?;
            // Another client of the same settings may have been quicker.
            let _ = self.agent.set(agent);
        }
        Ok(())
    }

    fn make(&self) -> Result<Agent, String> {
        let config = Agent::config_builder()
            .tls_config(key_stores::http_client::tls_config(&self.tls)?)
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_connect(Some(self.connect_timeout))
            .timeout_resolve(Some(self.connect_timeout))
            .timeout_send_request(Some(self.read_timeout))
            .timeout_recv_response(Some(self.read_timeout))
            .timeout_recv_body(Some(self.read_timeout));
        Ok(config.build().into())
    }

    /// Asks for a token.
    pub(super) fn token(&self) -> Result<String, NoToken> {
        let Some(agent) = self.agent.get() else {
            return Err(NoToken::Passing("it is not made ready".to_owned()));
        };
        let mut body = "grant_type=client_credentials".to_owned();
        if let Some(scope) = &self.scope {
            body = format!("{body}&scope={}", encoded(scope));
        }
        let request = agent
            .post(&self.url)
            .header("Accept", "application/json")
            .header("Authorization", format!("Basic {}", self.credentials()))
            .header("Cache-Control", "no-cache")
            .header("Content-Type", "application/x-www-form-urlencoded");
        let mut answer = request.send(body).map_err(|e| self.unanswered(&e))?;
        let status = answer.status().as_u16();
        let text = answer.body_mut().with_config().limit(MOST).read_to_string();
        let text = text.map_err(|e| self.unanswered(&e))?;
        self.judge(status, &text)
    }

    fn credentials(&self) -> String {
        let (id, secret) = (&self.client_id, &self.client_secret);
        STANDARD.encode(match self.urlencode {
            true => format!("{}:{}", encoded(id), encoded(secret)),
            false => format!("{id}:{secret}"),
        })
    }

    fn judge(&self, status: u16, text: &str) -> Result<String, NoToken> {
        let url = &self.url;
        let answer: Value = serde_json::from_str(text).unwrap_or_default();
        let part = |name: &str| answer[name].as_str().filter(|t| !t.is_empty());
        if status == 200 || status == 201 {
            let token = part("access_token").or(part("id_token"));
            return token.map(str::to_owned).ok_or_else(|| {
                NoToken::Refused(format!(
                    "the answer of {url} holds no access_token; correct sasl.oauthbearer.token.endpoint.url"
                ))
            });
        }
        let mut why = format!("it answered {status}");
        for said in ["error", "error_description", "errorCode", "errorSummary"] {
            if let Some(said) = part(said) {
                why = format!("{why}, {said}");
            }
        }
        match status {
            // As Java: what the request itself is to blame for is not tried again there.
            400..=407 | 409..=415 | 501 | 505 => Err(NoToken::Refused(format!(
                "{url} gives no token: {why}. Check client id, client secret and scope (sasl.oauthbearer.client.credentials.client.id, …client.secret, sasl.oauthbearer.scope, or clientId, clientSecret and scope in sasl.jaas.config)"
            ))),
            _ => Err(NoToken::Passing(why)),
        }
    }

    fn unanswered(&self, error: &Error) -> NoToken {
        let text = error.to_string();
        if text.contains("invalid peer certificate") {
            return NoToken::Refused(format!(
                "{} is not trusted ({text}). Give its CA as ssl.truststore.location in sasl.jaas.config, or install it on the system",
                self.url
            ));
        }
        NoToken::Passing(text)
    }
}

/// As in forms: what is not a letter, a digit or one of `-_.*` as `%XX`, a blank as `+`.
fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'*' => {
                encoded.push(char::from(byte));
            }
            b' ' => encoded.push('+'),
            other => encoded.push_str(&format!("%{other:02X}")),
        }
    }
    encoded
}
