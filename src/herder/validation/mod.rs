//! Validation of a connector's configuration: every key that counts, and everything that is wrong with it.

mod absent;
mod chain;
mod converters;
mod definition;
mod overrides;
#[cfg(test)]
mod tests;
mod version;

use std::collections::BTreeMap;

use connect_api::config::{Config, ConfigDef, ConfigReader};
use connect_api::plugin::{Plugin, PluginDescriptor};

pub use definition::{ConfigInfo, ConfigInfos, Definition};
use definition::{add_groups, infos};

use super::error::HerderError;
use crate::config::WorkerConfig;
use crate::config::connector::{
    CONNECTOR_CLASS, CONNECTOR_VERSION, DLQ_CONTEXT_HEADERS, DLQ_REPLICATION_FACTOR,
    DLQ_TOPIC_NAME, TOPICS, TOPICS_REGEX, own_config_def, sink_config_def,
};
use crate::config::reference::has_reference;
use crate::plugins::{Kind, Plugins, WrongVersion};
use crate::providers::{ProviderClass, Secrets};
use crate::worker::guard::guarded;

const NULL_VALUE: &str = "Null value can not be supplied as the configuration value.";

/// Keys that connectors have because they are sinks.
const SINK_ONLY: [&str; 5] = [
    TOPICS.name(),
    TOPICS_REGEX.name(),
    DLQ_TOPIC_NAME.name(),
    DLQ_REPLICATION_FACTOR.name(),
    DLQ_CONTEXT_HEADERS.name(),
];

/// A configuration as a request holds it: values may be null.
pub type RawConfig = BTreeMap<String, Option<String>>;

/// What validation hangs on besides the configuration.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    pub plugins: &'a Plugins,
    pub worker: &'a WorkerConfig,
}

/// The entries that are not null.
pub fn without_nulls(raw: &RawConfig) -> Config {
    raw.iter()
        .filter_map(|(key, value)| Some((key.as_str(), value.as_deref()?)))
        .collect()
}

fn with_nulls(raw: &RawConfig) -> Config {
    let mut config = without_nulls(raw);
    for (key, _) in raw.iter().filter(|(_, value)| value.is_none()) {
        config.insert_null(key);
    }
    config
}

impl Context<'_> {
    /// Validates everything; what is wrong stands in the answer.
    ///
    /// # Errors
    /// There is no class, or no connector has it.
    pub fn validate(&self, raw: &RawConfig) -> Result<ConfigInfos, HerderError> {
        let config = with_nulls(raw);
        let Some(class) = config.get(CONNECTOR_CLASS.name()) else {
            return Err(no_class(raw));
        };
        let plugin = self.plugins.find(Kind::Sink, class).map_err(|why| {
            HerderError::UnknownConnectorClass(self.plugins.unknown_connector(class, &why))
        })?;
        if let Some(why) = self.wrong_version(&config, plugin)? {
            return Ok(absent::validate(self, &config, (class, plugin), &why));
        }
        let mut groups: Vec<String> = Vec::new();
        let mut configs = self.framework_keys(&config, plugin);
        let framework = sink_config_def();
        add_groups(
            &mut groups,
            framework.groups().into_iter().map(str::to_owned),
        );
        let (chain, chain_groups) = chain::keys(self, &config);
        configs.extend(chain);
        add_groups(&mut groups, chain_groups);
        let own_def = (plugin.config_def)();
        replace_or_add(&mut configs, infos(&own_def, own_def.validate(&config)));
        add_groups(&mut groups, own_def.groups().into_iter().map(str::to_owned));
        self.add_other_errors(&mut configs, &config, plugin, &own_def);

        let mut error_count = configs.iter().map(|info| info.value.errors.len()).sum();
        let clients = overrides::keys(self, &config);
        let converters = converters::own_keys(self, &config);
        add_groups(&mut groups, converters::groups(&converters));
        for info in clients.into_iter().chain(converters) {
            error_count += usize::from(!info.value.errors.is_empty());
            configs.push(info);
        }
        // Keys without a definition stand first, as in Kafka.
        configs.sort_by_key(|info| info.definition.is_some());
        Ok(ConfigInfos {
            name: class.to_owned(),
            error_count,
            groups,
            configs,
        })
    }

    /// What no definition finds: nulls, and what the connector's constructor says of an otherwise good
    /// configuration.
    fn add_other_errors(
        &self,
        configs: &mut Vec<ConfigInfo>,
        config: &Config,
        plugin: &PluginDescriptor,
        own_def: &ConfigDef,
    ) {
        add_null_errors(configs, config, |key| own_def.key(key).is_none());
        if configs.iter().all(|info| info.value.errors.is_empty()) {
            add_errors(configs, self.constructor_errors(plugin, config));
        }
    }

    /// The keys that every sink has, completed with what hangs on plugins and worker.
    fn framework_keys(&self, config: &Config, plugin: &PluginDescriptor) -> Vec<ConfigInfo> {
        let def = sink_config_def();
        let mut keys = infos(&def, def.validate(config));
        let own = own_config_def();
        let set = infos(&own, own.validate(config)).into_iter();
        keys.extend(set.filter(|info| config.contains(info.name())));
        converters::complete(self, config, &mut keys);
        for info in &mut keys {
            if info.name() == CONNECTOR_VERSION.name() {
                version::complete(info, config, Some(plugin));
            }
        }
        keys
    }

    /// That the connector is not there in the version asked for.
    ///
    /// # Errors
    /// What is asked for is no version.
    fn wrong_version(
        &self,
        config: &Config,
        plugin: &PluginDescriptor,
    ) -> Result<Option<String>, HerderError> {
        let wanted = config.get(CONNECTOR_VERSION.name());
        match wanted.and_then(|wanted| self.plugins.wrong_version(plugin, wanted)) {
            None => Ok(None),
            Some(WrongVersion::Missing(why)) => Ok(Some(why)),
            Some(WrongVersion::Unreadable(why)) => Err(HerderError::BadRequest(why)),
        }
    }

    /// What only making the connector finds out.
    fn constructor_errors(
        &self,
        plugin: &PluginDescriptor,
        config: &Config,
    ) -> Vec<(String, String)> {
        let Plugin::Sink(new) = plugin.plugin else {
            return Vec::new();
        };
        let mut errors = Vec::new();
        let made = guarded(plugin.class, || {
            if let Err(found) = new(&ConfigReader::new(config)) {
                errors = found.0.into_iter().map(|e| (e.key, e.message)).collect();
            }
            Ok(())
        });
        if let Err(panic) = made {
            errors.push((CONNECTOR_CLASS.name().to_owned(), panic.to_string()));
        }
        errors
    }

    /// The keys of a plugin as `GET /connector-plugins/{name}/config` shows them.
    ///
    /// # Errors
    /// No plugin has the name, or not in the version asked for.
    pub fn plugin_keys(
        &self,
        name: &str,
        wanted: Option<&str>,
    ) -> Result<Vec<Definition>, HerderError> {
        let Some(plugin) = self.plugins.find_any(name) else {
            if ProviderClass::find(name).is_some() {
                return Err(HerderError::BadRequest(format!(
                    "Invalid plugin class {name}. Valid types are sink, source, converter, header_converter, transformation, predicate."
                )));
            }
            return Err(match name.starts_with("java.") {
                true => HerderError::Internal("Instantiation error".to_owned()),
                false => HerderError::NotFound(format!("Unknown plugin {name}.")),
            });
        };
        if let Some(why) = wanted.and_then(|wanted| self.plugins.wrong_version(plugin, wanted)) {
            return Err(HerderError::BadRequest(why.message().to_owned()));
        }
        let mut keys: Vec<Definition> =
            (plugin.config_def)().keys().map(Definition::from).collect();
        if Kind::of(plugin) == Kind::Sink {
            for key in sink_config_def().keys() {
                if keys.iter().any(|known| known.name == key.name) {
                    continue;
                }
                let mut definition = Definition::from(key);
                if key.name == CONNECTOR_VERSION.name() {
                    definition.default_value = Some(plugin.version.to_owned());
                }
                keys.push(definition);
            }
        }
        Ok(keys)
    }
}

/// The errors as Kafka's text for a refused request, if there are any.
pub fn refusal(infos: &ConfigInfos) -> Option<String> {
    let errors: Vec<&str> = infos
        .configs
        .iter()
        .flat_map(|c| &c.value.errors)
        .map(String::as_str)
        .collect();
    if errors.is_empty() {
        return None;
    }
    Some(format!(
        "Connector configuration is invalid and contains the following {} error(s):\n{}\nYou can also find the above list of errors at the endpoint `/connector-plugins/{{connectorType}}/config/validate`",
        infos.error_count,
        errors.join("\n")
    ))
}

/// Shows references instead of what they stand for, in values and errors alike. Kafka shows what they stand for,
/// passwords of keys that are no PASSWORD included.
pub fn conceal(
    validated: Result<ConfigInfos, HerderError>,
    written: &RawConfig,
    secrets: &Secrets,
) -> Result<ConfigInfos, HerderError> {
    let mut infos = validated.map_err(|error| match error {
        HerderError::UnknownConnectorClass(why) => {
            HerderError::UnknownConnectorClass(secrets.hide(&why))
        }
        other => other,
    })?;
    infos.name = secrets.hide(&infos.name);
    for info in &mut infos.configs {
        let reference = written.get(&info.value.name).and_then(Option::as_deref);
        if let (Some(value), Some(reference)) = (&mut info.value.value, reference)
            && has_reference(reference)
        {
            reference.clone_into(value);
        }
        for error in &mut info.value.errors {
            *error = secrets.hide(error);
        }
    }
    Ok(infos)
}

/// Values may be secrets, so only the keys are named.
fn no_class(raw: &RawConfig) -> HerderError {
    let keys: Vec<&str> = raw.keys().map(String::as_str).collect();
    HerderError::BadRequest(format!(
        "Connector config {{{}}} contains no connector type",
        keys.join(", ")
    ))
}

/// A connector's own key takes the place of one that every sink has.
fn replace_or_add(configs: &mut Vec<ConfigInfo>, own: Vec<ConfigInfo>) {
    for info in own {
        match configs.iter_mut().find(|known| known.name() == info.name()) {
            Some(known) => *known = info,
            None => configs.push(info),
        }
    }
}

fn add_null_errors(configs: &mut Vec<ConfigInfo>, config: &Config, counts: impl Fn(&str) -> bool) {
    let nulls = config.nulls().filter(|key| counts(key));
    add_errors(
        configs,
        nulls.map(|key| (key.to_owned(), NULL_VALUE.to_owned())),
    );
}

fn add_errors(configs: &mut Vec<ConfigInfo>, errors: impl IntoIterator<Item = (String, String)>) {
    for (key, error) in errors {
        match configs.iter_mut().find(|info| info.name() == key) {
            Some(info) => info.value.errors.push(error),
            None => configs.push(ConfigInfo::undefined(&key, error)),
        }
    }
}
