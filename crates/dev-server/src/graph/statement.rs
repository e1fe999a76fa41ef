//! What the text of a statement tells: whether it answers with rows, which procedure it calls, whether a name lacks.
//!
//! The engine gives rows for statements without RETURN too; a Neo4j gives none, and clients count on that. And it wants
//! a name for every constraint and index, which a Neo4j makes up.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// Whether the statement gives rows to the client: it returns or yields outside of any subquery, or shows something.
pub fn has_rows(text: &str) -> bool {
    let words = outer_words(text);
    let first = words.first().map(String::as_str);
    if first == Some("EXPLAIN") {
        return false;
    }
    let mut words = words.iter().map(String::as_str);
    first == Some("SHOW") || words.any(|word| matches!(word, "RETURN" | "YIELD"))
}

/// The name of the procedure that the statement begins with, in lower case: `dbms.components`.
pub fn procedure(text: &str) -> Option<String> {
    let rest = text.trim_start();
    let (call, rest) = rest.split_at_checked(4)?;
    if !call.eq_ignore_ascii_case("CALL") || !rest.starts_with(char::is_whitespace) {
        return None;
    }
    let name = rest.trim_start();
    let end = name.find(|c: char| !c.is_alphanumeric() && c != '.' && c != '_');
    let name = &name[..end.unwrap_or(name.len())];
    (!name.is_empty()).then(|| name.to_ascii_lowercase())
}

/// The statement with a name for the constraint or index that it creates, if it gives none.
pub fn named(text: &str) -> Cow<'_, str> {
    let Some(rest) = after_word(text, "CREATE") else {
        return Cow::Borrowed(text);
    };
    let kinds = ["CONSTRAINT", "INDEX"];
    let Some(rest) = kinds.iter().find_map(|kind| after_word(rest, kind)) else {
        return Cow::Borrowed(text);
    };
    let nameless = ["FOR", "IF"]
        .iter()
        .any(|word| after_word(rest, word).is_some());
    if !nameless {
        return Cow::Borrowed(text);
    }
    let mut hasher = DefaultHasher::new();
    rest.hash(&mut hasher);
    let head = &text[..text.len() - rest.len()];
    Cow::Owned(format!("{head} unnamed_{:016x} {rest}", hasher.finish()))
}

/// What stands behind a word that the text begins with.
fn after_word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let (begin, rest) = text.trim_start().split_at_checked(word.len())?;
    let ends = rest.starts_with(|c: char| c.is_whitespace() || c == '(');
    (begin.eq_ignore_ascii_case(word) && ends).then_some(rest)
}

/// The statement with these parameters kept from being projected as they are: `RETURN $x` becomes
/// `RETURN coalesce($x) AS `$x``.
///
/// The engine gives a column of a constant the type of a text if the constant is a list, a map or bytes, and loses it.
pub fn shielded<'a>(text: &'a str, names: &[&str]) -> Cow<'a, str> {
    let mut out = String::new();
    let mut copied = 0;
    let mut before = String::new();
    let tokens: Vec<(usize, &str)> = tokens(text).collect();
    for (place, &(begin, token)) in tokens.iter().enumerate() {
        let name = token.strip_prefix('$').filter(|name| names.contains(name));
        let begins_item = matches!(before.as_str(), "RETURN" | "WITH" | "DISTINCT" | ",");
        before = token.to_uppercase();
        let (Some(name), true) = (name, begins_item) else {
            continue;
        };
        let next = tokens.get(place + 1).map_or("", |(_, next)| next);
        let alias = match next {
            "" | "," | ";" | "}" => format!(" AS `${name}`"),
            next if next.eq_ignore_ascii_case("AS") => String::new(),
            next if next.starts_with(char::is_alphabetic) => format!(" AS `${name}`"),
            // Part of an expression.
            _ => continue,
        };
        out.push_str(&text[copied..begin]);
        out.push_str(&format!("coalesce({token}){alias}"));
        copied = begin + token.len();
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[copied..]);
    Cow::Owned(out)
}

/// Words, parameters with their sign, and single other characters, with their places; quoted texts are one token,
/// comments are none.
fn tokens(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut place = 0;
    std::iter::from_fn(move || {
        loop {
            let rest = &text[place..];
            let first = rest.chars().next()?;
            let length = token_length(rest, first);
            let begin = place;
            place += length;
            let comment = rest.starts_with("//") || rest.starts_with("/*");
            if !first.is_whitespace() && !comment {
                return Some((begin, &text[begin..place]));
            }
        }
    })
}

fn token_length(rest: &str, first: char) -> usize {
    let until = |end: Option<usize>| end.unwrap_or(rest.len());
    let word = |c: char| c.is_alphanumeric() || c == '_';
    if rest.starts_with("//") {
        return until(rest.find('\n'));
    }
    if rest.starts_with("/*") {
        return until(rest.find("*/").map(|end| end + 2));
    }
    if matches!(first, '\'' | '"' | '`') {
        return quoted_length(rest, first);
    }
    if word(first) || first == '$' {
        let tail = &rest[first.len_utf8()..];
        return first.len_utf8() + tail.find(|c| !word(c)).unwrap_or(tail.len());
    }
    first.len_utf8()
}

fn quoted_length(rest: &str, quote: char) -> usize {
    let mut chars = rest.char_indices().skip(1);
    while let Some((place, c)) = chars.next() {
        if c == '\\' && quote != '`' {
            chars.next();
        } else if c == quote {
            return place + 1;
        }
    }
    rest.len()
}

/// Words outside of quotes, comments and brackets, in upper case.
fn outer_words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut depth = 0usize;
    for (_, token) in tokens(text) {
        match token {
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" => depth = depth.saturating_sub(1),
            word if depth == 0 && word.starts_with(|c: char| c.is_alphanumeric() || c == '_') => {
                words.push(word.to_uppercase());
            }
            _ => {}
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_of_a_return_outside_of_subqueries() {
        for (text, rows) in [
            ("RETURN 1", true),
            ("match (n) return n", true),
            ("MATCH (n) // done\nRETURN n", true),
            ("CALL db.labels() YIELD label", true),
            ("SHOW CONSTRAINTS", true),
            ("CREATE (:N)", false),
            ("EXPLAIN MATCH (n) RETURN n", false),
            ("CREATE (:N {s: 'RETURN'}) // RETURN", false),
            ("CREATE (:`RETURN`) /* RETURN */", false),
            ("CREATE (:N {s: \"it's \\\" RETURN\"})", false),
            (
                "UNWIND [1] AS x CALL { WITH x RETURN x AS y } SET y.z = 1",
                false,
            ),
            ("MATCH (n) SET n.returned = 1", false),
        ] {
            assert_eq!(has_rows(text), rows, "{text}");
        }
    }

    #[test]
    fn procedures_are_told_from_subqueries() {
        for (text, name) in [
            (
                " call dbms.components() YIELD name",
                Some("dbms.components"),
            ),
            ("CALL db.ping", Some("db.ping")),
            ("CALL { RETURN 1 AS x } RETURN x", None),
            ("CALL (x) { RETURN 1 AS y } RETURN y", None),
            ("CALLED", None),
            ("ca", None),
        ] {
            assert_eq!(procedure(text).as_deref(), name, "{text}");
        }
    }

    #[test]
    fn constraints_and_indexes_get_a_name() {
        for text in [
            "create constraint for (n:N) REQUIRE n.x IS UNIQUE",
            "CREATE CONSTRAINT IF NOT EXISTS FOR (n:N) REQUIRE n.x IS UNIQUE",
            " CREATE INDEX\nFOR (n:N) ON (n.x)",
        ] {
            let named = named(text);
            let words: Vec<_> = named.split_whitespace().collect();
            assert!(words[2].starts_with("unnamed_"), "{named}");
            let rest: Vec<_> = words[..2].iter().chain(&words[3..]).copied().collect();
            assert_eq!(rest, text.split_whitespace().collect::<Vec<_>>());
            assert_eq!(named, super::named(text));
        }
        for text in [
            "CREATE CONSTRAINT mine FOR (n:N) REQUIRE n.x IS UNIQUE",
            "CREATE (:CONSTRAINT)",
            "CREATE (n)",
            "CREATED",
        ] {
            assert_eq!(named(text), text);
        }
    }

    #[test]
    fn projected_parameters_are_shielded() {
        for (text, expected) in [
            ("RETURN $x", "RETURN coalesce($x) AS `$x`"),
            (
                "RETURN $x AS y, $z",
                "RETURN coalesce($x) AS y, coalesce($z) AS `$z`",
            ),
            (
                "return distinct $x order by 1",
                "return distinct coalesce($x) AS `$x` order by 1",
            ),
            ("WITH $x AS x RETURN x", "WITH coalesce($x) AS x RETURN x"),
            (
                "CALL { WITH 1 AS a RETURN $x }",
                "CALL { WITH 1 AS a RETURN coalesce($x) AS `$x` }",
            ),
        ] {
            assert_eq!(shielded(text, &["x", "z"]), expected);
        }
        for text in [
            "RETURN $other",
            "RETURN $x.a, $x[0], $x + 1",
            "UNWIND $x AS y RETURN y",
            "MERGE (n:N {a: $x, b: $z})",
            "RETURN '$x', `$x` // $x",
            "RETURN 'it\\'s $x'",
        ] {
            assert_eq!(shielded(text, &["x", "z"]), text);
        }
    }
}
