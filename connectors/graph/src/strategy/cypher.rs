//! The Cypher strategy: a user's statement that runs once for each record.

use connect_api::{ConnectError, RecordSlice, SinkRecord};
use neo4rs::{BoltList, BoltType};

use crate::cypher_text::{CypherText, quote};
use crate::statement::{self, Frame, Statement};
use crate::value;

/// Under which names a statement finds the parts of a record; none: not bound.
#[derive(Clone, Debug)]
pub struct Bindings {
    pub event: bool,
    pub timestamp: Option<String>,
    pub header: Option<String>,
    pub key: Option<String>,
    pub value: Option<String>,
}

/// A part of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Timestamp,
    Header,
    Key,
    Value,
}

/// How one topic is written.
#[derive(Clone, Debug)]
pub struct CypherStrategy {
    statement: CypherText,
    /// What a row carries: the parts that the statement mentions. What it does not is neither converted nor sent.
    parts: Vec<Part>,
    /// Names of the parts, quoted, with their place in the row.
    names: Vec<(String, usize)>,
    frame: Frame,
}

impl CypherStrategy {
    pub fn new(statement: &str, bindings: &Bindings) -> Self {
        let statement = CypherText::read(statement);
        let (parts, names) = bound_parts(&statement, bindings);
        let frame = statement::batch(&statement, &names, true);
        Self {
            statement,
            parts,
            names,
            frame,
        }
    }

    /// The frames to choose from, the best one first.
    pub fn frames(&self, scoped: bool) -> [Frame; 2] {
        [
            statement::batch(&self.statement, &self.names, scoped),
            statement::single(&self.statement, &self.names),
        ]
    }

    pub fn use_frame(&mut self, frame: Frame) {
        self.frame = frame;
    }

    /// The statements that write these records, in their order.
    ///
    /// # Errors
    /// The place of the record that cannot be converted, and why.
    pub fn statements(
        &self,
        records: &RecordSlice,
        places: &[usize],
        batch_size: usize,
    ) -> Result<Vec<Statement>, (usize, ConnectError)> {
        let mut statements = Vec::new();
        for chunk in places.chunks(batch_size) {
            let mut rows = Vec::with_capacity(chunk.len());
            for &place in chunk {
                let row = self.row(records.get(place));
                rows.push(row.map_err(|error| (place, error))?);
            }
            match &self.frame {
                Frame::Batch(text) => statements.push(Statement {
                    text: text.clone(),
                    events: BoltType::List(BoltList::from(rows)),
                }),
                Frame::Single(text) => statements.extend(rows.into_iter().map(|row| Statement {
                    text: text.clone(),
                    events: row,
                })),
            }
        }
        Ok(statements)
    }

    fn row(&self, record: &SinkRecord) -> Result<BoltType, ConnectError> {
        let mut row = Vec::with_capacity(self.parts.len());
        for part in &self.parts {
            row.push(match part {
                Part::Timestamp => value::encode_timestamp(record)?,
                Part::Header => value::encode_headers(&record.headers)?,
                Part::Key => value::encode_message(record.key_schema.as_deref(), &record.key)?,
                Part::Value => {
                    value::encode_message(record.value_schema.as_deref(), &record.value)?
                }
            });
        }
        Ok(BoltType::List(BoltList::from(row)))
    }
}

/// The parts that the statement mentions, and under which names.
fn bound_parts(statement: &CypherText, bindings: &Bindings) -> (Vec<Part>, Vec<(String, usize)>) {
    let event = bindings.event.then_some("event");
    let bound = [
        (event, Part::Value),
        (bindings.timestamp.as_deref(), Part::Timestamp),
        (bindings.header.as_deref(), Part::Header),
        (bindings.key.as_deref(), Part::Key),
        (bindings.value.as_deref(), Part::Value),
    ];
    let mut parts = Vec::new();
    let mut names: Vec<(String, usize)> = Vec::new();
    for (name, part) in bound {
        let Some(name) = name.filter(|name| statement.mentions(name)) else {
            continue;
        };
        let place = parts.iter().position(|&known| known == part);
        let place = place.unwrap_or_else(|| {
            parts.push(part);
            parts.len() - 1
        });
        let name = (quote(name), place);
        // The value may be bound under the name `event` twice.
        if !names.contains(&name) {
            names.push(name);
        }
    }
    (parts, names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bindings() -> Bindings {
        Bindings {
            event: true,
            timestamp: Some("__timestamp".into()),
            header: Some("__header".into()),
            key: Some("odd key".into()),
            value: Some("__value".into()),
        }
    }

    #[test]
    fn only_what_is_mentioned_is_sent() {
        use Part::*;
        let all: &[Part] = &[Value, Timestamp, Header, Key];
        for (statement, parts, names) in [
            ("CREATE (:A)", &[][..], ""),
            (
                "CREATE (:A {a: event.a, b: __value.b})",
                &[Value],
                "event=0 __value=0",
            ),
            (
                "CREATE (:A {a: `odd key`, b: __timestamp})",
                &[Timestamp, Key],
                "__timestamp=0 `odd key`=1",
            ),
            (
                "CREATE (:A {a: \\u0065vent})",
                all,
                "event=0 __timestamp=1 __header=2 `odd key`=3 __value=0",
            ),
        ] {
            let strategy = CypherStrategy::new(statement, &bindings());
            assert_eq!(strategy.parts, parts, "{statement}");
            let shown: Vec<String> = strategy
                .names
                .iter()
                .map(|(n, p)| format!("{n}={p}"))
                .collect();
            assert_eq!(shown.join(" "), names, "{statement}");
        }
    }

    #[test]
    fn a_name_that_is_off_is_not_bound() {
        let off = Bindings {
            event: false,
            value: Some("event".into()),
            ..bindings()
        };
        let strategy = CypherStrategy::new("CREATE (:A {a: event.a})", &off);
        assert_eq!(strategy.names, [("event".to_owned(), 0)]);
        let both = Bindings { event: true, ..off };
        let strategy = CypherStrategy::new("CREATE (:A {a: event.a})", &both);
        assert_eq!(strategy.names, [("event".to_owned(), 0)]);
    }
}
