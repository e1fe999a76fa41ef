//! `HasHeaderKey`: the record has a header of that name.

use connect_api::config::{Check, ConfigDef, ConfigErrors, ConfigReader, Importance, Key};
use connect_api::plugin::PluginDescriptor;
use connect_api::transform::Predicate;
use connect_api::{ConnectError, SinkRecord};

use crate::descriptor::predicate;

pub const PLUGIN: PluginDescriptor = predicate(
    "org.apache.kafka.connect.transforms.predicates.HasHeaderKey",
    config_def,
    |config| Ok(Box::new(HasHeaderKey::new(config)?)),
);

const NAME: Key<String> =
    Key::required("name", Importance::Medium, "Name of the header.").check(Check::NonEmpty);

pub fn config_def() -> ConfigDef {
    ConfigDef::new().define(&NAME)
}

/// `org.apache.kafka.connect.transforms.predicates.HasHeaderKey`
struct HasHeaderKey {
    name: String,
}

impl HasHeaderKey {
    fn new(config: &ConfigReader<'_>) -> Result<Self, ConfigErrors> {
        let name = config.get(&NAME);
        config.finish(Self { name })
    }
}

impl Predicate for HasHeaderKey {
    fn test(&mut self, record: &SinkRecord) -> Result<bool, ConnectError> {
        Ok(record.headers.last_with_name(&self.name).is_some())
    }
}
