//! Names, types and texts of a worker with one task.

use std::sync::Arc;
use std::time::Duration;

use connect_api::{ErrorClass, TopicPartition};
use data_plane::metrics::{
    ClientCounts, PartitionSnapshot, TaskMetrics, TaskSnapshot, TopicSnapshot, WaitReason,
};

use super::snapshot::Startups;
use super::*;

fn numbers() -> TaskSnapshot {
    let mut numbers = TaskMetrics::default().snapshot();
    (numbers.read_total, numbers.sent_total, numbers.failures) = (7, 5, 2);
    numbers.put_avg_ms = 1.5;
    numbers.waiting = Some(WaitReason::TargetAway);
    numbers.waited[WaitReason::TargetAway as usize] = Duration::from_millis(2500);
    numbers.failed = Some(ErrorClass::Denied);
    numbers.latency.buckets[0] = 3;
    numbers.latency.buckets[16] = 1;
    numbers.latency.sum_ms = 9_000_250;
    numbers.partitions = vec![PartitionSnapshot {
        partition: Arc::new(TopicPartition::new("t", 3)),
        lag: 42.0,
        lag_avg: 40.0,
        lag_max: 44.0,
        lead: 8.0,
    }];
    numbers.topics = vec![TopicSnapshot {
        topic: "t".into(),
        records: 7,
        records_rate: 0.5,
        bytes: 70,
        bytes_rate: 5.0,
    }];
    let counts = ClientCounts {
        connections: 2,
        incoming_bytes: 1000,
        outgoing_bytes: 100,
        requests: 10,
    };
    (numbers.consumer, numbers.producer) = (Some(counts), Some(counts));
    numbers
}

/// The connector's name needs every kind of escaping.
fn worker() -> WorkerSnapshot {
    WorkerSnapshot {
        id: "h:8083".to_owned(),
        started_ms: 1_700_000_000_500,
        uptime: Duration::from_secs(60),
        connector_startups: Startups {
            attempts: 2,
            successes: 1,
            failures: 1,
            success_share: 0.5,
            failure_share: 0.5,
        },
        task_startups: Startups::default(),
        connectors: vec![ConnectorSnapshot {
            name: "a \"b\"\\\nc".to_owned(),
            status: "running".to_owned(),
            kind: "sink",
            class: "org.apache.kafka.connect.file.FileStreamSinkConnector".to_owned(),
            version: "4.3.1".to_owned(),
            tasks: vec![
                TaskState {
                    task: 0,
                    status: "failed".to_owned(),
                    client_id: "connector-consumer-x-0".to_owned(),
                    producer_id: "connector-dlq-producer-x-0".to_owned(),
                    numbers: Some(numbers()),
                },
                TaskState {
                    task: 1,
                    status: "unassigned".to_owned(),
                    client_id: String::new(),
                    producer_id: String::new(),
                    numbers: None,
                },
            ],
        }],
    }
}

const NAME: &str = r#"connector="a \"b\"\\\nc""#;

#[test]
fn each_metric_has_the_names_of_both_rules() {
    let text = encode(&families(&worker(), Naming::Both));
    for line in [
        "kafka_connect_worker_connector_count 1",
        r#"kafka_connect_connect_worker_metrics_connector_count{connector="aggregate"} 1"#,
        "kafka_connect_worker_task_count 1",
        &format!("kafka_connect_worker_connector_failed_task_count{{{NAME}}} 1"),
        &format!(
            "kafka_connect_connect_worker_metrics_connector_unassigned_task_count{{{NAME}}} 1"
        ),
        &format!(r#"kafka_connect_connector_status{{{NAME},status="running"}} 1"#),
        &format!(r#"kafka_connect_connector_metrics{{{NAME},status="running"}} 1"#),
        &format!(r#"kafka_connect_connector_task_status{{{NAME},task="0",status="failed"}} 1"#),
        &format!(r#"kafka_connect_sink_task_sink_record_read_total{{{NAME},task="0"}} 7"#),
        &format!(r#"kafka_connect_sink_task_metrics_sink_record_read_total{{{NAME},task="0"}} 7"#),
        &format!(r#"kafka_connect_sink_task_put_batch_avg_time_ms{{{NAME},task="0"}} 1.5"#),
        &format!(r#"kafka_connect_sink_task_put_batch_max_time_ms{{{NAME},task="0"}} NaN"#),
        &format!(r#"kafka_connect_task_error_total_record_failures{{{NAME},task="0"}} 2"#),
        &format!(r#"kafka_connect_task_error_metrics_total_record_failures{{{NAME},task="0"}} 2"#),
        r#"kafka_connect_start_time_seconds{clientid="h:8083"} 1700000000.5"#,
        r#"kafka_connect_app_info{client_id="h:8083",start_time_ms="1700000000500"} 1"#,
        r#"kafka_consumer_fetch_manager_records_lag{clientid="connector-consumer-x-0",topic="t",partition="3"} 42"#,
        r#"kafka_consumer_fetch_manager_records_lag_max{clientid="connector-consumer-x-0"} 44"#,
        r#"kafka_consumer_consumer_fetch_manager_metrics_records_lag_max{client_type="consumer",client_id="connector-consumer-x-0"} 44"#,
        r#"kafka_consumer_fetch_manager_records_consumed_total{clientid="connector-consumer-x-0",topic="t"} 7"#,
        r#"kafka_consumer_connection_count{clientid="connector-consumer-x-0"} 2"#,
        r#"kafka_producer_outgoing_byte_total{clientid="connector-dlq-producer-x-0"} 100"#,
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
}

#[test]
fn one_rule_alone_can_be_asked_for() {
    let strimzi = encode(&families(&worker(), Naming::Strimzi));
    let confluent = encode(&families(&worker(), Naming::Confluent));
    assert!(strimzi.contains("kafka_connect_sink_task_sink_record_read_total{"));
    assert!(!strimzi.contains("kafka_connect_sink_task_metrics_"));
    assert!(confluent.contains("kafka_connect_sink_task_metrics_sink_record_read_total{"));
    assert!(!confluent.contains("kafka_connect_sink_task_sink_record_read_total{"));
}

#[test]
fn waits_failures_and_latency_are_told_beside() {
    let text = encode(&families(&worker(), Naming::Strimzi));
    let of = |rest: &str| format!(r#"{{{NAME},task="0",{rest}}}"#);
    for line in [
        format!("turnbuckle_task_waiting{} 1", of(r#"reason="target-away""#)),
        format!("turnbuckle_task_waiting{} 0", of(r#"reason="kafka-away""#)),
        format!(
            "turnbuckle_task_waiting_seconds_total{} 2.5",
            of(r#"reason="target-away""#)
        ),
        format!("turnbuckle_task_failed{} 1", of(r#"class="denied""#)),
        format!(
            "turnbuckle_partition_lag{} 42",
            of(r#"topic="t",partition="3""#)
        ),
        format!(
            "turnbuckle_record_latency_seconds_bucket{} 3",
            of(r#"le="0.005""#)
        ),
        format!(
            "turnbuckle_record_latency_seconds_bucket{} 3",
            of(r#"le="7200""#)
        ),
        format!(
            "turnbuckle_record_latency_seconds_bucket{} 4",
            of(r#"le="+Inf""#)
        ),
        format!(r#"turnbuckle_record_latency_seconds_sum{{{NAME},task="0"}} 9000.25"#),
        format!(r#"turnbuckle_record_latency_seconds_count{{{NAME},task="0"}} 4"#),
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
}

#[test]
fn every_family_has_its_type_and_help_once_and_a_valid_name() {
    let families = families(&worker(), Naming::Both);
    let text = encode(&families);
    let valid = |name: &str| {
        name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
            && !name.starts_with(|c: char| c.is_ascii_digit())
    };
    for family in families.iter().filter(|f| !f.samples.is_empty()) {
        let Family { name, kind, .. } = family;
        assert!(valid(name), "{name}");
        let said = |line: &str| text.lines().filter(|l| l.starts_with(line)).count();
        assert_eq!(said(&format!("# HELP {name} ")), 1, "{name}");
        assert_eq!(said(&format!("# TYPE {name} {}", kind.name())), 1, "{name}");
        // A name that ends so is a counter in every tool.
        assert!(
            !name.ends_with("_total") || *kind == Kind::Counter,
            "{name}"
        );
        for sample in &family.samples {
            assert!(
                sample.labels.iter().all(|(label, _)| valid(label)),
                "{name}"
            );
        }
    }
}
