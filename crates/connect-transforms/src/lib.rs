//! The transformations and predicates of Apache Kafka and one of Debezium's, under the class names that configurations of
//! the JVM use.
//!
//! Each is a module with its keys. Results are those of Kafka's classes, quirks and texts included; `tests/goldens.rs`
//! holds them against recordings. A transformation changes the record it is given: what it does not touch is neither
//! copied nor looked at, and what depends on a schema alone is worked out once per schema.
//!
//! Java's regular expressions, date patterns and number texts are in the crate `java-compat`.

mod descriptor;
mod field_path;
mod keys;
mod numbers;
mod record_text;
mod requirements;
mod schema_cache;
mod side;
mod structs;
mod topic_memo;

pub mod cast;
pub mod drop_headers;
pub mod extract_field;
pub mod filter;
pub mod flatten;
pub mod header_from;
pub mod hoist_field;
pub mod insert_field;
pub mod insert_header;
pub mod mask_field;
pub mod regex_router;
pub mod replace_field;
pub mod set_schema_metadata;
pub mod timestamp_converter;
pub mod timestamp_router;
pub mod value_to_key;

pub mod predicates;

pub mod debezium;

use connect_api::plugin::PluginDescriptor;

/// Every transformation and predicate of this crate.
pub static PLUGINS: &[PluginDescriptor] = &[
    cast::KEY,
    cast::VALUE,
    drop_headers::PLUGIN,
    extract_field::KEY,
    extract_field::VALUE,
    filter::PLUGIN,
    flatten::KEY,
    flatten::VALUE,
    header_from::KEY,
    header_from::VALUE,
    hoist_field::KEY,
    hoist_field::VALUE,
    insert_field::KEY,
    insert_field::VALUE,
    insert_header::PLUGIN,
    mask_field::KEY,
    mask_field::VALUE,
    regex_router::PLUGIN,
    replace_field::KEY,
    replace_field::VALUE,
    set_schema_metadata::KEY,
    set_schema_metadata::VALUE,
    timestamp_converter::KEY,
    timestamp_converter::VALUE,
    timestamp_router::PLUGIN,
    value_to_key::PLUGIN,
    debezium::extract_new_record_state::PLUGIN,
    predicates::has_header_key::PLUGIN,
    predicates::record_is_tombstone::PLUGIN,
    predicates::topic_name_matches::PLUGIN,
];
