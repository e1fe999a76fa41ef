//! The clients on a real broker: `TURNBUCKLE_BOOTSTRAP=host:port`. Without it every test is reported as ignored.
//!
//! Tests of refusals want a secured broker, see `denied.rs`.
//!
//! The broker must let topics be created (`auto.create.topics.enable`) and take messages of 20 MB.

#![allow(clippy::unwrap_used)]

mod clients;
mod consumer;
mod denied;
mod rebalance;
mod reset;
mod speed;
mod support;
mod topics;

use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};

/// A test gets the broker's address.
pub type Test = (&'static str, fn(Arc<str>) -> support::Running);

fn main() {
    let arguments = Arguments::from_args();
    let open = "TURNBUCKLE_BOOTSTRAP";
    let plain = [
        clients::TESTS,
        consumer::TESTS,
        rebalance::TESTS,
        reset::TESTS,
        topics::TESTS,
    ]
    .concat();
    let mut trials: Vec<_> = plain.iter().map(|test| trial(test, open)).collect();
    let secured = "TURNBUCKLE_SASL_BOOTSTRAP";
    trials.extend(denied::TESTS.iter().map(|test| trial(test, secured)));
    let measure = std::env::var_os("TURNBUCKLE_MEASURE").is_some();
    trials.extend(speed::TESTS.iter().map(|test| {
        let trial = trial(test, open);
        let ignored = trial.has_ignored_flag() || !measure;
        trial.with_ignored_flag(ignored)
    }));
    libtest_mimic::run(&arguments, trials).exit();
}

/// Ignored, and reported so, without the broker whose address the variable holds.
fn trial(&(name, test): &Test, variable: &'static str) -> Trial {
    let bootstrap: Option<Arc<str>> = std::env::var(variable).ok().map(Into::into);
    let missing = bootstrap.is_none();
    let run = move || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()?;
        let bootstrap = bootstrap.ok_or("no broker")?;
        runtime.block_on(test(bootstrap));
        runtime.shutdown_background();
        Ok::<(), Failed>(())
    };
    Trial::test(name, run)
        .with_kind(format!("needs kafka: {variable}"))
        .with_ignored_flag(missing)
}
