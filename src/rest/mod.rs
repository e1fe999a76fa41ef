//! The REST API in Kafka's exact shapes. Only this module knows HTTP and JSON bodies.
//!
//! A request passes: path rules (Jetty's), routing, media types (JAX-RS's), a resource, and the herder.

mod body;
mod entities;
mod error;
mod media_type;
mod path;
pub mod probe;
mod resources;

use std::io;
use std::time::Instant;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use axum::routing::{MethodRouter, get, post, put};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tracing::{debug, info};

use self::media_type::Consumes;
use self::resources::{connector_plugins, connectors, loggers, offsets, root, turnbuckle};
use crate::config::listener::Listener;
use crate::herder::Herder;
use crate::logging::Loggers;

/// Far beyond any connector's configuration.
const MAX_BODY_BYTES: usize = 8 * 1024 * 1024;

/// What resources work with.
#[derive(Clone)]
pub struct AppState {
    pub herder: Herder,
    pub kafka_cluster_id: String,
    pub loggers: Loggers,
    /// True once every connector of the command line was created.
    pub started: watch::Receiver<bool>,
}

/// Binds a listener; nothing is answered before [`serve`].
///
/// # Errors
/// The address cannot be had.
pub async fn bind(listener: &Listener) -> io::Result<TcpListener> {
    if listener.host.is_empty() {
        // All interfaces; a machine without IPv6 has only those of IPv4.
        return match TcpListener::bind(("::", listener.port)).await {
            Err(error) if error.kind() != io::ErrorKind::AddrInUse => {
                TcpListener::bind(("0.0.0.0", listener.port)).await
            }
            bound => bound,
        };
    }
    TcpListener::bind((listener.host.as_str(), listener.port)).await
}

/// Answers requests until `stop` is true, then lets those under way end.
///
/// # Errors
/// The listener failed.
pub async fn serve(
    listener: TcpListener,
    state: AppState,
    mut stop: watch::Receiver<bool>,
) -> io::Result<()> {
    let stopped = async move {
        // The sender lives as long as the worker.
        let _ = stop.wait_for(|stop| *stop).await;
    };
    axum::serve(listener, router(state).into_make_service())
        .with_graceful_shutdown(stopped)
        .await
}

/// The whole API. The outer router has no routes: it is there so that path rules come before routing.
pub fn router(state: AppState) -> Router {
    let inner = Router::new()
        .merge(with_media_types(root_resource(), Consumes::Anything))
        .merge(with_media_types(connector_resources(), Consumes::Json))
        .merge(with_media_types(plugin_resources(), Consumes::Json))
        .merge(with_media_types(admin_resources(), Consumes::Json))
        .merge(with_media_types(own_resources(), Consumes::Anything))
        .fallback(error::not_found)
        .method_not_allowed_fallback(error::method_not_allowed)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(state);
    Router::new()
        .fallback_service(inner)
        .layer(from_fn(path::rules))
        .layer(from_fn(log_request))
}

/// One line for each request; those that only look are told on demand.
async fn log_request(request: Request, next: Next) -> Response {
    let began = Instant::now();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let response = next.run(request).await;
    let status = response.status().as_u16();
    let ms = began.elapsed().as_millis();
    if method.is_safe() {
        debug!(%method, path, status, ms, "request");
    } else {
        info!(%method, path, status, ms, "request");
    }
    response
}

fn root_resource() -> Router<AppState> {
    Router::new()
        .route("/", resource("HEAD,GET,OPTIONS", get(root::server_info)))
        .route("/health", resource("HEAD,GET,OPTIONS", get(root::health)))
}

fn connector_resources() -> Router<AppState> {
    Router::new()
        .route(
            "/connectors",
            resource(
                "HEAD,POST,GET,OPTIONS",
                get(connectors::list).post(connectors::create),
            ),
        )
        .route(
            "/connectors/{name}",
            resource(
                "HEAD,DELETE,GET,OPTIONS",
                get(connectors::info).delete(connectors::delete),
            ),
        )
        .route(
            "/connectors/{name}/config",
            resource(
                "HEAD,GET,OPTIONS,PUT,PATCH",
                get(connectors::config)
                    .put(connectors::put_config)
                    .patch(connectors::patch_config),
            ),
        )
        .route(
            "/connectors/{name}/status",
            resource("HEAD,GET,OPTIONS", get(connectors::status)),
        )
        .route(
            "/connectors/{name}/offsets",
            resource(
                "HEAD,DELETE,GET,OPTIONS,PATCH",
                get(offsets::get)
                    .patch(offsets::alter)
                    .delete(offsets::reset),
            ),
        )
        .route(
            "/connectors/{name}/restart",
            resource("POST,OPTIONS", post(connectors::restart)),
        )
        .route(
            "/connectors/{name}/pause",
            resource("OPTIONS,PUT", put(connectors::pause)),
        )
        .route(
            "/connectors/{name}/resume",
            resource("OPTIONS,PUT", put(connectors::resume)),
        )
        .route(
            "/connectors/{name}/stop",
            resource("OPTIONS,PUT", put(connectors::stop)),
        )
        .route(
            "/connectors/{name}/tasks",
            resource("HEAD,GET,OPTIONS", get(connectors::tasks)),
        )
        .route(
            "/connectors/{name}/tasks/{task}/status",
            resource("HEAD,GET,OPTIONS", get(connectors::task_status)),
        )
        .route(
            "/connectors/{name}/tasks/{task}/restart",
            resource("POST,OPTIONS", post(connectors::restart_task)),
        )
}

fn plugin_resources() -> Router<AppState> {
    Router::new()
        .route(
            "/connector-plugins",
            resource("HEAD,GET,OPTIONS", get(connector_plugins::list)),
        )
        .route(
            "/connector-plugins/{name}/config",
            resource("HEAD,GET,OPTIONS", get(connector_plugins::keys)),
        )
        .route(
            "/connector-plugins/{name}/config/validate",
            resource("OPTIONS,PUT", put(connector_plugins::validate)),
        )
}

fn admin_resources() -> Router<AppState> {
    Router::new()
        .route(
            "/admin/loggers",
            resource("HEAD,GET,OPTIONS", get(loggers::list)),
        )
        .route(
            "/admin/loggers/{logger}",
            resource("HEAD,GET,OPTIONS,PUT", get(loggers::get).put(loggers::set)),
        )
}

fn own_resources() -> Router<AppState> {
    Router::new().route(
        "/turnbuckle/connectors/{name}/tasks/{task}",
        resource("HEAD,GET,OPTIONS", get(turnbuckle::task)),
    )
}

/// Methods of one path, with the answer to OPTIONS that JAX-RS gives by itself.
fn resource(allow: &'static str, methods: MethodRouter<AppState>) -> MethodRouter<AppState> {
    methods.options(move |headers| media_type::options(allow, headers))
}

fn with_media_types(routes: Router<AppState>, consumes: Consumes) -> Router<AppState> {
    routes.route_layer(from_fn_with_state(consumes, media_type::check))
}
