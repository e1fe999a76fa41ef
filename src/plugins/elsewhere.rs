//! Classes of the JVM that are not here, and the nearest built-in for them. What is said stands behind Kafka's own
//! sentence, so that clients which compare that find it.

/// Families of classes: what their names begin with or contain, and what to do instead.
const FAMILIES: &[(&[&str], &str)] = &[
    (
        &[
            "streams.kafka.connect.sink.Neo4jSinkConnector",
            "org.neo4j.connectors.kafka.sink.",
        ],
        "use the built-in org.neo4j.connectors.kafka.sink.Neo4jConnector with the keys neo4j.*",
    ),
    (
        &[
            "io.confluent.connect.jdbc.JdbcSinkConnector",
            "io.aiven.connect.jdbc.JdbcSinkConnector",
            "io.debezium.connector.jdbc.JdbcSinkConnector",
        ],
        "it needs the JVM; of databases the graph sink (org.neo4j.connectors.kafka.sink.Neo4jConnector) is built in",
    ),
    (
        &["io.confluent.connect.transforms.Filter"],
        "use org.apache.kafka.connect.transforms.Filter with a predicate",
    ),
    (
        &[
            "io.confluent.connect.transforms.ExtractTopic",
            "io.confluent.connect.transforms.MessageTimestampRouter",
        ],
        "use org.apache.kafka.connect.transforms.RegexRouter or TimestampRouter where they are enough",
    ),
    (
        &[
            "io.confluent.connect.transforms.TombstoneHandler",
            "io.confluent.connect.transforms.Drop",
        ],
        "use org.apache.kafka.connect.transforms.Filter or ReplaceField, with the predicate RecordIsTombstone for tombstones",
    ),
    (
        &["io.debezium.transforms.ByLogicalTableRouter"],
        "use org.apache.kafka.connect.transforms.RegexRouter where it is enough",
    ),
    (
        &["io.debezium.transforms."],
        "of Debezium's transformations io.debezium.transforms.ExtractNewRecordState is built in",
    ),
    (
        &["io.confluent.connect.protobuf."],
        "use the built-in io.confluent.connect.protobuf.ProtobufConverter",
    ),
    (
        &[
            "io.apicurio.registry.",
            "io.strimzi.",
            "com.amazonaws.services.schemaregistry.",
        ],
        "use a built-in converter with a registry that speaks Confluent's API, or org.apache.kafka.connect.json.JsonConverter",
    ),
    (
        &[
            "org.apache.kafka.connect.mirror.",
            "io.confluent.connect.replicator.",
        ],
        "Turnbuckle hosts sinks; run what copies topics in a JVM worker",
    ),
];

/// Words that mark a class as a source.
const SOURCES: &[&str] = &[
    "FileStreamSource",
    "io.debezium.connector.",
    "SourceConnector",
    "JdbcSource",
    "MirrorSource",
    "MirrorCheckpoint",
    "MirrorHeartbeat",
    "DatagenConnector",
];

/// What to do about a class that is not here; none if nothing can be said.
pub fn advice(class: &str) -> Option<&'static str> {
    let class = class.trim();
    // Debezium's one sink has its name in common with its sources.
    if SOURCES.iter().any(|word| class.contains(word)) && !class.contains("Sink") {
        return Some(
            "it is a source connector, and Turnbuckle hosts sinks; run it in a JVM worker beside this one",
        );
    }
    let family = FAMILIES
        .iter()
        .find(|(names, _)| names.iter().any(|name| class.starts_with(name)));
    family.map(|(_, advice)| *advice)
}

/// Kafka's sentence, and behind it what to do.
pub fn with_advice(sentence: String, class: &str) -> String {
    match advice(class) {
        Some(advice) => format!("{sentence} ({advice})"),
        None => sentence,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_here_is_told_what_is() {
        for (class, word) in [
            (
                "org.apache.kafka.connect.file.FileStreamSourceConnector",
                "hosts sinks",
            ),
            ("FileStreamSource", "hosts sinks"),
            (
                "io.debezium.connector.postgresql.PostgresConnector",
                "hosts sinks",
            ),
            (
                "io.confluent.connect.jdbc.JdbcSourceConnector",
                "hosts sinks",
            ),
            ("io.confluent.connect.jdbc.JdbcSinkConnector", "graph sink"),
            ("io.debezium.connector.jdbc.JdbcSinkConnector", "graph sink"),
            (
                "streams.kafka.connect.sink.Neo4jSinkConnector",
                "Neo4jConnector",
            ),
            ("io.debezium.transforms.ByLogicalTableRouter", "RegexRouter"),
            (
                "io.debezium.transforms.outbox.EventRouter",
                "ExtractNewRecordState",
            ),
            (
                "io.confluent.connect.transforms.Filter$Value",
                "transforms.Filter",
            ),
        ] {
            assert!(advice(class).is_some_and(|a| a.contains(word)), "{class}");
        }
        for class in [
            "com.acme.Sink",
            "",
            "org.apache.kafka.connect.file.FileStreamSinkConnector",
        ] {
            assert_eq!(advice(class), None, "{class}");
        }
    }
}
