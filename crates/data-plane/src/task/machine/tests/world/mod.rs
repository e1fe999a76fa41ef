//! A world for the machine to live in: a broker, a group, a target and dead letters, all of them unreliable, in virtual
//! time. It checks every effect against what really happened.

mod effects;
mod group;
mod target;

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
    /// Looks at all records before it writes any, and names the first bad one.
    Checking,
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
    pub seek_fails: u64,
}

struct Owned {
    epoch: u64,
    position: i64,
    paused: bool,
    /// A seek failed, so it is not where it should be read.
    held: bool,
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
            machine: Machine::new(settings.clone(), Arc::default(), now),
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
        self.machine = Machine::new(self.settings.clone(), Arc::default(), self.now);
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
}
