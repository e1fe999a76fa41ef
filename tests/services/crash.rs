//! Killing, stopping and freezing things at bad moments, and counting afterwards.

use std::time::Duration;

use libtest_mimic::Trial;

use crate::support::kafka::{End, Isolation, Kafka, Record};
use crate::support::{Ctx, Need, wait_until};

pub fn tests(ctx: &'static Ctx) -> Vec<Trial> {
    let kafka = &[Need::Kafka];
    vec![
        ctx.trial(
            kafka,
            "crash::broker_keeps_its_records_over_a_kill",
            broker_keeps_its_records_over_a_kill,
        ),
        ctx.trial(
            kafka,
            "crash::frozen_broker_answers_nothing_until_thawed",
            frozen_broker_answers_nothing_until_thawed,
        ),
        ctx.trial(
            kafka,
            "crash::aborted_records_are_not_read",
            aborted_records_are_not_read,
        ),
    ]
}

fn broker_keeps_its_records_over_a_kill(_: &'static Ctx) {
    let kafka = Kafka::start().expect("a broker");
    let topic = kafka.new_topic("kept", 2);
    kafka.produce(
        &topic,
        (0..100).map(|i| Record::value(format!("v{i}")).partition(i % 2)),
    );
    kafka.stop();
    kafka.start_again().expect("the broker again");
    kafka.produce(&topic, [Record::value("after a stop").partition(0)]);
    kafka.kill();
    kafka.start_again().expect("the broker after a crash");
    wait_until(Duration::from_secs(20), "leaders", || {
        kafka.partitions(&topic).len() == 2
    });
    let messages = kafka.read(&topic);
    assert_eq!(messages.len(), 101);
    assert_eq!(messages[50].text(), "after a stop");
}

fn frozen_broker_answers_nothing_until_thawed(_: &'static Ctx) {
    use rdkafka::consumer::Consumer;
    let kafka = Kafka::start().expect("a broker");
    let consumer = kafka.consumer(None, &[]);
    let answers = || {
        consumer
            .fetch_metadata(None, Duration::from_secs(1))
            .is_ok()
    };
    assert!(answers());
    kafka.freeze();
    assert!(!answers());
    kafka.thaw();
    wait_until(Duration::from_secs(20), "an answer after the thaw", answers);
}

fn aborted_records_are_not_read(ctx: &'static Ctx) {
    let kafka = ctx.kafka();
    let topic = kafka.new_topic("transactions", 1);
    kafka.produce_transaction(&topic, ["no"], End::Abort);
    let kept = Record::value("yes")
        .key("k")
        .header("h", "x")
        .null_header("n")
        .timestamp(1_700_000_000_000);
    kafka.produce_transaction(&topic, [kept], End::Commit);
    kafka.produce_with(&[("compression.type", "zstd")], &topic, ["plain"]);

    let read = kafka.read(&topic);
    assert_eq!(
        read.iter().map(|m| m.text()).collect::<Vec<_>>(),
        ["yes", "plain"]
    );
    assert_eq!(read[0].key.as_deref(), Some(b"k".as_slice()));
    assert_eq!(read[0].timestamp, Some(1_700_000_000_000));
    assert_eq!(
        read[0].headers,
        [
            ("h".to_owned(), Some(b"x".to_vec())),
            ("n".to_owned(), None)
        ]
    );
    assert_eq!(
        kafka
            .read_isolated(&topic, Isolation::ReadUncommitted)
            .len(),
        3
    );
    assert_eq!(kafka.end_offsets(&topic)[&0], 5);
}
