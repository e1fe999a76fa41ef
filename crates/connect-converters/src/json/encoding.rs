//! From the bytes of a record to the text of a document.

use bytes::Bytes;
use bytestring::ByteString;

use super::syntax::{Syntax, Why};
use crate::common;

/// A document as UTF-8.
pub struct Document {
    pub text: ByteString,
    /// The bytes behind `text` are no text. That is an error unless the document's value ends before them.
    pub cut: bool,
}

impl Document {
    /// Takes the bytes over without a copy if they are UTF-8, as nearly all are.
    ///
    /// UTF-16 and UTF-32 are recognised by their zero bytes, with or without a byte order mark (RFC 4627).
    pub fn new(bytes: Bytes) -> Result<Self, Syntax> {
        let plain = matches!(bytes[..], [1..=0xee, 1..=0xff, ..] | [1..=0xee] | []);
        if !plain {
            return Self::unusual(bytes);
        }
        Ok(Self::utf8(bytes))
    }

    #[cold]
    fn unusual(bytes: Bytes) -> Result<Self, Syntax> {
        use Layout::{Big16, Big32, Little16, Little32};
        let (layout, skip) = match bytes[..] {
            [0, 0, 0xfe, 0xff, ..] => (Big32, 4),
            [0xff, 0xfe, 0, 0, ..] => (Little32, 4),
            [0, 0, 0xff, 0xfe, ..] | [0xfe, 0xff, 0, 0, ..] => return Err(unsupported()),
            [0xfe, 0xff, _, _, ..] => (Big16, 2),
            [0xff, 0xfe, _, _, ..] => (Little16, 2),
            [0xef, 0xbb, 0xbf, ..] => return Ok(Self::utf8(bytes.slice(3..))),
            [0, 0, 0, _, ..] => (Big32, 0),
            [_, 0, 0, 0, ..] => (Little32, 0),
            [0, _, 0, 0, ..] | [0, 0, _, 0, ..] => return Err(unsupported()),
            [0, _, ..] => (Big16, 0),
            [_, 0, ..] => (Little16, 0),
            _ => return Ok(Self::utf8(bytes)),
        };
        Ok(layout.decode(&bytes[skip..]))
    }

    #[inline]
    fn utf8(bytes: Bytes) -> Self {
        match common::text(bytes) {
            Ok(text) => Self { text, cut: false },
            Err(bytes) => Self::broken_utf8(bytes),
        }
    }

    /// UTF-8 that is broken somewhere: everything up to there, read as generously as the JVM's parser does.
    #[cold]
    fn broken_utf8(bytes: Bytes) -> Self {
        let mut text = String::with_capacity(bytes.len());
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let valid = match std::str::from_utf8(rest) {
                Ok(_) => rest.len(),
                Err(error) => error.valid_up_to(),
            };
            text.push_str(std::str::from_utf8(&rest[..valid]).unwrap_or_default());
            rest = &rest[valid..];
            match generous(rest) {
                Some((c, len)) => {
                    text.push(c);
                    rest = &rest[len..];
                }
                None => break,
            }
        }
        let cut = !rest.is_empty();
        Self {
            text: text.into(),
            cut,
        }
    }
}

fn unsupported() -> Syntax {
    Syntax {
        at: 0,
        why: Why::Encoding,
    }
}

/// A character that only lenient decoders accept: an overlong form, or surrogates encoded one by one (CESU-8, as
/// Java's own serialisation writes them).
fn generous(bytes: &[u8]) -> Option<(char, usize)> {
    let (code, len) = match *bytes {
        [a @ 0xc0..=0xdf, b @ 0x80..=0xbf, ..] => {
            (u32::from(a & 0x1f) << 6 | u32::from(b & 0x3f), 2)
        }
        [0xe0..=0xef, 0x80..=0xbf, 0x80..=0xbf, ..] => {
            let high = three(bytes);
            let next = bytes
                .get(3..6)
                .filter(|b| matches!(b, [0xe0..=0xef, 0x80..=0xbf, 0x80..=0xbf]));
            match (high, next.map(three)) {
                (0xd800..0xdc00, Some(low @ 0xdc00..0xe000)) => {
                    (0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00), 6)
                }
                _ => (high, 3),
            }
        }
        _ => return None,
    };
    Some((char::from_u32(code).unwrap_or('?'), len))
}

fn three(bytes: &[u8]) -> u32 {
    u32::from(bytes[0] & 0xf) << 12 | u32::from(bytes[1] & 0x3f) << 6 | u32::from(bytes[2] & 0x3f)
}

#[derive(Clone, Copy)]
enum Layout {
    Big16,
    Little16,
    Big32,
    Little32,
}

impl Layout {
    fn decode(self, bytes: &[u8]) -> Document {
        match self {
            Layout::Big16 => from_utf16(bytes, u16::from_be_bytes),
            Layout::Little16 => from_utf16(bytes, u16::from_le_bytes),
            Layout::Big32 => from_utf32(bytes, u32::from_be_bytes),
            Layout::Little32 => from_utf32(bytes, u32::from_le_bytes),
        }
    }
}

fn from_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Document {
    let (units, rest) = bytes.as_chunks::<2>();
    let text: String = char::decode_utf16(units.iter().map(|u| unit(*u)))
        .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect();
    Document {
        text: text.into(),
        cut: !rest.is_empty(),
    }
}

fn from_utf32(bytes: &[u8], unit: fn([u8; 4]) -> u32) -> Document {
    let (units, rest) = bytes.as_chunks::<4>();
    let mut cut = !rest.is_empty();
    let mut text = String::with_capacity(units.len());
    for u in units {
        match char::from_u32(unit(*u)) {
            Some(c) => text.push(c),
            None => {
                cut = true;
                break;
            }
        }
    }
    Document {
        text: text.into(),
        cut,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8]) -> Option<(String, bool)> {
        let doc = Document::new(Bytes::copy_from_slice(bytes)).ok()?;
        Some((doc.text.to_string(), doc.cut))
    }

    #[test]
    fn encodings_are_recognised() {
        for (bytes, expected, cut) in [
            (&b"{}"[..], "{}", false),
            (b"\xef\xbb\xbf{}", "{}", false),
            (b"{\0}\0", "{}", false),
            (b"\0{\0}", "{}", false),
            (b"\xff\xfe5\0", "5", false),
            (b"\0\0\x005", "5", false),
            (b"5\0\0\0", "5", false),
            (b"[]\xff", "[]", true),
            (b"\"\xed\xa0\xbd\xed\xb8\x80\"", "\"😀\"", false),
            (b"", "", false),
        ] {
            assert_eq!(text(bytes), Some((expected.to_owned(), cut)), "{bytes:?}");
        }
        assert_eq!(text(b"\xfe\xff\0\0"), None);
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_break_it(bytes: Vec<u8>) {
            text(&bytes);
        }
    }
}
