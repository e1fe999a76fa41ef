//! Connect data as JSON that keeps types: the envelope with its schema, and a tag where plain JSON would not tell.
//!
//! With a schema the payload is that of Connect's JSON envelope; `{"$raw": …}` holds a value that does not fit its
//! schema. Without one, integers are longs and numbers with a fraction doubles; any other type stands in an object with
//! one member, such as `{"$int32": 5}` or `{"$bytes": "Base64"}`. A schema inside itself has `recursive` instead of fields.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use connect_api::SinkRecord;
use connect_api::data::{
    DATE, DECIMAL, DECIMAL_SCALE, Decimal, Map, Schema, SchemaRef, Struct, TIME, TIMESTAMP, Type,
    Value,
};
use serde_json::{Map as JsonMap, Value as Json, json};

const MILLIS_PER_DAY: i64 = 86_400_000;

/// A whole record.
pub fn record(record: &SinkRecord) -> Json {
    let headers: Vec<Json> = record
        .headers
        .iter()
        .map(|header| {
            json!({
                "key": header.key.to_string(),
                "schema": schema(header.schema.as_ref()),
                "value": payload(header.schema.as_ref(), &header.value),
            })
        })
        .collect();
    let mut json = json!({
        "topic": *record.topic,
        "partition": record.partition,
        "offset": record.offset(),
        "timestamp": record.timestamp,
        "timestampType": record.timestamp_type.name(),
        "key": envelope(record.key_schema.as_ref(), &record.key),
        "value": envelope(record.value_schema.as_ref(), &record.value),
        "headers": headers,
    });
    let original = record.original();
    if original.topic != record.topic {
        json["originalTopic"] = json!(*original.topic);
    }
    json
}

/// `{"schema": …, "payload": …}`
pub fn envelope(of: Option<&SchemaRef>, value: &Value) -> Json {
    json!({"schema": schema(of), "payload": payload(of, value)})
}

/// As in the envelope; no schema is null.
pub fn schema(schema: Option<&SchemaRef>) -> Json {
    schema.map_or(Json::Null, |schema| {
        Json::Object(members(schema, None, JsonMap::new()))
    })
}

/// A schema inside others.
struct Inside<'a> {
    schema: &'a Schema,
    outer: Option<&'a Inside<'a>>,
}

impl Inside<'_> {
    fn repeats_an_outer(&self) -> bool {
        let mut outer = self.outer;
        while let Some(inside) = outer {
            if inside.schema.shares_fields_with(self.schema) {
                return true;
            }
            outer = inside.outer;
        }
        false
    }
}

fn part(of: &Schema, outer: &Inside<'_>) -> Json {
    Json::Object(members(of, Some(outer), JsonMap::new()))
}

fn members(
    of: &Schema,
    outer: Option<&Inside<'_>>,
    mut json: JsonMap<String, Json>,
) -> JsonMap<String, Json> {
    let here = Inside { schema: of, outer };
    let mut put = |name: &str, value: Json| json.insert(name.to_owned(), value);
    put("type", json!(type_name(of.type_())));
    put("optional", json!(of.is_optional()));
    if let Some(name) = of.name() {
        put("name", json!(name));
    }
    if let Some(version) = of.version() {
        put("version", json!(version));
    }
    if let Some(doc) = of.doc() {
        put("doc", json!(doc));
    }
    if let Some(parameters) = of.parameters() {
        put("parameters", json!(parameters));
    }
    if let Some(default) = of.default() {
        put("default", typed(of, default));
    }
    match of.type_() {
        Type::Array => {
            if let Some(items) = of.value_schema() {
                put("items", part(items, &here));
            }
        }
        Type::Map => {
            for (name, of) in [("keys", of.key_schema()), ("values", of.value_schema())] {
                if let Some(of) = of {
                    put(name, part(of, &here));
                }
            }
        }
        Type::Struct if here.repeats_an_outer() => {
            put("recursive", json!(true));
        }
        Type::Struct => {
            let field = |field: &connect_api::data::Field| {
                let name = JsonMap::from_iter([("field".to_owned(), json!(&*field.name))]);
                Json::Object(members(&field.schema, Some(&here), name))
            };
            put("fields", of.fields().iter().map(field).collect());
        }
        _ => {}
    }
    json
}

/// As the envelope writes it, which is not what Connect calls floats elsewhere.
const fn type_name(type_: Type) -> &'static str {
    match type_ {
        Type::Int8 => "int8",
        Type::Int16 => "int16",
        Type::Int32 => "int32",
        Type::Int64 => "int64",
        Type::Float32 => "float",
        Type::Float64 => "double",
        Type::Boolean => "boolean",
        Type::String => "string",
        Type::Bytes => "bytes",
        Type::Array => "array",
        Type::Map => "map",
        Type::Struct => "struct",
    }
}

pub fn payload(schema: Option<&SchemaRef>, value: &Value) -> Json {
    match schema {
        Some(_) if value.is_null() => Json::Null,
        Some(schema) => typed(schema, value),
        None => free(value),
    }
}

fn typed(schema: &Schema, value: &Value) -> Json {
    match (schema.name(), value) {
        (Some(DECIMAL), Value::Decimal(number)) => return decimal_of(schema, number),
        (Some(DATE), Value::Timestamp(ms)) if ms % MILLIS_PER_DAY == 0 => {
            return json!(ms / MILLIS_PER_DAY);
        }
        (Some(TIME | TIMESTAMP), Value::Timestamp(ms)) => return json!(ms),
        // A name that stands for another class than the value's.
        (Some(DECIMAL | DATE | TIME | TIMESTAMP), _) => return json!({"$raw": free(value)}),
        _ => {}
    }
    match (schema.type_(), value) {
        (Type::Int8, Value::Int8(_))
        | (Type::Int16, Value::Int16(_))
        | (Type::Int32, Value::Int32(_))
        | (Type::Int64, Value::Int64(_))
        | (Type::Float32, Value::Float32(_))
        | (Type::Float64, Value::Float64(_))
        | (Type::Boolean, Value::Boolean(_))
        | (Type::String, Value::String(_))
        | (Type::Bytes, Value::Bytes(_)) => plain(value),
        (Type::Array, Value::Array(items)) => items
            .iter()
            .map(|item| payload(schema.value_schema(), item))
            .collect(),
        (Type::Map, Value::Map(map)) => typed_map(schema, map),
        (Type::Struct, Value::Struct(value)) => structure(value),
        _ => json!({"$raw": free(value)}),
    }
}

/// Without the type, which the schema tells.
fn plain(value: &Value) -> Json {
    match value {
        Value::Int8(n) => json!(n),
        Value::Int16(n) => json!(n),
        Value::Int32(n) => json!(n),
        Value::Float32(n) => float32(*n),
        Value::Float64(n) => float64(*n),
        Value::Bytes(bytes) => json!(STANDARD.encode(bytes)),
        other => free(other),
    }
}

fn typed_map(schema: &Schema, map: &Map) -> Json {
    let has_text_keys = schema
        .key_schema()
        .is_some_and(|keys| keys.type_() == Type::String);
    let (keys, values) = (schema.key_schema(), schema.value_schema());
    let members: Option<JsonMap<String, Json>> = map
        .iter()
        .map(|(key, value)| Some((key.as_str()?.to_owned(), payload(values, value))))
        .collect();
    match members {
        Some(members) if has_text_keys && !is_like_a_tag(&members) => Json::Object(members),
        _ => map
            .iter()
            .map(|(key, value)| json!([payload(keys, key), payload(values, value)]))
            .collect(),
    }
}

/// Unset members are null, whatever their default.
fn structure(value: &Struct) -> Json {
    let fields = value.schema().fields().iter();
    let members = fields.zip(value.values()).map(|(field, value)| {
        let name = field.name.to_string();
        (name, payload(Some(&field.schema), value))
    });
    Json::Object(members.collect())
}

fn decimal_of(schema: &Schema, number: &Decimal) -> Json {
    let scale = schema.parameters().and_then(|p| p.get(DECIMAL_SCALE));
    if scale.is_some_and(|scale| *scale == number.scale.to_string()) {
        return json!(STANDARD.encode(number.unscaled.to_signed_bytes_be()));
    }
    decimal(number)
}

fn decimal(number: &Decimal) -> Json {
    json!({"$decimal": [number.unscaled.to_string(), number.scale]})
}

/// A value that says itself what it is.
pub fn free(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Boolean(b) => json!(b),
        Value::Int8(n) => json!({"$int8": n}),
        Value::Int16(n) => json!({"$int16": n}),
        Value::Int32(n) => json!({"$int32": n}),
        Value::Int64(n) => json!(n),
        Value::Float32(n) => json!({"$float32": float32(*n)}),
        Value::Float64(n) => match float64(*n) {
            Json::String(text) => json!({"$float64": text}),
            number => number,
        },
        Value::String(text) => json!(&**text),
        Value::Bytes(bytes) => json!({"$bytes": STANDARD.encode(bytes)}),
        Value::Decimal(number) => decimal(number),
        Value::BigInteger(number) => json!({"$bigint": number.to_string()}),
        Value::Timestamp(ms) => json!({"$timestamp": ms}),
        Value::Array(items) => items.iter().map(free).collect(),
        Value::Map(map) => free_map(map),
        Value::Struct(value) => {
            json!({"$struct": {"schema": schema(Some(value.schema())), "payload": structure(value)}})
        }
    }
}

fn free_map(map: &Map) -> Json {
    let members: Option<JsonMap<String, Json>> = map
        .iter()
        .map(|(key, value)| Some((key.as_str()?.to_owned(), free(value))))
        .collect();
    match members {
        Some(members) if !members.keys().any(|key| key.starts_with('$')) => Json::Object(members),
        _ => {
            let pairs = map
                .iter()
                .map(|(key, value)| json!([free(key), free(value)]));
            json!({"$map": pairs.collect::<Vec<_>>()})
        }
    }
}

fn is_like_a_tag(members: &JsonMap<String, Json>) -> bool {
    members.len() == 1 && members.keys().all(|key| key.starts_with('$'))
}

/// The shortest digits that mean this float, and not those of the double beside it.
fn float32(number: f32) -> Json {
    match number.is_finite() {
        true => json!(number.to_string().parse::<f64>().unwrap_or_default()),
        false => not_finite(number.into()),
    }
}

fn float64(number: f64) -> Json {
    match number.is_finite() {
        true => json!(number),
        false => not_finite(number),
    }
}

fn not_finite(number: f64) -> Json {
    json!(match number {
        n if n.is_nan() => "NaN",
        n if n > 0.0 => "Infinity",
        _ => "-Infinity",
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use connect_testkit::vectors;

    use super::*;

    /// Every recorded key, value and header comes back as it was recorded.
    #[test]
    fn what_was_recorded_is_written_as_it_was_recorded() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goldens/transforms");
        let (mut tried, mut wrong) = (0, Vec::new());
        for entry in fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.extension().is_none_or(|e| e != "jsonl") {
                continue;
            }
            let text = fs::read_to_string(&path).expect("text");
            for line in text.lines() {
                let case: Json = serde_json::from_str(line).expect("a JSON line");
                let ok = &case["expect"]["ok"];
                if ok.is_null() || !matches!(case["kind"].as_str(), Some("transform" | "chain")) {
                    continue;
                }
                if ok.get("topic").is_none() {
                    continue;
                }
                let headers = ok["headers"].as_array().into_iter().flatten();
                let headers =
                    headers.map(|h| json!({"schema": h["schema"], "payload": h["value"]}));
                for data in [ok["key"].clone(), ok["value"].clone()]
                    .into_iter()
                    .chain(headers)
                {
                    tried += 1;
                    let read = vectors::data(&data);
                    let written = envelope(read.schema.as_ref(), &read.value);
                    // A second reading takes the forms of numbers and the order of maps out of it.
                    if vectors::data(&written) != read || written["schema"] != data["schema"] {
                        wrong.push(format!("{}: {written}, not {data}", case["id"]));
                    }
                }
            }
        }
        assert!(tried > 500, "{tried}");
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn a_schema_inside_itself_ends() {
        let node = connect_api::data::RecursiveStruct::new();
        let next = node.reference().optional(true).build().unwrap();
        let list = connect_api::data::SchemaBuilder::array(next)
            .build()
            .unwrap();
        let builder = connect_api::data::SchemaBuilder::structure().field("next", list);
        let written = schema(Some(&node.complete(builder).unwrap()));
        let end = json!({"type": "struct", "optional": true, "recursive": true});
        assert_eq!(written["fields"][0]["items"], end, "{written}");
    }

    #[test]
    fn types_that_plain_json_does_not_tell_have_a_tag() {
        for (value, expected) in [
            (Value::Int64(5), "5"),
            (Value::Int8(5), r#"{"$int8":5}"#),
            (Value::Float64(1.0), "1.0"),
            (Value::Float64(f64::NAN), r#"{"$float64":"NaN"}"#),
            (Value::Float32(0.1), r#"{"$float32":0.1}"#),
            (Value::bytes(vec![255]), r#"{"$bytes":"/w=="}"#),
            (
                Map::from_iter([(Value::string("$a"), Value::Null)]).into(),
                r#"{"$map":[["$a",null]]}"#,
            ),
        ] {
            assert_eq!(free(&value).to_string(), expected);
        }
    }
}
