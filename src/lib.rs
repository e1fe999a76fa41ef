//! Turnbuckle: Kafka Connect without the JVM.
//!
//! Read the modules in this order; each depends only on those below it.

pub mod cli;
pub mod rest;

pub mod herder;
pub mod preview;
pub mod worker;

pub mod plugins;
pub mod providers;

pub mod metrics;

pub mod config;

pub mod logging;
pub mod version;

#[cfg(test)]
mod goldens;
