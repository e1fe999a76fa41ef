//! The table against the keys that Kafka's own clients define, see the file.

use super::super::table::{self, ADMIN, CONSUMER, Entry, PRODUCER, Roles, Rule};

const RECORDED: &str = include_str!("java-4.3.1.tsv");

struct JavaKey<'a> {
    role: Roles,
    name: &'a str,
    kind: &'a str,
    default: &'a str,
}

fn recorded() -> Vec<JavaKey<'static>> {
    let lines = RECORDED.lines().filter(|l| !l.starts_with('#'));
    let keys: Vec<_> = lines
        .map(|line| {
            let parts: Vec<_> = line.split('\t').collect();
            let [client, name, kind, default] = parts[..] else {
                panic!("{line}");
            };
            let role = match client {
                "consumer" => CONSUMER,
                "producer" => PRODUCER,
                "admin" => ADMIN,
                other => panic!("{other}"),
            };
            JavaKey {
                role,
                name,
                kind,
                default,
            }
        })
        .collect();
    assert_eq!(keys.len(), 320);
    keys
}

fn entry(key: &JavaKey<'_>) -> &'static Entry {
    table::find(key.role, key.name)
        .unwrap_or_else(|| panic!("{} of client {} is in no table", key.name, key.role))
}

#[test]
fn every_key_of_javas_clients_is_in_the_table() {
    for key in recorded() {
        entry(&key);
    }
}

/// Keys that keep librdkafka's own default, or have another one, each with its reason.
const OTHER_DEFAULTS: &[(&str, &str)] = &[
    ("bootstrap.servers", "required here, too"),
    ("client.id", "empty is librdkafka's own"),
    ("client.rack", "empty is none"),
    ("group.id", "required of a sink's consumer"),
    ("enable.auto.commit", "the task commits"),
    ("max.poll.records", "a batch is bounded in bytes"),
    ("receive.buffer.bytes", "the system tunes its buffers"),
    ("send.buffer.bytes", "the system tunes its buffers"),
];

#[test]
fn javas_defaults_are_those_of_the_table() {
    for key in recorded() {
        let entry = entry(&key);
        if matches!(entry.rule, Rule::Inert(_) | Rule::Refused(_)) {
            continue;
        }
        let excused = OTHER_DEFAULTS.iter().any(|(name, _)| *name == key.name);
        let java = key.default.replace("class ", "");
        let java = match java.as_str() {
            "(null)" | "(required)" | "" => None,
            text => Some(text),
        };
        let ours = entry.default;
        assert!(ours == java || excused, "{}: {ours:?}, {java:?}", key.name);
    }
}

#[test]
fn passwords_of_java_are_secrets_here() {
    for key in recorded().iter().filter(|k| k.kind == "PASSWORD") {
        assert!(super::super::is_secret(key.name), "{}", key.name);
    }
    for key in ["ssl.truststore.type", "group.id", "sasl.mechanism"] {
        assert!(!super::super::is_secret(key), "{key}");
    }
}
