//! Statuses: records of the log, and the fold over them.

use std::collections::BTreeMap;

/// A word on a connector, a task, or a topic that one of its tasks uses; none removes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatusRecord {
    /// `status-connector-<name>`
    Connector {
        name: String,
        status: Option<Status>,
    },
    /// `status-task-<name>-<n>`
    Task {
        name: String,
        task: u32,
        status: Option<Status>,
    },
    /// `status-topic-<topic>:connector-<name>`
    Topic {
        name: String,
        topic: String,
        used: Option<TopicUse>,
    },
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
    pub trace: Option<String>,
    pub worker_id: String,
    /// Of the group, when this was written.
    pub generation: i32,
    /// Of the plugin, if it was found.
    pub version: Option<String>,
}

/// Since when a connector has used a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TopicUse {
    /// The first to report it.
    pub task: u32,
    /// Milliseconds since the epoch.
    pub discovered: i64,
}

/// Statuses of one connector, its tasks and the topics it uses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statuses {
    pub connector: Option<Status>,
    pub tasks: BTreeMap<u32, Status>,
    pub topics: BTreeMap<String, TopicUse>,
}

/// The fold over the log.
#[derive(Debug, Default)]
pub struct StatusState {
    connectors: BTreeMap<String, Statuses>,
}

impl StatusState {
    pub fn apply(&mut self, record: StatusRecord) {
        let name = match &record {
            StatusRecord::Connector { name, .. }
            | StatusRecord::Task { name, .. }
            | StatusRecord::Topic { name, .. } => name.clone(),
        };
        let statuses = self.connectors.entry(name.clone()).or_default();
        match record {
            StatusRecord::Connector { status, .. } => {
                // Without the connector nobody is left to speak of its tasks.
                if status.is_none() {
                    statuses.tasks.clear();
                }
                statuses.connector = status;
            }
            StatusRecord::Task { task, status, .. } => put(&mut statuses.tasks, task, status),
            StatusRecord::Topic { topic, used, .. } => put(&mut statuses.topics, topic, used),
        }
        if *statuses == Statuses::default() {
            self.connectors.remove(&name);
        }
    }

    pub fn get(&self, name: &str) -> Option<&Statuses> {
        self.connectors.get(name)
    }
}

fn put<K: Ord, V>(map: &mut BTreeMap<K, V>, key: K, value: Option<V>) {
    match value {
        Some(value) => drop(map.insert(key, value)),
        None => drop(map.remove(&key)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(state: State) -> Option<Status> {
        Some(Status {
            state,
            trace: None,
            worker_id: "w".to_owned(),
            generation: 0,
            version: None,
        })
    }

    #[test]
    fn the_last_word_counts_and_a_removed_connector_takes_its_tasks_along() {
        let mut state = StatusState::default();
        let name = || "a".to_owned();
        let connector = |status| StatusRecord::Connector {
            name: name(),
            status,
        };
        let task = |task, status| StatusRecord::Task {
            name: name(),
            task,
            status,
        };
        let topic = |used| StatusRecord::Topic {
            name: name(),
            topic: "t".to_owned(),
            used,
        };
        let used = TopicUse {
            task: 1,
            discovered: 5,
        };
        state.apply(connector(status(State::Running)));
        state.apply(task(0, status(State::Running)));
        state.apply(task(0, status(State::Failed)));
        state.apply(task(1, status(State::Running)));
        state.apply(task(1, None));
        state.apply(topic(Some(used)));
        let found = state.get("a").expect("statuses");
        assert_eq!(found.tasks.keys().collect::<Vec<_>>(), [&0]);
        assert_eq!(found.tasks[&0].state, State::Failed);
        assert_eq!(found.topics["t"], used);

        state.apply(connector(None));
        assert!(state.get("a").is_some_and(|a| a.tasks.is_empty()));
        state.apply(topic(None));
        assert_eq!(state.get("a"), None);
    }
}
