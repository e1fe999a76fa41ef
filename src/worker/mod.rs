//! The worker: makes connectors and tasks in *this* process. It decides nothing; the herder does.
//!
//! Making a task is pure up to the clients of [`Kafka`]; the first I/O happens when the task runs.

pub mod chain;
pub mod clients;
pub mod connector;
pub mod converters;
pub mod guard;
pub mod kafka;
pub mod offsets;
pub mod preview;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use connect_api::ConnectError;
use connect_api::config::{Config, ConfigErrors};
use connect_api::convert::ConverterType;
use data_plane::clock::SystemClock;
use data_plane::kafka::client_keys::{ClientSettings, KeyNote, NoteKind};
use data_plane::task::{
    StageParts, Task, TaskHandle, TaskParts, TaskSettings, TaskStatus, Tolerance, TopicTracker,
    log_span,
};
use tracing::{info, warn};

use self::clients::ClientContext;
pub use self::connector::Connector;
pub use self::converters::config_error;
use self::converters::{choose, converter_key, default_class, find};
pub use self::kafka::Kafka;
use crate::config::{SinkConnectorConfig, WorkerConfig};
use crate::metrics::Registry;
use crate::plugins::{Kind, Plugins};
use crate::providers::{Providers, Secrets};

/// What connectors and tasks of this process are made with.
pub struct Worker {
    pub config: WorkerConfig,
    pub plugins: Plugins,
    /// What configurations of connectors may refer to.
    pub providers: Arc<Providers>,
    /// What references in the worker's own properties stand for.
    pub secrets: Secrets,
    /// `host:port`, as every status shows it.
    pub id: String,
    pub kafka: Arc<dyn Kafka>,
    pub metrics: Arc<Registry>,
}

/// Which task to start, and how.
pub struct TaskToStart<'a> {
    /// The name the connector was created under. A patch may have put another one into its configuration.
    pub name: &'a str,
    pub connector: &'a Connector,
    /// The connector's configuration as it is, references resolved.
    pub connector_config: &'a Config,
    pub task: u32,
    /// References resolved.
    pub task_config: &'a Config,
    pub paused: bool,
    /// Told of the topics that have records; none if that is not tracked.
    pub topics: Option<TopicTracker>,
    /// Told of every change of the task's state.
    pub status: Box<dyn Fn(TaskStatus) + Send>,
}

impl Worker {
    /// # Errors
    /// The connector is FAILED for this reason.
    pub fn make_connector(&self, config: &Config) -> Result<Connector, ConnectError> {
        Connector::new(&self.plugins, config)
    }

    /// Starts a task on the current runtime. Does not wait for anything.
    ///
    /// # Errors
    /// The task is FAILED for this reason.
    pub fn start_task(&self, start: TaskToStart<'_>) -> Result<TaskHandle, ConnectError> {
        // Clients remember whose they are from when they are made.
        let _whose = log_span(start.name, start.task).entered();
        let mut start = start;
        start.status = self.counted(start.status);
        Ok(Task::spawn(self.parts(start)?))
    }

    /// Hears of the task's states, and counts how its start ended. One that could not even be made says nothing; it is
    /// counted by who wanted it made.
    fn counted(&self, status: Box<dyn Fn(TaskStatus) + Send>) -> Box<dyn Fn(TaskStatus) + Send> {
        let (metrics, counted) = (self.metrics.clone(), AtomicBool::new(false));
        Box::new(move |state| {
            let is_start = !matches!(state, TaskStatus::Unassigned);
            if is_start && !counted.swap(true, Ordering::Relaxed) {
                metrics.task_started(!matches!(state, TaskStatus::Failed(_)));
            }
            status(state);
        })
    }

    fn parts(&self, start: TaskToStart<'_>) -> Result<TaskParts, ConnectError> {
        let config = &start.connector.config;
        let clients = ClientContext {
            worker: &self.config,
            connector: start.connector_config,
            name: start.name,
            task: start.task,
        };
        // Everything that can be wrong with the configuration comes before the first client.
        let stage = self.stage_parts(config, start.connector_config)?;
        let sink = start.connector.new_task()?;
        let consumer = clients.consumer()?;
        let client_id = consumer.get("client.id").unwrap_or_default().to_owned();
        let consumer = translated(start.task, ClientSettings::consumer(&consumer))?;
        let settings = self.settings(&start, &consumer);
        let mut producer_id = String::new();
        let dead_letter_topic = match &config.dead_letters {
            None => None,
            Some(letters) => {
                let producer = clients.producer()?;
                producer_id.push_str(producer.get("client.id").unwrap_or_default());
                let producer = translated(start.task, ClientSettings::producer(&producer))?;
                let admin = translated(start.task, ClientSettings::admin(&clients.admin()?))?;
                Some(self.kafka.dead_letter_topic(producer, admin, letters)?)
            }
        };
        Ok(TaskParts {
            settings,
            consumer: self
                .kafka
                .consumer(consumer, &config.topics, self.config.task_memory / 2)?,
            dead_letter_topic,
            stage,
            sink,
            sink_config: start.task_config.clone(),
            status: start.status,
            clock: Arc::new(SystemClock),
            topics: start.topics,
            metrics: (self.metrics).new_task(start.name, start.task, &client_id, &producer_id),
        })
    }

    /// Converters and transformations of a connector's tasks. `connector` is its configuration as it is, `config` what
    /// was read of it.
    ///
    /// # Errors
    /// The task would be FAILED for this reason.
    pub fn stage_parts(
        &self,
        config: &SinkConnectorConfig,
        connector: &Config,
    ) -> Result<StageParts, ConnectError> {
        let choose = |part| choose(&self.plugins, &self.config, connector, part);
        let key = choose(ConverterType::Key)?;
        let value = choose(ConverterType::Value)?;
        let header = choose(ConverterType::Header)?;
        Ok(StageParts {
            key: (key.make()?, key.descriptor.class.to_owned()),
            value: (value.make()?, value.descriptor.class.to_owned()),
            header: (
                header.make_for_headers()?,
                header.descriptor.class.to_owned(),
            ),
            transformations: chain::make(&self.plugins, config, connector)?,
        })
    }

    fn settings(&self, start: &TaskToStart<'_>, consumer: &ClientSettings) -> TaskSettings {
        let config = &start.connector.config;
        TaskSettings {
            connector: start.name.into(),
            task: start.task,
            tolerance: if config.tolerates_all {
                Tolerance::All
            } else {
                Tolerance::None
            },
            log_errors: config.log_errors,
            log_messages: config.log_messages,
            retry_timeout: config.retry_timeout,
            retry_delay_max: config.retry_delay_max,
            context_headers: config
                .dead_letters
                .as_ref()
                .is_some_and(|d| d.context_headers),
            flush_interval: self.config.flush_interval,
            flush_timeout: self.config.flush_timeout,
            graceful_timeout: self.config.graceful_timeout,
            max_poll_interval: consumer.max_poll_interval(),
            max_poll_records: consumer.max_poll_records(),
            // One number bounds a task: half of it is read ahead by the client, half is on its way to the sink.
            memory: self.config.task_memory / 2,
            target_wait_max: config
                .target_wait_max
                .unwrap_or(self.config.target_wait_max),
            paused: start.paused,
        }
    }
}

/// The settings, with what is to be said about them. All tasks have the same, so the first one says it.
fn translated(
    task: u32,
    translated: Result<(ClientSettings, Vec<KeyNote>), ConfigErrors>,
) -> Result<ClientSettings, ConnectError> {
    let (settings, notes) = translated.map_err(config_error)?;
    if task == 0 {
        log_notes(&notes);
    }
    Ok(settings)
}

/// One line for each setting of a client that is not simply taken over.
fn log_notes(notes: &[KeyNote]) {
    for note in notes {
        let KeyNote { key, reason, .. } = note;
        match note.kind {
            NoteKind::Unknown => warn!(key, reason, "unknown client setting"),
            NoteKind::Inert | NoteKind::Adjusted => info!(key, reason, "client setting"),
        }
    }
}

/// The worker's own converters must exist, as Kafka checks at start.
///
/// # Errors
/// Kafka's sentences about those that do not, with their keys.
pub fn check_converters(
    config: &WorkerConfig,
    plugins: &Plugins,
) -> Result<(), Vec<(&'static str, String)>> {
    let mut errors = Vec::new();
    for (part, kind) in [
        (ConverterType::Key, Kind::Converter),
        (ConverterType::Value, Kind::Converter),
        (ConverterType::Header, Kind::HeaderConverter),
    ] {
        let key = converter_key(part);
        if let Err(why) = find(plugins, key, default_class(config, part), kind) {
            errors.push((key, why));
        }
    }
    if errors.is_empty() {
        Ok(())
    } else {
        Err(errors)
    }
}
