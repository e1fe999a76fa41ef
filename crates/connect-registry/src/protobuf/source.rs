//! [`ProtobufSchema`]: what the registry has as text, made into descriptors.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use connect_api::ConnectError;
use connect_api::error::exception;
use prost::Message;
use prost_reflect::{DescriptorPool, FileDescriptor, MessageDescriptor};
use prost_types::{DescriptorProto, FileDescriptorProto};

use super::compile::compile;
use super::config::Settings;
use super::known;
use super::plan::Reader;
use super::wire;
use crate::format::SchemaText;

/// Imports inside each other; real ones are a handful.
const MAX_IMPORTS_DEEP: usize = 100;

/// A Protobuf file of the registry with everything that it imports.
pub struct ProtobufSchema {
    slots: Vec<Slot>,
    pub(super) version: Option<i32>,
    pub(super) settings: Arc<Settings>,
}

/// A message type of the file and those inside it, in the order in which message indexes count them.
struct Slot {
    descriptor: MessageDescriptor,
    nested: Vec<Slot>,
    reader: OnceLock<Result<Reader, ConnectError>>,
}

impl ProtobufSchema {
    pub(super) fn parse(
        text: &SchemaText,
        version: Option<i32>,
        settings: Arc<Settings>,
    ) -> Result<Self, ConnectError> {
        let mut files = Files {
            texts: text
                .references
                .iter()
                .map(|reference| (reference.name.as_str(), reference.text.as_str()))
                .collect(),
            pool: DescriptorPool::new(),
            open: HashSet::new(),
        };
        let source = Source::read(ROOT, &text.text).map_err(|why| invalid(&why))?;
        let counted = source.counted();
        let file = files.add(source, 0)?;
        Ok(Self {
            slots: slots(file.messages(), &counted),
            version,
            settings,
        })
    }

    /// The message type under those indexes; none of them means the first.
    pub(super) fn message(&self, indexes: &[i32]) -> Result<&MessageDescriptor, ConnectError> {
        self.slot(indexes).map(|slot| &slot.descriptor)
    }

    /// How to read that message type; made when it is first asked for.
    pub(super) fn reader(&self, indexes: &[i32]) -> Result<&Reader, ConnectError> {
        let slot = self.slot(indexes)?;
        slot.reader
            .get_or_init(|| compile(&slot.descriptor, self.version, &self.settings))
            .as_ref()
            .map_err(Clone::clone)
    }

    /// The message types of another file under the indexes of this one: those of the same name, or else the first, as on
    /// the JVM.
    pub(super) fn reading_as(&self, reader: &Self) -> Result<Self, ConnectError> {
        fn renamed(slots: &[Slot], pool: &DescriptorPool, first: &MessageDescriptor) -> Vec<Slot> {
            let slots = slots.iter().map(|slot| Slot {
                descriptor: pool
                    .get_message_by_name(slot.descriptor.full_name())
                    .unwrap_or_else(|| first.clone()),
                nested: renamed(&slot.nested, pool, first),
                reader: OnceLock::new(),
            });
            slots.collect()
        }
        let first = reader.message(&[])?;
        Ok(Self {
            slots: renamed(&self.slots, first.parent_pool(), first),
            version: reader.version,
            settings: reader.settings.clone(),
        })
    }

    /// The message type of that full name and its indexes.
    pub(super) fn named(&self, name: &str) -> Option<(&MessageDescriptor, Vec<i32>)> {
        fn search<'a>(
            slots: &'a [Slot],
            name: &str,
            indexes: &mut Vec<i32>,
        ) -> Option<&'a MessageDescriptor> {
            for (index, slot) in (0..).zip(slots) {
                indexes.push(index);
                if slot.descriptor.full_name() == name {
                    return Some(&slot.descriptor);
                }
                if let Some(found) = search(&slot.nested, name, indexes) {
                    return Some(found);
                }
                indexes.pop();
            }
            None
        }
        let mut indexes = Vec::new();
        let message = search(&self.slots, name, &mut indexes)?;
        Some((message, indexes))
    }

    fn slot(&self, indexes: &[i32]) -> Result<&Slot, ConnectError> {
        let indexes = if indexes.is_empty() { &[0] } else { indexes };
        let mut slots = &self.slots;
        let mut found = None;
        for &index in indexes {
            let slot = usize::try_from(index).ok().and_then(|i| slots.get(i));
            let Some(slot) = slot else {
                return Err(ConnectError::record(
                    exception::ILLEGAL_ARGUMENT,
                    format!("Invalid message indexes: {indexes:?}"),
                ));
            };
            slots = &slot.nested;
            found = Some(slot);
        }
        found.ok_or_else(|| ConnectError::data("Invalid message indexes: []"))
    }
}

/// What the file of the schema itself is called, as on the JVM. A path it cannot have been imported by.
const ROOT: &str = "default";

fn invalid(why: &str) -> ConnectError {
    ConnectError::record(
        exception::SERIALIZATION,
        format!("Invalid schema of type PROTOBUF: {why}"),
    )
}

/// A file before its imports are known.
struct Source {
    proto: FileDescriptorProto,
    /// The bytes of a serialized descriptor, which hold options that `proto` has lost.
    serialized: Option<Vec<u8>>,
}

impl Source {
    /// From the text of a `.proto` file or the Base64 of its descriptor.
    fn read(name: &str, text: &str) -> Result<Self, String> {
        if let Some(mut bytes) = serialized(text) {
            let mut proto = FileDescriptorProto::decode(bytes.as_slice())
                .map_err(|error| format!("the Base64 of {name} is no file descriptor: {error}"))?;
            proto.name = Some(name.to_owned());
            // Of a field that stands twice the last one counts.
            wire::put_tag(&mut bytes, 1, wire::LENGTH);
            wire::put_varint(&mut bytes, name.len() as u64);
            bytes.extend_from_slice(name.as_bytes());
            return Ok(Self {
                proto,
                serialized: Some(bytes),
            });
        }
        let proto = protox_parse::parse(name, text).map_err(|error| {
            if text.trim_start().starts_with("edition") {
                return format!(
                    "{name} is of an edition of Protobuf; only proto2 and proto3 are read"
                );
            }
            format!("{error:?}")
        })?;
        Ok(Self {
            proto,
            serialized: None,
        })
    }

    /// The message types that indexes count. The text of a map has no message type; a descriptor shows the type of its
    /// entries, and so does text that was made of a descriptor.
    fn counted(&self) -> Vec<Counted> {
        self.proto
            .message_type
            .iter()
            .map(|message| Counted::of(message, self.serialized.is_some()))
            .collect()
    }
}

/// Whether text is Base64 instead of a `.proto` file, which has blanks and semicolons.
fn serialized(text: &str) -> Option<Vec<u8>> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    STANDARD.decode(text).ok()
}

struct Counted {
    is_counted: bool,
    nested: Vec<Counted>,
}

impl Counted {
    fn of(message: &DescriptorProto, with_entries: bool) -> Self {
        let is_entry = message.options.as_ref().is_some_and(|o| o.map_entry());
        Self {
            is_counted: with_entries || !is_entry,
            nested: message
                .nested_type
                .iter()
                .map(|nested| Self::of(nested, with_entries))
                .collect(),
        }
    }
}

fn slots(messages: impl Iterator<Item = MessageDescriptor>, counted: &[Counted]) -> Vec<Slot> {
    messages
        .zip(counted)
        .filter(|(_, counted)| counted.is_counted)
        .map(|(descriptor, counted)| Slot {
            nested: slots(descriptor.child_messages(), &counted.nested),
            descriptor,
            reader: OnceLock::new(),
        })
        .collect()
}

/// Files on their way into one pool.
struct Files<'a> {
    /// What was referred to, by path.
    texts: HashMap<&'a str, &'a str>,
    pool: DescriptorPool,
    /// Files whose imports are being read.
    open: HashSet<String>,
}

impl Files<'_> {
    fn add(&mut self, source: Source, depth: usize) -> Result<FileDescriptor, ConnectError> {
        let name = source.proto.name().to_owned();
        self.open.insert(name.clone());
        for import in &source.proto.dependency {
            if self.pool.get_file_by_name(import).is_some() {
                continue;
            }
            if self.open.contains(import) || depth == MAX_IMPORTS_DEEP {
                return Err(invalid(&format!(
                    "{import} imports itself, by way of {name}"
                )));
            }
            let imported = match self.texts.get(import.as_str()) {
                Some(text) => Source::read(import, text).map_err(|why| invalid(&why))?,
                None => Source {
                    proto: known::file(import).ok_or_else(|| {
                        invalid(&format!(
                            "{name} imports {import}, but the schema has no reference of that name"
                        ))
                    })?,
                    serialized: None,
                },
            };
            self.add(imported, depth + 1)?;
        }
        self.open.remove(&name);
        let added = match source.serialized {
            Some(bytes) => self.pool.decode_file_descriptor_proto(bytes.as_slice()),
            None => self.pool.add_file_descriptor_proto(source.proto),
        };
        added.map_err(|error| invalid(&format!("{error:?}")))?;
        self.pool
            .get_file_by_name(&name)
            .ok_or_else(|| invalid(&format!("{name} has no descriptor")))
    }
}
