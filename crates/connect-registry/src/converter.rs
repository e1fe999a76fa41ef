//! [`RegistryConverter`]: a converter whose records name schemas of a registry.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::{Buf, Bytes};
use connect_api::config::{ConfigDef, ConfigErrors, ConfigReader};
use connect_api::convert::{
    Converter, ConverterType, LooksAhead, NoHeaders, RecordHeaders, SchemaUsed,
};
use connect_api::data::{SchemaAndValue, SchemaRef, Value};
use connect_api::error::exception;
use connect_api::plugin::{Plugin, PluginDescriptor};
use connect_api::{ByteString, ConnectError, ErrorClass};

use crate::cache::{Cache, Spot, State};
use crate::client::{Client, Registered, RestError, on_a_thread};
use crate::format::Format;
use crate::keys;
use crate::lookup::{Found, Lookup, Unfound};
use crate::settings::{IdFrom, IdTo, Newest, Settings};
use crate::text::Words;
use crate::wire::{self, Prefix, SchemaId};
use crate::writing::{self, Target, Writing, Written};

/// The version of the originals whose behaviour this is.
const FOLLOWED: &str = "8.1.1";

/// How many requests are under way at once.
const AT_ONCE: usize = 8;

/// The longest pause that a registry may ask for.
const LONGEST_AGAIN: Duration = Duration::from_secs(300);

/// The definition of a converter's keys: its format's and everybody's.
pub fn config_def<F: Format>() -> ConfigDef {
    keys::config_def().and(F::config_def())
}

/// The converter of a format, under the class that configurations of the JVM name.
pub const fn plugin<F: Format>(class: &'static str) -> PluginDescriptor {
    PluginDescriptor {
        class,
        aliases: &[],
        version: FOLLOWED,
        config_def: config_def::<F>,
        plugin: Plugin::Converter(new::<F>),
    }
}

/// Makes a converter; asks nobody.
///
/// # Errors
/// Everything that is wrong with the configuration.
pub fn new<F: Format>(
    config: &ConfigReader<'_>,
    part: ConverterType,
) -> Result<Box<dyn Converter>, ConfigErrors> {
    let settings = Settings::read(config, part);
    let format = F::new(config, part);
    let converter = RegistryConverter::new(settings, format);
    config.finish(Box::new(converter) as Box<dyn Converter>)
}

pub struct RegistryConverter<F: Format> {
    format: F,
    settings: Arc<Settings>,
    client: Arc<Client>,
    words: Words,
    cache: Cache<F::Schema>,
    /// Spots that records of the batch name and the cache has not.
    lacking: HashSet<Spot>,
    written: Written<F::Schema>,
    /// What the registry asked for when it was away last.
    again_after: Option<Duration>,
}

impl<F: Format> RegistryConverter<F> {
    pub fn new(settings: Settings, format: F) -> Self {
        let client = Client::new(settings.connection.clone(), settings.most_schemas);
        Self {
            format,
            words: Words::new(F::TYPE, settings.part),
            cache: Cache::new(settings.most_schemas, settings.most_missing),
            lacking: HashSet::new(),
            written: Written::new(settings.most_schemas),
            again_after: None,
            client: Arc::new(client),
            settings: Arc::new(settings),
        }
    }

    /// What a record says its schema is; `len` is what stands before the payload.
    fn prefix(&self, headers: &dyn RecordHeaders, data: &Bytes) -> Result<Prefix, ConnectError> {
        let from = self.settings.id_from;
        if let IdFrom::Config(id) = from {
            return Ok(Prefix {
                id,
                indexes: if F::HAS_INDEXES { &[0][..] } else { &[] }.into(),
                len: 0,
            });
        }
        if from == IdFrom::HeaderOrPrefix
            && let Some(header) = headers.last(self.header())
        {
            let prefix = wire::read(&header, F::HAS_INDEXES)?;
            return Ok(Prefix { len: 0, ..prefix });
        }
        wire::read(data, F::HAS_INDEXES)
    }

    fn header(&self) -> &'static str {
        match self.settings.part {
            ConverterType::Key => wire::KEY_HEADER,
            _ => wire::VALUE_HEADER,
        }
    }

    /// The indexes that tell spots apart: those on which the subject hangs.
    fn telling<'a>(&self, indexes: &'a [i32]) -> &'a [i32] {
        match self.settings.strategy.uses_schema() {
            true => indexes,
            false => &[],
        }
    }

    fn read(
        &mut self,
        topic: &str,
        headers: &dyn RecordHeaders,
        data: Bytes,
    ) -> Result<SchemaAndValue, ConnectError> {
        let prefix = self.prefix(headers, &data).map_err(Words::no_id)?;
        let telling = self.telling(&prefix.indexes);
        let Some(entry) = self.cache.get(&prefix.id, topic, telling) else {
            self.lacking.insert(Spot {
                id: prefix.id,
                topic: topic.into(),
                indexes: telling.to_vec(),
            });
            let text = format!("schema {} is not here yet", prefix.id);
            return Err(ConnectError::unavailable(text));
        };
        let schema = match &entry.state {
            State::Known { schema, .. } => schema,
            State::Failed(error) => return Err(error.clone()),
        };
        let mut payload = data;
        payload.advance(prefix.len);
        let read = self.format.read(schema, &prefix.indexes, payload);
        read.map_err(|error| self.words.bad_payload(&prefix.id.to_string(), error))
    }

    /// Gets what records of the batch name.
    async fn fetch_schemas(&mut self) -> Result<(), ConnectError> {
        let lookups = self.lacking.iter().cloned();
        let lookups = lookups.map(|spot| Lookup::new(spot, &self.settings));
        let mut todo: Vec<Lookup> = lookups.collect::<Result<_, _>>()?;
        while !todo.is_empty() {
            let now: Vec<Lookup> = todo.drain(..todo.len().min(AT_ONCE)).collect();
            let mut asked = Vec::with_capacity(now.len());
            for lookup in now {
                let (client, spot) = (self.client.clone(), lookup.spot.clone());
                asked.push((spot, on_a_thread(move || lookup.ask(&client))));
            }
            let mut failed = None;
            for (spot, answer) in asked {
                match answer.await.unwrap_or_else(|_| Err(no_thread())) {
                    Ok(found) => todo.extend(self.found(found)),
                    Err(unfound) => failed = self.unfound(spot, unfound).or(failed),
                }
            }
            if let Some(error) = failed {
                return Err(error);
            }
        }
        Ok(())
    }

    /// Takes in what was found; gives the question that follows, if there is one.
    fn found(&mut self, found: Found) -> Option<Lookup> {
        let spot = found.spot.clone();
        match self.open(found) {
            Ok(Opened::Known(state)) => {
                // Another version may be the newest one after a while.
                let expires = self.settings.newest != Newest::No;
                let ttl = self.settings.newest_ttl.filter(|_| expires);
                self.settle(spot, state, ttl);
            }
            Ok(Opened::Asks(further)) => return Some(*further),
            Err(error) => {
                let error = self.words.unreadable(&spot.topic, error);
                self.settle(spot, State::Failed(error), None);
            }
        }
        None
    }

    /// Makes a schema ready for reading.
    fn open(&mut self, found: Found) -> Result<Opened<F>, ConnectError> {
        let (words, id) = (self.words, found.spot.id.to_string());
        let registered = &found.schema;
        if registered.format != F::TYPE {
            return Err(words.no_schema(&id, words.other_format(&registered.format)));
        }
        if let Some(rule) = registered.read_rule() {
            return Err(words.rule(&id, &rule.name, &rule.type_));
        }
        let parsed = self.format.parse(&registered.text, found.version);
        let parsed = parsed.map_err(|error| words.no_schema(&id, error))?;
        let Some(subject) = &found.subject else {
            let settings = &self.settings;
            let record = F::record_name(&parsed, &found.spot.indexes);
            let named = settings.strategy;
            let subject = named.subject(&found.spot.topic, settings.part, record.as_deref())?;
            let further = Lookup::version_of(found, subject, settings);
            return Ok(Opened::Asks(Box::new(further)));
        };
        let mut schema = Arc::new(parsed);
        if let Some(newest) = &found.newest
            && newest.text != registered.text
        {
            if let Some(rule) = newest.migration_rule() {
                return Err(words.rule(&id, &rule.name, &rule.type_));
            }
            let reader = self.format.parse(&newest.text, newest.version);
            let reader = reader.map_err(|error| words.no_schema(&id, error))?;
            schema = self.format.reading_as(&schema, &Arc::new(reader))?;
        }
        let (id, guid) = match found.spot.id {
            SchemaId::Id(id) => (Some(id), None),
            guid @ SchemaId::Guid(_) => (None, Some(guid.to_string())),
        };
        let used = SchemaUsed {
            id,
            guid,
            format: F::TYPE,
            subject: Some(subject.clone()),
            version: found.version,
        };
        Ok(Opened::Known(State::Known { schema, used }))
    }

    /// An answer that is none. A record's fault is remembered; any other error is given back.
    fn unfound(&mut self, spot: Spot, unfound: Unfound) -> Option<ConnectError> {
        let Unfound { error, of_version } = unfound;
        if !matches!(error, RestError::Refused { .. }) {
            return Some(self.hindered(&spot.topic, error));
        }
        let (id, error) = (spot.id.to_string(), error.into_error());
        let error = match of_version {
            true => self.words.no_version(&id, error),
            false => self.words.no_schema(&id, error),
        };
        let error = self.words.unreadable(&spot.topic, error);
        let ttl = self.settings.missing_ttl;
        self.settle(spot, State::Failed(error), Some(ttl));
        None
    }

    fn settle(&mut self, spot: Spot, state: State<F::Schema>, ttl: Option<Duration>) {
        self.lacking.remove(&spot);
        let until = ttl.map(|ttl| Instant::now() + ttl);
        self.cache.insert(spot, state, until);
    }

    /// The registry gives no answer, to whatever record.
    fn hindered(&mut self, topic: &str, error: RestError) -> ConnectError {
        if let RestError::Away { again_after, .. } = &error {
            self.again_after = *again_after;
        }
        let error = error.into_error();
        match error.class() {
            ErrorClass::Unavailable => error,
            _ => self.words.inaccessible(topic, error),
        }
    }

    /// Gets what values are to be written under.
    async fn fetch_targets(&mut self) -> Result<(), ConnectError> {
        while let Some((writing, text)) = self.written.lacking() {
            let subject = writing.subject.clone();
            let own = Registered::new(text.clone(), F::TYPE);
            let (client, settings) = (self.client.clone(), self.settings.clone());
            let ask = move || writing::ask(&client, &settings, &subject, own);
            let answer = on_a_thread(ask).await;
            let target = match answer.unwrap_or_else(|_| Err(no_thread().error)) {
                Ok(registered) => self.target(&registered),
                Err(error @ RestError::Refused { .. }) => {
                    let registers = self.settings.registers();
                    Err(self.words.not_registered(registers, error.into_error()))
                }
                Err(error) => return Err(self.hindered("", error)),
            };
            self.written.settle(target);
        }
        Ok(())
    }

    fn target(&mut self, registered: &Registered) -> Result<Target<F::Schema>, ConnectError> {
        let schema = self.format.parse(&registered.text, registered.version)?;
        let guid = registered.guid.as_deref();
        Ok(Target {
            id: registered.id,
            guid: guid.and_then(SchemaId::from_guid_text),
            schema: Arc::new(schema),
        })
    }

    fn write(
        &mut self,
        topic: &str,
        headers: Option<&mut Vec<(ByteString, Bytes)>>,
        schema: Option<&SchemaRef>,
        value: &Value,
    ) -> Result<Bytes, ConnectError> {
        let text = self.format.schema_of(schema, value)?;
        let strategy = self.settings.strategy;
        let record = match strategy.uses_schema() {
            false => None,
            true => {
                let parsed = self.format.parse(&text, None)?;
                F::record_name(&parsed, first_indexes::<F>())
            }
        };
        let writing = Writing {
            subject: strategy.subject(topic, self.settings.part, record.as_deref())?,
            text: text.text.clone(),
        };
        let target = self.written.get(writing, text)?;
        let mut payload = Vec::new();
        let format = &mut self.format;
        let indexes = format.write(&target.schema, schema, value, &mut payload)?;
        let missing = |what: &str| {
            let text = format!("the registry gave no {what} of the schema");
            ConnectError::record(exception::SERIALIZATION, text)
        };
        let mut prefix = Vec::new();
        if self.settings.id_to == IdTo::Header {
            let text = "Missing headers";
            let headers =
                headers.ok_or_else(|| ConnectError::record(exception::SERIALIZATION, text))?;
            let guid = target.guid.ok_or_else(|| missing("GUID"))?;
            wire::write(&guid, &indexes, &mut prefix);
            headers.push((ByteString::from_static(self.header()), prefix.into()));
            return Ok(payload.into());
        }
        let id = target.id.ok_or_else(|| missing("id"))?;
        wire::write(&SchemaId::Id(id), &indexes, &mut prefix);
        prefix.append(&mut payload);
        Ok(prefix.into())
    }

    fn write_any(
        &mut self,
        topic: &str,
        headers: Option<&mut Vec<(ByteString, Bytes)>>,
        schema: Option<&SchemaRef>,
        value: &Value,
    ) -> Result<Option<Bytes>, ConnectError> {
        // JSON has a null of its own, for a schema that allows it.
        if matches!(value, Value::Null) && (schema.is_none() || F::TYPE != "JSON") {
            return Ok(None);
        }
        let written = self.write(topic, headers, schema, value);
        written.map(Some).map_err(|error| match error.class() {
            ErrorClass::Record => self.words.unwritable(topic, error),
            _ => error,
        })
    }
}

/// What became of an answer.
enum Opened<F: Format> {
    Known(State<F::Schema>),
    /// The schema tells the subject, in which its version is to be asked for.
    Asks(Box<Lookup>),
}

/// The way to a file's first message type.
const fn first_indexes<F: Format>() -> &'static [i32] {
    match F::HAS_INDEXES {
        true => &[0],
        false => &[],
    }
}

fn no_thread() -> Unfound {
    Unfound::schema(RestError::away("this process can start no further thread"))
}

impl<F: Format> Converter for RegistryConverter<F> {
    fn to_connect_data(
        &mut self,
        topic: &str,
        data: Option<Bytes>,
    ) -> Result<SchemaAndValue, ConnectError> {
        self.to_connect_data_with_headers(topic, &NoHeaders, data)
    }

    fn to_connect_data_with_headers(
        &mut self,
        topic: &str,
        headers: &dyn RecordHeaders,
        data: Option<Bytes>,
    ) -> Result<SchemaAndValue, ConnectError> {
        let Some(data) = data else {
            return Ok(SchemaAndValue::NULL);
        };
        let read = self.read(topic, headers, data);
        read.map_err(|error| match error.class() {
            ErrorClass::Record => self.words.unreadable(topic, error),
            _ => error,
        })
    }

    fn from_connect_data(
        &mut self,
        topic: &str,
        schema: Option<&SchemaRef>,
        value: &Value,
    ) -> Result<Option<Bytes>, ConnectError> {
        self.write_any(topic, None, schema, value)
    }

    fn from_connect_data_with_headers(
        &mut self,
        topic: &str,
        headers: &mut Vec<(ByteString, Bytes)>,
        schema: Option<&SchemaRef>,
        value: &Value,
    ) -> Result<Option<Bytes>, ConnectError> {
        self.write_any(topic, Some(headers), schema, value)
    }

    fn ahead(&mut self) -> Option<&mut dyn LooksAhead> {
        Some(self)
    }
}

#[async_trait]
impl<F: Format> LooksAhead for RegistryConverter<F> {
    fn look(&mut self, topic: &str, headers: &dyn RecordHeaders, data: &Bytes) {
        // What has no id fails when it is converted.
        let Ok(prefix) = self.prefix(headers, data) else {
            return;
        };
        let telling = self.telling(&prefix.indexes);
        if !self.cache.need(&prefix.id, topic, telling) {
            self.lacking.insert(Spot {
                id: prefix.id,
                topic: topic.into(),
                indexes: telling.to_vec(),
            });
        }
    }

    fn lacks(&self) -> bool {
        !self.lacking.is_empty() || self.written.lacking().is_some()
    }

    async fn fetch(&mut self) -> Result<(), ConnectError> {
        self.again_after = None;
        self.fetch_schemas().await?;
        self.fetch_targets().await?;
        self.cache.next_round();
        Ok(())
    }

    fn pause(&self, failures: u32) -> Duration {
        let settings = &self.settings;
        let doubled = 2u32.saturating_pow(failures.saturating_sub(1).min(20));
        let pause = settings.first_pause.saturating_mul(doubled);
        let pause = pause.min(settings.longest_pause);
        pause.max(self.again_after.unwrap_or_default().min(LONGEST_AGAIN))
    }

    fn source(&self) -> &str {
        self.client.name()
    }

    fn schema_used(
        &self,
        topic: &str,
        headers: &dyn RecordHeaders,
        data: &Bytes,
    ) -> Option<SchemaUsed> {
        let prefix = self.prefix(headers, data).ok()?;
        let telling = self.telling(&prefix.indexes);
        match &self.cache.get(&prefix.id, topic, telling)?.state {
            State::Known { used, .. } => Some(used.clone()),
            State::Failed(_) => Some(SchemaUsed {
                id: match prefix.id {
                    SchemaId::Id(id) => Some(id),
                    SchemaId::Guid(_) => None,
                },
                guid: match prefix.id {
                    SchemaId::Id(_) => None,
                    SchemaId::Guid(_) => Some(prefix.id.to_string()),
                },
                format: F::TYPE,
                ..SchemaUsed::default()
            }),
        }
    }
}
