//! Kafka in memory, for tests: a cluster that holds records and committed offsets, consumers whose group is played by
//! the test, and a dead letter topic. All of it can be told to fail and to wait.
//!
//! There is no coordinator: the test says through a [`Member`] what the group gives and takes. What a consumer was
//! asked to do is kept in order ([`Member::calls`]).

mod consumer;
mod dead_letters;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

pub use consumer::MemoryConsumer;
pub use dead_letters::MemoryDeadLetters;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use connect_api::sink::Offsets;
use connect_api::{ConnectError, TopicPartition};
use tokio::sync::watch;

use super::{ConsumerEvent, GroupAdmin, GroupChange, Start};

/// A cluster. Cloning gives another handle.
#[derive(Clone, Default)]
pub struct MemoryCluster {
    shared: Arc<Shared>,
}

/// A record as a test writes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemoryRecord {
    pub key: Option<Bytes>,
    pub value: Option<Bytes>,
    /// Milliseconds since the epoch (as `CreateTime`); none: the record has no timestamp.
    pub timestamp: Option<i64>,
    pub headers: Vec<(Bytes, Option<Bytes>)>,
}

impl MemoryRecord {
    /// A record with a value only.
    pub fn value(value: impl Into<Bytes>) -> Self {
        Self {
            value: Some(value.into()),
            ..Self::default()
        }
    }

    /// With this key.
    pub fn with_key(mut self, key: impl Into<Bytes>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// With this timestamp.
    pub fn at(mut self, unix_ms: i64) -> Self {
        self.timestamp = Some(unix_ms);
        self
    }

    /// With one more header.
    pub fn with_header(mut self, name: impl Into<Bytes>, value: impl Into<Bytes>) -> Self {
        self.headers.push((name.into(), Some(value.into())));
        self
    }
}

/// What can be told to fail or to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Op {
    Subscribe,
    Assign,
    Unassign,
    Seek,
    Pause,
    Resume,
    /// The answer to a commit.
    Commit,
    /// Sending a commit; cannot wait.
    SendCommit,
    /// A dead letter topic's `prepare` and `send`.
    Prepare,
    Send,
}

/// What a consumer was asked to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    Subscribe,
    Assign(Vec<Start>),
    Unassign(Vec<TopicPartition>),
    Seek(Vec<Start>),
    Pause(Vec<TopicPartition>),
    Resume(Vec<TopicPartition>),
    Commit(u64, Offsets),
    Close,
}

impl MemoryCluster {
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a record and answers with its offset. The topic and its partitions come to be as needed.
    pub fn append(&self, topic: &str, partition: i32, record: MemoryRecord) -> i64 {
        self.shared.change(|state| {
            let log = state
                .logs
                .entry(TopicPartition::new(topic, partition))
                .or_default();
            let offset = log.end;
            log.records.insert(offset, record);
            log.end += 1;
            state.rouse();
            offset
        })
    }

    /// Leaves out the next `count` offsets, as compaction and transactions do.
    pub fn skip(&self, topic: &str, partition: i32, count: i64) {
        self.shared.change(|state| {
            let log = state
                .logs
                .entry(TopicPartition::new(topic, partition))
                .or_default();
            log.end += count;
        });
    }

    /// The group's committed offset.
    pub fn committed(&self, group: &str, partition: &TopicPartition) -> Option<i64> {
        let state = self.shared.lock();
        state.committed.get(group)?.get(partition).copied()
    }

    /// Commits as another member of the group would have.
    pub fn commit(&self, group: &str, partition: TopicPartition, offset: i64) {
        self.shared.change(|state| {
            state
                .committed
                .entry(group.to_owned())
                .or_default()
                .insert(partition, offset);
        });
    }

    /// A consumer of the group and the handle by which the test plays the group towards it.
    pub fn member(&self, group: &str) -> (MemoryConsumer, Member) {
        let index = self.shared.change(|state| {
            state.members.push(MemberState::new(group));
            state.members.len() - 1
        });
        let member = Member {
            shared: self.shared.clone(),
            index,
        };
        (MemoryConsumer::new(member.clone()), member)
    }
}

/// The test's side of one consumer. Cloning gives another handle.
#[derive(Clone)]
pub struct Member {
    shared: Arc<Shared>,
    index: usize,
}

impl Member {
    /// The group gives these partitions.
    pub fn assign(&self, partitions: &[TopicPartition]) {
        self.push(ConsumerEvent::Assigned(partitions.to_vec()));
    }

    /// The group asks for these partitions back.
    pub fn revoke(&self, partitions: &[TopicPartition]) {
        self.push(ConsumerEvent::Revoked {
            partitions: partitions.to_vec(),
            lost: false,
        });
    }

    /// The group has taken these partitions away.
    pub fn lose(&self, partitions: &[TopicPartition]) {
        self.push(ConsumerEvent::Revoked {
            partitions: partitions.to_vec(),
            lost: true,
        });
    }

    /// Something is wrong with the cluster.
    pub fn problem(&self, error: ConnectError) {
        self.push(ConsumerEvent::Problem(error));
    }

    /// The next call of that kind fails. May be told several times; then as many calls fail.
    pub fn fail(&self, op: Op, error: ConnectError) {
        self.change(|member| member.faults.entry(op).or_default().push_back(error));
    }

    /// Calls of that kind wait until [`release`](Self::release).
    pub fn hold(&self, op: Op) {
        self.change(|member| member.held.insert(op));
    }

    /// Calls of that kind go on.
    pub fn release(&self, op: Op) {
        self.change(|member| member.held.remove(&op));
    }

    /// Waits until everything the group said so far is answered.
    pub async fn settled(&self) {
        self.until(|member| {
            let said = |e: &ConsumerEvent| !matches!(e, ConsumerEvent::Committed { .. });
            (member.unanswered.is_none() && !member.events.iter().any(said)).then_some(())
        })
        .await;
    }

    /// Waits until the calls so far satisfy the condition.
    pub async fn called(&self, condition: impl Fn(&[Call]) -> bool) {
        self.until(|member| condition(&member.calls).then_some(()))
            .await;
    }

    /// All calls so far, in order. Reading is not among them.
    pub fn calls(&self) -> Vec<Call> {
        self.look(|member| member.calls.clone())
    }

    /// The partitions the consumer has been assigned and keeps, with the offset of the next record to be read.
    pub fn positions(&self) -> Offsets {
        self.look(|member| {
            let next = |(p, f): (&TopicPartition, &Fetch)| (p.clone(), f.next);
            member.fetches.iter().map(next).collect()
        })
    }

    pub fn paused(&self) -> Vec<TopicPartition> {
        self.look(|member| {
            let paused = member.fetches.iter().filter(|(_, f)| f.paused);
            paused.map(|(p, _)| p.clone()).collect()
        })
    }

    pub fn is_closed(&self) -> bool {
        self.look(|member| member.calls.last() == Some(&Call::Close))
    }

    fn push(&self, event: ConsumerEvent) {
        self.change(|member| member.events.push_back(event));
    }

    fn look<T>(&self, f: impl FnOnce(&MemberState) -> T) -> T {
        f(&self.shared.lock().members[self.index])
    }

    fn change<T>(&self, f: impl FnOnce(&mut MemberState) -> T) -> T {
        let index = self.index;
        self.shared.change(|state| f(&mut state.members[index]))
    }

    /// Waits for the state in which `f` answers; what `f` changes then is changed once, so the wait can be cancelled.
    async fn until<T>(&self, f: impl Fn(&mut MemberState) -> Option<T>) -> T {
        let index = self.index;
        self.shared
            .until(|state| f(&mut state.members[index]))
            .await
    }
}

/// One state under one lock, and a counter of its changes to wait on.
#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changes: watch::Sender<u64>,
}

/// A member that is subscribed and not closed keeps others from changing the group's offsets.
#[async_trait]
impl GroupAdmin for MemoryCluster {
    async fn group_offsets(&self, group: &str) -> Result<Offsets, ConnectError> {
        let state = self.shared.lock();
        Ok(state.committed.get(group).cloned().unwrap_or_default())
    }

    async fn alter_group_offsets(
        &self,
        group: &str,
        offsets: &Offsets,
    ) -> Result<GroupChange, ConnectError> {
        Ok(self.change_group(group, |committed| committed.extend(offsets.clone())))
    }

    async fn delete_group_offsets(
        &self,
        group: &str,
        partitions: &[TopicPartition],
    ) -> Result<GroupChange, ConnectError> {
        let forget = |committed: &mut Offsets| committed.retain(|p, _| !partitions.contains(p));
        Ok(self.change_group(group, forget))
    }

    async fn delete_group(&self, group: &str) -> Result<GroupChange, ConnectError> {
        Ok(self.change_group(group, Offsets::clear))
    }
}

impl MemoryCluster {
    fn change_group(&self, group: &str, change: impl FnOnce(&mut Offsets)) -> GroupChange {
        self.shared.change(|state| {
            let is_closed = |m: &MemberState| m.calls.last() == Some(&Call::Close);
            let is_member = |m: &MemberState| m.group == group && m.subscribed && !is_closed(m);
            if state.members.iter().any(is_member) {
                return GroupChange::GroupHasMembers;
            }
            change(state.committed.entry(group.to_owned()).or_default());
            GroupChange::Done
        })
    }
}

#[derive(Default)]
struct State {
    logs: BTreeMap<TopicPartition, Log>,
    committed: BTreeMap<String, Offsets>,
    members: Vec<MemberState>,
}

#[derive(Default)]
struct Log {
    records: BTreeMap<i64, MemoryRecord>,
    end: i64,
}

struct MemberState {
    group: String,
    subscribed: bool,
    events: VecDeque<ConsumerEvent>,
    /// The rebalance the consumer has been told of and has not answered: assigned or revoked.
    unanswered: Option<Rebalance>,
    /// Commits whose answer is held back.
    pending: VecDeque<(u64, Offsets)>,
    fetches: BTreeMap<TopicPartition, Fetch>,
    /// Like librdkafka's queue: told once when something comes, not again until it was read empty.
    data: bool,
    faults: BTreeMap<Op, VecDeque<ConnectError>>,
    held: BTreeSet<Op>,
    calls: Vec<Call>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Rebalance {
    Assigned,
    Revoked,
}

/// Where the consumer reads a partition.
struct Fetch {
    partition: Arc<TopicPartition>,
    epoch: u64,
    next: i64,
    paused: bool,
}

impl MemberState {
    fn new(group: &str) -> Self {
        Self {
            group: group.to_owned(),
            subscribed: false,
            events: VecDeque::new(),
            unanswered: None,
            pending: VecDeque::new(),
            fetches: BTreeMap::new(),
            data: false,
            faults: BTreeMap::new(),
            held: BTreeSet::new(),
            calls: Vec::new(),
        }
    }

    fn fault(&mut self, op: Op) -> Result<(), ConnectError> {
        match self.faults.get_mut(&op).and_then(VecDeque::pop_front) {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    fn can_read(&self, logs: &BTreeMap<TopicPartition, Log>) -> bool {
        self.fetches.values().any(|f| {
            let log = logs.get(f.partition.as_ref());
            !f.paused && log.is_some_and(|log| log.records.range(f.next..).next().is_some())
        })
    }
}

impl State {
    /// Tells members of records they can read.
    fn rouse(&mut self) {
        for member in &mut self.members {
            member.data |= member.can_read(&self.logs);
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change<T>(&self, f: impl FnOnce(&mut State) -> T) -> T {
        let result = f(&mut self.lock());
        self.changes.send_modify(|n| *n += 1);
        result
    }

    async fn until<T>(&self, f: impl Fn(&mut State) -> Option<T>) -> T {
        let mut changes = self.changes.subscribe();
        loop {
            if let Some(result) = f(&mut self.lock()) {
                self.changes.send_modify(|n| *n += 1);
                return result;
            }
            // The sender is in `self`, so this cannot fail.
            let _ = changes.changed().await;
        }
    }
}
