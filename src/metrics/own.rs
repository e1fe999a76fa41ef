//! What Kafka does not count and a person wants to know: why a task waits, how old records are when they are delivered,
//! where the time goes.

use connect_api::ErrorClass;
use data_plane::metrics::{BOUNDS_MS, StageName, TaskSnapshot, WaitReason};

use super::model::{Family, Kind, Labels, Sample, Value};
use super::snapshot::WorkerSnapshot;
use crate::version;

/// A metric of ours and what it says of a task: labels beside connector and task, and a value.
pub(super) struct Def {
    pub name: &'static str,
    pub help: &'static str,
    pub kind: Kind,
    /// Labels beside `connector` and `task`.
    pub labels: &'static [&'static str],
    samples: fn(&TaskSnapshot) -> Told,
}

/// Values of the labels, and what is told under them.
type Told = Vec<(Vec<String>, Value)>;

pub(super) const BUILD_INFO: (&str, &str) = (
    "turnbuckle_build_info",
    "Version and commit of this worker.",
);

pub(super) const UPTIME: (&str, &str) = ("turnbuckle_uptime_seconds", "Since the worker started.");

/// The classes of errors that end a task.
const CLASSES: [(ErrorClass, &str); 6] = [
    (ErrorClass::Record, "record"),
    (ErrorClass::Retriable, "retriable"),
    (ErrorClass::Unavailable, "unavailable"),
    (ErrorClass::Denied, "denied"),
    (ErrorClass::Config, "config"),
    (ErrorClass::Fatal, "fatal"),
];

pub(super) const TASK: &[Def] = &[
    Def {
        name: "turnbuckle_task_waiting",
        help: "1 for what the task waits for right now, 0 for all else that it could wait for.",
        kind: Kind::Gauge,
        labels: &["reason"],
        samples: |t| by_reason(|reason| f64::from(t.waiting == Some(reason))),
    },
    Def {
        name: "turnbuckle_task_waiting_seconds_total",
        help: "How long the task has waited, by what for; the present wait included.",
        kind: Kind::Counter,
        labels: &["reason"],
        samples: |t| by_reason(|reason| t.waited[reason as usize].as_secs_f64()),
    },
    Def {
        name: "turnbuckle_task_failed",
        help: "1 for the kind of error that ended the task: record, unavailable, denied (not authorised), config, fatal.",
        kind: Kind::Gauge,
        labels: &["class"],
        samples: |t| {
            let is_it = |(class, name): &(ErrorClass, &str)| {
                (
                    vec![(*name).to_owned()],
                    number(f64::from(t.failed == Some(*class))),
                )
            };
            CLASSES.iter().map(is_it).collect()
        },
    },
    Def {
        name: "turnbuckle_task_stage_seconds_total",
        help: "How long each stage was at work. Converting and transforming are told apart by every 64th record.",
        kind: Kind::Counter,
        labels: &["stage"],
        samples: |t| by_stage(|stage| t.stages[stage as usize].0.as_secs_f64()),
    },
    Def {
        name: "turnbuckle_task_stage_runs_total",
        help: "How often each stage was at work: batches, puts, commits.",
        kind: Kind::Counter,
        labels: &["stage"],
        samples: |t| by_stage(|stage| t.stages[stage as usize].1 as f64),
    },
    Def {
        name: "turnbuckle_task_bytes_in_flight",
        help: "Bytes of records that were read from Kafka and are not done with.",
        kind: Kind::Gauge,
        labels: &[],
        samples: |t| vec![(Vec::new(), number(t.bytes_in_flight as f64))],
    },
    Def {
        name: "turnbuckle_record_latency_seconds",
        help: "From a record's timestamp until the sink has written it or it was handed to the dead letters.",
        kind: Kind::Histogram,
        labels: &[],
        samples: |t| {
            let buckets = Value::Buckets {
                bounds: BOUNDS_MS.iter().map(|ms| *ms as f64 / 1000.0).collect(),
                counts: t.latency.buckets.to_vec(),
                sum: t.latency.sum_ms as f64 / 1000.0,
            };
            vec![(Vec::new(), buckets)]
        },
    },
    Def {
        name: "turnbuckle_partition_lag",
        help: "Records of a partition that the task has not read yet.",
        kind: Kind::Gauge,
        labels: &["topic", "partition"],
        samples: |t| {
            let known = t.partitions.iter().filter(|p| !p.lag.is_nan());
            let lag = known.map(|p| {
                let (topic, partition) = (
                    p.partition.topic.to_string(),
                    p.partition.partition.to_string(),
                );
                (vec![topic, partition], number(p.lag))
            });
            lag.collect()
        },
    },
];

fn number(value: f64) -> Value {
    Value::Number(value)
}

fn by_reason(value: impl Fn(WaitReason) -> f64) -> Told {
    let sample = |reason: &WaitReason| (vec![reason.name().to_owned()], number(value(*reason)));
    WaitReason::ALL.iter().map(sample).collect()
}

fn by_stage(value: impl Fn(StageName) -> f64) -> Told {
    let sample = |stage: &StageName| (vec![stage.name().to_owned()], number(value(*stage)));
    StageName::ALL.iter().map(sample).collect()
}

pub(super) fn families(worker: &WorkerSnapshot) -> Vec<Family> {
    let build = vec![
        ("version".into(), version::WORKER.to_owned()),
        ("commit".into(), version::COMMIT.to_owned()),
    ];
    let mut families = vec![
        single(BUILD_INFO, build, 1.0),
        single(UPTIME, Vec::new(), worker.uptime.as_secs_f64()),
    ];
    for def in TASK {
        let mut samples = Vec::new();
        for (connector, task, numbers) in worker.running() {
            for (values, value) in (def.samples)(numbers) {
                let mut labels: Labels = vec![
                    ("connector".into(), connector.name.clone()),
                    ("task".into(), task.task.to_string()),
                ];
                let names = def.labels.iter().map(|name| (*name).into());
                labels.extend(names.zip(values));
                samples.push(Sample { labels, value });
            }
        }
        families.push(Family {
            name: def.name.into(),
            help: def.help.into(),
            kind: def.kind,
            samples,
        });
    }
    families
}

fn single((name, help): (&'static str, &'static str), labels: Labels, value: f64) -> Family {
    Family {
        name: name.into(),
        help: help.into(),
        kind: Kind::Gauge,
        samples: vec![Sample::new(labels, value)],
    }
}
