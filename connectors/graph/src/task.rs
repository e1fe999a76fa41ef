//! The sink task: start verifies, put writes one transaction for each topic partition.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use connect_api::config::{Config, ConfigReader};
use connect_api::sink::{PutReport, SinkTask, SinkTaskContext};
use connect_api::{ConnectError, RecordSlice};

use crate::batch::{Group, groups};
use crate::error::unknown_topic;
use crate::session::Session;
use crate::settings::GraphSinkConfig;
use crate::statement::Frame;
use crate::strategy::{self, CypherStrategy};

/// A task, before and after its start.
#[derive(Default)]
pub struct GraphSinkTask {
    running: Option<Running>,
}

struct Running {
    session: Session,
    strategies: BTreeMap<Arc<str>, CypherStrategy>,
    batch_size: usize,
}

#[async_trait]
impl SinkTask for GraphSinkTask {
    async fn start(&mut self, config: &Config, _: &SinkTaskContext) -> Result<(), ConnectError> {
        let (config, mut strategies) = prepare(config)?;
        for note in &config.notes {
            tracing::warn!("{note}");
        }
        let mut session = Session::new(config.connection.clone());
        let server = server(&mut session).await?;
        for (topic, strategy) in &mut strategies {
            choose_frame(&mut session, topic, strategy, server).await?;
        }
        self.running = Some(Running {
            session,
            strategies,
            batch_size: config.batch_size,
        });
        Ok(())
    }

    async fn put(&mut self, records: RecordSlice) -> PutReport {
        match &mut self.running {
            Some(running) => running.put(&records).await,
            None => PutReport::failed(ConnectError::fatal("the task has not started")),
        }
    }

    async fn stop(&mut self) {
        if let Some(mut running) = self.running.take() {
            running.session.close();
        }
    }
}

/// Everything of a start that needs no database. Pure.
///
/// # Errors
/// What is wrong, or asked for and not supported.
pub fn prepare(
    config: &Config,
) -> Result<(GraphSinkConfig, BTreeMap<Arc<str>, CypherStrategy>), ConnectError> {
    let config = GraphSinkConfig::parse(&ConfigReader::new(config))
        .map_err(|errors| ConnectError::config(errors.to_string()))?;
    let strategies = strategy::assign(&config)?;
    config.refuse_unsupported()?;
    Ok((config, strategies))
}

impl Running {
    /// Writes group by group. What is committed is reported as applied even if a later group fails.
    async fn put(&mut self, records: &RecordSlice) -> PutReport {
        let mut applied = Vec::new();
        for group in groups(records) {
            if let Err((error, culprits)) = self.write(records, &group).await {
                applied.sort_unstable();
                return PutReport::partly(applied, error, culprits);
            }
            applied.extend(group.places);
        }
        PutReport::all()
    }

    /// Writes a group as one transaction, or nothing of it; the error comes with the records it concerns.
    async fn write(
        &mut self,
        records: &RecordSlice,
        group: &Group,
    ) -> Result<(), (ConnectError, Vec<usize>)> {
        let of_group = |error| (error, group.places.clone());
        let strategy = self
            .strategies
            .get(&group.topic)
            .ok_or_else(|| of_group(unknown_topic(&group.topic)))?;
        let statements = strategy
            .statements(records, &group.places, self.batch_size)
            .map_err(|(place, error)| (error, vec![place]))?;
        self.session.write(statements).await.map_err(of_group)
    }
}

/// What the frames depend on.
#[derive(Clone, Copy, Default)]
struct Server {
    /// It is Neo4j itself, not something that speaks its protocol.
    is_neo4j: bool,
    /// It knows `CALL (row) { … }`: Neo4j from 5.23 on.
    scoped: bool,
}

/// Asked once for each start of the task. A server that is upgraded under a running task still takes the older
/// forms, and none is downgraded under one.
async fn server(session: &mut Session) -> Result<Server, ConnectError> {
    let Some((name, version)) = session.server().await? else {
        tracing::info!("the server does not tell its version");
        return Ok(Server::default());
    };
    tracing::info!(server = name, version, "connected");
    let mut numbers = version
        .split(['.', '-'])
        .map(|part| part.parse().unwrap_or(0));
    let release: (u32, u32) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    let is_neo4j = name.starts_with("Neo4j");
    Ok(Server {
        is_neo4j,
        scoped: is_neo4j && release >= (5, 23),
    })
}

/// Picks the frame that the server accepts for a topic's statement: all rows in one statement if it can be.
///
/// A statement that no frame makes right is left to fail on its first record, as in the original; the log tells now.
async fn choose_frame(
    session: &mut Session,
    topic: &str,
    strategy: &mut CypherStrategy,
    server: Server,
) -> Result<(), ConnectError> {
    let [batch, single] = strategy.frames(server.scoped);
    let mut is_accepted = true;
    match explain(session, &batch).await? {
        Ok(()) => strategy.use_frame(batch),
        Err(why) if explain(session, &single).await?.is_ok() => {
            tracing::warn!(topic, why = %why, "the statement runs record by record, which is slow");
            strategy.use_frame(single);
        }
        Err(why) => {
            tracing::warn!(topic, why = %why, "the database does not accept the statement");
            strategy.use_frame(batch);
            is_accepted = false;
        }
    }
    // What a record lacks reads as null on Neo4j, from a map that says so as from one that does not. Others may differ.
    let mut of_fields = None;
    if let (true, Some(frame)) = (
        is_accepted && server.is_neo4j,
        strategy.frame_of_fields(server.scoped),
    ) {
        of_fields = explain(session, &frame).await?.is_ok().then_some(frame);
    }
    strategy.use_frame_of_fields(of_fields);
    Ok(())
}

async fn explain(
    session: &mut Session,
    frame: &Frame,
) -> Result<Result<(), ConnectError>, ConnectError> {
    let (Frame::Batch(text) | Frame::Single(text)) = frame;
    session.explain(text).await
}
