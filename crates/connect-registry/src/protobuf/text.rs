//! [`File`]: a `.proto` file to be written, and its text.

use std::collections::BTreeSet;
use std::fmt::{self, Write};

/// A file with one message type, as it is made of a Connect schema.
pub(super) struct File {
    pub package: Option<String>,
    pub imports: BTreeSet<&'static str>,
    pub message: MessageType,
}

pub(super) struct MessageType {
    pub name: String,
    pub fields: Vec<FieldType>,
    pub oneofs: Vec<(String, Vec<FieldType>)>,
    pub nested: Vec<MessageType>,
    pub enums: Vec<EnumType>,
}

impl MessageType {
    pub fn new(name: String) -> Self {
        Self {
            name,
            fields: Vec::new(),
            oneofs: Vec::new(),
            nested: Vec::new(),
            enums: Vec::new(),
        }
    }
}

pub(super) struct FieldType {
    pub label: Label,
    pub type_: String,
    pub name: String,
    pub number: i32,
    /// Meta data of the field.
    pub params: Vec<(&'static str, String)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Label {
    None,
    Optional,
    Repeated,
}

pub(super) struct EnumType {
    pub name: String,
    /// The first one has the number zero, or the file is none of proto3.
    pub symbols: Vec<(String, i32)>,
}

impl fmt::Display for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("syntax = \"proto3\";\n")?;
        if let Some(package) = &self.package {
            writeln!(f, "package {package};")?;
        }
        f.write_char('\n')?;
        for import in &self.imports {
            writeln!(f, "import \"{import}\";")?;
        }
        if !self.imports.is_empty() {
            f.write_char('\n')?;
        }
        message(f, &self.message, 0)
    }
}

fn message(f: &mut fmt::Formatter<'_>, type_: &MessageType, depth: usize) -> fmt::Result {
    let indent = "  ".repeat(depth);
    writeln!(f, "{indent}message {} {{", type_.name)?;
    for member in &type_.fields {
        field(f, member, depth + 1)?;
    }
    for (name, members) in &type_.oneofs {
        writeln!(f, "{indent}  oneof {name} {{")?;
        for member in members {
            field(f, member, depth + 2)?;
        }
        writeln!(f, "{indent}  }}")?;
    }
    for nested in &type_.nested {
        f.write_char('\n')?;
        message(f, nested, depth + 1)?;
    }
    for nested in &type_.enums {
        writeln!(f, "\n{indent}  enum {} {{", nested.name)?;
        if has_aliases(nested) {
            writeln!(f, "{indent}    option allow_alias = true;")?;
        }
        for (symbol, number) in &nested.symbols {
            writeln!(f, "{indent}    {symbol} = {number};")?;
        }
        writeln!(f, "{indent}  }}")?;
    }
    writeln!(f, "{indent}}}")
}

/// Whether two symbols stand for one number; they are sorted by it.
fn has_aliases(type_: &EnumType) -> bool {
    type_.symbols.windows(2).any(|pair| pair[0].1 == pair[1].1)
}

fn field(f: &mut fmt::Formatter<'_>, field: &FieldType, depth: usize) -> fmt::Result {
    let label = match field.label {
        Label::None => "",
        Label::Optional => "optional ",
        Label::Repeated => "repeated ",
    };
    let indent = "  ".repeat(depth);
    let FieldType {
        type_,
        name,
        number,
        params,
        ..
    } = field;
    write!(f, "{indent}{label}{type_} {name} = {number}")?;
    if !params.is_empty() {
        f.write_str(" [(confluent.field_meta) = {params: [")?;
        for (i, (key, value)) in params.iter().enumerate() {
            let comma = if i > 0 { ", " } else { "" };
            write!(
                f,
                "{comma}{{key: \"{key}\", value: \"{}\"}}",
                escaped(value)
            )?;
        }
        f.write_str("]}]")?;
    }
    f.write_str(";\n")
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' | '\\' => escaped.extend(['\\', c]),
            c if c.is_control() => {
                for byte in c.to_string().bytes() {
                    escaped.push_str(&format!("\\{byte:03o}"));
                }
            }
            c => escaped.push(c),
        }
    }
    escaped
}
