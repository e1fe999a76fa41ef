//! `DropHeaders`: takes headers out by name.

use connect_api::config::{Check, ConfigDef, ConfigErrors, ConfigReader, Importance, Key};
use connect_api::plugin::PluginDescriptor;
use connect_api::transform::Transformation;
use connect_api::{ConnectError, SinkRecord};

use crate::descriptor::transformation;

pub const PLUGIN: PluginDescriptor = transformation(
    "org.apache.kafka.connect.transforms.DropHeaders",
    config_def,
    |config| Ok(Box::new(DropHeaders::new(config)?)),
);

const HEADERS: Key<Vec<String>> = Key::required(
    "headers",
    Importance::High,
    "Names of the headers to be taken out.",
)
.check(Check::DistinctList {
    may_be_empty: false,
});

pub fn config_def() -> ConfigDef {
    ConfigDef::new().define(&HEADERS)
}

/// `org.apache.kafka.connect.transforms.DropHeaders`
pub struct DropHeaders {
    names: Vec<String>,
}

impl DropHeaders {
    /// # Errors
    /// What is wrong with the configuration.
    pub fn new(config: &ConfigReader<'_>) -> Result<Self, ConfigErrors> {
        let names = config.get(&HEADERS);
        config.finish(Self { names })
    }
}

impl Transformation for DropHeaders {
    fn apply(&mut self, mut record: SinkRecord) -> Result<Option<SinkRecord>, ConnectError> {
        for name in &self.names {
            record.headers.remove(name);
        }
        Ok(Some(record))
    }
}
