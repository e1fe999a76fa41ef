//! Offsets of connectors over REST, on a real cluster and beside a JVM worker.

use std::path::Path;
use std::time::Duration;

use libtest_mimic::Trial;
use rdkafka::consumer::Consumer;
use serde_json::{Value, json};

use crate::connectors::lines;
use crate::support::kafka::Record;
use crate::support::{Ctx, Engine, Need, Worker, WorkerSpec, wait_until};

const PATIENCE: Duration = Duration::from_secs(60);

pub fn tests(ctx: &'static Ctx) -> Vec<Trial> {
    let kafka = &[Need::Kafka];
    vec![
        ctx.trial(
            kafka,
            "offsets::altered_here_they_count_on_a_jvm_worker_and_back",
            altered_here_they_count_on_a_jvm_worker_and_back,
        ),
        ctx.trial(
            kafka,
            "offsets::a_member_left_behind_refuses_changes_as_on_the_jvm",
            a_member_left_behind_refuses_changes_as_on_the_jvm,
        ),
        ctx.trial(
            kafka,
            "offsets::partitions_that_do_not_exist_are_answered_as_on_the_jvm",
            partitions_that_do_not_exist_are_answered_as_on_the_jvm,
        ),
        ctx.trial(
            kafka,
            "offsets::a_cluster_that_is_away_is_told",
            a_cluster_that_is_away_is_told,
        ),
        ctx.trial(
            kafka,
            "offsets::users_of_the_graph_sink_are_told_where_else_to_look",
            users_of_the_graph_sink_are_told_where_else_to_look,
        ),
    ]
}

fn config(topic: &str, out: &Path) -> Value {
    json!({"connector.class": "FileStreamSink", "topics": topic, "file": out})
}

fn entry(topic: &str, partition: i32, offset: Option<i64>) -> Value {
    let offset = offset.map(|offset| json!({"kafka_offset": offset}));
    json!({"partition": {"kafka_topic": topic, "kafka_partition": partition}, "offset": offset})
}

fn patch(worker: &Worker, name: &str, entries: &[Value]) -> (u16, Value) {
    let path = format!("/connectors/{name}/offsets");
    let answer = worker.rest().patch(&path, &json!({"offsets": entries}));
    let answer = answer.unwrap();
    (answer.status, answer.json()["message"].clone())
}

/// Sorted, as there they come in any order.
fn offsets(worker: &Worker, name: &str) -> Vec<Value> {
    let path = format!("/connectors/{name}/offsets");
    let answer = worker.rest().get(&path).unwrap().expect(200).json();
    let mut offsets = answer["offsets"].as_array().unwrap().clone();
    offsets.sort_by_key(|entry| entry["partition"]["kafka_partition"].as_i64());
    offsets
}

fn stop(worker: &Worker, name: &str) {
    let path = format!("/connectors/{name}/stop");
    let answer = worker.rest().send("PUT", &path, None).unwrap();
    answer.expect(204);
    wait_until(PATIENCE, "STOPPED without tasks", || {
        let status = worker.status(name).unwrap();
        status["connector"]["state"] == "STOPPED" && status["tasks"] == json!([])
    });
}

fn altered_here_they_count_on_a_jvm_worker_and_back(ctx: &'static Ctx) {
    let kafka = ctx.kafka();
    let topic = &kafka.new_topic("altered", 2);
    let records = (0..20).map(|i| Record::value(i.to_string()).partition(i % 2));
    kafka.produce(topic, records);
    let group = format!("{topic}-own");
    let with_group = |worker: &Worker, out: &str| {
        let mut config = config(topic, &worker.dir().join(out));
        config["consumer.override.group.id"] = json!(group);
        config
    };
    let ours = WorkerSpec::new(Engine::Turnbuckle, kafka).start();
    ours.run_connector("s", &with_group(&ours, "out"));
    kafka.wait_drained(&group, topic, PATIENCE);
    assert_eq!(
        offsets(&ours, "s"),
        [entry(topic, 0, Some(10)), entry(topic, 1, Some(10))]
    );
    stop(&ours, "s");
    let done = "The offsets for this connector have been altered successfully";
    let changes = [entry(topic, 0, Some(4)), entry(topic, 1, None)];
    assert_eq!(patch(&ours, "s", &changes), (200, json!(done)));
    assert_eq!(offsets(&ours, "s"), [entry(topic, 0, Some(4))]);

    let theirs = WorkerSpec::new(Engine::Jvm, kafka).start();
    assert_eq!(kafka.committed(&group, topic), [(0, 4)].into());
    theirs.run_connector("s", &with_group(&theirs, "out"));
    let out = theirs.dir().join("out");
    wait_until(PATIENCE, "6 and 10 records", || lines(&out).len() == 16);
    stop(&theirs, "s");
    let back = [entry(topic, 0, Some(9)), entry(topic, 1, Some(10))];
    assert_eq!(patch(&theirs, "s", &back), (200, json!(done)));

    assert_eq!(offsets(&ours, "s"), back);
    let out = ours.dir().join("out");
    assert_eq!(lines(&out).len(), 20);
    let resumed = ours.rest().send("PUT", "/connectors/s/resume", None);
    resumed.unwrap().expect(202);
    wait_until(PATIENCE, "one record", || lines(&out).len() == 21);
}

fn a_member_left_behind_refuses_changes_as_on_the_jvm(ctx: &'static Ctx) {
    let kafka = ctx.kafka();
    for engine in [Engine::Turnbuckle, Engine::Jvm] {
        let topic = &kafka.new_topic("zombie", 1);
        kafka.produce(topic, ["a", "b"]);
        let worker = WorkerSpec::new(engine, kafka).start();
        let group = format!("connect-{topic}");
        worker.run_connector(topic, &config(topic, &worker.dir().join("out")));
        kafka.wait_drained(&group, topic, PATIENCE);
        stop(&worker, topic);

        let member = kafka.consumer(Some(&group), &[]);
        member.subscribe(&[topic]).unwrap();
        wait_until(PATIENCE, "the member has joined", || {
            member.poll(Duration::from_millis(100));
            member.assignment().is_ok_and(|a| a.count() == 1)
        });
        let refused = |verb: &str| {
            json!(format!(
                "Failed to {verb} consumer group offsets for connector {topic} either because its tasks haven't stopped completely yet or the connector was resumed before the request to {verb} its offsets could be successfully completed. If the connector is in a stopped state, this operation can be safely retried. If it doesn't eventually succeed, the Connect cluster may need to be restarted to get rid of the zombie sink tasks."
            ))
        };
        for offset in [Some(1), None] {
            let answer = patch(&worker, topic, &[entry(topic, 0, offset)]);
            assert_eq!(answer, (500, refused("alter")), "{engine:?} {offset:?}");
        }
        let path = format!("/connectors/{topic}/offsets");
        let answer = worker.rest().delete(&path).unwrap().expect(500);
        assert_eq!(answer.json()["message"], refused("reset"), "{engine:?}");
        assert_eq!(kafka.committed(&group, topic), [(0, 2)].into());

        drop(member);
        let one = [entry(topic, 0, Some(1))];
        assert_eq!(patch(&worker, topic, &one).0, 200, "{engine:?}");
        assert_eq!(kafka.committed(&group, topic), [(0, 1)].into());
        let answer = worker.rest().delete(&path).unwrap().expect(200);
        let done = "The offsets for this connector have been reset successfully";
        assert_eq!(answer.json()["message"], done, "{engine:?}");
        assert!(kafka.committed(&group, topic).is_empty());
    }
}

fn partitions_that_do_not_exist_are_answered_as_on_the_jvm(ctx: &'static Ctx) {
    let kafka = ctx.kafka();
    let topic = &kafka.new_topic("there", 1);
    kafka.produce(topic, ["a", "b", "c"]);
    // Its group is this test's alone.
    let name = "no-such-partitions";
    let answers = |engine| {
        let worker = WorkerSpec::new(engine, kafka).start();
        let config = config(topic, &worker.dir().join("out"));
        let body = json!({"name": name, "config": config, "initial_state": "STOPPED"});
        let created = worker.rest().post("/connectors", &body);
        created.unwrap().expect(201);
        let missing = format!("{topic}-missing");
        let cases = [
            vec![entry(&missing, 0, Some(1))],
            vec![entry(topic, 7, Some(1))],
            vec![entry(topic, 0, Some(1)), entry(&missing, 0, Some(1))],
            vec![entry(&missing, 0, None)],
            vec![entry(topic, 7, None)],
            // Past the end.
            vec![entry(topic, 0, Some(99))],
        ];
        let mut all = Vec::new();
        for case in &cases {
            let answer = patch(&worker, name, case);
            all.push((answer, offsets(&worker, name)));
        }
        // The other engine begins with nothing, too.
        let path = format!("/connectors/{name}/offsets");
        let reset = worker.rest().delete(&path);
        reset.unwrap().expect(200);
        all
    };
    assert_eq!(answers(Engine::Turnbuckle), answers(Engine::Jvm));
}

fn a_cluster_that_is_away_is_told(ctx: &'static Ctx) {
    let worker = WorkerSpec::new(Engine::Turnbuckle, ctx.kafka()).start();
    let mut config = config("t", Path::new("/dev/null"));
    config["admin.override.bootstrap.servers"] = json!("127.0.0.1:1");
    config["admin.override.default.api.timeout.ms"] = json!("500");
    let body = json!({"name": "s", "config": config, "initial_state": "STOPPED"});
    worker
        .rest()
        .post("/connectors", &body)
        .unwrap()
        .expect(201);
    let answer = worker.rest().get("/connectors/s/offsets").unwrap();
    assert_eq!(
        answer.expect(500).json()["message"],
        "Failed to retrieve consumer group offsets for sink connector s"
    );
    let failed = "Failed to alter consumer group offsets for connector s";
    let answer = patch(&worker, "s", &[entry("t", 0, Some(1))]);
    assert_eq!(answer, (500, json!(failed)));
    assert!(
        worker.log().contains("127.0.0.1:1"),
        "the log says where it was looked for: {}",
        worker.log()
    );
}

fn users_of_the_graph_sink_are_told_where_else_to_look(ctx: &'static Ctx) {
    let kafka = ctx.kafka();
    let topic = &kafka.new_topic("external", 1);
    let worker = WorkerSpec::new(Engine::Turnbuckle, kafka).start();
    let statement = format!("neo4j.cypher.topic.{topic}");
    let config = json!({
        "connector.class": "org.neo4j.connectors.kafka.sink.Neo4jConnector",
        "topics": topic,
        "neo4j.uri": "bolt://127.0.0.1:1",
        "neo4j.authentication.type": "NONE",
        statement: "MERGE (n:N {v: __value})",
    });
    let body = json!({"name": "g", "config": config, "initial_state": "STOPPED"});
    worker
        .rest()
        .post("/connectors", &body)
        .unwrap()
        .expect(201);
    let said = |done: &str| {
        json!(format!(
            "The Connect framework-managed offsets for this connector have been {done} successfully. However, if this connector manages offsets externally, they will need to be manually {done} in the system that the connector uses."
        ))
    };
    let answer = patch(&worker, "g", &[entry(topic, 0, Some(0))]);
    assert_eq!(answer, (200, said("altered")));
    assert_eq!(offsets(&worker, "g"), [entry(topic, 0, Some(0))]);
    let answer = worker.rest().delete("/connectors/g/offsets").unwrap();
    assert_eq!(answer.expect(200).json()["message"], said("reset"));
    assert_eq!(offsets(&worker, "g"), [] as [Value; 0]);
}
