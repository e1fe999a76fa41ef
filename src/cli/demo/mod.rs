//! `turnbuckle demo`: a stream of purchases becomes a graph, with everything it takes in this process.
//!
//! Broker and graph are embedded and spoken to over sockets; the worker is the one of `turnbuckle standalone`. What is
//! shown at the end was asked of the graph, and counts that are not those of the stream are an error.

mod kafka;
mod report;
mod screen;
mod server;
mod stream;
mod text;
mod worker;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use dev_server::{Broker, Client, Graph};
use tokio::time::sleep;
use tracing_subscriber::filter::{LevelFilter, Targets, dynamic_filter_fn};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use self::kafka::{DeadLetter, Kafka};
use self::report::Counts;
use self::screen::{Look, Screen, grouped};
pub use self::server::serve;
use self::stream::{Stream, stream};
use self::worker::{DEAD_LETTERS, GROUP, NAME, Worker};
use super::Failure;
use super::args::Demo;
use super::signals::Signals;

const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// How long the stream may take to be in the graph.
const PATIENCE: Duration = Duration::from_secs(120);

/// Set once the worker has ended: what clients on their way out say of a broker that went on purpose is no warning.
static OVER: AtomicBool = AtomicBool::new(false);

/// Sends the log to standard error: what the worker warns of, and with `verbose` all it says.
pub fn log(verbose: bool) {
    let level = match verbose {
        true => LevelFilter::INFO,
        false => LevelFilter::WARN,
    };
    // The embedded parts report through the same log; their words are for who works on them.
    let ours = ["turnbuckle", "data_plane", "connector_graph", "dev_server"];
    let targets = Targets::new()
        .with_default(LevelFilter::OFF)
        .with_targets(ours.map(|target| (target, level)));
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(false);
    tracing_subscriber::registry()
        .with(lines)
        .with(targets)
        .with(dynamic_filter_fn(|_, _| !OVER.load(Ordering::Relaxed)))
        .init();
}

/// Runs the demo; with `--keep` until a signal.
///
/// # Errors
/// Something did not work, the graph does not hold what was sent, or a signal came before the end.
pub async fn run(args: &Demo) -> Result<(), Failure> {
    let screen = Screen::stdout();
    let mut signals =
        Signals::new().map_err(|e| Failure::NotStarted(format!("no signals: {e}")))?;
    let parts = tokio::select! {
        parts = show(args, &screen) => parts?,
        () = signals.first() => return Err(failed("it was interrupted")),
    };
    if args.keep {
        screen.heading("It stays up until Ctrl-C");
        for line in text::keep(&parts.addresses()) {
            screen.line(&line);
        }
        signals.first().await;
    }
    tokio::select! {
        result = parts.stop() => result?,
        signal = signals.second() => return Err(Failure::Interrupted(signal)),
    }
    if !args.keep {
        screen.heading("Next");
        for line in text::next_steps() {
            screen.line(line);
        }
    }
    Ok(())
}

/// What runs during the demo.
struct Parts {
    broker: Broker,
    graph: Graph,
    worker: Worker,
}

impl Parts {
    fn addresses(&self) -> text::Addresses {
        text::Addresses {
            broker: self.broker.address().to_string(),
            graph: self.graph.address().to_string(),
            rest: self.worker.rest(),
        }
    }

    /// The worker first: it still commits.
    async fn stop(self) -> Result<(), Failure> {
        self.worker.stop().await?;
        OVER.store(true, Ordering::Relaxed);
        self.graph.stop().await;
        self.broker.stop().await;
        Ok(())
    }
}

async fn show(args: &Demo, screen: &Screen) -> Result<Parts, Failure> {
    let stream = stream();
    let title = "Turnbuckle demo: Kafka topics become a graph, all in this process";
    screen.line(&screen.paint(Look::Heading, title));
    screen.line("");
    let begin = Instant::now();
    let broker = Broker::start(args.ports.kafka_port).await.map_err(failed)?;
    let text = format!("{}, embedded, in memory", broker.address());
    screen.done("broker", &text, begin.elapsed());
    let begin = Instant::now();
    let graph = Graph::start(args.ports.bolt_port).await.map_err(failed)?;
    let mut client = Client::connect(graph.address()).await.map_err(failed)?;
    constraints(&mut client).await?;
    let text = format!("bolt://{}, embedded, in memory", graph.address());
    screen.done("graph", &text, begin.elapsed());

    let kafka = Kafka::new(broker.address()).map_err(failed)?;
    produce(&kafka, &stream, screen).await?;

    let begin = Instant::now();
    screen.progress("worker", "starts");
    let worker = Worker::start(broker.address(), graph.address()).await?;
    let tasks = worker.running().await?;
    let text = format!("connector {NAME} RUNNING with {tasks} tasks");
    screen.done("worker", &text, begin.elapsed());

    let written = written(&mut client, &kafka, &stream, screen);
    let Ok(letters) = tokio::time::timeout(PATIENCE, written).await else {
        return Err(late(&mut client, &kafka, &stream).await);
    };
    let letters = letters?;
    let counts = report::counts(&mut client).await.map_err(failed)?;
    if counts != expected(&stream) {
        let sent = expected(&stream);
        let text = format!("the graph holds {counts:?}, and {sent:?} were sent");
        return Err(Failure::Demo(text));
    }
    text::holdings(&mut client, &stream, counts, screen)
        .await
        .map_err(failed)?;
    text::dead_letters(&letters, screen);
    Ok(Parts {
        broker,
        graph,
        worker,
    })
}

/// Those that the sample asks for, and that the keys are there: a Neo4j refuses to merge on null by itself.
async fn constraints(graph: &mut Client) -> Result<(), Failure> {
    for statement in [
        "CREATE CONSTRAINT FOR (c:Customer) REQUIRE c.id IS NODE KEY",
        "CREATE CONSTRAINT FOR (p:Product) REQUIRE p.sku IS NODE KEY",
    ] {
        graph.run(statement, &[]).await.map_err(failed)?;
    }
    Ok(())
}

async fn produce(kafka: &Kafka, stream: &Stream, screen: &Screen) -> Result<(), Failure> {
    let begin = Instant::now();
    let mut sent = 0;
    for topic in &stream.topics {
        let created = kafka.create(topic.name, topic.partitions).await;
        created.map_err(failed)?;
        let progress = |records| {
            sent += records;
            screen.progress("produced", &format!("{sent} records"));
        };
        kafka.produce(topic, progress).await.map_err(failed)?;
    }
    let (records, bad) = (count(stream.records()), stream.bad);
    let text = format!("{records} records to customers, products, purchases; {bad} are bad");
    screen.done("produced", &text, begin.elapsed());
    Ok(())
}

/// Waits until everything is in the graph or among the dead letters, and committed.
async fn written(
    graph: &mut Client,
    kafka: &Kafka,
    stream: &Stream,
    screen: &Screen,
) -> Result<Vec<DeadLetter>, Failure> {
    let mut begin = Instant::now();
    let mut joined = false;
    loop {
        let counts = report::counts(graph).await.map_err(failed)?;
        if !joined && counts != Counts::default() {
            let text = format!("group {GROUP}; the first records are in the graph");
            screen.done("joined", &text, begin.elapsed());
            (begin, joined) = (Instant::now(), true);
        }
        if counts == expected(stream) {
            break;
        }
        let text = format!("{} of {} purchases", counts.purchases, stream.purchases);
        screen.progress("written", &text);
        sleep(LOOK_AGAIN).await;
    }
    let took = begin.elapsed();
    let good = stream.records() - stream.bad;
    let rate = grouped((good as f64 / took.as_secs_f64()) as i64);
    let text = format!("{} records, {rate} per second", count(good));
    screen.done("written", &text, took);

    let begin = Instant::now();
    loop {
        let committed = kafka.committed(GROUP).await.map_err(failed)?;
        let lag = stream.records().saturating_sub(committed);
        if lag == 0 {
            break;
        }
        screen.progress("committed", &format!("lag {lag}"));
        sleep(LOOK_AGAIN).await;
    }
    let text = format!("group {GROUP}: lag 0");
    screen.done("committed", &text, begin.elapsed());

    let begin = Instant::now();
    let letters = kafka.dead_letters(DEAD_LETTERS, stream.bad).await;
    let letters = letters.map_err(failed)?;
    let text = format!("{} bad records, in topic {DEAD_LETTERS}", letters.len());
    screen.done("set aside", &text, begin.elapsed());
    Ok(letters)
}

/// Says how far it came.
async fn late(graph: &mut Client, kafka: &Kafka, stream: &Stream) -> Failure {
    let counts = report::counts(graph).await.unwrap_or_default();
    let committed = kafka.committed(GROUP).await.unwrap_or_default();
    Failure::Demo(format!(
        "after {} s the graph holds {counts:?} instead of {:?}, and {committed} of {} records are committed; run it with --verbose to see why",
        PATIENCE.as_secs(),
        expected(stream),
        stream.records()
    ))
}

fn expected(stream: &Stream) -> Counts {
    Counts {
        customers: stream.customers,
        products: stream.products,
        purchases: stream.purchases,
    }
}

fn count(number: usize) -> String {
    grouped(i64::try_from(number).unwrap_or(i64::MAX))
}

fn failed(why: impl std::fmt::Display) -> Failure {
    Failure::Demo(why.to_string())
}
