//! Standalone mode: logs in memory, and a membership of one.

use std::future::pending;
use std::sync::Arc;

use async_trait::async_trait;

use super::Herder;
use super::engine::{Engine, Parts};
use super::membership::{Completion, Membership};
use super::state::{ConfigRecord, ConfigState};
use super::store::MemoryLog;
use crate::worker::Worker;

/// Starts the herder on the current tokio runtime.
pub fn start(worker: Arc<Worker>) -> Herder {
    Engine::start(Parts {
        worker,
        config_store: Box::new(MemoryLog::default()),
        status_store: Box::new(MemoryLog::default()),
        membership: Box::new(Alone),
    })
}

/// The only member there is: everything is its own at once, for ever.
struct Alone;

#[async_trait]
impl Membership for Alone {
    fn runs_connector(&self, _: &str) -> bool {
        true
    }

    fn runs_task(&self, _: &str, _: u32) -> bool {
        true
    }

    fn generation(&self) -> i32 {
        0
    }

    fn completion(&self) -> Completion {
        Completion::Settled
    }

    fn configured(&mut self, _: &ConfigRecord, _: &ConfigState) {}

    async fn reassigned(&mut self) {
        pending().await
    }
}
