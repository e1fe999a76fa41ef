//! Converters for records whose schemas stand in a schema registry: Avro, Protobuf and JSON Schema.
//!
//! What the three share (the wire format, the registry's client, caches) knows nothing of a format; a format knows
//! nothing of the registry. [`format::Format`] is the line between them. Each format is a feature.
//!
//! Read in this order: [`format`], [`wire`] (what stands before a payload), [`subject`], [`keys`] and [`settings`] (the
//! configuration), `client` (the registry's REST API), `cache`, `lookup` (what is asked for a record), `writing`, and
//! [`converter`], which joins them.

pub mod format;

pub mod wire;

pub mod subject;

pub mod keys;
pub mod settings;

mod client;

mod cache;
mod lookup;
mod text;
mod writing;

pub mod converter;

#[cfg(feature = "avro")]
pub mod avro;

#[cfg(feature = "json-schema")]
pub mod json_schema;

#[cfg(feature = "protobuf")]
pub mod protobuf;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

use connect_api::plugin::PluginDescriptor;

/// The converters of the formats that are built in.
pub static PLUGINS: &[PluginDescriptor] = &[
    #[cfg(feature = "avro")]
    avro::CONVERTER,
    #[cfg(feature = "json-schema")]
    json_schema::CONVERTER,
    #[cfg(feature = "protobuf")]
    protobuf::CONVERTER,
];
