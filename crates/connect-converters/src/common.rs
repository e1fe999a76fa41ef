//! What all converters share.

use connect_api::config::{ConfigReader, Importance, Key};

/// The part of the record a converter serves. The runtime says it when it makes the converter; the key is there
/// because definitions on the JVM have it, and a user's value of it never counts.
pub const CONVERTER_TYPE: Key<String> = Key::required(
    "converter.type",
    Importance::Low,
    "Which part of the record the converter serves; set by the runtime.",
)
.one_of(&["key", "value", "header"]);

/// Reads the key where the runtime has put it into the configuration.
pub(crate) fn read_converter_type(config: &ConfigReader<'_>) {
    if config.config().contains(CONVERTER_TYPE.name()) {
        config.get(&CONVERTER_TYPE);
    }
}
