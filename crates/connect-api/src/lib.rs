//! What a plugin sees of Turnbuckle: data, records, config definitions, plugin traits and errors.
//!
//! This crate is the counterpart of Kafka's `connect-api`. Connectors, converters, transformations and
//! predicates depend on it and on nothing else of ours; it knows no network, no clock and no runtime.
//!
//! Read in this order: [`data`] (what a value is), [`record`] (what arrives), [`error`] (who must act when
//! something fails), [`config`] (how a key is declared, once), then the traits [`convert`], [`transform`],
//! [`sink`] and the [`plugin`] descriptor that ties a class name to a constructor.

pub mod data;

pub mod header;
pub mod record;

pub mod error;

pub mod config;

pub mod convert;
pub mod sink;
pub mod transform;

pub mod plugin;

pub use bytes::Bytes;
pub use bytestring::ByteString;

pub use error::{ConnectError, ErrorClass};
pub use header::{Header, Headers};
pub use record::{RecordSlice, SinkRecord, TimestampType, TopicPartition};
