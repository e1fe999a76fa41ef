//! [`Reader`]: a schema compiled for reading. Everything that does not depend on the bytes is decided here: which place
//! of a struct a value fills, what a number becomes, what stands where the bytes have nothing.

use bytestring::ByteString;
use connect_api::ConnectError;
use connect_api::data::{SchemaRef, Value};

/// How to read payloads.
pub(super) struct Reader {
    /// None for values that have no schema.
    pub schema: Option<SchemaRef>,
    pub root: Root,
    pub records: Vec<Record>,
    pub skipped: Vec<Vec<Skip>>,
}

pub(super) enum Root {
    Value(Kind),
    /// The payload is the value: bytes alone have no length in front of them.
    Raw(Binary),
    /// A value without schema, in the record that stands for all of them.
    Anything,
}

/// How the bytes of a value are read, and what they become.
pub(super) enum Kind {
    Null,
    Boolean,
    Int(Number),
    Long(Number),
    Float(Number),
    Double,
    /// With a length in front.
    String,
    Bytes(Binary),
    Fixed(usize, Binary),
    Enum(Box<[Symbol]>),
    Array(Box<Kind>),
    Map(Box<Kind>),
    /// An array of records with a key and a value.
    Entries(Box<Layout>),
    /// Place in [`Reader::records`].
    Record(usize),
    /// A union of null and this one.
    Optional {
        null: usize,
        kind: Box<Kind>,
    },
    Union(Box<[Kind]>),
    /// A member of a union that is a struct.
    Member(Box<Member>),
    /// What was written cannot be read as it is to be.
    Unreadable(Box<ConnectError>),
}

/// What a number becomes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Number {
    Int8,
    Int16,
    Int32,
    Date,
    Time,
    Int64,
    Timestamp,
    Float32,
    Float64,
}

/// What a run of bytes becomes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Binary {
    Bytes,
    String,
    Decimal { scale: i32 },
}

pub(super) enum Symbol {
    Known(ByteString),
    /// The reader's enum does not have it.
    Unknown(Box<ConnectError>),
}

pub(super) struct Member {
    pub schema: SchemaRef,
    pub slot: usize,
    pub kind: Kind,
}

pub(super) struct Record {
    pub schema: SchemaRef,
    pub layout: Layout,
}

/// The fields of a record.
pub(super) enum Layout {
    /// Each value fills the next place.
    Straight(Box<[Kind]>),
    Mapped {
        steps: Box<[Step]>,
        /// The values of what the bytes do not have.
        template: Vec<Value>,
    },
}

pub(super) enum Step {
    Read { slot: usize, kind: Kind },
    Skip(Skip),
}

/// How the bytes of a value that nobody wants are passed over.
pub(super) enum Skip {
    Nothing,
    Bytes(usize),
    Varint,
    Prefixed,
    Array(Box<Skip>),
    Map(Box<Skip>),
    Union(Box<[Skip]>),
    /// Place in [`Reader::skipped`].
    Record(usize),
}
