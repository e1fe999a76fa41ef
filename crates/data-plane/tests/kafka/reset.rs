//! `auto.offset.reset=by_duration`: where a partition begins by time.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use connect_api::TopicPartition;
use connect_api::sink::Offsets;
use data_plane::kafka::ConsumerEvent;
use rdkafka::producer::{BaseRecord, Producer};

use crate::Test;
use crate::support::{Member, PATIENCE, new_topic, numbers, producer, settings, unique};

const COOPERATIVE: &str = "org.apache.kafka.clients.consumer.CooperativeStickyAssignor";
const HOUR: (&str, &str) = ("auto.offset.reset", "by_duration:PT1H");

pub const TESTS: &[Test] = &[
    ("partitions_begin_by_time_on_eager", |b| {
        Box::pin(begins(b, &[HOUR]))
    }),
    ("partitions_begin_by_time_on_cooperative", |b| {
        let strategy = ("partition.assignment.strategy", COOPERATIVE);
        Box::pin(begins(b, vec![HOUR, strategy].leak()))
    }),
    ("partitions_begin_by_time_on_consumer_protocol", |b| {
        Box::pin(begins(b, &[HOUR, ("group.protocol", "consumer")]))
    }),
    ("an_offset_out_of_range_is_reset_by_time", |b| {
        Box::pin(out_of_range(b))
    }),
    ("a_committed_offset_counts_more_than_time", |b| {
        Box::pin(committed(b))
    }),
];

/// Records with these numbers, as old as that.
fn produce(
    bootstrap: &str,
    topic: &str,
    partition: i32,
    range: std::ops::Range<i64>,
    age: Duration,
) {
    let producer = producer(bootstrap, &[]);
    let time = SystemTime::now() - age;
    let millis = time
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap()
        .as_millis() as i64;
    for value in numbers(range) {
        let record = BaseRecord::<(), str>::to(topic)
            .partition(partition)
            .timestamp(millis)
            .payload(&value);
        producer.send(record).unwrap();
    }
    producer.flush(PATIENCE).unwrap();
}

const OLD: Duration = Duration::from_secs(2 * 3600);
const NEW: Duration = Duration::ZERO;

/// One partition has old and new records, one old ones only. Nothing is read twice when more come.
async fn begins(bootstrap: Arc<str>, more: &'static [(&str, &str)]) {
    let topic = new_topic(&bootstrap, 2).await;
    produce(&bootstrap, &topic, 0, 0..5, OLD);
    produce(&bootstrap, &topic, 0, 5..10, NEW);
    produce(&bootstrap, &topic, 1, 0..5, OLD);
    let mut member = Member::join(settings(&bootstrap, &unique("g"), more), &[&topic]).await;
    member.until("the new ones", |m| m.count() >= 5).await;
    assert_eq!(member.read[&0], numbers(5..10));
    produce(&bootstrap, &topic, 0, 10..12, NEW);
    produce(&bootstrap, &topic, 1, 5..8, NEW);
    member.until("more", |m| m.count() >= 10).await;
    assert_eq!(member.read[&0], numbers(5..12));
    assert_eq!(member.read[&1], numbers(5..8));
    member.leave().await;
}

async fn out_of_range(bootstrap: Arc<str>) {
    let topic = new_topic(&bootstrap, 1).await;
    produce(&bootstrap, &topic, 0, 0..5, OLD);
    produce(&bootstrap, &topic, 0, 5..10, NEW);
    let group = unique("g");
    let partition = TopicPartition::new(topic.as_str(), 0);
    commit(&bootstrap, &group, &topic, (partition, 1000)).await;
    let mut member = Member::join(settings(&bootstrap, &group, &[HOUR]), &[&topic]).await;
    member.until("the new ones", |m| m.count() >= 5).await;
    assert_eq!(member.read[&0], numbers(5..10));
    member.leave().await;
}

async fn committed(bootstrap: Arc<str>) {
    let topic = new_topic(&bootstrap, 1).await;
    produce(&bootstrap, &topic, 0, 0..10, OLD);
    let group = unique("g");
    let partition = TopicPartition::new(topic.as_str(), 0);
    commit(&bootstrap, &group, &topic, (partition, 7)).await;
    let mut member = Member::join(settings(&bootstrap, &group, &[HOUR]), &[&topic]).await;
    member.until("the rest", |m| m.count() >= 3).await;
    assert_eq!(member.read[&0], numbers(7..10));
    member.leave().await;
}

/// Commits for a group by a member that then leaves.
async fn commit(bootstrap: &str, group: &str, topic: &str, place: (TopicPartition, i64)) {
    let mut member = Member::join(settings(bootstrap, group, &[]), &[topic]).await;
    member
        .until("the assignment", |m| !m.assigned.is_empty())
        .await;
    let offsets: Offsets = [place].into_iter().collect();
    member.consumer.commit_for_test(1, &offsets).unwrap();
    let said = member.said("the answer").await;
    assert!(
        matches!(
            said,
            ConsumerEvent::Committed {
                seq: 1,
                result: Ok(())
            }
        ),
        "{said:?}"
    );
    member.leave().await;
}
