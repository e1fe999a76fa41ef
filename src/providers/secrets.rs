//! [`Secrets`]: keeps what providers gave out of texts that people read.

use std::fmt;

/// Shorter values are words such as `true`; replacing them wherever they stand would spoil texts and hide nothing.
const SHORTEST: usize = 6;

/// What references of one configuration stand for.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secrets {
    /// A value as a provider gave it, and the reference to it; the longest first.
    given: Vec<(String, String)>,
    /// The whole value of a key, resolved and as it was written.
    values: Vec<(String, String)>,
}

impl Secrets {
    /// A reference gave this.
    pub fn given(&mut self, value: &str, reference: &str) {
        let value = value.trim();
        let known = self.given.iter().any(|(v, _)| v == value);
        if value.chars().count() < SHORTEST || known {
            return;
        }
        let longer = |other: &(String, String)| other.0.len() >= value.len();
        let at = self.given.partition_point(longer);
        self.given
            .insert(at, (value.to_owned(), reference.to_owned()));
    }

    /// A key has this value where it was written in another way.
    pub fn value(&mut self, resolved: &str, written: &str) {
        let resolved = resolved.trim();
        if !resolved.is_empty() {
            self.values.push((resolved.to_owned(), written.to_owned()));
        }
    }

    pub fn extend(&mut self, others: &Secrets) {
        for (value, reference) in &others.given {
            self.given(value, reference);
        }
        for value in &others.values {
            if !self.values.contains(value) {
                self.values.push(value.clone());
            }
        }
    }

    /// The text with references in the place of what they stand for.
    pub fn hide(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (resolved, written) in &self.values {
            // Kafka's sentence about a value that is refused repeats it, however short it is.
            let said = format!("Invalid value {resolved} for configuration");
            if text.contains(&said) {
                text = text.replace(&said, &format!("Invalid value {written} for configuration"));
            }
        }
        for (value, reference) in &self.given {
            if text.contains(value.as_str()) {
                text = text.replace(value.as_str(), reference);
            }
        }
        text
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets({})", self.given.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_show_references_instead_of_what_they_stand_for() {
        let mut secrets = Secrets::default();
        secrets.given("s3cret", "${env:A}");
        secrets.given("s3cret-and-more\n", "${env:B}");
        secrets.given("7", "${env:C}");
        secrets.value("7", "${env:C}");
        for (text, expected) in [
            ("login s3cret refused", "login ${env:A} refused"),
            ("s3cret-and-more", "${env:B}"),
            (
                "Invalid value 7 for configuration k: 7 is odd",
                "Invalid value ${env:C} for configuration k: 7 is odd",
            ),
            ("7 tasks", "7 tasks"),
        ] {
            assert_eq!(secrets.hide(text), expected);
        }
        assert_eq!(format!("{secrets:?}"), "Secrets(2)");
    }
}
