//! The checks of the suite, one function each.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use connect_api::record::{SinkRecord, TopicPartition};
use connect_api::{ConnectError, ErrorClass};

use crate::harness::{Harness, means_not_now};
use crate::records::partition;
use crate::suite::{Outcome, SinkUnderTest};

/// Not `Send`: a suite is driven by the thread of its test, and need not be `Sync`.
type Checked<'a> = Pin<Box<dyn Future<Output = Result<Outcome, String>> + 'a>>;
type Check = fn(&mut dyn SinkUnderTest) -> Checked<'_>;

/// By the names that results show, in the order in which they run.
pub(crate) const ALL: [(&str, Check); 14] = [
    ("opens and closes", |s| Box::pin(opens_and_closes(s))),
    ("empty put", |s| Box::pin(empty_put(s))),
    ("batch of one", |s| Box::pin(batch_of_one(s))),
    ("batch of many", |s| Box::pin(batch_of_many(s))),
    ("tombstone", |s| Box::pin(tombstone(s))),
    ("one bad record among good ones", |s| {
        Box::pin(bad_record(s))
    }),
    ("target down at start", |s| Box::pin(down_at_start(s))),
    ("target down while running", |s| {
        Box::pin(down_while_running(s))
    }),
    ("replay after a crash", |s| Box::pin(replay(s))),
    ("partition lost", |s| Box::pin(partition_lost(s))),
    ("unknown key", |s| Box::pin(unknown_key(s))),
    ("secrets are never printed", |s| Box::pin(secrets(s))),
    ("stop twice", |s| Box::pin(stop_twice(s))),
    ("stop after a failed start", |s| {
        Box::pin(stop_after_failed_start(s))
    }),
];

const PASSED: Result<Outcome, String> = Ok(Outcome::Passed);

/// Two partitions of the suite's topic.
struct Partitions([Arc<TopicPartition>; 2]);

impl Partitions {
    fn of(suite: &dyn SinkUnderTest) -> Self {
        Self([0, 1].map(|n| partition(suite.topic(), n)))
    }

    fn both(&self) -> Vec<TopicPartition> {
        self.0.iter().map(|p| (**p).clone()).collect()
    }
}

/// Good records of one partition for a run of items; offsets are those of the items.
fn good(
    suite: &dyn SinkUnderTest,
    origin: &Arc<TopicPartition>,
    items: std::ops::Range<u64>,
) -> Vec<SinkRecord> {
    items
        .map(|item| suite.good(origin, item as i64, item))
        .collect()
}

async fn started(suite: &dyn SinkUnderTest) -> Result<(Harness, Partitions), String> {
    let partitions = Partitions::of(suite);
    let harness = Harness::started(suite.plugin(), &suite.config(), &partitions.both()).await?;
    Ok((harness, partitions))
}

/// Compares the target with what should be in it.
async fn expect_items(suite: &mut dyn SinkUnderTest, expected: &[u64]) -> Result<(), String> {
    let mut items = suite.items().await;
    items.sort_unstable();
    if items == expected {
        return Ok(());
    }
    Err(format!(
        "the target holds {items:?} instead of {expected:?}"
    ))
}

fn text(error: ConnectError) -> String {
    error.trace()
}

async fn opens_and_closes(suite: &mut dyn SinkUnderTest) -> Result<Outcome, String> {
    let (mut h, p) = started(suite).await?;
    h.task.close(&p.both()).await.map_err(text)?;
    h.task.open(&p.both()).await.map_err(text)?;
    h.write(good(suite, &p.0[0], 0..1)).await?;
    h.task.close(&p.both()).await.map_err(text)?;
    h.task.stop().await;
    expect_items(suite, &[0]).await?;
    PASSED
}

async fn empty_put(suite: &mut dyn SinkUnderTest) -> Result<Outcome, String> {
    let (mut h, p) = started(suite).await?;
    h.write(Vec::new()).await?;
    h.write(good(suite, &p.0[0], 0..1)).await?;
    h.write(Vec::new()).await?;
    h.task.stop().await;
    expect_items(suite, &[0]).await?;
    PASSED
}

async fn batch_of_one(suite: &mut dyn SinkUnderTest) -> Result<Outcome, String> {
    let (mut h, p) = started(suite).await?;
    h.write(good(suite, &p.0[0], 7..8)).await?;
    expect_items(suite, &[7]).await?;
    h.task.stop().await;
    PASSED
}

async fn batch_of_many(suite: &mut dyn SinkUnderTest) -> Result<Outcome, String> {
    let (mut h, p) = started(suite).await?;
    let mut records = good(suite, &p.0[0], 0..500);
    records.extend(good(suite, &p.0[1], 500..1000));
    h.write(records).await?;
    h.task.stop().await;
    expect_items(suite, &Vec::from_iter(0..1000)).await?;
    PASSED
}

/// A tombstone is written or refused as a record; it never stops the others.
async fn tombstone(suite: &mut dyn SinkUnderTest) -> Result<Outcome, String> {
    let (mut h, p) = started(suite).await?;
    let mut records = good(suite, &p.0[0], 0..2);
    records.push(suite.tombstone(&p.0[0], 2, 2));
    records.extend(good(suite, &p.0[0], 3..5));
    let left_out = h.write_isolating(records).await?;
    if !left_out.is_empty() && left_out != [2] {
        return Err(format!(
            "records {left_out:?} were refused instead of the tombstone"
        ));
    }
    h.task.stop().await;
    let items: Vec<u64> = suite.items().await;
    for item in [0, 1, 3, 4] {
        if !items.contains(&item) {
            return Err(format!("item {item} is missing among {items:?}"));
        }
    }
    PASSED
}

async fn bad_record(suite: &mut dyn SinkUnderTest) -> Result<Outcome, String> {
    let (mut h, p) = started(suite).await?;
    let mut records = good(suite, &p.0[0], 0..3);
    let Some(bad) = suite.bad(&p.0[0], 3, 3) else {
        h.task.stop().await;
        return Ok(Outcome::Skipped("the sink refuses no record"));
    };
    records.push(bad);
    records.extend(good(suite, &p.0[0], 4..6));
    records.extend(good(suite, &p.0[1], 6..8));

    let report = h.put(records.clone()).await;
    let failure = report.failure.ok_or("the bad record was accepted")?;
    if failure.error.class() != ErrorClass::Record {
        return Err(format!(
            "a bad record is {:?}: {}",
            failure.error.class(),
            failure.error.trace()
        ));
    }
    let names_it = failure.records.is_empty() || failure.records.contains(&3);
    if !names_it || report.applied.contains(&3) {
        return Err(format!(
            "the report names {:?} instead of 3",
            failure.records
        ));
    }
    // Places and items are the same numbers here.
    let applied: Vec<u64> = report.applied.iter().map(|i| *i as u64).collect();
    expect_items(suite, &applied).await?;

    let rest: Vec<usize> = (0..records.len())
        .filter(|i| !report.applied.contains(i))
        .collect();
    let put_again = rest.iter().map(|i| records[*i].clone()).collect();
    let left_out = h.write_isolating(put_again).await?;
    h.task.stop().await;
    if left_out.iter().map(|i| rest[*i]).ne([3]) {
        return Err(format!("left out {left_out:?} of {rest:?} instead of 3"));
    }
    expect_items(suite, &[0, 1, 2, 4, 5, 6, 7]).await?;
    PASSED
}

const NO_FAULT: Result<Outcome, String> = Ok(Outcome::Skipped("the target cannot be taken away"));

async fn down_at_start(suite: &mut dyn SinkUnderTest) -> Result<Outcome, String> {
    let Some(mut fault) = suite.fault() else {
        return NO_FAULT;
    };
    let p = Partitions::of(suite);
    let mut h = Harness::new(suite.plugin(), &suite.config())?;
    fault.down().await;
    // A sink may connect late; then the first put finds out.
    let start = h.start().await;
    let is_started = start.is_ok();
    let records = good(suite, &p.0[0], 0..3);
    let error = match start {
        Err(error) => Some(error),
        Ok(()) => h.put(records.clone()).await.failure.map(|f| f.error),
    };
    fault.up().await;
    not_now(error)?;
    h.write_when_up(is_started, &records).await?;
    h.task.stop().await;
    expect_at_least(suite, 0..3).await
}

async fn down_while_running(suite: &mut dyn SinkUnderTest) -> Result<Outcome, String> {
    let Some(mut fault) = suite.fault() else {
        return NO_FAULT;
    };
    let (mut h, p) = started(suite).await?;
    h.write(good(suite, &p.0[0], 0..2)).await?;
    fault.down().await;
    let records = good(suite, &p.0[0], 2..5);
    let error = h.put(records.clone()).await.failure.map(|f| f.error);
    fault.up().await;
    not_now(error)?;
    h.write_when_up(true, &records).await?;
    h.task.stop().await;
    expect_at_least(suite, 0..5).await
}

/// A target that is away is never a record's fault, nor a reason to give up.
fn not_now(error: Option<ConnectError>) -> Result<(), String> {
    let error = error.ok_or("nothing was said while the target was away")?;
    if means_not_now(&error) {
        return Ok(());
    }
    Err(format!(
        "a target that is away is {:?}: {}",
        error.class(),
        error.trace()
    ))
}

async fn replay(suite: &mut dyn SinkUnderTest) -> Result<Outcome, String> {
    let (mut h, p) = started(suite).await?;
    let records = good(suite, &p.0[0], 0..20);
    if let Some(failure) = h.put(records.clone()).await.failure {
        return Err(failure.error.trace());
    }
    // The process dies: no pre_commit, no close, no stop.
    drop(h);
    let (mut h, _) = started(suite).await?;
    h.write(records).await?;
    h.task.stop().await;
    expect_at_least(suite, 0..20).await
}

/// Every item is there; just once if the sink promises that.
async fn expect_at_least(
    suite: &mut dyn SinkUnderTest,
    expected: std::ops::Range<u64>,
) -> Result<Outcome, String> {
    let mut items = suite.items().await;
    items.sort_unstable();
    if !suite.is_idempotent() {
        items.dedup();
    }
    if items.iter().copied().eq(expected.clone()) {
        return PASSED;
    }
    Err(format!(
        "the target holds {items:?} instead of {expected:?}"
    ))
}

async fn partition_lost(suite: &mut dyn SinkUnderTest) -> Result<Outcome, String> {
    let (mut h, p) = started(suite).await?;
    let mut records = good(suite, &p.0[0], 0..2);
    records.extend(good(suite, &p.0[1], 2..4));
    if let Some(failure) = h.put(records.clone()).await.failure {
        return Err(failure.error.trace());
    }
    // The group has given the partition away already: closed without pre_commit.
    let lost = [(*p.0[1]).clone()];
    h.task.close(&lost).await.map_err(text)?;
    h.write(good(suite, &p.0[0], 4..6)).await?;
    h.task.open(&lost).await.map_err(text)?;
    h.write(good(suite, &p.0[1], 2..4)).await?;
    h.task.stop().await;
    expect_at_least(suite, 0..6).await
}

async fn unknown_key(suite: &mut dyn SinkUnderTest) -> Result<Outcome, String> {
    let mut config = suite.config();
    config.insert("no.such.key", "anything");
    let p = Partitions::of(suite);
    let mut h = Harness::started(suite.plugin(), &config, &p.both()).await?;
    h.write(good(suite, &p.0[0], 0..1)).await?;
    h.task.stop().await;
    expect_items(suite, &[0]).await?;
    PASSED
}

/// Neither configurations nor errors about them print a secret.
async fn secrets(suite: &mut dyn SinkUnderTest) -> Result<Outcome, String> {
    let secrets = suite.secrets();
    if secrets.is_empty() {
        return Ok(Outcome::Skipped("the sink has no secrets"));
    }
    let plugin = suite.plugin();
    let config = suite.config();
    let def = (plugin.config_def)();
    let mut texts = vec![
        format!("{config:?}"),
        format!("{:?}", def.validate(&config)),
    ];
    for key in def.keys().filter(|key| !def.is_secret(key.name)) {
        let mut wrong = config.clone();
        wrong.insert(key.name, "\u{1}~/:no value!");
        texts.push(format!("{:?}", def.validate(&wrong)));
        match Harness::new(plugin, &wrong) {
            Err(errors) => texts.push(errors),
            Ok(mut h) => {
                texts.push(format!("{:?}", h.config));
                if let Err(error) = h.start().await {
                    texts.extend([format!("{error:?}"), error.trace()]);
                }
                h.task.stop().await;
            }
        }
    }
    texts.extend(errors_of_bad_records(suite).await?);
    for secret in secrets {
        if let Some(text) = texts.iter().find(|text| text.contains(&secret)) {
            return Err(format!(
                "a secret stands in: {}",
                text.replace(&secret, "(the secret)")
            ));
        }
    }
    PASSED
}

async fn errors_of_bad_records(suite: &dyn SinkUnderTest) -> Result<Vec<String>, String> {
    let (mut h, p) = started(suite).await?;
    let mut texts = Vec::new();
    if let Some(bad) = suite.bad(&p.0[0], 0, 0) {
        let report = h.put(vec![bad]).await;
        texts.push(format!("{report:?}"));
        texts.extend(report.failure.map(|f| f.error.trace()));
    }
    h.task.stop().await;
    Ok(texts)
}

async fn stop_twice(suite: &mut dyn SinkUnderTest) -> Result<Outcome, String> {
    let (mut h, _) = started(suite).await?;
    h.task.stop().await;
    h.task.stop().await;
    // A task that was never started is stopped too.
    let mut h = Harness::new(suite.plugin(), &suite.config())?;
    h.task.stop().await;
    PASSED
}

async fn stop_after_failed_start(suite: &mut dyn SinkUnderTest) -> Result<Outcome, String> {
    let Some(config) = suite.unstartable() else {
        return Ok(Outcome::Skipped("no configuration makes start fail"));
    };
    let mut h = Harness::new(suite.plugin(), &config)?;
    if h.start().await.is_ok() {
        return Err("start succeeded".to_owned());
    }
    h.task.stop().await;
    h.task.stop().await;
    PASSED
}
