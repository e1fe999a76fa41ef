//! Records to preview, one JSON object a line.
//!
//! A key, a value and the value of a header is one of
//! * `null` or left out: none; for a value a tombstone;
//! * `{"text": "…"}`, or any other JSON string: these characters in UTF-8;
//! * `{"base64": "…"}` or `{"bytes": "…"}`: these bytes;
//! * `{"json": …}`, or any other JSON: its text, exactly as it stands in the line.

use std::borrow::Cow;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use connect_api::{TimestampType, TopicPartition};
use data_plane::raw::{BorrowedRecord, RawBatch, RawBatchBuilder};
use serde::Deserialize;
use serde_json::value::RawValue;

/// A line as it stands there.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    #[serde(borrow)]
    key: Option<&'a RawValue>,
    #[serde(borrow)]
    value: Option<&'a RawValue>,
    #[serde(borrow, default)]
    headers: Vec<Header<'a>>,
    topic: Option<String>,
    #[serde(default)]
    partition: i32,
    offset: Option<i64>,
    timestamp: Option<i64>,
    #[serde(rename = "timestampType")]
    timestamp_type: Option<String>,
}

/// With a `schema`, the value is the payload of an envelope.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header<'a> {
    key: String,
    #[serde(borrow, default, deserialize_with = "present")]
    schema: Option<&'a RawValue>,
    #[serde(borrow)]
    value: Option<&'a RawValue>,
}

/// A member that is there, be it null.
fn present<'de: 'a, 'a, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<&'a RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

/// What stands in one of the forms for bytes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
enum Form<'a> {
    #[serde(rename = "text")]
    Text(String),
    #[serde(rename = "base64", alias = "bytes")]
    Base64(String),
    #[serde(rename = "json", borrow)]
    Json(&'a RawValue),
}

/// Reads lines, and gives each record what its line leaves out.
pub struct Input {
    /// None: every line must name one.
    topic: Option<String>,
    next_offset: i64,
}

impl Input {
    pub fn new(topic: Option<String>) -> Self {
        Self {
            topic,
            next_offset: 0,
        }
    }

    /// A batch of the line's one record.
    ///
    /// # Errors
    /// What is wrong with the line.
    pub fn read(&mut self, line: &str) -> Result<RawBatch, String> {
        let line: Line<'_> = serde_json::from_str(line).map_err(|e| e.to_string())?;
        let topic = line.topic.or_else(|| self.topic.clone());
        let topic = topic.ok_or("the line names no topic, and the connector lists none")?;
        let offset = line.offset.unwrap_or(self.next_offset);
        self.next_offset = offset + 1;
        let (key, value) = (bytes(line.key)?, bytes(line.value)?);
        let timestamp_type = timestamp_type(line.timestamp_type.as_deref(), line.timestamp)?;
        let record = BorrowedRecord {
            offset,
            timestamp: line.timestamp.unwrap_or(-1),
            timestamp_type,
            key: key.as_deref(),
            value: value.as_deref(),
        };
        let mut batch = RawBatchBuilder::default();
        let partition = TopicPartition::new(topic, line.partition);
        batch.push(&Arc::new(partition), 0, record);
        for header in line.headers {
            let value = match header.schema {
                None => bytes(header.value)?,
                Some(schema) => {
                    let payload = header.value.map_or("null", RawValue::get);
                    let envelope = format!("{{\"schema\":{schema},\"payload\":{payload}}}");
                    Some(Cow::Owned(envelope.into_bytes()))
                }
            };
            batch.push_header(header.key.as_bytes(), value.as_deref());
        }
        Ok(batch.build())
    }
}

fn bytes(value: Option<&RawValue>) -> Result<Option<Cow<'_, [u8]>>, String> {
    let Some(value) = value.map(RawValue::get) else {
        return Ok(None);
    };
    if value.starts_with('"') {
        let text: String = serde_json::from_str(value).map_err(|e| e.to_string())?;
        return Ok(Some(Cow::Owned(text.into_bytes())));
    }
    Ok(match serde_json::from_str(value) {
        Ok(Form::Text(text)) => Some(Cow::Owned(text.into_bytes())),
        Ok(Form::Base64(text)) => {
            let bytes = STANDARD.decode(text).map_err(|e| format!("base64: {e}"))?;
            Some(Cow::Owned(bytes))
        }
        Ok(Form::Json(json)) => Some(Cow::Borrowed(json.get().as_bytes())),
        Err(_) if value == "null" => None,
        Err(_) => Some(Cow::Borrowed(value.as_bytes())),
    })
}

/// A record with a timestamp has the producer's, if the line says nothing.
fn timestamp_type(name: Option<&str>, timestamp: Option<i64>) -> Result<TimestampType, String> {
    use TimestampType::{CreateTime, LogAppendTime, NoTimestampType};
    let Some(name) = name else {
        return Ok(timestamp.map_or(NoTimestampType, |_| CreateTime));
    };
    let known = [NoTimestampType, CreateTime, LogAppendTime];
    let found = known.into_iter().find(|known| known.name() == name);
    found.ok_or_else(|| {
        format!(
            "timestampType {name} is none of {}",
            known.map(TimestampType::name).join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(json: &str) -> Option<String> {
        let mut input = Input::new(Some("t".to_owned()));
        let batch = input.read(&format!("{{\"value\": {json}}}")).expect(json);
        let bytes = batch.value(0)?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    #[test]
    fn bytes_are_written_in_several_ways() {
        for (json, expected) in [
            ("null", None),
            (r#""a\u0020b""#, Some("a b")),
            (r#"{"text": "a"}"#, Some("a")),
            (r#"{"base64": "YQ=="}"#, Some("a")),
            (r#"{"bytes": "YQ=="}"#, Some("a")),
            (r#"{"json": "a"}"#, Some("\"a\"")),
            (r#"{"json": null}"#, Some("null")),
            ("1.10", Some("1.10")),
            (r#"{ "a" : 1.10}"#, Some(r#"{ "a" : 1.10}"#)),
            (r#"{"text": 1}"#, Some(r#"{"text": 1}"#)),
            (r#"{"text": "a", "b": 1}"#, Some(r#"{"text": "a", "b": 1}"#)),
        ] {
            assert_eq!(value(json).as_deref(), expected, "{json}");
        }
    }

    #[test]
    fn what_a_line_leaves_out_is_filled_in() {
        let mut input = Input::new(Some("orders".to_owned()));
        let first = input.read("{}").expect("a record");
        assert_eq!(first.run_of(0).partition.to_string(), "orders-0");
        assert_eq!((first.offset(0), first.timestamp(0)), (0, -1));
        assert_eq!(first.key(0), None);
        let line = r#"{"topic": "t", "partition": 3, "offset": 7, "timestamp": 5,
            "headers": [{"key": "h", "value": "x"}, {"key": "s", "schema": null, "value": 1}, {"key": "n"}]}"#;
        let batch = input.read(line).expect("a record");
        assert_eq!(batch.run_of(0).partition.to_string(), "t-3");
        assert_eq!(batch.timestamp_type(0), TimestampType::CreateTime);
        let headers: Vec<_> = batch
            .headers(0)
            .map(|(_, value)| value.map(|v| String::from_utf8_lossy(&v).into_owned()))
            .collect();
        let envelope = r#"{"schema":null,"payload":1}"#.to_owned();
        assert_eq!(headers, [Some("x".to_owned()), Some(envelope), None]);
        assert_eq!(input.read("{}").map(|b| b.offset(0)), Ok(8));
    }

    #[test]
    fn a_bad_line_is_told() {
        for (line, expected) in [
            ("{\"vlaue\": 1}", "unknown field `vlaue`"),
            ("{", "EOF"),
            ("{\"value\": {\"base64\": \"%\"}}", "base64"),
            (
                "{\"timestampType\": \"x\"}",
                "none of NoTimestampType, CreateTime",
            ),
        ] {
            let error = Input::new(Some("t".to_owned())).read(line).map(drop);
            let error = error.expect_err(line);
            assert!(error.contains(expected), "{line}: {error}");
        }
        let error = Input::new(None).read("{}").map(drop).expect_err("no topic");
        assert!(error.contains("names no topic"), "{error}");
    }
}
