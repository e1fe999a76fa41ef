//! The sink on a real Neo4j: `TURNBUCKLE_NEO4J_URI=bolt://host:port cargo test -p connector-graph --test neo4j`.
//!
//! The database is emptied, so it must be nobody else's. Without the variable every test is reported as ignored.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use connect_api::ErrorClass;
use connect_api::data::{
    Decimal, Schema, SchemaBuilder, SchemaRef, Struct, Type, Value, date_schema, decimal_schema,
    optional, required, time_schema, timestamp_schema,
};
use libtest_mimic::{Arguments, Trial};
use support::{Database, record, run, sink, text, with_text};

/// A behaviour and how to see it.
type Test = (&'static str, fn(&Database));

fn main() -> std::process::ExitCode {
    let here = std::env::var(support::URI).is_ok();
    let tests: &[Test] = &[
        (
            "the_conformance_suite_is_passed",
            the_conformance_suite_is_passed,
        ),
        (
            "statements_of_every_shape_are_written",
            statements_of_every_shape_are_written,
        ),
        ("every_type_arrives", every_type_arrives),
        (
            "rows_of_an_aggregation_are_those_of_one_record",
            rows_of_an_aggregation_are_those_of_one_record,
        ),
        (
            "a_bad_record_leaves_nothing_of_its_partition",
            a_bad_record_leaves_nothing_of_its_partition,
        ),
        (
            "a_failed_transaction_holds_no_locks",
            a_failed_transaction_holds_no_locks,
        ),
        (
            "a_record_that_cannot_be_converted_is_named",
            a_record_that_cannot_be_converted_is_named,
        ),
        ("texts_of_the_database_stay", texts_of_the_database_stay),
        (
            "a_topic_without_statement_is_an_error",
            a_topic_without_statement_is_an_error,
        ),
        (
            "a_missing_database_fails_the_start",
            a_missing_database_fails_the_start,
        ),
        (
            "an_absent_server_is_an_outage",
            an_absent_server_is_an_outage,
        ),
        (
            "a_lost_connection_heals_and_sends_at_once",
            a_lost_connection_heals_and_sends_at_once,
        ),
        ("the_writer_is_asked_for", the_writer_is_asked_for),
    ];
    let trials = tests
        .iter()
        .map(|&(name, test)| {
            Trial::test(name, move || {
                let database = Database::new();
                test(&database);
                Ok(())
            })
            .with_ignored_flag(!here)
        })
        .collect();
    let mut arguments = Arguments::from_args();
    arguments.test_threads = Some(1);
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn the_conformance_suite_is_passed(_: &Database) {
    let results = support::block(async {
        let mut sink = support::conformance::GraphSink::new(&support::uri()).await;
        connect_testkit::run(&mut sink).await
    });
    for result in results {
        println!("{}: {:?}", result.name, result.outcome);
    }
}

fn statements_of_every_shape_are_written(database: &Database) {
    for (statement, nodes) in [
        ("CREATE (:N {v: event.v})", 3),
        ("CREATE (:N {v: event.v});", 3),
        ("CREATE (:N {v: event.v}) // and a comment", 3),
        ("CREATE (n:N {v: event.v}) RETURN n", 3),
        ("CREATE (n:N {v: event.v}) RETURN n.v, count(*)", 3),
        ("CREATE (n:N {v: event.v}) RETURN *", 3),
        ("CREATE (e:N {v: event.v})", 3),
        ("CREATE (:N {v: event.v}) UNION CREATE (:N {v: event.v})", 6),
        (
            "CREATE (a:N {v: event.v}) RETURN a UNION ALL CREATE (a:N {v: __value.v}) RETURN a",
            6,
        ),
        ("WITH event AS o WHERE o.v > 1 MERGE (:N {v: o.v})", 2),
        ("UNWIND range(1, event.v) AS i CREATE (:N {v: i})", 6),
        ("MATCH (n:Nothing) SET n.v = event.v", 0),
        ("CALL { CREATE (:N) }", 3),
        ("CREATE (:N)", 3),
    ] {
        let mut sink = sink(&[("neo4j.cypher.topic.t", statement)]);
        let records = (1..=3).map(|v| with_text(record("t", v), &format!("{{\"v\": {v}}}")));
        let report = run(&mut sink, records.collect());
        assert!(report.failure.is_none(), "{statement}: {report:?}");
        assert_eq!(
            database.count("MATCH (n:N) RETURN count(n) AS n"),
            nodes,
            "{statement}"
        );
        database.empty();
    }
}

fn rows_of_an_aggregation_are_those_of_one_record(database: &Database) {
    for statement in [
        "WITH count(*) AS n CREATE (:N {n: n})",
        "WITH DISTINCT 1 AS n CREATE (:N {n: n})",
        "WITH event AS e LIMIT 1 CREATE (:N {n: 1})",
    ] {
        let mut sink = sink(&[("neo4j.cypher.topic.t", statement)]);
        let report = run(
            &mut sink,
            (0..5).map(|v| with_text(record("t", v), "{}")).collect(),
        );
        assert!(report.failure.is_none(), "{report:?}");
        let alone = database.count("MATCH (n:N {n: 1}) RETURN count(n) AS n");
        assert_eq!(alone, 5, "{statement}");
        database.empty();
    }
}

const VISITOR: (&str, &str) = (
    "neo4j.cypher.topic.t",
    "MERGE (:N {pass: event.pass, day: event.day})",
);

fn a_bad_record_leaves_nothing_of_its_partition(database: &Database) {
    let mut sink = sink(&[
        VISITOR,
        ("topics", "t,u"),
        ("neo4j.cypher.topic.u", "CREATE (:N)"),
    ]);
    let report = run(
        &mut sink,
        vec![
            record("u", 0),
            with_text(record("t", 0), r#"{"pass": 1, "day": "mon"}"#),
            record("u", 1),
            with_text(record("t", 1), r#"{"pass": 2}"#),
        ],
    );
    assert_eq!(report.applied, [0, 2]);
    let failure = report.failure.unwrap();
    assert_eq!(failure.records, [1, 3]);
    assert_eq!(failure.error.class(), ErrorClass::Record);
    assert_eq!(
        failure.error.exception(),
        "org.neo4j.driver.exceptions.ClientException"
    );
    assert_eq!(
        failure.error.message(),
        Some(
            "Cannot merge the following node because of null property value for 'day': (:N {day: null})"
        )
    );
    assert_eq!(database.count("MATCH (n:N) RETURN count(n) AS n"), 2);
}

/// The connection is kept after a statement failed; the transaction on it must be over all the same.
fn a_failed_transaction_holds_no_locks(database: &Database) {
    let mut sink = sink(&[
        ("neo4j.batch-size", "1"),
        (
            "neo4j.cypher.topic.t",
            "MERGE (n:N {id: 1}) SET n.x = 1 / event",
        ),
    ]);
    database.run("CREATE (:N {id: 1})");
    let records = vec![
        with_text(record("t", 0), "1"),
        with_text(record("t", 1), "0"),
    ];
    assert!(run(&mut sink, records).failure.is_some());
    let other = support::within(5, database.try_run("MATCH (n:N {id: 1}) SET n.y = 2"));
    assert!(other.expect("no lock is held").is_ok());
}

fn a_record_that_cannot_be_converted_is_named(database: &Database) {
    let mut sink = sink(&[("neo4j.cypher.topic.t", "CREATE (:N {v: event})")]);
    let records = vec![
        with_text(record("t", 0), "1"),
        with_text(record("t", 1), " "),
        with_text(record("t", 2), "2"),
    ];
    let report = run(&mut sink, records);
    assert!(report.applied.is_empty());
    let failure = report.failure.unwrap();
    assert_eq!(failure.records, [1]);
    assert_eq!(
        failure.error.message(),
        Some("No content to map due to end-of-input")
    );
    assert_eq!(database.count("MATCH (n) RETURN count(n) AS n"), 0);
}

fn texts_of_the_database_stay(database: &Database) {
    database.run("CREATE CONSTRAINT unique_id IF NOT EXISTS FOR (n:Unique) REQUIRE n.id IS UNIQUE");
    database.run("CREATE (:Unique {id: 1})");
    for (statement, value, begin) in [
        (
            "CREATE (:N {v: __key})",
            "1",
            "Variable `__key` not defined",
        ),
        ("MERGEE (:N)", "1", "Invalid input 'MERGEE': expected "),
        ("CREATE (:N {v: 100 / event})", "0", "/ by zero"),
        (
            "CREATE (:N {v: event})",
            r#"{"k": 1}"#,
            "Property values can only be of primitive types or arrays thereof. Encountered: Map{k -> Long(1)}.",
        ),
        (
            "CREATE (:N {v: event})",
            "[1, null]",
            "Collections containing null values can not be stored in properties.",
        ),
        ("CREATE (:Unique {id: event})", "1", "Node("),
    ] {
        let mut sink = sink(&[
            ("neo4j.cypher.topic.t", statement),
            ("neo4j.cypher.bind-key-as", ""),
        ]);
        let report = run(&mut sink, vec![with_text(record("t", 0), value)]);
        let error = report.failure.unwrap().error;
        assert_eq!(error.class(), ErrorClass::Record, "{statement}");
        assert!(
            error.message().unwrap().starts_with(begin),
            "{statement}: {error}"
        );
    }
    database.run("DROP CONSTRAINT unique_id IF EXISTS");
}

fn a_topic_without_statement_is_an_error(_: &Database) {
    let mut sink = sink(&[("neo4j.cypher.topic.t", "CREATE (:N)")]);
    let report = run(&mut sink, vec![record("other", 0)]);
    let error = report.failure.unwrap().error;
    assert_eq!(error.message(), Some("Key other is missing in the map."));
    assert_eq!(error.class(), ErrorClass::Config);
}

fn a_missing_database_fails_the_start(_: &Database) {
    for scheme in ["bolt", "neo4j"] {
        let uri = support::uri().replace("bolt:", &format!("{scheme}:"));
        let error = support::start(&[
            ("neo4j.uri", &uri),
            ("neo4j.database", "missing"),
            ("neo4j.cypher.topic.t", "CREATE (:N)"),
        ])
        .err()
        .unwrap();
        assert_eq!(error.class(), ErrorClass::Config, "{error}");
        assert_eq!(
            error.exception(),
            "org.neo4j.driver.exceptions.FatalDiscoveryException"
        );
        println!("{scheme}: {}", error.trace());
    }
}

fn an_absent_server_is_an_outage(_: &Database) {
    for uri in [
        "bolt://127.0.0.1:1",
        "neo4j://graph.invalid",
        "bolt://127.0.0.1:1,bolt://graph.invalid:2",
    ] {
        let error = support::start(&[("neo4j.uri", uri), ("neo4j.cypher.topic.t", "CREATE (:N)")])
            .err()
            .unwrap();
        assert_eq!(error.class(), ErrorClass::Unavailable, "{uri}: {error}");
    }
    let second = format!("bolt://127.0.0.1:1,{}", support::uri());
    assert!(
        support::start(&[
            ("neo4j.uri", &second),
            ("neo4j.cypher.topic.t", "CREATE (:N)")
        ])
        .is_ok()
    );
}

fn a_lost_connection_heals_and_sends_at_once(database: &Database) {
    let mut sink = sink(&[("neo4j.cypher.topic.t", "CREATE (:N)")]);
    assert!(run(&mut sink, vec![record("t", 0)]).failure.is_none());
    assert!(support::all_send_at_once());
    // Ends the connection that asks for it, too.
    let _ = support::block(database.try_run(
        "CALL dbms.listConnections() YIELD connectionId CALL dbms.killConnection(connectionId) YIELD message RETURN *",
    ));
    // The pool may find the connection dead or the put may; the runtime delivers again.
    let first = run(&mut sink, vec![record("t", 1)]);
    if let Some(failure) = first.failure {
        assert_eq!(
            failure.error.class(),
            ErrorClass::Unavailable,
            "{}",
            failure.error
        );
        assert!(run(&mut sink, vec![record("t", 1)]).failure.is_none());
    }
    assert!(support::all_send_at_once());
    assert_eq!(database.count("MATCH (n:N) RETURN count(n) AS n"), 2);
}

fn the_writer_is_asked_for(database: &Database) {
    let uri = support::uri().replace("bolt:", "neo4j:");
    let mut sink = sink(&[
        ("neo4j.uri", &uri),
        ("neo4j.cypher.topic.t", "CREATE (:N {k: __key})"),
    ]);
    let mut first = record("t", 0);
    first.key = Value::from("k");
    assert!(
        run(&mut sink, vec![first, text(record("t", 1), "2")])
            .failure
            .is_none()
    );
    assert_eq!(database.count("MATCH (n:N) RETURN count(n) AS n"), 2);
}

/// Each value with the Cypher expression it must be equal to, and the type that the database sees.
fn every_type_arrives(database: &Database) {
    let build = |builder: SchemaBuilder| builder.build().unwrap();
    let named = |type_, name: &str| {
        build(SchemaBuilder::new(type_).name(format!("org.neo4j.connectors.kafka.{name}")))
    };
    let fields = |name: &str, fields: &[(&str, SchemaRef)]| {
        let builder = match name {
            "" => SchemaBuilder::structure(),
            name => SchemaBuilder::structure().name(name.to_owned()),
        };
        build(fields.iter().fold(builder, |b, (name, schema)| {
            b.field((*name).to_owned(), schema.clone())
        }))
    };
    let of = |schema: &SchemaRef, values: &[(&str, Value)]| {
        let mut made = Struct::new(schema.clone()).unwrap();
        for (name, value) in values {
            made.put(name, value.clone()).unwrap();
        }
        Value::Struct(made)
    };
    let (int, long, double) = (
        required(Type::Int32),
        required(Type::Int64),
        required(Type::Float64),
    );
    let duration = fields(
        "org.neo4j.connectors.kafka.Duration",
        &[
            ("months", long.clone()),
            ("days", long.clone()),
            ("seconds", long.clone()),
            ("nanoseconds", int.clone()),
        ],
    );
    let point = fields(
        "com.acme.Point",
        &[
            ("dimension", required(Type::Int8)),
            ("srid", int.clone()),
            ("x", double.clone()),
            ("y", double.clone()),
            ("z", optional(Type::Float64)),
        ],
    );
    let mixed = fields("", &[("e1", int.clone()), ("e0", required(Type::String))]);
    let google = fields(
        "google.type.Date",
        &[
            ("year", int.clone()),
            ("month", int.clone()),
            ("day", int.clone()),
        ],
    );
    let own_point = fields("com.acme.Point", &[("x", int.clone())]);
    let property = fields(
        "org.neo4j.connectors.kafka.Neo4jPropertyType",
        &[
            ("type", required(Type::String)),
            ("TZDT", optional(Type::String)),
            (
                "LTLD",
                build(SchemaBuilder::array(required(Type::String)).optional(true)),
            ),
        ],
    );
    let texts =
        |items: &[&str]| Value::Array(items.iter().map(|item| Value::from(*item)).collect());
    let point_2d = of(
        &point,
        &[
            ("dimension", Value::Int8(2)),
            ("srid", Value::Int32(4326)),
            ("x", 1.5.into()),
            ("y", 2.5.into()),
        ],
    );
    let point_3d = of(
        &point,
        &[
            ("dimension", Value::Int8(3)),
            ("srid", Value::Int32(9157)),
            ("x", 1.0.into()),
            ("y", 2.0.into()),
            ("z", 3.0.into()),
        ],
    );
    let cases: Vec<(SchemaRef, Value, &str)> = vec![
        (required(Type::Boolean), true.into(), "true"),
        (required(Type::Int8), Value::Int8(-128), "-128"),
        (
            long.clone(),
            i64::MIN.into(),
            "toInteger('-9223372036854775808')",
        ),
        (
            required(Type::Float32),
            Value::Float32(1.1),
            "1.100000023841858",
        ),
        (double.clone(), 0.3.into(), "0.3"),
        (required(Type::String), Value::from("é\n"), "'é\\n'"),
        (optional(Type::String), Value::Null, "null"),
        (
            build(decimal_schema(4)),
            Value::Decimal(Box::new(Decimal::new(1_234_567_890, 4))),
            "'123456.7890'",
        ),
        (
            build(decimal_schema(9)),
            Value::Decimal(Box::new(Decimal::new(1, 9))),
            "'1E-9'",
        ),
        (
            date_schema(false).unwrap(),
            Value::Timestamp(-719_162 * 86_400_000),
            "date('0001-01-01')",
        ),
        (
            time_schema(false).unwrap(),
            Value::Timestamp(45_296_789),
            "localtime('12:34:56.789')",
        ),
        (
            timestamp_schema(false).unwrap(),
            Value::Timestamp(-1),
            "localdatetime('1969-12-31T23:59:59.999')",
        ),
        (
            named(Type::String, "LocalDate"),
            "2024-02-29".into(),
            "date('2024-02-29')",
        ),
        (
            named(Type::String, "OffsetTime"),
            "18:00:00-03:00".into(),
            "time('18:00:00-03:00')",
        ),
        (
            named(Type::String, "LocalTime"),
            "18:00:00.5".into(),
            "localtime('18:00:00.5')",
        ),
        (
            named(Type::String, "LocalDateTime"),
            "2023-12-24T18:00:00.000000001".into(),
            "localdatetime('2023-12-24T18:00:00.000000001')",
        ),
        (
            named(Type::String, "ZonedDateTime"),
            "2023-12-24T18:00:00+03:00[Europe/Istanbul]".into(),
            "datetime('2023-12-24T18:00:00+03:00[Europe/Istanbul]')",
        ),
        (
            google.clone(),
            of(
                &google,
                &[
                    ("year", Value::Int32(2024)),
                    ("month", Value::Int32(2)),
                    ("day", Value::Int32(29)),
                ],
            ),
            "date('2024-02-29')",
        ),
        (
            duration.clone(),
            of(
                &duration,
                &[
                    ("months", 14i64.into()),
                    ("days", 3i64.into()),
                    ("seconds", 7i64.into()),
                    ("nanoseconds", 9.into()),
                ],
            ),
            "duration({months: 14, days: 3, seconds: 7, nanoseconds: 9})",
        ),
        (
            point.clone(),
            point_2d,
            "point({longitude: 1.5, latitude: 2.5})",
        ),
        (
            point.clone(),
            point_3d,
            "point({x: 1, y: 2, z: 3, crs: 'cartesian-3d'})",
        ),
        (
            mixed.clone(),
            of(&mixed, &[("e0", "zero".into()), ("e1", 1.into())]),
            "['zero', 1]",
        ),
        (
            own_point.clone(),
            of(&own_point, &[("x", 1.into())]),
            "{x: 1}",
        ),
        (
            property.clone(),
            of(
                &property,
                &[
                    ("type", "TZDT".into()),
                    ("TZDT", "2023-12-24T18:00:00+01:00".into()),
                ],
            ),
            "datetime('2023-12-24T18:00:00+01:00')",
        ),
        (
            property.clone(),
            of(
                &property,
                &[("type", "LTLD".into()), ("LTLD", texts(&["2024-01-01"]))],
            ),
            "[date('2024-01-01')]",
        ),
        (
            property.clone(),
            of(&property, &[("type", "LX".into())]),
            "[]",
        ),
        (
            build(SchemaBuilder::array(int.clone())),
            Value::Array(vec![1.into(), 2.into()]),
            "[1, 2]",
        ),
    ];
    for (offset, (schema, value, expected)) in cases.into_iter().enumerate() {
        let mut sink = typed_sink(expected);
        let holder = fields("", &[("v", schema.clone())]);
        let mut record = record("t", offset as i64);
        record.value = of(&holder, &[("v", value.clone())]);
        record.value_schema = Some(holder);
        let report = run(&mut sink, vec![record]);
        assert!(report.failure.is_none(), "{expected}: {report:?}");
        let equal = database.count("MATCH (n:Same) RETURN count(n) AS n");
        assert_eq!(
            equal,
            1,
            "{expected} from {value:?} of {}",
            Schema::to_string(&schema)
        );
        database.empty();
    }
}

/// Leaves a node if the value is what the expression says, of the same type.
fn typed_sink(expected: &str) -> Box<dyn connect_api::sink::SinkTask> {
    let statement = format!(
        "WITH event.v AS v, {expected} AS x WHERE valueType(v) = valueType(x) AND (v = x OR v IS NULL AND x IS NULL) \
         CREATE (:Same)"
    );
    sink(&[("neo4j.cypher.topic.t", &statement)])
}
