//! Turnbuckle: Kafka Connect without the JVM.
//!
//! Read the modules in this order; each depends only on those below it.

pub mod config;
