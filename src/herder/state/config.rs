//! Configurations: records of the log, and the fold over them.

use std::collections::BTreeMap;

use connect_api::config::Config;

use crate::config::TargetState;
use crate::herder::command::RestartScope;

/// A change of the configuration, in the order of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigRecord {
    /// `connector-<name>`; none removes the connector.
    Connector {
        name: String,
        config: Option<Config>,
    },
    /// `target-state-<name>`; none forgets it.
    Target {
        name: String,
        state: Option<TargetState>,
    },
    /// `task-<name>-<n>`; counts from the next commit on.
    Task {
        name: String,
        task: u32,
        config: Config,
    },
    /// `commit-<name>`: the connector has so many tasks, whose configurations stand before.
    Commit { name: String, tasks: u32 },
    /// `restart-connector-<name>`: whoever runs a part of it restarts that.
    Restart { name: String, scope: RestartScope },
}

impl ConfigRecord {
    /// The connector it is about.
    pub fn name(&self) -> &str {
        match self {
            ConfigRecord::Connector { name, .. }
            | ConfigRecord::Target { name, .. }
            | ConfigRecord::Task { name, .. }
            | ConfigRecord::Commit { name, .. }
            | ConfigRecord::Restart { name, .. } => name,
        }
    }
}

/// The fold over the log.
#[derive(Debug, Default)]
pub struct ConfigState {
    connectors: BTreeMap<String, ConfiguredConnector>,
    /// Those of connectors that are not there yet too: the target state of a new one is written before it.
    targets: BTreeMap<String, TargetState>,
    /// Task configurations that wait for their commit.
    staged: BTreeMap<String, BTreeMap<u32, Config>>,
    /// Records read so far.
    position: u64,
}

/// What is configured under a name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfiguredConnector {
    pub config: Config,
    pub target: TargetState,
    /// By task number. None of them after a commit that lacked some.
    pub tasks: Vec<Config>,
    /// The configuration that the tasks were made of.
    pub applied: Option<Config>,
    /// Which commit the tasks are of; differs for every commit of the log.
    pub commit: u64,
}

impl ConfigState {
    /// Records about a connector that does not exist change nothing but its target state.
    pub fn apply(&mut self, record: &ConfigRecord) {
        self.position += 1;
        match record {
            ConfigRecord::Connector { name, config: None } => {
                self.connectors.remove(name);
                self.staged.remove(name);
            }
            ConfigRecord::Connector {
                name,
                config: Some(config),
            } => {
                let connector = self.connectors.entry(name.clone()).or_default();
                connector.config.clone_from(config);
                connector.target = self.targets.get(name).copied().unwrap_or_default();
            }
            ConfigRecord::Target { name, state } => {
                match state {
                    Some(state) => self.targets.insert(name.clone(), *state),
                    None => self.targets.remove(name),
                };
                if let Some(connector) = self.connectors.get_mut(name) {
                    connector.target = state.unwrap_or_default();
                }
            }
            ConfigRecord::Task { name, task, config } => {
                let staged = self.staged.entry(name.clone()).or_default();
                staged.insert(*task, config.clone());
            }
            ConfigRecord::Commit { name, tasks } => self.commit(name, *tasks),
            ConfigRecord::Restart { .. } => {}
        }
    }

    fn commit(&mut self, name: &str, count: u32) {
        let mut staged = self.staged.remove(name).unwrap_or_default();
        let Some(connector) = self.connectors.get_mut(name) else {
            return;
        };
        let tasks: Option<Vec<Config>> = (0..count).map(|task| staged.remove(&task)).collect();
        connector.tasks = tasks.unwrap_or_default();
        connector.applied = Some(connector.config.clone());
        connector.commit = self.position;
    }

    pub fn get(&self, name: &str) -> Option<&ConfiguredConnector> {
        self.connectors.get(name)
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.connectors.keys().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connector(config: Option<Config>) -> ConfigRecord {
        let name = "a".to_owned();
        ConfigRecord::Connector { name, config }
    }

    fn target(state: Option<TargetState>) -> ConfigRecord {
        let name = "a".to_owned();
        ConfigRecord::Target { name, state }
    }

    fn task(task: u32, value: &str) -> ConfigRecord {
        ConfigRecord::Task {
            name: "a".to_owned(),
            task,
            config: Config::from([("k", value)]),
        }
    }

    fn commit(tasks: u32) -> ConfigRecord {
        let name = "a".to_owned();
        ConfigRecord::Commit { name, tasks }
    }

    fn fold(records: &[ConfigRecord]) -> ConfigState {
        let mut state = ConfigState::default();
        records.iter().for_each(|record| state.apply(record));
        state
    }

    fn configured(records: &[ConfigRecord]) -> ConfiguredConnector {
        fold(records).get("a").cloned().expect("a connector")
    }

    #[test]
    fn a_target_state_may_stand_before_its_connector_and_goes_with_it() {
        let paused = target(Some(TargetState::Paused));
        let one = || connector(Some(Config::from([("k", "1")])));
        assert!(fold(std::slice::from_ref(&paused)).get("a").is_none());
        let created = [paused, one()];
        assert_eq!(configured(&created).target, TargetState::Paused);
        let changed = [&created[..], &[connector(Some(Config::new()))]].concat();
        assert_eq!(configured(&changed).target, TargetState::Paused);
        let deleted = [&changed[..], &[connector(None), target(None)]].concat();
        assert!(fold(&deleted).get("a").is_none());
        let again = [&deleted[..], &[one()]].concat();
        assert_eq!(configured(&again).target, TargetState::Started);
        assert_eq!(fold(&again).names().collect::<Vec<_>>(), ["a"]);
    }

    #[test]
    fn tasks_count_from_their_commit_on() {
        let first = Config::from([("k", "1")]);
        let begin = [connector(Some(first.clone())), task(0, "x"), task(1, "y")];
        let staged = configured(&begin);
        assert_eq!((staged.tasks.len(), &staged.applied), (0, &None));
        let committed = [&begin[..], &[commit(2)]].concat();
        let found = configured(&committed);
        let values: Vec<_> = found.tasks.iter().map(|task| task.get("k")).collect();
        assert_eq!(values, [Some("x"), Some("y")]);
        assert_eq!(found.applied, Some(first.clone()));

        // A changed configuration changes neither tasks nor what they were made of.
        let changed = [&committed[..], &[connector(Some(Config::new()))]].concat();
        let kept = configured(&changed);
        assert_eq!((kept.tasks.len(), &kept.applied), (2, &Some(first)));
        assert_eq!(kept.commit, found.commit);

        // What was staged before is gone with a commit; one that lacks some leaves no task.
        let lacking = [&changed[..], &[task(1, "z"), commit(2)]].concat();
        let left = configured(&lacking);
        assert_eq!((left.tasks.len(), left.commit > kept.commit), (0, true));
        let recreated = [
            &committed[..],
            &[connector(None), commit(2), connector(Some(Config::new()))],
        ]
        .concat();
        assert_eq!(configured(&recreated).tasks.len(), 0);
    }
}
