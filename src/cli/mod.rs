//! The command line: reads files and environment, builds a worker, waits for a signal.
//!
//! Exit codes are Kafka's: 1 for usage (and help), 2 if the worker could not start, 3 if a connector of the command
//! line failed. A second signal ends at once with 128 + its number. `check` ends with the code of the start that it
//! foresees, and with 3 also for tasks that would fail; `healthcheck` with 1 if all is not well; `preview` with codes
//! of its own.

mod args;
mod check;
mod daemon;
#[cfg(feature = "demo")]
mod demo;
mod docs;
mod files;
mod healthcheck;
mod invocation;
mod memory;
mod preview;
mod signals;
mod standalone;
mod telemetry;
mod time_zone;

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser;
use clap::error::ErrorKind;

use self::args::{Cli, Command, LogArgs};
use crate::config::environment;
use crate::logging::{self, Loggers};

const USAGE: u8 = 1;
const NOT_STARTED: u8 = 2;
const CONNECTOR_FAILED: u8 = 3;
/// As shells report an end by a signal.
const SIGNAL_BASE: u8 = 128;

/// Why the process ends, other than by a signal.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("{0}")]
    NotStarted(String),
    /// What was wrong was said where it happened.
    #[error("Stopping after connector error")]
    Connector,
    /// A second signal, by its number.
    #[error("ended by a second signal ({0}) before everything had stopped")]
    Interrupted(u8),
    /// The demo came to an end that it should not.
    #[error("the demo failed: {0}")]
    Demo(String),
    /// The answer to `healthcheck`.
    #[error("{0}")]
    Unhealthy(String),
}

/// The whole program.
pub fn main() -> ExitCode {
    memory::keep_freed_blocks();
    let invocation = match invocation::read(std::env::args_os()) {
        Ok(invocation) => invocation,
        Err(why) => {
            eprintln!("{why}");
            return ExitCode::from(USAGE);
        }
    };
    let cli = match Cli::try_parse_from(&invocation.arguments) {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            // Help is no success, as with Kafka's scripts.
            return match error.kind() {
                ErrorKind::DisplayVersion => ExitCode::SUCCESS,
                _ if invocation.is_preview() => ExitCode::from(preview::NOT_PREVIEWED),
                _ => ExitCode::from(USAGE),
            };
        }
    };
    if invocation.daemon {
        return start_daemon(&invocation);
    }
    let no_zone = time_zone::settle();
    if !matches!(cli.command, Command::Standalone(_)) {
        no_zone.iter().for_each(|why| eprintln!("{why}"));
    }
    match cli.command {
        Command::Check(args) => answer(check::run(&args)),
        Command::Healthcheck(args) => healthcheck(&args),
        Command::Preview(args) => preview::run(&args),
        Command::Standalone(args) => with_log(&args.log, |loggers| {
            no_zone.iter().for_each(|why| tracing::warn!("{why}"));
            run(&args, loggers)
        }),
        Command::Demo(args) => demo(&args),
        Command::DevServer(args) => dev_server(&args),
        Command::Docs { page } => {
            print!("{}", docs::page(page));
            ExitCode::SUCCESS
        }
    }
}

fn start_daemon(invocation: &invocation::Invocation) -> ExitCode {
    match daemon::start(&invocation.arguments) {
        Ok(daemon) => {
            println!(
                "started in the background as process {}; log: {}",
                daemon.pid,
                daemon.log.display()
            );
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("{why}");
            ExitCode::from(NOT_STARTED)
        }
    }
}

/// For commands that print what they found and log nothing.
fn answer(result: Result<(), Failure>) -> ExitCode {
    let Err(failure) = result else {
        return ExitCode::SUCCESS;
    };
    match &failure {
        Failure::Connector => return ExitCode::from(CONNECTOR_FAILED),
        Failure::NotStarted(why) if why.is_empty() => {}
        failure => eprintln!("{failure}"),
    }
    ExitCode::from(NOT_STARTED)
}

/// Runs on one thread and logs nothing: it is called every few seconds.
fn healthcheck(args: &args::Healthcheck) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let result = match runtime {
        Ok(runtime) => runtime
            .block_on(healthcheck::run(args))
            .map_err(anyhow::Error::from),
        Err(error) => Err(anyhow::Error::from(error)),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs it with a log, which has everything when this returns.
fn with_log(args: &LogArgs, run: impl FnOnce(Loggers) -> anyhow::Result<()>) -> ExitCode {
    match logging::start(&args.output(), &logging::read(environment::texts())) {
        Ok(log) => exit_code(run(log.loggers())),
        Err(why) => {
            eprintln!("{why}");
            ExitCode::from(NOT_STARTED)
        }
    }
}

#[cfg(feature = "demo")]
fn demo(args: &args::Demo) -> ExitCode {
    demo::log(args.verbose);
    shown(block_on(demo::run(args)))
}

#[cfg(feature = "demo")]
fn dev_server(args: &args::DevServer) -> ExitCode {
    demo::log(false);
    shown(block_on(demo::serve(args)))
}

/// Says on standard error why it ended, for who reads no log.
#[cfg(feature = "demo")]
fn shown(result: anyhow::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why:#}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(not(feature = "demo"))]
fn demo(_: &args::Demo) -> ExitCode {
    not_built_in("demo")
}

#[cfg(not(feature = "demo"))]
fn dev_server(_: &args::DevServer) -> ExitCode {
    not_built_in("dev-server")
}

#[cfg(not(feature = "demo"))]
fn not_built_in(command: &str) -> ExitCode {
    eprintln!(
        "this program was built without the embedded broker and graph; from its sources:\n  cargo run --features demo -- {command}"
    );
    ExitCode::from(USAGE)
}

fn run(args: &args::Standalone, loggers: Loggers) -> anyhow::Result<()> {
    block_on(standalone::run(args, loggers))
}

fn block_on(work: impl Future<Output = Result<(), Failure>>) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(worker_threads())
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let result = runtime.block_on(work);
    // What did not stop within the graceful timeout is not waited for again.
    runtime.shutdown_background();
    Ok(result?)
}

/// A sink waits for networks most of the time; few threads are enough, and they cost memory.
fn worker_threads() -> usize {
    std::thread::available_parallelism().map_or(2, |n| n.get().clamp(2, 4))
}

fn exit_code(result: anyhow::Result<()>) -> ExitCode {
    let Err(error) = result else {
        return ExitCode::SUCCESS;
    };
    tracing::error!("{error:#}");
    match error.downcast_ref::<Failure>() {
        Some(Failure::Connector) => ExitCode::from(CONNECTOR_FAILED),
        Some(Failure::Interrupted(signal)) => ExitCode::from(SIGNAL_BASE + signal),
        _ => ExitCode::from(NOT_STARTED),
    }
}
