//! `turnbuckle standalone`.
//!
//! Order of the start, as Kafka's: worker file, converters, REST sockets, cluster, herder, REST resources, then the
//! connectors of the command line one after another. Until resources are there, clients that connect wait.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{oneshot, watch};
use tokio::task::{JoinError, JoinSet};
use tokio::time::timeout;
use tracing::{error, info, warn};

use super::Failure;
use super::args::Standalone;
use super::files::{connector_files, resolved, worker_environment, worker_file};
use super::signals::Signals;
use super::telemetry;
use crate::config::environment::{Environment, JaasFile};
use crate::config::layers::{WorkerProperties, layered};
use crate::config::rest::{Admin, Listener, RestConfig, Scheme, TlsSettings};
use crate::config::worker::{key_report, unsecured_clients};
use crate::config::worker_keys::BOOTSTRAP_SERVERS;
use crate::config::{WorkerConfig, connector_file};
use crate::herder::command::ConfigureMode;
use crate::herder::{Herder, HerderError, standalone};
use crate::logging::Loggers;
use crate::metrics::Registry;
use crate::plugins::Plugins;
use crate::providers::{Providers, Secrets, warn_unresolved};
use crate::rest::{self, AppState, Bound, Users};
use crate::version;
use crate::worker::kafka::{self, Cluster};
use crate::worker::{Worker, check_converters};

/// How long the last answers may take after everything else has ended.
const LAST_ANSWERS: Duration = Duration::from_secs(1);

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
        jaas,
    } = worker_config(&args.files.worker, &args.files.overrides)?;
    let plugins = Plugins::built_in();
    let users = match &config.rest.basic_auth {
        Some(auth) => Some(Users::read(auth, jaas.as_ref()).map_err(Failure::NotStarted)?),
        None => None,
    };
    let listeners = bind(&config.rest).await?;
    let id = worker_id(&config.rest, &listeners.main)?;
    info!(version = version::WORKER, worker_id = %id, "starting");
    let kafka_cluster_id = tokio::select! {
        id = cluster_id(&config) => id?,
        () = signals.first() => return Ok(()),
    };
    let rest = config.rest.clone();
    let otlp = telemetry::from_environment();
    let metrics = Registry::new(config.metric_windows, otlp.clone());
    let herder = standalone::start(Arc::new(Worker {
        config,
        plugins,
        providers: Arc::new(providers),
        secrets,
        id,
        kafka: Arc::new(Cluster),
        metrics: Arc::new(metrics),
    }));

    let sending = telemetry::spawn(&herder, otlp.as_ref());

    let (started, startup) = watch::channel(false);
    let (stop, stopping) = watch::channel(false);
    let state = AppState {
        herder: herder.clone(),
        kafka_cluster_id,
        loggers,
        started: startup,
    };
    let ports = listeners.main.iter().map(|bound| bound.port).collect();
    let mut servers = JoinSet::new();
    if !listeners.admin.is_empty() {
        let api = rest::admin_api(state.clone(), rest.limits);
        servers.spawn(rest::serve(
            listeners.admin,
            api,
            rest.limits,
            stopping.clone(),
        ));
    }
    let api = rest::api(state, &rest, users);
    servers.spawn(rest::serve(listeners.main, api, rest.limits, stopping));
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
    if let Some(sending) = sending {
        sending.abort();
    }
    telemetry::send_last(&herder, otlp.as_ref()).await;
    tokio::select! {
        () = herder.shutdown() => {}
        signal = signals.second() => return Err(Failure::Interrupted(signal)),
    }
    // Answers under way are still sent; a client that takes none is left.
    let _ = timeout(LAST_ANSWERS, servers.join_all()).await;
    telemetry::end(otlp).await;
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

fn rest_ended(ended: Option<Result<(), JoinError>>) -> Failure {
    let why = match ended {
        Some(Err(error)) => error.to_string(),
        Some(Ok(())) | None => "it ended".to_owned(),
    };
    Failure::NotStarted(format!("the REST API failed: {why}"))
}

/// The worker's configuration with what its references stand for.
pub(super) struct Configured {
    pub config: WorkerConfig,
    pub providers: Providers,
    pub secrets: Secrets,
    /// Names the users of the REST API.
    pub jaas: Option<JaasFile>,
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
    report(&environment, &layers, &config);
    warn_unresolved("the worker", &resolved.unresolved);
    Ok(Configured {
        config,
        providers: resolved.providers,
        secrets,
        jaas: environment.jaas_file,
    })
}

fn report(environment: &Environment, layers: &WorkerProperties, config: &WorkerConfig) {
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
    let rest_reads_it = config.rest.basic_auth.is_some();
    if let Some(jaas) = environment.jaas_file.as_ref().filter(|_| !rest_reads_it) {
        warn!(
            variable = jaas.variable,
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

/// The sockets of the REST API.
struct Listeners {
    main: Vec<Bound>,
    admin: Vec<Bound>,
}

async fn bind(rest: &RestConfig) -> Result<Listeners, Failure> {
    let admin: &[Listener] = match &rest.admin {
        Admin::Own(listeners) => listeners,
        Admin::Shared | Admin::Off => &[],
    };
    Ok(Listeners {
        main: bind_all("listeners", &rest.listeners, rest.tls.as_ref()).await?,
        admin: bind_all("admin.listeners", admin, rest.admin_tls.as_ref()).await?,
    })
}

async fn bind_all(
    key: &str,
    listeners: &[Listener],
    tls: Option<&TlsSettings>,
) -> Result<Vec<Bound>, Failure> {
    let tls = tls.map(rest::acceptor).transpose();
    let tls =
        tls.map_err(|why| Failure::NotStarted(format!("no https listener in {key}: {why}")))?;
    let mut all = Vec::new();
    for listener in listeners {
        let tls = tls.clone().filter(|_| listener.scheme == Scheme::Https);
        let bound = rest::bind(listener, tls).await.map_err(|e| {
            Failure::NotStarted(format!("cannot listen on {listener}: {e}; change {key}"))
        })?;
        info!(%listener, port = bound.port, "REST API listens");
        all.push(bound);
    }
    Ok(all)
}

fn worker_id(rest: &RestConfig, bound: &[Bound]) -> Result<String, Failure> {
    if bound.is_empty() {
        return Err(Failure::NotStarted("listeners: Empty list".to_owned()));
    }
    let bound: Vec<_> = bound.iter().map(|b| (b.listener.clone(), b.port)).collect();
    let machine = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let machine = Some(machine.trim())
        .filter(|name| !name.is_empty())
        .unwrap_or("localhost");
    Ok(rest.advertised.worker_id(&bound, machine))
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
