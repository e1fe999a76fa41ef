//! `/connectors/{name}/offsets`.

use axum::Json;
use axum::extract::{Path, State};
use connect_api::TopicPartition;
use serde_json::{Map, Value, json};

use crate::rest::AppState;
use crate::rest::body::{JsonBody, unrecognized_field};
use crate::rest::error::ApiError;
use crate::worker::offsets::OffsetChanges;

const TOPIC: &str = "kafka_topic";
const PARTITION: &str = "kafka_partition";
const OFFSET: &str = "kafka_offset";

const NOTHING: &str = "Partitions / offsets need to be provided for an alter offsets request";

type Answer = Result<Json<Value>, ApiError>;

pub async fn get(State(state): State<AppState>, Path(name): Path<String>) -> Answer {
    let offsets = state.herder.offsets(&name).await?;
    let offsets: Vec<Value> = offsets
        .iter()
        .map(|(partition, offset)| {
            json!({
                "partition": {TOPIC: &*partition.topic, PARTITION: partition.partition},
                "offset": {OFFSET: offset},
            })
        })
        .collect();
    Ok(Json(json!({"offsets": offsets})))
}

pub async fn alter(
    State(state): State<AppState>,
    Path(name): Path<String>,
    body: JsonBody,
) -> Answer {
    let entries = entries(body)?;
    // What is wrong with an entry is told only to those who may change offsets at all.
    state.herder.check_offsets_may_change(&name).await?;
    let changes = changes(&entries).map_err(ApiError::bad_request)?;
    let message = state.herder.alter_offsets(&name, &changes).await?;
    Ok(Json(json!({"message": message})))
}

pub async fn reset(State(state): State<AppState>, Path(name): Path<String>) -> Answer {
    let message = state.herder.reset_offsets(&name).await?;
    Ok(Json(json!({"message": message})))
}

/// One element of `offsets`: maps, or nothing.
struct Entry {
    partition: Option<Map<String, Value>>,
    offset: Option<Map<String, Value>>,
}

fn entries(body: JsonBody) -> Result<Vec<Entry>, ApiError> {
    let mut members = match body.0 {
        None => return Err(ApiError::internal("the request has no body")),
        Some(body) => object("the body", body)?.unwrap_or_default(),
    };
    let list = members.remove("offsets");
    if let Some(unknown) = members.keys().next() {
        return Err(unrecognized_field(unknown, &["offsets"]));
    }
    let list = match list {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(list)) => list,
        Some(_) => {
            return Err(ApiError::internal(
                "Cannot deserialize the request: offsets is no array",
            ));
        }
    };
    if list.is_empty() {
        return Err(ApiError::bad_request(NOTHING));
    }
    list.into_iter().map(entry).collect()
}

fn entry(element: Value) -> Result<Entry, ApiError> {
    let mut members = object("an element of offsets", element)?.unwrap_or_default();
    let mut part = |name: &str| match members.remove(name) {
        None => Ok(None),
        Some(part) => object(name, part),
    };
    let entry = Entry {
        partition: part("partition")?,
        offset: part("offset")?,
    };
    match members.keys().next() {
        Some(unknown) => Err(unrecognized_field(unknown, &["partition", "offset"])),
        None => Ok(entry),
    }
}

fn object(what: &str, value: Value) -> Result<Option<Map<String, Value>>, ApiError> {
    match value {
        Value::Null => Ok(None),
        Value::Object(members) => Ok(Some(members)),
        _ => Err(ApiError::internal(format!(
            "Cannot deserialize the request: {what} is no object"
        ))),
    }
}

/// Later entries win over earlier ones of the same partition.
fn changes(entries: &[Entry]) -> Result<OffsetChanges, String> {
    entries
        .iter()
        .map(|entry| Ok((partition(entry.partition.as_ref())?, offset(entry)?)))
        .collect()
}

fn partition(partition: Option<&Map<String, Value>>) -> Result<TopicPartition, String> {
    let partition =
        partition.ok_or("The partition for a sink connector offset cannot be null or missing")?;
    let (Some(topic), Some(number)) = (partition.get(TOPIC), partition.get(PARTITION)) else {
        return Err(format!(
            "The partition for a sink connector offset must contain the keys '{TOPIC}' and '{PARTITION}'"
        ));
    };
    if topic.is_null() {
        return Err("Kafka topic names must be valid strings and may not be null".to_owned());
    }
    if number.is_null() {
        return Err("Kafka partitions must be valid numbers and may not be null".to_owned());
    }
    let number = java_text(number);
    let parsed = number.parse().map_err(|_| {
        format!(
            "Failed to parse the following Kafka partition value in the provided offsets: '{number}'. Partition values for sink connectors need to be integers."
        )
    })?;
    Ok(TopicPartition::new(java_text(topic), parsed))
}

fn offset(entry: &Entry) -> Result<Option<i64>, String> {
    let Some(offset) = &entry.offset else {
        return Ok(None);
    };
    let offset = offset.get(OFFSET).ok_or_else(|| {
        format!(
            "The offset for a sink connector should either be null or contain the key '{OFFSET}'"
        )
    })?;
    let text = java_text(offset);
    let parsed: i64 = text.parse().map_err(|_| {
        format!(
            "Failed to parse the following Kafka offset value in the provided offsets: '{text}'. Offset values for sink connectors need to be integers."
        )
    })?;
    match parsed {
        0.. => Ok(Some(parsed)),
        _ => Err(format!("Kafka offsets may not be negative, as '{text}' is")),
    }
}

/// What `String.valueOf` makes of a member.
fn java_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(body: Value) -> Result<OffsetChanges, String> {
        let entries = entries(JsonBody(Some(body))).map_err(|e| format!("{e:?}"))?;
        changes(&entries)
    }

    #[test]
    fn numbers_may_be_texts_and_a_null_offset_deletes() {
        let parsed = parse(json!({"offsets": [
            {"partition": {"kafka_topic": "t", "kafka_partition": 0}, "offset": {"kafka_offset": 5}},
            {"partition": {"kafka_topic": "t", "kafka_partition": "1"}, "offset": {"kafka_offset": "9"}},
            {"partition": {"kafka_topic": "u", "kafka_partition": 2}, "offset": null},
            {"partition": {"kafka_topic": "u", "kafka_partition": 3}},
            {"partition": {"kafka_topic": "t", "kafka_partition": 0}, "offset": {"kafka_offset": 6}},
        ]}));
        let expected = [
            ("t", 0, Some(6)),
            ("t", 1, Some(9)),
            ("u", 2, None),
            ("u", 3, None),
        ];
        let expected = expected.map(|(t, p, offset)| (TopicPartition::new(t, p), offset));
        assert_eq!(parsed, Ok(expected.into()));
    }

    #[test]
    fn what_is_out_of_range_is_refused() {
        let with = |partition: Value, offset: Value| {
            let partition = json!({"kafka_topic": "t", "kafka_partition": partition});
            let entry = json!({"partition": partition, "offset": {"kafka_offset": offset}});
            parse(json!({"offsets": [entry]})).expect_err("refused")
        };
        for (partition, offset, expected) in [
            (
                json!(3_000_000_000_u64),
                json!(1),
                "'3000000000'. Partition values",
            ),
            (
                json!(0),
                json!(10_000_000_000_000_000_000_u64),
                "'10000000000000000000'. Offset",
            ),
            (json!(0), json!(-4), "may not be negative, as '-4' is"),
            (json!(0), json!([1]), "'[1]'. Offset values"),
            (json!(1.0), json!(1), "'1.0'. Partition values"),
        ] {
            let error = with(partition, offset);
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn bodies_of_another_shape_are_refused() {
        for body in [
            json!([]),
            json!({"offsets": {}}),
            json!({"offsets": [1]}),
            json!({"offsets": [{"partition": 1}]}),
            json!({"offsets": [{"partition": {}, "reset": true}]}),
        ] {
            assert!(parse(body.clone()).is_err(), "{body}");
        }
        assert!(entries(JsonBody(None)).is_err());
    }
}
