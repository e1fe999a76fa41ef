//! Rewinds: partitions are read again from other offsets, and with Kafka away that is asked for again and again.

use std::time::Instant;

use connect_api::ConnectError;
use connect_api::sink::Offsets;

use super::event::{Effect, Note};
use super::waiting::Waiting;
use super::{Life, Machine, Moment, passes};
use crate::kafka::Start;

/// Rewinds that are not done.
#[derive(Default)]
pub(super) struct Rewinds {
    /// Seeks that are not answered.
    asked: usize,
    /// What must be asked for again. The consumer reads nothing of these partitions meanwhile.
    open: Vec<Start>,
    waiting: Option<Waiting>,
}

impl Rewinds {
    pub fn waiting(&self) -> Option<&Waiting> {
        self.waiting.as_ref()
    }

    pub fn retry_at(&self) -> Option<Instant> {
        let due = self.asked == 0 && !self.open.is_empty();
        self.waiting.as_ref().filter(|_| due).map(Waiting::retry_at)
    }
}

impl Machine {
    /// Reads partitions again from other offsets; what is in flight of them becomes stale.
    pub(super) fn rewind(&mut self, offsets: &Offsets) {
        let starts = self.partitions.rewind(offsets);
        if !starts.is_empty() {
            self.seek(starts);
        }
    }

    fn seek(&mut self, starts: Vec<Start>) {
        self.rewinds.asked += 1;
        self.effects.push(Effect::Seek(starts));
    }

    pub(super) fn sought(
        &mut self,
        starts: Vec<Start>,
        result: Result<(), ConnectError>,
        now: Instant,
    ) {
        self.rewinds.asked = self.rewinds.asked.saturating_sub(1);
        match result {
            Ok(()) => {}
            Err(error) if passes(&error, Moment::Rewinding) => {
                self.rewinds.open.extend(starts);
                let mut waiting = match self.rewinds.waiting.take() {
                    Some(waiting) => waiting.again(error, now),
                    None => Waiting::new(error, now),
                };
                if let Some(note) = waiting.note(now) {
                    self.effects.push(Effect::Note(note));
                }
                self.rewinds.waiting = Some(waiting);
            }
            Err(error) => self.end(Some(error), now),
        }
    }

    /// Asks again for what is due.
    pub(super) fn rewind_again(&mut self, now: Instant) {
        if !matches!(self.life, Life::Running) {
            return;
        }
        // A partition that was given back or rewound anew is no longer waited for.
        let partitions = &self.partitions;
        let is_wanted = |start: &Start| partitions.is_live(&start.partition, start.epoch);
        self.rewinds.open.retain(is_wanted);
        if self.rewinds.asked > 0 {
            return;
        }
        if self.rewinds.open.is_empty() {
            let over = self.rewinds.waiting.take().filter(Waiting::was_noted);
            if let Some(over) = over {
                let since = over.since();
                self.effects.push(Effect::Note(Note::WaitIsOver { since }));
            }
            return;
        }
        if self.rewinds.retry_at().is_some_and(|at| now >= at) {
            let mut starts = std::mem::take(&mut self.rewinds.open);
            for start in &mut starts {
                start.paused = self.partitions.is_paused(&start.partition);
            }
            self.seek(starts);
        }
    }
}
