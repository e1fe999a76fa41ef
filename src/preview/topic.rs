//! Records of a live topic.

use connect_api::ConnectError;
use connect_api::config::Config;
use data_plane::kafka::client_keys::ClientSettings;
use data_plane::kafka::{ClusterAdmin, ReadFrom, TopicReader};

use crate::worker::clients::{ClientContext, worker_client};
use crate::worker::{Worker, config_error};

/// Which records.
pub struct Source<'a> {
    pub topic: &'a str,
    /// None: all.
    pub partition: Option<i32>,
    pub from: ReadFrom,
}

/// Opens a topic with the settings that the connector's tasks have, its overrides included.
///
/// # Errors
/// A setting is wrong, the cluster cannot be used, or there is no such topic.
pub async fn open(
    worker: &Worker,
    name: &str,
    connector: &Config,
    source: &Source<'_>,
) -> Result<TopicReader, ConnectError> {
    let clients = ClientContext {
        worker: &worker.config,
        connector,
        name,
        task: 0,
    };
    let (settings, _) = ClientSettings::consumer(&clients.consumer()?).map_err(config_error)?;
    let (admin, _) = ClientSettings::admin(&worker_client(&worker.config)).map_err(config_error)?;
    let admin = ClusterAdmin::new(admin)?;
    let memory = worker.config.task_memory / 2;
    let Source {
        topic,
        partition,
        from,
    } = *source;
    TopicReader::open(&admin, settings, topic, partition, from, memory).await
}
