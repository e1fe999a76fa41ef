//! [`Client`]: what converters ask a schema registry, over its REST API.
//!
//! Every call blocks, with time-outs, so converters make them on threads of their own ([`on_a_thread`]). Nothing is tried
//! again here: who waits decides when.

mod auth;
mod error;
mod http;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};
use tokio::sync::oneshot;

use self::auth::encoded;
pub use self::error::RestError;
use self::http::{Http, Request};
use crate::format::{ReferencedText, SchemaText};
use crate::settings::Connection;
use crate::wire::SchemaId;

/// What may stand behind a schema, in all.
const MOST_REFERENCES: usize = 1000;

/// The original client's code for an answer that it cannot use.
const CODE_OF_BAD_ANSWER: i64 = 50_005;

/// A schema as the registry gave it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Registered {
    pub text: Arc<SchemaText>,
    /// `AVRO`, `PROTOBUF`, `JSON`.
    pub format: String,
    /// As they came, to ask for the same schema again.
    references: Value,
    metadata: Value,
    rule_set: Value,
    /// Set where the answer names them.
    pub id: Option<i32>,
    pub guid: Option<String>,
    pub version: Option<i32>,
}

/// A rule that a schema asks its readers to apply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadRule {
    pub name: String,
    /// `ENCRYPT`, `CEL`, …
    pub type_: String,
}

/// What a registration or a look-up says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    pub id: Option<i32>,
    pub guid: Option<String>,
    pub version: Option<i32>,
}

pub struct Client {
    http: Http,
    /// `schema registry http://…`.
    name: String,
    /// Schemas by subject and version, which never change; referred to by many.
    versions: Mutex<BTreeMap<(String, i32), Arc<Value>>>,
    most_versions: usize,
}

impl Client {
    /// Pure.
    pub fn new(connection: Connection, most_versions: usize) -> Self {
        let urls: Vec<&str> = connection.urls.iter().map(|u| u.base.as_str()).collect();
        Self {
            name: format!("schema registry {}", urls.join(", ")),
            http: Http::new(connection),
            versions: Mutex::default(),
            most_versions,
        }
    }

    /// As users know it, without credentials.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The schema that a record names; the subject tells in which context an id counts.
    pub fn schema(&self, id: &SchemaId, subject: Option<&str>) -> Result<Registered, RestError> {
        let path = match (id, subject) {
            (SchemaId::Id(id), Some(subject)) => format!(
                "/schemas/ids/{id}?fetchMaxId=false&subject={}",
                encoded(subject)
            ),
            (SchemaId::Id(id), None) => format!("/schemas/ids/{id}?fetchMaxId=false"),
            (SchemaId::Guid(_), _) => format!("/schemas/guids/{id}"),
        };
        self.registered(&self.get(&path)?)
    }

    /// The newest version of a subject.
    pub fn latest(&self, subject: &str) -> Result<Registered, RestError> {
        let path = format!("/subjects/{}/versions/latest", encoded(subject));
        self.registered(&self.get(&path)?)
    }

    /// The newest version of a subject that has these properties.
    pub fn latest_with_metadata(
        &self,
        subject: &str,
        properties: &BTreeMap<String, String>,
    ) -> Result<Registered, RestError> {
        let mut path = format!("/subjects/{}/metadata?deleted=true", encoded(subject));
        for (key, value) in properties {
            path = format!("{path}&key={}&value={}", encoded(key), encoded(value));
        }
        self.registered(&self.get(&path)?)
    }

    /// Where a schema stands in a subject, deleted versions too.
    pub fn version_of(&self, subject: &str, schema: &Registered) -> Result<i32, RestError> {
        if let Some(version) = schema.own_version() {
            return Ok(version);
        }
        let path = format!(
            "/subjects/{}?normalize=false&deleted=true",
            encoded(subject)
        );
        let place = place(&self.post(&path, &schema.body())?);
        place.version.ok_or_else(|| bad_answer("version"))
    }

    /// Registers a schema, or finds that it is registered.
    pub fn register(
        &self,
        subject: &str,
        schema: &Registered,
        normalize: bool,
        propagate_tags: bool,
    ) -> Result<Place, RestError> {
        let subject = encoded(subject);
        let path = format!("/subjects/{subject}/versions?normalize={normalize}");
        let mut body = schema.body();
        if propagate_tags {
            body["propagateSchemaTags"] = true.into();
        }
        Ok(place(&self.post(&path, &body)?))
    }

    /// Finds a registered schema.
    pub fn look_up(
        &self,
        subject: &str,
        schema: &Registered,
        normalize: bool,
    ) -> Result<Place, RestError> {
        let subject = encoded(subject);
        let path = format!("/subjects/{subject}?normalize={normalize}&deleted=false");
        Ok(place(&self.post(&path, &schema.body())?))
    }

    fn get(&self, path: &str) -> Result<Value, RestError> {
        self.http.ask(&Request { path, body: None })
    }

    fn post(&self, path: &str, body: &Value) -> Result<Value, RestError> {
        let body = Some(body);
        self.http.ask(&Request { path, body })
    }

    fn registered(&self, answer: &Value) -> Result<Registered, RestError> {
        let text = text_of(answer)?;
        let references = self.resolved(&answer["references"])?;
        let place = place(answer);
        Ok(Registered {
            text: Arc::new(SchemaText { text, references }),
            format: answer["schemaType"].as_str().unwrap_or("AVRO").to_owned(),
            references: answer["references"].clone(),
            metadata: answer["metadata"].clone(),
            rule_set: answer["ruleSet"].clone(),
            id: place.id,
            guid: place.guid,
            version: place.version,
        })
    }

    /// Everything that is referred to, a text behind those that it refers to itself. What is referred to twice stands
    /// there once; the same name for another schema is the registry's to refuse, and the first one counts.
    fn resolved(&self, references: &Value) -> Result<Vec<ReferencedText>, RestError> {
        enum Step {
            Open(Reference),
            Close(Box<ReferencedText>),
        }
        let mut found: Vec<ReferencedText> = Vec::new();
        let mut seen: Vec<String> = Vec::new();
        let open = |references: &Value| -> Result<Vec<Step>, RestError> {
            let all = references.as_array().into_iter().flatten();
            let steps: Result<Vec<Step>, RestError> =
                all.rev().map(|r| Ok(Step::Open(reference(r)?))).collect();
            steps
        };
        let mut steps = open(references)?;
        while let Some(step) = steps.pop() {
            let reference = match step {
                Step::Close(text) => {
                    found.push(*text);
                    continue;
                }
                Step::Open(reference) => reference,
            };
            if seen.contains(&reference.name) {
                continue;
            }
            if seen.len() >= MOST_REFERENCES {
                return Err(RestError::Refused {
                    code: CODE_OF_BAD_ANSWER,
                    message: format!("the schema refers to more than {MOST_REFERENCES} others"),
                });
            }
            seen.push(reference.name.clone());
            let answer = self.version(&reference.subject, reference.version)?;
            let own = open(&answer["references"])?;
            let names = own.iter().filter_map(|step| match step {
                Step::Open(reference) => Some(reference.name.clone()),
                Step::Close(_) => None,
            });
            let mut names: Vec<String> = names.collect();
            names.reverse();
            steps.push(Step::Close(Box::new(ReferencedText {
                name: reference.name,
                subject: reference.subject,
                version: reference.version,
                text: text_of(&answer)?,
                references: names,
            })));
            steps.extend(own);
        }
        Ok(found)
    }

    fn version(&self, subject: &str, version: i32) -> Result<Arc<Value>, RestError> {
        let key = (subject.to_owned(), version);
        if let Some(known) = self.known().get(&key) {
            return Ok(known.clone());
        }
        let subject = encoded(subject);
        let path = format!("/subjects/{subject}/versions/{version}?deleted=true");
        let answer = Arc::new(self.get(&path)?);
        let mut known = self.known();
        if known.len() >= self.most_versions {
            known.pop_first();
        }
        known.insert(key, answer.clone());
        Ok(answer)
    }

    fn known(&self) -> std::sync::MutexGuard<'_, BTreeMap<(String, i32), Arc<Value>>> {
        self.versions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Registered {
    /// A schema that is to be written under, as it would be registered.
    pub fn new(text: Arc<SchemaText>, format: &str) -> Self {
        // The schema's own references are those that no other one brings in.
        let brought: Vec<&String> = text.references.iter().flat_map(|r| &r.references).collect();
        let own = text
            .references
            .iter()
            .filter(|r| !brought.contains(&&r.name));
        let references =
            own.map(|r| json!({"name": r.name, "subject": r.subject, "version": r.version}));
        Self {
            references: references.collect(),
            text,
            format: format.to_owned(),
            ..Self::default()
        }
    }

    /// The same, where it is registered.
    pub fn at(mut self, place: Place) -> Self {
        (self.id, self.guid, self.version) = (place.id, place.guid, place.version);
        self
    }

    fn body(&self) -> Value {
        let mut body = json!({"schema": self.text.text});
        if self.format != "AVRO" {
            body["schemaType"] = self.format.as_str().into();
        }
        let optional = [
            ("references", &self.references),
            ("metadata", &self.metadata),
            ("ruleSet", &self.rule_set),
        ];
        for (name, value) in optional {
            let is_empty = value.as_array().is_some_and(Vec::is_empty);
            if !value.is_null() && !is_empty {
                body[name] = value.clone();
            }
        }
        body
    }

    /// The version that the schema's metadata names.
    fn own_version(&self) -> Option<i32> {
        let version = self.metadata["properties"]["confluent:version"].as_str()?;
        version.parse().ok()
    }

    /// The first rule that readers must apply before they may use what they read.
    pub fn read_rule(&self) -> Option<ReadRule> {
        let rules = ["encodingRules", "domainRules"]
            .into_iter()
            .filter_map(|kind| self.rule_set[kind].as_array())
            .flatten();
        let text = |rule: &Value, name: &str| rule[name].as_str().unwrap_or_default().to_owned();
        for rule in rules {
            let mode = text(rule, "mode");
            let reads = mode == "READ" || mode == "WRITEREAD";
            // For both directions there may be two actions, the second one for reading.
            let on_failure = text(rule, "onFailure");
            let on_failure = match on_failure.split_once(',') {
                Some((_, reading)) if mode == "WRITEREAD" => reading.trim(),
                _ => on_failure.trim(),
            };
            let is_disabled = rule["disabled"].as_bool() == Some(true);
            if reads && !is_disabled && on_failure != "NONE" {
                return Some(ReadRule {
                    name: text(rule, "name"),
                    type_: text(rule, "type"),
                });
            }
        }
        None
    }
}

impl Registered {
    /// The first rule that turns what was written under an older version into this one.
    pub fn migration_rule(&self) -> Option<ReadRule> {
        let rule = self.rule_set["migrationRules"].as_array()?.first()?;
        let text = |name: &str| rule[name].as_str().unwrap_or_default().to_owned();
        Some(ReadRule {
            name: text("name"),
            type_: text("type"),
        })
    }
}

struct Reference {
    name: String,
    subject: String,
    version: i32,
}

fn reference(value: &Value) -> Result<Reference, RestError> {
    let text = |name: &str| value[name].as_str().map(str::to_owned);
    let version = value["version"]
        .as_i64()
        .and_then(|v| i32::try_from(v).ok());
    match (text("name"), text("subject"), version) {
        (Some(name), Some(subject), Some(version)) => Ok(Reference {
            name,
            subject,
            version,
        }),
        _ => Err(bad_answer("name, subject and version of a reference")),
    }
}

fn text_of(answer: &Value) -> Result<String, RestError> {
    let text = answer["schema"].as_str();
    text.map(str::to_owned).ok_or_else(|| bad_answer("schema"))
}

fn place(answer: &Value) -> Place {
    let number = |name: &str| answer[name].as_i64().and_then(|n| i32::try_from(n).ok());
    Place {
        id: number("id"),
        guid: answer["guid"].as_str().map(str::to_owned),
        version: number("version"),
    }
}

/// JSON, but not the registry's.
fn bad_answer(lacks: &str) -> RestError {
    RestError::away(format!(
        "the answer holds no {lacks}: if this lasts, schema.registry.url names no schema registry"
    ))
}

/// Does something that blocks on a thread of its own. Dropping the receiver abandons it; the thread ends by its
/// time-outs, and holds up neither the runtime nor the end of the process.
pub fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> oneshot::Receiver<T> {
    let (answer, receiver) = oneshot::channel();
    let thread = std::thread::Builder::new().name("schema-registry".to_owned());
    // Without a thread the sender is gone, which the receiver is told.
    let _ = thread.spawn(move || {
        // Nobody may be waiting any more.
        let _ = answer.send(work());
    });
    receiver
}
