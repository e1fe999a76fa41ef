//! Keys of older versions: translated where they have a successor, named where they have none.

use connect_api::config::{Config, ConfigError};

use crate::config;

/// Old name, new name, and the unit that the new one wants behind a bare number.
const RENAMED: &[(&str, &str, &str)] = &[
    ("neo4j.batch.size", "neo4j.batch-size", ""),
    ("neo4j.batch.timeout.msecs", "neo4j.batch-timeout", "ms"),
    ("neo4j.retry.backoff.msecs", "neo4j.max-retry-time", "ms"),
    (
        "neo4j.connection.max.lifetime.msecs",
        "neo4j.pool.max-connection-lifetime",
        "ms",
    ),
    (
        "neo4j.connection.acquisition.timeout.msecs",
        "neo4j.pool.connection-acquisition-timeout",
        "ms",
    ),
    (
        "neo4j.connection.liveness.check.timeout.msecs",
        "neo4j.pool.idle-time-before-connection-test",
        "ms",
    ),
    (
        "neo4j.connection.max.pool.size",
        "neo4j.pool.max-connection-pool-size",
        "",
    ),
    ("neo4j.encryption.enabled", "neo4j.security.encrypted", ""),
    (
        "neo4j.encryption.trust.strategy",
        "neo4j.security.trust-strategy",
        "",
    ),
    (
        "neo4j.encryption.ca.certificate.path",
        "neo4j.security.cert-files",
        "",
    ),
    ("neo4j.topic.cdc.sourceId", "neo4j.cdc.source-id.topics", ""),
    (
        "neo4j.topic.cdc.sourceId.labelName",
        "neo4j.cdc.source-id.label-name",
        "",
    ),
    (
        "neo4j.topic.cdc.sourceId.idName",
        "neo4j.cdc.source-id.property-name",
        "",
    ),
    ("neo4j.topic.cdc.schema", "neo4j.cdc.schema.topics", ""),
    ("neo4j.topic.cud", "neo4j.cud.topics", ""),
    (
        "neo4j.topic.pattern.merge.node.properties.enabled",
        "neo4j.pattern.merge-node-properties",
        "",
    ),
    (
        "neo4j.topic.pattern.merge.relationship.properties.enabled",
        "neo4j.pattern.merge-relationship-properties",
        "",
    ),
];

/// Families with the topic behind them.
const RENAMED_FAMILIES: &[(&str, &str)] = &[
    ("neo4j.topic.cypher.", "neo4j.cypher.topic."),
    ("neo4j.topic.pattern.node.", "neo4j.pattern.topic."),
    ("neo4j.topic.pattern.relationship.", "neo4j.pattern.topic."),
    ("neo4j.pattern.node.topic.", "neo4j.pattern.topic."),
    ("neo4j.pattern.relationship.topic.", "neo4j.pattern.topic."),
];

/// Keys that no longer mean anything, and why that changes nothing of what is written.
const WITHOUT_EFFECT: &[(&str, &str)] = &[
    (
        "neo4j.retry.max.attemps",
        "passing faults are retried for as long as it takes",
    ),
    (
        "neo4j.batch.parallelize",
        "the records of a partition are written in their order",
    ),
];

/// Keys whose lists are now separated by commas.
const TOPIC_LISTS: &[&str] = &[
    "neo4j.cdc.source-id.topics",
    "neo4j.cdc.schema.topics",
    "neo4j.cud.topics",
];

/// The configuration under today's names, with a sentence for each key that had an old one; none if there is none.
pub fn translate(config: &Config) -> Option<(Config, Vec<String>)> {
    let mut translated = Config::new();
    let mut notes = Vec::new();
    for (key, value) in config.iter() {
        let Some((name, value)) = successor(key, value) else {
            if let Some((_, why)) = WITHOUT_EFFECT.iter().find(|(old, _)| *old == key) {
                notes.push(format!("{key} has no effect any more: {why}"));
            }
            continue;
        };
        if config.contains(&name) {
            notes.push(format!("{key} is ignored because {name} is given"));
            continue;
        }
        notes.push(format!("{key} is an old name of {name}"));
        translated.insert(name, value);
    }
    if notes.is_empty() {
        return None;
    }
    for (key, value) in config.iter() {
        translated.insert(key, value);
    }
    Some((translated, notes))
}

fn successor(key: &str, value: &str) -> Option<(String, String)> {
    if let Some((_, name, unit)) = RENAMED.iter().find(|(old, ..)| *old == key) {
        let value = match TOPIC_LISTS.contains(name) {
            true => value.replace(';', ","),
            false => format!("{value}{unit}"),
        };
        return Some(((*name).to_owned(), value));
    }
    RENAMED_FAMILIES.iter().find_map(|(old, new)| {
        let topic = key.strip_prefix(old).filter(|topic| !topic.is_empty())?;
        Some((format!("{new}{topic}"), value.to_owned()))
    })
}

/// Old keys that cannot be translated without changing what is written, as errors of the keys to use instead.
pub fn refused(config: &Config) -> Vec<ConfigError> {
    let mut errors = Vec::new();
    let old_uri = "neo4j.server.uri";
    if config.contains(old_uri) && !config.contains(config::URI.name()) {
        errors.push(ConfigError {
            key: config::URI.name().to_owned(),
            message: format!(
                "{old_uri} is an old name: write {} instead.",
                config::URI.name()
            ),
        });
    }
    if let Some((key, _)) = config
        .iter()
        .find(|(key, _)| key.starts_with("streams.sink.topic."))
    {
        errors.push(ConfigError {
            key: config::DATABASE.name().to_owned(),
            message: format!(
                "{key} is a key of the database plugin: write neo4j.cypher.topic.<topic>, and one connector for each \
                 database."
            ),
        });
    }
    errors
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_names_are_translated_and_told() {
        let old = Config::from([
            ("neo4j.topic.cypher.a.b", "CREATE (:X)"),
            ("neo4j.batch.timeout.msecs", "20"),
            ("neo4j.topic.cud", "x;y"),
            ("neo4j.batch.size", "5"),
            ("neo4j.batch-size", "7"),
            ("neo4j.batch.parallelize", "true"),
            ("neo4j.topic.pattern.node.p", "(:A{!id})"),
        ]);
        let (new, notes) = translate(&old).expect("something to translate");
        for (key, value) in [
            ("neo4j.cypher.topic.a.b", "CREATE (:X)"),
            ("neo4j.batch-timeout", "20ms"),
            ("neo4j.cud.topics", "x,y"),
            ("neo4j.batch-size", "7"),
            ("neo4j.pattern.topic.p", "(:A{!id})"),
        ] {
            assert_eq!(new.get(key), Some(value), "{key}");
        }
        assert_eq!(notes.len(), 6);
        assert_eq!(translate(&Config::from([("neo4j.batch-size", "7")])), None);
    }

    #[test]
    fn what_has_no_successor_is_refused_by_name() {
        let errors = refused(&Config::from([
            ("neo4j.server.uri", "bolt://x"),
            ("streams.sink.topic.cypher.a.to.db", "CREATE (:X)"),
        ]));
        assert_eq!(errors.len(), 2);
        assert!(
            errors[1]
                .message
                .contains("streams.sink.topic.cypher.a.to.db")
        );
    }
}
