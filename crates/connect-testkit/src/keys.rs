//! Defined keys are read keys.

use std::collections::BTreeSet;

use connect_api::config::{Config, ConfigReader, KeyDefault};
use connect_api::convert::ConverterType;
use connect_api::plugin::{Plugin, PluginDescriptor};

/// Keys that the runtime defines for every sink and that a connector may look at.
const OF_THE_RUNTIME: [&str; 11] = [
    "name",
    "connector.class",
    "task.class",
    "tasks.max",
    "topics",
    "topics.regex",
    "key.converter",
    "value.converter",
    "header.converter",
    "transforms",
    "predicates",
];

/// Makes the plugin and compares the keys of its definition with those it asked for: none may be accepted and then
/// ignored, and none read that is not defined.
///
/// `config` gives the required keys. `converter.type`, which the runtime sets, may be missing.
///
/// # Panics
/// If the sets differ, naming the keys, or if the configuration is refused.
pub fn assert_keys_are_read(plugin: &PluginDescriptor, config: &Config) {
    let def = (plugin.config_def)();
    let mut config = config.clone();
    let type_key = def.key("converter.type");
    if type_key.is_some_and(|key| key.default == KeyDefault::Required)
        && !config.contains("converter.type")
    {
        config.insert("converter.type", "value");
    }
    let reader = ConfigReader::new(&config);
    let made = match plugin.plugin {
        Plugin::Sink(new) => new(&reader).map(drop),
        Plugin::Converter(new) => new(&reader, ConverterType::Value).map(drop),
        Plugin::HeaderConverter(new) => new(&reader).map(drop),
        Plugin::Transformation(new) => new(&reader).map(drop),
        Plugin::Predicate(new) => new(&reader).map(drop),
    };
    if let Err(errors) = made {
        panic!("{} refuses the configuration: {errors}", plugin.class);
    }
    let read = reader.keys_read();
    let defined: BTreeSet<&str> = def.keys().map(|key| key.name).collect();
    let ignored: Vec<&str> = defined
        .iter()
        .copied()
        .filter(|key| !read.contains(*key))
        .collect();
    let undefined: Vec<&String> = read
        .iter()
        .filter(|key| !def.knows(key) && !OF_THE_RUNTIME.contains(&key.as_str()))
        .collect();
    assert!(
        ignored.is_empty(),
        "{} defines keys that it never reads: {ignored:?}",
        plugin.class
    );
    assert!(
        undefined.is_empty(),
        "{} reads keys that it does not define: {undefined:?}",
        plugin.class
    );
}
