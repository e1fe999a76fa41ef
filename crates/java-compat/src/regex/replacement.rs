//! [`Replacement`]: `$1`, `${name}` and backslashes in the text that replaces a match.

use std::iter::Peekable;
use std::str::Chars;

use super::{Failure, JavaRegex};

/// A replacement for the matches of one pattern. A bad one fails when it is used, as in Java.
#[derive(Clone, Debug)]
pub struct Replacement {
    parts: Vec<Part>,
    /// What is wrong with the text.
    failure: Option<Failure>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Char(char),
    Group(usize),
}

impl Replacement {
    pub fn new(text: &str, regex: &JavaRegex) -> Self {
        let mut parts = Vec::new();
        let mut chars = text.chars().peekable();
        let mut failure = None;
        while let Some(c) = chars.next() {
            let part = match c {
                '\\' => chars.next().map(Part::Char).ok_or_else(|| {
                    Failure::BadReplacement("character to be escaped is missing".to_owned())
                }),
                '$' => group(&mut chars, regex).map(Part::Group),
                c => Ok(Part::Char(c)),
            };
            match part {
                Ok(part) => parts.push(part),
                Err(why) => {
                    failure = Some(why);
                    break;
                }
            }
        }
        Self { parts, failure }
    }

    /// Appends the replacement of a match, whose groups `group` knows.
    pub(super) fn expand<'t>(
        &self,
        group: impl Fn(usize) -> &'t str,
        out: &mut String,
    ) -> Result<(), Failure> {
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        for part in &self.parts {
            match part {
                Part::Char(c) => out.push(*c),
                Part::Group(number) => out.push_str(group(*number)),
            }
        }
        Ok(())
    }
}

/// The group behind a `$`.
fn group(chars: &mut Peekable<Chars<'_>>, regex: &JavaRegex) -> Result<usize, Failure> {
    let bad = |why: &str| Err(Failure::BadReplacement(why.to_owned()));
    match chars.next() {
        None => bad("Illegal group reference: group index is missing"),
        Some('{') => named(chars, regex),
        Some(c) => {
            let Some(digit) = c.to_digit(10) else {
                return bad("Illegal group reference");
            };
            let mut group = digit as usize;
            if group > regex.groups {
                return Err(Failure::NoSuchGroup(group));
            }
            // As many digits as make the number of a group.
            while let Some(digit) = chars.peek().and_then(|c| c.to_digit(10)) {
                let longer = group * 10 + digit as usize;
                if longer > regex.groups {
                    break;
                }
                group = longer;
                chars.next();
            }
            Ok(group)
        }
    }
}

fn named(chars: &mut Peekable<Chars<'_>>, regex: &JavaRegex) -> Result<usize, Failure> {
    let bad = |why: String| Err(Failure::BadReplacement(why));
    let mut name = String::new();
    while let Some(c) = chars.next_if(char::is_ascii_alphanumeric) {
        name.push(c);
    }
    if name.is_empty() {
        return bad("named capturing group has 0 length name".to_owned());
    }
    if chars.next() != Some('}') {
        return bad("named capturing group is missing trailing '}'".to_owned());
    }
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        return bad(format!(
            "capturing group name {{{name}}} starts with digit character"
        ));
    }
    match regex.names.iter().find(|(n, _)| *n == name) {
        Some((_, number)) => Ok(*number),
        None => bad(format!("No group with name {{{name}}}")),
    }
}
