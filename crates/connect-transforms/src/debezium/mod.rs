//! Transformations of Debezium that sinks need to read its change events, under Debezium's class names.

mod add_fields;
mod drop_fields;
pub mod extract_new_record_state;
mod field_reference;
mod keys;

/// The version of Debezium whose behaviour they have.
pub const DEBEZIUM_VERSION: &str = "3.4.0.Final";
