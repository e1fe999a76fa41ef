//! The REST API in Kafka's exact shapes. Only this module knows HTTP and JSON bodies.
//!
//! A request passes: the server's limits, path rules (Jetty's), headers that are added to its answer, routing, the
//! login if one is asked for, its body, media types (JAX-RS's), a resource, and the herder.

mod server;
mod tls;

mod basic_auth;
mod body_limit;
mod extra_headers;
mod jaas;
mod path;

mod body;
mod entities;
mod error;
mod media_type;
#[cfg(test)]
mod openapi_tests;
mod resources;

pub mod probe;

use std::time::Instant;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware::{Next, from_fn, from_fn_with_state, map_response};
use axum::response::Response;
use axum::routing::{MethodRouter, get, post, put};
use tokio::sync::watch;
use tracing::{debug, info};

pub use self::basic_auth::Users;
pub use self::server::{Bound, bind, serve};
pub use self::tls::acceptor;

use self::body_limit::BodyLimit;
use self::extra_headers::ExtraHeaders;
use self::media_type::Consumes;
use self::resources::{
    connector_plugins, connectors, internal, loggers, metrics, offsets, root, topics, turnbuckle,
};
use crate::config::rest::{Admin, Limits, RestConfig};
use crate::herder::Herder;
use crate::logging::Loggers;

/// What resources work with.
#[derive(Clone)]
pub struct AppState {
    pub herder: Herder,
    pub kafka_cluster_id: String,
    pub loggers: Loggers,
    /// True once every connector of the command line was created.
    pub started: watch::Receiver<bool>,
}

/// What is answered at `listeners`. With `users`, each call but those of other workers needs a login.
pub fn api(state: AppState, config: &RestConfig, users: Option<Users>) -> Router {
    let mut resources = Router::new()
        .merge(with_media_types(root_resource(), Consumes::Anything))
        .merge(with_media_types(connector_resources(), Consumes::Json))
        .merge(with_media_types(internal_resources(), Consumes::Anything))
        .merge(with_media_types(plugin_resources(), Consumes::Json))
        .merge(with_media_types(own_resources(), Consumes::Anything))
        .merge(with_media_types(metrics_resource(), Consumes::Anything));
    if config.admin == Admin::Shared {
        resources = resources.merge(with_media_types(admin_resources(), Consumes::Json));
    }
    let mut api = answering(resources, state, config.limits, users);
    if let Some(extra) = ExtraHeaders::new(config.cors.as_ref(), &config.headers) {
        api = api.layer(from_fn_with_state(extra, extra_headers::add));
    }
    outermost(api)
}

/// What is answered at `admin.listeners`: neither logins nor added headers, as in Kafka.
pub fn admin_api(state: AppState, limits: Limits) -> Router {
    let resources = with_media_types(admin_resources(), Consumes::Json)
        .merge(with_media_types(metrics_resource(), Consumes::Anything));
    outermost(answering(resources, state, limits, None))
}

fn answering(
    resources: Router<AppState>,
    state: AppState,
    limits: Limits,
    users: Option<Users>,
) -> Router {
    // What is added last comes first, and every resource is behind these.
    let body = BodyLimit::new(limits);
    let mut guarded = resources.route_layer(from_fn_with_state(body, body_limit::read));
    if let Some(users) = users {
        guarded = guarded.route_layer(from_fn_with_state(users, basic_auth::guard));
    }
    guarded
        .fallback(error::not_found)
        .method_not_allowed_fallback(error::method_not_allowed)
        // Bodies are read already.
        .layer(DefaultBodyLimit::disable())
        .with_state(state)
}

/// The outer router has no routes: it is there so that path rules come before routing.
fn outermost(api: Router) -> Router {
    Router::new()
        .fallback_service(api)
        .layer(map_response(error::without_allow))
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
            resource("HEAD,POST,GET,OPTIONS", get(connectors::tasks)),
        )
        .route(
            "/connectors/{name}/topics",
            resource("HEAD,GET,OPTIONS", get(topics::list)),
        )
        .route(
            "/connectors/{name}/topics/reset",
            resource("OPTIONS,PUT", put(topics::reset)),
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

/// What workers of a cluster ask one another. They take bodies of any type, even where one shares its path with others.
fn internal_resources() -> Router<AppState> {
    Router::new()
        .route("/connectors/{name}/tasks", post(internal::put_task_configs))
        .route(
            "/connectors/{name}/fence",
            resource("OPTIONS,PUT", put(internal::fence)),
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

/// On admin listeners too: a scraper needs no way to connectors' configurations.
fn metrics_resource() -> Router<AppState> {
    Router::new().route("/metrics", resource("HEAD,GET,OPTIONS", get(metrics::get)))
}

/// Methods of one path, with the answer to OPTIONS that JAX-RS gives by itself.
fn resource(allow: &'static str, methods: MethodRouter<AppState>) -> MethodRouter<AppState> {
    methods.options(move |headers| media_type::options(allow, headers))
}

fn with_media_types(routes: Router<AppState>, consumes: Consumes) -> Router<AppState> {
    routes.route_layer(from_fn_with_state(consumes, media_type::check))
}
