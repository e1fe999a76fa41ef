//! What a change does to tasks. What can be refused is refused while planning, before anything changes.

use connect_api::ConnectError;
use connect_api::config::Config;
use tracing::{info, warn};

use super::{Running, Standalone};
use crate::config::TargetState;
use crate::herder::command::{Change, ConfigureMode, RestartScope};
use crate::herder::error::HerderError;
use crate::herder::state::{ConfigRecord, State, Status};
use crate::providers::{restore, warn_unresolved};
use crate::worker::Worker;

/// Tasks to stop, and what follows when they have stopped.
#[derive(Default)]
pub(super) struct Plan {
    pub stop: Vec<u32>,
    /// Task configurations that replace the present ones.
    pub configs: Option<Vec<Config>>,
    pub start: Vec<u32>,
    /// Whether the connector is new.
    pub created: bool,
}

impl Standalone {
    /// What can be refused is refused here, before anything changes.
    pub(super) fn prepare(&mut self, name: &str, change: &Change) -> Result<Plan, HerderError> {
        match change {
            Change::Configure { config, mode, .. } => self.prepare_configure(name, config, *mode),
            Change::Delete(_) => {
                self.configured(name)?;
                Ok(self.stop_every_task(name))
            }
            Change::SetTarget(target, _) => self.prepare_target(name, *target),
            Change::Restart(scope, _) => self.prepare_restart(name, *scope),
            Change::RestartTask(task, _) => self.prepare_task_restart(name, *task),
            Change::CheckStopped(_) => self.check_stopped(name),
        }
    }

    fn prepare_configure(
        &mut self,
        name: &str,
        config: &Config,
        mode: ConfigureMode,
    ) -> Result<Plan, HerderError> {
        let exists = self.config.get(name).is_some();
        match mode {
            ConfigureMode::Create(_) if exists => {
                return Err(HerderError::AlreadyExists(format!(
                    "Connector {name} already exists"
                )));
            }
            ConfigureMode::Update if !exists => {
                return Err(HerderError::connector_not_found(name));
            }
            _ => {}
        }
        self.config.apply(ConfigRecord::Connector {
            name: name.to_owned(),
            config: Some(config.clone()),
        });
        if let ConfigureMode::Create(state) = mode {
            self.config.apply(ConfigRecord::Target {
                name: name.to_owned(),
                state,
            });
        }
        let plan = self.start_connector(name);
        Ok(Plan {
            created: !exists,
            ..plan
        })
    }

    fn prepare_target(&mut self, name: &str, target: TargetState) -> Result<Plan, HerderError> {
        let unknown = || HerderError::NotFound(format!("Unknown connector {name}"));
        let before = self.config.get(name).ok_or_else(unknown)?.target;
        self.config.apply(ConfigRecord::Target {
            name: name.to_owned(),
            state: target,
        });
        if before != target {
            info!(connector = name, ?target, "changing the target state");
        }
        let tasks = self
            .running
            .get(name)
            .into_iter()
            .flat_map(|running| running.tasks.values());
        match target {
            TargetState::Stopped => {
                let mut plan = self.stop_every_task(name);
                plan.configs = Some(Vec::new());
                return Ok(plan);
            }
            TargetState::Paused => tasks.for_each(|task| task.handle.pause()),
            TargetState::Started => tasks.for_each(|task| task.handle.resume()),
        }
        Ok(self.start_connector(name))
    }

    fn check_stopped(&self, name: &str) -> Result<Plan, HerderError> {
        let configured = self.configured(name)?;
        if configured.target == TargetState::Stopped && configured.tasks.is_empty() {
            return Ok(Plan::default());
        }
        Err(HerderError::BadRequest(format!(
            "Connectors must be in the STOPPED state before their offsets can be modified. This can be done for the specified connector by issuing a 'PUT' request to the '/connectors/{name}/stop' endpoint"
        )))
    }

    fn prepare_restart(&mut self, name: &str, scope: RestartScope) -> Result<Plan, HerderError> {
        if self.config.get(name).is_none() {
            return Err(HerderError::NotFound(format!("Unknown connector: {name}")));
        }
        let statuses = self.statuses.entry(name.to_owned()).or_default();
        let state = |status: &Status| Some(status.state);
        let restarts_connector = scope.covers(statuses.connector.as_ref().and_then(state));
        let mut tasks = Vec::new();
        if scope.include_tasks {
            for (&task, status) in &mut statuses.tasks {
                if scope.covers(state(status)) {
                    status.state = State::Restarting;
                    tasks.push(task);
                }
            }
        }
        let mut plan = match restarts_connector {
            true => self.start_connector(name),
            false => Plan::default(),
        };
        // New task configurations restart every task anyway.
        if plan.configs.is_none() {
            plan.stop.clone_from(&tasks);
            plan.start = tasks;
        }
        if restarts_connector
            && let Some(status) = self
                .statuses
                .get_mut(name)
                .and_then(|s| s.connector.as_mut())
        {
            status.state = State::Restarting;
        }
        Ok(plan)
    }

    fn prepare_task_restart(&mut self, name: &str, task: i64) -> Result<Plan, HerderError> {
        let configured = self
            .config
            .get(name)
            .ok_or_else(|| HerderError::NotFound(format!("Unknown connector: {name}")))?;
        let task = u32::try_from(task)
            .ok()
            .filter(|&task| (task as usize) < configured.tasks.len())
            .ok_or_else(|| HerderError::NotFound(format!("Task {name}-{task} not found")))?;
        Ok(Plan {
            stop: vec![task],
            start: vec![task],
            ..Plan::default()
        })
    }

    /// Makes the connector anew as its target state wants it, and plans its tasks: those whose configuration is
    /// unchanged keep running.
    fn start_connector(&mut self, name: &str) -> Plan {
        let Some(configured) = self.config.get(name) else {
            return Plan::default();
        };
        let running = self.running.entry(name.to_owned()).or_default();
        // Of an earlier configuration; made anew when a task needs it.
        running.connector = None;
        let (state, configs, error) = match configured.target {
            TargetState::Stopped => (State::Stopped, None, None),
            TargetState::Paused => (State::Paused, None, None),
            TargetState::Started => {
                let tasks = Self::make_connector(&self.worker, name, &configured.config, running);
                match tasks {
                    Ok(tasks) => (State::Running, Some(tasks), None),
                    Err(error) => (State::Failed, None, Some(error)),
                }
            }
        };
        // Tasks take converters and limits from the connector's configuration, which task configurations need not
        // repeat; whether anything changed is told by both.
        let changed = configs.as_ref().is_some_and(|configs| {
            *configs != configured.tasks || running.applied.as_ref() != Some(&configured.config)
        });
        self.report_connector(name, state, error);
        if !changed {
            return Plan::default();
        }
        let mut plan = self.stop_every_task(name);
        plan.start = (0..configs.as_ref().map_or(0, Vec::len) as u32).collect();
        plan.configs = configs;
        plan
    }

    /// Makes the connector of what its references stand for now, and gives the configurations of its tasks with the
    /// references again.
    fn make_connector(
        worker: &Worker,
        name: &str,
        written: &Config,
        running: &mut Running,
    ) -> Result<Vec<Config>, ConnectError> {
        let resolved = worker.providers.resolve(written)?;
        running.secrets = resolved.secrets;
        warn_unresolved(name, &resolved.unresolved);
        let connector = worker.make_connector(&resolved.config)?;
        let mut tasks = connector.task_configs(&resolved.config)?;
        for task in &mut tasks {
            restore(task, written);
        }
        let unknown = connector.unknown_keys(&worker.plugins, written);
        if !unknown.is_empty() {
            warn!(connector = name, keys = unknown.join(", "), "unknown keys");
        }
        running.connector = Some(connector);
        Ok(tasks)
    }

    fn stop_every_task(&self, name: &str) -> Plan {
        let running = self.running.get(name);
        Plan {
            stop: running
                .map(|r| r.tasks.keys().copied().collect())
                .unwrap_or_default(),
            ..Plan::default()
        }
    }
}
