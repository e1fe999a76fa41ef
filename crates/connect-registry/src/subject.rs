//! How subjects are named: by topic, by record type, or by both.

use connect_api::ConnectError;
use connect_api::convert::ConverterType;
use connect_api::error::exception;

/// `key.subject.name.strategy`, `value.subject.name.strategy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    Topic,
    Record,
    TopicRecord,
}

const PACKAGE: &str = "io.confluent.kafka.serializers.subject.";

impl Strategy {
    /// # Errors
    /// Why the class is none of the three.
    pub fn from_class(class: &str) -> Result<Self, String> {
        match class.strip_prefix(PACKAGE).unwrap_or(class) {
            "TopicNameStrategy" => Ok(Strategy::Topic),
            "RecordNameStrategy" => Ok(Strategy::Record),
            "TopicRecordNameStrategy" => Ok(Strategy::TopicRecord),
            "AssociatedNameStrategy" => Err(
                "subjects are not looked up by their association with topics; use TopicNameStrategy, which it falls back to"
                    .to_owned(),
            ),
            _ => Err(format!(
                "classes of Java cannot be loaded; {PACKAGE}TopicNameStrategy, RecordNameStrategy and TopicRecordNameStrategy are there"
            )),
        }
    }

    /// Whether the subject is known before the schema is.
    pub fn uses_schema(self) -> bool {
        self != Strategy::Topic
    }

    /// The subject; `record` is the full name of the record type.
    ///
    /// # Errors
    /// A record's fault: the schema is of no record type, and has no name therefore.
    pub fn subject(
        self,
        topic: &str,
        part: ConverterType,
        record: Option<&str>,
    ) -> Result<String, ConnectError> {
        let part = part.name();
        let record = || {
            record.ok_or_else(|| {
                let class = match self {
                    Strategy::Record => "RecordNameStrategy",
                    _ => "TopicRecordNameStrategy",
                };
                ConnectError::record(
                    exception::SERIALIZATION,
                    format!(
                        "In configuration {part}.subject.name.strategy = {PACKAGE}{class}, the message {part} must only be a record schema"
                    ),
                )
            })
        };
        Ok(match self {
            Strategy::Topic => format!("{topic}-{part}"),
            Strategy::Record => record()?.to_owned(),
            Strategy::TopicRecord => format!("{topic}-{}", record()?),
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn subjects_are_named_as_the_original_names_them() {
        let subject = |class: &str, part, record| {
            let strategy = Strategy::from_class(class).unwrap();
            strategy.subject("t", part, record)
        };
        let of_key = ConverterType::Key;
        let of_value = ConverterType::Value;
        let topic = "io.confluent.kafka.serializers.subject.TopicNameStrategy";
        assert_eq!(subject(topic, of_key, None).unwrap(), "t-key");
        assert_eq!(
            subject("TopicNameStrategy", of_value, None).unwrap(),
            "t-value"
        );
        let record = Some("a.B");
        assert_eq!(
            subject("RecordNameStrategy", of_value, record).unwrap(),
            "a.B"
        );
        assert_eq!(
            subject("TopicRecordNameStrategy", of_key, record).unwrap(),
            "t-a.B"
        );
        let error = subject("RecordNameStrategy", of_value, None).unwrap_err();
        assert!(
            error
                .to_string()
                .ends_with("the message value must only be a record schema")
        );
    }
}
