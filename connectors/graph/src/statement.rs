//! What is sent: a frame around the user's statement, constant per topic so that the database plans it once, and rows as
//! its only parameter.

use std::sync::Arc;

use neo4rs::BoltType;

use crate::cypher_text::CypherText;

/// One statement of a transaction.
#[derive(Debug)]
pub struct Statement {
    pub text: Arc<str>,
    /// The parameter `$events`.
    pub events: BoltType,
}

/// How the rows of a batch reach the user's statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// All rows in one statement.
    Batch(Arc<str>),
    /// One statement for each row, for what a subquery cannot hold.
    Single(Arc<str>),
}

/// The frame's one variable that a user's statement could clash with.
const ROW: &str = "__turnbuckle_row";

/// What of the frame a statement could see. One that does is given all there is.
pub const FRAME_NAMES: [&str; 2] = [ROW, "events"];

/// One variable of the user's statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// Quoted where needed.
    pub name: String,
    pub from: Source,
}

/// Where in a row the content of a variable stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    Place(usize),
    /// A map of these fields, quoted, each with its place.
    Fields(Vec<(String, usize)>),
}

/// Runs the statement once for each row, as a subquery of its own, so that an aggregation, LIMIT or DISTINCT in it
/// sees one record and not the batch. The count behind it takes what a final RETURN of the user leaves, and is right
/// behind a statement without one too.
///
/// `names` is what [`projection`] made of [`ROW`]. Servers before 5.23 do not know `CALL (row)`, later ones warn of the
/// older form.
pub fn batch(statement: &CypherText, names: &[Binding], scoped: bool) -> Frame {
    let import = match scoped {
        true => String::new(),
        false => format!("WITH {ROW} "),
    };
    let scope = if scoped {
        format!("({ROW}) ")
    } else {
        String::new()
    };
    let prefix = format!("{import}{}", projection(ROW, names));
    let body = statement.with_prefix(&prefix);
    // The line break ends a comment that the user's statement may end with.
    Frame::Batch(Arc::from(format!(
        "UNWIND $events AS {ROW} CALL {scope}{{ {body}\n}} RETURN count(*)"
    )))
}

/// Runs the statement as it is, for one row.
pub fn single(statement: &CypherText, names: &[Binding]) -> Frame {
    let prefix = projection("$events", names);
    Frame::Single(Arc::from(statement.with_prefix(&prefix)))
}

/// Gives the parts of a row their names.
fn projection(row: &str, names: &[Binding]) -> String {
    if names.is_empty() {
        return String::new();
    }
    let bound: Vec<String> = names
        .iter()
        .map(|binding| format!("{} AS {}", content(row, &binding.from), binding.name))
        .collect();
    format!("WITH {} ", bound.join(", "))
}

fn content(row: &str, from: &Source) -> String {
    match from {
        Source::Place(place) => format!("{row}[{place}]"),
        Source::Fields(fields) => {
            let entries: Vec<String> = fields
                .iter()
                .map(|(field, place)| format!("{field}: {row}[{place}]"))
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_constant_text() {
        let statement = CypherText::read("CREATE (:A {x: event.x}) UNION CREATE (:B {k: __key});");
        let binding = |name: &str, from| Binding {
            name: name.to_owned(),
            from,
        };
        let names = [
            binding("event", Source::Place(0)),
            binding("__key", Source::Place(1)),
        ];
        let row = "__turnbuckle_row";
        let bound = format!("WITH {row}[0] AS event, {row}[1] AS __key ");
        for (frame, text) in [
            (
                batch(&statement, &names, true),
                format!(
                    "UNWIND $events AS {row} CALL ({row}) {{ {bound}CREATE (:A {{x: event.x}}) UNION {bound}CREATE \
                     (:B {{k: __key}})\n}} RETURN count(*)"
                ),
            ),
            (
                batch(&statement, &names[..1], false),
                format!(
                    "UNWIND $events AS {row} CALL {{ WITH {row} WITH {row}[0] AS event CREATE (:A {{x: event.x}}) \
                     UNION WITH {row} WITH {row}[0] AS event CREATE (:B {{k: __key}})\n}} RETURN count(*)"
                ),
            ),
            (
                batch(&CypherText::read("CREATE (:A) // done"), &[], true),
                format!(
                    "UNWIND $events AS {row} CALL ({row}) {{ CREATE (:A) // done\n}} RETURN count(*)"
                ),
            ),
        ] {
            assert_eq!(frame, Frame::Batch(text.into()));
        }
        let frame = single(&CypherText::read("MATCH (n) RETURN n.a"), &names[..1]);
        let text = "WITH $events[0] AS event MATCH (n) RETURN n.a";
        assert_eq!(frame, Frame::Single(text.into()));
        let fields = [("a".to_owned(), 0), ("`b c`".to_owned(), 1)];
        let names = [binding("event", Source::Fields(fields.into()))];
        let frame = single(&CypherText::read("MATCH (n) RETURN event.a"), &names);
        let text = "WITH {a: $events[0], `b c`: $events[1]} AS event MATCH (n) RETURN event.a";
        assert_eq!(frame, Frame::Single(text.into()));
    }
}
