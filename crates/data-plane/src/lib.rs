//! The record's way: consume → convert → transform → put → commit.
//!
//! Two rooms: [`task`] decides and moves, [`kafka`] is the only place that names the Kafka client library. Both count what
//! they do in [`metrics`]. Decisions are
//! taken by a state machine without I/O ([`task::machine`]), everything else is an actor that does one thing.

pub mod clock;
pub mod kafka;
pub mod metrics;
pub mod raw;
pub mod task;
