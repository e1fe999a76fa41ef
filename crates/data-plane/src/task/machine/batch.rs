//! One batch on its way through the sink, and the search for the records that it refuses.

use std::sync::Arc;

use connect_api::{ConnectError, RecordSlice, TopicPartition};

use super::event::{Converted, FailedRecord, Stage};
use super::exiting;
use super::partitions::Partitions;
use crate::raw::RawBatch;
use crate::task::Tolerance;
use crate::task::tolerance::tolerance_exceeded;

/// Read, perhaps converted, not begun.
pub(super) struct Incoming {
    pub id: u64,
    pub bytes: usize,
    pub raw: Arc<RawBatch>,
    pub converted: Option<Converted>,
}

impl Incoming {
    pub fn is_converted(&self) -> bool {
        self.converted.is_some()
    }
}

/// Written or reported in full; accepted as soon as its dead letters are acknowledged.
pub(super) struct Finishing {
    pub id: u64,
    pub bytes: usize,
    /// Partition, epoch and next offset.
    pub offsets: Vec<(Arc<TopicPartition>, u64, i64)>,
    /// Deliveries that are not acknowledged.
    pub letters: usize,
}

impl Finishing {
    pub fn is_settled(&self) -> bool {
        self.letters == 0
    }
}

/// The batch that the sink is at.
pub(super) struct Current {
    id: u64,
    bytes: usize,
    raw: Arc<RawBatch>,
    origin: Vec<u32>,
    /// What is still to be put, the next on top. Halves of a batch that failed lie here one above the other, so records
    /// of a partition stay in order.
    to_put: Vec<RecordSlice>,
    letters: usize,
    /// Ends the task, once the letters are acknowledged.
    fatal: Option<ConnectError>,
}

/// What the current batch needs.
pub(super) enum NextStep {
    Put(RecordSlice),
    WaitForLetters,
    Fail(ConnectError),
    Done,
}

impl Current {
    /// Begins a batch; also gives what failed before the sink. If nothing of the batch is ours any more, its bytes.
    pub fn begin(
        incoming: Incoming,
        partitions: &Partitions,
        has_reporter: bool,
    ) -> Result<(Self, Vec<FailedRecord>), usize> {
        let Incoming {
            id,
            bytes,
            raw,
            converted: Some(converted),
        } = incoming
        else {
            return Err(incoming.bytes);
        };
        let live: Vec<bool> = raw
            .runs()
            .iter()
            .map(|run| partitions.is_live(&run.partition, run.epoch))
            .collect();
        if !live.contains(&true) {
            return Err(bytes);
        }
        let mut failed = if has_reporter {
            converted.failed
        } else {
            Vec::new()
        };
        failed.retain(|f| live[raw.run_index(f.place as usize)]);
        let mut current = Self {
            id,
            bytes,
            raw,
            origin: converted.origin,
            to_put: Vec::new(),
            letters: usize::from(!failed.is_empty()),
            fatal: converted.fatal,
        };
        if current.fatal.is_none() && !converted.records.is_empty() {
            current.to_put.push(converted.records);
        }
        Ok((current, failed))
    }

    pub fn id(&self) -> u64 {
        self.id
    }

    /// Whether some of its dead letters are not acknowledged.
    pub fn has_letters(&self) -> bool {
        self.letters > 0
    }

    pub fn raw(&self) -> &Arc<RawBatch> {
        &self.raw
    }

    /// Nothing is left to put, and nothing forbids to pass the batch.
    pub fn is_complete(&self) -> bool {
        self.to_put.is_empty() && self.fatal.is_none()
    }

    pub fn letters_delivered(&mut self) {
        self.letters -= 1;
    }

    /// The next thing to do. Records of partitions that went away meanwhile are left out.
    pub fn next(&mut self, partitions: &Partitions) -> NextStep {
        // The error stays here: a batch with one is never complete, so its offsets are never accepted.
        if let Some(error) = &self.fatal {
            return match self.letters {
                0 => NextStep::Fail(error.clone()),
                _ => NextStep::WaitForLetters,
            };
        }
        let stale: Vec<bool> = self
            .raw
            .runs()
            .iter()
            .map(|run| !partitions.is_live(&run.partition, run.epoch))
            .collect();
        while let Some(mut records) = self.to_put.pop() {
            if stale.contains(&true) {
                records = self.without(&records, &stale);
            }
            if !records.is_empty() {
                self.to_put.push(records.clone());
                return NextStep::Put(records);
            }
        }
        NextStep::Done
    }

    fn without(&self, records: &RecordSlice, stale: &[bool]) -> RecordSlice {
        let keep = (0..records.len())
            .filter(|&i| !stale[self.raw.run_index(self.origin[records.place(i)] as usize)]);
        records.choose(keep)
    }

    /// How many records were put last.
    pub fn putting(&self) -> usize {
        self.to_put.last().map_or(0, RecordSlice::len)
    }

    /// What was put last is in the target.
    pub fn written(&mut self) {
        self.to_put.pop();
    }

    /// What was put last failed for a reason that passes; what was not applied is put again.
    pub fn put_again(&mut self, applied: &[usize]) {
        if applied.is_empty() {
            return;
        }
        if let Some(records) = self.to_put.pop() {
            self.to_put.push(
                records.choose((0..records.len()).filter(|i| applied.binary_search(i).is_err())),
            );
        }
    }

    /// What was put last holds a bad record. If it is known which, it is returned to be reported; else the suspects are
    /// put again in halves, the earlier half first. What stands before the suspects and was not tried goes before
    /// them, so that the good records before a bad one are written even if that one ends the task.
    pub fn search(
        &mut self,
        applied: &[usize],
        suspects: &[usize],
        error: ConnectError,
        tolerance: Tolerance,
    ) -> Option<FailedRecord> {
        let records = self.to_put.pop()?;
        let untried = |i: &usize| applied.binary_search(i).is_err();
        let suspects: Vec<usize> = match suspects {
            [] => (0..records.len()).filter(untried).collect(),
            named => named.to_vec(),
        };
        let first = suspects.first().copied().unwrap_or_default();
        let (before, behind): (Vec<usize>, Vec<usize>) = (0..records.len())
            .filter(untried)
            .filter(|i| suspects.binary_search(i).is_err())
            .partition(|i| *i < first);
        self.put_later(&records, behind);
        let bad = match suspects[..] {
            [bad] if before.is_empty() => bad,
            _ => {
                let middle = suspects.len() / 2;
                let (front, back) = suspects.split_at(middle);
                self.put_later(&records, back.to_vec());
                self.put_later(&records, front.to_vec());
                self.put_later(&records, before);
                return None;
            }
        };
        let place = self.origin[records.place(bad)];
        self.letters += 1;
        if tolerance == Tolerance::None {
            self.to_put.clear();
            let (cause, place) = (error.clone(), place as usize);
            let error = tolerance_exceeded(cause, &self.raw, place, Stage::TaskPut);
            self.fatal = Some(exiting(error));
        }
        Some(FailedRecord {
            place,
            stage: Stage::TaskPut,
            class: None,
            error,
        })
    }

    fn put_later(&mut self, records: &RecordSlice, places: Vec<usize>) {
        if !places.is_empty() {
            self.to_put.push(records.choose(places));
        }
    }

    pub fn finishing(self) -> Finishing {
        let offsets = self
            .raw
            .runs()
            .iter()
            .map(|run| (run.partition.clone(), run.epoch, run.next_offset))
            .collect();
        Finishing {
            id: self.id,
            bytes: self.bytes,
            offsets,
            letters: self.letters,
        }
    }
}
