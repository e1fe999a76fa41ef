//! [`Reader`]: the tokens of one JSON document, by the rules of the parser that Kafka's converter uses.
//!
//! Those rules are strict but for three things: numbers may have leading zeros, an escape may name a lone surrogate
//! (which becomes `?`, because our strings are UTF-8), and whatever follows the document is not looked at, except that
//! a number at the top must end at a blank.

use bytestring::ByteString;

mod number;
mod string;

pub use number::Number;
pub(super) use number::is_zero;

use super::syntax::{Syntax, Why};
use string::end_of_run;

/// Containers may not lie deeper than this.
const MAX_DEPTH: u32 = 1000;
const MAX_NAME: usize = 50_000;

/// Reads one document front to back.
#[derive(Clone)]
pub struct Reader<'a> {
    doc: &'a ByteString,
    bytes: &'a [u8],
    pos: usize,
    depth: u32,
    words_as_numbers: bool,
}

/// A member's name.
#[derive(Debug)]
pub enum Name<'a> {
    /// As it stands in the document.
    Plain(&'a str),
    Escaped(ByteString),
}

impl Name<'_> {
    pub fn text(&self) -> &str {
        match self {
            Name::Plain(text) => text,
            Name::Escaped(text) => text,
        }
    }
}

impl<'a> Reader<'a> {
    pub fn new(doc: &'a ByteString) -> Self {
        Self {
            doc,
            bytes: doc.as_bytes(),
            pos: 0,
            depth: 0,
            words_as_numbers: false,
        }
    }

    /// A reader that stands at a place inside the document.
    pub fn at(doc: &'a ByteString, pos: usize) -> Self {
        Self {
            pos,
            ..Self::new(doc)
        }
    }

    /// Steps over the words `NaN` and `Infinity` too where a number may stand, as some of the JVM's parsers are set to.
    pub fn words_as_numbers(mut self) -> Self {
        self.words_as_numbers = true;
        self
    }

    pub fn pos(&self) -> usize {
        self.pos
    }

    /// The text from a former position to here.
    pub fn since(&self, start: usize) -> &'a str {
        &self.doc[start..self.pos]
    }

    /// Steps over `expected` if it comes next.
    pub fn take_bytes(&mut self, expected: &[u8]) -> bool {
        let found = self.bytes[self.pos..].starts_with(expected);
        if found {
            self.pos += expected.len();
        }
        found
    }

    /// The next byte that is not blank, not taken; 0, which is legal nowhere, at the end.
    #[inline]
    pub fn peek(&mut self) -> u8 {
        loop {
            match self.bytes.get(self.pos) {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.pos += 1,
                Some(&byte) => return byte,
                None => return 0,
            }
        }
    }

    pub fn at_end(&self) -> bool {
        self.pos >= self.bytes.len()
    }

    /// Steps over the byte that [`peek`](Self::peek) has shown.
    #[inline]
    pub fn step(&mut self) {
        self.pos += 1;
    }

    /// Takes the byte that opens a container.
    #[inline]
    pub fn enter(&mut self) -> Result<(), Syntax> {
        if self.depth == MAX_DEPTH {
            return Err(self.error(Why::Depth));
        }
        self.depth += 1;
        self.pos += 1;
        Ok(())
    }

    /// Takes the byte that closes a container.
    #[inline]
    pub fn leave(&mut self) {
        self.depth -= 1;
        self.pos += 1;
    }

    pub fn error(&self, why: Why) -> Syntax {
        Syntax {
            at: self.pos,
            why: if self.at_end() { Why::End } else { why },
        }
    }

    /// A member's name and the colon behind it.
    #[inline]
    pub fn name(&mut self) -> Result<Name<'a>, Syntax> {
        if self.peek() != b'"' {
            return Err(self.error(Why::Name));
        }
        let start = self.pos + 1;
        let end = end_of_run(self.bytes, start);
        if self.bytes.get(end) == Some(&b'"') && end - start <= MAX_NAME {
            self.pos = end + 1;
            self.colon()?;
            return Ok(Name::Plain(&self.doc[start..end]));
        }
        let name = self.string()?;
        if name.len() > MAX_NAME {
            return Err(self.error(Why::Length));
        }
        self.colon()?;
        Ok(Name::Escaped(name))
    }

    /// A part of the document as a string of its own.
    pub fn slice(&self, text: &str) -> ByteString {
        self.doc.slice_ref(text)
    }

    pub fn name_slice(&self, name: Name<'_>) -> ByteString {
        match name {
            Name::Plain(text) => self.slice(text),
            Name::Escaped(text) => text,
        }
    }

    #[inline]
    pub fn colon(&mut self) -> Result<(), Syntax> {
        if self.peek() != b':' {
            return Err(self.error(Why::Colon));
        }
        self.pos += 1;
        Ok(())
    }

    /// Takes one of the three words.
    #[inline]
    pub fn word(&mut self, word: &str) -> Result<(), Syntax> {
        if !self.bytes[self.pos..].starts_with(word.as_bytes()) {
            return Err(self.word_error());
        }
        let start = self.pos;
        self.pos += word.len();
        match self.bytes.get(self.pos) {
            Some(b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'$' | 0x7f..) => {
                self.pos = start;
                Err(self.word_error())
            }
            _ => Ok(()),
        }
    }

    /// Takes a word that stands for a number, if one comes next and the reader knows such words.
    #[cold]
    pub fn number_word(&mut self) -> Option<f64> {
        const WORDS: [(&str, f64); 5] = [
            ("NaN", f64::NAN),
            ("Infinity", f64::INFINITY),
            ("-Infinity", f64::NEG_INFINITY),
            ("INF", f64::INFINITY),
            ("-INF", f64::NEG_INFINITY),
        ];
        if !self.words_as_numbers {
            return None;
        }
        WORDS
            .iter()
            .find_map(|(word, number)| self.word(word).ok().map(|()| *number))
    }

    fn word_error(&self) -> Syntax {
        Syntax {
            at: self.pos,
            why: Why::Word,
        }
    }

    /// Whether a number that is a whole document ends where it must.
    pub fn ends_root_number(&self) -> bool {
        matches!(
            self.bytes.get(self.pos),
            None | Some(b' ' | b'\n' | b'\r' | b'\t')
        )
    }

    /// Steps over a value, checking it as if it were read.
    pub fn skip_value(&mut self) -> Result<(), Syntax> {
        match self.peek() {
            b'"' => self.skip_string(),
            b'{' => {
                self.enter()?;
                if self.peek() == b'}' {
                    self.leave();
                    return Ok(());
                }
                loop {
                    self.name()?;
                    self.skip_value()?;
                    match self.peek() {
                        b',' => self.pos += 1,
                        b'}' => break,
                        _ => return Err(self.error(Why::Comma)),
                    }
                }
                self.leave();
                Ok(())
            }
            b'[' => {
                self.enter()?;
                if self.peek() == b']' {
                    self.leave();
                    return Ok(());
                }
                loop {
                    self.skip_value()?;
                    match self.peek() {
                        b',' => self.pos += 1,
                        b']' => break,
                        _ => return Err(self.error(Why::Comma)),
                    }
                }
                self.leave();
                Ok(())
            }
            b'N' | b'I' | b'-' if self.words_as_numbers && self.number_word().is_some() => Ok(()),
            b'-' | b'0'..=b'9' => self.number().map(drop),
            b't' => self.word("true"),
            b'f' => self.word("false"),
            b'n' => self.word("null"),
            _ => Err(self.error(Why::Value)),
        }
    }

    fn skip_string(&mut self) -> Result<(), Syntax> {
        let end = end_of_run(self.bytes, self.pos + 1);
        if self.bytes.get(end) == Some(&b'"') {
            self.pos = end + 1;
            return Ok(());
        }
        self.string().map(drop)
    }
}
