//! What goes on beside the loop, because it runs code of plugins and looks references up: making a connector, starting
//! tasks.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use connect_api::ConnectError;
use connect_api::config::Config;
use data_plane::task::{TaskHandle, TopicTracker};
use tokio::sync::mpsc;
use tracing::info;

use super::{Done, Made};
use crate::config::connector::CONNECTOR_CLASS;
use crate::herder::command::{TaskReport, Told};
use crate::providers::{Secrets, restore, warn_unresolved};
use crate::worker::guard::guarded;
use crate::worker::{Connector, TaskToStart, Worker};

/// Makes a connector of what its references stand for now, and gives the configurations of its tasks with the
/// references again.
pub(super) fn make(
    worker: &Worker,
    name: &str,
    written: &Config,
    secrets: &mut Secrets,
) -> Result<Made, ConnectError> {
    let resolved = worker.providers.resolve(written)?;
    *secrets = resolved.secrets;
    warn_unresolved(name, &resolved.unresolved);
    let connector = worker.make_connector(&resolved.config)?;
    let mut tasks = connector.task_configs(name, &resolved.config)?;
    for task in &mut tasks {
        restore(task, written);
    }
    let unknown = connector.unknown_keys(&worker.plugins, written);
    Ok(Made {
        unknown: unknown.into_iter().map(str::to_owned).collect(),
        connector,
        tasks,
        resolved: resolved.config,
    })
}

/// What starting tasks takes, away from the loop.
pub(super) struct TasksToStart {
    pub name: String,
    /// The connector that was made last; used if it is still what the configuration stands for.
    pub connector: Option<Connector>,
    pub config: Config,
    /// How many tasks the connector has.
    pub count: usize,
    pub tasks: Vec<(u32, u64, Config)>,
    pub paused: bool,
    /// Where resets of active topics are counted; none without tracking.
    pub topics: Option<Arc<AtomicU64>>,
    pub reports: mpsc::UnboundedSender<TaskReport>,
}

impl TasksToStart {
    pub fn run(self, worker: &Worker) -> Done {
        let class = self.config.get(CONNECTOR_CLASS.name()).unwrap_or_default();
        let mut secrets = Secrets::default();
        let made = guarded(class, || self.connector(worker, &mut secrets));
        let mut tasks = Vec::new();
        for (task, incarnation, config) in &self.tasks {
            let started = match &made {
                Err(error) => Err(error.clone()),
                Ok(made) => guarded(class, || {
                    self.start(worker, made, *task, *incarnation, config, &mut secrets)
                }),
            };
            tasks.push((*task, started));
        }
        Done::Started {
            tasks,
            connector: made.ok().map(|(connector, _)| connector),
            secrets,
            name: self.name,
        }
    }

    /// The connector, and its configuration resolved: what references stand for may have changed since it was made.
    fn connector(
        &self,
        worker: &Worker,
        secrets: &mut Secrets,
    ) -> Result<(Connector, Config), ConnectError> {
        let resolved = worker.providers.resolve(&self.config)?;
        secrets.extend(&resolved.secrets);
        let kept = self.connector.clone();
        let connector = match kept.filter(|kept| *kept.made_of == resolved.config) {
            Some(connector) => connector,
            None => worker.make_connector(&resolved.config)?,
        };
        connector.check_tasks_max(&self.name, self.count)?;
        Ok((connector, resolved.config))
    }

    fn start(
        &self,
        worker: &Worker,
        (connector, connector_config): &(Connector, Config),
        task: u32,
        incarnation: u64,
        config: &Config,
        secrets: &mut Secrets,
    ) -> Result<TaskHandle, ConnectError> {
        let resolved = worker.providers.resolve(config)?;
        secrets.extend(&resolved.secrets);
        let tell = {
            let (reports, name) = (self.reports.clone(), self.name.clone());
            move |told| {
                // A herder that has ended needs no reports.
                let _ = reports.send(TaskReport {
                    name: name.clone(),
                    task,
                    incarnation,
                    told,
                });
            }
        };
        let topics = self.topics.clone().map(|resets| {
            let tell = tell.clone();
            TopicTracker::new(resets, move |topic| tell(Told::Topic(topic.to_owned())))
        });
        info!(connector = self.name, task, "starting task");
        worker.start_task(TaskToStart {
            name: &self.name,
            connector,
            connector_config,
            task,
            task_config: &resolved.config,
            paused: self.paused,
            topics,
            status: Box::new(move |status| tell(Told::Status(status))),
        })
    }
}
