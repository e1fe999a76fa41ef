//! How long a chain of five transformations takes per record.
//!
//! `cargo bench -p connect-transforms --bench chain`. Each row is the median of many short rounds; making the records is not
//! in it.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use connect_api::config::{Config, ConfigReader};
use connect_api::data::{Map, SchemaBuilder, SchemaRef, Struct, Type, Value, optional, required};
use connect_api::plugin::Plugin;
use connect_api::transform::Transformation;
use connect_api::{SinkRecord, TopicPartition};
use connect_transforms::PLUGINS;

/// Records in a round: as many as a consumer hands over at a time.
const RECORDS: usize = 500;
const ROUNDS: usize = 400;

/// As a pipeline from a database into a search index has them.
const CHAIN: [(&str, &[(&str, &str)]); 5] = [
    (
        "ReplaceField$Value",
        &[("exclude", "note"), ("renames", "name:title")],
    ),
    ("Cast$Value", &[("spec", "id:string,score:float64")]),
    (
        "TimestampConverter$Value",
        &[
            ("field", "created"),
            ("target.type", "Timestamp"),
            ("format", "yyyy-MM-dd'T'HH:mm:ss.SSSX"),
        ],
    ),
    (
        "InsertField$Value",
        &[("topic.field", "topic"), ("offset.field", "offset")],
    ),
    (
        "RegexRouter",
        &[("regex", r"(.*)\.(.*)"), ("replacement", "$2")],
    ),
];

fn main() {
    let schema = schema();
    let with_schema = |i| {
        let values = fields(i).into_iter().map(|(_, value)| value).collect();
        let value = Struct::from_values(schema.clone(), values);
        (Some(schema.clone()), Value::Struct(value))
    };
    let without = |i| {
        let entries = fields(i).into_iter();
        let entries = entries.map(|(name, value)| (Value::from(name), value));
        (None, Value::Map(entries.collect::<Map>()))
    };
    println!("{:<26} {:>14}", "chain of five", "per record");
    row("without schema", &CHAIN, &without);
    row("with schema", &CHAIN, &with_schema);
    for link in CHAIN {
        row(link.0, &[link], &with_schema);
    }
}

fn fields(i: usize) -> Vec<(&'static str, Value)> {
    vec![
        ("id", Value::Int64(i as i64 * 7)),
        ("name", Value::from(format!("customer number {i}"))),
        ("email", Value::from(format!("user{i}@example.com"))),
        ("active", Value::Boolean(true)),
        ("score", Value::Int32(i as i32 % 100)),
        ("created", Value::from("2023-11-14T22:13:20.123Z")),
        ("city", Value::from("Kiel")),
        ("note", Value::from("to be dropped")),
    ]
}

fn schema() -> SchemaRef {
    let types = [
        ("id", required(Type::Int64)),
        ("name", required(Type::String)),
        ("email", optional(Type::String)),
        ("active", required(Type::Boolean)),
        ("score", required(Type::Int32)),
        ("created", required(Type::String)),
        ("city", optional(Type::String)),
        ("note", optional(Type::String)),
    ];
    let fields = types.into_iter();
    let builder = fields.fold(SchemaBuilder::structure(), |b, (name, schema)| {
        b.field(name, schema)
    });
    builder.build().unwrap_or_else(|_| required(Type::String))
}

fn make((class, entries): (&str, &[(&str, &str)])) -> Option<Box<dyn Transformation>> {
    let config: Config = entries.iter().copied().collect();
    let full = format!("org.apache.kafka.connect.transforms.{class}");
    let plugin = PLUGINS.iter().find(|plugin| plugin.class == full)?;
    let Plugin::Transformation(new) = plugin.plugin else {
        return None;
    };
    new(&ConfigReader::new(&config)).ok()
}

fn row(
    name: &str,
    chain: &[(&str, &[(&str, &str)])],
    value: &dyn Fn(usize) -> (Option<SchemaRef>, Value),
) {
    let mut links: Vec<_> = chain.iter().filter_map(|link| make(*link)).collect();
    assert_eq!(links.len(), chain.len(), "every link is made");
    let origin = Arc::new(TopicPartition::new("shop.orders", 0));
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let records: Vec<SinkRecord> = (0..RECORDS)
            .map(|i| {
                let mut record = SinkRecord::new(origin.clone(), i as i64);
                (record.value_schema, record.value) = value(i);
                record
            })
            .collect();
        let mut changed = Vec::with_capacity(RECORDS);
        let start = Instant::now();
        for record in records {
            let mut record = Some(record);
            for link in &mut links {
                record = record.and_then(|record| link.apply(record).ok().flatten());
            }
            changed.push(record);
        }
        times.push(start.elapsed().as_nanos() as f64 / RECORDS as f64);
        assert!(changed.iter().all(Option::is_some), "every record passes");
        black_box(changed);
    }
    times.sort_by(f64::total_cmp);
    println!("{name:<26} {:>11.0} ns", times[times.len() / 2]);
}
