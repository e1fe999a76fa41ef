//! What tests of plugins need: records, a task's context, faults of a target, the sink conformance suite, recorded vectors.
//!
//! A connector's `tests/conformance.rs` implements [`SinkUnderTest`] for itself and calls [`run`]. Every plugin's test calls
//! [`assert_keys_are_read`], so that no key is accepted and then ignored.

mod records;

mod fault;
mod harness;
mod suite;

mod checks;

mod keys;

mod goldens;
pub mod vectors;

pub use fault::{FaultBy, TargetFault};
pub use goldens::Vectors;
pub use harness::{Harness, context};
pub use keys::assert_keys_are_read;
pub use records::{batch, partition, records};
pub use suite::{CheckResult, Outcome, SinkUnderTest, run};
