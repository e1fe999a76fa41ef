//! [`DateFormat`]: Java's `SimpleDateFormat` in UTC and US English.
//!
//! Reading is as lenient as Java's: fields roll over, text behind the match is ignored, the last of contradicting fields
//! wins. Zones that a text names are read; see [`zone`] for which.

mod fields;
mod parse;
mod pattern;
mod symbols;
mod write;
mod zone;

pub use pattern::PatternError;

use pattern::Item;

/// A pattern, compiled.
#[derive(Clone, Debug)]
pub struct DateFormat {
    pattern: String,
    items: Vec<Item>,
}

impl DateFormat {
    /// # Errors
    /// What is wrong with the pattern, in Java's words.
    pub fn new(pattern: &str) -> Result<Self, PatternError> {
        Ok(Self {
            pattern: pattern.to_owned(),
            items: pattern::compile(pattern)?,
        })
    }

    /// The pattern as given.
    pub fn pattern(&self) -> &str {
        &self.pattern
    }

    /// The text of an instant in milliseconds since the epoch.
    pub fn format(&self, millis: i64) -> String {
        write::write(&self.items, millis)
    }

    /// The instant at the beginning of a text, in milliseconds since the epoch; none if there is none.
    pub fn parse(&self, text: &str) -> Option<i64> {
        parse::parse(&self.items, text)
    }
}
