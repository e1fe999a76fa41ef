//! The group gives and takes.

use std::sync::Arc;
use std::time::Duration;

use data_plane::kafka::{ConsumerEvent, GroupConsumer};
use tokio::time::timeout;

use crate::Test;
use crate::support::{Member, PATIENCE, new_topic, numbers, produce, settings, unique};

pub const COOPERATIVE: &[(&str, &str)] = &[(
    "partition.assignment.strategy",
    "org.apache.kafka.clients.consumer.CooperativeStickyAssignor",
)];

pub const TESTS: &[Test] = &[
    ("a_partition_that_comes_back_is_read_on_eager", |b| {
        Box::pin(comes_back(b, &[]))
    }),
    ("a_partition_that_comes_back_is_read_on_cooperative", |b| {
        Box::pin(comes_back(b, COOPERATIVE))
    }),
    (
        "a_partition_that_comes_back_is_read_on_consumer_protocol",
        |b| Box::pin(comes_back(b, &[("group.protocol", "consumer")])),
    ),
    ("lost_membership_is_told_and_healed", |b| Box::pin(lost(b))),
    ("a_late_answer_does_not_break_the_group", |b| {
        Box::pin(late(b))
    }),
    ("a_fenced_instance_is_fatal", |b| Box::pin(fenced(b))),
];

/// Two members, one leaves: what it had is read on by the other, more than once.
async fn comes_back(bootstrap: Arc<str>, more: &'static [(&str, &str)]) {
    let topic = new_topic(&bootstrap, 2).await;
    let group = unique("g");
    let mut stays = Member::join(settings(&bootstrap, &group, more), &[&topic]).await;
    stays
        .until("both partitions", |m| m.assigned.len() == 2)
        .await;
    for round in 0..3 {
        let mut leaves = Member::join(settings(&bootstrap, &group, more), &[&topic]).await;
        timeout(PATIENCE, async {
            while stays.assigned.len() != 1 || leaves.assigned.len() != 1 {
                tokio::select! {
                    said = stays.step() => check(said),
                    said = leaves.step() => check(said),
                }
            }
        })
        .await
        .expect("one partition each");
        leaves.leave().await;
        stays
            .until("both partitions again", |m| m.assigned.len() == 2)
            .await;
        stays.read.clear();
        produce(&bootstrap, &topic, 2, round * 100, 100);
        let last = (round * 100 + 99).to_string();
        let ends = |m: &Member, p| m.read.get(&p).and_then(|r| r.last()) == Some(&last);
        stays
            .until("the end of both", |m| ends(m, 0) && ends(m, 1))
            .await;
        for values in stays.read.values() {
            let first: i64 = values[0].parse().unwrap();
            assert!(
                *values == numbers(first..round * 100 + 100),
                "round {round}"
            );
        }
    }
    stays.leave().await;
}

fn check(said: Option<ConsumerEvent>) {
    assert!(
        said.as_ref()
            .is_none_or(|s| matches!(s, ConsumerEvent::Revoked { .. })),
        "{said:?}"
    );
}

async fn lost(bootstrap: Arc<str>) {
    let topic = new_topic(&bootstrap, 1).await;
    produce(&bootstrap, &topic, 1, 0, 10);
    let short = [
        ("max.poll.interval.ms", "6000"),
        ("session.timeout.ms", "6000"),
    ];
    let mut member = Member::join(settings(&bootstrap, &unique("g"), &short), &[&topic]).await;
    member.until("the records", |m| m.count() == 10).await;
    // Nobody polls for longer than the interval.
    tokio::time::sleep(Duration::from_secs(8)).await;
    let said = member.said("the loss").await;
    assert!(
        matches!(said, ConsumerEvent::Revoked { lost: true, .. }),
        "{said:?}"
    );
    member.offsets.clear();
    member.until("the records again", |m| m.count() == 20).await;
    member.leave().await;
}

async fn late(bootstrap: Arc<str>) {
    let topic = new_topic(&bootstrap, 2).await;
    let group = unique("g");
    let mut slow = Member::join(settings(&bootstrap, &group, &[]), &[&topic]).await;
    slow.until("both partitions", |m| m.assigned.len() == 2)
        .await;
    let mut other = Member::join(settings(&bootstrap, &group, &[]), &[&topic]).await;
    // The revocation is heard and answered late; meanwhile events go on.
    let revoked = timeout(PATIENCE, async {
        loop {
            tokio::select! {
                event = slow.consumer.event() => if let ConsumerEvent::Revoked { partitions, .. } = event {
                    return partitions;
                },
                said = other.step() => check(said),
            }
        }
    })
    .await
    .unwrap();
    let quiet = timeout(Duration::from_secs(3), slow.consumer.event()).await;
    assert!(quiet.is_err(), "{quiet:?}");
    slow.consumer.unassign(&revoked).await.unwrap();
    slow.assigned.clear();
    timeout(PATIENCE, async {
        while slow.assigned.len() != 1 || other.assigned.len() != 1 {
            tokio::select! {
                said = slow.step() => check(said),
                said = other.step() => check(said),
            }
        }
    })
    .await
    .expect("one partition each");
    slow.leave().await;
    other.leave().await;
}

async fn fenced(bootstrap: Arc<str>) {
    let topic = new_topic(&bootstrap, 1).await;
    let group = unique("g");
    let instance = [
        ("group.instance.id", "one"),
        ("heartbeat.interval.ms", "500"),
    ];
    let mut first = Member::join(settings(&bootstrap, &group, &instance), &[&topic]).await;
    first
        .until("the assignment", |m| m.assigned.len() == 1)
        .await;
    let second = Member::join(settings(&bootstrap, &group, &instance), &[&topic]).await;
    let error = timeout(PATIENCE, async {
        loop {
            match first.consumer.event().await {
                ConsumerEvent::Problem(error) => return error,
                ConsumerEvent::Revoked { partitions, .. } => {
                    first.consumer.unassign(&partitions).await.unwrap();
                }
                _ => {}
            }
        }
    })
    .await
    .unwrap();
    assert_eq!(error.class(), connect_api::ErrorClass::Fatal, "{error}");
    assert!(error.to_string().contains("group.instance.id"), "{error}");
    first.leave().await;
    second.leave().await;
}
