//! What would be sent, for people to read: the statements with their rows, without a connection.
//!
//! The frame around the user's statement is that for servers from Neo4j 5.23 on; a task asks its server which one it
//! takes.

use std::collections::BTreeMap;

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime};
use connect_api::config::Config;
use connect_api::data::{Map, Value};
use connect_api::sink::Statement;
use connect_api::{ConnectError, RecordSlice};
use neo4rs::BoltType;

use crate::batch::groups;
use crate::error::unknown_topic;
use crate::task::prepare;

/// The statements for these records, in the order of their transactions.
///
/// # Errors
/// The configuration's, or that of the first record that cannot be converted.
pub fn statements(config: &Config, records: &RecordSlice) -> Result<Vec<Statement>, ConnectError> {
    let (config, strategies) = prepare(config)?;
    let mut all = Vec::new();
    for group in groups(records) {
        let strategy = strategies
            .get(&group.topic)
            .ok_or_else(|| unknown_topic(&group.topic))?;
        let statements = strategy
            .statements(records, &group.places, config.batch_size)
            .map_err(|(_, error)| error)?;
        all.extend(statements.into_iter().map(|statement| Statement {
            text: statement.text.to_string(),
            parameters: vec![("events".to_owned(), shown(&statement.events))],
        }));
    }
    Ok(all)
}

/// What Connect has no value for is the text of a Cypher expression.
fn shown(value: &BoltType) -> Value {
    match value {
        BoltType::Null(_) => Value::Null,
        BoltType::Boolean(b) => Value::Boolean(b.value),
        BoltType::Integer(n) => Value::Int64(n.value),
        BoltType::Float(n) => Value::Float64(n.value),
        BoltType::String(text) => Value::string(text.value.clone()),
        BoltType::Bytes(bytes) => Value::bytes(bytes.value.clone()),
        BoltType::List(items) => Value::Array(items.iter().map(shown).collect()),
        BoltType::Map(map) => {
            // The driver keeps no order.
            let members: BTreeMap<&str, &BoltType> = map
                .value
                .iter()
                .map(|(k, v)| (k.value.as_str(), v))
                .collect();
            let members = members
                .into_iter()
                .map(|(k, v)| (Value::string(k), shown(v)));
            Value::Map(Map::from_iter(members))
        }
        other => Value::string(expression(other).unwrap_or_else(|| format!("{other:?}"))),
    }
}

fn expression(value: &BoltType) -> Option<String> {
    Some(match value {
        BoltType::Date(date) => format!("date('{}')", NaiveDate::try_from(date).ok()?),
        BoltType::LocalTime(time) => format!("localtime('{}')", NaiveTime::from(time)),
        BoltType::Time(time) => {
            let (time, offset): (NaiveTime, FixedOffset) = time.into();
            format!("time('{time}{offset}')")
        }
        BoltType::LocalDateTime(moment) => {
            let moment = NaiveDateTime::try_from(moment).ok()?;
            format!("localdatetime('{}')", moment.format("%FT%T%.f"))
        }
        BoltType::DateTime(moment) => {
            let moment = DateTime::<FixedOffset>::try_from(moment).ok()?;
            format!("datetime('{}')", moment.to_rfc3339())
        }
        BoltType::DateTimeZoneId(moment) => {
            let zone = moment.tz_id().to_owned();
            let moment = DateTime::<FixedOffset>::try_from(moment).ok()?;
            format!("datetime('{}[{zone}]')", moment.to_rfc3339())
        }
        BoltType::Point2D(point) => {
            let (srid, x, y) = (point.sr_id.value, point.x.value, point.y.value);
            format!("point({{srid: {srid}, x: {x:?}, y: {y:?}}})")
        }
        BoltType::Point3D(point) => {
            let (srid, x, y) = (point.sr_id.value, point.x.value, point.y.value);
            let z = point.z.value;
            format!("point({{srid: {srid}, x: {x:?}, y: {y:?}, z: {z:?}}})")
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use connect_api::{SinkRecord, TopicPartition};

    use super::*;

    fn config() -> Config {
        Config::from([
            ("topics", "people"),
            ("neo4j.uri", "neo4j://unreachable.invalid"),
            (
                "neo4j.cypher.topic.people",
                "MERGE (p:Person {id: event.id}) SET p.seen = __timestamp",
            ),
        ])
    }

    fn record(topic: &str, value: Value) -> RecordSlice {
        let mut record = SinkRecord::new(Arc::new(TopicPartition::new(topic, 0)), 0);
        record.value = value;
        record.timestamp = Some(1_700_000_000_123);
        RecordSlice::new(vec![record])
    }

    #[test]
    fn the_statement_and_its_rows_are_told_without_a_database() {
        let value = Map::from_iter([
            (Value::string("unread"), Value::Int64(1)),
            (Value::string("id"), Value::Int64(7)),
        ]);
        let told = statements(&config(), &record("people", value.into()));
        let told = told.expect("statements");
        assert_eq!(told.len(), 1);
        let body = "MERGE (p:Person {id: event.id}) SET p.seen = __timestamp";
        assert!(told[0].text.contains(body), "{}", told[0].text);
        let row = vec![
            Value::Int64(7),
            Value::string("datetime('2023-11-14T22:13:20.123+00:00')"),
        ];
        let rows = Value::Array(vec![Value::Array(row)]);
        assert_eq!(told[0].parameters, [("events".to_owned(), rows)]);
    }

    #[test]
    fn what_a_put_would_refuse_is_refused() {
        let error = statements(&config(), &record("people", Value::Timestamp(0)));
        assert!(error.is_err());
        let error = statements(&config(), &record("cars", Value::Null));
        let text = error.expect_err("no strategy").to_string();
        assert_eq!(text, "Key cars is missing in the map.");
    }
}
