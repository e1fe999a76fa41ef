//! How a task begins, pauses and ends.

use std::time::{Duration, Instant};

use connect_api::{ConnectError, ErrorClass};

use super::event::{Effect, Note, SinkCall};
use super::release::{Release, Why};
use super::slow::PREPARE;
use super::{Busy, EndStep, Ending, Life, Machine, Moment, passes};
use crate::task::TaskStatus;

/// Kept back from the sink so that a member leaves its group even if its target hangs.
const LEAVING: Duration = Duration::from_secs(1);

/// Whose fault a failure is: the class of its innermost cause that says more than that it is fatal.
fn root_class(error: &ConnectError) -> ErrorClass {
    let mut class = error.class();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if let Some(error) = cause.downcast_ref::<ConnectError>()
            && error.class() != ErrorClass::Fatal
        {
            class = error.class();
        }
        source = cause.source();
    }
    class
}

impl Machine {
    pub(super) fn prepare(&mut self, now: Instant) {
        if !self.settings.has_dead_letter_topic {
            self.life = Life::Starting;
            return self.start(now);
        }
        if let Life::Preparing { asked } = &mut self.life
            && !*asked
            && self.waiting.as_ref().is_none_or(|w| w.is_over(now))
        {
            *asked = true;
            self.called = Some(PREPARE);
            self.effects.push(Effect::PrepareDeadLetters);
        }
    }

    pub(super) fn prepared(&mut self, result: Result<(), ConnectError>, now: Instant) {
        let Life::Preparing { asked } = &mut self.life else {
            return;
        };
        *asked = false;
        self.call_returned();
        match result {
            Ok(()) => {
                self.stop_waiting();
                self.life = Life::Starting;
            }
            Err(error) if passes(&error, Moment::Starting) => {
                self.report_running();
                self.wait(error, now);
            }
            Err(error) => self.end(Some(error), now),
        }
    }

    pub(super) fn start(&mut self, now: Instant) {
        if self.sink.is_none() && self.waiting.as_ref().is_none_or(|w| w.is_over(now)) {
            self.sink_begun = true;
            self.call(Busy::Starting, SinkCall::Start);
        }
    }

    pub(super) fn started(&mut self, result: Result<(), ConnectError>, now: Instant) {
        if !matches!(self.life, Life::Starting) {
            return; // the end has begun meanwhile
        }
        match result {
            Ok(()) => {
                self.stop_waiting();
                self.life = Life::Running;
                self.commits.next = now + self.settings.flush_interval;
                self.idle_put_at = now + self.settings.flush_interval;
                self.report_running();
                self.effects.push(Effect::Join);
            }
            Err(error) if passes(&error, Moment::Starting) => {
                // A target that is away makes no task FAILED, not even at its start.
                self.report_running();
                self.wait(error, now);
            }
            Err(error) => self.end(Some(error), now),
        }
    }

    /// Begins the way out. The first error counts; a stop after a failure changes nothing.
    pub(super) fn end(&mut self, error: Option<ConnectError>, now: Instant) {
        match &mut self.life {
            Life::Finished => {}
            Life::Ending(ending) => {
                if let Some(error) = error {
                    self.effects
                        .push(Effect::Note(Note::ErrorWhileEnding(error)));
                    // A consumer or sink that fails on the way out may never answer: go on to the next step.
                    if matches!(ending.step, EndStep::ClosingConsumer) {
                        ending.deadline = now;
                    }
                }
            }
            _ => {
                if let Some(error) = &error {
                    self.metrics.set_failed(root_class(error));
                }
                self.stop_waiting();
                let grace = self.settings.graceful_timeout;
                let deadline = now + grace - (grace / 5).min(LEAVING);
                self.life = Life::Ending(Ending {
                    error,
                    deadline,
                    end: now + grace,
                    step: EndStep::Release,
                });
                if let Some(release) = &mut self.release {
                    release.hurry(deadline);
                }
                self.abandon_incoming();
            }
        }
    }

    /// Drops what was read and not yet begun; it will be read again from the committed offsets.
    pub(super) fn abandon_incoming(&mut self) {
        while let Some(incoming) = self.incoming.pop_front() {
            self.bytes -= incoming.bytes;
        }
    }

    pub(super) fn step_out(&mut self, now: Instant) {
        loop {
            let Life::Ending(ending) = &mut self.life else {
                return;
            };
            let late = now >= ending.deadline;
            match ending.step {
                EndStep::Release => {
                    ending.step = EndStep::StopSink;
                    let (deadline, all) = (ending.deadline, self.partitions.all());
                    if !all.is_empty() {
                        self.release = Some(Release::new(
                            all,
                            Why::Ending,
                            deadline,
                            now,
                            &self.settings,
                        ));
                        self.step_release(now);
                        if self.release.is_some() {
                            return;
                        }
                    }
                }
                EndStep::StopSink => {
                    if self.sink.is_some() && !late && !self.sink_broken {
                        return;
                    }
                    let usable = self.sink_begun && !self.sink_broken && self.sink.is_none();
                    if usable && !self.owed_closes.is_empty() {
                        return self.close_what_is_owed();
                    }
                    if usable {
                        ending.step = EndStep::StoppingSink;
                        self.call(Busy::Stopping, SinkCall::Stop);
                    } else {
                        ending.step = EndStep::CloseConsumer;
                    }
                }
                EndStep::StoppingSink => {
                    if self.sink.is_some() && !late {
                        return;
                    }
                    ending.step = EndStep::CloseConsumer;
                }
                EndStep::CloseConsumer => {
                    let wait = ending.end.saturating_duration_since(now);
                    ending.step = EndStep::ClosingConsumer;
                    ending.deadline = ending.end;
                    self.effects.push(Effect::CloseConsumer(wait));
                }
                EndStep::ClosingConsumer => {
                    if late {
                        self.finish();
                    }
                    return;
                }
            }
        }
    }

    pub(super) fn finish(&mut self) {
        let Life::Ending(ending) = std::mem::replace(&mut self.life, Life::Finished) else {
            self.life = Life::Finished;
            return;
        };
        let hung = self.sink.is_some();
        self.current = None;
        if hung {
            self.effects.push(Effect::Note(Note::SinkHung));
        }
        self.effects.push(Effect::Report(match ending.error {
            Some(error) => {
                self.failure = Some(error.clone());
                TaskStatus::Failed(error)
            }
            None => TaskStatus::Unassigned,
        }));
        self.effects.push(Effect::Finish);
    }

    pub(super) fn pause(&mut self) {
        if self.paused || matches!(self.life, Life::Ending(_)) {
            return;
        }
        self.paused = true;
        self.commits.requested = true;
        self.reported_running = false;
        self.effects.push(Effect::Report(TaskStatus::Paused));
    }

    pub(super) fn resume(&mut self, now: Instant) {
        if !self.paused || matches!(self.life, Life::Ending(_)) {
            return;
        }
        self.paused = false;
        if matches!(self.life, Life::Held) {
            self.life = Life::Preparing { asked: false };
            self.idle_put_at = now + self.settings.flush_interval;
            return;
        }
        if !matches!(self.life, Life::Preparing { .. }) {
            self.report_running();
        }
    }

    /// Once, until another state is reported.
    pub(super) fn report_running(&mut self) {
        if !self.paused && !self.reported_running {
            self.reported_running = true;
            self.effects.push(Effect::Report(TaskStatus::Running));
        }
    }
}
