//! A world for the machine to live in: a broker, a group, a target and dead letters, all of them unreliable, in virtual
//! time. It checks every effect against what really happened.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use connect_api::sink::{Failure, Offsets, PutReport, Requests};
use connect_api::{ConnectError, RecordSlice, SinkRecord, TimestampType, TopicPartition};

use crate::kafka::{ConsumerEvent, ReadLimits, Start};
use crate::raw::{BorrowedRecord, RawBatch, RawBatchBuilder};
use crate::task::machine::{
    Converted, Effect, Event, FailedRecord, Machine, Phase, Settings, SinkAnswer, SinkCall, Stage,
};
use crate::task::tolerance::tolerance_exceeded;
use crate::task::{TaskStatus, Tolerance};

/// xorshift: the same seed gives the same run on every machine.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    pub fn below(&mut self, n: u64) -> u64 {
        (self.next() >> 11) % n.max(1)
    }

    /// True in `n` of 1000 cases.
    pub fn permille(&mut self, n: u64) -> bool {
        self.below(1000) < n
    }
}

/// What a record of the log does to the task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Good,
    /// The sink refuses it.
    Poison,
    /// A converter refuses it.
    Garbage,
    /// A transformation drops it.
    Dropped,
}

/// How the target takes records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SinkKind {
    /// A transaction per partition, as a database.
    Transactions,
    /// Record by record, naming the bad one.
    OneByOne,
    /// Buffers in `put`, writes in `pre_commit`.
    Buffering,
}

/// Chances of misfortune, in permille; zero is a perfect world.
#[derive(Clone, Copy, Debug, Default)]
pub struct Luck {
    pub put_retriable: u64,
    pub put_unavailable: u64,
    pub put_fatal: u64,
    pub put_hangs: u64,
    pub put_panics: u64,
    pub open_fails: u64,
    pub start_fails: u64,
    pub pre_commit_fails: u64,
    pub commit_fails: u64,
    pub commit_late: u64,
    pub letters_late: u64,
    pub letters_refused: u64,
    pub sink_rewinds: u64,
    pub sink_pauses: u64,
}

struct Owned {
    epoch: u64,
    position: i64,
    paused: bool,
    /// The last offset put under this epoch.
    last_put: i64,
}

enum Waiting {
    Assign(Vec<TopicPartition>),
    Revoke {
        partitions: Vec<TopicPartition>,
        lost: bool,
        since: Instant,
    },
}

pub struct World {
    pub dice: Dice,
    pub now: Instant,
    born: Instant,
    pub logs: BTreeMap<TopicPartition, Vec<Kind>>,
    pub committed: Offsets,
    pub luck: Luck,
    pub sink_kind: SinkKind,
    pub settings: Settings,
    /// In the target for good.
    pub written: BTreeSet<(TopicPartition, i64)>,
    buffered: BTreeSet<(TopicPartition, i64)>,
    pub letters: BTreeSet<(TopicPartition, i64)>,
    /// Refused by a converter, tolerated, and reported to nobody, as configured.
    skipped: BTreeSet<(TopicPartition, i64)>,
    /// Written, reported or dropped by another member while it owned the partition.
    elsewhere: BTreeSet<(TopicPartition, i64)>,
    machine: Machine,
    agenda: Vec<(Instant, u64, Event)>,
    next_entry: u64,
    owned: BTreeMap<TopicPartition, Owned>,
    /// Partitions that must not be committed any more.
    forbidden: BTreeSet<TopicPartition>,
    rebalance: Option<Waiting>,
    joined: bool,
    wanted: Option<ReadLimits>,
    sink_busy: bool,
    /// What the sink has open.
    open: BTreeSet<TopicPartition>,
    pub reason_to_fail: bool,
    pub status: Option<TaskStatus>,
    pub finished: bool,
    pub rewound: bool,
    pub puts: u64,
}

const GRACE: Duration = Duration::from_secs(5);

impl World {
    pub fn new(seed: u64, partitions: i32, records: usize, settings: Settings) -> Self {
        let mut dice = Dice::new(seed);
        let logs = (0..partitions)
            .map(|p| {
                let kinds = (0..records).map(|_| match dice.below(100) {
                    0..=3 => Kind::Poison,
                    4..=6 => Kind::Garbage,
                    7..=11 => Kind::Dropped,
                    _ => Kind::Good,
                });
                (TopicPartition::new("t", p), kinds.collect())
            })
            .collect();
        let now = Instant::now();
        Self {
            machine: Machine::new(settings.clone(), now),
            dice,
            now,
            born: now,
            logs,
            committed: Offsets::new(),
            luck: Luck::default(),
            sink_kind: SinkKind::Transactions,
            settings,
            written: BTreeSet::new(),
            buffered: BTreeSet::new(),
            letters: BTreeSet::new(),
            skipped: BTreeSet::new(),
            elsewhere: BTreeSet::new(),
            agenda: Vec::new(),
            next_entry: 0,
            owned: BTreeMap::new(),
            forbidden: BTreeSet::new(),
            rebalance: None,
            joined: false,
            wanted: None,
            sink_busy: false,
            open: BTreeSet::new(),
            reason_to_fail: false,
            status: None,
            finished: false,
            rewound: false,
            puts: 0,
        }
    }

    /// A new life: the process is gone with all it had in memory, and starts again.
    pub fn live_again(&mut self) {
        self.machine = Machine::new(self.settings.clone(), self.now);
        self.agenda.clear();
        self.buffered.clear();
        self.owned.clear();
        self.forbidden.clear();
        self.rebalance = None;
        self.joined = false;
        self.wanted = None;
        self.sink_busy = false;
        self.open.clear();
        self.reason_to_fail = false;
        self.status = None;
        self.finished = false;
        self.tell(Event::Tick);
    }

    pub fn everything_committed(&self) -> bool {
        self.logs
            .iter()
            .all(|(tp, log)| self.committed.get(tp).copied().unwrap_or(0) == log.len() as i64)
    }

    pub fn bytes_in_flight(&self) -> usize {
        self.machine.bytes_in_flight()
    }

    /// Lets the next thing happen. False if nothing will within the time.
    pub fn step(&mut self, until: Instant) -> bool {
        let due = self
            .agenda
            .iter()
            .enumerate()
            .min_by_key(|(_, (at, n, _))| (*at, *n))
            .map(|(i, e)| (i, e.0));
        let wake = self.machine.wake_at();
        let (at, event) = match (due, wake) {
            (Some((i, at)), wake) if wake.is_none_or(|w| at <= w) => (at, Some(i)),
            (_, Some(wake)) => (wake, None),
            (_, None) => return false,
        };
        if at > until {
            self.now = until;
            return false;
        }
        assert!(
            event.is_some() || at >= self.now || at + Duration::from_secs(1) > self.now,
            "woken for the past"
        );
        let answers = |e: &Event| {
            !matches!(
                e,
                Event::Read(_) | Event::Pause | Event::Resume | Event::Stop
            )
        };
        let ending = self.machine.phase() == Phase::Stopping || self.rebalance.is_some();
        assert!(
            event.is_some() || !ending || self.agenda.iter().any(|(_, _, e)| answers(e)),
            "partitions are to be given back or taken, and nothing is under way"
        );
        let stuck = event.is_none() && at <= self.now;
        self.now = self.now.max(at);
        let event = match event {
            Some(i) => self.agenda.swap_remove(i).2,
            None => Event::Tick,
        };
        if let Event::Consumer(ConsumerEvent::Revoked {
            partitions,
            lost: true,
        }) = &event
        {
            self.forbidden.extend(partitions.iter().cloned());
        }
        let event = match event {
            // What can be read is decided when it is read, not when it was scheduled.
            Event::Read(_) => match self.read_now() {
                Some(batch) => Event::Read(batch),
                None => return true,
            },
            event => event,
        };
        let is_tick = matches!(event, Event::Tick);
        self.tell(event);
        let wake = self.machine.wake_at();
        assert!(
            !(stuck && is_tick && wake.is_some_and(|w| w <= self.now)),
            "ticks without an end"
        );
        true
    }

    pub fn tell(&mut self, event: Event) {
        if let Event::Sink { .. } = &event {
            assert!(
                std::mem::take(&mut self.sink_busy),
                "an answer without a call"
            );
        }
        let replayed = std::env::var_os("TURNBUCKLE_SEED").is_some();
        if replayed {
            println!("{:?} <- {event:.200?}", self.now - self.born);
        }
        let effects = self.machine.on(event, self.now);
        for effect in effects {
            if replayed {
                println!("        -> {effect:.300?}");
            }
            self.check_and_do(effect);
        }
        let bound = self.settings.memory + 4096;
        assert!(
            self.machine.bytes_in_flight() <= bound,
            "{} bytes in flight",
            self.machine.bytes_in_flight()
        );
        if let Some(Waiting::Revoke { since, .. }) = &self.rebalance {
            let patience = self.settings.max_poll_interval.mul_f64(0.8) + Duration::from_secs(1);
            assert!(
                self.finished || self.now <= *since + patience,
                "a revocation was not answered in time"
            );
        }
    }

    pub fn after(&mut self, delay: Duration, event: Event) {
        self.next_entry += 1;
        self.agenda.push((self.now + delay, self.next_entry, event));
    }

    fn soon(&mut self) -> Duration {
        Duration::from_millis(self.dice.below(40))
    }

    // -------------------------------------------------------------------------------------- the group

    /// The group moves: some partitions are taken away or given, if it is not waiting for an answer.
    pub fn rebalance(&mut self) {
        if !self.joined || self.rebalance.is_some() || self.finished {
            return;
        }
        let mine: Vec<_> = self.owned.keys().cloned().collect();
        let others: Vec<_> = self
            .logs
            .keys()
            .filter(|tp| !self.owned.contains_key(tp))
            .cloned()
            .collect();
        let take_away = !mine.is_empty() && (others.is_empty() || self.dice.permille(500));
        if take_away {
            let lost = self.dice.permille(150);
            let partitions: Vec<_> = match lost {
                true => mine,
                false => mine
                    .into_iter()
                    .filter(|_| self.dice.permille(600))
                    .collect(),
            };
            if partitions.is_empty() {
                return;
            }
            if lost {
                self.live_elsewhere(&partitions);
            }
            self.rebalance = Some(Waiting::Revoke {
                partitions: partitions.clone(),
                lost,
                since: self.now,
            });
            self.after(
                Duration::ZERO,
                Event::Consumer(ConsumerEvent::Revoked { partitions, lost }),
            );
        } else {
            self.give(others);
        }
    }

    pub fn give(&mut self, partitions: Vec<TopicPartition>) {
        if self.rebalance.is_some() || !self.joined || partitions.is_empty() {
            return;
        }
        self.rebalance = Some(Waiting::Assign(partitions.clone()));
        self.after(
            Duration::ZERO,
            Event::Consumer(ConsumerEvent::Assigned(partitions)),
        );
    }

    pub fn give_all(&mut self) {
        let missing = self
            .logs
            .keys()
            .filter(|tp| !self.owned.contains_key(tp))
            .cloned()
            .collect();
        self.give(missing);
    }

    /// Another member works on the partitions for a while.
    fn live_elsewhere(&mut self, partitions: &[TopicPartition]) {
        for tp in partitions {
            let (from, end) = (
                self.committed.get(tp).copied().unwrap_or(0),
                self.logs[tp].len() as i64,
            );
            let done = (from + self.dice.below(5) as i64).min(end);
            for offset in from..done {
                self.elsewhere.insert((tp.clone(), offset));
            }
            self.committed.insert(tp.clone(), done);
        }
    }

    // -------------------------------------------------------------------------------------- reading

    fn read_now(&mut self) -> Option<RawBatch> {
        let limits = self.wanted?;
        let mut builder = RawBatchBuilder::default();
        let most = 1 + self.dice.below(limits.records.min(24) as u64) as usize;
        for (tp, owned) in &mut self.owned {
            let (log, partition) = (&self.logs[tp], Arc::new(tp.clone()));
            while !owned.paused && (owned.position as usize) < log.len() && builder.len() < most {
                let offset = owned.position;
                if !builder.is_empty() && builder.bytes() + 32 > limits.bytes {
                    break;
                }
                let record = BorrowedRecord {
                    offset,
                    timestamp: 0,
                    timestamp_type: TimestampType::CreateTime,
                    key: None,
                    value: Some(&[b'x'; 32]),
                };
                builder.push(&partition, owned.epoch, record);
                owned.position += 1;
            }
        }
        if builder.is_empty() {
            return None;
        }
        self.wanted = None;
        Some(builder.build())
    }

    fn schedule_read(&mut self) {
        if self.wanted.is_some() {
            let delay = self.soon();
            self.after(delay, Event::Read(RawBatch::default()));
        }
    }

    fn convert(&mut self, raw: &RawBatch) -> Converted {
        let (mut records, mut origin, mut failed, mut fatal) =
            (Vec::new(), Vec::new(), Vec::new(), None);
        'all: for run in raw.runs() {
            for place in run.records.clone() {
                match self.logs[&*run.partition][raw.offset(place) as usize] {
                    Kind::Dropped => {}
                    Kind::Garbage => {
                        let error = ConnectError::data("garbage");
                        if self.settings.tolerance == Tolerance::All && !self.settings.has_reporter
                        {
                            let place = ((*run.partition).clone(), raw.offset(place));
                            self.skipped.insert(place);
                        }
                        if self.settings.tolerance == Tolerance::None {
                            self.reason_to_fail = true;
                            fatal = Some(tolerance_exceeded(error.clone()));
                        }
                        failed.push(FailedRecord {
                            place: place as u32,
                            stage: Stage::ValueConverter,
                            class: None,
                            error,
                        });
                        if fatal.is_some() {
                            break 'all;
                        }
                    }
                    Kind::Good | Kind::Poison => {
                        records.push(SinkRecord::new(run.partition.clone(), raw.offset(place)));
                        origin.push(place as u32);
                    }
                }
            }
        }
        Converted {
            records: RecordSlice::new(records),
            origin,
            failed,
            fatal,
        }
    }

    // -------------------------------------------------------------------------------------- effects

    fn check_and_do(&mut self, effect: Effect) {
        assert!(!self.finished, "{effect:?} after the end");
        match effect {
            Effect::PrepareDeadLetters => {
                let delay = self.soon();
                self.after(delay, Event::Prepared(Ok(())));
            }
            Effect::Join => self.joined = true,
            Effect::Sink(call) => self.serve(call),
            Effect::Fetch(limits) => {
                assert!(self.wanted.replace(limits).is_none(), "two fetches at once");
                self.schedule_read();
            }
            Effect::Convert { batch, raw } => {
                let (converted, delay) = (self.convert(&raw), self.soon());
                self.after(delay, Event::Converted { batch, converted });
            }
            Effect::DeadLetter { batch, raw, failed } => self.deliver(batch, &raw, &failed),
            Effect::Assign(starts) => {
                let Some(Waiting::Assign(partitions)) = self.rebalance.take() else {
                    panic!("assign unasked")
                };
                assert_eq!(starts.len(), partitions.len());
                self.set_positions(&starts, true);
            }
            Effect::Unassign(mut given_back) => {
                let Some(Waiting::Revoke {
                    mut partitions,
                    lost,
                    ..
                }) = self.rebalance.take()
                else {
                    panic!("unassign unasked")
                };
                given_back.sort();
                partitions.sort();
                assert_eq!(given_back, partitions);
                for tp in &partitions {
                    self.owned.remove(tp);
                    self.forbidden.insert(tp.clone());
                }
                if !lost {
                    self.live_elsewhere(&partitions);
                }
            }
            Effect::Seek(starts) => self.set_positions(&starts, false),
            Effect::Pause(partitions) => self.set_paused(&partitions, true),
            Effect::Resume(partitions) => {
                self.set_paused(&partitions, false);
                self.schedule_read();
            }
            Effect::Commit { seq, offsets } => self.commit(seq, offsets.offsets().clone()),
            Effect::CloseConsumer(_) => {
                self.joined = false;
                let delay = self.soon();
                self.after(delay, Event::ConsumerClosed);
            }
            Effect::Report(TaskStatus::Failed(error)) => {
                assert!(
                    self.reason_to_fail,
                    "failed without a reason: {}",
                    error.trace()
                );
                self.status = Some(TaskStatus::Failed(error));
            }
            Effect::Report(status) => self.status = Some(status),
            Effect::Note(_) => {}
            Effect::Finish => self.finished = true,
        }
    }

    fn set_positions(&mut self, starts: &[Start], assigned: bool) {
        for start in starts {
            let tp = (*start.partition).clone();
            if assigned {
                self.forbidden.remove(&tp);
            }
            assert!(
                assigned || self.owned.contains_key(&tp),
                "seek of a partition that is not assigned"
            );
            let position = start
                .offset
                .unwrap_or_else(|| self.committed.get(&tp).copied().unwrap_or(0));
            let paused = start.paused;
            self.owned.insert(
                tp,
                Owned {
                    epoch: start.epoch,
                    position,
                    paused,
                    last_put: position - 1,
                },
            );
        }
        self.schedule_read();
    }

    fn set_paused(&mut self, partitions: &[TopicPartition], paused: bool) {
        for tp in partitions {
            self.owned
                .get_mut(tp)
                .expect("pause of an owned partition")
                .paused = paused;
        }
    }

    fn deliver(&mut self, batch: u64, raw: &RawBatch, failed: &[FailedRecord]) {
        let late = self.dice.permille(self.luck.letters_late);
        let refused = self.dice.permille(self.luck.letters_refused);
        let delay = if late {
            Duration::from_secs(self.dice.below(60))
        } else {
            self.soon()
        };
        if refused {
            self.reason_to_fail = true;
            let result = Err(ConnectError::fatal("too large"));
            return self.after(delay, Event::Delivered { batch, result });
        }
        for record in failed {
            let place = record.place as usize;
            let (tp, offset) = ((*raw.run_of(place).partition).clone(), raw.offset(place));
            let kind = self.logs[&tp][offset as usize];
            assert!(
                matches!(kind, Kind::Poison | Kind::Garbage),
                "{tp}@{offset} is {kind:?} and was dead-lettered"
            );
            self.letters.insert((tp, offset));
            if self.settings.tolerance == Tolerance::None {
                self.reason_to_fail = true;
            }
        }
        self.after(
            delay,
            Event::Delivered {
                batch,
                result: Ok(()),
            },
        );
    }

    /// The heart of it: everything before a committed offset must be done with.
    fn commit(&mut self, seq: u64, offsets: Offsets) {
        for (tp, &offset) in &offsets {
            assert!(
                !self.forbidden.contains(tp),
                "{tp} was committed after it was lost or given back"
            );
            assert!(
                self.owned.contains_key(tp),
                "{tp} was committed and is not owned"
            );
            for before in 0..offset {
                self.assert_done(tp, before);
            }
            let known = self.committed.get(tp).copied().unwrap_or(0);
            assert!(
                self.rewound || offset >= known,
                "{tp} went back from {known} to {offset}"
            );
        }
        if self.dice.permille(self.luck.commit_fails) {
            let delay = self.soon();
            let result = Err(ConnectError::retriable("not the coordinator"));
            return self.after(
                delay,
                Event::Consumer(ConsumerEvent::Committed { seq, result }),
            );
        }
        self.committed.extend(offsets);
        let late = self.dice.permille(self.luck.commit_late);
        let delay = if late {
            Duration::from_secs(4 + self.dice.below(20))
        } else {
            self.soon()
        };
        self.after(
            delay,
            Event::Consumer(ConsumerEvent::Committed {
                seq,
                result: Ok(()),
            }),
        );
    }

    pub fn assert_done(&self, tp: &TopicPartition, offset: i64) {
        let place = (tp.clone(), offset);
        let done = self.elsewhere.contains(&place)
            || match self.logs[tp][offset as usize] {
                Kind::Dropped => true,
                Kind::Good => self.written.contains(&place),
                // A tolerated record without a reporter is skipped.
                Kind::Garbage => self.letters.contains(&place) || self.skipped.contains(&place),
                Kind::Poison => self.letters.contains(&place),
            };
        assert!(
            done,
            "{tp}@{offset} ({:?}) was committed and not delivered",
            self.logs[tp][offset as usize]
        );
    }

    // -------------------------------------------------------------------------------------- the target

    fn serve(&mut self, call: SinkCall) {
        assert!(
            !std::mem::replace(&mut self.sink_busy, true),
            "two calls of the sink at once"
        );
        let mut delay = self.soon();
        let mut requests = Requests::default();
        let answer = match call {
            SinkCall::Start => SinkAnswer::Started(self.fails_to_begin(self.luck.start_fails)),
            SinkCall::Open(partitions) => {
                assert!(!partitions.is_empty());
                assert!(
                    partitions.iter().all(|tp| !self.open.contains(tp)),
                    "opened twice"
                );
                let result = self.fails_to_begin(self.luck.open_fails);
                if result.is_ok() {
                    self.open.extend(partitions);
                }
                SinkAnswer::Opened(result.map(|()| Offsets::new()))
            }
            SinkCall::Put(records) => {
                self.puts += 1;
                self.check_order(&records);
                if self.dice.permille(self.luck.put_hangs) {
                    delay = Duration::from_secs(self.dice.below(600));
                }
                if self.dice.permille(self.luck.put_panics) {
                    self.reason_to_fail = true;
                    SinkAnswer::Panicked("boom".to_owned())
                } else {
                    requests = self.wishes();
                    SinkAnswer::Put(self.put(&records))
                }
            }
            SinkCall::PreCommit(offsets) => SinkAnswer::PreCommitted(self.pre_commit(offsets)),
            SinkCall::Close(partitions) => {
                for tp in &partitions {
                    assert!(self.open.remove(tp), "{tp} was closed and not open");
                }
                self.buffered.retain(|(tp, _)| !partitions.contains(tp));
                SinkAnswer::Closed(Ok(()))
            }
            SinkCall::Stop => {
                assert!(self.open.is_empty(), "stopped with open partitions");
                SinkAnswer::Stopped
            }
        };
        self.after(delay, Event::Sink { answer, requests });
    }

    fn fails_to_begin(&mut self, chance: u64) -> Result<(), ConnectError> {
        match self.dice.permille(chance) {
            true => Err(ConnectError::unavailable("connection refused")),
            false => Ok(()),
        }
    }

    fn wishes(&mut self) -> Requests {
        let mut requests = Requests {
            commit: self.dice.permille(50),
            ..Requests::default()
        };
        if self.dice.permille(self.luck.sink_rewinds) {
            let back = self.owned.keys().next().cloned();
            if let Some(tp) = back {
                let committed = self.committed.get(&tp).copied().unwrap_or(0);
                requests
                    .rewinds
                    .insert(tp, self.dice.below(committed as u64 + 1) as i64);
                self.rewound = true;
            }
        }
        if self.dice.permille(self.luck.sink_pauses) {
            let paused = self.dice.permille(500);
            requests
                .pauses
                .extend(self.owned.keys().map(|tp| (tp.clone(), paused)));
        }
        requests
    }

    fn check_order(&mut self, records: &RecordSlice) {
        for record in records.iter() {
            let tp = &**record.original();
            assert!(self.open.contains(tp), "{tp} is put and not open");
            let owned = self
                .owned
                .get_mut(tp)
                .unwrap_or_else(|| panic!("{tp} is put and not owned"));
            // A batch that failed is put again, so not every put goes forward; what is applied does, see `apply`.
            assert!(
                record.offset() > owned.last_put,
                "{tp}@{} after {}",
                record.offset(),
                owned.last_put
            );
        }
    }

    fn apply(&mut self, record: &SinkRecord) {
        let tp = (**record.original()).clone();
        let owned = self.owned.get_mut(&tp).expect("checked before");
        assert!(
            record.offset() > owned.last_put,
            "{tp}@{} was applied after {}",
            record.offset(),
            owned.last_put
        );
        owned.last_put = record.offset();
        let place = (tp, record.offset());
        match self.sink_kind {
            SinkKind::Buffering => self.buffered.insert(place),
            _ => self.written.insert(place),
        };
    }

    fn put(&mut self, records: &RecordSlice) -> PutReport {
        let error = match self.dice.below(1000) {
            n if n < self.luck.put_retriable => Some(ConnectError::retriable("deadlock")),
            n if n < self.luck.put_retriable + self.luck.put_unavailable => {
                Some(ConnectError::unavailable("connection lost"))
            }
            n if n < self.luck.put_retriable + self.luck.put_unavailable + self.luck.put_fatal => {
                self.reason_to_fail = true;
                Some(ConnectError::fatal("disk full"))
            }
            _ => None,
        };
        if records.is_empty() {
            return error.map_or_else(PutReport::all, PutReport::failed);
        }
        // An error strikes somewhere on the way.
        let strikes_at = error
            .as_ref()
            .map(|_| self.dice.below(records.len() as u64 + 1) as usize);
        match self.sink_kind {
            SinkKind::Transactions => self.put_transactions(records, error, strikes_at),
            SinkKind::OneByOne | SinkKind::Buffering => {
                self.put_one_by_one(records, error, strikes_at)
            }
        }
    }

    fn put_transactions(
        &mut self,
        records: &RecordSlice,
        error: Option<ConnectError>,
        strikes_at: Option<usize>,
    ) -> PutReport {
        let mut groups: BTreeMap<TopicPartition, Vec<usize>> = BTreeMap::new();
        for (i, record) in records.iter().enumerate() {
            groups
                .entry((**record.original()).clone())
                .or_default()
                .push(i);
        }
        let mut applied = Vec::new();
        for group in groups.into_values() {
            let failure = if strikes_at.is_some_and(|at| at <= group[group.len() - 1]) {
                error.clone()
            } else if group.iter().any(|&i| self.is_poison(records.get(i))) {
                Some(self.poisoned())
            } else {
                None
            };
            if let Some(error) = failure {
                applied.sort_unstable();
                return PutReport {
                    applied,
                    failure: Some(Failure {
                        error,
                        records: group,
                    }),
                };
            }
            for &i in &group {
                self.apply(records.get(i));
            }
            applied.extend(group);
        }
        PutReport::all()
    }

    fn put_one_by_one(
        &mut self,
        records: &RecordSlice,
        error: Option<ConnectError>,
        strikes_at: Option<usize>,
    ) -> PutReport {
        for i in 0..records.len() {
            let failure = match () {
                () if strikes_at == Some(i) => error.clone().map(|e| (e, Vec::new())),
                () if self.is_poison(records.get(i)) => Some((self.poisoned(), vec![i])),
                () => None,
            };
            if let Some((error, bad)) = failure {
                return PutReport::partly((0..i).collect(), error, bad);
            }
            self.apply(records.get(i));
        }
        PutReport::all()
    }

    fn is_poison(&self, record: &SinkRecord) -> bool {
        self.logs[&**record.original()][record.offset() as usize] == Kind::Poison
    }

    fn poisoned(&mut self) -> ConnectError {
        if !self.settings.has_reporter || self.settings.tolerance == Tolerance::None {
            self.reason_to_fail = true;
        }
        ConnectError::data("poison")
    }

    fn pre_commit(&mut self, offsets: Offsets) -> Result<Offsets, ConnectError> {
        if self.dice.permille(self.luck.pre_commit_fails) {
            // What was buffered of these partitions is gone; the machine must read it again, perhaps behind a commit
            // whose answer it never saw.
            self.buffered.retain(|(tp, _)| !offsets.contains_key(tp));
            self.rewound = true;
            return Err(ConnectError::retriable("flush failed"));
        }
        self.written.append(&mut self.buffered);
        let mut offsets = offsets;
        // A careful sink may hold something back.
        if self.dice.permille(100) {
            offsets.pop_first();
        }
        Ok(offsets)
    }

    pub fn grace() -> Duration {
        GRACE
    }
}
