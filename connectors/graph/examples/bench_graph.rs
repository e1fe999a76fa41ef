//! The database's side of `bench/`: a plain loop with the driver that the connector has, and the very parameters.
//!
//! `bench/run` starts it with the database's address in `TURNBUCKLE_NEO4J_URI`:
//!
//!     bench_graph loop RECORDS
//!
//! It prints a line `records seconds processor-seconds` after half of the records and after all.

use std::env;
use std::error::Error;
use std::fmt;
use std::fs;
use std::time::Instant;

use neo4rs::{BoltList, BoltType, ConfigBuilder, Graph, Query};

use uri::Address;

#[path = "../src/nodelay.rs"]
#[allow(dead_code, reason = "the connector uses all of it")]
mod nodelay;

/// As much of the connector's module of this name as the one above needs.
mod uri {
    pub struct Address {
        pub port: u16,
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "port {}", self.port)
    }
}

/// What the connector makes of `bench/graph.py`'s statement.
const STATEMENT: &str = "UNWIND $events AS __turnbuckle_row CALL (__turnbuckle_row) { WITH {`id`: __turnbuckle_row[0], \
    `name`: __turnbuckle_row[1], `score`: __turnbuckle_row[2]} AS event MERGE (n:Item {id: event.id}) \
    SET n.name = event.name, n.score = event.score\n} RETURN count(*)";
/// Rows of a statement and statements of a transaction, as the connector has them by default.
const ROWS: usize = 1000;
const STATEMENTS: usize = 4;

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = env::args().skip(1).collect();
    let records: usize = match &words[..] {
        [verb, records] if verb == "loop" => records.parse()?,
        _ => return Err("expected: loop RECORDS".into()),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(write(records))
}

async fn write(records: usize) -> Result<(), Box<dyn Error>> {
    let begin = Instant::now();
    let uri = env::var("TURNBUCKLE_NEO4J_URI")?;
    let port = uri.rsplit(':').next().unwrap_or_default().parse()?;
    let config = ConfigBuilder::default()
        .uri(uri)
        .user("")
        .password("")
        .build()?;
    let graph = Graph::connect(config)?;
    graph
        .run("CREATE CONSTRAINT IF NOT EXISTS FOR (n:Item) REQUIRE n.id IS UNIQUE")
        .await?;
    let mut next = records / 2;
    for first in (0..records).step_by(ROWS * STATEMENTS) {
        let end = records.min(first + ROWS * STATEMENTS);
        let mut transaction = graph.start_txn().await?;
        nodelay::set(&Address { port });
        for start in (first..end).step_by(ROWS) {
            let rows = (start..end.min(start + ROWS)).map(row).collect();
            let query = Query::from(STATEMENT);
            let events = BoltType::List(BoltList { value: rows });
            transaction.run(query.param("events", events)).await?;
        }
        transaction.commit().await?;
        if end >= next {
            let (seconds, used) = (begin.elapsed().as_secs_f64(), processor()?);
            println!("{end} {seconds} {used}");
            next = records;
        }
    }
    Ok(())
}

/// The fields of record `n` that the statement reads; see `fill` of `bench_kafka`.
fn row(n: usize) -> BoltType {
    let (id, score) = (n % 10_000, n % 1000);
    let row = vec![
        BoltType::from(id as i64),
        BoltType::from(format!("customer {id}")),
        BoltType::from(score as f64 + 0.25),
    ];
    BoltType::List(BoltList { value: row })
}

/// Seconds of processor time that this process has used.
fn processor() -> Result<f64, Box<dyn Error>> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let ticks = |i| {
        fields
            .split_whitespace()
            .nth(i)
            .unwrap_or("0")
            .parse::<f64>()
    };
    Ok((ticks(11)? + ticks(12)?) / 100.0)
}
