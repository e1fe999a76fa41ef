//! What configurations of Kafka Connect take from Java's library: regular expressions, date patterns, number texts.
//!
//! Results are those of Java 17 in the locale `en_US`. What cannot be had the same is refused with a sentence that says
//! so. Nothing here looks at the outside, but for the current year that two-digit years hang on.

pub mod date_format;
pub mod number;
pub mod regex;
