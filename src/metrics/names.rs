//! From MBeans to the names of Prometheus, by the rules that exporters of the JVM are usually given.
//!
//! There are two families of them. Strimzi's drops `-metrics` from a group: `kafka_connect_sink_task_put_batch_avg_time_ms`;
//! Confluent's keeps it: `kafka_connect_sink_task_metrics_put_batch_avg_time_ms`. Dashboards are made for either.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::kafka::{Attribute, Bean, CONNECT, CONSUMER};
use super::model::{Family, Kind, Labels, Sample};

/// Which names are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Naming {
    Strimzi,
    Confluent,
    /// Each metric under both.
    #[default]
    Both,
}

/// The families in the order of their names.
pub(super) fn families(beans: &[Bean], naming: Naming) -> Vec<Family> {
    let mut collected = Collected::default();
    for bean in beans {
        if naming != Naming::Confluent {
            strimzi(bean, &mut collected);
        }
        if naming != Naming::Strimzi {
            confluent(bean, &mut collected);
        }
    }
    collected.0.into_values().collect()
}

#[derive(Default)]
struct Collected(BTreeMap<String, Family>);

impl Collected {
    fn add(&mut self, name: String, help: &'static str, kind: Kind, labels: Labels, value: f64) {
        let family = match self.0.entry(name) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let name = new.key().clone().into();
                let (help, samples) = (help.into(), Vec::new());
                new.insert(Family {
                    name,
                    help,
                    kind,
                    samples,
                })
            }
        };
        family.samples.push(Sample::new(labels, value));
    }
}

/// A name of Kafka as part of a name of Prometheus.
fn plain(name: &str) -> String {
    name.replace(['-', '.'], "_")
}

fn strimzi(bean: &Bean, collected: &mut Collected) {
    let group = bean.group.trim_end_matches("-metrics");
    let prefix = match bean.domain {
        CONNECT if bean.group == "app-info" => "kafka_connect".to_owned(),
        // `connect-worker`: the group names the room itself.
        CONNECT => format!(
            "kafka_connect_{}",
            plain(group.trim_start_matches("connect-"))
        ),
        _ => format!("kafka_{}", plain(group)),
    };
    let label = |tag: &'static str| match tag {
        "client-id" => "clientid",
        tag => tag,
    };
    let tags = || -> Labels {
        let tags = bean.tags.iter();
        tags.map(|(tag, value)| (label(tag).into(), value.clone()))
            .collect()
    };
    for (name, help, kind, value) in &bean.attributes {
        let plain_name = plain(name);
        match value {
            Attribute::Number(ms) if *name == "start-time-ms" => {
                let name = format!("{prefix}_start_time_seconds");
                collected.add(
                    name,
                    "When the worker started, in seconds since 1970.",
                    *kind,
                    tags(),
                    ms / 1000.0,
                );
            }
            Attribute::Number(number) => {
                collected.add(
                    format!("{prefix}_{plain_name}"),
                    help,
                    *kind,
                    tags(),
                    *number,
                );
            }
            Attribute::Text(text) => {
                let mut labels = tags();
                labels.push((plain_name.clone().into(), text.clone()));
                let suffix = if bean.group == "app-info" {
                    "_info"
                } else {
                    ""
                };
                collected.add(
                    format!("{prefix}_{plain_name}{suffix}"),
                    help,
                    *kind,
                    labels,
                    1.0,
                );
            }
        }
    }
}

fn confluent(bean: &Bean, collected: &mut Collected) {
    let group = plain(bean.group);
    let mut labels: Labels = Vec::new();
    let prefix = match (bean.domain, bean.group) {
        (CONNECT, _) => format!("kafka_connect_{group}"),
        (domain, _) => {
            let client = if domain == CONSUMER {
                "consumer"
            } else {
                "producer"
            };
            labels.push(("client_type".into(), client.to_owned()));
            format!("kafka_{client}_{group}")
        }
    };
    if bean.group == "connect-worker-metrics" && bean.tags.is_empty() {
        labels.push(("connector".into(), "aggregate".to_owned()));
    }
    let tags = bean.tags.iter();
    labels.extend(tags.map(|(tag, value)| (plain(tag).into(), value.clone())));
    // These groups are one name whose labels tell the attributes.
    let is_info = matches!(bean.group, "app-info" | "connector-metrics");
    for (name, help, kind, value) in &bean.attributes {
        let plain_name = plain(name);
        match value {
            Attribute::Number(number) if !is_info => {
                collected.add(
                    format!("{prefix}_{plain_name}"),
                    help,
                    *kind,
                    labels.clone(),
                    *number,
                );
            }
            // The exporter drops texts of other groups.
            Attribute::Text(_) if !is_info => {}
            value => {
                let value = match value {
                    Attribute::Number(number) => format!("{number}"),
                    Attribute::Text(text) => text.clone(),
                };
                let mut labels = labels.clone();
                labels.push((plain_name.into(), value));
                collected.add(
                    prefix.clone(),
                    "What the last label says.",
                    Kind::Gauge,
                    labels,
                    1.0,
                );
            }
        }
    }
}
