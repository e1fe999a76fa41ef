//! Whole-program tests on real services: `TURNBUCKLE_SERVICES=1 cargo test --test services`.
//!
//! Without that variable each test that needs a service is reported as ignored, with what it needs.
//! `cargo test --test services -- --serve kafka neo4j` starts services and keeps them until Ctrl-C;
//! `… -- --with kafka neo4j -- COMMAND …` keeps them while a command runs, which finds their addresses in
//! `TURNBUCKLE_BOOTSTRAP`, `TURNBUCKLE_NEO4J_URI`, `TURNBUCKLE_REGISTRY_URL` and (`secured`) `TURNBUCKLE_SASL_BOOTSTRAP`, and in
//! `TURNBUCKLE_KAFKA_JARS` what a JVM worker is made of.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../support/mod.rs"]
#[allow(
    dead_code,
    unused_imports,
    reason = "the harness is made for tests to come as well"
)]
mod support;

mod clients;
mod connectors;

mod crash;
mod crash_worker;
mod diagnosis;
mod flow;
mod flow_changes;
mod flow_errors;
mod flow_groups;
mod flow_topics;
mod fuzz_rest;
mod handover;
mod launch;
mod lifecycle;
mod loggers;
mod logs;
mod memory;
mod metrics;
mod odd_ends;
mod offsets;
mod overrides;
mod preview;
mod providers;
mod read_back;
mod reasons;
mod registry;
mod registry_access;
mod registry_faults;
mod registry_notation;
mod registry_versions;
mod registry_writing;
mod rest;
mod secrets;
mod security;
mod security_tokens;
mod stops;
mod surface;
mod surface_jvm;
mod surface_tls;
mod targets;
mod targets_outage;
mod telemetry;
mod validation;

use std::process::{Command, ExitCode};

use libtest_mimic::Arguments;
use support::process::wait_for_interrupt;
use support::{Ctx, Need, jars, scratch};

const THREADS: usize = 3;

fn main() -> ExitCode {
    scratch::remove_stale_roots();
    let ctx = Ctx::new();
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.first().map(String::as_str) {
        Some("--serve") => return serve(ctx, &words[1..]),
        Some("--with") => return run_with(ctx, &words[1..]),
        _ => {}
    }
    let mut trials = Vec::new();
    trials.extend(flow::tests(ctx));
    trials.extend(flow_changes::tests(ctx));
    trials.extend(flow_errors::tests(ctx));
    trials.extend(flow_groups::tests(ctx));
    trials.extend(flow_topics::tests(ctx));
    trials.extend(handover::tests(ctx));
    trials.extend(launch::tests(ctx));
    trials.extend(lifecycle::tests(ctx));
    trials.extend(loggers::tests(ctx));
    trials.extend(logs::tests(ctx));
    trials.extend(memory::tests(ctx));
    trials.extend(odd_ends::tests(ctx));
    trials.extend(metrics::tests(ctx));
    trials.extend(offsets::tests(ctx));
    trials.extend(overrides::tests(ctx));
    trials.extend(preview::tests(ctx));
    trials.extend(providers::tests(ctx));
    trials.extend(read_back::tests(ctx));
    trials.extend(reasons::tests(ctx));
    trials.extend(registry::tests(ctx));
    trials.extend(registry_access::tests(ctx));
    trials.extend(registry_faults::tests(ctx));
    trials.extend(registry_versions::tests(ctx));
    trials.extend(registry_writing::tests(ctx));
    trials.extend(rest::tests(ctx));
    trials.extend(secrets::tests(ctx));
    trials.extend(security::tests(ctx));
    trials.extend(security_tokens::tests(ctx));
    trials.extend(stops::tests(ctx));
    trials.extend(surface::tests(ctx));
    trials.extend(surface_jvm::tests(ctx));
    trials.extend(surface_tls::tests(ctx));
    trials.extend(targets::tests(ctx));
    trials.extend(targets_outage::tests(ctx));
    trials.extend(validation::tests(ctx));
    trials.extend(fuzz_rest::tests(ctx));
    trials.extend(clients::tests(ctx));
    trials.extend(telemetry::tests(ctx));
    trials.extend(crash::tests(ctx));
    trials.extend(crash_worker::tests(ctx));
    trials.extend(diagnosis::tests(ctx));
    let mut arguments = Arguments::from_args();
    // Tests wait most of the time: more of them than processors may run.
    arguments.test_threads = arguments.test_threads.or(Some(THREADS));
    let conclusion = libtest_mimic::run(&arguments, trials);
    ctx.stop_services();
    ctx.clear_up(conclusion.has_failed());
    conclusion.exit_code()
}

/// Starts the named services and waits for Ctrl-C.
fn serve(ctx: &Ctx, names: &[String]) -> ExitCode {
    let Some(needs) = services(names) else {
        return ExitCode::FAILURE;
    };
    wait_for_interrupt(|| {
        for need in needs {
            println!("{:8} {}", need.name(), address(ctx, need));
        }
        println!("logs     {}", scratch::root().display());
        println!("Ctrl-C ends them and takes their data away");
    });
    ctx.stop_services();
    ctx.clear_up(false);
    ExitCode::SUCCESS
}

/// Starts services for the time that a command runs: `kafka neo4j -- command …`.
fn run_with(ctx: &Ctx, words: &[String]) -> ExitCode {
    let end = words.iter().position(|w| w == "--").unwrap_or(words.len());
    let (names, command) = (&words[..end], words.get(end + 1..).unwrap_or_default());
    let (Some(needs), Some((program, arguments))) = (services(names), command.split_first()) else {
        eprintln!("expected: --with SERVICE … -- COMMAND …");
        return ExitCode::FAILURE;
    };
    let mut command = Command::new(program);
    command.args(arguments);
    for need in needs {
        let variable = match need {
            Need::Kafka => "TURNBUCKLE_BOOTSTRAP",
            Need::Neo4j => "TURNBUCKLE_NEO4J_URI",
            Need::Secured => "TURNBUCKLE_SASL_BOOTSTRAP",
            Need::Registry => "TURNBUCKLE_REGISTRY_URL",
        };
        command.env(variable, address(ctx, need));
        if let (Need::Kafka, Ok(jars)) = (need, jars::kafka()) {
            command.env("TURNBUCKLE_KAFKA_JARS", jars);
        }
    }
    let succeeded = match command.status() {
        Ok(status) => status.success(),
        Err(e) => {
            eprintln!("cannot run {program}: {e}");
            false
        }
    };
    ctx.stop_services();
    ctx.clear_up(!succeeded);
    if succeeded {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// The services of these names, all when none is named; `None` when a name is unknown.
fn services(names: &[String]) -> Option<Vec<Need>> {
    if names.is_empty() {
        return Some(Need::ALL.to_vec());
    }
    let find = |name: &String| {
        let found = Need::ALL.into_iter().find(|need| need.name() == name);
        if found.is_none() {
            eprintln!("no service is called {name}; there are: kafka neo4j secured registry");
        }
        found
    };
    names.iter().map(find).collect()
}

fn address(ctx: &Ctx, need: Need) -> String {
    match need {
        Need::Kafka => ctx.kafka().bootstrap(),
        Need::Neo4j => ctx.neo4j().uri(),
        Need::Secured => ctx.secured().sasl_plaintext(),
        Need::Registry => ctx.registry().url(),
    }
}
