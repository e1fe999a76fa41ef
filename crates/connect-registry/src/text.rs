//! What users see of errors: the original's exceptions and words, which they filter and search by.

use connect_api::ConnectError;
use connect_api::convert::ConverterType;
use connect_api::error::exception;

/// The words of one converter.
#[derive(Clone, Copy)]
pub struct Words {
    /// `Avro`, `Protobuf`, `JSON`.
    format: &'static str,
    part: ConverterType,
}

impl Words {
    pub fn new(type_: &str, part: ConverterType) -> Self {
        let format = match type_ {
            "AVRO" => "Avro",
            "PROTOBUF" => "Protobuf",
            _ => "JSON",
        };
        Self { format, part }
    }

    /// The record cannot be read, because of this.
    pub fn unreadable(self, topic: &str, cause: ConnectError) -> ConnectError {
        let text = match self.format {
            "JSON" => format!(
                "Converting byte[] to Kafka Connect data failed due to serialization error of topic {topic}: "
            ),
            format => format!("Failed to deserialize data for topic {topic} to {format}:"),
        };
        around(text, cause)
    }

    /// The value cannot be written, because of this.
    pub fn unwritable(self, topic: &str, cause: ConnectError) -> ConnectError {
        let text = match self.format {
            "JSON" => format!(
                "Converting Kafka Connect data to byte[] failed due to serialization error of topic {topic}: "
            ),
            format => format!("Failed to serialize {format} data from topic {topic}:"),
        };
        around(text, cause)
    }

    /// The registry refuses the configuration: nothing of this topic can be read.
    pub fn inaccessible(self, topic: &str, cause: ConnectError) -> ConnectError {
        let format = match self.format {
            "JSON" => "JSON Schema",
            format => format,
        };
        let text = format!("Failed to access {format} data from topic {topic} : {cause}");
        ConnectError::new(cause.class(), exception::CONFIG, text).caused_by(cause)
    }

    pub fn no_schema(self, id: &str, cause: ConnectError) -> ConnectError {
        let text = match self.format {
            "Avro" => format!(
                "Error retrieving Avro {} schema for id {id}",
                self.part.name()
            ),
            format => format!("Error retrieving {format} schema for id {id}"),
        };
        serialization(text, cause)
    }

    pub fn no_version(self, id: &str, cause: ConnectError) -> ConnectError {
        let text = match self.format {
            "Avro" => format!(
                "Error retrieving Avro {} schema version for id {id}",
                self.part.name()
            ),
            format => format!("Error retrieving {format} schema for id {id}"),
        };
        serialization(text, cause)
    }

    pub fn no_id(cause: ConnectError) -> ConnectError {
        serialization("Error deserializing schema ID".to_owned(), cause)
    }

    pub fn bad_payload(self, id: &str, cause: ConnectError) -> ConnectError {
        let format = self.format;
        let text = format!("Error deserializing {format} message for id {id}");
        serialization(text, cause)
    }

    pub fn not_registered(self, registers: bool, cause: ConnectError) -> ConnectError {
        let format = self.format;
        serialization(
            match registers {
                true => format!("Error registering {format} schema"),
                false => format!("Error retrieving {format} schema"),
            },
            cause,
        )
    }

    /// Asks for rules that nobody applies.
    pub fn rule(self, id: &str, name: &str, type_: &str) -> ConnectError {
        let missing = ConnectError::record(
            "io.confluent.kafka.schemaregistry.rules.RuleException",
            format!(
                "Could not find rule executor of type {type_}; rules are not applied here, so what they protect cannot be read"
            ),
        );
        self.bad_payload(id, serialization(format!("Rule failed: {name}"), missing))
    }

    /// An id of another format's schema.
    pub fn other_format(self, found: &str) -> ConnectError {
        let converter = match found {
            "AVRO" => "io.confluent.connect.avro.AvroConverter",
            "PROTOBUF" => "io.confluent.connect.protobuf.ProtobufConverter",
            "JSON" => "io.confluent.connect.json.JsonSchemaConverter",
            _ => "no converter here",
        };
        ConnectError::record(
            "java.lang.IllegalStateException",
            format!(
                "Invalid schema type {found}: this is the converter of another one; {converter} reads it"
            ),
        )
    }
}

/// What Connect itself says of data stands alone; other causes get the converter's sentence around them.
fn around(text: String, cause: ConnectError) -> ConnectError {
    if matches!(
        cause.exception(),
        exception::DATA | exception::SCHEMA_BUILDER | exception::CONNECT
    ) {
        return cause;
    }
    ConnectError::new(cause.class(), exception::DATA, text).caused_by(cause)
}

fn serialization(text: String, cause: ConnectError) -> ConnectError {
    if matches!(
        cause.exception(),
        exception::DATA | exception::SCHEMA_BUILDER | exception::CONNECT
    ) {
        return cause;
    }
    ConnectError::new(cause.class(), exception::SERIALIZATION, text).caused_by(cause)
}
