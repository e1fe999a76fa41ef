//! The committed offsets of a connector's group, read and changed from outside its tasks.

use std::collections::BTreeMap;

use connect_api::config::Config;
use connect_api::sink::Offsets;
use connect_api::{ConnectError, TopicPartition};
use data_plane::kafka::client_keys::ClientSettings;
use data_plane::kafka::{GroupAdmin, GroupChange};

use super::clients::ClientContext;
use super::converters::config_error;
use super::{Connector, Worker};

/// What shall become of partitions: another offset, or none.
pub type OffsetChanges = BTreeMap<TopicPartition, Option<i64>>;

/// A connector's group and the client that speaks of it.
pub struct ConnectorGroup {
    group: String,
    admin: Box<dyn GroupAdmin>,
}

impl Worker {
    /// Does not connect yet. `connector` is the configuration as it is, references resolved.
    ///
    /// # Errors
    /// A setting of a client is refused.
    pub fn connector_group(
        &self,
        name: &str,
        connector: &Config,
    ) -> Result<ConnectorGroup, ConnectError> {
        let clients = ClientContext {
            worker: &self.config,
            connector,
            name,
            task: 0,
        };
        let consumer = ClientSettings::consumer(&clients.consumer()?).map_err(config_error)?;
        let admin = ClientSettings::admin(&clients.offsets_admin()?).map_err(config_error)?;
        Ok(ConnectorGroup {
            group: consumer.0.group().to_owned(),
            admin: self.kafka.group_admin(admin.0)?,
        })
    }

    /// Whether nothing but the group's offsets tells where the connector goes on.
    ///
    /// # Errors
    /// The connector cannot be made.
    pub fn offsets_are_in_kafka_alone(&self, connector: &Config) -> Result<bool, ConnectError> {
        Connector::new(&self.plugins, connector)?.offsets_are_in_kafka_alone()
    }
}

impl ConnectorGroup {
    /// # Errors
    /// The cluster's.
    pub async fn offsets(&self) -> Result<Offsets, ConnectError> {
        self.admin.group_offsets(&self.group).await
    }

    /// Not all or nothing: Kafka has no call for both kinds of change.
    ///
    /// # Errors
    /// The cluster's.
    pub async fn alter(&self, changes: &OffsetChanges) -> Result<GroupChange, ConnectError> {
        let mut altered = Offsets::new();
        let mut deleted = Vec::new();
        for (partition, offset) in changes {
            match offset {
                Some(offset) => drop(altered.insert(partition.clone(), *offset)),
                None => deleted.push(partition.clone()),
            }
        }
        if !altered.is_empty() {
            let change = self
                .admin
                .alter_group_offsets(&self.group, &altered)
                .await?;
            if change != GroupChange::Done {
                return Ok(change);
            }
        }
        if deleted.is_empty() {
            return Ok(GroupChange::Done);
        }
        self.admin.delete_group_offsets(&self.group, &deleted).await
    }

    /// Forgets every offset, and with them the group.
    ///
    /// # Errors
    /// The cluster's.
    pub async fn reset(&self) -> Result<GroupChange, ConnectError> {
        self.admin.delete_group(&self.group).await
    }
}
