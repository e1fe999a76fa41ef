//! The chain of transformations: `transforms`, `predicates` and what stands behind their aliases.

use connect_api::ConnectError;
use connect_api::config::{
    Config, ConfigDef, ConfigError, ConfigErrors, ConfigReader, Importance, Key, KeyDefault,
    invalid_value,
};
use connect_api::error::exception;
use connect_api::plugin::{Plugin, PluginDescriptor};
use connect_api::transform::Predicate;
use data_plane::task::{ConfiguredTransformation, Negate};

use super::converters::config_error;
use super::guard::guarded;
use crate::config::SinkConnectorConfig;
use crate::config::connector::{PREDICATES, TRANSFORMS};
use crate::plugins::{Kind, Plugins};

/// Keys that the runtime reads of every transformation; the transformation does not see them.
pub const PREDICATE: Key<Option<String>> = Key::optional(
    "predicate",
    Importance::Medium,
    "Alias of the predicate that decides whether the transformation applies to a record.",
);
pub const NEGATE: Key<bool> = Key::new(
    "negate",
    "false",
    Importance::Medium,
    "Whether the transformation applies where the predicate says no.",
);

/// The keys that every transformation has besides its own.
pub fn implicit_def() -> ConfigDef {
    ConfigDef::new().define(&PREDICATE).define(&NEGATE)
}

/// The class behind an alias.
pub const TYPE: &str = "type";
pub const PLUGIN_VERSION: &str = "plugin.version";

/// `transforms.<alias>.` or `predicates.<alias>.`.
pub fn prefix(kind: Kind, alias: &str) -> String {
    match kind {
        Kind::Predicate => format!("predicates.{alias}."),
        _ => format!("transforms.{alias}."),
    }
}

/// The keys behind an alias that are the plugin's own.
pub fn own_config(connector: &Config, kind: Kind, alias: &str) -> Config {
    let mut config = connector.with_prefix(&prefix(kind, alias));
    config.remove(TYPE);
    config.remove(PLUGIN_VERSION);
    if kind == Kind::Transformation {
        config.remove(PREDICATE.name());
        config.remove(NEGATE.name());
    }
    config
}

/// Whether a transformation or a predicate of a connector reads a key. What a class reads that is not there, nobody knows.
pub fn reads(plugins: &Plugins, connector: &Config, key: &str) -> bool {
    let (kind, aliases) = match key.split('.').next() {
        Some("transforms") => (Kind::Transformation, connector.get(TRANSFORMS.name())),
        Some("predicates") => (Kind::Predicate, connector.get(PREDICATES.name())),
        _ => return false,
    };
    let mut aliases = aliases.unwrap_or_default().split(',').map(str::trim);
    aliases.any(|alias| {
        let Some(own) = key.strip_prefix(&prefix(kind, alias)) else {
            return false;
        };
        let of_all = [TYPE, PLUGIN_VERSION].contains(&own)
            || kind == Kind::Transformation && implicit_def().knows(own);
        of_all
            || find(plugins, connector, kind, alias)
                .map_or(true, |plugin| (plugin.config_def)().knows(own))
    })
}

/// Finds the class behind an alias.
///
/// # Errors
/// Kafka's sentence for a class that is missing, unknown or of another kind.
pub fn find(
    plugins: &Plugins,
    connector: &Config,
    kind: Kind,
    alias: &str,
) -> Result<&'static PluginDescriptor, String> {
    let key = format!("{}{TYPE}", prefix(kind, alias));
    let Some(class) = connector.get(&key) else {
        let why = format!("Not a {}", kind.interface());
        return Err(invalid_value(&key, "null", &why));
    };
    plugins
        .find(kind, class.trim())
        .map_err(|why| why.message(&key, class, kind))
}

/// `negate` without a predicate to be negated, in Kafka's words.
pub fn stray_negate(connector: &Config, alias: &str) -> Option<String> {
    let key = |name: &str| format!("{}{name}", prefix(Kind::Transformation, alias));
    let (negate, predicate) = (key(NEGATE.name()), key(PREDICATE.name()));
    let given = |key: &str| connector.contains(key) || connector.is_null(key);
    let stray = given(&negate) && !given(&predicate);
    stray.then(|| {
        format!(
            "Config '{negate}' was provided but there is no config '{predicate}' defining a predicate to be negated."
        )
    })
}

/// Makes every link, in the order of `transforms`. Before the first one is made, the keys of all are checked, those of
/// predicates that none uses too.
///
/// # Errors
/// The first thing that is wrong.
pub fn make(
    plugins: &Plugins,
    config: &SinkConnectorConfig,
    connector: &Config,
) -> Result<Vec<ConfiguredTransformation>, ConnectError> {
    let chain = Chain {
        plugins,
        config,
        connector,
    };
    let transformations = config
        .transforms
        .iter()
        .map(|alias| (Kind::Transformation, alias));
    let predicates = config
        .predicates
        .iter()
        .map(|alias| (Kind::Predicate, alias));
    let all: Vec<_> = transformations.chain(predicates).collect();
    // A class that is missing is told before a key that is wrong, wherever it stands.
    for (kind, alias) in &all {
        chain.find(*kind, alias)?;
    }
    for (kind, alias) in &all {
        chain.check(*kind, alias)?;
    }
    for alias in &config.predicates {
        chain.make_predicate(alias)?;
    }
    let aliases = config.transforms.iter();
    aliases.map(|alias| chain.make_link(alias)).collect()
}

/// What a chain is made of.
struct Chain<'a> {
    plugins: &'a Plugins,
    config: &'a SinkConnectorConfig,
    connector: &'a Config,
}

impl Chain<'_> {
    /// Whether an alias has a class, in the version that is wanted, and all of its keys are legal.
    fn check(&self, kind: Kind, alias: &str) -> Result<(), ConnectError> {
        let descriptor = self.find(kind, alias)?;
        let prefix = prefix(kind, alias);
        if kind == Kind::Transformation
            && let Some(why) = stray_negate(self.connector, alias)
        {
            return Err(ConnectError::config(why));
        }
        let wanted = self.connector.get(&format!("{prefix}{PLUGIN_VERSION}"));
        if let Some(why) = wanted.and_then(|w| self.plugins.wrong_version(descriptor, w)) {
            return Err(ConnectError::config(why.message()).named(WRONG_VERSION));
        }
        let own = own_config(self.connector, kind, alias);
        let mut errors = errors_by_place(&(descriptor.config_def)(), &own, &prefix);
        if kind == Kind::Transformation {
            let all = self.connector.with_prefix(&prefix);
            errors.extend(errors_by_place(&implicit_def(), &all, &prefix));
        }
        // Stable: of one key's errors the first stays the first.
        errors.sort_by_key(|(place, _)| *place);
        match errors.into_iter().next() {
            None => Ok(()),
            Some((_, first)) => Err(config_error(ConfigErrors(vec![first]))),
        }
    }

    fn find(&self, kind: Kind, alias: &str) -> Result<&'static PluginDescriptor, ConnectError> {
        find(self.plugins, self.connector, kind, alias).map_err(ConnectError::config)
    }

    fn make_link(&self, alias: &str) -> Result<ConfiguredTransformation, ConnectError> {
        let kind = Kind::Transformation;
        let descriptor = self.find(kind, alias)?;
        let Plugin::Transformation(new) = descriptor.plugin else {
            return Err(wrong_kind(descriptor, kind));
        };
        let own = own_config(self.connector, kind, alias);
        let transformation = guarded(descriptor.class, || {
            new(&ConfigReader::new(&own)).map_err(|errors| refused(&errors.to_string()))
        })?;
        let implicit = self.connector.with_prefix(&prefix(kind, alias));
        let reader = ConfigReader::new(&implicit);
        let (named, negate) = (reader.get(&PREDICATE), reader.get(&NEGATE));
        reader.finish(()).map_err(config_error)?;
        let negate = if negate { Negate::Yes } else { Negate::No };
        let predicate = match named {
            Some(named) => Some((self.listed_predicate(&named)?, negate)),
            None => None,
        };
        Ok(ConfiguredTransformation {
            transformation,
            alias: alias.to_owned(),
            class: descriptor.class.to_owned(),
            predicate,
        })
    }

    fn listed_predicate(&self, alias: &str) -> Result<Box<dyn Predicate>, ConnectError> {
        if self.config.predicates.iter().any(|listed| listed == alias) {
            return self.make_predicate(alias);
        }
        // Kafka misses the first key that it looks for, and says so in two wrappings.
        let unknown = format!("Unknown configuration 'predicates.{alias}.{PLUGIN_VERSION}'");
        let outer = format!("{}: {}: {unknown}", exception::CONNECT, exception::CONFIG);
        let advice = format!("{unknown}: the predicate '{alias}' is not listed in 'predicates'");
        Err(ConnectError::config(outer)
            .named(exception::CONNECT)
            .caused_by(refused(&advice)))
    }

    fn make_predicate(&self, alias: &str) -> Result<Box<dyn Predicate>, ConnectError> {
        let kind = Kind::Predicate;
        let descriptor = self.find(kind, alias)?;
        let Plugin::Predicate(new) = descriptor.plugin else {
            return Err(wrong_kind(descriptor, kind));
        };
        let own = own_config(self.connector, kind, alias);
        guarded(descriptor.class, || {
            new(&ConfigReader::new(&own)).map_err(|errors| refused(&errors.to_string()))
        })
    }
}

/// Where Kafka has a key among those behind an alias: what must be given first, then by importance, then by name.
pub fn place(required: bool, importance: Importance, name: &str) -> (bool, usize, &str) {
    let importance = match importance {
        Importance::High => 0,
        Importance::Medium => 1,
        Importance::Low => 2,
    };
    (!required, importance, name)
}

type Placed = ((bool, usize, &'static str), ConfigError);

fn errors_by_place(def: &ConfigDef, config: &Config, prefix: &str) -> Vec<Placed> {
    let errors = def.start_errors(config, prefix).into_iter();
    errors
        .map(|error| {
            let name = error.key.strip_prefix(prefix);
            let info = def.keys().find(|info| Some(info.name) == name);
            let place = info.map_or((true, 0, ""), |info| {
                place(
                    info.default == KeyDefault::Required,
                    info.importance,
                    info.name,
                )
            });
            (place, error)
        })
        .collect()
}

/// What the JVM throws where a plugin is not there in the version asked for.
pub const WRONG_VERSION: &str =
    "org.apache.kafka.connect.runtime.isolation.VersionedPluginLoadingException";

/// What a plugin itself refuses although its definition lets it pass; the JVM wraps it.
fn refused(why: &str) -> ConnectError {
    ConnectError::config(format!("{}: {why}", exception::CONFIG))
        .named(exception::CONNECT)
        .caused_by(ConnectError::config(why))
}

fn wrong_kind(descriptor: &PluginDescriptor, kind: Kind) -> ConnectError {
    ConnectError::config(format!(
        "Class class {} does not implement the {} interface",
        descriptor.class,
        kind.interface()
    ))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use connect_api::config::ConfigDef;
    use connect_api::transform::Transformation;
    use connect_api::{SinkRecord, TopicPartition};

    use super::*;

    const SUFFIX: Key<String> = Key::required("suffix", Importance::High, "What is appended.");

    /// Appends a text to the topic.
    struct Append(String);

    impl Transformation for Append {
        fn apply(&mut self, mut record: SinkRecord) -> Result<Option<SinkRecord>, ConnectError> {
            record.topic = format!("{}{}", record.topic, self.0).into();
            Ok(Some(record))
        }
    }

    struct OnOdd;

    impl Predicate for OnOdd {
        fn test(&mut self, record: &SinkRecord) -> Result<bool, ConnectError> {
            Ok(record.offset() % 2 == 1)
        }
    }

    static APPEND: PluginDescriptor = PluginDescriptor {
        class: "test.Append",
        aliases: &[],
        version: "1",
        config_def: || ConfigDef::new().define(&SUFFIX),
        plugin: Plugin::Transformation(|config| {
            let suffix = config.get(&SUFFIX);
            assert_ne!(suffix, "panic", "as configured");
            config.finish(Box::new(Append(suffix)) as Box<dyn Transformation>)
        }),
    };

    static ON_ODD: PluginDescriptor = PluginDescriptor {
        class: "test.OnOdd",
        aliases: &[],
        version: "1",
        config_def: ConfigDef::new,
        plugin: Plugin::Predicate(|_| Ok(Box::new(OnOdd))),
    };

    fn chain(entries: &[(&str, &str)]) -> Result<Vec<ConfiguredTransformation>, String> {
        let mut connector =
            Config::from([("name", "s"), ("connector.class", "C"), ("topics", "t")]);
        for (key, value) in entries {
            connector.insert(*key, *value);
        }
        let config = SinkConnectorConfig::parse(&connector).map_err(|e| e.to_string())?;
        let plugins = Plugins::new(vec![&APPEND, &ON_ODD]);
        make(&plugins, &config, &connector).map_err(|e| e.to_string())
    }

    #[test]
    fn links_stand_in_order_with_their_predicates() {
        let mut links = chain(&[
            ("transforms", "b, a"),
            ("transforms.a.type", "Append"),
            ("transforms.a.suffix", "-a"),
            ("transforms.b.type", "test.Append"),
            ("transforms.b.suffix", "-b"),
            ("transforms.b.predicate", "odd"),
            ("transforms.b.negate", "TRUE"),
            ("predicates", "odd"),
            ("predicates.odd.type", "OnOdd"),
        ])
        .expect("a chain");
        let record = SinkRecord::new(Arc::new(TopicPartition::new("t", 0)), 3);
        let mut topics = Vec::new();
        for link in &mut links {
            let changed = link.transformation.apply(record.clone()).expect("no error");
            topics.push(changed.map(|r| r.topic.to_string()).unwrap_or_default());
        }
        assert_eq!(topics, ["t-b", "t-a"]);
        let (predicate, negate) = links[0].predicate.as_mut().expect("a predicate");
        assert_eq!(
            (predicate.test(&record).ok(), *negate),
            (Some(true), Negate::Yes)
        );
        assert!(links[1].predicate.is_none());
    }

    #[test]
    fn a_link_that_cannot_be_made_is_named() {
        let base = [
            ("transforms", "a"),
            ("transforms.a.type", "Append"),
            ("transforms.a.suffix", "x"),
        ];
        for (entry, expected) in [
            (
                ("transforms.a.type", "com.acme.Pick"),
                "Invalid value com.acme.Pick for configuration transforms.a.type: Class com.acme.Pick could not be found.",
            ),
            (
                ("transforms.a.type", "OnOdd"),
                "Class class test.OnOdd does not implement the Transformation interface",
            ),
            (
                ("transforms", "a,c"),
                "Invalid value null for configuration transforms.c.type: Not a Transformation",
            ),
            (
                ("transforms.a.negate", "false"),
                "Config 'transforms.a.negate' was provided but there is no config 'transforms.a.predicate' defining a predicate to be negated.",
            ),
            (
                ("transforms.a.predicate", "q"),
                "org.apache.kafka.connect.errors.ConnectException: org.apache.kafka.common.config.ConfigException: Unknown configuration 'predicates.q.plugin.version'",
            ),
            (
                ("transforms.a.suffix", "panic"),
                "Plugin test.Append panicked: ",
            ),
        ] {
            let mut entries = base.to_vec();
            entries.push(entry);
            let error = chain(&entries)
                .map(|links| links.len())
                .expect_err(expected);
            assert!(error.starts_with(expected), "{error}");
        }
    }

    #[test]
    fn an_unlisted_predicate_is_named_with_advice() {
        let connector = Config::from([
            ("name", "s"),
            ("connector.class", "C"),
            ("topics", "t"),
            ("transforms", "a"),
            ("transforms.a.type", "Append"),
            ("transforms.a.suffix", "x"),
            ("transforms.a.predicate", "q"),
        ]);
        let config = SinkConnectorConfig::parse(&connector).expect("a valid configuration");
        let plugins = Plugins::new(vec![&APPEND, &ON_ODD]);
        let error = make(&plugins, &config, &connector).map(|links| links.len());
        let error = error.expect_err("an unlisted predicate");
        let cause = error.cause().and_then(ConnectError::message);
        let advice = "the predicate 'q' is not listed in 'predicates'";
        assert!(
            cause.is_some_and(|cause| cause.ends_with(advice)),
            "{error:?}"
        );
    }
}
