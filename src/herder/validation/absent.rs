//! Validation for a connector that is not here in the version asked for: the keys that every connector has, and no
//! others, since nobody can say whether it is a sink and what its converters and transformations would be.

use connect_api::config::Config;
use connect_api::plugin::PluginDescriptor;

use super::converters::{PARTS, kind};
use super::definition::{ConfigInfo, ConfigInfos, add_groups, infos};
use super::{Context, SINK_ONLY, add_null_errors, version};
use crate::config::connector::{CONNECTOR_CLASS, CONNECTOR_VERSION, sink_config_def};
use crate::plugins::{Kind, NotFound, unreadable};
use crate::worker::converters::converter_key;

/// `class` is the text of the configuration, `plugin` what it means.
pub fn validate(
    context: &Context<'_>,
    config: &Config,
    (class, plugin): (&str, &PluginDescriptor),
    why: &str,
) -> ConfigInfos {
    let def = sink_config_def();
    let mut configs = infos(&def, def.validate(config));
    configs.retain(|info| !SINK_ONLY.contains(&info.name()));
    for part in PARTS {
        complete_converter(
            context,
            config,
            converter_key(part),
            kind(part),
            &mut configs,
        );
    }
    for info in &mut configs {
        let name = info.name();
        if name == CONNECTOR_VERSION.name() {
            version::complete(info, config, Some(plugin));
        } else if name != CONNECTOR_CLASS.name() {
            continue;
        }
        info.value.errors.push(why.to_owned());
    }
    add_null_errors(&mut configs, config, |_| true);
    configs.sort_by_key(|info| info.definition.is_some());
    let mut groups = Vec::new();
    add_groups(&mut groups, def.groups().into_iter().map(str::to_owned));
    ConfigInfos {
        name: class.to_owned(),
        error_count: configs.iter().map(|info| info.value.errors.len()).sum(),
        groups,
        configs,
    }
}

/// Only a class that the connector names itself is looked at, and only for being there.
fn complete_converter(
    context: &Context<'_>,
    config: &Config,
    key: &str,
    kind: Kind,
    configs: &mut [ConfigInfo],
) {
    let class = config.get(key);
    let found = class.map(|class| context.plugins.find(kind, class.trim()));
    let full_name = match &found {
        Some(Ok(plugin)) => Some(plugin.class.to_owned()),
        Some(Err(NotFound::OtherKind(class))) => Some(class.clone()),
        _ => None,
    };
    let version_key = format!("{key}.{}", version::KEY);
    for info in configs {
        if info.name() == key {
            info.value.value.clone_from(&full_name);
            if let (Some(class), Some(Err(why))) = (class, &found) {
                info.value.errors.push(why.message(key, class, kind));
            }
        } else if info.name() == version_key {
            info.value.visible = full_name.is_some();
            let unreadable = config.get(&version_key).and_then(unreadable);
            info.value.errors.extend(unreadable);
        }
    }
}
