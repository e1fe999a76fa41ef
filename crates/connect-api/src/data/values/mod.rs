//! Text to value and back, as `org.apache.kafka.connect.data.Values`, and values as Java prints them.
//!
//! Three forms of text must not be mixed up:
//!
//! * [`parse_string`] and [`convert_to_string`]: Kafka's own notation (`{"a":[1,2]}`), used for headers;
//! * [`write_java_text`]: what `String.valueOf` gives (`{a=[1, 2]}`), used by `StringConverter` and the file sink;
//! * [`java_double`] and [`java_float`]: the number text that both of them and Jackson share (`1.0E10`).

mod hash_order;
mod java_text;
mod merge;
mod notation;
mod number;
mod parse;
mod temporal;
mod token;

pub use hash_order::sort_by_hash;
pub use java_text::{Utf8, java_text, write_java_text};
pub use notation::convert_to_string;
pub use number::{java_double, java_float, write_java_double, write_java_float};
pub use parse::parse_string;
