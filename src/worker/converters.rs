//! A task's converters: the connector's own or the worker's, never a mixture.

use connect_api::ConnectError;
use connect_api::config::{Config, ConfigErrors, ConfigReader};
use connect_api::convert::{Converter, ConverterType, HeaderConverter};
use connect_api::error::exception;
use connect_api::plugin::{Plugin, PluginDescriptor};

use super::chain::{PLUGIN_VERSION, WRONG_VERSION};
use super::guard::guarded;
use crate::config::WorkerConfig;
use crate::plugins::{Kind, Plugins};

/// What the JVM passes to converters besides their own keys.
pub const CONVERTER_TYPE: &str = "converter.type";

/// The converter of one part of the record, before it is made.
pub struct ChosenConverter {
    pub descriptor: &'static PluginDescriptor,
    /// Its own keys, prefix taken off, with the part it serves.
    pub config: Config,
}

/// `key.converter`, `value.converter` or `header.converter`.
pub const fn converter_key(part: ConverterType) -> &'static str {
    match part {
        ConverterType::Key => "key.converter",
        ConverterType::Value => "value.converter",
        ConverterType::Header => "header.converter",
    }
}

const fn kind(part: ConverterType) -> Kind {
    match part {
        ConverterType::Key | ConverterType::Value => Kind::Converter,
        ConverterType::Header => Kind::HeaderConverter,
    }
}

/// A connector that names a class brings its keys too: then those of the worker do not count.
///
/// # Errors
/// No plugin has the configured name.
pub fn choose(
    plugins: &Plugins,
    worker: &WorkerConfig,
    connector: &Config,
    part: ConverterType,
) -> Result<ChosenConverter, ConnectError> {
    let key = converter_key(part);
    let (class, all) = match connector.get(key) {
        Some(class) => (class.trim(), connector),
        None => (default_class(worker, part), &worker.properties),
    };
    let descriptor = find(plugins, key, class, kind(part)).map_err(ConnectError::config)?;
    let wanted = all.get(&format!("{key}.{PLUGIN_VERSION}"));
    if let Some(why) = wanted.and_then(|wanted| plugins.wrong_version(descriptor, wanted)) {
        return Err(ConnectError::config(why.message()).named(WRONG_VERSION));
    }
    Ok(ChosenConverter {
        descriptor,
        config: own_config(all, part),
    })
}

/// The keys behind the prefix, and the part served.
pub fn own_config(all: &Config, part: ConverterType) -> Config {
    let mut config = all.with_prefix(&format!("{}.", converter_key(part)));
    config.insert(CONVERTER_TYPE, part.name());
    config
}

/// The class of the worker.
pub fn default_class(worker: &WorkerConfig, part: ConverterType) -> &str {
    match part {
        ConverterType::Key => &worker.key_converter,
        ConverterType::Value => &worker.value_converter,
        ConverterType::Header => &worker.header_converter,
    }
}

/// A plugin for a key that holds a class, or Kafka's sentence why not.
///
/// # Errors
/// `Class X could not be found.` or that it is of another kind.
pub fn find(
    plugins: &Plugins,
    key: &str,
    class: &str,
    kind: Kind,
) -> Result<&'static PluginDescriptor, String> {
    plugins
        .find(kind, class)
        .map_err(|why| why.message(key, class, kind))
}

impl ChosenConverter {
    /// # Errors
    /// What the converter refuses in its configuration, or a panic.
    pub fn make(&self) -> Result<Box<dyn Converter>, ConnectError> {
        let Plugin::Converter(new) = self.descriptor.plugin else {
            return Err(self.wrong_kind());
        };
        let part = match self.config.get(CONVERTER_TYPE) {
            Some("key") => ConverterType::Key,
            _ => ConverterType::Value,
        };
        guarded(self.descriptor.class, || {
            new(&ConfigReader::new(&self.config), part).map_err(config_error)
        })
    }

    /// # Errors
    /// What the converter refuses in its configuration, or a panic.
    pub fn make_for_headers(&self) -> Result<Box<dyn HeaderConverter>, ConnectError> {
        let Plugin::HeaderConverter(new) = self.descriptor.plugin else {
            return Err(self.wrong_kind());
        };
        guarded(self.descriptor.class, || {
            new(&ConfigReader::new(&self.config)).map_err(config_error)
        })
    }

    fn wrong_kind(&self) -> ConnectError {
        let class = self.descriptor.class;
        ConnectError::config(format!(
            "Class class {class} does not implement the Converter interface"
        ))
    }
}

/// The errors of a plugin's configuration as one.
pub fn config_error(errors: ConfigErrors) -> ConnectError {
    ConnectError::config(errors.to_string()).named(exception::CONFIG)
}
