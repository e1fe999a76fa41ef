//! Schemas to JSON.

use connect_api::data::{SchemaRef, Type};

use super::super::schema::TYPE_NAMES;
use super::text::{write_bool, write_integer, write_name, write_string};
use super::{Writer, Written};

impl Writer {
    /// `field`: the name, if the schema is that of a struct's field.
    pub(super) fn schema(
        &self,
        out: &mut Vec<u8>,
        schema: &SchemaRef,
        field: Option<&str>,
    ) -> Written {
        let name = TYPE_NAMES
            .iter()
            .find(|(_, type_)| *type_ == schema.type_());
        out.extend_from_slice(b"{\"type\":");
        write_string(out, name.map_or("", |(name, _)| name));
        let children = match schema.type_() {
            Type::Array => [("items", schema.value_schema()), ("", None)],
            Type::Map => [
                ("keys", schema.key_schema()),
                ("values", schema.value_schema()),
            ],
            _ => [("", None), ("", None)],
        };
        for (name, child) in children {
            if let Some(child) = child {
                write_name(out, name);
                self.schema(out, child, None)?;
            }
        }
        if schema.type_() == Type::Struct {
            write_name(out, "fields");
            out.push(b'[');
            for (i, field) in schema.fields().iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                self.schema(out, &field.schema, Some(&field.name))?;
            }
            out.push(b']');
        }
        self.attributes(out, schema)?;
        if let Some(field) = field {
            write_name(out, "field");
            write_string(out, field);
        }
        out.push(b'}');
        Ok(())
    }

    fn attributes(&self, out: &mut Vec<u8>, schema: &SchemaRef) -> Written {
        write_name(out, "optional");
        write_bool(out, schema.is_optional());
        if let Some(name) = schema.name() {
            write_name(out, "name");
            write_string(out, name);
        }
        if let Some(version) = schema.version() {
            write_name(out, "version");
            write_integer(out, version.into());
        }
        if let Some(doc) = schema.doc() {
            write_name(out, "doc");
            write_string(out, doc);
        }
        if let Some(parameters) = schema.parameters() {
            write_name(out, "parameters");
            out.push(b'{');
            for (i, (name, value)) in parameters.iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                write_string(out, name);
                out.push(b':');
                write_string(out, value);
            }
            out.push(b'}');
        }
        if let Some(default) = schema.default() {
            write_name(out, "default");
            self.value(out, Some(schema), default)?;
        }
        Ok(())
    }
}
