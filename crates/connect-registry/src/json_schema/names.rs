//! Names that the JVM's converter gives, in schemas of both kinds.

pub const NAMESPACE: &str = "io.confluent.connect.json";
/// Name of the struct that a union becomes.
pub const ONE_OF: &str = "io.confluent.connect.json.OneOf";
/// Parameter of the string that an enumeration becomes.
pub const ENUM: &str = "io.confluent.connect.json.Enum";
/// Parameter of a struct that stands at several places.
pub const ID: &str = "io.confluent.connect.json.Id";
pub const ID_PREFIX: &str = "#id";
/// The parameters that all formats share (`generalized.sum.type.support`).
pub const SUM_UNION: &str = "org.apache.kafka.connect.data.Union";
pub const SUM_ENUM: &str = "org.apache.kafka.connect.data.Enum";
pub const UNION_PREFIX: &str = "connect_union_";
pub const UNION_FIELD_PREFIX: &str = "connect_union_field_";
/// The symbol of null among those of an enumeration.
pub const NULL_MARKER: &str = "<NULL>";

pub const PROP_TYPE: &str = "connect.type";
pub const PROP_VERSION: &str = "connect.version";
pub const PROP_PARAMETERS: &str = "connect.parameters";
pub const PROP_INDEX: &str = "connect.index";
pub const MAP: &str = "map";
pub const BYTES: &str = "bytes";

/// Members of an entry of a map whose keys are no texts.
pub const KEY: &str = "key";
pub const VALUE: &str = "value";
