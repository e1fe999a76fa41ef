//! Prometheus' text format.

use prometheus::proto;
use prometheus::{Encoder, TEXT_FORMAT, TextEncoder};

use super::model::{Family, Kind, Sample, Value};

/// With the character set that exporters name too.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The families as text. One without samples is left out.
pub fn encode(families: &[Family]) -> String {
    debug_assert!(CONTENT_TYPE.starts_with(TEXT_FORMAT));
    let full = families.iter().filter(|family| !family.samples.is_empty());
    let families: Vec<proto::MetricFamily> = full.map(to_proto).collect();
    let mut text = Vec::new();
    // Writing into memory fails only for a family without a name or samples.
    if let Err(error) = TextEncoder::new().encode(&families, &mut text) {
        tracing::warn!(%error, "metrics could not be written out");
    }
    String::from_utf8(text).unwrap_or_default()
}

fn to_proto(family: &Family) -> proto::MetricFamily {
    let mut into = proto::MetricFamily::default();
    into.set_name(family.name.clone().into_owned());
    into.set_help(family.help.clone().into_owned());
    into.set_field_type(match family.kind {
        Kind::Counter => proto::MetricType::COUNTER,
        Kind::Gauge => proto::MetricType::GAUGE,
        Kind::Histogram => proto::MetricType::HISTOGRAM,
    });
    into.set_metric(
        family
            .samples
            .iter()
            .map(|s| metric(family.kind, s))
            .collect(),
    );
    into
}

fn metric(kind: Kind, sample: &Sample) -> proto::Metric {
    let label = |(name, value): &(std::borrow::Cow<'static, str>, String)| {
        let mut label = proto::LabelPair::default();
        label.set_name(name.clone().into_owned());
        label.set_value(value.clone());
        label
    };
    let mut metric = proto::Metric::from_label(sample.labels.iter().map(label).collect());
    match (&sample.value, kind) {
        (Value::Number(number), Kind::Counter) => {
            let mut counter = proto::Counter::default();
            counter.set_value(*number);
            metric.set_counter(counter);
        }
        (Value::Number(number), _) => {
            let mut gauge = proto::Gauge::default();
            gauge.set_value(*number);
            metric.set_gauge(gauge);
        }
        (
            Value::Buckets {
                bounds,
                counts,
                sum,
            },
            _,
        ) => {
            metric.set_histogram(histogram(bounds, counts, *sum));
        }
    }
    metric
}

fn histogram(bounds: &[f64], counts: &[u64], sum: f64) -> proto::Histogram {
    let mut below = 0;
    let buckets = bounds.iter().zip(counts).map(|(bound, count)| {
        below += count;
        let mut bucket = proto::Bucket::default();
        bucket.set_upper_bound(*bound);
        bucket.set_cumulative_count(below);
        bucket
    });
    let mut histogram = proto::Histogram::default();
    histogram.set_bucket(buckets.collect());
    histogram.set_sample_count(counts.iter().sum());
    histogram.set_sample_sum(sum);
    histogram
}
