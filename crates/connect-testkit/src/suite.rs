//! The sink conformance suite: what every sink must do, whatever it writes to.

use std::sync::Arc;

use async_trait::async_trait;
use connect_api::config::Config;
use connect_api::plugin::PluginDescriptor;
use connect_api::record::{SinkRecord, TopicPartition};

use crate::checks;
use crate::fault::TargetFault;

/// A sink and the means to look into its target. An *item* is whatever one good record leaves there, known by a number.
#[async_trait]
pub trait SinkUnderTest: Send {
    fn plugin(&self) -> &'static PluginDescriptor;

    /// A configuration with which the sink reaches its target, secrets included.
    fn config(&self) -> Config;

    fn topic(&self) -> &str {
        "conformance"
    }

    /// A record that writes an item.
    fn good(&self, origin: &Arc<TopicPartition>, offset: i64, item: u64) -> SinkRecord;

    /// A record that the sink or its target refuses, which would otherwise write the item. None if it refuses none.
    fn bad(&self, origin: &Arc<TopicPartition>, offset: i64, item: u64) -> Option<SinkRecord> {
        let _ = (origin, offset, item);
        None
    }

    /// A record without a value; by default with the key of a good one.
    fn tombstone(&self, origin: &Arc<TopicPartition>, offset: i64, item: u64) -> SinkRecord {
        let like = self.good(origin, offset, item);
        let mut record = SinkRecord::new(origin.clone(), offset);
        record.key_schema = like.key_schema;
        record.key = like.key;
        record
    }

    /// The items that are in the target, in any order, as often as they are there.
    async fn items(&mut self) -> Vec<u64>;

    /// Empties the target.
    async fn reset(&mut self);

    /// Whether a record written twice leaves its item once.
    fn is_idempotent(&self) -> bool;

    /// Takes the target away; none if it cannot be.
    fn fault(&mut self) -> Option<Box<dyn TargetFault>> {
        None
    }

    /// A configuration that is accepted but with which `start` fails; none if there is none.
    fn unstartable(&self) -> Option<Config> {
        None
    }

    /// Texts of the configuration that must never be printed.
    fn secrets(&self) -> Vec<String> {
        Vec::new()
    }
}

/// What became of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Passed,
    /// The sink has no means for it; the text says which.
    Skipped(&'static str),
}

/// A check by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckResult {
    pub name: &'static str,
    pub outcome: Outcome,
}

/// Runs every check, each on an emptied target, and gives their results. Print them: a check that was skipped is not one
/// that passed.
///
/// # Panics
/// At the first check that fails, with its name and why.
pub async fn run(suite: &mut dyn SinkUnderTest) -> Vec<CheckResult> {
    let mut results = Vec::new();
    for (name, check) in checks::ALL {
        suite.reset().await;
        match check(suite).await {
            Ok(outcome) => results.push(CheckResult { name, outcome }),
            Err(why) => panic!("sink conformance, {name}: {why}"),
        }
    }
    results
}
