//! [`Levels`]: how much is said, logger by logger, and the variables that say so.
//!
//! The images' variables count as they do there; `TURNBUCKLE_LOG` is ours, and stands over them.

use std::collections::BTreeMap;

use super::level::Level;
use super::names::{Meaning, meaning};

const ROOT_LEVEL: &str = "CONNECT_LOG4J_ROOT_LOGLEVEL";
const LOGGER_LEVELS: &str = "CONNECT_LOG4J_LOGGERS";
const OTHERS: &str = "CONNECT_LOG4J_";
const OURS: &str = "TURNBUCKLE_LOG";

/// The level of each logger that has one of its own, and of all others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Levels {
    pub root: Level,
    /// By name, Java's or ours.
    pub loggers: BTreeMap<String, Level>,
}

/// What the environment says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    pub levels: Levels,
    /// Variables and loggers without a counterpart here.
    pub inert: Vec<String>,
    /// Values that are left out, and why.
    pub problems: Vec<String>,
}

impl Default for Levels {
    fn default() -> Self {
        Self {
            root: Level::Info,
            loggers: BTreeMap::new(),
        }
    }
}

/// Reads the variables that concern the log; others are left alone.
pub fn read(variables: impl IntoIterator<Item = (String, String)>) -> Settings {
    let mut settings = Settings::default();
    let mut variables: Vec<_> = variables
        .into_iter()
        .filter(|(name, _)| name == OURS || name.starts_with(OTHERS))
        .collect();
    let rank = |name: &str| match name {
        ROOT_LEVEL => 0,
        LOGGER_LEVELS => 1,
        OURS => 2,
        _ => 3,
    };
    variables.sort_by(|(a, _), (b, _)| rank(a).cmp(&rank(b)).then_with(|| a.cmp(b)));
    for (name, value) in variables {
        match name.as_str() {
            ROOT_LEVEL | LOGGER_LEVELS | OURS => settings.take(&name, &value),
            _ => settings.inert.push(name),
        }
    }
    settings
}

impl Settings {
    /// A list of `logger=LEVEL`; a level alone is that of the root.
    fn take(&mut self, variable: &str, list: &str) {
        for part in list.split(',').map(str::trim).filter(|p| !p.is_empty()) {
            let (logger, level) = match part.split_once('=') {
                Some((logger, level)) => (logger.trim(), level.trim()),
                None => ("root", part),
            };
            let Some(level) = Level::parse(level) else {
                self.problems.push(format!(
                    "{variable}: {part} is left out, for {level} is none of OFF FATAL ERROR WARN INFO DEBUG TRACE ALL"
                ));
                continue;
            };
            if logger.eq_ignore_ascii_case("root") {
                self.levels.root = level;
                continue;
            }
            match meaning(logger) {
                Meaning::Targets(_) => {
                    self.levels.loggers.insert(logger.to_owned(), level);
                }
                Meaning::Inert => self.inert.push(logger.to_owned()),
                Meaning::Unknown => self.problems.push(format!(
                    "{variable}: {part} is left out, for there is no logger {logger} here; docs/logging.md lists them"
                )),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::{Levels, Settings, read};
    use crate::logging::format::CONTEXT;

    fn from(variables: &[(&str, &str)]) -> Settings {
        let owned = |(k, v): &(&str, &str)| ((*k).to_owned(), (*v).to_owned());
        read(variables.iter().map(owned))
    }

    fn says(settings: &Settings, target: &str, level: Level) -> bool {
        settings.levels.targets().would_enable(target, &level)
    }

    #[test]
    fn the_images_variables_set_levels() {
        let settings = from(&[
            (
                "CONNECT_LOG4J_LOGGERS",
                "org.apache.kafka.connect.runtime.rest=TRACE, org.apache.kafka.connect=error,org.reflections=ERROR",
            ),
            ("CONNECT_LOG4J_ROOT_LOGLEVEL", "WARN"),
            (
                "CONNECT_LOG4J_APPENDER_STDOUT_LAYOUT_CONVERSIONPATTERN",
                "%m%n",
            ),
            ("CONNECT_BOOTSTRAP_SERVERS", "b:9092"),
        ]);
        assert!(says(&settings, "turnbuckle::rest", Level::TRACE));
        assert!(!says(
            &settings,
            "turnbuckle::herder::standalone",
            Level::WARN
        ));
        assert!(says(&settings, "data_plane::kafka", Level::WARN));
        assert!(!says(&settings, "data_plane::kafka", Level::INFO));
        assert_eq!(
            settings.inert,
            [
                "org.reflections",
                "CONNECT_LOG4J_APPENDER_STDOUT_LAYOUT_CONVERSIONPATTERN"
            ]
        );
        assert_eq!(settings.problems, [""; 0]);
    }

    #[test]
    fn our_variable_stands_over_the_images() {
        let settings = from(&[
            ("TURNBUCKLE_LOG", "debug,librdkafka=OFF"),
            ("CONNECT_LOG4J_ROOT_LOGLEVEL", "FATAL"),
        ]);
        assert!(says(&settings, "turnbuckle::cli", Level::DEBUG));
        assert!(!says(&settings, "librdkafka", Level::ERROR));
    }

    #[test]
    fn whose_line_it_is_is_known_at_every_level() {
        let settings = from(&[("CONNECT_LOG4J_ROOT_LOGLEVEL", "OFF")]);
        assert!(says(&settings, CONTEXT, Level::ERROR));
        assert!(!says(&settings, "turnbuckle::cli", Level::ERROR));
    }

    #[test]
    fn what_is_wrong_is_left_out_and_told() {
        let settings = from(&[(
            "CONNECT_LOG4J_LOGGERS",
            "com.acme=DEBUG,org.apache.kafka.connect=LOUD",
        )]);
        assert_eq!(settings.levels, Levels::default());
        assert_eq!(settings.problems.len(), 2);
        assert!(settings.problems[0].contains("there is no logger com.acme here"));
        assert!(settings.problems[1].contains("LOUD is none of OFF"));
    }
}
