//! What holds for every record: no transformation panics, and what must not change does not.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use connect_api::config::{Config, ConfigReader};
use connect_api::data::{
    DATE, Map, SchemaBuilder, SchemaRef, Struct, TIMESTAMP, Type, Value, optional, required,
};
use connect_api::plugin::Plugin;
use connect_api::transform::Transformation;
use connect_api::{SinkRecord, TopicPartition};
use connect_transforms::PLUGINS;
use proptest::prelude::*;

/// Configurations that between them reach most branches, on the field names that records have.
const CONFIGS: [(&str, &[(&str, &str)]); 28] = [
    ("Cast$Value", &[("spec", "a:int8,b:string,c:float32")]),
    ("Cast$Value", &[("spec", "a:boolean,b:int64,d:string")]),
    ("Cast$Key", &[("spec", "string")]),
    ("Cast$Value", &[("spec", "float64")]),
    ("DropHeaders", &[("headers", "a,b")]),
    ("ExtractField$Value", &[("field", "a")]),
    (
        "ExtractField$Value",
        &[("field", "a.b"), ("field.syntax.version", "V2")],
    ),
    ("Filter", &[]),
    ("Flatten$Value", &[]),
    ("Flatten$Value", &[("delimiter", "")]),
    (
        "HeaderFrom$Value",
        &[
            ("fields", "a,a,b"),
            ("headers", "x,y,z"),
            ("operation", "move"),
        ],
    ),
    (
        "HeaderFrom$Value",
        &[("fields", "c"), ("headers", "x"), ("operation", "copy")],
    ),
    ("HoistField$Value", &[("field", "a")]),
    (
        "InsertField$Value",
        &[
            ("topic.field", "e!"),
            ("offset.field", "f?"),
            ("timestamp.field", "g"),
        ],
    ),
    (
        "InsertField$Value",
        &[("static.field", "a"), ("static.value", "v")],
    ),
    (
        "InsertHeader",
        &[("header", "a"), ("value.literal", "[1,2]")],
    ),
    ("MaskField$Value", &[("fields", "a,b,c,d")]),
    (
        "MaskField$Value",
        &[("fields", "a,b"), ("replacement", "7")],
    ),
    (
        "RegexRouter",
        &[("regex", "(.)(.*)"), ("replacement", "$2$1")],
    ),
    (
        "ReplaceField$Value",
        &[("exclude", "a"), ("renames", "b:a,c:d")],
    ),
    (
        "ReplaceField$Value",
        &[("include", "a,b"), ("renames", "a:b")],
    ),
    (
        "SetSchemaMetadata$Value",
        &[("schema.name", "n"), ("schema.version", "3")],
    ),
    (
        "TimestampConverter$Value",
        &[
            ("field", "a"),
            ("target.type", "string"),
            ("format", "yyyy-MM-dd G"),
        ],
    ),
    (
        "TimestampConverter$Value",
        &[
            ("field", "b"),
            ("target.type", "Date"),
            ("format", "yyMMdd z"),
        ],
    ),
    (
        "TimestampConverter$Value",
        &[("target.type", "unix"), ("unix.precision", "nanoseconds")],
    ),
    (
        "TimestampRouter",
        &[("timestamp.format", "YYYY-ww-u G z X")],
    ),
    ("ValueToKey", &[("fields", "a,b")]),
    (
        "ValueToKey",
        &[("fields", "d"), ("replace.null.with.default", "false")],
    ),
];

fn make(class: &str, entries: &[(&str, &str)]) -> Box<dyn Transformation> {
    let config: Config = entries.iter().copied().collect();
    let full = format!("org.apache.kafka.connect.transforms.{class}");
    let plugin = PLUGINS.iter().find(|p| p.class == full).unwrap();
    let Plugin::Transformation(new) = plugin.plugin else {
        panic!("{class} is no transformation");
    };
    new(&ConfigReader::new(&config)).unwrap()
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![3 => "[a-d]", 1 => ".{0,3}"]
}

fn free(depth: u32) -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Boolean),
        any::<i8>().prop_map(Value::Int8),
        any::<i32>().prop_map(Value::Int32),
        any::<i64>().prop_map(Value::Int64),
        any::<f32>().prop_map(Value::Float32),
        any::<f64>().prop_map(Value::Float64),
        ".{0,12}".prop_map(Value::from),
        "[0-9 :.TZ-]{0,20}".prop_map(Value::from),
        any::<Vec<u8>>().prop_map(Value::bytes),
        any::<i64>().prop_map(Value::Timestamp),
    ];
    leaf.prop_recursive(depth, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::vec((name(), inner), 0..5).prop_map(|entries| {
                let entries = entries.into_iter().map(|(k, v)| (Value::from(k), v));
                Value::Map(entries.collect::<Map>())
            }),
        ]
    })
}

/// A schema with a value that fits it, or null where it may.
fn typed() -> impl Strategy<Value = (SchemaRef, Value)> {
    let number = any::<i64>().prop_map(|n| (required(Type::Int64), Value::Int64(n)));
    let text = "[0-9a-z -]{0,12}".prop_map(|s| (required(Type::String), Value::from(s)));
    let nothing = Just((optional(Type::Float64), Value::Null));
    let with_default = Just((
        SchemaBuilder::new(Type::Int32)
            .default(Value::Int32(5))
            .build()
            .unwrap(),
        Value::Null,
    ));
    let day = any::<i32>().prop_map(|day| {
        let schema = SchemaBuilder::new(Type::Int32).name(DATE).build().unwrap();
        (schema, Value::Timestamp(i64::from(day) * 86_400_000))
    });
    let instant = any::<i64>().prop_map(|ms| {
        let schema = SchemaBuilder::new(Type::Int64)
            .name(TIMESTAMP)
            .build()
            .unwrap();
        (schema, Value::Timestamp(ms))
    });
    let leaf = prop_oneof![number, text, nothing, with_default, day, instant];
    leaf.prop_recursive(3, 16, 4, |inner| {
        (
            prop::collection::btree_map(name(), inner, 0..5),
            any::<bool>(),
        )
            .prop_map(|(fields, is_optional)| {
                let mut builder = SchemaBuilder::structure().optional(is_optional);
                let mut values = Vec::new();
                for (name, (schema, value)) in fields {
                    if !name.is_empty() {
                        builder = builder.field(name, schema);
                        values.push(value);
                    }
                }
                let schema = builder.build().unwrap();
                let value = Value::Struct(Struct::from_values(schema.clone(), values));
                (schema, value)
            })
    })
}

fn part() -> impl Strategy<Value = (Option<SchemaRef>, Value)> {
    prop_oneof![
        free(3).prop_map(|value| (None, value)),
        typed().prop_map(|(schema, value)| (Some(schema), value)),
        typed().prop_map(|(schema, _)| (Some(schema), Value::Null)),
    ]
}

fn record() -> impl Strategy<Value = SinkRecord> {
    (part(), part(), any::<Option<i64>>(), "[a-z.]{1,9}").prop_map(
        |(key, value, timestamp, topic)| {
            let origin = Arc::new(TopicPartition::new(topic, 3));
            let mut record = SinkRecord::new(origin, 7);
            (record.key_schema, record.key) = key;
            (record.value_schema, record.value) = value;
            record.timestamp = timestamp;
            record.headers.push("a", None, Value::Int8(1));
            record
        },
    )
}

proptest! {
    #[test]
    fn nothing_panics_and_origins_stay(record in record()) {
        for (class, entries) in CONFIGS {
            let mut transformation = make(class, entries);
            // Twice, so that what is kept of the first time is used.
            for _ in 0..2 {
                if let Ok(Some(changed)) = transformation.apply(record.clone()) {
                    prop_assert_eq!(changed.original(), record.original());
                    prop_assert_eq!(changed.offset(), record.offset());
                    prop_assert_eq!(changed.timestamp, record.timestamp);
                    if class.ends_with("$Value") {
                        prop_assert_eq!(&changed.key, &record.key);
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_hoisted_can_be_extracted(record in record()) {
        let mut hoist = make("HoistField$Value", &[("field", "f")]);
        let mut extract = make("ExtractField$Value", &[("field", "f"), ("replace.null.with.default", "false")]);
        if let Ok(Some(hoisted)) = hoist.apply(record.clone()) {
            prop_assert_eq!(extract.apply(hoisted).unwrap().unwrap(), record);
        }
    }

    #[test]
    fn fields_that_are_renamed_can_be_renamed_back(fields in prop::collection::btree_map("[a-d]", any::<i64>(), 0..4)) {
        let entries = fields.into_iter().map(|(k, v)| (Value::from(k), Value::Int64(v)));
        let mut record = SinkRecord::new(Arc::new(TopicPartition::new("t", 0)), 0);
        record.value = Value::Map(entries.collect());
        let mut there = make("ReplaceField$Value", &[("renames", "a:x,b:y")]);
        let mut back = make("ReplaceField$Value", &[("renames", "x:a,y:b")]);
        let renamed = there.apply(record.clone()).unwrap().unwrap();
        prop_assert_eq!(back.apply(renamed).unwrap().unwrap(), record);
    }

    #[test]
    fn whole_seconds_survive_the_way_through_text(seconds in -60_000_000_000i64..250_000_000_000) {
        let format = ("format", "yyyy-MM-dd HH:mm:ss G");
        let mut write = make("TimestampConverter$Value", &[("target.type", "string"), format]);
        let mut read = make("TimestampConverter$Value", &[("target.type", "Timestamp"), format]);
        let mut record = SinkRecord::new(Arc::new(TopicPartition::new("t", 0)), 0);
        record.value = Value::Timestamp(seconds * 1000);
        let text = write.apply(record.clone()).unwrap().unwrap();
        prop_assert_eq!(read.apply(text).unwrap().unwrap(), record);
    }
}
