//! The herder: decides *what* runs. One task owns all state and obeys a closed list of commands.
//!
//! [`Herder`] is the handle that REST and the command line hold. Validation needs no state, so it runs with the one who
//! asks; a slow plugin delays nobody else.

pub mod command;
pub mod error;
mod offsets;
pub mod standalone;
pub mod state;
pub mod validation;

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
}

impl Herder {
    pub fn worker(&self) -> &Worker {
        &self.worker
    }

    /// Validates a configuration without any effect, after resolving its references. The answer shows references,
    /// never what they stand for.
    ///
    /// # Errors
    /// A reference cannot be resolved, or it names no connector class that exists. Anything else that is wrong stands
    /// in the answer.
    pub async fn validate(&self, raw: &RawConfig) -> Result<ConfigInfos, HerderError> {
        let written = without_nulls(raw);
        if !written.iter().any(|(_, value)| has_reference(value)) {
            return self.context().validate(raw);
        }
        let resolved = self.resolve(written).await?;
        let mut resolved_raw = raw.clone();
        for (key, value) in resolved.config.iter() {
            resolved_raw.insert(key.to_owned(), Some(value.to_owned()));
        }
        let validated = self.context().validate(&resolved_raw);
        conceal(validated, raw, &resolved.secrets)
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

    /// Stops every task, as far as the graceful timeout allows, and ends the herder.
    pub async fn shutdown(&self) {
        let (reply, done) = oneshot::channel();
        if self.commands.send(Command::Shutdown(reply)).is_ok() {
            let _ = done.await;
        }
    }

    fn context(&self) -> Context<'_> {
        Context {
            plugins: &self.worker.plugins,
            worker: &self.worker.config,
        }
    }

    async fn change<T>(
        &self,
        name: &str,
        change: impl FnOnce(Reply<T>) -> Change,
    ) -> Result<T, HerderError> {
        let name = name.to_owned();
        self.send(|reply| Command::Change {
            name,
            change: change(reply),
        })
        .await
    }

    async fn ask<T>(&self, question: impl FnOnce(Reply<T>) -> Question) -> Result<T, HerderError> {
        self.send(|reply| Command::Ask(question(reply))).await
    }

    async fn send<T>(&self, command: impl FnOnce(Reply<T>) -> Command) -> Result<T, HerderError> {
        let (reply, answer) = oneshot::channel();
        self.commands
            .send(command(reply))
            .map_err(|_| HerderError::shutting_down())?;
        match tokio::time::timeout(REQUEST_TIMEOUT, answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(HerderError::shutting_down()),
            Err(_) => Err(HerderError::timed_out()),
        }
    }
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
