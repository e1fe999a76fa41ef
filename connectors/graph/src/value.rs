//! Connect values as Bolt values.
//!
//! One walk over the value builds what the driver sends; there is no form in between. The schema decides the meaning: a
//! name makes a date of a number and a point of a struct. Values without a schema pass as they are.

use bytestring::ByteString;
use connect_api::data::{DATE, DECIMAL, Map, Schema, Struct, TIME, TIMESTAMP, Type, Value};
use connect_api::{ConnectError, Headers, SinkRecord};
use neo4rs::{
    BoltBoolean, BoltBytes, BoltDuration, BoltFloat, BoltInteger, BoltList, BoltMap, BoltNull,
    BoltPoint2D, BoltPoint3D, BoltString, BoltType,
};

use crate::error::{client, illegal_argument, unconvertible};
use crate::{json, temporal};

pub(crate) type Converted = Result<BoltType, ConnectError>;

pub const NULL: BoltType = BoltType::Null(BoltNull);

/// A record's key or value, or a header: like [`encode`], and plain text or bytes are tried as JSON first.
///
/// # Errors
/// The record's fault: blank text, or something Bolt has no type for.
pub fn encode_message(schema: Option<&Schema>, value: &Value) -> Converted {
    let unnamed = schema.is_some_and(|schema| schema.name().is_none());
    match value {
        Value::String(text) if unnamed => {
            Ok(json::parse(text.as_bytes())?.unwrap_or_else(|| string(text)))
        }
        Value::Bytes(bytes) if unnamed => {
            Ok(json::parse(bytes)?
                .unwrap_or_else(|| BoltType::Bytes(BoltBytes::new(bytes.clone()))))
        }
        _ => encode(schema, value),
    }
}

/// Some fields of a key or value, appended one after the other, null for one that is missing. False, and nothing is
/// appended, if it is no map; of what is null every field is null, as Cypher has it.
///
/// # Errors
/// As for [`encode_message`], of any field: what makes a record bad does not depend on the statement.
pub fn encode_fields(
    schema: Option<&Schema>,
    value: &Value,
    names: &[String],
    into: &mut Vec<BoltType>,
) -> Result<bool, ConnectError> {
    let start = into.len();
    match value {
        Value::Map(map) => {
            let values = map_values(schema)?;
            into.resize(start + names.len(), NULL);
            for (key, value) in map.iter() {
                let Value::String(key) = key else {
                    return Err(wrong_key());
                };
                match names.iter().position(|name| **name == **key) {
                    Some(place) => into[start + place] = encode(values, value)?,
                    None => check(values, value)?,
                }
            }
        }
        Value::Struct(value) if is_plain(value.schema()) => {
            into.resize(start + names.len(), NULL);
            for (place, field) in value.schema().fields().iter().enumerate() {
                match names.iter().position(|name| **name == *field.name) {
                    Some(at) => into[start + at] = encode(Some(&field.schema), value.at(place))?,
                    None => check(Some(&field.schema), value.at(place))?,
                }
            }
        }
        _ => return Ok(take_fields(encode_message(schema, value)?, names, into)),
    }
    Ok(true)
}

/// The same for a value that is encoded already.
pub fn take_fields(whole: BoltType, names: &[String], into: &mut Vec<BoltType>) -> bool {
    match whole {
        BoltType::Null(_) => into.resize(into.len() + names.len(), NULL),
        BoltType::Map(mut map) => {
            let field = |name: &String| map.value.remove(name.as_str()).unwrap_or(NULL);
            into.extend(names.iter().map(field));
        }
        _ => return false,
    }
    true
}

/// Whether a struct with this schema becomes a map, field by field.
fn is_plain(schema: &Schema) -> bool {
    schema.name().is_none() && list_order(schema).is_none()
}

/// What [`encode`] would refuse, without making it.
fn check(schema: Option<&Schema>, value: &Value) -> Result<(), ConnectError> {
    if schema.is_some_and(|schema| schema.name().is_some()) {
        return encode(schema, value).map(drop);
    }
    match value {
        Value::Array(items) => {
            let schema = schema.and_then(element_schema);
            items.iter().try_for_each(|item| check(schema, item))
        }
        Value::Map(map) => {
            let values = map_values(schema)?;
            map.iter().try_for_each(|(key, value)| match key {
                Value::String(_) => check(values, value),
                _ => Err(wrong_key()),
            })
        }
        Value::Struct(_) | Value::Decimal(_) | Value::BigInteger(_) | Value::Timestamp(_) => {
            encode(schema, value).map(drop)
        }
        _ => Ok(()),
    }
}

/// The record's headers as one map; of a repeated name the last one counts.
///
/// # Errors
/// As for [`encode_message`].
pub fn encode_headers(headers: &Headers) -> Converted {
    let mut map = BoltMap::with_capacity(headers.len());
    for header in headers.iter() {
        let value = encode_message(header.schema.as_deref(), &header.value)?;
        map.put(BoltString::new(&header.key), value);
    }
    Ok(BoltType::Map(map))
}

/// The record's timestamp as a date-time in UTC; null if it has none.
///
/// # Errors
/// The record's fault: a year that Bolt cannot express.
pub fn encode_timestamp(record: &SinkRecord) -> Converted {
    record.timestamp.map_or(Ok(NULL), temporal::utc_date_time)
}

/// A value under its schema; any value may be null.
///
/// # Errors
/// The record's fault: a map key that is no text, a class that Bolt has no type for, a text that is no date.
pub fn encode(schema: Option<&Schema>, value: &Value) -> Converted {
    if let Some(schema) = schema
        && let Some(name) = schema.name()
        && !value.is_null()
        && let Some(converted) = encode_named(name, value)
    {
        return converted;
    }
    Ok(match value {
        Value::Null => NULL,
        Value::Boolean(b) => BoltType::Boolean(BoltBoolean::new(*b)),
        Value::Int8(n) => integer((*n).into()),
        Value::Int16(n) => integer((*n).into()),
        Value::Int32(n) => integer((*n).into()),
        Value::Int64(n) => integer(*n),
        Value::Float32(n) => float((*n).into()),
        Value::Float64(n) => float(*n),
        Value::String(text) => string(text),
        Value::Bytes(bytes) => BoltType::Bytes(BoltBytes::new(bytes.clone())),
        Value::Array(items) => {
            let schema = schema.and_then(element_schema);
            list(items, |item| encode(schema, item))?
        }
        Value::Map(map) => encode_map(schema, map)?,
        Value::Struct(value) => encode_struct(value)?,
        // These have a meaning only with the schema that names it.
        Value::Decimal(_) | Value::BigInteger(_) | Value::Timestamp(_) => {
            return Err(unconvertible(value.java_class()));
        }
    })
}

/// A value whose schema has a name that means something; none if the name means nothing here.
///
/// The names of Neo4j's own source are accepted by their last segment too, because some converters write another
/// namespace; the shape must fit then, so that a user's struct called `Point` stays a map.
fn encode_named(name: &str, value: &Value) -> Option<Converted> {
    match value {
        Value::Decimal(decimal) if name == DECIMAL => Some(Ok(string(&decimal.to_string()))),
        Value::Timestamp(millis) => match name {
            DATE => Some(temporal::date_of_millis(*millis)),
            TIME => Some(temporal::time_of_millis(*millis)),
            TIMESTAMP => Some(temporal::local_date_time_of_millis(*millis)),
            _ => None,
        },
        Value::String(text) => match last_segment(name) {
            "LocalDate" => Some(temporal::date(text)),
            "LocalDateTime" => Some(temporal::local_date_time(text)),
            "LocalTime" => Some(temporal::local_time(text)),
            "ZonedDateTime" => Some(temporal::date_time(text)),
            "OffsetTime" => Some(temporal::time(text)),
            _ => None,
        },
        Value::Struct(value) => match name {
            "google.type.Date" => Some(google_date(value)),
            "google.type.TimeOfDay" => Some(google_time(value)),
            "google.protobuf.Timestamp" => Some(google_timestamp(value)),
            _ => match last_segment(name) {
                "Neo4jPropertyType" if has(value, "type") => Some(property(value)),
                "Duration" if has(value, "months") && has(value, "nanoseconds") => {
                    Some(duration(value))
                }
                "Point" if has(value, "srid") && has(value, "dimension") => Some(point(value)),
                _ => None,
            },
        },
        _ => None,
    }
}

fn last_segment(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

fn has(value: &Struct, field: &str) -> bool {
    value.schema().field(field).is_some()
}

fn element_schema(schema: &Schema) -> Option<&Schema> {
    schema.value_schema().map(AsRef::as_ref)
}

fn wrong_key() -> ConnectError {
    illegal_argument("invalid key type: map keys must be strings")
}

/// The schema of a map's values, if it has one; its keys must be texts.
fn map_values(schema: Option<&Schema>) -> Result<Option<&Schema>, ConnectError> {
    let key_schema = schema.and_then(Schema::key_schema);
    if key_schema.is_some_and(|keys| keys.type_() != Type::String) {
        return Err(wrong_key());
    }
    Ok(schema.and_then(element_schema))
}

fn encode_map(schema: Option<&Schema>, map: &Map) -> Converted {
    let values = map_values(schema)?;
    let mut entries = BoltMap::with_capacity(map.len());
    for (key, value) in map.iter() {
        let Value::String(key) = key else {
            return Err(wrong_key());
        };
        entries.put(BoltString::new(key), encode(values, value)?);
    }
    Ok(BoltType::Map(entries))
}

fn encode_struct(value: &Struct) -> Converted {
    let fields = value.schema().fields();
    if let Some(order) = list_order(value.schema()) {
        return list(&order, |&place| {
            encode(Some(&fields[place].schema), value.at(place))
        });
    }
    let mut entries = BoltMap::with_capacity(fields.len());
    for (place, field) in fields.iter().enumerate() {
        let converted = encode(Some(&field.schema), value.at(place))?;
        entries.put(BoltString::new(&field.name), converted);
    }
    Ok(BoltType::Map(entries))
}

/// Places of the fields of a struct that stands for a mixed list, `{e0, e1, …}`, in the order of their numbers; none
/// for every other struct.
fn list_order(schema: &Schema) -> Option<Vec<usize>> {
    fn number(name: &ByteString) -> Option<u32> {
        let digits = name.strip_prefix('e')?;
        if !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        digits.parse().ok()
    }
    let fields = schema.fields();
    // Nearly every struct is told apart by its first field, before anything is collected.
    number(&fields.first()?.name)?;
    let mut numbered = fields
        .iter()
        .map(|field| Some((number(&field.name)?, field.index)))
        .collect::<Option<Vec<_>>>()?;
    numbered.sort_unstable();
    Some(numbered.into_iter().map(|(_, place)| place).collect())
}

/// The extended form of Neo4j's own source: `type` names the field that holds the value.
fn property(value: &Struct) -> Converted {
    let tag = match value.get("type")? {
        Value::String(tag) => tag,
        Value::Null => return Ok(NULL),
        other => return Err(client(format!("property type of {}", other.java_class()))),
    };
    let held = match value.schema().field(tag) {
        Some(field) => value.at(field.index),
        None => &Value::Null,
    };
    if tag.starts_with('L') {
        let Value::Array(items) = held else {
            return Ok(BoltType::List(BoltList::new()));
        };
        return list(items, |item| property_of(&tag[1..], item));
    }
    property_of(tag, held)
}

/// One value of the extended form under its tag; `ZDT` is the spelling that lists use for `TZDT`.
fn property_of(tag: &str, value: &Value) -> Converted {
    match (tag, value) {
        (_, Value::Null) => Ok(NULL),
        ("TLD", Value::String(text)) => temporal::date(text),
        ("TLDT", Value::String(text)) => temporal::local_date_time(text),
        ("TLT", Value::String(text)) => temporal::local_time(text),
        ("TZDT" | "ZDT", Value::String(text)) => temporal::date_time(text),
        ("TOT", Value::String(text)) => temporal::time(text),
        ("TD", Value::Struct(value)) => duration(value),
        ("SP", Value::Struct(value)) => point(value),
        ("B" | "I64" | "F64" | "S" | "BA", value) => encode(None, value),
        (tag, _) => Err(illegal_argument(format!("unsupported property type {tag}"))),
    }
}

fn duration(value: &Struct) -> Converted {
    let part = |name| whole(value, name).map(BoltInteger::new);
    Ok(BoltType::Duration(BoltDuration::new(
        part("months")?,
        part("days")?,
        part("seconds")?,
        part("nanoseconds")?,
    )))
}

fn point(value: &Struct) -> Converted {
    let sr_id = BoltInteger::new(whole(value, "srid")?);
    let part = |name| coordinate(value, name).map(BoltFloat::new);
    match whole(value, "dimension")? {
        2 => Ok(BoltType::Point2D(BoltPoint2D {
            sr_id,
            x: part("x")?,
            y: part("y")?,
        })),
        3 => Ok(BoltType::Point3D(BoltPoint3D {
            sr_id,
            x: part("x")?,
            y: part("y")?,
            z: part("z")?,
        })),
        other => Err(illegal_argument(format!("unsupported dimension {other}"))),
    }
}

fn google_date(value: &Struct) -> Converted {
    temporal::date_of(
        whole(value, "year")?,
        whole(value, "month")?,
        whole(value, "day")?,
    )
}

fn google_time(value: &Struct) -> Converted {
    temporal::time_of(
        whole(value, "hours")?,
        whole(value, "minutes")?,
        whole(value, "seconds")?,
        whole(value, "nanos")?,
    )
}

fn google_timestamp(value: &Struct) -> Converted {
    temporal::local_date_time_of(whole(value, "seconds")?, whole(value, "nanos")?)
}

fn whole(value: &Struct, name: &str) -> Result<i64, ConnectError> {
    match value.get(name)? {
        Value::Int8(n) => Ok((*n).into()),
        Value::Int16(n) => Ok((*n).into()),
        Value::Int32(n) => Ok((*n).into()),
        Value::Int64(n) => Ok(*n),
        other => Err(misfit(name, other)),
    }
}

fn coordinate(value: &Struct, name: &str) -> Result<f64, ConnectError> {
    match value.get(name)? {
        Value::Float64(n) => Ok(*n),
        Value::Float32(n) => Ok((*n).into()),
        other => Err(misfit(name, other)),
    }
}

fn misfit(name: &str, value: &Value) -> ConnectError {
    ConnectError::data(format!(
        "field {name} does not hold a number but {}",
        value.java_class()
    ))
}

fn list<T>(items: &[T], convert: impl Fn(&T) -> Converted) -> Converted {
    let mut converted = Vec::with_capacity(items.len());
    for item in items {
        converted.push(convert(item)?);
    }
    Ok(BoltType::List(BoltList { value: converted }))
}

fn integer(n: i64) -> BoltType {
    BoltType::Integer(BoltInteger::new(n))
}

fn float(n: f64) -> BoltType {
    BoltType::Float(BoltFloat::new(n))
}

fn string(text: &str) -> BoltType {
    BoltType::String(BoltString::new(text))
}

#[cfg(test)]
mod tests {
    use connect_api::data::{SchemaBuilder, optional, required};
    use num_bigint::BigInt;
    use proptest::collection::{hash_set, vec};
    use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};

    use super::*;

    /// Any value that needs no schema.
    fn plain() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Boolean),
            any::<i8>().prop_map(Value::Int8),
            any::<i16>().prop_map(Value::Int16),
            any::<i32>().prop_map(Value::Int32),
            any::<i64>().prop_map(Value::Int64),
            any::<f32>().prop_map(Value::Float32),
            any::<f64>().prop_map(Value::Float64),
            ".{0,9}".prop_map(Value::from),
            vec(any::<u8>(), 0..9).prop_map(Value::bytes),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                vec(inner.clone(), 0..4).prop_map(Value::Array),
                vec((".{0,3}", inner), 0..4).prop_map(|entries| {
                    Value::Map(
                        entries
                            .into_iter()
                            .map(|(k, v)| (Value::from(k), v))
                            .collect(),
                    )
                }),
            ]
        })
    }

    /// Whether the Bolt value says the same.
    fn same(value: &Value, bolt: &BoltType) -> bool {
        match (value, bolt) {
            (Value::Null, BoltType::Null(_)) => true,
            (Value::Boolean(a), BoltType::Boolean(b)) => *a == b.value,
            (Value::Int8(a), BoltType::Integer(b)) => i64::from(*a) == b.value,
            (Value::Int16(a), BoltType::Integer(b)) => i64::from(*a) == b.value,
            (Value::Int32(a), BoltType::Integer(b)) => i64::from(*a) == b.value,
            (Value::Int64(a), BoltType::Integer(b)) => *a == b.value,
            (Value::Float32(a), BoltType::Float(b)) => f64::from(*a).total_cmp(&b.value).is_eq(),
            (Value::Float64(a), BoltType::Float(b)) => a.total_cmp(&b.value).is_eq(),
            (Value::String(a), BoltType::String(b)) => **a == *b.value,
            (Value::Bytes(a), BoltType::Bytes(b)) => *a == b.value,
            (Value::Array(a), BoltType::List(b)) => {
                a.len() == b.value.len() && a.iter().zip(&b.value).all(|(a, b)| same(a, b))
            }
            (Value::Map(a), BoltType::Map(b)) => {
                let holds = |(key, value): (&Value, &Value)| {
                    let found = key.as_str().and_then(|key| b.value.get(key));
                    found.is_some_and(|found| same(value, found))
                };
                a.len() == b.value.len() && a.iter().all(holds)
            }
            _ => false,
        }
    }

    proptest! {
        /// A field alone is what the whole value has under its name.
        #[test]
        fn fields_are_those_of_the_whole(value in plain(), names in hash_set(".{0,2}", 0..4)) {
            let names: Vec<String> = names.into_iter().collect();
            let mut direct = vec![string("before")];
            let found = encode_fields(None, &value, &names, &mut direct).map_err(|e| e.trace());
            let mut taken = vec![string("before")];
            let whole = encode(None, &value).map_err(|error| error.trace());
            let is_map = whole.map(|whole| take_fields(whole, &names, &mut taken));
            proptest::prop_assert_eq!(&found, &is_map);
            let fields = if found == Ok(true) { names.len() } else { 0 };
            for row in [&direct, &taken] {
                proptest::prop_assert_eq!(row.len(), 1 + fields);
                for (name, field) in names.iter().zip(&row[1..]) {
                    let expected = value.as_map().and_then(|map| map.get(name));
                    proptest::prop_assert!(same(expected.unwrap_or(&Value::Null), field));
                }
            }
        }

        #[test]
        fn plain_values_keep_type_and_content(value in plain()) {
            let bolt = encode(None, &value).map_err(|error| error.trace());
            proptest::prop_assert!(bolt.is_ok_and(|bolt| same(&value, &bolt)));
        }

        /// A text that is no JSON, and every text under a named schema or without one, stays as it is.
        #[test]
        fn text_is_rescued_only_under_a_plain_schema(text in "\\PC{0,12}") {
            let value = Value::from(text.clone());
            let named = SchemaBuilder::new(Type::String).name("mine").build().map_err(|e| e.trace());
            let named = named.expect("a schema");
            for schema in [None, Some(&*named)] {
                let bolt = encode_message(schema, &value).map_err(|error| error.trace());
                proptest::prop_assert!(bolt.is_ok_and(|bolt| same(&value, &bolt)));
            }
        }

        /// Text in quotes is JSON, so the quotes go.
        #[test]
        fn json_is_rescued_under_a_plain_schema(text in "\\PC{0,12}") {
            let quoted = serde_json::Value::from(text.clone()).to_string();
            let bolt = encode_message(Some(&required(Type::String)), &Value::from(quoted));
            proptest::prop_assert!(bolt.is_ok_and(|bolt| bolt == string(&text)));
        }
    }

    #[test]
    fn what_bolt_cannot_say_is_the_records_fault() {
        let map = |key: Value| Value::Map([(key, Value::Null)].into_iter().collect());
        for (value, message) in [
            (
                Value::BigInteger(Box::new(BigInt::from(1))),
                "Unable to convert java.math.BigInteger to Neo4j Value.",
            ),
            (
                Value::Timestamp(1),
                "Unable to convert java.util.Date to Neo4j Value.",
            ),
            (
                map(Value::Int32(1)),
                "invalid key type: map keys must be strings",
            ),
        ] {
            let error = encode(None, &value).expect_err("refused");
            assert_eq!(error.message(), Some(message));
            assert_eq!(error.class(), connect_api::ErrorClass::Record);
        }
    }

    #[test]
    fn the_last_of_a_repeated_header_counts() {
        let mut headers = Headers::new();
        headers.push("a", Some(optional(Type::String)), Value::from("1"));
        headers.push("b", None, Value::Null);
        headers.push("a", Some(optional(Type::String)), Value::from("two"));
        let Ok(BoltType::Map(map)) = encode_headers(&headers) else {
            panic!("no map");
        };
        assert_eq!(map.value.get("a"), Some(&string("two")));
        assert_eq!(map.value.get("b"), Some(&NULL));
    }
}
