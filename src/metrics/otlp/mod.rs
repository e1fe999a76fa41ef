//! OpenTelemetry: the same metrics, and a trace of every batch, sent to a collector with OTLP over HTTP.
//!
//! It is there when the environment names an endpoint, and costs nothing otherwise. Everything is sent from threads of its
//! own with bounded queues: a collector that is away or hangs costs what it would have been sent, and holds up neither
//! tasks nor the end of the process.
//!
//! Spans go the way of OpenTelemetry's SDK. Metrics do not: they are numbers at one moment, gone with their task, and
//! histograms of counts, which the SDK's instruments do not take; so its messages are filled from the [`Family`] list.
//!
//! [`Family`]: super::Family

mod client;
mod metrics;
mod settings;
mod traces;

pub use settings::{Note, Settings};

use std::sync::Arc;
use std::time::{Duration, Instant};

use data_plane::metrics::Listener;
use tracing::{info, warn};

use self::client::Client;
use self::metrics::Sender;
use self::traces::Tracer;
use super::{Naming, WorkerSnapshot, families};

/// How long the end of the process waits for what is on its way.
const PATIENCE: Duration = Duration::from_secs(1);

/// What is sent, and by whom.
pub struct Otlp {
    metrics: Option<(Sender, Duration)>,
    traces: Option<Arc<Tracer>>,
}

impl Otlp {
    /// Starts what the settings ask for. Nothing is sent yet.
    ///
    /// # Errors
    /// A certificate cannot be read, or an address cannot be used.
    pub fn start(settings: Settings) -> Result<Self, String> {
        let resource = settings.resource.clone();
        let metrics = match settings.metrics {
            None => None,
            Some(signal) => {
                info!(endpoint = %signal.shown_endpoint(), interval_ms = settings.interval.as_millis(), "sending metrics to a collector");
                let client = Client::new(&signal)?;
                Some((Sender::start(client, resource.clone())?, settings.interval))
            }
        };
        let traces = match settings.traces {
            None => None,
            Some(signal) => {
                info!(endpoint = %signal.shown_endpoint(), "sending traces to a collector");
                let client = Client::new(&signal)?;
                Some(Arc::new(Tracer::start(client, resource, settings.sampler)))
            }
        };
        Ok(Self { metrics, traces })
    }

    /// Who is told what becomes of the batches of a task; none without traces.
    pub fn listener(&self, connector: &str, task: u32) -> Option<Listener> {
        let tracer = self.traces.clone()?;
        Some(tracer.listener(connector, task))
    }

    /// How often metrics are sent; none without.
    pub fn interval(&self) -> Option<Duration> {
        self.metrics.as_ref().map(|(_, interval)| *interval)
    }

    /// Hands metrics over to be sent; drops them if those before are still on their way.
    pub fn send(&self, snapshot: &WorkerSnapshot) {
        if let Some((sender, _)) = &self.metrics {
            sender.send(snapshot, &families(snapshot, Naming::Strimzi));
        }
    }

    /// Sends what is left, for as long as may be waited. Blocks.
    pub fn end(&self) {
        let until = Instant::now() + PATIENCE;
        if let Some((sender, _)) = &self.metrics {
            sender.end(PATIENCE / 2);
        }
        if let Some(tracer) = &self.traces {
            tracer.end(until.saturating_duration_since(Instant::now()));
        }
    }
}

/// Says what the environment asks for and is not done.
pub fn report(notes: &[Note]) {
    for Note { variable, why } in notes {
        warn!(variable, why, "OpenTelemetry setting");
    }
}
