//! What the conformance suite must know of this sink.

use std::sync::Arc;

use async_trait::async_trait;
use connect_api::config::Config;
use connect_api::data::{Map, Value};
use connect_api::plugin::PluginDescriptor;
use connect_api::{SinkRecord, TopicPartition};
use connect_testkit::{SinkUnderTest, TargetFault};
use connector_graph::PLUGIN;
use neo4rs::{Graph, Query};

use super::relay::Relay;

const SECRET: &str = "not-to-be-printed";

/// Items are nodes with a number.
pub struct GraphSink {
    graph: Graph,
    relay: Relay,
}

impl GraphSink {
    pub async fn new(uri: &str) -> Self {
        let address = uri.rsplit('/').next().unwrap();
        Self {
            graph: Graph::new(uri, "", "").unwrap(),
            relay: Relay::to(address).await,
        }
    }
}

fn record(origin: &Arc<TopicPartition>, offset: i64, id: Value) -> SinkRecord {
    let mut value = Map::new();
    value.insert_str("id", id);
    let mut record = SinkRecord::new(origin.clone(), offset);
    record.value = Value::Map(value);
    record
}

#[async_trait]
impl SinkUnderTest for GraphSink {
    fn plugin(&self) -> &'static PluginDescriptor {
        &PLUGIN
    }

    fn config(&self) -> Config {
        let uri = format!("bolt://{}", self.relay.address);
        Config::from([
            ("topics", self.topic()),
            ("neo4j.uri", &uri),
            ("neo4j.connection-timeout", "2s"),
            ("neo4j.authentication.basic.username", "neo4j"),
            ("neo4j.authentication.basic.password", SECRET),
            (
                "neo4j.cypher.topic.conformance",
                "MERGE (:Item {id: event.id})",
            ),
        ])
    }

    fn good(&self, origin: &Arc<TopicPartition>, offset: i64, item: u64) -> SinkRecord {
        record(origin, offset, Value::Int64(item as i64))
    }

    fn bad(&self, origin: &Arc<TopicPartition>, offset: i64, _: u64) -> Option<SinkRecord> {
        Some(record(origin, offset, Value::Null))
    }

    async fn items(&mut self) -> Vec<u64> {
        let query = Query::from("MATCH (n:Item) RETURN n.id AS id");
        let mut rows = self.graph.execute(query).await.unwrap();
        let mut items = Vec::new();
        while let Some(row) = rows.next().await.unwrap() {
            items.push(row.get::<i64>("id").unwrap() as u64);
        }
        items
    }

    async fn reset(&mut self) {
        let query = Query::from("MATCH (n) DETACH DELETE n");
        self.graph.run(query).await.unwrap();
    }

    fn is_idempotent(&self) -> bool {
        true
    }

    fn fault(&mut self) -> Option<Box<dyn TargetFault>> {
        Some(self.relay.fault())
    }

    fn unstartable(&self) -> Option<Config> {
        let mut config = self.config();
        config.insert("neo4j.database", "missing");
        Some(config)
    }

    fn secrets(&self) -> Vec<String> {
        vec![SECRET.to_owned()]
    }
}
