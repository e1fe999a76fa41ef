//! [`Check`]: what else a value must satisfy once it has its type.

use super::types::Parsed;
use super::{invalid_value, reader};

/// A validator of one key, with Kafka's texts (`ConfigDef.Validator`).
#[derive(Clone, Copy)]
pub enum Check {
    /// A number of at least this.
    AtLeast(i64),
    /// A number from the first to the second.
    Between(i64, i64),
    /// One of the texts, letter for letter.
    OneOf(&'static [&'static str]),
    /// One of the texts in any case.
    OneOfIgnoringCase(&'static [&'static str]),
    /// Null or a text with at least one character.
    NonEmpty,
    /// Null or a text with at least one character and no control characters.
    NonEmptyWithoutControls,
    /// Anything but null.
    NonNull,
    /// Null or a list with at least one item.
    NonEmptyList,
    /// A list with at least one item.
    NonNullNonEmptyList,
    /// A list without repeated and without empty items (`ConfigDef.ValidList.anyNonDuplicateValues`). At start Kafka
    /// drops repeated items instead of refusing them, and so does [`ConfigReader`](super::ConfigReader).
    DistinctList { may_be_empty: bool },
    /// Anything else: gets the key and the value (none is null) and returns the whole message of each error.
    Custom(fn(&str, Option<&Parsed>) -> Vec<String>),
}

impl Check {
    /// The messages of what is wrong; none if the value passes.
    pub fn errors(&self, key: &str, value: Option<&Parsed>) -> Vec<String> {
        if let Check::Custom(check) = self {
            return check(key, value);
        }
        if let Check::DistinctList { may_be_empty } = self {
            let why = not_distinct(value, *may_be_empty);
            return why
                .map(|why| format!("Configuration '{key}' {why}"))
                .into_iter()
                .collect();
        }
        match self.reason(value) {
            None => Vec::new(),
            Some(why) => vec![invalid_value(key, &reader::shown(value), &why)],
        }
    }

    fn reason(&self, value: Option<&Parsed>) -> Option<String> {
        let number = match value {
            Some(Parsed::Int(n)) => Some(*n as f64),
            Some(Parsed::Double(d)) => Some(*d),
            _ => None,
        };
        let text = match value {
            Some(Parsed::Text(text)) => Some(text.as_str()),
            _ => None,
        };
        match self {
            Check::AtLeast(_) | Check::Between(..) if number.is_none() => {
                Some("Value must be non-null".to_owned())
            }
            Check::AtLeast(min) | Check::Between(min, _) if number < Some(*min as f64) => {
                Some(format!("Value must be at least {min}"))
            }
            Check::Between(_, max) if number > Some(*max as f64) => {
                Some(format!("Value must be no more than {max}"))
            }
            Check::OneOf(legal) if !text.is_some_and(|t| legal.contains(&t)) => {
                Some(format!("String must be one of: {}", legal.join(", ")))
            }
            Check::OneOfIgnoringCase(legal)
                if !text.is_some_and(|t| legal.iter().any(|l| l.eq_ignore_ascii_case(t))) =>
            {
                Some(format!(
                    "String must be one of (case insensitive): {}",
                    legal.join(", ")
                ))
            }
            Check::NonEmpty if text == Some("") => Some("String must be non-empty".to_owned()),
            Check::NonEmptyWithoutControls => without_controls(text),
            Check::NonNull if value.is_none() => Some("entry must be non null".to_owned()),
            Check::NonEmptyList | Check::NonNullNonEmptyList if matches!(value, Some(Parsed::List(items)) if items.is_empty()) => {
                Some("Empty list".to_owned())
            }
            Check::NonNullNonEmptyList if value.is_none() => Some("Empty list".to_owned()),
            _ => None,
        }
    }
}

fn not_distinct(value: Option<&Parsed>, may_be_empty: bool) -> Option<&'static str> {
    let Some(Parsed::List(items)) = value else {
        return Some("values must not be null.");
    };
    if items.is_empty() && !may_be_empty {
        return Some("must not be empty. Valid values include: any non-empty value");
    }
    let repeated = |(i, item): (usize, &String)| items[..i].contains(item);
    if items.iter().enumerate().any(repeated) {
        return Some("values must not be duplicated.");
    }
    let empty = items.iter().any(String::is_empty);
    empty.then_some("values must not be empty.")
}

fn without_controls(text: Option<&str>) -> Option<String> {
    // That the key is missing was said already, as in Kafka.
    let text = text?;
    if text.is_empty() {
        return Some("String may not be empty".to_owned());
    }
    let controls: Vec<String> = text
        .chars()
        .filter(|c| c.is_control())
        .map(|c| u32::from(c).to_string())
        .collect();
    if controls.is_empty() {
        return None;
    }
    Some(format!(
        "String may not contain control sequences but had the following ASCII chars: {}",
        controls.join(", ")
    ))
}
