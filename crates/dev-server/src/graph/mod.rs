//! [`Graph`]: a graph database in memory that answers Bolt 5.
//!
//! The engine is grafeo and the protocol boltr; between them stands what a Neo4j would do otherwise: types
//! ([`value`]), which statements answer with rows ([`statement`]), the few procedures that drivers and the sink call
//! ([`procedure`]), codes of errors ([`error`]), one writer at a time ([`backend`]), and clients that know no newer
//! protocol than Bolt 4.4, as the sink's driver ([`server`], [`bolt4`]).

mod backend;
mod bolt4;
mod client;
mod error;
mod procedure;
mod server;
mod statement;
mod value;

use std::net::SocketAddr;

pub use boltr::types::{self as bolt, BoltValue as Value};
use tokio::task::JoinHandle;

pub use self::client::{Client, Table};
use crate::{Error, listen};

/// A running graph. Dropping it ends it and loses what it holds.
pub struct Graph {
    address: SocketAddr,
    serving: JoinHandle<()>,
}

impl Graph {
    /// Starts an empty graph on loopback; port 0 is a free one. Any user and password will do.
    ///
    /// # Errors
    /// The port is taken.
    pub async fn start(port: u16) -> Result<Self, Error> {
        let listener = listen(port)?;
        let address = listener
            .local_addr()
            .map_err(|source| Error::Listen { port, source })?;
        let backend = backend::Backend::new(address);
        let serving = tokio::spawn(server::serve(listener, backend));
        Ok(Self { address, serving })
    }

    /// Where clients find it: `neo4j.uri` is `bolt://` and this.
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

impl Drop for Graph {
    fn drop(&mut self) {
        self.serving.abort();
    }
}
