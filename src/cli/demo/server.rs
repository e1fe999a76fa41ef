//! `turnbuckle dev-server`: the demo's broker and graph alone.

use dev_server::{Broker, Graph};

use super::kafka::Kafka;
use super::screen::Screen;
use super::text;
use crate::cli::Failure;
use crate::cli::args::DevServer;
use crate::cli::signals::Signals;

/// Runs until a signal.
///
/// # Errors
/// A port is taken, or a topic cannot be made.
pub async fn serve(args: &DevServer) -> Result<(), Failure> {
    let not_started = |e: &dyn std::fmt::Display| Failure::NotStarted(e.to_string());
    let mut signals = Signals::new().map_err(|e| not_started(&e))?;
    let screen = Screen::stdout();
    let broker = Broker::start(args.ports.kafka_port)
        .await
        .map_err(|e| not_started(&e))?;
    let graph = Graph::start(args.ports.bolt_port)
        .await
        .map_err(|e| not_started(&e))?;
    let (kafka, bolt) = (broker.address().to_string(), graph.address().to_string());
    let client = Kafka::new(broker.address()).map_err(|e| not_started(&e))?;
    for (name, partitions) in &args.topics {
        let created = client.create(name, *partitions).await;
        created.map_err(|e| not_started(&e))?;
    }
    screen.line(&format!("  bootstrap.servers={kafka}"));
    screen.line(&format!("  neo4j.uri=bolt://{bolt}"));
    for (name, partitions) in &args.topics {
        screen.line(&format!("  topic {name}, partitions: {partitions}"));
    }
    screen.line("");
    let topic = args
        .topics
        .first()
        .map_or("TOPIC", |(name, _)| name.as_str());
    for line in text::usage(&kafka, &bolt, topic) {
        screen.line(&line);
    }
    signals.first().await;
    graph.stop().await;
    broker.stop().await;
    Ok(())
}
