//! The one list of built-in plugins, and how a configured name finds one.

mod elsewhere;
mod version;

use connect_api::config::invalid_value;
use connect_api::plugin::{Plugin, PluginDescriptor};

use elsewhere::with_advice;
pub use version::{WrongVersion, unreadable};

/// Every plugin of this binary.
fn built_in() -> Vec<&'static PluginDescriptor> {
    let mut plugins: Vec<&'static PluginDescriptor> = Vec::new();
    plugins.extend(connect_converters::PLUGINS.iter());
    plugins.extend(connect_registry::PLUGINS.iter());
    plugins.extend(connect_transforms::PLUGINS.iter());
    plugins.push(&connector_file::PLUGIN);
    plugins.push(&connector_graph::PLUGIN);
    plugins
}

/// The kinds of plugins, in the order in which they are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Sink,
    Transformation,
    Predicate,
    Converter,
    HeaderConverter,
}

impl Kind {
    pub fn of(plugin: &PluginDescriptor) -> Self {
        match plugin.plugin {
            Plugin::Sink(_) => Kind::Sink,
            Plugin::Transformation(_) => Kind::Transformation,
            Plugin::Predicate(_) => Kind::Predicate,
            Plugin::Converter(_) => Kind::Converter,
            Plugin::HeaderConverter(_) => Kind::HeaderConverter,
        }
    }

    /// The interface a class of this kind implements, as messages name it.
    pub const fn interface(self) -> &'static str {
        match self {
            Kind::Sink => "Connector",
            Kind::Transformation => "Transformation",
            Kind::Predicate => "Predicate",
            Kind::Converter => "Converter",
            Kind::HeaderConverter => "HeaderConverter",
        }
    }
}

/// Why a name means no plugin of the kind asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotFound {
    /// No plugin has this name.
    Unknown,
    /// The name means a class of another kind.
    OtherKind(String),
    /// Several connectors have it.
    Ambiguous(Vec<&'static str>),
    /// It is the class around these, which can be made themselves.
    Abstract(Vec<&'static str>),
}

/// The plugins of this worker.
#[derive(Clone)]
pub struct Plugins {
    all: Vec<&'static PluginDescriptor>,
}

impl Plugins {
    pub fn built_in() -> Self {
        Self::new(built_in())
    }

    /// Any list, for tests with plugins of their own.
    pub fn new(mut all: Vec<&'static PluginDescriptor>) -> Self {
        all.sort_by_key(|plugin| (Kind::of(plugin), plugin.class));
        Self { all }
    }

    /// By kind, then class name.
    pub fn all(&self) -> &[&'static PluginDescriptor] {
        &self.all
    }

    pub fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &'static PluginDescriptor> {
        self.all
            .iter()
            .copied()
            .filter(move |plugin| Kind::of(plugin) == kind)
    }

    /// The plugin of a kind that a configured name means: its class name, or an alias that no other class has.
    ///
    /// # Errors
    /// Why there is none.
    pub fn find(&self, kind: Kind, name: &str) -> Result<&'static PluginDescriptor, NotFound> {
        let class = self.class_of(name).ok_or(NotFound::Unknown);
        if let Ok(class) = class {
            let found = self.of_kind(kind).find(|plugin| plugin.class == class);
            return found.ok_or_else(|| NotFound::OtherKind(class.to_owned()));
        }
        if kind == Kind::Sink {
            return self.find_by_simple_name(name);
        }
        let nested = |plugin: &&PluginDescriptor| {
            let around = plugin.class.rsplit_once('$').map(|(around, _)| around);
            around == Some(name)
        };
        let nested: Vec<_> = self.of_kind(kind).filter(nested).map(|p| p.class).collect();
        if !nested.is_empty() {
            return Err(NotFound::Abstract(nested));
        }
        // Classes of the JVM itself exist for a JVM, but are no plugins.
        if name.starts_with("java.") {
            return Err(NotFound::OtherKind(name.to_owned()));
        }
        Err(NotFound::Unknown)
    }

    /// Why a plugin is not there in a version that is asked for; each has one version here.
    pub fn wrong_version(&self, plugin: &PluginDescriptor, wanted: &str) -> Option<WrongVersion> {
        let listed = self.all.iter().filter(|p| p.class == plugin.class).count();
        version::check(plugin, wanted, listed).err()
    }

    /// A plugin of any kind by name, for look-ups that say no kind.
    pub fn find_any(&self, name: &str) -> Option<&'static PluginDescriptor> {
        let class = self.class_of(name)?;
        self.all
            .iter()
            .copied()
            .find(|plugin| plugin.class == class)
    }

    /// The class that a name denotes. An alias of several classes, of whatever kinds, denotes none.
    fn class_of(&self, name: &str) -> Option<&'static str> {
        if let Some(plugin) = self.all.iter().find(|plugin| plugin.class == name) {
            return Some(plugin.class);
        }
        let mut classes: Vec<&'static str> = Vec::new();
        for plugin in self.all.iter().filter(|plugin| plugin.answers_to(name)) {
            if !classes.contains(&plugin.class) {
                classes.push(plugin.class);
            }
        }
        match classes.as_slice() {
            [class] => Some(class),
            _ => None,
        }
    }

    /// Connectors alone, whatever other kinds have the alias.
    fn find_by_simple_name(&self, name: &str) -> Result<&'static PluginDescriptor, NotFound> {
        let found: Vec<_> = self
            .of_kind(Kind::Sink)
            .filter(|p| p.answers_to(name))
            .collect();
        match found.as_slice() {
            [] => Err(NotFound::Unknown),
            [plugin] => Ok(plugin),
            several => Err(NotFound::Ambiguous(
                several.iter().map(|p| p.class).collect(),
            )),
        }
    }

    /// Kafka's sentence for a connector class that is none.
    pub fn unknown_connector(&self, name: &str, why: &NotFound) -> String {
        let described = |classes: &mut dyn Iterator<Item = &'static PluginDescriptor>| {
            let all: Vec<String> = classes.map(describe).collect();
            all.join(", ")
        };
        match why {
            NotFound::Ambiguous(classes) => {
                let mut same = self
                    .of_kind(Kind::Sink)
                    .filter(|p| classes.contains(&p.class));
                format!(
                    "More than one connector matches alias {name}. Please use full package and class name instead. Classes found: {}",
                    described(&mut same)
                )
            }
            _ => with_advice(
                format!(
                    "Failed to find any class that implements Connector and which name matches {name}, available connectors are: {}",
                    described(&mut self.of_kind(Kind::Sink))
                ),
                name,
            ),
        }
    }
}

impl NotFound {
    /// Kafka's sentence for a key that holds the name of a class other than a connector's.
    pub fn message(&self, key: &str, class: &str, kind: Kind) -> String {
        match self {
            NotFound::OtherKind(class) => format!(
                "Class class {class} does not implement the {} interface",
                kind.interface()
            ),
            NotFound::Abstract(nested) => format!(
                "This class is abstract and cannot be created. Did you mean {}?",
                nested.join(", ")
            ),
            NotFound::Unknown | NotFound::Ambiguous(_) => with_advice(
                invalid_value(key, class, &format!("Class {class} could not be found.")),
                class,
            ),
        }
    }
}

fn describe(plugin: &PluginDescriptor) -> String {
    let PluginDescriptor { class, version, .. } = plugin;
    format!(
        "PluginDesc{{klass=class {class}, name='{class}', version='{version}', encodedVersion={version}, type=sink, typeName='sink', location='built in'}}"
    )
}

#[cfg(test)]
mod tests {
    use connect_api::config::ConfigDef;

    use super::*;

    const fn plugin(class: &'static str, plugin: Plugin) -> PluginDescriptor {
        PluginDescriptor {
            class,
            aliases: &[],
            version: "1",
            config_def: ConfigDef::new,
            plugin,
        }
    }

    static SINK: PluginDescriptor = plugin(
        "a.FileStreamSinkConnector",
        Plugin::Sink(|_| unreachable!()),
    );
    static JSON: PluginDescriptor =
        plugin("a.JsonConverter", Plugin::Converter(|_, _| unreachable!()));
    static JSON_HEADER: PluginDescriptor = plugin(
        "a.JsonConverter",
        Plugin::HeaderConverter(|_| unreachable!()),
    );
    static JSON_SINK: PluginDescriptor =
        plugin("b.JsonConnector", Plugin::Sink(|_| unreachable!()));
    static CAST_KEY: PluginDescriptor =
        plugin("a.Cast$Key", Plugin::Transformation(|_| unreachable!()));
    static MASK_KEY: PluginDescriptor =
        plugin("a.Mask$Key", Plugin::Transformation(|_| unreachable!()));

    fn plugins() -> Plugins {
        Plugins::new(vec![
            &SINK,
            &JSON,
            &JSON_HEADER,
            &JSON_SINK,
            &CAST_KEY,
            &MASK_KEY,
        ])
    }

    fn found(kind: Kind, name: &str) -> Result<&'static str, NotFound> {
        plugins().find(kind, name).map(|plugin| plugin.class)
    }

    #[test]
    fn class_simple_name_and_short_name_find_a_plugin() {
        for name in [
            "a.FileStreamSinkConnector",
            "FileStreamSinkConnector",
            "FileStreamSink",
        ] {
            assert_eq!(
                found(Kind::Sink, name),
                Ok("a.FileStreamSinkConnector"),
                "{name}"
            );
        }
        for name in ["a.JsonConverter", "JsonConverter"] {
            assert_eq!(
                found(Kind::Converter, name),
                Ok("a.JsonConverter"),
                "{name}"
            );
            assert_eq!(
                found(Kind::HeaderConverter, name),
                Ok("a.JsonConverter"),
                "{name}"
            );
        }
    }

    #[test]
    fn an_alias_of_several_classes_denotes_none_except_among_connectors() {
        assert_eq!(found(Kind::Converter, "Json"), Err(NotFound::Unknown));
        assert_eq!(found(Kind::Sink, "Json"), Ok("b.JsonConnector"));
        assert_eq!(found(Kind::Transformation, "Key"), Err(NotFound::Unknown));
        assert_eq!(found(Kind::Transformation, "a.Cast$Key"), Ok("a.Cast$Key"));
    }

    #[test]
    fn a_class_of_another_kind_is_told_from_an_unknown_one() {
        let other = |class: &str| Err(NotFound::OtherKind(class.to_owned()));
        assert_eq!(
            found(Kind::Converter, "FileStreamSink"),
            other("a.FileStreamSinkConnector")
        );
        assert_eq!(
            found(Kind::Converter, "java.lang.String"),
            other("java.lang.String")
        );
        assert_eq!(
            found(Kind::Converter, "com.acme.Missing"),
            Err(NotFound::Unknown)
        );
    }

    #[test]
    fn built_in_plugins_have_distinct_classes_per_kind() {
        let plugins = Plugins::built_in();
        for pair in plugins.all().windows(2) {
            let ids = [pair[0], pair[1]].map(|p| (Kind::of(p), p.class));
            assert_ne!(ids[0], ids[1]);
        }
    }
}
