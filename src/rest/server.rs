//! Sockets and connections: how many there may be, how long they may take, how they end.
//!
//! A connection costs a slot from the moment it is accepted. Its slot is freed by a limit of time at the latest: for the
//! beginning of TLS, for each head and body of a request, for taking the next bytes of an answer, between requests.
//! Routing and what is answered are not its business.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{Sleep, sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tracing::{debug, warn};

use crate::config::rest::{Limits, Listener, Scheme};

/// Request line and header together, as Jetty has it. More headers than hyper's hundred do not fit in easily.
const MAX_HEAD_BYTES: usize = 8 * 1024;

/// After a failure that is not of one connection: the process is out of files, mostly.
const ACCEPT_AGAIN: Duration = Duration::from_millis(500);

const BUSY: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// A listener with its socket.
pub struct Bound {
    pub listener: Listener,
    /// The one it got, if it asked for any.
    pub port: u16,
    pub socket: TcpListener,
    /// There if the listener is https.
    pub tls: Option<TlsAcceptor>,
}

/// Binds a listener; nothing is answered before [`serve`].
///
/// # Errors
/// The address cannot be had.
pub async fn bind(listener: &Listener, tls: Option<TlsAcceptor>) -> io::Result<Bound> {
    let socket = socket(listener).await?;
    Ok(Bound {
        listener: listener.clone(),
        port: socket.local_addr()?.port(),
        socket,
        tls,
    })
}

async fn socket(listener: &Listener) -> io::Result<TcpListener> {
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

/// Answers requests until `stop` is true, then lets those under way end and closes the connections.
pub async fn serve(
    listeners: Vec<Bound>,
    router: Router,
    limits: Limits,
    stop: watch::Receiver<bool>,
) {
    let shared = Arc::new(Shared {
        http: router.clone().layer(Extension(Scheme::Http)),
        https: router.layer(Extension(Scheme::Https)),
        limits,
        slots: Arc::new(Semaphore::new(limits.connections)),
        is_full: AtomicBool::new(false),
        stop,
    });
    let mut accepting = JoinSet::new();
    for bound in listeners {
        accepting.spawn(accept(bound, Arc::clone(&shared)));
    }
    accepting.join_all().await;
}

/// What all connections of one set of listeners share.
struct Shared {
    /// Answers what comes as it is, and what comes over TLS: answers may hold the address that was asked.
    http: Router,
    https: Router,
    limits: Limits,
    slots: Arc<Semaphore>,
    /// Whether it was said that connections are turned away.
    is_full: AtomicBool,
    stop: watch::Receiver<bool>,
}

async fn accept(bound: Bound, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    let mut stop = shared.stop.clone();
    loop {
        let accepted = tokio::select! {
            accepted = bound.socket.accept() => accepted,
            () = asked(&mut stop) => break,
            Some(_) = connections.join_next() => continue,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) if is_of_one_connection(&error) => continue,
            Err(error) => {
                warn!(listener = %bound.listener, %error, "REST API: no connection can be accepted at the moment");
                sleep(ACCEPT_AGAIN).await;
                continue;
            }
        };
        match Arc::clone(&shared.slots).try_acquire_owned() {
            Ok(slot) => {
                shared.is_full.store(false, Ordering::Relaxed);
                let (tls, shared) = (bound.tls.clone(), Arc::clone(&shared));
                connections.spawn(connection(stream, tls, shared, slot));
            }
            Err(_) => turn_away(stream, &bound, &shared),
        }
    }
    drop(bound);
    connections.join_all().await;
}

fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
    )
}

/// Without waiting for anything: the answer fits into the socket's buffer.
fn turn_away(stream: TcpStream, bound: &Bound, shared: &Shared) {
    if !shared.is_full.swap(true, Ordering::Relaxed) {
        let connections = shared.limits.connections;
        warn!(
            listener = %bound.listener,
            connections,
            "REST API: new connections are turned away; see who holds so many, or raise rest.connections.max"
        );
    }
    if bound.tls.is_none() {
        let _ = stream.try_write(BUSY);
    }
}

async fn connection(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    shared: Arc<Shared>,
    _slot: OwnedSemaphorePermit,
) {
    // Answers are written in one piece; the last one of a connection must not wait for an acknowledgement.
    let _ = stream.set_nodelay(true);
    let idle = shared.limits.idle;
    let Some(tls) = tls else {
        return http(stream, &shared.http, &shared).await;
    };
    match timeout(idle, tls.accept(stream)).await {
        Ok(Ok(stream)) => http(stream, &shared.https, &shared).await,
        Ok(Err(error)) => debug!(%error, "TLS did not begin"),
        Err(_) => debug!("TLS did not begin in time"),
    }
}

async fn http<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    router: &Router,
    shared: &Shared,
) {
    let mut stop = shared.stop.clone();
    let stream = TokioIo::new(NoStall::new(stream, shared.limits.idle));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        // Runs from the end of the last answer on, so that it limits the time between requests, too.
        .header_read_timeout(shared.limits.idle)
        .max_buf_size(MAX_HEAD_BYTES)
        .serve_connection(stream, TowerToHyperService::new(router.clone()));
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = asked(&mut stop) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        debug!(%error, "a connection ended early");
    }
}

/// Waits until the end is asked for.
async fn asked(stop: &mut watch::Receiver<bool>) {
    // The sender lives as long as the worker.
    let _ = stop.wait_for(|stop| *stop).await;
}

/// A stream that fails when its peer takes nothing for too long.
struct NoStall<S> {
    inner: S,
    patience: Duration,
    /// Runs while a write waits.
    stalled: Option<Pin<Box<Sleep>>>,
}

impl<S> NoStall<S> {
    fn new(inner: S, patience: Duration) -> Self {
        Self {
            inner,
            patience,
            stalled: None,
        }
    }

    /// Passes on what a write came to, unless it has waited for too long.
    fn watch<T>(
        &mut self,
        cx: &mut Context<'_>,
        progress: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if progress.is_ready() {
            self.stalled = None;
            return progress;
        }
        let patience = self.patience;
        let stalled = self
            .stalled
            .get_or_insert_with(|| Box::pin(sleep(patience)));
        ready!(stalled.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for NoStall<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for NoStall<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let progress = Pin::new(&mut self.inner).poll_write(cx, bytes);
        self.watch(cx, progress)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let progress = Pin::new(&mut self.inner).poll_flush(cx);
        self.watch(cx, progress)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let progress = Pin::new(&mut self.inner).poll_shutdown(cx);
        self.watch(cx, progress)
    }
}
