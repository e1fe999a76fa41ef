//! What the JVM's file sink wrote of a record, held against our reading and printing of it (`tests/goldens/file`).

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::PathBuf;

use connect_api::config::{Config, ConfigReader};
use connect_api::convert::{Converter, ConverterType};
use connect_api::data::values::java_text;
use connect_api::plugin::Plugin;
use connect_converters::PLUGINS;
use connect_testkit::vectors;
use serde_json::Value as Json;

#[test]
fn lines_are_those_of_the_jvm() {
    let path =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/goldens/file/cases.jsonl");
    let text = std::fs::read_to_string(path).unwrap();
    let (mut tried, mut failures) = (0, Vec::new());
    for line in text.lines() {
        let case: Json = serde_json::from_str(line).unwrap();
        let Some(mut converter) = converter(&case) else {
            continue;
        };
        tried += 1;
        let mut lines = String::new();
        for record in case["records"].as_array().unwrap() {
            let data = record["value"].as_str().map(|v| vectors::bytes(v).into());
            match converter.to_connect_data("t", data) {
                Ok(read) => lines += &(without_hash(&java_text(&read.value)) + "\n"),
                Err(_) => assert_eq!(
                    case["settings"]["errors.tolerance"], "all",
                    "{}",
                    case["id"]
                ),
            }
        }
        if case["file"] != lines.as_str() {
            failures.push(format!(
                "{}: {lines:?} instead of {}",
                case["id"], case["file"]
            ));
        }
    }
    println!("{} of {tried}", tried - failures.len());
    assert!(tried > 20 && failures.is_empty(), "{}", failures.join("\n"));
}

/// None for cases that need transformations or converters from elsewhere, or whose numbers Java 17 prints longer than
/// later versions do.
fn converter(case: &Json) -> Option<Box<dyn Converter>> {
    let settings = case["settings"].as_object().unwrap();
    if settings.contains_key("transforms") || case["id"].as_str().unwrap().ends_with("shortest") {
        return None;
    }
    let class = settings["value.converter"].as_str().unwrap();
    let config: Config = settings
        .iter()
        .filter_map(|(k, v)| Some((k.strip_prefix("value.converter.")?, v.as_str()?)))
        .collect();
    let plugin = PLUGINS
        .iter()
        .find(|p| p.class == class && matches!(p.plugin, Plugin::Converter(_)))?;
    match plugin.plugin {
        Plugin::Converter(new) => new(&ConfigReader::new(&config), ConverterType::Value).ok(),
        _ => None,
    }
}

/// Byte arrays print a number that is another in each run of the JVM.
fn without_hash(text: &str) -> String {
    let mut parts = text.split("[B@");
    let mut without = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        without += "[B@HASH";
        without += part.trim_start_matches(|c: char| c.is_ascii_hexdigit());
    }
    without
}
