//! Dead letters and the admin client.

use std::sync::Arc;
use std::time::{Duration, Instant};

use connect_api::config::Config;
use connect_api::{ErrorClass, TopicPartition};
use data_plane::kafka::client_keys::ClientSettings;
use data_plane::kafka::{
    ClusterAdmin, ConsumerEvent, Creation, DeadLetterProducer, DeadLetterTopic, GroupAdmin,
    GroupChange, Letter, TopicSpec, dead_letter_base,
};
use tokio::time::timeout;

use crate::Test;
use crate::support::{Member, new_topic, numbers, produce, settings, unique};

pub const TESTS: &[Test] = &[
    ("dead_letters_arrive_in_order", |b| Box::pin(letters(b))),
    ("a_dead_letter_that_is_too_large_is_fatal", |b| {
        Box::pin(too_large(b))
    }),
    ("an_impossible_replication_factor_is_told", |b| {
        Box::pin(replication(b))
    }),
    ("keys_go_to_the_partitions_java_chooses", |b| {
        Box::pin(partitions(b))
    }),
    ("dead_letters_wait_for_a_cluster_that_is_away", |b| {
        Box::pin(away(b))
    }),
    ("the_admin_client_knows_the_cluster", |b| {
        Box::pin(cluster(b))
    }),
    ("the_admin_client_knows_groups", |b| Box::pin(groups(b))),
];

fn admin_settings(bootstrap: &str) -> ClientSettings {
    let config = Config::from([
        ("bootstrap.servers", bootstrap),
        ("client.id", "admin"),
        ("default.api.timeout.ms", "3000"),
    ]);
    ClientSettings::admin(&config).unwrap().0
}

fn dead_letters(bootstrap: &str, topic: &str, replication: i16) -> DeadLetterProducer {
    let mut config = dead_letter_base();
    config.insert("bootstrap.servers", bootstrap);
    config.insert("client.id", "dead-letters");
    let settings = ClientSettings::producer(&config).unwrap().0;
    DeadLetterProducer::new(settings, admin_settings(bootstrap), topic, replication).unwrap()
}

fn letter(value: impl Into<bytes::Bytes>) -> Letter {
    Letter {
        key: None,
        value: Some(value.into()),
        timestamp: Some(77),
        headers: vec![("h".into(), Some("x".into())), ("none".into(), None)],
    }
}

async fn letters(bootstrap: Arc<str>) {
    let topic = unique("dlq");
    let producer = dead_letters(&bootstrap, &topic, 1);
    producer.prepare().await.unwrap();
    producer.prepare().await.unwrap();
    let admin = ClusterAdmin::new(admin_settings(&bootstrap)).unwrap();
    assert_eq!(admin.list_topics().await.unwrap().get(&topic), Some(&1));
    for chunk in numbers(0..1000).chunks(300) {
        let letters = chunk.iter().map(|n| letter(n.clone())).collect();
        producer.send(letters).await.unwrap();
    }
    let mut member = Member::join(settings(&bootstrap, &unique("g"), &[]), &[&topic]).await;
    member.until("the letters", |m| m.count() >= 1000).await;
    assert_eq!(member.read[&0], numbers(0..1000));
    member.leave().await;
}

async fn too_large(bootstrap: Arc<str>) {
    let topic = unique("dlq");
    let producer = dead_letters(&bootstrap, &topic, 1);
    producer.prepare().await.unwrap();
    let letters = vec![
        letter("fits"),
        letter(vec![b'x'; 2_000_000]),
        letter("after"),
    ];
    let error = producer.send(letters).await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Fatal, "{error}");
    assert!(error.to_string().contains("2000006 bytes"), "{error}");
    assert!(error.to_string().contains("1048576"), "{error}");
}

async fn replication(bootstrap: Arc<str>) {
    let topic = unique("dlq");
    let error = dead_letters(&bootstrap, &topic, 3)
        .prepare()
        .await
        .unwrap_err();
    assert_eq!(error.class(), ErrorClass::Fatal, "{}", error.trace());
    let expected = format!("Could not initialize dead letter queue with topic={topic}");
    assert_eq!(error.to_string(), expected);
    assert!(error.trace().contains("eplication"), "{}", error.trace());
}

/// Kafka's murmur2.
fn murmur2(data: &[u8]) -> u32 {
    const M: u32 = 0x5bd1_e995;
    let mut h = 0x9747_b28c ^ data.len() as u32;
    let mut words = data.chunks_exact(4);
    for word in &mut words {
        let mut k = u32::from_le_bytes(word.try_into().unwrap()).wrapping_mul(M);
        k = (k ^ (k >> 24)).wrapping_mul(M);
        h = h.wrapping_mul(M) ^ k;
    }
    let rest = words.remainder();
    for (i, byte) in rest.iter().enumerate().rev() {
        h ^= u32::from(*byte) << (8 * i);
        if i == 0 {
            h = h.wrapping_mul(M);
        }
    }
    h = (h ^ (h >> 13)).wrapping_mul(M);
    h ^ (h >> 15)
}

async fn partitions(bootstrap: Arc<str>) {
    let topic = new_topic(&bootstrap, 7).await;
    let producer = dead_letters(&bootstrap, &topic, 1);
    producer.prepare().await.unwrap();
    let keyed = |n: String| Letter {
        key: Some(n.clone().into()),
        ..letter(n)
    };
    let letters = numbers(0..200).into_iter().map(keyed).collect();
    producer.send(letters).await.unwrap();
    let mut member = Member::join(settings(&bootstrap, &unique("g"), &[]), &[&topic]).await;
    member.until("the letters", |m| m.count() >= 200).await;
    for (partition, values) in &member.read {
        for value in values {
            let expected = (murmur2(value.as_bytes()) & 0x7fff_ffff) % 7;
            assert_eq!(*partition, expected as i32, "{value}");
        }
    }
    member.leave().await;
}

async fn away(_: Arc<str>) {
    let producer = dead_letters("127.0.0.1:1", "d", 1);
    let error = producer.prepare().await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Unavailable, "{}", error.trace());
    let sent = timeout(Duration::from_secs(2), producer.send(vec![letter("v")])).await;
    assert!(sent.is_err(), "{sent:?}");
    let before = Instant::now();
    drop(producer);
    assert!(before.elapsed() < Duration::from_millis(500));
}

async fn cluster(bootstrap: Arc<str>) {
    let admin = ClusterAdmin::new(admin_settings(&bootstrap)).unwrap();
    assert!(!admin.cluster_id().await.unwrap().is_empty());
    let topic = TopicSpec {
        name: unique("made"),
        partitions: 3,
        replication: -1,
        config: [("cleanup.policy".to_owned(), "compact".to_owned())].into(),
    };
    assert_eq!(admin.create_topic(&topic).await.unwrap(), Creation::Created);
    assert_eq!(admin.create_topic(&topic).await.unwrap(), Creation::Existed);
    assert_eq!(
        admin.list_topics().await.unwrap().get(&topic.name),
        Some(&3)
    );
    let wrong = TopicSpec {
        name: "not a name".into(),
        ..topic
    };
    let error = admin.create_topic(&wrong).await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Fatal, "{error}");
    assert!(error.to_string().contains("not a name"), "{error}");
    let away = ClusterAdmin::new(admin_settings("127.0.0.1:1")).unwrap();
    let error = away.cluster_id().await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Unavailable, "{error}");
}

async fn groups(bootstrap: Arc<str>) {
    let admin = ClusterAdmin::new(admin_settings(&bootstrap)).unwrap();
    let (topic, group) = (new_topic(&bootstrap, 2).await, unique("g"));
    assert!(admin.group_offsets(&group).await.unwrap().is_empty());
    produce(&bootstrap, &topic, 2, 0, 10);
    let mut member = Member::join(settings(&bootstrap, &group, &[]), &[&topic]).await;
    member.until("the records", |m| m.count() >= 20).await;
    let offsets = [(TopicPartition::new(topic.as_str(), 1), 4)].into();
    member.consumer.commit_for_test(1, &offsets).unwrap();
    let said = member.said("the answer").await;
    assert!(
        matches!(said, ConsumerEvent::Committed { result: Ok(()), .. }),
        "{said:?}"
    );
    assert_eq!(admin.group_offsets(&group).await.unwrap(), offsets);
    let with_members = GroupChange::GroupHasMembers;
    assert_eq!(admin.delete_group(&group).await.unwrap(), with_members);
    let altered = admin.alter_group_offsets(&group, &offsets).await;
    assert_eq!(altered.unwrap(), with_members);
    let partition = |n| TopicPartition::new(topic.as_str(), n);
    let forgotten = admin.delete_group_offsets(&group, &[partition(1)]).await;
    assert_eq!(forgotten.unwrap(), with_members);
    member.leave().await;
    let others = [(partition(0), 7), (partition(1), 0)].into();
    let altered = admin.alter_group_offsets(&group, &others).await;
    assert_eq!(altered.unwrap(), GroupChange::Done);
    assert_eq!(admin.group_offsets(&group).await.unwrap(), others);
    let absent = [(partition(9), 1)].into();
    let error = admin
        .alter_group_offsets(&group, &absent)
        .await
        .unwrap_err();
    assert!(error.to_string().contains(&group), "{error}");
    for _ in 0..2 {
        let forgotten = admin.delete_group_offsets(&group, &[partition(0)]).await;
        assert_eq!(forgotten.unwrap(), GroupChange::Done);
        let left = [(partition(1), 0)].into();
        assert_eq!(admin.group_offsets(&group).await.unwrap(), left);
    }
    admin.delete_group(&group).await.unwrap();
    admin.delete_group(&group).await.unwrap();
    assert!(admin.group_offsets(&group).await.unwrap().is_empty());
}
