//! `ReplaceField`: fields are left out, kept and renamed.

use bytestring::ByteString;
use connect_api::config::{
    Check, ConfigDef, ConfigErrors, ConfigReader, Importance, Key, Parsed, invalid_value,
};
use connect_api::data::values::sort_by_hash;
use connect_api::data::{Map, Schema, SchemaRef, Struct, Value};
use connect_api::error::exception;
use connect_api::plugin::PluginDescriptor;
use connect_api::transform::Transformation;
use connect_api::{ConnectError, SinkRecord};

use crate::descriptor::transformation;
use crate::keys::REPLACE_NULL_WITH_DEFAULT;
use crate::requirements::{require_map, require_struct};
use crate::schema_cache::SchemaCache;
use crate::side::Side;
use crate::structs::{Nulls, fields_of, put, struct_like};

pub const KEY: PluginDescriptor = transformation(
    "org.apache.kafka.connect.transforms.ReplaceField$Key",
    config_def,
    |config| Ok(Box::new(ReplaceField::new(config, Side::Key)?)),
);
pub const VALUE: PluginDescriptor = transformation(
    "org.apache.kafka.connect.transforms.ReplaceField$Value",
    config_def,
    |config| Ok(Box::new(ReplaceField::new(config, Side::Value)?)),
);

const PURPOSE: &str = "field replacement";

const EXCLUDE: Key<Vec<String>> = Key::new(
    "exclude",
    "",
    Importance::Medium,
    "Fields to be left out; counts more than `include`.",
)
.check(Check::DistinctList { may_be_empty: true });
const INCLUDE: Key<Vec<String>> = Key::new(
    "include",
    "",
    Importance::Medium,
    "Fields to be kept; if there are any, all others are left out.",
)
.check(Check::DistinctList { may_be_empty: true });
const RENAMES: Key<Vec<String>> = Key::new(
    "renames",
    "",
    Importance::Medium,
    "New names as `old:new`; `include` and `exclude` name the old ones.",
)
.check(Check::Custom(check_renames));

pub fn config_def() -> ConfigDef {
    ConfigDef::new()
        .define(&EXCLUDE)
        .define(&INCLUDE)
        .define(&RENAMES)
        .define(&REPLACE_NULL_WITH_DEFAULT)
}

fn check_renames(_: &str, value: Option<&Parsed>) -> Vec<String> {
    match value {
        Some(Parsed::List(items)) => parse_renames(items).err().into_iter().collect(),
        _ => Vec::new(),
    }
}

type Renames = Vec<(ByteString, ByteString)>;

/// Old and new names; of a repeated old name the last counts.
///
/// # Errors
/// Kafka's message.
fn parse_renames(items: &[String]) -> Result<Renames, String> {
    let mut renames: Renames = Vec::new();
    for item in items {
        // Java's `split` gives no empty parts at the end.
        let mut parts = item.trim_end_matches(':').split(':');
        let (Some(old), Some(new), None) = (parts.next(), parts.next(), parts.next()) else {
            let all = format!("[{}]", items.join(", "));
            let why = format!("Invalid rename mapping: {item}");
            return Err(invalid_value(RENAMES.name(), &all, &why));
        };
        match renames.iter_mut().find(|(o, _)| o == old) {
            Some(rename) => rename.1 = new.into(),
            None => renames.push((old.into(), new.into())),
        }
    }
    // Of several with one new name the last in the order of Java's map is the one that is read.
    sort_by_hash(&mut renames, |(old, _)| old);
    Ok(renames)
}

/// `org.apache.kafka.connect.transforms.ReplaceField`
pub(crate) struct ReplaceField {
    side: Side,
    rules: Rules,
    nulls: Nulls,
    plans: SchemaCache<Plan>,
}

struct Rules {
    exclude: Vec<String>,
    include: Vec<String>,
    renames: Renames,
}

/// The new schema, and where each of its fields is read.
struct Plan {
    schema: SchemaRef,
    sources: Vec<Source>,
}

struct Source {
    index: usize,
    /// The name belongs to one field and the value to another: a rename to a name that stays.
    of_another: bool,
}

impl ReplaceField {
    pub(crate) fn new(config: &ConfigReader<'_>, side: Side) -> Result<Self, ConfigErrors> {
        let rules = Rules {
            exclude: config.get(&EXCLUDE),
            include: config.get(&INCLUDE),
            // What is wrong with them, their check has said.
            renames: parse_renames(&config.get(&RENAMES)).unwrap_or_default(),
        };
        config.finish(Self {
            side,
            rules,
            nulls: Nulls::configured(config),
            plans: SchemaCache::new(),
        })
    }
}

impl Rules {
    fn keeps(&self, name: &str) -> bool {
        let named = |names: &[String]| names.iter().any(|n| n == name);
        !named(&self.exclude) && (self.include.is_empty() || named(&self.include))
    }

    fn new_name<'a>(&'a self, name: &'a ByteString) -> &'a ByteString {
        let rename = self.renames.iter().find(|(old, _)| old == name);
        rename.map_or(name, |(_, new)| new)
    }

    /// The field that Kafka reads for a new name: whichever is renamed to it, there or not.
    fn old_name<'a>(&'a self, name: &'a ByteString) -> &'a ByteString {
        let rename = self.renames.iter().rfind(|(_, new)| new == name);
        rename.map_or(name, |(old, _)| old)
    }

    fn plan(&self, schema: &Schema) -> Result<Plan, ConnectError> {
        let mut builder = struct_like(schema);
        for field in fields_of(schema)? {
            if self.keeps(&field.name) {
                builder = builder.field(self.new_name(&field.name).clone(), field.schema.clone());
            }
        }
        let changed = builder.build()?;
        let mut sources = Vec::with_capacity(changed.fields().len());
        for field in changed.fields() {
            let old = self.old_name(&field.name);
            match schema.field(old) {
                Some(source) => sources.push(Source {
                    index: source.index,
                    of_another: source.schema != field.schema,
                }),
                None => {
                    return Err(ConnectError::data(format!(
                        "{old} is not a valid field name"
                    )));
                }
            }
        }
        Ok(Plan {
            schema: changed,
            sources,
        })
    }

    fn apply_to_map(&self, map: Map) -> Result<Map, ConnectError> {
        let mut entries = map.into_entries();
        let is_name = |key: &Value| matches!(key, Value::String(_) | Value::Null);
        if let Some((key, _)) = entries.iter().find(|(key, _)| !is_name(key)) {
            return Err(ConnectError::record(
                exception::CLASS_CAST,
                format!(
                    "class {} cannot be cast to class java.lang.String",
                    key.java_class()
                ),
            ));
        }
        entries.retain(|(key, _)| match key {
            Value::String(name) => self.keeps(name),
            _ => self.include.is_empty(),
        });
        for (key, _) in &mut entries {
            if let Value::String(name) = key
                && let Some((_, new)) = self.renames.iter().find(|(old, _)| old == name)
            {
                *key = Value::String(new.clone());
            }
        }
        // Only a new name can stand there twice.
        let twice = |new: &ByteString| {
            let named = |(key, _): &&(Value, Value)| matches!(key, Value::String(k) if k == new);
            entries.iter().filter(named).count() > 1
        };
        Ok(match self.renames.iter().any(|(_, new)| twice(new)) {
            true => Map::from_entries(entries),
            false => Map::from_distinct_entries(entries),
        })
    }
}

impl ReplaceField {
    /// The record with the fields that are kept, under their new names.
    ///
    /// # Errors
    /// The value is neither struct nor map, or a field must not be null.
    pub(crate) fn replace(&mut self, mut record: SinkRecord) -> Result<SinkRecord, ConnectError> {
        if self.side.value(&record).is_null() {
            return Ok(record);
        }
        let value = self.side.take(&mut record);
        if self.side.schema(&record).is_none() {
            let map = self.rules.apply_to_map(require_map(value, PURPOSE)?)?;
            self.side.set(&mut record, None, Value::Map(map));
            return Ok(record);
        }
        let value = require_struct(value, PURPOSE)?;
        let plan = self
            .plans
            .get_or_make(value.schema(), |schema| self.rules.plan(schema))?;
        let old = value.schema().clone();
        let mut stored = value.into_values();
        let mut values = Vec::with_capacity(plan.sources.len());
        for (field, source) in plan.schema.fields().iter().zip(&plan.sources) {
            let mut value = std::mem::take(&mut stored[source.index]);
            if value.is_null() {
                let schema = &old.fields()[source.index].schema;
                self.nulls.fill(schema, &mut value);
                Nulls::AsNull.settle(field, &mut value)?;
            } else if source.of_another {
                put(field, &value)?;
            }
            values.push(value);
        }
        let schema = plan.schema.clone();
        let value = Struct::from_values(schema.clone(), values);
        self.side
            .set(&mut record, Some(schema), Value::Struct(value));
        Ok(record)
    }
}

impl Transformation for ReplaceField {
    fn apply(&mut self, record: SinkRecord) -> Result<Option<SinkRecord>, ConnectError> {
        self.replace(record).map(Some)
    }
}
