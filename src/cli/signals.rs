//! SIGTERM and SIGINT: the first asks for an orderly stop, the second ends at once.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::{info, warn};

/// Listens from its making on.
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// # Errors
    /// The system refuses to tell of signals.
    pub fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
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
        tokio::select! {
            _ = self.terminate.recv() => SignalKind::terminate().as_raw_value(),
            _ = self.interrupt.recv() => SignalKind::interrupt().as_raw_value(),
        }
    }
}
