//! From [`Drafts`] to the Connect schema.

use std::collections::HashMap;

use connect_api::ConnectError;
use connect_api::data::{RecursiveStruct, SchemaBuilder, SchemaRef, Type};
use connect_api::error::exception;

use super::names::ID;
use super::read::Plans;
use super::text::Json;
use super::to_connect::{Draft, DraftId, Drafts, Use};

/// # Errors
/// A record's fault: a default does not fit its schema.
pub fn build(drafts: &Drafts) -> Result<SchemaRef, ConnectError> {
    let mut builder = Builder {
        drafts: &drafts.all,
        open: HashMap::new(),
        again: HashMap::new(),
    };
    builder.refer()?;
    builder.schema(drafts.root)
}

struct Builder<'a> {
    drafts: &'a [Draft],
    /// Structs that stand at several places and are not complete yet.
    open: HashMap<DraftId, RecursiveStruct>,
    /// Their further places.
    again: HashMap<Use, SchemaRef>,
}

impl Builder<'_> {
    /// Makes the further places of structs before the structs themselves, which may contain them.
    fn refer(&mut self) -> Result<(), ConnectError> {
        let drafts = self.drafts;
        let uses = drafts.iter().flat_map(|draft| {
            let fields = draft.fields.iter().map(|(_, place)| *place);
            fields.chain(draft.key).chain(draft.value)
        });
        for place in uses {
            let Use::Again { draft, optional } = place else {
                continue;
            };
            if self.again.contains_key(&place) {
                continue;
            }
            let open = self.open.entry(draft).or_default();
            let builder = attributes(open.reference(), &drafts[draft], true);
            self.again
                .insert(place, builder.optional(optional).build()?);
        }
        Ok(())
    }

    fn schema(&mut self, place: Use) -> Result<SchemaRef, ConnectError> {
        match place {
            Use::Again { .. } => match self.again.get(&place) {
                Some(schema) => Ok(schema.clone()),
                None => Err(ConnectError::data(
                    "the JSON schema contains itself without an object between",
                )),
            },
            Use::Own(draft) => self.own(draft),
        }
    }

    fn own(&mut self, id: DraftId) -> Result<SchemaRef, ConnectError> {
        let draft = &self.drafts[id];
        let mut builder = match (draft.type_, draft.key, draft.value) {
            (Type::Map, Some(key), Some(value)) => {
                SchemaBuilder::map(self.schema(key)?, self.schema(value)?)
            }
            (Type::Array, _, Some(value)) => SchemaBuilder::array(self.schema(value)?),
            (type_, ..) => SchemaBuilder::new(type_),
        };
        for (name, place) in &draft.fields {
            builder = builder.field(name.clone(), self.schema(*place)?);
        }
        builder = attributes(builder, draft, draft.shows_id);
        if let Some(default) = &draft.default {
            builder = with_default(builder, default)?;
        }
        builder = builder.optional(draft.optional);
        match self.open.remove(&id) {
            Some(open) => open.complete(builder),
            None => builder.build(),
        }
    }
}

fn attributes(mut builder: SchemaBuilder, draft: &Draft, with_id: bool) -> SchemaBuilder {
    if let Some(name) = &draft.name {
        builder = builder.name(name.clone());
    }
    if let Some(version) = draft.version {
        builder = builder.version(version);
    }
    if let Some(doc) = &draft.doc {
        builder = builder.doc(doc.clone());
    }
    for (name, value) in &draft.parameters {
        builder = builder.parameter(name.clone(), value.clone());
    }
    match &draft.id {
        Some(id) if with_id => builder.parameter(ID, id.clone()),
        _ => builder,
    }
}

/// Reads the default as if it were the value of a record. The schema counts as required for that.
fn with_default(builder: SchemaBuilder, default: &Json) -> Result<SchemaBuilder, ConnectError> {
    let schema = builder.build()?;
    if schema.type_() == Type::Struct {
        // There a struct made for a default never has the schema that it is compared with.
        return Err(
            ConnectError::record(exception::SCHEMA_BUILDER, "Invalid default value")
                .caused_by(ConnectError::data("Struct schemas do not match.")),
        );
    }
    let value = Plans::new(&schema).read(default.to_text().into())?;
    Ok(SchemaBuilder::like(&schema).default(value))
}
