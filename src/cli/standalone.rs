//! `turnbuckle standalone`.
//!
//! Order of the start, as Kafka's: worker file, converters, REST sockets, cluster, herder, REST resources, then the
//! connectors of the command line one after another. Until resources are there, clients that connect wait.

use std::fs;
use std::io;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;
use tracing::{error, info, warn};

use super::Failure;
use super::args::Standalone;
use super::files::{connector_files, resolved, worker_environment, worker_file};
use super::signals::Signals;
use crate::config::environment::Environment;
use crate::config::layers::{WorkerProperties, layered};
use crate::config::worker::{key_report, unsecured_clients};
use crate::config::worker_keys::BOOTSTRAP_SERVERS;
use crate::config::{WorkerConfig, connector_file};
use crate::herder::command::ConfigureMode;
use crate::herder::{Herder, HerderError, standalone};
use crate::logging::Loggers;
use crate::plugins::Plugins;
use crate::providers::{Providers, Secrets, warn_unresolved};
use crate::rest::{self, AppState};
use crate::version;
use crate::worker::kafka::{self, Cluster};
use crate::worker::{Worker, check_converters};

/// Who runs a worker inside a process of its own: is told that it is up, and may stop it.
#[cfg_attr(not(feature = "demo"), allow(dead_code, reason = "the demo is one"))]
pub struct Owner {
    /// Told when every connector of the command line is created.
    pub started: oneshot::Sender<Started>,
    /// Asks for an orderly stop, as a signal does, when its sender is dropped.
    pub stopped: oneshot::Receiver<()>,
}

/// A worker that is up.
#[cfg_attr(
    not(feature = "demo"),
    allow(dead_code, reason = "only an owner looks")
)]
pub struct Started {
    pub herder: Herder,
    /// Of the REST API, in the order of `listeners`.
    pub ports: Vec<u16>,
}

/// Runs until a signal or a failure.
///
/// # Errors
/// Why it ended, if not by a signal.
pub async fn run(args: &Standalone, loggers: Loggers) -> Result<(), Failure> {
    let signals = Signals::new().map_err(|e| Failure::NotStarted(format!("no signals: {e}")))?;
    run_owned(args, loggers, signals, None).await
}

/// Runs until a failure, or its owner's word. Signals are the owner's.
///
/// # Errors
/// Why it ended, if nobody asked for it.
#[cfg(feature = "demo")]
pub async fn run_for(args: &Standalone, owner: Owner) -> Result<(), Failure> {
    run_owned(args, Loggers::detached(), Signals::none(), Some(owner)).await
}

async fn run_owned(
    args: &Standalone,
    loggers: Loggers,
    mut signals: Signals,
    owner: Option<Owner>,
) -> Result<(), Failure> {
    let (tell, mut stopped) = match owner {
        Some(owner) => (Some(owner.started), Some(owner.stopped)),
        None => (None, None),
    };
    let Configured {
        config,
        providers,
        secrets,
    } = worker_config(&args.files.worker, &args.files.overrides)?;
    let plugins = Plugins::built_in();
    let listeners = bind(&config).await?;
    let id = worker_id(&config, &listeners)?;
    info!(version = version::WORKER, worker_id = %id, "starting");
    let kafka_cluster_id = tokio::select! {
        id = cluster_id(&config) => id?,
        () = signals.first() => return Ok(()),
    };
    let herder = standalone::start(Arc::new(Worker {
        config,
        plugins,
        providers: Arc::new(providers),
        secrets,
        id,
        kafka: Arc::new(Cluster),
    }));

    let (started, startup) = watch::channel(false);
    let (stop, stopping) = watch::channel(false);
    let state = AppState {
        herder: herder.clone(),
        kafka_cluster_id,
        loggers,
        started: startup,
    };
    let ports = listeners.iter().map(|(port, _)| *port).collect();
    let mut servers = JoinSet::new();
    for (_, listener) in listeners {
        servers.spawn(rest::serve(listener, state.clone(), stopping.clone()));
    }
    let failure = tokio::select! {
        () = signals.first() => None,
        result = create_connectors(&herder, &args.files.connectors) => match result {
            Ok(()) => {
                let _ = started.send(true);
                info!("Kafka Connect started");
                if let Some(tell) = tell {
                    let herder = herder.clone();
                    let _ = tell.send(Started { herder, ports });
                }
                tokio::select! {
                    () = signals.first() => None,
                    () = asked(&mut stopped) => None,
                    ended = servers.join_next() => Some(rest_ended(ended)),
                }
            }
            Err(failure) => Some(failure),
        },
    };

    // No new requests; those under way see the herder go.
    let _ = stop.send(true);
    tokio::select! {
        () = herder.shutdown() => {}
        signal = signals.second() => return Err(Failure::Interrupted(signal)),
    }
    info!("Kafka Connect stopped");
    failure.map_or(Ok(()), Err)
}

/// Waits for the word of an owner; without one, for ever.
async fn asked(stopped: &mut Option<oneshot::Receiver<()>>) {
    match stopped {
        Some(stopped) => {
            let _ = stopped.await;
        }
        None => std::future::pending().await,
    }
}

fn rest_ended(ended: Option<Result<io::Result<()>, tokio::task::JoinError>>) -> Failure {
    let why = match ended {
        Some(Ok(Err(error))) => error.to_string(),
        Some(Err(error)) => error.to_string(),
        Some(Ok(Ok(()))) | None => "it ended".to_owned(),
    };
    Failure::NotStarted(format!("the REST API failed: {why}"))
}

/// The worker's configuration with what its references stand for.
pub(super) struct Configured {
    pub config: WorkerConfig,
    pub providers: Providers,
    pub secrets: Secrets,
}

/// Reads file, environment and overrides, resolves references, and says what has no effect.
pub(super) fn worker_config(
    path: &str,
    overrides: &[(String, String)],
) -> Result<Configured, Failure> {
    let file = worker_file(path)?;
    let environment = worker_environment();
    let not_started = |e: &dyn std::fmt::Display| Failure::NotStarted(e.to_string());
    let written = layered(&file, &environment, overrides).map_err(|e| not_started(&e))?;
    let resolved = resolved(&written)?;
    let (layers, secrets) = (resolved.properties, resolved.secrets);
    let config = WorkerConfig::parse(&layers)
        .map_err(|e| Failure::NotStarted(secrets.hide(&e.to_string())))?;
    check_converters(&config, &Plugins::built_in()).map_err(|errors| {
        let located = errors
            .iter()
            .map(|(key, why)| format!("{why} ({})", layers.origin(key)));
        Failure::NotStarted(secrets.hide(&located.collect::<Vec<_>>().join("\n")))
    })?;
    report(&environment, &layers);
    warn_unresolved("the worker", &resolved.unresolved);
    Ok(Configured {
        config,
        providers: resolved.providers,
        secrets,
    })
}

fn report(environment: &Environment, layers: &WorkerProperties) {
    if !environment.service_links.is_empty() {
        warn!(
            variables = environment.service_links.join(", "),
            "these environment variables are those of a Kubernetes Service named connect, not settings; left out"
        );
    }
    if !environment.jvm_options.is_empty() {
        info!(
            variables = environment.jvm_options.join(", "),
            "these environment variables are for a JVM and have no effect"
        );
    }
    if let Some(variable) = &environment.jaas_file {
        warn!(
            variable,
            "java.security.auth.login.config names a JAAS file, which is not read; put its entry into sasl.jaas.config of the worker and behind consumer. and producer."
        );
    }
    for (key, origin) in layers.origins().filter(|(_, origin)| !origin.contains(':')) {
        info!(key, origin, "worker property");
    }
    for prefix in unsecured_clients(&layers.config) {
        warn!(
            prefix,
            "security settings of the worker are not inherited by these clients; repeat them behind the prefix if the cluster asks for them"
        );
    }
    let report = key_report(&layers.config);
    if !report.inert.is_empty() {
        let inert: Vec<String> = report
            .inert
            .iter()
            .map(|(key, reason)| format!("{key} ({reason})"))
            .collect();
        info!(keys = inert.join(", "), "worker properties without effect");
    }
    if !report.unknown.is_empty() {
        let unknown: Vec<String> = report
            .unknown
            .iter()
            .map(|key| format!("{key} ({})", layers.origin(key)))
            .collect();
        warn!(keys = unknown.join(", "), "unknown worker properties");
    }
}

async fn bind(config: &WorkerConfig) -> Result<Vec<(u16, TcpListener)>, Failure> {
    let mut bound = Vec::new();
    for listener in &config.listeners {
        let failed = |e: io::Error| {
            Failure::NotStarted(format!(
                "cannot listen on {listener}: {e}; change listeners"
            ))
        };
        let socket = rest::bind(listener).await.map_err(failed)?;
        let port = socket.local_addr().map_err(failed)?.port();
        info!(%listener, port, "REST API listens");
        bound.push((port, socket));
    }
    Ok(bound)
}

fn worker_id(config: &WorkerConfig, bound: &[(u16, TcpListener)]) -> Result<String, Failure> {
    let (Some(first), Some((port, _))) = (config.listeners.first(), bound.first()) else {
        return Err(Failure::NotStarted("listeners: Empty list".to_owned()));
    };
    let machine = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let machine = Some(machine.trim())
        .filter(|name| !name.is_empty())
        .unwrap_or("localhost");
    Ok(config.advertised.worker_id(first, *port, machine))
}

async fn cluster_id(config: &WorkerConfig) -> Result<String, Failure> {
    kafka::cluster_id(config).await.map_err(|error| {
        let brokers = config.properties.get(BOOTSTRAP_SERVERS.name()).unwrap_or("localhost:9092");
        let trace = error.trace();
        Failure::NotStarted(format!(
            "{}\nNo usable broker at bootstrap.servers={brokers}: check that one listens there and that security.protocol, sasl.* and ssl.* of the worker fit its listener",
            trace.trim_end()
        ))
    })
}

/// One after another; the first failure ends the worker.
async fn create_connectors(herder: &Herder, files: &[String]) -> Result<(), Failure> {
    let files = connector_files(files).map_err(|why| {
        error!("{why}");
        Failure::Connector
    })?;
    for path in &files {
        if let Err(why) = create_connector(herder, path).await {
            error!(file = %path, "{why}");
            return Err(Failure::Connector);
        }
        info!(file = %path, "created connector");
    }
    Ok(())
}

async fn create_connector(herder: &Herder, path: &str) -> Result<(), String> {
    let bytes = fs::read(path).map_err(|e| {
        format!("cannot read the connector file {path}: {e}; check path and permissions")
    })?;
    let file = connector_file::parse(path, &bytes).map_err(|e| e.to_string())?;
    let raw = file
        .config
        .iter()
        .map(|(k, v)| (k.to_owned(), Some(v.to_owned())))
        .collect();
    let mode = ConfigureMode::Create(file.initial_state);
    let created = herder.configure(&file.name, raw, mode).await;
    created
        .map(drop)
        .map_err(|e: HerderError| format!("Failed to create connector for {path}: {e}"))
}
