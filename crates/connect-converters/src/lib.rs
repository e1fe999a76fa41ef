//! The converters of Apache Kafka: bytes of a record to Connect data and back.
//!
//! Each converter is a module with its keys, and answers to the class name that configurations of the JVM use. Results
//! are those of Kafka's classes, quirks included; `tests/goldens.rs` holds them against recordings.

mod charset;
mod common;

pub mod boolean;
pub mod byte_array;
pub mod json;
pub mod number;
pub mod simple_header;
pub mod string;

use connect_api::plugin::PluginDescriptor;

pub use common::CONVERTER_TYPE;

/// Every converter of this crate; a class that converts headers too stands here twice.
pub static PLUGINS: &[PluginDescriptor] = &[
    json::CONVERTER,
    json::HEADER_CONVERTER,
    string::CONVERTER,
    string::HEADER_CONVERTER,
    byte_array::CONVERTER,
    byte_array::HEADER_CONVERTER,
    number::SHORT,
    number::SHORT_HEADER,
    number::INTEGER,
    number::INTEGER_HEADER,
    number::LONG,
    number::LONG_HEADER,
    number::FLOAT,
    number::FLOAT_HEADER,
    number::DOUBLE,
    number::DOUBLE_HEADER,
    boolean::CONVERTER,
    boolean::HEADER_CONVERTER,
    simple_header::HEADER_CONVERTER,
];
