//! The parts of the table of keys.

mod common;
mod consumer;
mod oauth;
mod producer;
mod security;

pub(super) use common::COMMON;
pub(super) use consumer::CONSUMER_KEYS as CONSUMER;
pub(super) use oauth::OAUTH;
pub(super) use producer::PRODUCER_KEYS as PRODUCER;
pub(super) use security::{SECRETS, SECURITY};

const MAX: i64 = i32::MAX as i64;
const BYTES: &str = "records stay bytes here; converters read and write them";
const JVM: &str = "it names a class of the JVM";
const METRICS: &str = "metrics are exported another way";
const BUFFER: &str = "there is one buffer per batch";
