//! [`Sender`]: metrics as messages of OTLP, sent by a thread of their own.

use std::sync::Mutex;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::Duration;

use data_plane::clock::{Clock, SystemClock};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value};
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Gauge, Histogram, HistogramDataPoint, Metric, NumberDataPoint,
    ResourceMetrics, ScopeMetrics, Sum, metric, number_data_point,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use prost::Message;

use super::client::Client;
use crate::metrics::{Family, Kind, Labels, Sample, Value, WorkerSnapshot};

pub(super) struct Sender {
    /// None after the end.
    queue: Mutex<Option<SyncSender<Vec<u8>>>>,
    ended: Mutex<Receiver<()>>,
    resource: Vec<(String, String)>,
}

impl Sender {
    /// # Errors
    /// There are no more threads.
    pub fn start(client: Client, resource: Vec<(String, String)>) -> Result<Self, String> {
        // One message waits while one is being sent; numbers that come then are stale before they leave.
        let (queue, messages) = sync_channel::<Vec<u8>>(1);
        let (tell, ended) = sync_channel(1);
        let send = move || {
            for message in messages {
                // It was told in the log.
                let _ = client.post(&message);
            }
            let _ = tell.send(());
        };
        let thread = thread::Builder::new()
            .name("otlp-metrics".to_owned())
            .spawn(send);
        thread.map_err(|e| format!("no thread for metrics: {e}"))?;
        Ok(Self {
            queue: Mutex::new(Some(queue)),
            ended: Mutex::new(ended),
            resource,
        })
    }

    pub fn send(&self, snapshot: &WorkerSnapshot, families: &[Family]) {
        let message = request(snapshot, families, &self.resource, SystemClock.unix_ms());
        let queue = self
            .queue
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(queue) = &*queue
            && let Err(TrySendError::Full(_)) = queue.try_send(message.encode_to_vec())
        {
            tracing::debug!("metrics are dropped: those before are still being sent");
        }
    }

    /// Waits until everything is sent, or no longer.
    pub fn end(&self, patience: Duration) {
        let queue = self
            .queue
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .take();
        drop(queue);
        let ended = self
            .ended
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let _ = ended.recv_timeout(patience);
    }
}

fn request(
    snapshot: &WorkerSnapshot,
    families: &[Family],
    resource: &[(String, String)],
    now_ms: i64,
) -> ExportMetricsServiceRequest {
    let nanos = |ms: i64| u64::try_from(ms).unwrap_or_default() * 1_000_000;
    let times = (nanos(snapshot.started_ms), nanos(now_ms));
    let full = families.iter().filter(|f| !f.samples.is_empty());
    let scope = ScopeMetrics {
        scope: Some(InstrumentationScope {
            name: "turnbuckle".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            ..InstrumentationScope::default()
        }),
        metrics: full.map(|family| to_metric(family, times)).collect(),
        ..ScopeMetrics::default()
    };
    let mut attributes: Vec<KeyValue> = resource.iter().map(|(k, v)| attribute(k, v)).collect();
    if !resource.iter().any(|(key, _)| key == "service.instance.id") {
        attributes.push(attribute("service.instance.id", &snapshot.id));
    }
    let resource = Resource {
        attributes,
        ..Resource::default()
    };
    ExportMetricsServiceRequest {
        resource_metrics: vec![ResourceMetrics {
            resource: Some(resource),
            scope_metrics: vec![scope],
            ..ResourceMetrics::default()
        }],
    }
}

fn attribute(key: &str, value: &str) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue {
            value: Some(any_value::Value::StringValue(value.to_owned())),
        }),
        ..KeyValue::default()
    }
}

fn attributes(labels: &Labels) -> Vec<KeyValue> {
    labels
        .iter()
        .map(|(name, value)| attribute(name, value))
        .collect()
}

/// Begin of all counting, and now; in nanoseconds since 1970.
type Times = (u64, u64);

fn to_metric(family: &Family, times: Times) -> Metric {
    let numbers = || {
        family
            .samples
            .iter()
            .filter_map(|s| number(s, times))
            .collect()
    };
    let temporality = AggregationTemporality::Cumulative.into();
    let data = match family.kind {
        Kind::Gauge => metric::Data::Gauge(Gauge {
            data_points: numbers(),
        }),
        Kind::Counter => metric::Data::Sum(Sum {
            data_points: numbers(),
            aggregation_temporality: temporality,
            is_monotonic: true,
        }),
        Kind::Histogram => metric::Data::Histogram(Histogram {
            data_points: family
                .samples
                .iter()
                .filter_map(|s| histogram(s, times))
                .collect(),
            aggregation_temporality: temporality,
        }),
    };
    Metric {
        name: family.name.clone().into_owned(),
        description: family.help.clone().into_owned(),
        data: Some(data),
        ..Metric::default()
    }
}

/// None for "no sample", which OTLP says by absence.
fn number(sample: &Sample, (start, now): Times) -> Option<NumberDataPoint> {
    let Value::Number(value) = sample.value else {
        return None;
    };
    (!value.is_nan()).then(|| NumberDataPoint {
        attributes: attributes(&sample.labels),
        start_time_unix_nano: start,
        time_unix_nano: now,
        value: Some(number_data_point::Value::AsDouble(value)),
        ..NumberDataPoint::default()
    })
}

fn histogram(sample: &Sample, (start, now): Times) -> Option<HistogramDataPoint> {
    let Value::Buckets {
        bounds,
        counts,
        sum,
    } = &sample.value
    else {
        return None;
    };
    Some(HistogramDataPoint {
        attributes: attributes(&sample.labels),
        start_time_unix_nano: start,
        time_unix_nano: now,
        count: counts.iter().sum(),
        sum: Some(*sum),
        bucket_counts: counts.clone(),
        explicit_bounds: bounds.clone(),
        ..HistogramDataPoint::default()
    })
}
