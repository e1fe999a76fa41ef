//! The keys `*.plugin.version`: each plugin has one version here, so they can only name that one.

use connect_api::config::Config;
use connect_api::plugin::PluginDescriptor;

use super::definition::ConfigInfo;

pub const KEY: &str = "plugin.version";

/// Shows the version in use as default, value and only recommendation.
pub fn complete(info: &mut ConfigInfo, config: &Config, plugin: Option<&PluginDescriptor>) {
    let version = plugin.map(|plugin| plugin.version.to_owned());
    if let Some(definition) = &mut info.definition {
        definition.default_value = version.clone();
    }
    info.value.recommended_values = version.clone().into_iter().collect();
    if info.value.value.is_none() && !config.is_null(info.name()) {
        info.value.value = version;
    }
}
