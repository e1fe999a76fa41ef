//! Validation of `producer.override.*`, `consumer.override.*` and `admin.override.*`.

use connect_api::config::{Config, ConfigValue, Importance, KeyType, Width};

use data_plane::kafka::client_keys::is_secret;

use super::Context;
use super::definition::{ConfigInfo, Definition};
use crate::config::connector::{DLQ_TOPIC_NAME, TASKS_MAX};
use crate::config::policy::OVERRIDE_PREFIXES;

/// A client key that connectors often override: type, default and importance as Kafka's client defines them.
struct ClientKey {
    name: &'static str,
    type_: KeyType,
    default: Option<&'static str>,
    importance: Importance,
    doc: &'static str,
}

const CONSUMER_KEYS: &[ClientKey] = &[
    key(
        "auto.offset.reset",
        KeyType::String,
        "latest",
        Importance::Medium,
        "Where to begin without a committed offset.",
    ),
    key(
        "fetch.max.bytes",
        KeyType::Int,
        "52428800",
        Importance::Medium,
        "Upper bound of one fetch, in bytes.",
    ),
    key(
        "fetch.max.wait.ms",
        KeyType::Int,
        "500",
        Importance::Low,
        "How long a broker waits for fetch.min.bytes.",
    ),
    key(
        "fetch.min.bytes",
        KeyType::Int,
        "1",
        Importance::High,
        "How much a broker gathers before it answers.",
    ),
    key(
        "heartbeat.interval.ms",
        KeyType::Int,
        "3000",
        Importance::High,
        "Milliseconds between two signs of life to the group.",
    ),
    key(
        "isolation.level",
        KeyType::String,
        "read_uncommitted",
        Importance::Medium,
        "Whether records of open transactions are read.",
    ),
    key(
        "max.partition.fetch.bytes",
        KeyType::Int,
        "1048576",
        Importance::High,
        "Upper bound per partition of one fetch, in bytes.",
    ),
    key(
        "max.poll.interval.ms",
        KeyType::Int,
        "300000",
        Importance::Medium,
        "How long a member may be busy before the group gives its partitions away.",
    ),
    key(
        "max.poll.records",
        KeyType::Int,
        "500",
        Importance::Medium,
        "Upper bound of the records of one put.",
    ),
    key(
        "session.timeout.ms",
        KeyType::Int,
        "45000",
        Importance::High,
        "How long a silent member stays in the group.",
    ),
];

const fn key(
    name: &'static str,
    type_: KeyType,
    default: &'static str,
    importance: Importance,
    doc: &'static str,
) -> ClientKey {
    ClientKey {
        name,
        type_,
        default: Some(default),
        importance,
        doc,
    }
}

const INSTANCE_ID: &str = "group.instance.id";

/// One id for several members: each that joins puts the one before it out of the group, for ever. The JVM lets it run.
const SHARED_INSTANCE_ID: &str = "Tasks of one connector would share the group.instance.id and fence each other: leave it out, or set tasks.max to 1";

fn has_several_tasks(config: &Config) -> bool {
    let tasks = config
        .get(TASKS_MAX.name())
        .and_then(|text| text.trim().parse::<i32>().ok());
    tasks.is_some_and(|tasks| tasks > 1)
}

/// The overrides that are present. Those of producer and admin count only with a dead letter topic.
pub fn keys(context: &Context<'_>, config: &Config) -> Vec<ConfigInfo> {
    let has_dlq = config
        .get(DLQ_TOPIC_NAME.name())
        .is_some_and(|topic| !topic.trim().is_empty());
    let mut all = Vec::new();
    for prefix in OVERRIDE_PREFIXES {
        let is_consumer = prefix.starts_with("consumer.");
        if !is_consumer && !has_dlq {
            continue;
        }
        for (name, value) in config.with_prefix(prefix).iter() {
            let known = CONSUMER_KEYS
                .iter()
                .find(|key| is_consumer && key.name == name);
            let mut info = override_key(context, name, value, known);
            if is_consumer && name == INSTANCE_ID && has_several_tasks(config) {
                info.value.errors.push(SHARED_INSTANCE_ID.to_owned());
            }
            all.push(info.behind(prefix));
        }
    }
    all
}

fn override_key(
    context: &Context<'_>,
    name: &str,
    value: &str,
    known: Option<&ClientKey>,
) -> ConfigInfo {
    let mut errors = Vec::new();
    errors.extend(context.worker.override_policy.check(name).err());
    if let Some(key) = known
        && let Err(why) = key.type_.parse(value)
    {
        errors.push(format!(
            "Invalid value {value} for configuration {name}: {why}"
        ));
    }
    // A name that only looks like a secret is hidden, too: a slip of the pen is no reason to show it.
    let looks_secret = ["password", "jaas", "secret", ".key"];
    let secret = is_secret(name) || looks_secret.iter().any(|part| name.contains(part));
    ConfigInfo {
        definition: known.map(definition),
        value: ConfigValue {
            name: name.to_owned(),
            value: Some(if secret { "[hidden]" } else { value }.to_owned()),
            recommended_values: Vec::new(),
            errors,
            visible: true,
        },
    }
}

fn definition(key: &ClientKey) -> Definition {
    Definition {
        name: key.name.to_owned(),
        type_: key.type_,
        required: false,
        default_value: key.default.map(str::to_owned),
        importance: key.importance,
        documentation: key.doc.to_owned(),
        group: None,
        order: -1,
        width: Width::None,
        display_name: key.name.to_owned(),
        dependents: Vec::new(),
    }
}
