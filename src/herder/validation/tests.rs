#![allow(clippy::unwrap_used)]

use super::*;
use crate::config::environment::Environment;
use crate::config::layers::{WorkerFile, layered};
use crate::config::properties;

/// A worker of the built-in plugins.
fn worker(more: &str) -> WorkerConfig {
    let converter = "org.apache.kafka.connect.storage.StringConverter";
    let text = format!(
        "bootstrap.servers=k:1\nkey.converter={converter}\nvalue.converter={converter}\n\
         offset.storage.file.filename=/f\n{more}"
    );
    let file = WorkerFile {
        path: "w".to_owned(),
        properties: properties::parse(&text).unwrap(),
    };
    WorkerConfig::parse(&layered(&file, &Environment::default(), &[]).unwrap()).unwrap()
}

fn validate(entries: &[(&str, &str)]) -> ConfigInfos {
    let base = [
        ("name", "s"),
        ("connector.class", "FileStreamSink"),
        ("topics", "t"),
        ("file", "/f"),
    ];
    let raw = base
        .iter()
        .chain(entries)
        .map(|(key, value)| ((*key).to_owned(), Some((*value).to_owned())))
        .collect();
    let (plugins, worker) = (Plugins::built_in(), worker(""));
    let context = Context {
        plugins: &plugins,
        worker: &worker,
    };
    context.validate(&raw).unwrap()
}

fn value<'a>(infos: &'a ConfigInfos, key: &str) -> Option<&'a str> {
    let info = infos.configs.iter().find(|info| info.name() == key);
    info.unwrap().value.value.as_deref()
}

#[test]
fn blanks_around_a_class_are_cut_off() {
    let infos = validate(&[
        ("key.converter", " JsonConverter "),
        ("transforms", "a"),
        ("transforms.a.type", " Filter "),
    ]);
    assert_eq!(refusal(&infos), None);
    assert_eq!(
        value(&infos, "key.converter"),
        Some("org.apache.kafka.connect.json.JsonConverter")
    );
    assert_eq!(value(&infos, "key.converter.schemas.enable"), Some("true"));
    assert_eq!(value(&infos, "transforms.a.negate"), Some("false"));
}
