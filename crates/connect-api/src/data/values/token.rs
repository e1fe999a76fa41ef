//! [`Tokens`]: cuts text at Kafka's delimiters.

/// A place in the text to come back to.
#[derive(Clone, Copy)]
pub(super) struct Mark(usize);

/// Gives a text's tokens one by one. The delimiters `: , { } [ ] "` are tokens themselves unless a backslash stands
/// before them; blanks belong to their neighbours.
///
/// Looking for a token ([`consume`](Self::consume)) steps over blank ones for good, found or not: texts within quotes
/// lose blanks at their ends that way.
pub(super) struct Tokens<'a> {
    text: &'a str,
    position: usize,
    /// The token that was looked at and not taken.
    peeked: Option<&'a str>,
}

impl<'a> Tokens<'a> {
    pub fn new(text: &'a str) -> Self {
        Self {
            text,
            position: 0,
            peeked: None,
        }
    }

    pub fn has_next(&self) -> bool {
        self.peeked.is_some() || self.position < self.text.len()
    }

    /// The next token; empty at the end.
    pub fn next(&mut self) -> &'a str {
        match self.peeked.take() {
            Some(token) => token,
            None => self.cut(),
        }
    }

    /// Steps over `n` tokens and gives the text they span, or stays and gives none if there are fewer.
    pub fn next_n(&mut self, n: usize) -> Option<&'a str> {
        let start = self.mark();
        for _ in 0..n {
            if !self.has_next() {
                self.rewind(start);
                return None;
            }
            self.next();
        }
        Some(&self.text[start.0..self.position])
    }

    pub fn mark(&self) -> Mark {
        Mark(self.position - self.peeked.map_or(0, str::len))
    }

    pub fn rewind(&mut self, mark: Mark) {
        self.position = mark.0;
        self.peeked = None;
    }

    /// Takes the next token that is not blank if, blanks around it aside, it is the expected one.
    pub fn consume(&mut self, expected: &str) -> bool {
        let mut token = match self.peeked {
            Some(token) => token,
            None if !self.has_next() => return false,
            None => self.cut(),
        };
        while is_blank(token) && self.position < self.text.len() {
            token = self.cut();
        }
        if trim(token) == expected {
            self.peeked = None;
            return true;
        }
        self.peeked = Some(token);
        false
    }

    fn cut(&mut self) -> &'a str {
        let start = self.position;
        let mut escaped = false;
        for (i, byte) in self.text.as_bytes()[start..].iter().enumerate() {
            match byte {
                b'\\' => escaped = !escaped,
                b':' | b',' | b'{' | b'}' | b'[' | b']' | b'"' if !escaped => {
                    self.position = start + i.max(1);
                    return &self.text[start..self.position];
                }
                _ => escaped = false,
            }
        }
        self.position = self.text.len();
        &self.text[start..]
    }
}

/// Java's `String.trim`.
pub(super) fn trim(text: &str) -> &str {
    text.trim_matches(|c| c <= ' ')
}

pub(super) fn is_blank(text: &str) -> bool {
    text.bytes().all(|b| b <= b' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delimiters_are_tokens_unless_escaped() {
        let mut tokens = Tokens::new(r#"{"a\":b" : [1,22 ]}"#);
        let mut all = Vec::new();
        while tokens.has_next() {
            all.push(tokens.next());
        }
        assert_eq!(
            all,
            [
                "{",
                "\"",
                "a\\\":b".split_at(3).0,
                ":",
                "b",
                "\"",
                " ",
                ":",
                " ",
                "[",
                "1",
                ",",
                "22 ",
                "]",
                "}"
            ]
        );
    }

    #[test]
    fn a_failed_look_skips_blanks_and_keeps_the_token() {
        let mut tokens = Tokens::new("  [ 1");
        assert!(!tokens.consume("{"));
        assert!(tokens.consume("["));
        let mark = tokens.mark();
        assert_eq!(tokens.next(), " 1");
        tokens.rewind(mark);
        assert_eq!(tokens.next(), " 1");
        assert!(!tokens.has_next());
    }
}
