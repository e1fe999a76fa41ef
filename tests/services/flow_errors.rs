//! Records that cannot be converted or that the database refuses: what arrives, what is reported, what is committed.

use std::time::Duration;

use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::connectors::{GRAPH, JSON, dead_letters, file_sink, make_unique, nodes, with};
use crate::support::kafka::{Kafka, Message, Record};
use crate::support::neo4j::Neo4j;
use crate::support::{Ctx, Engine, Need, Worker, WorkerSpec};

const PATIENCE: Duration = Duration::from_secs(120);

/// What makes a record bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bad {
    /// Its value is no JSON.
    Unreadable,
    /// It lacks what the statement merges by.
    Refused,
}

/// Who is told of bad records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Nobody,
    Topic,
    Log,
}

/// A topic with a bad record in every `nth`.
struct Case {
    topic: String,
    bad: Bad,
    nth: u32,
    count: u32,
    tolerance: &'static str,
    told: Told,
}

pub fn tests(ctx: &'static Ctx) -> Vec<Trial> {
    let both = &[Need::Kafka, Need::Neo4j];
    vec![
        ctx.trial(
            both,
            "flow::tolerated_bad_records_are_counted_exactly",
            tolerated_bad_records_are_counted_exactly,
        ),
        ctx.trial(
            both,
            "flow::first_bad_record_fails_the_task_without_tolerance",
            first_bad_record_fails_the_task_without_tolerance,
        ),
        ctx.trial(
            &[Need::Kafka],
            "flow::refused_dead_letter_fails_the_task_and_its_offset_is_not_passed",
            refused_dead_letter_fails_the_task_and_its_offset_is_not_passed,
        ),
    ]
}

impl Case {
    fn begin(
        ctx: &Ctx,
        worker: &Worker,
        bad: Bad,
        nth: u32,
        tolerance: &'static str,
        told: Told,
    ) -> Case {
        let kafka = ctx.kafka();
        let case = Case {
            topic: kafka.new_topic("poison", 1),
            bad,
            nth,
            count: if nth > 10 { 5_000 } else { 1_000 },
            tolerance,
            told,
        };
        make_unique(ctx.neo4j(), &case.topic);
        let record = |i: u32| {
            let value = match (case.is_bad(i), bad) {
                (false, _) => format!(r#"{{"id": "r{i}", "v": {i}}}"#),
                (true, Bad::Unreadable) => format!("{{{i}"),
                (true, Bad::Refused) => format!(r#"{{"v": {i}}}"#),
            };
            Record::value(value)
                .key(format!("k{i}"))
                .header("origin", i.to_string())
        };
        kafka.produce(&case.topic, (0..case.count).map(record));
        let answer = worker
            .rest()
            .put(
                &format!("/connectors/{}/config", case.topic),
                &case.config(ctx.neo4j()),
            )
            .expect("an answer");
        assert_eq!(answer.status, 201, "{}", answer.text());
        case
    }

    /// The first one is good.
    fn is_bad(&self, i: u32) -> bool {
        i % self.nth == self.nth - 1
    }

    fn bad_ones(&self) -> Vec<u32> {
        (0..self.count).filter(|i| self.is_bad(*i)).collect()
    }

    fn group(&self) -> String {
        format!("connect-{}", self.topic)
    }

    fn dlq(&self) -> String {
        format!("{}-dlq", self.topic)
    }

    fn config(&self, neo4j: &Neo4j) -> Value {
        let config = json!({
            "connector.class": GRAPH,
            "tasks.max": "1",
            "topics": self.topic,
            "neo4j.uri": neo4j.uri(),
            "neo4j.authentication.type": "NONE",
            "value.converter": JSON,
            "value.converter.schemas.enable": "false",
            "errors.tolerance": self.tolerance,
            format!("neo4j.cypher.topic.{}", self.topic):
                format!("MERGE (n:`{}` {{id: event.id}}) SET n.v = event.v", self.topic),
        });
        match self.told {
            Told::Nobody => config,
            Told::Topic => with(config, &dead_letters(&self.dlq())),
            Told::Log => with(
                config,
                &json!({"errors.log.enable": "true", "errors.log.include.messages": "true"}),
            ),
        }
    }

    fn dead(&self, kafka: &Kafka) -> Vec<Message> {
        match self.told {
            Told::Topic => kafka.read(&self.dlq()),
            _ => Vec::new(),
        }
    }

    fn expect_dead_letter(&self, letter: &Message, i: u32) {
        let (stage, class) = match self.bad {
            Bad::Unreadable => ("VALUE_CONVERTER", JSON),
            Bad::Refused => ("TASK_PUT", "org.apache.kafka.connect.sink.SinkTask"),
        };
        let expected = [
            ("origin", i.to_string()),
            ("__connect.errors.topic", self.topic.clone()),
            ("__connect.errors.partition", "0".to_owned()),
            ("__connect.errors.offset", i.to_string()),
            ("__connect.errors.connector.name", self.topic.clone()),
            ("__connect.errors.task.id", "0".to_owned()),
            ("__connect.errors.stage", stage.to_owned()),
            ("__connect.errors.class.name", class.to_owned()),
        ];
        for (name, value) in expected {
            assert_eq!(letter.header(name), Some(value), "{name} of record {i}");
        }
        let exception = letter.header("__connect.errors.exception.class.name");
        let exception = exception.expect("an exception");
        match self.bad {
            Bad::Unreadable => {
                assert_eq!(exception, "org.apache.kafka.connect.errors.DataException")
            }
            Bad::Refused => assert!(exception.contains("neo4j"), "{exception}"),
        }
        assert!(
            letter
                .header("__connect.errors.exception.message")
                .is_some_and(|m| !m.is_empty())
        );
        assert!(
            letter
                .header("__connect.errors.exception.stacktrace")
                .is_some_and(|t| t.contains(&exception))
        );
        assert_eq!(letter.key.as_deref(), Some(format!("k{i}").as_bytes()));
        assert_eq!(letter.headers.len(), 11, "{:?}", letter.headers);
    }

    /// Lines of the log that report a record of this case.
    fn reports(&self, log: &str) -> usize {
        let task = format!("Error encountered in task {}-0.", self.topic);
        let place = format!("topic='{}'", self.topic);
        log.lines()
            .filter(|line| line.contains(&task) && line.contains(&place))
            .count()
    }
}

fn tolerated_bad_records_are_counted_exactly(ctx: &'static Ctx) {
    let (kafka, neo4j) = (ctx.kafka(), ctx.neo4j());
    let worker = WorkerSpec::new(Engine::Turnbuckle, kafka).start();
    let mut cases = Vec::new();
    for nth in [1_000, 2] {
        for told in [Told::Nobody, Told::Topic, Told::Log] {
            cases.push(Case::begin(ctx, &worker, Bad::Unreadable, nth, "all", told));
        }
        // With nobody to tell, a refused record fails the task even so.
        for told in [Told::Topic, Told::Log] {
            cases.push(Case::begin(ctx, &worker, Bad::Refused, nth, "all", told));
        }
    }
    for case in &cases {
        let what = format!("{:?} 1 in {}, told {:?}", case.bad, case.nth, case.told);
        kafka.wait_drained(&case.group(), &case.topic, PATIENCE);
        let bad = case.bad_ones();
        let found = nodes(neo4j, &case.topic);
        assert_eq!(found.len(), case.count as usize - bad.len(), "{what}");
        assert!(found.iter().all(|(id, v)| *id == format!("r{v}")), "{what}");
        let dead = case.dead(kafka);
        if case.told == Told::Topic {
            assert_eq!(dead.len(), bad.len(), "{what}");
            for (letter, i) in dead.iter().zip(&bad) {
                case.expect_dead_letter(letter, *i);
            }
        }
        let reported = if case.told == Told::Log { bad.len() } else { 0 };
        assert_eq!(case.reports(&worker.log()), reported, "{what}");
        assert_eq!(
            kafka.committed(&case.group(), &case.topic)[&0],
            i64::from(case.count),
            "{what}"
        );
        worker.wait_state(&case.topic, "RUNNING", PATIENCE);
    }
}

fn first_bad_record_fails_the_task_without_tolerance(ctx: &'static Ctx) {
    let (kafka, neo4j) = (ctx.kafka(), ctx.neo4j());
    let worker = WorkerSpec::new(Engine::Turnbuckle, kafka).start();
    let mut cases = Vec::new();
    for nth in [1_000, 2] {
        for told in [Told::Nobody, Told::Topic, Told::Log] {
            cases.push(Case::begin(
                ctx,
                &worker,
                Bad::Unreadable,
                nth,
                "none",
                told,
            ));
            cases.push(Case::begin(ctx, &worker, Bad::Refused, nth, "none", told));
        }
        cases.push(Case::begin(
            ctx,
            &worker,
            Bad::Refused,
            nth,
            "all",
            Told::Nobody,
        ));
    }
    for case in &cases {
        let what = format!(
            "{:?} 1 in {}, tolerance {}, told {:?}",
            case.bad, case.nth, case.tolerance, case.told
        );
        let status = worker.wait_state(&case.topic, "FAILED", PATIENCE);
        let trace = status["tasks"][0]["trace"].as_str().expect("a trace");
        let expected = match (case.bad, case.told) {
            (Bad::Refused, Told::Nobody) => "neo4j",
            _ => "Tolerance exceeded in error handler",
        };
        assert!(trace.contains(expected), "{what}: {trace}");
        let first = case.bad_ones()[0];
        let committed = kafka.committed(&case.group(), &case.topic);
        let committed = committed.get(&0).copied().unwrap_or(0);
        assert!(
            committed <= i64::from(first),
            "{what}: {committed} passed the bad record"
        );
        // All that is committed is in the graph, and nothing from behind the bad record.
        let found = nodes(neo4j, &case.topic);
        assert!(found.values().all(|v| *v < i64::from(first)), "{what}");
        assert!(found.len() as i64 >= committed, "{what}");
        let dead = case.dead(kafka);
        if case.told == Told::Topic {
            assert_eq!(dead.len(), 1, "{what}");
            case.expect_dead_letter(&dead[0], first);
        }
        let reported = usize::from(case.told == Told::Log);
        assert_eq!(case.reports(&worker.log()), reported, "{what}");
    }
}

/// The dead letter topic takes small records only.
fn refused_dead_letter_fails_the_task_and_its_offset_is_not_passed(ctx: &'static Ctx) {
    let kafka = ctx.kafka();
    let topic = kafka.new_topic("refused", 1);
    let dlq = format!("{topic}-dlq");
    kafka.create_topic(&dlq, 1, &[("max.message.bytes", "4000")]);
    kafka.produce(&topic, (0..10).map(|i| i.to_string()));
    kafka.produce(&topic, [format!("{{{}", "x".repeat(10_000))]);
    kafka.produce(&topic, (11..20).map(|i| i.to_string()));
    let worker = WorkerSpec::new(Engine::Turnbuckle, kafka).start();
    let out = worker.dir().join("out");
    let config = with(
        with(file_sink(&topic, &out), &dead_letters(&dlq)),
        &json!({
            "errors.tolerance": "all",
            "value.converter": JSON,
            "value.converter.schemas.enable": "false",
        }),
    );
    let answer = worker
        .rest()
        .put(&format!("/connectors/{topic}/config"), &config);
    answer.expect("an answer").expect(201);
    let status = worker.wait_state(&topic, "FAILED", PATIENCE);
    let trace = status["tasks"][0]["trace"].as_str().expect("a trace");
    assert!(trace.contains("dead letter topic refused"), "{trace}");
    assert!(trace.contains(&dlq), "{trace}");
    let committed = kafka.committed(&format!("connect-{topic}"), &topic);
    assert!(committed.values().all(|at| *at <= 10), "{committed:?}");
}
