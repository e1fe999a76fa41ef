//! Schemas and values that are written.

use std::sync::Arc;

use connect_api::data::{
    SchemaBuilder, SchemaRef, Struct, Type, Value, decimal_schema, optional, required,
};
use serde_json::{Value as Json, json};

use super::{format, parse};
use crate::format::Format;

const ONE_OF: &str = "io.confluent.connect.json.OneOf";
const ENUM: &str = "io.confluent.connect.json.Enum";
const SUM_ENUM: &str = "org.apache.kafka.connect.data.Enum";

fn built(builder: SchemaBuilder) -> SchemaRef {
    builder.build().unwrap()
}

fn described(settings: &[(&str, &str)], schema: &SchemaRef) -> Json {
    let text = format(settings).schema_of(Some(schema), &Value::Null);
    serde_json::from_str(&text.unwrap().text).unwrap()
}

fn written(settings: &[(&str, &str)], schema: &SchemaRef, values: Vec<Value>) -> String {
    let value = Value::Struct(Struct::from_values(schema.clone(), values));
    let mut format = format(settings);
    let text = format.schema_of(Some(schema), &value).unwrap();
    let parsed = Arc::new(format.parse(&text, None).unwrap());
    let mut out = Vec::new();
    let indexes = format.write(&parsed, Some(schema), &value, &mut out);
    assert!(indexes.unwrap().is_empty());
    String::from_utf8(out).unwrap()
}

#[test]
fn a_struct_becomes_an_object_with_everything_that_connect_says_of_it() {
    let inner = SchemaBuilder::structure().name("a.N");
    let inner = built(inner.field("x", required(Type::Int64)).optional(true));
    let text_keys = SchemaBuilder::map(required(Type::String), required(Type::Int32));
    let other_keys = SchemaBuilder::map(required(Type::Int32), required(Type::String));
    let number = SchemaBuilder::new(Type::Int32).default(Value::Int32(5));
    let builder = SchemaBuilder::structure().name("a.R").version(2).doc("d");
    let schema = built(
        builder
            .parameter("p", "q")
            .field("small", required(Type::Int8))
            .field("text", optional(Type::String))
            .field("inner", inner)
            .field("map", built(text_keys))
            .field("pairs", built(other_keys))
            .field("number", built(number)),
    );
    let mut expected = json!({
        "type": "object",
        "title": "a.R",
        "description": "d",
        "connect.version": 2,
        "connect.parameters": {"p": "q"},
        "properties": {
            "small": {"type": "integer", "connect.type": "int8", "connect.index": 0},
            "text": {"connect.index": 1, "oneOf": [{"type": "null"}, {"type": "string"}]},
            "inner": {"connect.index": 2, "oneOf": [{"type": "null"}, {
                "type": "object",
                "title": "a.N",
                "properties": {
                    "x": {"type": "integer", "connect.type": "int64", "connect.index": 0},
                },
            }]},
            "map": {
                "type": "object",
                "connect.type": "map",
                "connect.index": 3,
                "additionalProperties": {"type": "integer", "connect.type": "int32"},
            },
            "pairs": {
                "type": "array",
                "connect.type": "map",
                "connect.index": 4,
                "items": {"type": "object", "properties": {
                    "key": {"type": "integer", "connect.type": "int32", "connect.index": 0},
                    "value": {"type": "string", "connect.index": 1},
                }},
            },
            "number": {
                "type": "integer",
                "connect.type": "int32",
                "connect.index": 5,
                "default": 5,
            },
        },
    });
    assert_eq!(described(&[], &schema), expected);
    expected["additionalProperties"] = json!(false);
    expected["properties"]["inner"]["oneOf"][1]["additionalProperties"] = json!(false);
    let closed = &[("object.additional.properties", "false")];
    assert_eq!(described(closed, &schema), expected);
}

#[test]
fn decimals_are_texts_or_numbers_as_the_settings_say() {
    let schema = decimal_schema(2).build().unwrap();
    let as_ = |type_: &str| {
        json!({
            "type": type_,
            "title": "org.apache.kafka.connect.data.Decimal",
            "connect.version": 1,
            "connect.type": "bytes",
            "connect.parameters": {"scale": "2"},
        })
    };
    assert_eq!(described(&[], &schema), as_("string"));
    let numeric = &[("decimal.format", "numeric")];
    assert_eq!(described(numeric, &schema), as_("number"));
}

#[test]
fn symbols_of_an_enum_have_an_order() {
    let of = |name: &str, symbols: [(&str, &str); 2]| {
        let mut builder = SchemaBuilder::new(Type::String).parameter(name, "");
        for (symbol, value) in symbols {
            builder = builder.parameter(format!("{name}.{symbol}"), value);
        }
        built(builder)
    };
    let own = of(ENUM, [("b", "b"), ("a", "a")]);
    assert_eq!(described(&[], &own), json!({"enum": ["a", "b"]}));
    let shared = of(SUM_ENUM, [("b", "0"), ("a", "1")]);
    let generalized = described(&[("generalized.sum.type.support", "true")], &shared);
    assert_eq!(generalized["enum"], json!(["b", "a"]));
    // What all formats share is told to readers.
    assert_eq!(
        generalized["connect.parameters"][format!("{SUM_ENUM}.a")],
        "1"
    );
}

#[test]
fn a_union_becomes_one_of() {
    let builder = SchemaBuilder::structure().name(ONE_OF).optional(true);
    let schema = built(
        builder
            .field(format!("{ONE_OF}.field.0"), optional(Type::String))
            .field(format!("{ONE_OF}.field.1"), optional(Type::Int32)),
    );
    let branches = json!([
        {"type": "null"},
        {"type": "string", "connect.index": 0},
        {"type": "integer", "connect.type": "int32", "connect.index": 1},
    ]);
    assert_eq!(described(&[], &schema), json!({"oneOf": branches}));
    let values = vec![Value::Null, Value::Int32(7)];
    assert_eq!(written(&[], &schema, values), "7");
}

#[test]
fn a_struct_inside_itself_is_referred_to_with_its_place() {
    let schema = r##"{"type":"object","title":"T","properties":{"n":{"$ref":"#"}}}"##;
    let described = described(&[], &parse(&[], schema).unwrap());
    let inner = json!({
        "type": "object",
        "title": "T",
        "id": "#id1",
        "connect.index": 0,
        "properties": {"n": {"$ref": "#id1", "connect.index": 0}},
    });
    let whole = json!({"type": "object", "title": "T", "properties": {"n": inner}});
    assert_eq!(described, whole);
}

#[test]
fn null_is_left_out_written_or_the_default() {
    let number = SchemaBuilder::new(Type::Int32).optional(true);
    let builder = SchemaBuilder::structure()
        .field("required", required(Type::String))
        .field("optional", optional(Type::String))
        .field("number", built(number.default(Value::Int32(5))));
    let schema = built(builder);
    let nulls = || vec![Value::Null, Value::Null, Value::Null];
    assert_eq!(
        written(&[], &schema, nulls()),
        r#"{"optional":null,"number":5}"#
    );
    let ignoring = &[("ignore.default.for.nullables", "true")];
    assert_eq!(
        written(ignoring, &schema, nulls()),
        r#"{"optional":null,"number":null}"#
    );
}
