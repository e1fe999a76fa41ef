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
        let connector = match &running.connector {
            Some(connector) => connector,
            None => running
                .connector
                .insert(self.worker.make_connector(&configured.config)?),
        };
        let task_config = configured.tasks.get(task as usize).ok_or_else(gone)?;
        let reports = self.reports.clone();
        let connector_name = name.to_owned();
        self.worker.start_task(TaskToStart {
            name,
            connector,
            connector_config: &configured.config,
            task,
            task_config,
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
        if let Some(error) = &error {
            error!(
                connector = name,
                "the connector failed to start: {}",
                error.trace().trim_end()
            );
        }
        let status = self.new_status(name, state, error);
        self.statuses.entry(name.to_owned()).or_default().connector = Some(status);
    }

    fn report_task(&mut self, name: &str, task: u32, status: TaskStatus) {
        let (state, error) = match status {
            TaskStatus::Running => (State::Running, None),
            TaskStatus::Paused => (State::Paused, None),
            TaskStatus::Unassigned => (State::Unassigned, None),
            TaskStatus::Failed(error) => (State::Failed, Some(error)),
        };
        match &error {
            None => info!(connector = name, task, state = state.name(), "task state"),
            // The sentence that users of Kafka look for in logs.
            Some(error) => error!(
                connector = name,
                task,
                "WorkerSinkTask{{id={name}-{task}}} Task threw an uncaught and unrecoverable exception. Task is being killed and will not recover until manually restarted: {}",
                error.trace().trim_end()
            ),
        }
        let status = self.new_status(name, state, error);
        self.statuses
            .entry(name.to_owned())
            .or_default()
            .tasks
            .insert(task, status);
    }

    fn new_status(&self, name: &str, state: State, error: Option<ConnectError>) -> Status {
        let class = self
            .config
            .get(name)
            .and_then(|c| c.config.get(CONNECTOR_CLASS.name()));
        let plugin = class.and_then(|class| self.worker.plugins.find(Kind::Sink, class).ok());
        Status {
            state,
            worker_id: self.worker.id.clone(),
            version: plugin.map(|plugin| plugin.version),
            trace: error.map(|error| error.trace()),
        }
    }
}
