//! Topics that come later, brokers that are away, members that leave.

use std::sync::Arc;
use std::time::{Duration, Instant};

use connect_api::ErrorClass;
use data_plane::kafka::{ConsumerEvent, GroupConsumer, Subscription, TopicPattern};
use tokio::time::timeout;

use crate::Test;
use crate::rebalance::COOPERATIVE;
use crate::support::{
    Member, PATIENCE, create_topic, delete_topic, new_topic, numbers, produce, settings, unique,
};

pub const TESTS: &[Test] = &[
    ("an_unknown_topic_is_waited_for", |b| Box::pin(unknown(b))),
    ("a_topic_is_created_where_java_creates_it", |b| {
        Box::pin(created(b, &[]))
    }),
    ("a_topic_is_created_for_cooperative_members", |b| {
        Box::pin(created(b, COOPERATIVE))
    }),
    ("a_topic_is_created_for_the_consumer_protocol", |b| {
        Box::pin(created(b, &[("group.protocol", "consumer")]))
    }),
    ("a_pattern_finds_new_topics", |b| Box::pin(pattern(b))),
    ("no_offset_and_no_reset_policy_is_denied", |b| {
        Box::pin(no_reset(b))
    }),
    ("brokers_that_are_away_are_told_once", |b| Box::pin(away(b))),
    (
        "a_topic_that_is_made_anew_is_read_from_its_beginning",
        |b| Box::pin(made_anew(b)),
    ),
    ("dropping_a_member_does_not_block", |b| Box::pin(dropped(b))),
];

async fn unknown(bootstrap: Arc<str>) {
    let topic = unique("later");
    let more = [
        ("allow.auto.create.topics", "false"),
        ("metadata.max.age.ms", "1000"),
    ];
    let mut member = Member::join(settings(&bootstrap, &unique("g"), &more), &[&topic]).await;
    member.idle(Duration::from_secs(3)).await;
    assert!(member.assigned.is_empty());
    create_topic(&bootstrap, &topic, 1).await;
    produce(&bootstrap, &topic, 1, 0, 10);
    member.until("the records", |m| m.count() >= 10).await;
    member.leave().await;
}

async fn created(bootstrap: Arc<str>, more: &'static [(&str, &str)]) {
    let topic = unique("auto");
    let other = new_topic(&bootstrap, 1).await;
    let settings = settings(&bootstrap, &unique("g"), more);
    let mut member = Member::join(settings, &[&topic, &other]).await;
    member
        .until("the assignment", |m| m.assigned.len() == 1)
        .await;
    member.leave().await;
}

async fn pattern(bootstrap: Arc<str>) {
    let (first, second) = (unique("match"), unique("match"));
    let prefix = first
        .trim_start_matches("match-")
        .split('-')
        .next()
        .unwrap()
        .to_owned();
    let prefix = &prefix[..8];
    create_topic(&bootstrap, &first, 1).await;
    create_topic(&bootstrap, &format!("not-{first}"), 1).await;
    produce(&bootstrap, &first, 1, 0, 10);
    let pattern = format!("match-{prefix}.*|__consumer_offsets");
    let subscription = Subscription::Pattern(TopicPattern::new(&pattern).unwrap());
    let settings = settings(&bootstrap, &unique("g"), &[("metadata.max.age.ms", "1000")]);
    let mut member = Member::subscribe(settings, subscription).await;
    member.until("the first topic", |m| m.count() >= 10).await;
    create_topic(&bootstrap, &second, 1).await;
    produce(&bootstrap, &second, 1, 0, 10);
    let has = |m: &Member, topic: &str| m.assigned.iter().any(|p| &*p.topic == topic);
    member
        .until("the second topic", |m| has(m, &first) && has(m, &second))
        .await;
    assert!(
        member
            .assigned
            .iter()
            .all(|p| p.topic.starts_with("match-")),
        "{:?}",
        member.assigned
    );
    member.leave().await;
}

async fn no_reset(bootstrap: Arc<str>) {
    let topic = new_topic(&bootstrap, 1).await;
    produce(&bootstrap, &topic, 1, 0, 1);
    let settings = settings(&bootstrap, &unique("g"), &[("auto.offset.reset", "none")]);
    let mut member = Member::join(settings, &[&topic]).await;
    let said = member.said("the problem").await;
    let ConsumerEvent::Problem(error) = said else {
        panic!("{said:?}");
    };
    assert_eq!(error.class(), ErrorClass::Denied, "{error}");
    assert!(error.to_string().contains(&format!("{topic}-0")), "{error}");
    member.leave().await;
}

async fn away(_: Arc<str>) {
    let mut member = Member::join(settings("127.0.0.1:1", "g", &[]), &["t"]).await;
    let said = timeout(Duration::from_secs(30), member.said("the problem"))
        .await
        .unwrap();
    let ConsumerEvent::Problem(error) = said else {
        panic!("{said:?}");
    };
    assert_eq!(error.class(), ErrorClass::Unavailable, "{error}");
    let again = timeout(Duration::from_secs(5), member.said("more")).await;
    assert!(again.is_err(), "{again:?}");
    let before = Instant::now();
    member.leave().await;
    assert!(
        before.elapsed() < Duration::from_secs(9),
        "{:?}",
        before.elapsed()
    );
}

async fn dropped(bootstrap: Arc<str>) {
    let topic = new_topic(&bootstrap, 1).await;
    let group = unique("g");
    let mut first = Member::join(settings(&bootstrap, &group, &[]), &[&topic]).await;
    // An assignment that is never answered.
    let event = timeout(PATIENCE, first.consumer.event()).await.unwrap();
    assert!(matches!(event, ConsumerEvent::Assigned(_)));
    let before = Instant::now();
    drop(first);
    assert!(
        before.elapsed() < Duration::from_millis(500),
        "{:?}",
        before.elapsed()
    );
    let mut second = Member::join(settings(&bootstrap, &group, &[]), &[&topic]).await;
    second
        .until("the assignment", |m| m.assigned.len() == 1)
        .await;
    second.leave().await;
}

async fn made_anew(bootstrap: Arc<str>) {
    let topic = new_topic(&bootstrap, 1).await;
    produce(&bootstrap, &topic, 1, 0, 100);
    let more = [
        ("metadata.max.age.ms", "500"),
        ("allow.auto.create.topics", "false"),
    ];
    let mut member = Member::join(settings(&bootstrap, &unique("g"), &more), &[&topic]).await;
    member.until("the first life", |m| m.count() >= 100).await;
    delete_topic(&bootstrap, &topic).await;
    member.idle(Duration::from_secs(3)).await;
    create_topic(&bootstrap, &topic, 1).await;
    produce(&bootstrap, &topic, 1, 1000, 10);
    member.offsets.clear();
    member.until("the second life", |m| m.count() >= 110).await;
    assert_eq!(member.read[&0][100..], numbers(1000..1010));
    member.leave().await;
}
