//! The herder: decides *what* runs. One task owns all state and obeys a closed list of commands.
//!
//! [`Herder`] is the handle that REST and the command line hold. [`engine`] is the task. What differs between the modes
//! stands behind two traits: [`store`], the log that it writes to and acts on, and [`membership`], what of the
//! configuration this worker runs. Validation needs no state, so it runs beside, with the one who asks; a slow plugin
//! delays nobody else.

pub mod command;
pub mod error;
mod metrics;
mod offsets;
pub mod stage;
pub mod standalone;
pub mod validation;

pub mod engine;

pub mod membership;
pub mod state;
pub mod store;

#[cfg(test)]
mod chain_goldens;
#[cfg(test)]
mod references_tests;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use connect_api::config::Config;
use tokio::sync::{mpsc, oneshot};

use self::command::{
    Change, Command, ConfigureMode, Configured, ConnectorInfo, ConnectorStatus, Question, Reply,
    RestartScope, TaskPhase,
};
pub use self::error::HerderError;
use self::stage::{RequestStage, Stages};
use self::state::Status;
use self::validation::{
    ConfigInfos, Context, Definition, RawConfig, conceal, refusal, without_nulls,
};
use crate::config::TargetState;
use crate::config::connector::NAME;
use crate::config::reference::has_reference;
use crate::providers::Resolved;
use crate::worker::Worker;

/// How long a request may take, as in Kafka.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(90);

/// The handle on the herder. Cloning gives another one.
#[derive(Clone)]
pub struct Herder {
    worker: Arc<Worker>,
    commands: mpsc::UnboundedSender<Command>,
    stages: Stages,
}

impl Herder {
    pub fn worker(&self) -> &Worker {
        &self.worker
    }

    /// What the worker is at, or was at last; a sentence.
    pub fn stage(&self) -> Option<String> {
        self.stages.summary(None)
    }

    /// Validates a configuration without any effect, after resolving its references. The answer shows references,
    /// never what they stand for.
    ///
    /// # Errors
    /// A reference cannot be resolved, or it names no connector class that exists. Anything else that is wrong stands
    /// in the answer. It takes too long.
    pub async fn validate(&self, raw: &RawConfig) -> Result<ConfigInfos, HerderError> {
        let stage = RequestStage::new(
            "waiting for a new thread to become available for connector validation",
        );
        let work = {
            let (worker, raw, stage) = (self.worker.clone(), raw.clone(), stage.clone());
            // Providers may read from slow disks, and plugins may do whatever they like.
            tokio::task::spawn_blocking(move || validate(&worker, &raw, &stage))
        };
        match tokio::time::timeout(REQUEST_TIMEOUT, work).await {
            Ok(Ok(validated)) => validated,
            Ok(Err(_)) => Err(HerderError::shutting_down()),
            Err(_) => Err(HerderError::timed_out(Some(stage.summary()))),
        }
    }

    /// Providers may read from slow disks, which must not hold up other requests.
    async fn resolve(&self, written: Config) -> Result<Resolved, HerderError> {
        let providers = self.worker.providers.clone();
        let resolved = tokio::task::spawn_blocking(move || providers.resolve(&written)).await;
        Ok(resolved.map_err(|_| HerderError::shutting_down())??)
    }

    /// # Errors
    /// No such plugin.
    pub fn plugin_keys(
        &self,
        plugin: &str,
        version: Option<&str>,
    ) -> Result<Vec<Definition>, HerderError> {
        self.context().plugin_keys(plugin, version)
    }

    /// Creates or changes a connector, after validation.
    ///
    /// # Errors
    /// The configuration is invalid, or the name is taken or free where it must not be.
    pub async fn configure(
        &self,
        name: &str,
        mut raw: RawConfig,
        mode: ConfigureMode,
    ) -> Result<Configured, HerderError> {
        // A patch may set a name of its own; it is kept as plain text, as in Kafka.
        if mode != ConfigureMode::Update {
            check_name(name, &mut raw)?;
        }
        if let Some(why) = refusal(&self.validate(&raw).await?) {
            return Err(HerderError::BadRequest(why));
        }
        if let Some((key, _)) = raw.iter().find(|(_, value)| value.is_none()) {
            return Err(HerderError::BadRequest(format!(
                "Null value can not be supplied as the configuration value of {key}."
            )));
        }
        let config = without_nulls(&raw);
        self.change(name, |reply| Change::Configure {
            config,
            mode,
            reply,
        })
        .await
    }

    /// # Errors
    /// There is no such connector.
    pub async fn delete(&self, name: &str) -> Result<(), HerderError> {
        self.change(name, Change::Delete).await
    }

    /// # Errors
    /// There is no such connector.
    pub async fn set_target(&self, name: &str, state: TargetState) -> Result<(), HerderError> {
        self.change(name, |reply| Change::SetTarget(state, reply))
            .await
    }

    /// Restarts a connector; the status shows what is being restarted.
    ///
    /// # Errors
    /// There is no such connector.
    pub async fn restart(
        &self,
        name: &str,
        scope: RestartScope,
    ) -> Result<ConnectorStatus, HerderError> {
        self.change(name, |reply| Change::Restart(scope, reply))
            .await
    }

    /// # Errors
    /// There is no such task.
    pub async fn restart_task(&self, name: &str, task: i64) -> Result<(), HerderError> {
        self.change(name, |reply| Change::RestartTask(task, reply))
            .await
    }

    /// # Errors
    /// The herder does not answer.
    pub async fn ping(&self) -> Result<(), HerderError> {
        self.ask(Question::Ping).await
    }

    /// # Errors
    /// The herder does not answer.
    pub async fn names(&self) -> Result<Vec<String>, HerderError> {
        self.ask(Question::Names).await
    }

    /// # Errors
    /// The herder does not answer.
    pub async fn all(
        &self,
    ) -> Result<BTreeMap<String, (ConnectorInfo, Option<ConnectorStatus>)>, HerderError> {
        self.ask(Question::All).await
    }

    /// # Errors
    /// There is no such connector.
    pub async fn info(&self, name: &str) -> Result<ConnectorInfo, HerderError> {
        self.ask(|reply| Question::Info(name.to_owned(), reply))
            .await
    }

    /// # Errors
    /// There is no such connector.
    pub async fn tasks(&self, name: &str) -> Result<Vec<Config>, HerderError> {
        self.ask(|reply| Question::Tasks(name.to_owned(), reply))
            .await
    }

    /// # Errors
    /// The connector has not reported yet, or does not exist.
    pub async fn status(&self, name: &str) -> Result<ConnectorStatus, HerderError> {
        self.ask(|reply| Question::Status(name.to_owned(), reply))
            .await
    }

    /// # Errors
    /// The task has not reported yet, or does not exist.
    pub async fn task_status(&self, name: &str, task: i64) -> Result<Status, HerderError> {
        self.ask(|reply| Question::TaskStatus(name.to_owned(), task, reply))
            .await
    }

    /// What a task is at right now, or why it has failed.
    ///
    /// # Errors
    /// There is no such task.
    pub async fn task_phase(&self, name: &str, task: i64) -> Result<TaskPhase, HerderError> {
        self.ask(|reply| Question::TaskPhase(name.to_owned(), task, reply))
            .await
    }

    /// The topics that the tasks of a connector have got records of; none for a connector that does not exist.
    ///
    /// # Errors
    /// Topics are not tracked.
    pub async fn topics(&self, name: &str) -> Result<Vec<String>, HerderError> {
        self.check_tracked()?;
        self.ask(|reply| Question::Topics(name.to_owned(), reply))
            .await
    }

    /// Forgets the topics that a connector has used. Its tasks report those of the next records again.
    ///
    /// # Errors
    /// Topics are not tracked, or must not be forgotten.
    pub async fn reset_topics(&self, name: &str) -> Result<(), HerderError> {
        self.check_tracked()?;
        if !self.worker.config.topic_tracking_reset {
            let why = "Topic tracking reset is disabled.";
            return Err(HerderError::Forbidden(why.to_owned()));
        }
        let name = name.to_owned();
        self.send(None, |reply| Command::ResetTopics { name, reply })
            .await
    }

    fn check_tracked(&self) -> Result<(), HerderError> {
        match self.worker.config.topic_tracking {
            true => Ok(()),
            false => Err(HerderError::Forbidden(
                "Topic tracking is disabled.".to_owned(),
            )),
        }
    }

    /// Stops every task, as far as the graceful timeout allows, and ends the herder.
    pub async fn shutdown(&self) {
        let (reply, done) = oneshot::channel();
        if self.commands.send(Command::Shutdown(reply)).is_ok() {
            let _ = done.await;
        }
    }

    fn context(&self) -> Context<'_> {
        context(&self.worker)
    }

    async fn change<T>(
        &self,
        name: &str,
        change: impl FnOnce(Reply<T>) -> Change,
    ) -> Result<T, HerderError> {
        let owned = name.to_owned();
        self.send(Some(name), |reply| Command::Change {
            name: owned,
            change: change(reply),
        })
        .await
    }

    async fn ask<T>(&self, question: impl FnOnce(Reply<T>) -> Question) -> Result<T, HerderError> {
        self.send(None, |reply| Command::Ask(question(reply))).await
    }

    /// `name` is the connector whose work the answer may have to wait for.
    async fn send<T>(
        &self,
        name: Option<&str>,
        command: impl FnOnce(Reply<T>) -> Command,
    ) -> Result<T, HerderError> {
        let (reply, answer) = oneshot::channel();
        self.commands
            .send(command(reply))
            .map_err(|_| HerderError::shutting_down())?;
        match tokio::time::timeout(REQUEST_TIMEOUT, answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(HerderError::shutting_down()),
            Err(_) => Err(HerderError::timed_out(self.stages.summary(name))),
        }
    }
}

fn context(worker: &Worker) -> Context<'_> {
    Context {
        plugins: &worker.plugins,
        worker: &worker.config,
    }
}

fn validate(
    worker: &Worker,
    raw: &RawConfig,
    stage: &RequestStage,
) -> Result<ConfigInfos, HerderError> {
    const VALIDATING: &str = "validating sink connector-specific properties for the connector";
    let written = without_nulls(raw);
    if !written.iter().any(|(_, value)| has_reference(value)) {
        stage.begin(VALIDATING);
        return context(worker).validate(raw);
    }
    stage.begin("resolving transformed configuration properties for the connector");
    let resolved = worker.providers.resolve(&written)?;
    let mut resolved_raw = raw.clone();
    for (key, value) in resolved.config.iter() {
        resolved_raw.insert(key.to_owned(), Some(value.to_owned()));
    }
    stage.begin(VALIDATING);
    let validated = context(worker).validate(&resolved_raw);
    conceal(validated, raw, &resolved.secrets)
}

/// The name in the configuration is that of the request, or is set to it.
fn check_name(name: &str, raw: &mut RawConfig) -> Result<(), HerderError> {
    match raw.get(NAME.name()) {
        Some(Some(given)) if given != name => Err(HerderError::BadRequest(format!(
            "Connector name configuration ({given}) doesn't match connector name in the URL ({name})"
        ))),
        Some(Some(_)) => Ok(()),
        Some(None) | None => {
            raw.insert(NAME.name().to_owned(), Some(name.to_owned()));
            Ok(())
        }
    }
}
