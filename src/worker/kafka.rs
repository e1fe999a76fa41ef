//! [`Kafka`]: the clients that tasks are made with; in tests an in-memory cluster takes its place.

use std::sync::Arc;

use connect_api::ConnectError;
use data_plane::kafka::client_keys::ClientSettings;
use data_plane::kafka::{
    ClusterAdmin, DeadLetterProducer, DeadLetterTopic, GroupAdmin, GroupConsumer, KafkaConsumer,
    Subscription, TopicPattern,
};

use super::clients::worker_client;
use super::converters::config_error;
use super::log_notes;
use crate::config::WorkerConfig;
use crate::config::connector::DeadLetters;
use crate::config::topics::Topics;

/// Makes the clients of a task. Does not wait for the cluster.
pub trait Kafka: Send + Sync {
    /// A member of the connector's group that has not joined yet. `memory` bounds what it reads ahead, in bytes.
    ///
    /// # Errors
    /// A setting that the client refuses.
    fn consumer(
        &self,
        settings: ClientSettings,
        topics: &Topics,
        memory: usize,
    ) -> Result<Box<dyn GroupConsumer>, ConnectError>;

    /// # Errors
    /// A setting that a client refuses.
    fn dead_letter_topic(
        &self,
        producer: ClientSettings,
        admin: ClientSettings,
        letters: &DeadLetters,
    ) -> Result<Arc<dyn DeadLetterTopic>, ConnectError>;

    /// # Errors
    /// A setting that the client refuses.
    fn group_admin(&self, settings: ClientSettings) -> Result<Box<dyn GroupAdmin>, ConnectError>;
}

/// A real cluster.
pub struct Cluster;

impl Kafka for Cluster {
    fn consumer(
        &self,
        settings: ClientSettings,
        topics: &Topics,
        memory: usize,
    ) -> Result<Box<dyn GroupConsumer>, ConnectError> {
        let subscription = match topics {
            Topics::Names(names) => Subscription::Topics(names.clone()),
            Topics::Pattern(pattern) => {
                Subscription::Pattern(TopicPattern::new(pattern).map_err(ConnectError::config)?)
            }
        };
        Ok(Box::new(KafkaConsumer::new(
            settings,
            subscription,
            memory,
        )?))
    }

    fn dead_letter_topic(
        &self,
        producer: ClientSettings,
        admin: ClientSettings,
        letters: &DeadLetters,
    ) -> Result<Arc<dyn DeadLetterTopic>, ConnectError> {
        let topic = letters.topic.as_str();
        let producer = DeadLetterProducer::new(producer, admin, topic, letters.replication_factor)?;
        Ok(Arc::new(producer))
    }

    fn group_admin(&self, settings: ClientSettings) -> Result<Box<dyn GroupAdmin>, ConnectError> {
        Ok(Box::new(ClusterAdmin::new(settings)?))
    }
}

/// The id of the worker's cluster; waits for it at most `default.api.timeout.ms`.
///
/// # Errors
/// Kafka's sentence, with the cause behind it.
pub async fn cluster_id(worker: &WorkerConfig) -> Result<String, ConnectError> {
    let failed = |cause: ConnectError| {
        ConnectError::fatal(
            "Failed to connect to and describe Kafka cluster. Check worker's broker connection and security properties.",
        )
        .caused_by(cause)
    };
    let settings = ClientSettings::admin(&worker_client(worker));
    let (settings, notes) = settings.map_err(|errors| failed(config_error(errors)))?;
    log_notes(&notes);
    let admin = ClusterAdmin::new(settings).map_err(failed)?;
    admin.cluster_id().await.map_err(failed)
}
