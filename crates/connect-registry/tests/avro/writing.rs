//! Connect data to schemas and payloads.

use connect_api::data::{
    Decimal, Map, RecursiveStruct, SchemaBuilder, Struct, Type, Value, date_schema, decimal_schema,
    optional, required, time_schema, timestamp_schema,
};
use proptest::prelude::*;

use super::*;
use crate::notation;

fn text_of(keys: &str, schema: &SchemaRef) -> String {
    let text = format(keys).schema_of(Some(schema), &Value::Null);
    text.unwrap_or_else(|e| panic!("{schema}: {}", e.trace()))
        .text
        .clone()
}

fn written(keys: &str, schema: Option<&SchemaRef>, value: &Value) -> Result<Vec<u8>, ConnectError> {
    let mut format = format(keys);
    let text = format.schema_of(schema, value)?;
    let parsed = Arc::new(format.parse(&text, None)?);
    let mut out = Vec::new();
    format.write(&parsed, schema, value, &mut out)?;
    Ok(out)
}

/// What is read of what was written.
fn there_and_back(keys: &str, schema: Option<&SchemaRef>, value: &Value) -> SchemaAndValue {
    let mut format = format(keys);
    let text = format.schema_of(schema, value).unwrap();
    let parsed = Arc::new(format.parse(&text, None).unwrap());
    let mut out = Vec::new();
    let written = format.write(&parsed, schema, value, &mut out);
    written.unwrap_or_else(|e| panic!("{}: {}", text.text, e.trace()));
    format.read(&parsed, &[], out.into()).unwrap()
}

fn failure(keys: &str, schema: Option<&SchemaRef>, value: &Value) -> String {
    lines(&written(keys, schema, value).unwrap_err()).join(" / ")
}

fn built(builder: SchemaBuilder) -> SchemaRef {
    builder.build().unwrap()
}

fn structure(schema: &SchemaRef, values: Vec<Value>) -> Value {
    Struct::from_values(schema.clone(), values).into()
}

#[test]
fn every_type_has_its_schema() {
    let int = || required(Type::Int32);
    for (schema, text) in [
        (required(Type::Int32), r#""int""#),
        (required(Type::Int64), r#""long""#),
        (required(Type::Float32), r#""float""#),
        (required(Type::Float64), r#""double""#),
        (required(Type::Boolean), r#""boolean""#),
        (required(Type::String), r#""string""#),
        (required(Type::Bytes), r#""bytes""#),
        (
            required(Type::Int8),
            r#"{"type":"int","connect.type":"int8"}"#,
        ),
        (
            required(Type::Int16),
            r#"{"type":"int","connect.type":"int16"}"#,
        ),
        (optional(Type::Int32), r#"["null","int"]"#),
        (
            built(
                SchemaBuilder::new(Type::Int32)
                    .optional(true)
                    .default(Value::Int32(1)),
            ),
            r#"[{"type":"int","connect.default":1},"null"]"#,
        ),
        (
            built(SchemaBuilder::array(optional(Type::String))),
            r#"{"type":"array","items":["null","string"]}"#,
        ),
        (
            built(SchemaBuilder::map(required(Type::String), int())),
            r#"{"type":"map","values":"int"}"#,
        ),
        (
            built(SchemaBuilder::map(optional(Type::String), int())),
            r#"{"type":"array","items":{"type":"record","name":"MapEntry","namespace":"io.confluent.connect.avro","fields":[{"name":"key","type":["null","string"],"default":null},{"name":"value","type":"int"}]}}"#,
        ),
        (
            built(SchemaBuilder::map(int(), int()).name("a.M")),
            r#"{"type":"array","items":{"type":"record","name":"M","namespace":"a","fields":[{"name":"key","type":"int"},{"name":"value","type":"int"}],"connect.internal.type":"MapEntry"},"connect.name":"a.M"}"#,
        ),
        (
            built(decimal_schema(2)),
            r#"{"type":"bytes","scale":2,"precision":64,"connect.version":1,"connect.parameters":{"scale":"2"},"connect.name":"org.apache.kafka.connect.data.Decimal","logicalType":"decimal"}"#,
        ),
        (
            date_schema(false).unwrap(),
            r#"{"type":"int","connect.version":1,"connect.name":"org.apache.kafka.connect.data.Date","logicalType":"date"}"#,
        ),
        (
            time_schema(false).unwrap(),
            r#"{"type":"int","connect.version":1,"connect.name":"org.apache.kafka.connect.data.Time","logicalType":"time-millis"}"#,
        ),
        (
            timestamp_schema(true).unwrap(),
            r#"["null",{"type":"long","connect.version":1,"connect.name":"org.apache.kafka.connect.data.Timestamp","logicalType":"timestamp-millis"}]"#,
        ),
        (
            built(
                SchemaBuilder::new(Type::Bytes)
                    .name("a.F")
                    .parameter("connect.fixed.size", "2"),
            ),
            r#"{"type":"fixed","name":"F","namespace":"a","size":2,"connect.parameters":{"connect.fixed.size":"2"},"connect.name":"a.F"}"#,
        ),
        (
            built(SchemaBuilder::new(Type::String).parameter("avro.java.string", "String")),
            r#"{"type":"string","connect.parameters":{"avro.java.string":"String"},"avro.java.string":"String"}"#,
        ),
    ] {
        assert_eq!(text_of("", &schema), text);
    }
}

#[test]
fn a_struct_becomes_a_record() {
    let inner = built(
        SchemaBuilder::structure()
            .name("a.S")
            .field("x", required(Type::Int8)),
    );
    let maybe = built(SchemaBuilder::like(&inner).optional(true));
    let with_default = SchemaBuilder::new(Type::String).default(Value::from("d"));
    let with_default = built(with_default.doc("of f"));
    let builder = SchemaBuilder::structure().name("a.R").version(2).doc("own");
    let builder = builder
        .parameter("io.confluent.connect.avro.record.doc", "of R")
        .parameter("io.confluent.connect.avro.field.doc.f", "field f")
        .field("f", with_default)
        .field("s", inner)
        .field("m", maybe)
        .field("u", built(SchemaBuilder::structure()))
        .field(
            "v",
            built(SchemaBuilder::structure().field("w", required(Type::Int32))),
        );
    let schema = built(builder);
    let parameters = r#""connect.parameters":{"io.confluent.connect.avro.field.doc.f":"field f","io.confluent.connect.avro.record.doc":"of R"}"#;
    let s = r#"{"type":"record","name":"S","fields":[{"name":"x","type":{"type":"int","connect.type":"int8"}}],"connect.name":"a.S"}"#;
    let unnamed = r#"{"type":"record","name":"ConnectDefault","namespace":"io.confluent.connect.avro","fields":[]}"#;
    let second = r#"{"type":"record","name":"ConnectDefault2","namespace":"io.confluent.connect.avro","fields":[{"name":"w","type":"int"}]}"#;
    assert_eq!(
        text_of("", &schema),
        format!(
            r#"{{"type":"record","name":"R","namespace":"a","doc":"of R","fields":[{{"name":"f","type":{{"type":"string","connect.doc":"of f","connect.default":"d"}},"doc":"field f","default":"d"}},{{"name":"s","type":{s}}},{{"name":"m","type":["null","S"],"default":null}},{{"name":"u","type":{unnamed}}},{{"name":"v","type":{second}}}],"connect.doc":"own","connect.version":2,{parameters},"connect.name":"a.R"}}"#
        )
    );
    let bare = text_of("connect.meta.data=false", &schema);
    assert!(!bare.contains("\"connect."), "{bare}");
    let discard = text_of("discard.type.doc.default=true", &schema);
    assert!(
        discard.contains(r#""doc":"of f","default":"d""#),
        "{discard}"
    );
}

#[test]
fn a_struct_inside_itself_refers_to_its_record() {
    let node = RecursiveStruct::new();
    let next = node
        .reference()
        .name("a.Node")
        .optional(true)
        .build()
        .unwrap();
    let items = built(SchemaBuilder::array(next.clone()));
    let builder = SchemaBuilder::structure().name("a.Node");
    let builder = builder
        .field("v", required(Type::Int32))
        .field("next", next);
    let schema = node.complete(builder.field("all", items)).unwrap();
    assert_eq!(
        text_of("connect.meta.data=false", &schema),
        r#"{"type":"record","name":"Node","namespace":"a","fields":[{"name":"v","type":"int"},{"name":"next","type":["null","Node"],"default":null},{"name":"all","type":{"type":"array","items":["null","Node"]}}]}"#
    );
    let inner = schema.field("next").unwrap().schema.clone();
    let end = structure(
        &inner,
        vec![Value::Int32(2), Value::Null, Value::Array(vec![])],
    );
    let value = structure(
        &schema,
        vec![Value::Int32(1), end.clone(), Value::Array(vec![end])],
    );
    let back = there_and_back("", Some(&schema), &value);
    assert_eq!(notation::value(&back.value), notation::value(&value));
    assert_eq!(
        notation::schema(&back.schema.unwrap()),
        notation::schema(&schema)
    );
}

#[test]
fn one_name_stands_for_one_type() {
    let of = |type_| {
        built(
            SchemaBuilder::structure()
                .name("a.S")
                .field("x", required(type_)),
        )
    };
    let schema = |second| {
        let builder = SchemaBuilder::structure().field("a", of(Type::Int32));
        built(builder.field("b", of(second)))
    };
    let text = text_of("", &schema(Type::Int32));
    assert!(text.contains(r#"{"name":"b","type":"a.S"}"#), "{text}");
    assert_eq!(
        failure("", Some(&schema(Type::Int64)), &Value::Null),
        "SchemaParseException: Can't redefine: a.S"
    );
}

#[test]
fn maps_of_equal_keys_and_values_have_one_type_of_entries() {
    let map = |value| SchemaBuilder::map(required(Type::Int32), required(value));
    let schema = |second| {
        let builder = SchemaBuilder::structure().field("a", built(map(Type::String)));
        built(builder.field("b", built(map(second).optional(true))))
    };
    let entries = Value::Map([(Value::Int32(1), Value::from("x"))].into_iter().collect());
    let same = schema(Type::String);
    let value = structure(&same, vec![entries.clone(), entries]);
    let back = there_and_back("", Some(&same), &value);
    assert_eq!(notation::value(&back.value), r#"(a={1: "x"}, b={1: "x"})"#);
    assert_eq!(
        failure("", Some(&schema(Type::Int32)), &Value::Null),
        "SchemaParseException: Can't redefine: io.confluent.connect.avro.MapEntry"
    );
}

#[test]
fn decimals_of_a_fixed_size_and_defaults_of_floats_come_back() {
    let fixed = decimal_schema(2).parameter("connect.fixed.size", "4");
    let tenth = SchemaBuilder::new(Type::Float32).default(Value::Float32(0.1));
    let builder = SchemaBuilder::structure().field("d", built(fixed));
    let schema = built(builder.field("f", built(tenth)));
    assert!(text_of("", &schema).contains(r#""connect.default":0.1}"#));
    for unscaled in [-1, 0, 1, i32::MIN, i32::MAX] {
        let decimal = Value::Decimal(Box::new(Decimal::new(unscaled, 2)));
        let value = structure(&schema, vec![decimal, Value::Float32(0.5)]);
        let back = there_and_back("", Some(&schema), &value);
        assert_eq!(notation::value(&back.value), notation::value(&value));
        let read = back.schema.unwrap();
        let default = read.field("f").unwrap().schema.default().cloned();
        assert_eq!(default, Some(Value::Float32(0.1)));
    }
}

#[test]
fn enums_and_unions_are_written_as_the_settings_say() {
    let text = r#"["null","int",{"type":"enum","name":"a.E","symbols":["Z","A"]},{"type":"record","name":"a.R","fields":[{"name":"x","type":"int"}]},{"type":"fixed","name":"a.F","size":2},"bytes"]"#;
    let payloads: [&[u8]; 5] = [
        b"\x02\x05",
        b"\x04\x02",
        b"\x06\x08",
        b"\x08ab",
        b"\x0a\x02a",
    ];
    for keys in [
        "enhanced.avro.schema.support=true",
        "generalized.sum.type.support=true",
    ] {
        let mut format = format(keys);
        let parsed = parsed(&mut format, text);
        let schema = parsed.schema().unwrap().clone();
        for payload in payloads {
            let read = format.read(&parsed, &[], payload.to_vec().into()).unwrap();
            let mut out = Vec::new();
            // Under the schema of the producer,
            format
                .write(&parsed, Some(&schema), &read.value, &mut out)
                .unwrap();
            assert_eq!(out, payload, "{keys}");
            // and under one of its own.
            let back = there_and_back(keys, Some(&schema), &read.value);
            assert_eq!(notation::value(&back.value), notation::value(&read.value));
        }
        let null = written(keys, Some(&schema), &Value::Null).unwrap();
        assert_eq!(null, b"\0");
    }
    let sum = connect_schema("generalized.sum.type.support=true", text);
    let own = text_of(
        "generalized.sum.type.support=true\nconnect.meta.data=false",
        &sum,
    );
    assert!(
        own.contains(r#"{"type":"enum","name":"E","namespace":"a","symbols":["Z","A"]}"#),
        "{own}"
    );
    // Without either, an enum is a string.
    let e = connect_schema("", r#"{"type":"enum","name":"a.E","symbols":["X"]}"#);
    assert!(text_of("", &e).starts_with(r#"{"type":"string""#));
    assert_eq!(
        written("", Some(&e), &Value::from("other")).unwrap(),
        b"\x0aother"
    );
    assert_eq!(
        failure(
            "enhanced.avro.schema.support=true",
            Some(&e),
            &Value::from("Y")
        ),
        "DataException: Y is no symbol of the enum a.E"
    );
}

#[test]
fn names_that_avro_does_not_take_are_scrubbed_or_refused() {
    let builder = SchemaBuilder::structure().name("my-ns.my name");
    let schema = built(builder.field("1st", required(Type::Int32)));
    let scrub = "scrub.invalid.names=true\nconnect.meta.data=false";
    assert_eq!(
        text_of(scrub, &schema),
        r#"{"type":"record","name":"my_name","namespace":"my_ns","fields":[{"name":"x1st","type":"int"}]}"#
    );
    let value = structure(&schema, vec![Value::Int32(1)]);
    assert_eq!(written(scrub, Some(&schema), &value).unwrap(), b"\x02");
    assert_eq!(
        failure("", Some(&schema), &value),
        "SerializationException: Invalid schema of type AVRO / SchemaParseException: Illegal character in: my name"
    );
}

#[test]
fn null_in_a_field_with_a_default_follows_the_setting() {
    let field = SchemaBuilder::new(Type::Int32)
        .optional(true)
        .default(Value::Int32(5));
    let schema = built(SchemaBuilder::structure().field("f", built(field)));
    let value = structure(&schema, vec![Value::Null]);
    assert_eq!(written("", Some(&schema), &value).unwrap(), b"\x00\x0a");
    let keys = "ignore.default.for.nullables=true";
    assert_eq!(written(keys, Some(&schema), &value).unwrap(), b"\x02");
}

#[test]
fn map_keys_that_may_be_null_follow_the_setting() {
    let schema = built(SchemaBuilder::map(
        optional(Type::String),
        required(Type::Int32),
    ));
    let value = Value::Map([(Value::from("a"), Value::Int32(1))].into_iter().collect());
    assert_eq!(
        written("", Some(&schema), &value).unwrap(),
        b"\x02\x02\x02a\x02\x00"
    );
    let keys = "allow.optional.map.keys=true";
    assert_eq!(text_of(keys, &schema), r#"{"type":"map","values":"int"}"#);
    assert_eq!(
        written(keys, Some(&schema), &value).unwrap(),
        b"\x02\x02a\x02\x00"
    );
}

#[test]
fn values_without_a_schema_come_back() {
    let map: Map = [
        (
            Value::from("a"),
            Value::Array(vec![Value::Int64(1), Value::Null]),
        ),
        (Value::Int32(2), Value::Float64(1.5)),
    ]
    .into_iter()
    .collect();
    for value in [
        Value::Boolean(false),
        Value::Int32(-1),
        Value::Int64(1 << 40),
        Value::Float32(0.5),
        Value::from("text"),
        Value::bytes(&b"\x00\xff"[..]),
        Value::Map(map),
    ] {
        let back = there_and_back("", None, &value);
        assert_eq!((back.schema, back.value), (None, value));
    }
    assert_eq!(
        failure("", None, &Value::Timestamp(1)),
        "DataException: Unknown Java type for schemaless data: class java.util.Date"
    );
}

#[test]
fn what_does_not_fit_is_said() {
    let date = date_schema(false).unwrap();
    let time = time_schema(false).unwrap();
    let decimal = built(decimal_schema(2));
    let fixed = SchemaBuilder::new(Type::Bytes)
        .name("a.F")
        .parameter("connect.fixed.size", "2");
    let fixed = built(fixed);
    for (schema, value, expected) in [
        (
            required(Type::Int32),
            Value::Null,
            "Found null value for non-optional schema",
        ),
        (
            required(Type::Int32),
            Value::Int64(1),
            "Invalid type for INT32: class java.lang.Long",
        ),
        (
            date,
            Value::Timestamp(1),
            "Kafka Connect Date type should not have any time fields set to non-zero values.",
        ),
        (
            time,
            Value::Timestamp(-1),
            "Kafka Connect Time type should not have any date fields set to non-zero values.",
        ),
        (
            decimal.clone(),
            Value::Decimal(Box::new(Decimal::new(1, 3))),
            "Decimal value has mismatching scale for given Decimal schema",
        ),
        (
            decimal,
            Value::Int32(1),
            "Invalid type for Decimal, expected BigDecimal but was class java.lang.Integer",
        ),
        (
            fixed,
            Value::bytes(&b"abc"[..]),
            "3 bytes do not fit a fixed type of 2",
        ),
    ] {
        let expected = format!("DataException: {expected}");
        assert_eq!(failure("", Some(&schema), &value), expected);
    }
}

#[test]
fn a_schema_of_the_registry_is_filled_by_name() {
    let schema = SchemaBuilder::structure()
        .name("R")
        .field("a", required(Type::Int32));
    let schema = built(schema.field("b", required(Type::String)));
    let value = structure(&schema, vec![Value::Int32(1), Value::from("x")]);
    let mut format = format("");
    let mut under = |fields: &str| {
        let text = format!(r#"{{"type":"record","name":"R","fields":[{fields}]}}"#);
        let parsed = parsed(&mut format, &text);
        let mut out = Vec::new();
        let written = format.write(&parsed, Some(&schema), &value, &mut out);
        written.map(|_| out).map_err(|error| error.to_string())
    };
    let a = r#"{"name":"a","type":"int"}"#;
    let b = r#"{"name":"b","type":["null","string"]}"#;
    assert_eq!(
        under(&format!(
            r#"{b},{{"name":"c","type":"int","default":3}},{a}"#
        ))
        .unwrap(),
        b"\x02\x02x\x06\x02"
    );
    let refused = |result: Result<Vec<u8>, String>| result.unwrap_err();
    assert_eq!(
        refused(under(a)),
        "R has no place for every field of Schema{R:STRUCT}"
    );
    assert_eq!(
        refused(under(&format!(r#"{a},{b},{{"name":"c","type":"int"}}"#))),
        "Field c has no value and no default"
    );
    assert_eq!(
        refused(under(r#"{"name":"a","type":"string"}"#)),
        "A value of class java.lang.Integer does not fit the Avro schema string"
    );
}

/// A schema and a value of it, three levels deep at most.
fn any_pair() -> impl Strategy<Value = (SchemaRef, Value)> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(|b| (required(Type::Boolean), b.into())),
        any::<i8>().prop_map(|n| (required(Type::Int8), n.into())),
        any::<i16>().prop_map(|n| (required(Type::Int16), n.into())),
        any::<i32>().prop_map(|n| (required(Type::Int32), n.into())),
        any::<i64>().prop_map(|n| (required(Type::Int64), n.into())),
        any::<f32>().prop_map(|n| (required(Type::Float32), n.into())),
        any::<f64>().prop_map(|n| (required(Type::Float64), n.into())),
        any::<String>().prop_map(|s| (required(Type::String), s.into())),
        any::<Vec<u8>>().prop_map(|b| (required(Type::Bytes), Value::bytes(b))),
        any::<i64>().prop_map(|n| (timestamp_schema(false).unwrap(), Value::Timestamp(n))),
        any::<i128>().prop_map(|n| {
            (
                built(decimal_schema(3)),
                Value::Decimal(Box::new(Decimal::new(n, 3))),
            )
        }),
        any::<Option<i32>>()
            .prop_map(|n| { (optional(Type::Int32), n.map_or(Value::Null, Value::Int32)) }),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        let pairs = prop::collection::vec(inner.clone(), 0..5);
        prop_oneof![
            (inner.clone(), 0..4usize).prop_map(|((schema, value), count)| {
                let values = vec![value; count];
                (built(SchemaBuilder::array(schema)), Value::Array(values))
            }),
            (inner.clone(), prop::collection::vec(any::<String>(), 0..4)).prop_map(
                |((schema, value), keys)| {
                    let entries = keys.into_iter().map(|key| (key.into(), value.clone()));
                    let map = Value::Map(entries.collect());
                    (
                        built(SchemaBuilder::map(required(Type::String), schema)),
                        map,
                    )
                }
            ),
            (inner, prop::collection::vec(any::<i32>(), 0..4)).prop_map(
                |((schema, value), keys)| {
                    let entries = keys.into_iter().map(|key| (key.into(), value.clone()));
                    let map = Value::Map(entries.collect());
                    let schema = SchemaBuilder::map(required(Type::Int32), schema);
                    // A name of its own, or two such maps would be one type.
                    (built(schema.name(format!("m.M{}", next_name()))), map)
                }
            ),
            pairs.prop_map(|pairs| {
                let mut builder = SchemaBuilder::structure().name(format!("s.S{}", next_name()));
                let mut values = Vec::new();
                for (place, (schema, value)) in pairs.into_iter().enumerate() {
                    builder = builder.field(format!("f{place}"), schema);
                    values.push(value);
                }
                let schema = built(builder);
                let value = structure(&schema, values);
                (schema, value)
            }),
        ]
    })
}

fn next_name() -> usize {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

proptest! {
    #[test]
    fn what_is_written_is_read((schema, value) in any_pair()) {
        let back = there_and_back("", Some(&schema), &value);
        prop_assert_eq!(notation::schema(&back.schema.unwrap()), notation::schema(&schema));
        prop_assert_eq!(back.value, value);
    }
}
