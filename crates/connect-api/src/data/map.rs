//! [`Map`]: keys to values in the order they came.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use bytestring::ByteString;

use super::Value;

/// A map as Connect data holds it: any key, no key twice, insertion order kept.
///
/// Records have few members, so entries lie side by side and look-up walks them; only building a large map from
/// unchecked input uses an index, so that no document can make it quadratic. Equality ignores order, as in Java.
#[derive(Clone, Debug, Default)]
pub struct Map {
    entries: Vec<(Value, Value)>,
}

/// Up to this size, finding a repeated key by walking is faster than hashing.
const WALK_UP_TO: usize = 24;

impl Map {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn with_capacity(n: usize) -> Self {
        Self {
            entries: Vec::with_capacity(n),
        }
    }

    /// A map of the entries; of a repeated key the last value wins and keeps the first one's place, as
    /// `LinkedHashMap.put` does.
    pub fn from_entries(mut entries: Vec<(Value, Value)>) -> Self {
        if !has_repeated_key(&entries) {
            return Self { entries };
        }
        let mut places: HashMap<Value, usize> = HashMap::with_capacity(entries.len());
        let mut kept: Vec<(Value, Value)> = Vec::with_capacity(entries.len());
        for (key, value) in entries.drain(..) {
            match places.entry(key) {
                Entry::Occupied(place) => kept[*place.get()].1 = value,
                Entry::Vacant(place) => {
                    kept.push((place.key().clone(), value));
                    place.insert(kept.len() - 1);
                }
            }
        }
        Self { entries: kept }
    }

    /// A map of entries of which the caller knows that no key stands in it twice; nothing is checked.
    pub fn from_distinct_entries(entries: Vec<(Value, Value)>) -> Self {
        debug_assert!(!has_repeated_key(&entries));
        Self { entries }
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Value, &Value)> {
        self.entries.iter().map(|(k, v)| (k, v))
    }

    /// The value under a string key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.entries
            .iter()
            .find(|(k, _)| matches!(k, Value::String(s) if s == key))
            .map(|(_, v)| v)
    }

    /// The value under a string key, to change in place.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        self.entries
            .iter_mut()
            .find(|(k, _)| matches!(k, Value::String(s) if s == key))
            .map(|(_, v)| v)
    }

    /// The value under any key.
    pub fn get_value(&self, key: &Value) -> Option<&Value> {
        self.entries.iter().find(|(k, _)| k == key).map(|(_, v)| v)
    }

    /// Sets a key; the former value is returned.
    pub fn insert(&mut self, key: Value, value: Value) -> Option<Value> {
        if let Some((_, old)) = self.entries.iter_mut().find(|(k, _)| *k == key) {
            return Some(std::mem::replace(old, value));
        }
        self.entries.push((key, value));
        None
    }

    /// Sets a string key.
    pub fn insert_str(&mut self, key: impl Into<ByteString>, value: Value) -> Option<Value> {
        self.insert(Value::String(key.into()), value)
    }

    /// Takes a string key out; the order of the others stays.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        let place = self
            .entries
            .iter()
            .position(|(k, _)| matches!(k, Value::String(s) if s == key))?;
        Some(self.entries.remove(place).1)
    }

    pub fn into_entries(self) -> Vec<(Value, Value)> {
        self.entries
    }
}

fn has_repeated_key(entries: &[(Value, Value)]) -> bool {
    if entries.len() <= WALK_UP_TO {
        return entries
            .iter()
            .enumerate()
            .any(|(i, (k, _))| entries[..i].iter().any(|(other, _)| other == k));
    }
    let mut seen = std::collections::HashSet::with_capacity(entries.len());
    !entries.iter().all(|(k, _)| seen.insert(k))
}

impl PartialEq for Map {
    fn eq(&self, other: &Self) -> bool {
        if self.len() != other.len() {
            return false;
        }
        // Nearly always both sides have the same order.
        if self
            .entries
            .iter()
            .zip(&other.entries)
            .all(|(a, b)| a.0 == b.0 && a.1 == b.1)
        {
            return true;
        }
        if self.len() <= WALK_UP_TO {
            return self.iter().all(|(k, v)| other.get_value(k) == Some(v));
        }
        let index: HashMap<&Value, &Value> = other.iter().collect();
        self.iter().all(|(k, v)| index.get(k) == Some(&v))
    }
}

impl FromIterator<(Value, Value)> for Map {
    fn from_iter<I: IntoIterator<Item = (Value, Value)>>(entries: I) -> Self {
        Self::from_entries(entries.into_iter().collect())
    }
}
