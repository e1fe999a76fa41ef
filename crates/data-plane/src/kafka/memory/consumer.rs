//! [`MemoryConsumer`]: the consumer's side of a [`Member`].

use std::time::Duration;

use async_trait::async_trait;
use connect_api::{ConnectError, TimestampType, TopicPartition};

use super::{Call, Fetch, Member, MemoryRecord, Op, Rebalance, State};
use crate::kafka::{ConsumerEvent, GroupConsumer, Position, ReadLimits, Start};
use crate::raw::{BorrowedRecord, RawBatch, RawBatchBuilder};
use crate::task::Durable;

/// A consumer of a [`MemoryCluster`](super::MemoryCluster).
///
/// As strict as the real one: a second rebalance is not told before the first is answered, `Data` comes once until a
/// read was empty, and calls about partitions that are not assigned are refused.
pub struct MemoryConsumer {
    member: Member,
}

impl MemoryConsumer {
    pub(super) fn new(member: Member) -> Self {
        Self { member }
    }

    /// Notes the call, waits while it is held, and fails if it was told to; else does it.
    async fn call(
        &self,
        op: Op,
        call: Call,
        act: impl FnOnce(&mut State, usize) -> Result<(), ConnectError> + Send,
    ) -> Result<(), ConnectError> {
        self.member.change(|member| member.calls.push(call));
        self.member
            .until(|member| (!member.held.contains(&op)).then_some(()))
            .await;
        self.member.change(|member| member.fault(op))?;
        let index = self.member.index;
        self.member.shared.change(|state| act(state, index))
    }
}

#[async_trait]
impl GroupConsumer for MemoryConsumer {
    async fn subscribe(&mut self) -> Result<(), ConnectError> {
        self.call(Op::Subscribe, Call::Subscribe, |state, index| {
            state.members[index].subscribed = true;
            Ok(())
        })
        .await
    }

    async fn event(&mut self) -> ConsumerEvent {
        let index = self.member.index;
        self.member
            .shared
            .until(|state| state.answer_commit(index).or_else(|| state.next(index)))
            .await
    }

    fn read(&mut self, limits: ReadLimits) -> RawBatch {
        let mut state = self.member.shared.lock();
        let State { logs, members, .. } = &mut *state;
        let member = &mut members[self.member.index];
        let mut builder = RawBatchBuilder::default();
        'full: for fetch in member.fetches.values_mut().filter(|f| !f.paused) {
            let Some(log) = logs.get(fetch.partition.as_ref()) else {
                continue;
            };
            for (&offset, record) in log.records.range(fetch.next..) {
                let full = builder.len() >= limits.records
                    || (builder.bytes() + size(record) > limits.bytes && !builder.is_empty());
                if full {
                    break 'full;
                }
                push(&mut builder, fetch, offset, record);
                fetch.next = offset + 1;
            }
        }
        if builder.is_empty() {
            member.data = member.can_read(logs);
        }
        builder.build()
    }

    async fn assign(&mut self, starts: &[Start]) -> Result<(), ConnectError> {
        let call = Call::Assign(starts.to_vec());
        self.call(Op::Assign, call, |state, index| {
            for start in starts {
                let next = start
                    .offset
                    .or_else(|| state.committed_by(index, &start.partition));
                let fetch = Fetch {
                    partition: start.partition.clone(),
                    epoch: start.epoch,
                    next: next.unwrap_or(0),
                    paused: start.paused,
                };
                let fetches = &mut state.members[index].fetches;
                fetches.insert(start.partition.as_ref().clone(), fetch);
            }
            state.answered(index, Rebalance::Assigned);
            Ok(())
        })
        .await
    }

    async fn unassign(&mut self, partitions: &[TopicPartition]) -> Result<(), ConnectError> {
        let call = Call::Unassign(partitions.to_vec());
        self.call(Op::Unassign, call, |state, index| {
            for partition in partitions {
                state.members[index].fetches.remove(partition);
            }
            state.answered(index, Rebalance::Revoked);
            Ok(())
        })
        .await
    }

    async fn seek(&mut self, starts: &[Start]) -> Result<(), ConnectError> {
        let call = Call::Seek(starts.to_vec());
        self.call(Op::Seek, call, |state, index| {
            for start in starts {
                let committed = state.committed_by(index, &start.partition).unwrap_or(0);
                let fetch = state.fetch(index, &start.partition)?;
                fetch.epoch = start.epoch;
                fetch.next = start.offset.unwrap_or(committed);
                fetch.paused = start.paused;
            }
            state.rouse();
            Ok(())
        })
        .await
    }

    async fn pause(&mut self, partitions: &[TopicPartition]) -> Result<(), ConnectError> {
        let call = Call::Pause(partitions.to_vec());
        self.call(Op::Pause, call, |state, index| {
            for partition in partitions {
                state.fetch(index, partition)?.paused = true;
            }
            Ok(())
        })
        .await
    }

    async fn resume(&mut self, partitions: &[TopicPartition]) -> Result<(), ConnectError> {
        let call = Call::Resume(partitions.to_vec());
        self.call(Op::Resume, call, |state, index| {
            for partition in partitions {
                state.fetch(index, partition)?.paused = false;
            }
            state.rouse();
            Ok(())
        })
        .await
    }

    fn commit(&mut self, seq: u64, offsets: &Durable) -> Result<(), ConnectError> {
        let offsets = offsets.offsets().clone();
        self.member.change(|member| {
            member.calls.push(Call::Commit(seq, offsets.clone()));
            member.fault(Op::SendCommit)?;
            member.pending.push_back((seq, offsets));
            Ok(())
        })
    }

    fn positions(&self) -> Vec<Position> {
        let state = self.member.shared.lock();
        let fetches = state.members[self.member.index].fetches.values();
        let position = |f: &Fetch| Position {
            partition: f.partition.clone(),
            next: Some(f.next),
            begin: Some(0),
            end: state.logs.get(&*f.partition).map(|log| log.end),
        };
        fetches.map(position).collect()
    }

    async fn close(self: Box<Self>, _deadline: Duration) {
        self.member.change(|member| {
            member.calls.push(Call::Close);
            member.fetches.clear();
            member.unanswered = None;
            member.subscribed = false;
        });
    }
}

impl State {
    fn answer_commit(&mut self, index: usize) -> Option<ConsumerEvent> {
        let member = &mut self.members[index];
        if member.held.contains(&Op::Commit) {
            return None;
        }
        let (seq, offsets) = member.pending.pop_front()?;
        let result = member.fault(Op::Commit);
        if result.is_ok() {
            let group = self.committed.entry(member.group.clone()).or_default();
            group.extend(offsets);
        }
        Some(ConsumerEvent::Committed { seq, result })
    }

    /// The next thing the group or the cluster says, if it may be said now.
    fn next(&mut self, index: usize) -> Option<ConsumerEvent> {
        let member = &mut self.members[index];
        let (subscribed, unanswered) = (member.subscribed, member.unanswered.is_some());
        let rebalance = |event: &ConsumerEvent| match event {
            ConsumerEvent::Assigned(_) => Some(Rebalance::Assigned),
            ConsumerEvent::Revoked { .. } => Some(Rebalance::Revoked),
            _ => None,
        };
        let may = |e: &ConsumerEvent| rebalance(e).is_none() || (subscribed && !unanswered);
        if let Some(at) = member.events.iter().position(may) {
            let event = member.events.remove(at)?;
            member.unanswered = rebalance(&event).or(member.unanswered);
            return Some(event);
        }
        std::mem::take(&mut member.data).then_some(ConsumerEvent::Data)
    }

    fn answered(&mut self, index: usize, rebalance: Rebalance) {
        let member = &mut self.members[index];
        if member.unanswered == Some(rebalance) {
            member.unanswered = None;
        }
        self.rouse();
    }

    fn committed_by(&self, index: usize, partition: &TopicPartition) -> Option<i64> {
        let group = self.committed.get(&self.members[index].group)?;
        group.get(partition).copied()
    }

    fn fetch(
        &mut self,
        index: usize,
        partition: &TopicPartition,
    ) -> Result<&mut Fetch, ConnectError> {
        let fetches = &mut self.members[index].fetches;
        let absent = || ConnectError::fatal(format!("partition {partition} is not assigned"));
        fetches.get_mut(partition).ok_or_else(absent)
    }
}

fn size(record: &MemoryRecord) -> usize {
    let len = |bytes: &Option<bytes::Bytes>| bytes.as_ref().map_or(0, |b| b.len());
    let headers = record.headers.iter().map(|(n, v)| n.len() + len(v));
    len(&record.key) + len(&record.value) + headers.sum::<usize>()
}

fn push(builder: &mut RawBatchBuilder, fetch: &Fetch, offset: i64, record: &MemoryRecord) {
    let borrowed = BorrowedRecord {
        offset,
        timestamp: record.timestamp.unwrap_or(-1),
        timestamp_type: match record.timestamp {
            Some(_) => TimestampType::CreateTime,
            None => TimestampType::NoTimestampType,
        },
        key: record.key.as_deref(),
        value: record.value.as_deref(),
    };
    builder.push(&fetch.partition, fetch.epoch, borrowed);
    for (name, value) in &record.headers {
        builder.push_header(name, value.as_deref());
    }
}
