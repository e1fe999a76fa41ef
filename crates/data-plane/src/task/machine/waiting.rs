//! Waiting for a target that is away, and delivering again.

use std::time::{Duration, Instant};

use connect_api::{ConnectError, ErrorClass};

use super::{Effect, Machine, Note, exiting};

/// What a task is at. REST maps it to Kafka's state names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Running,
    /// The same records are delivered again after a retriable error.
    Redelivering {
        since: Instant,
    },
    WaitingForTarget {
        since: Instant,
    },
    /// The Kafka cluster is away, or what the group needs of it.
    WaitingForKafka {
        since: Instant,
    },
    /// What a converter needs to read the records: a schema registry is away.
    WaitingForRegistry {
        since: Instant,
    },
    Paused,
    /// The group has given this task nothing to read.
    NoPartitions {
        since: Instant,
    },
    Stopping,
    /// Over, and not as asked.
    Failed,
}

impl Phase {
    /// Since when it lasts, if it is one that somebody waits in.
    pub const fn since(self) -> Option<Instant> {
        match self {
            Phase::Redelivering { since }
            | Phase::WaitingForTarget { since }
            | Phase::WaitingForKafka { since }
            | Phase::WaitingForRegistry { since }
            | Phase::NoPartitions { since } => Some(since),
            Phase::Running | Phase::Paused | Phase::Stopping | Phase::Failed => None,
        }
    }

    pub const fn name(self) -> &'static str {
        match self {
            Phase::Running => "running",
            Phase::Redelivering { .. } => "redelivering",
            Phase::WaitingForTarget { .. } => "waiting-for-target",
            Phase::WaitingForKafka { .. } => "waiting-for-kafka",
            Phase::WaitingForRegistry { .. } => "waiting-for-registry",
            Phase::Paused => "paused",
            Phase::NoPartitions { .. } => "no-partitions",
            Phase::Stopping => "stopping",
            Phase::Failed => "failed",
        }
    }
}

/// One wait, over all its attempts.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    since: Instant,
    retry_at: Instant,
    attempts: u32,
    error: ConnectError,
    noted_at: Option<Instant>,
}

const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// A lock or a leader comes back soon; a database that starts takes seconds.
const LONGEST_PAUSE_RETRIABLE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE_UNAVAILABLE: Duration = Duration::from_secs(5);
/// Retriable errors are normal life; only one that lasts is worth a line.
const QUIET_ATTEMPTS: u32 = 3;
const REMIND_EVERY: Duration = Duration::from_secs(300);

impl Waiting {
    pub fn new(error: ConnectError, now: Instant) -> Self {
        Self {
            since: now,
            retry_at: now,
            attempts: 0,
            error,
            noted_at: None,
        }
        .again_at(now)
    }

    /// It failed again.
    pub fn again(mut self, error: ConnectError, now: Instant) -> Self {
        self.error = error;
        self.again_at(now)
    }

    fn again_at(mut self, now: Instant) -> Self {
        let longest = match self.error.class() {
            ErrorClass::Retriable => LONGEST_PAUSE_RETRIABLE,
            _ => LONGEST_PAUSE_UNAVAILABLE,
        };
        self.retry_at = now + (FIRST_PAUSE * 2u32.pow(self.attempts.min(10))).min(longest);
        self.attempts += 1;
        self
    }

    /// A sink that knows better says how long (`SinkTaskContext.timeout`).
    pub fn retry_within(&mut self, timeout: Duration, now: Instant) {
        self.retry_at = now + timeout;
    }

    pub fn is_over(&self, now: Instant) -> bool {
        now >= self.retry_at
    }

    pub fn retry_at(&self) -> Instant {
        self.retry_at
    }

    pub fn since(&self) -> Instant {
        self.since
    }

    pub fn phase(&self) -> Phase {
        match self.error.class() {
            ErrorClass::Retriable => Phase::Redelivering { since: self.since },
            _ => Phase::WaitingForTarget { since: self.since },
        }
    }

    /// What to log now, if anything.
    pub fn note(&mut self, now: Instant) -> Option<Note> {
        let (since, error) = self.due(now)?;
        Some(Note::Waiting { since, error })
    }

    /// The same for a converter that waits.
    pub fn converter_note(&mut self, now: Instant) -> Option<Note> {
        let (since, error) = self.due(now)?;
        Some(Note::ConverterWaits { since, error })
    }

    fn due(&mut self, now: Instant) -> Option<(Instant, ConnectError)> {
        let quiet = self.error.class() == ErrorClass::Retriable && self.attempts <= QUIET_ATTEMPTS;
        let due = self
            .noted_at
            .is_none_or(|at| now.saturating_duration_since(at) >= REMIND_EVERY);
        if quiet || !due {
            return None;
        }
        self.noted_at = Some(now);
        Some((self.since, self.error.clone()))
    }

    /// Whether the log knows of this wait.
    pub fn was_noted(&self) -> bool {
        self.noted_at.is_some()
    }

    pub fn error(&self) -> &ConnectError {
        &self.error
    }

    pub fn into_error(self) -> ConnectError {
        self.error
    }
}

impl Machine {
    pub(super) fn wait(&mut self, error: ConnectError, now: Instant) {
        let mut waiting = match self.waiting.take() {
            Some(waiting) => waiting.again(error, now),
            None => Waiting::new(error, now),
        };
        if let (Some(limit), Phase::WaitingForTarget { since }) =
            (self.settings.target_wait_max, waiting.phase())
            && now.saturating_duration_since(since) >= limit
        {
            let text = format!(
                "the target was unavailable for longer than target.wait.max.ms={}",
                limit.as_millis()
            );
            let error = ConnectError::unavailable(text).caused_by(waiting.into_error());
            return self.end(Some(exiting(error)), now);
        }
        if let Some(note) = waiting.note(now) {
            self.effects.push(Effect::Note(note));
        }
        self.waiting = Some(waiting);
    }

    /// Whether there was a wait to end.
    pub(super) fn stop_waiting(&mut self) -> bool {
        let Some(waiting) = self.waiting.take() else {
            return false;
        };
        if waiting.was_noted() {
            let since = waiting.since();
            self.effects.push(Effect::Note(Note::WaitIsOver { since }));
        }
        true
    }

    /// The stage asks again by itself; this is for users to see.
    pub(super) fn converter_waits(&mut self, error: ConnectError, now: Instant) {
        let mut waiting = match self.converter_waits.take() {
            Some(waiting) => waiting.again(error, now),
            None => Waiting::new(error, now),
        };
        self.effects
            .extend(waiting.converter_note(now).map(Effect::Note));
        self.converter_waits = Some(waiting);
    }

    pub(super) fn converter_goes_on(&mut self) {
        if let Some(waiting) = self.converter_waits.take() {
            let since = waiting.since();
            self.effects.push(Effect::Note(Note::WaitIsOver { since }));
        }
    }
}
