//! `Filter`: drops every record it is applied to; a predicate says which.

use connect_api::config::ConfigDef;
use connect_api::plugin::PluginDescriptor;
use connect_api::transform::Transformation;
use connect_api::{ConnectError, SinkRecord};

use crate::descriptor::transformation;

pub const PLUGIN: PluginDescriptor = transformation(
    "org.apache.kafka.connect.transforms.Filter",
    ConfigDef::new,
    |_| Ok(Box::new(Filter)),
);

/// `org.apache.kafka.connect.transforms.Filter`
pub struct Filter;

impl Transformation for Filter {
    fn apply(&mut self, _: SinkRecord) -> Result<Option<SinkRecord>, ConnectError> {
        Ok(None)
    }
}
