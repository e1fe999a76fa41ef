//! The encoding of Avro: zigzag varints, lengths, blocks. Knows no types.

use std::ops::Range;

use bytes::Bytes;
use connect_api::ConnectError;

/// Why bytes are no value of their schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Malformed {
    Truncated,
    Int,
    Long,
    Length(i64),
    Index { index: i64, of: usize },
    Depth,
    TooMany,
}

impl Malformed {
    /// As the JVM's library says it, where it says something.
    pub fn into_error(self) -> ConnectError {
        const NUMBER: &str = "org.apache.avro.InvalidNumberEncodingException";
        const AVRO: &str = "org.apache.avro.AvroRuntimeException";
        let (kind, text) = match self {
            Self::Truncated => (
                "java.io.EOFException",
                "the payload ends in the middle of a value".to_owned(),
            ),
            Self::Int => (NUMBER, "Invalid int encoding".to_owned()),
            Self::Long => (NUMBER, "Invalid long encoding".to_owned()),
            Self::Length(length) => (
                AVRO,
                format!("Malformed data. Length is negative: {length}"),
            ),
            Self::Index { index, of } => (
                "java.lang.ArrayIndexOutOfBoundsException",
                format!("Index {index} out of bounds for length {of}"),
            ),
            Self::Depth => (
                AVRO,
                "values stand inside each other more than 250 deep".to_owned(),
            ),
            Self::TooMany => (
                AVRO,
                "the payload claims more than a million values that take no bytes".to_owned(),
            ),
        };
        ConnectError::record(kind, text)
    }
}

/// What is still to read of a payload.
pub(super) struct Input<'a> {
    buffer: &'a Bytes,
    at: usize,
}

impl<'a> Input<'a> {
    pub fn new(buffer: &'a Bytes) -> Self {
        Self { buffer, at: 0 }
    }

    #[inline]
    pub fn at(&self) -> usize {
        self.at
    }

    pub fn left(&self) -> usize {
        self.buffer.len() - self.at
    }

    #[inline]
    pub fn byte(&mut self) -> Result<u8, Malformed> {
        let byte = self.buffer.get(self.at).ok_or(Malformed::Truncated)?;
        self.at += 1;
        Ok(*byte)
    }

    /// The low 32 bits of a varint of at most five bytes.
    #[inline]
    pub fn int(&mut self) -> Result<i32, Malformed> {
        let n = self.varint(5, Malformed::Int)? as u32;
        Ok((n >> 1) as i32 ^ -((n & 1) as i32))
    }

    #[inline]
    pub fn long(&mut self) -> Result<i64, Malformed> {
        let n = self.varint(10, Malformed::Long)?;
        Ok((n >> 1) as i64 ^ -((n & 1) as i64))
    }

    #[inline]
    fn varint(&mut self, most: usize, wrong: Malformed) -> Result<u64, Malformed> {
        match self.buffer.get(self.at) {
            Some(&byte) if byte < 0x80 => {
                self.at += 1;
                Ok(u64::from(byte))
            }
            _ => self.long_varint(most, wrong),
        }
    }

    fn long_varint(&mut self, most: usize, wrong: Malformed) -> Result<u64, Malformed> {
        let mut value = 0;
        let rest = &self.buffer[self.at..];
        for (i, &byte) in rest.iter().take(most).enumerate() {
            value |= u64::from(byte & 0x7f) << (7 * i);
            if byte < 0x80 {
                self.at += i + 1;
                return Ok(value);
            }
        }
        Err(if rest.len() < most {
            Malformed::Truncated
        } else {
            wrong
        })
    }

    #[inline]
    pub fn fixed<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let bytes = self.buffer[self.at..].first_chunk();
        let bytes = bytes.ok_or(Malformed::Truncated)?;
        self.at += N;
        Ok(*bytes)
    }

    /// Where so many bytes stand.
    #[inline]
    pub fn take(&mut self, length: usize) -> Result<Range<usize>, Malformed> {
        if length > self.left() {
            return Err(Malformed::Truncated);
        }
        let range = self.at..self.at + length;
        self.at = range.end;
        Ok(range)
    }

    /// Where the bytes of a value with a length in front of it stand.
    #[inline]
    pub fn prefixed(&mut self) -> Result<Range<usize>, Malformed> {
        let length = self.long()?;
        match usize::try_from(length) {
            Ok(length) => self.take(length),
            Err(_) => Err(Malformed::Length(length)),
        }
    }

    #[inline]
    pub fn slice(&self, range: Range<usize>) -> Bytes {
        self.buffer.slice(range)
    }

    pub fn bytes(&self, range: Range<usize>) -> &'a [u8] {
        &self.buffer[range]
    }

    /// A number below `of`: of a union's member or a symbol.
    #[inline]
    pub fn index(&mut self, of: usize) -> Result<usize, Malformed> {
        let index = self.int()?;
        match usize::try_from(index) {
            Ok(index) if index < of => Ok(index),
            _ => Err(Malformed::Index {
                index: index.into(),
                of,
            }),
        }
    }

    /// How many items the next block of an array or map has; zero ends it. A negative count has the block's size in bytes
    /// behind it, which is not needed.
    #[inline]
    pub fn block(&mut self) -> Result<u64, Malformed> {
        let count = self.long()?;
        if count < 0 {
            self.long()?;
            if count == i64::MIN {
                return Err(Malformed::Length(count));
            }
        }
        Ok(count.unsigned_abs())
    }
}

pub(super) fn put_long(out: &mut Vec<u8>, n: i64) {
    let mut n = ((n << 1) ^ (n >> 63)) as u64;
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

pub(super) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_long(out, bytes.len() as i64);
    out.extend_from_slice(bytes);
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_number_or_length_is_told() {
        let bytes = |bytes: &[u8]| Bytes::copy_from_slice(bytes);
        let int = |b: &[u8]| Input::new(&bytes(b)).int();
        assert_eq!(int(&[0xff, 0xff, 0xff, 0xff, 0x0f]), Ok(i32::MIN));
        assert_eq!(int(&[0x80, 0x80, 0x80, 0x80, 0x80, 0]), Err(Malformed::Int));
        assert_eq!(int(&[0x80]), Err(Malformed::Truncated));
        assert_eq!(int(&[]), Err(Malformed::Truncated));
        let long = |b: &[u8]| Input::new(&bytes(b)).long();
        assert_eq!(long(&[0xff; 11]), Err(Malformed::Long));
        let length = |b: &[u8]| Input::new(&bytes(b)).prefixed();
        assert_eq!(length(&[1, 5]), Err(Malformed::Length(-1)));
        assert_eq!(length(&[4, 5]), Err(Malformed::Truncated));
        assert_eq!(length(&[2, 5]), Ok(1..2));
        let block = |b: &[u8]| Input::new(&bytes(b)).block();
        assert_eq!(block(&[5, 99]), Ok(3));
        let lowest = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0];
        assert_eq!(block(&lowest), Err(Malformed::Length(i64::MIN)));
        let index = |b: &[u8]| Input::new(&bytes(b)).index(2);
        assert_eq!(index(&[2]), Ok(1));
        assert_eq!(index(&[4]), Err(Malformed::Index { index: 2, of: 2 }));
        assert_eq!(index(&[1]), Err(Malformed::Index { index: -1, of: 2 }));
    }

    proptest! {
        #[test]
        fn longs_and_bytes_read_back(n: i64, bytes: Vec<u8>) {
            let mut out = Vec::new();
            put_long(&mut out, n);
            put_bytes(&mut out, &bytes);
            let out = Bytes::from(out);
            let mut input = Input::new(&out);
            prop_assert_eq!(input.long(), Ok(n));
            let range = input.prefixed().unwrap();
            prop_assert_eq!(input.bytes(range), &bytes[..]);
            prop_assert_eq!(input.left(), 0);
            if let Ok(small) = i32::try_from(n) {
                prop_assert_eq!(Input::new(&out).int(), Ok(small));
            }
        }
    }
}
