//! What a metric is, whatever format it is shown in.

use std::borrow::Cow;

/// Names and values, in the order they are shown.
pub type Labels = Vec<(Cow<'static, str>, String)>;

/// All samples of one name.
#[derive(Clone, Debug, PartialEq)]
pub struct Family {
    pub name: Cow<'static, str>,
    pub help: Cow<'static, str>,
    pub kind: Kind,
    pub samples: Vec<Sample>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows, from the beginning of what its labels name.
    Counter,
    Gauge,
    Histogram,
}

impl Kind {
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    pub labels: Labels,
    pub value: Value,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Number(f64),
    Buckets {
        /// Upper bounds; there is one count more.
        bounds: Vec<f64>,
        /// Not cumulated.
        counts: Vec<u64>,
        sum: f64,
    },
}

impl Sample {
    pub fn new(labels: Labels, value: f64) -> Self {
        Self {
            labels,
            value: Value::Number(value),
        }
    }
}
