//! What `GET /metrics` says: of a JVM worker's numbers the same, for known dashboards everything, and why nothing moves.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::connectors::{JSON, dead_letters, file_sink, graph_sink, lines, with};
use crate::support::kafka::{Kafka, Record};
use crate::support::neo4j::USER;
use crate::support::scrape::{Scrape, jmx_options, mbeans};
use crate::support::{Ctx, Engine, Need, Worker, WorkerSpec, scratch, wait_for, wait_until};

const PATIENCE: Duration = Duration::from_secs(60);

pub fn tests(ctx: &'static Ctx) -> Vec<Trial> {
    let kafka = &[Need::Kafka];
    vec![
        ctx.trial(
            kafka,
            "metrics::totals_are_those_of_a_jvm_worker",
            totals_are_those_of_a_jvm_worker,
        ),
        ctx.trial(
            kafka,
            "metrics::every_series_that_known_dashboards_query_is_there",
            every_series_that_known_dashboards_query_is_there,
        ),
        ctx.trial(
            kafka,
            "metrics::numbers_of_a_task_are_gone_with_it",
            numbers_of_a_task_are_gone_with_it,
        ),
        ctx.trial(
            &[Need::Kafka, Need::Neo4j],
            "metrics::each_reason_to_make_no_progress_has_its_series",
            each_reason_to_make_no_progress_has_its_series,
        ),
    ]
}

/// Objects without a schema; anything else is a bad record.
fn json_sink(topic: &str, worker: &Worker, more: &Value) -> Value {
    let config = with(
        file_sink(topic, &worker.dir().join(format!("{topic}.txt"))),
        &json!({"value.converter": JSON, "value.converter.schemas.enable": "false"}),
    );
    with(config, more)
}

fn tolerant(topic: &str, worker: &Worker) -> Value {
    let more = json!({"errors.tolerance": "all", "errors.log.enable": "true"});
    let letters = dead_letters(&format!("{topic}-dlq"));
    json_sink(topic, worker, &with(letters, &more))
}

/// 20 records, of which 4 cannot be read.
fn produce(kafka: &Kafka, topic: &str) {
    let record = |n: u32| match n % 5 {
        4 => Record::value("{"),
        _ => Record::value(format!(r#"{{"n":{n}}}"#)),
    };
    kafka.produce(topic, (0..20).map(record));
}

/// By group and tags, then by attribute.
type Beans = BTreeMap<String, BTreeMap<String, String>>;

/// An object's name, an attribute and its value.
type Attribute = (String, String, String);

/// Connect's own ones of a JVM worker.
fn connect_beans(all: &[Attribute]) -> Beans {
    let mut beans = Beans::new();
    for (name, attribute, value) in all.iter().cloned() {
        let Some((_, properties)) = name.split_once("kafka.connect:") else {
            continue;
        };
        let mut tags: Vec<&str> = properties.split(',').collect();
        tags.sort_by_key(|tag| !tag.starts_with("type="));
        let tags: Vec<String> = tags.iter().map(|tag| tag.replace('"', "")).collect();
        beans
            .entry(tags.join(","))
            .or_default()
            .insert(attribute, value);
    }
    beans
}

/// Attributes of a JVM worker that are neither shown nor named as absent.
fn neither_here_nor_named(beans: &[Attribute], scrape: &Scrape) -> Vec<String> {
    let page = include_str!("../../docs/metrics.md");
    let (_, absent) = page.split_once("\n## Not here\n").expect("the section");
    let (absent, _) = absent.split_once("\n## ").expect("its end");
    let mut neither = BTreeSet::new();
    for (name, attribute, _) in beans {
        let Some((domain, tags)) = name
            .split_once(':')
            .filter(|(d, _)| d.starts_with("kafka."))
        else {
            continue;
        };
        let group = tags.split(',').find_map(|tag| tag.strip_prefix("type="));
        let group = group.expect("a group");
        let named = [group, attribute]
            .iter()
            .any(|name| absent.contains(&format!("`{name}`")));
        let confluent = format!("{domain}_{group}_{attribute}").replace(['.', '-'], "_");
        // Texts are labels; those of a client's version are not there, that of the worker is.
        let is_text = group == "app-info" || group == "connector-metrics" || attribute == "status";
        let of_producer = domain == "kafka.producer";
        if !named && !is_text && !of_producer && !scrape.has(&confluent) {
            neither.insert(format!("{domain} {group} {attribute}"));
        }
    }
    neither.into_iter().collect()
}

/// The value of an attribute by Strimzi's rules.
fn ours(scrape: &Scrape, bean: &str, attribute: &str) -> Option<f64> {
    let mut tags = bean
        .split(',')
        .map(|tag| tag.split_once('=').expect("a tag"));
    let (_, group) = tags.next().expect("the group");
    let labels: Vec<(&str, &str)> = tags.collect();
    let group = group
        .trim_end_matches("-metrics")
        .trim_start_matches("connect-");
    let name = format!("kafka_connect_{group}_{attribute}").replace('-', "_");
    if labels.is_empty() {
        let plain = scrape
            .0
            .iter()
            .find(|s| s.name == name && s.labels.is_empty());
        return plain.map(|s| s.value);
    }
    scrape.find(&name, &labels)
}

fn totals_are_those_of_a_jvm_worker(ctx: &'static Ctx) {
    let kafka = ctx.kafka();
    let jmx = scratch::free_port();
    let start = |engine| {
        let spec = WorkerSpec::new(engine, kafka).set("offset.flush.interval.ms", "1000");
        spec.env("JAVA_TOOL_OPTIONS", &jmx_options(jmx)).start()
    };
    let run = |engine, name: &str| -> (Worker, String, String) {
        let worker = start(engine);
        let (good, bad) = (
            kafka.new_topic(&format!("{name}-all"), 1),
            kafka.new_topic(&format!("{name}-none"), 1),
        );
        produce(kafka, &good);
        kafka.produce(&bad, [r#"{"n":1}"#, "{", r#"{"n":2}"#].map(Record::value));
        let config = tolerant(&good, &worker);
        let answer = worker
            .rest()
            .put(&format!("/connectors/{good}/config"), &config);
        answer.expect("an answer").expect(201);
        let config = json_sink(&bad, &worker, &json!({}));
        let answer = worker
            .rest()
            .put(&format!("/connectors/{bad}/config"), &config);
        answer.expect("an answer").expect(201);
        kafka.wait_drained(&format!("connect-{good}"), &good, PATIENCE);
        worker.wait_state(&bad, "FAILED", PATIENCE);
        (worker, good, bad)
    };
    let (jvm, jvm_good, jvm_bad) = run(Engine::Jvm, "jvm");
    let beans = mbeans(jmx);
    let renamed = |text: &str| text.replace(&jvm_good, "good").replace(&jvm_bad, "bad");
    let theirs: Beans = connect_beans(&beans)
        .into_iter()
        .map(|(k, v)| (renamed(&k), v))
        .collect();
    jvm.stop(PATIENCE);
    let (worker, good, bad) = run(Engine::Turnbuckle, "our");
    wait_until(PATIENCE, "the answer to the commit", || {
        let scrape = Scrape::of(&worker);
        let labels = [("connector", &*good), ("task", "0")];
        scrape.find("kafka_connect_sink_task_sink_record_active_count", &labels) == Some(0.0)
    });
    let scrape = Scrape::of(&worker);
    assert_eq!(neither_here_nor_named(&beans, &scrape), [""; 0]);
    // Texts, and what the clock decides.
    let varies = [
        "rate",
        "avg",
        "time",
        "ratio",
        "start-time-ms",
        "version",
        "commit-id",
        "status",
        "class",
        "type",
        "seq-no",
        "completion-total",
        "active-count-max",
        "timestamp",
        "percentage",
    ];
    let mut compared = BTreeSet::new();
    let mut differ = Vec::new();
    for (bean, attributes) in &theirs {
        let own = bean.replace("good", &good).replace("bad", &bad);
        for (attribute, value) in attributes {
            let Ok(value) = value.parse::<f64>() else {
                continue;
            };
            // How many metrics there are; and starts of tasks, which 4.3.1 does not count.
            let is_left_out = bean.contains("app-info")
                || bean.contains("type=kafka-metrics-count")
                || attribute.starts_with("task-startup-");
            if is_left_out {
                continue;
            }
            let Some(found) = ours(&scrape, &own, attribute) else {
                differ.push(format!("{bean} {attribute}: missing"));
                continue;
            };
            if varies.iter().any(|part| attribute.contains(part)) {
                continue;
            }
            compared.insert(attribute.clone());
            if found.to_bits() != value.to_bits() && !(found.is_nan() && value.is_nan()) {
                differ.push(format!("{bean} {attribute}: {found}, on the JVM {value}"));
            }
        }
    }
    assert!(differ.is_empty(), "{differ:#?}\n{theirs:#?}");
    for total in [
        "sink-record-read-total",
        "sink-record-send-total",
        "batch-size-max",
        "partition-count",
        "sink-record-active-count",
        "total-record-failures",
        "total-record-errors",
        "total-records-skipped",
        "total-errors-logged",
        "deadletterqueue-produce-requests",
        "connector-startup-success-total",
        "connector-failed-task-count",
    ] {
        assert!(
            compared.contains(total),
            "{total} was not compared: {compared:?}"
        );
    }
    assert_eq!(scrape.get("kafka_connect_worker_connector_count", &[]), 2.0);
    let started = "kafka_connect_worker_task_startup_success_total";
    assert_eq!(scrape.get(started, &[]), 2.0, "on the JVM 0");
    let seq = ours(
        &scrape,
        &format!("type=sink-task-metrics,connector={good},task=0"),
        "offset-commit-completion-total",
    );
    assert!(seq >= Some(1.0), "{seq:?}");
}

/// `strimzi-kafka-connect.json` and the alerts beside it.
const STRIMZI: &[&str] = &[
    "kafka_connect_worker_connector_count",
    "kafka_connect_worker_task_count",
    "kafka_consumer_connection_count",
    "kafka_producer_connection_count",
    "kafka_producer_outgoing_byte_total",
    "kafka_consumer_incoming_byte_total",
    "kafka_connect_worker_connector_running_task_count",
    "kafka_connect_worker_connector_paused_task_count",
    "kafka_connect_worker_connector_failed_task_count",
    "kafka_connect_worker_connector_unassigned_task_count",
    "kafka_connect_worker_connector_destroyed_task_count",
    "kafka_connect_connector_status",
    "kafka_connect_connector_connector_class",
    "kafka_connect_connector_connector_version",
    "kafka_connect_connector_connector_type",
    "kafka_connect_connector_task_status",
    "kafka_connect_task_error_total_record_failures",
];

/// Confluent's `kafka-connect-cluster.json` and others that are made for the same rules.
const CONFLUENT: &[&str] = &[
    "kafka_connect_app_info",
    "kafka_connect_connector_metrics",
    "kafka_connect_connect_worker_metrics_connector_count",
    "kafka_connect_connect_worker_metrics_task_count",
    "kafka_connect_connect_worker_metrics_connector_startup_success_total",
    "kafka_connect_connect_worker_metrics_connector_startup_failure_total",
    "kafka_connect_connect_worker_metrics_task_startup_success_total",
    "kafka_connect_connect_worker_metrics_task_startup_failure_total",
    "kafka_connect_connect_worker_metrics_connector_total_task_count",
    "kafka_connect_connect_worker_metrics_connector_running_task_count",
    "kafka_connect_connect_worker_metrics_connector_paused_task_count",
    "kafka_connect_connect_worker_metrics_connector_failed_task_count",
    "kafka_connect_connect_worker_metrics_connector_unassigned_task_count",
    "kafka_connect_connect_worker_metrics_connector_destroyed_task_count",
    "kafka_connect_connector_task_metrics_batch_size_avg",
    "kafka_connect_connector_task_metrics_batch_size_max",
    "kafka_connect_connector_task_metrics_pause_ratio",
    "kafka_connect_connector_task_metrics_running_ratio",
    "kafka_connect_connector_task_metrics_offset_commit_avg_time_ms",
    "kafka_connect_connector_task_metrics_offset_commit_max_time_ms",
    "kafka_connect_connector_task_metrics_offset_commit_success_percentage",
    "kafka_connect_connector_task_metrics_offset_commit_failure_percentage",
    "kafka_connect_sink_task_metrics_partition_count",
    "kafka_connect_sink_task_metrics_put_batch_avg_time_ms",
    "kafka_connect_sink_task_metrics_put_batch_max_time_ms",
    "kafka_connect_sink_task_metrics_sink_record_read_rate",
    "kafka_connect_sink_task_metrics_sink_record_read_total",
    "kafka_connect_sink_task_metrics_sink_record_send_rate",
    "kafka_connect_sink_task_metrics_sink_record_send_total",
    "kafka_connect_sink_task_metrics_sink_record_active_count",
    "kafka_connect_sink_task_metrics_sink_record_active_count_avg",
    "kafka_connect_sink_task_metrics_sink_record_active_count_max",
    "kafka_connect_sink_task_metrics_offset_commit_completion_rate",
    "kafka_connect_sink_task_metrics_offset_commit_seq_no",
    "kafka_connect_sink_task_metrics_offset_commit_skip_rate",
    "kafka_connect_task_error_metrics_total_record_failures",
    "kafka_connect_task_error_metrics_total_record_errors",
    "kafka_connect_task_error_metrics_total_records_skipped",
    "kafka_connect_task_error_metrics_total_errors_logged",
    "kafka_connect_task_error_metrics_total_retries",
    "kafka_connect_task_error_metrics_last_error_timestamp",
    "kafka_connect_task_error_metrics_deadletterqueue_produce_requests",
    "kafka_connect_task_error_metrics_deadletterqueue_produce_failures",
    "kafka_consumer_consumer_fetch_manager_metrics_records_lag_max",
    "kafka_consumer_consumer_fetch_manager_metrics_records_lag",
    "kafka_consumer_consumer_fetch_manager_metrics_records_consumed_rate",
    "kafka_consumer_consumer_fetch_manager_metrics_bytes_consumed_rate",
    "process_cpu_seconds_total",
];

/// What these dashboards ask for and a standalone worker without a JVM does not have; docs/metrics.md says so.
const ABSENT: &[&str] = &[
    "kafka_admin_client_connection_count",
    "kafka_connect_coordinator_assigned_connectors",
    "kafka_connect_coordinator_assigned_tasks",
    "kafka_connect_worker_rebalance_rebalancing",
    "jvm_memory_used_bytes",
    "jvm_gc_collection_seconds_sum",
    "jvm_threads_current",
];

fn every_series_that_known_dashboards_query_is_there(ctx: &'static Ctx) {
    let kafka = ctx.kafka();
    let topic = kafka.new_topic("dashboards", 1);
    produce(kafka, &topic);
    let worker = WorkerSpec::new(Engine::Turnbuckle, kafka).start();
    worker.run_connector(&topic, &tolerant(&topic, &worker));
    kafka.wait_drained(&format!("connect-{topic}"), &topic, PATIENCE);
    let connections = |scrape: &Scrape| {
        let all = scrape
            .0
            .iter()
            .filter(|s| s.name.ends_with("_connection_count"));
        all.filter(|s| s.labels.contains_key("clientid"))
            .map(|s| s.value)
            .collect::<Vec<_>>()
    };
    // Clients tell of themselves every ten seconds.
    let scrape = wait_for(PATIENCE, "connections of both clients", || {
        let scrape = Scrape::of(&worker);
        let found = connections(&scrape);
        (found.len() == 2 && found.iter().all(|n| *n >= 1.0)).then_some(scrape)
    });
    let missing: Vec<_> = STRIMZI
        .iter()
        .chain(CONFLUENT)
        .filter(|name| !scrape.has(name))
        .collect();
    assert_eq!(missing, [""; 0].iter().collect::<Vec<_>>());
    assert!(
        ABSENT.iter().all(|name| !scrape.has(name)),
        "the page says that they are absent"
    );
    let client = format!("connector-consumer-{topic}-0");
    let partition = [
        ("clientid", &*client),
        ("topic", &*topic),
        ("partition", "0"),
    ];
    assert_eq!(
        scrape.get("kafka_consumer_fetch_manager_records_lag", &partition),
        0.0
    );
    assert_eq!(
        scrape.get("kafka_consumer_fetch_manager_records_lead", &partition),
        20.0
    );
    let of_topic = [("clientid", &*client), ("topic", &*topic)];
    assert_eq!(
        scrape.get(
            "kafka_consumer_fetch_manager_records_consumed_total",
            &of_topic
        ),
        20.0
    );
    let task = [("connector", &*topic), ("task", "0")];
    assert_eq!(
        scrape.get("turnbuckle_record_latency_seconds_count", &task),
        20.0
    );
    assert!(scrape.get("kafka_connect_sink_task_put_batch_max_time_ms", &task) >= 0.0);
    let answer = worker.rest().get("/metrics").expect("an answer");
    let content_type = answer
        .headers
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    assert_eq!(
        content_type.map(|(_, v)| &**v),
        Some("text/plain; version=0.0.4; charset=utf-8")
    );
}

fn numbers_of_a_task_are_gone_with_it(ctx: &'static Ctx) {
    let kafka = ctx.kafka();
    let topic = kafka.new_topic("gone", 1);
    kafka.produce(&topic, ["{"].map(Record::value));
    let worker = WorkerSpec::new(Engine::Turnbuckle, kafka).start();
    let config = json_sink(&topic, &worker, &json!({}));
    worker
        .rest()
        .put(&format!("/connectors/{topic}/config"), &config)
        .expect("an answer")
        .expect(201);
    worker.wait_state(&topic, "FAILED", PATIENCE);
    let read = "kafka_connect_sink_task_sink_record_read_total";
    let scrape = Scrape::of(&worker);
    assert_eq!(
        scrape.get(read, &[("connector", &topic)]),
        1.0,
        "a failed task keeps them"
    );
    let failed = [("connector", &*topic), ("task", "0"), ("class", "record")];
    assert_eq!(scrape.get("turnbuckle_task_failed", &failed), 1.0);
    worker
        .rest()
        .put(&format!("/connectors/{topic}/stop"), &Value::Null)
        .expect("an answer")
        .expect(204);
    wait_until(PATIENCE, "a stopped connector", || {
        let scrape = Scrape::of(&worker);
        let status = [("connector", &*topic), ("status", "stopped")];
        scrape.find("kafka_connect_connector_status", &status) == Some(1.0) && !scrape.has(read)
    });
    worker.delete_connector(&topic);
    let scrape = Scrape::of(&worker);
    assert!(!scrape.has("kafka_connect_connector_status"));
    assert_eq!(scrape.get("kafka_connect_worker_connector_count", &[]), 0.0);
}

fn each_reason_to_make_no_progress_has_its_series(ctx: &'static Ctx) {
    let (kafka, neo4j) = (ctx.kafka(), ctx.neo4j_with_auth());
    let worker = WorkerSpec::new(Engine::Turnbuckle, kafka).start();
    let topic = kafka.new_topic("reasons", 1);
    kafka.produce(&topic, [Record::value([0u8, 0, 0, 0, 1, 2])]);
    let file = |topic: &str| file_sink(topic, &worker.dir().join("out.txt"));
    let graph = |more: Value| with(graph_sink(neo4j, &topic, "Reasons"), &more);
    let cases = [
        (
            "paused",
            // It may write before the pause comes.
            file_sink(&topic, &worker.dir().join("paused.txt")),
            ("turnbuckle_task_waiting", "reason", "paused"),
        ),
        (
            "missing",
            with(
                file("no-such-topic-at-all"),
                &json!({"consumer.override.allow.auto.create.topics": "false"}),
            ),
            ("turnbuckle_task_waiting", "reason", "topic-missing"),
        ),
        (
            "standby",
            with(file(&topic), &json!({"tasks.max": "2"})),
            ("turnbuckle_task_waiting", "reason", "no-partitions"),
        ),
        (
            "kafka",
            with(
                file(&topic),
                &json!({"consumer.override.bootstrap.servers": "127.0.0.1:1"}),
            ),
            ("turnbuckle_task_waiting", "reason", "kafka-away"),
        ),
        (
            "target",
            graph(json!({"neo4j.uri": "bolt://127.0.0.1:1"})),
            ("turnbuckle_task_waiting", "reason", "target-away"),
        ),
        (
            "registry",
            with(
                file(&topic),
                &json!({
                    "value.converter": "io.confluent.connect.avro.AvroConverter",
                    "value.converter.schema.registry.url": "http://127.0.0.1:1",
                }),
            ),
            ("turnbuckle_task_waiting", "reason", "registry-away"),
        ),
        (
            "bad",
            with(file(&topic), &json!({"value.converter": JSON})),
            ("turnbuckle_task_failed", "class", "record"),
        ),
        (
            "denied",
            graph(json!({
                "neo4j.authentication.type": "BASIC",
                "neo4j.authentication.basic.username": USER,
                "neo4j.authentication.basic.password": "not-it",
            })),
            ("turnbuckle_task_failed", "class", "denied"),
        ),
    ];
    for (name, config, _) in &cases {
        let answer = worker
            .rest()
            .put(&format!("/connectors/{name}/config"), config);
        answer.expect("an answer").expect(201);
    }
    worker
        .rest()
        .put("/connectors/paused/pause", &Value::Null)
        .expect("an answer")
        .expect(202);
    for (name, _, (series, label, value)) in &cases {
        wait_until(PATIENCE, &format!("{name}: {series} {value}"), || {
            let scrape = Scrape::of(&worker);
            // Of two tasks one stands by.
            let of = scrape
                .0
                .iter()
                .filter(|s| s.name == *series && s.labels["connector"] == *name);
            let told: Vec<_> = of
                .filter(|s| s.value == 1.0)
                .map(|s| s.labels[*label].clone())
                .collect();
            told == [*value]
        });
    }
    let waited = || {
        let labels = [("connector", "target"), ("reason", "target-away")];
        Scrape::of(&worker).get("turnbuckle_task_waiting_seconds_total", &labels)
    };
    let before = waited();
    wait_until(PATIENCE, "time goes by", || waited() > before);
    let read = lines(&worker.dir().join("out.txt"));
    assert!(read.len() <= 1, "{read:?}");
}
