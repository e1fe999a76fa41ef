//! [`Outage`]: a cluster that does not answer is noticed soon, and told with what to do about it.
//!
//! librdkafka says "all brokers are down" when connections break, but one that is held open by a frozen machine only
//! after the time-outs of a request and of a new connection: forty seconds. It never says that all is well again, nor
//! that the addresses which the cluster gave lead nowhere. So a consumer that hears nothing asks for a topic now and
//! then, and looks at what became of its connections meanwhile.

use std::sync::Arc;
use std::time::Duration;

use connect_api::ConnectError;
use rdkafka::consumer::{BaseConsumer, Consumer};
use tokio::time::Instant;

use super::context::Context;
use super::subscription::Question;
use crate::kafka::diagnosis::Trouble;
use crate::kafka::problems::{self, Who};

/// After this long without a sign of life it is asked for one, and given this long to answer.
const SILENCE: Duration = Duration::from_secs(10);
/// What librdkafka said of connections just before they came back arrives just after.
const AFTERMATH: Duration = Duration::from_secs(5);
const REMIND_EVERY: Duration = Duration::from_secs(300);

pub(super) struct Outage {
    /// The last sign of life of the cluster.
    alive: Instant,
    told: Option<Instant>,
    /// The last trouble with a connection.
    trouble: Option<Trouble>,
    /// The last trouble with an address that the cluster gave.
    misadvertised: Option<Trouble>,
    question: Question<bool>,
}

/// What an answer of the cluster means.
pub(super) enum Answered {
    AsEver,
    /// It was away before.
    Back,
    /// Something answers, and what the group needs cannot be reached.
    InPart(ConnectError),
}

impl Outage {
    pub fn new() -> Self {
        Self {
            alive: Instant::now() - AFTERMATH,
            told: None,
            trouble: None,
            misadvertised: None,
            question: Question::new(SILENCE),
        }
    }

    /// The group works, or records come: all is well. Whether something else was told before.
    pub fn over(&mut self) -> bool {
        self.alive = Instant::now();
        self.trouble = None;
        self.misadvertised = None;
        self.question.again_in(SILENCE);
        self.told.take().is_some()
    }

    /// Notes what went wrong with a connection, for [`tell`](Self::tell).
    pub fn trouble(&mut self, trouble: Trouble, who: &Who) {
        if trouble.is_misadvertised(who) {
            self.misadvertised = Some(trouble.clone());
        }
        self.trouble = Some(trouble);
    }

    /// The cluster seems to be away: what to tell of it, if that is to be told now.
    pub fn tell(&mut self, reason: &str, who: &Who) -> Option<ConnectError> {
        let is_aftermath = self.alive.elapsed() < AFTERMATH;
        let is_known = self.told.is_some_and(|at| at.elapsed() < REMIND_EVERY);
        if is_aftermath || is_known {
            return None;
        }
        self.told = Some(Instant::now());
        let trouble = self.misadvertised.as_ref().or(self.trouble.as_ref());
        Some(problems::away(reason, trouble, who))
    }

    /// The cluster answered a question. That is not enough for a member without partitions which knows of an address
    /// that leads nowhere.
    pub fn answered(&mut self, has_partitions: bool, who: &Who) -> Answered {
        if has_partitions || self.misadvertised.is_none() {
            return match self.over() {
                true => Answered::Back,
                false => Answered::AsEver,
            };
        }
        self.question.again_in(SILENCE);
        match self.tell("bootstrap.servers answer", who) {
            Some(error) => Answered::InPart(error),
            None => Answered::AsEver,
        }
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
