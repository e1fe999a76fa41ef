//! The keys of `JsonConverter`.

use connect_api::config::{Check, ConfigDef, ConfigReader, Importance, Key, Width};

use crate::common::CONVERTER_TYPE;

/// Whether records carry their schema beside their payload.
pub const SCHEMAS_ENABLE: Key<bool> = Key::new(
    "schemas.enable",
    "true",
    Importance::High,
    "Include schemas within each of the serialized values and keys.",
)
.shown("Schemas", 0, Width::Medium, "Enable Schemas");

/// How many schemas are kept in parsed form.
pub const SCHEMAS_CACHE_SIZE: Key<i32> = Key::new(
    "schemas.cache.size",
    "1000",
    Importance::High,
    "The maximum number of schemas that can be cached in this converter instance.",
)
.shown("Schemas", 1, Width::Medium, "Schema Cache Size");

/// A schema for every record, given once.
pub const SCHEMA_CONTENT: Key<Option<String>> = Key::optional(
    "schema.content",
    Importance::High,
    "When set, this is used as the schema for all messages, and the schemas within each of the message will be \
     ignored.Otherwise, the schema will be included in the content of each message. This configuration applies only \
     'schemas.enable' is true, and it exclusively affects the sink connector.",
)
.shown("Schemas", 2, Width::Medium, "Schema Content");

/// How decimals are written; both forms are read.
pub const DECIMAL_FORMAT: Key<String> = Key::new(
    "decimal.format",
    "BASE64",
    Importance::Low,
    "Controls which format this converter will serialize decimals in. This value is case insensitive and can be \
     either 'BASE64' (default) or 'NUMERIC'",
)
.shown("Serialization", 0, Width::Medium, "Decimal Format")
.check(Check::OneOfIgnoringCase(&["NUMERIC", "BASE64"]));

/// Whether null becomes the field's default.
pub const REPLACE_NULL_WITH_DEFAULT: Key<bool> = Key::new(
    "replace.null.with.default",
    "true",
    Importance::Low,
    "Whether to replace fields that have a default value and that are null to the default value. When set to true, \
     the default value is used, otherwise null is used.",
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
