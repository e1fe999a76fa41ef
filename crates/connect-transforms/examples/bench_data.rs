//! What a record costs in converter and transformations, in processor time: the counterpart of `bench/java/Data.java`.
//!
//! Arguments: records to warm up with, records to measure, a file of records (a line each), a file with the schema, and a file
//! of transformations (class, then `key=value`, separated by tabs). Prints a line for each row: its name, a tab,
//! nanoseconds. `bench/run data` runs both.

use std::error::Error;
use std::fs;
use std::hint::black_box;
use std::sync::Arc;

use bytes::Bytes;
use connect_api::config::{Config, ConfigReader};
use connect_api::convert::{Converter, ConverterType};
use connect_api::plugin::Plugin;
use connect_api::transform::Transformation;
use connect_api::{SinkRecord, TopicPartition};
use connect_converters::json::CONVERTER;

type Chain = Vec<Box<dyn Transformation>>;
type Fault = Box<dyn Error>;

/// As many as a consumer hands over at a time.
const BATCH: usize = 500;

struct Bench {
    warm: usize,
    measured: usize,
    links: String,
}

fn main() -> Result<(), Fault> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [warm, measured, records, schema, links] = words.as_slice() else {
        return Err("five arguments".into());
    };
    let bench = Bench {
        warm: warm.parse()?,
        measured: measured.parse()?,
        links: fs::read_to_string(links)?,
    };
    let records = fs::read_to_string(records)?;
    let schema = fs::read_to_string(schema)?;
    let schema = schema.trim();
    let plain: Vec<Bytes> = slices(records.lines().map(str::to_owned));
    let envelopes = slices(
        records
            .lines()
            .map(|record| format!(r#"{{"schema":{schema},"payload":{record}}}"#)),
    );
    let free = [("schemas.enable", "false")];
    let once = [("schemas.enable", "true"), ("schema.content", schema)];
    bench.row("JSON", &free, &plain, false)?;
    bench.row("JSON, chain of five", &free, &plain, true)?;
    bench.row("JSON, schema given once", &once, &plain, false)?;
    bench.row(
        "JSON, schema given once, chain of five",
        &once,
        &plain,
        true,
    )?;
    bench.row(
        "JSON in envelopes",
        &[("schemas.enable", "true")],
        &envelopes,
        false,
    )
}

/// Records as the consumer gives them: slices of one buffer.
fn slices(texts: impl Iterator<Item = String>) -> Vec<Bytes> {
    let texts: Vec<String> = texts.collect();
    let all = Bytes::from(texts.concat());
    let mut at = 0;
    let slice = |text: &String| {
        at += text.len();
        all.slice(at - text.len()..at)
    };
    texts.iter().map(slice).collect()
}

impl Bench {
    fn row(
        &self,
        name: &str,
        config: &[(&str, &str)],
        records: &[Bytes],
        with_chain: bool,
    ) -> Result<(), Fault> {
        let mut config: Config = config.iter().copied().collect();
        config.insert("converter.type", "value");
        let Plugin::Converter(new) = CONVERTER.plugin else {
            return Err("not a converter".into());
        };
        let mut converter = new(&ConfigReader::new(&config), ConverterType::Value)?;
        let mut chain = if with_chain {
            self.chain()?
        } else {
            Chain::new()
        };
        run(&mut *converter, &mut chain, records, self.warm)?;
        let before = processor()?;
        run(&mut *converter, &mut chain, records, self.measured)?;
        println!("{name}\t{}", (processor()? - before) / self.measured as u64);
        Ok(())
    }

    fn chain(&self) -> Result<Chain, Fault> {
        let mut chain = Chain::new();
        for line in self.links.lines() {
            let mut words = line.split('\t');
            let class = format!(
                "org.apache.kafka.connect.transforms.{}",
                words.next().unwrap_or_default()
            );
            let config = Config::from_iter(words.filter_map(|word| word.split_once('=')));
            let all = connect_transforms::PLUGINS;
            let plugin = all
                .iter()
                .find(|plugin| plugin.class == class)
                .ok_or(class)?;
            let Plugin::Transformation(new) = plugin.plugin else {
                return Err(plugin.class.into());
            };
            chain.push(new(&ConfigReader::new(&config))?);
        }
        Ok(chain)
    }
}

/// Converts and transforms batch by batch; a batch is dropped when it is done, as after a `put`.
fn run(
    converter: &mut dyn Converter,
    chain: &mut Chain,
    records: &[Bytes],
    count: usize,
) -> Result<(), Fault> {
    let mut done = 0;
    while done < count {
        let origin = Arc::new(TopicPartition::new("shop.orders", 0));
        let mut batch = Vec::with_capacity(BATCH);
        for i in done..done + BATCH {
            let read = converter
                .to_connect_data("shop.orders", Some(records[i % records.len()].clone()))?;
            let mut record = SinkRecord::new(origin.clone(), i as i64);
            (record.value_schema, record.value) = (read.schema, read.value);
            for link in chain.iter_mut() {
                record = link.apply(record)?.ok_or("dropped")?;
            }
            batch.push(record);
        }
        black_box(&batch);
        done += BATCH;
    }
    Ok(())
}

/// Nanoseconds that the one thread of this program has run.
fn processor() -> Result<u64, Fault> {
    let times = fs::read_to_string("/proc/self/schedstat")?;
    Ok(times.split(' ').next().unwrap_or_default().parse()?)
}
