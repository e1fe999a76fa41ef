//! What takes long while nobody speaks of it: a call of the sink that does not return, a dead letter topic that is not
//! there, dead letters that are not acknowledged. Nothing is decided by that; it is for people, who would see a task RUNNING and nothing move.

use std::time::{Duration, Instant};

use connect_api::error::exception;
use connect_api::{ConnectError, ErrorClass};

use super::{Effect, Finishing, Life, Machine, Note};

/// Longer than a busy target or cluster takes, and soon enough for a person who looks.
const LONG: Duration = Duration::from_secs(20);
const REMIND_EVERY: Duration = Duration::from_secs(300);
/// The name of the one call that is not the sink's.
pub(super) const PREPARE: &str = "dead letter topic";

/// Something under way.
pub(super) struct Slow {
    since: Instant,
    noted_at: Option<Instant>,
    /// What was said of it; none while it does not take long.
    said: Option<ConnectError>,
}

impl Slow {
    fn new(now: Instant) -> Self {
        Self {
            since: now,
            noted_at: None,
            said: None,
        }
    }

    fn next_note(&self) -> Instant {
        match self.noted_at {
            None => self.since + LONG,
            Some(at) => at + REMIND_EVERY,
        }
    }

    /// What to log now, if anything.
    fn note(&mut self, now: Instant, say: impl FnOnce(u64) -> ConnectError) -> Option<Note> {
        if now < self.next_note() {
            return None;
        }
        self.noted_at = Some(now);
        let error = say(now.saturating_duration_since(self.since).as_secs());
        self.said = Some(error.clone());
        let since = self.since;
        Some(Note::TakesLong { since, error })
    }

    /// Since when it takes long, and what was said of it.
    pub fn said(&self) -> Option<(Instant, &ConnectError)> {
        self.said.as_ref().map(|error| (self.since, error))
    }

    fn over(self) -> Option<Effect> {
        let since = self.since;
        self.said.map(|_| Effect::Note(Note::WaitIsOver { since }))
    }
}

impl Machine {
    /// Looks at what is under way, after everything else was done.
    pub(super) fn watch_slowness(&mut self, now: Instant) {
        if matches!(self.life, Life::Ending(_) | Life::Finished) {
            return;
        }
        if let Some(call) = self.called.take() {
            self.call = call;
            self.slow_call = Some(Slow::new(now));
        }
        let waits_for_letters = self.current.as_ref().is_some_and(|c| c.has_letters())
            || self.finishing.iter().any(|f: &Finishing| f.letters > 0);
        match (waits_for_letters, &self.slow_letters) {
            (true, None) => self.slow_letters = Some(Slow::new(now)),
            (false, Some(_)) => self.letters_move(),
            _ => {}
        }
        let call = self.call;
        let notes = [
            self.slow_call.as_mut().and_then(|slow| {
                slow.note(now, |seconds| match call {
                    PREPARE => topic_is_slow(seconds),
                    call => sink_is_slow(call, seconds),
                })
            }),
            self.slow_letters
                .as_mut()
                .and_then(|slow| slow.note(now, letters_are_slow)),
        ];
        if notes[0].is_some() {
            // What waits makes no task FAILED, nor one that has no state, not even at its start.
            self.report_running();
        }
        self.effects
            .extend(notes.into_iter().flatten().map(Effect::Note));
    }

    /// The call has returned.
    pub(super) fn call_returned(&mut self) {
        let over = self.slow_call.take().and_then(Slow::over);
        self.effects.extend(over);
    }

    /// Dead letters were acknowledged.
    pub(super) fn letters_move(&mut self) {
        let over = self.slow_letters.take().and_then(Slow::over);
        self.effects.extend(over);
    }

    pub(super) fn slowness_wake_at(&self) -> Option<Instant> {
        let both = [&self.slow_call, &self.slow_letters];
        both.into_iter().flatten().map(Slow::next_note).min()
    }
}

fn topic_is_slow(seconds: u64) -> ConnectError {
    ConnectError::unavailable(format!(
        "whether the dead letter topic exists has been asked for {seconds} s without an answer: check that the brokers run that bootstrap.servers, admin.* and admin.override.* lead to"
    ))
}

fn sink_is_slow(call: &str, seconds: u64) -> ConnectError {
    ConnectError::unavailable(format!(
        "the sink's {call} has not returned for {seconds} s: the target took the connection and does not answer, or is slow. Nothing is lost, it is waited for; look at the target. A stop or a restart does not wait for it longer than task.shutdown.graceful.timeout.ms"
    ))
}

fn letters_are_slow(seconds: u64) -> ConnectError {
    ConnectError::new(
        ErrorClass::Unavailable,
        exception::CONNECT,
        format!(
            "dead letters have not been acknowledged for {seconds} s, and no offset behind them is committed: check the brokers that producer.* and producer.override.* lead to, and the dead letter topic; what the producer met with stands in the log"
        ),
    )
}
