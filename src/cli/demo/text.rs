//! What the demo says beside its progress.

use dev_server::{Client, Error};

use super::count;
use super::kafka::DeadLetter;
use super::report::{self, Counts};
use super::screen::{Look, Screen, neighbourhood, table};
use super::stream::Stream;
use super::worker::NAME;

/// Where everything is.
pub struct Addresses {
    pub broker: String,
    pub graph: String,
    pub rest: String,
}

/// Shows the graph: how much of what, the best products, the surroundings of one customer.
///
/// # Errors
/// The graph refused.
pub async fn holdings(
    graph: &mut Client,
    stream: &Stream,
    counts: Counts,
    screen: &Screen,
) -> Result<(), Error> {
    screen.heading("What the graph holds");
    for (what, number, kind) in [
        ("Customer", counts.customers, "nodes"),
        ("Product", counts.products, "nodes"),
        ("BOUGHT", counts.purchases, "relationships"),
    ] {
        let name = screen.paint(Look::Node, &format!("{what:<10}"));
        screen.line(&format!("  {name} {:>6} {kind}", count(number)));
    }
    let (records, bad) = (count(stream.records()), stream.bad);
    let sent = format!("  as many as were sent: {records} records less {bad} bad ones");
    screen.line(&screen.paint(Look::Faint, &sent));

    screen.heading("Products by revenue");
    let rows = report::products(graph).await?;
    for line in table(&["product", "customers", "pieces", "revenue"], &rows) {
        screen.line(&line);
    }

    let customer = report::best_customer(graph).await?;
    let branches = report::neighbourhood(graph, &customer).await?;
    screen.heading(&format!(
        "What {} from {} bought most of, in pieces, and who else does",
        customer.name, customer.city
    ));
    for line in neighbourhood(screen, &customer.name, &branches) {
        screen.line(&line);
    }
    Ok(())
}

/// Shows what was set aside and why.
pub fn dead_letters(letters: &[DeadLetter], screen: &Screen) {
    screen.heading("What could not be written, and why; the records around it were");
    for letter in letters {
        let context = |name: &str| letter.context.get(name).cloned().unwrap_or_default();
        let (topic, partition) = (context("topic"), context("partition"));
        let offset = context("offset");
        screen.line(&format!(
            "  {topic}-{partition} at offset {offset}:  {}",
            letter.value
        ));
        let why = reason(&context("exception.stacktrace"));
        let why = format!("    {}: {why}", context("stage"));
        screen.line(&screen.paint(Look::Bad, &why));
    }
}

/// The message of the innermost cause in a trace of the JVM's form.
fn reason(trace: &str) -> String {
    let causes = trace.lines().rev();
    let causes = causes.filter_map(|line| line.strip_prefix("Caused by: "));
    // A cause may be a bare code.
    let mut messages = causes
        .chain(trace.lines().next())
        .filter_map(|cause| cause.split_once(": "));
    let message = messages.next().map(|(_, message)| message);
    message.unwrap_or_default().to_owned()
}

pub fn next_steps() -> [&'static str; 5] {
    [
        "  turnbuckle demo --keep     the same, and it stays up for records and queries of your own",
        "  turnbuckle dev-server      broker and graph alone",
        "  turnbuckle standalone config/connect-standalone.properties config/graph-sink.properties",
        "                             your Kafka and your Neo4j; these two files are what just ran,",
        "                             with other addresses",
    ]
}

/// How to look at what stays up.
pub fn keep(addresses: &Addresses) -> Vec<String> {
    let mut lines = vec![
        "  Ask the worker:".to_owned(),
        format!("    curl {}/connectors/{NAME}/status", addresses.rest),
    ];
    lines.extend(usage(&addresses.broker, &addresses.graph, "purchases"));
    lines
}

/// How to produce and query.
pub fn usage(broker: &str, graph: &str, topic: &str) -> Vec<String> {
    let record = r#"{"order": 5001, "customer": 7, "product": "T-20", "quantity": 2}"#;
    vec![
        "  Produce, with what is at hand:".to_owned(),
        format!("    echo '{record}' | kcat -b {broker} -P -t {topic}"),
        format!("    kafka-console-producer.sh --bootstrap-server {broker} --topic {topic}"),
        "  Query, with any client of Bolt 5; every user and password will do:".to_owned(),
        format!("    cypher-shell -a bolt://{graph} -u neo4j -p any"),
        "    MATCH (c:Customer)-[b:BOUGHT]->(p) RETURN c.name, p.name, b.order ORDER BY b.order DESC LIMIT 5;".to_owned(),
        "  Ctrl-C ends it, and all is forgotten.".to_owned(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_is_the_innermost_cause() {
        let trace = "a.DataException: Converting failed\nCaused by: b.SerializationException: c.JsonEOFException: at the end\nCaused by: c.JsonEOFException: Unexpected end: was \"x\"";
        assert_eq!(reason(trace), "Unexpected end: was \"x\"");
        assert_eq!(reason("a.B: refused\nCaused by: Code.Of.It"), "refused");
        assert_eq!(reason(""), "");
    }
}
