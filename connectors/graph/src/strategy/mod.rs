//! Which strategy writes which topic.
//!
//! A topic has exactly one. So far there is one to choose, Cypher; the others are known by name, so that a topic that
//! asks for one is refused instead of not written.

pub mod cypher;

use std::collections::BTreeMap;
use std::sync::Arc;

use connect_api::ConnectError;
use connect_api::config::ConfigReader;

pub use cypher::{Bindings, CypherStrategy};

use crate::config as keys;
use crate::settings::GraphSinkConfig;

/// What the configuration says of topics, whether `topics` lists them or not.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    pub cypher: BTreeMap<String, String>,
    pub pattern: BTreeMap<String, String>,
    pub cud: Vec<String>,
    pub cdc_source_id: Vec<String>,
    pub cdc_schema: Vec<String>,
}

/// Reads the keys that assign strategies, and those that only the missing strategies use.
pub fn read_sources(reader: &ConfigReader<'_>) -> Sources {
    for key in [
        &keys::PATTERN_TIMESTAMP,
        &keys::PATTERN_HEADER,
        &keys::PATTERN_KEY,
        &keys::PATTERN_VALUE,
        &keys::MERGE_NODE_PROPERTIES,
        &keys::MERGE_RELATIONSHIP_PROPERTIES,
        &keys::CDC_LABEL,
        &keys::CDC_PROPERTY,
    ] {
        reader.get(key);
    }
    Sources {
        cypher: reader.get_all(&keys::CYPHER_TOPIC).into_iter().collect(),
        pattern: reader.get_all(&keys::PATTERN_TOPIC).into_iter().collect(),
        cud: reader.get(&keys::CUD_TOPICS),
        cdc_source_id: reader.get(&keys::CDC_SOURCE_ID_TOPICS),
        cdc_schema: reader.get(&keys::CDC_SCHEMA_TOPICS),
    }
}

/// The strategy of every topic that `topics` lists.
///
/// # Errors
/// Of the class `Config`: a topic with no strategy, then one with several, then one with a strategy that is missing.
pub fn assign(
    config: &GraphSinkConfig,
) -> Result<BTreeMap<Arc<str>, CypherStrategy>, ConnectError> {
    let asked: Vec<(&String, Vec<Asked<'_>>)> = config
        .topics
        .iter()
        .map(|topic| (topic, config.sources.asked(topic)))
        .collect();
    if let Some((topic, _)) = asked.iter().find(|(_, asked)| asked.is_empty()) {
        let message = format!("Topic {topic} is not assigned a sink strategy");
        return Err(ConnectError::config(message));
    }
    if let Some((topic, _)) = asked.iter().find(|(_, asked)| asked.len() > 1) {
        let message = format!("Topic '{topic}' has multiple strategies defined");
        return Err(ConnectError::config(message));
    }
    let mut strategies = BTreeMap::new();
    for (topic, asked) in asked {
        match &asked[0] {
            Asked::Cypher(statement) => {
                let strategy = CypherStrategy::new(statement, &config.bindings);
                strategies.insert(Arc::from(topic.as_str()), strategy);
            }
            Asked::Other(name, key) => {
                return Err(ConnectError::config(format!(
                    "Topic '{topic}' asks for the {name} strategy in {key}, which is not supported yet: use \
                     {}{topic}.",
                    keys::CYPHER_TOPIC.prefix
                )));
            }
        }
    }
    Ok(strategies)
}

/// What one key asks for a topic.
enum Asked<'a> {
    Cypher(&'a str),
    /// Name of the strategy and the key that asks for it.
    Other(&'static str, String),
}

impl Sources {
    fn asked(&self, topic: &String) -> Vec<Asked<'_>> {
        let mut asked = Vec::new();
        if let Some(statement) = self.cypher.get(topic) {
            asked.push(Asked::Cypher(statement));
        }
        if self.pattern.contains_key(topic) {
            let key = format!("{}{topic}", keys::PATTERN_TOPIC.prefix);
            asked.push(Asked::Other("pattern", key));
        }
        for (topics, name, key) in [
            (&self.cud, "CUD", keys::CUD_TOPICS.name()),
            (
                &self.cdc_source_id,
                "CDC source-id",
                keys::CDC_SOURCE_ID_TOPICS.name(),
            ),
            (
                &self.cdc_schema,
                "CDC schema",
                keys::CDC_SCHEMA_TOPICS.name(),
            ),
        ] {
            if topics.contains(topic) {
                asked.push(Asked::Other(name, key.to_owned()));
            }
        }
        asked
    }
}
