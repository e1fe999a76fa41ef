//! How long a JSON record of about 200 bytes takes, measured against `serde_json` in the same run.
//!
//! `cargo bench -p connect-converters --bench json`. Each row is the median of many short rounds in which the two sides take
//! turns, so that a busy machine slows both alike.

use std::hint::black_box;
use std::time::Instant;

use bytes::Bytes;
use connect_api::config::{Config, ConfigReader};
use connect_api::convert::{Converter, ConverterType};
use connect_api::plugin::Plugin;
use connect_converters::json::CONVERTER;

/// Records in a round: as many as a consumer hands over at a time.
const RECORDS: usize = 500;
const ROUNDS: usize = 400;

fn main() {
    let flat: fn(usize) -> String = |i| {
        format!(
            r#"{{"id":{i},"name":"customer number {i}","email":"user{i}@example.com","active":true,"balance":{}.25,"city":"Kiel","created":"2023-11-14T22:13:20.123Z","tags":["a","b"],"score":{}}}"#,
            i * 7,
            i % 100
        )
    };
    let nested: fn(usize) -> String = |i| {
        format!(
            r#"{{"order":{{"id":{i},"lines":[{{"sku":"A-{i}","qty":2,"price":9.99}},{{"sku":"B-{i}","qty":1,"price":19.5}}]}},"customer":{{"id":{},"name":"Ada Lovelace"}},"note":"quoted \"text\"","paid":null}}"#,
            i * 3
        )
    };
    println!(
        "{:<22} {:>6} {:>9} {:>9} {:>6}",
        "record", "bytes", "ours", "serde", "ratio"
    );
    row("plain, flat", &flat, "false", &flat);
    row("plain, nested", &nested, "false", &nested);
    let schema = r#"{"type":"struct","fields":[{"field":"id","type":"int64"},{"field":"name","type":"string"},{"field":"email","type":"string"},{"field":"active","type":"boolean"},{"field":"balance","type":"double"},{"field":"city","type":"string"},{"field":"created","type":"string"},{"field":"tags","type":"array","items":{"type":"string"}},{"field":"score","type":"int32"}]}"#;
    let envelope = |i| format!(r#"{{"schema":{schema},"payload":{}}}"#, flat(i));
    row("envelope", &envelope, "true", &envelope);
    row("envelope : payload", &envelope, "true", &flat);
}

fn row(
    name: &str,
    ours: &dyn Fn(usize) -> String,
    schemas: &str,
    theirs: &dyn Fn(usize) -> String,
) {
    let config = Config::from([("schemas.enable", schemas), ("converter.type", "value")]);
    let Plugin::Converter(new) = CONVERTER.plugin else {
        return;
    };
    let Ok(mut converter) = new(&ConfigReader::new(&config), ConverterType::Value) else {
        return;
    };
    let records = batch(ours);
    let others = batch(theirs);
    let size = records.iter().map(Bytes::len).sum::<usize>() / RECORDS;
    let (mut our_times, mut their_times) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        our_times.push(time(|| read_all(&mut *converter, &records)));
        their_times.push(time(|| {
            for record in &others {
                black_box(serde_json::from_slice::<serde_json::Value>(record).ok());
            }
        }));
    }
    let (ours, theirs) = (median(our_times), median(their_times));
    println!(
        "{name:<22} {size:>6} {ours:>6.0} ns {theirs:>6.0} ns {:>6.2}",
        ours / theirs
    );
}

/// Records as the consumer gives them: slices of one buffer.
fn batch(record: &dyn Fn(usize) -> String) -> Vec<Bytes> {
    let texts: Vec<String> = (0..RECORDS).map(record).collect();
    let all = Bytes::from(texts.concat());
    let mut at = 0;
    texts
        .iter()
        .map(|text| {
            at += text.len();
            all.slice(at - text.len()..at)
        })
        .collect()
}

fn read_all(converter: &mut dyn Converter, records: &[Bytes]) {
    for record in records {
        black_box(converter.to_connect_data("t", Some(record.clone())).ok());
    }
}

fn time(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_nanos() as f64 / RECORDS as f64
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
