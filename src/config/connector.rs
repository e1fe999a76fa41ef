//! What every sink connector's configuration may say besides the connector's own keys (`SinkConnectorConfig`).

use std::time::Duration;

use connect_api::config::{
    Check, ClassName, Config, ConfigDef, ConfigErrors, ConfigReader, Importance, Key, Parsed,
    Width, invalid_value,
};

use super::topics::{self, Topics};
use super::worker::TARGET_WAIT_MAX_MS;

const COMMON: &str = "Common";
const TRANSFORMS_GROUP: &str = "Transforms";
const PREDICATES_GROUP: &str = "Predicates";
const ERRORS: &str = "Error Handling";

pub const NAME: Key<String> = Key::required(
    "name",
    Importance::High,
    "Name of the connector, unique among all connectors.",
)
.check(Check::NonEmptyWithoutControls)
.shown(COMMON, 1, Width::Medium, "Connector name");

pub const CONNECTOR_CLASS: Key<String> = Key::required(
    "connector.class",
    Importance::High,
    "Class of the connector: its full name, its simple name, or the simple name without \"Connector\".",
)
.shown(COMMON, 2, Width::Long, "Connector class");

pub const CONNECTOR_VERSION: Key<Option<String>> = Key::optional(
    "connector.plugin.version",
    Importance::Medium,
    "Version of the connector.",
)
.shown(COMMON, 3, Width::Medium, "Connector version");

pub const TASKS_MAX: Key<i32> = Key::new(
    "tasks.max",
    "1",
    Importance::High,
    "Upper bound of the number of tasks.",
)
.at_least(1)
.shown(COMMON, 4, Width::Short, "Tasks max");

pub const TASKS_MAX_ENFORCE: Key<bool> = Key::new(
    "tasks.max.enforce",
    "true",
    Importance::Low,
    "Whether a connector that makes more tasks than tasks.max fails; otherwise that is only warned about.",
)
.shown(COMMON, 5, Width::Short, "Enforce tasks max");

pub const KEY_CONVERTER: Key<Option<ClassName>> = Key::optional(
    "key.converter",
    Importance::Low,
    "Class that converts record keys; the worker's if not set. Its own keys stand behind this prefix.",
)
.shown(COMMON, 6, Width::Short, "Key converter class");

pub const KEY_CONVERTER_VERSION: Key<Option<String>> = Key::optional(
    "key.converter.plugin.version",
    Importance::Low,
    "Version of the key converter.",
)
.shown(COMMON, 7, Width::Short, "Key converter version");

pub const VALUE_CONVERTER: Key<Option<ClassName>> = Key::optional(
    "value.converter",
    Importance::Low,
    "Class that converts record values; the worker's if not set. Its own keys stand behind this prefix.",
)
.shown(COMMON, 8, Width::Short, "Value converter class");

pub const VALUE_CONVERTER_VERSION: Key<Option<String>> = Key::optional(
    "value.converter.plugin.version",
    Importance::Low,
    "Version of the value converter.",
)
.shown(COMMON, 9, Width::Short, "Value converter version");

pub const HEADER_CONVERTER: Key<Option<ClassName>> = Key::optional(
    "header.converter",
    Importance::Low,
    "Class that converts header values; the worker's if not set. Its own keys stand behind this prefix.",
)
.shown(COMMON, 10, Width::Short, "Header converter class");

pub const HEADER_CONVERTER_VERSION: Key<Option<String>> = Key::optional(
    "header.converter.plugin.version",
    Importance::Low,
    "Version of the header converter.",
)
.shown(COMMON, 11, Width::Short, "Header converter version");

pub const TRANSFORMS: Key<Vec<String>> = Key::new(
    "transforms",
    "",
    Importance::Low,
    "Aliases of the transformations that each record passes, in this order.",
)
.check(Check::Custom(unique_aliases))
.shown(TRANSFORMS_GROUP, 12, Width::Long, "Transforms");

pub const PREDICATES: Key<Vec<String>> = Key::new(
    "predicates",
    "",
    Importance::Low,
    "Aliases of the predicates that transformations may name.",
)
.check(Check::Custom(unique_aliases))
.shown(PREDICATES_GROUP, 13, Width::Long, "Predicates");

pub const CONFIG_RELOAD_ACTION: Key<String> = Key::new(
    "config.action.reload",
    "restart",
    Importance::Low,
    "What happens when a value that a configuration provider gave expires: nothing, or a restart of the connector.",
)
.one_of(&["none", "restart"])
.shown(COMMON, 14, Width::Medium, "Reload Action");

/// Whether a connector is restarted when a value that a provider gave has expired.
pub fn reloads(connector: &Config) -> bool {
    connector
        .get(CONFIG_RELOAD_ACTION.name())
        .is_none_or(|action| action.trim() != "none")
}

pub const ERRORS_RETRY_TIMEOUT: Key<i64> = Key::new(
    "errors.retry.timeout",
    "0",
    Importance::Medium,
    "How many milliseconds a conversion or transformation that failed for a passing reason is tried again; 0 never, -1 for ever.",
)
.shown(ERRORS, 1, Width::Medium, "Retry Timeout for Errors");

pub const ERRORS_RETRY_MAX_DELAY: Key<i64> = Key::new(
    "errors.retry.delay.max.ms",
    "60000",
    Importance::Medium,
    "Longest pause between two such attempts, in milliseconds.",
)
.shown(
    ERRORS,
    2,
    Width::Medium,
    "Maximum Delay Between Retries for Errors",
);

pub const ERRORS_TOLERANCE: Key<String> = Key::new(
    "errors.tolerance",
    "none",
    Importance::Medium,
    "What a bad record does: 'none' fails the task, 'all' skips the record.",
)
.one_of(&["none", "all"])
.shown(ERRORS, 3, Width::Short, "Error Tolerance");

pub const ERRORS_LOG_ENABLE: Key<bool> = Key::new(
    "errors.log.enable",
    "false",
    Importance::Medium,
    "Whether each bad record is logged, with what failed on it.",
)
.shown(ERRORS, 4, Width::Short, "Log Errors");

pub const ERRORS_LOG_MESSAGES: Key<bool> = Key::new(
    "errors.log.include.messages",
    "false",
    Importance::Medium,
    "Whether that log line also names topic, partition, offset and timestamp of the record.",
)
.shown(ERRORS, 5, Width::Short, "Log Error Details");

pub const TOPICS: Key<Vec<String>> = Key::new(
    "topics",
    "",
    Importance::High,
    "Topics to read, separated by commas.",
)
.check(Check::DistinctList { may_be_empty: true })
.shown(COMMON, 4, Width::Long, "Topics");

pub const TOPICS_REGEX: Key<String> = Key::new(
    "topics.regex",
    "",
    Importance::High,
    "Regular expression that must match the whole name of a topic to read. Either this or topics.",
)
.check(Check::Custom(topics::check_pattern))
.shown(COMMON, 4, Width::Long, "Topics regex");

pub const DLQ_TOPIC_NAME: Key<String> = Key::new(
    "errors.deadletterqueue.topic.name",
    "",
    Importance::Medium,
    "Topic that receives bad records; none if empty.",
)
.shown(ERRORS, 6, Width::Medium, "Dead Letter Queue Topic Name");

pub const DLQ_REPLICATION_FACTOR: Key<i16> = Key::new(
    "errors.deadletterqueue.topic.replication.factor",
    "3",
    Importance::Medium,
    "Replication factor of the dead letter topic if it has to be created. A single broker needs 1.",
)
.shown(
    ERRORS,
    7,
    Width::Medium,
    "Dead Letter Queue Topic Replication Factor",
);

pub const DLQ_CONTEXT_HEADERS: Key<bool> = Key::new(
    "errors.deadletterqueue.context.headers.enable",
    "false",
    Importance::Medium,
    "Whether bad records carry headers (__connect.errors.…) that tell where they came from and what failed.",
)
.shown(ERRORS, 8, Width::Medium, "Enable Error Context Headers");

/// `SinkConnectorConfig.configDef()`, in Kafka's order.
pub fn sink_config_def() -> ConfigDef {
    ConfigDef::new()
        .define(&NAME)
        .define(&CONNECTOR_CLASS)
        .define(&CONNECTOR_VERSION)
        .define(&TASKS_MAX)
        .define(&TASKS_MAX_ENFORCE)
        .define(&KEY_CONVERTER)
        .define(&KEY_CONVERTER_VERSION)
        .define(&VALUE_CONVERTER)
        .define(&VALUE_CONVERTER_VERSION)
        .define(&HEADER_CONVERTER)
        .define(&HEADER_CONVERTER_VERSION)
        .define(&TRANSFORMS)
        .define(&PREDICATES)
        .define(&CONFIG_RELOAD_ACTION)
        .define(&ERRORS_RETRY_TIMEOUT)
        .define(&ERRORS_RETRY_MAX_DELAY)
        .define(&ERRORS_TOLERANCE)
        .define(&ERRORS_LOG_ENABLE)
        .define(&ERRORS_LOG_MESSAGES)
        .define(&TOPICS)
        .define(&TOPICS_REGEX)
        .define(&DLQ_TOPIC_NAME)
        .define(&DLQ_REPLICATION_FACTOR)
        .define(&DLQ_CONTEXT_HEADERS)
        .rule(topics::check)
}

/// Keys of ours that Kafka does not know. Forms do not show them unless they are set.
pub fn own_config_def() -> ConfigDef {
    ConfigDef::new().define(&TARGET_WAIT_MAX_MS)
}

/// The typed configuration of one sink connector, as far as the runtime reads it.
#[derive(Clone, Debug)]
pub struct SinkConnectorConfig {
    pub name: String,
    pub connector_class: String,
    pub tasks_max: usize,
    pub tasks_max_enforce: bool,
    /// None: the worker's.
    pub key_converter: Option<String>,
    pub value_converter: Option<String>,
    pub header_converter: Option<String>,
    pub transforms: Vec<String>,
    pub predicates: Vec<String>,
    pub topics: Topics,
    pub tolerates_all: bool,
    /// None is for ever.
    pub retry_timeout: Option<Duration>,
    pub retry_delay_max: Duration,
    pub log_errors: bool,
    pub log_messages: bool,
    pub dead_letters: Option<DeadLetters>,
    /// `target.wait.max.ms` of the connector; the outer none is the worker's, the inner for ever.
    pub target_wait_max: Option<Option<Duration>>,
}

/// `errors.deadletterqueue.*` of a connector that has a dead letter topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetters {
    pub topic: String,
    pub replication_factor: i16,
    pub context_headers: bool,
}

impl SinkConnectorConfig {
    /// # Errors
    /// Everything that is wrong with these keys.
    pub fn parse(config: &Config) -> Result<Self, ConfigErrors> {
        let reader = ConfigReader::new(config);
        let class = |key: &Key<Option<ClassName>>| reader.get(key).map(|class| class.0);
        let dlq_topic = reader.get(&DLQ_TOPIC_NAME);
        let dead_letters = DeadLetters {
            topic: dlq_topic,
            replication_factor: reader.get(&DLQ_REPLICATION_FACTOR),
            context_headers: reader.get(&DLQ_CONTEXT_HEADERS),
        };
        let target_wait = reader.get(&TARGET_WAIT_MAX_MS);
        let parsed = Self {
            name: reader.get(&NAME),
            connector_class: reader.get(&CONNECTOR_CLASS),
            tasks_max: usize::try_from(reader.get(&TASKS_MAX)).unwrap_or_default(),
            tasks_max_enforce: reader.get(&TASKS_MAX_ENFORCE),
            key_converter: class(&KEY_CONVERTER),
            value_converter: class(&VALUE_CONVERTER),
            header_converter: class(&HEADER_CONVERTER),
            transforms: reader.get(&TRANSFORMS),
            predicates: reader.get(&PREDICATES),
            topics: Topics::of(config),
            tolerates_all: reader.get(&ERRORS_TOLERANCE) == "all",
            retry_timeout: limit(reader.get(&ERRORS_RETRY_TIMEOUT)),
            retry_delay_max: millis(reader.get(&ERRORS_RETRY_MAX_DELAY)),
            log_errors: reader.get(&ERRORS_LOG_ENABLE),
            log_messages: reader.get(&ERRORS_LOG_MESSAGES),
            dead_letters: Some(dead_letters).filter(|d| !d.topic.is_empty()),
            target_wait_max: config
                .contains(TARGET_WAIT_MAX_MS.name())
                .then(|| limit(target_wait)),
        };
        for error in topics::check(config) {
            reader.error(&error.key, error.message);
        }
        reader.finish(parsed)
    }
}

/// Milliseconds; what is negative counts as none.
pub(super) fn millis(ms: i64) -> Duration {
    Duration::from_millis(u64::try_from(ms).unwrap_or_default())
}

/// Milliseconds, where −1 is no limit.
pub(super) fn limit(ms: i64) -> Option<Duration> {
    u64::try_from(ms).ok().map(Duration::from_millis)
}

fn unique_aliases(key: &str, value: Option<&Parsed>) -> Vec<String> {
    let Some(Parsed::List(aliases)) = value else {
        return vec![invalid_value(key, "null", "entry must be non null")];
    };
    let repeated = (1..aliases.len()).any(|i| aliases[..i].contains(&aliases[i]));
    if !repeated {
        return Vec::new();
    }
    let shown = format!("[{}]", aliases.join(", "));
    vec![invalid_value(key, &shown, "Duplicate alias provided.")]
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use connect_api::config::KeyDefault;

    #[test]
    fn the_definition_is_kafkas() {
        let recorded = include_str!("../../tests/goldens/transforms/configdefs.jsonl");
        let expected = recorded
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .find(|case| case["id"] == "configdefs/SinkConnectorConfig")
            .expect("the recorded definition");
        let mut expected = expected["expect"]["ok"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        for key in &mut expected {
            // A description in words; the validators themselves are tested by what they say.
            key.as_object_mut().map(|key| key.remove("validator"));
        }
        let got: Vec<Value> = sink_config_def()
            .keys()
            .map(|key| {
                json!({
                    "name": key.name,
                    "type": key.type_.name(),
                    "required": key.default == KeyDefault::Required,
                    "default": match key.default { KeyDefault::Text(text) => Some(text), _ => None },
                    "importance": key.importance.name(),
                    "group": key.group,
                    "order": key.order,
                    "width": key.width.name(),
                    "display_name": key.display_name,
                })
            })
            .collect();
        assert_eq!(got, expected);
    }

    fn config(entries: &[(&str, &str)]) -> Config {
        let mut config = Config::from([("name", "s"), ("connector.class", "C"), ("topics", "t")]);
        for (key, value) in entries {
            config.insert(*key, *value);
        }
        config
    }

    fn errors(entries: &[(&str, &str)]) -> String {
        SinkConnectorConfig::parse(&config(entries))
            .map(drop)
            .expect_err("errors")
            .to_string()
    }

    #[test]
    fn defaults_are_kafkas() {
        let parsed = SinkConnectorConfig::parse(&config(&[])).expect("a valid configuration");
        assert_eq!((parsed.tasks_max, parsed.tasks_max_enforce), (1, true));
        assert_eq!(parsed.retry_timeout, Some(Duration::ZERO));
        assert_eq!(parsed.retry_delay_max, Duration::from_secs(60));
        assert!(!parsed.tolerates_all && !parsed.log_errors && !parsed.log_messages);
        assert_eq!(parsed.dead_letters, None);
        assert_eq!(parsed.target_wait_max, None);
        assert_eq!(parsed.topics, Topics::Names(vec!["t".to_owned()]));
    }

    #[test]
    fn minus_one_is_no_limit() {
        let entries = [("errors.retry.timeout", "-1"), ("target.wait.max.ms", "-1")];
        let parsed = SinkConnectorConfig::parse(&config(&entries)).expect("a valid configuration");
        assert_eq!(parsed.retry_timeout, None);
        assert_eq!(parsed.target_wait_max, Some(None));
    }

    #[test]
    fn says_what_kafka_says() {
        for (entries, expected) in [
            (
                vec![("tasks.max", "0")],
                "Invalid value 0 for configuration tasks.max: Value must be at least 1",
            ),
            (
                vec![("tasks.max", "many")],
                "Invalid value many for configuration tasks.max: Not a number of type INT\n\
                 Invalid value null for configuration tasks.max: Value must be non-null",
            ),
            (
                vec![("transforms", "r,r")],
                "Invalid value [r, r] for configuration transforms: Duplicate alias provided.",
            ),
            (
                vec![("errors.tolerance", "ALL")],
                "Invalid value ALL for configuration errors.tolerance: String must be one of: none, all",
            ),
        ] {
            assert_eq!(errors(&entries), expected);
        }
    }
}
