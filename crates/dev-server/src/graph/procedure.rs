//! Procedures that drivers, shells and the graph sink call and that the engine does not have.
//!
//! Answered by name, with the columns that those clients read; what else a statement does with them is not looked at.

use std::net::SocketAddr;

use boltr::types::{BoltDict, BoltValue};

use super::Table;

const VERSION: &str = "0.5.44";

/// None if the engine has to answer.
pub fn answer(name: &str, address: SocketAddr) -> Option<Table> {
    let text = |text: &str| BoltValue::String(text.to_owned());
    let table = |columns: &[&str], row: Vec<BoltValue>| Table {
        columns: columns.iter().map(|&name| name.to_owned()).collect(),
        rows: vec![row],
    };
    match name {
        // The sink asks for `versions[0] AS version`, shells for the list: both find theirs.
        "dbms.components" => Some(table(
            &["name", "version", "versions", "edition"],
            vec![
                text("Grafeo"),
                text(VERSION),
                BoltValue::List(vec![text(VERSION)]),
                text("embedded"),
            ],
        )),
        // Asked for by clients with a `neo4j://` address: this server takes everything.
        "dbms.routing.getroutingtable" => {
            let address = address.to_string();
            let server = |role: &str| {
                BoltValue::Dict(BoltDict::from([
                    ("role".to_owned(), text(role)),
                    (
                        "addresses".to_owned(),
                        BoltValue::List(vec![text(&address)]),
                    ),
                ]))
            };
            let servers = ["WRITE", "READ", "ROUTE"].map(server).to_vec();
            Some(table(
                &["ttl", "servers", "address"],
                vec![
                    BoltValue::Integer(300),
                    BoltValue::List(servers),
                    text(&address),
                ],
            ))
        }
        "db.ping" => Some(table(&["success"], vec![BoltValue::Boolean(true)])),
        _ => None,
    }
}
