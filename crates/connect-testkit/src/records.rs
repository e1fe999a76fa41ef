//! Records without ceremony.

use std::sync::Arc;

use connect_api::data::Value;
use connect_api::record::{RecordSlice, SinkRecord, TopicPartition};

/// A partition as records name it.
pub fn partition(topic: &str, partition: i32) -> Arc<TopicPartition> {
    Arc::new(TopicPartition::new(topic, partition))
}

/// One record per value, with offsets that count up from the first; keys, headers and timestamps are unset.
pub fn records<V: Into<Value>>(
    topic: &str,
    number: i32,
    first_offset: i64,
    values: impl IntoIterator<Item = V>,
) -> Vec<SinkRecord> {
    let origin = partition(topic, number);
    (first_offset..)
        .zip(values)
        .map(|(offset, value)| {
            let mut record = SinkRecord::new(origin.clone(), offset);
            record.value = value.into();
            record
        })
        .collect()
}

/// What `put` receives.
pub fn batch(records: impl IntoIterator<Item = SinkRecord>) -> RecordSlice {
    RecordSlice::new(records.into_iter().collect())
}
