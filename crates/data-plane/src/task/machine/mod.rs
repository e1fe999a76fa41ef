//! The task's state machine: every decision, no I/O.
//!
//! [`Machine::on`] takes an event and says what to do. Nothing here waits, reads a clock or touches a socket, so
//! thousands of runs with every kind of bad luck are simulated in seconds (`tests` below).
//!
//! What it guarantees:
//! * an offset is committed only after its record was written, filtered, or dead-lettered and acknowledged, and after
//!   the sink's `pre_commit` let it through: [`Durable`] can be made here only, and only [`Durable`] is committed;
//! * calls of the sink come one at a time, records of a partition in offset order;
//! * no wait is without an end, except waiting for a target, which is what a task is for.
//!
//! Reading order: [`event`] (what happens, what follows), this file (what is done next), then by subject: [`life`] (start
//! and end), [`group`] (rebalances), [`sink`] (its answers), [`commits`], [`waiting`] (targets that are away), [`slow`] (what
//! takes long), [`rewinds`], [`partitions`], [`batch`] (one batch and the search for bad records), [`release`] (giving
//! partitions back).

mod event;
mod offsets;
mod reaction;
mod settings;

mod commits;
mod group;
mod life;
mod sink;
mod slow;
mod waiting;

mod batch;
mod partitions;
mod release;
mod rewinds;

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use connect_api::{ConnectError, RecordSlice, TopicPartition};

use crate::kafka::ReadLimits;
use crate::metrics::{TaskMetrics, WaitReason};
use crate::raw::RawBatch;
use crate::task::TaskStatus;

use batch::{Current, Finishing, Incoming, NextStep};
use partitions::Partitions;
use release::Release;
use rewinds::Rewinds;
use slow::Slow;
use waiting::Waiting;

pub use event::{Converted, Effect, Event, FailedRecord, Note, SinkAnswer, SinkCall, Stage};
pub use offsets::{Accepted, Durable};
pub use reaction::{Moment, Reaction, reaction, table as reaction_table};
pub use settings::Settings;
pub use waiting::Phase;

/// What the sink is doing; it does one thing at a time.
enum Busy {
    Starting,
    Opening {
        partitions: Vec<TopicPartition>,
        /// The group waits for the answer of this call.
        answers: bool,
    },
    Putting,
    /// A chance to do what is due by time.
    IdlePut,
    PreCommitting {
        asked: Accepted,
        releasing: bool,
    },
    Closing,
    Stopping,
}

/// Where the task is in its life.
enum Life {
    /// Created while the connector is PAUSED: not started, not a member.
    Held,
    Preparing {
        asked: bool,
    },
    Starting,
    Running,
    Ending(Ending),
    Finished,
}

/// The way out, after a stop or a failure.
struct Ending {
    error: Option<ConnectError>,
    /// For the sink; a little before the end, which leaves time to leave the group.
    deadline: Instant,
    end: Instant,
    step: EndStep,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum EndStep {
    Release,
    StopSink,
    StoppingSink,
    CloseConsumer,
    ClosingConsumer,
}

/// The regular commit, in the background of everything else.
struct Commits {
    next: Instant,
    requested: bool,
    last_seq: u64,
    /// When the present one began, with `pre_commit`.
    begun: Instant,
    /// The commit on its way.
    sent: Option<SentCommit>,
}

struct SentCommit {
    seq: u64,
    at: Instant,
    deadline: Instant,
    offsets: Durable,
}

/// A rebalance that the group waits for.
enum Rebalance {
    Assigned {
        partitions: Vec<TopicPartition>,
        deadline: Instant,
    },
    Revoked {
        partitions: Vec<TopicPartition>,
        since: Instant,
    },
}

/// Decides everything a task does; see the module.
pub struct Machine {
    settings: Settings,
    life: Life,
    sink: Option<Busy>,
    /// A call that has just begun, and the name of the last one; see [`slow`].
    called: Option<&'static str>,
    call: &'static str,
    slow_call: Option<Slow>,
    slow_letters: Option<Slow>,
    /// Since when.
    sink_since: Instant,
    /// `start` was called, so `stop` is owed.
    sink_begun: bool,
    /// A panic left the sink in an unknown state: it is not called again.
    sink_broken: bool,
    partitions: Partitions,
    incoming: VecDeque<Incoming>,
    current: Option<Current>,
    finishing: VecDeque<Finishing>,
    /// A dead letter was refused for good: what waits for letters waits no longer, and is never accepted.
    letters_refused: bool,
    next_batch: u64,
    fetching: bool,
    bytes: usize,
    rebalances: VecDeque<Rebalance>,
    release: Option<Release>,
    owed_closes: Vec<TopicPartition>,
    commits: Commits,
    idle_put_at: Instant,
    waiting: Option<Waiting>,
    rewinds: Rewinds,
    /// Since when the cluster is away, and why.
    kafka_away: Option<(Instant, ConnectError)>,
    converter_waits: Option<Waiting>,
    /// Since when the group has nothing to read for this member, and why.
    no_partitions: Option<(Instant, ConnectError)>,
    /// Why it has ended, if it failed.
    failure: Option<ConnectError>,
    paused: bool,
    /// RUNNING is the last state that was reported.
    reported_running: bool,
    metrics: Arc<TaskMetrics>,
    /// When the present event happened.
    now: Instant,
    effects: Vec<Effect>,
}

impl Machine {
    /// A machine at the beginning of a task's life; the first [`on`](Self::on) should be [`Event::Tick`].
    pub fn new(settings: Settings, metrics: Arc<TaskMetrics>, now: Instant) -> Self {
        let paused = settings.paused;
        Self {
            commits: Commits {
                next: now + settings.flush_interval,
                requested: false,
                last_seq: 0,
                begun: now,
                sent: None,
            },
            idle_put_at: now + settings.flush_interval,
            life: if paused {
                Life::Held
            } else {
                Life::Preparing { asked: false }
            },
            settings,
            sink: None,
            called: None,
            call: "",
            slow_call: None,
            slow_letters: None,
            sink_since: now,
            sink_begun: false,
            sink_broken: false,
            partitions: Partitions::default(),
            incoming: VecDeque::new(),
            current: None,
            finishing: VecDeque::new(),
            letters_refused: false,
            next_batch: 0,
            fetching: false,
            bytes: 0,
            rebalances: VecDeque::new(),
            release: None,
            owed_closes: Vec::new(),
            waiting: None,
            rewinds: Rewinds::default(),
            kafka_away: None,
            converter_waits: None,
            no_partitions: None,
            failure: None,
            paused,
            reported_running: false,
            metrics,
            now,
            effects: if paused {
                vec![Effect::Report(TaskStatus::Paused)]
            } else {
                Vec::new()
            },
        }
    }

    /// Takes an event in and gives what is to be done, in order.
    pub fn on(&mut self, event: Event, now: Instant) -> Vec<Effect> {
        self.now = now;
        self.take(event, now);
        self.advance(now);
        self.watch_slowness(now);
        std::mem::take(&mut self.effects)
    }

    /// When to come back with [`Event::Tick`] if nothing else happens; none at the end.
    ///
    /// Only what can be acted on then counts: a date that has passed while the sink is busy would wake for nothing.
    pub fn wake_at(&self) -> Option<Instant> {
        let mut dates: Vec<Option<Instant>> =
            vec![self.commits.sent.as_ref().map(|sent| sent.deadline)];
        let free = self.sink.is_none() && self.release.is_none() && self.rebalances.is_empty();
        match &self.life {
            Life::Finished | Life::Held => return None,
            Life::Ending(ending) => dates.push(Some(ending.deadline)),
            Life::Preparing { asked: true } => {}
            _ if free => dates.push(self.waiting.as_ref().map(Waiting::retry_at)),
            _ => {}
        }
        if !matches!(self.life, Life::Ending(_)) {
            dates.push(self.slowness_wake_at());
        }
        if matches!(self.life, Life::Running) {
            dates.push(self.rewinds.retry_at());
            if free && self.commits.sent.is_none() {
                dates.push(Some(self.commits.next));
            }
            if free && self.waiting.is_none() && self.current.is_none() {
                dates.push(Some(self.idle_put_at));
            }
            if let Some(Rebalance::Assigned { deadline, .. }) = self.rebalances.front()
                && self.sink.is_some()
            {
                dates.push(Some(*deadline));
            }
        }
        let busy = self.sink.is_some();
        dates.push(self.release.as_ref().map(|release| release.wake_at(busy)));
        dates.into_iter().flatten().min()
    }

    /// What the task is at, for users.
    pub fn phase(&self) -> Phase {
        self.state().0
    }

    /// Why it waits or has failed, if it does or has.
    pub fn why(&self) -> Option<&ConnectError> {
        self.state().1
    }

    /// What for, if no progress is made.
    pub fn wait_reason(&self) -> Option<WaitReason> {
        let (phase, why) = self.state();
        let is_missing =
            |e: &ConnectError| e.exception().ends_with("UnknownTopicOrPartitionException");
        match phase {
            Phase::Running | Phase::Stopping | Phase::Failed => None,
            Phase::Redelivering { .. } => Some(WaitReason::Redelivering),
            Phase::WaitingForTarget { .. } => Some(WaitReason::TargetAway),
            Phase::WaitingForKafka { .. } => Some(WaitReason::KafkaAway),
            Phase::WaitingForRegistry { .. } => Some(WaitReason::RegistryAway),
            Phase::NoPartitions { .. } if why.is_some_and(is_missing) => {
                Some(WaitReason::TopicMissing)
            }
            Phase::NoPartitions { .. } => Some(WaitReason::NoPartitions),
            Phase::Paused => Some(WaitReason::Paused),
        }
    }

    /// The first that is true counts.
    fn state(&self) -> (Phase, Option<&ConnectError>) {
        match &self.life {
            Life::Finished if self.failure.is_some() => {
                return (Phase::Failed, self.failure.as_ref());
            }
            Life::Finished | Life::Ending(_) => return (Phase::Stopping, None),
            Life::Held => return (Phase::Paused, None),
            _ => {}
        }
        if let Some(waiting) = &self.waiting {
            // Before it starts, the task asks for its dead letter topic.
            let phase = match self.life {
                Life::Preparing { .. } => Phase::WaitingForKafka {
                    since: waiting.since(),
                },
                _ => waiting.phase(),
            };
            return (phase, Some(waiting.error()));
        }
        if let Some((since, why)) = self.slow_call.as_ref().and_then(Slow::said) {
            let phase = match self.life {
                Life::Preparing { .. } => Phase::WaitingForKafka { since },
                _ => Phase::WaitingForTarget { since },
            };
            return (phase, Some(why));
        }
        let letters = self.slow_letters.as_ref().and_then(Slow::said);
        if let Some((since, why)) = self.kafka().or(letters) {
            return (Phase::WaitingForKafka { since }, Some(why));
        }
        if self.paused {
            return (Phase::Paused, None);
        }
        if let Some(waiting) = &self.converter_waits {
            let since = waiting.since();
            return (Phase::WaitingForRegistry { since }, Some(waiting.error()));
        }
        match &self.no_partitions {
            Some((since, why)) => (Phase::NoPartitions { since: *since }, Some(why)),
            None => (Phase::Running, None),
        }
    }

    /// Since when Kafka is waited for, and why.
    fn kafka(&self) -> Option<(Instant, &ConnectError)> {
        let away = self.kafka_away.as_ref().map(|(since, e)| (*since, e));
        let rewinds = self.rewinds.waiting().map(|w| (w.since(), w.error()));
        away.or(rewinds)
    }

    /// Bytes of batches that were read and are not done with.
    pub fn bytes_in_flight(&self) -> usize {
        self.bytes
    }

    /// The batch that the sink is at.
    pub fn current_batch(&self) -> Option<u64> {
        self.current.as_ref().map(Current::id)
    }

    /// Whether a batch is not done with.
    pub fn holds_batch(&self, id: u64) -> bool {
        self.current_batch() == Some(id)
            || self.incoming.iter().any(|b| b.id == id)
            || self.finishing.iter().any(|b| b.id == id)
    }

    /// Partitions that are this task's.
    pub fn partition_count(&self) -> usize {
        self.partitions.count()
    }

    fn note_active(&self) {
        self.metrics.active(self.partitions.active(), self.now);
    }

    fn take(&mut self, event: Event, now: Instant) {
        if matches!(self.life, Life::Finished) {
            return;
        }
        match event {
            Event::Tick => {}
            Event::Stop => self.end(None, now),
            Event::Pause => self.pause(),
            Event::Resume => self.resume(now),
            Event::Prepared(result) => self.prepared(result, now),
            Event::Sink { answer, requests } => {
                self.sink_answered(answer, now);
                self.obey(requests, now);
            }
            Event::Read(raw) => self.read(raw),
            Event::Converted { batch, converted } => self.converted(batch, converted),
            Event::ConverterWaits(error) => self.converter_waits(error, now),
            Event::ConverterGoesOn => self.converter_goes_on(),
            Event::Delivered { batch, result } => self.delivered(batch, result, now),
            Event::Consumer(event) => self.consumer_said(event, now),
            Event::Sought { starts, result } => self.sought(starts, result, now),
            Event::ConsumerFailed(error) => self.end(Some(error), now),
            Event::ConsumerClosed => self.finish(),
            Event::Panicked { who, message } => {
                let text = format!(
                    "{who} panicked: {message}; restart the task, and report this with the log around it"
                );
                self.end(Some(ConnectError::fatal(text)), now);
            }
        }
    }

    fn advance(&mut self, now: Instant) {
        if matches!(self.life, Life::Finished) {
            return;
        }
        self.watch_commit(now);
        match &self.life {
            Life::Held | Life::Finished => {}
            Life::Preparing { .. } => self.prepare(now),
            Life::Starting => self.start(now),
            Life::Running | Life::Ending(_) => self.go_on(now),
        }
    }

    /// What to do next, in order of urgency. The sink does one thing at a time; all else waits for it here.
    fn go_on(&mut self, now: Instant) {
        self.rewind_again(now);
        if self.current.as_ref().is_some_and(Current::is_complete) && self.sink.is_none() {
            self.put_is_done();
        }
        self.settle();
        self.step_release(now);
        if self.release.is_some() {
            return;
        }
        if matches!(self.life, Life::Ending(_)) {
            return self.step_out(now);
        }
        if self.sink.is_none() && !self.owed_closes.is_empty() {
            return self.close_what_is_owed();
        }
        if !self.rebalances.is_empty() {
            return self.rebalance(now);
        }
        if self.sink.is_none() {
            self.use_sink(now);
        }
        self.fetch();
    }

    /// Closes partitions that had to be given back while the sink was at work.
    fn close_what_is_owed(&mut self) {
        let partitions = std::mem::take(&mut self.owed_closes);
        self.call(Busy::Closing, SinkCall::Close(partitions));
    }

    fn use_sink(&mut self, now: Instant) {
        // Commits go on while a batch waits to be delivered again, with the offsets before it.
        if self.commit_is_due(now) && self.pre_commit(now) {
            return;
        }
        if self.waiting.as_ref().is_some_and(|w| !w.is_over(now)) {
            return;
        }
        if let Some(partitions) = self.partitions.unopened() {
            let busy = Busy::Opening {
                partitions: partitions.clone(),
                answers: false,
            };
            return self.call(busy, SinkCall::Open(partitions));
        }
        while matches!(self.life, Life::Running) {
            // What a read still under way brings to a paused task waits for the resumption.
            if self.current.is_none() && (self.paused || !self.begin_next()) {
                break;
            }
            let Some(current) = &mut self.current else {
                continue;
            };
            let step = current.next(&self.partitions);
            match step {
                NextStep::Put(records) => return self.call(Busy::Putting, SinkCall::Put(records)),
                NextStep::WaitForLetters => {
                    self.stop_waiting();
                    return;
                }
                NextStep::Fail(error) => {
                    self.end(Some(error), now);
                    return self.go_on(now);
                }
                NextStep::Done => self.put_is_done(),
            }
        }
        if now >= self.idle_put_at {
            return self.call(Busy::IdlePut, SinkCall::Put(RecordSlice::empty()));
        }
        // What was waited for went away with its partitions.
        self.stop_waiting();
    }

    /// Makes the oldest converted batch the current one; its conversion failures go to the dead letters.
    fn begin_next(&mut self) -> bool {
        if !self.incoming.front().is_some_and(Incoming::is_converted) {
            return false;
        }
        let Some(incoming) = self.incoming.pop_front() else {
            return false;
        };
        match Current::begin(incoming, &self.partitions, self.settings.has_reporter) {
            Ok((current, letters)) => {
                if !letters.is_empty() {
                    let raw = current.raw().clone();
                    self.effects.push(Effect::DeadLetter {
                        batch: current.id(),
                        raw,
                        failed: letters,
                    });
                }
                self.current = Some(current);
            }
            // Nothing in it is this task's any more.
            Err(bytes) => self.bytes -= bytes,
        }
        true
    }

    fn put_is_done(&mut self) {
        if let Some(current) = self.current.take() {
            self.metrics.delivered(current.raw());
            self.finishing.push_back(current.finishing());
            self.settle();
        }
    }

    /// Accepts batches whose dead letters are all acknowledged, oldest first.
    fn settle(&mut self) {
        while self.finishing.front().is_some_and(Finishing::is_settled) {
            if let Some(batch) = self.finishing.pop_front() {
                self.bytes -= batch.bytes;
                for (partition, epoch, next_offset) in batch.offsets {
                    self.partitions.accept(&partition, epoch, next_offset);
                }
            }
        }
    }

    fn fetch(&mut self) {
        let room = self.settings.memory.saturating_sub(self.bytes);
        let ready = matches!(self.life, Life::Running)
            && !self.fetching
            && !self.paused
            && room > 0
            && self.incoming.len() + self.finishing.len() < PENDING_BATCHES
            && self.partitions.are_all_open();
        if ready {
            self.fetching = true;
            let bytes = (self.settings.memory / 4).min(room).max(1);
            self.effects.push(Effect::Fetch(ReadLimits {
                records: self.settings.max_records,
                bytes,
            }));
        }
    }

    fn read(&mut self, raw: RawBatch) {
        self.fetching = false;
        self.partitions.note_read(&raw);
        self.metrics.read(&raw, self.now);
        self.note_active();
        let live = raw
            .runs()
            .iter()
            .any(|run| self.partitions.is_live(&run.partition, run.epoch));
        if !live || !matches!(self.life, Life::Running) {
            return;
        }
        let (id, bytes, raw) = (self.next_batch, raw.bytes(), Arc::new(raw));
        self.next_batch += 1;
        self.bytes += bytes;
        self.incoming.push_back(Incoming {
            id,
            bytes,
            raw: raw.clone(),
            converted: None,
        });
        self.effects.push(Effect::Convert { batch: id, raw });
    }

    fn converted(&mut self, batch: u64, converted: Converted) {
        if let Some(incoming) = self.incoming.iter_mut().find(|i| i.id == batch) {
            incoming.converted = Some(converted);
        }
    }

    fn delivered(&mut self, batch: u64, result: Result<(), ConnectError>, now: Instant) {
        self.letters_move();
        if let Err(error) = result {
            self.letters_refused = true;
            let text = "the dead letter topic refused a record, so its offset is not passed; see the cause, then restart the task";
            return self.end(Some(ConnectError::fatal(text).caused_by(error)), now);
        }
        match &mut self.current {
            Some(current) if current.id() == batch => current.letters_delivered(),
            _ => {
                if let Some(finishing) = self.finishing.iter_mut().find(|f| f.id == batch) {
                    finishing.letters -= 1;
                }
            }
        }
    }
}

/// How many batches may wait behind the one being written: enough to keep converter and sink busy at once, few
/// enough that a revocation discards little.
const PENDING_BATCHES: usize = 2;

/// Whether the runtime does the same again later.
fn passes(error: &ConnectError, moment: Moment) -> bool {
    reaction(error.class(), moment) == Reaction::Again
}

/// The outer message under which Kafka shows what ended a running sink task.
fn exiting(cause: ConnectError) -> ConnectError {
    ConnectError::new(
        cause.class(),
        connect_api::error::exception::CONNECT,
        "Exiting WorkerSinkTask due to unrecoverable exception.",
    )
    .caused_by(cause)
}
