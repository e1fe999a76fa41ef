//! `{"schema": …, "payload": …}`.

use std::collections::HashMap;

use bytestring::ByteString;
use connect_api::ConnectError;
use connect_api::data::{SchemaAndValue, SchemaRef, Value};

use super::plain::PlainReader;
use super::reader::Reader;
use super::schema::read_schema;
use super::syntax::{Syntax, Why};
use super::typed::{Fault, Kind, TypedReader};

const REQUIRED: &str = "JsonConverter with schemas.enable requires \"schema\" and \"payload\" fields and may not contain \
     additional fields. If you are trying to deserialize plain JSON data, set schemas.enable=false in your converter \
     configuration.";

/// Reads envelopes. The schema is recognised by its bytes, so a record whose schema was seen before costs a comparison.
pub(super) struct EnvelopeReader {
    schemas: SchemaCache,
}

impl EnvelopeReader {
    pub fn new(cache_size: i32) -> Self {
        Self {
            schemas: SchemaCache::new(cache_size),
        }
    }

    /// The document's schema and value.
    pub fn read(
        &mut self,
        doc: &ByteString,
        plain: &mut PlainReader,
        typed: &mut TypedReader,
    ) -> Result<SchemaAndValue, Fault> {
        match self.usual(doc, plain, typed) {
            Ok(Some(read)) => Ok(read),
            // Of several faults the JVM reports that of the document before that of its envelope, schema and payload.
            Ok(None) | Err(_) => self.any(doc, plain, typed),
        }
    }

    /// The order that writers use: schema, then payload, then nothing. None if it is anything else.
    fn usual(
        &mut self,
        doc: &ByteString,
        plain: &mut PlainReader,
        typed: &mut TypedReader,
    ) -> Result<Option<SchemaAndValue>, Fault> {
        let r = &mut Reader::new(doc);
        if r.peek() != b'{' {
            return Ok(None);
        }
        r.enter()?;
        r.peek();
        if !r.take_bytes(b"\"schema\"") {
            return Ok(None);
        }
        r.colon()?;
        r.peek();
        let schema = self.schemas.read(doc, r, typed.replace_null_with_default)?;
        if r.peek() != b',' {
            return Ok(None);
        }
        r.step();
        r.peek();
        if !r.take_bytes(b"\"payload\"") {
            return Ok(None);
        }
        r.colon()?;
        let value = value(r, schema.as_ref(), plain, typed)?;
        Ok((r.peek() == b'}').then_some(SchemaAndValue::new(schema, value)))
    }

    /// Any order, repeated members, and the exact error.
    #[cold]
    fn any(
        &mut self,
        doc: &ByteString,
        plain: &mut PlainReader,
        typed: &mut TypedReader,
    ) -> Result<SchemaAndValue, Fault> {
        let (mut schema, mut payload, mut other) = (None, None, false);
        let r = &mut Reader::new(doc);
        if r.peek() == 0 && r.at_end() {
            return Err(ConnectError::data(REQUIRED).into());
        }
        let is_object = Kind::next(r)? == Kind::Object;
        if !is_object {
            skip_root(r)?;
            return Err(ConnectError::data(REQUIRED).into());
        }
        r.enter()?;
        let mut more = r.peek() != b'}';
        while more {
            let name = r.name()?;
            r.peek();
            match name.text() {
                "schema" => schema = Some(r.pos()),
                "payload" => payload = Some(r.pos()),
                _ => other = true,
            }
            r.skip_value()?;
            more = match r.peek() {
                b',' => true,
                b'}' => false,
                _ => return Err(r.error(Why::Comma).into()),
            };
            if more {
                r.step();
            }
        }
        let (Some(schema), Some(payload), false) = (schema, payload, other) else {
            return Err(ConnectError::data(REQUIRED).into());
        };
        let nulls = typed.replace_null_with_default;
        let schema = self
            .schemas
            .read(doc, &mut Reader::at(doc, schema), nulls)?;
        let value = value(&mut Reader::at(doc, payload), schema.as_ref(), plain, typed)?;
        Ok(SchemaAndValue::new(schema, value))
    }
}

fn value(
    r: &mut Reader<'_>,
    schema: Option<&SchemaRef>,
    plain: &mut PlainReader,
    typed: &mut TypedReader,
) -> Result<Value, Fault> {
    match schema {
        Some(schema) => typed.read(r, schema),
        None => Ok(plain.read(r)?),
    }
}

/// Steps over a whole document, which ends at a blank if it is a number.
pub fn skip_root(r: &mut Reader<'_>) -> Result<(), Syntax> {
    let is_number = Kind::next(r)? == Kind::Number;
    r.skip_value()?;
    if is_number && !r.ends_root_number() {
        return Err(r.error(Why::Separator));
    }
    Ok(())
}

/// Schemas by their JSON text; the least recently used one goes when there are too many.
struct SchemaCache {
    size: usize,
    known: HashMap<Box<str>, Known>,
    /// The text of the last record's schema: the next one nearly always has the same.
    last: Option<(Box<str>, Option<SchemaRef>)>,
    clock: u64,
}

struct Known {
    schema: Option<SchemaRef>,
    used: u64,
}

impl SchemaCache {
    fn new(size: i32) -> Self {
        Self {
            size: usize::try_from(size).unwrap_or(0),
            known: HashMap::new(),
            last: None,
            clock: 0,
        }
    }

    /// Takes the schema that comes next.
    fn read(
        &mut self,
        doc: &ByteString,
        r: &mut Reader<'_>,
        replace_null_with_default: bool,
    ) -> Result<Option<SchemaRef>, Fault> {
        // No valid JSON object continues another one, so a matching beginning is a match.
        if let Some((text, schema)) = &self.last
            && r.take_bytes(text.as_bytes())
        {
            return Ok(schema.clone());
        }
        let start = r.pos();
        r.skip_value()?;
        let text = r.since(start);
        self.clock += 1;
        let schema = match self.known.get_mut(text) {
            Some(known) => {
                known.used = self.clock;
                known.schema.clone()
            }
            None => {
                let schema = read_schema(doc, start, replace_null_with_default)?;
                self.keep(text, &schema);
                schema
            }
        };
        if self.size > 0 && text.starts_with('{') {
            self.last = Some((text.into(), schema.clone()));
        }
        Ok(schema)
    }

    fn keep(&mut self, text: &str, schema: &Option<SchemaRef>) {
        if self.size == 0 {
            return;
        }
        if self.known.len() >= self.size {
            let oldest = self.known.iter().min_by_key(|(_, known)| known.used);
            if let Some(text) = oldest.map(|(text, _)| text.clone()) {
                self.known.remove(&text);
            }
        }
        let known = Known {
            schema: schema.clone(),
            used: self.clock,
        };
        self.known.insert(text.into(), known);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema_of(cache: &mut SchemaCache, text: &str) -> Option<SchemaRef> {
        let doc = ByteString::from(text);
        let read = cache.read(&doc, &mut Reader::new(&doc), true);
        read.ok().flatten()
    }

    #[test]
    fn a_schema_seen_before_is_the_same_object() {
        let mut cache = SchemaCache::new(2);
        let texts = [
            r#"{"type":"int8"}"#,
            r#"{"type":"int16"}"#,
            r#"{"type":"int32"}"#,
        ];
        let first = schema_of(&mut cache, texts[0]).unwrap();
        schema_of(&mut cache, texts[1]).unwrap();
        let again = schema_of(&mut cache, texts[0]).unwrap();
        assert!(std::sync::Arc::ptr_eq(&first, &again));
        schema_of(&mut cache, texts[2]).unwrap();
        assert_eq!(cache.known.len(), 2);
        assert!(cache.known.contains_key(texts[0]));
        assert!(!cache.known.contains_key(texts[1]));
    }

    #[test]
    fn without_room_nothing_is_kept() {
        let mut cache = SchemaCache::new(0);
        schema_of(&mut cache, r#"{"type":"int8"}"#).unwrap();
        assert!(cache.known.is_empty() && cache.last.is_none());
    }
}
