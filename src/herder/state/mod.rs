//! What the herder knows: folds over two logs, one of configurations and one of statuses.
//!
//! Records have the shape that they have in Kafka Connect's topics, and each log has one fold, wherever it is kept.

mod config;
mod status;

pub use config::{ConfigRecord, ConfigState, ConfiguredConnector};
pub use status::{State, Status, StatusRecord, StatusState, Statuses, TopicUse};
