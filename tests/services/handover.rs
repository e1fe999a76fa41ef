//! A connector goes from one kind of worker to the other and back while records flow: after each clean stop the other
//! side goes on exactly there. Both workers run all the time; what moves are connectors, by stop and resume.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::connectors::{JSON, dead_letters, file_sink, lines, times, with};
use crate::support::kafka::{Kafka, Record};
use crate::support::{Ctx, Engine, Need, Worker, WorkerSpec, scratch, wait_until};

const PATIENCE: Duration = Duration::from_secs(90);
const PARTITIONS: [(&str, i32); 3] = [("a", 3), ("b", 2), ("c", 1)];

pub fn tests(ctx: &'static Ctx) -> Vec<Trial> {
    let kafka = &[Need::Kafka];
    vec![
        ctx.trial(
            kafka,
            "handover::stopped_there_a_connector_goes_on_here_and_back_while_records_flow",
            stopped_there_a_connector_goes_on_here_and_back_while_records_flow,
        ),
        ctx.trial(
            kafka,
            "handover::offsets_reset_or_altered_on_one_side_count_on_the_other",
            offsets_reset_or_altered_on_one_side_count_on_the_other,
        ),
    ]
}

/// One connector on both workers, each with a file of its own.
struct Moving {
    name: String,
    group: String,
    files: [PathBuf; 2],
}

impl Moving {
    /// Created STOPPED on both.
    fn create(workers: &[Worker; 2], name: &str, group: Option<&str>, config: &Value) -> Moving {
        let files = workers.each_ref().map(|w| w.dir().join(name));
        for (worker, file) in workers.iter().zip(&files) {
            let config = with(config.clone(), &json!({"file": file}));
            let body = json!({"name": name, "config": config, "initial_state": "STOPPED"});
            let made = worker.rest().post("/connectors", &body);
            made.unwrap().expect(201);
        }
        Moving {
            name: name.to_owned(),
            group: group.map_or(format!("connect-{name}"), str::to_owned),
            files,
        }
    }

    /// Waits for the task: a JVM worker that is told to resume a second connector while it starts the first may take its
    /// locks in two orders and then never answers again.
    fn resume(&self, worker: &Worker) {
        put(worker, &format!("/connectors/{}/resume", self.name), 202);
        worker.wait_state(&self.name, "RUNNING", PATIENCE);
    }

    fn stop(&self, kafka: &Kafka, worker: &Worker) {
        put(worker, &format!("/connectors/{}/stop", self.name), 204);
        wait_until(PATIENCE, "STOPPED without tasks", || {
            let status = worker.status(&self.name).unwrap();
            status["connector"]["state"] == "STOPPED" && status["tasks"] == json!([])
        });
        // The JVM answers before its task has left.
        wait_until(PATIENCE, "the group is empty", || {
            kafka.members(&self.group).is_empty()
        });
    }

    fn count(&self) -> usize {
        self.files.iter().map(|file| lines(file).len()).sum()
    }
}

fn put(worker: &Worker, path: &str, status: u16) {
    worker
        .rest()
        .send("PUT", path, None)
        .unwrap()
        .expect(status);
}

/// Ends the flow when the test is through with it, or fails.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

fn workers(kafka: &Kafka) -> [Worker; 2] {
    [Engine::Turnbuckle, Engine::Jvm].map(|engine| {
        WorkerSpec::new(engine, kafka)
            // What is committed is committed by the stop, or seldom.
            .set("offset.flush.interval.ms", "2000")
            .start()
    })
}

/// Every tenth record has no value, and every tenth is no JSON.
fn record(topic: &str, i: u32, partitions: i32) -> Record {
    let record = match i % 10 {
        3 => Record::tombstone(),
        7 => Record::value(format!("{{{topic} {i}")),
        _ => Record::value(format!("\"{topic} {i}\"")),
    };
    record.key(format!("{i}")).partition(i as i32 % partitions)
}

fn stopped_there_a_connector_goes_on_here_and_back_while_records_flow(ctx: &'static Ctx) {
    let kafka = ctx.kafka();
    let base = scratch::unique("moving");
    let topic = |short: &str| format!("{base}.{short}");
    for (short, partitions) in PARTITIONS {
        kafka.create_topic(&topic(short), partitions, &[]);
    }
    let all = PARTITIONS.map(|(short, _)| topic(short)).join(",");
    let workers = workers(kafka);
    let name = |what: &str| format!("{base}-{what}");
    // Neither tombstones nor what one filter drops arrive, and all of it counts as done with.
    let filtered = json!({
        "transforms": "drop",
        "transforms.drop.type": "org.apache.kafka.connect.transforms.Filter",
        "transforms.drop.predicate": "dead",
        "predicates": "dead",
        "predicates.dead.type": "org.apache.kafka.connect.transforms.predicates.RecordIsTombstone",
    });
    let dlq = name("dlq-letters");
    let tolerant = json!({
        "errors.tolerance": "all",
        "value.converter": JSON,
        "value.converter.schemas.enable": "false",
    });
    let own_group = name("own-group");
    let listed = |more: &Value| with(file_sink(&all, Path::new("")), more);
    let mut by_pattern = listed(&json!({"topics.regex": format!("{base}\\..*")}));
    by_pattern.as_object_mut().unwrap().remove("topics");
    let moving = [
        Moving::create(&workers, &name("filtered"), None, &listed(&filtered)),
        Moving::create(
            &workers,
            &name("group"),
            Some(&own_group),
            &listed(&json!({"consumer.override.group.id": own_group})),
        ),
        Moving::create(&workers, &name("pattern"), None, &by_pattern),
        Moving::create(
            &workers,
            &name("letters"),
            None,
            &with(listed(&tolerant), &dead_letters(&dlq)),
        ),
    ];
    let (rounds, flows) = (if ctx.long { 12 } else { 4 }, AtomicBool::new(true));
    let count = std::thread::scope(|scope| {
        let producing = scope.spawn(|| {
            let mut produced = 0;
            while flows.load(Ordering::Relaxed) {
                for (short, partitions) in PARTITIONS {
                    let chunk = (produced..produced + 100).map(|i| record(short, i, partitions));
                    kafka.produce(&topic(short), chunk);
                }
                produced += 100;
            }
            produced
        });
        let ends = Ends(&flows);
        for round in 0..rounds {
            let active = &workers[round % 2];
            moving.iter().for_each(|m| m.resume(active));
            for m in &moving {
                let before = lines(&m.files[round % 2]).len();
                wait_until(PATIENCE, "it goes on", || {
                    lines(&m.files[round % 2]).len() > before + 200
                });
            }
            moving.iter().for_each(|m| m.stop(kafka, active));
        }
        drop(ends);
        producing.join().expect("all is produced")
    });
    moving.iter().for_each(|m| m.resume(&workers[0]));
    for m in &moving {
        for (short, _) in PARTITIONS {
            kafka.wait_drained(&m.group, &topic(short), PATIENCE);
        }
        m.stop(kafka, &workers[0]);
    }
    let [filtered, group, pattern, letters] = &moving;
    let per_topic = count as usize;
    let expected = PARTITIONS.len() * per_topic;
    println!("{count} records in each of {} topics", PARTITIONS.len());
    for (m, dead, bad) in [
        (filtered, 0, true),
        (group, expected / 10, true),
        (pattern, expected / 10, true),
        (letters, expected / 10, false),
    ] {
        let mut times = times(&m.files.each_ref().map(PathBuf::as_path));
        let name = &m.name;
        assert_eq!(
            times.remove("null").unwrap_or(0),
            dead,
            "{name}: tombstones"
        );
        let twice: Vec<_> = times.iter().filter(|(_, n)| **n > 1).collect();
        assert!(
            twice.is_empty(),
            "{name}: {} repeated: {twice:?}",
            twice.len()
        );
        let distinct = expected / 10 * if bad { 9 } else { 8 };
        assert_eq!(times.len(), distinct, "{name}: lost");
        assert!(m.files.iter().all(|f| !lines(f).is_empty()), "{name}");
    }
    let mut dead: Vec<String> = kafka.read(&dlq).iter().map(|m| m.text()).collect();
    let all = dead.len();
    dead.sort();
    dead.dedup();
    assert_eq!(
        (dead.len(), all),
        (expected / 10, expected / 10),
        "dead letters"
    );
}

/// What a worker says the group has committed, by partition.
fn told(worker: &Worker, name: &str) -> BTreeMap<i64, i64> {
    let path = format!("/connectors/{name}/offsets");
    let answer = worker.rest().get(&path).unwrap().expect(200).json();
    let entries = answer["offsets"].as_array().unwrap().iter();
    entries
        .map(|e| {
            let partition = e["partition"]["kafka_partition"].as_i64().unwrap();
            (partition, e["offset"]["kafka_offset"].as_i64().unwrap())
        })
        .collect()
}

/// Each side changes, the other one tells and runs from there; PAUSED and STOPPED connectors are told alike.
fn offsets_reset_or_altered_on_one_side_count_on_the_other(ctx: &'static Ctx) {
    let kafka = ctx.kafka();
    let topic = kafka.new_topic("changed", 2);
    kafka.produce(&topic, (0..20).map(|i| record("t", i, 2)));
    let workers = workers(kafka);
    let m = Moving::create(&workers, &topic, None, &file_sink(&topic, Path::new("")));
    let both = |expected: &[(i64, i64)], when: &str| {
        for worker in &workers {
            assert_eq!(
                told(worker, &m.name),
                expected.iter().copied().collect(),
                "{when}"
            );
        }
    };
    let path = format!("/connectors/{}/offsets", m.name);
    both(&[], "nobody ran yet");
    let mut expected = 0;
    for turn in 0..4 {
        let (changes, runs) = (&workers[turn % 2], &workers[(turn + 1) % 2]);
        let left = if turn < 2 {
            changes.rest().delete(&path).unwrap().expect(200);
            both(&[], "after a reset");
            20
        } else {
            let entry = |partition: i32, offset: Value| json!({"partition": {"kafka_topic": topic, "kafka_partition": partition}, "offset": offset});
            let body =
                json!({"offsets": [entry(0, json!({"kafka_offset": 7})), entry(1, Value::Null)]});
            changes.rest().patch(&path, &body).unwrap().expect(200);
            both(&[(0, 7)], "after a change");
            13
        };
        m.resume(runs);
        expected += left;
        wait_until(PATIENCE, "what is left is read", || m.count() == expected);
        // Paused, it has committed; the position is told in each state.
        put(runs, &format!("/connectors/{}/pause", m.name), 202);
        wait_until(PATIENCE, "the commit", || {
            told(runs, &m.name) == [(0, 10), (1, 10)].into()
        });
        both(&[(0, 10), (1, 10)], "paused");
        m.stop(kafka, runs);
        both(&[(0, 10), (1, 10)], "stopped");
        assert_eq!(m.count(), expected, "neither more nor less");
    }
}
