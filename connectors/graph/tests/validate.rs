//! The definition of the keys and the answers of validation, held against those recorded of the JVM connector.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use connect_api::config::{Config, KeyDefault, KeyType};
use connector_graph::PLUGIN;
use serde_json::{Value, json};

fn golden(name: &str) -> String {
    let path = format!(
        "{}/../../tests/goldens/graph/{name}",
        env!("CARGO_MANIFEST_DIR")
    );
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn is_ours(name: &Value) -> bool {
    name.as_str().unwrap().starts_with("neo4j.")
}

#[test]
fn keys_are_defined_as_in_the_original() {
    let recorded: Vec<Value> = serde_json::from_str(&golden("config-def.json")).unwrap();
    let definition = (PLUGIN.config_def)();
    let ours: Vec<Value> = definition
        .keys()
        .map(|key| {
            let default = match key.default {
                KeyDefault::Text(_) if key.type_ == KeyType::Password => json!("[hidden]"),
                KeyDefault::Text(text) => json!(text),
                _ => Value::Null,
            };
            json!({
                "name": key.name, "type": key.type_.name(), "required": key.default == KeyDefault::Required,
                "default_value": default, "importance": key.importance.name(), "group": key.group,
                "width": key.width.name(), "display_name": key.display_name, "dependents": key.dependents,
                "order": key.order,
            })
        })
        .collect();
    let recorded: Vec<Value> = recorded
        .into_iter()
        .filter(|key| is_ours(&key["name"]))
        .map(|mut key| {
            // The texts are ours.
            key.as_object_mut().unwrap().remove("documentation");
            key
        })
        .collect();
    assert_eq!(ours, recorded);
    assert!(definition.keys().all(|key| !key.doc.is_empty()));
}

#[test]
fn validation_answers_as_the_original() {
    let mut cases = 0;
    for line in golden("validate.jsonl").lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let config: BTreeMap<String, String> =
            serde_json::from_value(case["config"].clone()).unwrap();
        let config: Config = config.into_iter().collect();
        let ours: Vec<Value> = (PLUGIN.config_def)()
            .validate(&config)
            .into_iter()
            .map(|value| {
                json!({
                    "name": value.name, "value": value.value, "errors": value.errors,
                    "recommended_values": value.recommended_values, "visible": value.visible,
                })
            })
            .collect();
        let recorded: Vec<Value> = case["response"]["configs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|config| config["value"].clone())
            .filter(|value| is_ours(&value["name"]))
            .collect();
        assert_eq!(ours.len(), recorded.len(), "{}", case["id"]);
        for (ours, recorded) in ours.iter().zip(&recorded) {
            assert_eq!(ours, recorded, "{}", case["id"]);
        }
        cases += 1;
    }
    assert_eq!(cases, 9);
}

#[test]
fn no_key_is_accepted_and_then_ignored() {
    let config = Config::from([
        ("neo4j.uri", "bolt://graph"),
        ("neo4j.authentication.type", "NONE"),
    ]);
    connect_testkit::assert_keys_are_read(&PLUGIN, &config);
}

/// What the recorded cases do not show.
#[test]
fn wrong_values_are_named() {
    let base = [
        ("neo4j.uri", "bolt://graph"),
        ("neo4j.authentication.type", "NONE"),
    ];
    for (key, value, message) in [
        (
            "neo4j.uri",
            "",
            "Invalid value [] for configuration neo4j.uri: Must not be empty.",
        ),
        (
            "neo4j.uri",
            "bolt://two words",
            "Invalid value bolt://two words for configuration neo4j.uri: Host must not contain ' '.",
        ),
        (
            "neo4j.authentication.type",
            "basic",
            "Invalid value basic for configuration neo4j.authentication.type: Must be one of: 'NONE', 'BASIC', \
             'KERBEROS', 'BEARER', 'CUSTOM'.",
        ),
        (
            "neo4j.cypher.bind-value-as-event",
            "TRUE",
            "Invalid value TRUE for configuration neo4j.cypher.bind-value-as-event: Must be one of: 'true', 'false'.",
        ),
        (
            "neo4j.security.cert-files",
            "relative.pem,/no/such/file.pem,/",
            "Invalid value relative.pem for configuration neo4j.security.cert-files: Must be an absolute path.",
        ),
        (
            "neo4j.security.cert-files",
            "/no/such/file.pem",
            "Invalid value /no/such/file.pem for configuration neo4j.security.cert-files: Must be a file.",
        ),
        (
            "neo4j.max-retry-time",
            "some 7s",
            "Invalid value some 7s for configuration neo4j.max-retry-time: Must match pattern '(\\d+(ms|s|m|h|d))+'.",
        ),
    ] {
        let mut config = Config::from(base);
        config.insert(key, value);
        let values = (PLUGIN.config_def)().validate(&config);
        let errors: Vec<&str> = values
            .iter()
            .find(|value| value.name == key)
            .unwrap()
            .errors
            .iter()
            .map(String::as_str)
            .collect();
        assert_eq!(errors.first(), Some(&message), "{key}={value}");
    }
    let hidden = Config::from([
        ("neo4j.uri", "bolt://graph"),
        ("neo4j.authentication.basic.password", "topsecret"),
    ]);
    let shown = format!("{hidden:?}{:?}", (PLUGIN.config_def)().validate(&hidden));
    assert!(!shown.contains("topsecret"));
}
