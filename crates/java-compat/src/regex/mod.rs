//! [`JavaRegex`]: regular expressions in Java's syntax and with Java's meaning.
//!
//! A pattern is translated for the engine, an automaton where that can do it and backtracking with a bound where it
//! cannot. Of what Java knows this is refused by name: `\G`, `\X`, `\N{…}`, `\b{g}`, Unicode blocks (`\p{InGreek}`) and
//! the rarer names of characters, a quantifier behind another, back references under `(?i)` or to a later group.

mod class;
mod replacement;
mod translate;

use std::fmt;

pub use replacement::Replacement;

/// A compiled pattern. The default matches the empty text.
#[derive(Clone, Debug)]
pub struct JavaRegex {
    pattern: String,
    /// Finds the pattern anywhere.
    find: fancy_regex::Regex,
    /// Matches the whole text or not at all.
    whole: fancy_regex::Regex,
    groups: usize,
    /// Named groups with their numbers.
    names: Vec<(String, usize)>,
}

impl JavaRegex {
    /// # Errors
    /// What is wrong with the pattern, or what of it is not supported.
    pub fn new(pattern: &str) -> Result<Self, SyntaxError> {
        let translated = translate::translate(pattern)?;
        let compile = |text: &str| {
            fancy_regex::Regex::new(text)
                .map_err(|e| SyntaxError(format!("{} in \"{pattern}\"", first_line(&e))))
        };
        Ok(Self {
            find: compile(&translated.text)?,
            whole: compile(&format!(r"\A(?:{})\z", translated.text))?,
            pattern: pattern.to_owned(),
            groups: translated.groups,
            names: translated.names,
        })
    }

    /// The pattern as given.
    pub fn as_str(&self) -> &str {
        &self.pattern
    }

    /// Whether the whole text matches (`Matcher.matches`).
    ///
    /// # Errors
    /// The pattern needs more steps on this text than any sensible one does.
    pub fn matches(&self, text: &str) -> Result<bool, Failure> {
        self.whole.is_match(text).map_err(|_| Failure::TooMuchWork)
    }

    /// The text with its first match replaced (`Matcher.replaceFirst`).
    ///
    /// # Errors
    /// There is a match, and the replacement speaks of a group that does not exist or is no replacement at all.
    pub fn replace_first(&self, text: &str, replacement: &Replacement) -> Result<String, Failure> {
        let found = self.find.captures(text).map_err(|_| Failure::TooMuchWork)?;
        let Some(captures) = found else {
            return Ok(text.to_owned());
        };
        let Some(whole) = captures.get(0) else {
            return Ok(text.to_owned());
        };
        let mut result = text[..whole.start()].to_owned();
        // A group that took no part is empty.
        let group = |number| captures.get(number).map_or("", |found| found.as_str());
        replacement.expand(group, &mut result)?;
        result.push_str(&text[whole.end()..]);
        Ok(result)
    }
}

fn first_line(error: &fancy_regex::Error) -> String {
    let text = error.to_string();
    let reason = text.lines().last().unwrap_or_default();
    reason.trim_start_matches("error: ").to_owned()
}

impl Default for JavaRegex {
    #[allow(clippy::expect_used, reason = "the empty pattern is one")]
    fn default() -> Self {
        Self::new("").expect("the empty pattern")
    }
}

/// Why a text is no pattern here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError(String);

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SyntaxError {}

/// What goes wrong with a good pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Java's `IndexOutOfBoundsException`.
    NoSuchGroup(usize),
    /// Java's `IllegalArgumentException`.
    BadReplacement(String),
    /// Java would go on, for ever or until its stack ends.
    TooMuchWork,
}

/// Java's messages.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::NoSuchGroup(group) => write!(f, "No group {group}"),
            Failure::BadReplacement(why) => f.write_str(why),
            Failure::TooMuchWork => f.write_str(
                "The regular expression takes too many steps on this text; write it without nested repetition",
            ),
        }
    }
}

impl std::error::Error for Failure {}
