//! `FileStreamSinkConnector`: records as lines of a file.
//!
//! * Each record becomes one line: its value as Java's `String.valueOf` prints it, then a line feed, in UTF-8. Keys, headers
//!   and topics are not written; a line break inside a value is written as it is.
//! * The file is made if it is missing and appended to; nothing is ever overwritten. Without a file, lines go to
//!   standard output.
//! * At least once: what `put` has returned for has been handed to the operating system, so offsets may be committed. After a
//!   crash, records since the last commit are written again. There is no fsync, as in Kafka: a crash of the machine can
//!   lose lines.
//! * A batch that cannot be written leaves nothing behind in a regular file, so writing it again doubles nothing.
//!
//! This is the smallest sink and the one to read before writing another (`connectors/README.md`).

pub mod config;
mod error;
mod task;

use connect_api::config::{Config, ConfigErrors, ConfigReader};
use connect_api::plugin::{KAFKA_VERSION, Plugin, PluginDescriptor};
use connect_api::sink::{SinkConnector, SinkTask, Statement};
use connect_api::{ConnectError, RecordSlice, SinkRecord};

use config::{FileSinkConfig, config_def};
use task::FileStreamSinkTask;

/// How the runtime finds the connector.
pub static PLUGIN: PluginDescriptor = PluginDescriptor {
    class: "org.apache.kafka.connect.file.FileStreamSinkConnector",
    aliases: &[],
    version: KAFKA_VERSION,
    config_def,
    plugin: Plugin::Sink(new_connector),
};

fn new_connector(config: &ConfigReader<'_>) -> Result<Box<dyn SinkConnector>, ConfigErrors> {
    FileSinkConfig::parse(config)?;
    Ok(Box::new(FileStreamSinkConnector {
        config: config.config().clone(),
    }))
}

/// `org.apache.kafka.connect.file.FileStreamSinkConnector`
struct FileStreamSinkConnector {
    config: Config,
}

impl SinkConnector for FileStreamSinkConnector {
    /// Every task appends to the same file, each batch at once.
    fn task_configs(&self, max_tasks: usize) -> Result<Vec<Config>, ConnectError> {
        Ok(vec![self.config.clone(); max_tasks])
    }

    /// Each line without its line feed.
    fn statements(&self, records: &RecordSlice) -> Option<Result<Vec<Statement>, ConnectError>> {
        let line = |record: &SinkRecord| Statement {
            text: task::line(&record.value),
            parameters: Vec::new(),
        };
        Some(Ok(records.iter().map(line).collect()))
    }

    fn offsets_are_in_kafka_alone(&self) -> bool {
        true
    }

    fn task(&self) -> Box<dyn SinkTask> {
        Box::new(FileStreamSinkTask::default())
    }
}
