//! Graph sink over Bolt: records become nodes and relationships in Neo4j.
//!
//! * What it writes is up to the user's Cypher statement of each topic, which runs once for each record.
//! * The records of a topic partition in one put are one transaction, in the order of their offsets; nothing is held back
//!   between puts. Delivery is at least once: what was written before a crash and not yet committed to Kafka is
//!   written again, so a statement should `MERGE` by a key.
//! * A put that fails leaves nothing of the failing partition in the graph and says which records those are.
//! * Errors are classified by who must act, and never retried here: an outage is waited for by the runtime and no record is
//!   dead-lettered for it.
//!
//! What it is not: it creates no constraints and no indexes, and does no client-side load balancing.

mod config;
mod duration;
mod legacy;
mod settings;
mod uri;

mod cypher_text;
mod field_reads;
mod json;
mod statement;
mod strategy;
mod temporal;
mod value;

mod batch;
mod error;
mod nodelay;
mod preview;
mod session;
mod task;

use connect_api::config::{Config, ConfigErrors, ConfigReader};
use connect_api::plugin::{Plugin, PluginDescriptor};
use connect_api::sink::{SinkConnector, SinkTask, Statement};
use connect_api::{ConnectError, RecordSlice};

/// The plugin under the class name that configurations of the JVM connector name.
pub static PLUGIN: PluginDescriptor = PluginDescriptor {
    class: "org.neo4j.connectors.kafka.sink.Neo4jConnector",
    aliases: &["GraphSink"],
    version: env!("CARGO_PKG_VERSION"),
    config_def: config::config_def,
    plugin: Plugin::Sink(new),
};

fn new(reader: &ConfigReader<'_>) -> Result<Box<dyn SinkConnector>, ConfigErrors> {
    settings::GraphSinkConfig::parse(reader)?;
    Ok(Box::new(GraphSink {
        config: reader.config().clone(),
    }))
}

/// The connector: as many tasks as allowed, all alike.
struct GraphSink {
    config: Config,
}

impl SinkConnector for GraphSink {
    fn task_configs(&self, max_tasks: usize) -> Result<Vec<Config>, ConnectError> {
        Ok(vec![self.config.clone(); max_tasks])
    }

    fn check(&self) -> Result<(), ConnectError> {
        task::prepare(&self.config).map(drop)
    }

    fn statements(&self, records: &RecordSlice) -> Option<Result<Vec<Statement>, ConnectError>> {
        Some(preview::statements(&self.config, records))
    }

    fn task(&self) -> Box<dyn SinkTask> {
        Box::new(task::GraphSinkTask::default())
    }
}
