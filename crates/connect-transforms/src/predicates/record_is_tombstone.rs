//! `RecordIsTombstone`: the record's value is null.

use connect_api::config::ConfigDef;
use connect_api::plugin::PluginDescriptor;
use connect_api::transform::Predicate;
use connect_api::{ConnectError, SinkRecord};

use crate::descriptor::predicate;

pub const PLUGIN: PluginDescriptor = predicate(
    "org.apache.kafka.connect.transforms.predicates.RecordIsTombstone",
    ConfigDef::new,
    |_| Ok(Box::new(RecordIsTombstone)),
);

/// `org.apache.kafka.connect.transforms.predicates.RecordIsTombstone`
struct RecordIsTombstone;

impl Predicate for RecordIsTombstone {
    fn test(&mut self, record: &SinkRecord) -> Result<bool, ConnectError> {
        Ok(record.value.is_null())
    }
}
