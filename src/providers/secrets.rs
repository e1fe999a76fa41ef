//! [`Secrets`]: keeps what providers gave out of texts that people read.

use std::borrow::Cow;
use std::fmt;
use std::sync::{PoisonError, RwLock};

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

/// What providers gave since the process started, newest first: lines of the log are not of one configuration.
static GIVEN: RwLock<Vec<(String, String)>> = RwLock::new(Vec::new());

/// What changes for ever, such as a token, must not fill the memory.
const KEPT: usize = 10_000;

/// From now on lines of the log show the reference instead.
pub(super) fn keep_out_of_log(value: &str, reference: &str) {
    let value = value.trim();
    let known = |given: &[(String, String)]| given.iter().any(|(v, _)| v == value);
    if value.chars().count() < SHORTEST
        || known(&GIVEN.read().unwrap_or_else(PoisonError::into_inner))
    {
        return;
    }
    let mut given = GIVEN.write().unwrap_or_else(PoisonError::into_inner);
    given.insert(0, (value.to_owned(), reference.to_owned()));
    given.truncate(KEPT);
}

/// A text of the log without what providers gave to any configuration.
pub fn hide_in_log(text: &str) -> Cow<'_, str> {
    let given = GIVEN.read().unwrap_or_else(PoisonError::into_inner);
    // A value inside a longer one must not break that up.
    let mut found: Vec<_> = given
        .iter()
        .filter(|(value, _)| text.contains(value.as_str()))
        .collect();
    if found.is_empty() {
        return Cow::Borrowed(text);
    }
    found.sort_by_key(|(value, _)| std::cmp::Reverse(value.len()));
    let hidden = found
        .into_iter()
        .fold(text.to_owned(), |text, (value, reference)| {
            text.replace(value.as_str(), reference)
        });
    Cow::Owned(hidden)
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

    #[test]
    fn the_log_shows_references_whoever_they_are_of() {
        for (value, reference) in [
            ("of-a-log", "${env:L}"),
            ("one-of-a-log\n", "${env:M}"),
            ("of", "${env:N}"),
        ] {
            keep_out_of_log(value, reference);
        }
        assert_eq!(hide_in_log("of-a-log, one-of-a-log"), "${env:L}, ${env:M}");
        assert_eq!(hide_in_log("most of them"), "most of them");
    }
}
