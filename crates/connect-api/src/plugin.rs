//! [`PluginDescriptor`]: what the runtime must know of a plugin before it makes one.

use crate::config::ConfigDef;
use crate::convert::{NewConverter, NewHeaderConverter};
use crate::sink::NewSinkConnector;
use crate::transform::{NewPredicate, NewTransformation};

/// The version that plugins report which stand for classes of Apache Kafka itself.
pub const KAFKA_VERSION: &str = "4.3.1";

/// One plugin: its names, its keys and how to make it. A class that is converter and header converter at once has two.
pub struct PluginDescriptor {
    /// Full Java class name; what configs of the JVM say.
    pub class: &'static str,
    /// Names it answers to besides its class, its simple name and the simple name without its kind.
    pub aliases: &'static [&'static str],
    /// As `GET /connector-plugins` shows it.
    pub version: &'static str,
    pub config_def: fn() -> ConfigDef,
    pub plugin: Plugin,
}

/// The kind of a plugin with its constructor.
#[derive(Clone, Copy)]
pub enum Plugin {
    Sink(NewSinkConnector),
    Converter(NewConverter),
    HeaderConverter(NewHeaderConverter),
    Transformation(NewTransformation),
    Predicate(NewPredicate),
}

impl Plugin {
    /// The `type` of `GET /connector-plugins`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Plugin::Sink(_) => "sink",
            Plugin::Converter(_) => "converter",
            Plugin::HeaderConverter(_) => "header_converter",
            Plugin::Transformation(_) => "transformation",
            Plugin::Predicate(_) => "predicate",
        }
    }

    /// The word that Kafka cuts off a simple class name to make an alias.
    const fn suffix(&self) -> &'static str {
        match self {
            Plugin::Sink(_) => "Connector",
            Plugin::Converter(_) => "Converter",
            Plugin::HeaderConverter(_) => "HeaderConverter",
            Plugin::Transformation(_) => "Transformation",
            Plugin::Predicate(_) => "Predicate",
        }
    }
}

impl PluginDescriptor {
    /// The class name without its package and, for a nested class, without the class around it
    /// (`Class.getSimpleName`).
    pub fn simple_name(&self) -> &'static str {
        self.class.rsplit(['.', '$']).next().unwrap_or(self.class)
    }

    /// Whether a configured name means this plugin: class, simple name, simple name without its kind, or an alias.
    pub fn answers_to(&self, name: &str) -> bool {
        let simple = self.simple_name();
        let short = match simple.rfind(self.plugin.suffix()) {
            Some(at) if at > 0 => &simple[..at],
            _ => simple,
        };
        name == self.class || name == simple || name == short || self.aliases.contains(&name)
    }
}
