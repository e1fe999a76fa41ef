//! Java's client keys in librdkafka's words.
//!
//! A key is translated, read by our own code, inert (with the reason, for one log line), unknown, or refused because
//! ignoring it would change delivery, routing or security: see `table`. Java's default is set wherever it has one,
//! whatever librdkafka's is. Pure: no file, no network.

mod groups;
mod jaas;
mod keys;
mod oauth;
mod page;
mod security;
mod settings;
mod table;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

pub use page::{client_key_effect, client_keys_page};
pub use settings::ClientSettings;
pub(super) use settings::OffsetReset;

use std::collections::BTreeMap;
use std::sync::Arc;

use connect_api::config::{Config, ConfigError, ConfigErrors, invalid_value};

use self::table::{Entry, Form, Number, Roles, Rule};
use super::logins::TokenLogin;
use key_stores::Tls;

/// Something about a key that is worth one line in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyNote {
    pub key: String,
    pub kind: NoteKind,
    pub reason: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoteKind {
    /// Known and without effect here: INFO.
    Inert,
    /// Honoured as near as can be: INFO.
    Adjusted,
    /// Unknown for this client: WARN.
    Unknown,
}

/// Which client a configuration is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Consumer,
    Producer,
    Admin,
}

impl Role {
    fn bit(self) -> Roles {
        match self {
            Role::Consumer => table::CONSUMER,
            Role::Producer => table::PRODUCER,
            Role::Admin => table::ADMIN,
        }
    }
}

/// Whether the value of this client key is never shown: what Java calls a password.
pub fn is_secret(key: &str) -> bool {
    keys::SECRETS.contains(&key)
}

/// A translation in the making.
pub(super) struct Draft<'a> {
    pub role: Role,
    /// Java's keys.
    pub config: &'a Config,
    /// librdkafka's.
    pub native: BTreeMap<&'static str, String>,
    /// Trust and key stores, which are read when the client is made.
    pub tls: Tls,
    /// Where tokens come from, if the client logs in by token.
    pub login: Option<Arc<TokenLogin>>,
    pub notes: Vec<KeyNote>,
    pub errors: Vec<ConfigError>,
}

impl<'a> Draft<'a> {
    fn new(role: Role, config: &'a Config) -> Self {
        Self {
            role,
            config,
            native: BTreeMap::new(),
            tls: Tls::default(),
            login: None,
            notes: Vec::new(),
            errors: Vec::new(),
        }
    }

    /// Goes through the table and through the given keys.
    fn translate(&mut self) {
        let role = self.role.bit();
        for entry in table::all().filter(|e| e.roles & role != 0) {
            let given = self.config.get(entry.key).map(str::trim);
            let value = given.or(entry.default);
            if let (Some(value), Rule::To(native, form)) = (value, &entry.rule) {
                let Some(value) = self.read(entry.key, form, value) else {
                    continue;
                };
                for name in *native {
                    self.set(name, value.clone());
                }
            }
        }
        for (key, value) in self.config.iter() {
            match table::find(role, key) {
                Some(entry) => self.look(entry, key, value.trim()),
                None => self.note(key, NoteKind::Unknown, "it is no key of this Kafka client"),
            }
        }
        if self
            .config
            .get("bootstrap.servers")
            .is_none_or(|v| v.trim().is_empty())
        {
            self.missing("bootstrap.servers");
        }
    }

    fn look(&mut self, entry: &Entry, key: &str, value: &str) {
        match &entry.rule {
            Rule::To(..) => {}
            Rule::Ours(form, _) => {
                self.read(key, form, value);
            }
            Rule::Inert(why) => self.note(key, NoteKind::Inert, *why),
            Rule::Refused(_) if value.is_empty() => {}
            Rule::Refused(why) => {
                self.error(key, format!("Configuration {key} is refused: {why}"));
            }
        }
    }

    /// The value in librdkafka's words; none if it is wrong, which is noted.
    fn read(&mut self, key: &str, form: &Form, value: &str) -> Option<String> {
        match form {
            Form::Text => Some(value.to_owned()),
            Form::Bool => match value.to_ascii_lowercase().as_str() {
                word @ ("true" | "false") => Some(word.to_owned()),
                _ => {
                    let why = "Expected value to be either true or false";
                    self.wrong(key, value, why)
                }
            },
            Form::Words(words) => {
                let found = words
                    .iter()
                    .find(|(java, _)| java.eq_ignore_ascii_case(value));
                if let Some((_, native)) = found {
                    return Some((*native).to_owned());
                }
                let known: Vec<_> = words.iter().map(|(java, _)| *java).collect();
                self.wrong(
                    key,
                    value,
                    &format!("String must be one of: {}", known.join(", ")),
                )
            }
            Form::Decimal { least, most } => match value.parse::<f64>() {
                Err(_) => self.wrong(key, value, "Not a number of type DOUBLE"),
                Ok(number) if number < *least => {
                    let why = format!("Value must be at least {least}");
                    self.wrong(key, value, &why)
                }
                Ok(number) if number > *most => {
                    let why = format!("Value must be no more than {most}");
                    self.wrong(key, value, &why)
                }
                Ok(_) => Some(value.to_owned()),
            },
            Form::Number {
                of,
                least,
                most,
                special,
            } => {
                let (name, fits) = match of {
                    Number::Short => ("SHORT", i16::MIN.into()..=i16::MAX.into()),
                    Number::Int => ("INT", i32::MIN as i64..=i32::MAX as i64),
                    Number::Long => ("LONG", i64::MIN..=i64::MAX),
                };
                let Some(number) = value.parse().ok().filter(|n| fits.contains(n)) else {
                    return self.wrong(key, value, &format!("Not a number of type {name}"));
                };
                if let Some((java, native)) = special
                    && *java == number
                {
                    return Some(native.to_string());
                }
                let near = number.clamp(*least, *most);
                if near != number {
                    let reason =
                        format!("{value} is outside what the client takes; {near} is used");
                    self.note_once(key, NoteKind::Adjusted, reason);
                }
                Some(near.to_string())
            }
        }
    }

    fn wrong(&mut self, key: &str, value: &str, why: &str) -> Option<String> {
        self.error(key, invalid_value(key, value, why));
        None
    }

    /// The given value or Java's default, trimmed; empty if there is neither.
    fn text(&self, key: &str) -> &str {
        let default = table::find(self.role.bit(), key).and_then(|e| e.default);
        self.config
            .get(key)
            .map(str::trim)
            .or(default)
            .unwrap_or_default()
    }

    /// The number of one of our own keys, as near as librdkafka takes it; its default if it is wrong, which was noted.
    fn number(&mut self, key: &str) -> i64 {
        let Some(Entry {
            default,
            rule: Rule::Ours(form, _) | Rule::To(_, form),
            ..
        }) = table::find(self.role.bit(), key)
        else {
            return 0;
        };
        let text = self.text(key).to_owned();
        let (notes, errors) = (self.notes.len(), self.errors.len());
        let read = self.read(key, form, &text);
        self.notes.truncate(notes);
        self.errors.truncate(errors);
        let default = default.and_then(|d| d.parse().ok()).unwrap_or_default();
        read.and_then(|n| n.parse().ok()).unwrap_or(default)
    }

    /// The same for a number with a fraction.
    fn decimal(&self, key: &str) -> f64 {
        let default = table::find(self.role.bit(), key).and_then(|e| e.default);
        let number = |text: &str| text.parse().ok();
        let given = number(self.text(key)).filter(|n: &f64| n.is_finite());
        given.or(default.and_then(number)).unwrap_or_default()
    }

    fn flag(&self, key: &str) -> bool {
        self.text(key).eq_ignore_ascii_case("true")
    }

    fn set(&mut self, native: &'static str, value: impl Into<String>) {
        self.native.insert(native, value.into());
    }

    fn missing(&mut self, key: &str) {
        let text = format!("Missing required configuration \"{key}\" which has no default value.");
        self.error(key, text);
    }

    fn error(&mut self, key: &str, message: String) {
        self.errors.push(ConfigError {
            key: key.to_owned(),
            message,
        });
    }

    fn note(&mut self, key: &str, kind: NoteKind, reason: impl Into<String>) {
        self.notes.push(KeyNote {
            key: key.to_owned(),
            kind,
            reason: reason.into(),
        });
    }

    fn note_once(&mut self, key: &str, kind: NoteKind, reason: String) {
        if !self
            .notes
            .iter()
            .any(|n| n.key == key && n.reason == reason)
        {
            self.note(key, kind, reason);
        }
    }

    fn finish<T>(self, settings: T) -> Result<(T, Vec<KeyNote>), ConfigErrors> {
        match self.errors.is_empty() {
            true => Ok((settings, self.notes)),
            false => Err(ConfigErrors(self.errors)),
        }
    }
}
