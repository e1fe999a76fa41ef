//! Sinks against the systems they write to.

use std::path::Path;

use libtest_mimic::Trial;
use serde_json::json;

use crate::support::kafka::Kafka;
use crate::support::neo4j::{Auth, Neo4j};
use crate::support::{Ctx, Engine, Need, Worker, WorkerSpec, python};

pub fn tests(ctx: &'static Ctx) -> Vec<Trial> {
    let neo4j = &[Need::Neo4j];
    vec![
        ctx.trial(
            neo4j,
            "targets::database_keeps_its_graph_over_a_restart",
            database_keeps_its_graph_over_a_restart,
        ),
        ctx.trial(
            neo4j,
            "targets::database_with_authentication_asks_who_one_is",
            database_with_authentication_asks_who_one_is,
        ),
        ctx.trial(
            &[Need::Kafka, Need::Neo4j],
            "targets::golden_driver_finds_its_packages",
            golden_driver_finds_its_packages,
        ),
        ctx.trial(
            &[Need::Kafka, Need::Neo4j],
            "targets::graphs_are_those_of_the_jvm_connector",
            graphs_are_those_of_the_jvm_connector,
        ),
    ]
}

fn database_keeps_its_graph_over_a_restart(_: &'static Ctx) {
    let neo4j = Neo4j::start(Auth::Disabled).expect("a database");
    neo4j.query(
        "UNWIND range(1, $n) AS i CREATE (:N {i: i})",
        json!({"n": 3}),
    );
    neo4j.start_again().expect("the database again");
    assert_eq!(neo4j.count("MATCH (n:N) RETURN count(*)"), 3);
    neo4j.kill();
    neo4j.start_again().expect("the database after a crash");
    assert_eq!(
        neo4j.query("MATCH (n:N) RETURN n.i ORDER BY n.i", json!({}))[2],
        vec![json!(3)]
    );
    neo4j.clear();
    assert_eq!(neo4j.count("MATCH (n) RETURN count(*)"), 0);
}

fn database_with_authentication_asks_who_one_is(ctx: &'static Ctx) {
    let neo4j = ctx.neo4j_with_auth();
    assert_eq!(neo4j.count("RETURN 1"), 1);
    let refused = neo4j
        .anonymous_query("RETURN 1")
        .expect_err("an anonymous query is refused");
    assert!(refused.contains("401"), "{refused}");
}

/// The driver connects to everything before it looks at its cases; here there are none to run.
fn golden_driver_finds_its_packages(ctx: &'static Ctx) {
    let (kafka, neo4j) = (
        ctx.kafka(),
        Neo4j::start(Auth::Disabled).expect("a database"),
    );
    let worker = WorkerSpec::new(Engine::Jvm, kafka).start();
    let output = graph_goldens(kafka, &neo4j, &worker, &["--only", "no case is called so"]);
    assert!(output.ends_with("0 passed, 0 failed\n"), "{output}");
}

/// The recorded cases of the Cypher strategy, of types and of errors.
fn graphs_are_those_of_the_jvm_connector(ctx: &'static Ctx) {
    let (kafka, neo4j) = (
        ctx.kafka(),
        Neo4j::start(Auth::Disabled).expect("a database"),
    );
    let worker = WorkerSpec::new(Engine::Turnbuckle, kafka).start();
    let output = graph_goldens(
        kafka,
        &neo4j,
        &worker,
        &["--only", "^(cypher|types|err)-|^eos-off$"],
    );
    let failed: Vec<&str> = output
        .lines()
        .filter_map(|line| line.strip_prefix("FAIL "))
        .collect();
    // There a statement that ends with RETURN fails; here it runs.
    assert_eq!(failed, ["cypher-return"], "{output}");
    assert!(output.ends_with("36 passed, 1 failed\n"), "{output}");
}

/// Runs `goldens/graph/drive.py compare` on a worker, with `options` such as `--only REGEX`; the last line of what it
/// prints is `N passed, M failed`. The database is emptied before each case, so it cannot be the shared one.
pub fn graph_goldens(kafka: &Kafka, neo4j: &Neo4j, worker: &Worker, options: &[&str]) -> String {
    let (rest, bootstrap, bolt) = (worker.base(), kafka.bootstrap(), neo4j.uri());
    let mut args = vec![
        "compare",
        "--rest",
        &rest,
        "--bootstrap",
        &bootstrap,
        "--bolt",
        &bolt,
    ];
    args.extend(options);
    let goldens = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goldens/graph");
    let (cases, gold) = (goldens.join("cases.jsonl"), goldens.join("gold.jsonl"));
    let paths = [cases.to_string_lossy(), gold.to_string_lossy()];
    args.extend(paths.iter().map(|p| &**p));
    let output = python::run("tests/goldens/graph/drive.py", &args).expect("the driver runs");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    printed + &String::from_utf8_lossy(&output.stderr)
}
