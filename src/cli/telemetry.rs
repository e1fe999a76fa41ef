//! What goes to an OpenTelemetry collector while a worker runs, if the environment names one.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::{AbortHandle, spawn_blocking};
use tokio::time::{MissedTickBehavior, interval, timeout};
use tracing::warn;

use crate::herder::Herder;
use crate::metrics::otlp::{Otlp, Settings, report};

/// For the last numbers, which nobody needs more than the end of the process.
const LAST: Duration = Duration::from_secs(1);

/// What the environment asks for; nothing of it keeps the worker from running.
pub(super) fn from_environment() -> Option<Arc<Otlp>> {
    let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    let variables = std::env::vars_os().filter_map(text).collect();
    let (settings, notes) = Settings::read(&variables);
    report(&notes);
    match Otlp::start(settings?) {
        Ok(otlp) => Some(Arc::new(otlp)),
        Err(why) => {
            warn!(why, "nothing is sent to an OpenTelemetry collector");
            None
        }
    }
}

/// Sends metrics now and then, until aborted.
pub(super) fn spawn(herder: &Herder, otlp: Option<&Arc<Otlp>>) -> Option<AbortHandle> {
    let (herder, otlp) = (herder.clone(), otlp?.clone());
    let mut timer = interval(otlp.interval()?);
    timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let send = async move {
        timer.tick().await; // at once
        loop {
            timer.tick().await;
            if let Ok(snapshot) = herder.metrics().await {
                otlp.send(&snapshot);
            }
        }
    };
    Some(tokio::spawn(send).abort_handle())
}

/// The numbers of tasks that are about to stop.
pub(super) async fn send_last(herder: &Herder, otlp: Option<&Arc<Otlp>>) {
    if let Some(otlp) = otlp.filter(|otlp| otlp.interval().is_some())
        && let Ok(Ok(snapshot)) = timeout(LAST, herder.metrics()).await
    {
        otlp.send(&snapshot);
    }
}

/// Waits a moment for what is on its way.
pub(super) async fn end(otlp: Option<Arc<Otlp>>) {
    if let Some(otlp) = otlp {
        let _ = spawn_blocking(move || otlp.end()).await;
    }
}
