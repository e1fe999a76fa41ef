//! What tests of plugins need.

pub mod vectors;
