//! Strings of a document.

use bytestring::ByteString;

use super::super::syntax::{Syntax, Why};
use super::Reader;

/// Characters that a string may have.
const MAX_STRING: usize = 20_000_000;

impl Reader<'_> {
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
}

/// Where the next quote, backslash or control character stands, or the end: eight bytes at a time.
#[inline]
pub(super) fn end_of_run(bytes: &[u8], mut at: usize) -> usize {
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
}
