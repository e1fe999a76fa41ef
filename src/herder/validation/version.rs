//! The keys `*.plugin.version`: each plugin has one version here, so they can only name that one.

use connect_api::plugin::PluginDescriptor;

use super::definition::ConfigInfo;

pub const KEY: &str = "plugin.version";

/// Shows the version in use as default, value and only recommendation.
pub fn complete(info: &mut ConfigInfo, plugin: Option<&PluginDescriptor>) {
    let version = plugin.map(|plugin| plugin.version.to_owned());
    if let Some(definition) = &mut info.definition {
        definition.default_value = version.clone();
    }
    info.value.recommended_values = version.clone().into_iter().collect();
    if info.value.value.is_none() {
        info.value.value = version;
    }
}

/// Kafka's sentence if a version is asked for that is not there.
pub fn mismatch(plugin: &PluginDescriptor, wanted: &str) -> Option<String> {
    let wanted = wanted.trim();
    let bounds = wanted.strip_prefix('[').and_then(|w| w.strip_suffix(']'));
    let matches = match bounds {
        Some(bounds) => bounds
            .split(',')
            .all(|bound| bound.trim() == plugin.version),
        None => wanted == plugin.version,
    };
    if matches {
        return None;
    }
    let range = bounds.map_or_else(|| format!("[{wanted},{wanted}]"), |_| wanted.to_owned());
    Some(format!(
        "Plugin {} not found that matches the version range {range}, available versions: [{}]",
        plugin.class, plugin.version
    ))
}
