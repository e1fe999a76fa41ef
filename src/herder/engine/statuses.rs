//! What connectors and tasks report goes to the log of statuses.

use std::sync::atomic::Ordering;

use connect_api::ConnectError;
use data_plane::clock::{Clock, SystemClock};
use data_plane::task::TaskStatus;
use tracing::{error, info};

use super::Engine;
use crate::config::connector::CONNECTOR_CLASS;
use crate::herder::command::{TaskReport, Told};
use crate::herder::state::{State, Status, StatusRecord, TopicUse};
use crate::plugins::Kind;

impl Engine {
    pub(super) fn on_report(&mut self, report: TaskReport) {
        let TaskReport {
            name,
            task,
            incarnation,
            told,
        } = report;
        let slot = self.slots.get(&name);
        if !slot.is_some_and(|slot| slot.knows(task, incarnation)) {
            return;
        }
        match told {
            Told::Status(status) => self.report_task(&name, task, status),
            Told::Topic(topic) => self.report_topic(name, task, topic),
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
        if let Some(slot) = self.slots.get_mut(name) {
            slot.present = true;
        }
        let status = Some(self.new_status(name, state, trace));
        let name = name.to_owned();
        self.put(StatusRecord::Connector { name, status });
    }

    pub(super) fn report_task_failed(&mut self, name: &str, task: u32, error: ConnectError) {
        self.report_task(name, task, TaskStatus::Failed(error));
    }

    /// It keeps its trace until it has started; so do tasks.
    pub(super) fn report_connector_restarts(&mut self, name: &str, mut status: Status) {
        status.state = State::Restarting;
        self.put(StatusRecord::Connector {
            name: name.to_owned(),
            status: Some(status),
        });
    }

    pub(super) fn report_task_restarts(&mut self, name: &str, task: u32, mut status: Status) {
        status.state = State::Restarting;
        self.put(StatusRecord::Task {
            name: name.to_owned(),
            task,
            status: Some(status),
        });
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
        let status = Some(self.new_status(name, state, trace));
        let name = name.to_owned();
        self.put(StatusRecord::Task { name, task, status });
    }

    fn report_topic(&mut self, name: String, task: u32, topic: String) {
        let statuses = self.statuses.get(&name);
        if statuses.is_some_and(|statuses| statuses.topics.contains_key(&topic)) {
            return;
        }
        let used = Some(TopicUse {
            task,
            discovered: SystemClock.unix_ms(),
        });
        self.put(StatusRecord::Topic { name, topic, used });
    }

    /// Forgets the topics that a connector has used; its tasks report those of the next records again.
    pub(super) fn reset_topics(&mut self, name: &str) {
        self.forget_topics(name);
        if let Some(slot) = self.slots.get(name) {
            slot.topics_round.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn forget_topics(&mut self, name: &str) {
        let statuses = self.statuses.get(name);
        let topics = statuses.map(|s| s.topics.keys().cloned().collect::<Vec<_>>());
        for topic in topics.unwrap_or_default() {
            let name = name.to_owned();
            let used = None;
            self.put(StatusRecord::Topic { name, topic, used });
        }
    }

    /// The connector is gone from this worker: to another one, or for good.
    pub(super) fn report_released(&mut self, name: &str) {
        if self.config.get(name).is_some() {
            return self.report_connector_unassigned(name);
        }
        self.forget_topics(name);
        let name = name.to_owned();
        let status = None;
        self.put(StatusRecord::Connector { name, status });
    }

    fn report_connector_unassigned(&mut self, name: &str) {
        let status = Some(self.new_status(name, State::Unassigned, None));
        let name = name.to_owned();
        self.put(StatusRecord::Connector { name, status });
    }

    /// Tasks that the connector has no more are not listed.
    pub(super) fn forget_surplus_tasks(&mut self, name: &str) {
        let count = self.config.get(name).map_or(0, |c| c.tasks.len());
        let statuses = self.statuses.get(name);
        let surplus = statuses.map(|s| s.tasks.keys().copied().filter(|&t| t as usize >= count));
        for task in surplus.into_iter().flatten().collect::<Vec<u32>>() {
            let name = name.to_owned();
            let status = None;
            self.put(StatusRecord::Task { name, task, status });
        }
    }

    fn put(&mut self, record: StatusRecord) {
        self.status_store.append(vec![record]);
    }

    /// With references instead of what they stand for, of the worker's properties too.
    fn trace(&self, name: &str, error: &ConnectError) -> String {
        self.hide(name, &error.trace())
    }

    pub(super) fn hide(&self, name: &str, text: &str) -> String {
        let text = self.worker.secrets.hide(text);
        match self.slots.get(name) {
            Some(slot) => slot.secrets.hide(&text),
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
            trace,
            worker_id: self.worker.id.clone(),
            generation: self.membership.generation(),
            version: plugin.map(|plugin| plugin.version.to_owned()),
        }
    }
}
