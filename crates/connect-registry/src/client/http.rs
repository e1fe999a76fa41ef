//! One request to one of the registries, the next one if that is away, and what answers mean.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use key_stores::http_client::tls_config;
use serde_json::Value;
use ureq::http::Response;
use ureq::{Agent, Body, Error, Proxy};

use super::auth::Login;
use super::error::RestError;
use crate::settings::{Connection, Url};

/// A schema of many megabytes is none.
const MOST: u64 = 16 << 20;

const JSON: &str = "application/vnd.schemaregistry.v1+json";
const ACCEPT: &str =
    "application/vnd.schemaregistry.v1+json, application/vnd.schemaregistry+json, application/json";

/// The registries of a configuration.
pub struct Http {
    pub connection: Connection,
    agent: OnceLock<Agent>,
    /// The one that answered last.
    current: AtomicUsize,
    login: Login,
}

/// What to ask.
pub struct Request<'a> {
    /// Begins with a slash; query included, all of it encoded.
    pub path: &'a str,
    /// None: GET.
    pub body: Option<&'a Value>,
}

impl Http {
    pub fn new(connection: Connection) -> Self {
        Self {
            login: Login::new(connection.auth.clone()),
            connection,
            agent: OnceLock::new(),
            current: AtomicUsize::new(0),
        }
    }

    /// Blocks until a registry has answered or all have failed.
    pub fn ask(&self, request: &Request<'_>) -> Result<Value, RestError> {
        let agent = self.agent()?;
        let urls = &self.connection.urls;
        let first = self.current.load(Ordering::Relaxed);
        let mut failed = RestError::Config("schema.registry.url names no registry".to_owned());
        for step in 0..urls.len() {
            let at = (first + step) % urls.len();
            let mut answer = self.ask_one(agent, &urls[at], request);
            // A token may have been revoked before its time.
            if matches!(answer, Err(RestError::Denied(_))) && self.login.forget() {
                answer = self.ask_one(agent, &urls[at], request);
            }
            match answer {
                Err(error) if error.passes() => failed = error,
                answer => {
                    self.current.store(at, Ordering::Relaxed);
                    return answer;
                }
            }
        }
        Err(failed)
    }

    fn ask_one(&self, agent: &Agent, url: &Url, request: &Request<'_>) -> Result<Value, RestError> {
        let target = format!("{}{}", url.base, request.path);
        let mut headers: Vec<(&str, String)> = vec![("Accept", ACCEPT.to_owned())];
        headers.extend(self.login.headers(agent, url)?);
        for (name, value) in &self.connection.headers {
            headers.push((name, value.clone()));
        }
        let sent = match request.body {
            None => {
                let get = agent.get(&target);
                headers
                    .iter()
                    .fold(get, |get, (name, value)| get.header(*name, value))
                    .call()
            }
            Some(body) => {
                let post = agent.post(&target).header("Content-Type", JSON);
                headers
                    .iter()
                    .fold(post, |post, (name, value)| post.header(*name, value))
                    .send(body.to_string())
            }
        };
        let mut response = sent.map_err(|error| unanswered(url, &error))?;
        let limited = response.body_mut().with_config().limit(MOST);
        let text = limited.read_to_string();
        let text = text.map_err(|error| unanswered(url, &error))?;
        judge(url, &target, &response, &text)
    }

    /// The agent; made at the first request, because stores are files.
    fn agent(&self) -> Result<&Agent, RestError> {
        if self.agent.get().is_none() {
            let agent = self.make()?;
            // Another thread may have been quicker.
            let _ = self.agent.set(agent);
        }
        let none = || RestError::away("the client is not made ready");
        self.agent.get().ok_or_else(none)
    }

    fn make(&self) -> Result<Agent, RestError> {
        let connection = &self.connection;
        let proxy = match &connection.proxy {
            None => None,
            Some((host, port)) => {
                let proxy = Proxy::new(&format!("http://{host}:{port}"));
                let wrong = |e| RestError::Config(format!("proxy.host={host}: {e}"));
                Some(proxy.map_err(wrong)?)
            }
        };
        let tls = tls_config(&connection.tls).map_err(RestError::Config)?;
        let config = Agent::config_builder()
            .tls_config(tls)
            .proxy(proxy)
            .http_status_as_error(false)
            // Credentials go where the configuration says and nowhere else.
            .max_redirects(0)
            .user_agent(concat!("turnbuckle/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(connection.connect_timeout))
            .timeout_resolve(Some(connection.connect_timeout))
            .timeout_send_request(Some(connection.read_timeout))
            .timeout_send_body(Some(connection.read_timeout))
            .timeout_recv_response(Some(connection.read_timeout))
            .timeout_recv_body(Some(connection.read_timeout));
        Ok(config.build().into())
    }
}

/// Who gave no answer, and why.
fn unanswered(url: &Url, error: &Error) -> RestError {
    let text = error.to_string();
    let url = &url.base;
    if text.contains("invalid peer certificate") {
        return RestError::Denied(format!(
            "the certificate of {url} is refused ({text}): give its CA as schema.registry.ssl.truststore.location, or install it on the system"
        ));
    }
    if text.contains("CertificateRequired") || text.contains("certificate required") {
        return RestError::Denied(format!(
            "{url} asks for a certificate of the client: set schema.registry.ssl.keystore.location"
        ));
    }
    RestError::away(format!(
        "the schema registry {url} does not answer ({text}): check that it runs, schema.registry.url, proxy and firewalls"
    ))
}

fn judge(
    url: &Url,
    target: &str,
    response: &Response<Body>,
    text: &str,
) -> Result<Value, RestError> {
    let (url, status) = (&url.base, response.status().as_u16());
    let answer: Option<Value> = serde_json::from_str(text).ok();
    if status == 200 {
        return answer.ok_or_else(|| {
            RestError::away(format!(
                "{target} answered something that is no JSON: if this lasts, schema.registry.url names no schema registry"
            ))
        });
    }
    let part = |name: &str| answer.as_ref().and_then(|answer| answer.get(name));
    let said = part("message").and_then(Value::as_str);
    let code = part("error_code").and_then(Value::as_i64);
    let header = |name: &str| response.headers().get(name).and_then(|h| h.to_str().ok());
    let quoted = said.map_or_else(String::new, |said| format!(", {said}"));
    match status {
        300..=399 => Err(RestError::Config(format!(
            "{target} redirects to {}: set schema.registry.url to where the registry is, since credentials do not follow redirects",
            header("Location").unwrap_or("another place")
        ))),
        401 => Err(RestError::Denied(format!(
            "{url} answered 401 Unauthorized{quoted}: check basic.auth.credentials.source and basic.auth.user.info, or the bearer.auth. keys"
        ))),
        403 => Err(RestError::Denied(format!(
            "{target} answered 403 Forbidden{quoted}: give this user the right to read the subject, or use another user"
        ))),
        407 => Err(RestError::Denied(format!(
            "the proxy in front of {url} asks for credentials, which it cannot be given: let it pass this machine"
        ))),
        408 | 425 | 429 | 500..=599 => {
            let seconds = header("Retry-After").and_then(|value| value.trim().parse().ok());
            Err(RestError::Away {
                why: format!("the schema registry {url} answered {status}{quoted}"),
                again_after: seconds.map(Duration::from_secs),
            })
        }
        // The registry's own codes have five digits; others come from something before it.
        _ => match code {
            Some(code) if code >= 10_000 => Err(RestError::Refused {
                code,
                message: said.unwrap_or_default().to_owned(),
            }),
            _ => Err(RestError::Config(format!(
                "{target} answered {status}{quoted}: check schema.registry.url, which names the address before /schemas and /subjects"
            ))),
        },
    }
}
