//! [`ClientCounters`]: what a Kafka client says of its connections now and then.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The last word of a client; written by its own threads.
#[derive(Debug, Default)]
pub struct ClientCounters {
    /// Connections that are up.
    pub connections: AtomicU64,
    pub incoming_bytes: AtomicU64,
    pub outgoing_bytes: AtomicU64,
    /// Answered and not, failed ones included.
    pub requests: AtomicU64,
}

/// The counters at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClientCounts {
    pub connections: u64,
    pub incoming_bytes: u64,
    pub outgoing_bytes: u64,
    pub requests: u64,
}

impl ClientCounters {
    pub fn set(&self, counts: ClientCounts) {
        self.connections.store(counts.connections, Relaxed);
        self.incoming_bytes.store(counts.incoming_bytes, Relaxed);
        self.outgoing_bytes.store(counts.outgoing_bytes, Relaxed);
        self.requests.store(counts.requests, Relaxed);
    }

    pub fn get(&self) -> ClientCounts {
        ClientCounts {
            connections: self.connections.load(Relaxed),
            incoming_bytes: self.incoming_bytes.load(Relaxed),
            outgoing_bytes: self.outgoing_bytes.load(Relaxed),
            requests: self.requests.load(Relaxed),
        }
    }
}
