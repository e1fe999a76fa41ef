//! Which topics a task has got records of.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Tells each topic once, when its first record has passed the converters, and once more after every reset.
pub struct TopicTracker {
    told: HashSet<Arc<str>>,
    /// Resets so far; who counts them up has forgotten the topics before.
    resets: Arc<AtomicU64>,
    seen_resets: u64,
    tell: Box<dyn FnMut(&str) + Send>,
}

impl TopicTracker {
    pub fn new(resets: Arc<AtomicU64>, tell: impl FnMut(&str) + Send + 'static) -> Self {
        Self {
            told: HashSet::new(),
            seen_resets: resets.load(Ordering::Relaxed),
            resets,
            tell: Box::new(tell),
        }
    }

    /// Records of a topic have passed. Meant for whole runs of a batch, not for single records.
    pub fn passed(&mut self, topic: &str) {
        let resets = self.resets.load(Ordering::Relaxed);
        if resets != self.seen_resets {
            self.seen_resets = resets;
            self.told.clear();
        }
        if !self.told.contains(topic) {
            self.told.insert(topic.into());
            (self.tell)(topic);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, PoisonError};

    use super::*;

    #[test]
    fn a_topic_is_told_once_and_again_after_a_reset() {
        let resets = Arc::new(AtomicU64::new(3));
        let told: Arc<Mutex<Vec<String>>> = Arc::default();
        let list = told.clone();
        let mut tracker = TopicTracker::new(resets.clone(), move |topic| {
            let mut told = list.lock().unwrap_or_else(PoisonError::into_inner);
            told.push(topic.to_owned());
        });
        for topic in ["a", "b", "a"] {
            tracker.passed(topic);
        }
        resets.fetch_add(1, Ordering::Relaxed);
        for topic in ["b", "b"] {
            tracker.passed(topic);
        }
        let told = told.lock().unwrap_or_else(PoisonError::into_inner);
        assert_eq!(*told, ["a", "b", "b"]);
    }
}
