//! `ExtractNewRecordState`: a change event of Debezium becomes the row as it is now.
//!
//! A record is changed if the name of its value's schema ends in `.Envelope`, or if it is a tombstone; any other passes as
//! it is, and so do events without a schema, as with Debezium.

use std::sync::Arc;

use connect_api::config::{Config, ConfigDef, ConfigErrors, ConfigReader};
use connect_api::data::{SchemaRef, Struct, Type, Value, required};
use connect_api::error::exception;
use connect_api::plugin::PluginDescriptor;
use connect_api::transform::Transformation;
use connect_api::{ConnectError, SinkRecord};

use super::DEBEZIUM_VERSION;
use super::add_fields::{EventPlan, text_field, typed_field};
use super::drop_fields::DropFields;
use super::field_reference::FieldReference;
use super::keys::{
    ADD_FIELDS, ADD_FIELDS_PREFIX, ADD_HEADERS, ADD_HEADERS_PREFIX, MODE, Mode,
    REPLACE_NULL_WITH_DEFAULT, ROUTE_BY_FIELD, references, text,
};
use crate::descriptor::transformation;
use crate::insert_field::InsertField;
use crate::requirements::{not_a_struct, require_struct};
use crate::schema_cache::SchemaCache;
use crate::side::Side;

pub const PLUGIN: PluginDescriptor = PluginDescriptor {
    version: DEBEZIUM_VERSION,
    ..transformation(
        "io.debezium.transforms.ExtractNewRecordState",
        config_def,
        |config| Ok(Box::new(ExtractNewRecordState::new(config)?)),
    )
};

pub fn config_def() -> ConfigDef {
    super::keys::config_def()
}

/// `io.debezium.transforms.ExtractNewRecordState`
struct ExtractNewRecordState {
    mode: Mode,
    headers: Vec<FieldReference>,
    fields: Vec<FieldReference>,
    /// Adds `__deleted` to rows that are deleted, and to those that are not.
    mark_deleted: InsertField,
    mark_present: InsertField,
    router: Option<Router>,
    drop_fields: Option<DropFields>,
    plans: SchemaCache<EventPlan>,
}

impl ExtractNewRecordState {
    fn new(config: &ConfigReader<'_>) -> Result<Self, ConfigErrors> {
        let mode = config.get(&MODE);
        let route_by = text(config, &ROUTE_BY_FIELD);
        let fields = references(config, &ADD_FIELDS, &ADD_FIELDS_PREFIX);
        let headers = references(config, &ADD_HEADERS, &ADD_HEADERS_PREFIX);
        let drop_fields = DropFields::configured(config);
        let nulls = match config.get(&REPLACE_NULL_WITH_DEFAULT) {
            true => "true",
            false => "false",
        };
        config.finish(Self {
            // A mode that there is not, its check has told.
            mode: Mode::parse(&mode).unwrap_or(Mode::Tombstone),
            headers,
            fields,
            mark_deleted: deleted_marker("true", nulls)?,
            mark_present: deleted_marker("false", nulls)?,
            router: (!route_by.is_empty()).then(|| Router::new(route_by)),
            drop_fields,
            plans: SchemaCache::new(),
        })
    }

    fn tombstone(&self, mut record: SinkRecord) -> Option<SinkRecord> {
        for header in self.headers.iter().filter(|h| h.is_operation()) {
            let schema = Some(required(Type::String));
            let value = Value::string("d");
            record.headers.push(header.new_name.clone(), schema, value);
        }
        (self.mode == Mode::RewriteWithTombstone).then_some(record)
    }

    fn event(
        &mut self,
        mut record: SinkRecord,
        event: Struct,
    ) -> Result<Option<SinkRecord>, ConnectError> {
        let schema = event.schema().clone();
        let plan = self.plans.get_or_make(&schema, |schema| {
            Ok(EventPlan::new(schema, &self.headers, &self.fields))
        })?;
        for header in plan.headers()? {
            let value = header.value(&event);
            let schema = Some(header.schema.clone());
            record.headers.push(header.name.clone(), schema, value);
        }
        let after = plan.after()?;
        if !event.at(after).is_null() {
            let added = plan.added_values(&event);
            set_row(&mut record, event, after);
            return self.upserted(record, &schema, added).map(Some);
        }
        let before = plan.before()?;
        // What has neither an old nor a new row is a truncation or a message.
        if event.at(before).is_null() || self.mode == Mode::Drop {
            return Ok(None);
        }
        let added = plan.added_values(&event);
        let topic = match &mut self.router {
            Some(router) => {
                typed_field(&schema, "before", Type::Struct)?;
                let Value::Struct(row) = &event.values()[before] else {
                    return Err(no_old_row());
                };
                router.topic(row)?
            }
            None => None,
        };
        match self.mode {
            Mode::DeleteToTombstone => Side::Value.set(&mut record, None, Value::Null),
            Mode::Rewrite | Mode::RewriteWithTombstone => set_row(&mut record, event, before),
            Mode::Drop | Mode::Tombstone => {
                let schema = schema.fields()[after].schema.clone();
                Side::Value.set(&mut record, Some(schema), Value::Null);
            }
        }
        if let Some(topic) = topic {
            record.topic = topic;
        }
        self.deleted(record, &schema, added).map(Some)
    }

    /// The way of a row that is there.
    fn upserted(
        &mut self,
        mut record: SinkRecord,
        event: &SchemaRef,
        added: Vec<Value>,
    ) -> Result<SinkRecord, ConnectError> {
        if self.mode.rewrites() {
            record = marked(&mut self.mark_present, record)?;
        }
        if let Some(router) = &mut self.router {
            let Value::Struct(row) = &record.value else {
                let purpose = "Read record to set topic routing for CREATE / UPDATE";
                return Err(not_a_struct(&record.value, purpose));
            };
            if let Some(topic) = router.topic(row)? {
                record.topic = topic;
            }
        }
        let mut record = self.with_fields(record, event, added)?;
        if let Some(drop_fields) = &mut self.drop_fields {
            record = drop_fields.apply(record)?;
        }
        Ok(record)
    }

    /// The way of a row that is no more: here fields are dropped before others are added.
    fn deleted(
        &mut self,
        mut record: SinkRecord,
        event: &SchemaRef,
        added: Vec<Value>,
    ) -> Result<SinkRecord, ConnectError> {
        if self.mode.rewrites() {
            record = marked(&mut self.mark_deleted, record)?;
        }
        if let Some(drop_fields) = &mut self.drop_fields {
            record = drop_fields.apply(record)?;
        }
        if record.value.is_null() {
            return Ok(record);
        }
        self.with_fields(record, event, added)
    }

    fn with_fields(
        &mut self,
        mut record: SinkRecord,
        event: &SchemaRef,
        added: Vec<Value>,
    ) -> Result<SinkRecord, ConnectError> {
        let plan = self.plans.get_or_make(event, |event| {
            Ok(EventPlan::new(event, &self.headers, &self.fields))
        })?;
        let row = plan.add_fields(Side::Value.take(&mut record), added)?;
        let schema = row.schema().clone();
        Side::Value.set(&mut record, Some(schema), Value::Struct(row));
        Ok(record)
    }
}

/// `after` or `before` in the place of the event, or its default if nothing is stored there.
fn set_row(record: &mut SinkRecord, event: Struct, place: usize) {
    let schema = event.schema().fields()[place].schema.clone();
    let mut row = std::mem::take(&mut event.into_values()[place]);
    if let (true, Some(default)) = (row.is_null(), schema.default()) {
        row = default.clone();
    }
    Side::Value.set(record, Some(schema), row);
}

/// A default in its place is not looked at.
fn no_old_row() -> ConnectError {
    let message = "The change event has no old row to read the topic from (route.by.field)";
    ConnectError::record(exception::NULL_POINTER, message)
}

/// Documents of MongoDB are texts, which have no room for the mark.
fn marked(marker: &mut InsertField, record: SinkRecord) -> Result<SinkRecord, ConnectError> {
    match record.value {
        Value::Struct(_) => marker.insert(record),
        _ => Ok(record),
    }
}

fn deleted_marker(text: &str, nulls: &str) -> Result<InsertField, ConfigErrors> {
    let config: Config = [
        ("static.field", "__deleted"),
        ("static.value", text),
        ("replace.null.with.default", nulls),
    ]
    .into_iter()
    .collect();
    InsertField::new(&ConfigReader::new(&config), Side::Value)
}

/// `route.by.field`
struct Router {
    field: String,
    last: Arc<str>,
}

impl Router {
    fn new(field: String) -> Self {
        let last = Arc::from("");
        Self { field, last }
    }

    /// The topic that a row names; none if it names none.
    fn topic(&mut self, row: &Struct) -> Result<Option<Arc<str>>, ConnectError> {
        let place = text_field(row.schema(), &self.field)?;
        let Some(topic) = row.values()[place].as_str() else {
            return Ok(None);
        };
        if topic.trim().is_empty() {
            return Ok(None);
        }
        if *self.last != *topic {
            self.last = Arc::from(topic);
        }
        Ok(Some(self.last.clone()))
    }
}

impl Transformation for ExtractNewRecordState {
    fn apply(&mut self, mut record: SinkRecord) -> Result<Option<SinkRecord>, ConnectError> {
        if record.value.is_null() {
            return Ok(self.tombstone(record));
        }
        let name = record.value_schema.as_ref().and_then(|s| s.name());
        if !name.is_some_and(|name| name.ends_with(".Envelope")) {
            return Ok(Some(record));
        }
        let value = Side::Value.take(&mut record);
        if !self.headers.is_empty() && !matches!(value, Value::Struct(_)) {
            let class = value.java_class();
            return Err(ConnectError::record(
                exception::CLASS_CAST,
                format!(
                    "class {class} cannot be cast to class org.apache.kafka.connect.data.Struct"
                ),
            ));
        }
        let event = require_struct(value, "field extraction")?;
        self.event(record, event)
    }
}
