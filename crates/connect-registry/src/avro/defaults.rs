//! Defaults of Avro schemas, which are JSON, as values of Connect.
//!
//! A default is encoded as a producer would, and read as everything else is; so it cannot differ from what a record with
//! that value gives.

use connect_api::ConnectError;
use connect_api::data::{SchemaRef, Value};
use serde_json::Value as Json;

use super::compile::compile_part;
use super::config::Settings;
use super::model::{Field, Kind, Model, NodeId};
use super::wire::{put_bytes, put_long};

/// Fields with defaults that have fields with defaults: a short text can ask for any number of them.
const MAX_STEPS: usize = 100_000;
const MAX_DEPTH: usize = 250;

/// The value of a default; `schema` is the Connect schema of the node.
///
/// # Errors
/// The JSON does not fit the Avro schema.
pub(super) fn value(
    model: &Model,
    settings: &Settings,
    id: NodeId,
    schema: &SchemaRef,
    json: &Json,
) -> Result<Value, ConnectError> {
    let mut bytes = Vec::new();
    encode(model, id, json, &mut bytes)?;
    let reader = compile_part(model, settings, id, schema)?;
    reader.read(&bytes.into())
}

/// Appends the encoding of a default.
///
/// # Errors
/// As of [`value`].
pub(super) fn encode(
    model: &Model,
    id: NodeId,
    json: &Json,
    out: &mut Vec<u8>,
) -> Result<(), ConnectError> {
    let mut encoder = Encoder { model, steps: 0 };
    encoder.value(id, json, out, 0).ok_or_else(|| {
        ConnectError::data(format!(
            "Invalid default {json} for {}",
            model.nodes[id].full_name()
        ))
    })
}

struct Encoder<'a> {
    model: &'a Model,
    steps: usize,
}

impl Encoder<'_> {
    /// None: it does not fit.
    fn value(&mut self, id: NodeId, json: &Json, out: &mut Vec<u8>, depth: usize) -> Option<()> {
        self.steps += 1;
        if self.steps > MAX_STEPS || depth > MAX_DEPTH {
            return None;
        }
        match self.model.kind(id) {
            Kind::Null => json.is_null().then_some(())?,
            Kind::Boolean => out.push(json.as_bool()?.into()),
            Kind::Int => put_long(out, i32::try_from(json.as_i64()?).ok()?.into()),
            Kind::Long => put_long(out, json.as_i64()?),
            Kind::Float => out.extend_from_slice(&(json.as_f64()? as f32).to_le_bytes()),
            Kind::Double => out.extend_from_slice(&json.as_f64()?.to_le_bytes()),
            Kind::String => put_bytes(out, json.as_str()?.as_bytes()),
            Kind::Bytes => put_bytes(out, &bytes(json)?),
            Kind::Fixed(size) => {
                let bytes = bytes(json).filter(|bytes| bytes.len() == *size)?;
                out.extend_from_slice(&bytes);
            }
            Kind::Enum { symbols, .. } => {
                let symbol = json.as_str()?;
                let place = symbols.iter().position(|known| known == symbol)?;
                put_long(out, place as i64);
            }
            Kind::Array(item) => {
                let items = json.as_array()?;
                put_block(out, items.len());
                for json in items {
                    self.value(*item, json, out, depth + 1)?;
                }
                end_block(out, items.len());
            }
            Kind::Map(value) => {
                let members = json.as_object()?;
                put_block(out, members.len());
                for (key, json) in members {
                    put_bytes(out, key.as_bytes());
                    self.value(*value, json, out, depth + 1)?;
                }
                end_block(out, members.len());
            }
            Kind::Union(members) => self.member(members, json, out, depth)?,
            Kind::Record(fields) => self.record(fields, json, out, depth)?,
        }
        Some(())
    }

    /// The first member that it fits.
    fn member(
        &mut self,
        members: &[NodeId],
        json: &Json,
        out: &mut Vec<u8>,
        depth: usize,
    ) -> Option<()> {
        let start = out.len();
        for (place, &member) in members.iter().enumerate() {
            put_long(out, place as i64);
            if self.value(member, json, out, depth + 1).is_some() {
                return Some(());
            }
            out.truncate(start);
        }
        None
    }

    fn record(
        &mut self,
        fields: &[Field],
        json: &Json,
        out: &mut Vec<u8>,
        depth: usize,
    ) -> Option<()> {
        let members = json.as_object()?;
        for field in fields {
            let given = members.get(&*field.name).or(field.default.as_ref());
            self.value(field.node, given?, out, depth + 1)?;
        }
        Some(())
    }
}

fn put_block(out: &mut Vec<u8>, items: usize) {
    put_long(out, items as i64);
}

/// An empty block is the end already.
fn end_block(out: &mut Vec<u8>, items: usize) {
    if items > 0 {
        put_long(out, 0);
    }
}

/// Bytes stand in JSON as the characters of their numbers.
fn bytes(json: &Json) -> Option<Vec<u8>> {
    let text = json.as_str()?;
    text.chars()
        .map(|c| u8::try_from(u32::from(c)).ok())
        .collect()
}
