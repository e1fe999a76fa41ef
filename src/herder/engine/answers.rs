//! Questions, answered from what the herder knows.

use connect_api::config::Config;
use data_plane::task::{Phase, error_text};

use super::Engine;
use crate::config::connector::CONNECTOR_CLASS;
use crate::herder::command::{ConnectorInfo, ConnectorStatus, Question, TaskPhase};
use crate::herder::error::HerderError;
use crate::herder::state::{ConfiguredConnector, State};
use crate::plugins::Kind;

impl Engine {
    pub(super) fn answer(&self, question: Question) {
        // The one who asked may be gone; nobody else misses the answer.
        match question {
            Question::Ping(reply) => drop(reply.send(Ok(()))),
            Question::Names(reply) => {
                drop(reply.send(Ok(self.config.names().map(str::to_owned).collect())));
            }
            Question::All(reply) => {
                let all = self.config.names().filter_map(|name| {
                    Some((
                        name.to_owned(),
                        (self.info(name).ok()?, self.status(name).ok()),
                    ))
                });
                drop(reply.send(Ok(all.collect())));
            }
            Question::Info(name, reply) => drop(reply.send(self.info(&name))),
            Question::Tasks(name, reply) => {
                drop(reply.send(self.configured(&name).map(|c| c.tasks.clone())));
            }
            Question::Status(name, reply) => drop(reply.send(self.status(&name))),
            Question::TaskStatus(name, task, reply) => {
                let status = u32::try_from(task)
                    .ok()
                    .and_then(|task| self.statuses.get(&name)?.tasks.get(&task).cloned());
                drop(reply.send(status.ok_or_else(|| {
                    HerderError::NotFound(format!("No status found for task {name}-{task}"))
                })));
            }
            Question::TaskPhase(name, task, reply) => {
                let phase = u32::try_from(task)
                    .ok()
                    .and_then(|task| self.task_phase(&name, task));
                drop(reply.send(phase.ok_or_else(|| {
                    HerderError::NotFound(format!("Task {name}-{task} not found"))
                })));
            }
            Question::Topics(name, reply) => {
                let topics = self.statuses.get(&name).map(|s| s.topics.keys().cloned());
                drop(reply.send(Ok(topics.into_iter().flatten().collect())));
            }
        }
    }

    fn task_phase(&self, name: &str, task: u32) -> Option<TaskPhase> {
        let running = self.slots.get(name).and_then(|slot| slot.tasks.get(&task));
        if let Some(handle) = running.and_then(|task| task.handle.as_ref()) {
            let report = handle.phase();
            return Some(TaskPhase {
                phase: report.phase,
                why: report.why.map(|why| self.hide(name, &error_text(&why))),
                bytes_in_flight: report.bytes_in_flight,
            });
        }
        // One that could not even be made.
        let status = self.statuses.get(name)?.tasks.get(&task)?;
        let lines = |trace: &String| trace.trim_end().replace('\n', ": ");
        (status.state == State::Failed).then(|| TaskPhase {
            phase: Phase::Failed,
            why: status.trace.as_ref().map(lines),
            bytes_in_flight: 0,
        })
    }

    pub(super) fn configured(&self, name: &str) -> Result<&ConfiguredConnector, HerderError> {
        self.config
            .get(name)
            .ok_or_else(|| HerderError::connector_not_found(name))
    }

    pub(super) fn info(&self, name: &str) -> Result<ConnectorInfo, HerderError> {
        let configured = self.configured(name)?;
        Ok(ConnectorInfo {
            name: name.to_owned(),
            config: configured.config.clone(),
            tasks: (0..configured.tasks.len() as u32).collect(),
            kind: self.kind(&configured.config),
        })
    }

    pub(super) fn status(&self, name: &str) -> Result<ConnectorStatus, HerderError> {
        let found = self.config.get(name).and_then(|configured| {
            let statuses = self.statuses.get(name)?;
            Some(ConnectorStatus {
                name: name.to_owned(),
                connector: statuses.connector.clone()?,
                tasks: statuses.tasks.clone(),
                kind: self.kind(&configured.config),
            })
        });
        found.ok_or_else(|| HerderError::NotFound(format!("No status found for connector {name}")))
    }

    fn kind(&self, config: &Config) -> &'static str {
        let class = config.get(CONNECTOR_CLASS.name()).unwrap_or_default();
        match self.worker.plugins.find(Kind::Sink, class) {
            Ok(plugin) => plugin.plugin.kind(),
            Err(_) => "unknown",
        }
    }
}
