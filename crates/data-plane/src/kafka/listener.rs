//! [`Listener`]: what producers and admin clients hear from librdkafka. Wrong passwords and missing permissions are
//! retried there for ever and only ever said as events; here whoever waits is told. Brokers that are away are told in
//! the log while the wait goes on.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use connect_api::{ConnectError, ErrorClass};
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use tokio::sync::watch;

use super::consumer::{FAILED, log_line};
use super::diagnosis::Trouble;
use super::problems::{self, Who};
use super::statistics;
use crate::metrics::ClientCounters;

const REMIND_EVERY: Duration = Duration::from_secs(300);

pub(super) struct Listener {
    who: Who,
    /// Whose client it is, for log lines from librdkafka's own threads.
    span: tracing::Span,
    refused: watch::Sender<Option<ConnectError>>,
    /// What the last try to log in by token came to.
    login: watch::Sender<Option<ConnectError>>,
    outage: Mutex<Outage>,
    counters: Arc<ClientCounters>,
}

#[derive(Default)]
struct Outage {
    /// The last trouble with a connection.
    trouble: Option<Trouble>,
    told: Option<Instant>,
}

impl Listener {
    pub fn new(who: Who) -> Self {
        Self {
            who,
            span: tracing::Span::current(),
            refused: watch::Sender::new(None),
            login: watch::Sender::new(None),
            outage: Mutex::default(),
            counters: Arc::default(),
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

    pub fn counters(&self) -> Arc<ClientCounters> {
        self.counters.clone()
    }

    /// Why there is no token now.
    pub fn login_trouble(&self) -> Option<String> {
        self.login.borrow().as_ref().map(ToString::to_string)
    }

    /// No answer came: with the last that was heard of connections.
    pub fn away(&self, reason: &str) -> ConnectError {
        let outage = self.outage.lock().unwrap_or_else(PoisonError::into_inner);
        problems::away(reason, outage.trouble.as_ref(), &self.who)
    }

    fn trouble(&self, trouble: Trouble) {
        let is_misadvertised = trouble.is_misadvertised(&self.who);
        let mut outage = self.outage.lock().unwrap_or_else(PoisonError::into_inner);
        outage.trouble = Some(trouble);
        drop(outage);
        // Bootstrap servers answer then, so librdkafka will not say that all is down.
        if is_misadvertised {
            self.tell("bootstrap.servers answer");
        }
    }

    fn tell(&self, reason: &str) {
        let mut outage = self.outage.lock().unwrap_or_else(PoisonError::into_inner);
        if outage.told.is_some_and(|at| at.elapsed() < REMIND_EVERY) {
            return;
        }
        outage.told = Some(Instant::now());
        let error = problems::away(reason, outage.trouble.as_ref(), &self.who);
        tracing::warn!("{error}");
    }
}

impl ClientContext for Listener {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, line: &str) {
        let _whose = self.span.enter();
        log_line(level, facility, line);
        if facility == FAILED
            && let Some(trouble) = Trouble::parse(line)
        {
            self.trouble(trouble);
        }
    }

    fn stats_raw(&self, statistics: &[u8]) {
        if let Some(counts) = statistics::counts(statistics) {
            self.counters.set(counts);
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        let _whose = self.span.enter();
        let code = problems::code(&error);
        tracing::debug!(client = self.who.name, reason, "kafka client error");
        if let Some(error) = problems::refusal(code, reason, &self.who) {
            self.refused.send_replace(Some(error));
        } else if code == RDKafkaErrorCode::AllBrokersDown {
            self.tell(reason);
        }
    }
}
