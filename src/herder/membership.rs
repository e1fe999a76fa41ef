//! [`Membership`]: what of the configuration is this worker's to run.

use async_trait::async_trait;

use super::state::{ConfigRecord, ConfigState};

/// This worker's place among those that share the configuration.
#[async_trait]
pub trait Membership: Send {
    fn runs_connector(&self, name: &str) -> bool;

    fn runs_task(&self, name: &str, task: u32) -> bool;

    /// Of the group; stands in every status.
    fn generation(&self) -> i32;

    /// When the one who asked for a change is answered.
    fn completion(&self) -> Completion;

    /// A record was read back, and the configuration is this by now. The members may have to settle anew who runs
    /// what; [`reassigned`](Membership::reassigned) says when they have.
    fn configured(&mut self, record: &ConfigRecord, config: &ConfigState);

    /// Waits until this member has something else to run. May be dropped while it waits.
    async fn reassigned(&mut self);
}

/// When a change of a connector counts as done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completion {
    /// It was read back from the log; what follows of it may happen elsewhere.
    Written,
    /// What it asks for runs, or has ended.
    Settled,
}
