//! Giving partitions back: pre-commit, close, commit, and only then the answer.
//!
//! The order is Kafka's (`WorkerSinkTask.closePartitions`). It serves a revocation and the end of the task alike.

use std::time::Instant;

use connect_api::TopicPartition;

use super::event::{Effect, Note, SinkCall};
use super::settings::Settings;
use super::{Busy, Durable, Finishing, Machine};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    Revoked,
    Ending,
}

/// Partitions on their way out.
pub(super) struct Release {
    partitions: Vec<TopicPartition>,
    why: Why,
    deadline: Instant,
    /// Dead letters are waited for no longer than a commit would be.
    letters_deadline: Instant,
    step: Step,
}

enum Step {
    /// Until the sink's current call returns.
    Quiesce,
    PreCommitting,
    Close(Option<Durable>),
    Closing(Option<Durable>),
    Commit(Option<Durable>),
    Committing {
        seq: u64,
    },
    Done,
}

impl Release {
    pub fn new(
        partitions: Vec<TopicPartition>,
        why: Why,
        deadline: Instant,
        now: Instant,
        settings: &Settings,
    ) -> Self {
        let letters_deadline = deadline.min(now + settings.flush_timeout);
        Self {
            partitions,
            why,
            deadline,
            letters_deadline,
            step: Step::Quiesce,
        }
    }

    pub fn hurry(&mut self, deadline: Instant) {
        self.deadline = self.deadline.min(deadline);
        self.letters_deadline = self.letters_deadline.min(deadline);
    }

    pub fn wake_at(&self, sink_is_busy: bool) -> Instant {
        match self.step {
            Step::Quiesce if !sink_is_busy => self.deadline.min(self.letters_deadline),
            _ => self.deadline,
        }
    }

    /// The sink's word on what is durable; none if it failed.
    pub fn may_commit(&mut self, durable: Option<Durable>) {
        if matches!(self.step, Step::PreCommitting) {
            self.step = Step::Close(durable);
        }
    }

    pub fn closed(&mut self) {
        if let Step::Closing(durable) = &mut self.step {
            self.step = Step::Commit(durable.take());
        }
    }

    /// The commit was answered, or its time is up.
    pub fn committed(&mut self, answered: u64) {
        if matches!(self.step, Step::Committing { seq } if seq == answered) {
            self.step = Step::Done;
        }
    }

    /// The sink panicked: it is not asked, so nothing is committed.
    pub fn sink_is_gone(&mut self) {
        self.step = Step::Done;
    }

    fn waits_for_letters(
        &self,
        batches: &std::collections::VecDeque<Finishing>,
        now: Instant,
    ) -> bool {
        now < self.letters_deadline
            && batches.iter().any(|b| {
                b.letters > 0
                    && b.offsets
                        .iter()
                        .any(|(tp, ..)| self.partitions.contains(tp))
            })
    }
}

impl Machine {
    /// Goes on with the release as far as possible; it is gone when done.
    pub(super) fn step_release(&mut self, now: Instant) {
        while let Some(release) = &mut self.release {
            let late = now >= release.deadline;
            match &mut release.step {
                Step::Quiesce if self.sink_broken => release.step = Step::Done,
                Step::Quiesce => {
                    if self.sink.is_some()
                        || (!self.letters_refused
                            && release.waits_for_letters(&self.finishing, now))
                    {
                        if late {
                            self.give_up_waiting();
                            continue;
                        }
                        return;
                    }
                    self.settle();
                    self.ask_before_release();
                }
                Step::Close(durable) => {
                    let durable = durable.take();
                    let open = self.partitions.open_of(&release.partitions);
                    if open.is_empty() {
                        release.step = Step::Commit(durable);
                        continue;
                    }
                    release.step = Step::Closing(durable);
                    self.call(Busy::Closing, SinkCall::Close(open));
                }
                Step::PreCommitting | Step::Closing(_) => {
                    if !late {
                        return;
                    }
                    self.give_up_waiting();
                }
                Step::Commit(durable) => {
                    let durable = durable.take();
                    // The partitions may have been lost while the sink closed them.
                    let durable = durable
                        .map(|d| d.only(|tp, offset| self.partitions.wants_commit(tp, offset)));
                    match durable.filter(|d| !d.is_empty()) {
                        None => release.step = Step::Done,
                        Some(durable) => {
                            let seq = self.commits.last_seq + 1;
                            release.step = Step::Committing { seq };
                            self.commit(durable, now);
                        }
                    }
                }
                Step::Committing { .. } => {
                    if !late {
                        return; // the commit has its own, shorter time-out
                    }
                    release.step = Step::Done;
                }
                Step::Done => self.finish_release(),
            }
        }
    }

    fn ask_before_release(&mut self) {
        let Some(release) = &mut self.release else {
            return;
        };
        let asked = self.partitions.uncommitted(Some(&release.partitions));
        if asked.is_empty() {
            release.step = Step::Close(None);
            return;
        }
        release.step = Step::PreCommitting;
        self.begin_commit(self.now);
        let call = SinkCall::PreCommit(asked.offsets().clone());
        self.call(
            Busy::PreCommitting {
                asked,
                releasing: true,
            },
            call,
        );
    }

    /// The time is up and the sink still works. The group is answered, nothing more is marked, and the sink is told to
    /// close the partitions when it returns.
    fn give_up_waiting(&mut self) {
        let Some(release) = &mut self.release else {
            return;
        };
        if !matches!(release.step, Step::Closing(_)) {
            self.owed_closes
                .extend(self.partitions.open_of(&release.partitions));
        }
        release.step = Step::Done;
        let partitions = release.partitions.clone();
        self.effects
            .push(Effect::Note(Note::RevokedWhileSinkBusy(partitions)));
    }

    fn finish_release(&mut self) {
        let Some(release) = self.release.take() else {
            return;
        };
        self.partitions.remove(&release.partitions);
        self.note_active();
        if release.why == Why::Revoked {
            self.effects.push(Effect::Unassign(release.partitions));
        }
    }
}
