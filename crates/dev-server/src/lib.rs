//! What stands in for Kafka and a graph database where neither is at hand: for `turnbuckle demo`, for
//! `turnbuckle dev-server` and for tests.
//!
//! Both run in this process, keep everything in memory and listen on loopback only, where any client of the Kafka
//! protocol and of Bolt 5 can use them. They are for looking and trying: no replication, no transactions of Kafka, no
//! authentication, one writer at a time in the graph. `docs/demo.md` lists what they lack.
//!
//! The crate is empty without its feature `embedded`, so that production builds contain nothing of it.

#[cfg(feature = "embedded")]
mod broker;
#[cfg(feature = "embedded")]
mod graph;

#[cfg(feature = "embedded")]
pub use self::broker::Broker;
#[cfg(feature = "embedded")]
pub use self::graph::{Client, Graph, Table, Value, bolt};

/// Why an embedded server cannot be used.
#[cfg(feature = "embedded")]
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot listen on 127.0.0.1:{port}: {source}; is the port taken? 0 picks a free one")]
    Listen { port: u16, source: std::io::Error },
    #[error("the embedded broker does not start: {0}")]
    Broker(String),
    #[error("the embedded graph refused: {0}")]
    Graph(String),
}

/// A listening socket on loopback. What is accepted from it sends at once, without waiting to fill a packet.
#[cfg(feature = "embedded")]
fn listen(port: u16) -> Result<tokio::net::TcpListener, Error> {
    let socket = || {
        let socket = tokio::net::TcpSocket::new_v4()?;
        // A port that was in use a moment ago may be used again; Linux hands both options on to accepted sockets.
        socket.set_reuseaddr(true)?;
        socket.set_nodelay(true)?;
        socket.bind((std::net::Ipv4Addr::LOCALHOST, port).into())?;
        socket.listen(128)
    };
    socket().map_err(|source| Error::Listen { port, source })
}
