//! The connection to the database: the only file that knows how the driver connects, runs and fails.
//!
//! A session opens lazily, runs one transaction at a time and tries nothing twice: what fails is classified and given
//! back, and whatever failed for another reason than its own statement costs the connection, so that the next
//! transaction begins with a new look-up, a new route and a new login.

use std::time::{Duration, Instant};

use connect_api::{ConnectError, ErrorClass};
use neo4rs::{BoltNull, BoltType, ConfigBuilder, Graph, Query, Txn};

use crate::error::{classify, unreachable};
use crate::nodelay;
use crate::settings::{Connection, Tls};
use crate::statement::Statement;
use crate::uri::{Address, Security, Uri};

/// One task's way to its database.
pub struct Session {
    settings: Connection,
    target: Option<Target>,
}

/// The server that takes the writes.
struct Target {
    graph: Graph,
    address: Address,
    since: Instant,
}

impl Session {
    /// A session that has not connected yet.
    pub fn new(settings: Connection) -> Self {
        Self {
            settings,
            target: None,
        }
    }

    /// Name and version of the server, as it states them; none if it has no procedure for it.
    ///
    /// # Errors
    /// Why it cannot be reached or used.
    pub async fn server(&mut self) -> Result<Option<(String, String)>, ConnectError> {
        let query = Query::from(
            "CALL dbms.components() YIELD name, versions RETURN name, versions[0] AS version LIMIT 1",
        );
        let row = match self.first_row(query).await {
            Err(error) if error.class() == ErrorClass::Record => return Ok(None),
            row => row?,
        };
        Ok(row.and_then(|row| Some((row.get("name").ok()?, row.get("version").ok()?))))
    }

    /// Asks whether the database accepts a statement, without running it; the inner error says why not.
    ///
    /// # Errors
    /// Why there is no answer.
    pub async fn explain(&mut self, text: &str) -> Result<Result<(), ConnectError>, ConnectError> {
        match self.first_row(Query::from(format!("EXPLAIN {text}"))).await {
            Ok(_) => Ok(Ok(())),
            Err(error) if error.class() == ErrorClass::Record => Ok(Err(error)),
            Err(error) => Err(error),
        }
    }

    /// Runs the statements as one transaction; their results are discarded.
    ///
    /// # Errors
    /// Nothing is written then, with one exception that no client can tell: if the connection is lost while the commit is
    /// under way, the transaction may stand, and is written again.
    pub async fn write(&mut self, statements: Vec<Statement>) -> Result<(), ConnectError> {
        let (mut transaction, address) = self.begin().await?;
        let mut result = Ok(());
        for statement in statements {
            let query = Query::from(&*statement.text).param("events", statement.events);
            result = transaction.run(query).await;
            if result.is_err() {
                break;
            }
        }
        if result.is_ok() {
            result = transaction.commit().await;
        }
        result.map_err(|error| self.failed(classify(error, &address)))
    }

    /// Closes the connection.
    pub fn close(&mut self) {
        self.target = None;
    }

    async fn first_row(&mut self, query: Query) -> Result<Option<neo4rs::Row>, ConnectError> {
        let (mut transaction, address) = self.begin().await?;
        let row = read_first(&mut transaction, query).await;
        let row = row.map_err(|error| self.failed(classify(error, &address)))?;
        // Only an empty transaction is lost if this fails, and the connection is tested before it is used again.
        let _ = transaction.rollback().await;
        Ok(row)
    }

    async fn begin(&mut self) -> Result<(Txn, Address), ConnectError> {
        let lifetime = self.settings.lifetime;
        let current = self.target.take();
        let current = current.filter(|target| target.since.elapsed() < lifetime);
        let (target, transaction) = match current {
            Some(target) => {
                let limit = self.settings.acquisition;
                let transaction = start(&target.graph, &target.address, None, limit).await?;
                (target, transaction)
            }
            None => self.open().await?,
        };
        let address = target.address.clone();
        self.target = Some(target);
        Ok((transaction, address))
    }

    /// The first URI that leads to a server for writes, and a transaction begun there.
    async fn open(&self) -> Result<(Target, Txn), ConnectError> {
        let mut last = None;
        for uri in &self.settings.uris {
            match self.open_at(uri).await {
                Err(error) if error.class() == ErrorClass::Unavailable => last = Some(error),
                result => return result,
            }
        }
        Err(last.unwrap_or_else(|| ConnectError::config("neo4j.uri names no address")))
    }

    async fn open_at(&self, uri: &Uri) -> Result<(Target, Txn), ConnectError> {
        let mut address = uri.address.clone();
        let mut graph = self.graph(&address, uri.security)?;
        if uri.routed {
            let writer = self.writer(&graph, &address).await?;
            if writer != address {
                graph = self.graph(&writer, uri.security)?;
                address = writer;
            }
        }
        let transaction = start(&graph, &address, None, self.opening_limit()).await?;
        let target = Target {
            graph,
            address,
            since: Instant::now(),
        };
        Ok((target, transaction))
    }

    /// Asks a member of a cluster which one takes writes. A database that cannot tell takes them itself.
    ///
    /// The driver's own routing is experimental and a sink needs only this much of it.
    async fn writer(&self, graph: &Graph, address: &Address) -> Result<Address, ConnectError> {
        let database = match &self.settings.database {
            Some(name) => BoltType::from(name.as_str()),
            None => BoltType::Null(BoltNull),
        };
        let query = Query::from(
            "CALL dbms.routing.getRoutingTable({}, $database) YIELD servers UNWIND servers AS server WITH server \
             WHERE server.role = 'WRITE' UNWIND server.addresses AS address RETURN address LIMIT 1",
        )
        .param("database", database);
        // Every member has this database.
        let mut transaction = start(graph, address, Some("system"), self.opening_limit()).await?;
        let row = match read_first(&mut transaction, query).await {
            Ok(row) => row,
            Err(error) => {
                let error = classify(error, address);
                return match error.class() {
                    ErrorClass::Record => Ok(address.clone()),
                    _ => Err(error),
                };
            }
        };
        let writer = row.and_then(|row| row.get::<String>("address").ok());
        let writer = writer.ok_or_else(|| unreachable(address))?;
        Address::parse(&writer).map_err(|why| ConnectError::unavailable(format!("{writer}: {why}")))
    }

    fn graph(&self, address: &Address, security: Security) -> Result<Graph, ConnectError> {
        let settings = &self.settings;
        let (scheme, authority) = match (security, &settings.tls) {
            (Security::System, _) | (Security::ByKeys, Tls::System) => ("bolt+s", None),
            (Security::Any, _) | (Security::ByKeys, Tls::Any) => ("bolt+ssc", None),
            (Security::ByKeys, Tls::Authority(file)) => ("bolt+s", Some(file)),
            (Security::ByKeys, Tls::Off) => ("bolt", None),
        };
        if scheme != "bolt" {
            // The driver panics if the process has chosen no provider and more than one is linked in.
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        let mut config = ConfigBuilder::default()
            .uri(format!("{scheme}://{address}"))
            .user(settings.user.as_str())
            .password(settings.password.reveal())
            .max_connections(settings.pool_size)
            // The driver's one limit for connecting and for every answer; connecting has its own in `start`.
            .connection_timeout(settings.answer)
            .tcp_keepalive(nodelay::KEEPALIVE);
        if let Some(database) = &settings.database {
            config = config.db(database.as_str());
        }
        if let Some(file) = authority {
            config = config.with_client_certificate(file);
        }
        config
            .build()
            .and_then(Graph::connect)
            .map_err(|error| classify(error, address))
    }

    fn opening_limit(&self) -> Duration {
        self.settings.timeout.min(self.settings.acquisition)
    }

    /// Keeps the connection only if the statement was at fault.
    fn failed(&mut self, error: ConnectError) -> ConnectError {
        if error.class() != ErrorClass::Record {
            self.target = None;
        }
        error
    }
}

/// Begins a transaction, on a connection that sends at once.
async fn start(
    graph: &Graph,
    address: &Address,
    database: Option<&str>,
    limit: Duration,
) -> Result<Txn, ConnectError> {
    let started = async {
        match database {
            Some(name) => graph.start_txn_on(name).await,
            None => graph.start_txn().await,
        }
    };
    let transaction = match tokio::time::timeout(limit, started).await {
        Ok(transaction) => transaction.map_err(|error| classify(error, address))?,
        Err(_) => return Err(unreachable(address)),
    };
    nodelay::set(address);
    Ok(transaction)
}

async fn read_first(transaction: &mut Txn, query: Query) -> neo4rs::Result<Option<neo4rs::Row>> {
    let mut rows = transaction.execute(query).await?;
    rows.next(transaction.handle()).await
}
