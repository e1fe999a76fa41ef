//! A connector of this process, and the configurations of its tasks.

use std::sync::Arc;

use connect_api::config::{Config, ConfigReader};
use connect_api::plugin::{Plugin, PluginDescriptor};
use connect_api::sink::{SinkConnector, SinkTask, Statement};
use connect_api::{ConnectError, RecordSlice};
use tracing::warn;

use super::chain;
use super::converters::config_error;
use super::guard::guarded;
use crate::config::SinkConnectorConfig;
use crate::config::connector::{
    TASKS_MAX_ENFORCE, TOPICS, TOPICS_REGEX, own_config_def, sink_config_def,
};
use crate::plugins::{Kind, Plugins};

const TASK_CLASS: &str = "task.class";

/// Prefixes of keys that converters and clients read, and of those of plugins of the JVM that connectors are known to
/// carry along.
const READ_BY_OTHERS: [&str; 7] = [
    "key.converter.",
    "value.converter.",
    "header.converter.",
    "consumer.override.",
    "producer.override.",
    "admin.override.",
    "confluent.",
];

/// A connector that was made. Cloning gives another handle.
#[derive(Clone)]
pub struct Connector {
    pub descriptor: &'static PluginDescriptor,
    pub config: Arc<SinkConnectorConfig>,
    /// What it was made of, references resolved.
    pub made_of: Arc<Config>,
    sink: Arc<dyn SinkConnector>,
}

impl Connector {
    /// Makes a connector from its configuration.
    ///
    /// # Errors
    /// What is wrong with the configuration, or a panic of the plugin.
    pub fn new(plugins: &Plugins, config: &Config) -> Result<Self, ConnectError> {
        let parsed = SinkConnectorConfig::parse(config).map_err(config_error)?;
        let class = &parsed.connector_class;
        let descriptor = plugins
            .find(Kind::Sink, class)
            .map_err(|why| ConnectError::config(plugins.unknown_connector(class, &why)))?;
        let Plugin::Sink(new) = descriptor.plugin else {
            return Err(ConnectError::config(format!(
                "Class {class} is no sink connector"
            )));
        };
        let sink = guarded(descriptor.class, || {
            new(&ConfigReader::new(config)).map_err(config_error)
        })?;
        Ok(Self {
            descriptor,
            config: Arc::new(parsed),
            made_of: Arc::new(config.clone()),
            sink: sink.into(),
        })
    }

    /// What the start of its tasks would refuse.
    ///
    /// # Errors
    /// The connector's own, or a panic.
    pub fn check(&self) -> Result<(), ConnectError> {
        guarded(self.descriptor.class, || self.sink.check())
    }

    /// What a task would send for these records; none if this connector does not tell.
    ///
    /// # Errors
    /// The connector's own, or a panic.
    pub fn statements(
        &self,
        records: &RecordSlice,
    ) -> Result<Option<Vec<Statement>>, ConnectError> {
        let tell = || self.sink.statements(records).transpose();
        guarded(self.descriptor.class, tell)
    }

    /// The configuration of each task, with what the runtime adds. `name` is what the connector was created under.
    ///
    /// # Errors
    /// The connector's own, a panic, or more tasks than `tasks.max` allows.
    pub fn task_configs(&self, name: &str, config: &Config) -> Result<Vec<Config>, ConnectError> {
        let max = self.config.tasks_max;
        let mut tasks = guarded(self.descriptor.class, || self.sink.task_configs(max))?;
        self.check_tasks_max(name, tasks.len())?;
        for task in &mut tasks {
            if !task.contains(TASK_CLASS) {
                task.insert(TASK_CLASS, self.task_class());
            }
            for key in [TOPICS.name(), TOPICS_REGEX.name()] {
                if let Some(value) = config.get(key) {
                    task.insert(key, value);
                }
            }
        }
        Ok(tasks)
    }

    /// # Errors
    /// So many tasks are more than `tasks.max`, and `tasks.max.enforce` is not switched off.
    pub fn check_tasks_max(&self, name: &str, tasks: usize) -> Result<(), ConnectError> {
        let max = self.config.tasks_max;
        if tasks <= max {
            return Ok(());
        }
        let what = format!(
            "The connector {name} has generated {tasks} tasks, which is greater than {max}, the maximum number of tasks it is configured to create."
        );
        if self.config.tasks_max_enforce {
            return Err(ConnectError::fatal(format!(
                "{what} This behaviour should be considered a bug and is disallowed. If necessary, it can be permitted by reconfiguring the connector with '{}' set to false; however, this option will be removed in a future release of Kafka Connect.",
                TASKS_MAX_ENFORCE.name()
            ))
            .named("org.apache.kafka.connect.runtime.TooManyTasksException"));
        }
        warn!(
            connector = name,
            "{what} This behavior should be considered a bug and will be disallowed in future releases of Kafka Connect. Please report this to the maintainers of the connector and request that they adjust their connector's taskConfigs() method to respect the maxTasks parameter."
        );
        Ok(())
    }

    /// Keys that nothing reads.
    pub fn unknown_keys<'a>(&self, plugins: &Plugins, config: &'a Config) -> Vec<&'a str> {
        unknown_keys(plugins, self.descriptor, config)
    }

    /// # Errors
    /// A panic of the plugin.
    pub fn offsets_are_in_kafka_alone(&self) -> Result<bool, ConnectError> {
        guarded(self.descriptor.class, || {
            Ok(self.sink.offsets_are_in_kafka_alone())
        })
    }

    /// # Errors
    /// A panic of the plugin.
    pub fn new_task(&self) -> Result<Box<dyn SinkTask>, ConnectError> {
        guarded(self.descriptor.class, || Ok(self.sink.task()))
    }

    /// Connectors name their task classes after themselves.
    fn task_class(&self) -> String {
        let class = self.descriptor.class;
        format!("{}Task", class.strip_suffix("Connector").unwrap_or(class))
    }
}

/// Keys that neither the runtime, a connector of this class nor its transformations and predicates read; likely misspelt.
pub fn unknown_keys<'a>(
    plugins: &Plugins,
    descriptor: &PluginDescriptor,
    config: &'a Config,
) -> Vec<&'a str> {
    let defs = [
        sink_config_def(),
        own_config_def(),
        (descriptor.config_def)(),
    ];
    let is_read = |key: &str| {
        defs.iter().any(|def| def.knows(key))
            || READ_BY_OTHERS.iter().any(|prefix| key.starts_with(prefix))
            || chain::reads(plugins, config, key)
    };
    let keys = config.iter().map(|(key, _)| key);
    keys.filter(|key| !is_read(key)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_nothing_reads_are_found() {
        let config = Config::from([
            ("name", "s"),
            ("connector.class", "FileStreamSink"),
            ("topics", "t"),
            ("file", "f"),
            ("target.wait.max.ms", "1"),
            ("value.converter.schemas.enable", "false"),
            ("consumer.override.max.poll.records", "1"),
            ("topic", "t"),
            ("errors.tolerence", "all"),
        ]);
        let connector = Connector::new(&Plugins::built_in(), &config).expect("a connector");
        assert_eq!(
            connector.unknown_keys(&Plugins::built_in(), &config),
            ["errors.tolerence", "topic"]
        );
    }

    #[test]
    fn keys_that_no_link_of_the_chain_reads_are_found() {
        let config = Config::from([
            ("name", "s"),
            ("connector.class", "FileStreamSink"),
            ("topics", "t"),
            ("transforms", "unwrap, a, away"),
            ("transforms.unwrap.type", "ExtractNewRecordState"),
            ("transforms.unwrap.predicate", "p"),
            ("transforms.unwrap.negate", "true"),
            ("transforms.unwrap.add.fields", "op"),
            ("transforms.unwrap.drop.tombstones", "false"),
            ("transforms.a.type", "DropHeaders"),
            ("transforms.a.headers", "h"),
            ("transforms.away.type", "com.acme.Away"),
            ("transforms.away.x", "1"),
            ("transforms.b.type", "Filter"),
            ("predicates", "p"),
            ("predicates.p.type", "HasHeaderKey"),
            ("predicates.p.name", "h"),
            ("predicates.p.negate", "true"),
        ]);
        let sink = Plugins::built_in()
            .find(Kind::Sink, "FileStreamSink")
            .expect("the file sink");
        assert_eq!(
            unknown_keys(&Plugins::built_in(), sink, &config),
            [
                "predicates.p.negate",
                "transforms.b.type",
                "transforms.unwrap.drop.tombstones"
            ]
        );
    }
}
