use std::sync::Arc;
use std::time::Duration;

use connect_api::{ConnectError, TopicPartition};
use tokio::time::timeout;

use super::{Call, Member, MemoryCluster, MemoryConsumer, MemoryDeadLetters, MemoryRecord, Op};
use crate::kafka::{ConsumerEvent, DeadLetterTopic, GroupConsumer, Letter, ReadLimits, Start};
use crate::raw::RawBatch;
use crate::task::Durable;

const LIMITS: ReadLimits = ReadLimits {
    records: 100,
    bytes: 10,
};

fn partition(n: i32) -> TopicPartition {
    TopicPartition::new("t", n)
}

fn start(n: i32, offset: Option<i64>, epoch: u64) -> Start {
    Start {
        partition: Arc::new(partition(n)),
        offset,
        epoch,
        paused: false,
    }
}

fn offsets(batch: &RawBatch) -> Vec<i64> {
    (0..batch.len()).map(|i| batch.offset(i)).collect()
}

async fn quiet(consumer: &mut MemoryConsumer) -> bool {
    timeout(Duration::from_secs(1), consumer.event())
        .await
        .is_err()
}

async fn assigned(cluster: &MemoryCluster, starts: &[Start]) -> (MemoryConsumer, Member) {
    let (mut consumer, member) = cluster.member("g");
    let partitions: Vec<_> = starts.iter().map(|s| (*s.partition).clone()).collect();
    member.assign(&partitions);
    assert!(quiet(&mut consumer).await, "not subscribed yet");
    consumer.subscribe().await.unwrap();
    let event = consumer.event().await;
    assert!(matches!(event, ConsumerEvent::Assigned(p) if p == partitions));
    consumer.assign(starts).await.unwrap();
    member.settled().await;
    (consumer, member)
}

#[tokio::test(start_paused = true)]
async fn reads_from_the_committed_offset_within_limits_and_tells_of_data_once() {
    let cluster = MemoryCluster::new();
    for _ in 0..5 {
        cluster.append("t", 0, MemoryRecord::value("four"));
    }
    cluster.commit("g", partition(0), 1);
    let (mut consumer, _member) = assigned(&cluster, &[start(0, None, 3)]).await;
    assert!(matches!(consumer.event().await, ConsumerEvent::Data));
    let batch = consumer.read(LIMITS);
    assert_eq!((offsets(&batch), batch.runs()[0].epoch), (vec![1, 2], 3));
    assert!(quiet(&mut consumer).await, "told once");
    assert_eq!(offsets(&consumer.read(LIMITS)), [3, 4]);
    assert!(consumer.read(LIMITS).is_empty());
    cluster.skip("t", 0, 2);
    cluster.append("t", 0, MemoryRecord::value("longer than the limit"));
    assert!(matches!(consumer.event().await, ConsumerEvent::Data));
    assert_eq!(offsets(&consumer.read(LIMITS)), [7]);
}

#[tokio::test(start_paused = true)]
async fn a_second_rebalance_waits_for_the_answer_to_the_first() {
    let cluster = MemoryCluster::new();
    let (mut consumer, member) = assigned(&cluster, &[start(0, None, 1)]).await;
    member.revoke(&[partition(0)]);
    member.lose(&[partition(1)]);
    let event = consumer.event().await;
    assert!(matches!(event, ConsumerEvent::Revoked { lost: false, .. }));
    member.problem(ConnectError::unavailable("away"));
    assert!(matches!(consumer.event().await, ConsumerEvent::Problem(_)));
    assert!(quiet(&mut consumer).await);
    consumer.unassign(&[partition(0)]).await.unwrap();
    assert!(member.positions().is_empty());
    let event = consumer.event().await;
    assert!(matches!(event, ConsumerEvent::Revoked { lost: true, .. }));
}

#[tokio::test(start_paused = true)]
async fn pause_seek_and_resume() {
    let cluster = MemoryCluster::new();
    for _ in 0..3 {
        cluster.append("t", 0, MemoryRecord::value("v"));
    }
    let (mut consumer, member) = assigned(&cluster, &[start(0, None, 1)]).await;
    assert_eq!(consumer.read(LIMITS).len(), 3);
    consumer.pause(&[partition(0)]).await.unwrap();
    consumer
        .seek(&[Start {
            paused: true,
            ..start(0, Some(1), 2)
        }])
        .await
        .unwrap();
    assert_eq!(member.paused(), [partition(0)]);
    assert!(consumer.read(LIMITS).is_empty());
    consumer.resume(&[partition(0)]).await.unwrap();
    let batch = consumer.read(LIMITS);
    assert_eq!((offsets(&batch), batch.runs()[0].epoch), (vec![1, 2], 2));
    assert!(consumer.pause(&[partition(9)]).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn commits_can_be_held_and_can_fail() {
    let cluster = MemoryCluster::new();
    let (mut consumer, member) = assigned(&cluster, &[start(0, None, 1)]).await;
    let durable = Durable::for_test([(partition(0), 5)].into());
    member.hold(Op::Commit);
    consumer.commit(1, &durable).unwrap();
    assert!(quiet(&mut consumer).await);
    assert_eq!(cluster.committed("g", &partition(0)), None);
    member.fail(Op::Commit, ConnectError::retriable("no coordinator"));
    consumer.commit(2, &durable).unwrap();
    member.release(Op::Commit);
    let first = consumer.event().await;
    assert!(matches!(
        first,
        ConsumerEvent::Committed {
            seq: 1,
            result: Err(_)
        }
    ));
    let second = consumer.event().await;
    assert!(matches!(
        second,
        ConsumerEvent::Committed {
            seq: 2,
            result: Ok(())
        }
    ));
    assert_eq!(cluster.committed("g", &partition(0)), Some(5));
    Box::new(consumer).close(Duration::ZERO).await;
    assert!(member.is_closed());
    assert_eq!(member.calls()[0], Call::Subscribe);
}

#[tokio::test(start_paused = true)]
async fn dead_letters_fail_on_demand() {
    let topic = MemoryDeadLetters::new();
    topic.prepare().await.unwrap();
    let letter = Letter {
        key: None,
        value: Some("v".into()),
        timestamp: None,
        headers: Vec::new(),
    };
    topic.fail(Op::Send, ConnectError::denied("not permitted"));
    assert!(topic.send(vec![letter.clone()]).await.is_err());
    topic.send(vec![letter.clone()]).await.unwrap();
    assert_eq!(topic.letters(), [letter]);
}
