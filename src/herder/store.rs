//! [`Store`]: a log that the herder writes to, and acts on what it reads back from.
//!
//! The configuration is kept in one such log and the statuses in another. A cluster of many keeps them in topics that all
//! of it read; a worker alone in its memory, which forgets them with the process.

use std::collections::VecDeque;
use std::future::pending;

use async_trait::async_trait;

use super::error::HerderError;

/// A log of records. What is appended comes back by [`next`](Store::next), among what others have appended.
#[async_trait]
pub trait Store<R: Send + 'static>: Send {
    /// Appends records in this order and returns at once. That they have been read back, or why they will not be, is
    /// an [`Entry::Appended`] with this ticket.
    fn append(&mut self, records: Vec<R>) -> Ticket;

    /// What the log says next. May be dropped while it waits, and nothing is lost.
    async fn next(&mut self) -> Entry<R>;
}

/// The configuration's log.
pub type ConfigStore = dyn Store<super::state::ConfigRecord>;
/// The log of statuses.
pub type StatusStore = dyn Store<super::state::StatusRecord>;

/// Names one [`Store::append`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(pub u64);

#[derive(Debug)]
pub enum Entry<R> {
    /// Whoever appended it.
    Record(R),
    /// Every record of an append has come before this, or will not come.
    Appended(Ticket, Result<(), HerderError>),
}

/// A log in memory with one reader: what is read is folded by then and is not kept.
pub struct MemoryLog<R> {
    unread: VecDeque<Entry<R>>,
    tickets: u64,
}

impl<R> Default for MemoryLog<R> {
    fn default() -> Self {
        Self {
            unread: VecDeque::new(),
            tickets: 0,
        }
    }
}

#[async_trait]
impl<R: Send + 'static> Store<R> for MemoryLog<R> {
    fn append(&mut self, records: Vec<R>) -> Ticket {
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        self.unread.extend(records.into_iter().map(Entry::Record));
        self.unread.push_back(Entry::Appended(ticket, Ok(())));
        ticket
    }

    async fn next(&mut self) -> Entry<R> {
        match self.unread.pop_front() {
            Some(entry) => entry,
            // The one who waits is the one who appends, and asks again then.
            None => pending().await,
        }
    }
}
