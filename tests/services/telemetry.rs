//! What an OpenTelemetry collector gets, and that one that does not take it costs nothing.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value};
use opentelemetry_proto::tonic::metrics::v1::{Metric, metric, number_data_point};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use serde_json::json;

use crate::connectors::{file_sink, lines, with};
use crate::support::kafka::Record;
use crate::support::{Ctx, Engine, Need, WorkerSpec, scratch, wait_until};

const PATIENCE: Duration = Duration::from_secs(60);

pub fn tests(ctx: &'static Ctx) -> Vec<Trial> {
    let kafka = &[Need::Kafka];
    vec![
        ctx.trial(
            kafka,
            "telemetry::a_collector_gets_metrics_and_a_trace_of_every_batch",
            a_collector_gets_metrics_and_a_trace_of_every_batch,
        ),
        ctx.trial(
            kafka,
            "telemetry::a_collector_that_hangs_or_is_away_holds_up_nothing",
            a_collector_that_hangs_or_is_away_holds_up_nothing,
        ),
    ]
}

/// One request.
#[derive(Clone)]
struct Post {
    path: String,
    headers: String,
    body: Vec<u8>,
}

/// Takes everything that is posted.
fn collector() -> (u16, Arc<Mutex<Vec<Post>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let posts = Arc::new(Mutex::new(Vec::new()));
    let taken = posts.clone();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let taken = taken.clone();
            thread::spawn(move || {
                while let Some(post) = take(&stream) {
                    taken.lock().unwrap().push(post);
                    if (&stream)
                        .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                        .is_err()
                    {
                        return;
                    }
                }
            });
        }
    });
    (port, posts)
}

/// None at the end of the connection.
fn take(stream: &TcpStream) -> Option<Post> {
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    reader.read_line(&mut first).ok().filter(|n| *n > 0)?;
    let (mut headers, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        if line.trim().is_empty() {
            break;
        }
        let lower = line.to_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        headers.push_str(&lower);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let path = first.split(' ').nth(1)?.to_owned();
    Some(Post {
        path,
        headers,
        body,
    })
}

fn spans(posts: &[Post]) -> Vec<Span> {
    let requests = posts.iter().filter(|p| p.path == "/v1/traces");
    let decoded = requests.map(|p| ExportTraceServiceRequest::decode(&*p.body).expect("spans"));
    let scopes = decoded
        .flat_map(|r| r.resource_spans)
        .flat_map(|r| r.scope_spans);
    scopes.flat_map(|s| s.spans).collect()
}

/// Of the last request.
fn metrics(posts: &[Post]) -> Vec<Metric> {
    let Some(last) = posts.iter().rfind(|p| p.path == "/v1/metrics") else {
        return Vec::new();
    };
    let request = ExportMetricsServiceRequest::decode(&*last.body).expect("metrics");
    let scopes = request
        .resource_metrics
        .into_iter()
        .flat_map(|r| r.scope_metrics);
    scopes.flat_map(|s| s.metrics).collect()
}

fn text<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a str> {
    let found = attributes.iter().find(|a| a.key == key)?;
    match found.value.as_ref()?.value.as_ref()? {
        any_value::Value::StringValue(text) => Some(text),
        _ => None,
    }
}

fn sum_of(metrics: &[Metric], name: &str, connector: &str) -> Option<f64> {
    let found = metrics.iter().find(|m| m.name == name)?;
    let Some(metric::Data::Sum(sum)) = &found.data else {
        panic!("{name} is no counter: {found:?}");
    };
    assert!(sum.is_monotonic);
    let point = sum
        .data_points
        .iter()
        .find(|p| text(&p.attributes, "connector") == Some(connector))?;
    match point.value? {
        number_data_point::Value::AsDouble(value) => Some(value),
        number_data_point::Value::AsInt(value) => Some(value as f64),
    }
}

fn a_collector_gets_metrics_and_a_trace_of_every_batch(ctx: &'static Ctx) {
    let kafka = ctx.kafka();
    let (port, posts) = collector();
    let (secret, password) = ("header-that-nobody-sees", "password-that-nobody-sees");
    let worker = WorkerSpec::new(Engine::Turnbuckle, kafka)
        .env(
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            &format!("http://127.0.0.1:{port}"),
        )
        .env("OTEL_EXPORTER_OTLP_HEADERS", &format!("api-key={secret}"))
        .env("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
        .env("OTEL_SERVICE_NAME", "sinks")
        .env("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment=test")
        .env("OTEL_METRIC_EXPORT_INTERVAL", "500")
        .env("OTEL_BSP_SCHEDULE_DELAY", "200")
        .start();
    let topic = kafka.new_topic("traced", 1);
    let parent = |n: u64| format!("00-{n:032x}-{n:016x}-01");
    let record = |n: u64| Record::value(format!("{n}")).header("traceparent", parent(n));
    kafka.produce(&topic, (1..=40).map(record));
    let out = worker.dir().join("out.txt");
    let config = with(
        file_sink(&topic, &out),
        &json!({"errors.deadletterqueue.comment": password}),
    );
    worker.run_connector(&topic, &config);
    kafka.wait_drained(&format!("connect-{topic}"), &topic, PATIENCE);
    let all = || posts.lock().unwrap().clone();
    // Without those of stages.
    let by_name = |name: &str| -> Vec<Span> {
        spans(&all())
            .into_iter()
            .filter(|s| s.name == name && s.parent_span_id.is_empty())
            .collect()
    };
    wait_until(PATIENCE, "a commit", || !by_name("commit").is_empty());
    let batches = by_name("batch");
    let links: usize = batches.iter().map(|b| b.links.len()).sum();
    assert!(links >= 32, "{batches:?}");
    assert!(batches.iter().all(|b| b.links.len() <= 32), "bounded");
    let batch = &batches[0];
    assert_eq!(batch.links[0].trace_id, 1u128.to_be_bytes());
    assert_eq!(batch.links[0].span_id, 1u64.to_be_bytes());
    assert_eq!(
        text(&batch.attributes, "kafka.connect.connector"),
        Some(&*topic)
    );
    assert!(
        batch.parent_span_id.is_empty() && batch.end_time_unix_nano >= batch.start_time_unix_nano
    );
    let children: Vec<Span> = spans(&all())
        .into_iter()
        .filter(|s| s.parent_span_id == batch.span_id)
        .collect();
    let names: Vec<&str> = children.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(names, ["consume", "convert", "put"]);
    for child in &children {
        assert_eq!(child.trace_id, batch.trace_id);
        assert!(
            child.start_time_unix_nano >= batch.start_time_unix_nano,
            "{child:?}"
        );
        assert!(
            child.end_time_unix_nano <= batch.end_time_unix_nano,
            "{child:?}"
        );
    }
    let commit = &by_name("commit")[0];
    assert!(
        commit.links.iter().any(|l| l.span_id == batch.span_id),
        "{commit:?}"
    );

    wait_until(PATIENCE, "the metrics", || {
        sum_of(
            &metrics(&all()),
            "kafka_connect_sink_task_sink_record_send_total",
            &topic,
        ) == Some(40.0)
    });
    let found = metrics(&all());
    let latency = found
        .iter()
        .find(|m| m.name == "turnbuckle_record_latency_seconds");
    let Some(metric::Data::Histogram(latency)) = latency.and_then(|m| m.data.as_ref()) else {
        panic!("no histogram: {latency:?}");
    };
    let point = &latency.data_points[0];
    assert_eq!(
        (point.count, point.bucket_counts.len()),
        (40, point.explicit_bounds.len() + 1)
    );
    let last = all()
        .into_iter()
        .rfind(|p| p.path == "/v1/metrics")
        .expect("metrics");
    let request = ExportMetricsServiceRequest::decode(&*last.body).expect("metrics");
    let resource = request.resource_metrics[0]
        .resource
        .clone()
        .expect("a resource")
        .attributes;
    assert_eq!(text(&resource, "service.name"), Some("sinks"));
    assert_eq!(text(&resource, "deployment.environment"), Some("test"));

    let began = Instant::now();
    worker.stop(PATIENCE);
    assert!(
        began.elapsed() < Duration::from_secs(10),
        "{:?}",
        began.elapsed()
    );
    for post in all() {
        assert!(
            post.headers.contains(&format!("api-key: {secret}")),
            "{}",
            post.headers
        );
        assert!(
            post.headers
                .contains("content-type: application/x-protobuf"),
            "{}",
            post.headers
        );
        let body = String::from_utf8_lossy(&post.body);
        assert!(
            !body.contains(secret) && !body.contains(password),
            "a secret was sent"
        );
    }
    let log = worker.log();
    assert!(!log.contains(secret), "{log}");
    assert!(
        log.contains("OTEL_EXPORTER_OTLP_COMPRESSION"),
        "what is not done is named: {log}"
    );
}

fn a_collector_that_hangs_or_is_away_holds_up_nothing(ctx: &'static Ctx) {
    let kafka = ctx.kafka();
    // Connections are made by the kernel, and nobody ever answers.
    let black_hole = TcpListener::bind("127.0.0.1:0").expect("a port");
    let silent = black_hole.local_addr().expect("an address").to_string();
    let shut = format!("127.0.0.1:{}", scratch::free_port());
    for (endpoint, told) in [(silent, "it does not answer in time"), (shut, "refused")] {
        let worker = WorkerSpec::new(Engine::Turnbuckle, kafka)
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", &format!("http://{endpoint}"))
            .env("OTEL_EXPORTER_OTLP_TIMEOUT", "3000")
            .env("OTEL_METRIC_EXPORT_INTERVAL", "200")
            .env("OTEL_BSP_SCHEDULE_DELAY", "100")
            .start();
        let topic = kafka.new_topic("untraced", 1);
        kafka.produce(&topic, (0..500).map(|n| Record::value(n.to_string())));
        let out = worker.dir().join("out.txt");
        worker.run_connector(&topic, &file_sink(&topic, &out));
        wait_until(PATIENCE, "all lines", || lines(&out).len() == 500);
        wait_until(PATIENCE, told, || worker.log().contains(told));
        let began = Instant::now();
        worker.process().terminate();
        let status = worker.process().wait(PATIENCE);
        // A task that stops takes its time; the collector is given one second.
        assert!(
            began.elapsed() < Duration::from_secs(6),
            "{:?}",
            began.elapsed()
        );
        assert!(status.success(), "{status}");
        let log = worker.log();
        let warnings = log
            .lines()
            .filter(|l| l.contains("the OpenTelemetry collector does not take"));
        assert!(
            warnings.count() <= 2,
            "once for metrics and once for traces: {log}"
        );
    }
}
