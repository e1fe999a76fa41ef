//! [`Backend`]: sessions and transactions of Bolt on the engine.
//!
//! Writers take turns: of two transactions that merge one key at once, each from its own snapshot, the engine would
//! keep both nodes. A transaction that may write therefore waits until no other is open, and begins after that.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use boltr::error::BoltError;
use boltr::server::{
    BoltBackend, BoltRecord, ResultMetadata, ResultStream, RoutingServer, RoutingTable,
    SessionConfig, SessionHandle, SessionProperty, TransactionHandle,
};
use boltr::types::{BoltDict, BoltValue};
use grafeo_common::types::Value;
use grafeo_common::utils::error::Error as EngineError;
use grafeo_engine::database::QueryResult;
use grafeo_engine::{GrafeoDB, Session};
use tokio::sync::OwnedMutexGuard;

use super::error::{busy, no_such_database, panicked, refused};
use super::value::{to_bolt, to_engine};
use super::{Table, procedure, statement};

/// Drivers read a product and a version off it: that of the dialect spoken here.
const AGENT: &str = "Neo4j/5.13.0";
const DATABASES: [&str; 2] = ["neo4j", "system"];

/// How long a writer waits for the one before it.
const TURN: Duration = Duration::from_secs(30);

/// The one database.
pub struct Backend {
    engine: GrafeoDB,
    address: SocketAddr,
    sessions: Mutex<HashMap<String, Arc<OpenSession>>>,
    next: AtomicU64,
    writers: Arc<tokio::sync::Mutex<()>>,
}

/// One connection's session.
struct OpenSession {
    engine: Mutex<Session>,
    /// Held while an explicit transaction may write.
    turn: Mutex<Option<OwnedMutexGuard<()>>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Backend {
    /// An empty database that says it is at `address`.
    pub fn new(address: SocketAddr) -> Self {
        Self {
            engine: GrafeoDB::new_in_memory(),
            address,
            sessions: Mutex::default(),
            next: AtomicU64::new(0),
            writers: Arc::default(),
        }
    }

    fn session(&self, handle: &SessionHandle) -> Result<Arc<OpenSession>, BoltError> {
        let session = lock(&self.sessions).get(&handle.0).cloned();
        session.ok_or_else(|| BoltError::Session("the session is closed".to_owned()))
    }

    async fn turn(&self) -> Result<OwnedMutexGuard<()>, BoltError> {
        let turn = self.writers.clone().lock_owned();
        tokio::time::timeout(TURN, turn).await.map_err(|_| busy())
    }
}

/// Works on a session off the threads that serve connections.
async fn on_engine<T: Send + 'static>(
    session: Arc<OpenSession>,
    work: impl FnOnce(&mut Session) -> Result<T, EngineError> + Send + 'static,
) -> Result<T, BoltError> {
    let done = tokio::task::spawn_blocking(move || work(&mut lock(&session.engine)));
    let done = done.await.map_err(|e| panicked(&e))?;
    done.map_err(|e| refused(&e))
}

/// Ends what the session has under way; nothing being under way is fine.
async fn roll_back(session: Arc<OpenSession>) -> Result<(), BoltError> {
    let ended = on_engine(session.clone(), |engine| {
        if engine.in_transaction() {
            engine.rollback()?;
        }
        Ok(())
    });
    let ended = ended.await;
    lock(&session.turn).take();
    ended
}

#[async_trait::async_trait]
impl BoltBackend for Backend {
    async fn create_session(&self, _: &SessionConfig) -> Result<SessionHandle, BoltError> {
        let handle = SessionHandle(self.next.fetch_add(1, Ordering::Relaxed).to_string());
        let session = OpenSession {
            engine: Mutex::new(self.engine.session()),
            turn: Mutex::default(),
        };
        lock(&self.sessions).insert(handle.0.clone(), Arc::new(session));
        Ok(handle)
    }

    async fn close_session(&self, handle: &SessionHandle) -> Result<(), BoltError> {
        let session = lock(&self.sessions).remove(&handle.0);
        match session {
            Some(session) => roll_back(session).await,
            None => Ok(()),
        }
    }

    async fn configure_session(
        &self,
        _: &SessionHandle,
        property: SessionProperty,
    ) -> Result<(), BoltError> {
        let SessionProperty::Database(name) = property;
        if DATABASES.contains(&name.as_str()) {
            return Ok(());
        }
        Err(no_such_database(&name))
    }

    async fn reset_session(&self, handle: &SessionHandle) -> Result<(), BoltError> {
        roll_back(self.session(handle)?).await
    }

    async fn execute(
        &self,
        handle: &SessionHandle,
        query: &str,
        parameters: &HashMap<String, BoltValue>,
        extra: &BoltDict,
        transaction: Option<&TransactionHandle>,
    ) -> Result<ResultStream, BoltError> {
        let session = self.session(handle)?;
        let known = statement::procedure(query);
        if let Some(table) = known.and_then(|name| procedure::answer(&name, self.address)) {
            return Ok(stream(table, BoltDict::new()));
        }
        let parameters = engine_parameters(parameters)?;
        let compound: Vec<&str> = parameters
            .iter()
            .filter(|(_, value)| matches!(value, Value::List(_) | Value::Map(_) | Value::Bytes(_)))
            .map(|(name, _)| name.as_str())
            .collect();
        let text = statement::shielded(&statement::named(query), &compound).into_owned();
        // Only a transaction of its own has to wait; another has waited when it began.
        let turn = match transaction {
            None if may_write(extra) => Some(self.turn().await?),
            _ => None,
        };
        let result = on_engine(session, move |engine| run(engine, &text, parameters)).await;
        drop(turn);
        Ok(answer(query, result?))
    }

    async fn begin_transaction(
        &self,
        handle: &SessionHandle,
        extra: &BoltDict,
    ) -> Result<TransactionHandle, BoltError> {
        let session = self.session(handle)?;
        if may_write(extra) {
            let turn = self.turn().await?;
            *lock(&session.turn) = Some(turn);
        }
        let begun = on_engine(session.clone(), Session::begin_transaction).await;
        if begun.is_err() {
            lock(&session.turn).take();
        }
        begun.map(|()| TransactionHandle(handle.0.clone()))
    }

    async fn commit(
        &self,
        handle: &SessionHandle,
        _: &TransactionHandle,
    ) -> Result<BoltDict, BoltError> {
        let session = self.session(handle)?;
        let committed = on_engine(session.clone(), Session::commit).await;
        if committed.is_err() {
            // The engine may hold the refused transaction open.
            let _ = roll_back(session.clone()).await;
        }
        lock(&session.turn).take();
        committed.map(|()| BoltDict::new())
    }

    async fn rollback(
        &self,
        handle: &SessionHandle,
        _: &TransactionHandle,
    ) -> Result<(), BoltError> {
        roll_back(self.session(handle)?).await
    }

    async fn get_server_info(&self) -> Result<BoltDict, BoltError> {
        let agent = BoltValue::String(AGENT.to_owned());
        Ok(BoltDict::from([("server".to_owned(), agent)]))
    }

    async fn route(
        &self,
        _: &BoltDict,
        _: &[String],
        database: Option<&str>,
    ) -> Result<RoutingTable, BoltError> {
        let server = |role: &str| RoutingServer {
            addresses: vec![self.address.to_string()],
            role: role.to_owned(),
        };
        Ok(RoutingTable {
            ttl: 300,
            db: database.unwrap_or(DATABASES[0]).to_owned(),
            servers: ["WRITE", "READ", "ROUTE"].map(server).to_vec(),
        })
    }
}

/// Whether the client left the transaction open for writing, as it does by default.
fn may_write(extra: &BoltDict) -> bool {
    extra.get("mode").and_then(BoltValue::as_str) != Some("r")
}

fn engine_parameters(
    parameters: &HashMap<String, BoltValue>,
) -> Result<HashMap<String, Value>, BoltError> {
    let entry = |(name, value): (&String, &BoltValue)| Ok((name.clone(), to_engine(value)?));
    let entries: Result<_, String> = parameters.iter().map(entry).collect();
    entries.map_err(|message| BoltError::Query {
        code: "Neo.ClientError.Statement.TypeError".to_owned(),
        message,
    })
}

fn run(
    engine: &Session,
    text: &str,
    parameters: HashMap<String, Value>,
) -> Result<QueryResult, EngineError> {
    if parameters.is_empty() {
        // Without values the parameters of an EXPLAIN may stay open.
        return engine.execute_cypher(text);
    }
    engine.execute_cypher_with_params(text, parameters)
}

fn answer(query: &str, result: QueryResult) -> ResultStream {
    let summary = summary(&result);
    if !statement::has_rows(query) {
        return stream(Table::default(), summary);
    }
    let columns = result.columns.clone();
    let rows = result.into_rows();
    let rows = rows.iter().map(|row| row.iter().map(to_bolt).collect());
    let rows = rows.collect();
    stream(Table { columns, rows }, summary)
}

fn stream(table: Table, summary: BoltDict) -> ResultStream {
    ResultStream {
        metadata: ResultMetadata {
            columns: table.columns,
            extra: BoltDict::new(),
        },
        records: table
            .rows
            .into_iter()
            .map(|values| BoltRecord { values })
            .collect(),
        summary,
    }
}

/// Counters under the names that drivers read.
fn summary(result: &QueryResult) -> BoltDict {
    let counters = &result.counters;
    let stats: BoltDict = [
        ("nodes-created", counters.nodes_created),
        ("nodes-deleted", counters.nodes_deleted),
        ("relationships-created", counters.edges_created),
        ("relationships-deleted", counters.edges_deleted),
        ("properties-set", counters.properties_set),
        ("labels-added", counters.labels_added),
        ("labels-removed", counters.labels_removed),
    ]
    .into_iter()
    .filter(|(_, count)| *count > 0)
    .map(|(name, count)| {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        (name.to_owned(), BoltValue::Integer(count))
    })
    .collect();
    if stats.is_empty() {
        return BoltDict::new();
    }
    BoltDict::from([("stats".to_owned(), BoltValue::Dict(stats))])
}
