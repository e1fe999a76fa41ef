//! Converters for records whose schemas stand in a schema registry: Avro, Protobuf and JSON Schema.
//!
//! What the three share (the wire format, the registry's client, caches) knows nothing of a format; a format knows
//! nothing of the registry. [`format::Format`] is the line between them. Each format is a feature.

pub mod format;
