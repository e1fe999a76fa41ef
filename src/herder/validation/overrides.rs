//! Validation of `producer.override.*`, `consumer.override.*` and `admin.override.*`.

use connect_api::config::{Config, ConfigValue, Importance, KeyType, Width, invalid_value};
use data_plane::kafka::client_keys::{client_key_effect, is_secret};

use super::Context;
use super::definition::{ConfigInfo, Definition};
use crate::config::connector::{DLQ_TOPIC_NAME, TASKS_MAX};
use crate::config::policy::OVERRIDE_PREFIXES;

/// Java's settings of one client, as its definition has them.
const DEFINITIONS: &str = include_str!("client_keys.tsv");

/// The line of a setting: its type and definition.
fn definition(client: char, name: &str) -> Option<Definition> {
    let lines = DEFINITIONS.lines().filter(|line| !line.starts_with('#'));
    let fields = lines.map(|line| line.split('\t').collect::<Vec<_>>());
    for field in fields {
        let [clients, key, type_, importance, default] = field.as_slice() else {
            continue;
        };
        if *key != name || !clients.contains(client) {
            continue;
        }
        return Some(Definition {
            name: name.to_owned(),
            type_: TYPES.into_iter().find(|t| t.name() == *type_)?,
            required: *default == "!",
            default_value: default.strip_prefix('=').map(str::to_owned),
            importance: IMPORTANCES.into_iter().find(|i| i.name() == *importance)?,
            documentation: client_key_effect(name).unwrap_or_default(),
            group: None,
            order: -1,
            width: Width::None,
            display_name: name.to_owned(),
            dependents: Vec::new(),
        });
    }
    None
}

const TYPES: [KeyType; 9] = [
    KeyType::Boolean,
    KeyType::String,
    KeyType::Short,
    KeyType::Int,
    KeyType::Long,
    KeyType::Double,
    KeyType::List,
    KeyType::Class,
    KeyType::Password,
];

const IMPORTANCES: [Importance; 3] = [Importance::High, Importance::Medium, Importance::Low];

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
        let given = config.with_prefix(prefix);
        let values = given.iter().map(|(name, value)| (name, Some(value)));
        for (name, value) in values.chain(given.nulls().map(|name| (name, None))) {
            let client = prefix.chars().next().unwrap_or_default();
            let mut info = override_key(context, name, value, definition(client, name));
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
    value: Option<&str>,
    definition: Option<Definition>,
) -> ConfigInfo {
    let mut errors = Vec::new();
    errors.extend(context.worker.override_policy.check(name).err());
    let mut shown = value.map(str::to_owned);
    if let (Some(definition), Some(text)) = (&definition, value) {
        match definition.type_.parse(text) {
            Ok(parsed) => shown = Some(parsed.for_answer()),
            Err(why) => errors.push(invalid_value(name, text, &why)),
        }
    }
    // A name that only looks like a secret is hidden, too: a slip of the pen is no reason to show it.
    let looks_secret = ["password", "jaas", "secret", ".key"];
    let secret = is_secret(name) || looks_secret.iter().any(|part| name.contains(part));
    ConfigInfo {
        value: ConfigValue {
            name: name.to_owned(),
            value: match secret {
                true => shown.map(|_| "[hidden]".to_owned()),
                false => shown,
            },
            recommended_values: Vec::new(),
            errors,
            visible: true,
        },
        definition,
    }
}
