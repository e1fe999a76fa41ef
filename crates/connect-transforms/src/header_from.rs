//! `HeaderFrom`: fields are moved or copied to headers.

use bytestring::ByteString;
use connect_api::config::{Check, ConfigDef, ConfigErrors, ConfigReader, Importance, Key};
use connect_api::data::{Schema, SchemaRef, Struct, Value};
use connect_api::error::exception;
use connect_api::plugin::PluginDescriptor;
use connect_api::transform::Transformation;
use connect_api::{ConnectError, SinkRecord};

use crate::descriptor::transformation;
use crate::keys::REPLACE_NULL_WITH_DEFAULT;
use crate::requirements::{require_map, require_struct};
use crate::schema_cache::SchemaCache;
use crate::side::Side;
use crate::structs::{Nulls, struct_like};

pub const KEY: PluginDescriptor = transformation(
    "org.apache.kafka.connect.transforms.HeaderFrom$Key",
    config_def,
    |config| Ok(Box::new(HeaderFrom::new(config, Side::Key)?)),
);
pub const VALUE: PluginDescriptor = transformation(
    "org.apache.kafka.connect.transforms.HeaderFrom$Value",
    config_def,
    |config| Ok(Box::new(HeaderFrom::new(config, Side::Value)?)),
);

const FIELDS: Key<Vec<String>> = Key::required("fields", Importance::High, "The fields, in order.")
    .check(Check::NonNullNonEmptyList);
const HEADERS: Key<Vec<String>> = Key::required(
    "headers",
    Importance::High,
    "The headers that the fields become, in the same order.",
)
.check(Check::NonNullNonEmptyList);
const OPERATION: Key<String> = Key::required(
    "operation",
    Importance::High,
    "`move` takes the fields out of the record, `copy` leaves them.",
)
.one_of(&["move", "copy"]);

pub fn config_def() -> ConfigDef {
    ConfigDef::new()
        .define(&FIELDS)
        .define(&HEADERS)
        .define(&OPERATION)
        .define(&REPLACE_NULL_WITH_DEFAULT)
}

/// `org.apache.kafka.connect.transforms.HeaderFrom`
struct HeaderFrom {
    side: Side,
    /// Field and header.
    pairs: Vec<(ByteString, ByteString)>,
    moves: bool,
    purpose: String,
    nulls: Nulls,
    plans: SchemaCache<Plan>,
}

/// The schema without the moved fields, and where each of its fields stood.
struct Plan {
    schema: SchemaRef,
    kept: Vec<usize>,
}

impl HeaderFrom {
    fn new(config: &ConfigReader<'_>, side: Side) -> Result<Self, ConfigErrors> {
        let fields = config.get(&FIELDS);
        let headers = config.get(&HEADERS);
        let operation = config.get(&OPERATION);
        // What is read wrong counts before what does not go together.
        let nulls = Nulls::configured(config);
        if fields.len() != headers.len() {
            config.error(
                FIELDS.name(),
                "'fields' config must have the same number of elements as 'headers' config.",
            );
        }
        let fields = fields.into_iter().map(ByteString::from);
        let headers = headers.into_iter().map(ByteString::from);
        config.finish(Self {
            side,
            pairs: fields.zip(headers).collect(),
            moves: operation == "move",
            purpose: format!("header {operation}"),
            nulls,
            plans: SchemaCache::new(),
        })
    }

    fn take_from_map(&self, record: &mut SinkRecord, value: Value) -> Result<Value, ConnectError> {
        let mut map = require_map(value, &self.purpose)?;
        for (field, header) in &self.pairs {
            let value = map.get(field).cloned().unwrap_or_default();
            record.headers.push(header.clone(), None, value);
        }
        if self.moves {
            for (field, _) in &self.pairs {
                map.remove(field);
            }
        }
        Ok(Value::Map(map))
    }
}

impl HeaderFrom {
    fn add_headers(&self, record: &mut SinkRecord, value: &Struct) -> Result<(), ConnectError> {
        for (name, header) in &self.pairs {
            let Some(field) = value.schema().field(name) else {
                return Err(ConnectError::record(
                    exception::NULL_POINTER,
                    format!("The schema has no field {name}"),
                ));
            };
            let stored = value.get_without_default(name)?.clone();
            let value = self.nulls.read(&field.schema, stored);
            if value.is_null() && !field.schema.is_optional() {
                return Err(ConnectError::data(format!(
                    "A null value requires an optional schema but was {}",
                    field.schema
                )));
            }
            let schema = Some(field.schema.clone());
            record.headers.push(header.clone(), schema, value);
        }
        Ok(())
    }
}

fn plan_move(schema: &Schema, pairs: &[(ByteString, ByteString)]) -> Result<Plan, ConnectError> {
    let mut builder = struct_like(schema);
    let mut kept = Vec::new();
    for field in schema.fields() {
        if !pairs.iter().any(|(moved, _)| *moved == field.name) {
            builder = builder.field(field.name.clone(), field.schema.clone());
            kept.push(field.index);
        }
    }
    Ok(Plan {
        schema: builder.build()?,
        kept,
    })
}

fn without_moved(value: Struct, plan: &Plan, nulls: Nulls) -> Result<Struct, ConnectError> {
    let mut stored = value.into_values();
    let mut values = Vec::with_capacity(plan.kept.len());
    for (field, &place) in plan.schema.fields().iter().zip(&plan.kept) {
        let value = stored.get_mut(place).map(std::mem::take);
        values.push(nulls.carry(field, value.unwrap_or_default())?);
    }
    Ok(Struct::from_values(plan.schema.clone(), values))
}

impl Transformation for HeaderFrom {
    fn apply(&mut self, mut record: SinkRecord) -> Result<Option<SinkRecord>, ConnectError> {
        let value = self.side.take(&mut record);
        let Some(schema) = self.side.schema(&record).cloned() else {
            let value = self.take_from_map(&mut record, value)?;
            self.side.set(&mut record, None, value);
            return Ok(Some(record));
        };
        let value = require_struct(value, &self.purpose)?;
        // An error of the struct comes before one of a header.
        let added = self.add_headers(&mut record, &value);
        if !self.moves {
            added?;
            self.side
                .set(&mut record, Some(schema), Value::Struct(value));
            return Ok(Some(record));
        }
        let plan = self
            .plans
            .get_or_make(&schema, |schema| plan_move(schema, &self.pairs))?;
        let value = without_moved(value, plan, self.nulls)?;
        added?;
        let schema = Some(value.schema().clone());
        self.side.set(&mut record, schema, Value::Struct(value));
        Ok(Some(record))
    }
}
