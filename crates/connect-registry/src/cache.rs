//! [`Cache`]: what is known of the schemas that records name, with bounds.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::time::Instant;

use connect_api::ConnectError;
use connect_api::convert::SchemaUsed;

use crate::wire::SchemaId;

/// A schema in the place where a record uses it. One id may count for several topics.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Spot {
    pub id: SchemaId,
    pub topic: Arc<str>,
    /// The way to the message type, where the subject hangs on it; else empty.
    pub indexes: Vec<i32>,
}

impl Spot {
    fn is(&self, topic: &str, indexes: &[i32]) -> bool {
        *self.topic == *topic && self.indexes == indexes
    }
}

pub struct Entry<S> {
    pub spot: Spot,
    pub state: State<S>,
    /// None: as long as there is room.
    pub until: Option<Instant>,
    /// The round in which it was needed last.
    needed: u64,
}

pub enum State<S> {
    Known {
        schema: Arc<S>,
        used: SchemaUsed,
    },
    /// Every record that names it fails with this.
    Failed(ConnectError),
}

/// What the batch at hand needs is never thrown out, whatever the bounds.
pub struct Cache<S> {
    entries: HashMap<SchemaId, Vec<Entry<S>>, Ids>,
    most_known: usize,
    most_failed: usize,
    round: u64,
}

impl<S> Cache<S> {
    pub fn new(most_known: usize, most_failed: usize) -> Self {
        Self {
            entries: HashMap::with_hasher(Ids::new()),
            most_known,
            most_failed,
            round: 0,
        }
    }

    pub fn get(&self, id: &SchemaId, topic: &str, indexes: &[i32]) -> Option<&Entry<S>> {
        let entries = self.entries.get(id)?;
        entries.iter().find(|entry| entry.spot.is(topic, indexes))
    }

    /// Whether it is here and still counts; notes that it is needed.
    pub fn need(&mut self, id: &SchemaId, topic: &str, indexes: &[i32]) -> bool {
        let entries = self.entries.get_mut(id);
        let entry = entries.and_then(|all| all.iter_mut().find(|e| e.spot.is(topic, indexes)));
        let Some(entry) = entry else {
            return false;
        };
        entry.needed = self.round;
        // Nearly all last for ever, so the clock is not asked for each record.
        entry.until.is_none_or(|until| Instant::now() < until)
    }

    pub fn insert(&mut self, spot: Spot, state: State<S>, until: Option<Instant>) {
        let entries = self.entries.entry(spot.id).or_default();
        entries.retain(|entry| entry.spot != spot);
        entries.push(Entry {
            spot,
            state,
            until,
            needed: self.round,
        });
    }

    /// Everything that was needed is here: throws out what is too much, the longest unneeded first.
    pub fn next_round(&mut self) {
        self.throw_out(self.most_known, |state| {
            matches!(state, State::Known { .. })
        });
        self.throw_out(self.most_failed, |state| matches!(state, State::Failed(_)));
        self.round += 1;
    }

    fn throw_out(&mut self, most: usize, counts: impl Fn(&State<S>) -> bool) {
        let all = self.entries.values().flatten();
        let mut needed: Vec<u64> = all.filter(|e| counts(&e.state)).map(|e| e.needed).collect();
        let Some(too_many) = needed.len().checked_sub(most).filter(|n| *n > 0) else {
            return;
        };
        needed.sort_unstable();
        let oldest_kept = needed[too_many - 1] + 1;
        let limit = oldest_kept.min(self.round);
        self.entries.retain(|_, entries| {
            entries.retain(|entry| !counts(&entry.state) || entry.needed >= limit);
            !entries.is_empty()
        });
    }

    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.entries.values().map(Vec::len).sum()
    }
}

/// Hashes ids. They are looked up twice for each record, and the standard library's hash takes as long as half the fields
/// of a small one. Its seed is a secret of the process, since records choose their ids.
#[derive(Clone)]
struct Ids {
    seed: u64,
}

impl Ids {
    fn new() -> Self {
        Self {
            seed: RandomState::new().hash_one(0),
        }
    }
}

impl BuildHasher for Ids {
    type Hasher = IdHasher;

    fn build_hasher(&self) -> IdHasher {
        IdHasher(self.seed)
    }
}

struct IdHasher(u64);

impl IdHasher {
    #[inline]
    fn add(&mut self, word: u64) {
        let product = u128::from(self.0 ^ word) * 0x9e37_79b9_7f4a_7c15;
        self.0 = (product >> 64) as u64 ^ product as u64;
    }
}

impl Hasher for IdHasher {
    fn write(&mut self, bytes: &[u8]) {
        for part in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..part.len()].copy_from_slice(part);
            self.add(u64::from_le_bytes(word));
        }
    }

    #[inline]
    fn write_i32(&mut self, n: i32) {
        self.add(n as u32 as u64);
    }

    #[inline]
    fn write_isize(&mut self, n: isize) {
        self.add(n as u64);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spot(id: i32) -> Spot {
        Spot {
            id: SchemaId::Id(id),
            topic: "t".into(),
            indexes: Vec::new(),
        }
    }

    fn known() -> State<()> {
        State::Known {
            schema: Arc::new(()),
            used: SchemaUsed::default(),
        }
    }

    #[test]
    fn bounds_hold_but_never_for_what_the_batch_needs() {
        let mut cache = Cache::new(3, 1);
        for round in 0..10 {
            for id in 0..2 {
                cache.insert(spot(round * 10 + id), known(), None);
            }
            let failed = State::Failed(ConnectError::data("no"));
            cache.insert(spot(round * 10 + 5), failed, None);
            cache.next_round();
            for id in [0, 1, 5] {
                assert!(cache.need(&SchemaId::Id(round * 10 + id), "t", &[]));
            }
            assert!(cache.len() <= 8, "{}", cache.len());
        }
        // A batch of more than fit.
        for id in 100..110 {
            cache.insert(spot(id), known(), None);
        }
        cache.next_round();
        assert!((100..110).all(|id| cache.get(&SchemaId::Id(id), "t", &[]).is_some()));
    }

    #[test]
    fn ids_that_are_neighbours_hash_far_apart() {
        let ids = Ids::new();
        let hashes = (0..4096).map(|id| ids.hash_one(SchemaId::Id(id)));
        let guids = (0..=255).map(|last| {
            let mut guid = [0; 16];
            guid[15] = last;
            ids.hash_one(SchemaId::Guid(guid))
        });
        let all: std::collections::HashSet<u64> = hashes.chain(guids).collect();
        assert_eq!(all.len(), 4096 + 256);
        let tops: std::collections::HashSet<u64> = all.iter().map(|hash| hash >> 57).collect();
        let lows: std::collections::HashSet<u64> = all.iter().map(|hash| hash & 0xff).collect();
        assert!(
            tops.len() > 100 && lows.len() > 200,
            "{} {}",
            tops.len(),
            lows.len()
        );
    }

    #[test]
    fn what_has_expired_is_needed_anew_and_still_answers() {
        let mut cache = Cache::<()>::new(3, 3);
        let failed = State::Failed(ConnectError::data("no"));
        cache.insert(spot(1), failed, Some(Instant::now()));
        assert!(!cache.need(&SchemaId::Id(1), "t", &[]));
        assert!(cache.get(&SchemaId::Id(1), "t", &[]).is_some());
        assert!(cache.get(&SchemaId::Id(1), "u", &[]).is_none());
    }
}
