//! Recorded data of the JVM as values: the JSON notation that `tests/goldens/transforms` is written in.
//!
//! These functions panic on anything that the notation does not know: a vector that cannot be read is a failed test.

use std::str::FromStr;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use connect_api::data::{
    DATE, DECIMAL, DECIMAL_SCALE, Decimal, Map, SchemaAndValue, SchemaBuilder, SchemaRef, Struct,
    TIME, TIMESTAMP, Type, Value,
};
use connect_api::{ConnectError, SinkRecord, TimestampType, TopicPartition};
use serde_json::Value as Json;

const MILLIS_PER_DAY: i64 = 86_400_000;

/// Bytes of Base64.
pub fn bytes(text: &str) -> Vec<u8> {
    STANDARD.decode(text).expect("Base64")
}

/// `{"schema": …, "payload": …}`
pub fn data(json: &Json) -> SchemaAndValue {
    let schema = schema(&json["schema"]);
    let value = payload(schema.as_ref(), &json["payload"]);
    SchemaAndValue::new(schema, value)
}

/// A record as it comes to a transformation: `{"topic", "partition", "offset", …}`.
pub fn record(json: &Json) -> SinkRecord {
    let topic = json["topic"].as_str().expect("topic");
    let partition = json["partition"].as_i64().expect("partition") as i32;
    let offset = json["offset"].as_i64().expect("offset");
    let origin = Arc::new(TopicPartition::new(topic, partition));
    let mut record = SinkRecord::new(origin, offset);
    let (key, value) = (data(&json["key"]), data(&json["value"]));
    (record.key_schema, record.key) = (key.schema, key.value);
    (record.value_schema, record.value) = (value.schema, value.value);
    record.timestamp = json["timestamp"].as_i64();
    record.timestamp_type = match json["timestampType"].as_str() {
        Some("CreateTime") => TimestampType::CreateTime,
        Some("LogAppendTime") => TimestampType::LogAppendTime,
        _ => TimestampType::NoTimestampType,
    };
    for header in json["headers"].as_array().expect("headers") {
        let schema = schema(&header["schema"]);
        let value = payload(schema.as_ref(), &header["value"]);
        record
            .headers
            .push(header["key"].as_str().expect("key"), schema, value);
    }
    record
}

/// Holds a record against a recorded result, `{"ok": …}`; its origin and everything that a transformation may change
/// counts, and the order of maps unless it is marked as an accident of there.
///
/// # Errors
/// The first part that differs.
pub fn compare_record(expect: &Json, found: &SinkRecord) -> Result<(), String> {
    let expected = &expect["ok"];
    let wanted = record(expected);
    let origin = expected.get("originalTopic").unwrap_or(&expected["topic"]);
    if origin.as_str() != Some(&*found.original().topic) {
        return Err(format!("origin {} instead of {origin}", found.original()));
    }
    let parts = [
        ("topic", wanted.topic == found.topic),
        ("partition", wanted.partition == found.partition),
        ("key schema", wanted.key_schema == found.key_schema),
        ("key", wanted.key == found.key),
        ("value schema", wanted.value_schema == found.value_schema),
        ("value", wanted.value == found.value),
        ("timestamp", wanted.timestamp == found.timestamp),
        (
            "timestamp type",
            wanted.timestamp_type == found.timestamp_type,
        ),
        ("headers", wanted.headers == found.headers),
        ("offset", wanted.offset() == found.offset()),
    ];
    if let Some((part, _)) = parts.iter().find(|(_, same)| !same) {
        return Err(format!("{part} of {found:?} instead of {wanted:?}"));
    }
    let values = |record: &SinkRecord| {
        let headers = record.headers.iter().map(|header| &header.value);
        format!(
            "{:?} {:?} {:?}",
            record.key,
            record.value,
            headers.collect::<Vec<_>>()
        )
    };
    // Equality, as Java's, ignores the order of maps.
    match expect["map_order"] == "undefined" || values(&wanted) == values(found) {
        true => Ok(()),
        false => Err(format!(
            "order of {} instead of {}",
            values(found),
            values(&wanted)
        )),
    }
}

/// A schema in the form of the JSON envelope; `null` is none.
pub fn schema(json: &Json) -> Option<SchemaRef> {
    if json.is_null() {
        return None;
    }
    let type_name = json["type"].as_str().expect("type");
    let mut builder = match type_name {
        "int8" => SchemaBuilder::new(Type::Int8),
        "int16" => SchemaBuilder::new(Type::Int16),
        "int32" => SchemaBuilder::new(Type::Int32),
        "int64" => SchemaBuilder::new(Type::Int64),
        "float" => SchemaBuilder::new(Type::Float32),
        "double" => SchemaBuilder::new(Type::Float64),
        "boolean" => SchemaBuilder::new(Type::Boolean),
        "string" => SchemaBuilder::new(Type::String),
        "bytes" => SchemaBuilder::new(Type::Bytes),
        "array" => match schema(&json["items"]) {
            Some(items) => SchemaBuilder::array(items),
            None => SchemaBuilder::array_of_mixed(),
        },
        "map" => match (schema(&json["keys"]), schema(&json["values"])) {
            (Some(keys), Some(values)) => SchemaBuilder::map(keys, values),
            (keys, values) => SchemaBuilder::map_of_mixed(keys, values),
        },
        "struct" => json["fields"].as_array().expect("fields").iter().fold(
            SchemaBuilder::structure(),
            |builder, field| {
                let name = field["field"].as_str().expect("field");
                builder.field(name, schema(field).expect("schema of a field"))
            },
        ),
        other => panic!("unknown type {other}"),
    };
    builder = builder.optional(json["optional"] == Json::Bool(true));
    if let Some(name) = json["name"].as_str() {
        builder = builder.name(name);
    }
    if let Some(version) = json["version"].as_i64() {
        builder = builder.version(version as i32);
    }
    if let Some(doc) = json["doc"].as_str() {
        builder = builder.doc(doc);
    }
    for (name, value) in json["parameters"].as_object().into_iter().flatten() {
        builder = builder.parameter(name, value.as_str().expect("parameter"));
    }
    let schema = builder.build().expect("schema");
    let Some(default) = json.get("default") else {
        return Some(schema);
    };
    let default = payload(Some(&schema), default);
    Some(
        SchemaBuilder::like(&schema)
            .default(default)
            .build()
            .expect("default"),
    )
}

/// A payload, with or without a schema.
pub fn payload(schema: Option<&SchemaRef>, json: &Json) -> Value {
    match schema {
        Some(_) if json.is_null() => Value::Null,
        Some(schema) => with_schema(schema, json),
        None => free(json),
    }
}

/// The only member of an object that is a tag, such as `$raw`.
fn tag(json: &Json) -> Option<(&str, &Json)> {
    let object = json.as_object().filter(|object| object.len() == 1)?;
    let (name, content) = object.iter().next()?;
    name.starts_with('$').then_some((name.as_str(), content))
}

fn with_schema(schema: &SchemaRef, json: &Json) -> Value {
    match tag(json) {
        Some(("$raw", content)) => return free(content),
        Some(("$decimal", content)) => return decimal(content),
        _ => {}
    }
    let integer = || json.as_i64().expect("integer");
    match schema.name() {
        Some(DECIMAL) => {
            let scale = schema.parameters().and_then(|p| p.get(DECIMAL_SCALE));
            let scale = scale.and_then(|s| s.parse().ok()).expect("scale");
            let unscaled = bytes(json.as_str().expect("Base64"));
            return Value::Decimal(Box::new(Decimal::from_unscaled_bytes(&unscaled, scale)));
        }
        Some(DATE) => return Value::Timestamp(integer() * MILLIS_PER_DAY),
        Some(TIME | TIMESTAMP) => return Value::Timestamp(integer()),
        _ => {}
    }
    match schema.type_() {
        Type::Int8 => Value::Int8(integer() as i8),
        Type::Int16 => Value::Int16(integer() as i16),
        Type::Int32 => Value::Int32(integer() as i32),
        Type::Int64 => Value::Int64(integer()),
        Type::Float32 => Value::Float32(double(json) as f32),
        Type::Float64 => Value::Float64(double(json)),
        Type::Boolean => Value::Boolean(json.as_bool().expect("boolean")),
        Type::String => Value::from(json.as_str().expect("string")),
        Type::Bytes => Value::bytes(bytes(json.as_str().expect("Base64"))),
        Type::Array => Value::Array(
            json.as_array()
                .expect("array")
                .iter()
                .map(|item| payload(schema.value_schema(), item))
                .collect(),
        ),
        Type::Map => Value::Map(map(schema, json)),
        Type::Struct => structure(schema, json),
    }
}

fn map(schema: &SchemaRef, json: &Json) -> Map {
    let (keys, values) = (schema.key_schema(), schema.value_schema());
    if let Some(object) = json.as_object() {
        return object
            .iter()
            .map(|(k, v)| (Value::from(k.as_str()), payload(values, v)))
            .collect();
    }
    json.as_array()
        .expect("map")
        .iter()
        .map(|pair| (payload(keys, &pair[0]), payload(values, &pair[1])))
        .collect()
}

fn structure(schema: &SchemaRef, json: &Json) -> Value {
    let values = schema
        .fields()
        .iter()
        .map(|field| match json.get(field.name.as_ref() as &str) {
            Some(member) => payload(Some(&field.schema), member),
            None => Value::Null,
        })
        .collect();
    Value::Struct(Struct::from_values(schema.clone(), values))
}

fn double(json: &Json) -> f64 {
    match json.as_str() {
        Some("NaN") => f64::NAN,
        Some("Infinity") => f64::INFINITY,
        Some("-Infinity") => f64::NEG_INFINITY,
        Some(other) => panic!("not a number: {other}"),
        None => json.as_f64().expect("number"),
    }
}

fn decimal(json: &Json) -> Value {
    let unscaled = FromStr::from_str(json[0].as_str().expect("unscaled")).expect("unscaled");
    let scale = json[1].as_i64().expect("scale") as i32;
    Value::Decimal(Box::new(Decimal { unscaled, scale }))
}

fn free(json: &Json) -> Value {
    if let Some((name, content)) = tag(json) {
        return tagged(name, content);
    }
    match json {
        Json::Null => Value::Null,
        Json::Bool(b) => Value::Boolean(*b),
        Json::Number(n) => match n.as_i64() {
            Some(n) => Value::Int64(n),
            None => Value::Float64(n.as_f64().expect("number")),
        },
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(items) => Value::Array(items.iter().map(free).collect()),
        Json::Object(members) => members
            .iter()
            .map(|(k, v)| (Value::from(k.as_str()), free(v)))
            .collect::<Map>()
            .into(),
    }
}

fn stranger() -> Value {
    let schema = SchemaBuilder::structure().build().expect("schema");
    Value::Struct(Struct::from_values(schema, Vec::new()))
}

fn tagged(name: &str, content: &Json) -> Value {
    let integer = || content.as_i64().expect("integer");
    let text = || content.as_str().expect("text");
    match name {
        "$int8" => Value::Int8(integer() as i8),
        "$int16" => Value::Int16(integer() as i16),
        "$int32" => Value::Int32(integer() as i32),
        "$float32" => Value::Float32(double(content) as f32),
        "$float64" => Value::Float64(double(content)),
        "$bytes" => Value::bytes(bytes(text())),
        "$decimal" => decimal(content),
        "$bigint" => Value::BigInteger(Box::new(FromStr::from_str(text()).expect("integer"))),
        "$timestamp" => Value::Timestamp(integer()),
        "$struct" => data(content).value,
        "$map" => content
            .as_array()
            .expect("pairs")
            .iter()
            .map(|pair| (free(&pair[0]), free(&pair[1])))
            .collect::<Map>()
            .into(),
        "$raw" => free(content),
        // Of a class that Connect does not know; nothing here comes closer than a struct where none belongs.
        "$object" => stranger(),
        other => panic!("unknown tag {other}"),
    }
}

/// Holds an error against a recorded exception: class and text, and the class of the cause. Texts that only make sense on
/// the JVM are left out.
///
/// # Errors
/// What differs.
pub fn compare_error(expected: &Json, found: &ConnectError) -> Result<(), String> {
    if expected["class"] != found.exception() {
        return Err(format!("{found:?} instead of {expected}"));
    }
    let texts_differ = expected["message"].as_str() != found.message();
    if expected["jvm_text"] != Json::Bool(true) && texts_differ {
        return Err(format!("{:?} instead of {expected}", found.message()));
    }
    let cause = expected.get("cause").map(|cause| &cause["class"]);
    match (cause, found.cause()) {
        (None, None) => Ok(()),
        (Some(cause), Some(found)) if cause == found.exception() => Ok(()),
        // Where the JVM stumbles over a null, we say what is missing.
        (Some(cause), Some(_)) if cause == "java.lang.NullPointerException" => Ok(()),
        (cause, found) => Err(format!("cause {found:?} instead of {cause:?}")),
    }
}
