//! The keys of the file sink.

use std::path::PathBuf;

use connect_api::config::{ConfigDef, ConfigErrors, ConfigReader, Importance, Key};

/// Where the lines go.
pub const FILE: Key<Option<String>> = Key::optional(
    "file",
    Importance::High,
    "File to append a line to for each record. Without it, lines go to the standard output of the process.",
);

/// The keys of the connector.
pub fn config_def() -> ConfigDef {
    ConfigDef::new().define(&FILE)
}

/// What the keys say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileSinkConfig {
    /// None is standard output.
    pub file: Option<PathBuf>,
}

impl FileSinkConfig {
    /// Reads the keys; an empty name counts as none.
    ///
    /// # Errors
    /// Everything that is wrong, which for this sink is nothing.
    pub fn parse(config: &ConfigReader<'_>) -> Result<Self, ConfigErrors> {
        let file = config.get(&FILE).filter(|name| !name.is_empty());
        config.finish(Self {
            file: file.map(PathBuf::from),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use connect_api::config::Config;

    #[test]
    fn no_name_is_standard_output() {
        let parse = |config: Config| FileSinkConfig::parse(&ConfigReader::new(&config)).unwrap();
        assert_eq!(parse(Config::new()).file, None);
        assert_eq!(parse(Config::from([("file", " ")])).file, None);
        assert_eq!(
            parse(Config::from([("file", "a b")])).file,
            Some("a b".into())
        );
    }
}
