//! What is counted on the record's way, next to where it happens.
//!
//! A task has one [`TaskMetrics`]. Its actors write into it once per batch or call, never per record: plain counters are
//! atomics, what needs a window of time or a partition stands behind one lock that nobody holds while it waits. Who shows
//! the numbers takes a [`TaskSnapshot`]; names and formats are not known here.

mod client;
mod latency;
mod snapshot;
mod task;
mod trace;
mod window;

pub use client::{ClientCounters, ClientCounts};
pub use latency::{BOUNDS_MS, LatencyCounts};
pub use snapshot::{PartitionSnapshot, TaskSnapshot, TopicSnapshot};
pub use task::{Listener, StageName, TaskMetrics, WaitReason};
pub(crate) use task::{RatioState, RecordFailures};
pub use trace::{BatchTrace, CommitTrace, StageTrace, Trace, TraceParent, When};
pub use window::{Sampled, Windows};
