//! [`print`]: the text of an Avro schema, with its attributes in the order of Java's library.

use std::collections::HashSet;

use serde_json::Value as Json;

use super::model::{Field, Kind, Model, NodeId};
use super::names::split;

/// The text of the whole schema.
pub(super) fn print(model: &Model) -> String {
    let mut printer = Printer {
        model,
        known: HashSet::new(),
        out: String::new(),
    };
    printer.node(model.root, None);
    printer.out
}

struct Printer<'a> {
    model: &'a Model,
    /// Named types that were written in full.
    known: HashSet<NodeId>,
    out: String,
}

impl Printer<'_> {
    /// `space` is the namespace around it.
    fn node(&mut self, id: NodeId, space: Option<&str>) {
        let model = self.model;
        let node = &model.nodes[id];
        if let Kind::Union(members) = &node.kind {
            self.list(members, |printer, &member| printer.node(member, space));
            return;
        }
        if node.name.is_some() && !self.known.insert(id) {
            let full = node.full_name();
            let name = match split(&full) {
                (around, simple) if around == space => simple,
                _ => full.as_str(),
            };
            self.text(name);
            return;
        }
        let type_ = node.kind.name();
        if node.properties.is_empty() && Kind::primitive(type_).is_some() {
            self.text(type_);
            return;
        }
        self.out.push_str("{\"type\":");
        self.text(type_);
        let inner = match &node.name {
            Some(name) => {
                self.member("name", &name.simple);
                let own = name.namespace.as_deref();
                if own != space {
                    self.member("namespace", own.unwrap_or_default());
                }
                own
            }
            None => space,
        };
        if let Some(doc) = &node.doc {
            self.member("doc", doc);
        }
        self.content(&node.kind, inner);
        for (name, value) in &node.properties {
            self.key(name);
            self.out.push_str(&value.to_string());
        }
        self.out.push('}');
    }

    fn content(&mut self, kind: &Kind, space: Option<&str>) {
        match kind {
            Kind::Array(items) => {
                self.key("items");
                self.node(*items, space);
            }
            Kind::Map(values) => {
                self.key("values");
                self.node(*values, space);
            }
            Kind::Record(fields) => {
                self.key("fields");
                self.list(fields, |printer, field| printer.field(field, space));
            }
            Kind::Enum { symbols, default } => {
                self.key("symbols");
                self.list(symbols, |printer, symbol| printer.text(symbol));
                if let Some(default) = default {
                    self.member("default", default);
                }
            }
            Kind::Fixed(size) => {
                self.key("size");
                self.out.push_str(&size.to_string());
            }
            _ => {}
        }
    }

    fn field(&mut self, field: &Field, space: Option<&str>) {
        self.out.push_str("{\"name\":");
        self.text(&field.name);
        self.key("type");
        self.node(field.node, space);
        if let Some(doc) = &field.doc {
            self.member("doc", doc);
        }
        if let Some(default) = &field.default {
            self.key("default");
            self.out.push_str(&default.to_string());
        }
        self.out.push('}');
    }

    fn list<T>(&mut self, items: &[T], mut print: impl FnMut(&mut Self, &T)) {
        self.out.push('[');
        for (place, item) in items.iter().enumerate() {
            if place > 0 {
                self.out.push(',');
            }
            print(self, item);
        }
        self.out.push(']');
    }

    fn key(&mut self, name: &str) {
        self.out.push(',');
        self.text(name);
        self.out.push(':');
    }

    fn member(&mut self, name: &str, value: &str) {
        self.key(name);
        self.text(value);
    }

    fn text(&mut self, text: &str) {
        self.out.push_str(&Json::from(text).to_string());
    }
}
