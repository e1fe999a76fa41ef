//! Holds transformations and predicates against what the JVM's did with the same record (`tests/goldens/transforms…`).

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use connect_api::config::{Config, ConfigErrors, ConfigReader, KeyDefault};
use connect_api::plugin::{Plugin, PluginDescriptor};
use connect_testkit::{Vectors, vectors};
use connect_transforms::PLUGINS;
use serde_json::Value as Json;

#[test]
fn goldens() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let own = [
        "transforms",
        "transforms-more",
        "transforms-debezium",
        "transforms-random",
    ];
    let mut vectors = Vectors::read(&root, &own, &["transform", "predicate", "configdef"]);
    vectors.cases.retain(is_ours);
    vectors.check(check);
}

/// Definitions of converters and connectors belong to others.
fn is_ours(case: &Json) -> bool {
    let class = case["class"].as_str().unwrap();
    case["kind"] != "configdef" || class.contains(".transforms.")
}

fn check(case: &Json) -> Result<(), String> {
    let plugin = PLUGINS
        .iter()
        .find(|p| case["class"] == p.class)
        .ok_or_else(|| format!("no plugin {}", case["class"]))?;
    let expected = &case["expect"];
    if case["kind"] == "configdef" {
        return check_config_def(plugin, &expected["ok"]);
    }
    let config: Config = case["config"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(k, v)| (k.as_str(), v.as_str().unwrap()))
        .collect();
    let reader = ConfigReader::new(&config);
    let record = vectors::record(&case["record"]);
    match plugin.plugin {
        Plugin::Transformation(new) => {
            let mut transformation = match new(&reader) {
                Ok(made) => made,
                Err(errors) => return check_configure_error(expected, &errors),
            };
            match transformation.apply(record) {
                Ok(None) if expected.get("ok") == Some(&Json::Null) => Ok(()),
                Ok(Some(record)) if expected["ok"].is_object() => {
                    vectors::compare_record(expected, &record)
                }
                Err(error) if expected.get("error").is_some() => {
                    vectors::compare_error(&expected["error"], &error)
                }
                other => Err(format!("{other:?} instead of {expected}")),
            }
        }
        Plugin::Predicate(new) => {
            let mut predicate = match new(&reader) {
                Ok(made) => made,
                Err(errors) => return check_configure_error(expected, &errors),
            };
            match predicate.test(&record) {
                Ok(found) if expected["ok"] == found => Ok(()),
                other => Err(format!("{other:?} instead of {expected}")),
            }
        }
        _ => Err(format!("{} is neither", plugin.class)),
    }
}

/// The JVM stops at the first error.
fn check_configure_error(expected: &Json, errors: &ConfigErrors) -> Result<(), String> {
    let expected = &expected["configure_error"];
    let first = &errors.0[0].message;
    if expected.get("logged").is_some() {
        return check_logged_error(expected, errors);
    }
    if expected["class"] != "org.apache.kafka.common.config.ConfigException" {
        return Err(format!("{first:?} instead of {expected}"));
    }
    if expected["jvm_text"] == true || expected["message"] == **first {
        return Ok(());
    }
    Err(format!("{first:?} instead of {expected}"))
}

/// Debezium's exceptions say less than its log, and a type that Kafka's definition refuses is told in Kafka's words.
fn check_logged_error(expected: &Json, errors: &ConfigErrors) -> Result<(), String> {
    let first = &errors.0[0];
    let same = match expected["logged"][0].as_str() {
        Some(logged) => {
            logged == first.message
                || logged.starts_with(&format!("The '{}' value", first.key))
                    && first.message.starts_with("Invalid value ")
        }
        None => expected["jvm_text"] == true || expected["message"] == *first.message,
    };
    match same {
        true => Ok(()),
        false => Err(format!("{first:?} instead of {expected}")),
    }
}

/// Keys that a class of the JVM reads but does not list.
const UNLISTED: &[(&str, &str)] = &[(
    "io.debezium.transforms.ExtractNewRecordState",
    "replace.null.with.default",
)];

fn check_config_def(plugin: &PluginDescriptor, expected: &Json) -> Result<(), String> {
    let def = (plugin.config_def)();
    // Debezium checks nothing when a connector is validated.
    let checks_more = plugin.class.starts_with("io.debezium.");
    let found: Vec<Json> = def
        .keys()
        .filter(|key| !UNLISTED.contains(&(plugin.class, key.name)))
        .map(|key| {
            serde_json::json!({
                "name": key.name,
                "type": key.type_.name(),
                "required": key.default == KeyDefault::Required,
                "default": match key.default {
                    KeyDefault::Text(text) => Json::from(text),
                    _ => Json::Null,
                },
                "importance": key.importance.name(),
                "group": key.group,
                "order": key.order,
                "width": key.width.name(),
                "display_name": key.display_name,
                "has_validator": key.check.is_some() && !checks_more,
            })
        })
        .collect();
    let mut wanted = expected.clone();
    for key in wanted.as_array_mut().unwrap() {
        let key = key.as_object_mut().unwrap();
        let validator = key.remove("validator").unwrap();
        key.insert("has_validator".to_owned(), (!validator.is_null()).into());
    }
    match Json::from(found.clone()) == wanted {
        true => Ok(()),
        false => Err(format!("{} instead of {wanted}", Json::from(found))),
    }
}
