//! Holds the converters against what the JVM's did with the same input (`tests/goldens/transforms`).

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Debug;
use std::path::Path;

use bytes::Bytes;
use connect_api::ConnectError;
use connect_api::config::{Config, ConfigErrors, ConfigReader, KeyDefault};
use connect_api::convert::ConverterType;
use connect_api::data::SchemaAndValue;
use connect_api::plugin::{Plugin, PluginDescriptor};
use connect_converters::PLUGINS;
use connect_testkit::{Vectors, vectors};
use serde_json::Value as Json;

#[test]
fn goldens() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let kinds = ["converter", "header_converter", "configdef"];
    let mut vectors = Vectors::read(&root, &["transforms", "transforms-random"], &kinds);
    vectors.cases.retain(is_ours);
    vectors.check(check);
}

/// Definitions of transformations and connectors belong to others.
fn is_ours(case: &Json) -> bool {
    let class = case["class"].as_str().unwrap();
    case["kind"] != "configdef" || class.contains("Converter") && !class.contains(".transforms.")
}

fn plugin(case: &Json, header: bool) -> &'static PluginDescriptor {
    PLUGINS
        .iter()
        .find(|p| {
            case["class"] == p.class && header == matches!(p.plugin, Plugin::HeaderConverter(_))
        })
        .unwrap_or_else(|| panic!("no plugin for {}", case["class"]))
}

fn check(case: &Json) -> Result<(), String> {
    match case["kind"].as_str().unwrap() {
        "configdef" => check_config_def(case),
        "converter" => check_conversion(case, false),
        _ => check_conversion(case, true),
    }
}

/// What a converter made of the input.
#[derive(Debug)]
enum Outcome {
    Read(SchemaAndValue),
    Written(Option<Bytes>),
    ConfigureError(ConfigErrors),
    Error(ConnectError),
}

fn check_conversion(case: &Json, header: bool) -> Result<(), String> {
    let outcome = run(case, header);
    let expected = &case["expect"];
    match &outcome {
        Outcome::Read(read) if expected.get("ok").is_some() => {
            same(&vectors::data(&expected["ok"]), read)
        }
        Outcome::Written(written) if expected.get("ok").is_some() => {
            same(&input_bytes(&expected["ok"]), written)
        }
        // The JVM stops at the first.
        Outcome::ConfigureError(errors) => same(
            &expected["configure_error"]["message"],
            &Json::from(&*errors.0[0].message),
        ),
        Outcome::Error(error) => check_error(&expected["error"], error),
        other => Err(format!("{other:?} instead of {expected}")),
    }
}

fn same<T: PartialEq + Debug>(expected: &T, found: &T) -> Result<(), String> {
    if expected == found {
        return Ok(());
    }
    Err(format!("{found:?} instead of {expected:?}"))
}

/// Class and text, and the class of the cause; texts that only make sense on the JVM are left out.
fn check_error(expected: &Json, error: &ConnectError) -> Result<(), String> {
    let class = expected["class"].as_str().ok_or(format!("{error:?}"))?;
    same(&class, &error.exception())?;
    if expected["jvm_text"] != Json::Bool(true) {
        same(&expected["message"].as_str(), &error.message())?;
    }
    let jvm_cause = expected["cause"]["class"] == "java.lang.NullPointerException";
    match (expected.get("cause"), error.cause()) {
        (Some(_), Some(_)) if jvm_cause => Ok(()),
        (Some(cause), Some(found)) => same(&cause["class"].as_str(), &Some(found.exception())),
        (None, None) => Ok(()),
        (cause, found) => Err(format!("cause {found:?} instead of {cause:?}")),
    }
}

fn run(case: &Json, header: bool) -> Outcome {
    let mut config: Config = case["config"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(k, v)| (k.as_str(), v.as_str().unwrap()))
        .collect();
    config.insert("converter.type", if header { "header" } else { "value" });
    let reader = ConfigReader::new(&config);
    let is_read = case["op"] == "to_connect";
    let data = (!is_read).then(|| vectors::data(&case["data"]));
    let result = match (plugin(case, header).plugin, data) {
        (Plugin::Converter(new), data) => match (new(&reader, ConverterType::Value), data) {
            (Err(errors), _) => return Outcome::ConfigureError(errors),
            (Ok(mut c), None) => c.to_connect_data("t", input_bytes(case)).map(Outcome::Read),
            (Ok(mut c), Some(d)) => c
                .from_connect_data("t", d.schema.as_ref(), &d.value)
                .map(Outcome::Written),
        },
        (Plugin::HeaderConverter(new), data) => match (new(&reader), data) {
            (Err(errors), _) => return Outcome::ConfigureError(errors),
            (Ok(mut c), None) => c
                .to_connect_header("t", "h", input_bytes(case))
                .map(Outcome::Read),
            (Ok(mut c), Some(d)) => c
                .from_connect_header("t", "h", d.schema.as_ref(), &d.value)
                .map(Outcome::Written),
        },
        _ => panic!("not a converter"),
    };
    result.unwrap_or_else(Outcome::Error)
}

fn input_bytes(holder: &Json) -> Option<Bytes> {
    match (holder["text"].as_str(), holder["bytes"].as_str()) {
        (Some(text), _) => Some(Bytes::copy_from_slice(text.as_bytes())),
        (None, Some(base64)) => Some(vectors::bytes(base64).into()),
        (None, None) => None,
    }
}

fn check_config_def(case: &Json) -> Result<(), String> {
    let class = case["class"].as_str().unwrap();
    for plugin in PLUGINS.iter().filter(|p| p.class == class) {
        let def = (plugin.config_def)();
        let expected = case["expect"]["ok"].as_array().unwrap();
        same(&expected.len(), &def.keys().count())?;
        for (expected, key) in expected.iter().zip(def.keys()) {
            let default = match key.default {
                KeyDefault::Text(text) => Json::from(text),
                _ => Json::Null,
            };
            let found = serde_json::json!({
                "name": key.name,
                "type": key.type_.name(),
                "required": key.default == KeyDefault::Required,
                "default": default,
                "importance": key.importance.name(),
                "group": key.group,
                "order": key.order,
                "width": key.width.name(),
                "display_name": key.display_name,
                "validator": expected["validator"],
            });
            same(expected, &found)?;
            same(&expected["validator"].is_null(), &key.check.is_none())?;
        }
    }
    Ok(())
}
