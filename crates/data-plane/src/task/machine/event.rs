//! What happens to a task and what it does about it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use connect_api::sink::{Offsets, PutReport, Requests};
use connect_api::{ConnectError, RecordSlice, TopicPartition};

use super::Durable;
use crate::kafka::{ConsumerEvent, ReadLimits, Start};
use crate::raw::RawBatch;
use crate::task::TaskStatus;

/// Something happened: an actor answered, the group moved, a user asked, or time passed.
#[derive(Debug)]
pub enum Event {
    /// [`Machine::wake_at`](super::Machine::wake_at) has come, or the task begins.
    Tick,
    /// From the herder: the connector's target state.
    Pause,
    Resume,
    Stop,
    /// The dead letter topic is there, or not.
    Prepared(Result<(), ConnectError>),
    Sink {
        answer: SinkAnswer,
        requests: Requests,
    },
    /// Answer to [`Effect::Fetch`]; may be empty after a rebalance.
    Read(RawBatch),
    Converted {
        batch: u64,
        converted: Converted,
    },
    /// What the records need to be converted is away; the converter asks again by itself.
    ConverterWaits(ConnectError),
    /// It is here.
    ConverterGoesOn,
    /// Answer to one [`Effect::DeadLetter`]: acknowledged, or refused for good.
    Delivered {
        batch: u64,
        result: Result<(), ConnectError>,
    },
    Consumer(ConsumerEvent),
    /// Answer to [`Effect::Seek`].
    Sought {
        starts: Vec<Start>,
        result: Result<(), ConnectError>,
    },
    /// The consumer could not do what it was told: its state is unknown.
    ConsumerFailed(ConnectError),
    ConsumerClosed,
    /// An actor other than the sink panicked.
    Panicked {
        who: &'static str,
        message: String,
    },
}

/// One call of [`SinkTask`](connect_api::sink::SinkTask).
#[derive(Debug)]
pub enum SinkCall {
    Start,
    Open(Vec<TopicPartition>),
    Put(RecordSlice),
    PreCommit(Offsets),
    Close(Vec<TopicPartition>),
    Stop,
}

impl SinkCall {
    pub const fn name(&self) -> &'static str {
        match self {
            SinkCall::Start => "start",
            SinkCall::Open(_) => "open",
            SinkCall::Put(_) => "put",
            SinkCall::PreCommit(_) => "pre-commit",
            SinkCall::Close(_) => "close",
            SinkCall::Stop => "stop",
        }
    }
}

/// What it returned.
#[derive(Debug)]
pub enum SinkAnswer {
    Started(Result<(), ConnectError>),
    Opened(Result<Offsets, ConnectError>),
    Put(PutReport),
    PreCommitted(Result<Offsets, ConnectError>),
    Closed(Result<(), ConnectError>),
    Stopped,
    Panicked(String),
}

/// Something to do. Effects are done in their order.
#[derive(Debug)]
pub enum Effect {
    PrepareDeadLetters,
    Sink(SinkCall),
    /// Join the connector's group.
    Join,
    /// Read once, as soon as there is something.
    Fetch(ReadLimits),
    Convert {
        batch: u64,
        raw: Arc<RawBatch>,
    },
    /// Report these records of a batch: log and dead letter topic.
    DeadLetter {
        batch: u64,
        raw: Arc<RawBatch>,
        failed: Vec<FailedRecord>,
    },
    Assign(Vec<Start>),
    Unassign(Vec<TopicPartition>),
    Seek(Vec<Start>),
    Pause(Vec<TopicPartition>),
    Resume(Vec<TopicPartition>),
    Commit {
        seq: u64,
        offsets: Durable,
    },
    CloseConsumer(Duration),
    Report(TaskStatus),
    Note(Note),
    /// The task is over; nothing follows.
    Finish,
}

/// A batch after converters and transformations.
#[derive(Debug)]
pub struct Converted {
    pub records: RecordSlice,
    /// For each record its place in the raw batch, ascending.
    pub origin: Vec<u32>,
    /// Records that a converter or transformation refused.
    pub failed: Vec<FailedRecord>,
    /// With `errors.tolerance=none`, or for an error that is no record's: why the task must end. Records behind the
    /// failure are then missing.
    pub fatal: Option<ConnectError>,
    /// Share of the time that transformations took.
    pub transform_share: f64,
}

/// A record that could not be processed, with where and why.
#[derive(Clone, Debug)]
pub struct FailedRecord {
    /// Place in the raw batch.
    pub place: u32,
    pub stage: Stage,
    /// Java class that was executing; none is the sink task itself.
    pub class: Option<Arc<str>>,
    pub error: ConnectError,
}

/// The stages at which a record can fail (`org.apache.kafka.connect.runtime.errors.Stage`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    KeyConverter,
    ValueConverter,
    HeaderConverter,
    Transformation,
    TaskPut,
}

impl Stage {
    /// As logs and dead letter headers show it.
    pub const fn name(self) -> &'static str {
        match self {
            Stage::KeyConverter => "KEY_CONVERTER",
            Stage::ValueConverter => "VALUE_CONVERTER",
            Stage::HeaderConverter => "HEADER_CONVERTER",
            Stage::Transformation => "TRANSFORMATION",
            Stage::TaskPut => "TASK_PUT",
        }
    }
}

/// Something users should be able to read in the log.
#[derive(Debug)]
pub enum Note {
    /// Begin of a wait, and again every five minutes.
    Waiting {
        since: Instant,
        error: ConnectError,
    },
    WaitIsOver {
        since: Instant,
    },
    /// A converter cannot go on; at its begin and again every five minutes.
    ConverterWaits {
        since: Instant,
        error: ConnectError,
    },
    /// A call of the sink or the acknowledgement of dead letters; told once it takes long, and every five minutes.
    TakesLong {
        since: Instant,
        error: ConnectError,
    },
    /// The group has nothing to read for this member.
    NoPartitions(ConnectError),
    CommitFailed(ConnectError),
    CommitTimedOut,
    PreCommitFailed(ConnectError),
    /// The sink wanted to commit what it was not asked about.
    OffsetsNotConsumed(Vec<TopicPartition>),
    CloseFailed(ConnectError),
    ConsumerProblem(ConnectError),
    KafkaIsBack {
        since: Instant,
    },
    /// A revocation was answered although the sink still worked: records may be written again by the next owner.
    RevokedWhileSinkBusy(Vec<TopicPartition>),
    AssignedWhileSinkHangs,
    PausedUnassigned(Vec<TopicPartition>),
    ErrorWhileEnding(ConnectError),
    /// The task ended while its sink was still at work.
    SinkHung,
}
