//! `Flatten`: nested fields move to the top, under names joined by a delimiter.

use bytestring::ByteString;
use connect_api::config::{ConfigDef, ConfigErrors, ConfigReader, Importance, Key};
use connect_api::data::{Map, Schema, SchemaBuilder, SchemaRef, Struct, Type, Value};
use connect_api::error::exception;
use connect_api::plugin::PluginDescriptor;
use connect_api::transform::Transformation;
use connect_api::{ConnectError, SinkRecord};

use crate::descriptor::transformation;
use crate::requirements::{require_map, require_struct};
use crate::schema_cache::SchemaCache;
use crate::side::Side;
use crate::structs::{fields_of, put, struct_like};

pub const KEY: PluginDescriptor = transformation(
    "org.apache.kafka.connect.transforms.Flatten$Key",
    config_def,
    |config| Ok(Box::new(Flatten::new(config, Side::Key)?)),
);
pub const VALUE: PluginDescriptor = transformation(
    "org.apache.kafka.connect.transforms.Flatten$Value",
    config_def,
    |config| Ok(Box::new(Flatten::new(config, Side::Value)?)),
);

const PURPOSE: &str = "flattening";

const DELIMITER: Key<String> = Key::new(
    "delimiter",
    ".",
    Importance::Medium,
    "What stands between the names of the outer and the inner field.",
);

pub fn config_def() -> ConfigDef {
    ConfigDef::new().define(&DELIMITER)
}

/// `org.apache.kafka.connect.transforms.Flatten`
struct Flatten {
    side: Side,
    delimiter: String,
    schemas: SchemaCache<SchemaRef>,
}

impl Flatten {
    fn new(config: &ConfigReader<'_>, side: Side) -> Result<Self, ConfigErrors> {
        let delimiter = config.get(&DELIMITER);
        config.finish(Self {
            side,
            delimiter,
            schemas: SchemaCache::new(),
        })
    }
}

impl Transformation for Flatten {
    fn apply(&mut self, mut record: SinkRecord) -> Result<Option<SinkRecord>, ConnectError> {
        if self.side.value(&record).is_null() {
            return Ok(Some(record));
        }
        let value = self.side.take(&mut record);
        let Some(schema) = self.side.schema(&record) else {
            let mut flat = Vec::new();
            let names = Names {
                delimiter: &self.delimiter,
            };
            names.flatten_map(require_map(value, PURPOSE)?, None, &mut flat)?;
            let flat = Value::Map(Map::from_entries(flat));
            self.side.set(&mut record, None, flat);
            return Ok(Some(record));
        };
        let value = require_struct(value, PURPOSE)?;
        let names = Names {
            delimiter: &self.delimiter,
        };
        let flat = self.schemas.get_or_make(schema, |schema| {
            let ancestor = Ancestor {
                schema,
                outer: None,
                optional: schema.is_optional(),
                default: schema.default(),
            };
            names
                .flatten_schema(struct_like(schema), schema, None, ancestor)?
                .build()
        })?;
        let mut values = Vec::with_capacity(flat.fields().len());
        flatten_struct(value, flat, &mut values)?;
        let value = Struct::from_values(flat.clone(), values);
        let schema = Some(flat.clone());
        self.side.set(&mut record, schema, Value::Struct(value));
        Ok(Some(record))
    }
}

/// What a nested field inherits.
#[derive(Clone, Copy)]
struct Ancestor<'a> {
    schema: &'a Schema,
    outer: Option<&'a Ancestor<'a>>,
    optional: bool,
    default: Option<&'a Value>,
}

impl Ancestor<'_> {
    /// A struct inside itself has no end of leaves; on the JVM it ends in a `StackOverflowError`.
    fn refuse_repetition(&self, name: &ByteString) -> Result<(), ConnectError> {
        let mut outer = self.outer;
        while let Some(ancestor) = outer {
            if ancestor.schema.shares_fields_with(self.schema) {
                return Err(ConnectError::data(format!(
                    "Flatten transformation does not support recursive schemas, and {} contains itself (in field {name}).",
                    self.schema
                )));
            }
            outer = ancestor.outer;
        }
        Ok(())
    }
}

#[derive(Clone, Copy)]
struct Names<'a> {
    delimiter: &'a str,
}

impl Names<'_> {
    fn name(&self, outer: Option<&ByteString>, inner: &ByteString) -> ByteString {
        match outer {
            Some(outer) if !outer.is_empty() => format!("{outer}{}{inner}", self.delimiter).into(),
            _ => inner.clone(),
        }
    }

    fn flatten_map(
        &self,
        map: Map,
        outer: Option<&ByteString>,
        flat: &mut Vec<(Value, Value)>,
    ) -> Result<(), ConnectError> {
        for (key, value) in map.into_entries() {
            let name = match &key {
                Value::String(key) => self.name(outer, key),
                Value::Null if outer.is_some() => self.name(outer, &ByteString::from("null")),
                Value::Null => {
                    flat.push((key, value));
                    continue;
                }
                other => {
                    return Err(ConnectError::record(
                        exception::CLASS_CAST,
                        format!(
                            "class {} cannot be cast to class java.lang.String",
                            other.java_class()
                        ),
                    ));
                }
            };
            match value {
                Value::Map(inner) => self.flatten_map(inner, Some(&name), flat)?,
                Value::Struct(_) => {
                    return Err(ConnectError::data(format!(
                        "Flatten transformation does not support class {} for record without schemas (for field {name}).",
                        value.java_class()
                    )));
                }
                Value::Timestamp(_) | Value::Decimal(_) | Value::BigInteger(_) => {
                    return Err(ConnectError::data(format!(
                        "Flatten transformation was passed a value of type class {} which is not supported by Connect's data API",
                        value.java_class()
                    )));
                }
                value => flat.push((Value::String(name), value)),
            }
        }
        Ok(())
    }

    fn flatten_schema(
        &self,
        mut flat: SchemaBuilder,
        schema: &Schema,
        outer: Option<&ByteString>,
        ancestor: Ancestor<'_>,
    ) -> Result<SchemaBuilder, ConnectError> {
        for field in fields_of(schema)? {
            let name = self.name(outer, &field.name);
            let inherited = match ancestor.default {
                Some(Value::Struct(default)) => Some(default.get(&field.name)?),
                _ => None,
            };
            let here = Ancestor {
                schema: &field.schema,
                outer: Some(&ancestor),
                optional: ancestor.optional || field.schema.is_optional(),
                default: field.schema.default().or(inherited),
            };
            match field.schema.type_() {
                Type::Struct => {
                    here.refuse_repetition(&name)?;
                    flat = self.flatten_schema(flat, &field.schema, Some(&name), here)?;
                }
                Type::Map => {
                    return Err(ConnectError::data(format!(
                        "Flatten transformation does not support MAP for record with schemas (for field {name})."
                    )));
                }
                _ => flat = flat.field(name, leaf(&field.schema, here)?),
            }
        }
        Ok(flat)
    }
}

fn leaf(schema: &SchemaRef, here: Ancestor<'_>) -> Result<SchemaRef, ConnectError> {
    let default = here.default.filter(|value| !value.is_null());
    if schema.is_optional() == here.optional && schema.default() == default {
        return Ok(schema.clone());
    }
    let mut builder = SchemaBuilder::like(schema).optional(here.optional);
    if let Some(default) = default {
        builder = builder.default(default.clone());
    }
    builder.build()
}

/// Appends the values of the leaves in the order in which the flat schema has them.
fn flatten_struct(
    value: Struct,
    flat: &Schema,
    values: &mut Vec<Value>,
) -> Result<(), ConnectError> {
    let schema = value.schema().clone();
    for (field, stored) in schema.fields().iter().zip(value.into_values()) {
        match (field.schema.type_(), stored) {
            (Type::Struct, Value::Struct(inner)) => flatten_struct(inner, flat, values)?,
            (Type::Struct, _) => {
                let leaves = values.len() + leaves(&field.schema);
                values.resize(leaves, Value::Null);
            }
            (_, stored) => {
                let value = match field.schema.default() {
                    Some(default) if stored.is_null() => default.clone(),
                    _ => stored,
                };
                if value.is_null()
                    && let Some(field) = flat.fields().get(values.len())
                {
                    put(field, &value)?;
                }
                values.push(value);
            }
        }
    }
    Ok(())
}

fn leaves(schema: &Schema) -> usize {
    let fields = schema.fields().iter();
    fields
        .map(|field| match field.schema.type_() {
            Type::Struct => leaves(&field.schema),
            _ => 1,
        })
        .sum()
}
