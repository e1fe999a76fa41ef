//! The keys of `ExtractNewRecordState`.
//!
//! Debezium reads texts as they stand, spaces at the ends included, which Kafka's definitions would cut off; so do the
//! functions at the end.

use connect_api::config::{
    Check, ConfigDef, ConfigReader, ConfigType, Importance, Key, Parsed, Width,
};

use super::field_reference::FieldReference;

/// `delete.tombstone.handling.mode`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Drop,
    Tombstone,
    Rewrite,
    RewriteWithTombstone,
    DeleteToTombstone,
}

impl Mode {
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text.trim().to_lowercase().as_str() {
            "drop" => Mode::Drop,
            "tombstone" => Mode::Tombstone,
            "rewrite" => Mode::Rewrite,
            "rewrite-with-tombstone" => Mode::RewriteWithTombstone,
            "delete-to-tombstone" => Mode::DeleteToTombstone,
            _ => return None,
        })
    }

    pub fn rewrites(self) -> bool {
        matches!(self, Mode::Rewrite | Mode::RewriteWithTombstone)
    }
}

pub(super) const MODE: Key<String> = labelled(
    Key::new(
        "delete.tombstone.handling.mode",
        "tombstone",
        Importance::Medium,
        "What becomes of deletes and of the tombstones that follow them. `drop`: both are left out. `tombstone`: a delete becomes a tombstone, the one behind it is left out. `rewrite`: a delete becomes its old row, tombstones are left out; every row gets `__deleted`, which is `true` or `false`. `rewrite-with-tombstone`: the same, and tombstones stay. `delete-to-tombstone`: as `tombstone`, but without a schema.",
    )
    .check(Check::Custom(check_mode)),
    Width::Medium,
    "Handle delete and tombstone records",
);
pub(super) const ROUTE_BY_FIELD: Key<String> = labelled(
    Key::new(
        "route.by.field",
        "",
        Importance::Low,
        "A text field of the row whose value becomes the topic; a row without a value keeps its topic.",
    ),
    Width::Long,
    "Route by field name",
);
pub(super) const ADD_FIELDS_PREFIX: Key<String> = labelled(
    Key::new(
        "add.fields.prefix",
        "__",
        Importance::Low,
        "Stands before the name of each added field.",
    ),
    Width::Short,
    "Field prefix to be added to each field.",
);
pub(super) const ADD_FIELDS: Key<Vec<String>> = labelled(
    Key::new(
        "add.fields",
        "",
        Importance::Low,
        "Fields of the change event that the row gets: `op`, `ts_ms`, `source.lsn`, `transaction.id`, `before.name`. A name alone, other than those of event and transaction, is looked for in `source`, then in the event. The new name is `__op`, `__source_lsn` or, by `source.lsn:position`, `__position`.",
    )
    .check(Check::Custom(check_references)),
    Width::Long,
    "Adds the specified field(s) to the message if they exist.",
);
pub(super) const ADD_HEADERS_PREFIX: Key<String> = labelled(
    Key::new(
        "add.headers.prefix",
        "__",
        Importance::Low,
        "Stands before the name of each added header.",
    ),
    Width::Short,
    "Header prefix to be added to each header.",
);
pub(super) const ADD_HEADERS: Key<Vec<String>> = labelled(
    Key::new(
        "add.headers",
        "",
        Importance::Low,
        "Fields of the change event that become headers, written as in `add.fields`. A tombstone gets `op` alone, which is `d`.",
    )
    .check(Check::Custom(check_references)),
    Width::Long,
    "Adds the specified fields to the header if they exist.",
);
pub(super) const DROP_FIELDS_HEADER: Key<Option<String>> = labelled(
    Key::optional(
        "drop.fields.header.name",
        Importance::Low,
        "A header with a list of fields that the row loses.",
    ),
    Width::Short,
    "Specifies a header that contains a list of field names to be removed",
);
pub(super) const DROP_FIELDS_FROM_KEY: Key<bool> = labelled(
    Key::new(
        "drop.fields.from.key",
        "false",
        Importance::Low,
        "Whether the key loses those fields as well.",
    ),
    Width::Short,
    "Specifies whether the fields to be dropped should also be omitted from the key",
);
pub(super) const DROP_FIELDS_KEEP_SCHEMA_COMPATIBLE: Key<bool> = labelled(
    Key::new(
        "drop.fields.keep.schema.compatible",
        "true",
        Importance::Low,
        "Whether only fields that are optional are dropped.",
    ),
    Width::Short,
    "Specifies if fields are dropped, will the event's schemas be compatible",
);
/// Debezium reads it, too, but does not list it.
pub(super) const REPLACE_NULL_WITH_DEFAULT: Key<bool> = labelled(
    Key::new(
        "replace.null.with.default",
        "true",
        Importance::Low,
        "Whether a field that is null and has a default gets the default where rows get `__deleted`.",
    ),
    Width::Short,
    "replace null field value with default",
);

pub fn config_def() -> ConfigDef {
    ConfigDef::new()
        .define(&MODE)
        .define(&ROUTE_BY_FIELD)
        .define(&ADD_FIELDS_PREFIX)
        .define(&ADD_FIELDS)
        .define(&ADD_HEADERS_PREFIX)
        .define(&ADD_HEADERS)
        .define(&DROP_FIELDS_HEADER)
        .define(&DROP_FIELDS_FROM_KEY)
        .define(&DROP_FIELDS_KEEP_SCHEMA_COMPATIBLE)
        .define(&REPLACE_NULL_WITH_DEFAULT)
}

/// Debezium numbers its keys without a group.
const fn labelled<T: ConfigType>(mut key: Key<T>, width: Width, label: &'static str) -> Key<T> {
    key.info.order = 1;
    key.info.width = width;
    key.info.display_name = label;
    key
}

/// Debezium's line of the log; its error says only that the configuration is not valid.
fn check_mode(key: &str, value: Option<&Parsed>) -> Vec<String> {
    match value {
        Some(Parsed::Text(text)) if Mode::parse(text).is_none() => vec![format!(
            "The '{key}' value '{text}' is invalid: Value must be one of drop, tombstone, rewrite-with-tombstone, rewrite, delete-to-tombstone"
        )],
        _ => Vec::new(),
    }
}

fn check_references(_: &str, value: Option<&Parsed>) -> Vec<String> {
    let Some(Parsed::List(items)) = value else {
        return Vec::new();
    };
    let errors = items
        .iter()
        .filter_map(|item| FieldReference::parse("", item).err());
    errors.collect()
}

/// The text of a key as it stands.
pub(super) fn text(config: &ConfigReader<'_>, key: &Key<String>) -> String {
    let read = config.get(key);
    config
        .config()
        .get(key.name())
        .map_or(read, ToOwned::to_owned)
}

/// The references of a list; those that are wrong, its check has told.
pub(super) fn references(
    config: &ConfigReader<'_>,
    key: &Key<Vec<String>>,
    prefix: &Key<String>,
) -> Vec<FieldReference> {
    let _checked = config.get(key);
    let prefix = text(config, prefix);
    // Java's `split` gives no empty parts at the end.
    let list = config.config().get(key.name()).unwrap_or_default();
    let list = list.trim_end_matches(',');
    if list.is_empty() {
        return Vec::new();
    }
    let parsed = list
        .split(',')
        .filter_map(|item| FieldReference::parse(&prefix, item.trim()).ok());
    parsed.collect()
}
