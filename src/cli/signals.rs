//! SIGTERM and SIGINT: the first asks for an orderly stop, the second ends at once.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::{info, warn};

/// Listens from its making on.
pub struct Signals(Option<Listening>);

struct Listening {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// # Errors
    /// The system refuses to tell of signals.
    pub fn new() -> io::Result<Self> {
        Ok(Self(Some(Listening {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })))
    }

    /// For a worker inside something that is asked itself: one signal reaches every listener of the process, and the
    /// worker would take it for its second.
    #[cfg(feature = "demo")]
    pub fn none() -> Self {
        Self(None)
    }

    /// Waits for a signal.
    pub async fn first(&mut self) {
        let signal = self.next().await;
        info!(signal, "stopping; a second signal ends at once");
    }

    /// Waits for another one; its number.
    pub async fn second(&mut self) -> u8 {
        let signal = self.next().await;
        warn!(signal, "ending at once");
        u8::try_from(signal).unwrap_or_default()
    }

    async fn next(&mut self) -> i32 {
        let Some(listening) = &mut self.0 else {
            return std::future::pending().await;
        };
        tokio::select! {
            _ = listening.terminate.recv() => SignalKind::terminate().as_raw_value(),
            _ = listening.interrupt.recv() => SignalKind::interrupt().as_raw_value(),
        }
    }
}
