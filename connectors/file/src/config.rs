//! The connector's one key.

use std::path::PathBuf;

use connect_api::config::{ConfigDef, ConfigErrors, ConfigReader, Importance, Key};

/// Where the lines go.
pub const FILE: Key<Option<String>> = Key::optional(
    "file",
    Importance::High,
    "File to append a line to for each record. Without it, lines go to the standard output of the process.",
);

pub fn config_def() -> ConfigDef {
    ConfigDef::new().define(&FILE)
}

/// The connector's settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileSinkConfig {
    /// None is standard output.
    pub file: Option<PathBuf>,
}

impl FileSinkConfig {
    /// # Errors
    /// None today; the signature is that of every connector.
    pub fn parse(config: &ConfigReader<'_>) -> Result<Self, ConfigErrors> {
        let file = config.get(&FILE).map(PathBuf::from);
        config.finish(Self { file })
    }
}
