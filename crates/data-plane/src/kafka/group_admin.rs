//! [`GroupAdmin`]: the committed offsets of groups, from outside.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use connect_api::sink::Offsets;
use connect_api::{ConnectError, TopicPartition};
use rdkafka::client::Client;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use super::admin::ClusterAdmin;
use super::blocking::drop_elsewhere;
use super::ffi;
use super::listener::Listener;
use super::logins::log_in;
use super::producer::Context;

/// What became of a change of a group's offsets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupChange {
    Done,
    /// Nothing was changed, for only members may commit while there are some.
    GroupHasMembers,
}

/// Reads and changes the committed offsets of groups. A group that does not exist is one without offsets.
///
/// Errors are `Denied` for permissions, `Unavailable` without an answer in time, `Fatal` for other refusals.
#[async_trait]
pub trait GroupAdmin: Send + Sync {
    /// The committed offsets of a group.
    ///
    /// # Errors
    /// See the trait.
    async fn group_offsets(&self, group: &str) -> Result<Offsets, ConnectError>;

    /// Commits offsets for a group without members.
    ///
    /// # Errors
    /// See the trait; `Fatal` too if a topic or partition does not exist. Some of the offsets may be committed then.
    async fn alter_group_offsets(
        &self,
        group: &str,
        offsets: &Offsets,
    ) -> Result<GroupChange, ConnectError>;

    /// Forgets committed offsets of a group; fine where there are none.
    ///
    /// # Errors
    /// See the trait.
    async fn delete_group_offsets(
        &self,
        group: &str,
        partitions: &[TopicPartition],
    ) -> Result<GroupChange, ConnectError>;

    /// Deletes a group that has no members; fine if there is none.
    ///
    /// # Errors
    /// See the trait.
    async fn delete_group(&self, group: &str) -> Result<GroupChange, ConnectError>;
}

#[async_trait]
impl GroupAdmin for ClusterAdmin {
    async fn group_offsets(&self, group: &str) -> Result<Offsets, ConnectError> {
        let name = group.to_owned();
        let what = format!("list the offsets of group {group}");
        self.ask_as_group(group, &what, move |client, timeout| {
            let list = |left| ffi::group_offsets(client, &name, left);
            persistently(timeout, list).map_err(KafkaError::AdminOp)
        })
        .await
    }

    async fn alter_group_offsets(
        &self,
        group: &str,
        offsets: &Offsets,
    ) -> Result<GroupChange, ConnectError> {
        let (name, offsets) = (group.to_owned(), offsets.clone());
        let what = format!("alter the offsets of group {group}");
        self.ask_as_group(group, &what, move |client, timeout| {
            let alter = |left| ffi::alter_group_offsets(client, &name, &offsets, left);
            change(
                persistently(timeout, alter),
                RDKafkaErrorCode::UnknownMemberId,
            )
        })
        .await
    }

    async fn delete_group_offsets(
        &self,
        group: &str,
        partitions: &[TopicPartition],
    ) -> Result<GroupChange, ConnectError> {
        let (name, partitions) = (group.to_owned(), partitions.to_vec());
        let what = format!("delete offsets of group {group}");
        self.ask_as_group(group, &what, move |client, timeout| {
            let delete = |left| ffi::delete_group_offsets(client, &name, &partitions, left);
            match persistently(timeout, delete) {
                Err(RDKafkaErrorCode::GroupIdNotFound) => Ok(GroupChange::Done),
                deleted => change(deleted, RDKafkaErrorCode::GroupSubscribedToTopic),
            }
        })
        .await
    }

    async fn delete_group(&self, group: &str) -> Result<GroupChange, ConnectError> {
        let what = format!("delete group {group}");
        let admin = self.admin()?;
        let options = self.options();
        let deadline = Instant::now() + self.settings().api_timeout();
        let deleted = loop {
            let answer = admin.delete_groups(&[group], &options).await;
            match answer.map(|mut groups| groups.pop()) {
                Ok(Some(Err((_, code)))) if settles(code) && Instant::now() < deadline => {
                    tokio::time::sleep(PAUSE).await;
                }
                answer => break answer,
            }
        };
        let deleted = deleted.map_err(|e| self.failed(&what, &e, admin.inner().context()));
        drop_elsewhere(admin);
        match deleted? {
            Some(Err((_, RDKafkaErrorCode::GroupIdNotFound))) | Some(Ok(_)) | None => {
                Ok(GroupChange::Done)
            }
            Some(Err((_, RDKafkaErrorCode::NonEmptyGroup))) => Ok(GroupChange::GroupHasMembers),
            Some(Err((_, code))) => Err(self.answered(&what, code)),
        }
    }
}

impl ClusterAdmin {
    /// Asks over a consumer of the group that never joins. To an answer of a broker that coordinates the group no more,
    /// librdkafka tells the client's own group to look for the coordinator, and a client without one crashes.
    async fn ask_as_group<T: Send + 'static>(
        &self,
        group: &str,
        what: &str,
        ask: impl FnOnce(&Client<Context>, Duration) -> Result<T, KafkaError> + Send + 'static,
    ) -> Result<T, ConnectError> {
        let settings = self.settings();
        let mut config = settings.config()?;
        config.set("group.id", group);
        let context = Context(Listener::new(settings.who()));
        let consumer: BaseConsumer<Context> = config
            .create_with_context(context)
            .map_err(|e| settings.refused(&e))?;
        let context = consumer.context().clone();
        let told = move |result| context.0.logged_in(result);
        let consumer = log_in(settings, consumer, |c| c.client(), told)?;
        // Nobody reads the consumer's events; refusals are heard by the client that is asked for the cluster first.
        self.ask(what, move |client, timeout| {
            let no_answer = KafkaError::AdminOp(RDKafkaErrorCode::OperationTimedOut);
            client.fetch_cluster_id(timeout).ok_or(no_answer)?;
            let answer = ask(consumer.client(), timeout);
            drop_elsewhere(consumer);
            answer
        })
        .await
    }
}

impl ConsumerContext for Context {}

const PAUSE: Duration = Duration::from_millis(100);

/// Whether the group's coordinator is only about to be ready, as in a cluster that has just started or lost a broker.
fn settles(code: RDKafkaErrorCode) -> bool {
    matches!(
        code,
        RDKafkaErrorCode::CoordinatorLoadInProgress
            | RDKafkaErrorCode::CoordinatorNotAvailable
            | RDKafkaErrorCode::NotCoordinator
    )
}

/// Asks again while the coordinator is about to be ready. Blocks.
#[allow(
    clippy::disallowed_methods,
    reason = "runs on a thread for blocking calls"
)]
fn persistently<T>(
    timeout: Duration,
    ask: impl Fn(Duration) -> Result<T, ffi::Refusal>,
) -> Result<T, RDKafkaErrorCode> {
    let deadline = Instant::now() + timeout;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        match ask(left.max(PAUSE)) {
            Err((code, _)) if settles(code) && left > PAUSE => std::thread::sleep(PAUSE),
            answer => return answer.map_err(|(code, _)| code),
        }
    }
}

/// `occupied` is how the cluster says that the group has members.
fn change(
    answer: Result<(), RDKafkaErrorCode>,
    occupied: RDKafkaErrorCode,
) -> Result<GroupChange, KafkaError> {
    match answer {
        Ok(()) => Ok(GroupChange::Done),
        Err(code) if code == occupied => Ok(GroupChange::GroupHasMembers),
        Err(code) => Err(KafkaError::AdminOp(code)),
    }
}
