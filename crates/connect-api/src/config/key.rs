//! [`Key`] and [`PrefixKey`]: the one place where a key's name, type, default, validator and text stand.

use std::marker::PhantomData;

use super::Config;
use super::check::Check;
use super::types::{ConfigType, KeyType};

/// How much a user must care (`ConfigDef.Importance`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Importance {
    High,
    Medium,
    Low,
}

impl Importance {
    pub const fn name(self) -> &'static str {
        match self {
            Importance::High => "HIGH",
            Importance::Medium => "MEDIUM",
            Importance::Low => "LOW",
        }
    }
}

/// How wide a form shows the value (`ConfigDef.Width`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    None,
    Short,
    Medium,
    Long,
}

impl Width {
    pub const fn name(self) -> &'static str {
        match self {
            Width::None => "NONE",
            Width::Short => "SHORT",
            Width::Medium => "MEDIUM",
            Width::Long => "LONG",
        }
    }
}

/// What an absent key means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyDefault {
    /// It must be given.
    Required,
    /// Null; read it as an `Option`.
    Null,
    /// This text, parsed like a given one.
    Text(&'static str),
}

/// Everything about a key but its Rust type; what documentation, REST answers and redaction derive from.
#[derive(Clone, Copy)]
pub struct KeyInfo {
    pub name: &'static str,
    pub type_: KeyType,
    pub default: KeyDefault,
    pub importance: Importance,
    pub doc: &'static str,
    pub group: Option<&'static str>,
    /// Place in the group; −1 without one.
    pub order: i32,
    pub width: Width,
    pub display_name: &'static str,
    /// Keys whose recommended values or visibility hang on this one.
    pub dependents: &'static [&'static str],
    pub check: Option<Check>,
    /// Legal values for a form, seen the rest of the configuration.
    pub recommend: Option<fn(&Config) -> Vec<String>>,
    /// Whether a form shows the key, seen the rest of the configuration.
    pub visible: Option<fn(&Config) -> bool>,
}

/// A typed key, declared once as a constant.
pub struct Key<T> {
    pub info: KeyInfo,
    type_: PhantomData<fn() -> T>,
}

impl<T: ConfigType> Key<T> {
    /// A key with a default.
    pub const fn new(
        name: &'static str,
        default: &'static str,
        importance: Importance,
        doc: &'static str,
    ) -> Self {
        Self::with(name, KeyDefault::Text(default), importance, doc)
    }

    /// A key that must be given.
    pub const fn required(name: &'static str, importance: Importance, doc: &'static str) -> Self {
        Self::with(name, KeyDefault::Required, importance, doc)
    }

    const fn with(
        name: &'static str,
        default: KeyDefault,
        importance: Importance,
        doc: &'static str,
    ) -> Self {
        let info = KeyInfo {
            name,
            type_: T::TYPE,
            default,
            importance,
            doc,
            group: None,
            order: -1,
            width: Width::None,
            display_name: name,
            dependents: &[],
            check: None,
            recommend: None,
            visible: None,
        };
        Self {
            info,
            type_: PhantomData,
        }
    }

    /// Where a form shows the key: group, place in it, width and label.
    pub const fn shown(
        mut self,
        group: &'static str,
        order: i32,
        width: Width,
        display_name: &'static str,
    ) -> Self {
        self.info.group = Some(group);
        self.info.order = order;
        self.info.width = width;
        self.info.display_name = display_name;
        self
    }

    pub const fn at_least(self, min: i64) -> Self {
        self.check(Check::AtLeast(min))
    }

    pub const fn one_of(self, legal: &'static [&'static str]) -> Self {
        self.check(Check::OneOf(legal))
    }

    pub const fn check(mut self, check: Check) -> Self {
        self.info.check = Some(check);
        self
    }

    pub const fn dependents(mut self, keys: &'static [&'static str]) -> Self {
        self.info.dependents = keys;
        self
    }

    pub const fn recommend(mut self, values: fn(&Config) -> Vec<String>) -> Self {
        self.info.recommend = Some(values);
        self
    }

    pub const fn visible(mut self, when: fn(&Config) -> bool) -> Self {
        self.info.visible = Some(when);
        self
    }

    pub const fn name(&self) -> &'static str {
        self.info.name
    }
}

impl<T: ConfigType> Key<Option<T>> {
    /// A key that is null when absent.
    pub const fn optional(name: &'static str, importance: Importance, doc: &'static str) -> Self {
        Self::with(name, KeyDefault::Null, importance, doc)
    }
}

/// A family of keys with an open tail, such as `neo4j.cypher.topic.<topic>`. They are no part of the definition that
/// REST shows, as in Kafka, but they are documented and known.
pub struct PrefixKey<T> {
    /// Up to and with the last dot.
    pub prefix: &'static str,
    /// What the tail names, for documentation: `<topic>`.
    pub tail: &'static str,
    pub doc: &'static str,
    type_: PhantomData<fn() -> T>,
}

impl<T: ConfigType> PrefixKey<T> {
    pub const fn new(prefix: &'static str, tail: &'static str, doc: &'static str) -> Self {
        Self {
            prefix,
            tail,
            doc,
            type_: PhantomData,
        }
    }
}
