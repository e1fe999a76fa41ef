//! Validation of transformations and predicates: definitions are made per alias.

use connect_api::config::{Config, ConfigDef, ConfigValue, Importance, Key, KeyType, Width};

use super::Context;
use super::definition::{ConfigInfo, Definition, infos};
use super::version;
use crate::config::connector::{PREDICATES, TRANSFORMS};
use crate::plugins::{Kind, NotFound, unreadable};
use crate::worker::chain::{TYPE, find, implicit_def, own_config, place, prefix, stray_negate};

/// The keys of every alias, and the groups they stand in.
pub fn keys(context: &Context<'_>, config: &Config) -> (Vec<ConfigInfo>, Vec<String>) {
    let mut all = Vec::new();
    let mut groups = Vec::new();
    for (kind, list) in [
        (Kind::Transformation, TRANSFORMS.name()),
        (Kind::Predicate, PREDICATES.name()),
    ] {
        for alias in aliases(config.get(list).unwrap_or_default()) {
            let (group, keys) = alias_keys(context, config, kind, &alias);
            groups.push(group);
            all.extend(keys);
        }
    }
    (all, groups)
}

/// The items of a list, each once; unlike names of topics an alias may be empty, and then has keys like any other.
fn aliases(list: &str) -> Vec<String> {
    let mut aliases: Vec<String> = Vec::new();
    if list.trim().is_empty() {
        return aliases;
    }
    for alias in list.split(',').map(str::trim) {
        if !aliases.iter().any(|known| known == alias) {
            aliases.push(alias.to_owned());
        }
    }
    aliases
}

fn alias_keys(
    context: &Context<'_>,
    config: &Config,
    kind: Kind,
    alias: &str,
) -> (String, Vec<ConfigInfo>) {
    let (group, noun) = match kind {
        Kind::Predicate => (format!("Predicates: {alias}"), "predicate"),
        _ => (format!("Transforms: {alias}"), "transformation"),
    };
    let prefix = prefix(kind, alias);
    let found = find(context.plugins, config, kind, alias);
    let mut type_ = type_key(context, config, kind, alias, noun);
    let mut version = version_key(config, &prefix, alias, noun);
    // What making the class would run into.
    let mut loading = None;
    let own = match &found {
        Ok(plugin) => {
            type_.value.value = Some(plugin.class.to_owned());
            version::complete(&mut version, config, Some(plugin));
            let wanted = config.get(version.name());
            match wanted.and_then(|wanted| context.plugins.wrong_version(plugin, wanted)) {
                // That version is not here to say which keys it has.
                Some(why) => {
                    loading = Some(why.message().to_owned());
                    version.value.errors.push(why.message().to_owned());
                    Vec::new()
                }
                None => own_keys(config, kind, alias, &(plugin.config_def)()),
            }
        }
        // Not there at all is said beside a stray negate, not to be made is not.
        Err(why) if config.contains(type_.name()) => {
            let unreadable = config.get(version.name()).and_then(unreadable);
            version.value.errors.extend(unreadable.clone());
            match type_.value.value.is_some() {
                true => loading = unreadable.or(Some(why.clone())),
                false => type_.value.errors.push(why.clone()),
            }
            Vec::new()
        }
        Err(_) if config.is_null(type_.name()) => Vec::new(),
        Err(_) => {
            let missing = format!(
                "Missing required configuration \"{}\" which has no default value.",
                type_.name()
            );
            type_.value.errors.push(missing);
            Vec::new()
        }
    };
    let stray = match kind {
        Kind::Transformation => stray_negate(config, alias),
        _ => None,
    };
    type_.value.errors.extend(stray.or(loading));
    let mut keys = vec![type_, version];
    keys.extend(own);
    for (order, info) in keys.iter_mut().enumerate() {
        if let Some(definition) = &mut info.definition {
            definition.order = order as i32;
            definition.group = Some(match definition.group.take() {
                Some(own) => format!("{group}: {own}"),
                None => group.clone(),
            });
        }
    }
    (group, keys)
}

/// The plugin's own keys with the implicit ones, as Kafka sorts keys in documents: those that must be given, then by
/// importance, then by name.
fn own_keys(config: &Config, kind: Kind, alias: &str, def: &ConfigDef) -> Vec<ConfigInfo> {
    let prefix = prefix(kind, alias);
    let validated = def.validate_behind(&own_config(config, kind, alias), &prefix);
    let mut own = infos(def, validated);
    if kind == Kind::Transformation {
        let implicit = implicit_def();
        let all = config.with_prefix(&prefix);
        own.extend(infos(&implicit, implicit.validate_behind(&all, &prefix)));
    }
    own.sort_by(|a, b| sort_key(a).cmp(&sort_key(b)));
    own.into_iter().map(|info| info.behind(&prefix)).collect()
}

fn sort_key(info: &ConfigInfo) -> (bool, usize, &str) {
    let definition = info.definition.as_ref();
    let importance = definition.map_or(Importance::Low, |d| d.importance);
    place(
        definition.is_some_and(|d| d.required),
        importance,
        info.name(),
    )
}

fn type_key(
    context: &Context<'_>,
    config: &Config,
    kind: Kind,
    alias: &str,
    noun: &str,
) -> ConfigInfo {
    let name = format!("{}{TYPE}", prefix(kind, alias));
    ConfigInfo {
        definition: Some(Definition {
            name: name.clone(),
            type_: KeyType::Class,
            required: true,
            default_value: None,
            importance: Importance::High,
            documentation: format!("Class of the {noun} '{alias}'."),
            group: None,
            order: 0,
            width: Width::Long,
            display_name: format!("{} type for {alias}", capital(noun)),
            dependents: Vec::new(),
        }),
        value: ConfigValue {
            value: config.get(&name).and_then(|class| {
                // A class of another kind, or one that is abstract, is shown all the same.
                match context.plugins.find(kind, class.trim()) {
                    Err(NotFound::OtherKind(class)) => Some(class),
                    Err(NotFound::Abstract(_)) => Some(class.trim().to_owned()),
                    _ => None,
                }
            }),
            name,
            recommended_values: context
                .plugins
                .of_kind(kind)
                .map(|p| p.class.to_owned())
                .collect(),
            errors: Vec::new(),
            visible: true,
        },
    }
}

fn version_key(config: &Config, prefix: &str, alias: &str, noun: &str) -> ConfigInfo {
    const VERSION: Key<Option<String>> = Key::optional(version::KEY, Importance::High, "");
    let name = format!("{prefix}{}", version::KEY);
    let mut definition = Definition::from(&VERSION.info);
    definition.name.clone_from(&name);
    definition.width = Width::Long;
    definition.documentation = format!("Version of the {noun} '{alias}'.");
    definition.display_name = format!("{} version for {alias}", capital(noun));
    ConfigInfo {
        definition: Some(definition),
        value: ConfigValue {
            value: config.get(&name).map(|version| version.trim().to_owned()),
            name,
            visible: true,
            ..ConfigValue::default()
        },
    }
}

fn capital(noun: &str) -> String {
    let mut chars = noun.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars).collect()
    })
}
