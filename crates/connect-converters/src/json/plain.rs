//! JSON without a schema, straight to values.

use connect_api::data::{Map, Value};

use super::reader::{Number, Reader};
use super::syntax::{Syntax, Why};

/// Reads documents into values: numbers without a point become INT64, others FLOAT64, objects maps.
///
/// It does not recurse, so that no document can exhaust the stack. Members and elements gather on two stacks that are
/// kept from document to document, and each container is then made in one piece of the right size.
#[derive(Default)]
pub(super) struct PlainReader {
    open: Vec<Open>,
    members: Vec<(Value, Value)>,
    elements: Vec<Value>,
}

/// A container that is not complete yet.
struct Open {
    is_object: bool,
    /// Where its members or elements begin on their stack.
    start: usize,
    names: Names,
}

/// Tells most objects whose names all differ from the few that must be searched for repeated ones.
#[derive(Default)]
struct Names {
    seen: u64,
    maybe_repeated: bool,
}

impl Names {
    #[inline]
    fn add(&mut self, name: &str) {
        let bytes = name.as_bytes();
        let sample = match bytes {
            [] => 0,
            [first, .., last] => {
                let middle = bytes[bytes.len() / 2];
                u32::from_le_bytes([*first, *last, middle, bytes.len() as u8])
            }
            [only] => u32::from(*only),
        };
        let bit = 1 << (sample.wrapping_mul(0x9e37_79b1) >> 26);
        self.maybe_repeated |= self.seen & bit != 0;
        self.seen |= bit;
    }
}

impl PlainReader {
    /// The value that comes next.
    pub fn read(&mut self, reader: &mut Reader<'_>) -> Result<Value, Syntax> {
        self.open.clear();
        self.members.clear();
        self.elements.clear();
        loop {
            let value = match reader.peek() {
                b'"' => Value::String(reader.string()?),
                b'-' | b'0'..=b'9' => match reader.number()? {
                    Number::Integer(n) => Value::Int64(n),
                    Number::Double(d) => Value::Float64(d),
                },
                b'{' => {
                    reader.enter()?;
                    if reader.peek() != b'}' {
                        self.open_object(reader)?;
                        continue;
                    }
                    reader.leave();
                    Value::Map(Map::new())
                }
                b'[' => {
                    reader.enter()?;
                    if reader.peek() != b']' {
                        self.open_array();
                        continue;
                    }
                    reader.leave();
                    Value::Array(Vec::new())
                }
                b't' => {
                    reader.word("true")?;
                    Value::Boolean(true)
                }
                b'f' => {
                    reader.word("false")?;
                    Value::Boolean(false)
                }
                b'n' => {
                    reader.word("null")?;
                    Value::Null
                }
                _ => return Err(reader.error(Why::Value)),
            };
            if let Some(root) = self.place(reader, value)? {
                return Ok(root);
            }
        }
    }

    fn open_object(&mut self, reader: &mut Reader<'_>) -> Result<(), Syntax> {
        let mut open = Open {
            is_object: true,
            start: self.members.len(),
            names: Names::default(),
        };
        let name = reader.name()?;
        open.names.add(&name);
        self.members.push((Value::String(name), Value::Null));
        self.open.push(open);
        Ok(())
    }

    fn open_array(&mut self) {
        self.open.push(Open {
            is_object: false,
            start: self.elements.len(),
            names: Names::default(),
        });
    }

    /// Puts a value where it belongs and closes what ends behind it; gives the whole once nothing is open.
    #[inline]
    fn place(
        &mut self,
        reader: &mut Reader<'_>,
        mut value: Value,
    ) -> Result<Option<Value>, Syntax> {
        while let Some(open) = self.open.last_mut() {
            let next = reader.peek();
            if open.is_object {
                if let Some(member) = self.members.last_mut() {
                    member.1 = value;
                }
                if next == b',' {
                    reader.step();
                    let name = reader.name()?;
                    open.names.add(&name);
                    self.members.push((Value::String(name), Value::Null));
                    return Ok(None);
                }
                if next != b'}' {
                    return Err(reader.error(Why::Comma));
                }
                let members = self.members.drain(open.start..).collect();
                value = Value::Map(if open.names.maybe_repeated {
                    Map::from_entries(members)
                } else {
                    Map::from_distinct_entries(members)
                });
            } else {
                self.elements.push(value);
                if next == b',' {
                    reader.step();
                    return Ok(None);
                }
                if next != b']' {
                    return Err(reader.error(Why::Comma));
                }
                value = Value::Array(self.elements.drain(open.start..).collect());
            }
            reader.leave();
            self.open.pop();
        }
        Ok(Some(value))
    }
}
