//! What the herder knows: configurations, folded from a log of records, and statuses as they were reported.

use std::collections::BTreeMap;

use connect_api::config::Config;

use crate::config::TargetState;

/// A change of the configuration, in the order of the log.
#[derive(Clone, Debug)]
pub enum ConfigRecord {
    /// None removes the connector.
    Connector {
        name: String,
        config: Option<Config>,
    },
    Target {
        name: String,
        state: TargetState,
    },
    /// All task configurations of a connector at once.
    Tasks {
        name: String,
        configs: Vec<Config>,
    },
}

/// The fold over the log.
#[derive(Debug, Default)]
pub struct ConfigState {
    connectors: BTreeMap<String, ConfiguredConnector>,
}

/// What is configured under a name.
#[derive(Clone, Debug, Default)]
pub struct ConfiguredConnector {
    pub config: Config,
    pub target: TargetState,
    /// By task number.
    pub tasks: Vec<Config>,
}

impl ConfigState {
    /// Records about a connector that does not exist change nothing.
    pub fn apply(&mut self, record: ConfigRecord) {
        match record {
            ConfigRecord::Connector { name, config: None } => {
                self.connectors.remove(&name);
            }
            ConfigRecord::Connector {
                name,
                config: Some(config),
            } => self.connectors.entry(name).or_default().config = config,
            ConfigRecord::Target { name, state } => {
                if let Some(connector) = self.connectors.get_mut(&name) {
                    connector.target = state;
                }
            }
            ConfigRecord::Tasks { name, configs } => {
                if let Some(connector) = self.connectors.get_mut(&name) {
                    connector.tasks = configs;
                }
            }
        }
    }

    pub fn get(&self, name: &str) -> Option<&ConfiguredConnector> {
        self.connectors.get(name)
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.connectors.keys().map(String::as_str)
    }
}

/// The states that REST shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Unassigned,
    Running,
    Paused,
    Failed,
    Restarting,
    Stopped,
}

impl State {
    pub const fn name(self) -> &'static str {
        match self {
            State::Unassigned => "UNASSIGNED",
            State::Running => "RUNNING",
            State::Paused => "PAUSED",
            State::Failed => "FAILED",
            State::Restarting => "RESTARTING",
            State::Stopped => "STOPPED",
        }
    }
}

/// The last word on a connector or task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    pub state: State,
    pub worker_id: String,
    /// Of the plugin, if it was found.
    pub version: Option<&'static str>,
    pub trace: Option<String>,
}

/// Statuses of one connector and its tasks.
#[derive(Clone, Debug, Default)]
pub struct Statuses {
    pub connector: Option<Status>,
    pub tasks: BTreeMap<u32, Status>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connector(name: &str, config: Option<Config>) -> ConfigRecord {
        ConfigRecord::Connector {
            name: name.to_owned(),
            config,
        }
    }

    #[test]
    fn records_fold_into_the_latest_state() {
        let mut state = ConfigState::default();
        let name = "a".to_owned();
        state.apply(ConfigRecord::Target {
            name: name.clone(),
            state: TargetState::Paused,
        });
        assert!(state.get("a").is_none());

        state.apply(connector("a", Some(Config::from([("k", "1")]))));
        state.apply(ConfigRecord::Target {
            name: name.clone(),
            state: TargetState::Stopped,
        });
        state.apply(ConfigRecord::Tasks {
            name: name.clone(),
            configs: vec![Config::new(); 2],
        });
        state.apply(connector("a", Some(Config::from([("k", "2")]))));
        let found = state.get("a").cloned().unwrap_or_default();
        // A changed configuration changes neither target state nor tasks.
        assert_eq!(found.config.get("k"), Some("2"));
        assert_eq!((found.target, found.tasks.len()), (TargetState::Stopped, 2));

        state.apply(connector("a", None));
        state.apply(connector("a", Some(Config::new())));
        assert_eq!(state.get("a").map(|c| c.target), Some(TargetState::Started));
        assert_eq!(state.names().collect::<Vec<_>>(), ["a"]);
    }
}
