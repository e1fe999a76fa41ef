//! The logical types: a schema name gives a base type another meaning.

use super::{SchemaBuilder, SchemaRef, Type};
use crate::error::ConnectError;

/// BYTES, big-endian two's complement of the unscaled value; the scale is the parameter [`DECIMAL_SCALE`].
pub const DECIMAL: &str = "org.apache.kafka.connect.data.Decimal";
/// INT32, days since the epoch.
pub const DATE: &str = "org.apache.kafka.connect.data.Date";
/// INT32, milliseconds since midnight.
pub const TIME: &str = "org.apache.kafka.connect.data.Time";
/// INT64, milliseconds since the epoch.
pub const TIMESTAMP: &str = "org.apache.kafka.connect.data.Timestamp";

/// Parameter of a [`DECIMAL`] schema that holds the scale as text.
pub const DECIMAL_SCALE: &str = "scale";

/// A builder for decimals of one scale (`Decimal.builder`).
pub fn decimal_schema(scale: i32) -> SchemaBuilder {
    SchemaBuilder::new(Type::Bytes)
        .name(DECIMAL)
        .parameter(DECIMAL_SCALE, scale.to_string())
        .version(1)
}

fn plain(type_: Type, name: &'static str, optional: bool) -> Result<SchemaRef, ConnectError> {
    SchemaBuilder::new(type_)
        .name(name)
        .version(1)
        .optional(optional)
        .build()
}

/// The schema of dates.
///
/// # Errors
/// None in practice; the signature is that of every builder.
pub fn date_schema(optional: bool) -> Result<SchemaRef, ConnectError> {
    plain(Type::Int32, DATE, optional)
}

/// The schema of times of day.
///
/// # Errors
/// None in practice; the signature is that of every builder.
pub fn time_schema(optional: bool) -> Result<SchemaRef, ConnectError> {
    plain(Type::Int32, TIME, optional)
}

/// The schema of instants.
///
/// # Errors
/// None in practice; the signature is that of every builder.
pub fn timestamp_schema(optional: bool) -> Result<SchemaRef, ConnectError> {
    plain(Type::Int64, TIMESTAMP, optional)
}
