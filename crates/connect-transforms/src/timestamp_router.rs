//! `TimestampRouter`: another topic name, made of the topic and the record's time.

use connect_api::config::{ConfigDef, ConfigErrors, ConfigReader, Importance, Key};
use connect_api::error::exception;
use connect_api::plugin::PluginDescriptor;
use connect_api::transform::Transformation;
use connect_api::{ConnectError, SinkRecord};
use java_compat::date_format::{DateFormat, PatternError};

use crate::descriptor::transformation;
use crate::record_text::record_text;

pub const PLUGIN: PluginDescriptor = transformation(
    "org.apache.kafka.connect.transforms.TimestampRouter",
    config_def,
    |config| Ok(Box::new(TimestampRouter::new(config)?)),
);

const TOPIC_FORMAT: Key<String> = Key::new(
    "topic.format",
    "${topic}-${timestamp}",
    Importance::High,
    "The new name; `${topic}` and `${timestamp}` stand for the topic and the formatted time.",
);
const TIMESTAMP_FORMAT: Key<String> = Key::new(
    "timestamp.format",
    "yyyyMMdd",
    Importance::High,
    "Pattern of Java's `SimpleDateFormat`; times are in UTC.",
);

pub fn config_def() -> ConfigDef {
    ConfigDef::new()
        .define(&TOPIC_FORMAT)
        .define(&TIMESTAMP_FORMAT)
}

/// `org.apache.kafka.connect.transforms.TimestampRouter`
struct TimestampRouter {
    topic_format: String,
    /// A pattern that is none fails each record, as in Kafka.
    timestamp_format: Result<DateFormat, PatternError>,
}

impl TimestampRouter {
    fn new(config: &ConfigReader<'_>) -> Result<Self, ConfigErrors> {
        let topic_format = config.get(&TOPIC_FORMAT);
        let timestamp_format = DateFormat::new(&config.get(&TIMESTAMP_FORMAT));
        config.finish(Self {
            topic_format,
            timestamp_format,
        })
    }
}

impl Transformation for TimestampRouter {
    fn apply(&mut self, mut record: SinkRecord) -> Result<Option<SinkRecord>, ConnectError> {
        let Some(millis) = record.timestamp else {
            return Err(ConnectError::data(format!(
                "Timestamp missing on record: {}",
                record_text(&record)
            )));
        };
        let format = self.timestamp_format.as_ref().map_err(|error| {
            ConnectError::record(exception::ILLEGAL_ARGUMENT, error.to_string())
        })?;
        // In this order: a topic that contains `${timestamp}` has it replaced too.
        let topic = self.topic_format.replace("${topic}", &record.topic);
        record.topic = topic.replace("${timestamp}", &format.format(millis)).into();
        Ok(Some(record))
    }
}
