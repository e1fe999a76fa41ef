//! What our converters write, read by Confluent's own deserializers.

use connect_api::config::{Config, ConfigReader};
use connect_api::convert::{Converter, ConverterType};
use connect_api::data::{
    Decimal, Map, SchemaBuilder, SchemaRef, Struct, TIMESTAMP, Type, Value as Data, decimal_schema,
};
use connect_api::plugin::Plugin;
use connect_api::{Bytes, ErrorClass};
use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::registry::{AVRO, JSON_SCHEMA, PROTOBUF, produce};
use crate::support::kafka::Record;
use crate::support::{Ctx, Need};

pub fn tests(ctx: &'static Ctx) -> Vec<Trial> {
    let needs = &[Need::Kafka, Need::Registry];
    vec![ctx.trial(
        needs,
        "registry::what_is_written_is_read_by_real_consumers",
        what_is_written_is_read_by_real_consumers,
    )]
}

fn what_is_written_is_read_by_real_consumers(ctx: &'static Ctx) {
    for (class, format) in [
        (AVRO, "avro"),
        (PROTOBUF, "protobuf"),
        (JSON_SCHEMA, "json_schema"),
    ] {
        let topic = ctx.kafka().new_topic(&format!("written-{format}"), 1);
        let (mut keys, mut values) = (
            converter(ctx, class, ConverterType::Key),
            converter(ctx, class, ConverterType::Value),
        );
        let (schema, key_schema) = (order_schema(), key_schema(format));
        let records = [order(&schema, 1, Some("Ada")), order(&schema, 2, None)];
        for (number, value) in (1..).zip(&records) {
            let key = written(&mut *keys, &topic, &key_schema, &key(&key_schema, number));
            let value = written(&mut *values, &topic, &schema, value);
            ctx.kafka().produce(&topic, [Record::value(value).key(key)]);
        }
        let read = produce(ctx, "read_back", &topic, &[format]);
        let read: Vec<Value> = read
            .lines()
            .map(|l| serde_json::from_str(l).unwrap())
            .collect();
        assert_eq!(
            read,
            [
                expected(format, 1, json!("Ada")),
                expected(format, 2, Value::Null)
            ]
        );
        let subjects = ctx.registry().contents();
        let versions = |part: &str| {
            let name = format!("{topic}-{part}");
            let found = subjects.iter().find(|(subject, _)| *subject == name);
            found.map(|(_, versions)| versions.clone())
        };
        assert_eq!(versions("key"), Some(json!([1])), "{format}");
        assert_eq!(versions("value"), Some(json!([1])), "{format}");
    }
}

fn converter(ctx: &Ctx, class: &str, part: ConverterType) -> Box<dyn Converter> {
    let mut plugins = connect_registry::PLUGINS.iter();
    let plugin = plugins.find(|plugin| plugin.class == class).expect(class);
    let Plugin::Converter(new) = &plugin.plugin else {
        panic!("{class} is no converter");
    };
    let config: Config = [("schema.registry.url", ctx.registry().url())]
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect();
    new(&ConfigReader::new(&config), part).expect("a converter")
}

/// As anybody writes who can wait: what lacks is fetched, then it is written.
fn written(converter: &mut dyn Converter, topic: &str, schema: &SchemaRef, value: &Data) -> Bytes {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    loop {
        match converter.from_connect_data(topic, Some(schema), value) {
            Ok(bytes) => return bytes.expect("bytes"),
            Err(error) if error.class() == ErrorClass::Unavailable => {
                let ahead = converter.ahead().expect("a registry");
                runtime.block_on(ahead.fetch()).expect("an id");
            }
            Err(error) => panic!("{}", error.trace()),
        }
    }
}

/// A text alone, which Protobuf writes in a wrapper; in a struct for JSON Schema, because this registry takes
/// `{"type": "string"}` for no JSON schema.
fn key_schema(format: &str) -> SchemaRef {
    let text = SchemaBuilder::new(Type::String).build().unwrap();
    if format != "json_schema" {
        return text;
    }
    let structure = SchemaBuilder::structure().name("Key").field("name", text);
    structure.build().unwrap()
}

fn key(schema: &SchemaRef, number: i64) -> Data {
    let text = Data::string(format!("key {number}"));
    if schema.type_() == Type::String {
        return text;
    }
    let mut key = Struct::new(schema.clone()).unwrap();
    key.put("name", text).unwrap();
    Data::Struct(key)
}

fn order_schema() -> SchemaRef {
    let of = |type_| SchemaBuilder::new(type_).build().unwrap();
    let optional = SchemaBuilder::new(Type::String)
        .optional(true)
        .build()
        .unwrap();
    let point = SchemaBuilder::structure()
        .name("Point")
        .field("x", of(Type::Int32))
        .field("y", of(Type::Float64));
    let counts = SchemaBuilder::map(of(Type::String), of(Type::Int64)).name("counts");
    let at = SchemaBuilder::new(Type::Int64).name(TIMESTAMP).version(1);
    SchemaBuilder::structure()
        .name("turnbuckle.Order")
        .field("id", of(Type::Int64))
        .field("small", of(Type::Int8))
        .field("name", optional)
        .field(
            "tags",
            SchemaBuilder::array(of(Type::String)).build().unwrap(),
        )
        .field("counts", counts.build().unwrap())
        .field("at", at.build().unwrap())
        .field("amount", decimal_schema(2).build().unwrap())
        .field("point", point.build().unwrap())
        .field("ok", of(Type::Boolean))
        .field("raw", of(Type::Bytes))
        .build()
        .unwrap()
}

fn order(schema: &SchemaRef, number: i64, name: Option<&str>) -> Data {
    let mut point = Struct::new(schema.field("point").unwrap().schema.clone()).unwrap();
    point.put("x", Data::Int32(-1)).unwrap();
    point.put("y", Data::Float64(0.5)).unwrap();
    let counts = vec![(Data::string("a"), Data::Int64(1))];
    let mut order = Struct::new(schema.clone()).unwrap();
    for (field, value) in [
        ("id", Data::Int64(number)),
        ("small", Data::Int8(-8)),
        ("name", name.map_or(Data::Null, Data::string)),
        (
            "tags",
            Data::Array(vec![Data::string("x"), Data::string("y")]),
        ),
        ("counts", Data::Map(Map::from_entries(counts))),
        ("at", Data::Timestamp(1_700_000_000_123)),
        ("amount", Data::Decimal(Box::new(Decimal::new(1234, 2)))),
        ("point", Data::Struct(point)),
        ("ok", Data::Boolean(true)),
        ("raw", Data::bytes(vec![0, 255])),
    ] {
        order.put(field, value).unwrap();
    }
    Data::Struct(order)
}

/// As the script prints it; each format has its own way to lose a little.
fn expected(format: &str, number: i64, name: Value) -> Value {
    let amount = match format {
        // The unscaled value in Base64.
        "json_schema" => "BNI=",
        _ => "12.34",
    };
    let name = match format {
        // Without `optional` a text is there always.
        "protobuf" if name.is_null() => json!(""),
        _ => name,
    };
    let key = match format {
        "json_schema" => json!({"name": format!("key {number}")}),
        _ => json!(format!("key {number}")),
    };
    json!({
        "key": key,
        "value": {
            "id": number, "small": -8, "name": name, "tags": ["x", "y"], "counts": {"a": 1},
            "at": 1_700_000_000_123_i64, "amount": amount, "point": {"x": -1, "y": 0.5}, "ok": true, "raw": "AP8=",
        },
    })
}
