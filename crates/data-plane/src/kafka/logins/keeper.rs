//! [`Keeper`]: the thread that keeps one client logged in.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::Duration;

use connect_api::ConnectError;

use super::{NoToken, Refresh, Token, TokenLogin};
use crate::clock::{Clock, SystemClock};
use crate::kafka::problems::Who;

/// Even where the keys say less: this must not become a busy loop.
const LEAST_PAUSE: Duration = Duration::from_millis(10);

/// Drop it and the thread ends, at once or when the endpoint has answered.
pub(in crate::kafka) struct Keeper {
    _stop: Sender<()>,
}

impl Keeper {
    pub fn start<T: Send + Sync + 'static>(
        login: Arc<TokenLogin>,
        who: Who,
        client: &Arc<T>,
        hand_over: impl Fn(&T, &TokenLogin, &Token) -> Result<(), String> + Send + 'static,
        told: impl Fn(Result<(), ConnectError>) + Send + 'static,
    ) -> Result<Self, ConnectError> {
        let (stop, stopped) = channel();
        let client = Arc::downgrade(client);
        let keep = move || keep(&login, &who, &client, &stopped, hand_over, told);
        let thread = thread::Builder::new().name("kafka-login".to_owned());
        thread
            .spawn(keep)
            .map_err(|e| ConnectError::fatal(format!("no thread to log in on: {e}")))?;
        Ok(Self { _stop: stop })
    }
}

fn keep<T>(
    login: &TokenLogin,
    who: &Who,
    client: &Weak<T>,
    stopped: &Receiver<()>,
    hand_over: impl Fn(&T, &TokenLogin, &Token) -> Result<(), String>,
    told: impl Fn(Result<(), ConnectError>),
) {
    let mut failures = 0_u32;
    loop {
        let now = SystemClock.unix_ms();
        let token = login.token(now);
        // The client is held for no longer than it takes, or its end would wait for this thread.
        let Some(client) = client.upgrade() else {
            return;
        };
        let given = token.and_then(|token| match hand_over(&client, login, &token) {
            Ok(()) => Ok(token),
            Err(why) => Err(NoToken::Refused(format!(
                "the token from {} cannot be used ({why}); correct what gives it",
                login.place()
            ))),
        });
        drop(client);
        let pause = match given {
            Ok(token) => {
                failures = 0;
                told(Ok(()));
                tracing::debug!(client = who.name, "a new token");
                login.refresh.after(now, token.expires_ms, chance())
            }
            Err(no_token) => {
                told(Err(login.error(who, no_token)));
                let (first, longest) = login.backoff;
                let doubled = first.saturating_mul(1 << failures.min(16));
                failures += 1;
                doubled.min(longest.max(first)).max(LEAST_PAUSE)
            }
        };
        // Nobody sends; it ends when the keeper is dropped.
        if !matches!(stopped.recv_timeout(pause), Err(RecvTimeoutError::Timeout)) {
            return;
        }
    }
}

/// From 0 up to 1.
fn chance() -> f64 {
    let random = RandomState::new().build_hasher().finish();
    (random >> 11) as f64 / (1_u64 << 53) as f64
}

impl Refresh {
    /// How long to wait for the next token. Java's rule: part of its life and a bit, but not before the least time,
    /// and not in the last stretch; both are left aside for a token that lives shorter than them.
    pub(super) fn after(&self, now_ms: i64, expires_ms: i64, chance: f64) -> Duration {
        let millis = |d: Duration| i64::try_from(d.as_millis()).unwrap_or(i64::MAX);
        let life = (expires_ms - now_ms).max(0);
        let part = self.factor + self.jitter * chance;
        let wished = (life as f64 * part) as i64;
        let (least, last) = (millis(self.least), life - millis(self.buffer));
        let pause = match last < least {
            true => wished,
            false => wished.clamp(least, last),
        };
        // A token that is over already must not make this a busy loop.
        Duration::from_millis(pause.max(1000).unsigned_abs())
    }
}
