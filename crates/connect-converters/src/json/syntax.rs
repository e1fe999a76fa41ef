//! [`Syntax`]: where a document is no JSON, and why.

use connect_api::ConnectError;
use connect_api::error::exception;

/// A document that is no JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Syntax {
    /// The byte at fault.
    pub at: usize,
    pub why: Why,
}

/// As wide as its neighbour: in a single byte it would split the words of every result that can hold a [`Syntax`], and
/// moving such a result stalls on the pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Why {
    Value,
    Name,
    Colon,
    Comma,
    Control,
    Escape,
    Digit,
    Word,
    Separator,
    Depth,
    Length,
    Utf8,
    Encoding,
    End,
}

impl Why {
    const fn text(self) -> &'static str {
        match self {
            Why::Value => "expected a value",
            Why::Name => "expected a member's name in double quotes",
            Why::Colon => "expected a colon behind a member's name",
            Why::Comma => "expected a comma or the end of the array or object",
            Why::Control => "control characters in strings must be escaped",
            Why::Escape => "not an escape that JSON knows",
            Why::Digit => "expected a digit",
            Why::Word => "expected a value: string, number, array, object, null, true or false",
            Why::Separator => "expected a blank behind a number at the top",
            Why::Depth => "arrays and objects are nested more than 1000 deep",
            Why::Length => "a number, name or string is too long or out of range",
            Why::Utf8 => "invalid UTF-8",
            Why::Encoding => "this order of the bytes of UTF-32 is not supported",
            Why::End => "unexpected end of the document",
        }
    }
}

impl Syntax {
    /// The record's fault as Kafka names it. Its own text ends after the colon; what was wrong is in the cause.
    pub fn into_error(self, doc: &[u8]) -> ConnectError {
        let before = &doc[..self.at.min(doc.len())];
        let line = before.iter().filter(|b| **b == b'\n').count() + 1;
        let column = before.iter().rev().take_while(|b| **b != b'\n').count() + 1;
        let cause = format!("{} at line {line}, column {column}", self.why.text());
        ConnectError::data(
            "Converting byte[] to Kafka Connect data failed due to serialization error: ",
        )
        .caused_by(ConnectError::record(exception::SERIALIZATION, cause))
    }
}
