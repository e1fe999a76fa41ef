//! Validation of converters: the three class keys, and the keys behind them.

use connect_api::config::Config;
use connect_api::convert::ConverterType;
use connect_api::plugin::PluginDescriptor;

use super::Context;
use super::definition::{ConfigInfo, Definition, infos};
use super::version;
use crate::plugins::{Kind, NotFound, WrongVersion, unreadable};
use crate::worker::converters::{CONVERTER_TYPE, converter_key, default_class, own_config};

pub const PARTS: [ConverterType; 3] = [
    ConverterType::Key,
    ConverterType::Value,
    ConverterType::Header,
];

pub const fn kind(part: ConverterType) -> Kind {
    match part {
        ConverterType::Header => Kind::HeaderConverter,
        _ => Kind::Converter,
    }
}

/// Fills in what hangs on the worker and the installed plugins: defaults, legal classes, versions.
pub fn complete(context: &Context<'_>, config: &Config, infos: &mut [ConfigInfo]) {
    for part in PARTS {
        let key = converter_key(part);
        let default = default_class(context.worker, part);
        let given = config.get(key);
        let class = given.map_or(default, str::trim);
        let found = context.plugins.find(kind(part), class);
        let wrong_version = found
            .as_ref()
            .ok()
            .and_then(|plugin| wrong_version(context, config, key, plugin));
        for info in infos.iter_mut().filter(|info| info.name() == key) {
            if let Some(definition) = &mut info.definition {
                let plugin = context.plugins.find(kind(part), default);
                definition.default_value =
                    Some(plugin.map_or(default, |plugin| plugin.class).to_owned());
            }
            let classes = context
                .plugins
                .of_kind(kind(part))
                .map(|p| p.class.to_owned());
            info.value.recommended_values = classes.collect();
            if config.is_null(key) {
                continue;
            }
            info.value.value = match &found {
                Ok(plugin) => Some(plugin.class.to_owned()),
                Err(NotFound::OtherKind(class)) => Some(class.clone()),
                Err(_) => None,
            };
            match &found {
                Ok(_) => {}
                Err(why) => {
                    let class = given.unwrap_or(default);
                    info.value.errors.push(why.message(key, class, kind(part)));
                }
            }
            if given.is_some()
                && let Some(WrongVersion::Missing(why)) = &wrong_version
            {
                info.value.errors.push(why.clone());
            }
        }
        let version_key = format!("{key}.{}", version::KEY);
        for info in infos.iter_mut().filter(|info| info.name() == version_key) {
            version::complete(info, config, found.as_ref().ok().copied());
            if config.is_null(key) {
                info.value.recommended_values.clear();
            }
            info.value.visible = !matches!(found, Err(NotFound::Unknown)) && !config.is_null(key);
            // A version of the worker's own class is only looked at as far as it can be read.
            let missing = match &wrong_version {
                Some(WrongVersion::Missing(why)) if given.is_some() => Some(why.clone()),
                _ => None,
            };
            let unreadable = config.get(&version_key).and_then(unreadable);
            info.value.errors.extend(unreadable.or(missing));
        }
    }
}

fn wrong_version(
    context: &Context<'_>,
    config: &Config,
    key: &str,
    plugin: &PluginDescriptor,
) -> Option<WrongVersion> {
    let wanted = config.get(&format!("{key}.{}", version::KEY))?;
    context.plugins.wrong_version(plugin, wanted)
}

/// The keys of each converter that the connector itself names, behind their prefix.
pub fn own_keys(context: &Context<'_>, config: &Config) -> Vec<ConfigInfo> {
    let mut all = Vec::new();
    // Header first, as Kafka lists them.
    for part in [
        ConverterType::Header,
        ConverterType::Key,
        ConverterType::Value,
    ] {
        let key = converter_key(part);
        let Some(class) = config.get(key) else {
            continue;
        };
        let Ok(plugin) = context.plugins.find(kind(part), class.trim()) else {
            continue;
        };
        // That version is not here to say which keys it has.
        let version_key = format!("{key}.{}", version::KEY);
        if config.is_null(&version_key) || wrong_version(context, config, key, plugin).is_some() {
            continue;
        }
        let def = (plugin.config_def)();
        let mut given = own_config(config, part);
        // A task is told which part it serves whatever stands here, but what stands here is checked.
        let type_key = format!("{key}.{CONVERTER_TYPE}");
        if let Some(type_) = config.get(&type_key) {
            given.insert(CONVERTER_TYPE, type_);
        }
        let mut own = infos(&def, def.validate(&given));
        in_hash_order(&mut own);
        all.extend(own.into_iter().map(|info| info.behind(&format!("{key}."))));
    }
    all
}

/// Groups of keys in the order of the keys.
pub fn groups(infos: &[ConfigInfo]) -> Vec<String> {
    let definitions = infos.iter().filter_map(|info| info.definition.as_ref());
    definitions
        .filter_map(|definition: &Definition| definition.group.clone())
        .collect()
}

/// Kafka lists these keys as they lie in a `java.util.HashMap` of 16 buckets, and the groups after them.
fn in_hash_order(infos: &mut [ConfigInfo]) {
    infos.sort_by_key(|info| {
        let hash = info.name().encode_utf16().fold(0u32, |hash, unit| {
            hash.wrapping_mul(31).wrapping_add(u32::from(unit))
        });
        (hash ^ (hash >> 16)) & 15
    });
}
