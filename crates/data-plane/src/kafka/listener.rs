//! [`Listener`]: what producers and admin clients hear from librdkafka. Wrong passwords and missing permissions are
//! retried there for ever and only ever said as events; here whoever waits is told.

use connect_api::{ConnectError, ErrorClass};
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::KafkaError;
use tokio::sync::watch;

use super::consumer::log_line;
use super::problems::{self, Who};

pub(super) struct Listener {
    who: Who,
    /// Whose client it is, for log lines from librdkafka's own threads.
    span: tracing::Span,
    refused: watch::Sender<Option<ConnectError>>,
    /// What the last try to log in by token came to.
    login: watch::Sender<Option<ConnectError>>,
}

impl Listener {
    pub fn new(who: Who) -> Self {
        Self {
            who,
            span: tracing::Span::current(),
            refused: watch::Sender::new(None),
            login: watch::Sender::new(None),
        }
    }

    /// Waits for an error from now on that only a person can repair; at once if no token is to be had.
    pub async fn refusal(&self) -> ConnectError {
        let mut refused = self.refused.subscribe();
        let mut login = self.login.subscribe();
        let is_denied = |e: &ConnectError| e.class() != ErrorClass::Unavailable;
        loop {
            if let Some(error) = login.borrow_and_update().clone().filter(is_denied) {
                return error;
            }
            // The senders are in `self`, so neither can fail.
            tokio::select! {
                _ = refused.changed() => {}
                _ = login.changed() => continue,
            }
            if let Some(error) = refused.borrow_and_update().clone() {
                return error;
            }
        }
    }

    /// Keeps what a try to log in by token came to.
    pub fn logged_in(&self, result: Result<(), ConnectError>) {
        self.login.send_replace(result.err());
    }

    /// Why there is no token now.
    pub fn login_trouble(&self) -> Option<String> {
        self.login.borrow().as_ref().map(ToString::to_string)
    }
}

impl ClientContext for Listener {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, line: &str) {
        self.span.in_scope(|| log_line(level, facility, line));
    }

    fn error(&self, error: KafkaError, reason: &str) {
        let _whose = self.span.enter();
        let code = problems::code(&error);
        tracing::debug!(client = self.who.name, reason, "kafka client error");
        if let Some(error) = problems::refusal(code, reason, &self.who) {
            self.refused.send_replace(Some(error));
        }
    }
}
