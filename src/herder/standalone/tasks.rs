//! Tasks are started, and what they report becomes their status.

use connect_api::ConnectError;
use data_plane::task::{TaskHandle, TaskStatus};
use tracing::{error, info};

use super::{RunningTask, Standalone};
use crate::config::TargetState;
use crate::config::connector::CONNECTOR_CLASS;
use crate::herder::command::{Command, TaskReport};
use crate::herder::state::{State, Status};
use crate::plugins::Kind;
use crate::worker::TaskToStart;

impl Standalone {
    pub(super) fn start_task(&mut self, name: &str, task: u32) {
        self.incarnations += 1;
        let incarnation = self.incarnations;
        match self.try_start_task(name, task, incarnation) {
            Ok(handle) => {
                let running = self.running.entry(name.to_owned()).or_default();
                running.tasks.insert(
                    task,
                    RunningTask {
                        handle,
                        incarnation,
                    },
                );
            }
            Err(error) => self.report_task(name, task, TaskStatus::Failed(error)),
        }
    }

    fn try_start_task(
        &mut self,
        name: &str,
        task: u32,
        incarnation: u64,
    ) -> Result<TaskHandle, ConnectError> {
        let gone = || ConnectError::fatal(format!("Connector {name} is not running"));
        let configured = self.config.get(name).ok_or_else(gone)?;
        let running = self.running.entry(name.to_owned()).or_default();
        let task_config = configured.tasks.get(task as usize).ok_or_else(gone)?;
        // What references stand for may have changed since the connector was made.
        let resolved = self.worker.providers.resolve(&configured.config)?;
        let resolved_task = self.worker.providers.resolve(task_config)?;
        running.secrets.extend(&resolved.secrets);
        running.secrets.extend(&resolved_task.secrets);
        let kept = running.connector.take();
        let kept = kept.filter(|kept| *kept.made_of == resolved.config);
        let connector = match kept {
            Some(connector) => connector,
            None => self.worker.make_connector(&resolved.config)?,
        };
        let connector = running.connector.insert(connector);
        let reports = self.reports.clone();
        let connector_name = name.to_owned();
        self.worker.start_task(TaskToStart {
            name,
            connector,
            connector_config: &resolved.config,
            task,
            task_config: &resolved_task.config,
            paused: configured.target == TargetState::Paused,
            status: Box::new(move |status| {
                let report = TaskReport {
                    name: connector_name.clone(),
                    task,
                    incarnation,
                    status,
                };
                if let Some(reports) = reports.upgrade() {
                    // A herder that has ended needs no reports.
                    let _ = reports.send(Command::TaskReported(report));
                }
            }),
        })
    }

    pub(super) fn on_report(&mut self, report: TaskReport) {
        let task = self
            .running
            .get(&report.name)
            .and_then(|r| r.tasks.get(&report.task));
        if task.is_some_and(|task| task.incarnation == report.incarnation) {
            self.report_task(&report.name, report.task, report.status);
        }
    }

    pub(super) fn report_connector(
        &mut self,
        name: &str,
        state: State,
        error: Option<ConnectError>,
    ) {
        let trace = error.map(|error| self.trace(name, &error));
        if let Some(trace) = &trace {
            error!(
                connector = name,
                "the connector failed to start: {}",
                trace.trim_end()
            );
        }
        let status = self.new_status(name, state, trace);
        self.statuses.entry(name.to_owned()).or_default().connector = Some(status);
    }

    fn report_task(&mut self, name: &str, task: u32, status: TaskStatus) {
        let (state, error) = match status {
            TaskStatus::Running => (State::Running, None),
            TaskStatus::Paused => (State::Paused, None),
            TaskStatus::Unassigned => (State::Unassigned, None),
            TaskStatus::Failed(error) => (State::Failed, Some(error)),
        };
        let trace = error.map(|error| self.trace(name, &error));
        match &trace {
            None => info!(connector = name, task, state = state.name(), "task state"),
            // The sentence that users of Kafka look for in logs.
            Some(trace) => error!(
                connector = name,
                task,
                "WorkerSinkTask{{id={name}-{task}}} Task threw an uncaught and unrecoverable exception. Task is being killed and will not recover until manually restarted: {}",
                trace.trim_end()
            ),
        }
        let status = self.new_status(name, state, trace);
        self.statuses
            .entry(name.to_owned())
            .or_default()
            .tasks
            .insert(task, status);
    }

    /// With references instead of what they stand for, of the worker's properties too.
    fn trace(&self, name: &str, error: &ConnectError) -> String {
        self.hide(name, &error.trace())
    }

    pub(super) fn hide(&self, name: &str, text: &str) -> String {
        let text = self.worker.secrets.hide(text);
        match self.running.get(name) {
            Some(running) => running.secrets.hide(&text),
            None => text,
        }
    }

    fn new_status(&self, name: &str, state: State, trace: Option<String>) -> Status {
        let class = self
            .config
            .get(name)
            .and_then(|c| c.config.get(CONNECTOR_CLASS.name()));
        let plugin = class.and_then(|class| self.worker.plugins.find(Kind::Sink, class).ok());
        Status {
            state,
            worker_id: self.worker.id.clone(),
            version: plugin.map(|plugin| plugin.version),
            trace,
        }
    }
}
