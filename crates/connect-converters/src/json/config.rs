//! The keys of `JsonConverter`.

use connect_api::config::{Check, ConfigDef, ConfigReader, Importance, Key, Width};

use crate::common::CONVERTER_TYPE;

/// Whether records carry their schema beside their payload.
pub const SCHEMAS_ENABLE: Key<bool> = Key::new(
    "schemas.enable",
    "true",
    Importance::High,
    "Whether every record carries its schema beside its payload: {\"schema\": ..., \"payload\": ...}.",
)
.shown("Schemas", 0, Width::Medium, "Enable Schemas");

/// How many schemas are kept in parsed form.
pub const SCHEMAS_CACHE_SIZE: Key<i32> = Key::new(
    "schemas.cache.size",
    "1000",
    Importance::High,
    "How many schemas this converter keeps in parsed form.",
)
.shown("Schemas", 1, Width::Medium, "Schema Cache Size");

/// A schema for every record, given once.
pub const SCHEMA_CONTENT: Key<Option<String>> = Key::optional(
    "schema.content",
    Importance::High,
    "A schema in JSON that counts for every record; records then hold the payload alone. Without it, each record \
     brings its own. Used for reading only, and only if schemas.enable is true.",
)
.shown("Schemas", 2, Width::Medium, "Schema Content");

/// How decimals are written; both forms are read.
pub const DECIMAL_FORMAT: Key<String> = Key::new(
    "decimal.format",
    "BASE64",
    Importance::Low,
    "How decimals are written: BASE64 for the unscaled value in Base64, NUMERIC for a JSON number. Case does not \
     matter, and both forms are read.",
)
.shown("Serialization", 0, Width::Medium, "Decimal Format")
.check(Check::OneOfIgnoringCase(&["NUMERIC", "BASE64"]));

/// Whether null becomes the field's default.
pub const REPLACE_NULL_WITH_DEFAULT: Key<bool> = Key::new(
    "replace.null.with.default",
    "true",
    Importance::Low,
    "Whether null in a field that has a default becomes the default; if false it stays null.",
)
.shown(
    "Serialization",
    1,
    Width::Medium,
    "Replace null with default",
);

/// The keys that the converter understands, the prefix (`value.converter.` and so on) taken off.
pub fn config_def() -> ConfigDef {
    ConfigDef::new()
        .define(&CONVERTER_TYPE)
        .define(&SCHEMAS_ENABLE)
        .define(&SCHEMAS_CACHE_SIZE)
        .define(&SCHEMA_CONTENT)
        .define(&DECIMAL_FORMAT)
        .define(&REPLACE_NULL_WITH_DEFAULT)
}

/// What the keys say.
#[derive(Debug, Clone)]
pub(super) struct JsonConfig {
    pub schemas_enable: bool,
    pub schemas_cache_size: i32,
    pub schema_content: Option<String>,
    pub decimals_as_numbers: bool,
    pub replace_null_with_default: bool,
}

impl JsonConfig {
    pub fn read(config: &ConfigReader<'_>) -> Self {
        Self {
            schemas_enable: config.get(&SCHEMAS_ENABLE),
            schemas_cache_size: config.get(&SCHEMAS_CACHE_SIZE),
            schema_content: config.get(&SCHEMA_CONTENT),
            decimals_as_numbers: config.get(&DECIMAL_FORMAT).eq_ignore_ascii_case("NUMERIC"),
            replace_null_with_default: config.get(&REPLACE_NULL_WITH_DEFAULT),
        }
    }
}
