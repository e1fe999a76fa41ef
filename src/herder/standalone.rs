//! The herder of a cluster of one: what is configured is at once what runs.
//!
//! A change of a connector may first have to stop tasks. Stopping is waited for *beside* the loop, at most for the
//! graceful timeout, so a target that hangs delays neither questions nor other connectors; further changes of the same
//! connector queue behind it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use connect_api::ConnectError;
use connect_api::config::Config;
use data_plane::task::{TaskHandle, TaskStatus};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tracing::{info, warn};

use super::Herder;
use super::command::{
    Change, Command, ConfigureMode, Configured, ConnectorInfo, ConnectorStatus, Question,
    RestartScope, TaskReport,
};
use super::error::HerderError;
use super::state::{ConfigRecord, ConfigState, ConfiguredConnector, State, Status, Statuses};
use crate::config::TargetState;
use crate::config::connector::CONNECTOR_CLASS;
use crate::plugins::Kind;
use crate::worker::{Connector, TaskToStart, Worker};

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
    /// The configuration that the tasks were started with.
    applied: Option<Config>,
    /// The change that waits for tasks to stop, and what follows then.
    pending: Option<(Change, Plan)>,
    queue: VecDeque<Change>,
}

struct RunningTask {
    handle: TaskHandle,
    incarnation: u64,
}

/// What a change does to tasks.
#[derive(Default)]
struct Plan {
    stop: Vec<u32>,
    /// Task configurations that replace the present ones.
    configs: Option<Vec<Config>>,
    start: Vec<u32>,
    /// Whether the connector is new.
    created: bool,
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

    // ---- questions

    fn answer(&self, question: Question) {
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
                let running = u32::try_from(task)
                    .ok()
                    .and_then(|task| self.running.get(&name)?.tasks.get(&task));
                drop(
                    reply.send(running.map(|task| task.handle.phase()).ok_or_else(|| {
                        HerderError::NotFound(format!("Task {name}-{task} not found"))
                    })),
                );
            }
        }
    }

    fn configured(&self, name: &str) -> Result<&ConfiguredConnector, HerderError> {
        self.config
            .get(name)
            .ok_or_else(|| HerderError::connector_not_found(name))
    }

    fn info(&self, name: &str) -> Result<ConnectorInfo, HerderError> {
        let configured = self.configured(name)?;
        Ok(ConnectorInfo {
            name: name.to_owned(),
            config: configured.config.clone(),
            tasks: (0..configured.tasks.len() as u32).collect(),
            kind: self.kind(&configured.config),
        })
    }

    fn status(&self, name: &str) -> Result<ConnectorStatus, HerderError> {
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

    // ---- changes

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

    /// What can be refused is refused here, before anything changes.
    fn prepare(&mut self, name: &str, change: &Change) -> Result<Plan, HerderError> {
        match change {
            Change::Configure { config, mode, .. } => self.prepare_configure(name, config, *mode),
            Change::Delete(_) => {
                self.configured(name)?;
                Ok(self.stop_every_task(name))
            }
            Change::SetTarget(target, _) => self.prepare_target(name, *target),
            Change::Restart(scope, _) => self.prepare_restart(name, *scope),
            Change::RestartTask(task, _) => self.prepare_task_restart(name, *task),
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
        let reported = match configured.target {
            TargetState::Stopped => Ok((State::Stopped, None)),
            TargetState::Paused => Ok((State::Paused, None)),
            TargetState::Started => {
                let made = self.worker.make_connector(&configured.config);
                made.and_then(|connector| {
                    let tasks = connector.task_configs(&configured.config)?;
                    running.connector = Some(connector);
                    Ok((State::Running, Some(tasks)))
                })
            }
        };
        let (state, configs, error) = match reported {
            Ok((state, configs)) => (state, configs, None),
            Err(error) => (State::Failed, None, Some(error)),
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

    fn stop_every_task(&self, name: &str) -> Plan {
        let running = self.running.get(name);
        Plan {
            stop: running
                .map(|r| r.tasks.keys().copied().collect())
                .unwrap_or_default(),
            ..Plan::default()
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

    // ---- tasks

    fn start_task(&mut self, name: &str, task: u32) {
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
            Some(connector) => connector.clone(),
            None => self.worker.make_connector(&configured.config)?,
        };
        let task_config = configured.tasks.get(task as usize).ok_or_else(gone)?;
        let reports = self.reports.clone();
        let connector_name = name.to_owned();
        self.worker.start_task(TaskToStart {
            name,
            connector: &connector,
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

    fn on_report(&mut self, report: TaskReport) {
        let task = self
            .running
            .get(&report.name)
            .and_then(|r| r.tasks.get(&report.task));
        if task.is_some_and(|task| task.incarnation == report.incarnation) {
            self.report_task(&report.name, report.task, report.status);
        }
    }

    // ---- statuses

    fn report_connector(&mut self, name: &str, state: State, error: Option<ConnectError>) {
        if let Some(error) = &error {
            warn!(connector = name, %error, "the connector failed to start");
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
        info!(connector = name, task, state = state.name(), "task state");
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

    // ---- end

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
