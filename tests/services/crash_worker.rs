//! The worker is killed again and again while records flow.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use serde_json::json;

use crate::connectors::{
    Dice, JSON, connector_file, dead_letters, file_sink, graph_sink, lines, make_unique, nodes,
    quick_worker, with,
};
use crate::support::kafka::Record;
use crate::support::{Ctx, Need, Worker, scratch, wait_until};

const RECORDS: u64 = 50_000;
const KEYS: u64 = 5_000;
const PATIENCE: Duration = Duration::from_secs(120);

pub fn tests(ctx: &'static Ctx) -> Vec<Trial> {
    vec![
        ctx.trial(
            &[Need::Kafka, Need::Neo4j],
            "crash::kills_lose_no_record_and_keep_the_order_of_a_key",
            kills_lose_no_record_and_keep_the_order_of_a_key,
        ),
        ctx.trial(
            &[Need::Kafka],
            "crash::kills_lose_no_dead_letter",
            kills_lose_no_dead_letter,
        ),
    ]
}

fn kills_lose_no_record_and_keep_the_order_of_a_key(ctx: &'static Ctx) {
    let (kafka, neo4j) = (ctx.kafka(), ctx.neo4j());
    let kills = if ctx.long { 20 } else { 5 };
    let mut dice = Dice::new("kills");
    let topic = kafka.new_topic("killed", 4);
    let (graph, file) = (scratch::unique("graph"), scratch::unique("file"));
    let out = scratch::dir("killed").join("out.txt");
    make_unique(neo4j, &topic);
    // Commits as often as can be: the more there are, the more may come too early.
    let mut worker = quick_worker(kafka)
        .set("offset.flush.interval.ms", "10")
        .connector_lines(connector_file(&graph, &graph_sink(neo4j, &topic, &topic)))
        .connector_lines(connector_file(&file, &file_sink(&topic, &out)))
        .start();

    let mut last = BTreeMap::new();
    let mut produced = 0;
    for kill in 1..=kills {
        let until = RECORDS * kill / kills;
        let chunk: Vec<Record> = (produced..until)
            .map(|value| {
                let key = format!("k{}", dice.below(KEYS));
                last.insert(key.clone(), value as i64);
                Record::value(value.to_string()).key(key)
            })
            .collect();
        let before = size(&out);
        kafka.produce(&topic, chunk);
        if kill % 2 == 0 {
            // A digit and a line break for each record at least.
            wait_for_bad_moment(&mut dice, &out, before, 2 * (until - produced));
        } else {
            let arrived = format!("MATCH (n:`{topic}`) WHERE n.v >= {produced} RETURN count(*)");
            wait_until(PATIENCE, "some nodes", || neo4j.count(&arrived) > 0);
        }
        produced = until;
        worker.start_again();
    }
    for connector in [&graph, &file] {
        kafka.wait_drained(&format!("connect-{connector}"), &topic, PATIENCE);
    }
    stop(&worker);

    let found = nodes(neo4j, &topic);
    let stale: Vec<_> = last
        .iter()
        .filter(|(k, v)| found.get(*k) != Some(v))
        .collect();
    assert!(
        stale.is_empty(),
        "{} keys without their last value, e.g. {:?}",
        stale.len(),
        stale[0]
    );
    assert_eq!(found.len(), last.len());

    let written = lines(&out);
    let distinct: BTreeSet<&str> = written.iter().map(String::as_str).collect();
    let lost = (0..RECORDS).filter(|v| !distinct.contains(v.to_string().as_str()));
    assert_eq!(lost.count(), 0);
    println!(
        "{kills} kills: {} keys with their last value; {} lines for {RECORDS} records",
        found.len(),
        written.len()
    );
}

/// Every tenth record is no JSON: it is in the dead letter topic, or it was not committed.
fn kills_lose_no_dead_letter(ctx: &'static Ctx) {
    let kafka = ctx.kafka();
    let (count, kills) = (20_000, if ctx.long { 20 } else { 5 });
    let mut dice = Dice::new("kills with dead letters");
    let topic = kafka.new_topic("letters", 2);
    let dlq = format!("{topic}-dlq");
    let out = scratch::dir("letters").join("out.txt");
    let config = with(
        with(file_sink(&topic, &out), &dead_letters(&dlq)),
        &json!({
            "errors.tolerance": "all",
            "value.converter": JSON,
            "value.converter.schemas.enable": "false",
        }),
    );
    let mut worker = quick_worker(kafka)
        .connector_lines(connector_file(&topic, &config))
        .start();
    let bad = |i: u64| i % 10 == 9;
    let mut produced = 0;
    for kill in 1..=kills {
        let until = count * kill / kills;
        let chunk = (produced..until).map(|i| match bad(i) {
            true => format!("{{{i}"),
            false => i.to_string(),
        });
        let before = size(&out);
        kafka.produce(&topic, chunk);
        // Nine of ten are lines, of a digit and a line break at least.
        wait_for_bad_moment(&mut dice, &out, before, until - produced);
        produced = until;
        worker.start_again();
    }
    kafka.wait_drained(&format!("connect-{topic}"), &topic, PATIENCE);
    stop(&worker);
    let written: BTreeSet<String> = lines(&out).into_iter().collect();
    let letters: BTreeSet<String> = kafka.read(&dlq).iter().map(|m| m.text()).collect();
    let expected = |wanted: bool| (0..count).filter(move |i| bad(*i) == wanted);
    let lost: Vec<u64> = expected(false)
        .filter(|i| !written.contains(&i.to_string()))
        .chain(expected(true).filter(|i| !letters.contains(&format!("{{{i}"))))
        .collect();
    assert!(lost.is_empty(), "{} lost, e.g. {}", lost.len(), lost[0]);
    assert_eq!(written.len() + letters.len(), count as usize);
}

/// At once, while the worker joins its groups, or while it writes: `before` is the size of the file when the last chunk
/// was produced, and `bytes` is what that chunk adds at least, so the goal is always reached.
fn wait_for_bad_moment(dice: &mut Dice, out: &Path, before: u64, bytes: u64) {
    if dice.below(3) == 0 {
        let moment = Duration::from_millis(dice.below(1_500));
        let begin = Instant::now();
        wait_until(PATIENCE, "the moment", || begin.elapsed() >= moment);
    } else {
        let goal = before + 1 + dice.below(bytes);
        wait_until(PATIENCE, "some lines", || size(out) >= goal);
    }
}

fn size(file: &Path) -> u64 {
    std::fs::metadata(file).map_or(0, |m| m.len())
}

fn stop(worker: &Worker) {
    let status = worker.stop(Duration::from_secs(10));
    assert_eq!(status.code(), Some(0), "{}", worker.process().log_tail());
}
