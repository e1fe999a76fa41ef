//! Committing offsets: pre-commit, send, answer.

use std::time::Instant;

use connect_api::ConnectError;
use connect_api::sink::Offsets;

use super::event::{Effect, Note, SinkCall};
use crate::metrics::StageName;

use super::{Accepted, Busy, Durable, Machine, Moment, SentCommit, passes};

impl Machine {
    pub(super) fn commit_is_due(&self, now: Instant) -> bool {
        self.commits.sent.is_none() && (self.commits.requested || now >= self.commits.next)
    }

    /// Asks the sink what may be committed; false if there is nothing new.
    pub(super) fn pre_commit(&mut self, now: Instant) -> bool {
        self.commits.requested = false;
        self.commits.next = now + self.settings.flush_interval;
        self.begin_commit(now);
        let asked = self.partitions.uncommitted(None);
        if asked.is_empty() {
            // Kafka counts it as one that succeeded at once.
            self.end_commit(true, now);
            return false;
        }
        let call = SinkCall::PreCommit(asked.offsets().clone());
        self.call(
            Busy::PreCommitting {
                asked,
                releasing: false,
            },
            call,
        );
        true
    }

    pub(super) fn pre_committed(
        &mut self,
        asked: Accepted,
        releasing: bool,
        result: Result<Offsets, ConnectError>,
        now: Instant,
    ) {
        let answer = match result {
            Ok(answer) => answer,
            Err(error) => {
                self.end_commit(false, now);
                let note = Note::PreCommitFailed(error.clone());
                self.effects.push(Effect::Note(note));
                if let (true, Some(release)) = (releasing, &mut self.release) {
                    return release.may_commit(None);
                }
                // What the sink could not make durable is read and written again.
                let back = self.partitions.last_committed(asked.offsets().keys());
                self.rewind(&back);
                if passes(&error, Moment::Putting) {
                    self.wait(error, now);
                }
                return;
            }
        };
        let (durable, refused) = asked.within(&answer);
        if !refused.is_empty() {
            self.effects
                .push(Effect::Note(Note::OffsetsNotConsumed(refused)));
        }
        // The partitions may have been lost while the sink was asked.
        let durable =
            durable.only(|partition, offset| self.partitions.wants_commit(partition, offset));
        if durable.is_empty() {
            self.end_commit(true, now);
        }
        if releasing {
            if let Some(release) = &mut self.release {
                release.may_commit(Some(durable));
            }
            return;
        }
        if !durable.is_empty() {
            self.commit(durable, now);
        }
    }

    pub(super) fn begin_commit(&mut self, now: Instant) {
        self.commits.begun = now;
        self.metrics.commit_begun();
    }

    fn end_commit(&self, succeeded: bool, now: Instant) {
        let took = now.saturating_duration_since(self.commits.begun);
        self.metrics.commit_ended(succeeded, took, now);
    }

    pub(super) fn commit(&mut self, durable: Durable, now: Instant) {
        self.commits.last_seq += 1;
        let (seq, deadline) = (self.commits.last_seq, now + self.settings.flush_timeout);
        self.commits.sent = Some(SentCommit {
            seq,
            at: now,
            deadline,
            offsets: durable.clone(),
        });
        // The line that commits: reached with offsets that were delivered, and with nothing else.
        self.effects.push(Effect::Commit {
            seq,
            offsets: durable,
        });
    }

    pub(super) fn committed(&mut self, seq: u64, result: Result<(), ConnectError>, now: Instant) {
        let Some(sent) = self.commits.sent.take_if(|sent| sent.seq == seq) else {
            return self.metrics.commit_skipped(now); // its time was up
        };
        let took = now.saturating_duration_since(sent.at);
        self.metrics.spent(StageName::Commit, took);
        self.end_commit(result.is_ok(), now);
        match result {
            Ok(()) => {
                self.partitions.set_committed(&sent.offsets);
                self.note_active();
            }
            Err(error) => self.effects.push(Effect::Note(Note::CommitFailed(error))),
        }
        if let Some(release) = &mut self.release {
            release.committed(seq);
        }
    }

    pub(super) fn watch_commit(&mut self, now: Instant) {
        if let Some(sent) = self.commits.sent.take_if(|sent| now >= sent.deadline) {
            self.end_commit(false, now);
            self.effects.push(Effect::Note(Note::CommitTimedOut));
            if let Some(release) = &mut self.release {
                release.committed(sent.seq);
            }
        }
    }
}
