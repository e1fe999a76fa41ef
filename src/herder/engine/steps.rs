//! The steps that bring what runs to what is configured.

use connect_api::ConnectError;
use connect_api::config::Config;
use data_plane::task::TaskHandle;
use tracing::warn;

use super::beside::{TasksToStart, make};
use super::slot::{RunningTask, Slot, Step};
use super::{Done, Engine, GRACE, Made, stop_all};
use crate::config::TargetState;
use crate::config::connector::{CONNECTOR_CLASS, reloads};
use crate::herder::state::{ConfigRecord, State};
use crate::providers::Secrets;
use crate::worker::Connector;
use crate::worker::guard::guarded;

impl Engine {
    /// Takes steps until one of them goes on beside the loop (false) or none is left.
    pub(super) fn take_steps(&mut self, name: &str) -> bool {
        loop {
            let Some(slot) = self.slots.get_mut(name) else {
                return true;
            };
            if slot.busy || slot.publishing.is_some() {
                return false;
            }
            let configured = self.config.get(name);
            let step = slot.next_step(name, configured, self.membership.as_ref());
            match step {
                Step::Stop(tasks) => {
                    self.stop(name, &tasks);
                    return false;
                }
                Step::Make => {
                    self.make(name);
                    return false;
                }
                Step::Start(tasks) => {
                    self.start_tasks(name, tasks);
                    return false;
                }
                Step::Release => {
                    slot.connector = None;
                    slot.present = false;
                    slot.reload = None;
                    self.report_released(name);
                }
                Step::Rest(state) => {
                    slot.connector = None;
                    slot.failed = false;
                    slot.todo.connector = false;
                    slot.reload = None;
                    self.report_connector(name, state, None);
                }
                Step::Pause(tasks) => slot.tell(&tasks, true, TaskHandle::pause),
                Step::Resume(tasks) => slot.tell(&tasks, false, TaskHandle::resume),
                Step::Nothing => {
                    self.forget_surplus_tasks(name);
                    return true;
                }
            }
        }
    }

    pub(super) fn on_done(&mut self, done: Done) {
        let name = match done {
            Done::Reload { name } => return self.reload(&name),
            Done::Stopped { name } => {
                if let Some(slot) = self.slots.get_mut(&name) {
                    slot.leaving.clear();
                    slot.busy = false;
                }
                name
            }
            Done::Made {
                name,
                written,
                made,
                secrets,
                reload_after,
            } => {
                if let Some(slot) = self.slots.get_mut(&name) {
                    slot.busy = false;
                    slot.secrets = secrets;
                    self.on_made(&name, &written, made);
                    // After a failure too: the file may be readable by then.
                    if let Some(delay) = reload_after {
                        self.restart_after(&name, delay);
                    }
                }
                name
            }
            Done::Started {
                name,
                tasks,
                connector,
                secrets,
            } => {
                self.on_started(&name, tasks, connector, &secrets);
                name
            }
        };
        // A publication has begun a stage of its own by now.
        if self
            .slots
            .get(&name)
            .is_none_or(|slot| slot.publishing.is_none())
        {
            self.stages.complete(&name);
        }
        self.advance(&name);
    }

    fn stop(&mut self, name: &str, tasks: &[u32]) {
        let Some(slot) = self.slots.get_mut(name) else {
            return;
        };
        slot.busy = true;
        let mut handles = Vec::new();
        for task in tasks {
            slot.todo.tasks.remove(task);
            if let Some(running) = slot.tasks.remove(task) {
                slot.leaving.insert(*task, running.incarnation);
                handles.extend(running.handle);
            }
        }
        let count = handles.len();
        self.stages.begin(
            name,
            format!("stopping {count} task(s) of connector {name}"),
        );
        let budget = self.worker.config.graceful_timeout + GRACE;
        let name = name.to_owned();
        self.beside.spawn(async move {
            stop_all(&name, handles, budget).await;
            Done::Stopped { name }
        });
    }

    fn make(&mut self, name: &str) {
        let (Some(slot), Some(configured)) = (self.slots.get_mut(name), self.config.get(name))
        else {
            return;
        };
        slot.busy = true;
        slot.present = true;
        slot.todo.connector = false;
        slot.failed = false;
        slot.connector = None;
        slot.reload = None;
        self.stages
            .begin(name, format!("starting connector {name}"));
        let (worker, written) = (self.worker.clone(), configured.config.clone());
        let name = name.to_owned();
        self.beside.spawn_blocking(move || {
            let mut secrets = Secrets::default();
            let class = written.get(CONNECTOR_CLASS.name()).unwrap_or_default();
            let made = guarded(class, || make(&worker, &name, &written, &mut secrets));
            let known = made.as_ref().map_or(&written, |made| &made.resolved);
            let reload_after = match reloads(known) {
                true => worker.providers.time_to_live(&written),
                false => None,
            };
            Done::Made {
                name,
                written,
                made,
                secrets,
                reload_after,
            }
        });
    }

    fn on_made(&mut self, name: &str, written: &Config, made: Result<Made, ConnectError>) {
        self.worker.metrics.connector_started(made.is_ok());
        let made = match made {
            Ok(made) => made,
            Err(error) => return self.connector_failed(name, error),
        };
        let (Some(slot), Some(configured)) = (self.slots.get_mut(name), self.config.get(name))
        else {
            return;
        };
        if !made.unknown.is_empty() {
            warn!(
                connector = name,
                keys = made.unknown.join(", "),
                "unknown keys"
            );
        }
        let changed = made.tasks != configured.tasks
            || configured.applied.as_ref() != Some(written)
            // A provider gives something else by now.
            || slot.resolved.as_ref().is_some_and(|resolved| *resolved != made.resolved);
        slot.connector = Some(made.connector);
        slot.resolved = Some(made.resolved);
        let overtaken = configured.config != *written || configured.target != TargetState::Started;
        self.report_connector(name, State::Running, None);
        // What was made is not what is configured any more; the next step makes that.
        if !changed || overtaken {
            return;
        }
        let tasks = made.tasks.len() as u32;
        let mut records: Vec<ConfigRecord> = (0..)
            .zip(made.tasks)
            .map(|(task, config)| {
                let name = name.to_owned();
                ConfigRecord::Task { name, task, config }
            })
            .collect();
        let name = name.to_owned();
        records.push(ConfigRecord::Commit {
            name: name.clone(),
            tasks,
        });
        let ticket = self.append(&name, records);
        if let Some(slot) = self.slots.get_mut(&name) {
            slot.publishing = Some(ticket);
        }
    }

    pub(super) fn connector_failed(&mut self, name: &str, error: ConnectError) {
        if let Some(slot) = self.slots.get_mut(name) {
            slot.failed = true;
        }
        self.report_connector(name, State::Failed, Some(error));
    }

    fn start_tasks(&mut self, name: &str, tasks: Vec<u32>) {
        let (Some(slot), Some(configured)) = (self.slots.get_mut(name), self.config.get(name))
        else {
            return;
        };
        slot.busy = true;
        let paused = configured.target == TargetState::Paused;
        let mut starts = Vec::new();
        for task in tasks {
            self.incarnations += 1;
            let incarnation = self.incarnations;
            slot.todo.tasks.remove(&task);
            let running = RunningTask {
                handle: None,
                incarnation,
                commit: configured.commit,
                paused,
            };
            slot.tasks.insert(task, running);
            if let Some(config) = configured.tasks.get(task as usize) {
                starts.push((task, incarnation, config.clone()));
            }
        }
        let count = starts.len();
        self.stages.begin(
            name,
            format!("starting {count} task(s) of connector {name}"),
        );
        let start = TasksToStart {
            name: name.to_owned(),
            connector: slot.connector.clone(),
            config: configured.config.clone(),
            count: configured.tasks.len(),
            tasks: starts,
            paused,
            topics: self
                .worker
                .config
                .topic_tracking
                .then(|| slot.topics_round.clone()),
            reports: self.reports.clone(),
        };
        let worker = self.worker.clone();
        self.beside.spawn_blocking(move || start.run(&worker));
    }

    fn on_started(
        &mut self,
        name: &str,
        tasks: Vec<(u32, Result<TaskHandle, ConnectError>)>,
        connector: Option<Connector>,
        secrets: &Secrets,
    ) {
        let Some(slot) = self.slots.get_mut(name) else {
            return;
        };
        slot.busy = false;
        slot.secrets.extend(secrets);
        slot.connector = connector.or(slot.connector.take());
        for (task, started) in tasks {
            match started {
                Ok(handle) => {
                    let running = self
                        .slots
                        .get_mut(name)
                        .and_then(|s| s.tasks.get_mut(&task));
                    if let Some(running) = running {
                        running.handle = Some(handle);
                    }
                }
                Err(error) => {
                    self.worker.metrics.task_started(false);
                    self.report_task_failed(name, task, error);
                }
            }
        }
    }
}

impl Slot {
    fn tell(&mut self, tasks: &[u32], paused: bool, say: impl Fn(&TaskHandle)) {
        for (_, running) in self
            .tasks
            .iter_mut()
            .filter(|(task, _)| tasks.contains(task))
        {
            running.paused = paused;
            if let Some(handle) = &running.handle {
                say(handle);
            }
        }
    }
}
