//! [`file_of`]: a Connect schema as a `.proto` file, as it would be registered.

use std::collections::{BTreeSet, HashSet};

use connect_api::ConnectError;
use connect_api::data::{DATE, DECIMAL, DECIMAL_SCALE, Schema, SchemaRef, TIME, TIMESTAMP, Type};
use connect_api::error::exception;

use super::config::{
    CONNECT_PRECISION, CONNECT_TYPE, GENERALIZED_ENUM, GENERALIZED_UNION, Settings, TYPE_ENUM,
    TYPE_PROP, TYPE_TAG, TYPE_UNION,
};
use super::known;
use super::names::{map_entry, scrub};
use super::text::{EnumType, FieldType, File, Label, MessageType};
use super::wire::MAX_DEPTH;

/// What a message type without a name is called, with a number behind.
const DEFAULT_NAME: &str = "ConnectDefault";

/// The full name of the message type that a schema becomes: that of a wrapper for a primitive type.
///
/// # Errors
/// A list or map alone is no message.
pub(super) fn root_name(schema: &Schema, settings: &Settings) -> Result<String, ConnectError> {
    if let Some(wrapper) = root_wrapper(schema.type_()) {
        return Ok(format!("google.protobuf.{wrapper}"));
    }
    if schema.type_() != Type::Struct {
        return Err(ConnectError::record(
            exception::ILLEGAL_ARGUMENT,
            format!("Unsupported root schema of type {}", schema.type_()),
        ));
    }
    let name = schema.name().filter(|name| !name.is_empty());
    let name = name.map_or_else(|| format!("{DEFAULT_NAME}1"), str::to_owned);
    let parts = name.split('.').map(|part| scrubbed(part, settings));
    let parts = parts.collect::<Vec<_>>();
    for part in &parts {
        identifier(part)?;
    }
    Ok(parts.join("."))
}

/// A schema of the type struct as a file with one message type.
///
/// # Errors
/// Protobuf cannot express the schema.
pub(super) fn file_of(schema: &SchemaRef, settings: &Settings) -> Result<File, ConnectError> {
    let full_name = root_name(schema, settings)?;
    let (package, name) = match full_name.rsplit_once('.') {
        Some((package, name)) => (Some(package.to_owned()), name),
        None => (None, full_name.as_str()),
    };
    let mut files = Maker {
        settings,
        imports: BTreeSet::new(),
        unnamed: usize::from(schema.name().is_none_or(str::is_empty)),
        open: Vec::new(),
    };
    let message = files.message(name.to_owned(), schema)?;
    Ok(File {
        package,
        imports: files.imports,
        message,
    })
}

struct Maker<'a> {
    settings: &'a Settings,
    imports: BTreeSet<&'static str>,
    /// How many names were made up.
    unnamed: usize,
    /// Message types around the current one, outermost first.
    open: Vec<Open>,
}

struct Open {
    name: String,
    schema: SchemaRef,
    /// Message types that were made inside.
    nested: HashSet<String>,
}

/// A field's type on its way.
struct Typed {
    type_: String,
    params: Vec<(&'static str, String)>,
}

impl Maker<'_> {
    fn message(&mut self, name: String, schema: &SchemaRef) -> Result<MessageType, ConnectError> {
        if self.open.len() > MAX_DEPTH {
            return Err(ConnectError::data(format!(
                "Schema {schema} stands inside more than {MAX_DEPTH} others"
            )));
        }
        let mut message = MessageType::new(name.clone());
        self.open.push(Open {
            name,
            schema: schema.clone(),
            nested: HashSet::new(),
        });
        let mut next = 1;
        for field in schema.fields() {
            let number = match tag(&field.schema)? {
                Some(number) => number,
                None => {
                    next += 1;
                    next - 1
                }
            };
            let name = self.field_name(&field.name)?;
            if is_union(&field.schema) {
                self.oneof(&mut message, &field.schema)?;
                continue;
            }
            let field = self.field(&mut message, &field.schema, name, number)?;
            message.fields.push(field);
        }
        self.open.pop();
        Ok(message)
    }

    fn oneof(&mut self, message: &mut MessageType, union: &Schema) -> Result<(), ConnectError> {
        let name = if self.settings.generalized {
            parameter(union, GENERALIZED_UNION).map(str::to_owned)
        } else {
            let name = union.name().unwrap_or_default();
            let name = name.strip_prefix(TYPE_UNION).unwrap_or(name);
            Some(self.unqualified(name.strip_prefix('.')))
        };
        let Some(name) = name else {
            return Err(ConnectError::data(format!(
                "The union {union} has no parameter {GENERALIZED_UNION}"
            )));
        };
        identifier(&name)?;
        let mut members = Vec::new();
        for field in union.fields() {
            let number = tag(&field.schema)?.unwrap_or(0);
            let name = self.field_name(&field.name)?;
            let mut member = self.field(message, &field.schema, name, number)?;
            if member.label == Label::Repeated {
                return Err(ConnectError::data(format!(
                    "Field {} of the union {union} is repeated, which no member of a oneof can be",
                    member.name
                )));
            }
            member.label = Label::None;
            members.push(member);
        }
        message.oneofs.push((name, members));
        Ok(())
    }

    fn field(
        &mut self,
        message: &mut MessageType,
        schema: &SchemaRef,
        name: String,
        number: i32,
    ) -> Result<FieldType, ConnectError> {
        let (label, schema) = match (schema.type_(), schema.value_schema()) {
            (Type::Array, Some(items)) if items.type_() == Type::Map => {
                return Err(ConnectError::data(format!(
                    "Field {name} is an array of maps, which Protobuf does not have"
                )));
            }
            (Type::Array, Some(items)) => (Label::Repeated, items),
            (Type::Map, _) => (Label::Repeated, schema),
            _ if self.settings.optional_for_nullables && schema.is_optional() => {
                (Label::Optional, schema)
            }
            _ => (Label::None, schema),
        };
        let mut typed = self.type_of(schema, &name)?;
        match schema.type_() {
            Type::Struct => typed.type_ = self.nest(message, schema, typed.type_)?,
            Type::Map => {
                let entry = self.entry(schema, &typed.type_)?;
                message.nested.push(entry);
            }
            _ if is_enum(schema) => self.nest_enum(message, schema)?,
            _ => {}
        }
        if !typed.params.is_empty() {
            self.imports.insert(known::META);
        }
        Ok(FieldType {
            label,
            type_: typed.type_,
            name,
            number,
            params: typed.params,
        })
    }

    /// Puts a struct's message type inside another one, unless it is there; returns what to call it.
    fn nest(
        &mut self,
        message: &mut MessageType,
        schema: &SchemaRef,
        name: String,
    ) -> Result<String, ConnectError> {
        if let Some(open) = self
            .open
            .iter()
            .find(|open| open.schema.shares_fields_with(schema))
        {
            return Ok(open.name.clone());
        }
        let Some(parent) = self.open.last_mut() else {
            return Ok(name);
        };
        // A message type of its parent's name is the parent, as on the JVM.
        if parent.name != name && parent.nested.insert(name.clone()) {
            message.nested.push(self.message(name.clone(), schema)?);
        }
        Ok(name)
    }

    fn entry(&mut self, map: &SchemaRef, name: &str) -> Result<MessageType, ConnectError> {
        let (Some(key), Some(value)) = (map.key_schema(), map.value_schema()) else {
            return Err(ConnectError::data(format!(
                "{map} has no schema for its keys or values"
            )));
        };
        let mut entry = MessageType::new(name.to_owned());
        self.open.push(Open {
            name: name.to_owned(),
            schema: map.clone(),
            nested: HashSet::new(),
        });
        for (schema, name, number) in [(key, "key", 1), (value, "value", 2)] {
            if matches!(schema.type_(), Type::Array | Type::Map) || is_union(schema) {
                return Err(ConnectError::data(format!(
                    "The {name} of {map} is of the type {}, which no {name} of a map can be in Protobuf",
                    schema.type_()
                )));
            }
            let mut field = self.field(&mut entry, schema, name.to_owned(), number)?;
            field.label = Label::None;
            // On the JVM members of entries lose their meta data.
            field.params.clear();
            entry.fields.push(field);
        }
        self.open.pop();
        Ok(entry)
    }

    fn nest_enum(
        &mut self,
        message: &mut MessageType,
        schema: &Schema,
    ) -> Result<(), ConnectError> {
        let name = self.unqualified(schema.name());
        identifier(&name)?;
        if message.enums.iter().any(|known| known.name == name) {
            return Ok(());
        }
        let prefix = format!("{}.", self.settings.enum_parameter());
        let mut symbols = Vec::new();
        for (parameter, number) in schema.parameters().into_iter().flatten() {
            let Some(symbol) = parameter.strip_prefix(&prefix) else {
                continue;
            };
            identifier(symbol)?;
            symbols.push((symbol.to_owned(), number_in(parameter, number)?));
        }
        // proto3 wants zero first; the order of the parameters is that of their names.
        symbols.sort_by_key(|&(_, number)| (number != 0, number));
        message.enums.push(EnumType { name, symbols });
        Ok(())
    }

    fn type_of(&mut self, schema: &Schema, field: &str) -> Result<Typed, ConnectError> {
        let mut params = Vec::new();
        if let Some((import, type_)) = logical(schema) {
            if schema.name() == Some(DECIMAL) {
                let of = |name| parameter(schema, name).map(str::to_owned);
                params.extend(of(CONNECT_PRECISION).map(|precision| ("precision", precision)));
                params.extend(of(DECIMAL_SCALE).map(|scale| ("scale", scale)));
            }
            self.imports.insert(import);
            let type_ = type_.to_owned();
            return Ok(Typed { type_, params });
        }
        let type_ = match schema.type_() {
            Type::Array => {
                return Err(ConnectError::record(
                    exception::ILLEGAL_ARGUMENT,
                    "Array cannot be nested",
                ));
            }
            Type::Map => {
                let name = map_entry(&self.unqualified(schema.name()));
                identifier(&name)?;
                name
            }
            Type::Struct => {
                let mut name = self.unqualified(schema.name());
                identifier(&name)?;
                if name == field {
                    // A message type and a field of one name would be in each other's way.
                    name += "Message";
                }
                name
            }
            Type::Int32 | Type::String if is_enum(schema) => {
                let name = parameter(schema, GENERALIZED_ENUM)
                    .filter(|_| schema.type_() == Type::String)
                    .or_else(|| parameter(schema, TYPE_ENUM))
                    .unwrap_or_default();
                identifier(name)?;
                name.to_owned()
            }
            primitive => {
                match primitive {
                    Type::Int8 => params.push((CONNECT_TYPE, "int8".to_owned())),
                    Type::Int16 => params.push((CONNECT_TYPE, "int16".to_owned())),
                    _ => {}
                }
                let type_ = primitive_type(schema)?;
                if self.settings.wrapper_for_nullables && schema.is_optional() {
                    self.imports.insert(known::WRAPPERS);
                    format!("google.protobuf.{}", wrapper(type_))
                } else {
                    type_.to_owned()
                }
            }
        };
        Ok(Typed { type_, params })
    }

    fn field_name(&self, name: &str) -> Result<String, ConnectError> {
        let name = scrubbed(name, self.settings);
        identifier(&name)?;
        Ok(name)
    }

    /// The name of a schema without its namespace, or one that is made up.
    fn unqualified(&mut self, name: Option<&str>) -> String {
        let Some(name) = name.filter(|name| !name.is_empty()) else {
            self.unnamed += 1;
            return format!("{DEFAULT_NAME}{}", self.unnamed);
        };
        let name = name.rsplit('.').next().unwrap_or(name);
        scrubbed(name, self.settings)
    }
}

/// Import and type of a logical type.
pub(super) fn logical(schema: &Schema) -> Option<(&'static str, &'static str)> {
    match schema.name()? {
        DECIMAL => Some((known::DECIMAL, known::DECIMAL_TYPE)),
        DATE => Some((known::DATE, known::DATE_TYPE)),
        TIME => Some((known::TIME, known::TIME_TYPE)),
        TIMESTAMP => Some((known::TIMESTAMP, known::TIMESTAMP_TYPE)),
        _ => None,
    }
}

/// Whether a struct stands for a oneof.
pub(super) fn is_union(schema: &Schema) -> bool {
    schema.type_() == Type::Struct
        && (schema
            .name()
            .is_some_and(|name| name.starts_with(TYPE_UNION))
            || parameter(schema, GENERALIZED_UNION).is_some())
}

/// Whether a schema stands for an enum.
pub(super) fn is_enum(schema: &Schema) -> bool {
    match schema.type_() {
        Type::String => {
            parameter(schema, TYPE_ENUM).is_some() || parameter(schema, GENERALIZED_ENUM).is_some()
        }
        Type::Int32 => parameter(schema, TYPE_ENUM).is_some(),
        _ => false,
    }
}

pub(super) fn parameter<'a>(schema: &'a Schema, name: &str) -> Option<&'a str> {
    schema.parameters()?.get(name).map(String::as_str)
}

/// The wrapper in which a primitive type stands alone.
fn root_wrapper(type_: Type) -> Option<&'static str> {
    match type_ {
        Type::Int8 | Type::Int16 | Type::Int32 => Some("Int32Value"),
        Type::Int64 => Some("Int64Value"),
        Type::Float32 => Some("FloatValue"),
        Type::Float64 => Some("DoubleValue"),
        Type::Boolean => Some("BoolValue"),
        Type::String => Some("StringValue"),
        Type::Bytes => Some("BytesValue"),
        Type::Array | Type::Map | Type::Struct => None,
    }
}

fn wrapper(type_: &str) -> &'static str {
    match type_ {
        "uint32" | "fixed32" => "UInt32Value",
        "uint64" | "fixed64" => "UInt64Value",
        "int64" | "sint64" | "sfixed64" => "Int64Value",
        "float" => "FloatValue",
        "double" => "DoubleValue",
        "bool" => "BoolValue",
        "string" => "StringValue",
        "bytes" => "BytesValue",
        _ => "Int32Value",
    }
}

fn primitive_type(schema: &Schema) -> Result<&'static str, ConnectError> {
    let (plain, others): (&str, &[&str]) = match schema.type_() {
        Type::Int32 => ("int32", &["sint32", "sfixed32"]),
        Type::Int64 => (
            "int64",
            &[
                "uint32", "fixed32", "uint64", "sint64", "fixed64", "sfixed64",
            ],
        ),
        Type::Float32 => ("float", &[]),
        Type::Float64 => ("double", &[]),
        Type::Boolean => ("bool", &[]),
        Type::String => ("string", &[]),
        Type::Bytes => ("bytes", &[]),
        _ => ("int32", &[]),
    };
    let Some(wanted) = parameter(schema, TYPE_PROP).filter(|_| !others.is_empty()) else {
        return Ok(plain);
    };
    let found = others
        .iter()
        .copied()
        .chain([plain])
        .find(|&type_| type_ == wanted);
    found.ok_or_else(|| {
        ConnectError::data(format!(
            "Parameter {TYPE_PROP} is {wanted}, which no {} is in Protobuf",
            schema.type_()
        ))
    })
}

fn tag(schema: &Schema) -> Result<Option<i32>, ConnectError> {
    let tag = parameter(schema, TYPE_TAG);
    tag.map(|text| number_in(TYPE_TAG, text)).transpose()
}

fn number_in(parameter: &str, text: &str) -> Result<i32, ConnectError> {
    text.parse().map_err(|_| {
        ConnectError::record(
            exception::NUMBER_FORMAT,
            format!("For input string: \"{text}\" (parameter {parameter})"),
        )
    })
}

/// A name as it stands in the file.
pub(super) fn scrubbed(name: &str, settings: &Settings) -> String {
    if settings.scrub_names {
        scrub(name)
    } else {
        name.to_owned()
    }
}

/// Refuses names that would not stand in the file as one word.
fn identifier(name: &str) -> Result<(), ConnectError> {
    let mut bytes = name.bytes();
    let is_fine = bytes
        .next()
        .is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if is_fine {
        return Ok(());
    }
    Err(ConnectError::record(
        "java.lang.IllegalStateException",
        format!(
            "\"{name}\" is not a valid identifier in Protobuf; scrub.invalid.names=true replaces what it cannot have"
        ),
    ))
}
