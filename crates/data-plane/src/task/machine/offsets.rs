//! Offsets of two sealed kinds: only this module's parent can make them, and only [`Durable`] ones can be committed.

use std::collections::BTreeMap;

use connect_api::TopicPartition;
use connect_api::sink::Offsets;

/// Offsets whose records `put` has returned for, or that were filtered or dead-lettered and acknowledged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accepted(Offsets);

/// Accepted offsets that the sink's `pre_commit` has let through: what may be committed, and nothing else may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Durable(Offsets);

impl Accepted {
    pub(super) fn new(offsets: Offsets) -> Self {
        Self(offsets)
    }

    pub fn offsets(&self) -> &Offsets {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What the sink's answer leaves: never a partition that was not asked about, never beyond what was accepted.
    pub(super) fn within(&self, answer: &Offsets) -> (Durable, Vec<TopicPartition>) {
        let mut durable = BTreeMap::new();
        let mut refused = Vec::new();
        for (partition, &offset) in answer {
            match self.0.get(partition) {
                Some(&accepted) if offset <= accepted => {
                    durable.insert(partition.clone(), offset);
                }
                _ => refused.push(partition.clone()),
            }
        }
        (Durable(durable), refused)
    }
}

impl Durable {
    pub fn offsets(&self) -> &Offsets {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Leaves out what need not or must not be committed any more.
    pub(super) fn only(mut self, wanted: impl Fn(&TopicPartition, i64) -> bool) -> Self {
        self.0
            .retain(|partition, offset| wanted(partition, *offset));
        self
    }

    /// For tests of what takes durable offsets.
    #[cfg(test)]
    pub(crate) fn for_test(offsets: Offsets) -> Self {
        Self(offsets)
    }
}
