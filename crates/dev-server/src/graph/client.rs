//! [`Client`]: asks over Bolt, so that what is shown went over the wire.

use std::net::SocketAddr;

use boltr::client::BoltSession;
use boltr::types::BoltDict;

use super::Value;
use crate::Error;

/// One connection to a graph.
pub struct Client {
    session: BoltSession,
}

/// An answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    pub columns: Vec<String>,
    pub rows: Vec<Vec<Value>>,
}

impl Client {
    /// # Errors
    /// Nothing answers at the address, or it does not speak Bolt 5.
    pub async fn connect(address: SocketAddr) -> Result<Self, Error> {
        let session = BoltSession::connect(address).await.map_err(refused)?;
        Ok(Self { session })
    }

    /// Runs one statement as a transaction of its own.
    ///
    /// # Errors
    /// The statement was refused, or the connection is lost.
    pub async fn run(
        &mut self,
        statement: &str,
        parameters: &[(&str, Value)],
    ) -> Result<Table, Error> {
        let parameters = parameters
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect();
        let answer = self
            .session
            .run_with_params(statement, parameters, BoltDict::new())
            .await
            .map_err(refused)?;
        Ok(Table {
            columns: answer.columns,
            rows: answer.records,
        })
    }
}

fn refused(error: boltr::error::BoltError) -> Error {
    Error::Graph(error.to_string())
}
