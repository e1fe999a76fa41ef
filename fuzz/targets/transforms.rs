//! Any configuration of any transformation or predicate on any record. The input is a text: the number of the class, lines of
//! `key=value`, an empty line, and a value in JSON, in an envelope with its schema or without.
#![no_main]

use std::sync::Arc;

use bytes::Bytes;
use connect_api::config::{Config, ConfigReader};
use connect_api::convert::{Converter, ConverterType};
use connect_api::plugin::Plugin;
use connect_api::{SinkRecord, TopicPartition};
use connect_transforms::PLUGINS;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Some((head, payload)) = text.split_once("\n\n") else {
        return;
    };
    let mut lines = head.lines();
    let Some(which) = lines.next().and_then(|line| line.parse::<usize>().ok()) else {
        return;
    };
    let Some(record) = record(payload) else {
        return;
    };
    let config = Config::from_iter(lines.filter_map(|line| line.split_once('=')));
    match PLUGINS[which % PLUGINS.len()].plugin {
        Plugin::Transformation(new) => {
            if let Ok(mut transformation) = new(&ConfigReader::new(&config)) {
                // Twice: the second record meets the caches that the first one filled.
                let _ = transformation.apply(record.clone());
                let _ = transformation.apply(record);
            }
        }
        Plugin::Predicate(new) => {
            if let Ok(mut predicate) = new(&ConfigReader::new(&config)) {
                let _ = predicate.test(&record);
            }
        }
        _ => {}
    }
});

fn record(payload: &str) -> Option<SinkRecord> {
    let with_schema = payload.trim_start().starts_with("{\"schema\"");
    let enable = if with_schema { "true" } else { "false" };
    let config = Config::from([("schemas.enable", enable), ("converter.type", "value")]);
    let Plugin::Converter(new) = connect_converters::json::CONVERTER.plugin else {
        return None;
    };
    let mut converter = new(&ConfigReader::new(&config), ConverterType::Value).ok()?;
    let read = converter
        .to_connect_data("t", Some(Bytes::copy_from_slice(payload.as_bytes())))
        .ok()?;
    let mut record = SinkRecord::new(Arc::new(TopicPartition::new("t", 0)), 7);
    (record.key_schema, record.key) = (read.schema.clone(), read.value.clone());
    (record.value_schema, record.value) = (read.schema.clone(), read.value.clone());
    record.headers.push("h", read.schema, read.value);
    record.timestamp = Some(1_700_000_000_123);
    Some(record)
}
