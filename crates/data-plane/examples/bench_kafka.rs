//! The Kafka side of `bench/`: fills topics, reads one with the bare client, and watches how far a group is.
//!
//! `bench/run` starts it with the broker's address in `TURNBUCKLE_BOOTSTRAP`:
//!
//!     bench_kafka produce TOPIC PARTITIONS RECORDS text|json
//!     bench_kafka consume TOPIC PARTITIONS RECORDS
//!     bench_kafka watch   TOPIC PARTITIONS RECORDS GROUP PID
//!     bench_kafka delete  TOPIC PARTITIONS RECORDS
//!
//! `consume` is what a worker is held against: librdkafka's batch reads and nothing behind them. It and `watch` print
//! a line `records seconds processor-seconds` at each step, the last two counted from their own start and from
//! that of the process that reads.

#![allow(
    clippy::disallowed_methods,
    reason = "it sleeps on a thread of its own, no runtime's"
)]

use std::env;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::ptr;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::bindings as sys;
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseRecord, Producer, ThreadedProducer};
use rdkafka::{Offset, TopicPartitionList};

/// Bytes of a record's value.
const SIZE: usize = 200;
/// Messages of one batch read, as the worker asks for.
const BATCH: usize = 1024;
const CALL: Duration = Duration::from_secs(30);

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (verb, topic) = match words[..] {
        [verb, topic, _, _, ..] => (verb, topic),
        _ => return Err("expected: produce|consume|watch TOPIC PARTITIONS RECORDS …".into()),
    };
    let (partitions, records) = (words[2].parse()?, words[3].parse()?);
    match (verb, &words[4..]) {
        ("produce", [kind]) => produce(topic, partitions, records, kind == &"json"),
        ("consume", []) => consume(topic, partitions, records),
        ("delete", []) => delete(topic),
        ("watch", [group, pid]) => watch(topic, partitions, records, group, pid),
        _ => Err(format!("cannot {verb} with these arguments").into()),
    }
}

fn client(settings: &[(&str, &str)]) -> Result<ClientConfig, env::VarError> {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", env::var("TURNBUCKLE_BOOTSTRAP")?);
    for (key, value) in settings {
        config.set(*key, *value);
    }
    Ok(config)
}

/// Makes the topic and fills it evenly.
fn produce(topic: &str, partitions: i32, records: usize, json: bool) -> Result<(), Box<dyn Error>> {
    let admin: AdminClient<DefaultClientContext> = client(&[])?.create()?;
    let new = NewTopic::new(topic, partitions, TopicReplication::Fixed(1));
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    for result in runtime.block_on(admin.create_topics(&[new], &AdminOptions::new()))? {
        result.map_err(|(topic, code)| format!("{topic}: {code}"))?;
    }
    let producer: ThreadedProducer<_> = client(&[
        ("linger.ms", "20"),
        ("batch.size", "1000000"),
        ("queue.buffering.max.messages", "200000"),
    ])?
    .create()?;
    let mut value = String::with_capacity(2 * SIZE);
    for n in 0..records {
        fill(&mut value, n, json);
        let mut record = BaseRecord::<(), str>::to(topic)
            .partition((n % partitions as usize) as i32)
            .payload(&value);
        while let Err((error, again)) = producer.send(record) {
            if error != KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull) {
                return Err(error.into());
            }
            sleep(Duration::from_millis(1));
            record = again;
        }
    }
    Ok(producer.flush(Duration::from_secs(120))?)
}

fn delete(topic: &str) -> Result<(), Box<dyn Error>> {
    let admin: AdminClient<DefaultClientContext> = client(&[])?.create()?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    for result in runtime.block_on(admin.delete_topics(&[topic], &AdminOptions::new()))? {
        result.map_err(|(topic, code)| format!("{topic}: {code}"))?;
    }
    Ok(())
}

/// The `n`th value: plain text, or an object of eight members. Both have [`SIZE`] bytes.
fn fill(value: &mut String, n: usize, json: bool) {
    value.clear();
    if json {
        let (id, score) = (n % 10_000, n % 1000);
        // Writing to a String cannot fail.
        let _ = write!(
            value,
            "{{\"id\":{id},\"name\":\"customer {id}\",\"city\":\"Oslo\",\"score\":{score}.25,\"active\":true,\
             \"tags\":[\"a\",\"b\"],\"parent\":null,\"note\":\""
        );
    } else {
        let _ = write!(value, "{n} ");
    }
    let tail = if json { "\"}" } else { "" };
    while value.len() + tail.len() < SIZE {
        value.push('x');
    }
    value.push_str(tail);
}

/// The client settings are those of the worker where they cost or save something.
fn consume(topic: &str, partitions: i32, records: usize) -> Result<(), Box<dyn Error>> {
    let begin = Instant::now();
    let consumer: BaseConsumer = client(&[
        ("group.id", "bench-bare"),
        ("enable.auto.commit", "false"),
        ("enable.auto.offset.store", "false"),
        ("isolation.level", "read_uncommitted"),
        ("check.crcs", "true"),
        ("fetch.queue.backoff.ms", "5"),
        ("queued.max.messages.kbytes", "32768"),
    ])?
    .create()?;
    let mut assignment = TopicPartitionList::new();
    for partition in 0..partitions {
        assignment.add_partition_offset(topic, partition, Offset::Beginning)?;
    }
    let name = std::ffi::CString::new(topic)?;
    let client = consumer.client().native_ptr();
    // SAFETY: the client lives until the end of this function, and the queue is given up before.
    let queue = unsafe { sys::rd_kafka_queue_new(client) };
    for partition in 0..partitions {
        // SAFETY: client and queue are alive; giving up the reference leaves the partition's queue to the client.
        unsafe {
            let of_partition = sys::rd_kafka_queue_get_partition(client, name.as_ptr(), partition);
            sys::rd_kafka_queue_forward(of_partition, queue);
            sys::rd_kafka_queue_destroy(of_partition);
        }
    }
    consumer.assign(&assignment)?;
    let mut slots = vec![ptr::null_mut(); BATCH];
    let (mut count, mut bytes, mut next) = (0, 0, records / 2);
    while count < records {
        consumer.poll(Duration::ZERO);
        // SAFETY: the queue is alive and there are as many slots as messages asked for.
        let read = unsafe {
            sys::rd_kafka_consume_batch_queue(queue, 10, slots.as_mut_ptr(), slots.len())
        };
        for slot in &slots[..usize::try_from(read)?] {
            // SAFETY: each slot that was filled holds a message that is ours to read and to destroy, once.
            unsafe {
                count += usize::from(!(**slot).payload.is_null());
                bytes += (**slot).len;
                sys::rd_kafka_message_destroy(*slot);
            }
        }
        if count >= next {
            println!(
                "{count} {} {}",
                begin.elapsed().as_secs_f64(),
                processor("self")?
            );
            next = records;
        }
    }
    // SAFETY: no message of it is alive.
    unsafe { sys::rd_kafka_queue_destroy(queue) };
    assert!(bytes >= records * SIZE, "{bytes} bytes");
    Ok(())
}

/// Follows what a group has committed until it is everything, and the processor time of the process that does it.
fn watch(
    topic: &str,
    partitions: i32,
    records: usize,
    group: &str,
    pid: &str,
) -> Result<(), Box<dyn Error>> {
    let begin = Instant::now();
    let consumer: BaseConsumer = client(&[("group.id", group)])?.create()?;
    let mut wanted = TopicPartitionList::new();
    for partition in 0..partitions {
        wanted.add_partition(topic, partition);
    }
    let (mut last, all) = (-1, i64::try_from(records)?);
    while last < all {
        if let Ok(found) = consumer.committed_offsets(wanted.clone(), CALL) {
            let offset = |o: Offset| o.to_raw().filter(|n| *n >= 0).unwrap_or(0);
            let sum = found.elements().iter().map(|e| offset(e.offset())).sum();
            if sum != last {
                // At this moment the worker is a round trip beyond what it has committed.
                println!(
                    "{sum} {} {}",
                    begin.elapsed().as_secs_f64(),
                    processor(pid)?
                );
                last = sum;
            }
        }
        sleep(Duration::from_millis(4));
    }
    Ok(())
}

/// Seconds of processor time that a process has used.
fn processor(pid: &str) -> Result<f64, Box<dyn Error>> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name of the program stands in brackets and may hold blanks.
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let ticks = |i| {
        fields
            .split_whitespace()
            .nth(i)
            .unwrap_or("0")
            .parse::<f64>()
    };
    Ok((ticks(11)? + ticks(12)?) / 100.0)
}
