//! Values of Bolt ⇄ values of the engine, both ways without loss.
//!
//! The engine has no points, no named time zones, nothing finer than a microsecond in a date-time, and narrower ranges
//! for dates and durations. What it cannot hold travels through it as a map under a key that no client writes: stored,
//! compared for equality and given back as it came, but opaque to its functions. Of nodes and relationships it makes
//! maps with reserved keys, from which they are made again here.

use std::collections::BTreeMap;
use std::sync::Arc;

use boltr::types::{
    BoltDate, BoltDateTime, BoltDateTimeZoneId, BoltDict, BoltDuration, BoltLocalDateTime,
    BoltLocalTime, BoltNode, BoltPath, BoltPoint2D, BoltPoint3D, BoltRelationship, BoltTime,
    BoltUnboundRelationship, BoltValue,
};
use grafeo_common::types::{Date, Duration, PropertyKey, Time, Timestamp, Value, ZonedDatetime};

const NANOS: i64 = 1_000_000_000;
const NANOS_PER_MICRO: i64 = 1_000;
const MICROS: i64 = 1_000_000;

/// Marks a map that stands for a value of another type.
const KIND: &str = "\u{1}kind";

type Map = BTreeMap<PropertyKey, Value>;

/// A parameter for the engine.
///
/// # Errors
/// Nodes, relationships and paths are no parameters.
pub fn to_engine(value: &BoltValue) -> Result<Value, String> {
    Ok(match value {
        BoltValue::Null => Value::Null,
        BoltValue::Boolean(b) => Value::Bool(*b),
        BoltValue::Integer(i) => Value::Int64(*i),
        BoltValue::Float(f) => Value::Float64(*f),
        BoltValue::String(s) => Value::String(s.as_str().into()),
        BoltValue::Bytes(bytes) => Value::Bytes(bytes.as_slice().into()),
        BoltValue::List(items) => {
            let items: Result<Vec<_>, _> = items.iter().map(to_engine).collect();
            Value::List(items?.into())
        }
        BoltValue::Dict(entries) => {
            let entry = |(key, value): (&String, &BoltValue)| {
                Ok((PropertyKey::new(key.as_str()), to_engine(value)?))
            };
            let map: Result<Map, String> = entries.iter().map(entry).collect();
            Value::Map(Arc::new(map?))
        }
        BoltValue::Date(_)
        | BoltValue::Time(_)
        | BoltValue::LocalTime(_)
        | BoltValue::DateTime(_)
        | BoltValue::DateTimeZoneId(_)
        | BoltValue::LocalDateTime(_)
        | BoltValue::Duration(_) => native_time(value).unwrap_or_else(|| opaque(value)),
        BoltValue::Point2D(_) | BoltValue::Point3D(_) => opaque(value),
        BoltValue::Node(_)
        | BoltValue::Relationship(_)
        | BoltValue::UnboundRelationship(_)
        | BoltValue::Path(_) => {
            return Err("nodes, relationships and paths cannot be parameters".to_owned());
        }
    })
}

/// A time in the engine's own type, if that holds all of it.
fn native_time(value: &BoltValue) -> Option<Value> {
    Some(match value {
        BoltValue::Date(d) => Value::Date(Date::from_days(i32::try_from(d.days).ok()?)),
        BoltValue::Time(t) => {
            let offset = i32::try_from(t.tz_offset_seconds).ok()?;
            Value::Time(of_day(t.nanoseconds)?.with_offset(offset))
        }
        BoltValue::LocalTime(t) => Value::Time(of_day(t.nanoseconds)?),
        BoltValue::DateTime(t) => Value::ZonedDatetime(ZonedDatetime::from_timestamp_offset(
            timestamp(t.seconds, t.nanoseconds)?,
            i32::try_from(t.tz_offset_seconds).ok()?,
        )),
        BoltValue::LocalDateTime(t) => Value::Timestamp(timestamp(t.seconds, t.nanoseconds)?),
        BoltValue::Duration(d) => {
            let nanos = d.seconds.checked_mul(NANOS)?.checked_add(d.nanoseconds)?;
            let duration = Duration::new(d.months, d.days, nanos);
            // Not every split into seconds and nanoseconds comes back as it was.
            (from_duration(duration) == *d).then_some(Value::Duration(duration))?
        }
        _ => return None,
    })
}

fn of_day(nanoseconds: i64) -> Option<Time> {
    Time::from_nanos(u64::try_from(nanoseconds).ok()?)
}

fn timestamp(seconds: i64, nanoseconds: i64) -> Option<Timestamp> {
    if nanoseconds % NANOS_PER_MICRO != 0 || !(0..NANOS).contains(&nanoseconds) {
        return None;
    }
    let micros = seconds
        .checked_mul(MICROS)?
        .checked_add(nanoseconds / NANOS_PER_MICRO)?;
    Some(Timestamp::from_micros(micros))
}

/// A map for what the engine has no type for. Coordinates keep their names, so that `p.x` works.
fn opaque(value: &BoltValue) -> Value {
    let int = Value::Int64;
    let (kind, parts): (&str, Vec<(&str, Value)>) = match value {
        BoltValue::Date(d) => ("date", vec![("days", int(d.days))]),
        BoltValue::Time(t) => (
            "time",
            vec![
                ("nanoseconds", int(t.nanoseconds)),
                ("offset", int(t.tz_offset_seconds)),
            ],
        ),
        BoltValue::LocalTime(t) => ("local time", vec![("nanoseconds", int(t.nanoseconds))]),
        BoltValue::DateTime(t) => (
            "date-time",
            vec![
                ("seconds", int(t.seconds)),
                ("nanoseconds", int(t.nanoseconds)),
                ("offset", int(t.tz_offset_seconds)),
            ],
        ),
        BoltValue::DateTimeZoneId(t) => (
            "zoned date-time",
            vec![
                ("seconds", int(t.seconds)),
                ("nanoseconds", int(t.nanoseconds)),
                ("timezone", Value::String(t.tz_id.as_str().into())),
            ],
        ),
        BoltValue::LocalDateTime(t) => (
            "local date-time",
            vec![
                ("seconds", int(t.seconds)),
                ("nanoseconds", int(t.nanoseconds)),
            ],
        ),
        BoltValue::Duration(d) => (
            "duration",
            vec![
                ("months", int(d.months)),
                ("days", int(d.days)),
                ("seconds", int(d.seconds)),
                ("nanoseconds", int(d.nanoseconds)),
            ],
        ),
        BoltValue::Point2D(p) => (
            "point 2d",
            vec![
                ("srid", int(p.srid)),
                ("x", Value::Float64(p.x)),
                ("y", Value::Float64(p.y)),
            ],
        ),
        BoltValue::Point3D(p) => (
            "point 3d",
            vec![
                ("srid", int(p.srid)),
                ("x", Value::Float64(p.x)),
                ("y", Value::Float64(p.y)),
                ("z", Value::Float64(p.z)),
            ],
        ),
        _ => return Value::Null,
    };
    let kind = (PropertyKey::new(KIND), Value::String(kind.into()));
    let parts = parts
        .into_iter()
        .map(|(name, part)| (PropertyKey::new(name), part));
    Value::Map(Arc::new(std::iter::once(kind).chain(parts).collect()))
}

/// An answer of the engine for the wire.
pub fn to_bolt(value: &Value) -> BoltValue {
    match value {
        Value::Null => BoltValue::Null,
        Value::Bool(b) => BoltValue::Boolean(*b),
        Value::Int64(i) => BoltValue::Integer(*i),
        Value::Float64(f) => BoltValue::Float(*f),
        Value::String(s) => BoltValue::String(s.to_string()),
        Value::Bytes(bytes) => BoltValue::Bytes(bytes.to_vec()),
        Value::List(items) => BoltValue::List(items.iter().map(to_bolt).collect()),
        Value::Vector(items) => BoltValue::List(
            items
                .iter()
                .map(|f| BoltValue::Float(f64::from(*f)))
                .collect(),
        ),
        Value::Map(map) => from_map(map),
        Value::Path { nodes, edges } => from_path(nodes, edges),
        Value::Date(d) => BoltValue::Date(BoltDate {
            days: i64::from(d.as_days()),
        }),
        Value::Time(t) => from_time(*t),
        Value::Timestamp(t) => BoltValue::LocalDateTime(BoltLocalDateTime {
            seconds: t.as_micros().div_euclid(MICROS),
            nanoseconds: t.as_micros().rem_euclid(MICROS) * NANOS_PER_MICRO,
        }),
        Value::ZonedDatetime(t) => BoltValue::DateTime(BoltDateTime {
            seconds: t.as_timestamp().as_micros().div_euclid(MICROS),
            nanoseconds: t.as_timestamp().as_micros().rem_euclid(MICROS) * NANOS_PER_MICRO,
            tz_offset_seconds: i64::from(t.offset_seconds()),
        }),
        Value::Duration(d) => BoltValue::Duration(from_duration(*d)),
        // Counters of replicated graphs; nothing here makes one.
        other => BoltValue::String(other.to_string()),
    }
}

fn from_time(time: Time) -> BoltValue {
    let nanoseconds = i64::try_from(time.as_nanos()).unwrap_or_default();
    match time.offset_seconds() {
        None => BoltValue::LocalTime(BoltLocalTime { nanoseconds }),
        Some(offset) => BoltValue::Time(BoltTime {
            nanoseconds,
            tz_offset_seconds: i64::from(offset),
        }),
    }
}

fn from_duration(duration: Duration) -> BoltDuration {
    BoltDuration {
        months: duration.months(),
        days: duration.days(),
        seconds: duration.nanos().div_euclid(NANOS),
        nanoseconds: duration.nanos().rem_euclid(NANOS),
    }
}

fn from_map(map: &Map) -> BoltValue {
    if let Some(Value::String(kind)) = map.get(KIND) {
        return from_opaque(kind, map).unwrap_or(BoltValue::Null);
    }
    if let Some(node) = node(map) {
        return BoltValue::Node(node);
    }
    if let Some(relationship) = relationship(map) {
        return BoltValue::Relationship(relationship);
    }
    BoltValue::Dict(dict(map, &[]))
}

fn from_opaque(kind: &str, map: &Map) -> Option<BoltValue> {
    let int = |name: &str| map.get(name).and_then(Value::as_int64);
    let float = |name: &str| map.get(name).and_then(Value::as_float64);
    Some(match kind {
        "date" => BoltValue::Date(BoltDate { days: int("days")? }),
        "time" => BoltValue::Time(BoltTime {
            nanoseconds: int("nanoseconds")?,
            tz_offset_seconds: int("offset")?,
        }),
        "local time" => BoltValue::LocalTime(BoltLocalTime {
            nanoseconds: int("nanoseconds")?,
        }),
        "date-time" => BoltValue::DateTime(BoltDateTime {
            seconds: int("seconds")?,
            nanoseconds: int("nanoseconds")?,
            tz_offset_seconds: int("offset")?,
        }),
        "zoned date-time" => BoltValue::DateTimeZoneId(BoltDateTimeZoneId {
            seconds: int("seconds")?,
            nanoseconds: int("nanoseconds")?,
            tz_id: map.get("timezone")?.as_str()?.to_owned(),
        }),
        "local date-time" => BoltValue::LocalDateTime(BoltLocalDateTime {
            seconds: int("seconds")?,
            nanoseconds: int("nanoseconds")?,
        }),
        "duration" => BoltValue::Duration(BoltDuration {
            months: int("months")?,
            days: int("days")?,
            seconds: int("seconds")?,
            nanoseconds: int("nanoseconds")?,
        }),
        "point 2d" => BoltValue::Point2D(BoltPoint2D {
            srid: int("srid")?,
            x: float("x")?,
            y: float("y")?,
        }),
        "point 3d" => BoltValue::Point3D(BoltPoint3D {
            srid: int("srid")?,
            x: float("x")?,
            y: float("y")?,
            z: float("z")?,
        }),
        _ => return None,
    })
}

fn node(map: &Map) -> Option<BoltNode> {
    let id = map.get("_id")?.as_int64()?;
    let Value::List(labels) = map.get("_labels")? else {
        return None;
    };
    let labels = labels.iter().filter_map(Value::as_str);
    Some(BoltNode {
        id,
        labels: labels.map(str::to_owned).collect(),
        properties: dict(map, &["_id", "_labels"]),
        element_id: id.to_string(),
    })
}

fn relationship(map: &Map) -> Option<BoltRelationship> {
    let int = |name: &str| map.get(name).and_then(Value::as_int64);
    let (id, start, end) = (int("_id")?, int("_source")?, int("_target")?);
    Some(BoltRelationship {
        id,
        start_node_id: start,
        end_node_id: end,
        rel_type: map.get("_type")?.as_str()?.to_owned(),
        properties: dict(map, &["_id", "_source", "_target", "_type"]),
        element_id: id.to_string(),
        start_element_id: start.to_string(),
        end_element_id: end.to_string(),
    })
}

fn dict(map: &Map, without: &[&str]) -> BoltDict {
    map.iter()
        .filter(|(key, _)| !without.contains(&key.as_str()))
        .map(|(key, value)| (key.as_str().to_owned(), to_bolt(value)))
        .collect()
}

/// Nodes and relationships once each, and the way through them as Bolt writes it: the number of a relationship, negative
/// if it was walked against its direction, then the number of the node that it leads to.
fn from_path(nodes: &[Value], edges: &[Value]) -> BoltValue {
    let maps = |values: &[Value]| -> Vec<Map> {
        let map = |value: &Value| match value {
            Value::Map(map) => Some((**map).clone()),
            _ => None,
        };
        values.iter().filter_map(map).collect()
    };
    let walked: Vec<BoltNode> = maps(nodes).iter().filter_map(node).collect();
    let mut path = BoltPath {
        nodes: Vec::new(),
        rels: Vec::new(),
        indices: Vec::new(),
    };
    let mut place_of = |node: &BoltNode| {
        let known = path.nodes.iter().position(|n: &BoltNode| n.id == node.id);
        known.unwrap_or_else(|| {
            path.nodes.push(node.clone());
            path.nodes.len() - 1
        })
    };
    let places: Vec<usize> = walked.iter().map(&mut place_of).collect();
    let edges = maps(edges);
    let relationships = edges.iter().filter_map(relationship);
    for (step, relationship) in relationships.enumerate() {
        let known = path.rels.iter().position(|r| r.id == relationship.id);
        let number = known.unwrap_or_else(|| {
            path.rels.push(BoltUnboundRelationship {
                id: relationship.id,
                rel_type: relationship.rel_type.clone(),
                properties: relationship.properties.clone(),
                element_id: relationship.element_id.clone(),
            });
            path.rels.len() - 1
        });
        let number = i64::try_from(number + 1).unwrap_or(i64::MAX);
        let forward = walked
            .get(step)
            .is_some_and(|n| n.id == relationship.start_node_id);
        let place = places.get(step + 1).copied().unwrap_or_default();
        path.indices.push(if forward { number } else { -number });
        path.indices.push(i64::try_from(place).unwrap_or(i64::MAX));
    }
    BoltValue::Path(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entity(entries: &[(&str, Value)]) -> Value {
        let entries = entries.iter();
        let entries = entries.map(|(key, value)| (PropertyKey::new(*key), value.clone()));
        Value::Map(Arc::new(entries.collect()))
    }

    #[test]
    fn a_path_tells_the_direction_of_every_step() {
        let node = |id| {
            let labels = Value::List(Vec::new().into());
            entity(&[("_id", Value::Int64(id)), ("_labels", labels)])
        };
        let edge = |id, from, to| {
            entity(&[
                ("_id", Value::Int64(id)),
                ("_type", Value::String("R".into())),
                ("_source", Value::Int64(from)),
                ("_target", Value::Int64(to)),
            ])
        };
        // 7 to 8 along an edge, on to 9 against one, and back over the first.
        let nodes = [7, 8, 9, 8, 7].map(node);
        let edges = [edge(1, 7, 8), edge(2, 9, 8), edge(2, 9, 8), edge(1, 7, 8)];
        let BoltValue::Path(path) = from_path(&nodes, &edges) else {
            panic!("no path");
        };
        let ids: Vec<_> = path.nodes.iter().map(|n| n.id).collect();
        let edges: Vec<_> = path.rels.iter().map(|r| r.id).collect();
        assert_eq!((ids, edges), (vec![7, 8, 9], vec![1, 2]));
        assert_eq!(path.indices, [1, 1, -2, 2, 2, 1, -1, 0]);
    }
}
