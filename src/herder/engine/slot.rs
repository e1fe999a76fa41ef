//! What the herder keeps of one connector, and which step comes next.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use connect_api::config::Config;
use data_plane::task::TaskHandle;
use tokio::task::AbortHandle;

use crate::config::TargetState;
use crate::herder::command::{Change, ConnectorStatus};
use crate::herder::membership::Membership;
use crate::herder::state::{ConfiguredConnector, State};
use crate::herder::store::Ticket;
use crate::providers::Secrets;
use crate::worker::Connector;

#[derive(Default)]
pub(super) struct Slot {
    /// The connector as it was made last.
    pub connector: Option<Connector>,
    /// Whether this worker has spoken of the connector and will have to say that it is gone.
    pub present: bool,
    /// Whether the connector failed to start.
    pub failed: bool,
    /// By number, those that failed to start as well.
    pub tasks: BTreeMap<u32, RunningTask>,
    /// Tasks that are being stopped, by their incarnations; their words still count.
    pub leaving: BTreeMap<u32, u64>,
    /// What the tasks' configurations were made of, references resolved.
    pub resolved: Option<Config>,
    /// What references of the configurations stood for when they were last resolved.
    pub secrets: Secrets,
    pub todo: Todo,
    /// Whether something goes on beside the loop.
    pub busy: bool,
    /// Configurations of tasks on their way through the log.
    pub publishing: Option<Ticket>,
    /// The change that is being carried out.
    pub request: Option<Request>,
    pub queue: VecDeque<Change>,
    /// Counts the resets of active topics; tasks look at it.
    pub topics_round: Arc<AtomicU64>,
    /// The restart that is to come, if one was asked for.
    pub reload: Option<Reload>,
}

/// A timer; void when it is dropped.
pub(super) struct Reload(pub AbortHandle);

impl Drop for Reload {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What is to be done once, besides what the configuration tells.
#[derive(Default)]
pub(super) struct Todo {
    /// The connector is to be made anew, or to rest, as its target state says.
    pub connector: bool,
    /// These tasks are to be started anew.
    pub tasks: BTreeSet<u32>,
}

pub(super) struct RunningTask {
    /// None while it is being started, or if that failed.
    pub handle: Option<TaskHandle>,
    pub incarnation: u64,
    /// Which commit its configuration is of.
    pub commit: u64,
    pub paused: bool,
}

pub(super) struct Request {
    pub change: Change,
    pub progress: Progress,
    /// Whether the connector is new.
    pub created: bool,
    /// The answer to a restart.
    pub status: Option<ConnectorStatus>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// Its records are on their way through the log.
    Writing,
    /// What it asks for is being done.
    Settling,
}

/// What is to be done next about a connector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// These tasks must end.
    Stop(Vec<u32>),
    /// It is not configured any more, or not this worker's.
    Release,
    Make,
    /// It is not to run.
    Rest(State),
    /// These tasks are to run, or not.
    Pause(Vec<u32>),
    Resume(Vec<u32>),
    Start(Vec<u32>),
    Nothing,
}

impl Slot {
    /// What lies between what runs and what is configured.
    pub fn next_step(
        &self,
        name: &str,
        configured: Option<&ConfiguredConnector>,
        membership: &dyn Membership,
    ) -> Step {
        let wanted = wanted_tasks(name, configured, membership);
        let commit = configured.map_or(0, |c| c.commit);
        let is_over = |(task, running): (&u32, &RunningTask)| {
            let is_wanted = wanted.contains(task) && !self.todo.tasks.contains(task);
            (!is_wanted || running.commit != commit).then_some(*task)
        };
        let over: Vec<u32> = self.tasks.iter().filter_map(is_over).collect();
        if !over.is_empty() {
            return Step::Stop(over);
        }
        let configured = match configured {
            Some(configured) if membership.runs_connector(name) => {
                if self.todo.connector {
                    return match configured.target {
                        TargetState::Started => Step::Make,
                        TargetState::Paused => Step::Rest(State::Paused),
                        TargetState::Stopped => Step::Rest(State::Stopped),
                    };
                }
                configured
            }
            _ if self.present => return Step::Release,
            Some(configured) => configured,
            None => return Step::Nothing,
        };
        let paused = configured.target == TargetState::Paused;
        let others = self.tasks.iter().filter(|(_, task)| task.paused != paused);
        let others: Vec<u32> = others.map(|(task, _)| *task).collect();
        if !others.is_empty() {
            return match paused {
                true => Step::Pause(others),
                false => Step::Resume(others),
            };
        }
        let missing = wanted
            .into_iter()
            .filter(|task| !self.tasks.contains_key(task));
        match missing.collect::<Vec<u32>>() {
            missing if missing.is_empty() => Step::Nothing,
            missing => Step::Start(missing),
        }
    }

    pub fn is_settling(&self) -> bool {
        let progress = self.request.as_ref().map(|request| request.progress);
        progress == Some(Progress::Settling)
    }

    pub fn is_idle(&self) -> bool {
        !self.busy && self.publishing.is_none() && self.request.is_none() && self.queue.is_empty()
    }

    /// Whether these are words of a task that this worker runs or has not done with.
    pub fn knows(&self, task: u32, incarnation: u64) -> bool {
        let running = self.tasks.get(&task).map(|task| task.incarnation);
        running == Some(incarnation) || self.leaving.get(&task) == Some(&incarnation)
    }
}

fn wanted_tasks(
    name: &str,
    configured: Option<&ConfiguredConnector>,
    membership: &dyn Membership,
) -> BTreeSet<u32> {
    match configured {
        Some(configured) if configured.target != TargetState::Stopped => {
            let all = 0..configured.tasks.len() as u32;
            all.filter(|&task| membership.runs_task(name, task))
                .collect()
        }
        _ => BTreeSet::new(),
    }
}
