//! Converters of a plain format on a registry in this process.

mod configuration;
mod reading;
mod registry;
mod server;
mod writing;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use connect_api::config::{Config, ConfigDef, ConfigErrors, ConfigReader};
use connect_api::convert::{Converter, ConverterType, LooksAhead as _, NoHeaders, RecordHeaders};
use connect_api::data::{SchemaAndValue, SchemaRef, Value};
use connect_api::{ConnectError, ErrorClass};
use serde_json::json;

use self::server::{Asked, Reply, Server, ok, status};
use crate::converter::RegistryConverter;
use crate::format::{Format, SchemaText};
use crate::settings::Settings;

/// Texts behind the names of what their schema refers to: `a,b/schema/version: text`.
struct Plain;

struct PlainSchema {
    text: SchemaText,
    version: Option<i32>,
    /// The schema that takes its place.
    newer: Option<Arc<PlainSchema>>,
}

impl Format for Plain {
    const TYPE: &'static str = "PLAIN";
    type Schema = PlainSchema;

    fn config_def() -> ConfigDef {
        ConfigDef::new()
    }

    fn new(_: &ConfigReader<'_>, _: ConverterType) -> Self {
        Self
    }

    fn parse(
        &mut self,
        text: &SchemaText,
        version: Option<i32>,
    ) -> Result<PlainSchema, ConnectError> {
        if text.text == "bad" {
            let kind = connect_api::error::exception::ILLEGAL_ARGUMENT;
            return Err(ConnectError::record(kind, "no schema"));
        }
        Ok(PlainSchema {
            text: text.clone(),
            version,
            newer: None,
        })
    }

    fn record_name(schema: &PlainSchema, _: &[i32]) -> Option<String> {
        schema.text.text.strip_prefix("record ").map(str::to_owned)
    }

    fn read(
        &mut self,
        schema: &Arc<PlainSchema>,
        _: &[i32],
        payload: Bytes,
    ) -> Result<SchemaAndValue, ConnectError> {
        let payload = std::str::from_utf8(&payload).map_err(|e| {
            let kind = connect_api::error::exception::ILLEGAL_ARGUMENT;
            ConnectError::record(kind, e.to_string())
        })?;
        let references = schema.text.references.iter().map(|r| r.name.as_str());
        let references: Vec<&str> = references.collect();
        let newer = schema
            .newer
            .as_ref()
            .map(|n| format!(" as {}", n.text.text));
        let text = format!(
            "{}/{}{}/{:?}: {payload}",
            references.join(","),
            schema.text.text,
            newer.unwrap_or_default(),
            schema.version
        );
        Ok(SchemaAndValue::new(None, Value::string(text)))
    }

    fn reading_as(
        &mut self,
        writer: &Arc<PlainSchema>,
        reader: &Arc<PlainSchema>,
    ) -> Result<Arc<PlainSchema>, ConnectError> {
        Ok(Arc::new(PlainSchema {
            text: writer.text.clone(),
            version: writer.version,
            newer: Some(reader.clone()),
        }))
    }

    fn schema_of(
        &mut self,
        _: Option<&SchemaRef>,
        _: &Value,
    ) -> Result<Arc<SchemaText>, ConnectError> {
        Ok(Arc::new(SchemaText {
            text: "text".to_owned(),
            references: Vec::new(),
        }))
    }

    fn write(
        &mut self,
        written_as: &Arc<PlainSchema>,
        _: Option<&SchemaRef>,
        value: &Value,
        out: &mut Vec<u8>,
    ) -> Result<Vec<i32>, ConnectError> {
        let text = value.as_str().unwrap_or_default();
        out.extend_from_slice(format!("{} {text}", written_as.text.text).as_bytes());
        Ok(Vec::new())
    }
}

type Plains = RegistryConverter<Plain>;

/// Keys and values.
type Pairs<'a> = &'a [(&'a str, &'a str)];

fn settings(pairs: &[(&str, &str)]) -> Result<Settings, ConfigErrors> {
    let config: Config = pairs.iter().copied().collect();
    let reader = ConfigReader::new(&config);
    let settings = Settings::read(&reader, ConverterType::Value);
    reader.finish(settings)
}

/// With short time-outs, on these registries.
fn converter(urls: &str, further: &[(&str, &str)]) -> Plains {
    let mut pairs = vec![
        ("schema.registry.url", urls),
        ("http.connect.timeout.ms", "2000"),
        ("http.read.timeout.ms", "2000"),
    ];
    pairs.extend(further);
    RegistryConverter::new(settings(&pairs).unwrap(), Plain)
}

fn refused(http: u16, code: i64, message: &str) -> Reply {
    let body = json!({"error_code": code, "message": message});
    status(http, body.to_string())
}

fn schema(text: &str) -> Reply {
    ok(json!({"schema": text, "schemaType": "PLAIN"}).to_string())
}

/// Knows the ids from 1 to 9, each with the text `text ID`, and gives every schema the version 7.
fn usual(asked: &Asked) -> Reply {
    if let Some(rest) = asked.line.strip_prefix("GET /schemas/ids/") {
        let id = rest.split('?').next().unwrap();
        return match id.len() {
            1 => schema(&format!("text {id}")),
            _ => refused(404, 40403, &format!("Schema {id} not found")),
        };
    }
    if asked.line.starts_with("POST /subjects/") {
        return ok(r#"{"version": 7, "id": 1}"#);
    }
    refused(404, 404, "HTTP 404 Not Found")
}

fn record(id: i32, payload: &str) -> Bytes {
    let mut bytes = vec![0];
    bytes.extend_from_slice(&id.to_be_bytes());
    bytes.extend_from_slice(payload.as_bytes());
    bytes.into()
}

/// As the stage does it, without waiting.
async fn convert(
    converter: &mut Plains,
    records: &[Bytes],
) -> Result<Vec<Result<String, ConnectError>>, ConnectError> {
    convert_with(converter, &NoHeaders, records).await
}

async fn convert_with(
    converter: &mut Plains,
    headers: &dyn RecordHeaders,
    records: &[Bytes],
) -> Result<Vec<Result<String, ConnectError>>, ConnectError> {
    for record in records {
        converter.look("t", headers, record);
    }
    while converter.lacks() {
        converter.fetch().await?;
    }
    let convert = |record: &Bytes| {
        let read = converter.to_connect_data_with_headers("t", headers, Some(record.clone()));
        read.map(|read| read.value.as_str().unwrap().to_owned())
    };
    Ok(records.iter().map(convert).collect())
}

async fn one(converter: &mut Plains, record: Bytes) -> Result<String, ConnectError> {
    convert(converter, &[record]).await?.remove(0)
}

/// Exceptions and texts, from the outermost.
fn chain(error: &ConnectError) -> Vec<String> {
    let mut lines = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let class = error.exception().rsplit('.').next().unwrap();
        lines.push(format!("{class}: {error}"));
        next = error.cause();
    }
    lines
}
