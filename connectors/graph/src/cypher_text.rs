//! A user's Cypher statement, read just far enough to put it into a frame: where it ends, where a UNION begins a new
//! branch, which names it mentions, and which fields of them it reads.
//!
//! This is no parser. It tells names, texts and comments apart and counts brackets; whether the statement is right is for
//! the database to say.

use std::collections::BTreeSet;

use crate::field_reads::{self, Token};
use crate::statement::FRAME_NAMES;

/// A statement and what was found in it.
#[derive(Clone, Debug)]
pub struct CypherText {
    /// Without the semicolon behind it.
    text: String,
    /// Where the branches of a top-level UNION begin, the first one left out.
    branches: Vec<usize>,
    names: BTreeSet<String>,
    tokens: Vec<Token>,
    /// A `\u` may spell a name in another way.
    has_escapes: bool,
}

impl CypherText {
    pub fn read(text: &str) -> Self {
        let mut scan = Scan::new(text);
        while scan.step() {}
        let mut kept = text.to_owned();
        if let Some(semicolon) = scan.last_semicolon {
            kept.truncate(semicolon);
        }
        let branches = scan
            .branches
            .into_iter()
            .filter(|&at| at <= kept.len())
            .collect();
        Self {
            text: kept,
            branches,
            names: scan.names,
            tokens: scan.tokens,
            has_escapes: text.contains("\\u"),
        }
    }

    /// Whether the statement can refer to a variable of this name; true when in doubt.
    pub fn mentions(&self, name: &str) -> bool {
        self.has_escapes || !name.is_ascii() || self.names.contains(name)
    }

    /// The fields of a variable that the statement reads, each once; none if it may be any.
    pub fn fields_read(&self, name: &str) -> Option<Vec<String>> {
        let sees_frame = FRAME_NAMES.iter().any(|name| self.names.contains(*name));
        if self.has_escapes || !name.is_ascii() || sees_frame {
            return None;
        }
        field_reads::fields_read(&self.tokens, name)
    }

    /// The statement with a prefix before each branch of its UNION, or just before it.
    pub fn with_prefix(&self, prefix: &str) -> String {
        let mut framed = String::with_capacity(self.text.len() + prefix.len() * 2 + 2);
        let mut from = 0;
        for &branch in self.branches.iter().chain([&self.text.len()]) {
            framed.push_str(prefix);
            framed.push_str(&self.text[from..branch]);
            from = branch;
        }
        framed
    }
}

/// The reading position and what was found before it.
struct Scan<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    /// The last character that is neither blank nor comment; it tells a keyword from a property or label.
    previous: char,
    /// A keyword UNION was read and perhaps its ALL or DISTINCT; the next token begins the branch.
    after_union: bool,
    branches: Vec<usize>,
    names: BTreeSet<String>,
    tokens: Vec<Token>,
    /// Set while nothing but blanks, comments and semicolons follow.
    last_semicolon: Option<usize>,
}

impl<'a> Scan<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            depth: 0,
            previous: ' ',
            after_union: false,
            branches: Vec::new(),
            names: BTreeSet::new(),
            tokens: Vec::new(),
            last_semicolon: None,
        }
    }

    /// Reads one token; false at the end.
    fn step(&mut self) -> bool {
        let rest = &self.text[self.at..];
        let Some(c) = rest.chars().next() else {
            return false;
        };
        if c.is_whitespace() {
            self.at += c.len_utf8();
        } else if rest.starts_with("//") {
            self.at += rest.find(['\n', '\r']).unwrap_or(rest.len());
        } else if let Some(comment) = rest.strip_prefix("/*") {
            self.at += comment.find("*/").map_or(rest.len(), |end| end + 4);
        } else if c == ';' {
            self.last_semicolon.get_or_insert(self.at);
            self.at += 1;
        } else {
            self.last_semicolon = None;
            self.token(c, rest);
        }
        true
    }

    fn token(&mut self, c: char, rest: &str) {
        if is_name_start(c) {
            return self.word(rest);
        }
        self.begin_branch();
        let length = match c {
            '\'' | '"' => quoted(rest, c),
            '`' => self.quoted_name(rest),
            _ => c.len_utf8(),
        };
        match c {
            '`' => {}
            '.' => self.tokens.push(Token::Dot),
            '(' => self.tokens.push(Token::Parenthesis),
            _ => self.tokens.push(Token::Other),
        }
        match c {
            '(' | '[' | '{' => self.depth += 1,
            ')' | ']' | '}' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        self.previous = c;
        self.at += length;
    }

    fn word(&mut self, rest: &str) {
        let end = rest.find(|c| !is_name_part(c)).unwrap_or(rest.len());
        let word = &rest[..end];
        let next = rest[end..].chars().next();
        self.tokens.push(Token::Name {
            text: word.to_owned(),
            is_doubtful: !word.is_ascii() || next.is_some_and(|c| c == '$' || !c.is_ascii()),
        });
        let is_keyword =
            self.depth == 0 && !matches!(self.previous, '.' | ':' | '|' | '&' | '!' | '$');
        if is_keyword && word.eq_ignore_ascii_case("union") {
            self.after_union = true;
        } else if !(self.after_union
            && ["all", "distinct"]
                .iter()
                .any(|word_| word.eq_ignore_ascii_case(word_)))
        {
            self.begin_branch();
            self.names.insert(word.to_owned());
        }
        self.previous = 'a';
        self.at += end;
    }

    fn begin_branch(&mut self) {
        if std::mem::take(&mut self.after_union) {
            self.branches.push(self.at);
        }
    }

    fn quoted_name(&mut self, rest: &str) -> usize {
        let mut name = String::new();
        let mut from = 1;
        while let Some(end) = rest[from..].find('`').map(|end| from + end) {
            name.push_str(&rest[from..end]);
            if !rest[end + 1..].starts_with('`') {
                self.tokens.push(Token::Name {
                    text: name.clone(),
                    is_doubtful: false,
                });
                self.names.insert(name);
                return end + 1;
            }
            name.push('`');
            from = end + 2;
        }
        rest.len()
    }
}

/// Length of a text in quotes, backslashes heeded.
fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        if c == quote && !escaped {
            return at + 1;
        }
        escaped = c == '\\' && !escaped;
    }
    rest.len()
}

fn is_name_start(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}

fn is_name_part(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// A name as it stands in Cypher: in back-ticks unless it is a plain identifier.
pub fn quote(name: &str) -> String {
    let plain = name.starts_with(is_name_start) && name.chars().all(is_name_part);
    if plain {
        return name.to_owned();
    }
    always_quote(name)
}

/// A name in back-ticks, for where a plain one could be a reserved word.
pub fn always_quote(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_stands_before_each_branch() {
        for (text, framed) in [
            ("CREATE (n)", "<P>CREATE (n)"),
            ("CREATE (n);", "<P>CREATE (n)"),
            ("CREATE (n) ; // done;\n ;", "<P>CREATE (n) "),
            ("CREATE (n {a: ';'})", "<P>CREATE (n {a: ';'})"),
            ("CREATE (n) // a;b", "<P>CREATE (n) // a;b"),
            (
                "CREATE (a) UNION CREATE (b)",
                "<P>CREATE (a) UNION <P>CREATE (b)",
            ),
            (
                "RETURN 1 AS x union all /* c */ MATCH (n) RETURN 2 AS x;",
                "<P>RETURN 1 AS x union all /* c */ <P>MATCH (n) RETURN 2 AS x",
            ),
            (
                "CALL { RETURN 1 AS x UNION RETURN 2 AS x } RETURN x",
                "<P>CALL { RETURN 1 AS x UNION RETURN 2 AS x } RETURN x",
            ),
            (
                "CREATE (:Union {union: 'UNION', `UNION`: \"\\\" UNION \"}) SET n.union = $union",
                "<P>CREATE (:Union {union: 'UNION', `UNION`: \"\\\" UNION \"}) SET n.union = $union",
            ),
            ("", "<P>"),
        ] {
            assert_eq!(CypherText::read(text).with_prefix("<P>"), framed, "{text}");
        }
    }

    #[test]
    fn names_are_found_outside_of_texts_and_comments() {
        for (text, name, mentioned) in [
            ("CREATE (n {a: event.a})", "event", true),
            ("CREATE (n {a: 'event'}) // event", "event", false),
            ("CREATE (n {a: events.a})", "event", false),
            ("CREATE (n {a: Event.a})", "event", false),
            ("CREATE (n {a: `event`.a})", "event", true),
            ("CREATE (n {a: `odd``name`})", "odd`name", true),
            ("CREATE (n {a: '\\'', b: event})", "event", true),
            ("CREATE (n {a: \\u0065vent})", "event", true),
            ("MATCH (n)-[:__key]->()", "__key", true),
            ("CREATE (n {a: été})", "été", true),
        ] {
            assert_eq!(CypherText::read(text).mentions(name), mentioned, "{text}");
        }
    }

    #[test]
    fn names_are_quoted_where_needed() {
        for (name, quoted) in [
            ("event", "event"),
            ("__value", "__value"),
            ("odd name", "`odd name`"),
            ("1st", "`1st`"),
            ("a`b", "`a``b`"),
        ] {
            assert_eq!(quote(name), quoted);
        }
    }

    proptest::proptest! {
        /// Whatever stands in the statement, reading it ends and its text stays.
        #[test]
        fn any_text_is_read(text in "[ -~\u{e9}\n]{0,40}") {
            let framed = CypherText::read(&text).with_prefix("");
            proptest::prop_assert!(text.starts_with(&framed));
        }
    }
}
