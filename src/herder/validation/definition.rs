//! [`Definition`] and [`ConfigInfo`]: a key as forms see it, with names made at run time.

use connect_api::config::{
    ConfigDef, ConfigValue, Importance, KeyDefault, KeyInfo, KeyType, Width,
};

/// The definition of a key (`ConfigKeyInfo`). Unlike [`KeyInfo`] its name may hold an alias of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    pub name: String,
    pub type_: KeyType,
    pub required: bool,
    pub default_value: Option<String>,
    pub importance: Importance,
    pub documentation: String,
    pub group: Option<String>,
    pub order: i32,
    pub width: Width,
    pub display_name: String,
    pub dependents: Vec<String>,
}

/// A key with its definition, if it has one, and what validation found (`ConfigInfo`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigInfo {
    pub definition: Option<Definition>,
    pub value: ConfigValue,
}

/// The answer to a validation (`ConfigInfos`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfigInfos {
    /// The connector class as it was sent.
    pub name: String,
    pub error_count: usize,
    pub groups: Vec<String>,
    pub configs: Vec<ConfigInfo>,
}

impl From<&KeyInfo> for Definition {
    fn from(key: &KeyInfo) -> Self {
        Self {
            name: key.name.to_owned(),
            type_: key.type_,
            required: key.default == KeyDefault::Required,
            default_value: match key.default {
                KeyDefault::Text(text) => Some(text.to_owned()),
                KeyDefault::Required | KeyDefault::Null => None,
            },
            importance: key.importance,
            documentation: key.doc.to_owned(),
            group: key.group.map(str::to_owned),
            order: key.order,
            width: key.width,
            display_name: key.display_name.to_owned(),
            dependents: key.dependents.iter().map(|&d| d.to_owned()).collect(),
        }
    }
}

impl ConfigInfo {
    /// A key that is not defined anywhere.
    pub fn undefined(name: &str, error: String) -> Self {
        Self {
            definition: None,
            value: ConfigValue {
                name: name.to_owned(),
                errors: vec![error],
                visible: true,
                ..ConfigValue::default()
            },
        }
    }

    pub fn name(&self) -> &str {
        &self.value.name
    }

    /// Puts a prefix before the name.
    pub fn behind(mut self, prefix: &str) -> Self {
        self.value.name.insert_str(0, prefix);
        if let Some(definition) = &mut self.definition {
            definition.name.insert_str(0, prefix);
        }
        self
    }
}

/// Pairs the definitions with the values of a validation.
pub fn infos(def: &ConfigDef, values: Vec<ConfigValue>) -> Vec<ConfigInfo> {
    values
        .into_iter()
        .map(|value| ConfigInfo {
            definition: def.key(&value.name).map(Definition::from),
            value,
        })
        .collect()
}

/// Adds what is not there yet, in order.
pub fn add_groups(groups: &mut Vec<String>, more: impl IntoIterator<Item = String>) {
    for group in more {
        if !groups.contains(&group) {
            groups.push(group);
        }
    }
}
