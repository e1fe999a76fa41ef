//! Any bytes through every converter and header converter. What was read is written, and what was written reads the same.
#![no_main]

use bytes::Bytes;
use connect_api::config::{Config, ConfigReader};
use connect_api::convert::{Converter, ConverterType};
use connect_api::data::{SchemaAndValue, Value};
use connect_api::plugin::Plugin;
use connect_converters::PLUGINS;
use libfuzzer_sys::fuzz_target;

/// Settings that only the JSON converter has; others pass them by.
const SETTINGS: [&[(&str, &str)]; 4] = [
    &[("schemas.enable", "false")],
    &[("schemas.enable", "true")],
    &[
        ("schemas.enable", "true"),
        ("decimal.format", "NUMERIC"),
        ("replace.null.with.default", "false"),
    ],
    &[("schemas.enable", "true"), ("schemas.cache.size", "0")],
];

fuzz_target!(|data: &[u8]| {
    let [which, settings, payload @ ..] = data else {
        return;
    };
    let plugin = &PLUGINS[*which as usize % PLUGINS.len()];
    let mut config = Config::from_iter(
        SETTINGS[*settings as usize % SETTINGS.len()]
            .iter()
            .copied(),
    );
    config.insert("converter.type", "value");
    let data = (*settings < 250).then(|| Bytes::copy_from_slice(payload));
    match plugin.plugin {
        Plugin::Converter(new) => {
            if let Ok(mut converter) = new(&ConfigReader::new(&config), ConverterType::Value) {
                there_and_back(&mut *converter, plugin.class, data);
            }
        }
        Plugin::HeaderConverter(new) => {
            if let Ok(mut converter) = new(&ConfigReader::new(&config))
                && let Ok(read) = converter.to_connect_header("t", "h", data)
            {
                // Some texts are read into what has no text of its own; that is an error, not a panic.
                let _ = converter.from_connect_header("t", "h", read.schema.as_ref(), &read.value);
            }
        }
        _ => {}
    }
});

fn there_and_back(converter: &mut dyn Converter, class: &str, data: Option<Bytes>) {
    let Ok(first) = converter.to_connect_data("t", data) else {
        return;
    };
    let Ok(written) = converter.from_connect_data("t", first.schema.as_ref(), &first.value) else {
        return;
    };
    let again = converter.to_connect_data("t", written.clone());
    let again = again.unwrap_or_else(|error| panic!("{class}: {written:?}: {error}"));
    if !is_exempt(&first) {
        assert_eq!(first.value, again.value, "{class}: {written:?}");
    }
}

/// Numbers that JSON has no text for are written as null or as text, as by Kafka.
fn is_exempt(read: &SchemaAndValue) -> bool {
    fn has_odd_number(value: &Value) -> bool {
        match value {
            Value::Float32(number) => !number.is_finite(),
            Value::Float64(number) => !number.is_finite(),
            Value::Array(all) => all.iter().any(has_odd_number),
            Value::Map(map) => map
                .iter()
                .any(|(key, value)| has_odd_number(key) || has_odd_number(value)),
            Value::Struct(inner) => inner.values().iter().any(has_odd_number),
            _ => false,
        }
    }
    has_odd_number(&read.value)
}
