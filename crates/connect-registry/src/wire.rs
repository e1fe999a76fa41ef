//! The bytes before the payload: which schema it was written under, and which message type inside of it.
//!
//! `0` and a number of four bytes, or `1` and a GUID of sixteen; Protobuf has the way to the message type behind that.
//! The same bytes stand in a header where a producer writes them there.

use std::borrow::Cow;
use std::fmt;

use connect_api::ConnectError;
use connect_api::error::exception;

const BY_ID: u8 = 0;
const BY_GUID: u8 = 1;

/// The headers in which newer producers write the id.
pub const KEY_HEADER: &str = "__key_schema_id";
pub const VALUE_HEADER: &str = "__value_schema_id";

/// The first message type of a file, by far the most frequent; written as a single zero.
const FIRST: &[i32] = &[0];

/// What a record says its schema is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SchemaId {
    Id(i32),
    Guid([u8; 16]),
}

impl fmt::Display for SchemaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SchemaId::Id(id) => write!(f, "{id}"),
            SchemaId::Guid(bytes) => {
                for (at, byte) in bytes.iter().enumerate() {
                    if matches!(at, 4 | 6 | 8 | 10) {
                        f.write_str("-")?;
                    }
                    write!(f, "{byte:02x}")?;
                }
                Ok(())
            }
        }
    }
}

impl SchemaId {
    /// A GUID as people write it.
    pub fn from_guid_text(text: &str) -> Option<Self> {
        let digits: Vec<u32> = text
            .chars()
            .filter(|c| *c != '-')
            .map(|c| c.to_digit(16))
            .collect::<Option<_>>()?;
        let bytes: Vec<u8> = digits
            .chunks_exact(2)
            .map(|pair| (pair[0] * 16 + pair[1]) as u8)
            .collect();
        match digits.len() {
            32 => bytes.try_into().ok().map(SchemaId::Guid),
            _ => None,
        }
    }
}

/// What stands before a payload, or in the header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prefix {
    pub id: SchemaId,
    /// Empty where a format has none.
    pub indexes: Cow<'static, [i32]>,
    /// Its length in bytes.
    pub len: usize,
}

/// Reads a prefix.
///
/// # Errors
/// A record's fault: what the bytes are not, as the original says it.
pub fn read(bytes: &[u8], has_indexes: bool) -> Result<Prefix, ConnectError> {
    let mut reader = Reader { bytes, at: 0 };
    let id = match reader.byte()? {
        BY_ID => SchemaId::Id(i32::from_be_bytes(reader.array()?)),
        BY_GUID => SchemaId::Guid(reader.array()?),
        _ => {
            let (kind, text) = (exception::ILLEGAL_ARGUMENT, "Unknown magic byte!");
            return Err(ConnectError::record(kind, text));
        }
    };
    let indexes = match has_indexes {
        true => reader.indexes()?,
        false => Cow::Borrowed(&[][..]),
    };
    Ok(Prefix {
        id,
        indexes,
        len: reader.at,
    })
}

/// Appends a prefix. Indexes are empty where a format has none.
pub fn write(id: &SchemaId, indexes: &[i32], out: &mut Vec<u8>) {
    match id {
        SchemaId::Id(id) => {
            out.push(BY_ID);
            out.extend_from_slice(&id.to_be_bytes());
        }
        SchemaId::Guid(guid) => {
            out.push(BY_GUID);
            out.extend_from_slice(guid);
        }
    }
    if indexes == FIRST {
        out.push(0);
    } else if !indexes.is_empty() {
        varint(indexes.len() as i32, out);
        for index in indexes {
            varint(*index, out);
        }
    }
}

/// Zigzag, seven bits a byte.
fn varint(value: i32, out: &mut Vec<u8>) {
    let mut rest = ((value << 1) ^ (value >> 31)) as u32;
    while rest > 0x7f {
        out.push((rest & 0x7f) as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn byte(&mut self) -> Result<u8, ConnectError> {
        let [byte] = self.array()?;
        Ok(byte)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], ConnectError> {
        let array = self.bytes.get(self.at..self.at + N);
        let array = array.and_then(|bytes| bytes.try_into().ok());
        let array = array.ok_or_else(|| self.too_short())?;
        self.at += N;
        Ok(array)
    }

    fn indexes(&mut self) -> Result<Cow<'static, [i32]>, ConnectError> {
        let count = self.varint()?;
        if count == 0 {
            return Ok(Cow::Borrowed(FIRST));
        }
        // Each index has a byte at least, so what is left bounds the allocation.
        let left = self.bytes.len() - self.at;
        let count = usize::try_from(count).map_err(|_| {
            let why = format!("Illegal Capacity: {count}");
            ConnectError::record(exception::ILLEGAL_ARGUMENT, why)
        })?;
        if count > left {
            return Err(self.too_short());
        }
        let indexes: Result<Vec<i32>, _> = (0..count).map(|_| self.varint()).collect();
        Ok(Cow::Owned(indexes?))
    }

    fn varint(&mut self) -> Result<i32, ConnectError> {
        let mut value: u32 = 0;
        for shift in [0, 7, 14, 21, 28] {
            let byte = self.byte()?;
            value |= u32::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok((value >> 1) as i32 ^ -((value & 1) as i32));
            }
        }
        let text = "Varint is too long, the most significant bit in the 5th byte is set";
        Err(ConnectError::record(exception::ILLEGAL_ARGUMENT, text))
    }

    fn too_short(&self) -> ConnectError {
        let text = format!(
            "{} bytes are too few for magic byte and schema id",
            self.bytes.len()
        );
        ConnectError::record("java.nio.BufferUnderflowException", text)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(id: SchemaId, indexes: &[i32]) -> Vec<u8> {
        let mut out = Vec::new();
        write(&id, indexes, &mut out);
        out
    }

    #[test]
    fn ids_guids_and_indexes_have_the_bytes_of_the_original() {
        assert_eq!(written(SchemaId::Id(258), &[]), [0, 0, 0, 1, 2]);
        assert_eq!(written(SchemaId::Id(1), &[0]), [0, 0, 0, 0, 1, 0]);
        assert_eq!(written(SchemaId::Id(1), &[1, 0]), [0, 0, 0, 0, 1, 4, 2, 0]);
        let guid = SchemaId::from_guid_text("89791762-2336-4186-9674-299b90a802e2").unwrap();
        let bytes = written(guid, &[]);
        assert_eq!(bytes[..5], [1, 0x89, 0x79, 0x17, 0x62]);
        assert_eq!(bytes.len(), 17);
        assert_eq!(guid.to_string(), "89791762-2336-4186-9674-299b90a802e2");
    }

    #[test]
    fn what_is_no_prefix_is_told_as_the_original_does() {
        let error = |bytes: &[u8]| {
            let error = read(bytes, true).unwrap_err();
            (error.exception(), error.to_string())
        };
        let (kind, text) = error(b"{\"a\": 1}");
        assert_eq!(kind, exception::ILLEGAL_ARGUMENT);
        assert_eq!(text, "Unknown magic byte!");
        for short in [&[][..], &[0, 0, 0, 1], &[1, 2, 3], &[0, 0, 0, 0, 1, 4, 2]] {
            assert_eq!(error(short).0, "java.nio.BufferUnderflowException");
        }
        assert_eq!(error(&[0, 0, 0, 0, 1, 1]).1, "Illegal Capacity: -1");
        let endless = [0, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff, 0xff];
        assert!(error(&endless).1.starts_with("Varint is too long"));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            id in prop_oneof![
                any::<i32>().prop_map(SchemaId::Id),
                any::<[u8; 16]>().prop_map(SchemaId::Guid),
            ],
            indexes in prop::collection::vec(any::<i32>(), 1..6),
            payload in prop::collection::vec(any::<u8>(), 0..20),
        ) {
            for indexes in [&indexes[..], &[]] {
                let mut bytes = written(id, indexes);
                let len = bytes.len();
                bytes.extend_from_slice(&payload);
                let prefix = read(&bytes, !indexes.is_empty()).unwrap();
                prop_assert_eq!(prefix, Prefix { id, indexes: indexes.to_vec().into(), len });
            }
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..40), indexes: bool) {
            if let Ok(prefix) = read(&bytes, indexes) {
                prop_assert!(prefix.len <= bytes.len());
                prop_assert!(prefix.indexes.len() <= bytes.len());
            }
        }

        #[test]
        fn guids_are_read_as_they_are_shown(guid: [u8; 16]) {
            let guid = SchemaId::Guid(guid);
            prop_assert_eq!(SchemaId::from_guid_text(&guid.to_string()), Some(guid));
        }
    }
}
