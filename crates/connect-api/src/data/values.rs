//! Text to value and back, as `org.apache.kafka.connect.data.Values`.
