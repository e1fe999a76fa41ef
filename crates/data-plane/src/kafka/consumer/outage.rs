//! [`Outage`]: a cluster that does not answer is noticed soon and told once.
//!
//! librdkafka says "all brokers are down" when connections break, but one that is held open by a frozen machine only
//! after the time-outs of a request and of a new connection: forty seconds. And it never says that all is well again.
//! So a consumer that hears nothing asks for a topic now and then.

use std::sync::Arc;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use tokio::time::Instant;

use super::context::Context;
use super::subscription::Question;

/// After this long without a sign of life it is asked for one, and given this long to answer.
const SILENCE: Duration = Duration::from_secs(10);
/// What librdkafka said of connections just before they came back arrives just after.
const AFTERMATH: Duration = Duration::from_secs(5);

pub(super) struct Outage {
    /// The last sign of life of the cluster.
    alive: Instant,
    told: bool,
    /// The last trouble with a connection.
    trouble: Option<String>,
    question: Question<bool>,
}

impl Outage {
    pub fn new() -> Self {
        Self {
            alive: Instant::now() - AFTERMATH,
            told: false,
            trouble: None,
            question: Question::new(SILENCE),
        }
    }

    /// The cluster has answered.
    pub fn over(&mut self) {
        self.alive = Instant::now();
        self.told = false;
        self.trouble = None;
        self.question.again_in(SILENCE);
    }

    /// Notes what went wrong with a connection, for the text of [`tell`](Self::tell).
    pub fn trouble(&mut self, reason: &str) {
        self.trouble = Some(reason.to_owned());
    }

    /// The cluster seems to be away: what to tell of it, if that is to be told.
    pub fn tell(&mut self, reason: &str) -> Option<String> {
        let aftermath = self.alive.elapsed() < AFTERMATH;
        if aftermath || std::mem::replace(&mut self.told, true) {
            return None;
        }
        Some(match &self.trouble {
            Some(trouble) => format!("{reason}; {trouble}"),
            None => reason.to_owned(),
        })
    }

    /// Waits until it is time for a sign of life, and for that: whether one came. Cancelling the wait loses nothing.
    pub async fn probe(&mut self, consumer: &Arc<BaseConsumer<Context>>, topic: &str) -> bool {
        let ask = || {
            let (consumer, topic) = (consumer.clone(), topic.to_owned());
            move || consumer.fetch_metadata(Some(&topic), SILENCE).is_ok()
        };
        let answered = self.question.answer(ask).await;
        self.question.again_in(SILENCE);
        answered
    }
}
