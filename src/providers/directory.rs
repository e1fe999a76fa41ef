//! `DirectoryConfigProvider`: `${dir:/path/to/folder:file}`.

use std::fs;

use connect_api::config::{Config, ConfigDef};

use super::allowed_paths::{ALLOWED_PATHS, AllowedPaths};
use super::file::read;
use super::ttl::TTL_MS;
use super::{Provider, ProviderClass, ProviderError, Values, Variables};

pub const CLASS: ProviderClass = ProviderClass {
    class: "org.apache.kafka.common.config.provider.DirectoryConfigProvider",
    reference: "${dir:/path/to/folder:file}",
    doc: "The whole text of a file in a folder, final line feed included; how Kubernetes mounts secrets.",
    config_def: || ConfigDef::new().define(&ALLOWED_PATHS).define(&TTL_MS),
    new,
};

fn new(config: &Config, _: &Variables) -> Result<Provider, ProviderError> {
    let allowed = AllowedPaths::new(config)?;
    Ok(Provider::Directory(DirectoryConfigProvider { allowed }))
}

pub struct DirectoryConfigProvider {
    allowed: AllowedPaths,
}

impl DirectoryConfigProvider {
    /// Files are looked up in the listing of the folder, so a key never leads out of it.
    pub fn get(&self, path: &str, wanted: impl Fn(&str) -> bool) -> Result<Values, ProviderError> {
        let mut values = Values::new();
        if path.is_empty() {
            return Ok(values);
        }
        let Some(folder) = self.allowed.check(path) else {
            return Ok(values);
        };
        if !folder.is_dir() {
            tracing::warn!(
                path,
                "the path of a configuration provider is not a directory"
            );
            return Ok(values);
        }
        let entries = fs::read_dir(&folder).map_err(|cause| {
            tracing::error!(path, %cause, "cannot list the folder of a configuration provider");
            ProviderError::config(format!("Could not list directory {}", folder.display()))
        })?;
        for entry in entries.flatten() {
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            let file = entry.path();
            if !wanted(&name) || !file.is_file() {
                continue;
            }
            let text = read(&file).map_err(|cause| {
                let file = file.display();
                tracing::error!(%file, %cause, "cannot read the file of a configuration provider");
                ProviderError::config(format!("Could not read file {file} for property {name}"))
            })?;
            values.insert(name, text);
        }
        Ok(values)
    }
}
