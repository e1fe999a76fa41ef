//! The clients on a real broker: `TURNBUCKLE_BOOTSTRAP=host:port`. Without it every test is reported as ignored.
//!
//! The broker must let topics be created (`auto.create.topics.enable`) and take messages of 20 MB.

#![allow(clippy::unwrap_used)]

mod clients;
mod consumer;
mod rebalance;
mod support;

use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};

/// A test gets the broker's address.
pub type Test = (&'static str, fn(Arc<str>) -> support::Running);

fn main() {
    let arguments = Arguments::from_args();
    let bootstrap: Option<Arc<str>> = std::env::var("TURNBUCKLE_BOOTSTRAP").ok().map(Into::into);
    let tests = [clients::TESTS, consumer::TESTS, rebalance::TESTS].concat();
    let trials = tests
        .into_iter()
        .map(|(name, test)| trial(name, test, bootstrap.clone()))
        .collect();
    libtest_mimic::run(&arguments, trials).exit();
}

fn trial(name: &str, test: fn(Arc<str>) -> support::Running, bootstrap: Option<Arc<str>>) -> Trial {
    let missing = bootstrap.is_none();
    let run = move || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()?;
        let bootstrap = bootstrap.ok_or("TURNBUCKLE_BOOTSTRAP is not set")?;
        runtime.block_on(test(bootstrap));
        runtime.shutdown_background();
        Ok::<(), Failed>(())
    };
    Trial::test(name, run)
        .with_kind("needs kafka: TURNBUCKLE_BOOTSTRAP")
        .with_ignored_flag(missing)
}
