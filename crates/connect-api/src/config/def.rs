//! [`ConfigDef`]: the keys of one plugin, and validation as Kafka does it.

use std::collections::BTreeMap;

use super::key::{Key, KeyInfo, PrefixKey};
use super::reader::{Repeated, Source, parse_key};
use super::types::{ConfigType, KeyType, Parsed};
use super::{Config, ConfigError, invalid_value};

/// The keys that a plugin understands, in the order of their definition (`org.apache.kafka.common.config.ConfigDef`).
#[derive(Clone, Default)]
pub struct ConfigDef {
    keys: Vec<DefinedKey>,
    families: Vec<Family>,
    rules: Vec<fn(&Config) -> Vec<ConfigError>>,
}

#[derive(Clone)]
struct DefinedKey {
    info: KeyInfo,
    /// The check of the key's Rust type, which may be narrower than the Kafka type.
    typed: fn(Option<Parsed>) -> Result<(), String>,
}

/// A family of keys with an open tail, for documentation.
#[derive(Clone, Copy)]
pub struct Family {
    pub prefix: &'static str,
    pub tail: &'static str,
    pub type_: KeyType,
    pub doc: &'static str,
}

/// The state of one key after validation (`org.apache.kafka.common.config.ConfigValue`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfigValue {
    pub name: String,
    /// As text; passwords are `[hidden]`.
    pub value: Option<String>,
    pub recommended_values: Vec<String>,
    pub errors: Vec<String>,
    pub visible: bool,
}

impl ConfigDef {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn define<T: ConfigType>(mut self, key: &Key<T>) -> Self {
        debug_assert!(
            self.key(key.info.name).is_none(),
            "key {} defined twice",
            key.info.name
        );
        let typed = |value: Option<Parsed>| T::from_parsed(value).map(drop);
        self.keys.push(DefinedKey {
            info: key.info,
            typed,
        });
        self
    }

    pub fn define_family<T: ConfigType>(mut self, family: &PrefixKey<T>) -> Self {
        self.families.push(Family {
            prefix: family.prefix,
            tail: family.tail,
            type_: T::TYPE,
            doc: family.doc,
        });
        self
    }

    /// Adds a check across keys; each error is reported on the key it names.
    pub fn rule(mut self, rule: fn(&Config) -> Vec<ConfigError>) -> Self {
        self.rules.push(rule);
        self
    }

    /// All keys of another definition behind these.
    pub fn and(mut self, other: ConfigDef) -> Self {
        self.keys.extend(other.keys);
        self.families.extend(other.families);
        self.rules.extend(other.rules);
        self
    }

    pub fn keys(&self) -> impl Iterator<Item = &KeyInfo> {
        self.keys.iter().map(|k| &k.info)
    }

    pub fn key(&self, name: &str) -> Option<&KeyInfo> {
        self.keys().find(|info| info.name == name)
    }

    pub fn families(&self) -> &[Family] {
        &self.families
    }

    /// Whether the key is defined or belongs to a family.
    pub fn knows(&self, name: &str) -> bool {
        self.key(name).is_some() || self.families.iter().any(|f| name.starts_with(f.prefix))
    }

    /// Whether the key holds a secret.
    pub fn is_secret(&self, name: &str) -> bool {
        self.key(name)
            .is_some_and(|info| info.type_ == KeyType::Password)
    }

    /// Groups in the order in which keys first name them.
    pub fn groups(&self) -> Vec<&'static str> {
        let mut groups = Vec::new();
        for group in self.keys().filter_map(|info| info.group) {
            if !groups.contains(&group) {
                groups.push(group);
            }
        }
        groups
    }

    /// Validates every key, in definition order (`ConfigDef.validate`).
    ///
    /// Like Kafka, a key is parsed once for itself if no other key lists it as dependent, else once for each key
    /// that does, so its errors may repeat.
    pub fn validate(&self, config: &Config) -> Vec<ConfigValue> {
        self.validate_behind(config, "")
    }

    /// As [`validate`](Self::validate), for keys that stand behind a prefix in the whole configuration, which `config`
    /// has without it. Messages about a value that is missing or not of its type then name the whole key; those of
    /// checks do not, as in Kafka.
    pub fn validate_behind(&self, config: &Config, prefix: &str) -> Vec<ConfigValue> {
        let mut values: BTreeMap<&str, ConfigValue> = BTreeMap::new();
        for key in &self.keys {
            let name = key.info.name;
            values.insert(
                name,
                ConfigValue {
                    name: name.to_owned(),
                    visible: true,
                    ..ConfigValue::default()
                },
            );
        }
        for key in &self.keys {
            let has_parent = self
                .keys()
                .any(|info| info.dependents.contains(&key.info.name));
            if !has_parent {
                self.parse_into(key, (config, prefix), &mut values, 0);
            }
        }
        for error in self.rules.iter().flat_map(|rule| rule(config)) {
            if let Some(value) = values.get_mut(error.key.as_str()) {
                value.errors.push(error.message);
            }
        }
        self.keys
            .iter()
            .filter_map(|key| values.remove(key.info.name))
            .collect()
    }

    /// What a start finds wrong with keys behind a prefix, in the order of the keys; a start stops at the first.
    pub fn start_errors(&self, config: &Config, prefix: &str) -> Vec<ConfigError> {
        let mut found = Vec::new();
        for key in &self.keys {
            let mut errors = Vec::new();
            let source = Source {
                config,
                prefix,
                repeated: Repeated::Kept,
            };
            parse_key(&key.info, source, &mut errors);
            found.extend(errors.into_iter().map(|message| ConfigError {
                key: format!("{prefix}{}", key.info.name),
                message,
            }));
        }
        found
    }

    fn parse_into(
        &self,
        key: &DefinedKey,
        (config, prefix): (&Config, &str),
        values: &mut BTreeMap<&str, ConfigValue>,
        depth: usize,
    ) {
        let info = &key.info;
        let mut errors = Vec::new();
        let source = Source {
            config,
            prefix,
            repeated: Repeated::Kept,
        };
        let parsed = parse_key(info, source, &mut errors);
        // What a null is to Rust's types says nothing about what Kafka has against it.
        if errors.is_empty()
            && !config.is_null(info.name)
            && let Err(why) = (key.typed)(parsed.clone())
        {
            errors.push(invalid_value(
                info.name,
                &super::reader::shown(parsed.as_ref()),
                &why,
            ));
        }
        if let Some(value) = values.get_mut(info.name) {
            value.errors.extend(errors);
            value.value = parsed.as_ref().map(|p| match info.type_ {
                KeyType::Password => "[hidden]".to_owned(),
                _ => p.for_answer(),
            });
            value.recommended_values = info.recommend.map(|f| f(config)).unwrap_or_default();
            value.visible = info.visible.is_none_or(|f| f(config));
        }
        // Dependents form a shallow graph; the bound only guards against a cycle in a definition.
        if depth < 8 {
            for dependent in info.dependents {
                if let Some(key) = self.keys.iter().find(|k| k.info.name == *dependent) {
                    self.parse_into(key, (config, prefix), values, depth + 1);
                }
            }
        }
    }
}
