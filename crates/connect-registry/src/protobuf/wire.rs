//! The encoding of Protobuf: tags, varints, lengths. Knows no types.

use std::ops::Range;

use bytes::Bytes;

/// Groups and messages inside each other; what Java's `CodedInputStream` allows.
pub(super) const MAX_DEPTH: usize = 100;

pub(super) const VARINT: u8 = 0;
pub(super) const FIXED64: u8 = 1;
pub(super) const LENGTH: u8 = 2;
pub(super) const START_GROUP: u8 = 3;
pub(super) const END_GROUP: u8 = 4;
pub(super) const FIXED32: u8 = 5;

/// Why bytes are no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Malformed {
    Truncated,
    Varint,
    NegativeSize,
    ZeroTag,
    WireType,
    EndGroup,
    Depth,
    Utf8,
}

impl Malformed {
    /// As the JVM's library says it.
    pub fn text(self) -> &'static str {
        match self {
            Self::Truncated => {
                "While parsing a protocol message, the input ended unexpectedly in the middle of a field.  This could \
                 mean either that the input has been truncated or that an embedded message misreported its own length."
            }
            Self::Varint => "CodedInputStream encountered a malformed varint.",
            Self::NegativeSize => {
                "CodedInputStream encountered an embedded string or message which claimed to have negative size."
            }
            Self::ZeroTag => "Protocol message contained an invalid tag (zero).",
            Self::WireType => "Protocol message tag had invalid wire type.",
            Self::EndGroup => "Protocol message end-group tag did not match expected tag.",
            Self::Depth => {
                "Protocol message had too many levels of nesting.  May be malicious.  Use \
                 setRecursionLimit() to increase the recursion depth limit."
            }
            Self::Utf8 => "Protocol message had invalid UTF-8.",
        }
    }
}

/// A message to read: a part of a buffer of which values may keep slices.
pub(super) struct Input<'a> {
    buffer: &'a Bytes,
    at: usize,
    end: usize,
}

impl<'a> Input<'a> {
    pub fn whole(buffer: &'a Bytes) -> Self {
        Self {
            buffer,
            at: 0,
            end: buffer.len(),
        }
    }

    pub fn part(buffer: &'a Bytes, range: Range<usize>) -> Self {
        Self {
            buffer,
            at: range.start,
            end: range.end,
        }
    }

    pub fn buffer(&self) -> &'a Bytes {
        self.buffer
    }

    pub fn is_at_end(&self) -> bool {
        self.at >= self.end
    }

    /// Number and wire type of the next field; none at the end.
    #[inline]
    pub fn tag(&mut self) -> Result<Option<(u32, u8)>, Malformed> {
        if self.at >= self.end {
            return Ok(None);
        }
        // The JVM reads tags, lengths and 32-bit numbers as varints of any length and keeps the low 32 bits.
        let tag = self.varint()? as u32;
        if tag >> 3 == 0 {
            return Err(Malformed::ZeroTag);
        }
        Ok(Some((tag >> 3, (tag & 7) as u8)))
    }

    #[inline]
    pub fn varint(&mut self) -> Result<u64, Malformed> {
        match self.buffer[self.at..self.end].first() {
            Some(&byte) if byte < 0x80 => {
                self.at += 1;
                Ok(u64::from(byte))
            }
            _ => self.long_varint(),
        }
    }

    fn long_varint(&mut self) -> Result<u64, Malformed> {
        let mut value = 0;
        for (i, &byte) in self.buffer[self.at..self.end].iter().take(10).enumerate() {
            value |= u64::from(byte & 0x7f) << (7 * i);
            if byte < 0x80 {
                self.at += i + 1;
                return Ok(value);
            }
        }
        Err(if self.end - self.at < 10 {
            Malformed::Truncated
        } else {
            Malformed::Varint
        })
    }

    #[inline]
    pub fn fixed32(&mut self) -> Result<[u8; 4], Malformed> {
        self.fixed()
    }

    #[inline]
    pub fn fixed64(&mut self) -> Result<[u8; 8], Malformed> {
        self.fixed()
    }

    fn fixed<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let bytes = self.buffer[self.at..self.end]
            .first_chunk()
            .ok_or(Malformed::Truncated)?;
        self.at += N;
        Ok(*bytes)
    }

    /// Where the next value with a length in front of it stands.
    #[inline]
    pub fn length(&mut self) -> Result<Range<usize>, Malformed> {
        let length = self.varint()? as u32;
        if length > i32::MAX as u32 {
            return Err(Malformed::NegativeSize);
        }
        let length = length as usize;
        if length > self.end - self.at {
            return Err(Malformed::Truncated);
        }
        let range = self.at..self.at + length;
        self.at = range.end;
        Ok(range)
    }

    /// Leaves out the value of a field that nobody knows. `depth` is that of the message it stands in.
    pub fn skip(&mut self, number: u32, wire_type: u8, depth: usize) -> Result<(), Malformed> {
        match wire_type {
            VARINT => self.varint().map(drop),
            FIXED64 => self.fixed64().map(drop),
            LENGTH => self.length().map(drop),
            FIXED32 => self.fixed32().map(drop),
            START_GROUP => self.skip_group(number, depth),
            END_GROUP => Err(Malformed::EndGroup),
            _ => Err(Malformed::WireType),
        }
    }

    fn skip_group(&mut self, number: u32, depth: usize) -> Result<(), Malformed> {
        if depth >= MAX_DEPTH {
            return Err(Malformed::Depth);
        }
        loop {
            match self.tag()? {
                None => return Err(Malformed::Truncated),
                Some((n, END_GROUP)) if n == number => return Ok(()),
                Some((n, wire_type)) => self.skip(n, wire_type, depth + 1)?,
            }
        }
    }
}

/// The number behind a zigzag code of 32 bits.
pub(super) fn unzigzag32(n: u32) -> i32 {
    (n >> 1) as i32 ^ -((n & 1) as i32)
}

/// The number behind a zigzag code.
pub(super) fn unzigzag64(n: u64) -> i64 {
    (n >> 1) as i64 ^ -((n & 1) as i64)
}

/// Appends a varint.
pub(super) fn put_varint(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

/// Appends a tag.
pub(super) fn put_tag(out: &mut Vec<u8>, number: u32, wire_type: u8) {
    put_varint(out, u64::from(number) << 3 | u64::from(wire_type));
}

/// Appends what has its length in front of it, which is known only afterwards.
pub(super) fn put_length_of<E>(
    out: &mut Vec<u8>,
    write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
) -> Result<(), E> {
    let start = out.len();
    // Most lengths take one byte; a longer one moves what was written.
    out.push(0);
    write(out)?;
    let length = out.len() - start - 1;
    if length < 0x80 {
        out[start] = length as u8;
        return Ok(());
    }
    let mut prefix = Vec::with_capacity(10);
    put_varint(&mut prefix, length as u64);
    out.splice(start..=start, prefix);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skips(bytes: &[u8]) -> Result<(), Malformed> {
        let buffer = Bytes::copy_from_slice(bytes);
        let mut input = Input::whole(&buffer);
        while let Some((number, wire_type)) = input.tag()? {
            input.skip(number, wire_type, 0)?;
        }
        Ok(())
    }

    #[test]
    fn what_is_no_message_is_named() {
        let deep = [0x0b].repeat(101);
        for (bytes, expected) in [
            (&b"\x08\x01\x12\x01a\x1d1234\x211234abcd"[..], Ok(())),
            (b"\x0b\x08\x01\x0c", Ok(())),
            (b"\x0b\x08\x01\x14", Err(Malformed::EndGroup)),
            (b"\x0c", Err(Malformed::EndGroup)),
            (b"\x0b\x08\x01", Err(Malformed::Truncated)),
            (b"\x00\x01", Err(Malformed::ZeroTag)),
            (b"\x0e", Err(Malformed::WireType)),
            (b"\x08", Err(Malformed::Truncated)),
            (b"\x08\xff", Err(Malformed::Truncated)),
            (b"\x12\x05abc", Err(Malformed::Truncated)),
            (b"\x12\xff\xff\xff\xff\x0f", Err(Malformed::NegativeSize)),
            (
                b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
                Err(Malformed::Varint),
            ),
            (&deep, Err(Malformed::Depth)),
        ] {
            assert_eq!(skips(bytes), expected, "{bytes:?}");
        }
    }

    #[test]
    fn a_length_is_put_in_front_of_what_it_counts() {
        for length in [0usize, 1, 127, 128, 20_000] {
            let mut out = vec![7];
            let written: Result<(), ()> = put_length_of(&mut out, |out| {
                out.resize(out.len() + length, 9);
                Ok(())
            });
            assert_eq!(written, Ok(()));
            let buffer = Bytes::from(out);
            let mut input = Input::part(&buffer, 1..buffer.len());
            assert_eq!(input.length().map(|range| range.len()), Ok(length));
            assert!(input.is_at_end());
        }
    }
}
