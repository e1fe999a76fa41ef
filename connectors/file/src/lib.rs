//! FileStreamSinkConnector: each record's value as a line of a file.
//!
//! The smallest connector, and the one to copy for a new one: [`config`] declares the keys and parses them, [`task`]
//! writes, [`error`] says who must act.
//!
//! Delivery is at least once. A batch goes to the operating system in one piece, and if that fails half-way the file is cut
//! back to where it was, so that delivering again repeats nothing. What was written survives the death of the
//! process; like the JVM's sink it does not force the disk.

pub mod config;
mod error;
mod task;

use connect_api::ConnectError;
use connect_api::config::{Config, ConfigErrors, ConfigReader};
use connect_api::plugin::{KAFKA_VERSION, Plugin, PluginDescriptor};
use connect_api::sink::{SinkConnector, SinkTask};

use config::FileSinkConfig;
use task::FileStreamSinkTask;

/// The connector under Kafka's class name.
pub static PLUGIN: PluginDescriptor = PluginDescriptor {
    class: "org.apache.kafka.connect.file.FileStreamSinkConnector",
    aliases: &[],
    version: KAFKA_VERSION,
    config_def: config::config_def,
    plugin: Plugin::Sink(connector),
};

fn connector(config: &ConfigReader<'_>) -> Result<Box<dyn SinkConnector>, ConfigErrors> {
    let settings = FileSinkConfig::parse(config)?;
    Ok(Box::new(FileStreamSinkConnector {
        settings,
        config: config.config().clone(),
    }))
}

struct FileStreamSinkConnector {
    settings: FileSinkConfig,
    config: Config,
}

impl SinkConnector for FileStreamSinkConnector {
    /// As many tasks as allowed, all on the same file, as in Kafka.
    fn task_configs(&self, max_tasks: usize) -> Result<Vec<Config>, ConnectError> {
        Ok(vec![self.config.clone(); max_tasks])
    }

    fn task(&self) -> Box<dyn SinkTask> {
        Box::new(FileStreamSinkTask::new(self.settings.clone()))
    }
}
