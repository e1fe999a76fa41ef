//! [`Reader`]: a message type compiled for reading, with the Connect schema that comes of it.
//!
//! Everything that does not depend on the bytes is decided here: which place of a struct a field's number fills, what
//! stands there if the field is missing, which names an enum has.

use bytestring::ByteString;
use connect_api::data::{SchemaRef, Value};

/// How to read one message type as the root of a record.
pub(super) struct Reader {
    pub schema: SchemaRef,
    pub root: Kind,
    pub messages: Vec<Message>,
}

/// A message type; the schema stands at each use, as its parameters may differ there.
pub(super) struct Message {
    pub fields: Vec<Field>,
    /// Place in `fields` by number, plus one; zero is unknown. For numbers beyond it there is `by_high_number`.
    pub by_number: Box<[u32]>,
    pub by_high_number: Vec<(u32, u32)>,
    /// The values of a message without any field.
    pub template: Vec<Value>,
    pub oneofs: Vec<Oneof>,
    /// How many fields are required; each has its place among them.
    pub required: usize,
    /// Fields with messages that are never null, by place in `fields`.
    pub always: Vec<usize>,
}

impl Message {
    #[inline]
    pub fn field(&self, number: u32) -> Option<usize> {
        let place = match self.by_number.get(number as usize) {
            Some(&place) => place,
            None => {
                let at = self
                    .by_high_number
                    .binary_search_by_key(&number, |&(n, _)| n)
                    .ok()?;
                self.by_high_number[at].1
            }
        };
        (place as usize).checked_sub(1)
    }
}

pub(super) struct Oneof {
    /// The struct around the member and its place; none if members are fields of the message.
    pub union: Option<(usize, SchemaRef)>,
}

pub(super) struct Field {
    pub name: ByteString,
    pub shape: Shape,
    pub place: Place,
    /// Its place among the required fields.
    pub required: Option<usize>,
}

/// How often a field may stand in a message.
pub(super) enum Shape {
    Single(Kind),
    Repeated(Kind),
    Map(Box<Entry>),
}

#[derive(Clone, Copy)]
pub(super) enum Place {
    /// A field of the struct.
    Slot(usize),
    /// A member of a oneof: which one, and the place in the union's struct or in the message's.
    Oneof { oneof: usize, slot: usize },
}

/// The message of a map's entry.
pub(super) struct Entry {
    pub key: Member,
    pub value: Member,
}

/// A field of an entry.
pub(super) struct Member {
    pub number: u32,
    pub kind: Kind,
    /// Stands for a missing one; none for messages, which are then read from no bytes.
    pub default: Option<Value>,
}

pub(super) enum Kind {
    Scalar(Scalar),
    /// A message that stands for the scalar inside.
    Wrapper(Box<Member>),
    Logical(Logical),
    Struct {
        message: usize,
        schema: SchemaRef,
    },
}

impl Kind {
    pub fn is_message(&self) -> bool {
        !matches!(self, Kind::Scalar(_))
    }
}

/// How a scalar is encoded and what it becomes.
pub(super) enum Scalar {
    Int32(Width),
    Sint32(Width),
    Sfixed32(Width),
    /// Unsigned; there is no such type in Connect, so it becomes the next larger.
    Uint32,
    Fixed32,
    /// Signed or not: the bits stay.
    Int64,
    Sint64,
    Fixed64,
    Float,
    Double,
    Bool,
    String,
    /// A string of proto2, in which what is no UTF-8 is replaced.
    LenientString,
    Bytes,
    Enum(Box<Enum>),
}

/// The Connect type that a field's meta data asks for.
#[derive(Clone, Copy)]
pub(super) enum Width {
    Int8,
    Int16,
    Int32,
}

pub(super) struct Enum {
    pub name: ByteString,
    /// The names of small numbers.
    pub dense: Vec<Option<ByteString>>,
    /// The names of all other numbers, in their order.
    pub sparse: Vec<(i32, ByteString)>,
    /// A number without a name counts as if the field were missing.
    pub is_closed: bool,
    pub as_int: bool,
}

impl Enum {
    pub fn symbol(&self, number: i32) -> Option<&ByteString> {
        match usize::try_from(number) {
            Ok(n) if n < self.dense.len() => self.dense[n].as_ref(),
            _ => {
                let at = self
                    .sparse
                    .binary_search_by_key(&number, |&(n, _)| n)
                    .ok()?;
                Some(&self.sparse[at].1)
            }
        }
    }
}

/// A message that is a logical type of Connect.
pub(super) struct Logical {
    pub type_: LogicalType,
    /// Numbers and encodings of its parts, in the order of [`LogicalType::parts`].
    pub parts: Vec<(u32, Scalar)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LogicalType {
    Decimal,
    Date,
    Time,
    Timestamp,
}

impl LogicalType {
    /// The fields that count, by name as on the JVM.
    pub fn parts(self) -> &'static [&'static str] {
        match self {
            Self::Decimal => &["value", "precision", "scale"],
            Self::Date => &["year", "month", "day"],
            Self::Time => &["hours", "minutes", "seconds", "nanos"],
            Self::Timestamp => &["seconds", "nanos"],
        }
    }
}
