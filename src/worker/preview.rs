//! What the start of a worker and of a connector's tasks would refuse or remark, told without any client: pure.

use connect_api::ConnectError;
use connect_api::config::{Config, ConfigErrors};
use data_plane::kafka::client_keys::{ClientSettings, KeyNote};

use super::Worker;
use super::clients::{ClientContext, worker_client};
use super::converters::config_error;
use crate::config::WorkerConfig;

type Translated = Result<(ClientSettings, Vec<KeyNote>), ConfigErrors>;

impl Worker {
    /// Goes the way of a start up to the first client.
    ///
    /// # Errors
    /// Connector or tasks would be FAILED for this reason.
    pub fn preview(&self, name: &str, config: &Config) -> Result<(), ConnectError> {
        let connector = self.make_connector(config)?;
        connector.check()?;
        let tasks = connector.task_configs(&connector.config.name, config)?;
        if tasks.is_empty() {
            return Ok(());
        }
        self.stage_parts(&connector.config, config)?;
        let mut clients = clients(&self.config, name, config)?;
        if connector.config.dead_letters.is_none() {
            clients.truncate(1);
        }
        for (_, translated) in clients {
            translated.map_err(config_error)?;
        }
        Ok(())
    }
}

/// What the clients of tasks make of those settings that begin with `prefix` and the client's name, such as
/// `consumer.override.max.poll.records` behind `.override.` and `consumer.max.poll.records` behind `.`.
///
/// Names stand as the configuration has them. Settings with errors say nothing: a start tells those.
pub fn client_notes(
    worker: &WorkerConfig,
    name: &str,
    connector: &Config,
    prefix: &str,
) -> Vec<KeyNote> {
    let all = match prefix {
        "." => &worker.properties,
        _ => connector,
    };
    let mut notes = Vec::new();
    for (client, translated) in clients(worker, name, connector).unwrap_or_default() {
        let Ok((_, found)) = translated else {
            continue;
        };
        for note in found {
            let key = format!("{client}{prefix}{}", note.key);
            if all.contains(&key) {
                notes.push(KeyNote { key, ..note });
            }
        }
    }
    notes
}

/// What the worker's own client makes of its settings.
///
/// # Errors
/// Every value that is wrong and every key that is refused.
pub fn own_client_notes(worker: &WorkerConfig) -> Result<Vec<KeyNote>, ConnectError> {
    let (_, notes) = ClientSettings::admin(&worker_client(worker)).map_err(config_error)?;
    Ok(notes)
}

/// The clients of a task by name, the consumer first.
fn clients(
    worker: &WorkerConfig,
    name: &str,
    connector: &Config,
) -> Result<Vec<(&'static str, Translated)>, ConnectError> {
    let context = ClientContext {
        worker,
        connector,
        name,
        task: 0,
    };
    Ok(vec![
        ("consumer", ClientSettings::consumer(&context.consumer()?)),
        ("producer", ClientSettings::producer(&context.producer()?)),
        ("admin", ClientSettings::admin(&context.admin()?)),
    ])
}
