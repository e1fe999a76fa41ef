//! Which fields of a variable a statement reads, where that can be told for certain.
//!
//! What a statement does not read need not be sent. So the answer may name a field too many and never one too few:
//! `event.name` reads a field, and whatever else is done with `event` (`SET n = event`, `keys(event)`, `event[$x]`,
//! `WITH event AS e`, `event {.*}`) reads all of it.

/// A piece of a statement, as far as it matters here. Blanks and comments are none; texts and numbers are `Other`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    Name {
        text: String,
        /// Not in quotes, and the next character could be part of it by rules we do not know.
        is_doubtful: bool,
    },
    Dot,
    Parenthesis,
    Other,
}

/// The fields of `name` that these tokens read, each once, in their order; none if it may be all of them.
pub fn fields_read(tokens: &[Token], name: &str) -> Option<Vec<String>> {
    let is_name = |token: &Token| matches!(token, Token::Name { text, .. } if text == name);
    let mut fields: Vec<String> = Vec::new();
    for at in (0..tokens.len()).filter(|&at| is_name(&tokens[at])) {
        let field = field_behind(&tokens[at..])?;
        if !fields.iter().any(|known| known == field) {
            fields.push(field.to_owned());
        }
    }
    Some(fields)
}

/// The field in `name.field`; none if the tokens go on in any other way.
fn field_behind(tokens: &[Token]) -> Option<&str> {
    match tokens {
        // A name in a name space: `name.function(…)`.
        [_, Token::Dot, Token::Name { .. }, Token::Parenthesis, ..] => None,
        [
            Token::Name {
                is_doubtful: false, ..
            },
            Token::Dot,
            Token::Name {
                text,
                is_doubtful: false,
            },
            ..,
        ] => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::cypher_text::CypherText;

    #[track_caller]
    fn check(statement: &str, expected: Option<&[&str]>) {
        let fields = CypherText::read(statement).fields_read("event");
        let fields: Option<Vec<&str>> = fields
            .as_ref()
            .map(|fields| fields.iter().map(String::as_str).collect());
        assert_eq!(fields.as_deref(), expected, "{statement}");
    }

    #[test]
    fn fields_are_found_where_they_are_read() {
        for (statement, fields) in [
            ("CREATE (n {a: event.a})", &["a"][..]),
            (
                "MERGE (n:A {id: event.id}) SET n.x = event.x, n.y = event.id",
                &["id", "x"],
            ),
            ("CREATE (n {a: event.a.b.c})", &["a"]),
            ("CREATE (n {a: event.a[0], b: event.b['x']})", &["a", "b"]),
            ("CREATE (n {a: event . a, b: event/* . */.b})", &["a", "b"]),
            ("CREATE (n {a: event.\n// event\n a})", &["a"]),
            ("CREATE (n {a: `event`.`odd ``name`})", &["odd `name"]),
            ("RETURN [1, 2, 3][event.from..event.to]", &["from", "to"]),
            (
                "UNWIND event.rows AS row CREATE (n {a: row.event.x})",
                &["rows", "x"],
            ),
            ("CREATE (n {a: 'event', b: \"event\"}) // event", &[]),
            ("CREATE (n {a: eventful.a, b: Event.a})", &[]),
            (
                "CREATE (a {x: event.x}) UNION CREATE (b {y: event.y});",
                &["x", "y"],
            ),
            (
                "WITH * CALL (*) { CREATE (n {a: event.a}) } RETURN *",
                &["a"],
            ),
            ("FOREACH (x IN event.xs | CREATE (:A {x: x}))", &["xs"]),
            ("SET n:$(event.label)", &["label"]),
            ("CREATE (n {a: 1}) // to here\r SET n.b = event.b", &["b"]),
        ] {
            check(statement, Some(fields));
        }
    }

    #[test]
    fn any_other_use_reads_all() {
        for statement in [
            "CREATE (n) SET n = event",
            "CREATE (n) SET n += event",
            "CREATE (n) SET n = event, n.a = event.a",
            "RETURN keys(event)",
            "RETURN properties(event).a",
            "RETURN event[$x]",
            "RETURN event['a']",
            "WITH event AS e CREATE (n {a: e.a})",
            "WITH event CREATE (n {a: event.a})",
            "CALL { WITH event CREATE (n {a: event.a}) }",
            "CALL (event) { CREATE (n {a: event.a}) }",
            "CREATE (n {a: event.a}) RETURN event {.*}",
            "RETURN event {.a, .b}",
            "RETURN event IS NULL, event.a",
            "UNWIND [1] AS event RETURN event.a",
            "RETURN [event IN [{a: 1}] | event.a]",
            "RETURN event.toUpper('x')",
            "RETURN event.toUpper ('x')",
            "RETURN event.1",
            "RETURN event.",
            "RETURN event",
            "RETURN event. 'a'",
            "CREATE (n:event {a: event.a})",
            // What a name is made of is the database's to say.
            "RETURN event.pri$ce",
            "RETURN event$.a",
            "RETURN event.e\u{301}t\u{e9}",
            "RETURN event.\u{e9}t\u{e9}",
            "RETURN event.caf\u{e9}",
            "RETURN event.\\u0061",
            "RETURN \\u0065vent",
            // The frame around the statement, seen from inside.
            "RETURN event.a, $events",
            "RETURN event.a, __turnbuckle_row",
        ] {
            check(statement, None);
        }
    }

    proptest::proptest! {
        /// Whatever surrounds them, the fields that are read are among those that are sent.
        #[test]
        fn no_field_is_missed(
            pieces in proptest::collection::vec((0..12_usize, "[a-c]{1,2}"), 1..12),
        ) {
            let (mut statement, mut read, mut all) = (String::new(), Vec::new(), false);
            for (kind, name) in pieces {
                match kind {
                    0 => statement.push_str(&format!(" event.{name} ")),
                    1 => statement.push_str(&format!(",event /* {name} */ . `{name}`")),
                    2 => statement.push_str(&format!("[event.{name}.x..event.{name}]")),
                    3 => statement.push_str(&format!(" 'event \\' {name}' ")),
                    4 => statement.push_str(&format!(" // event '{name}\n")),
                    5 => statement.push_str(&format!(" /* event.{name} ' */ ")),
                    6 => statement.push_str(&format!(" `ev``ent'{name}` ")),
                    7 => statement.push_str(&format!(" \"event.{name} // \" ")),
                    8 => statement.push_str(&format!(" {name}.x = 1, ")),
                    9 => statement.push_str(" UNION ALL "),
                    10 => statement.push_str(&format!(", ({name} {{x: event.{name}}}) ")),
                    _ => {
                        all = true;
                        statement.push_str(&format!(" event AS {name} "));
                    }
                }
                if matches!(kind, 0..=2 | 10) {
                    read.push(name);
                }
            }
            let found = CypherText::read(&statement).fields_read("event");
            proptest::prop_assert_eq!(found.is_none(), all, "{}", statement);
            for field in found.unwrap_or_default() {
                proptest::prop_assert!(read.contains(&field), "{} in {}", field, statement);
                read.retain(|name| *name != field);
            }
            proptest::prop_assert!(all || read.is_empty(), "{:?} in {}", read, statement);
        }

        /// Any text is read to its end.
        #[test]
        fn any_text_is_read(text in "(event|[ -~\u{e9}\n\r]){0,30}") {
            let _ = CypherText::read(&text).fields_read("event");
        }
    }
}
