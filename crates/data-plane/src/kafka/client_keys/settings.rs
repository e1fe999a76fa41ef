//! [`ClientSettings`]: a client's configuration, ready for librdkafka.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use connect_api::ConnectError;
use connect_api::config::{Config, ConfigErrors};
use rdkafka::ClientConfig;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::KafkaError;

use super::{Draft, KeyNote, NoteKind, Role, groups, security};
use crate::kafka::ffi::trust_what_trust_stores_hold;
use crate::kafka::logins::TokenLogin;
use crate::kafka::problems::Who;
use crate::kafka::statistics;
use key_stores::Tls;

/// Above what one answer may hold, or a connection to something that is not Kafka would make us reserve memory for
/// its first bytes (a TLS alert reads as 352 MB). Records larger than this need a larger `fetch.max.bytes`.
const ANSWER_LEAST: i64 = 200_000_000;
/// What a fetch answer holds beside records.
const ANSWER_MARGIN: i64 = 2_000_000;

/// A client's configuration, translated. Prints its keys but no values, because some are secrets.
#[derive(Clone)]
pub struct ClientSettings {
    role: Role,
    native: BTreeMap<&'static str, String>,
    tls: Tls,
    login: Option<Arc<TokenLogin>>,
    group: String,
    bootstrap: String,
    reset: OffsetReset,
    max_poll_records: Option<usize>,
    max_poll_interval: Duration,
    metadata_max_age: Duration,
    api_timeout: Duration,
    exclude_internal_topics: bool,
    /// `fetch.max.bytes` if it was given.
    fetch_max: Option<i64>,
    max_request_size: usize,
}

/// `auto.offset.reset`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::kafka) enum OffsetReset {
    Earliest,
    Latest,
    None,
    /// At the first record that is not older.
    ByDuration(Duration),
}

impl ClientSettings {
    /// The settings of a sink task's consumer.
    ///
    /// # Errors
    /// Every value that is wrong and every key that is refused.
    pub fn consumer(config: &Config) -> Result<(Self, Vec<KeyNote>), ConfigErrors> {
        let mut draft = Draft::new(Role::Consumer, config);
        draft.translate();
        security::translate(&mut draft);
        let reset = groups::translate(&mut draft);
        let settings = Self::from_draft(&mut draft, reset);
        draft.finish(settings)
    }

    /// The settings of a producer.
    ///
    /// # Errors
    /// Every value that is wrong and every key that is refused.
    pub fn producer(config: &Config) -> Result<(Self, Vec<KeyNote>), ConfigErrors> {
        let mut draft = Draft::new(Role::Producer, config);
        draft.translate();
        security::translate(&mut draft);
        partitioner(&mut draft);
        compression_level(&mut draft);
        idempotence(&mut draft);
        let size = draft.number("max.request.size").to_string();
        draft.set("message.max.bytes", size);
        let acknowledge = draft.native.get("socket.timeout.ms").cloned();
        draft.set("request.timeout.ms", acknowledge.unwrap_or_default());
        // A batch is sent and awaited as a whole, so its own size is the bound.
        draft.set("queue.buffering.max.messages", "0");
        draft.set("queue.buffering.max.kbytes", "2097151");
        let settings = Self::from_draft(&mut draft, OffsetReset::Latest);
        draft.finish(settings)
    }

    /// The settings of an admin client.
    ///
    /// # Errors
    /// Every value that is wrong and every key that is refused.
    pub fn admin(config: &Config) -> Result<(Self, Vec<KeyNote>), ConfigErrors> {
        let mut draft = Draft::new(Role::Admin, config);
        draft.translate();
        security::translate(&mut draft);
        let settings = Self::from_draft(&mut draft, OffsetReset::Latest);
        draft.finish(settings)
    }

    fn from_draft(draft: &mut Draft<'_>, reset: OffsetReset) -> Self {
        let millis = |n: i64| Duration::from_millis(n.max(0).unsigned_abs());
        let given = |d: &mut Draft<'_>, key: &str| d.config.contains(key).then(|| d.number(key));
        Self {
            role: draft.role,
            native: draft.native.clone(),
            tls: std::mem::take(&mut draft.tls),
            login: draft.login.take(),
            group: draft.text("group.id").to_owned(),
            bootstrap: draft.text("bootstrap.servers").to_owned(),
            reset,
            max_poll_records: given(draft, "max.poll.records").and_then(|n| n.try_into().ok()),
            max_poll_interval: millis(draft.number("max.poll.interval.ms")),
            metadata_max_age: millis(draft.number("metadata.max.age.ms")),
            api_timeout: millis(draft.number("default.api.timeout.ms")),
            exclude_internal_topics: draft.flag("exclude.internal.topics"),
            fetch_max: given(draft, "fetch.max.bytes"),
            max_request_size: draft.number("max.request.size").try_into().unwrap_or(0),
        }
    }

    /// `max.poll.records` of a consumer, if it was given.
    pub fn max_poll_records(&self) -> Option<usize> {
        self.max_poll_records
    }

    /// `max.poll.interval.ms` of a consumer.
    pub fn max_poll_interval(&self) -> Duration {
        self.max_poll_interval
    }

    /// `group.id` of a consumer.
    pub fn group(&self) -> &str {
        &self.group
    }

    /// `default.api.timeout.ms`: how long a call of an admin client may take.
    pub fn api_timeout(&self) -> Duration {
        self.api_timeout
    }

    /// `max.request.size` of a producer.
    pub(in crate::kafka) fn max_request_size(&self) -> usize {
        self.max_request_size
    }

    /// Where tokens come from, if the client logs in by token.
    pub(in crate::kafka) fn login(&self) -> Option<&Arc<TokenLogin>> {
        self.login.as_ref()
    }

    pub(in crate::kafka) fn metadata_max_age(&self) -> Duration {
        self.metadata_max_age
    }

    pub(in crate::kafka) fn exclude_internal_topics(&self) -> bool {
        self.exclude_internal_topics
    }

    pub(in crate::kafka) fn offset_reset(&self) -> OffsetReset {
        self.reset
    }

    pub(in crate::kafka) fn who(&self) -> Who {
        let id = self.native.get("client.id").map_or("", String::as_str);
        let name = match self.role {
            Role::Consumer => format!("the consumer of group {}", self.group),
            Role::Producer => format!("producer {id}"),
            Role::Admin => format!("admin client {id}"),
        };
        Who {
            name: name.trim_end().to_owned(),
            group: self.group.clone(),
            bootstrap: self.bootstrap.clone(),
        }
    }

    /// For librdkafka, as they are. Reads trust and key stores.
    ///
    /// # Errors
    /// `Config`: a store cannot be read.
    pub(in crate::kafka) fn config(&self) -> Result<ClientConfig, ConnectError> {
        trust_what_trust_stores_hold();
        let stores = key_stores::load(&self.tls).map_err(|why| self.unusable(&why))?;
        let mut config = ClientConfig::new();
        // Connections that break are told from this level on, and diagnosed from what is told.
        config.set_log_level(RDKafkaLogLevel::Info);
        if tracing::enabled!(target: "librdkafka", tracing::Level::TRACE) {
            config.set_log_level(RDKafkaLogLevel::Debug);
            config.set("debug", "broker,cgrp,metadata,security,topic");
        }
        for (key, value) in &self.native {
            config.set(*key, value);
        }
        for (key, value) in stores {
            config.set(key, value);
        }
        Ok(config)
    }

    fn unusable(&self, why: &ConnectError) -> ConnectError {
        ConnectError::config(format!("{} could not be made: {why}", self.who().name))
    }

    /// For a consumer that may hold this many bytes of what it has read ahead. A fetch is not begun while more waits,
    /// but one that was begun arrives whole: unless the user says otherwise it is bounded by the same number.
    ///
    /// # Errors
    /// `Config`: a store cannot be read.
    pub(in crate::kafka) fn consumer_config(
        &self,
        memory: usize,
    ) -> Result<ClientConfig, ConnectError> {
        let mut config = self.config()?;
        let memory = i64::try_from(memory).unwrap_or(i64::MAX);
        let ahead = (memory / 1024).clamp(1024, 2_097_151);
        let fetch = self
            .fetch_max
            .unwrap_or_else(|| memory.clamp(1 << 20, 52_428_800));
        let answer = (fetch + ANSWER_MARGIN).clamp(ANSWER_LEAST, i32::MAX as i64);
        config.set("queued.max.messages.kbytes", ahead.to_string());
        config.set("fetch.max.bytes", fetch.to_string());
        config.set("receive.message.max.bytes", answer.to_string());
        statistics::ask_for(&mut config);
        Ok(config)
    }

    /// librdkafka did not take the settings. Its own text may hold the value, so only the key is told.
    pub(in crate::kafka) fn refused(&self, error: &KafkaError) -> ConnectError {
        let who = self.who().name;
        match error {
            KafkaError::ClientConfig(_, why, key, _) => ConnectError::config(format!(
                "{who} could not be made: {key} is not accepted ({why}). Correct the client setting it comes from"
            )),
            other => ConnectError::config(format!(
                "{who} could not be made: {other}. Check its ssl.*, sasl.* and time-out settings"
            )),
        }
    }
}

impl fmt::Debug for ClientSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys: Vec<_> = self.native.keys().collect();
        f.debug_struct("ClientSettings")
            .field("role", &self.role)
            .field("bootstrap", &self.bootstrap)
            .field("group", &self.group)
            .field("keys", &keys)
            .finish_non_exhaustive()
    }
}

/// Java's partitioner puts keys by murmur2; librdkafka's default does not.
fn partitioner(draft: &mut Draft<'_>) {
    let partitioner = match draft.flag("partitioner.ignore.keys") {
        true => "random",
        false => "murmur2_random",
    };
    draft.set("partitioner", partitioner);
}

/// librdkafka has one level for all codecs, Java one for each.
fn compression_level(draft: &mut Draft<'_>) {
    let key = match draft.native.get("compression.codec").map(String::as_str) {
        Some("gzip") => "compression.gzip.level",
        Some("lz4") => "compression.lz4.level",
        Some("zstd") => "compression.zstd.level",
        _ => return,
    };
    let level = draft.number(key).to_string();
    draft.set("compression.level", level);
}

/// Java's rule: on by default, off by default where other keys rule it out, an error where both were asked for.
fn idempotence(draft: &mut Draft<'_>) {
    let conflict = [
        (
            "acks",
            draft
                .native
                .get("request.required.acks")
                .is_some_and(|a| a != "-1"),
            "all",
        ),
        ("retries", draft.number("retries") == 0, "more than 0"),
        (
            "max.in.flight.requests.per.connection",
            draft.number("max.in.flight.requests.per.connection") > 5,
            "at most 5",
        ),
    ];
    let conflict = conflict.into_iter().find(|(_, conflicts, _)| *conflicts);
    let asked = draft.config.contains("enable.idempotence");
    let on = draft.flag("enable.idempotence");
    match conflict {
        Some((key, _, must)) if on && asked => {
            let text = format!("Must set {key} to {must} in order to use the idempotent producer.");
            draft.error(key, text);
        }
        Some((key, ..)) if on => {
            let reason = format!("{key} rules it out, so it is off");
            draft.note("enable.idempotence", NoteKind::Adjusted, reason);
            draft.set("enable.idempotence", "false");
        }
        _ => draft.set("enable.idempotence", on.to_string()),
    }
}
