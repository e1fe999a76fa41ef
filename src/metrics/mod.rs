//! Metrics by their names: Kafka's, those of the usual Prometheus exporters, and our own.
//!
//! The data plane counts ([`data_plane::metrics`]), the worker's [`Registry`] knows whose counts are whose, the herder adds
//! the states: that is a [`WorkerSnapshot`]. [`beans`] makes of it what a JVM worker shows over JMX, [`families`] gives
//! that the names of Prometheus and adds ours, and [`prometheus`](text) prints them.
//!
//! Every metric is declared once, in [`kafka`] or [`own`]; answers, documentation and tests derive from there.

mod kafka;
mod model;
mod names;
pub mod otlp;
mod own;
mod page;
mod process;
mod registry;
mod snapshot;
mod text;

#[cfg(test)]
mod tests;

pub use model::{Family, Kind, Labels, Sample, Value};
pub use names::Naming;
pub use page::page;
pub use registry::Registry;
pub use snapshot::{ConnectorSnapshot, TaskState, WorkerSnapshot};
pub use text::{CONTENT_TYPE, encode};

/// Every metric of the worker under the names asked for.
pub fn families(snapshot: &WorkerSnapshot, naming: Naming) -> Vec<Family> {
    let beans = kafka::beans(snapshot);
    let mut families = names::families(&beans, naming);
    families.extend(own::families(snapshot));
    families.extend(process::families());
    families
}
