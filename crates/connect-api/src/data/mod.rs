//! Connect's data model: schemas, values, structs and the logical types.
//!
//! A record's key, value and headers are a [`Value`] with an optional [`Schema`], as in Kafka's
//! `org.apache.kafka.connect.data`. Values without a schema are what the schemaless converters give.

mod decimal;
mod fields;
mod logical;
mod map;
mod schema;
mod schema_builder;
mod structure;
mod validate;
mod value;
pub mod values;

pub use decimal::Decimal;
pub use fields::RecursiveStruct;
pub use logical::{
    DATE, DECIMAL, DECIMAL_SCALE, TIME, TIMESTAMP, date_schema, decimal_schema, time_schema,
    timestamp_schema,
};
pub use map::Map;
pub use schema::{Field, Schema, SchemaRef, Type, optional, required};
pub use schema_builder::SchemaBuilder;
pub use structure::Struct;
pub use validate::validate_value;
pub use value::{SchemaAndValue, Value};
