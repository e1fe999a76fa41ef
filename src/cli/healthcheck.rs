//! `turnbuckle healthcheck`: for container images that hold no other HTTP client.

use std::time::Duration;

use connect_api::config::ConfigReader;

use super::Failure;
use super::args::Healthcheck;
use super::files::{resolved, worker_environment, worker_file};
use crate::config::layers::layered;
use crate::config::reference::has_reference;
use crate::config::rest::keys::LISTENERS;
use crate::config::rest::{Listener, Scheme};
use crate::rest::probe;

/// Asks the worker and prints what it says.
///
/// # Errors
/// It is not healthy, or where it listens cannot be told.
pub async fn run(args: &Healthcheck) -> Result<(), Failure> {
    let url = match &args.url {
        Some(url) => url.clone(),
        None => url_of_worker(&args.worker)?,
    };
    let message = probe::health(&url, Duration::from_millis(args.timeout_ms))
        .await
        .map_err(Failure::Unhealthy)?;
    println!("{message}");
    Ok(())
}

/// Of the worker that was started with this file and this environment.
fn url_of_worker(path: &str) -> Result<String, Failure> {
    let unhealthy = |e: &dyn std::fmt::Display| Failure::Unhealthy(e.to_string());
    let file = worker_file(path)?;
    let mut layers = layered(&file, &worker_environment(), &[]).map_err(|e| unhealthy(&e))?;
    // Secrets that are gone since the start are no matter of this probe.
    if has_reference(layers.config.get(LISTENERS.name()).unwrap_or_default()) {
        layers = resolved(&layers)?.properties;
    }
    let listeners = ConfigReader::new(&layers.config).get(&LISTENERS);
    local_url(&listeners).map_err(|e| unhealthy(&e))
}

/// The first listener, or the first without TLS if there is one, as it is reached from the same machine.
fn local_url(listeners: &[String]) -> Result<String, String> {
    let parsed: Result<Vec<_>, _> = listeners.iter().map(|text| Listener::parse(text)).collect();
    let parsed = parsed?;
    let plain = parsed
        .iter()
        .find(|listener| listener.scheme == Scheme::Http);
    let Some(listener) = plain.or(parsed.first()) else {
        return Err("listeners is empty".to_owned());
    };
    if listener.port == 0 {
        return Err(format!(
            "{listener} is any free port; say which one with --url"
        ));
    }
    let host = match listener.host.as_str() {
        "" | "0.0.0.0" => "127.0.0.1",
        "::" => "::1",
        host => host,
    };
    Ok(Listener {
        host: host.to_owned(),
        ..listener.clone()
    }
    .to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_is_asked_from_inside() {
        for (listeners, url) in [
            ("http://:8083", "http://127.0.0.1:8083"),
            ("http://0.0.0.0:9", "http://127.0.0.1:9"),
            ("http://[::]:8083", "http://[::1]:8083"),
            ("HTTP://connect:80", "http://connect:80"),
            ("https://:1,http://:2", "http://127.0.0.1:2"),
            ("https://:1,https://:2", "https://127.0.0.1:1"),
        ] {
            let list: Vec<String> = listeners.split(',').map(str::to_owned).collect();
            assert_eq!(local_url(&list), Ok(url.to_owned()), "{listeners}");
        }
        assert!(local_url(&["http://:0".to_owned()]).is_err_and(|e| e.contains("--url")));
        assert!(local_url(&[]).is_err());
    }
}
