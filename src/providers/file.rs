//! `FileConfigProvider`: `${file:/path/x.properties:key}`.

use std::fs;
use std::io;
use std::path::Path;

use connect_api::config::{Config, ConfigDef};
use connect_api::error::exception;

use super::allowed_paths::{ALLOWED_PATHS, AllowedPaths};
use super::ttl::TTL_MS;
use super::{Provider, ProviderClass, ProviderError, Values, Variables};
use crate::config::properties;

pub const CLASS: ProviderClass = ProviderClass {
    class: "org.apache.kafka.common.config.provider.FileConfigProvider",
    reference: "${file:/path/to/secrets.properties:key}",
    doc: "The value of a key in a properties file, which is read as UTF-8.",
    config_def: || ConfigDef::new().define(&ALLOWED_PATHS).define(&TTL_MS),
    new,
};

fn new(config: &Config, _: &Variables) -> Result<Provider, ProviderError> {
    let allowed = AllowedPaths::new(config)?;
    Ok(Provider::File(FileConfigProvider { allowed }))
}

pub struct FileConfigProvider {
    allowed: AllowedPaths,
}

impl FileConfigProvider {
    pub fn get(&self, path: &str, wanted: impl Fn(&str) -> bool) -> Result<Values, ProviderError> {
        if path.is_empty() {
            return Ok(Values::new());
        }
        let Some(file) = self.allowed.check(path) else {
            return Ok(Values::new());
        };
        let text = read(&file).map_err(|cause| {
            tracing::error!(path, %cause, "cannot read the file of a configuration provider");
            ProviderError::config(format!("Could not read properties from file {path}"))
        })?;
        let properties = properties::parse(&text).map_err(|malformed| {
            tracing::error!(path, line = malformed.line, "malformed \\uxxxx encoding");
            ProviderError {
                exception: exception::ILLEGAL_ARGUMENT,
                message: "Malformed \\uxxxx encoding.".to_owned(),
            }
        })?;
        let wanted = properties.into_iter().filter(|p| wanted(&p.key));
        Ok(wanted.map(|p| (p.key, p.value)).collect())
    }
}

/// Text in UTF-8 of a regular file: a pipe or a terminal could keep the worker waiting for ever.
pub fn read(file: &Path) -> io::Result<String> {
    if !fs::metadata(file)?.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    let text = fs::read(file)?;
    String::from_utf8(text).map_err(|_| io::Error::other("it is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_regular_files_are_read() {
        for path in ["/dev/null", "/dev"] {
            let why = read(Path::new(path)).expect_err(path).to_string();
            assert_eq!(why, "it is no regular file", "{path}");
        }
    }
}
