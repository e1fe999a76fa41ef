//! Holds chains of transformations, made and validated as for a connector, against what the JVM did
//! (`tests/goldens/transforms/chains.jsonl`).

use std::collections::BTreeMap;
use std::path::Path;

use connect_api::ConnectError;
use connect_api::config::{Config, KeyType};
use connect_testkit::{Vectors, vectors};
use serde_json::{Value as Json, json};

use super::validation::{ConfigInfo, Context, RawConfig};
use crate::config::connector::TRANSFORMS;
use crate::config::environment::Environment;
use crate::config::layers::{WorkerFile, layered};
use crate::config::{SinkConnectorConfig, WorkerConfig, properties};
use crate::plugins::Plugins;
use crate::worker::chain;

#[test]
fn goldens() {
    let (plugins, worker) = (Plugins::built_in(), worker());
    let context = Context {
        plugins: &plugins,
        worker: &worker,
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let own = ["transforms", "transforms-random"];
    Vectors::read(root, &own, &["chain"]).check(|case| match case["op"].as_str() {
        Some("apply") => check_apply(&plugins, case),
        Some("validate") => check_validate(context, case),
        other => Err(format!("unknown operation {other:?}")),
    });
}

fn worker() -> WorkerConfig {
    let json = "org.apache.kafka.connect.json.JsonConverter";
    let text = format!("key.converter={json}\nvalue.converter={json}\n");
    let file = WorkerFile {
        path: "w".to_owned(),
        properties: properties::parse(&text).expect("properties"),
    };
    let layers = layered(&file, &Environment::default(), &[]).expect("layers of text");
    WorkerConfig::parse(&layers).expect("a valid configuration")
}

fn entries(case: &Json) -> impl Iterator<Item = (&str, &str)> {
    let config = case["config"].as_object().expect("config").iter();
    config.map(|(key, value)| (key.as_str(), value.as_str().expect("text")))
}

fn check_apply(plugins: &Plugins, case: &Json) -> Result<(), String> {
    let expected = &case["expect"];
    let connector: Config = entries(case).collect();
    let mut links = match make(plugins, &connector) {
        Ok(links) => links,
        Err(error) => return vectors::compare_error(&expected["configure_error"], &error),
    };
    let mut record = Some(vectors::record(&case["record"]));
    for link in &mut links {
        let Some(before) = record else { break };
        record = match link.apply(before) {
            Ok(after) => after,
            Err(error) => return vectors::compare_error(&expected["error"], &error),
        };
    }
    match (record, expected.get("ok")) {
        (None, Some(Json::Null)) => Ok(()),
        (Some(record), Some(wanted)) if wanted.is_object() => {
            // What one link made a hash map of is an accident for all behind it, marked or not.
            let mut expected = expected.clone();
            if links.len() > 1 {
                expected["map_order"] = json!("undefined");
            }
            vectors::compare_record(&expected, &record)
        }
        (record, _) => Err(format!("{record:?} instead of {expected}")),
    }
}

fn make(
    plugins: &Plugins,
    connector: &Config,
) -> Result<Vec<data_plane::task::ConfiguredTransformation>, ConnectError> {
    let parsed = SinkConnectorConfig::parse(connector);
    // The JVM stops at the first.
    let parsed = parsed.map_err(|errors| ConnectError::config(errors.0[0].message.clone()))?;
    chain::make(plugins, &parsed, connector)
}

fn check_validate(context: Context<'_>, case: &Json) -> Result<(), String> {
    let raw: RawConfig = entries(case)
        .map(|(key, value)| (key.to_owned(), Some(value.to_owned())))
        .collect();
    let infos = context.validate(&raw).map_err(|e| format!("{e:?}"))?;
    let mut errors = BTreeMap::new();
    let mut values = BTreeMap::new();
    for info in &infos.configs {
        let name = info.name();
        if !info.value.errors.is_empty() {
            errors.insert(name.to_owned(), info.value.errors.clone());
        }
        if name.starts_with("transforms.") || name.starts_with("predicates.") {
            assert_ne!(name, TRANSFORMS.name());
            values.insert(name.to_owned(), as_java_prints(info));
        }
    }
    let found = json!({ "errors": errors, "values": values });
    match found == case["expect"]["ok"] {
        true => Ok(()),
        false => Err(format!("{found} instead of {}", case["expect"]["ok"])),
    }
}

/// Lists in brackets, as `List.toString` has them; answers over REST have none.
fn as_java_prints(info: &ConfigInfo) -> Option<String> {
    let value = info.value.value.clone()?;
    let is_list = info
        .definition
        .as_ref()
        .is_some_and(|definition| definition.type_ == KeyType::List);
    Some(match is_list {
        true => format!("[{}]", value.split(',').collect::<Vec<_>>().join(", ")),
        false => value,
    })
}
