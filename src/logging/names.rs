//! The names of loggers, ours and those of the JVM's worker that mean the same.

use std::fmt::Write as _;

/// One of our loggers. What is said below a module is shown under the logger that covers it.
#[derive(Clone, Copy, Debug)]
pub struct Logger {
    pub name: &'static str,
    pub what: &'static str,
    /// Loggers of the JVM's worker, its clients and its connectors with the same subject.
    pub java: &'static [&'static str],
}

/// Every logger that has a counterpart, or a subject of its own.
pub const LOGGERS: &[Logger] = &[
    Logger {
        name: "turnbuckle::cli",
        what: "start and stop of the process, worker properties",
        java: &["org.apache.kafka.connect.cli"],
    },
    Logger {
        name: "turnbuckle::rest",
        what: "requests to the REST API; at DEBUG those too that only look",
        java: &["org.apache.kafka.connect.runtime.rest"],
    },
    Logger {
        name: "turnbuckle::herder",
        what: "states of connectors and tasks",
        java: &[
            "org.apache.kafka.connect.runtime.AbstractHerder",
            "org.apache.kafka.connect.runtime.distributed",
            "org.apache.kafka.connect.runtime.standalone",
        ],
    },
    Logger {
        name: "turnbuckle::worker",
        what: "how tasks and their Kafka clients are made",
        java: &[
            "org.apache.kafka.connect.runtime.Worker",
            "org.apache.kafka.connect.runtime.isolation",
        ],
    },
    Logger {
        name: "data_plane::task",
        what: "tasks: waits, commits, bad records",
        java: &[
            "org.apache.kafka.connect.runtime.WorkerSinkTask",
            "org.apache.kafka.connect.runtime.WorkerTask",
            "org.apache.kafka.connect.runtime.errors",
        ],
    },
    Logger {
        name: "data_plane::kafka",
        what: "consumers, producers and admin clients",
        java: KAFKA_CLIENTS,
    },
    Logger {
        name: "librdkafka",
        what: "the Kafka client library itself: connections and protocol, at DEBUG and TRACE",
        java: KAFKA_CLIENTS,
    },
    Logger {
        name: "connect_converters",
        what: "converters",
        java: &[
            "org.apache.kafka.connect.converters",
            "org.apache.kafka.connect.json",
            "org.apache.kafka.connect.storage",
        ],
    },
    Logger {
        name: "connect_registry",
        what: "the schema registry's client and its converters",
        java: &[
            "io.confluent.connect.avro",
            "io.confluent.connect.json",
            "io.confluent.connect.protobuf",
            "io.confluent.kafka.schemaregistry",
            "io.confluent.kafka.serializers",
        ],
    },
    Logger {
        name: "connect_transforms",
        what: "transformations and predicates",
        java: &["org.apache.kafka.connect.transforms"],
    },
    Logger {
        name: "connector_file",
        what: "the file sink",
        java: &["org.apache.kafka.connect.file"],
    },
    Logger {
        name: "connector_graph",
        what: "the graph sink",
        java: &["org.neo4j.connectors", "streams.kafka.connect"],
    },
    Logger {
        name: "neo4rs",
        what: "the graph database's driver, at DEBUG and TRACE",
        java: &["org.neo4j.driver"],
    },
];

const KAFKA_CLIENTS: &[&str] = &[
    "org.apache.kafka.clients.NetworkClient",
    "org.apache.kafka.clients.admin",
    "org.apache.kafka.clients.consumer",
    "org.apache.kafka.clients.producer",
];

/// Loggers that images often name and that have nothing to say here.
const INERT: &[&str] = &[
    "io.confluent",
    "kafka",
    "org.I0Itec.zkclient",
    "org.apache.directory",
    "org.apache.kafka.common",
    "org.apache.zookeeper",
    "org.eclipse.jetty",
    "org.glassfish",
    "org.reflections",
];

/// Crates of ours, and of others, whose modules are loggers by themselves.
const CRATES: &[&str] = &[
    "connect_api",
    "connect_converters",
    "connect_registry",
    "connect_transforms",
    "connector_file",
    "connector_graph",
    "data_plane",
    "dev_server",
    "java_compat",
    "java_time",
    "key_stores",
    "librdkafka",
    "neo4rs",
    "turnbuckle",
];

/// What a name stands for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Meaning<'a> {
    /// These, and what is below them.
    Targets(Vec<&'a str>),
    Inert,
    Unknown,
}

/// A logger by its Java name, which also means all below it, or by ours.
pub(super) fn meaning(name: &str) -> Meaning<'_> {
    if is_ours(name) {
        return Meaning::Targets(vec![name]);
    }
    let covered = |l: &&Logger| l.java.iter().any(|java| is_at_or_below(java, name, "."));
    let targets: Vec<&str> = LOGGERS.iter().filter(covered).map(|l| l.name).collect();
    if !targets.is_empty() {
        return Meaning::Targets(targets);
    }
    match INERT.iter().any(|inert| is_at_or_below(name, inert, ".")) {
        true => Meaning::Inert,
        false => Meaning::Unknown,
    }
}

/// Whether it is the name of a module, not one of Java's.
pub(super) fn is_ours(name: &str) -> bool {
    CRATES.iter().any(|c| is_at_or_below(name, c, "::"))
}

/// The logger that a module's lines are shown under.
pub(super) fn shown(target: &str) -> &str {
    let covers = |l: &&Logger| is_at_or_below(target, l.name, "::");
    LOGGERS.iter().find(covers).map_or(target, |l| l.name)
}

pub(super) fn is_at_or_below(name: &str, above: &str, separator: &str) -> bool {
    name.strip_prefix(above)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(separator))
}

/// The table of `docs/logging.md`.
pub fn page() -> String {
    let mut page = String::from("| logger | what it tells | Java's names |\n| --- | --- | --- |\n");
    for Logger { name, what, java } in LOGGERS {
        let java: Vec<String> = java.iter().map(|j| format!("`{j}`")).collect();
        let _ = writeln!(page, "| `{name}` | {what} | {} |", java.join(", "));
    }
    let inert: Vec<String> = INERT.iter().map(|name| format!("`{name}`")).collect();
    let _ = write!(
        page,
        "\nWithout effect, named once at start: {} and what is below them.\n",
        inert.join(", ")
    );
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    fn targets(name: &str) -> Vec<&str> {
        match meaning(name) {
            Meaning::Targets(targets) => targets,
            other => panic!("{name}: {other:?}"),
        }
    }

    #[test]
    fn a_java_name_means_what_is_at_it_and_below() {
        assert_eq!(
            targets("org.apache.kafka.connect.runtime.rest"),
            ["turnbuckle::rest"]
        );
        assert_eq!(
            targets("org.apache.kafka.connect.runtime"),
            [
                "turnbuckle::rest",
                "turnbuckle::herder",
                "turnbuckle::worker",
                "data_plane::task"
            ]
        );
        assert_eq!(
            targets("org.apache.kafka.clients"),
            ["data_plane::kafka", "librdkafka"]
        );
        assert_eq!(
            targets("org.apache.kafka.clients.consumer"),
            ["data_plane::kafka", "librdkafka"]
        );
        assert_eq!(targets("org.neo4j"), ["connector_graph", "neo4rs"]);
        assert_eq!(
            targets("data_plane::kafka::consumer"),
            ["data_plane::kafka::consumer"]
        );
    }

    #[test]
    fn a_name_without_counterpart_is_told() {
        assert_eq!(meaning("org.reflections"), Meaning::Inert);
        assert_eq!(meaning("org.eclipse.jetty.server"), Meaning::Inert);
        assert_eq!(meaning("org.apache.kafka.connect.run"), Meaning::Unknown);
        // One class of many: its level must not silence the others.
        assert_eq!(
            meaning("org.apache.kafka.clients.consumer.internals.Fetcher"),
            Meaning::Unknown
        );
        assert_eq!(meaning("com.acme"), Meaning::Unknown);
    }

    #[test]
    fn modules_are_shown_under_their_logger() {
        assert_eq!(shown("data_plane::task::log"), "data_plane::task");
        assert_eq!(shown("data_plane::tasks"), "data_plane::tasks");
        assert_eq!(shown("hyper::proto"), "hyper::proto");
    }

    #[test]
    fn every_crate_of_the_workspace_is_a_logger() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        for (folder, prefix) in [("crates", ""), ("connectors", "connector_")] {
            let entries = std::fs::read_dir(root.join(folder)).expect("a folder");
            for entry in entries.flatten().filter(|e| e.path().is_dir()) {
                let name = entry.file_name().to_string_lossy().replace('-', "_");
                let name = format!("{prefix}{name}");
                let known = CRATES.contains(&&*name) || name == "connect_testkit";
                assert!(known, "{name} is missing in CRATES");
            }
        }
    }

    #[test]
    fn the_page_is_fresh() {
        let document = include_str!("../../docs/logging.md");
        assert!(
            document.contains(&page()),
            "docs/logging.md is stale: replace its table by the output of `turnbuckle docs loggers`"
        );
    }
}
