//! [`MemoryDeadLetters`]: a dead letter topic in memory.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use connect_api::ConnectError;
use tokio::sync::watch;

use super::Op;
use crate::kafka::{DeadLetterTopic, Letter};

/// Collects letters. Cloning gives another handle, so a test keeps one.
#[derive(Clone, Default)]
pub struct MemoryDeadLetters {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changes: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    prepared: bool,
    letters: Vec<Letter>,
    /// Sends that wait because they are held.
    waiting: usize,
    faults: BTreeMap<Op, VecDeque<ConnectError>>,
    held: BTreeSet<Op>,
}

impl MemoryDeadLetters {
    pub fn new() -> Self {
        Self::default()
    }

    /// What was acknowledged, in order.
    pub fn letters(&self) -> Vec<Letter> {
        self.lock().letters.clone()
    }

    /// Whether the topic was prepared.
    pub fn is_prepared(&self) -> bool {
        self.lock().prepared
    }

    /// The next [`Op::Prepare`] or [`Op::Send`] fails; a failed send keeps none of its letters.
    pub fn fail(&self, op: Op, error: ConnectError) {
        self.change(|state| state.faults.entry(op).or_default().push_back(error));
    }

    /// Calls of that kind wait until [`release`](Self::release).
    pub fn hold(&self, op: Op) {
        self.change(|state| state.held.insert(op));
    }

    pub fn release(&self, op: Op) {
        self.change(|state| state.held.remove(&op));
    }

    /// Waits until this many letters were acknowledged.
    pub async fn received(&self, count: usize) {
        self.until(|state| state.letters.len() >= count).await;
    }

    /// Waits until a held call is there.
    pub async fn waited_for(&self) {
        self.until(|state| state.waiting > 0).await;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn change<T>(&self, f: impl FnOnce(&mut State) -> T) -> T {
        let result = f(&mut self.lock());
        self.shared.changes.send_modify(|n| *n += 1);
        result
    }

    async fn until(&self, condition: impl Fn(&State) -> bool) {
        let mut changes = self.shared.changes.subscribe();
        while !condition(&self.lock()) {
            // The sender is in `self`, so this cannot fail.
            let _ = changes.changed().await;
        }
    }

    async fn call(&self, op: Op) -> Result<(), ConnectError> {
        self.change(|state| state.waiting += 1);
        self.until(|state| !state.held.contains(&op)).await;
        self.change(|state| {
            state.waiting -= 1;
            match state.faults.get_mut(&op).and_then(VecDeque::pop_front) {
                Some(error) => Err(error),
                None => Ok(()),
            }
        })
    }
}

#[async_trait]
impl DeadLetterTopic for MemoryDeadLetters {
    async fn prepare(&self) -> Result<(), ConnectError> {
        self.call(Op::Prepare).await?;
        self.change(|state| state.prepared = true);
        Ok(())
    }

    async fn send(&self, letters: Vec<Letter>) -> Result<(), ConnectError> {
        self.call(Op::Send).await?;
        self.change(|state| state.letters.extend(letters));
        Ok(())
    }
}
