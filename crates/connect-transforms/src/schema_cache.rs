//! [`SchemaCache`]: what a transformation made of a schema, kept for the next record.

use std::sync::Arc;

use connect_api::ConnectError;
use connect_api::data::SchemaRef;

/// As many as Kafka's transformations keep.
const CAPACITY: usize = 16;

/// The last used schemas with what was made of each. Records of one topic share their schema object, so the pointer is
/// looked at before the content.
pub(crate) struct SchemaCache<T> {
    /// The last used first.
    entries: Vec<(SchemaRef, T)>,
}

impl<T> SchemaCache<T> {
    pub fn new() -> Self {
        Self {
            entries: Vec::new(),
        }
    }

    /// What was made of this schema, made now if it is new.
    ///
    /// # Errors
    /// Those of `make`; they are not kept.
    pub fn get_or_make(
        &mut self,
        schema: &SchemaRef,
        make: impl FnOnce(&SchemaRef) -> Result<T, ConnectError>,
    ) -> Result<&mut T, ConnectError> {
        let by_pointer = self
            .entries
            .iter()
            .position(|(s, _)| Arc::ptr_eq(s, schema));
        let place = by_pointer.or_else(|| self.entries.iter().position(|(s, _)| s == schema));
        match place {
            Some(place) => {
                self.entries[..=place].rotate_right(1);
                if by_pointer.is_none() {
                    // Of equal schemas the one that came last is the one that comes next.
                    self.entries[0].0.clone_from(schema);
                }
            }
            None => {
                let made = make(schema)?;
                self.entries.truncate(CAPACITY - 1);
                self.entries.insert(0, (schema.clone(), made));
            }
        }
        Ok(&mut self.entries[0].1)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use connect_api::data::{SchemaBuilder, Type};

    use super::*;

    fn named(name: &str) -> SchemaRef {
        SchemaBuilder::new(Type::Int32).name(name).build().unwrap()
    }

    #[test]
    fn a_schema_is_worked_on_once_while_it_is_among_the_last_sixteen() {
        let mut cache = SchemaCache::new();
        let mut made = Vec::new();
        let mut ask = |name: String| {
            cache
                .get_or_make(&named(&name), |_| {
                    made.push(name.clone());
                    Ok(())
                })
                .unwrap();
        };
        for n in 0..16 {
            ask(n.to_string());
        }
        ask("0".to_owned());
        ask("new".to_owned());
        ask("0".to_owned());
        ask("1".to_owned());
        let expected: Vec<String> = (0..16).map(|n| n.to_string()).collect();
        assert_eq!(made[..16], expected);
        assert_eq!(made[16..], ["new", "1"]);
    }

    #[test]
    fn a_failure_is_not_kept() {
        let mut cache = SchemaCache::new();
        let schema = named("a");
        let failed = cache.get_or_make(&schema, |_| Err(ConnectError::data("no")));
        assert!(failed.is_err());
        assert_eq!(cache.get_or_make(&schema, |_| Ok(1)).copied().ok(), Some(1));
    }
}
