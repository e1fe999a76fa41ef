//! [`TopicMemo`]: what was worked out for a topic name, so that no pattern is matched once per record.

use std::sync::Arc;

const CAPACITY: usize = 64;

/// Topic names of the last records with a result each.
pub(crate) struct TopicMemo<T> {
    entries: Vec<(Arc<str>, T)>,
    oldest: usize,
}

impl<T: Clone> TopicMemo<T> {
    pub fn new() -> Self {
        Self {
            entries: Vec::new(),
            oldest: 0,
        }
    }

    /// The result for a topic, worked out if it is new.
    ///
    /// # Errors
    /// Those of `work_out`; they are not kept.
    pub fn get_or_try<E>(
        &mut self,
        topic: &Arc<str>,
        work_out: impl FnOnce(&Arc<str>) -> Result<T, E>,
    ) -> Result<T, E> {
        let known = |(name, _): &&(Arc<str>, T)| Arc::ptr_eq(name, topic) || name == topic;
        if let Some((_, result)) = self.entries.iter().find(known) {
            return Ok(result.clone());
        }
        let result = work_out(topic)?;
        let entry = (topic.clone(), result.clone());
        if self.entries.len() < CAPACITY {
            self.entries.push(entry);
        } else {
            self.entries[self.oldest] = entry;
            self.oldest = (self.oldest + 1) % CAPACITY;
        }
        Ok(result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_worked_out_once_and_the_oldest_makes_room() {
        let mut memo = TopicMemo::new();
        let mut asked = 0;
        let mut ask = |topic: &str| {
            memo.get_or_try(&Arc::from(topic), |t| {
                asked += 1;
                Ok::<_, ()>(t.len())
            })
        };
        assert_eq!(ask("orders"), Ok(6));
        assert_eq!(ask("orders"), Ok(6));
        for n in 0..CAPACITY {
            assert!(ask(&n.to_string()).is_ok());
        }
        assert_eq!(ask("orders"), Ok(6));
        assert_eq!(asked, 1 + CAPACITY + 1);
    }
}
