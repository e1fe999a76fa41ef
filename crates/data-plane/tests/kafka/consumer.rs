//! Reading: everything once and in order, whatever is done to the position.

use std::sync::Arc;
use std::time::{Duration, Instant};

use connect_api::TopicPartition;
use data_plane::kafka::{ConsumerEvent, GroupConsumer, Start};
use rdkafka::producer::{BaseRecord, Producer};
use tokio::time::timeout;

use crate::Test;
use crate::support::{
    LIMITS, Member, PATIENCE, new_topic, numbers, produce, producer, settings, unique,
};

pub const TESTS: &[Test] = &[
    ("everything_is_read_once_and_in_order", |b| {
        Box::pin(everything(b))
    }),
    ("a_pause_loses_and_repeats_nothing", |b| Box::pin(pause(b))),
    ("partitions_assigned_paused_wait_for_resume", |b| {
        Box::pin(assigned_paused(b))
    }),
    ("a_seek_back_reads_again_under_a_new_epoch", |b| {
        Box::pin(seek(b))
    }),
    ("start_offsets_count_and_committed_ones_survive", |b| {
        Box::pin(commits(b))
    }),
    ("a_record_of_20_mb_passes", |b| Box::pin(large(b))),
    ("small_limits_lose_nothing", |b| Box::pin(limits(b))),
    ("every_codec_is_read", |b| Box::pin(codecs(b))),
    ("headers_keys_and_timestamps_come_through", |b| {
        Box::pin(headers(b))
    }),
    ("aborted_transactions_are_hidden_from_read_committed", |b| {
        Box::pin(transactions(b))
    }),
];

async fn everything(bootstrap: Arc<str>) {
    let topic = new_topic(&bootstrap, 4).await;
    produce(&bootstrap, &topic, 4, 0, 25_000);
    let mut member = Member::join(settings(&bootstrap, &unique("g"), &[]), &[&topic]).await;
    member
        .until("100,000 records", |m| m.count() >= 100_000)
        .await;
    member.idle(Duration::from_millis(500)).await;
    for partition in 0..4 {
        assert!(
            member.read[&partition] == numbers(0..25_000),
            "partition {partition}"
        );
    }
    let positions = member.consumer.positions();
    assert!(
        positions
            .iter()
            .all(|p| p.next == Some(25_000) && p.end == Some(25_000))
    );
    member.leave().await;
}

async fn pause(bootstrap: Arc<str>) {
    let topic = new_topic(&bootstrap, 2).await;
    produce(&bootstrap, &topic, 2, 0, 20_000);
    let mut member = Member::join(settings(&bootstrap, &unique("g"), &[]), &[&topic]).await;
    let paused = [TopicPartition::new(topic.as_str(), 0)];
    for round in 1..=5usize {
        member.until("some", |m| m.count() >= round * 1000).await;
        // In the middle of what waits, with some of it read ahead.
        let limits = data_plane::kafka::ReadLimits {
            records: 7,
            ..LIMITS
        };
        let batch = member.consumer.read(limits);
        member.keep(&batch);
        member.consumer.pause(&paused).await.unwrap();
        let before = member.read.get(&0).map_or(0, Vec::len);
        member.idle(Duration::from_millis(200)).await;
        assert_eq!(
            member.read.get(&0).map_or(0, Vec::len),
            before,
            "round {round}"
        );
        produce(
            &bootstrap,
            &topic,
            2,
            20_000 + 100 * (round as i64 - 1),
            100,
        );
        member.consumer.resume(&paused).await.unwrap();
    }
    member.until("all", |m| m.count() >= 41_000).await;
    member.idle(Duration::from_millis(300)).await;
    for partition in 0..2 {
        assert!(
            member.read[&partition] == numbers(0..20_500),
            "partition {partition}"
        );
    }
    member.leave().await;
}

async fn assigned_paused(bootstrap: Arc<str>) {
    let topic = new_topic(&bootstrap, 1).await;
    produce(&bootstrap, &topic, 1, 0, 1000);
    let mut member = Member::join(settings(&bootstrap, &unique("g"), &[]), &[&topic]).await;
    member.paused = true;
    member
        .until("the assignment", |m| !m.assigned.is_empty())
        .await;
    member.idle(Duration::from_secs(1)).await;
    assert_eq!(member.count(), 0);
    let partitions = member.assigned.clone();
    member.consumer.resume(&partitions).await.unwrap();
    member.until("all", |m| m.count() >= 1000).await;
    assert_eq!(member.read[&0], numbers(0..1000));
    member.leave().await;
}

async fn seek(bootstrap: Arc<str>) {
    let topic = new_topic(&bootstrap, 2).await;
    produce(&bootstrap, &topic, 2, 0, 10_000);
    let mut member = Member::join(settings(&bootstrap, &unique("g"), &[]), &[&topic]).await;
    member.until("some", |m| m.count() >= 3000).await;
    for offset in [2500, 10, 9000] {
        member.epoch += 1;
        let start = |p: &TopicPartition| Start {
            partition: Arc::new(p.clone()),
            offset: Some(offset),
            epoch: member.epoch,
            paused: false,
        };
        let starts: Vec<_> = member.assigned.iter().map(start).collect();
        member.consumer.seek(&starts).await.unwrap();
        member.epochs.values_mut().for_each(|e| *e = member.epoch);
        member.read.clear();
        member.offsets.clear();
        let expected = numbers(offset..10_000);
        member
            .until("the rest", |m| m.count() >= 2 * expected.len())
            .await;
        for partition in 0..2 {
            assert!(
                member.read[&partition] == expected,
                "partition {partition} from {offset}"
            );
        }
    }
    // Right after an assignment, and to what is committed: nothing, so the beginning.
    member.leave().await;
    let mut member = Member::join(settings(&bootstrap, &unique("g"), &[]), &[&topic]).await;
    member
        .until("the assignment", |m| !m.assigned.is_empty())
        .await;
    member.epoch += 1;
    let start = |(i, p): (usize, &TopicPartition)| Start {
        partition: Arc::new(p.clone()),
        offset: (i == 0).then_some(9990),
        epoch: member.epoch,
        paused: false,
    };
    let starts: Vec<_> = member.assigned.iter().enumerate().map(start).collect();
    member.consumer.seek(&starts).await.unwrap();
    member.epochs.values_mut().for_each(|e| *e = member.epoch);
    member.until("the rest", |m| m.count() >= 10_010).await;
    let first = starts[0].partition.partition;
    assert_eq!(member.read[&first], numbers(9990..10_000));
    assert!(member.read[&(1 - first)] == numbers(0..10_000));
    member.leave().await;
}

async fn commits(bootstrap: Arc<str>) {
    let topic = new_topic(&bootstrap, 1).await;
    produce(&bootstrap, &topic, 1, 0, 100);
    let group = unique("g");
    let partition = TopicPartition::new(topic.as_str(), 0);
    let mut member = Member::join(settings(&bootstrap, &group, &[]), &[&topic]).await;
    member.starts.insert(partition.clone(), 30);
    member.until("the rest", |m| m.count() >= 70).await;
    assert_eq!(member.read[&0], numbers(30..100));
    for (seq, offset) in [(7, 50), (8, 60)] {
        let offsets = [(partition.clone(), offset)].into();
        member.consumer.commit_for_test(seq, &offsets).unwrap();
    }
    for expected in [7, 8] {
        let said = member.said("the answer").await;
        let ConsumerEvent::Committed { seq, result } = said else {
            panic!("{said:?}");
        };
        result.unwrap();
        assert_eq!(seq, expected);
    }
    member.leave().await;
    let mut member = Member::join(settings(&bootstrap, &group, &[]), &[&topic]).await;
    member.until("the rest", |m| m.count() >= 40).await;
    assert_eq!(member.read[&0], numbers(60..100));
    member.leave().await;
}

async fn large(bootstrap: Arc<str>) {
    let topic = new_topic(&bootstrap, 1).await;
    let producer = producer(&bootstrap, &[]);
    let big = "x".repeat(20_000_000);
    for value in ["before", &big, "after"] {
        let record = BaseRecord::<(), str>::to(&topic)
            .partition(0)
            .payload(value);
        producer.send(record).unwrap();
    }
    producer.flush(PATIENCE).unwrap();
    let mut member = Member::join(settings(&bootstrap, &unique("g"), &[]), &[&topic]).await;
    member.until("three", |m| m.count() >= 3).await;
    let sizes: Vec<_> = member.read[&0].iter().map(String::len).collect();
    assert_eq!(sizes, [6, 20_000_000, 5]);
    member.leave().await;
}

async fn limits(bootstrap: Arc<str>) {
    let topic = new_topic(&bootstrap, 3).await;
    produce(&bootstrap, &topic, 3, 0, 2000);
    let mut member = Member::join(settings(&bootstrap, &unique("g"), &[]), &[&topic]).await;
    let small = data_plane::kafka::ReadLimits {
        records: 11,
        bytes: 23,
    };
    let deadline = Instant::now() + PATIENCE;
    while member.count() < 6000 && Instant::now() < deadline {
        let event = timeout(PATIENCE, member.consumer.event()).await.unwrap();
        match event {
            ConsumerEvent::Assigned(partitions) => {
                let start = |p: &TopicPartition| Start {
                    partition: Arc::new(p.clone()),
                    offset: None,
                    epoch: 0,
                    paused: false,
                };
                let starts: Vec<_> = partitions.iter().map(start).collect();
                member.consumer.assign(&starts).await.unwrap();
                member.epochs = partitions.into_iter().map(|p| (p, 0)).collect();
            }
            ConsumerEvent::Data => loop {
                let batch = member.consumer.read(small);
                assert!(batch.len() <= 11);
                if batch.is_empty() {
                    break;
                }
                member.keep(&batch);
            },
            other => panic!("{other:?}"),
        }
    }
    for partition in 0..3 {
        assert!(
            member.read[&partition] == numbers(0..2000),
            "partition {partition}"
        );
    }
    member.leave().await;
}

async fn codecs(bootstrap: Arc<str>) {
    let group = unique("g");
    for codec in ["none", "gzip", "snappy", "lz4", "zstd"] {
        let topic = new_topic(&bootstrap, 1).await;
        let producer = producer(&bootstrap, &[("compression.type", codec)]);
        for n in 0..1000 {
            let value = n.to_string();
            let record = BaseRecord::<(), str>::to(&topic)
                .partition(0)
                .payload(&value);
            producer.send(record).unwrap();
        }
        producer.flush(PATIENCE).unwrap();
        let mut member = Member::join(settings(&bootstrap, &group, &[]), &[&topic]).await;
        member.until(codec, |m| m.count() >= 1000).await;
        assert!(member.read[&0] == numbers(0..1000), "{codec}");
        member.leave().await;
    }
}

async fn headers(bootstrap: Arc<str>) {
    use rdkafka::message::{Header, OwnedHeaders};
    let topic = new_topic(&bootstrap, 1).await;
    let producer = producer(&bootstrap, &[]);
    let headers = OwnedHeaders::new()
        .insert(Header {
            key: "a",
            value: Some("1"),
        })
        .insert(Header::<&str> {
            key: "a",
            value: None,
        });
    let full = BaseRecord::to(&topic)
        .key("k")
        .payload("v")
        .timestamp(1234)
        .headers(headers);
    producer.send(full).unwrap();
    producer
        .send(BaseRecord::<str, str>::to(&topic).key("gone"))
        .unwrap();
    producer.flush(PATIENCE).unwrap();
    let mut member = Member::join(settings(&bootstrap, &unique("g"), &[]), &[&topic]).await;
    let mut batches = Vec::new();
    while batches
        .iter()
        .map(data_plane::raw::RawBatch::len)
        .sum::<usize>()
        < 2
    {
        match timeout(PATIENCE, member.consumer.event()).await.unwrap() {
            ConsumerEvent::Assigned(partitions) => {
                let starts = [Start {
                    partition: Arc::new(partitions[0].clone()),
                    offset: None,
                    epoch: 0,
                    paused: false,
                }];
                member.consumer.assign(&starts).await.unwrap();
            }
            ConsumerEvent::Data => batches.push(member.consumer.read(LIMITS)),
            other => panic!("{other:?}"),
        }
    }
    batches.retain(|b| !b.is_empty());
    let first = &batches[0];
    assert_eq!(first.key(0).as_deref(), Some(b"k".as_ref()));
    assert_eq!(first.value(0).as_deref(), Some(b"v".as_ref()));
    assert_eq!(first.timestamp(0), 1234);
    let headers: Vec<_> = first.headers(0).collect();
    assert_eq!(
        headers,
        [("a".into(), Some("1".into())), ("a".into(), None)]
    );
    let last = batches.last().unwrap();
    let tombstone = last.len() - 1;
    assert_eq!(last.value(tombstone), None);
    assert_eq!(last.headers(tombstone).len(), 0);
    member.leave().await;
}

async fn transactions(bootstrap: Arc<str>) {
    let topic = new_topic(&bootstrap, 1).await;
    let id = unique("tx");
    let producer = producer(&bootstrap, &[("transactional.id", &id)]);
    producer.init_transactions(PATIENCE).unwrap();
    for (value, commit) in [("a", true), ("b", false), ("c", true)] {
        producer.begin_transaction().unwrap();
        let record = BaseRecord::<(), str>::to(&topic)
            .partition(0)
            .payload(value);
        producer.send(record).unwrap();
        match commit {
            true => producer.commit_transaction(PATIENCE).unwrap(),
            false => {
                producer.flush(PATIENCE).unwrap();
                producer.abort_transaction(PATIENCE).unwrap();
            }
        }
    }
    for (level, expected) in [
        ("read_committed", vec!["a", "c"]),
        ("read_uncommitted", vec!["a", "b", "c"]),
    ] {
        let settings = settings(&bootstrap, &unique("g"), &[("isolation.level", level)]);
        let mut member = Member::join(settings, &[&topic]).await;
        member.until(level, |m| m.count() >= expected.len()).await;
        member.idle(Duration::from_millis(500)).await;
        assert_eq!(member.read[&0], expected, "{level}");
        member.leave().await;
    }
}
