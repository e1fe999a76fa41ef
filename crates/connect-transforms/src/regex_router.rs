//! `RegexRouter`: another topic name, by a regular expression.

use std::sync::Arc;

use connect_api::config::{
    Check, ConfigDef, ConfigErrors, ConfigReader, Importance, Key, Parsed, invalid_value,
};
use connect_api::error::exception;
use connect_api::plugin::PluginDescriptor;
use connect_api::transform::Transformation;
use connect_api::{ConnectError, SinkRecord};
use java_compat::regex::{Failure, JavaRegex, Replacement};

use crate::descriptor::transformation;
use crate::topic_memo::TopicMemo;

pub const PLUGIN: PluginDescriptor = transformation(
    "org.apache.kafka.connect.transforms.RegexRouter",
    config_def,
    |config| Ok(Box::new(RegexRouter::new(config)?)),
);

const REGEX: Key<String> = Key::required(
    "regex",
    Importance::High,
    "Java regular expression that must match the whole topic name.",
)
.check(Check::Custom(check_regex));
const REPLACEMENT: Key<String> = Key::required(
    "replacement",
    Importance::High,
    "What the first match becomes; `$1` and `${name}` are groups, a backslash makes the next character literal.",
);

pub fn config_def() -> ConfigDef {
    ConfigDef::new().define(&REGEX).define(&REPLACEMENT)
}

/// The check of a key that holds a regular expression (`RegexValidator`).
pub(crate) fn check_regex(key: &str, value: Option<&Parsed>) -> Vec<String> {
    let (text, why) = match value {
        Some(Parsed::Text(text)) => match JavaRegex::new(text) {
            Ok(_) => return Vec::new(),
            Err(why) => (text.as_str(), why.to_string()),
        },
        // Java's compiler fails over its own field.
        _ => (
            "null",
            "Cannot invoke \"String.isEmpty()\" because \"this.pattern\" is null".to_owned(),
        ),
    };
    vec![invalid_value(key, text, &format!("Invalid regex: {why}"))]
}

/// `org.apache.kafka.connect.transforms.RegexRouter`
struct RegexRouter {
    regex: JavaRegex,
    replacement: Replacement,
    routes: TopicMemo<Arc<str>>,
}

impl RegexRouter {
    fn new(config: &ConfigReader<'_>) -> Result<Self, ConfigErrors> {
        // What is wrong with it, its check has said.
        let regex = JavaRegex::new(&config.get(&REGEX)).unwrap_or_default();
        let replacement = Replacement::new(&config.get(&REPLACEMENT), &regex);
        config.finish(Self {
            regex,
            replacement,
            routes: TopicMemo::new(),
        })
    }
}

impl Transformation for RegexRouter {
    fn apply(&mut self, mut record: SinkRecord) -> Result<Option<SinkRecord>, ConnectError> {
        let (regex, replacement) = (&self.regex, &self.replacement);
        record.topic = self
            .routes
            .get_or_try(&record.topic, |name| match regex.matches(name)? {
                true => regex.replace_first(name, replacement).map(Arc::from),
                false => Ok(name.clone()),
            })
            .map_err(|failure| error(&failure))?;
        Ok(Some(record))
    }
}

pub(crate) fn error(failure: &Failure) -> ConnectError {
    let class = match failure {
        Failure::NoSuchGroup(_) => exception::INDEX_OUT_OF_BOUNDS,
        Failure::BadReplacement(_) => exception::ILLEGAL_ARGUMENT,
        Failure::TooMuchWork => exception::CONNECT,
    };
    ConnectError::record(class, failure.to_string())
}
