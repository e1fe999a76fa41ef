//! [`Client`]: posts messages to a collector. Blocking, so it belongs on a thread of its own.

use std::fs;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use key_stores::http_client::tls_config;
use key_stores::{Store, Tls};
use tracing::{info, warn};
use ureq::Agent;

use super::settings::Signal;

const REMIND_EVERY: Duration = Duration::from_secs(300);

pub(super) struct Client {
    agent: Agent,
    endpoint: String,
    /// The address that may be told.
    shown: String,
    headers: Vec<(String, String)>,
    /// When the log was told that it cannot be reached.
    away: Mutex<Option<Instant>>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("endpoint", &self.shown)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// # Errors
    /// A certificate cannot be read.
    pub fn new(signal: &Signal) -> Result<Self, String> {
        let tls = Tls {
            trust: signal.certificate.clone().map(|path| Store::Pem {
                key: "OTEL_EXPORTER_OTLP_CERTIFICATE",
                path,
            }),
            identity: identity(signal)?,
            key_password: None,
        };
        let agent = Agent::config_builder()
            .tls_config(tls_config(&tls)?)
            .timeout_global(Some(signal.timeout))
            .http_status_as_error(false)
            .max_redirects(0)
            .user_agent(concat!("turnbuckle/", env!("CARGO_PKG_VERSION")))
            .build();
        Ok(Self {
            agent: agent.into(),
            endpoint: signal.endpoint.clone(),
            shown: signal.shown_endpoint(),
            headers: signal.headers.clone(),
            away: Mutex::new(None),
        })
    }

    /// Sends one message. What cannot be sent is lost, and told once in a while.
    pub fn post(&self, message: &[u8]) -> Result<(), String> {
        let mut request = self
            .agent
            .post(&self.endpoint)
            .header("Content-Type", "application/x-protobuf");
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let sent = match request.send(message) {
            Ok(answer) if answer.status().is_success() => Ok(()),
            Ok(answer) => Err(format!("it answers {}", answer.status().as_u16())),
            // Its text may hold the address with a password; the kind says enough.
            Err(ureq::Error::Timeout(_)) => Err("it does not answer in time".to_owned()),
            Err(ureq::Error::Io(error)) => Err(error.to_string()),
            Err(ureq::Error::HostNotFound) => Err("its name cannot be resolved".to_owned()),
            Err(_) => Err("no connection, or no HTTP".to_owned()),
        };
        self.tell(&sent);
        sent
    }

    fn tell(&self, sent: &Result<(), String>) {
        let mut away = self
            .away
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        match sent {
            Ok(()) if away.take().is_some() => {
                info!(
                    endpoint = self.shown,
                    "the OpenTelemetry collector takes what is sent again"
                );
            }
            Err(why) if away.is_none_or(|at| at.elapsed() >= REMIND_EVERY) => {
                *away = Some(Instant::now());
                warn!(
                    endpoint = self.shown,
                    "the OpenTelemetry collector does not take what is sent ({why}): metrics and traces are lost until it does, and nothing else is. Check that it runs, its address and its headers"
                );
            }
            _ => {}
        }
    }
}

/// The client's certificate with its key, which stand in two files.
fn identity(signal: &Signal) -> Result<Option<Store>, String> {
    let Some(certificate) = &signal.client_certificate else {
        return Ok(None);
    };
    let mut pem = String::new();
    for path in signal.client_key.iter().chain([certificate]) {
        let text = fs::read_to_string(path).map_err(|e| format!("cannot read {path}: {e}; correct OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and OTEL_EXPORTER_OTLP_CLIENT_KEY"))?;
        pem.push_str(&text);
        pem.push('\n');
    }
    let key = "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE";
    Ok(Some(Store::Inline { key, pem }))
}
