//! [`Loggers`]: the loggers there are, what each says now, and how that changes while the worker runs.
//!
//! Each of our loggers and each of Java's names for them is one, and so is every name that somebody gave a level. A
//! level is set for a name and all below it, as log4j has it. What means the same changes together: a level of
//! `org.apache.kafka.connect.runtime.rest` is one of `turnbuckle::rest`, and the other way round.
//!
//! It is not where lines are written; it says which of them are.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tracing_subscriber::filter::Targets;
use tracing_subscriber::{Registry, reload};

use super::format::CONTEXT;
use super::level::Level;
use super::levels::Levels;
use super::names::{LOGGERS, Meaning, is_at_or_below, is_ours, meaning};

/// What the root is called; asked for in any case.
pub const ROOT: &str = "root";

/// Names without counterpart that may get a level; each is kept as long as the worker runs.
const MOST: usize = 1000;

/// The loggers of this process. Clones are the same loggers.
#[derive(Clone)]
pub struct Loggers {
    state: Arc<Mutex<State>>,
    log: Option<reload::Handle<Targets, Registry>>,
}

/// What a logger says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoggerLevel {
    pub level: Level,
    /// When it was changed, in milliseconds since the epoch.
    pub last_modified: Option<i64>,
}

/// Why a level was not set.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotSet {
    #[error("There are {MOST} loggers without a counterpart in this worker already")]
    TooMany,
    #[error("The log has ended")]
    Ended,
}

struct State {
    root: LoggerLevel,
    loggers: BTreeMap<String, LoggerLevel>,
}

impl Loggers {
    /// Those of a process that logs through `log`; none changes nothing but what is told.
    pub(super) fn new(levels: &Levels, log: Option<reload::Handle<Targets, Registry>>) -> Self {
        Self {
            state: Arc::new(Mutex::new(State::new(levels))),
            log,
        }
    }

    /// Loggers without a log: for a process that has one of its own, whose levels are fixed.
    pub fn detached() -> Self {
        Self::new(&Levels::default(), None)
    }

    /// What a logger says; none if there is no such logger.
    pub fn level(&self, name: &str) -> Option<LoggerLevel> {
        let state = self.state();
        match is_root(name) {
            true => Some(state.root),
            false => state.loggers.get(name).copied(),
        }
    }

    /// Every logger that says anything, and the root, by name.
    pub fn all(&self) -> BTreeMap<String, LoggerLevel> {
        let state = self.state();
        let mut all = state.loggers.clone();
        all.insert(ROOT.to_owned(), state.root);
        all.retain(|_, logger| logger.level != Level::Off);
        all
    }

    /// Sets the level of a logger and of all below it; which ones had another, by name.
    ///
    /// # Errors
    /// Nothing was changed.
    pub fn set(&self, name: &str, level: Level, now: i64) -> Result<Vec<String>, NotSet> {
        let mut state = self.state();
        if state.is_full() && state.is_strange(name) {
            return Err(NotSet::TooMany);
        }
        let changed = state.set(name, level, Some(now));
        if let Some(log) = &self.log {
            log.reload(state.targets()).map_err(|_| NotSet::Ended)?;
        }
        Ok(changed)
    }

    /// Whether a level of this logger has an effect here.
    pub fn has_effect(name: &str) -> bool {
        is_root(name) || matches!(meaning(name), Meaning::Targets(_))
    }

    /// What is kept is whole after every step, so that of a thread that panicked counts.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn new(levels: &Levels) -> Self {
        let root = LoggerLevel {
            level: levels.root,
            last_modified: None,
        };
        let names = LOGGERS
            .iter()
            .flat_map(|logger| logger.java.iter().chain([&logger.name]));
        let mut state = Self {
            root,
            loggers: names.map(|name| ((*name).to_owned(), root)).collect(),
        };
        let mut given: Vec<_> = levels.loggers.iter().collect();
        // What is said of a part counts over what is said of the whole, and our names say more exactly what they mean.
        given.sort_by_key(|(name, _)| (is_ours(name), name.len()));
        for (name, level) in given {
            state.set(name, *level, None);
        }
        state
    }

    fn set(&mut self, name: &str, level: Level, now: Option<i64>) -> Vec<String> {
        let mut changed = Vec::new();
        let new = LoggerLevel {
            level,
            last_modified: now,
        };
        if is_root(name) && self.root.level != level {
            self.root = new;
            changed.push(ROOT.to_owned());
        }
        for name in self.concerned(name) {
            let before = self.loggers.get(&name).map(|logger| logger.level);
            if before != Some(level) {
                self.loggers.insert(name.clone(), new);
                changed.push(name);
            }
        }
        changed.sort();
        changed
    }

    /// The loggers that a level of this name is one of.
    fn concerned(&self, name: &str) -> BTreeSet<String> {
        if is_root(name) {
            return self.loggers.keys().cloned().collect();
        }
        let mut named = self.at_or_below(name);
        named.insert(name.to_owned());
        let mut concerned = named.clone();
        for (at, logger) in LOGGERS.iter().enumerate() {
            if logger.java.iter().any(|java| named.contains(*java)) {
                concerned.extend(self.at_or_below(logger.name));
            }
            if named.contains(logger.name) {
                // A name that several share tells what the first of them says.
                let shared = |java: &&&str| LOGGERS[..at].iter().any(|l| l.java.contains(java));
                let own = logger.java.iter().filter(|java| !shared(java));
                concerned.extend(own.map(|java| (*java).to_owned()));
            }
        }
        concerned
    }

    fn at_or_below(&self, name: &str) -> BTreeSet<String> {
        let below =
            |known: &&String| is_at_or_below(known, name, ".") || is_at_or_below(known, name, "::");
        self.loggers.keys().filter(below).cloned().collect()
    }

    /// Whether the name is a new one that stands for nothing here.
    fn is_strange(&self, name: &str) -> bool {
        !is_root(name) && !self.loggers.contains_key(name)
    }

    fn is_full(&self) -> bool {
        self.loggers.len() >= MOST
    }

    fn targets(&self) -> Targets {
        let ours = self.loggers.iter().filter(|(name, _)| is_ours(name));
        Targets::new()
            .with_default(self.root.level.filter())
            .with_targets(ours.map(|(name, logger)| (name.clone(), logger.level.filter())))
            // Whose line it is must be known at every level.
            .with_target(CONTEXT, tracing::level_filters::LevelFilter::ERROR)
    }
}

impl Levels {
    /// The same in modules' names.
    pub(super) fn targets(&self) -> Targets {
        State::new(self).targets()
    }
}

fn is_root(name: &str) -> bool {
    name.eq_ignore_ascii_case(ROOT)
}

#[cfg(test)]
mod tests {
    use super::*;

    const REST: &str = "org.apache.kafka.connect.runtime.rest";

    fn level(loggers: &Loggers, name: &str) -> Level {
        loggers.level(name).expect(name).level
    }

    fn says(loggers: &Loggers, target: &str, level: tracing::Level) -> bool {
        loggers.state().targets().would_enable(target, &level)
    }

    #[test]
    fn names_are_changed_with_all_below_them_and_those_unchanged_left_out() {
        let loggers = Loggers::detached();
        let set = |name: &str, level, now| loggers.set(name, level, now).expect("set");
        assert_eq!(loggers.level("net.demo.pipeline"), None);
        assert_eq!(
            set("net.demo.pipeline", Level::Trace, 1),
            ["net.demo.pipeline"]
        );
        assert_eq!(set("net.demo.pipeline", Level::Trace, 2), [""; 0]);
        set("net.demo.pipeline.stage", Level::Error, 3);
        set("net.demonstration", Level::Off, 3);
        assert_eq!(
            set("net.demo", Level::Warn, 4),
            ["net.demo", "net.demo.pipeline", "net.demo.pipeline.stage"]
        );
        let stage = LoggerLevel {
            level: Level::Warn,
            last_modified: Some(4),
        };
        assert_eq!(loggers.level("net.demo.pipeline.stage"), Some(stage));
        assert_eq!(level(&loggers, "net.demonstration"), Level::Off);
        assert!(!loggers.all().contains_key("net.demonstration"));
    }

    #[test]
    fn names_of_one_meaning_change_together() {
        let loggers = Loggers::detached();
        let set = |name: &str, level| loggers.set(name, level, 1).expect("set");
        assert_eq!(set(REST, Level::Debug), [REST, "turnbuckle::rest"]);
        assert!(says(
            &loggers,
            "turnbuckle::rest::path",
            tracing::Level::DEBUG
        ));
        assert!(!says(&loggers, "turnbuckle::cli", tracing::Level::DEBUG));
        assert_eq!(
            set("turnbuckle::rest", Level::Fatal),
            [REST, "turnbuckle::rest"]
        );
        assert_eq!(level(&loggers, REST), Level::Fatal);
        assert!(!says(&loggers, "turnbuckle::rest", tracing::Level::WARN));
        // A part that has a level of its own follows the whole.
        set("data_plane::kafka::consumer", Level::Trace);
        let consumer = "org.apache.kafka.clients.consumer";
        let changed = set("org.apache.kafka.clients", Level::Warn);
        for name in [
            consumer,
            "data_plane::kafka",
            "data_plane::kafka::consumer",
            "librdkafka",
        ] {
            assert!(changed.contains(&name.to_owned()), "{name}: {changed:?}");
        }
        // Named by two, it tells of the first.
        set("librdkafka", Level::Trace);
        assert_eq!(level(&loggers, consumer), Level::Warn);
    }

    #[test]
    fn the_root_is_every_logger() {
        let loggers = Loggers::detached();
        loggers.set("net.demo", Level::Warn, 1).expect("set");
        let changed = loggers.set("ROOT", Level::Warn, 2).expect("set");
        assert!(!changed.contains(&"net.demo".to_owned()));
        for name in [ROOT, REST, "turnbuckle::rest"] {
            assert!(changed.contains(&name.to_owned()), "{name}: {changed:?}");
        }
        assert!(!says(&loggers, "some::library", tracing::Level::INFO));
        assert!(
            loggers
                .all()
                .values()
                .all(|logger| logger.level == Level::Warn)
        );
    }

    #[test]
    fn strange_names_are_kept_up_to_a_number() {
        let loggers = Loggers::detached();
        let mut last = Ok(Vec::new());
        for number in 0..=MOST {
            last = loggers.set(&format!("x{number}"), Level::Info, 1);
        }
        assert_eq!(last, Err(NotSet::TooMany));
        assert!(
            loggers.set("x0", Level::Debug, 1).is_ok(),
            "there is room for what is known"
        );
    }
}
