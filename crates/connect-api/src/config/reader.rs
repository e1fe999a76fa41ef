//! [`ConfigReader`]: typed reading that collects every error.

use std::cell::RefCell;
use std::collections::BTreeSet;

use super::check::Check;
use super::key::{Key, KeyDefault, KeyInfo, PrefixKey};
use super::types::{ConfigType, Parsed};
use super::{Config, ConfigError, ConfigErrors, invalid_value};

/// Reads typed values from a configuration, notes what was read and what was wrong.
///
/// After an error `get` returns a placeholder so that the other keys are checked too; [`finish`](Self::finish) then
/// gives the errors instead of the value.
pub struct ConfigReader<'a> {
    config: &'a Config,
    errors: RefCell<Vec<ConfigError>>,
    read: RefCell<BTreeSet<String>>,
}

impl<'a> ConfigReader<'a> {
    pub fn new(config: &'a Config) -> Self {
        Self {
            config,
            errors: RefCell::default(),
            read: RefCell::default(),
        }
    }

    /// The value of a key, or its default.
    pub fn get<T: ConfigType>(&self, key: &Key<T>) -> T {
        self.read.borrow_mut().insert(key.info.name.to_owned());
        let mut errors = Vec::new();
        let source = Source {
            config: self.config,
            prefix: "",
            repeated: Repeated::Dropped,
        };
        let parsed = parse_key(&key.info, source, &mut errors);
        if errors.is_empty() {
            match T::from_parsed(parsed.clone()) {
                Ok(value) => return value,
                Err(why) => {
                    errors.push(invalid_value(key.info.name, &shown(parsed.as_ref()), &why))
                }
            }
        }
        let name = key.info.name;
        self.errors
            .borrow_mut()
            .extend(errors.into_iter().map(|message| ConfigError {
                key: name.to_owned(),
                message,
            }));
        T::placeholder()
    }

    /// Tails and values of a family of keys, in the order of the tails.
    pub fn get_all<T: ConfigType>(&self, family: &PrefixKey<T>) -> Vec<(String, T)> {
        let mut values = Vec::new();
        for (key, text) in self.config.iter() {
            let Some(tail) = key
                .strip_prefix(family.prefix)
                .filter(|tail| !tail.is_empty())
            else {
                continue;
            };
            self.read.borrow_mut().insert(key.to_owned());
            let parsed = T::TYPE
                .parse(text)
                .and_then(|parsed| T::from_parsed(Some(parsed)));
            match parsed {
                Ok(value) => values.push((tail.to_owned(), value)),
                Err(why) => self.error(key, invalid_value(key, text, &why)),
            }
        }
        values
    }

    /// Notes an error found by the caller, complete with Kafka's wording.
    pub fn error(&self, key: &str, message: impl Into<String>) {
        self.errors.borrow_mut().push(ConfigError {
            key: key.to_owned(),
            message: message.into(),
        });
    }

    /// The value made from what was read.
    ///
    /// # Errors
    /// Everything that was wrong, if anything was.
    pub fn finish<T>(&self, value: T) -> Result<T, ConfigErrors> {
        let errors = self.errors.borrow();
        if errors.is_empty() {
            Ok(value)
        } else {
            Err(ConfigErrors(errors.clone()))
        }
    }

    /// The raw configuration, for parts that read their own prefix.
    pub fn config(&self) -> &'a Config {
        self.config
    }

    /// The keys asked for so far; the testkit compares them with the definition.
    pub fn keys_read(&self) -> BTreeSet<String> {
        self.read.borrow().clone()
    }
}

/// What becomes of repeated items in a list that must have none.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeated {
    /// As a validation sees them, and refuses them.
    Kept,
    /// As a start sees them.
    Dropped,
}

/// Where a key is read from.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub config: &'a Config,
    /// What stands before the keys in the whole configuration.
    pub prefix: &'a str,
    pub repeated: Repeated,
}

/// Parses and checks one key; none is null. Shared with [`ConfigDef::validate`](super::ConfigDef::validate).
pub(super) fn parse_key(
    info: &KeyInfo,
    source: Source<'_>,
    errors: &mut Vec<String>,
) -> Option<Parsed> {
    let text = match (source.config.get(info.name), info.default) {
        (Some(text), _) => Some(text),
        // A null is not an absent key: no default steps in, and the check sees it.
        (None, _) if source.repeated == Repeated::Kept && source.config.is_null(info.name) => None,
        (None, KeyDefault::Text(text)) => Some(text),
        (None, KeyDefault::Null) => None,
        (None, KeyDefault::Required) => {
            errors.push(format!(
                "Missing required configuration \"{}{}\" which has no default value.",
                source.prefix, info.name
            ));
            None
        }
    };
    let mut parsed = match text.map(|text| (text, info.type_.parse(text))) {
        Some((_, Ok(parsed))) => Some(parsed),
        Some((text, Err(why))) => {
            let key = format!("{}{}", source.prefix, info.name);
            errors.push(invalid_value(&key, text, &why));
            None
        }
        None => None,
    };
    if source.repeated == Repeated::Dropped
        && let Some(Check::DistinctList { .. }) = info.check
        && let Some(Parsed::List(items)) = &mut parsed
    {
        let mut seen = BTreeSet::new();
        items.retain(|item| seen.insert(item.clone()));
    }
    if let Some(check) = &info.check {
        errors.extend(check.errors(info.name, parsed.as_ref()));
    }
    parsed
}

/// A value as messages show it.
pub(super) fn shown(value: Option<&Parsed>) -> String {
    value.map_or_else(|| "null".to_owned(), Parsed::for_message)
}
