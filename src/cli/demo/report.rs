//! What the graph holds after the demo, asked over Bolt.

use dev_server::{Client, Error, Value};

use super::screen::{Branch, grouped};

/// How much there is of what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub customers: usize,
    pub products: usize,
    pub purchases: usize,
}

/// A customer to look at.
pub struct Customer {
    id: i64,
    pub name: String,
    pub city: String,
}

/// # Errors
/// The graph refused.
pub async fn counts(graph: &mut Client) -> Result<Counts, Error> {
    Ok(Counts {
        customers: number(graph, "MATCH (c:Customer) RETURN count(c) AS n").await?,
        products: number(graph, "MATCH (p:Product) RETURN count(p) AS n").await?,
        purchases: number(graph, "MATCH ()-[b:BOUGHT]->() RETURN count(b) AS n").await?,
    })
}

async fn number(graph: &mut Client, statement: &str) -> Result<usize, Error> {
    let table = graph.run(statement, &[]).await?;
    let first = table.rows.first().and_then(|row| row.first());
    let count = first.and_then(Value::as_int).unwrap_or_default();
    Ok(usize::try_from(count).unwrap_or_default())
}

/// Products by what they brought in: name, customers, pieces, money.
///
/// # Errors
/// The graph refused.
pub async fn products(graph: &mut Client) -> Result<Vec<Vec<String>>, Error> {
    let statement = "MATCH (c:Customer)-[b:BOUGHT]->(p:Product) \
        RETURN p.name AS product, count(DISTINCT c) AS customers, sum(b.quantity) AS pieces, \
        sum(b.quantity * p.price) AS revenue ORDER BY revenue DESC LIMIT 6";
    let table = graph.run(statement, &[]).await?;
    let cells = |row: &Vec<Value>| row.iter().map(cell).collect();
    Ok(table.rows.iter().map(cells).collect())
}

/// The customer who bought most often.
///
/// # Errors
/// The graph refused, or holds no such customer.
pub async fn best_customer(graph: &mut Client) -> Result<Customer, Error> {
    let statement = "MATCH (c:Customer)-[b:BOUGHT]->(:Product) \
        RETURN c.id AS id, c.name AS name, c.city AS city, count(b) AS orders \
        ORDER BY orders DESC, id LIMIT 1";
    let table = graph.run(statement, &[]).await?;
    let row = table.rows.first();
    let row = row.ok_or_else(|| Error::Graph("no customer has bought anything".to_owned()))?;
    Ok(Customer {
        id: row.first().and_then(Value::as_int).unwrap_or_default(),
        name: row.get(1).map(cell).unwrap_or_default(),
        city: row.get(2).map(cell).unwrap_or_default(),
    })
}

/// What a customer bought most of, and for each product who else did.
///
/// # Errors
/// The graph refused.
pub async fn neighbourhood(graph: &mut Client, customer: &Customer) -> Result<Vec<Branch>, Error> {
    let id = ("id", Value::Integer(customer.id));
    let statement = "MATCH (c:Customer {id: $id})-[b:BOUGHT]->(p:Product) \
        RETURN p.sku AS sku, p.name AS name, sum(b.quantity) AS pieces \
        ORDER BY pieces DESC, name LIMIT 5";
    let bought = graph.run(statement, std::slice::from_ref(&id)).await?;
    let mut branches = Vec::new();
    for row in &bought.rows {
        let [sku, name, pieces] = row.as_slice() else {
            continue;
        };
        branches.push(Branch {
            product: cell(name),
            pieces: pieces.as_int().unwrap_or_default(),
            other: other(graph, &[id.clone(), ("sku", sku.clone())]).await?,
        });
    }
    Ok(branches)
}

async fn other(
    graph: &mut Client,
    parameters: &[(&str, Value)],
) -> Result<Option<(String, i64)>, Error> {
    let statement = "MATCH (o:Customer)-[b:BOUGHT]->(p:Product {sku: $sku}) WHERE o.id <> $id \
        RETURN o.name AS name, sum(b.quantity) AS pieces ORDER BY pieces DESC, name LIMIT 1";
    let table = graph.run(statement, parameters).await?;
    Ok(table.rows.first().and_then(|row| {
        let pieces = row.get(1)?.as_int()?;
        Some((row.first().map(cell)?, pieces))
    }))
}

fn cell(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Integer(number) => grouped(*number),
        Value::Float(number) => {
            // Money of a demo: far below where this cast ends.
            let cents = (number * 100.0).round() as i64;
            format!("{}.{:02}", grouped(cents / 100), (cents % 100).abs())
        }
        other => other.to_string(),
    }
}
