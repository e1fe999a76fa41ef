//! Keys that several transformations have.

use connect_api::config::{Check, Importance, Key};

pub(crate) const REPLACE_NULL_WITH_DEFAULT: Key<bool> = Key::new(
    "replace.null.with.default",
    "true",
    Importance::Medium,
    "Whether a struct's field that is null and has a default is read as the default.",
);

pub(crate) const FIELD_SYNTAX_VERSION: Key<String> = Key::new(
    "field.syntax.version",
    "V1",
    Importance::High,
    "How field names are read: `V1` takes them as they are, `V2` as dotted paths to nested fields, with backticks around a step that holds a dot.",
)
.check(Check::OneOfIgnoringCase(&["V1", "V2"]));
