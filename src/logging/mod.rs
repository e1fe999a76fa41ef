//! The log: which lines, how they look, where they go.
//!
//! Lines are written by a thread of their own, so that a slow disk or a full pipe does not hold up a task; when the
//! [`Log`] is dropped, everything said before is written. Levels can be changed while the worker runs.

mod file;
mod format;
mod level;
mod levels;
mod loggers;
mod names;
mod panics;

use std::borrow::Cow;
use std::io;

use tracing::{info, warn};
use tracing_appender::non_blocking::{NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt, reload};

pub use self::file::{LogFile, Rotation};
pub use self::format::Style;
pub use self::level::Level;
pub use self::levels::{Levels, Settings, read};
pub use self::loggers::{LoggerLevel, Loggers, NotSet, ROOT};
pub use self::names::{LOGGERS, Logger, page};

use self::format::{Contexts, Line};

/// How the log looks and where it goes.
#[derive(Clone, Debug)]
pub struct Output {
    pub style: Style,
    /// None: standard output.
    pub file: Option<LogFile>,
    /// Takes out of texts what must not be read.
    pub hide: Hide,
}

/// A text as it may be read.
pub type Hide = fn(&str) -> Cow<'_, str>;

/// The running log. Drop it last.
pub struct Log {
    loggers: Loggers,
    _writer: WorkerGuard,
}

impl Log {
    /// What is said, and how to change it.
    pub fn loggers(&self) -> Loggers {
        self.loggers.clone()
    }
}

/// Starts the log of the process, and says what of its settings has no effect.
///
/// # Errors
/// The file cannot be written, or there is a log already.
pub fn start(output: &Output, settings: &Settings) -> Result<Log, String> {
    let (writer, guard) = match &output.file {
        None => in_background(io::stdout()),
        Some(file) => in_background(file.open()?),
    };
    let (filter, handle) = reload::Layer::new(settings.levels.targets());
    let lines = fmt::layer()
        .event_format(Line {
            style: output.style,
            hide: output.hide,
        })
        .with_writer(writer)
        .with_ansi(false);
    tracing_subscriber::registry()
        .with(filter)
        .with(Contexts.and_then(lines))
        .try_init()
        .map_err(|e| format!("there is a log already: {e}"))?;
    panics::to_the_log();
    report(settings);
    Ok(Log {
        loggers: Loggers::new(&settings.levels, Some(handle)),
        _writer: guard,
    })
}

/// Waits for room instead of leaving lines out: a log with holes misleads.
fn in_background<W: io::Write + Send + 'static>(writer: W) -> (NonBlocking, WorkerGuard) {
    NonBlockingBuilder::default()
        .lossy(false)
        .thread_name("log")
        .finish(writer)
}

fn report(settings: &Settings) {
    if !settings.inert.is_empty() {
        let names = settings.inert.join(", ");
        info!(
            names,
            "log settings without effect: nothing here has a counterpart"
        );
    }
    for problem in &settings.problems {
        warn!("log settings: {problem}");
    }
}
