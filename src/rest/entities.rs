//! Bodies of answers.

use std::collections::BTreeMap;

use connect_api::config::Config;
use connect_api::plugin::PluginDescriptor;
use serde::Serialize;
use serde_json::{Value, json};

use crate::herder::command::{ConnectorInfo, ConnectorStatus};
use crate::herder::state::Status;
use crate::herder::validation::{ConfigInfo, ConfigInfos, Definition};

/// A configuration as it was given: secrets in clear, since clients compare it with what they sent.
pub fn config(config: &Config) -> BTreeMap<&str, &str> {
    config.iter().collect()
}

pub fn connector_info(info: &ConnectorInfo) -> Value {
    let tasks: Vec<Value> = info
        .tasks
        .iter()
        .map(|task| json!({"connector": info.name, "task": task}))
        .collect();
    json!({
        "name": info.name,
        "config": config(&info.config),
        "tasks": tasks,
        "type": info.kind,
    })
}

#[derive(Serialize)]
pub struct InstanceState<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<i64>,
    state: &'static str,
    worker_id: &'a str,
    version: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace: Option<&'a str>,
}

impl<'a> InstanceState<'a> {
    pub fn connector(status: &'a Status) -> Self {
        Self {
            id: None,
            state: status.state.name(),
            worker_id: &status.worker_id,
            version: status.version.as_deref(),
            trace: status.trace.as_deref().filter(|trace| !trace.is_empty()),
        }
    }

    pub fn task(id: i64, status: &'a Status) -> Self {
        Self {
            id: Some(id),
            ..Self::connector(status)
        }
    }
}

pub fn connector_status(status: &ConnectorStatus) -> Value {
    let tasks: Vec<InstanceState<'_>> = status
        .tasks
        .iter()
        .map(|(&id, task)| InstanceState::task(id.into(), task))
        .collect();
    json!({
        "name": status.name,
        "connector": InstanceState::connector(&status.connector),
        "tasks": tasks,
        "type": status.kind,
    })
}

pub fn tasks(name: &str, tasks: &[Config]) -> Vec<Value> {
    tasks
        .iter()
        .enumerate()
        .map(|(task, task_config)| {
            json!({"id": {"connector": name, "task": task}, "config": config(task_config)})
        })
        .collect()
}

pub fn plugin(plugin: &PluginDescriptor) -> Value {
    json!({"class": plugin.class, "type": plugin.plugin.kind(), "version": plugin.version})
}

/// Kafka 4.3 renamed `order`; clients of both kinds exist.
pub fn definition(definition: &Definition) -> Value {
    json!({
        "name": definition.name,
        "type": definition.type_.name(),
        "required": definition.required,
        "default_value": definition.default_value,
        "importance": definition.importance.name(),
        "documentation": definition.documentation,
        "group": definition.group,
        "width": definition.width.name(),
        "display_name": definition.display_name,
        "dependents": definition.dependents,
        "order": definition.order,
        "order_in_group": definition.order,
    })
}

pub fn config_infos(infos: &ConfigInfos) -> Value {
    let configs: Vec<Value> = infos.configs.iter().map(config_info).collect();
    json!({
        "name": infos.name,
        "error_count": infos.error_count,
        "groups": infos.groups,
        "configs": configs,
    })
}

fn config_info(info: &ConfigInfo) -> Value {
    json!({
        "definition": info.definition.as_ref().map(definition),
        "value": {
            "name": info.value.name,
            "value": info.value.value,
            "recommended_values": info.value.recommended_values,
            "errors": info.value.errors,
            "visible": info.value.visible,
        },
    })
}
