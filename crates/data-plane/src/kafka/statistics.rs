//! librdkafka's statistics: of all that it tells, what Java's clients show of their connections.

use std::collections::HashMap;

use rdkafka::ClientConfig;
use serde::Deserialize;

use crate::metrics::ClientCounts;

/// A text of some kilobytes, made and read once in so long.
const INTERVAL_MS: &str = "10000";

#[derive(Deserialize)]
struct Statistics {
    /// All bytes received and sent.
    #[serde(default)]
    rx_bytes: u64,
    #[serde(default)]
    tx_bytes: u64,
    #[serde(default)]
    tx: u64,
    #[serde(default)]
    brokers: HashMap<String, Broker>,
}

#[derive(Deserialize)]
struct Broker {
    #[serde(default)]
    state: String,
}

/// Makes the client tell them.
pub(super) fn ask_for(config: &mut ClientConfig) {
    config.set("statistics.interval.ms", INTERVAL_MS);
}

/// None if the text is not what it should be: the counters then stay as they are.
pub(super) fn counts(text: &[u8]) -> Option<ClientCounts> {
    let statistics: Statistics = serde_json::from_slice(text).ok()?;
    let is_up = |broker: &&Broker| broker.state == "UP";
    Some(ClientCounts {
        connections: statistics.brokers.values().filter(is_up).count() as u64,
        incoming_bytes: statistics.rx_bytes,
        outgoing_bytes: statistics.tx_bytes,
        requests: statistics.tx,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_that_are_up_and_all_bytes_are_counted() {
        let text = br#"{"name":"c","tx":7,"tx_bytes":90,"rx":6,"rx_bytes":800,"brokers":{
            "a:1/1":{"state":"UP","rxbytes":3},"a:2/2":{"state":"TRY_CONNECT"},"GroupCoordinator":{"state":"UP"}},"more":[1]}"#;
        let expected = ClientCounts {
            connections: 2,
            incoming_bytes: 800,
            outgoing_bytes: 90,
            requests: 7,
        };
        assert_eq!(counts(text), Some(expected));
        assert_eq!(counts(b"{"), None);
    }
}
