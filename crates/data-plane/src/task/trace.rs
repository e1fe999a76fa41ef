//! [`Tracing`]: watches events and effects of a task go by and tells what became of batches and commits.
//!
//! It decides nothing. A task whose metrics have no listener has none of it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use connect_api::ConnectError;

use super::machine::{Effect, Event, Machine, SinkAnswer, SinkCall};
use crate::kafka::ConsumerEvent;
use crate::metrics::{
    BatchTrace, CommitTrace, StageName, StageTrace, TaskMetrics, Trace, TraceParent, When,
};
use crate::raw::RawBatch;

/// How many other traces one batch points to.
const MOST_LINKS: usize = 32;
const MOST_PARTITIONS: usize = 16;
/// How many runs of stages one batch shows: one that is put again for hours would grow without end.
const MOST_STAGES: usize = 64;
/// What the links are looked for in.
const TRACEPARENT: &str = "traceparent";

pub(super) struct Tracing {
    metrics: Arc<TaskMetrics>,
    batches: VecDeque<Open>,
    fetch_began: Option<Instant>,
    read: Option<Instant>,
    /// The stage converts one batch after the other.
    converted: Option<Instant>,
    put: Option<(u64, Instant, usize)>,
    pre_commit: Option<Instant>,
    commit: Option<(u64, Instant, CommitTrace)>,
}

struct Open {
    id: u64,
    sent: Instant,
    letters: VecDeque<(Instant, usize)>,
    trace: BatchTrace,
}

impl Open {
    fn add(&mut self, stage: StageTrace) {
        if self.trace.stages.len() < MOST_STAGES {
            self.trace.stages.push(stage);
        }
    }
}

impl Tracing {
    /// None if nobody listens.
    pub fn new(metrics: &Arc<TaskMetrics>) -> Option<Self> {
        metrics.is_traced().then(|| Self {
            metrics: metrics.clone(),
            batches: VecDeque::new(),
            fetch_began: None,
            read: None,
            converted: None,
            put: None,
            pre_commit: None,
            commit: None,
        })
    }

    /// Before the machine takes it.
    pub fn event(&mut self, event: &Event, now: Instant) {
        match event {
            Event::Read(_) => self.read = Some(now),
            Event::Converted { batch, converted } => {
                let before = self.converted.replace(now);
                let (share, records) = (converted.transform_share, converted.records.len());
                let failed = converted.failed.first().map(|f| described(&f.error));
                let Some(open) = self.batches.iter_mut().find(|b| b.id == *batch) else {
                    return;
                };
                let begun = before.map_or(open.sent, |before| before.max(open.sent));
                let all = now.saturating_duration_since(begun);
                let between = now - all.mul_f64(share);
                open.add(stage(StageName::Convert, begun, between, records, failed));
                if share > 0.0 {
                    open.add(stage(StageName::Transform, between, now, records, None));
                }
            }
            Event::Sink { answer, .. } => self.answered(answer, now),
            Event::Delivered { batch, result } => {
                let Some(open) = self.batches.iter_mut().find(|b| b.id == *batch) else {
                    return;
                };
                if let Some((begun, records)) = open.letters.pop_front() {
                    let error = result.as_ref().err().map(described);
                    open.add(stage(StageName::DeadLetter, begun, now, records, error));
                }
            }
            Event::Consumer(ConsumerEvent::Committed { seq, result }) => {
                if let Some((_, sent, mut trace)) = self.commit.take_if(|(sent, ..)| sent == seq) {
                    let error = result.as_ref().err().map(described);
                    trace
                        .stages
                        .push(stage(StageName::Commit, sent, now, 0, error));
                    trace.when = self.until(trace.when.begun, now);
                    self.metrics.trace(Trace::Commit(trace));
                }
            }
            _ => {}
        }
    }

    fn answered(&mut self, answer: &SinkAnswer, now: Instant) {
        match answer {
            SinkAnswer::Put(report) => {
                let Some((batch, begun, records)) = self.put.take() else {
                    return;
                };
                let error = report.failure.as_ref().map(|f| described(&f.error));
                if let Some(open) = self.batches.iter_mut().find(|b| b.id == batch) {
                    open.add(stage(StageName::Put, begun, now, records, error));
                }
            }
            SinkAnswer::PreCommitted(result) => {
                let Some(begun) = self.pre_commit.take() else {
                    return;
                };
                let error = result.as_ref().err().map(described);
                let trace = CommitTrace {
                    when: self.until(begun, now),
                    partitions: 0,
                    stages: vec![stage(StageName::PreCommit, begun, now, 0, error)],
                };
                // Until the effect says that it is sent.
                self.commit = Some((u64::MAX, now, trace));
            }
            _ => {}
        }
    }

    /// What the machine has made of an event.
    pub fn effects(&mut self, effects: &[Effect], machine: &Machine, now: Instant) {
        for effect in effects {
            match effect {
                Effect::Fetch(_) => self.fetch_began = Some(now),
                Effect::Convert { batch, raw } => self.open(*batch, raw, now),
                Effect::Sink(SinkCall::Put(records)) if !records.is_empty() => {
                    let batch = machine.current_batch();
                    self.put = batch.map(|batch| (batch, now, records.len()));
                }
                Effect::Sink(SinkCall::PreCommit(_)) => self.pre_commit = Some(now),
                Effect::DeadLetter { batch, failed, .. } => {
                    if let Some(open) = self.batches.iter_mut().find(|b| b.id == *batch) {
                        open.letters.push_back((now, failed.len()));
                    }
                }
                Effect::Commit { seq, offsets } => {
                    if let Some((sent, at, trace)) = &mut self.commit {
                        (*sent, *at) = (*seq, now);
                        trace.partitions = offsets.offsets().len();
                    }
                }
                _ => {}
            }
        }
        self.close_done(machine, now);
    }

    fn open(&mut self, id: u64, raw: &RawBatch, now: Instant) {
        let read = self.read.unwrap_or(now);
        let begun = self.fetch_began.unwrap_or(read);
        let (links, more_links) = links(raw);
        let partitions = raw.runs().iter().take(MOST_PARTITIONS).map(|run| {
            let first = raw.offset(run.records.start);
            (run.partition.clone(), first, run.next_offset)
        });
        let trace = BatchTrace {
            when: self.until(begun, now),
            records: raw.len(),
            bytes: raw.data_bytes(),
            partitions: partitions.collect(),
            stages: vec![stage(StageName::Consume, begun, read, raw.len(), None)],
            links,
            more_links,
        };
        self.batches.push_back(Open {
            id,
            sent: now,
            letters: VecDeque::new(),
            trace,
        });
    }

    fn close_done(&mut self, machine: &Machine, now: Instant) {
        while self
            .batches
            .front()
            .is_some_and(|b| !machine.holds_batch(b.id))
        {
            if let Some(mut open) = self.batches.pop_front() {
                open.trace.when = self.until(open.trace.when.begun, now);
                self.metrics.trace(Trace::Batch(open.trace));
            }
        }
    }

    fn until(&self, begun: Instant, ended: Instant) -> When {
        When {
            begun,
            ended,
            unix_ms: self.metrics.clock().unix_ms(),
        }
    }
}

fn stage(
    stage: StageName,
    begun: Instant,
    ended: Instant,
    records: usize,
    error: Option<String>,
) -> StageTrace {
    StageTrace {
        stage,
        begun,
        ended,
        records,
        error,
    }
}

/// Without its text.
fn described(error: &ConnectError) -> String {
    format!("{:?}: {}", error.class(), error.exception())
}

/// The traces that records come from, each once, and how many did not fit.
fn links(raw: &RawBatch) -> (Vec<TraceParent>, usize) {
    let mut links: Vec<TraceParent> = Vec::new();
    let mut more = 0;
    for place in 0..raw.len() {
        if !raw.has_headers(place) {
            continue;
        }
        let header = raw.last_header(place, TRACEPARENT);
        let Some(parent) = header.and_then(|header| TraceParent::parse(&header)) else {
            continue;
        };
        if links.contains(&parent) {
            continue;
        }
        match links.len() < MOST_LINKS {
            true => links.push(parent),
            false => more += 1,
        }
    }
    (links, more)
}
