//! Connector files of the command line: a JSON map, a JSON request or properties, whatever the file is called.

use connect_api::config::Config;
use serde_json::{Map, Value};

use super::properties;
use super::target::TargetState;

/// A connector to create.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectorFile {
    pub name: String,
    pub config: Config,
    pub initial_state: TargetState,
}

/// Why a file describes no connector. Begins with what Kafka says.
#[derive(Debug, thiserror::Error)]
pub enum ConnectorFileError {
    #[error(
        "Connector configuration at '{path}' is missing the mandatory 'name' configuration{hint}"
    )]
    NoName { path: String, hint: String },
    #[error(
        "Connector name configuration in 'config' ({in_config}) doesn't match the one specified in 'name' ({name}) at '{path}'; remove it from 'config'"
    )]
    NameMismatch {
        path: String,
        name: String,
        in_config: String,
    },
    #[error(
        "Connector configuration at '{path}': initial_state '{state}' is none of RUNNING, PAUSED, STOPPED"
    )]
    InitialState { path: String, state: String },
    #[error("Connector configuration at '{path}', {source}")]
    Properties {
        path: String,
        source: properties::MalformedEscape,
    },
}

/// Reads one file: a JSON object of texts, else the body of `POST /connectors`, else properties.
///
/// # Errors
/// What is missing or contradictory, with the file's path.
pub fn parse(path: &str, bytes: &[u8]) -> Result<ConnectorFile, ConnectorFileError> {
    let json: Result<Map<String, Value>, serde_json::Error> = serde_json::from_slice(bytes);
    if let Ok(members) = &json {
        if let Some(config) = flat(members) {
            return named(path, config, TargetState::default(), "");
        }
        if let Some(Value::Object(config)) = members.get("config")
            && let Some(config) = flat(config)
        {
            return request(path, members, config);
        }
    }
    let read = properties::parse_bytes(bytes).map_err(|source| ConnectorFileError::Properties {
        path: path.to_owned(),
        source,
    })?;
    let config = read.into_iter().map(|p| (p.key, p.value)).collect();
    // What begins like JSON was meant as JSON; the properties reader's complaint alone would mislead.
    let hint = match json {
        Err(error) if bytes.trim_ascii_start().starts_with(b"{") => format!(" (as JSON: {error})"),
        Ok(_) => " (as JSON: values must be texts, numbers or booleans)".to_owned(),
        Err(_) => String::new(),
    };
    named(path, config, TargetState::default(), &hint)
}

/// `{"name", "config", "initial_state"}`; other members are ignored here, unlike in REST.
fn request(
    path: &str,
    members: &Map<String, Value>,
    mut config: Config,
) -> Result<ConnectorFile, ConnectorFileError> {
    let state = match members.get("initial_state") {
        None | Some(Value::Null) => TargetState::default(),
        Some(text) => text
            .as_str()
            .and_then(TargetState::from_initial_state)
            .ok_or_else(|| ConnectorFileError::InitialState {
                path: path.to_owned(),
                state: text.to_string(),
            })?,
    };
    if let Some(name) = members.get("name").and_then(text_of) {
        match config.get("name") {
            Some(in_config) if in_config != name => {
                return Err(ConnectorFileError::NameMismatch {
                    path: path.to_owned(),
                    name,
                    in_config: in_config.to_owned(),
                });
            }
            _ => config.insert("name", name),
        }
        return named(path, config, state, "");
    }
    Err(ConnectorFileError::NoName {
        path: path.to_owned(),
        hint: String::new(),
    })
}

fn named(
    path: &str,
    config: Config,
    initial_state: TargetState,
    hint: &str,
) -> Result<ConnectorFile, ConnectorFileError> {
    match config.get("name").map(str::to_owned) {
        Some(name) => Ok(ConnectorFile {
            name,
            config,
            initial_state,
        }),
        None => Err(ConnectorFileError::NoName {
            path: path.to_owned(),
            hint: hint.to_owned(),
        }),
    }
}

/// The members as texts, if none is an object or an array. Nulls are as if absent.
fn flat(members: &Map<String, Value>) -> Option<Config> {
    let mut config = Config::new();
    for (key, value) in members {
        match value {
            Value::Null => {}
            value => config.insert(key, text_of(value)?),
        }
    }
    Some(config)
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<ConnectorFile, String> {
        parse("sink.json", text.as_bytes()).map_err(|e| e.to_string())
    }

    #[test]
    fn three_forms_mean_the_same() {
        let forms = [
            r#"{"name": "sink", "tasks.max": 2, "flag": true}"#,
            r#"{"name": "sink", "config": {"tasks.max": "2", "flag": "true"}, "owner": {"x": []}}"#,
            r#"{"name": "sink", "config": {"name": "sink", "tasks.max": "2", "flag": true}}"#,
            "name=sink\ntasks.max=2\nflag=true\n",
        ];
        for form in forms {
            let file = read(form).expect(form);
            assert_eq!(file.name, "sink", "{form}");
            let expected = Config::from([("name", "sink"), ("tasks.max", "2"), ("flag", "true")]);
            assert_eq!(file.config, expected, "{form}");
            assert_eq!(file.initial_state, TargetState::Started, "{form}");
        }
    }

    #[test]
    fn a_request_may_name_a_state() {
        let file = read(r#"{"name": "s", "config": {"topics": "t"}, "initial_state": "paused"}"#);
        assert_eq!(file.map(|f| f.initial_state), Ok(TargetState::Paused));
    }

    #[test]
    fn says_what_is_missing_or_contradictory() {
        for (text, expected) in [
            (
                "topics=t",
                "Connector configuration at 'sink.json' is missing the mandatory 'name' configuration",
            ),
            (
                r#"{"topics": "t"}"#,
                "Connector configuration at 'sink.json' is missing the mandatory 'name' configuration",
            ),
            (
                "{\"name\": \"s\",}",
                "is missing the mandatory 'name' configuration (as JSON: ",
            ),
            (
                r#"{"name": "a", "config": {"name": "b"}}"#,
                "doesn't match the one specified in 'name' (a)",
            ),
            (
                r#"{"name": "a", "config": {}, "initial_state": "asleep"}"#,
                "none of RUNNING, PAUSED, STOPPED",
            ),
            ("name=\\u00zz", "at 'sink.json', line 1: Malformed"),
        ] {
            let error = read(text).expect_err(text);
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
