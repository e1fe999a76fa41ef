//! JSON without a schema, straight to values.

use bytestring::ByteString;
use connect_api::data::{Map, Value};

use super::names::{Names, UNKNOWN};
use super::reader::{Number, Reader};
use super::syntax::{Syntax, Why};

/// Reads documents into values: numbers without a point become INT64, others FLOAT64, objects maps.
///
/// It does not recurse, so that no document can exhaust the stack. Members and elements gather on two stacks that are
/// kept from document to document, and each container is then made in one piece of the right size.
pub(super) struct PlainReader {
    /// The container being read; at first one that takes the document's value.
    open: Open,
    /// Those around it.
    outer: Vec<Open>,
    members: Vec<(Value, Value)>,
    elements: Vec<Value>,
    names: Names,
}

/// A container that is not complete yet.
#[derive(Default)]
struct Open {
    is_object: bool,
    /// Where its members or elements begin on their stack.
    start: usize,
    /// The name of the member whose value comes next.
    name: ByteString,
    seen: Seen,
}

/// Tells most objects whose names all differ from the few that must be searched for repeated ones.
#[derive(Default)]
struct Seen {
    numbers: u64,
    maybe_repeated: bool,
}

impl Seen {
    #[inline]
    fn add(&mut self, number: u32) {
        let bit = 1 << (number % 64);
        self.maybe_repeated |= self.numbers & bit != 0 || number == UNKNOWN;
        self.numbers |= bit;
    }
}

impl Default for PlainReader {
    fn default() -> Self {
        Self {
            open: Open::default(),
            outer: Vec::new(),
            // One entry lies at the bottom for good: `split_off` from further up copies just what it takes.
            members: vec![(Value::Null, Value::Null)],
            elements: vec![Value::Null],
            names: Names::default(),
        }
    }
}

impl PlainReader {
    /// The value that comes next.
    pub fn read(&mut self, reader: &mut Reader<'_>) -> Result<Value, Syntax> {
        self.open = Open::default();
        self.outer.clear();
        self.members.truncate(1);
        self.elements.truncate(1);
        self.names.restart();
        loop {
            // Each arm puts its value itself: a value made in place costs much less than one that is handed on.
            match reader.peek() {
                b'"' => {
                    let text = reader.string()?;
                    self.put(Value::String(text));
                }
                b'-' | b'0'..=b'9' => match reader.number()? {
                    Number::Integer(n) => self.put(Value::Int64(n)),
                    Number::Double(d) => self.put(Value::Float64(d)),
                },
                b'{' => {
                    reader.enter()?;
                    if reader.peek() != b'}' {
                        self.begin(true, self.members.len());
                        self.name(reader)?;
                        continue;
                    }
                    reader.leave();
                    self.put(Value::Map(Map::new()));
                }
                b'[' => {
                    reader.enter()?;
                    if reader.peek() != b']' {
                        self.begin(false, self.elements.len());
                        continue;
                    }
                    reader.leave();
                    self.put(Value::Array(Vec::new()));
                }
                b't' => {
                    reader.word("true")?;
                    self.put(Value::Boolean(true));
                }
                b'f' => {
                    reader.word("false")?;
                    self.put(Value::Boolean(false));
                }
                b'n' => {
                    reader.word("null")?;
                    self.put(Value::Null);
                }
                _ => return Err(reader.error(Why::Value)),
            }
            if self.is_complete(reader)? {
                return Ok(self.elements.pop().unwrap_or_default());
            }
        }
    }

    fn begin(&mut self, is_object: bool, start: usize) {
        let open = Open {
            is_object,
            start,
            ..Open::default()
        };
        self.outer.push(std::mem::replace(&mut self.open, open));
    }

    #[inline]
    fn name(&mut self, reader: &mut Reader<'_>) -> Result<(), Syntax> {
        let (name, number) = self.names.read(reader)?;
        self.open.seen.add(number);
        self.open.name = name;
        Ok(())
    }

    #[inline(always)]
    fn put(&mut self, value: Value) {
        if self.open.is_object {
            let name = std::mem::take(&mut self.open.name);
            self.members.push((Value::String(name), value));
        } else {
            self.elements.push(value);
        }
    }

    /// Behind a value: closes the containers that end here. False if another value follows.
    #[inline]
    fn is_complete(&mut self, reader: &mut Reader<'_>) -> Result<bool, Syntax> {
        while !self.outer.is_empty() {
            match (reader.peek(), self.open.is_object) {
                (b',', is_object) => {
                    reader.step();
                    if is_object {
                        self.name(reader)?;
                    }
                    return Ok(false);
                }
                (b'}', true) | (b']', false) => reader.leave(),
                _ => return Err(reader.error(Why::Comma)),
            }
            self.end();
        }
        Ok(true)
    }

    /// Makes the container and puts it into the one around it.
    fn end(&mut self) {
        let outer = self.outer.pop().unwrap_or_default();
        let open = std::mem::replace(&mut self.open, outer);
        if !open.is_object {
            let elements = self.elements.split_off(open.start);
            return self.put(Value::Array(elements));
        }
        let members = self.members.split_off(open.start);
        if open.seen.maybe_repeated {
            self.put(Value::Map(Map::from_entries(members)));
        } else {
            self.put(Value::Map(Map::from_distinct_entries(members)));
        }
    }
}
