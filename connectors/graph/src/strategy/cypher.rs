//! The Cypher strategy: a user's statement that runs once for each record.

use connect_api::{ConnectError, RecordSlice, SinkRecord};
use neo4rs::{BoltList, BoltType};

use crate::cypher_text::{CypherText, always_quote, quote};
use crate::statement::{self, Binding, Frame, Source, Statement};
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
    /// Every part that the statement mentions, whole.
    whole: Form,
    /// Only the fields that it reads; for records whose parts are maps. None if it may read all, or may not be used.
    fields: Option<Form>,
}

/// What a row carries, and the frame that takes it. Parts that the statement does not mention are neither converted
/// nor sent.
#[derive(Clone, Debug)]
struct Form {
    parts: Vec<(Part, Carried)>,
    bindings: Vec<Binding>,
    frame: Frame,
}

/// How much of a part a row carries.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Carried {
    Whole,
    /// One place for each of these fields.
    Fields(Vec<String>),
}

impl Carried {
    /// Places in a row.
    fn width(&self) -> usize {
        match self {
            Carried::Whole => 1,
            Carried::Fields(names) => names.len(),
        }
    }
}

impl Form {
    fn new(statement: &CypherText, parts: Vec<(Part, Carried)>, bindings: Vec<Binding>) -> Self {
        let frame = statement::batch(statement, &bindings, true);
        Self {
            parts,
            bindings,
            frame,
        }
    }

    /// The record as a row; none if a part of which fields are to be carried is no map.
    fn row(&self, record: &SinkRecord) -> Result<Option<BoltType>, ConnectError> {
        let mut row = Vec::with_capacity(self.width());
        for (part, carried) in &self.parts {
            match carried {
                Carried::Whole => row.push(whole(*part, record)?),
                Carried::Fields(names) => {
                    if !fields(*part, record, names, &mut row)? {
                        return Ok(None);
                    }
                }
            }
        }
        Ok(Some(BoltType::List(BoltList { value: row })))
    }

    fn width(&self) -> usize {
        self.parts.iter().map(|(_, carried)| carried.width()).sum()
    }

    /// Rows of these records; none if one of them does not have this form.
    fn rows(
        &self,
        records: &RecordSlice,
        places: &[usize],
    ) -> Result<Option<Vec<BoltType>>, (usize, ConnectError)> {
        let mut rows = Vec::with_capacity(places.len());
        for &place in places {
            match self.row(records.get(place)).map_err(|e| (place, e))? {
                Some(row) => rows.push(row),
                None => return Ok(None),
            }
        }
        Ok(Some(rows))
    }

    fn statements(&self, rows: Vec<BoltType>, statements: &mut Vec<Statement>) {
        match &self.frame {
            Frame::Batch(text) => statements.push(Statement {
                text: text.clone(),
                events: BoltType::List(BoltList { value: rows }),
            }),
            Frame::Single(text) => statements.extend(rows.into_iter().map(|row| Statement {
                text: text.clone(),
                events: row,
            })),
        }
    }
}

impl CypherStrategy {
    pub fn new(statement: &str, bindings: &Bindings) -> Self {
        let statement = CypherText::read(statement);
        let bound = bound(&statement, bindings);
        let (parts, names) = whole_parts(&bound);
        let whole = Form::new(&statement, parts, names);
        let fields = field_parts(&bound).map(|(parts, names)| Form::new(&statement, parts, names));
        Self {
            statement,
            whole,
            fields,
        }
    }

    /// The frames to choose from, the best one first.
    pub fn frames(&self, scoped: bool) -> [Frame; 2] {
        [
            statement::batch(&self.statement, &self.whole.bindings, scoped),
            statement::single(&self.statement, &self.whole.bindings),
        ]
    }

    pub fn use_frame(&mut self, frame: Frame) {
        self.whole.frame = frame;
    }

    /// The frame of the chosen kind for rows that carry only fields; none if there is nothing to leave out.
    pub fn frame_of_fields(&self, scoped: bool) -> Option<Frame> {
        let form = self.fields.as_ref()?;
        Some(match self.whole.frame {
            Frame::Batch(_) => statement::batch(&self.statement, &form.bindings, scoped),
            Frame::Single(_) => statement::single(&self.statement, &form.bindings),
        })
    }

    /// Takes that frame, or never carries fields alone.
    pub fn use_frame_of_fields(&mut self, frame: Option<Frame>) {
        self.fields = match (self.fields.take(), frame) {
            (Some(form), Some(frame)) => Some(Form { frame, ..form }),
            _ => None,
        };
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
            if let Some(form) = &self.fields
                && let Some(rows) = form.rows(records, chunk)?
            {
                form.statements(rows, &mut statements);
            } else if let Some(rows) = self.whole.rows(records, chunk)? {
                self.whole.statements(rows, &mut statements);
            }
        }
        Ok(statements)
    }
}

fn whole(part: Part, record: &SinkRecord) -> Result<BoltType, ConnectError> {
    match part {
        Part::Timestamp => value::encode_timestamp(record),
        Part::Header => value::encode_headers(&record.headers),
        Part::Key => value::encode_message(record.key_schema.as_deref(), &record.key),
        Part::Value => value::encode_message(record.value_schema.as_deref(), &record.value),
    }
}

/// Appends the fields of a part; false, and nothing is appended, if it is no map.
fn fields(
    part: Part,
    record: &SinkRecord,
    names: &[String],
    row: &mut Vec<BoltType>,
) -> Result<bool, ConnectError> {
    match part {
        Part::Key => value::encode_fields(record.key_schema.as_deref(), &record.key, names, row),
        Part::Value => {
            value::encode_fields(record.value_schema.as_deref(), &record.value, names, row)
        }
        Part::Timestamp | Part::Header => Ok(value::take_fields(whole(part, record)?, names, row)),
    }
}

/// A name that the statement mentions, the part it stands for, and the fields of it that are read, if that is certain.
struct Bound {
    name: String,
    part: Part,
    fields: Option<Vec<String>>,
}

fn bound(statement: &CypherText, bindings: &Bindings) -> Vec<Bound> {
    let event = bindings.event.then_some("event");
    let names = [
        (event, Part::Value),
        (bindings.timestamp.as_deref(), Part::Timestamp),
        (bindings.header.as_deref(), Part::Header),
        (bindings.key.as_deref(), Part::Key),
        (bindings.value.as_deref(), Part::Value),
    ];
    let mut bound: Vec<Bound> = Vec::new();
    for (name, part) in names {
        let Some(name) = name.filter(|name| statement.mentions(name)) else {
            continue;
        };
        let quoted = quote(name);
        // The value may be bound under the name `event` twice.
        if !bound.iter().any(|b| b.name == quoted && b.part == part) {
            bound.push(Bound {
                name: quoted,
                part,
                fields: statement.fields_read(name),
            });
        }
    }
    bound
}

/// What a row carries, and where in it the statement's variables stand.
type Layout = (Vec<(Part, Carried)>, Vec<Binding>);

fn whole_parts(bound: &[Bound]) -> Layout {
    let mut parts: Vec<(Part, Carried)> = Vec::new();
    let mut bindings = Vec::new();
    for Bound { name, part, .. } in bound {
        let place = parts.iter().position(|(known, _)| known == part);
        let place = place.unwrap_or_else(|| {
            parts.push((*part, Carried::Whole));
            parts.len() - 1
        });
        bindings.push(Binding {
            name: name.clone(),
            from: Source::Place(place),
        });
    }
    (parts, bindings)
}

/// The same with nothing but the fields that are read; none if that leaves nothing out.
fn field_parts(bound: &[Bound]) -> Option<Layout> {
    let (mut parts, mut bindings) = whole_parts(bound);
    for (part, carried) in &mut parts {
        // A timestamp has no fields.
        if *part != Part::Timestamp
            && let Some(fields) = fields_of(*part, bound)
        {
            *carried = Carried::Fields(fields);
        }
    }
    for (binding, bound) in bindings.iter_mut().zip(bound) {
        binding.from = source(bound, &parts);
    }
    let leaves_out = |(_, carried): &(Part, Carried)| *carried != Carried::Whole;
    parts.iter().any(leaves_out).then_some((parts, bindings))
}

/// The fields that are read under any of the part's names.
fn fields_of(part: Part, bound: &[Bound]) -> Option<Vec<String>> {
    let mut all: Vec<String> = Vec::new();
    for bound in bound.iter().filter(|b| b.part == part) {
        for field in bound.fields.as_ref()? {
            if !all.contains(field) {
                all.push(field.clone());
            }
        }
    }
    Some(all)
}

fn source(bound: &Bound, parts: &[(Part, Carried)]) -> Source {
    let mut place = 0;
    for (part, carried) in parts {
        match (carried, &bound.fields) {
            (Carried::Fields(names), Some(fields)) if *part == bound.part => {
                let entry = |field: &String| {
                    let at = names.iter().position(|name| name == field);
                    (always_quote(field), place + at.unwrap_or(0))
                };
                return Source::Fields(fields.iter().map(entry).collect());
            }
            _ if *part == bound.part => break,
            _ => place += carried.width(),
        }
    }
    Source::Place(place)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use connect_api::TopicPartition;
    use connect_api::data::{Map, Value};

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
            let sent: Vec<Part> = strategy.whole.parts.iter().map(|(p, _)| *p).collect();
            assert_eq!(sent, parts, "{statement}");
            assert_eq!(shown(&strategy.whole), names, "{statement}");
        }
    }

    fn shown(form: &Form) -> String {
        let shown = form.bindings.iter().map(|binding| match &binding.from {
            Source::Place(place) => format!("{}={place}", binding.name),
            Source::Fields(fields) => {
                let fields: Vec<String> = fields.iter().map(|(f, p)| format!("{f}={p}")).collect();
                format!("{}{{{}}}", binding.name, fields.join(" "))
            }
        });
        shown.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn only_fields_that_are_read_are_carried() {
        for (statement, fields) in [
            ("CREATE (:A)", None),
            ("CREATE (a:A) SET a = event", None),
            (
                "CREATE (:A {a: event.a, b: __value.b, c: event.b})",
                Some("event{`a`=0 `b`=1} __value{`b`=1}"),
            ),
            ("CREATE (a:A {a: event.a}) SET a += __value", None),
            (
                "CREATE (a:A {a: event.a, t: __timestamp}) SET a += `odd key`",
                Some("event{`a`=0} __timestamp=1 `odd key`=2"),
            ),
            (
                "CREATE (a:A {k: `odd key`.k, h: __header.h, a: event.a, b: event.b})",
                Some("event{`a`=0 `b`=1} __header{`h`=2} `odd key`{`k`=3}"),
            ),
        ] {
            let strategy = CypherStrategy::new(statement, &bindings());
            let found = strategy.fields.as_ref().map(shown);
            assert_eq!(found.as_deref(), fields, "{statement}");
        }
    }

    /// A record whose value is this, written by a statement that reads `a` and `c` of it.
    fn events(value: Value) -> (bool, BoltType) {
        let mut record = SinkRecord::new(Arc::new(TopicPartition::new("t", 0)), 1);
        record.value = value;
        let strategy = CypherStrategy::new("CREATE (:A {a: event.a, c: event.c})", &bindings());
        let records = RecordSlice::new(vec![record]);
        let mut statements = strategy
            .statements(&records, &[0], 10)
            .expect("a statement");
        let statement = statements.remove(0);
        (statement.text.contains("`a`: "), statement.events)
    }

    #[test]
    fn records_that_are_no_maps_are_carried_whole() {
        let row = |values: Vec<BoltType>| BoltType::from(vec![BoltType::from(values)]);
        let map: Map = [("b", 2), ("a", 1)]
            .into_iter()
            .map(|(k, v)| (Value::from(k), Value::Int64(v)))
            .collect();
        for (value, expected) in [
            (Value::Map(map), (true, row(vec![1.into(), value::NULL]))),
            (Value::Null, (true, row(vec![value::NULL, value::NULL]))),
            (Value::Int64(5), (false, row(vec![5.into()]))),
        ] {
            assert_eq!(events(value), expected);
        }
    }

    #[test]
    fn a_field_that_is_not_read_must_be_sound_all_the_same() {
        let strategy = CypherStrategy::new("CREATE (:A {a: event.a})", &bindings());
        let entries = vec![
            (Value::from("b"), Value::Array(vec![Value::Timestamp(1)])),
            (Value::from("a"), Value::Int64(1)),
        ];
        let mut record = SinkRecord::new(Arc::new(TopicPartition::new("t", 0)), 1);
        record.value = Value::Map(Map::from_entries(entries));
        let records = RecordSlice::new(vec![record]);
        let refused = strategy
            .statements(&records, &[0], 10)
            .expect_err("an error");
        let whole = value::encode(None, &records.get(0).value).expect_err("an error");
        assert_eq!((refused.0, refused.1.trace()), (0, whole.trace()));
    }

    #[test]
    fn a_name_that_is_off_is_not_bound() {
        let off = Bindings {
            event: false,
            value: Some("event".into()),
            ..bindings()
        };
        let strategy = CypherStrategy::new("CREATE (:A {a: event.a})", &off);
        assert_eq!(shown(&strategy.whole), "event=0");
        let both = Bindings { event: true, ..off };
        let strategy = CypherStrategy::new("CREATE (:A {a: event.a})", &both);
        assert_eq!(shown(&strategy.whole), "event=0");
    }
}
