//! What the herder adds to the counts: which connectors there are, and their states.

use std::collections::BTreeMap;

use super::command::{ConnectorInfo, ConnectorStatus};
use super::state::State;
use super::{Herder, HerderError};
use crate::config::connector::CONNECTOR_CLASS;
use crate::metrics::{ConnectorSnapshot, TaskState, WorkerSnapshot};
use crate::plugins::Kind;
use crate::worker::Worker;

impl Herder {
    /// Everything that metrics show, as of now.
    ///
    /// # Errors
    /// The herder does not answer.
    pub async fn metrics(&self) -> Result<WorkerSnapshot, HerderError> {
        Ok(snapshot(self.worker(), &self.all().await?))
    }
}

fn snapshot(
    worker: &Worker,
    all: &BTreeMap<String, (ConnectorInfo, Option<ConnectorStatus>)>,
) -> WorkerSnapshot {
    let (connector_startups, task_startups) = worker.metrics.startups();
    let connectors = all
        .iter()
        .map(|(name, (info, status))| connector(worker, name, info, status.as_ref()));
    WorkerSnapshot {
        id: worker.id.clone(),
        started_ms: worker.metrics.started_ms(),
        uptime: worker.metrics.uptime(),
        connector_startups,
        task_startups,
        connectors: connectors.collect(),
    }
}

fn connector(
    worker: &Worker,
    name: &str,
    info: &ConnectorInfo,
    status: Option<&ConnectorStatus>,
) -> ConnectorSnapshot {
    let class = info.config.get(CONNECTOR_CLASS.name()).unwrap_or_default();
    let plugin = worker.plugins.find(Kind::Sink, class).ok();
    let lower = |state: State| state.name().to_lowercase();
    let task = |&task: &u32| {
        let known = worker.metrics.task(name, task);
        let state = status.and_then(|s| s.tasks.get(&task));
        TaskState {
            task,
            status: lower(state.map_or(State::Unassigned, |s| s.state)),
            client_id: known
                .as_ref()
                .map_or_else(String::new, |k| k.client_id.clone()),
            producer_id: known
                .as_ref()
                .map_or_else(String::new, |k| k.producer_id.clone()),
            numbers: known.map(|k| k.metrics.snapshot()),
        }
    };
    ConnectorSnapshot {
        name: name.to_owned(),
        status: lower(status.map_or(State::Unassigned, |s| s.connector.state)),
        kind: info.kind,
        class: plugin.map_or(class, |plugin| plugin.class).to_owned(),
        version: plugin.map_or("unknown", |plugin| plugin.version).to_owned(),
        tasks: info.tasks.iter().map(task).collect(),
    }
}
