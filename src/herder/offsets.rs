//! Offsets of a connector's group: asked for in any state, changed only while the connector is STOPPED.
//!
//! The work is done by the one who asks, beside the herder's loop, so a slow cluster holds up nobody else. That the
//! connector is not resumed meanwhile is not assured here: then the group has members, and the cluster refuses.

use std::future::Future;

use connect_api::ConnectError;
use connect_api::config::Config;
use connect_api::sink::Offsets;
use data_plane::kafka::GroupChange;
use tracing::warn;

use super::command::Change;
use super::{Herder, HerderError, REQUEST_TIMEOUT};
use crate::worker::offsets::{ConnectorGroup, OffsetChanges};

/// A change of offsets, as answers call it.
#[derive(Clone, Copy)]
enum Verb {
    Alter,
    Reset,
}

impl Verb {
    const fn infinitive(self) -> &'static str {
        match self {
            Verb::Alter => "alter",
            Verb::Reset => "reset",
        }
    }

    /// What is answered when it is done.
    fn done(self, in_kafka_alone: bool) -> String {
        let done = match self {
            Verb::Alter => "altered",
            Verb::Reset => "reset",
        };
        match in_kafka_alone {
            true => format!("The offsets for this connector have been {done} successfully"),
            false => format!(
                "The Connect framework-managed offsets for this connector have been {done} successfully. However, if this connector manages offsets externally, they will need to be manually {done} in the system that the connector uses."
            ),
        }
    }
}

impl Herder {
    /// The committed offsets of a connector's group.
    ///
    /// # Errors
    /// There is no such connector, or the cluster's.
    pub async fn offsets(&self, name: &str) -> Result<Offsets, HerderError> {
        let written = self.info(name).await?.config;
        let asked = async {
            let (group, _) = self.group(name, written).await?;
            group.offsets().await.map_err(|error| {
                warn!(connector = name, "{}", error.trace().trim_end());
                HerderError::Internal(format!(
                    "Failed to retrieve consumer group offsets for sink connector {name}"
                ))
            })
        };
        self.in_time(asked).await
    }

    /// # Errors
    /// There is no such connector, or it is not STOPPED.
    pub async fn check_offsets_may_change(&self, name: &str) -> Result<(), HerderError> {
        self.stopped(name).await.map(drop)
    }

    /// Changes committed offsets of a STOPPED connector; the answer is for people.
    ///
    /// # Errors
    /// There is no such connector, it is not STOPPED, or the cluster's.
    pub async fn alter_offsets(
        &self,
        name: &str,
        changes: &OffsetChanges,
    ) -> Result<String, HerderError> {
        let written = self.stopped(name).await?;
        self.in_time(async {
            let (group, in_kafka_alone) = self.group(name, written).await?;
            finish(
                name,
                Verb::Alter,
                group.alter(changes).await,
                in_kafka_alone,
            )
        })
        .await
    }

    /// Forgets all committed offsets of a STOPPED connector; the answer is for people.
    ///
    /// # Errors
    /// There is no such connector, it is not STOPPED, or the cluster's.
    pub async fn reset_offsets(&self, name: &str) -> Result<String, HerderError> {
        let written = self.stopped(name).await?;
        self.in_time(async {
            let (group, in_kafka_alone) = self.group(name, written).await?;
            finish(name, Verb::Reset, group.reset().await, in_kafka_alone)
        })
        .await
    }

    /// The configuration of a connector whose tasks are all gone. Waits for a stop that is under way.
    async fn stopped(&self, name: &str) -> Result<Config, HerderError> {
        self.change(name, Change::CheckStopped).await
    }

    async fn in_time<T>(
        &self,
        work: impl Future<Output = Result<T, HerderError>>,
    ) -> Result<T, HerderError> {
        match tokio::time::timeout(REQUEST_TIMEOUT, work).await {
            Ok(done) => done,
            Err(_) => Err(HerderError::timed_out(self.stages.summary(None))),
        }
    }

    async fn group(
        &self,
        name: &str,
        written: Config,
    ) -> Result<(ConnectorGroup, bool), HerderError> {
        let resolved = self.resolve(written).await?;
        let worker = self.worker.clone();
        let group = worker.connector_group(name, &resolved.config);
        let alone = worker.offsets_are_in_kafka_alone(&resolved.config);
        let failed =
            |error: ConnectError| HerderError::Internal(resolved.secrets.hide(&error.to_string()));
        Ok((group.map_err(failed)?, alone.map_err(failed)?))
    }
}

fn finish(
    name: &str,
    verb: Verb,
    changed: Result<GroupChange, ConnectError>,
    in_kafka_alone: bool,
) -> Result<String, HerderError> {
    let failed = format!(
        "Failed to {} consumer group offsets for connector {name}",
        verb.infinitive()
    );
    match changed {
        Ok(GroupChange::Done) => Ok(verb.done(in_kafka_alone)),
        Ok(GroupChange::GroupHasMembers) => Err(HerderError::Internal(format!(
            "{failed} either because its tasks haven't stopped completely yet or the connector was resumed before the request to {} its offsets could be successfully completed. If the connector is in a stopped state, this operation can be safely retried. If it doesn't eventually succeed, the Connect cluster may need to be restarted to get rid of the zombie sink tasks.",
            verb.infinitive()
        ))),
        Err(error) => {
            warn!(connector = name, "{failed}: {}", error.trace().trim_end());
            Err(HerderError::Internal(failed))
        }
    }
}
