//! How fast reading is, on request: `TURNBUCKLE_MEASURE=1`, in a release build.

use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

use data_plane::kafka::{ConsumerEvent, GroupConsumer, ReadLimits};
use rdkafka::producer::{BaseRecord, Producer};

use crate::Test;
use crate::support::{Member, new_topic, producer, settings, unique};

pub const TESTS: &[Test] = &[("reading_records_of_200_bytes", |b| Box::pin(reading(b)))];

const RECORDS: usize = 3_000_000;

/// Processor time of this process: of all its threads.
fn processor() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .unwrap()
        .split_whitespace()
        .collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    Duration::from_millis(ticks * 10)
}

/// Processor time of this thread.
fn thread() -> Duration {
    let stat = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(stat.split_whitespace().next().unwrap().parse().unwrap())
}

async fn reading(bootstrap: Arc<str>) {
    let topic = new_topic(&bootstrap, 4).await;
    let value = "x".repeat(200);
    let more = [
        ("batch.size", "1000000"),
        ("queue.buffering.max.kbytes", "2000000"),
    ];
    let sender = producer(&bootstrap, &more);
    for n in 0..RECORDS {
        let record = BaseRecord::<(), str>::to(&topic)
            .partition(n as i32 % 4)
            .payload(&value);
        sender.send(record).unwrap();
    }
    sender.flush(Duration::from_secs(120)).unwrap();
    drop(sender);
    for limits in [
        ReadLimits {
            records: 5000,
            bytes: 4 << 20,
        },
        ReadLimits {
            records: 50_000,
            bytes: 16 << 20,
        },
    ] {
        measure(&bootstrap, &topic, limits).await;
    }
}

async fn measure(bootstrap: &str, topic: &str, limits: ReadLimits) {
    let mut member = Member::join(settings(bootstrap, &unique("g"), &[]), &[topic]).await;
    member
        .until("the assignment", |m| !m.assigned.is_empty())
        .await;
    let (began, before) = (Instant::now(), processor());
    let (mut count, mut batches, mut reading) = (0, 0, Duration::ZERO);
    while count < RECORDS {
        match member.consumer.event().await {
            ConsumerEvent::Data => loop {
                let start = thread();
                let batch = member.consumer.read(limits);
                reading += thread() - start;
                if batch.is_empty() {
                    break;
                }
                count += batch.len();
                batches += 1;
            },
            other => panic!("{other:?}"),
        }
    }
    let (took, used) = (
        began.elapsed().as_secs_f64(),
        (processor() - before).as_secs_f64(),
    );
    let each = |seconds: f64| seconds * 1e6 / count as f64;
    println!(
        "{limits:?}: {:.2} M records/s, {:.3} us CPU per record in all, {:.3} us in read(), {} records a batch",
        count as f64 / took / 1e6,
        each(used),
        each(reading.as_secs_f64()),
        count / batches,
    );
    member.leave().await;
}
