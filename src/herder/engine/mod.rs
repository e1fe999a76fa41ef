//! The herder's task: obeys commands, writes to the log, and acts on what it reads back.
//!
//! For each connector it keeps a [`Slot`]: what runs, what is under way, and the changes that were asked for. All that
//! happens to a connector goes one way, whoever caused it (a request, a restart of the worker, another member): a
//! record changes what is configured, [`Engine::advance`] compares that with what runs, and takes one step after the
//! other until they agree.
//!
//! Nothing in the loop waits: tasks stop, and plugins make connectors and tasks, *beside* it. A target that hangs
//! delays neither questions nor other connectors; further changes of the same connector queue behind.

mod answers;
mod beside;
mod requests;
mod slot;
mod statuses;
mod steps;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use connect_api::ConnectError;
use connect_api::config::Config;
use data_plane::task::TaskHandle;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tracing::warn;

use self::slot::{Progress, Request, Slot};
use super::Herder;
use super::command::{Command, TaskReport};
use super::error::HerderError;
use super::membership::{Completion, Membership};
use super::stage::Stages;
use super::state::{ConfigRecord, ConfigState, StatusState};
use super::store::{ConfigStore, Entry, StatusStore, Ticket};
use crate::providers::Secrets;
use crate::worker::{Connector, Worker};

/// Tasks give up on a hung target by themselves when the graceful timeout is over; this is for hearing of it.
const GRACE: Duration = Duration::from_millis(500);

/// What a herder is made of.
pub struct Parts {
    pub worker: Arc<Worker>,
    pub config_store: Box<ConfigStore>,
    pub status_store: Box<StatusStore>,
    pub membership: Box<dyn Membership>,
}

pub struct Engine {
    worker: Arc<Worker>,
    config_store: Box<ConfigStore>,
    status_store: Box<StatusStore>,
    membership: Box<dyn Membership>,
    /// What was read back of the logs.
    config: ConfigState,
    statuses: StatusState,
    slots: BTreeMap<String, Slot>,
    /// Whose append is on its way.
    writers: BTreeMap<Ticket, String>,
    /// Connectors whose next change may begin.
    ready: VecDeque<String>,
    /// Everything that may take long.
    beside: JoinSet<Done>,
    reports: mpsc::UnboundedSender<TaskReport>,
    incarnations: u64,
    stages: Stages,
}

/// What went on beside the loop has ended.
enum Done {
    Stopped {
        name: String,
    },
    Made {
        name: String,
        /// What it was made of, references as they are.
        written: Config,
        made: Result<Made, ConnectError>,
        /// What references stand for, as far as they were resolved.
        secrets: Secrets,
        /// When that must be looked up again.
        reload_after: Option<Duration>,
    },
    Started {
        name: String,
        tasks: Vec<(u32, Result<TaskHandle, ConnectError>)>,
        connector: Option<Connector>,
        secrets: Secrets,
    },
    /// The time of a restart that was asked for has come.
    Reload {
        name: String,
    },
}

/// A connector and the configurations of its tasks.
struct Made {
    connector: Connector,
    /// References as they are.
    tasks: Vec<Config>,
    /// The connector's configuration with what references stand for.
    resolved: Config,
    /// Keys that nothing reads.
    unknown: Vec<String>,
}

impl Engine {
    /// Starts a herder on the current tokio runtime.
    pub fn start(parts: Parts) -> Herder {
        let (commands, inbox) = mpsc::unbounded_channel();
        let (reports, reported) = mpsc::unbounded_channel();
        let stages = Stages::default();
        let engine = Engine {
            worker: parts.worker.clone(),
            config_store: parts.config_store,
            status_store: parts.status_store,
            membership: parts.membership,
            config: ConfigState::default(),
            statuses: StatusState::default(),
            slots: BTreeMap::new(),
            writers: BTreeMap::new(),
            ready: VecDeque::new(),
            beside: JoinSet::new(),
            reports,
            incarnations: 0,
            stages: stages.clone(),
        };
        tokio::spawn(engine.run(inbox, reported));
        Herder {
            worker: parts.worker,
            commands,
            stages,
        }
    }

    /// The order of the branches counts: what the logs say comes before what follows of it, so that a command finds
    /// everything read back that was written before it came, and a task's last words come before the end of its stop.
    async fn run(
        mut self,
        mut inbox: mpsc::UnboundedReceiver<Command>,
        mut reported: mpsc::UnboundedReceiver<TaskReport>,
    ) {
        loop {
            tokio::select! {
                biased;
                Some(report) = reported.recv() => self.on_report(report),
                entry = self.status_store.next() => match entry {
                    Entry::Record(record) => self.statuses.apply(record),
                    Entry::Appended(_, Ok(())) => {}
                    Entry::Appended(_, Err(why)) => warn!("a status could not be written: {why}"),
                },
                entry = self.config_store.next() => match entry {
                    Entry::Record(record) => self.on_record(&record),
                    Entry::Appended(ticket, result) => self.on_appended(ticket, result),
                },
                () = self.membership.reassigned() => self.on_reassigned(),
                Some(done) = self.beside.join_next() => match done {
                    Ok(done) => self.on_done(done),
                    Err(error) if error.is_cancelled() => {}
                    Err(error) => warn!("work beside the herder ended early: {error}"),
                },
                () = std::future::ready(()), if !self.ready.is_empty() => self.begin_next(),
                command = inbox.recv() => match command {
                    Some(Command::Ask(question)) => self.answer(question),
                    Some(Command::Change { name, change }) => {
                        self.slots.entry(name.clone()).or_default().queue.push_back(change);
                        self.advance(&name);
                    }
                    Some(Command::ResetTopics { name, reply }) => {
                        self.reset_topics(&name);
                        let _ = reply.send(Ok(()));
                    }
                    Some(Command::Shutdown(done)) => return self.shut_down(inbox, done).await,
                    None => return,
                },
            }
        }
    }

    /// The configuration is another. This alone makes anything run or end.
    fn on_record(&mut self, record: &ConfigRecord) {
        let name = record.name();
        let before = self.config.get(name).map(|c| c.target);
        self.config.apply(record);
        self.membership.configured(record, &self.config);
        match record {
            ConfigRecord::Connector {
                config: Some(_), ..
            } => {
                self.slots
                    .entry(name.to_owned())
                    .or_default()
                    .todo
                    .connector = true;
            }
            ConfigRecord::Target { .. } => {
                let after = self.config.get(name).map(|c| c.target);
                let changed = before != after;
                if let Some(slot) = self.slots.get_mut(name) {
                    // One that has failed stays so until it is restarted or gets another configuration.
                    slot.todo.connector |= changed && !slot.failed;
                }
            }
            ConfigRecord::Restart { scope, .. } => self.on_restart(name, *scope),
            ConfigRecord::Connector { config: None, .. }
            | ConfigRecord::Task { .. }
            | ConfigRecord::Commit { .. } => {}
        }
        self.advance(name);
    }

    fn on_appended(&mut self, ticket: Ticket, result: Result<(), HerderError>) {
        let Some(name) = self.writers.remove(&ticket) else {
            return;
        };
        let Some(slot) = self.slots.get_mut(&name) else {
            return;
        };
        // What its records began has a stage of its own.
        if !slot.busy {
            self.stages.complete(&name);
        }
        if slot.publishing == Some(ticket) {
            slot.publishing = None;
            if let Err(why) = result {
                let error = ConnectError::fatal(format!(
                    "The configurations of the tasks of {name} could not be written: {why}"
                ));
                self.connector_failed(&name, error);
            }
        } else if let Some(request) = slot.request.take() {
            match (result, self.membership.completion()) {
                (Err(why), _) => request.change.refuse(why),
                (Ok(()), Completion::Written) => self.reply(&name, request),
                (Ok(()), Completion::Settled) => {
                    let progress = Progress::Settling;
                    slot.request = Some(Request {
                        progress,
                        ..request
                    });
                }
            }
        }
        self.advance(&name);
    }

    fn on_reassigned(&mut self) {
        for name in self.config.names() {
            let slot = self.slots.entry(name.to_owned()).or_default();
            // One that has come here is still to be made.
            slot.todo.connector |= slot.connector.is_none();
        }
        let names: Vec<String> = self.slots.keys().cloned().collect();
        for name in names {
            self.advance(&name);
        }
    }

    /// Goes on with a connector as far as it goes now.
    fn advance(&mut self, name: &str) {
        let quiet = self.take_steps(name);
        let Some(slot) = self.slots.get_mut(name) else {
            return;
        };
        if quiet
            && slot.is_settling()
            && let Some(request) = slot.request.take()
        {
            self.reply(name, request);
        }
        let Some(slot) = self.slots.get(name) else {
            return;
        };
        // In a moment, when what was written just now has been read back.
        if slot.request.is_none() && !slot.queue.is_empty() && !self.ready.iter().any(|n| n == name)
        {
            self.ready.push_back(name.to_owned());
        }
        if quiet && slot.is_idle() && self.config.get(name).is_none() {
            self.slots.remove(name);
        }
    }

    fn begin_next(&mut self) {
        let Some(name) = self.ready.pop_front() else {
            return;
        };
        let Some(slot) = self.slots.get_mut(&name) else {
            return;
        };
        if slot.request.is_none()
            && let Some(change) = slot.queue.pop_front()
        {
            self.begin(&name, change);
        }
        self.advance(&name);
    }

    fn append(&mut self, name: &str, records: Vec<ConfigRecord>) -> Ticket {
        self.stages
            .begin(name, format!("writing a config for connector {name}"));
        let ticket = self.config_store.append(records);
        self.writers.insert(ticket, name.to_owned());
        ticket
    }

    async fn shut_down(
        mut self,
        inbox: mpsc::UnboundedReceiver<Command>,
        done: oneshot::Sender<()>,
    ) {
        // Outstanding and new requests are told that the worker is going.
        drop(inbox);
        let budget = self.worker.config.graceful_timeout + GRACE;
        let mut stopping = JoinSet::new();
        for (name, mut slot) in std::mem::take(&mut self.slots) {
            slot.reload = None;
            let tasks: Vec<TaskHandle> =
                slot.tasks.into_values().filter_map(|t| t.handle).collect();
            stopping.spawn(async move { stop_all(&name, tasks, budget).await });
        }
        let beside = async {
            // A handle that comes now stops its task when it is dropped.
            while self.beside.join_next().await.is_some() {}
        };
        let all = async { while stopping.join_next().await.is_some() {} };
        tokio::join!(all, async { drop(timeout(budget, beside).await) });
        let _ = done.send(());
    }
}

/// Stops tasks together; what has not stopped within the budget is left behind with a warning.
async fn stop_all(name: &str, mut tasks: Vec<TaskHandle>, budget: Duration) {
    for task in &tasks {
        task.stop();
    }
    let all = async {
        for task in &mut tasks {
            task.finished().await;
        }
    };
    if timeout(budget, all).await.is_err() {
        warn!(
            connector = name,
            "tasks did not stop within task.shutdown.graceful.timeout.ms"
        );
    }
}
