//! The keys of the JSON Schema converter's own.

use connect_api::config::{Check, ConfigDef, ConfigReader, Importance, Key};

/// `object.additional.properties`
pub const OBJECT_ADDITIONAL_PROPERTIES: Key<bool> = Key::new(
    "object.additional.properties",
    "true",
    Importance::Medium,
    "Whether the JSON schemas of written structs let objects have more properties than the struct has fields. Used for \
     writing only.",
);

/// `use.optional.for.nonrequired`
pub const USE_OPTIONAL_FOR_NONREQUIRED: Key<bool> = Key::new(
    "use.optional.for.nonrequired",
    "false",
    Importance::Medium,
    "Whether properties that a JSON schema does not list under required become optional fields. If false, only those \
     become optional that may be null.",
);

/// `ignore.modern.dialects`
pub const IGNORE_MODERN_DIALECTS: Key<bool> = Key::new(
    "ignore.modern.dialects",
    "false",
    Importance::Low,
    "Whether JSON schemas of the drafts 2019-09 and 2020-12 are read as if they were of draft 7.",
);

/// `decimal.format`
pub const DECIMAL_FORMAT: Key<String> = Key::new(
    "decimal.format",
    "BASE64",
    Importance::Low,
    "How decimals are written: BASE64 for the unscaled value in Base64, NUMERIC for a JSON number. Case does not \
     matter, and both forms are read.",
)
.check(Check::OneOfIgnoringCase(&["BASE64", "NUMERIC"]));

/// `flatten.singleton.unions`
pub const FLATTEN_SINGLETON_UNIONS: Key<bool> = Key::new(
    "flatten.singleton.unions",
    "true",
    Importance::Low,
    "Whether oneOf, anyOf and allOf of a single schema become that schema instead of a union.",
);

/// `generalized.sum.type.support`
pub const GENERALIZED_SUM_TYPE_SUPPORT: Key<bool> = Key::new(
    "generalized.sum.type.support",
    "false",
    Importance::Medium,
    "Whether unions and enumerations become Connect schemas of the form that the converters of Avro and Protobuf share.",
);

/// `ignore.default.for.nullables`
pub const IGNORE_DEFAULT_FOR_NULLABLES: Key<bool> = Key::new(
    "ignore.default.for.nullables",
    "false",
    Importance::Medium,
    "Whether null is written as null where the field has a default; if false the default is written.",
);

/// `json.fail.invalid.schema`
pub const FAIL_INVALID_SCHEMA: Key<bool> = Key::new(
    "json.fail.invalid.schema",
    "false",
    Importance::Medium,
    "Whether every record is validated against its JSON schema, and fails if it does not match. Without it a record fails \
     only where it cannot be converted. Validation reads each record a second time.",
);

/// `json.indent.output`
pub const INDENT_OUTPUT: Key<bool> = Key::new(
    "json.indent.output",
    "false",
    Importance::Low,
    "Whether JSON is written with line breaks and blanks. Only false is supported.",
)
.check(Check::Custom(|key, value| {
    use connect_api::config::Parsed;
    match value {
        Some(Parsed::Boolean(true)) => vec![format!(
            "{key}=true is not supported: JSON is written without blanks. Remove the key or set it to false."
        )],
        _ => Vec::new(),
    }
}));

/// `schemas.cache.config`
pub const SCHEMAS_CACHE_CONFIG: Key<i32> = Key::new(
    "schemas.cache.config",
    "1000",
    Importance::Low,
    "How many JSON schemas that were made for writing are kept. Schemas that were read are kept with those of the registry.",
);

/// `json.fail.unknown.properties`
pub const FAIL_UNKNOWN_PROPERTIES: Key<bool> = Key::new(
    "json.fail.unknown.properties",
    "true",
    Importance::Low,
    "Accepted without effect: it concerns Java objects, which Connect makes none of. Properties that the schema does not \
     know are left out.",
);

/// `json.key.type`
pub const KEY_TYPE: Key<String> = Key::new(
    "json.key.type",
    "java.lang.Object",
    Importance::Medium,
    "Accepted without effect: keys become Connect data, not Java objects of a class.",
);

/// `json.value.type`
pub const VALUE_TYPE: Key<String> = Key::new(
    "json.value.type",
    "java.lang.Object",
    Importance::Medium,
    "Accepted without effect: values become Connect data, not Java objects of a class.",
);

/// `type.property`
pub const TYPE_PROPERTY: Key<String> = Key::new(
    "type.property",
    "javaType",
    Importance::Medium,
    "Accepted without effect: a Java class that a JSON schema names is not looked for.",
);

/// `json.write.dates.iso8601`
pub const WRITE_DATES_ISO8601: Key<bool> = Key::new(
    "json.write.dates.iso8601",
    "false",
    Importance::Medium,
    "Accepted without effect: it concerns Java objects. Connect writes dates and times as numbers.",
);

/// `json.schema.spec.version`
pub const SCHEMA_SPEC_VERSION: Key<String> = Key::new(
    "json.schema.spec.version",
    "draft_7",
    Importance::Medium,
    "Accepted without effect: it concerns schemas of Java classes. Those of Connect schemas are of draft 7.",
);

/// `json.oneof.for.nullables`
pub const ONEOF_FOR_NULLABLES: Key<bool> = Key::new(
    "json.oneof.for.nullables",
    "true",
    Importance::Medium,
    "Accepted without effect: it concerns schemas of Java classes. Optional Connect schemas are always written as oneOf.",
);

/// `json.default.property.inclusion`
pub const DEFAULT_PROPERTY_INCLUSION: Key<Option<String>> = Key::optional(
    "json.default.property.inclusion",
    Importance::Medium,
    "Accepted without effect: it concerns Java objects. Of a struct every field is written.",
);

/// The keys that the format understands besides those of the registry.
pub fn config_def() -> ConfigDef {
    ConfigDef::new()
        .define(&GENERALIZED_SUM_TYPE_SUPPORT)
        .define(&IGNORE_DEFAULT_FOR_NULLABLES)
        .define(&SCHEMAS_CACHE_CONFIG)
        .define(&OBJECT_ADDITIONAL_PROPERTIES)
        .define(&USE_OPTIONAL_FOR_NONREQUIRED)
        .define(&IGNORE_MODERN_DIALECTS)
        .define(&DECIMAL_FORMAT)
        .define(&FLATTEN_SINGLETON_UNIONS)
        .define(&FAIL_UNKNOWN_PROPERTIES)
        .define(&FAIL_INVALID_SCHEMA)
        .define(&KEY_TYPE)
        .define(&VALUE_TYPE)
        .define(&TYPE_PROPERTY)
        .define(&WRITE_DATES_ISO8601)
        .define(&SCHEMA_SPEC_VERSION)
        .define(&ONEOF_FOR_NULLABLES)
        .define(&DEFAULT_PROPERTY_INCLUSION)
        .define(&INDENT_OUTPUT)
}

/// What the keys say.
#[derive(Clone, Debug)]
pub struct Settings {
    pub additional_properties: bool,
    pub optional_for_nonrequired: bool,
    pub ignore_modern_dialects: bool,
    pub decimals_as_numbers: bool,
    pub flatten_singleton_unions: bool,
    pub generalized_sum_types: bool,
    pub ignore_default_for_nullables: bool,
    pub validate: bool,
    /// At least one.
    pub written_schemas: usize,
}

impl Settings {
    pub fn read(config: &ConfigReader<'_>) -> Self {
        read_inert(config);
        Self {
            additional_properties: config.get(&OBJECT_ADDITIONAL_PROPERTIES),
            optional_for_nonrequired: config.get(&USE_OPTIONAL_FOR_NONREQUIRED),
            ignore_modern_dialects: config.get(&IGNORE_MODERN_DIALECTS),
            decimals_as_numbers: config.get(&DECIMAL_FORMAT).eq_ignore_ascii_case("NUMERIC"),
            flatten_singleton_unions: config.get(&FLATTEN_SINGLETON_UNIONS),
            generalized_sum_types: config.get(&GENERALIZED_SUM_TYPE_SUPPORT),
            ignore_default_for_nullables: config.get(&IGNORE_DEFAULT_FOR_NULLABLES),
            validate: config.get(&FAIL_INVALID_SCHEMA),
            written_schemas: usize::try_from(config.get(&SCHEMAS_CACHE_CONFIG))
                .unwrap_or(0)
                .max(1),
        }
    }
}

/// Keys without effect, so that at least a value of the wrong type is told.
fn read_inert(config: &ConfigReader<'_>) {
    for key in [
        &FAIL_UNKNOWN_PROPERTIES,
        &WRITE_DATES_ISO8601,
        &ONEOF_FOR_NULLABLES,
        &INDENT_OUTPUT,
    ] {
        config.get(key);
    }
    for key in [&KEY_TYPE, &VALUE_TYPE, &TYPE_PROPERTY, &SCHEMA_SPEC_VERSION] {
        config.get(key);
    }
    config.get(&DEFAULT_PROPERTY_INCLUSION);
}
