//! The keys of the Avro converter.

use connect_api::config::{Check, ConfigDef, ConfigReader, Importance, Key, Parsed, invalid_value};

use super::model::Node;
use super::names::{ENUM, GENERALIZED_ENUM, UNION_FIELD_PREFIX};

/// Full names of unions' members, and enums that stay enums.
pub const ENHANCED_AVRO_SCHEMA_SUPPORT: Key<bool> = Key::new(
    "enhanced.avro.schema.support",
    "false",
    Importance::Medium,
    "Whether the members of a union are called by their full names, and enums are written as enums again.",
);

/// Enums and unions as the other formats mark them.
pub const GENERALIZED_SUM_TYPE_SUPPORT: Key<bool> = Key::new(
    "generalized.sum.type.support",
    "false",
    Importance::Medium,
    "Whether enums and unions are marked in the way that all formats share, so that they can be written in another one.",
);

/// Null in fields with a default.
pub const IGNORE_DEFAULT_FOR_NULLABLES: Key<bool> = Key::new(
    "ignore.default.for.nullables",
    "false",
    Importance::Medium,
    "When writing: whether null in an optional field that has a default stays null instead of becoming the default.",
);

/// Names that Avro does not take.
pub const SCRUB_INVALID_NAMES: Key<bool> = Key::new(
    "scrub.invalid.names",
    "false",
    Importance::Medium,
    "When writing: whether characters that an Avro name cannot have are replaced by ones that it can.",
);

/// What Connect knows of a schema beyond Avro.
pub const CONNECT_META_DATA: Key<bool> = Key::new(
    "connect.meta.data",
    "true",
    Importance::Low,
    "Whether documentation and parameters of Connect schemas stand in Avro schemas, and are read from there.",
);

/// An older way with documentation and defaults.
pub const DISCARD_TYPE_DOC_DEFAULT: Key<bool> = Key::new(
    "discard.type.doc.default",
    "false",
    Importance::Low,
    "Whether of documentation and defaults only those of fields are kept: as the Connect schemas' own instead of in \
     their parameters.",
);

/// Maps whose keys may be null.
pub const ALLOW_OPTIONAL_MAP_KEYS: Key<bool> = Key::new(
    "allow.optional.map.keys",
    "false",
    Importance::Low,
    "When writing: whether a map with optional strings as keys becomes a map of Avro; if false, an array of entries.",
);

/// Unions of one.
pub const FLATTEN_SINGLETON_UNIONS: Key<bool> = Key::new(
    "flatten.singleton.unions",
    "true",
    Importance::Low,
    "Whether a union of a single schema becomes that schema instead of a struct with one field.",
);

/// Bound of the cache of schemas that are written.
pub const SCHEMAS_CACHE_SIZE: Key<i32> = Key::new(
    "schemas.cache.config",
    "1000",
    Importance::Low,
    "How many Connect schemas the converter keeps in their Avro form for writing. What is read is kept beside the \
     registry's schemas and needs no bound of its own.",
);

/// Java objects of logical types.
pub const USE_LOGICAL_TYPE_CONVERTERS: Key<bool> = Key::new(
    "avro.use.logical.type.converters",
    "false",
    Importance::Medium,
    "Accepted without effect: it concerns Java objects. Logical types are always read as those of Connect.",
);

/// Java objects whose fields are null.
pub const REFLECTION_ALLOW_NULL: Key<bool> = Key::new(
    "avro.reflection.allow.null",
    "false",
    Importance::Medium,
    "Accepted without effect: it concerns Java objects, which Connect makes none of.",
);

/// Properties of Java in schemas of Java classes.
pub const REMOVE_JAVA_PROPERTIES: Key<bool> = Key::new(
    "avro.remove.java.properties",
    "false",
    Importance::Low,
    "Accepted without effect: it concerns schemas of Java objects, not those of Connect.",
);

const NO_CLASSES: &str = "not supported: there are no classes of Java to read into; remove the key";

/// Generated classes.
pub const SPECIFIC_AVRO_READER: Key<bool> = Key::new(
    "specific.avro.reader",
    "false",
    Importance::Low,
    "Only false is supported: there are no classes of Java to read into.",
)
.check(Check::Custom(|key, value| match value {
    Some(Parsed::Boolean(true)) => vec![invalid_value(key, "true", NO_CLASSES)],
    _ => Vec::new(),
}));

/// The class of keys.
pub const SPECIFIC_AVRO_KEY_TYPE: Key<Option<String>> = Key::optional(
    "specific.avro.key.type",
    Importance::Medium,
    "Not supported: there are no classes of Java to read into.",
)
.check(Check::Custom(no_class));

/// The class of values.
pub const SPECIFIC_AVRO_VALUE_TYPE: Key<Option<String>> = Key::optional(
    "specific.avro.value.type",
    Importance::Medium,
    "Not supported: there are no classes of Java to read into.",
)
.check(Check::Custom(no_class));

fn no_class(key: &str, value: Option<&Parsed>) -> Vec<String> {
    match value {
        Some(Parsed::Text(class)) if !class.is_empty() => {
            vec![invalid_value(key, class, NO_CLASSES)]
        }
        _ => Vec::new(),
    }
}

/// The keys of the format's own.
pub fn config_def() -> ConfigDef {
    ConfigDef::new()
        .define(&ENHANCED_AVRO_SCHEMA_SUPPORT)
        .define(&GENERALIZED_SUM_TYPE_SUPPORT)
        .define(&IGNORE_DEFAULT_FOR_NULLABLES)
        .define(&SCRUB_INVALID_NAMES)
        .define(&CONNECT_META_DATA)
        .define(&DISCARD_TYPE_DOC_DEFAULT)
        .define(&ALLOW_OPTIONAL_MAP_KEYS)
        .define(&FLATTEN_SINGLETON_UNIONS)
        .define(&SCHEMAS_CACHE_SIZE)
        .define(&USE_LOGICAL_TYPE_CONVERTERS)
        .define(&REFLECTION_ALLOW_NULL)
        .define(&REMOVE_JAVA_PROPERTIES)
        .define(&SPECIFIC_AVRO_READER)
        .define(&SPECIFIC_AVRO_KEY_TYPE)
        .define(&SPECIFIC_AVRO_VALUE_TYPE)
}

/// What the keys say.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub enhanced: bool,
    pub generalized: bool,
    pub ignore_defaults: bool,
    pub scrub_names: bool,
    pub meta_data: bool,
    pub discard: bool,
    pub optional_map_keys: bool,
    pub flatten_singletons: bool,
    pub cache_size: usize,
}

impl Settings {
    pub fn read(config: &ConfigReader<'_>) -> Self {
        read_inert(config);
        Self {
            enhanced: config.get(&ENHANCED_AVRO_SCHEMA_SUPPORT),
            generalized: config.get(&GENERALIZED_SUM_TYPE_SUPPORT),
            ignore_defaults: config.get(&IGNORE_DEFAULT_FOR_NULLABLES),
            scrub_names: config.get(&SCRUB_INVALID_NAMES),
            meta_data: config.get(&CONNECT_META_DATA),
            discard: config.get(&DISCARD_TYPE_DOC_DEFAULT),
            optional_map_keys: config.get(&ALLOW_OPTIONAL_MAP_KEYS),
            flatten_singletons: config.get(&FLATTEN_SINGLETON_UNIONS),
            // The JVM takes the cache as one of at least one.
            cache_size: usize::try_from(config.get(&SCHEMAS_CACHE_SIZE))
                .unwrap_or(1)
                .max(1),
        }
    }
}

impl Settings {
    /// The parameter that marks an enum.
    pub fn enum_parameter(&self) -> &'static str {
        match self.generalized {
            true => GENERALIZED_ENUM,
            false => ENUM,
        }
    }

    /// The field of a union's struct for a member at its place.
    pub fn member_name(&self, member: &Node, place: usize) -> String {
        if self.generalized {
            return format!("{UNION_FIELD_PREFIX}{place}");
        }
        match &member.name {
            Some(name) if self.enhanced => name.full(),
            Some(name) => name.simple.clone(),
            None => member.kind.name().to_owned(),
        }
    }
}

/// Keys without effect, so that at least a value of the wrong type is told.
fn read_inert(config: &ConfigReader<'_>) {
    for key in [
        &USE_LOGICAL_TYPE_CONVERTERS,
        &REFLECTION_ALLOW_NULL,
        &REMOVE_JAVA_PROPERTIES,
        &SPECIFIC_AVRO_READER,
    ] {
        config.get(key);
    }
    config.get(&SPECIFIC_AVRO_KEY_TYPE);
    config.get(&SPECIFIC_AVRO_VALUE_TYPE);
}
