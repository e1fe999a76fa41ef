//! `TopicNameMatches`: the whole topic name matches a regular expression.

use connect_api::config::{Check, ConfigDef, ConfigErrors, ConfigReader, Importance, Key, Parsed};
use connect_api::plugin::PluginDescriptor;
use connect_api::transform::Predicate;
use connect_api::{ConnectError, SinkRecord};
use java_compat::regex::JavaRegex;

use crate::descriptor::predicate;
use crate::regex_router::{check_regex, error};
use crate::topic_memo::TopicMemo;

pub const PLUGIN: PluginDescriptor = predicate(
    "org.apache.kafka.connect.transforms.predicates.TopicNameMatches",
    config_def,
    |config| Ok(Box::new(TopicNameMatches::new(config)?)),
);

const PATTERN: Key<String> = Key::required(
    "pattern",
    Importance::Medium,
    "Java regular expression that must match the whole topic name, as earlier transformations made it.",
)
.check(Check::Custom(check_pattern));

pub fn config_def() -> ConfigDef {
    ConfigDef::new().define(&PATTERN)
}

fn check_pattern(key: &str, value: Option<&Parsed>) -> Vec<String> {
    let empty = Check::NonEmpty.errors(key, value);
    match empty.is_empty() {
        true => check_regex(key, value),
        false => empty,
    }
}

/// `org.apache.kafka.connect.transforms.predicates.TopicNameMatches`
struct TopicNameMatches {
    regex: JavaRegex,
    matches: TopicMemo<bool>,
}

impl TopicNameMatches {
    fn new(config: &ConfigReader<'_>) -> Result<Self, ConfigErrors> {
        // What is wrong with it, its check has said.
        let regex = JavaRegex::new(&config.get(&PATTERN)).unwrap_or_default();
        config.finish(Self {
            regex,
            matches: TopicMemo::new(),
        })
    }
}

impl Predicate for TopicNameMatches {
    fn test(&mut self, record: &SinkRecord) -> Result<bool, ConnectError> {
        let regex = &self.regex;
        self.matches
            .get_or_try(&record.topic, |name| regex.matches(name))
            .map_err(|failure| error(&failure))
    }
}
