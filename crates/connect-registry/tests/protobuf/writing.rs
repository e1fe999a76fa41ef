//! Connect data to schemas and bytes.

use std::sync::Arc;

use connect_api::ConnectError;
use connect_api::data::{
    Decimal, Map, RecursiveStruct, SchemaBuilder, SchemaRef, Struct, Type, Value, date_schema,
    decimal_schema, optional, required, time_schema, timestamp_schema,
};
use connect_registry::format::Format;
use prost_reflect::{DescriptorPool, DynamicMessage};

use super::{format, notation};

/// The text that is registered, the bytes, and what is read again.
fn write(
    keys: &str,
    schema: &SchemaRef,
    value: &Value,
) -> Result<(String, Vec<i32>, Vec<u8>, String), ConnectError> {
    let mut protobuf = format(keys);
    let text = protobuf.schema_of(Some(schema), value)?;
    let parsed = Arc::new(protobuf.parse(&text, None)?);
    let mut bytes = Vec::new();
    let indexes = protobuf.write(&parsed, Some(schema), value, &mut bytes)?;
    let found = protobuf.read(&parsed, &indexes, bytes.clone().into())?;
    Ok((
        text.text.clone(),
        indexes,
        bytes,
        notation::value(&found.value),
    ))
}

/// A message by another library, as Protobuf's text format.
fn decode(file: &str, message: &str, bytes: &[u8]) -> String {
    let mut pool = DescriptorPool::global();
    for name in ["meta", "type/decimal"] {
        let path = format!("confluent/{name}.proto");
        let text = match name {
            "meta" => include_str!("../../src/protobuf/known/confluent/meta.proto"),
            _ => include_str!("../../src/protobuf/known/confluent/type/decimal.proto"),
        };
        pool.add_file_descriptor_proto(protox_parse::parse(&path, text).unwrap())
            .unwrap();
    }
    for (name, text) in [
        (
            "date",
            include_str!("../../src/protobuf/known/google/type/date.proto"),
        ),
        (
            "timeofday",
            include_str!("../../src/protobuf/known/google/type/timeofday.proto"),
        ),
    ] {
        let path = format!("google/type/{name}.proto");
        pool.add_file_descriptor_proto(protox_parse::parse(&path, text).unwrap())
            .unwrap();
    }
    pool.add_file_descriptor_proto(protox_parse::parse("decode.proto", file).unwrap())
        .unwrap();
    let descriptor = pool.get_message_by_name(message).unwrap();
    DynamicMessage::decode(descriptor, bytes)
        .unwrap()
        .to_text_format()
}

fn structure(fields: &[(&str, SchemaRef)]) -> SchemaBuilder {
    let fields = fields.iter();
    fields.fold(SchemaBuilder::structure(), |b, (name, schema)| {
        b.field(*name, schema.clone())
    })
}

fn of(schema: &SchemaRef, values: Vec<Value>) -> Value {
    Struct::from_values(schema.clone(), values).into()
}

#[test]
fn a_struct_becomes_a_message_type() {
    let inner = structure(&[("x", required(Type::Int32))]).build().unwrap();
    let enumeration = SchemaBuilder::new(Type::String)
        .name("pkg.Color")
        .parameter("io.confluent.connect.protobuf.Enum", "Color")
        .parameter("io.confluent.connect.protobuf.Enum.RED", "0")
        .parameter("io.confluent.connect.protobuf.Enum.BLUE", "5")
        .build()
        .unwrap();
    let union = structure(&[
        (
            "u",
            SchemaBuilder::new(Type::String)
                .parameter("io.confluent.connect.protobuf.Tag", "20")
                .build()
                .unwrap(),
        ),
        (
            "v",
            SchemaBuilder::new(Type::Int32)
                .parameter("io.confluent.connect.protobuf.Tag", "21")
                .build()
                .unwrap(),
        ),
    ])
    .name("io.confluent.connect.protobuf.Union.choice")
    .optional(true)
    .build()
    .unwrap();
    let unsigned = SchemaBuilder::new(Type::Int64)
        .parameter("io.confluent.connect.protobuf.Type", "uint32")
        .parameter("io.confluent.connect.protobuf.Tag", "30")
        .build()
        .unwrap();
    let schema = structure(&[
        ("i8", required(Type::Int8)),
        ("i16", required(Type::Int16)),
        ("i32", required(Type::Int32)),
        ("i64", required(Type::Int64)),
        ("f", required(Type::Float32)),
        ("d", required(Type::Float64)),
        ("b", required(Type::Boolean)),
        ("s", optional(Type::String)),
        ("y", required(Type::Bytes)),
        (
            "l",
            SchemaBuilder::array(required(Type::Int32)).build().unwrap(),
        ),
        (
            "m",
            SchemaBuilder::map(required(Type::String), required(Type::Int32))
                .build()
                .unwrap(),
        ),
        ("n", inner.clone()),
        ("color", enumeration),
        ("choice_0", union.clone()),
        ("unsigned", unsigned),
    ])
    .name("pkg.sub.Thing")
    .build()
    .unwrap();
    let map = [(Value::from("a"), Value::Int32(1))]
        .into_iter()
        .collect::<Map>();
    let value = of(
        &schema,
        vec![
            Value::Int8(-1),
            Value::Int16(300),
            Value::Int32(-3),
            Value::Int64(4),
            Value::Float32(1.5),
            Value::Float64(2.5),
            Value::Boolean(true),
            Value::from("text"),
            Value::bytes(&b"bytes"[..]),
            Value::Array(vec![Value::Int32(1), Value::Int32(0)]),
            map.into(),
            of(&inner, vec![Value::Int32(7)]),
            Value::from("BLUE"),
            of(&union, vec![Value::Null, Value::Int32(0)]),
            Value::Int64(4_294_967_295),
        ],
    );
    let (text, indexes, bytes, read) = write("", &schema, &value).unwrap();
    assert_eq!(
        text,
        r#"syntax = "proto3";
package pkg.sub;

import "confluent/meta.proto";

message Thing {
  int32 i8 = 1 [(confluent.field_meta) = {params: [{key: "connect.type", value: "int8"}]}];
  int32 i16 = 2 [(confluent.field_meta) = {params: [{key: "connect.type", value: "int16"}]}];
  int32 i32 = 3;
  int64 i64 = 4;
  float f = 5;
  double d = 6;
  bool b = 7;
  string s = 8;
  bytes y = 9;
  repeated int32 l = 10;
  repeated ConnectDefault1Entry m = 11;
  ConnectDefault2 n = 12;
  Color color = 13;
  uint32 unsigned = 30;
  oneof choice {
    string u = 20;
    int32 v = 21;
  }

  message ConnectDefault1Entry {
    string key = 1;
    int32 value = 2;
  }

  message ConnectDefault2 {
    int32 x = 1;
  }

  enum Color {
    RED = 0;
    BLUE = 5;
  }
}
"#
    );
    assert_eq!(indexes, [0]);
    assert_eq!(
        decode(&text, "pkg.sub.Thing", &bytes),
        "i8:-1,i16:300,i32:-3,i64:4,f:1.5,d:2.5,b:true,s:\"text\",y:\"bytes\",l:[1,0],\
         m:[{key:\"a\",value:1}],n{x:7},color:BLUE,v:0,unsigned:4294967295"
    );
    assert_eq!(
        read,
        r#"(choice_0=(u=-, v=0), i8=-1b, i16=300s, i32=-3, i64=4L, f=1.5f, d=2.5, b=true, s="text", y=b"bytes", "#
            .to_owned()
            + r#"l=[1, 0], m={"a": 1}, n=(x=7), color="BLUE", unsigned=4294967295L)"#
    );
}

#[test]
fn logical_types_are_messages_of_their_own() {
    let schema = structure(&[
        (
            "x",
            decimal_schema(2)
                .parameter("connect.decimal.precision", "9")
                .build()
                .unwrap(),
        ),
        ("d", date_schema(true).unwrap()),
        ("o", time_schema(false).unwrap()),
        ("t", timestamp_schema(false).unwrap()),
    ])
    .build()
    .unwrap();
    let value = of(
        &schema,
        vec![
            Value::Decimal(Box::new(Decimal::new(-1234, 2))),
            Value::Timestamp(1_709_164_800_000),
            Value::Timestamp(3_723_004),
            Value::Timestamp(-1),
        ],
    );
    let (text, _, bytes, read) = write("", &schema, &value).unwrap();
    assert_eq!(
        text,
        r#"syntax = "proto3";

import "confluent/meta.proto";
import "confluent/type/decimal.proto";
import "google/protobuf/timestamp.proto";
import "google/type/date.proto";
import "google/type/timeofday.proto";

message ConnectDefault1 {
  confluent.type.Decimal x = 1 [(confluent.field_meta) = {params: [{key: "precision", value: "9"}, {key: "scale", value: "2"}]}];
  google.type.Date d = 2;
  google.type.TimeOfDay o = 3;
  google.protobuf.Timestamp t = 4;
}
"#
    );
    assert_eq!(
        decode(&text, "ConnectDefault1", &bytes),
        r#"x{value:"\373.",precision:4,scale:2},d{year:2024,month:2,day:29},o{hours:1,minutes:2,seconds:3,nanos:4000000},t{seconds:-1,nanos:999000000}"#
    );
    assert_eq!(read, "(x=-12.34d, d=@1709164800000, o=@3723004, t=@-1)");
    let late = of(&schema, vec![Value::Null, Value::Timestamp(1)]);
    let error = write("", &schema, &late).unwrap_err();
    assert_eq!(
        error.message(),
        Some("Kafka Connect Date type should not have any time fields set to non-zero values.")
    );
}

#[test]
fn a_primitive_alone_is_in_its_wrapper() {
    for (schema, value, index, read) in [
        (Type::Int8, Value::Int8(-1), 4, "-1"),
        (Type::Int32, Value::Int32(0), 4, "0"),
        (Type::Int64, Value::Int64(5), 2, "5L"),
        (Type::Float32, Value::Float32(-0.0), 1, "-0.0f"),
        (Type::Float64, Value::Float64(1.0), 0, "1.0"),
        (Type::Boolean, Value::Boolean(true), 6, "true"),
        (Type::String, Value::from("a"), 7, "\"a\""),
        (Type::Bytes, Value::bytes(&b"b"[..]), 8, "b\"b\""),
    ] {
        let written = write("", &required(schema), &value).unwrap();
        assert!(written.0.contains("message BoolValue {"), "{}", written.0);
        assert_eq!((written.1, written.3.as_str()), (vec![index], read));
    }
    let list = SchemaBuilder::array(required(Type::Int8)).build().unwrap();
    let error = write("", &list, &Value::Array(Vec::new())).unwrap_err();
    assert_eq!(
        error.message(),
        Some("Unsupported root schema of type ARRAY")
    );
}

#[test]
fn null_is_told_from_the_default_if_a_key_says_so() {
    let with_default = SchemaBuilder::new(Type::Int32)
        .optional(true)
        .default(Value::Int32(7));
    let schema = structure(&[
        ("a", optional(Type::Int32)),
        ("b", optional(Type::Int32)),
        ("c", with_default.build().unwrap()),
    ])
    .name("M")
    .build()
    .unwrap();
    let value = of(&schema, vec![Value::Int32(0)]);
    for (keys, line, read) in [
        ("", "  int32 a = 1;\n", "(a=0, b=0, c=7)"),
        (
            "optional.for.nullables=true",
            "  optional int32 a = 1;\n",
            "(a=0, b=-, c=7)",
        ),
        (
            "optional.for.nullables=true\nignore.default.for.nullables=true",
            "  optional int32 a = 1;\n",
            "(a=0, b=-, c=-)",
        ),
        (
            "wrapper.for.nullables=true",
            "  google.protobuf.Int32Value a = 1;\n",
            "(a=0, b=-, c=7)",
        ),
    ] {
        let written = write(keys, &schema, &value).unwrap();
        assert!(written.0.contains(line), "{}", written.0);
        assert_eq!(written.3, read, "{keys}");
    }
}

#[test]
fn a_struct_inside_itself_refers_to_its_message_type() {
    let node = RecursiveStruct::new();
    let next = node
        .reference()
        .name("Node")
        .optional(true)
        .build()
        .unwrap();
    let all = SchemaBuilder::array(next.clone()).build().unwrap();
    let builder = structure(&[
        ("id", required(Type::Int32)),
        ("next", next.clone()),
        ("all", all),
    ]);
    let schema = node.complete(builder.name("Node")).unwrap();
    let leaf = |id| {
        of(
            &next,
            vec![Value::Int32(id), Value::Null, Value::Array(Vec::new())],
        )
    };
    let value = of(
        &schema,
        vec![Value::Int32(1), leaf(2), Value::Array(vec![leaf(3)])],
    );
    let (text, _, _, read) = write("", &schema, &value).unwrap();
    assert!(
        text.contains(
            "message Node {\n  int32 id = 1;\n  Node next = 2;\n  repeated Node all = 3;\n}"
        ),
        "{text}"
    );
    assert_eq!(
        read,
        "(id=1, next=(id=2, next=-, all=[]), all=[(id=3, next=-, all=[])])"
    );
}

#[test]
fn names_that_protobuf_does_not_take_are_refused_or_scrubbed() {
    let schema = structure(&[("a b; }", required(Type::Int32))]).name("org.acme-corp.M x");
    let schema = schema.build().unwrap();
    let value = of(&schema, vec![Value::Int32(1)]);
    let error = write("", &schema, &value).unwrap_err();
    assert!(
        error
            .message()
            .unwrap()
            .contains("is not a valid identifier"),
        "{error}"
    );
    let written = write("scrub.invalid.names=true", &schema, &value).unwrap();
    assert!(
        written.0.contains("package org.acme_corp;"),
        "{}",
        written.0
    );
    assert!(
        written.0.contains("message M_x {\n  int32 a_b_3B__7D = 1;"),
        "{}",
        written.0
    );
    assert_eq!(written.3, "(a_b_3B__7D=1)");
}

#[test]
fn what_does_not_fit_is_said() {
    let one = required(Type::Int32);
    let list = SchemaBuilder::array(one.clone()).build().unwrap();
    let lists = SchemaBuilder::array(list.clone()).build().unwrap();
    let maps = SchemaBuilder::map(one.clone(), list.clone())
        .build()
        .unwrap();
    let tag = |n: &str| {
        let tagged = SchemaBuilder::new(Type::Int32);
        tagged
            .parameter("io.confluent.connect.protobuf.Tag", n)
            .build()
            .unwrap()
    };
    let union = structure(&[("x", tag("1"))]).name("io.confluent.connect.protobuf.Union.u");
    let union = union.build().unwrap();
    for (schema, value, expected) in [
        (lists, Value::Array(Vec::new()), "Array cannot be nested"),
        (maps, Value::Null, "no value of a map can be"),
        (tag("x"), Value::Null, "For input string: \"x\""),
        (tag("0"), Value::Null, "cannot be expressed in Protobuf"),
        (
            one.clone(),
            Value::from("x"),
            "Invalid type for INT64: class java.lang.String",
        ),
        (
            list.clone(),
            Value::Array(vec![Value::Null]),
            "an element of a list is null",
        ),
        (
            list,
            Value::Int32(1),
            "Invalid type for ARRAY: class java.lang.Integer",
        ),
        (
            union.clone(),
            of(&union, vec![]),
            "Cannot find non-null field",
        ),
    ] {
        let schema = structure(&[("a", schema)]).build().unwrap();
        let error = write("", &schema, &of(&schema, vec![value])).unwrap_err();
        assert!(
            error.message().unwrap().contains(expected),
            "{error}: {expected}"
        );
    }
    let (a, b) = (structure(&[("a", one.clone())]), structure(&[("b", one)]));
    let (a, b) = (a.build().unwrap(), b.build().unwrap());
    let error = write("", &a, &of(&b, vec![])).unwrap_err();
    assert_eq!(error.message(), Some("Mismatching struct schema"));
}

/// What was read is written with the numbers and types of its own schema.
#[test]
fn what_was_read_is_written_as_it_was() {
    let text = super::schema_text(
        "syntax = \"proto3\"; import \"google/protobuf/timestamp.proto\"; message M { sint32 a = 7; fixed64 b = 3; \
         repeated E e = 2; map<int32, N> m = 9; oneof o { string s = 4; N n = 5; } google.protobuf.Timestamp t = 6; \
         enum E { Z = 0; O = 1; } message N { uint32 x = 2; N again = 1; } }",
    );
    let bytes = super::encode(
        &text.text,
        "M",
        "a: -7 b: 8 e: O e: Z m { key: 1 value { x: 4294967295 again { x: 1 } } } n { x: 2 } t { seconds: 5 }",
    );
    for keys in ["", "generalized.sum.type.support=true\nint.for.enums=false"] {
        let mut protobuf = format(keys);
        let schema = Arc::new(protobuf.parse(&text, None).unwrap());
        let found = protobuf.read(&schema, &[0], bytes.clone().into()).unwrap();
        let (_, _, written, read) =
            write(keys, found.schema.as_ref().unwrap(), &found.value).unwrap();
        assert_eq!(read, notation::value(&found.value));
        let again = protobuf.read(&schema, &[0], written.into()).unwrap();
        assert_eq!(again, found);
    }
}

#[test]
fn the_cache_is_bounded_and_knows_equal_schemas() {
    let mut protobuf = format("schemas.cache.config=2");
    let schema = |name: &str| {
        structure(&[("a", required(Type::Int8))])
            .name(name)
            .build()
            .unwrap()
    };
    let first = protobuf
        .schema_of(Some(&schema("A")), &Value::Null)
        .unwrap();
    let second = protobuf
        .schema_of(Some(&schema("A")), &Value::Null)
        .unwrap();
    assert!(Arc::ptr_eq(&first, &second));
    for name in ["B", "C"] {
        protobuf
            .schema_of(Some(&schema(name)), &Value::Null)
            .unwrap();
    }
    let third = protobuf
        .schema_of(Some(&schema("A")), &Value::Null)
        .unwrap();
    assert!(!Arc::ptr_eq(&first, &third));
    assert_eq!(first, third);
    assert!(protobuf.schema_of(None, &Value::Int32(1)).is_err());
}
