//! Validation of converters: the three class keys, and the keys behind them.

use connect_api::config::Config;
use connect_api::convert::ConverterType;

use super::Context;
use super::definition::{ConfigInfo, Definition, infos};
use super::version;
use crate::plugins::{Kind, NotFound};
use crate::worker::converters::{converter_key, default_class, own_config};

pub const PARTS: [ConverterType; 3] = [
    ConverterType::Key,
    ConverterType::Value,
    ConverterType::Header,
];

const fn kind(part: ConverterType) -> Kind {
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
        let full_name = |class: &str| {
            let found = context.plugins.find(kind(part), class);
            found.map_or_else(|_| class.to_owned(), |plugin| plugin.class.to_owned())
        };
        let class = config.get(key).map_or(default, str::trim);
        let found = context.plugins.find(kind(part), class);
        for info in infos.iter_mut().filter(|info| info.name() == key) {
            if let Some(definition) = &mut info.definition {
                definition.default_value = Some(full_name(default));
            }
            let classes = context
                .plugins
                .of_kind(kind(part))
                .map(|p| p.class.to_owned());
            info.value.recommended_values = classes.collect();
            info.value.value = Some(full_name(class));
            match &found {
                Ok(_) => {}
                Err(NotFound::OtherKind(class)) => info.value.errors.push(format!(
                    "Class class {class} does not implement the {} interface",
                    kind(part).interface()
                )),
                Err(_) => {
                    info.value.value = None;
                    info.value.errors.push(format!(
                        "Invalid value {class} for configuration {key}: Class {class} could not be found."
                    ));
                }
            }
        }
        let version_key = format!("{key}.{}", version::KEY);
        for info in infos.iter_mut().filter(|info| info.name() == version_key) {
            version::complete(info, found.as_ref().ok().copied());
            info.value.visible = !matches!(found, Err(NotFound::Unknown));
        }
    }
}

/// Forms do not ask for versions of converters that are not known.
pub fn hide_versions(infos: &mut [ConfigInfo]) {
    for part in PARTS {
        let version_key = format!("{}.{}", converter_key(part), version::KEY);
        for info in infos.iter_mut().filter(|info| info.name() == version_key) {
            info.value.visible = false;
        }
    }
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
        let def = (plugin.config_def)();
        let mut own = infos(&def, def.validate(&own_config(config, part)));
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
