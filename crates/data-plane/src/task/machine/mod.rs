//! The task's state machine.

mod offsets;

pub use offsets::{Accepted, Durable};
