//! The herder of a cluster of one: what is configured is at once what runs.
//!
//! A change of a connector may first have to stop tasks. Stopping is waited for *beside* the loop, at most for the
//! graceful timeout, so a target that hangs delays neither questions nor other connectors; further changes of the same
//! connector queue behind it.

mod answers;
mod plans;
mod tasks;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use connect_api::config::Config;
use data_plane::task::TaskHandle;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tracing::{info, warn};

use self::plans::Plan;
use super::Herder;
use super::command::{Change, Command, Configured};
use super::error::HerderError;
use super::state::{ConfigRecord, ConfigState, State, Statuses};
use crate::config::TargetState;
use crate::providers::Secrets;
use crate::worker::{Connector, Worker};

/// Tasks give up on a hung target by themselves when the graceful timeout is over; this is for hearing of it.
const GRACE: Duration = Duration::from_millis(500);

/// Starts the herder on the current tokio runtime.
pub fn start(worker: Arc<Worker>) -> Herder {
    let (commands, inbox) = mpsc::unbounded_channel();
    let standalone = Standalone {
        worker: worker.clone(),
        reports: commands.downgrade(),
        config: ConfigState::default(),
        statuses: BTreeMap::new(),
        running: BTreeMap::new(),
        stopping: JoinSet::new(),
        incarnations: 0,
    };
    tokio::spawn(standalone.run(inbox));
    Herder { worker, commands }
}

struct Standalone {
    worker: Arc<Worker>,
    /// Weak, so that the loop ends when the last handle is gone.
    reports: mpsc::WeakUnboundedSender<Command>,
    config: ConfigState,
    statuses: BTreeMap<String, Statuses>,
    running: BTreeMap<String, Running>,
    /// Each gives the name of the connector whose tasks have stopped.
    stopping: JoinSet<String>,
    incarnations: u64,
}

/// What runs under a name.
#[derive(Default)]
struct Running {
    connector: Option<Connector>,
    tasks: BTreeMap<u32, RunningTask>,
    /// The configuration that the tasks were started with, references as they are.
    applied: Option<Config>,
    /// What references of the configurations stood for when they were last resolved.
    secrets: Secrets,
    /// The change that waits for tasks to stop, and what follows then.
    pending: Option<(Change, Plan)>,
    queue: VecDeque<Change>,
}

struct RunningTask {
    handle: TaskHandle,
    incarnation: u64,
}

impl Standalone {
    async fn run(mut self, mut inbox: mpsc::UnboundedReceiver<Command>) {
        loop {
            tokio::select! {
                command = inbox.recv() => match command {
                    Some(Command::Ask(question)) => self.answer(question),
                    Some(Command::Change { name, change }) => self.on_change(name, change),
                    Some(Command::TaskReported(report)) => self.on_report(report),
                    Some(Command::Shutdown(done)) => return self.shut_down(inbox, done).await,
                    None => return,
                },
                Some(stopped) = self.stopping.join_next() => {
                    if let Ok(name) = stopped {
                        self.on_stopped(&name);
                    }
                }
            }
        }
    }

    fn on_change(&mut self, name: String, change: Change) {
        if let Some(running) = self.running.get_mut(&name)
            && running.pending.is_some()
        {
            running.queue.push_back(change);
            return;
        }
        match self.prepare(&name, &change) {
            Err(error) => change.refuse(error),
            Ok(plan) => self.begin(&name, change, plan),
        }
    }

    /// Stops what must be stopped first.
    fn begin(&mut self, name: &str, change: Change, plan: Plan) {
        let Some(running) = self.running.get_mut(name) else {
            return self.finish(name, change, plan);
        };
        let tasks: Vec<RunningTask> = plan
            .stop
            .iter()
            .filter_map(|task| running.tasks.remove(task))
            .collect();
        if tasks.is_empty() {
            return self.finish(name, change, plan);
        }
        running.pending = Some((change, plan));
        let budget = self.worker.config.graceful_timeout + GRACE;
        let name = name.to_owned();
        self.stopping.spawn(async move {
            stop_all(&name, tasks, budget).await;
            name
        });
    }

    fn on_stopped(&mut self, name: &str) {
        let pending = self
            .running
            .get_mut(name)
            .and_then(|running| running.pending.take());
        if let Some((change, plan)) = pending {
            self.finish(name, change, plan);
        }
        // Each of these may again wait for tasks; the rest then stays queued.
        while let Some(running) = self.running.get_mut(name)
            && running.pending.is_none()
            && let Some(next) = running.queue.pop_front()
        {
            self.on_change(name.to_owned(), next);
        }
    }

    /// Everything that had to stop has stopped.
    fn finish(&mut self, name: &str, change: Change, plan: Plan) {
        if let Change::Delete(reply) = change {
            self.forget(name);
            drop(reply.send(Ok(())));
            return;
        }
        if let Some(configs) = plan.configs {
            let applied = self
                .config
                .get(name)
                .map(|configured| configured.config.clone());
            self.running.entry(name.to_owned()).or_default().applied = applied;
            if let Some(statuses) = self.statuses.get_mut(name) {
                statuses
                    .tasks
                    .retain(|&task, _| (task as usize) < configs.len());
            }
            self.config.apply(ConfigRecord::Tasks {
                name: name.to_owned(),
                configs,
            });
        }
        let answered = self.status(name);
        self.settle(name);
        for task in plan.start {
            self.start_task(name, task);
        }
        match change {
            Change::Configure { reply, .. } => {
                let info = self.info(name);
                let created = plan.created;
                drop(reply.send(info.map(|info| Configured { created, info })));
            }
            Change::Restart(_, reply) => drop(reply.send(answered)),
            Change::CheckStopped(reply) => {
                drop(reply.send(self.configured(name).map(|c| c.config.clone())));
            }
            Change::SetTarget(_, reply) | Change::RestartTask(_, reply) | Change::Delete(reply) => {
                drop(reply.send(Ok(())));
            }
        }
    }

    /// A restarted connector shows its real state again.
    fn settle(&mut self, name: &str) {
        let target = self.config.get(name).map(|configured| configured.target);
        let status = self
            .statuses
            .get_mut(name)
            .and_then(|s| s.connector.as_mut());
        if let (Some(target), Some(status)) = (target, status)
            && (status.state == State::Restarting || target == TargetState::Stopped)
        {
            status.state = match target {
                TargetState::Stopped => State::Stopped,
                TargetState::Paused => State::Paused,
                TargetState::Started if status.trace.is_some() => State::Failed,
                TargetState::Started => State::Running,
            };
        }
    }

    fn forget(&mut self, name: &str) {
        self.config.apply(ConfigRecord::Connector {
            name: name.to_owned(),
            config: None,
        });
        self.statuses.remove(name);
        let queued = self
            .running
            .remove(name)
            .map(|running| running.queue)
            .unwrap_or_default();
        info!(connector = name, "deleted");
        for change in queued {
            self.on_change(name.to_owned(), change);
        }
    }

    async fn shut_down(
        mut self,
        inbox: mpsc::UnboundedReceiver<Command>,
        done: oneshot::Sender<()>,
    ) {
        // Outstanding and new requests are told that the worker is going.
        drop(inbox);
        let budget = self.worker.config.graceful_timeout + GRACE;
        for (name, running) in std::mem::take(&mut self.running) {
            let tasks: Vec<RunningTask> = running.tasks.into_values().collect();
            self.stopping.spawn(async move {
                stop_all(&name, tasks, budget).await;
                name
            });
        }
        while self.stopping.join_next().await.is_some() {}
        let _ = done.send(());
    }
}

impl Change {
    fn refuse(self, error: HerderError) {
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

/// Stops tasks together; what has not stopped within the budget is left behind with a warning.
async fn stop_all(name: &str, mut tasks: Vec<RunningTask>, budget: Duration) {
    for task in &tasks {
        task.handle.stop();
    }
    let all = async {
        for task in &mut tasks {
            task.handle.finished().await;
        }
    };
    if timeout(budget, all).await.is_err() {
        warn!(
            connector = name,
            "tasks did not stop within task.shutdown.graceful.timeout.ms"
        );
    }
}
