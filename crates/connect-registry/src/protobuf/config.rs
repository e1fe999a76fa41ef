//! The keys of the Protobuf converter.

use connect_api::config::{ConfigDef, ConfigReader, Importance, Key};

/// Full names with the package.
pub const ENHANCED_PROTOBUF_SCHEMA_SUPPORT: Key<bool> = Key::new(
    "enhanced.protobuf.schema.support",
    "false",
    Importance::Medium,
    "Whether Connect schemas of messages, enums, oneofs and maps keep the package in their name.",
);

/// Enums and oneofs as the other formats mark them.
pub const GENERALIZED_SUM_TYPE_SUPPORT: Key<bool> = Key::new(
    "generalized.sum.type.support",
    "false",
    Importance::Medium,
    "Whether enums and oneofs are marked in the way that all formats share, so that they can be written in another one.",
);

/// Null in fields with a default.
pub const IGNORE_DEFAULT_FOR_NULLABLES: Key<bool> = Key::new(
    "ignore.default.for.nullables",
    "false",
    Importance::Medium,
    "When writing: whether null in an optional field that has a default stays null instead of becoming the default.",
);

/// `choice_0` or `choice`.
pub const GENERATE_INDEX_FOR_UNIONS: Key<bool> = Key::new(
    "generate.index.for.unions",
    "true",
    Importance::Medium,
    "Whether the field of a oneof is called by its name, an underscore and its place, as in choice_0; if false, by its \
     name alone.",
);

/// No struct around the members of a oneof.
pub const FLATTEN_UNIONS: Key<bool> = Key::new(
    "flatten.unions",
    "false",
    Importance::Medium,
    "Whether the members of a oneof become fields of the message itself instead of a struct of their own.",
);

/// Structs where messages are missing.
pub const GENERATE_STRUCT_FOR_NULLS: Key<bool> = Key::new(
    "generate.struct.for.nulls",
    "false",
    Importance::Medium,
    "Whether a message that is missing is read as one whose fields are all missing, instead of null.",
);

/// Names that Protobuf does not take.
pub const SCRUB_INVALID_NAMES: Key<bool> = Key::new(
    "scrub.invalid.names",
    "false",
    Importance::Medium,
    "When writing: whether characters that a Protobuf name cannot have are replaced by ones that it can.",
);

/// Enums by number.
pub const INT_FOR_ENUMS: Key<bool> = Key::new(
    "int.for.enums",
    "false",
    Importance::Medium,
    "Whether enums are read as their numbers instead of their names.",
);

/// The keyword `optional`.
pub const OPTIONAL_FOR_NULLABLES: Key<bool> = Key::new(
    "optional.for.nullables",
    "false",
    Importance::Medium,
    "Whether a field can be null only if it says optional: read so, and written so.",
);

/// The keyword `optional` in proto2.
pub const OPTIONAL_FOR_PROTO2: Key<bool> = Key::new(
    "optional.for.proto2",
    "true",
    Importance::Medium,
    "Whether an optional field of proto2 that is missing is read as null; if false, as its default.",
);

/// Wrapper messages inside messages.
pub const WRAPPER_FOR_NULLABLES: Key<bool> = Key::new(
    "wrapper.for.nullables",
    "false",
    Importance::Medium,
    "Whether a field can be null only if its type is a wrapper such as google.protobuf.StringValue: read so, and \
     written so.",
);

/// Wrapper messages alone.
pub const WRAPPER_FOR_RAW_PRIMITIVES: Key<bool> = Key::new(
    "wrapper.for.raw.primitives",
    "true",
    Importance::Medium,
    "Whether wrappers such as google.protobuf.StringValue are read as the value inside them; if false, as structs.",
);

/// Bound of the cache of schemas that are written.
pub const SCHEMAS_CACHE_SIZE: Key<i32> = Key::new(
    "schemas.cache.config",
    "1000",
    Importance::Low,
    "How many Connect schemas the converter keeps in their Protobuf form for writing. What is read is kept beside the \
     registry's schemas and needs no bound of its own.",
);

/// The keys of the format's own.
pub fn config_def() -> ConfigDef {
    ConfigDef::new()
        .define(&ENHANCED_PROTOBUF_SCHEMA_SUPPORT)
        .define(&GENERALIZED_SUM_TYPE_SUPPORT)
        .define(&IGNORE_DEFAULT_FOR_NULLABLES)
        .define(&GENERATE_INDEX_FOR_UNIONS)
        .define(&FLATTEN_UNIONS)
        .define(&GENERATE_STRUCT_FOR_NULLS)
        .define(&SCRUB_INVALID_NAMES)
        .define(&INT_FOR_ENUMS)
        .define(&OPTIONAL_FOR_NULLABLES)
        .define(&OPTIONAL_FOR_PROTO2)
        .define(&WRAPPER_FOR_NULLABLES)
        .define(&WRAPPER_FOR_RAW_PRIMITIVES)
        .define(&SCHEMAS_CACHE_SIZE)
}

/// What the keys say.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub full_names: bool,
    pub generalized: bool,
    pub ignore_defaults: bool,
    pub index_unions: bool,
    pub flatten_unions: bool,
    pub structs_for_nulls: bool,
    pub scrub_names: bool,
    pub int_enums: bool,
    pub optional_for_nullables: bool,
    pub optional_for_proto2: bool,
    pub wrapper_for_nullables: bool,
    pub wrapper_for_raw: bool,
    pub cache_size: usize,
}

impl Settings {
    pub fn read(config: &ConfigReader<'_>) -> Self {
        Self {
            full_names: config.get(&ENHANCED_PROTOBUF_SCHEMA_SUPPORT),
            generalized: config.get(&GENERALIZED_SUM_TYPE_SUPPORT),
            ignore_defaults: config.get(&IGNORE_DEFAULT_FOR_NULLABLES),
            index_unions: config.get(&GENERATE_INDEX_FOR_UNIONS),
            flatten_unions: config.get(&FLATTEN_UNIONS),
            structs_for_nulls: config.get(&GENERATE_STRUCT_FOR_NULLS),
            scrub_names: config.get(&SCRUB_INVALID_NAMES),
            int_enums: config.get(&INT_FOR_ENUMS),
            optional_for_nullables: config.get(&OPTIONAL_FOR_NULLABLES),
            optional_for_proto2: config.get(&OPTIONAL_FOR_PROTO2),
            wrapper_for_nullables: config.get(&WRAPPER_FOR_NULLABLES),
            wrapper_for_raw: config.get(&WRAPPER_FOR_RAW_PRIMITIVES),
            // The JVM takes the cache as one of at least one.
            cache_size: usize::try_from(config.get(&SCHEMAS_CACHE_SIZE))
                .unwrap_or(1)
                .max(1),
        }
    }

    /// The parameter that marks an enum.
    pub fn enum_parameter(&self) -> &'static str {
        if self.generalized {
            GENERALIZED_ENUM
        } else {
            TYPE_ENUM
        }
    }
}

/// Parameter with a field's number.
pub(super) const TYPE_TAG: &str = "io.confluent.connect.protobuf.Tag";
/// Parameter with a field's Protobuf type where the Connect type says too little.
pub(super) const TYPE_PROP: &str = "io.confluent.connect.protobuf.Type";
/// Parameter that marks an enum of Protobuf.
pub(super) const TYPE_ENUM: &str = "io.confluent.connect.protobuf.Enum";
/// Begin of the names of oneofs' schemas.
pub(super) const TYPE_UNION: &str = "io.confluent.connect.protobuf.Union";
/// Parameter that marks an enum of any format.
pub(super) const GENERALIZED_ENUM: &str = "org.apache.kafka.connect.data.Enum";
/// Parameter that marks a union of any format.
pub(super) const GENERALIZED_UNION: &str = "org.apache.kafka.connect.data.Union";
/// Parameter with the precision of a decimal.
pub(super) const CONNECT_PRECISION: &str = "connect.decimal.precision";
/// Member of a field's meta data that says how narrow an integer is.
pub(super) const CONNECT_TYPE: &str = "connect.type";
