//! Whole-program tests on real services: `TURNBUCKLE_SERVICES=1 cargo test --test services`.
//!
//! Without that variable each test that needs a service is reported as ignored, with what it needs.
//! `cargo test --test services -- --serve kafka neo4j` starts services and keeps them until Ctrl-C.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../support/mod.rs"]
#[allow(
    dead_code,
    unused_imports,
    reason = "the harness is made for tests to come as well"
)]
mod support;

mod crash;
mod flow;
mod rest;
mod targets;

use std::process::ExitCode;

use libtest_mimic::Arguments;
use support::process::wait_for_interrupt;
use support::{Ctx, Need, scratch};

fn main() -> ExitCode {
    scratch::remove_stale_roots();
    let ctx = Ctx::new();
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words.first().is_some_and(|w| w == "--serve") {
        return serve(ctx, &words[1..]);
    }
    let mut trials = Vec::new();
    trials.extend(flow::tests(ctx));
    trials.extend(rest::tests(ctx));
    trials.extend(targets::tests(ctx));
    trials.extend(crash::tests(ctx));
    let conclusion = libtest_mimic::run(&Arguments::from_args(), trials);
    ctx.stop_services();
    ctx.clear_up(conclusion.has_failed());
    conclusion.exit_code()
}

/// Starts the named services (all when none is named) and waits for Ctrl-C.
fn serve(ctx: &Ctx, names: &[String]) -> ExitCode {
    if let Some(unknown) = names
        .iter()
        .find(|n| Need::ALL.iter().all(|need| need.name() != *n))
    {
        eprintln!("no service is called {unknown}; there are: kafka neo4j");
        return ExitCode::FAILURE;
    }
    wait_for_interrupt(|| {
        for need in Need::ALL {
            if !names.is_empty() && !names.iter().any(|n| n == need.name()) {
                continue;
            }
            let address = match need {
                Need::Kafka => ctx.kafka().bootstrap(),
                Need::Neo4j => ctx.neo4j().uri(),
            };
            println!("{:6} {address}", need.name());
        }
        println!("logs   {}", scratch::root().display());
        println!("Ctrl-C ends them and takes their data away");
    });
    ctx.stop_services();
    ctx.clear_up(false);
    ExitCode::SUCCESS
}
