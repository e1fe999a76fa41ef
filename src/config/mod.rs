//! Configuration of worker and connectors: where it comes from, which keys there are, what they mean.
//!
//! Nothing here touches files, network, environment or clock: callers hand in what was read, and get typed values or
//! every error at once. (The samples for users are in `config/` at the root of the repository.)

pub mod connector_file;
pub mod environment;
pub mod layers;
pub mod properties;

pub mod inert;
pub mod worker;
pub mod worker_keys;

pub mod policy;
pub mod reference;
pub mod rest;

pub mod connector;
pub mod target;
pub mod topics;

pub use connector::SinkConnectorConfig;
pub use target::TargetState;
pub use worker::WorkerConfig;
