//! The types a key's value can have, and how text becomes one.

use java_compat::number::{parse_double, parse_integer, trim};

use crate::data::values::java_double;

/// What `\s` means to Java, around the commas of a list.
const REGEX_BLANKS: [char; 6] = [' ', '\t', '\n', '\x0B', '\x0C', '\r'];

/// The type of a key as REST clients see it (`ConfigDef.Type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyType {
    Boolean,
    String,
    Short,
    Int,
    Long,
    Double,
    List,
    Class,
    Password,
}

impl KeyType {
    /// The name in the validate answer and in messages: `BOOLEAN`, `INT` and so on.
    pub const fn name(self) -> &'static str {
        match self {
            KeyType::Boolean => "BOOLEAN",
            KeyType::String => "STRING",
            KeyType::Short => "SHORT",
            KeyType::Int => "INT",
            KeyType::Long => "LONG",
            KeyType::Double => "DOUBLE",
            KeyType::List => "LIST",
            KeyType::Class => "CLASS",
            KeyType::Password => "PASSWORD",
        }
    }

    /// Reads text as Kafka's `ConfigDef.parseType` does.
    ///
    /// # Errors
    /// Why not, as Kafka words it behind `Invalid value V for configuration K: `.
    pub fn parse(self, text: &str) -> Result<Parsed, String> {
        let trimmed = trim(text);
        let number = || format!("Not a number of type {}", self.name());
        match self {
            KeyType::Boolean if trimmed.eq_ignore_ascii_case("true") => Ok(Parsed::Boolean(true)),
            KeyType::Boolean if trimmed.eq_ignore_ascii_case("false") => Ok(Parsed::Boolean(false)),
            KeyType::Boolean => Err("Expected value to be either true or false".to_owned()),
            KeyType::String | KeyType::Class => Ok(Parsed::Text(trimmed.to_owned())),
            KeyType::Password => Ok(Parsed::Text(text.to_owned())),
            KeyType::Short => parse_integer(trimmed)
                .filter(|n| i16::try_from(*n).is_ok())
                .map(Parsed::Int)
                .ok_or_else(number),
            KeyType::Int => parse_integer(trimmed)
                .filter(|n| i32::try_from(*n).is_ok())
                .map(Parsed::Int)
                .ok_or_else(number),
            KeyType::Long => parse_integer(trimmed).map(Parsed::Int).ok_or_else(number),
            KeyType::Double => parse_double(trimmed).map(Parsed::Double).ok_or_else(number),
            KeyType::List if trimmed.is_empty() => Ok(Parsed::List(Vec::new())),
            KeyType::List => Ok(Parsed::List(
                trimmed
                    .split(',')
                    .map(|item| item.trim_matches(REGEX_BLANKS).to_owned())
                    .collect(),
            )),
        }
    }
}

/// A value after parsing, before it gets its Rust type.
#[derive(Clone, Debug, PartialEq)]
pub enum Parsed {
    Boolean(bool),
    /// Short, int and long.
    Int(i64),
    Double(f64),
    /// String, class and password.
    Text(String),
    List(Vec<String>),
}

impl Parsed {
    /// As Kafka prints it in messages: lists in brackets.
    pub fn for_message(&self) -> String {
        match self {
            Parsed::List(items) => format!("[{}]", items.join(", ")),
            other => other.for_answer(),
        }
    }

    /// As the validate answer shows it: list items joined by commas.
    pub fn for_answer(&self) -> String {
        match self {
            Parsed::Boolean(b) => b.to_string(),
            Parsed::Int(n) => n.to_string(),
            Parsed::Double(d) => java_double(*d),
            Parsed::Text(text) => text.clone(),
            Parsed::List(items) => items.join(","),
        }
    }
}

/// A Rust type that a key can have.
pub trait ConfigType: Sized {
    /// What clients see.
    const TYPE: KeyType;

    /// From the parsed value; none is Kafka's null.
    ///
    /// # Errors
    /// Why not, worded to stand behind `Invalid value V for configuration K: `.
    fn from_parsed(value: Option<Parsed>) -> Result<Self, String>;

    /// Stands in after an error so that the other keys are still checked; never leaves the reader.
    fn placeholder() -> Self;
}

fn null<T>() -> Result<T, String> {
    Err("Value must be non-null".to_owned())
}

macro_rules! config_type {
    ($rust:ty, $kafka:expr, $pattern:pat => $value:expr, $placeholder:expr) => {
        impl ConfigType for $rust {
            const TYPE: KeyType = $kafka;

            fn from_parsed(value: Option<Parsed>) -> Result<Self, String> {
                match value {
                    Some($pattern) => Ok($value),
                    _ => null(),
                }
            }

            fn placeholder() -> Self {
                $placeholder
            }
        }
    };
}

config_type!(bool, KeyType::Boolean, Parsed::Boolean(b) => b, false);
config_type!(i16, KeyType::Short, Parsed::Int(n) => n as i16, 0);
config_type!(i32, KeyType::Int, Parsed::Int(n) => n as i32, 0);
config_type!(i64, KeyType::Long, Parsed::Int(n) => n, 0);
config_type!(f64, KeyType::Double, Parsed::Double(d) => d, 0.0);
config_type!(String, KeyType::String, Parsed::Text(text) => text, String::new());
config_type!(Vec<String>, KeyType::List, Parsed::List(items) => items, Vec::new());
config_type!(ClassName, KeyType::Class, Parsed::Text(text) => ClassName(text), ClassName(String::new()));
config_type!(Password, KeyType::Password, Parsed::Text(text) => Password(text), Password(String::new()));

/// A key that may be null.
impl<T: ConfigType> ConfigType for Option<T> {
    const TYPE: KeyType = T::TYPE;

    fn from_parsed(value: Option<Parsed>) -> Result<Self, String> {
        match value {
            None => Ok(None),
            some => T::from_parsed(some).map(Some),
        }
    }

    fn placeholder() -> Self {
        None
    }
}

/// Name or alias of a plugin class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassName(pub String);

/// A secret. Printing shows `[hidden]`, as Kafka does.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    /// The secret itself, for the one place that hands it to a driver.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[hidden]")
    }
}

impl std::fmt::Display for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[hidden]")
    }
}
