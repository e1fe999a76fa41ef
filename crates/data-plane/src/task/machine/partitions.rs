//! The partitions a task owns, and how far it is with each.

use std::collections::BTreeMap;
use std::sync::Arc;

use connect_api::TopicPartition;
use connect_api::sink::Offsets;

use super::{Accepted, Durable};
use crate::kafka::Start;
use crate::raw::RawBatch;

/// One owned partition.
#[derive(Debug)]
struct Partition {
    /// Changes with every assignment and rewind; what was read under another is stale.
    epoch: u64,
    /// Next offset after the last record that is done with.
    accepted: Option<i64>,
    committed: Option<i64>,
    /// Next offset after the last record that was read.
    read: Option<i64>,
    /// The first offset seen under this assignment: where to go back to while nothing is committed.
    first: Option<i64>,
    /// The sink's `open` has returned.
    open: bool,
    /// By the task's own request.
    paused: bool,
    /// The group has given it away already: nothing of it may be committed.
    lost: bool,
}

#[derive(Debug, Default)]
pub(super) struct Partitions {
    owned: BTreeMap<TopicPartition, Partition>,
    last_epoch: u64,
}

impl Partitions {
    /// Takes ownership and says where to begin.
    pub fn assign(
        &mut self,
        partitions: &[TopicPartition],
        starts: &Offsets,
        open: bool,
    ) -> Vec<Start> {
        let mut answer = Vec::with_capacity(partitions.len());
        for partition in partitions {
            self.last_epoch += 1;
            let (epoch, offset) = (self.last_epoch, starts.get(partition).copied());
            let owned = Partition {
                epoch,
                accepted: offset,
                committed: None,
                read: offset,
                first: offset,
                open,
                paused: false,
                lost: false,
            };
            self.owned.insert(partition.clone(), owned);
            answer.push(Start {
                partition: Arc::new(partition.clone()),
                offset,
                epoch,
                paused: false,
            });
        }
        answer
    }

    /// New positions for owned partitions, backwards too.
    pub fn rewind(&mut self, offsets: &Offsets) -> Vec<Start> {
        let mut starts = Vec::new();
        for (partition, &offset) in offsets {
            let Some(owned) = self.owned.get_mut(partition) else {
                continue;
            };
            self.last_epoch += 1;
            owned.epoch = self.last_epoch;
            // The sink's word counts as delivered; a rewind to what is committed has nothing new to commit.
            owned.accepted = Some(offset);
            owned.read = Some(offset);
            owned.first = Some(offset);
            if owned.committed != Some(offset) {
                owned.committed = None;
            }
            let (epoch, paused) = (owned.epoch, owned.paused);
            starts.push(Start {
                partition: Arc::new(partition.clone()),
                offset: Some(offset),
                epoch,
                paused,
            });
        }
        starts
    }

    pub fn remove(&mut self, partitions: &[TopicPartition]) {
        for partition in partitions {
            self.owned.remove(partition);
        }
    }

    pub fn all(&self) -> Vec<TopicPartition> {
        self.owned.keys().cloned().collect()
    }

    pub fn is_live(&self, partition: &TopicPartition, epoch: u64) -> bool {
        self.owned.get(partition).is_some_and(|p| p.epoch == epoch)
    }

    /// By the task's own request.
    pub fn is_paused(&self, partition: &TopicPartition) -> bool {
        self.owned.get(partition).is_some_and(|p| p.paused)
    }

    pub fn are_all_open(&self) -> bool {
        !self.owned.is_empty() && self.owned.values().all(|p| p.open)
    }

    pub fn unopened(&self) -> Option<Vec<TopicPartition>> {
        let unopened: Vec<_> = self
            .owned
            .iter()
            .filter(|(_, p)| !p.open)
            .map(|(tp, _)| tp.clone())
            .collect();
        (!unopened.is_empty()).then_some(unopened)
    }

    pub fn set_open(&mut self, partitions: &[TopicPartition]) {
        for partition in partitions {
            if let Some(owned) = self.owned.get_mut(partition) {
                owned.open = true;
            }
        }
    }

    /// Those of the given partitions that the sink has open.
    pub fn open_of(&self, partitions: &[TopicPartition]) -> Vec<TopicPartition> {
        partitions
            .iter()
            .filter(|tp| self.owned.get(tp).is_some_and(|p| p.open))
            .cloned()
            .collect()
    }

    /// Notes how far partitions are read, and where they began.
    pub fn note_read(&mut self, raw: &RawBatch) {
        for run in raw.runs() {
            if let Some(owned) = self.owned.get_mut(&*run.partition)
                && owned.epoch == run.epoch
            {
                owned.read = Some(run.next_offset);
                let first = raw.offset(run.records.start);
                owned.first.get_or_insert(first);
            }
        }
    }

    pub fn count(&self) -> usize {
        self.owned.len()
    }

    /// What was read and is not committed, by offsets.
    pub fn active(&self) -> u64 {
        let active = |p: &Partition| Some(p.read? - p.committed.or(p.first)?);
        let active = self.owned.values().filter_map(active);
        active.map(|n| n.max(0) as u64).sum()
    }

    /// Records up to here are done with. Late news of an older epoch changes nothing.
    pub fn accept(&mut self, partition: &TopicPartition, epoch: u64, next_offset: i64) {
        if let Some(owned) = self.owned.get_mut(partition)
            && owned.epoch == epoch
        {
            owned.accepted = Some(next_offset);
        }
    }

    /// What is accepted and not committed, of all or of the given partitions.
    pub fn uncommitted(&self, of: Option<&[TopicPartition]>) -> Accepted {
        let mut offsets = Offsets::new();
        for (partition, owned) in &self.owned {
            if of.is_some_and(|of| !of.contains(partition)) {
                continue;
            }
            if let Some(accepted) = owned.accepted
                && !owned.lost
                && owned.committed != Some(accepted)
            {
                offsets.insert(partition.clone(), accepted);
            }
        }
        Accepted::new(offsets)
    }

    pub fn set_lost(&mut self, partitions: &[TopicPartition]) {
        for partition in partitions {
            if let Some(owned) = self.owned.get_mut(partition) {
                owned.lost = true;
            }
        }
    }

    /// Whether committing this offset is still this task's right, and news.
    pub fn wants_commit(&self, partition: &TopicPartition, offset: i64) -> bool {
        self.owned
            .get(partition)
            .is_some_and(|p| !p.lost && p.committed != Some(offset))
    }

    pub fn set_committed(&mut self, durable: &Durable) {
        for (partition, &offset) in durable.offsets() {
            if let Some(owned) = self.owned.get_mut(partition) {
                owned.committed = Some(offset);
            }
        }
    }

    /// Where to read on if nothing since the last commit counts.
    pub fn last_committed<'a>(&self, of: impl Iterator<Item = &'a TopicPartition>) -> Offsets {
        of.filter_map(|tp| {
            let owned = self.owned.get(tp)?;
            Some((tp.clone(), owned.committed.or(owned.first)?))
        })
        .collect()
    }

    /// The task's own pauses: what changes to paused, what to running, and what is not owned.
    pub fn set_paused(
        &mut self,
        wanted: &BTreeMap<TopicPartition, bool>,
    ) -> (
        Vec<TopicPartition>,
        Vec<TopicPartition>,
        Vec<TopicPartition>,
    ) {
        let (mut pause, mut resume, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
        for (partition, &paused) in wanted {
            match self.owned.get_mut(partition) {
                None => unknown.push(partition.clone()),
                Some(owned) if owned.paused == paused => {}
                Some(owned) => {
                    owned.paused = paused;
                    if paused {
                        pause.push(partition.clone())
                    } else {
                        resume.push(partition.clone())
                    }
                }
            }
        }
        (pause, resume, unknown)
    }
}
