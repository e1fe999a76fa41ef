//! [`ClusterAdmin`]: what is asked of the cluster as a whole.

use std::collections::BTreeMap;
use std::time::Duration;

use connect_api::{ConnectError, ErrorClass};
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::Client;
use rdkafka::config::FromClientConfigAndContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{Producer, ThreadedProducer};

use super::blocking::{blocking, drop_elsewhere};
use super::client_keys::ClientSettings;
use super::listener::Listener;
use super::logins::{LoggedIn, log_in};
use super::problems;
use super::producer::{Context, logged_in};

/// An admin client. Every call takes at most `default.api.timeout.ms`, and fails at once where a person must act.
///
/// Calls that only ask go over a client whose events somebody reads, so that refusals are heard; the safe library's
/// admin client reads none, hence it is made anew for each call that changes something.
pub struct ClusterAdmin {
    settings: ClientSettings,
    client: Option<LoggedIn<ThreadedProducer<Context>>>,
}

/// A topic to be made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TopicSpec {
    pub name: String,
    /// −1: as many as the brokers' default.
    pub partitions: i32,
    /// −1: the brokers' default.
    pub replication: i32,
    /// Topic settings, as `cleanup.policy`.
    pub config: BTreeMap<String, String>,
}

/// What became of a topic to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Creation {
    Created,
    Existed,
}

impl ClusterAdmin {
    /// Does not connect yet.
    ///
    /// # Errors
    /// `Config`: librdkafka does not take the settings.
    pub fn new(settings: ClientSettings) -> Result<Self, ConnectError> {
        let context = Context(Listener::new(settings.who()));
        let client = ThreadedProducer::from_config_and_context(&settings.config()?, context)
            .map_err(|e| settings.refused(&e))?;
        let client = logged_in(&settings, client)?;
        Ok(Self {
            settings,
            client: Some(client),
        })
    }

    /// The cluster's id.
    ///
    /// # Errors
    /// `Unavailable`: no answer in time. `Denied`: not let in.
    pub async fn cluster_id(&self) -> Result<String, ConnectError> {
        let no_answer = KafkaError::MetadataFetch(RDKafkaErrorCode::OperationTimedOut);
        let id =
            |client: &Client<Context>, timeout| client.fetch_cluster_id(timeout).ok_or(no_answer);
        self.ask("ask for the cluster's id", id).await
    }

    /// The names of all topics, with the number of their partitions.
    ///
    /// # Errors
    /// `Unavailable`: no answer in time. `Denied`: not let in.
    pub async fn list_topics(&self) -> Result<BTreeMap<String, usize>, ConnectError> {
        let list = |client: &Client<Context>, timeout| {
            let metadata = client.fetch_metadata(None, timeout)?;
            let topics = metadata.topics().iter();
            Ok(topics
                .map(|t| (t.name().to_owned(), t.partitions().len()))
                .collect())
        };
        self.ask("list the topics", list).await
    }

    /// The first offset of each partition of a topic and the one after its last; nothing if there is no such topic.
    ///
    /// # Errors
    /// `Unavailable`: no answer in time. `Denied`: not let in.
    pub async fn watermarks(&self, topic: &str) -> Result<BTreeMap<i32, (i64, i64)>, ConnectError> {
        // Asking for the topic by name could make it.
        let partitions = self.list_topics().await?.get(topic).copied().unwrap_or(0);
        let name = topic.to_owned();
        let ask = move |client: &Client<Context>, timeout| {
            let partitions = (0..partitions as i32).map(|partition| {
                let ends = client.fetch_watermarks(&name, partition, timeout)?;
                Ok((partition, ends))
            });
            partitions.collect()
        };
        self.ask(&format!("look up the offsets of topic {topic}"), ask)
            .await
    }

    /// Makes a topic.
    ///
    /// # Errors
    /// The cluster refused (`Denied` for permissions, `Fatal` for others) or gave no answer (`Unavailable`).
    pub async fn create_topic(&self, topic: &TopicSpec) -> Result<Creation, ConnectError> {
        let what = format!("create topic {}", topic.name);
        let mut new = NewTopic::new(
            &topic.name,
            topic.partitions,
            TopicReplication::Fixed(topic.replication),
        );
        for (key, value) in &topic.config {
            new = new.set(key, value);
        }
        let admin = self.admin()?;
        let options = self.options();
        let made = admin.create_topics([&new], &options).await;
        let made = made.map_err(|e| self.failed(&what, &e, admin.inner().context()));
        drop_elsewhere(admin);
        match made?.pop() {
            Some(Err((_, RDKafkaErrorCode::TopicAlreadyExists))) => Ok(Creation::Existed),
            Some(Err((_, code))) => Err(self.answered(&what, code)),
            Some(Ok(_)) | None => Ok(Creation::Created),
        }
    }

    /// Asks on a thread for blocking calls, but no longer than until a refusal is heard.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        what: &str,
        ask: impl FnOnce(&Client<Context>, Duration) -> Result<T, KafkaError> + Send + 'static,
    ) -> Result<T, ConnectError> {
        let closed = || ConnectError::fatal("the admin client is closed");
        let client = self.client.as_ref().ok_or_else(closed)?;
        let (asked, timeout) = (client.share(), self.settings.api_timeout());
        let answer = blocking(move || ask(asked.client(), timeout));
        tokio::select! {
            refused = client.context().0.refusal() => Err(refused),
            answer = answer => answer?.map_err(|e| self.failed(what, &e, client.context())),
        }
    }

    pub(super) fn settings(&self) -> &ClientSettings {
        &self.settings
    }

    pub(super) fn admin(&self) -> Result<LoggedIn<AdminClient<Context>>, ConnectError> {
        let context = Context(Listener::new(self.settings.who()));
        let admin = AdminClient::from_config_and_context(&self.settings.config()?, context)
            .map_err(|e| self.settings.refused(&e))?;
        let context = admin.inner().context().clone();
        let told = move |result| context.0.logged_in(result);
        log_in(&self.settings, admin, |a| a.inner(), told)
    }

    pub(super) fn options(&self) -> AdminOptions {
        let timeout = Some(self.settings.api_timeout());
        AdminOptions::new()
            .request_timeout(timeout)
            .operation_timeout(timeout)
    }

    /// There was no answer, or a refusal.
    pub(super) fn failed(&self, what: &str, error: &KafkaError, heard: &Context) -> ConnectError {
        let code = problems::code(error);
        if problems::passes(code) {
            let client = self.client.as_ref();
            let login = client.and_then(|c| c.context().0.login_trouble());
            let login = login.map(|why| format!("; {why}")).unwrap_or_default();
            return heard.0.away(&format!("could not {what}: {code}{login}"));
        }
        self.answered(what, code)
    }

    pub(super) fn answered(&self, what: &str, code: RDKafkaErrorCode) -> ConnectError {
        let who = self.settings.who();
        let reason = format!("could not {what}: {code}");
        if let Some(refusal) = problems::refusal(code, &reason, &who) {
            return refusal;
        }
        if problems::passes(code) {
            return problems::away(&reason, None, &who);
        }
        let advice = match code {
            RDKafkaErrorCode::InvalidReplicationFactor => {
                ". A replication factor is at most the number of brokers: lower it (for dead letters errors.deadletterqueue.topic.replication.factor)"
            }
            _ => "",
        };
        let text = format!("{} {reason}{advice}", who.name);
        ConnectError::new(ErrorClass::Fatal, problems::KAFKA, text)
    }
}

impl Drop for ClusterAdmin {
    fn drop(&mut self) {
        drop_elsewhere(self.client.take());
    }
}
