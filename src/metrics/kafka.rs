//! What a JVM worker shows over JMX: groups, tags and attributes, each declared once.

use std::borrow::Cow;

use data_plane::metrics::{ClientCounts, PartitionSnapshot, TaskSnapshot, TopicSnapshot};

use super::model::Kind;
use super::snapshot::{ConnectorSnapshot, WorkerSnapshot};
use crate::version;

/// An MBean: a group with its tags and the values of its attributes.
pub(super) struct Bean {
    pub domain: &'static str,
    pub group: &'static str,
    pub tags: Vec<(&'static str, String)>,
    pub attributes: Vec<(&'static str, &'static str, Kind, Attribute)>,
}

pub(super) enum Attribute {
    Number(f64),
    Text(String),
}

/// One attribute of a group: its name, what it says, and where it comes from.
pub(super) struct Def<T: 'static> {
    pub name: &'static str,
    pub help: &'static str,
    pub kind: Kind,
    pub value: fn(&T) -> f64,
}

const fn counter<T>(name: &'static str, help: &'static str, value: fn(&T) -> f64) -> Def<T> {
    let kind = Kind::Counter;
    Def {
        name,
        help,
        kind,
        value,
    }
}

const fn gauge<T>(name: &'static str, help: &'static str, value: fn(&T) -> f64) -> Def<T> {
    let kind = Kind::Gauge;
    Def {
        name,
        help,
        kind,
        value,
    }
}

pub(super) const CONNECT: &str = "kafka.connect";
pub(super) const CONSUMER: &str = "kafka.consumer";
pub(super) const PRODUCER: &str = "kafka.producer";

pub(super) const WORKER: &[Def<WorkerSnapshot>] = &[
    gauge("connector-count", "Connectors of this worker.", |w| {
        w.connectors.len() as f64
    }),
    gauge(
        "task-count",
        "Tasks that run here; failed ones count until they are restarted or removed.",
        |w| w.running().count() as f64,
    ),
    counter(
        "connector-startup-attempts-total",
        "Starts of connectors.",
        |w| w.connector_startups.attempts as f64,
    ),
    counter(
        "connector-startup-success-total",
        "Starts of connectors that succeeded.",
        |w| w.connector_startups.successes as f64,
    ),
    gauge(
        "connector-startup-success-percentage",
        "Share of the last starts of connectors that succeeded, 0 to 1.",
        |w| w.connector_startups.success_share,
    ),
    counter(
        "connector-startup-failure-total",
        "Starts of connectors that failed.",
        |w| w.connector_startups.failures as f64,
    ),
    gauge(
        "connector-startup-failure-percentage",
        "Share of the last starts of connectors that failed, 0 to 1.",
        |w| w.connector_startups.failure_share,
    ),
    counter("task-startup-attempts-total", "Starts of tasks.", |w| {
        w.task_startups.attempts as f64
    }),
    counter(
        "task-startup-success-total",
        "Starts of tasks that succeeded.",
        |w| w.task_startups.successes as f64,
    ),
    gauge(
        "task-startup-success-percentage",
        "Share of the last starts of tasks that succeeded, 0 to 1.",
        |w| w.task_startups.success_share,
    ),
    counter(
        "task-startup-failure-total",
        "Starts of tasks that failed.",
        |w| w.task_startups.failures as f64,
    ),
    gauge(
        "task-startup-failure-percentage",
        "Share of the last starts of tasks that failed, 0 to 1.",
        |w| w.task_startups.failure_share,
    ),
];

pub(super) const WORKER_CONNECTOR: &[Def<ConnectorSnapshot>] = &[
    gauge(
        "connector-total-task-count",
        "Tasks of the connector.",
        |c| c.tasks.len() as f64,
    ),
    gauge(
        "connector-running-task-count",
        "Tasks of the connector that are RUNNING.",
        |c| c.tasks_that_are("running") as f64,
    ),
    gauge(
        "connector-paused-task-count",
        "Tasks of the connector that are PAUSED.",
        |c| c.tasks_that_are("paused") as f64,
    ),
    gauge(
        "connector-failed-task-count",
        "Tasks of the connector that are FAILED.",
        |c| c.tasks_that_are("failed") as f64,
    ),
    gauge(
        "connector-unassigned-task-count",
        "Tasks of the connector that are UNASSIGNED.",
        |c| c.tasks_that_are("unassigned") as f64,
    ),
    gauge(
        "connector-destroyed-task-count",
        "Tasks of the connector that were destroyed.",
        |c| c.tasks_that_are("destroyed") as f64,
    ),
    gauge(
        "connector-restarting-task-count",
        "Tasks of the connector that are RESTARTING.",
        |c| c.tasks_that_are("restarting") as f64,
    ),
];

/// Attributes of connectors; all are texts.
pub(super) const CONNECTOR: &[(&str, &str)] = &[
    ("connector-class", "Class of the connector."),
    ("connector-type", "Type of the connector."),
    ("connector-version", "Version of the connector's class."),
    ("status", "State of the connector."),
];

pub(super) const TASK_STATUS: (&str, &str) = ("status", "State of the task.");

pub(super) const CONNECTOR_TASK: &[Def<TaskSnapshot>] = &[
    gauge(
        "running-ratio",
        "Share of its time that the task was RUNNING.",
        |t| t.running_ratio,
    ),
    gauge(
        "pause-ratio",
        "Share of its time that the task was PAUSED.",
        |t| t.pause_ratio,
    ),
    gauge(
        "offset-commit-max-time-ms",
        "Longest commit of offsets lately, with the sink's pre-commit.",
        |t| t.commit_max_ms,
    ),
    gauge(
        "offset-commit-avg-time-ms",
        "Average time of a commit of offsets lately, with the sink's pre-commit.",
        |t| t.commit_avg_ms,
    ),
    gauge(
        "offset-commit-success-percentage",
        "Share of the last commits that succeeded, 0 to 1.",
        |t| t.commit_success,
    ),
    gauge(
        "offset-commit-failure-percentage",
        "Share of the last commits that failed, 0 to 1.",
        |t| t.commit_failure,
    ),
    gauge("batch-size-max", "Most records of one put lately.", |t| {
        t.batch_max
    }),
    gauge(
        "batch-size-avg",
        "Average number of records of a put lately.",
        |t| t.batch_avg,
    ),
];

pub(super) const SINK_TASK: &[Def<TaskSnapshot>] = &[
    counter(
        "sink-record-read-total",
        "Records read from Kafka, before transformations.",
        |t| t.read_total as f64,
    ),
    gauge(
        "sink-record-read-rate",
        "Records read from Kafka per second lately.",
        |t| t.read_rate,
    ),
    counter(
        "sink-record-send-total",
        "Records that the sink has written.",
        |t| t.sent_total as f64,
    ),
    gauge(
        "sink-record-send-rate",
        "Records that the sink has written per second lately.",
        |t| t.sent_rate,
    ),
    gauge(
        "sink-record-active-count",
        "Records read and not yet committed, by their offsets.",
        |t| t.active as f64,
    ),
    gauge(
        "sink-record-active-count-max",
        "Most records read and not yet committed lately.",
        |t| t.active_max,
    ),
    gauge(
        "sink-record-active-count-avg",
        "Average number of records read and not yet committed lately.",
        |t| t.active_avg,
    ),
    gauge(
        "partition-count",
        "Partitions that the group has given to the task.",
        |t| t.partition_count as f64,
    ),
    gauge(
        "offset-commit-seq-no",
        "Number of the last commit of offsets.",
        |t| t.commit_seq as f64,
    ),
    counter(
        "offset-commit-completion-total",
        "Commits of offsets that succeeded.",
        |t| t.commits_completed as f64,
    ),
    gauge(
        "offset-commit-completion-rate",
        "Commits of offsets that succeeded per second lately.",
        |t| t.commits_completed_rate,
    ),
    counter(
        "offset-commit-skip-total",
        "Answers to commits that came too late to count.",
        |t| t.commits_skipped as f64,
    ),
    gauge(
        "offset-commit-skip-rate",
        "Answers to commits that came too late to count, per second lately.",
        |t| t.commits_skipped_rate,
    ),
    gauge(
        "put-batch-max-time-ms",
        "Longest put of the sink lately.",
        |t| t.put_max_ms,
    ),
    gauge(
        "put-batch-avg-time-ms",
        "Average time of a put of the sink lately.",
        |t| t.put_avg_ms,
    ),
];

pub(super) const TASK_ERROR: &[Def<TaskSnapshot>] = &[
    counter(
        "total-record-failures",
        "Operations on records that failed, those that were tried again included.",
        |t| t.failures as f64,
    ),
    counter(
        "total-record-errors",
        "Operations on records that failed for good.",
        |t| t.errors as f64,
    ),
    counter(
        "total-records-skipped",
        "Records left out because of an error.",
        |t| t.skipped as f64,
    ),
    counter(
        "total-retries",
        "Operations on records that were tried again.",
        |t| t.retries as f64,
    ),
    counter(
        "total-errors-logged",
        "Errors of records written to the log.",
        |t| t.logged as f64,
    ),
    counter(
        "deadletterqueue-produce-requests",
        "Records sent to the dead letter topic.",
        |t| t.letters as f64,
    ),
    counter(
        "deadletterqueue-produce-failures",
        "Records that the dead letter topic refused.",
        |t| t.letters_failed as f64,
    ),
    gauge(
        "last-error-timestamp",
        "When a record failed last, in milliseconds since 1970; 0 is never.",
        |t| t.last_error as f64,
    ),
];

pub(super) const FETCH: &[Def<TaskSnapshot>] = &[
    counter("records-consumed-total", "Records read from Kafka.", |t| {
        t.read_total as f64
    }),
    gauge(
        "records-consumed-rate",
        "Records read from Kafka per second lately.",
        |t| t.read_rate,
    ),
    counter(
        "bytes-consumed-total",
        "Bytes of keys, values and headers read from Kafka.",
        |t| t.read_bytes_total as f64,
    ),
    gauge(
        "bytes-consumed-rate",
        "Bytes of keys, values and headers read from Kafka per second lately.",
        |t| t.read_bytes_rate,
    ),
    gauge(
        "records-lag-max",
        "Largest lag of a partition, lately.",
        |t| {
            t.partitions
                .iter()
                .map(|p| p.lag_max)
                .fold(f64::NAN, f64::max)
        },
    ),
    gauge("records-lead-min", "Smallest lead of a partition.", |t| {
        t.partitions.iter().map(|p| p.lead).fold(f64::NAN, f64::min)
    }),
];

pub(super) const FETCH_TOPIC: &[Def<TopicSnapshot>] = &[
    counter("records-consumed-total", "Records read from Kafka.", |t| {
        t.records as f64
    }),
    gauge(
        "records-consumed-rate",
        "Records read from Kafka per second lately.",
        |t| t.records_rate,
    ),
    counter(
        "bytes-consumed-total",
        "Bytes of keys, values and headers read from Kafka.",
        |t| t.bytes as f64,
    ),
    gauge(
        "bytes-consumed-rate",
        "Bytes of keys, values and headers read from Kafka per second lately.",
        |t| t.bytes_rate,
    ),
];

pub(super) const FETCH_PARTITION: &[Def<PartitionSnapshot>] = &[
    gauge(
        "records-lag",
        "Records of the partition that were not read yet.",
        |p| p.lag,
    ),
    gauge("records-lag-avg", "Average lag lately.", |p| p.lag_avg),
    gauge("records-lag-max", "Largest lag lately.", |p| p.lag_max),
    gauge(
        "records-lead",
        "Records of the partition that lie before the one to be read next.",
        |p| p.lead,
    ),
];

pub(super) const COORDINATOR: &[Def<TaskSnapshot>] = &[
    gauge(
        "assigned-partitions",
        "Partitions that the group has given to the consumer.",
        |t| t.partition_count as f64,
    ),
    counter("commit-total", "Commits of offsets that succeeded.", |t| {
        t.commits_completed as f64
    }),
    counter(
        "rebalance-total",
        "Assignments of partitions by the group.",
        |t| t.rebalances as f64,
    ),
];

pub(super) const CLIENT: &[Def<ClientCounts>] = &[
    gauge(
        "connection-count",
        "Connections to brokers that are up.",
        |c| c.connections as f64,
    ),
    counter("incoming-byte-total", "Bytes received from brokers.", |c| {
        c.incoming_bytes as f64
    }),
    counter("outgoing-byte-total", "Bytes sent to brokers.", |c| {
        c.outgoing_bytes as f64
    }),
    counter("request-total", "Requests sent to brokers.", |c| {
        c.requests as f64
    }),
];

pub(super) const APP_INFO: &[(&str, &str)] = &[
    ("version", "Version of the worker."),
    ("commit-id", "Commit that the worker was built from."),
];

pub(super) const START_TIME: (&str, &str) = (
    "start-time-ms",
    "When the worker started, in milliseconds since 1970.",
);

type Tags = Vec<(&'static str, String)>;

fn bean<T>(domain: &'static str, group: &'static str, tags: Tags, defs: &[Def<T>], of: &T) -> Bean {
    let value = |def: &Def<T>| {
        let number = Attribute::Number((def.value)(of));
        (def.name, def.help, def.kind, number)
    };
    Bean {
        domain,
        group,
        tags,
        attributes: defs.iter().map(value).collect(),
    }
}

fn text(
    (name, help): (&'static str, &'static str),
    value: impl Into<Cow<'static, str>>,
) -> (&'static str, &'static str, Kind, Attribute) {
    let value = Attribute::Text(value.into().into_owned());
    (name, help, Kind::Gauge, value)
}

/// Everything that the worker shows.
pub(super) fn beans(worker: &WorkerSnapshot) -> Vec<Bean> {
    let mut beans = vec![
        app_info(worker),
        bean(
            CONNECT,
            "connect-worker-metrics",
            Vec::new(),
            WORKER,
            worker,
        ),
    ];
    for connector in &worker.connectors {
        let tags = || vec![("connector", connector.name.clone())];
        beans.push(bean(
            CONNECT,
            "connect-worker-metrics",
            tags(),
            WORKER_CONNECTOR,
            connector,
        ));
        let values = [
            connector.class.clone(),
            connector.kind.to_owned(),
            connector.version.clone(),
            connector.status.clone(),
        ];
        let attributes = CONNECTOR
            .iter()
            .zip(values)
            .map(|(def, value)| text(*def, value));
        beans.push(Bean {
            domain: CONNECT,
            group: "connector-metrics",
            tags: tags(),
            attributes: attributes.collect(),
        });
    }
    for (connector, task, numbers) in worker.running() {
        let tags = || {
            vec![
                ("connector", connector.name.clone()),
                ("task", task.task.to_string()),
            ]
        };
        let mut own = bean(
            CONNECT,
            "connector-task-metrics",
            tags(),
            CONNECTOR_TASK,
            numbers,
        );
        own.attributes.push(text(TASK_STATUS, task.status.clone()));
        beans.push(own);
        beans.push(bean(
            CONNECT,
            "sink-task-metrics",
            tags(),
            SINK_TASK,
            numbers,
        ));
        beans.push(bean(
            CONNECT,
            "task-error-metrics",
            tags(),
            TASK_ERROR,
            numbers,
        ));
        beans.extend(consumer(&task.client_id, numbers));
        if let Some(counts) = &numbers.producer {
            let tags = vec![("client-id", task.producer_id.clone())];
            beans.push(bean(PRODUCER, "producer-metrics", tags, CLIENT, counts));
        }
    }
    beans
}

fn app_info(worker: &WorkerSnapshot) -> Bean {
    let [version, commit] = [version::WORKER, version::COMMIT];
    let mut attributes = vec![text(APP_INFO[0], version), text(APP_INFO[1], commit)];
    let started = Attribute::Number(worker.started_ms as f64);
    attributes.push((START_TIME.0, START_TIME.1, Kind::Gauge, started));
    Bean {
        domain: CONNECT,
        group: "app-info",
        tags: vec![("client-id", worker.id.clone())],
        attributes,
    }
}

fn consumer(client: &str, numbers: &TaskSnapshot) -> Vec<Bean> {
    let group = "consumer-fetch-manager-metrics";
    let tags = || vec![("client-id", client.to_owned())];
    let mut beans = vec![
        bean(CONSUMER, group, tags(), FETCH, numbers),
        bean(
            CONSUMER,
            "consumer-coordinator-metrics",
            tags(),
            COORDINATOR,
            numbers,
        ),
    ];
    if let Some(counts) = &numbers.consumer {
        beans.push(bean(CONSUMER, "consumer-metrics", tags(), CLIENT, counts));
    }
    for topic in &numbers.topics {
        let mut tags = tags();
        tags.push(("topic", topic.topic.to_string()));
        beans.push(bean(CONSUMER, group, tags, FETCH_TOPIC, topic));
    }
    for partition in &numbers.partitions {
        let mut tags = tags();
        tags.push(("topic", partition.partition.topic.to_string()));
        tags.push(("partition", partition.partition.partition.to_string()));
        beans.push(bean(CONSUMER, group, tags, FETCH_PARTITION, partition));
    }
    beans
}
