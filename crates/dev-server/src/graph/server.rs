//! Accepts connections and agrees with each client on a version of Bolt.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use boltr::server::SessionManager;
use boltr::server::connection::Connection;
use boltr::version::{BOLT_MAGIC, NO_VERSION, encode_version, negotiate_version, proposals_cover};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::backend::Backend;
use super::bolt4;

/// A batch of a sink is one message.
const MESSAGE_LIMIT: usize = 256 << 20;

/// What a connection needs of the server.
#[derive(Clone)]
struct Shared {
    backend: Arc<Backend>,
    sessions: Arc<SessionManager>,
}

/// Ends by being aborted, which ends the connections too.
pub async fn serve(listener: TcpListener, backend: Backend) {
    let shared = Shared {
        backend: Arc::new(backend),
        sessions: Arc::new(SessionManager::new(None)),
    };
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    connections.spawn(connection(stream, peer, shared.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "the embedded graph cannot accept a connection");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            },
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
        }
    }
}

async fn connection(stream: TcpStream, peer: SocketAddr, shared: Shared) {
    // Clients hang up when they like.
    if let Err(error) = shake_hands_and_run(stream, peer, shared).await {
        tracing::debug!(%peer, %error, "a connection to the embedded graph ended");
    }
}

async fn shake_hands_and_run(
    mut stream: TcpStream,
    peer: SocketAddr,
    shared: Shared,
) -> io::Result<()> {
    let mut magic = [0; 4];
    let mut proposals = [0; 16];
    stream.read_exact(&mut magic).await?;
    if magic != BOLT_MAGIC {
        return Err(io::Error::other("the client does not speak Bolt"));
    }
    stream.read_exact(&mut proposals).await?;
    if let Some((major, minor)) = negotiate_version(&proposals) {
        stream.write_all(&encode_version(major, minor)).await?;
        let (reader, writer) = stream.into_split();
        return run(reader, writer, peer, shared).await;
    }
    if proposals_cover(&proposals, 4, 4) {
        stream.write_all(&encode_version(4, 4)).await?;
        let (near, far) = bolt4::pair();
        let (reader, writer) = tokio::io::split(far);
        // Each ends when the other does; the session has to be closed in any case.
        let (carried, served) = tokio::join!(
            bolt4::translate(stream, near),
            run(reader, writer, peer, shared)
        );
        return carried.and(served);
    }
    stream.write_all(&NO_VERSION).await
}

async fn run<R, W>(reader: R, writer: W, peer: SocketAddr, shared: Shared) -> io::Result<()>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let limit = Some(MESSAGE_LIMIT);
    let Shared { backend, sessions } = shared;
    let mut connection = Connection::new(reader, writer, backend, sessions, None, peer, limit);
    connection.run().await.map_err(io::Error::other)
}
