//! [`compile`]: a message type's descriptor to its Connect schema and its plan for reading.
//!
//! A message type becomes a schema where it is first used. Later uses, those inside itself included, get that schema's
//! attributes with their own field's number, as on the JVM.

use std::collections::HashMap;

use bytestring::ByteString;
use connect_api::ConnectError;
use connect_api::data::{
    DATE, RecursiveStruct, SchemaBuilder, SchemaRef, TIME, TIMESTAMP, Type, Value, decimal_schema,
};
use prost_reflect::{
    Cardinality, EnumDescriptor, FieldDescriptor, MessageDescriptor, OneofDescriptor, Syntax,
};

use super::config::{
    CONNECT_PRECISION, CONNECT_TYPE, GENERALIZED_UNION, Settings, TYPE_PROP, TYPE_TAG, TYPE_UNION,
};
use super::known;
use super::names::map_field;
use super::plan::{
    Entry, Enum, Field, Kind, Logical, LogicalType, Member, Message, Oneof, Place, Reader, Scalar,
    Shape, Width,
};

/// Message types inside each other. Values end earlier; this guards the stack against schemas.
const MAX_TYPES_DEEP: usize = 200;

pub(super) fn compile(
    descriptor: &MessageDescriptor,
    version: Option<i32>,
    settings: &Settings,
) -> Result<Reader, ConnectError> {
    let mut compiler = Compiler {
        settings,
        messages: Vec::new(),
        known: HashMap::new(),
        depth: 0,
    };
    if settings.wrapper_for_raw
        && let Some(type_) = wrapped_type(descriptor)
    {
        let schema = with_version(SchemaBuilder::new(type_), version).build()?;
        let root = Kind::Wrapper(Box::new(compiler.wrapped(descriptor)?));
        return Ok(Reader {
            schema,
            root,
            messages: compiler.messages,
        });
    }
    let first_use = Use {
        tag: None,
        is_optional: contains_itself(descriptor, settings),
        version,
    };
    let (message, schema) = compiler.first(descriptor, first_use)?;
    Ok(Reader {
        schema: schema.clone(),
        root: Kind::Struct { message, schema },
        messages: compiler.messages,
    })
}

struct Compiler<'a> {
    settings: &'a Settings,
    messages: Vec<Message>,
    /// By full name.
    known: HashMap<String, Known>,
    depth: usize,
}

struct Known {
    message: usize,
    state: State,
}

enum State {
    /// Being compiled; whoever asks stands inside.
    Open(RecursiveStruct, Use),
    Done(SchemaRef),
}

/// The attributes that a struct schema gets from where it stands.
#[derive(Clone, Copy)]
struct Use {
    /// The number of the field, unless the message is an element or the root.
    tag: Option<u32>,
    is_optional: bool,
    version: Option<i32>,
}

/// A field's schema on its way, and how the field is read.
struct Compiled {
    builder: SchemaBuilder,
    shape: Shape,
    type_: Type,
}

impl Compiler<'_> {
    /// A message type that is used for the first time.
    fn first(
        &mut self,
        descriptor: &MessageDescriptor,
        at: Use,
    ) -> Result<(usize, SchemaRef), ConnectError> {
        if self.depth == MAX_TYPES_DEEP {
            return Err(ConnectError::data(format!(
                "Message {} stands inside more than {MAX_TYPES_DEEP} others",
                descriptor.full_name()
            )));
        }
        self.depth += 1;
        let message = self.messages.len();
        self.messages.push(Message {
            fields: Vec::new(),
            by_number: Box::default(),
            by_high_number: Vec::new(),
            template: Vec::new(),
            oneofs: Vec::new(),
            required: 0,
            always: Vec::new(),
        });
        let name = descriptor.full_name().to_owned();
        let state = State::Open(RecursiveStruct::new(), at);
        self.known.insert(name.clone(), Known { message, state });

        let builder = attributes(SchemaBuilder::structure(), self.name(descriptor), at);
        let builder = self.members(descriptor, message, builder)?;
        let Some(Known {
            state: State::Open(recursive, _),
            ..
        }) = self.known.remove(&name)
        else {
            return Err(ConnectError::data(format!(
                "Message {name} is compiled twice"
            )));
        };
        let schema = recursive.complete(builder)?;
        let state = State::Done(schema.clone());
        self.known.insert(name, Known { message, state });
        self.depth -= 1;
        Ok((message, schema))
    }

    /// A message type as a field (with the field's number) or element.
    fn structure(
        &mut self,
        descriptor: &MessageDescriptor,
        tag: Option<u32>,
    ) -> Result<(usize, SchemaRef), ConnectError> {
        let name = self.name(descriptor);
        let Some(known) = self.known.get(descriptor.full_name()) else {
            let at = Use {
                tag,
                is_optional: true,
                version: None,
            };
            return self.first(descriptor, at);
        };
        let schema = match &known.state {
            State::Done(schema) => {
                with_tag(SchemaBuilder::like(schema).optional(true), tag).build()
            }
            State::Open(recursive, first) => {
                let at = Use {
                    tag: tag.or(first.tag),
                    is_optional: true,
                    version: first.version,
                };
                attributes(recursive.reference(), name, at).build()
            }
        };
        Ok((known.message, schema?))
    }

    fn name(&self, descriptor: &MessageDescriptor) -> ByteString {
        if self.settings.full_names {
            descriptor.full_name().into()
        } else {
            descriptor.name().into()
        }
    }

    /// Oneofs first, then the other fields, each in the order of the file.
    fn members(
        &mut self,
        descriptor: &MessageDescriptor,
        message: usize,
        mut builder: SchemaBuilder,
    ) -> Result<SchemaBuilder, ConnectError> {
        let mut layout = Layout::default();
        for (index, oneof) in descriptor.oneofs().enumerate() {
            if oneof.is_synthetic() {
                continue;
            }
            let number = layout.oneofs.len();
            if self.settings.flatten_unions {
                layout.oneofs.push(Oneof { union: None });
                for field in oneof.fields() {
                    let (schema, shape) = self.field(&field)?;
                    builder = builder.field(field.name(), schema);
                    let slot = layout.slot(Value::Null);
                    layout.add(
                        &field,
                        shape,
                        Place::Oneof {
                            oneof: number,
                            slot,
                        },
                    );
                }
                continue;
            }
            let slot = layout.slot(Value::Null);
            let (schema, members) = self.union(&oneof)?;
            for (slot, (field, shape)) in members.into_iter().enumerate() {
                layout.add(
                    &field,
                    shape,
                    Place::Oneof {
                        oneof: number,
                        slot,
                    },
                );
            }
            let name = if self.settings.index_unions {
                format!("{}_{index}", oneof.name())
            } else {
                oneof.name().to_owned()
            };
            builder = builder.field(name, schema.clone());
            layout.oneofs.push(Oneof {
                union: Some((slot, schema)),
            });
        }
        for field in declared(descriptor.fields()) {
            if field.containing_oneof().is_some_and(|o| !o.is_synthetic()) {
                continue;
            }
            let (schema, shape) = self.field(&field)?;
            builder = builder.field(field.name(), schema);
            let slot = layout.slot(self.when_missing(&field, &shape));
            if self.settings.structs_for_nulls
                && matches!(&shape, Shape::Single(kind) if kind.is_message())
            {
                layout.always.push(layout.fields.len());
            }
            layout.add(&field, shape, Place::Slot(slot));
        }
        self.messages[message] = layout.finish();
        Ok(builder)
    }

    fn union(
        &mut self,
        oneof: &OneofDescriptor,
    ) -> Result<(SchemaRef, Vec<(FieldDescriptor, Shape)>), ConnectError> {
        let builder = SchemaBuilder::structure();
        let mut builder = if self.settings.generalized {
            builder
                .name(oneof.name())
                .parameter(GENERALIZED_UNION, oneof.name())
        } else if self.settings.full_names {
            builder.name(format!("{TYPE_UNION}.{}", oneof.full_name()))
        } else {
            builder.name(format!("{TYPE_UNION}.{}", oneof.name()))
        };
        let mut members = Vec::new();
        for field in oneof.fields() {
            let (schema, shape) = self.field(&field)?;
            builder = builder.field(field.name(), schema);
            members.push((field, shape));
        }
        Ok((builder.optional(true).build()?, members))
    }

    /// What a struct holds where a field is missing.
    fn when_missing(&self, field: &FieldDescriptor, shape: &Shape) -> Value {
        match shape {
            Shape::Repeated(_) => Value::Array(Vec::new()),
            Shape::Map(_) => Value::Map(Default::default()),
            Shape::Single(Kind::Scalar(scalar)) => {
                let is_optional = field.field_descriptor_proto().proto3_optional()
                    || self.settings.optional_for_proto2 && has_optional_keyword(field);
                if is_optional && !self.settings.structs_for_nulls {
                    Value::Null
                } else {
                    default_of(field, scalar)
                }
            }
            Shape::Single(_) => Value::Null,
        }
    }

    fn field(&mut self, field: &FieldDescriptor) -> Result<(SchemaRef, Shape), ConnectError> {
        use prost_reflect::Kind as Proto;
        let is_repeated = field.cardinality() == Cardinality::Repeated;
        let compiled = match field.kind() {
            Proto::Message(_) if field.is_group() => {
                return Err(ConnectError::data("Unknown Connect schema type: GROUP"));
            }
            Proto::Message(message) => {
                let compiled = self.message(field, &message)?;
                if let (Shape::Single(Kind::Struct { schema, .. }), false) =
                    (&compiled.shape, is_repeated)
                {
                    return Ok((schema.clone(), compiled.shape));
                }
                compiled
            }
            Proto::Enum(descriptor) => self.enumeration(field, &descriptor),
            _ => scalar(field),
        };
        let Compiled {
            mut builder,
            mut shape,
            type_,
        } = compiled;
        if is_repeated && type_ != Type::Map {
            let element = match &shape {
                Shape::Single(Kind::Struct { schema, .. }) => schema.clone(),
                _ => builder.optional(true).build()?,
            };
            builder = SchemaBuilder::array(element).optional(true);
            if let Shape::Single(kind) = shape {
                shape = Shape::Repeated(kind);
            }
        }
        if self.settings.optional_for_nullables {
            if has_optional_keyword(field) {
                builder = builder.optional(true);
            }
        } else if !self.settings.wrapper_for_nullables {
            builder = builder.optional(true);
        }
        Ok((with_tag(builder, Some(field.number())).build()?, shape))
    }

    fn enumeration(&self, field: &FieldDescriptor, descriptor: &EnumDescriptor) -> Compiled {
        let as_int = self.settings.int_enums;
        let type_ = if as_int { Type::Int32 } else { Type::String };
        let name = if self.settings.full_names {
            descriptor.full_name()
        } else {
            descriptor.name()
        };
        let parameter = self.settings.enum_parameter();
        let mut builder = SchemaBuilder::new(type_)
            .name(name)
            .optional(true)
            .parameter(parameter, descriptor.name());
        for value in descriptor.values() {
            let symbol = format!("{parameter}.{}", value.name());
            builder = builder.parameter(symbol, value.number().to_string());
        }
        let is_closed = field.parent_message().parent_file().syntax() == Syntax::Proto2
            || descriptor.parent_file().syntax() == Syntax::Proto2;
        let scalar = Scalar::Enum(Box::new(symbols(descriptor, is_closed, as_int)));
        Compiled {
            builder,
            shape: Shape::Single(Kind::Scalar(scalar)),
            type_,
        }
    }

    fn message(
        &mut self,
        field: &FieldDescriptor,
        message: &MessageDescriptor,
    ) -> Result<Compiled, ConnectError> {
        if let Some(logical) = logical_type(message) {
            let builder = match logical {
                LogicalType::Decimal => decimal(field),
                LogicalType::Date => SchemaBuilder::new(Type::Int32).name(DATE).version(1),
                LogicalType::Time => SchemaBuilder::new(Type::Int32).name(TIME).version(1),
                LogicalType::Timestamp => {
                    SchemaBuilder::new(Type::Int64).name(TIMESTAMP).version(1)
                }
            };
            let kind = Kind::Logical(Logical {
                type_: logical,
                parts: parts(message, logical),
            });
            return Ok(Compiled {
                builder: builder.optional(true),
                shape: Shape::Single(kind),
                type_: Type::Int32,
            });
        }
        if let Some(type_) = unwrapped(message, self.settings) {
            let kind = Kind::Wrapper(Box::new(self.wrapped(message)?));
            return Ok(Compiled {
                builder: SchemaBuilder::new(type_).optional(true),
                shape: Shape::Single(kind),
                type_,
            });
        }
        if let Some([key, value]) = entry(field, message) {
            return self.map(message, &key, &value);
        }
        let is_repeated = field.cardinality() == Cardinality::Repeated;
        let tag = (!is_repeated).then(|| field.number());
        let (message, schema) = self.structure(message, tag)?;
        Ok(Compiled {
            builder: SchemaBuilder::structure(),
            shape: Shape::Single(Kind::Struct { message, schema }),
            type_: Type::Struct,
        })
    }

    fn map(
        &mut self,
        message: &MessageDescriptor,
        key: &FieldDescriptor,
        value: &FieldDescriptor,
    ) -> Result<Compiled, ConnectError> {
        let name = if self.settings.full_names {
            map_field(message.full_name())
        } else {
            map_field(message.name())
        };
        let (key_schema, key) = self.member(key)?;
        let (value_schema, value) = self.member(value)?;
        Ok(Compiled {
            builder: SchemaBuilder::map(key_schema, value_schema)
                .name(name)
                .optional(true),
            shape: Shape::Map(Box::new(Entry { key, value })),
            type_: Type::Map,
        })
    }

    fn member(&mut self, field: &FieldDescriptor) -> Result<(SchemaRef, Member), ConnectError> {
        let (schema, shape) = self.field(field)?;
        let Shape::Single(kind) = shape else {
            return Err(ConnectError::data(format!(
                "Field {} is repeated",
                field.full_name()
            )));
        };
        let default = match &kind {
            Kind::Scalar(scalar) => Some(default_of(field, scalar)),
            _ => None,
        };
        let number = field.number();
        Ok((
            schema,
            Member {
                number,
                kind,
                default,
            },
        ))
    }

    /// The field inside a wrapper.
    fn wrapped(&mut self, message: &MessageDescriptor) -> Result<Member, ConnectError> {
        let field = message.get_field_by_name("value");
        let Some(field) = field.filter(|f| !matches!(f.kind(), prost_reflect::Kind::Message(_)))
        else {
            return Err(ConnectError::data(format!(
                "Message {} has no scalar field called value",
                message.full_name()
            )));
        };
        Ok(self.member(&field)?.1)
    }
}

/// Where the fields of a message go.
#[derive(Default)]
struct Layout {
    fields: Vec<Field>,
    numbers: Vec<(u32, u32)>,
    template: Vec<Value>,
    oneofs: Vec<Oneof>,
    always: Vec<usize>,
    required: usize,
}

impl Layout {
    fn slot(&mut self, value: Value) -> usize {
        self.template.push(value);
        self.template.len() - 1
    }

    fn add(&mut self, field: &FieldDescriptor, shape: Shape, place: Place) {
        let required = (field.cardinality() == Cardinality::Required).then_some(self.required);
        self.required += usize::from(required.is_some());
        self.fields.push(Field {
            name: field.name().into(),
            shape,
            place,
            required,
        });
        self.numbers
            .push((field.number(), self.fields.len() as u32));
    }

    fn finish(mut self) -> Message {
        // Numbers are usually small and dense; one that is far off must not cost memory.
        let limit = (self.fields.len() as u32 * 4).max(64);
        let highest = self.numbers.iter().map(|&(n, _)| n);
        let highest = highest.filter(|&n| n < limit).max().unwrap_or(0);
        let mut by_number = vec![0; highest as usize + 1].into_boxed_slice();
        self.numbers.sort_unstable();
        let mut by_high_number = Vec::new();
        for (number, place) in self.numbers {
            match by_number.get_mut(number as usize) {
                Some(slot) => *slot = place,
                None => by_high_number.push((number, place)),
            }
        }
        Message {
            fields: self.fields,
            by_number,
            by_high_number,
            template: self.template,
            oneofs: self.oneofs,
            required: self.required,
            always: self.always,
        }
    }
}

fn attributes(builder: SchemaBuilder, name: ByteString, at: Use) -> SchemaBuilder {
    let builder = with_version(builder.name(name), at.version);
    with_tag(builder.optional(at.is_optional), at.tag)
}

fn with_version(builder: SchemaBuilder, version: Option<i32>) -> SchemaBuilder {
    match version {
        Some(version) => builder.version(version),
        None => builder,
    }
}

fn with_tag(builder: SchemaBuilder, tag: Option<u32>) -> SchemaBuilder {
    match tag {
        Some(tag) => builder.parameter(TYPE_TAG, tag.to_string()),
        None => builder,
    }
}

/// Fields in the order of the file; the descriptor has them in that of their numbers.
fn declared(fields: impl Iterator<Item = FieldDescriptor>) -> Vec<FieldDescriptor> {
    let mut fields: Vec<_> = fields.collect();
    fields.sort_by_key(|field| field.path().last().copied());
    fields
}

/// Whether the file says `optional`, in the sense of proto2 or proto3.
fn has_optional_keyword(field: &FieldDescriptor) -> bool {
    field.field_descriptor_proto().proto3_optional()
        || field.parent_message().parent_file().syntax() == Syntax::Proto2
            && field.cardinality() == Cardinality::Optional
            && field.containing_oneof().is_none()
}

/// A scalar other than an enum.
fn scalar(field: &FieldDescriptor) -> Compiled {
    use prost_reflect::Kind as Proto;
    let is_lenient = field.parent_message().parent_file().syntax() == Syntax::Proto2
        && !field.parent_message().is_map_entry()
        && !checks_utf8(field);
    let (type_, scalar) = match field.kind() {
        Proto::Int32 => narrow(field, Scalar::Int32),
        Proto::Sint32 => narrow(field, Scalar::Sint32),
        Proto::Sfixed32 => narrow(field, Scalar::Sfixed32),
        Proto::Uint32 => (Type::Int64, Scalar::Uint32),
        Proto::Fixed32 => (Type::Int64, Scalar::Fixed32),
        Proto::Int64 | Proto::Uint64 => (Type::Int64, Scalar::Int64),
        Proto::Sint64 => (Type::Int64, Scalar::Sint64),
        Proto::Fixed64 | Proto::Sfixed64 => (Type::Int64, Scalar::Fixed64),
        Proto::Float => (Type::Float32, Scalar::Float),
        Proto::Double => (Type::Float64, Scalar::Double),
        Proto::Bool => (Type::Boolean, Scalar::Bool),
        Proto::String if is_lenient => (Type::String, Scalar::LenientString),
        Proto::String => (Type::String, Scalar::String),
        // Messages and enums do not come here.
        Proto::Bytes | Proto::Message(_) | Proto::Enum(_) => (Type::Bytes, Scalar::Bytes),
    };
    let mut builder = SchemaBuilder::new(type_);
    let says_all = matches!(type_, Type::Int8 | Type::Int16)
        || matches!(field.kind(), Proto::Int32 | Proto::Int64);
    if matches!(type_, Type::Int32 | Type::Int64) && !says_all {
        builder = builder.parameter(TYPE_PROP, type_name(&field.kind()));
    }
    Compiled {
        builder,
        shape: Shape::Single(Kind::Scalar(scalar)),
        type_,
    }
}

fn type_name(kind: &prost_reflect::Kind) -> &'static str {
    use prost_reflect::Kind as Proto;
    match kind {
        Proto::Sint32 => "sint32",
        Proto::Sfixed32 => "sfixed32",
        Proto::Uint32 => "uint32",
        Proto::Fixed32 => "fixed32",
        Proto::Uint64 => "uint64",
        Proto::Sint64 => "sint64",
        Proto::Fixed64 => "fixed64",
        Proto::Sfixed64 => "sfixed64",
        Proto::Int64 => "int64",
        _ => "int32",
    }
}

fn narrow(field: &FieldDescriptor, scalar: fn(Width) -> Scalar) -> (Type, Scalar) {
    match meta(field, CONNECT_TYPE).as_deref() {
        Some("int8") => (Type::Int8, scalar(Width::Int8)),
        Some("int16") => (Type::Int16, scalar(Width::Int16)),
        _ => (Type::Int32, scalar(Width::Int32)),
    }
}

/// The file option by which Java checks strings of proto2 too.
fn checks_utf8(field: &FieldDescriptor) -> bool {
    let file = field.parent_message().parent_file();
    let options = file.file_descriptor_proto().options.clone();
    options.is_some_and(|options| options.java_string_check_utf8())
}

/// A parameter of a field's own meta data.
fn meta(field: &FieldDescriptor, name: &str) -> Option<String> {
    let extension = field
        .parent_pool()
        .get_extension_by_name(known::FIELD_META)?;
    let options = field.options();
    if !options.has_extension(&extension) {
        return None;
    }
    let meta = options.get_extension(&extension);
    let params = meta.as_message()?.get_field_by_name("params")?;
    let value = params
        .as_map()?
        .get(&prost_reflect::MapKey::String(name.to_owned()))?;
    Some(value.as_str()?.to_owned())
}

fn decimal(field: &FieldDescriptor) -> SchemaBuilder {
    let number = |name| meta(field, name).and_then(|text| text.parse::<i32>().ok());
    let builder = decimal_schema(number("scale").unwrap_or(0));
    match number("precision") {
        Some(precision) => builder.parameter(CONNECT_PRECISION, precision.to_string()),
        None => builder,
    }
}

fn symbols(descriptor: &EnumDescriptor, is_closed: bool, as_int: bool) -> Enum {
    /// Enums with larger numbers are rare, and their names are found by search.
    const DENSE: i32 = 256;
    let mut dense = Vec::new();
    let mut sparse: Vec<(i32, ByteString)> = Vec::new();
    let mut values: Vec<_> = descriptor.values().collect();
    // The descriptor has them in the order of their numbers.
    values.sort_by_key(|value| value.path().last().copied());
    for value in values {
        let name = ByteString::from(value.name());
        match value.number() {
            n @ 0..DENSE => {
                let n = n as usize;
                if dense.len() <= n {
                    dense.resize(n + 1, None);
                }
                // Of several names of one number the first counts.
                dense[n].get_or_insert(name);
            }
            n if sparse.iter().any(|(known, _)| *known == n) => {}
            n => sparse.push((n, name)),
        }
    }
    sparse.sort_by_key(|(n, _)| *n);
    Enum {
        name: descriptor.name().into(),
        dense,
        sparse,
        is_closed,
        as_int,
    }
}

fn logical_type(message: &MessageDescriptor) -> Option<LogicalType> {
    match message.full_name() {
        known::DECIMAL_TYPE => Some(LogicalType::Decimal),
        known::DATE_TYPE => Some(LogicalType::Date),
        known::TIME_TYPE => Some(LogicalType::Time),
        known::TIMESTAMP_TYPE => Some(LogicalType::Timestamp),
        _ => None,
    }
}

/// A schema may bring its own file of that name; parts that it does not have stay zero.
fn parts(message: &MessageDescriptor, type_: LogicalType) -> Vec<(u32, Scalar)> {
    type_
        .parts()
        .iter()
        .map(|name| match message.get_field_by_name(name) {
            Some(field) => match scalar(&field).shape {
                Shape::Single(Kind::Scalar(scalar)) => (field.number(), scalar),
                _ => (0, Scalar::Int64),
            },
            None => (0, Scalar::Int64),
        })
        .collect()
}

/// The Connect type of a wrapper message.
fn wrapped_type(message: &MessageDescriptor) -> Option<Type> {
    match message.full_name().strip_prefix("google.protobuf.")? {
        "DoubleValue" => Some(Type::Float64),
        "FloatValue" => Some(Type::Float32),
        "Int64Value" | "UInt64Value" | "UInt32Value" => Some(Type::Int64),
        "Int32Value" => Some(Type::Int32),
        "BoolValue" => Some(Type::Boolean),
        "StringValue" => Some(Type::String),
        "BytesValue" => Some(Type::Bytes),
        _ => None,
    }
}

fn unwrapped(message: &MessageDescriptor, settings: &Settings) -> Option<Type> {
    if settings.wrapper_for_nullables || settings.wrapper_for_raw {
        wrapped_type(message)
    } else {
        None
    }
}

/// Key and value, if the field is a map. As on the JVM, the name and the fields of a message make it the entry of a map:
/// text that was made of a Connect schema has such messages.
fn entry(field: &FieldDescriptor, message: &MessageDescriptor) -> Option<[FieldDescriptor; 2]> {
    if field.cardinality() != Cardinality::Repeated || !message.name().ends_with("Entry") {
        return None;
    }
    let [key, value]: [FieldDescriptor; 2] = declared(message.fields()).try_into().ok()?;
    let is_entry = key.name() == "key"
        && value.name() == "value"
        && key.cardinality() != Cardinality::Repeated
        && value.cardinality() != Cardinality::Repeated;
    is_entry.then_some([key, value])
}

/// Whether a message type is used inside itself as a struct, at any depth.
fn contains_itself(root: &MessageDescriptor, settings: &Settings) -> bool {
    let mut seen = std::collections::HashSet::new();
    let mut open = vec![root.clone()];
    while let Some(message) = open.pop() {
        for field in message.fields() {
            let prost_reflect::Kind::Message(inner) = field.kind() else {
                continue;
            };
            if logical_type(&inner).is_some() || unwrapped(&inner, settings).is_some() {
                continue;
            }
            let is_map = entry(&field, &inner).is_some();
            if inner == *root && !is_map {
                return true;
            }
            if seen.insert(inner.full_name().to_owned()) {
                open.push(inner);
            }
        }
    }
    false
}

fn default_of(field: &FieldDescriptor, scalar: &Scalar) -> Value {
    use prost_reflect::Value as Proto;
    match field.default_value() {
        Proto::I32(n) => match scalar {
            Scalar::Int32(width) | Scalar::Sint32(width) | Scalar::Sfixed32(width) => width.of(n),
            _ => Value::Int32(n),
        },
        Proto::U32(n) => Value::Int64(n.into()),
        Proto::I64(n) => Value::Int64(n),
        Proto::U64(n) => Value::Int64(n as i64),
        Proto::F32(n) => Value::Float32(n),
        Proto::F64(n) => Value::Float64(n),
        Proto::Bool(b) => Value::Boolean(b),
        Proto::String(text) => Value::string(text),
        Proto::Bytes(bytes) => Value::bytes(bytes),
        Proto::EnumNumber(n) => match scalar {
            Scalar::Enum(names) => names.value(n).unwrap_or(Value::Null),
            _ => Value::Int32(n),
        },
        Proto::Message(_) | Proto::List(_) | Proto::Map(_) => Value::Null,
    }
}
