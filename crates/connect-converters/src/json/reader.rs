//! [`Reader`]: the tokens of one JSON document, by the rules of the parser that Kafka's converter uses.
//!
//! Those rules are strict but for three things: numbers may have leading zeros, an escape may name a lone surrogate
//! (which becomes `?`, because our strings are UTF-8), and whatever follows the document is not looked at, except that
//! a number at the top must end at a blank.

use bytestring::ByteString;

use super::syntax::{Syntax, Why};

/// Containers may not lie deeper than this.
const MAX_DEPTH: u32 = 1000;
/// Digits of a number, exponent included.
pub(super) const MAX_NUMBER: usize = 1000;
const MAX_NAME: usize = 50_000;
const MAX_STRING: usize = 20_000_000;

/// Reads one document front to back.
pub(super) struct Reader<'a> {
    doc: &'a ByteString,
    bytes: &'a [u8],
    pos: usize,
    depth: u32,
}

/// A number of the document.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Number {
    /// No fraction and no exponent. Beyond 64 bits the low ones are kept, as `BigInteger.longValue` does.
    Integer(i64),
    Double(f64),
}

/// A member's name.
#[derive(Debug)]
pub(super) enum Name<'a> {
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
        }
    }

    /// A reader that stands at a place inside the document.
    pub fn at(doc: &'a ByteString, pos: usize) -> Self {
        Self {
            pos,
            ..Self::new(doc)
        }
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

    /// The string whose opening quote is next; a slice of the document unless escapes force a copy.
    #[inline]
    pub fn string(&mut self) -> Result<ByteString, Syntax> {
        let start = self.pos + 1;
        let end = end_of_run(self.bytes, start);
        if self.bytes.get(end) == Some(&b'"') && end - start <= MAX_STRING {
            self.pos = end + 1;
            return Ok(self.doc.slice_ref(&self.doc[start..end]));
        }
        self.string_with_escapes(start, end)
    }

    #[cold]
    fn string_with_escapes(&mut self, start: usize, end: usize) -> Result<ByteString, Syntax> {
        let mut text = String::from(&self.doc[start..end]);
        self.pos = end;
        loop {
            match self.bytes.get(self.pos) {
                Some(b'"') => break,
                Some(b'\\') => self.escape(&mut text)?,
                Some(_) => return Err(self.error(Why::Control)),
                None => return Err(self.error(Why::End)),
            }
            let run = self.pos;
            self.pos = end_of_run(self.bytes, run);
            text.push_str(&self.doc[run..self.pos]);
        }
        if text.len() > MAX_STRING && text.encode_utf16().count() > MAX_STRING {
            return Err(self.error(Why::Length));
        }
        self.pos += 1;
        Ok(text.into())
    }

    fn escape(&mut self, text: &mut String) -> Result<(), Syntax> {
        self.pos += 1;
        let plain = match self.bytes.get(self.pos) {
            Some(&b @ (b'"' | b'\\' | b'/')) => b as char,
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.pos += 1;
                let c = self.unicode_escape()?;
                text.push(c);
                return Ok(());
            }
            _ => return Err(self.error(Why::Escape)),
        };
        self.pos += 1;
        text.push(plain);
        Ok(())
    }

    /// Four hex digits, and four more if they make a pair of surrogates.
    fn unicode_escape(&mut self) -> Result<char, Syntax> {
        let first = self.hex4()?;
        if (0xd800..0xdc00).contains(&first) && self.bytes[self.pos..].starts_with(b"\\u") {
            let behind_first = self.pos;
            self.pos += 2;
            let second = self.hex4()?;
            if (0xdc00..0xe000).contains(&second) {
                let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                return Ok(char::from_u32(code).unwrap_or('?'));
            }
            self.pos = behind_first;
        }
        Ok(char::from_u32(first).unwrap_or('?'))
    }

    fn hex4(&mut self) -> Result<u32, Syntax> {
        let mut code = 0;
        for _ in 0..4 {
            let digit = self
                .bytes
                .get(self.pos)
                .and_then(|b| (*b as char).to_digit(16));
            let Some(digit) = digit else {
                return Err(self.error(Why::Escape));
            };
            code = code * 16 + digit;
            self.pos += 1;
        }
        Ok(code)
    }

    /// The number whose first byte, a digit or minus, is next.
    #[inline]
    pub fn number(&mut self) -> Result<Number, Syntax> {
        let start = self.pos;
        let negative = self.bytes.get(start) == Some(&b'-');
        self.pos += usize::from(negative);
        let mut magnitude = 0u64;
        let digits = self.digits(&mut magnitude)?;
        if let Some(b'.' | b'e' | b'E') = self.bytes.get(self.pos) {
            return self.double(start, negative, magnitude, digits);
        }
        if digits > MAX_NUMBER {
            return Err(self.error(Why::Length));
        }
        let number = if negative {
            magnitude.wrapping_neg()
        } else {
            magnitude
        };
        Ok(Number::Integer(number as i64))
    }

    /// Takes digits, at least one, onto a number that may wrap around.
    #[inline]
    fn digits(&mut self, number: &mut u64) -> Result<usize, Syntax> {
        let start = self.pos;
        while let Some(b @ b'0'..=b'9') = self.bytes.get(self.pos) {
            *number = number.wrapping_mul(10).wrapping_add(u64::from(b - b'0'));
            self.pos += 1;
        }
        if self.pos == start {
            return Err(self.error(Why::Digit));
        }
        Ok(self.pos - start)
    }

    /// The rest of a number behind its whole part.
    fn double(
        &mut self,
        start: usize,
        negative: bool,
        mut mantissa: u64,
        mut digits: usize,
    ) -> Result<Number, Syntax> {
        let mut fraction = 0;
        if self.bytes[self.pos] == b'.' {
            self.pos += 1;
            fraction = self.digits(&mut mantissa)?;
            digits += fraction;
        }
        let mut exponent = 0i64;
        let mut exponent_digits = 0;
        if let Some(b'e' | b'E') = self.bytes.get(self.pos) {
            self.pos += 1;
            let sign = self.bytes.get(self.pos).copied();
            self.pos += usize::from(matches!(sign, Some(b'+' | b'-')));
            let from = self.pos;
            exponent_digits = self.digits(&mut 0)?;
            let value = self.since(from).trim_start_matches('0');
            // Java's decimals have a 32-bit scale, and no more than ten digits of exponent.
            exponent = match value.len() {
                0 => 0,
                1..=10 => value.parse().unwrap_or(i64::MAX / 2),
                _ => i64::MAX / 2,
            };
            if sign == Some(b'-') {
                exponent = -exponent;
            }
        }
        if digits + exponent_digits > MAX_NUMBER
            || i32::try_from(fraction as i64 - exponent).is_err()
        {
            return Err(self.error(Why::Length));
        }
        let scale = exponent - fraction as i64;
        let exact = digits <= 19 && mantissa < 1 << 53;
        let magnitude = match POWERS_OF_TEN.get(scale.unsigned_abs() as usize) {
            // Both operands are exact, so one rounding gives the nearest double.
            Some(power) if exact && scale < 0 => mantissa as f64 / power,
            Some(power) if exact => mantissa as f64 * power,
            _ => {
                let text = self.since(start).trim_start_matches('-');
                let magnitude = text.parse().unwrap_or(0.0);
                if magnitude == 0.0 && is_zero(text) {
                    return Ok(Number::Double(0.0));
                }
                return Ok(Number::Double(if negative {
                    -magnitude
                } else {
                    magnitude
                }));
            }
        };
        // A decimal zero has no sign.
        let signed = if negative && mantissa != 0 {
            -magnitude
        } else {
            magnitude
        };
        Ok(Number::Double(signed))
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

/// Powers of ten that a double holds exactly.
const POWERS_OF_TEN: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// Whether a number's text without its sign is zero, whatever its exponent.
pub(super) fn is_zero(text: &str) -> bool {
    text.bytes()
        .take_while(|b| !matches!(b, b'e' | b'E'))
        .all(|b| matches!(b, b'0' | b'.'))
}

/// Where the next quote, backslash or control character stands, or the end: eight bytes at a time.
#[inline]
fn end_of_run(bytes: &[u8], mut at: usize) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    let below = |word: u64, n: u64| word.wrapping_sub(ONES * n) & !word;
    while let Some(chunk) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let word = u64::from_le_bytes(*chunk);
        let quote = below(word ^ (ONES * u64::from(b'"')), 1);
        let backslash = below(word ^ (ONES * u64::from(b'\\')), 1);
        // A borrow can mark bytes behind the first hit falsely, never before it.
        let hits = (quote | backslash | below(word, 0x20)) & HIGHS;
        if hits != 0 {
            return at + hits.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    while let Some(&byte) = bytes.get(at) {
        if byte < 0x20 || byte == b'"' || byte == b'\\' {
            break;
        }
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_end_at_the_first_special_byte() {
        for prefix in 0..20 {
            for special in ["\"", "\\", "\n", "\u{0}", "\u{1f}"] {
                let text = format!("{}{special}\"\\\u{1}xxxxxxxxxx", "é".repeat(prefix));
                assert_eq!(end_of_run(text.as_bytes(), 0), 2 * prefix);
            }
        }
        assert_eq!(end_of_run("\u{7f}\u{80} !#".as_bytes(), 0), 6);
        assert_eq!(end_of_run(b"", 0), 0);
    }

    fn number(text: &str) -> Option<Number> {
        let doc = ByteString::from(text);
        let mut reader = Reader::new(&doc);
        reader.number().ok().filter(|_| reader.at_end())
    }

    #[test]
    fn numbers_follow_java() {
        for (text, expected) in [
            ("007", Number::Integer(7)),
            ("-0", Number::Integer(0)),
            ("9223372036854775808", Number::Integer(i64::MIN)),
            (
                "123456789012345678901234567890",
                Number::Integer(-4362896299872285998),
            ),
            ("-0.0", Number::Double(0.0)),
            ("-0e99", Number::Double(0.0)),
            ("1e400", Number::Double(f64::INFINITY)),
            ("-1e-400", Number::Double(-0.0)),
            ("0.1234567890123456789", Number::Double(0.12345678901234568)),
            ("1E+05", Number::Double(100_000.0)),
            ("00.5", Number::Double(0.5)),
        ] {
            let found = number(text).unwrap();
            assert_eq!(format!("{found:?}"), format!("{expected:?}"), "{text}");
        }
        for text in [
            "-",
            "1.",
            "1e",
            "1e+",
            "1e99999999999",
            "1e2147483649",
            &"1".repeat(1001),
        ] {
            assert_eq!(number(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn doubles_are_the_nearest(mantissa in 0u64..1 << 60, scale in -30i32..30) {
            let text = format!("{mantissa}e{scale}");
            proptest::prop_assert_eq!(number(&text), Some(Number::Double(text.parse().unwrap())));
        }
    }
}
