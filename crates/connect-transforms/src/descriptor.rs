//! Descriptors, shortened to what differs.

use connect_api::config::ConfigDef;
use connect_api::plugin::{KAFKA_VERSION, Plugin, PluginDescriptor};
use connect_api::transform::{NewPredicate, NewTransformation};

pub(crate) const fn transformation(
    class: &'static str,
    config_def: fn() -> ConfigDef,
    new: NewTransformation,
) -> PluginDescriptor {
    PluginDescriptor {
        class,
        aliases: &[],
        version: KAFKA_VERSION,
        config_def,
        plugin: Plugin::Transformation(new),
    }
}

pub(crate) const fn predicate(
    class: &'static str,
    config_def: fn() -> ConfigDef,
    new: NewPredicate,
) -> PluginDescriptor {
    PluginDescriptor {
        class,
        aliases: &[],
        version: KAFKA_VERSION,
        config_def,
        plugin: Plugin::Predicate(new),
    }
}
