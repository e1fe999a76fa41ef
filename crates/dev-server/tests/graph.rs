//! The embedded graph over the wire: Bolt 5 with the library's own client, Bolt 4.4 with the graph sink's driver.
#![cfg(feature = "embedded")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use chrono::{Datelike as _, FixedOffset, NaiveDate, NaiveTime, TimeZone as _};
use dev_server::bolt::{
    BoltDate, BoltDateTime, BoltDateTimeZoneId, BoltDict, BoltDuration, BoltLocalDateTime,
    BoltLocalTime, BoltPoint2D, BoltPoint3D, BoltTime,
};
use dev_server::{Client, Graph, Value};
use neo4rs::{
    BoltBytes, BoltDuration as OldDuration, BoltFloat, BoltInteger, BoltList, BoltMap, BoltNull,
    BoltPoint2D as OldPoint2D, BoltPoint3D as OldPoint3D, BoltString, BoltType, ConfigBuilder,
    query,
};

async fn graph() -> Graph {
    Graph::start(0).await.unwrap()
}

async fn driver(graph: &Graph) -> neo4rs::Graph {
    let config = ConfigBuilder::default()
        .uri(format!("bolt://{}", graph.address()))
        .user("any")
        .password("thing")
        .db("neo4j")
        .build();
    neo4rs::Graph::connect(config.unwrap()).unwrap()
}

async fn rows(client: &mut Client, statement: &str) -> Vec<Vec<Value>> {
    client.run(statement, &[]).await.unwrap().rows
}

fn list(items: impl IntoIterator<Item = Value>) -> Value {
    Value::List(items.into_iter().collect())
}

fn values() -> Vec<Value> {
    let text = |s: &str| Value::String(s.to_owned());
    let nested = list([
        list([]),
        list([Value::Integer(1), list([text("x")])]),
        Value::Null,
    ]);
    let map = BoltDict::from([
        ("a".to_owned(), Value::Integer(1)),
        ("b c".to_owned(), list([Value::Boolean(true)])),
        (
            "ü".to_owned(),
            Value::Dict(BoltDict::from([("d".to_owned(), Value::Null)])),
        ),
    ]);
    let mut values = vec![
        Value::Null,
        Value::Boolean(true),
        Value::Float(0.1),
        Value::Float(f64::INFINITY),
        Value::Float(f64::MIN_POSITIVE),
        text(""),
        text("quote ' \" ` \\ newline \n nul \0 é 漢字 🦀"),
        text(&"x".repeat(70_000)),
        Value::Bytes(Vec::new()),
        Value::Bytes(vec![0, 1, 127, 128, 255]),
        Value::Bytes(vec![7; 70_000]),
        list([]),
        list((0..300).map(Value::Integer)),
        list([Value::Float(0.1), Value::Float(0.2)]),
        list([
            Value::Integer(1),
            Value::Float(1.5),
            text("a"),
            Value::Boolean(false),
        ]),
        list([Value::Bytes(vec![1]), Value::Date(BoltDate { days: 3 })]),
        nested,
        Value::Dict(BoltDict::new()),
        Value::Dict(map),
        Value::Point2D(BoltPoint2D {
            srid: 4326,
            x: -0.5,
            y: 51.25,
        }),
        Value::Point3D(BoltPoint3D {
            srid: 9157,
            x: 1.0,
            y: 2.0,
            z: -3.5,
        }),
    ];
    let integers = [
        0,
        -1,
        127,
        128,
        -17,
        -129,
        32_768,
        i64::from(i32::MIN) - 1,
        i64::MAX,
        i64::MIN,
    ];
    values.extend(integers.map(Value::Integer));
    values.extend(times());
    values
}

fn times() -> Vec<Value> {
    const LAST: i64 = 86_399_999_999_999;
    let mut values = Vec::new();
    for days in [
        0,
        20_000,
        -719_162,
        i64::from(i32::MAX),
        i64::from(i32::MAX) + 1,
    ] {
        values.push(Value::Date(BoltDate { days }));
    }
    for nanoseconds in [0, 1, 45_296_789_000_000, LAST] {
        values.push(Value::LocalTime(BoltLocalTime { nanoseconds }));
        for tz_offset_seconds in [0, 3600, -19_800] {
            values.push(Value::Time(BoltTime {
                nanoseconds,
                tz_offset_seconds,
            }));
        }
    }
    for seconds in [0, 1_700_000_000, -62_135_596_800, 253_402_300_799, 1 << 50] {
        for nanoseconds in [0, 789_000_000, 1_000, 1, 999_999_999] {
            values.push(Value::LocalDateTime(BoltLocalDateTime {
                seconds,
                nanoseconds,
            }));
            for tz_offset_seconds in [0, 7200, -12_600] {
                values.push(Value::DateTime(BoltDateTime {
                    seconds,
                    nanoseconds,
                    tz_offset_seconds,
                }));
            }
        }
        let tz_id = "Europe/Oslo".to_owned();
        values.push(Value::DateTimeZoneId(BoltDateTimeZoneId {
            seconds,
            nanoseconds: 5,
            tz_id,
        }));
    }
    for (months, days, seconds, nanoseconds) in [
        (0, 0, 0, 0),
        (14, 3, 14_706, 7),
        (-1, -2, -3, 999_999_999),
        (0, 0, i64::MAX, 0),
        (1, 1, 1, -1),
    ] {
        values.push(Value::Duration(BoltDuration {
            months,
            days,
            seconds,
            nanoseconds,
        }));
    }
    values
}

#[tokio::test(flavor = "multi_thread")]
async fn every_type_comes_back_over_bolt_5() {
    let graph = graph().await;
    let mut client = Client::connect(graph.address()).await.unwrap();
    let mut wrong = Vec::new();
    for value in values() {
        let parameters = [
            ("x", value.clone()),
            ("xs", list([Value::Null, value.clone()])),
        ];
        for statement in [
            "RETURN $x AS x",
            "UNWIND $xs AS x WITH x WHERE x IS NOT NULL RETURN x",
            "WITH {a: $x} AS map RETURN map.a AS x",
            "CREATE (n:N {x: $x}) RETURN n.x AS x",
            "MATCH (n:N) RETURN n.x AS x",
            "MATCH (n:N) SET n.y = $x RETURN n.y AS x",
            "MATCH (n:N) WITH collect(n.y) AS ys UNWIND ys AS x RETURN x",
        ] {
            let answer = client.run(statement, &parameters).await;
            // Of nothing, nothing is unwound or collected.
            let expected = match (&value, statement) {
                (Value::Null, s) if s.contains("UNWIND") => Vec::new(),
                _ => vec![vec![value.clone()]],
            };
            if !answer.as_ref().is_ok_and(|answer| answer.rows == expected) {
                let answer = format!("{answer:?}");
                wrong.push(format!("{statement}: {value:.60?} {answer:.200}"));
            }
        }
        client
            .run("MATCH (n:N) DETACH DELETE n", &[])
            .await
            .unwrap();
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let nan = [("x", Value::Float(f64::NAN))];
    let nan = client.run("RETURN $x AS x", &nan).await.unwrap();
    assert!(matches!(nan.rows[0][0], Value::Float(f) if f.is_nan()));
}

fn old_values() -> Vec<BoltType> {
    let date = NaiveDate::from_ymd_opt(2024, 2, 29).unwrap();
    let time = NaiveTime::from_hms_micro_opt(12, 34, 56, 789_000).unwrap();
    let (summer, winter) = (date.with_day(1).unwrap(), date);
    let offset = FixedOffset::east_opt(19_800).unwrap();
    let mut map = BoltMap::with_capacity(1);
    map.put(BoltString::new("k"), BoltType::List(BoltList::new()));
    let number = BoltInteger::new;
    let oslo = "Europe/Oslo";
    vec![
        BoltType::Null(BoltNull),
        BoltType::from(true),
        BoltType::from(i64::MIN),
        BoltType::from(i64::MAX),
        BoltType::from(-0.5),
        BoltType::from("漢字 🦀"),
        BoltType::Bytes(BoltBytes::new(vec![0, 255].into())),
        BoltType::from(vec![
            BoltType::from(1),
            BoltType::from("a"),
            BoltType::from(1.5),
        ]),
        BoltType::Map(map),
        BoltType::Point2D(OldPoint2D {
            sr_id: number(7203),
            x: BoltFloat::new(1.5),
            y: BoltFloat::new(-2.0),
        }),
        BoltType::Point3D(OldPoint3D {
            sr_id: number(4979),
            x: BoltFloat::new(1.0),
            y: BoltFloat::new(2.0),
            z: BoltFloat::new(3.0),
        }),
        BoltType::Duration(OldDuration::new(
            number(14),
            number(3),
            number(-7),
            number(5),
        )),
        BoltType::Date(date.into()),
        BoltType::LocalTime(time.into()),
        BoltType::Time((time, offset).into()),
        BoltType::LocalDateTime(date.and_time(time).into()),
        BoltType::DateTime(
            offset
                .from_local_datetime(&date.and_time(time))
                .unwrap()
                .into(),
        ),
        BoltType::DateTimeZoneId((winter.and_time(time), oslo).into()),
        BoltType::DateTimeZoneId((summer.with_month(7).unwrap().and_time(time), oslo).into()),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_type_comes_back_over_bolt_4() {
    let graph = graph().await;
    let driver = driver(&graph).await;
    for value in old_values() {
        let statement = query("CREATE (n:N) SET n.x = $x RETURN n.x AS stored, $x AS x");
        let mut rows = driver
            .execute(statement.param("x", value.clone()))
            .await
            .unwrap();
        let row = rows.next().await.unwrap().unwrap();
        for column in ["stored", "x"] {
            assert_eq!(row.get::<BoltType>(column).unwrap(), value, "{column}");
        }
    }
}

/// What one version of the protocol says is what the other hears: the same moment, not the same number.
#[tokio::test(flavor = "multi_thread")]
async fn moments_are_the_same_in_both_protocols() {
    let graph = graph().await;
    let driver = driver(&graph).await;
    let mut client = Client::connect(graph.address()).await.unwrap();
    let offset = FixedOffset::east_opt(7200).unwrap();
    let moment = offset.timestamp_opt(1_720_000_000, 5_000).unwrap();
    let local = moment.naive_local();
    let zoned = BoltType::DateTimeZoneId((local, "Europe/Oslo").into());
    driver
        .run(
            query("CREATE (:N {a: $a, b: $b})")
                .param("a", moment)
                .param("b", zoned),
        )
        .await
        .unwrap();
    let (seconds, nanoseconds) = (1_720_000_000, 5_000);
    assert_eq!(
        rows(&mut client, "MATCH (n:N) RETURN n.a AS a, n.b AS b").await,
        [[
            Value::DateTime(BoltDateTime {
                seconds,
                nanoseconds,
                tz_offset_seconds: 7200
            }),
            Value::DateTimeZoneId(BoltDateTimeZoneId {
                seconds,
                nanoseconds,
                tz_id: "Europe/Oslo".to_owned()
            }),
        ]]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_and_relationships_are_such() {
    let graph = graph().await;
    let driver = driver(&graph).await;
    let mut client = Client::connect(graph.address()).await.unwrap();
    let create = "CREATE (:A:B {x: 1})-[:R {y: 2}]->(:C)<-[:S]-(:D {z: 'z'})";
    assert_eq!(client.run(create, &[]).await.unwrap().rows, [[]; 0]);

    let found = rows(&mut client, "MATCH (a:A)-[r:R]->(c:C) RETURN a, r, c").await;
    let [Value::Node(a), Value::Relationship(r), Value::Node(c)] = found[0].as_slice() else {
        panic!("{found:?}");
    };
    let mut labels = a.labels.clone();
    labels.sort();
    assert_eq!(labels, ["A", "B"]);
    assert_eq!(
        a.properties,
        BoltDict::from([("x".to_owned(), Value::Integer(1))])
    );
    assert_eq!(
        (r.rel_type.as_str(), r.start_node_id, r.end_node_id),
        ("R", a.id, c.id)
    );
    assert_eq!(
        r.properties,
        BoltDict::from([("y".to_owned(), Value::Integer(2))])
    );

    let statement = query("MATCH (a:A)-[r:R]->(c:C) RETURN a, r");
    let mut found = driver.execute(statement).await.unwrap();
    let row = found.next().await.unwrap().unwrap();
    let (node, relation): (neo4rs::Node, neo4rs::Relation) =
        (row.get("a").unwrap(), row.get("r").unwrap());
    assert_eq!(node.get::<i64>("x").unwrap(), 1);
    assert_eq!((relation.typ(), relation.start_node_id()), ("R", node.id()));
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_without_return_give_no_rows() {
    let graph = graph().await;
    let mut client = Client::connect(graph.address()).await.unwrap();
    for statement in [
        "CREATE (:N {x: 1})",
        "MERGE (n:N {x: 1}) SET n.y = 2",
        "MATCH (n:N) SET n.returned = 'RETURN'",
        "EXPLAIN MATCH (n) RETURN n",
        "CREATE CONSTRAINT FOR (n:N) REQUIRE n.x IS UNIQUE",
    ] {
        let answer = client.run(statement, &[]).await.unwrap();
        assert_eq!(
            (answer.columns.len(), answer.rows.len()),
            (0, 0),
            "{statement}"
        );
    }
    assert_eq!(
        rows(&mut client, "MATCH (n:N) RETURN n.y AS y").await,
        [[Value::Integer(2)]]
    );
}

/// The frame that the graph sink puts around a statement.
#[tokio::test(flavor = "multi_thread")]
async fn the_frame_of_the_sink_runs_once_for_each_row() {
    let graph = graph().await;
    let driver = driver(&graph).await;
    let frame = "UNWIND $events AS row CALL { WITH row WITH row[0] AS e \
        MERGE (c:C {id: e.c}) MERGE (p:P {id: e.p}) MERGE (c)-[b:B {o: e.o}]->(p) SET b.q = e.q\n} RETURN count(*)";
    driver
        .run(query(&format!("EXPLAIN {frame}")))
        .await
        .unwrap();
    let event = |c: i64, p: i64, o: i64| {
        let entries = [("c", c), ("p", p), ("o", o), ("q", 1)];
        let map: BoltMap = entries
            .map(|(k, v)| (BoltString::new(k), BoltType::from(v)))
            .into_iter()
            .collect();
        BoltType::from(vec![BoltType::Map(map)])
    };
    let events: Vec<_> = (0..500).map(|o| event(o % 7, o % 5, o)).collect();
    for _ in 0..2 {
        let mut transaction = driver.start_txn().await.unwrap();
        transaction
            .run(query(frame).param("events", events.clone()))
            .await
            .unwrap();
        transaction.commit().await.unwrap();
    }
    let mut client = Client::connect(graph.address()).await.unwrap();
    let counts = "MATCH (c:C)-[b:B]->(p:P) RETURN count(DISTINCT c) AS c, count(DISTINCT p) AS p, count(b) AS b";
    assert_eq!(
        rows(&mut client, counts).await,
        [[7, 5, 500].map(Value::Integer)]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_take_turns_so_one_key_is_one_node() {
    let graph = graph().await;
    let driver = driver(&graph).await;
    let writers = (0..4).map(|_| {
        let driver = driver.clone();
        tokio::spawn(async move {
            for key in 0..50i64 {
                let mut transaction = driver.start_txn().await.unwrap();
                let merge = query("MERGE (n:N {key: $key})").param("key", key);
                transaction.run(merge).await.unwrap();
                transaction.commit().await.unwrap();
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    let mut client = Client::connect(graph.address()).await.unwrap();
    let counts = "MATCH (n:N) RETURN count(n) AS n, count(DISTINCT n.key) AS keys";
    assert_eq!(
        rows(&mut client, counts).await,
        [[50, 50].map(Value::Integer)]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_committed_is_gone_and_holds_nobody_up() {
    let graph = graph().await;
    let mut client = Client::connect(graph.address()).await.unwrap();
    let write = async |name: &str, end: bool| {
        let driver = driver(&graph).await;
        let mut transaction = driver.start_txn().await.unwrap();
        let create = query("CREATE (:N {name: $name})").param("name", name);
        transaction.run(create).await.unwrap();
        if end {
            transaction.rollback().await.unwrap();
        }
        // Otherwise the connection goes with the transaction open.
    };
    write("rolled back", true).await;
    write("hung up", false).await;
    let last = tokio::time::timeout(
        Duration::from_secs(20),
        client.run("CREATE (:N {name: 'kept'})", &[]),
    );
    last.await
        .expect("nobody holds the right to write")
        .unwrap();
    let names = rows(&mut client, "MATCH (n:N) RETURN n.name AS name").await;
    assert_eq!(names, [[Value::String("kept".to_owned())]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_have_the_codes_of_neo4j() {
    let graph = graph().await;
    let driver = driver(&graph).await;
    for constraint in [
        "CREATE CONSTRAINT FOR (n:N) REQUIRE n.x IS UNIQUE",
        "CREATE CONSTRAINT FOR (k:K) REQUIRE k.x IS NODE KEY",
    ] {
        driver.run(query(constraint)).await.unwrap();
    }
    driver.run(query("CREATE (:N {x: 1})")).await.unwrap();
    let violated = "Neo.ClientError.Schema.ConstraintValidationFailed";
    for (statement, code) in [
        ("MATCH (n RETURN n", "Neo.ClientError.Statement.SyntaxError"),
        ("CREATE (:N {x: 1})", violated),
        ("UNWIND [null] AS x MERGE (:K {x: x})", violated),
    ] {
        let Err(neo4rs::Error::Neo4j(error)) = driver.run(query(statement)).await else {
            panic!("{statement} is not refused");
        };
        assert_eq!(error.code(), code, "{statement}: {}", error.message());
    }
    let Err(neo4rs::Error::Neo4j(error)) = driver.run_on("elsewhere", query("RETURN 1")).await
    else {
        panic!("there is no such database");
    };
    assert_eq!(error.code(), "Neo.ClientError.Database.DatabaseNotFound");
}
