//! [`Broker`]: one broker of the Kafka protocol, in memory.
//!
//! The protocol, the log and the group coordinator are tansu's. Its own server binds and ends by itself, on signals; this
//! one serves the same services on a socket whose port is known before, and ends when it is told to.

use std::net::SocketAddr;

use rama::{Context, Service};
use tansu_broker::coordinator::group::administrator::Controller;
use tansu_broker::service::services;
use tansu_storage::StorageContainer;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};
use url::Url;

use crate::{Error, listen};

const CLUSTER: &str = "turnbuckle-dev";
const NODE: i32 = 1;

/// A running broker. Dropping it ends it and loses what it holds.
pub struct Broker {
    address: SocketAddr,
    serving: JoinHandle<()>,
}

impl Broker {
    /// Starts a broker on loopback; port 0 is a free one. Topics are made by request, never by use.
    ///
    /// # Errors
    /// The port is taken, or the broker does not start.
    pub async fn start(port: u16) -> Result<Self, Error> {
        let failed = |e: &dyn std::fmt::Display| Error::Broker(e.to_string());
        let listener = listen(port)?;
        let address = listener
            .local_addr()
            .map_err(|source| Error::Listen { port, source })?;
        let advertised = Url::parse(&format!("tcp://{address}")).map_err(|e| failed(&e))?;
        let memory = Url::parse("memory://turnbuckle/").map_err(|e| failed(&e))?;
        let storage = StorageContainer::builder()
            .cluster_id(CLUSTER)
            .node_id(NODE)
            .advertised_listener(advertised)
            .storage(memory)
            .silent(true)
            .build()
            .await
            .map_err(|e| failed(&e))?;
        let groups = Controller::with_storage(storage.clone()).map_err(|e| failed(&e))?;
        let serving = tokio::spawn(serve(listener, storage, groups));
        Ok(Self { address, serving })
    }

    /// Where clients find it: a value for `bootstrap.servers`.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Closes the socket and every connection.
    pub async fn stop(mut self) {
        self.serving.abort();
        // Its end by abort is what was asked for.
        let _ = (&mut self.serving).await;
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Ends by being aborted, which ends the connections too.
async fn serve(
    listener: TcpListener,
    storage: StorageContainer,
    groups: Controller<StorageContainer>,
) {
    let mut connections = JoinSet::new();
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "the embedded broker cannot accept a connection");
                    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                    continue;
                }
            },
            Some(_) = connections.join_next(), if !connections.is_empty() => continue,
        };
        match services(CLUSTER, groups.clone(), storage.clone(), None) {
            Ok(service) => {
                connections.spawn(async move {
                    // Clients hang up when they like.
                    if let Err(error) = service.serve(Context::default(), stream).await {
                        tracing::debug!(%error, "a connection to the embedded broker ended");
                    }
                });
            }
            Err(error) => tracing::warn!(%error, "the embedded broker does not serve a connection"),
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpStream;

    use super::*;

    #[tokio::test]
    async fn a_stopped_broker_gives_its_port_back_and_hangs_up() {
        let broker = Broker::start(0).await.expect("a free port");
        let address = broker.address();
        assert!(address.ip().is_loopback());
        let taken = Broker::start(address.port()).await.map(drop);
        assert!(matches!(taken, Err(Error::Listen { port, .. }) if port == address.port()));

        let client = TcpStream::connect(address).await.expect("a connection");
        broker.stop().await;
        client.readable().await.expect("an end");
        let read = client.try_read(&mut [0]);
        assert!(matches!(read, Ok(0) | Err(_)), "{read:?}");
        let again = Broker::start(address.port()).await.map(drop);
        assert!(again.is_ok(), "{again:?}");
    }
}
