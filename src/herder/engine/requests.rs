//! Requests: refused before anything changes, written to the log, answered when they count as done.

use std::time::Duration;

use tracing::info;

use super::slot::{Progress, Reload, Request};
use super::{Done, Engine};
use crate::config::TargetState;
use crate::herder::command::{Change, ConfigureMode, Configured, ConnectorStatus, RestartScope};
use crate::herder::error::HerderError;
use crate::herder::state::{ConfigRecord, State};

/// What a change begins with.
#[derive(Default)]
struct Accepted {
    records: Vec<ConfigRecord>,
    created: bool,
    status: Option<ConnectorStatus>,
}

impl Engine {
    pub(super) fn begin(&mut self, name: &str, change: Change) {
        let accepted = match self.accept(name, &change) {
            Ok(accepted) => accepted,
            Err(why) => return change.refuse(why),
        };
        let progress = match accepted.records.is_empty() {
            true => Progress::Settling,
            false => {
                self.append(name, accepted.records);
                Progress::Writing
            }
        };
        self.slots.entry(name.to_owned()).or_default().request = Some(Request {
            change,
            progress,
            created: accepted.created,
            status: accepted.status,
        });
    }

    /// What can be refused is refused here, before anything changes.
    fn accept(&mut self, name: &str, change: &Change) -> Result<Accepted, HerderError> {
        let records = match change {
            Change::Configure { config, mode, .. } => {
                let created = self.check_exists(name, *mode)?;
                let mut records = vec![ConfigRecord::Connector {
                    name: name.to_owned(),
                    config: Some(config.clone()),
                }];
                if let ConfigureMode::Create(state) = mode {
                    records.insert(0, target(name, Some(*state)));
                }
                return Ok(Accepted {
                    records,
                    created,
                    status: None,
                });
            }
            Change::Delete(_) => {
                self.configured(name)?;
                let config = None;
                let connector = ConfigRecord::Connector {
                    name: name.to_owned(),
                    config,
                };
                vec![connector, target(name, None)]
            }
            Change::SetTarget(state, _) => self.accept_target(name, *state)?,
            Change::Restart(scope, _) => return self.accept_restart(name, *scope),
            Change::RestartTask(task, _) => {
                self.accept_task_restart(name, *task)?;
                Vec::new()
            }
            Change::CheckStopped(_) => {
                self.check_stopped(name)?;
                Vec::new()
            }
        };
        Ok(Accepted {
            records,
            ..Accepted::default()
        })
    }

    /// Whether the connector is new.
    fn check_exists(&self, name: &str, mode: ConfigureMode) -> Result<bool, HerderError> {
        let exists = self.config.get(name).is_some();
        match mode {
            ConfigureMode::Create(_) if exists => Err(HerderError::AlreadyExists(format!(
                "Connector {name} already exists"
            ))),
            ConfigureMode::Update if !exists => Err(HerderError::connector_not_found(name)),
            _ => Ok(!exists),
        }
    }

    fn accept_target(
        &self,
        name: &str,
        state: TargetState,
    ) -> Result<Vec<ConfigRecord>, HerderError> {
        let unknown = || HerderError::NotFound(format!("Unknown connector {name}"));
        let configured = self.config.get(name).ok_or_else(unknown)?;
        if configured.target != state {
            info!(connector = name, target = ?state, "changing the target state");
        }
        let mut records = Vec::new();
        // A stopped connector has no tasks, and starts with new ones.
        if state == TargetState::Stopped {
            let name = name.to_owned();
            records.push(ConfigRecord::Commit { name, tasks: 0 });
        }
        records.push(target(name, Some(state)));
        Ok(records)
    }

    fn check_stopped(&self, name: &str) -> Result<(), HerderError> {
        let configured = self.configured(name)?;
        if configured.target == TargetState::Stopped && configured.tasks.is_empty() {
            return Ok(());
        }
        Err(HerderError::BadRequest(format!(
            "Connectors must be in the STOPPED state before their offsets can be modified. This can be done for the specified connector by issuing a 'PUT' request to the '/connectors/{name}/stop' endpoint"
        )))
    }

    fn accept_restart(&mut self, name: &str, scope: RestartScope) -> Result<Accepted, HerderError> {
        if self.config.get(name).is_none() {
            return Err(HerderError::NotFound(format!("Unknown connector: {name}")));
        }
        let mut status = self
            .status(name)
            .map_err(|_| HerderError::NotFound(format!("Status for connector {name} not found")))?;
        // The connector alone is restarted by who runs it; anything else is for all to read.
        if scope == RestartScope::default() {
            self.restart_connector(name);
            return Ok(Accepted {
                status: Some(status),
                ..Accepted::default()
            });
        }
        if scope.covers(Some(status.connector.state)) {
            status.connector.state = State::Restarting;
        }
        if scope.include_tasks {
            for task in status.tasks.values_mut() {
                if scope.covers(Some(task.state)) {
                    task.state = State::Restarting;
                }
            }
        }
        Ok(Accepted {
            records: vec![ConfigRecord::Restart {
                name: name.to_owned(),
                scope,
            }],
            status: Some(status),
            created: false,
        })
    }

    /// What of it this worker runs is to start anew.
    pub(super) fn on_restart(&mut self, name: &str, scope: RestartScope) {
        let Ok(status) = self.status(name) else {
            return;
        };
        if self.membership.runs_connector(name) && scope.covers(Some(status.connector.state)) {
            self.restart_connector(name);
            self.report_connector_restarts(name, status.connector);
        }
        if !scope.include_tasks {
            return;
        }
        for (task, status) in status.tasks {
            if self.membership.runs_task(name, task) && scope.covers(Some(status.state)) {
                self.report_task_restarts(name, task, status);
                if let Some(slot) = self.slots.get_mut(name) {
                    slot.todo.tasks.insert(task);
                }
            }
        }
    }

    fn restart_connector(&mut self, name: &str) {
        if let Some(slot) = self.slots.get_mut(name) {
            slot.todo.connector = true;
        }
    }

    fn accept_task_restart(&mut self, name: &str, task: i64) -> Result<(), HerderError> {
        let configured = self
            .config
            .get(name)
            .ok_or_else(|| HerderError::NotFound(format!("Unknown connector: {name}")))?;
        let task = u32::try_from(task)
            .ok()
            .filter(|&task| (task as usize) < configured.tasks.len())
            .ok_or_else(|| HerderError::NotFound(format!("Task {name}-{task} not found")))?;
        if let Some(slot) = self.slots.get_mut(name) {
            slot.todo.tasks.insert(task);
        }
        Ok(())
    }

    pub(super) fn reply(&self, name: &str, request: Request) {
        // The one who asked may be gone; nobody else misses the answer.
        match request.change {
            Change::Configure { reply, .. } => {
                let created = request.created;
                let info = self.info(name);
                drop(reply.send(info.map(|info| Configured { created, info })));
            }
            Change::Restart(_, reply) => {
                let status = request.status.ok_or_else(HerderError::shutting_down);
                drop(reply.send(status));
            }
            Change::CheckStopped(reply) => {
                drop(reply.send(self.configured(name).map(|c| c.config.clone())));
            }
            Change::Delete(reply) => {
                info!(connector = name, "deleted");
                drop(reply.send(Ok(())));
            }
            Change::SetTarget(_, reply) | Change::RestartTask(_, reply) => {
                drop(reply.send(Ok(())));
            }
        }
    }

    /// Restarts a connector when the time has come, unless it is made anew, rests or goes before; a later request
    /// takes the place of an earlier one.
    pub(super) fn restart_after(&mut self, name: &str, delay: Duration) {
        let Some(slot) = self.slots.get_mut(name) else {
            return;
        };
        let name = name.to_owned();
        let timer = self.beside.spawn(async move {
            tokio::time::sleep(delay).await;
            Done::Reload { name }
        });
        slot.reload = Some(Reload(timer));
    }

    pub(super) fn reload(&mut self, name: &str) {
        if let Some(slot) = self.slots.get_mut(name)
            && slot.reload.take().is_some()
        {
            info!(
                connector = name,
                "restarting, for what a provider gave is no longer valid"
            );
            slot.todo.connector = true;
            self.advance(name);
        }
    }
}

fn target(name: &str, state: Option<TargetState>) -> ConfigRecord {
    ConfigRecord::Target {
        name: name.to_owned(),
        state,
    }
}

impl Change {
    pub(super) fn refuse(self, error: HerderError) {
        match self {
            Change::Configure { reply, .. } => drop(reply.send(Err(error))),
            Change::Restart(_, reply) => drop(reply.send(Err(error))),
            Change::CheckStopped(reply) => drop(reply.send(Err(error))),
            Change::Delete(reply) | Change::SetTarget(_, reply) | Change::RestartTask(_, reply) => {
                drop(reply.send(Err(error)));
            }
        }
    }
}
