//! How long an Avro and a Protobuf record take, measured against the schemaless JSON converter on the same data in the same
//! run.
//!
//! `cargo bench -p connect-registry --bench formats --features avro,protobuf,json-schema`. The converters are the ones of a
//! task: they look at the batch, have their schema of a registry (a few lines of HTTP below), and read its prefix off each
//! record. Each row is the median of many short rounds in which the sides take turns, so that a busy machine slows all
//! alike. Dropping the values is in it.

use std::error::Error;
use std::hint::black_box;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use connect_api::config::{Config, ConfigReader};
use connect_api::convert::{Converter, ConverterType, NoHeaders};
use connect_api::data::{Map, SchemaBuilder, SchemaRef, Struct, Type, Value, optional, required};
use connect_api::plugin::{Plugin, PluginDescriptor};
use connect_registry::avro::{self, Avro};
use connect_registry::format::Format;
use connect_registry::json_schema;
use connect_registry::protobuf::{self, Protobuf};

/// Records in a round: as many as a consumer hands over at a time.
const RECORDS: usize = 500;
const ROUNDS: usize = 400;

type Failed = Box<dyn Error>;

fn main() -> Result<(), Failed> {
    println!(
        "{:<12} {:<12} {:>6} {:>12} {:>13}",
        "data", "format", "bytes", "per record", "format : JSON"
    );
    table("flat", &flat_schema()?, &flat)?;
    table("nested", &nested_schema()?, &nested)?;
    table("flat, long", &flat_schema()?, &|i| {
        let mut values = flat(i);
        values[1] = Value::from(format!("{i:0>90}"));
        values
    })
}

/// The record that the other benchmarks have as JSON of about 200 bytes.
fn flat(i: usize) -> Vec<Value> {
    vec![
        Value::Int64(i as i64 * 7),
        Value::from(format!("customer number {i}")),
        Value::from(format!("user{i}@example.com")),
        Value::Boolean(true),
        Value::Float64(i as f64 + 0.25),
        Value::from("Kiel"),
        Value::from("2023-11-14T22:13:20.123Z"),
        Value::Array(vec![Value::from("a"), Value::from("b")]),
        Value::Int32(i as i32 % 100),
    ]
}

fn flat_schema() -> Result<SchemaRef, Failed> {
    let tags = SchemaBuilder::array(required(Type::String)).build()?;
    let builder = SchemaBuilder::structure().name("Customer");
    let schema = builder
        .field("id", required(Type::Int64))
        .field("name", required(Type::String))
        .field("email", optional(Type::String))
        .field("active", required(Type::Boolean))
        .field("balance", required(Type::Float64))
        .field("city", optional(Type::String))
        .field("created", required(Type::String))
        .field("tags", tags)
        .field("score", required(Type::Int32));
    Ok(schema.build()?)
}

fn nested(i: usize) -> Vec<Value> {
    // The structs get their schemas with the record's.
    let line = |sku: String, qty, price| {
        Value::Array(vec![sku.into(), Value::Int32(qty), Value::Float64(price)])
    };
    let lines = vec![
        line(format!("A-{i}"), 2, 9.99),
        line(format!("B-{i}"), 1, 19.5),
    ];
    let order = Value::Array(vec![Value::Int64(i as i64), Value::Array(lines)]);
    let customer = Value::Array(vec![Value::Int64(i as i64 * 3), "Ada Lovelace".into()]);
    let address = Value::Array(vec![
        "Holtenauer Straße 1".into(),
        "24105".into(),
        "Kiel".into(),
    ]);
    vec![
        order,
        customer,
        address,
        "quoted \"text\"".into(),
        Value::Null,
    ]
}

fn nested_schema() -> Result<SchemaRef, Failed> {
    let structure = |name: &'static str| SchemaBuilder::structure().name(name);
    let line = structure("Line")
        .field("sku", required(Type::String))
        .field("qty", required(Type::Int32))
        .field("price", required(Type::Float64));
    let order = structure("Order")
        .field("id", required(Type::Int64))
        .field("lines", SchemaBuilder::array(line.build()?).build()?);
    let customer = structure("Person")
        .field("id", required(Type::Int64))
        .field("name", required(Type::String));
    let address = structure("Address")
        .field("street", required(Type::String))
        .field("code", required(Type::String))
        .field("city", required(Type::String));
    let schema = structure("Sale")
        .field("order", order.build()?)
        .field("customer", customer.build()?)
        .field("address", address.build()?)
        .field("note", optional(Type::String))
        .field("paid", optional(Type::Int64));
    Ok(schema.build()?)
}

fn table(
    name: &str,
    schema: &SchemaRef,
    values: &dyn Fn(usize) -> Vec<Value>,
) -> Result<(), Failed> {
    let records = (0..RECORDS).map(|i| with_schema(schema, values(i)));
    let records: Vec<Value> = records.collect::<Option<_>>().ok_or("no record")?;
    let json = records.iter().map(json_text);
    let json: Vec<Vec<u8>> = json.collect::<Result<_, _>>()?;
    let mut sides = vec![
        Side::json(&json)?,
        Side::new::<Avro>("Avro", &avro::CONVERTER, schema, &records)?,
        Side::new::<Protobuf>("Protobuf", &protobuf::CONVERTER, schema, &records)?,
        Side::json_schema(schema, &json)?,
    ];
    for _ in 0..ROUNDS {
        for side in &mut sides {
            let time = side.round();
            side.times.push(time);
        }
    }
    let base = median(&mut sides[0].times);
    for side in &mut sides {
        let size = side.records.iter().map(Bytes::len).sum::<usize>() / RECORDS;
        let time = median(&mut side.times);
        let ratio = time / base;
        println!(
            "{name:<12} {:<12} {size:>6} {time:>9.0} ns {ratio:>13.2}",
            side.name
        );
    }
    Ok(())
}

/// A struct of values that stand in arrays where structs are meant.
fn with_schema(schema: &SchemaRef, values: Vec<Value>) -> Option<Value> {
    let mut fitted = Vec::with_capacity(values.len());
    for (field, value) in schema.fields().iter().zip(values) {
        fitted.push(match (field.schema.type_(), value) {
            (Type::Struct, Value::Array(values)) => with_schema(&field.schema, values)?,
            (Type::Array, Value::Array(items)) => {
                let inner = field.schema.value_schema()?;
                let items = items.into_iter().map(|item| match item {
                    Value::Array(values) => with_schema(inner, values),
                    other => Some(other),
                });
                Value::Array(items.collect::<Option<_>>()?)
            }
            (_, value) => value,
        });
    }
    Some(Struct::from_values(schema.clone(), fitted).into())
}

fn json_text(value: &Value) -> Result<Vec<u8>, Failed> {
    fn plain(value: &Value) -> Value {
        match value {
            Value::Struct(s) => {
                let fields = s.schema().fields().iter().zip(s.values());
                let entries = fields.map(|(f, v)| (Value::String(f.name.clone()), plain(v)));
                Value::Map(entries.collect::<Map>())
            }
            Value::Array(items) => Value::Array(items.iter().map(plain).collect()),
            other => other.clone(),
        }
    }
    let written = json_converter()?.from_connect_data("t", None, &plain(value))?;
    Ok(written.ok_or("no JSON")?.to_vec())
}

struct Side {
    name: &'static str,
    converter: Box<dyn Converter>,
    records: Vec<Bytes>,
    times: Vec<f64>,
}

impl Side {
    fn json(texts: &[Vec<u8>]) -> Result<Self, Failed> {
        Ok(Self {
            name: "JSON",
            converter: json_converter()?,
            records: batch(texts),
            times: Vec::new(),
        })
    }

    fn new<F: Format>(
        name: &'static str,
        plugin: &PluginDescriptor,
        schema: &SchemaRef,
        values: &[Value],
    ) -> Result<Self, Failed> {
        let mut format = F::new(&ConfigReader::new(&Config::default()), ConverterType::Value);
        let text = format.schema_of(Some(schema), &Value::Null)?;
        let parsed = Arc::new(format.parse(&text, None)?);
        let mut records = Vec::with_capacity(values.len());
        for value in values {
            let mut record = vec![0, 0, 0, 0, 1];
            if F::HAS_INDEXES {
                record.push(0);
            }
            format.write(&parsed, Some(schema), value, &mut record)?;
            records.push(record);
        }
        Ok(Self {
            name,
            converter: converter(plugin, F::TYPE, &text.text)?,
            records: batch(&records),
            times: Vec::new(),
        })
    }

    fn json_schema(schema: &SchemaRef, texts: &[Vec<u8>]) -> Result<Self, Failed> {
        let config = Config::default();
        let mut format =
            json_schema::JsonSchema::new(&ConfigReader::new(&config), ConverterType::Value);
        let text = format.schema_of(Some(schema), &Value::Null)?;
        let records = texts
            .iter()
            .map(|text| [&[0, 0, 0, 0, 1], &text[..]].concat());
        Ok(Self {
            name: "JSON Schema",
            converter: converter(&json_schema::CONVERTER, "JSON", &text.text)?,
            records: batch(&records.collect::<Vec<_>>()),
            times: Vec::new(),
        })
    }

    fn round(&mut self) -> f64 {
        let start = Instant::now();
        if let Some(ahead) = self.converter.ahead() {
            for record in &self.records {
                ahead.look("t", &NoHeaders, record);
            }
        }
        for record in &self.records {
            let record = Some(record.clone());
            let read = self
                .converter
                .to_connect_data_with_headers("t", &NoHeaders, record);
            assert!(read.is_ok(), "{}: {read:?}", self.name);
            black_box(read.ok());
        }
        start.elapsed().as_nanos() as f64 / RECORDS as f64
    }
}

fn json_converter() -> Result<Box<dyn Converter>, Failed> {
    let config = Config::from([("schemas.enable", "false"), ("converter.type", "value")]);
    made(&connect_converters::json::CONVERTER, &config)
}

/// A converter that has fetched the schema under id 1.
fn converter(
    plugin: &PluginDescriptor,
    type_: &'static str,
    text: &str,
) -> Result<Box<dyn Converter>, Failed> {
    let url = registry(type_, text.to_owned())?;
    let config = Config::from([("schema.registry.url", url.as_str())]);
    let mut converter = made(plugin, &config)?;
    let ahead = converter.ahead().ok_or("looks not ahead")?;
    ahead.look("t", &NoHeaders, &Bytes::from_static(&[0, 0, 0, 0, 1, 0]));
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    runtime.block_on(ahead.fetch())?;
    Ok(converter)
}

fn made(plugin: &PluginDescriptor, config: &Config) -> Result<Box<dyn Converter>, Failed> {
    let Plugin::Converter(new) = plugin.plugin else {
        return Err("no converter".into());
    };
    let made = new(&ConfigReader::new(config), ConverterType::Value);
    made.map_err(|errors| errors.to_string().into())
}

/// A registry that has one schema.
fn registry(type_: &'static str, text: String) -> Result<String, Failed> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let body = serde_json::json!({
        "subject": "t-value", "version": 1, "id": 1, "schemaType": type_, "schema": text,
    });
    let body = body.to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let _ = answer(stream, &body);
        }
    });
    Ok(format!("http://{address}"))
}

fn answer(mut stream: TcpStream, body: &str) -> std::io::Result<()> {
    // Nothing that is asked here matters, but it must be read to its end before the answer.
    let mut request = Vec::new();
    let mut part = [0; 4096];
    loop {
        let read = stream.read(&mut part)?;
        request.extend_from_slice(&part[..read]);
        let text = String::from_utf8_lossy(&request).to_lowercase();
        let Some(end) = text.find("\r\n\r\n") else {
            continue;
        };
        let length = text.split("content-length: ").nth(1);
        let length = length.and_then(|rest| rest.split("\r\n").next()?.parse().ok());
        if read == 0 || request.len() >= end + 4 + length.unwrap_or(0usize) {
            break;
        }
    }
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

/// Records as the consumer gives them: slices of one buffer.
fn batch(texts: &[Vec<u8>]) -> Vec<Bytes> {
    let all = Bytes::from(texts.concat());
    let mut at = 0;
    let slices = texts.iter().map(|text| {
        at += text.len();
        all.slice(at - text.len()..at)
    });
    slices.collect()
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
