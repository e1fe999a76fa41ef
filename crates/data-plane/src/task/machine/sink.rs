//! Calls of the sink and its answers.

use std::time::Instant;

use connect_api::ConnectError;
use connect_api::sink::{PutReport, Requests};

use super::event::{Effect, Note, SinkAnswer, SinkCall};
use super::{Busy, Life, Machine, Moment, Reaction, exiting, passes, reaction};
use crate::metrics::{RecordFailures, StageName};
use crate::task::Tolerance;

impl Machine {
    pub(super) fn call(&mut self, busy: Busy, call: SinkCall) {
        self.sink = Some(busy);
        self.called = Some(call.name());
        self.sink_since = self.now;
        self.effects.push(Effect::Sink(call));
    }

    pub(super) fn sink_answered(&mut self, answer: SinkAnswer, now: Instant) {
        let busy = self.sink.take();
        self.call_returned();
        let took = now.saturating_duration_since(self.sink_since);
        match &busy {
            Some(Busy::Putting) => self.metrics.spent(StageName::Put, took),
            Some(Busy::PreCommitting { .. }) => self.metrics.spent(StageName::PreCommit, took),
            _ => {}
        }
        match (busy, answer) {
            (_, SinkAnswer::Panicked(message)) => {
                self.sink_broken = true;
                if let Some(release) = &mut self.release {
                    release.sink_is_gone();
                }
                let text = format!(
                    "the sink task panicked: {message}; restart the task, and report this with the log around it"
                );
                self.end(Some(ConnectError::fatal(text)), now);
            }
            (Some(Busy::Starting), SinkAnswer::Started(result)) => self.started(result, now),
            (
                Some(Busy::Opening {
                    partitions,
                    answers,
                }),
                SinkAnswer::Opened(result),
            ) => {
                self.opened(partitions, answers, result, now);
            }
            (Some(Busy::Putting), SinkAnswer::Put(report)) => self.put_answered(report, now),
            (Some(Busy::IdlePut), SinkAnswer::Put(report)) => self.idle_put_answered(report, now),
            (Some(Busy::PreCommitting { asked, releasing }), SinkAnswer::PreCommitted(result)) => {
                self.pre_committed(asked, releasing, result, now);
            }
            (Some(Busy::Closing), SinkAnswer::Closed(result)) => {
                if let Err(error) = result {
                    self.effects.push(Effect::Note(Note::CloseFailed(error)));
                }
                if let Some(release) = &mut self.release {
                    release.closed();
                }
            }
            (Some(Busy::Stopping), SinkAnswer::Stopped) => {}
            (_, answer) => {
                let text = format!("the sink answered {answer:?} to something else");
                self.end(Some(ConnectError::fatal(text)), now);
            }
        }
    }

    pub(super) fn put_answered(&mut self, report: PutReport, now: Instant) {
        self.idle_put_at = now + self.settings.flush_interval;
        let Some(mut current) = self.current.take() else {
            return;
        };
        let took = now.saturating_duration_since(self.sink_since);
        let Some(failure) = report.failure else {
            self.metrics.put(current.putting(), took, now);
            current.written();
            self.current = Some(current);
            self.stop_waiting();
            return;
        };
        if !report.applied.is_empty() {
            self.metrics.put(report.applied.len(), took, now);
        }
        let error = failure.error;
        match reaction(error.class(), Moment::Putting) {
            Reaction::Again => {
                current.put_again(&report.applied);
                if !report.applied.is_empty() {
                    self.stop_waiting();
                }
                if matches!(self.life, Life::Running) {
                    self.wait(error, now);
                }
            }
            Reaction::SearchOrFail if self.settings.has_reporter => {
                self.stop_waiting();
                let tolerance = self.settings.tolerance;
                if let Some(bad) =
                    current.search(&report.applied, &failure.records, error, tolerance)
                {
                    self.metrics.record_failed(RecordFailures {
                        failures: 1,
                        errors: u64::from(tolerance == Tolerance::None),
                        ..RecordFailures::default()
                    });
                    let (batch, raw) = (current.id(), current.raw().clone());
                    self.effects.push(Effect::DeadLetter {
                        batch,
                        raw,
                        failed: vec![bad],
                    });
                }
            }
            _ => {
                self.end(Some(exiting(error)), now);
            }
        }
        self.current = Some(current);
    }

    pub(super) fn idle_put_answered(&mut self, report: PutReport, now: Instant) {
        self.idle_put_at = now + self.settings.flush_interval;
        match report.failure {
            None => {
                self.stop_waiting();
            }
            Some(failure) if passes(&failure.error, Moment::Putting) => {
                if matches!(self.life, Life::Running) {
                    self.wait(failure.error, now);
                    self.idle_put_at = now;
                }
            }
            Some(failure) => self.end(Some(exiting(failure.error)), now),
        }
    }

    /// What the task asked for during its call.
    pub(super) fn obey(&mut self, requests: Requests, now: Instant) {
        if requests.commit {
            self.commits.requested = true;
        }
        if let Some(timeout) = requests.timeout.filter(|t| !t.is_zero()) {
            self.idle_put_at = self.idle_put_at.min(now + timeout);
            if let Some(waiting) = &mut self.waiting {
                waiting.retry_within(timeout, now);
            }
        }
        if !requests.rewinds.is_empty() {
            self.rewind(&requests.rewinds);
        }
        if !requests.pauses.is_empty() {
            let (pause, resume, unknown) = self.partitions.set_paused(&requests.pauses);
            if !pause.is_empty() {
                self.effects.push(Effect::Pause(pause));
            }
            if !resume.is_empty() {
                self.effects.push(Effect::Resume(resume));
            }
            if !unknown.is_empty() {
                self.effects
                    .push(Effect::Note(Note::PausedUnassigned(unknown)));
            }
        }
    }
}
