//! A record as Java prints it, for the one message that holds it whole.

use connect_api::SinkRecord;
use connect_api::data::SchemaRef;
use connect_api::data::values::java_text;

/// `SinkRecord.toString`
pub(crate) fn record_text(record: &SinkRecord) -> String {
    let origin = record.original();
    let or_null = |number: Option<i64>| number.map_or("null".to_owned(), |n| n.to_string());
    let schema = |schema: &Option<SchemaRef>| {
        schema
            .as_ref()
            .map_or("null".to_owned(), |schema| schema.to_string())
    };
    let headers: Vec<String> = record
        .headers
        .iter()
        .map(|h| {
            let (value, schema) = (java_text(&h.value), schema(&h.schema));
            format!(
                "ConnectHeader(key={}, value={value}, schema={schema})",
                h.key
            )
        })
        .collect();
    let headers = match headers.as_slice() {
        [] => String::new(),
        some => format!("[{}]", some.join(", ")),
    };
    format!(
        "SinkRecord{{kafkaOffset={offset}, timestampType={timestamp_type}, originalTopic={original_topic}, \
         originalKafkaPartition={original_partition}, originalKafkaOffset={offset}}} \
         ConnectRecord{{topic='{topic}', kafkaPartition={partition}, key={key}, keySchema={key_schema}, \
         value={value}, valueSchema={value_schema}, timestamp={timestamp}, headers=ConnectHeaders(headers={headers})}}",
        offset = record.offset(),
        timestamp_type = record.timestamp_type.name(),
        original_topic = origin.topic,
        original_partition = origin.partition,
        topic = record.topic,
        partition = or_null(record.partition.map(i64::from)),
        key = java_text(&record.key),
        key_schema = schema(&record.key_schema),
        value = java_text(&record.value),
        value_schema = schema(&record.value_schema),
        timestamp = or_null(record.timestamp),
    )
}
