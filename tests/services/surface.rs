//! What clients may cost: sizes, times and numbers, and how connections end.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;
use std::time::Duration;

use libtest_mimic::Trial;
use serde_json::json;

use crate::support::raw::{connect, exchange, read_answer, request};
use crate::support::rest::Response;
use crate::support::{Ctx, Engine, Need, Worker, WorkerSpec, scratch, wait_until};

const PATIENCE: Duration = Duration::from_secs(30);
/// Far from what a busy machine takes, near enough to wait for.
const IDLE_MS: &str = "700";
const JSON: (&str, &str) = ("Content-Type", "application/json");

pub fn tests(ctx: &'static Ctx) -> Vec<Trial> {
    let kafka = &[Need::Kafka];
    vec![
        ctx.trial(
            kafka,
            "surface::a_slow_client_is_not_waited_for",
            a_slow_client_is_not_waited_for,
        ),
        ctx.trial(
            kafka,
            "surface::a_client_that_takes_no_answer_loses_its_connection",
            a_client_that_takes_no_answer_loses_its_connection,
        ),
        ctx.trial(kafka, "surface::sizes_are_bounded", sizes_are_bounded),
        ctx.trial(
            kafka,
            "surface::connections_are_bounded",
            connections_are_bounded,
        ),
        ctx.trial(
            kafka,
            "surface::names_lead_nowhere_else",
            names_lead_nowhere_else,
        ),
        ctx.trial(
            kafka,
            "surface::the_end_waits_for_answers_alone",
            the_end_waits_for_answers_alone,
        ),
        ctx.trial(
            kafka,
            "surface::admin_is_where_it_was_put",
            admin_is_where_it_was_put,
        ),
        ctx.trial(
            &[],
            "surface::a_taken_port_ends_the_start",
            a_taken_port_ends_the_start,
        ),
    ]
}

fn worker(ctx: &'static Ctx, settings: &[(&str, &str)]) -> Worker {
    let mut spec = WorkerSpec::new(Engine::Turnbuckle, ctx.kafka());
    for (key, value) in settings {
        spec = spec.set(key, value);
    }
    spec.start()
}

#[track_caller]
fn expect_error(answer: Option<Response>, status: u16, text: &str) {
    let answer = answer.expect("an answer").expect(status);
    let body = answer.json();
    assert_eq!(body["error_code"], status, "{body}");
    let message = body["message"].as_str().unwrap_or_default();
    assert!(message.contains(text), "{message}");
    assert_eq!(answer.header("connection"), Some("close"));
}

fn a_slow_client_is_not_waited_for(ctx: &'static Ctx) {
    let worker = worker(ctx, &[("rest.idle.timeout.ms", IDLE_MS)]);
    let port = worker.port();
    let mut silent = connect(port);
    let mut slow = connect(port);
    slow.write_all(b"GET / HTTP/1.1\r\nHost: h\r\nX-Sl")
        .unwrap();
    let mut body = connect(port);
    body.write_all(b"PUT /connectors/x/config HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{\"")
        .unwrap();
    let mut kept = connect(port);
    kept.write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        .unwrap();

    assert!(read_answer(&mut silent).is_none());
    assert!(read_answer(&mut slow).is_none());
    expect_error(
        read_answer(&mut body),
        408,
        "The request's body did not arrive within 700 ms",
    );
    // Between two requests it counts, too.
    read_answer(&mut kept).expect("an answer").expect(200);
}

/// Answers are asked for and not read, until no more of them fits into any buffer.
fn a_client_that_takes_no_answer_loses_its_connection(ctx: &'static Ctx) {
    let settings = [
        ("rest.idle.timeout.ms", IDLE_MS),
        ("rest.connections.max", "1"),
    ];
    let worker = worker(ctx, &settings);
    wait_until(PATIENCE, "the slot of the start to be free", || {
        exchange(connect(worker.port()), &request("GET", "/", &[], ""))
            .is_some_and(|a| a.status == 200)
    });
    let mut greedy = connect(worker.port());
    greedy.set_nonblocking(true).unwrap();
    let ask =
        b"GET /connector-plugins/FileStreamSink/config HTTP/1.1\r\nHost: h\r\n\r\n".repeat(100);
    let mut full = 0;
    wait_until(PATIENCE, "full buffers", || {
        full = match greedy.write(&ask) {
            Ok(_) => 0,
            Err(_) => full + 1,
        };
        full > 4
    });
    wait_until(PATIENCE, "the slot of the greedy one", || {
        exchange(connect(worker.port()), &request("GET", "/", &[], ""))
            .is_some_and(|a| a.status == 200)
    });
}

fn sizes_are_bounded(ctx: &'static Ctx) {
    let worker = worker(ctx, &[("rest.body.max.bytes", "1000")]);
    let send = |bytes: &[u8]| exchange(connect(worker.port()), bytes);
    let long = "y".repeat(9000);
    let heads = [
        request("GET", "/", &[("X", &long)], ""),
        request("GET", &format!("/connectors/{long}"), &[], ""),
        request("GET", "/", &[("X", "y"); 120], ""),
    ];
    for head in heads {
        send(&head).expect("an answer").expect(431);
    }
    send(&request("GET", "/", &[("X", &"y".repeat(7000))], ""))
        .expect("an answer")
        .expect(200);

    let path = "/connectors/x/config";
    let too_large = "The request's body is larger than 1000 bytes (rest.body.max.bytes)";
    // Told to be large, none of it is waited for.
    let told = [JSON, ("Content-Length", "1001")];
    expect_error(send(&request("PUT", path, &told, "")), 413, too_large);
    let chunked = [JSON, ("Transfer-Encoding", "chunked")];
    let mut untold = request("PUT", path, &chunked, "");
    untold.extend(format!("3e9\r\n{}\r\n0\r\n\r\n", " ".repeat(1001)).as_bytes());
    expect_error(send(&untold), 413, too_large);
    let mut fits = request("PUT", path, &chunked, "");
    fits.extend(format!("3e8\r\n{{}}{}\r\n0\r\n\r\n", " ".repeat(998)).as_bytes());
    let answer = send(&fits).expect("an answer").expect(400);
    assert!(
        answer.text().contains("contains no connector type"),
        "{}",
        answer.text()
    );
}

fn connections_are_bounded(ctx: &'static Ctx) {
    let worker = worker(ctx, &[("rest.connections.max", "2")]);
    let mut held = Vec::new();
    let ask = request("GET", "/", &[], "");
    wait_until(PATIENCE, "both slots", || {
        let mut stream = connect(worker.port());
        stream
            .write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            .unwrap();
        let mut begin = [0; 12];
        stream.read_exact(&mut begin).unwrap();
        let took = &begin == b"HTTP/1.1 200";
        held.extend(took.then_some(stream));
        held.len() == 2
    });
    for _ in 0..3 {
        exchange(connect(worker.port()), &ask)
            .expect("an answer")
            .expect(503);
    }
    let told = worker
        .log()
        .matches("new connections are turned away")
        .count();
    assert_eq!(told, 1, "{}", worker.log());
    held.pop();
    wait_until(PATIENCE, "a free slot", || {
        exchange(connect(worker.port()), &ask).is_some_and(|answer| answer.status == 200)
    });
}

/// Neither a header nor a line of the log nor a path is begun by what a name holds.
fn names_lead_nowhere_else(ctx: &'static Ctx) {
    let worker = worker(ctx, &[]);
    let topic = ctx.kafka().new_topic("names", 1);
    let send = |bytes: &[u8]| exchange(connect(worker.port()), bytes);
    for path in [
        "/connectors/a%0d%0aX:%20y",
        "/connectors/a%0aERROR",
        "/connector-plugins/..%2f..%2fetc/config",
        "/connectors/%2e%2e/admin",
        "/connectors//admin",
        "/connectors/%00",
        "/connectors/%+1",
    ] {
        for method in ["GET", "PUT", "DELETE"] {
            let answer = send(&request(method, path, &[JSON], "{}"))
                .expect("an answer")
                .expect(400);
            assert_eq!(
                answer.header("connection"),
                Some("close"),
                "{method} {path}"
            );
        }
    }
    // The name of a connector, and nothing else.
    let path = "/connectors/..%2f..%2fetc";
    let answer = send(&request("GET", path, &[], "")).expect("an answer");
    assert_eq!(
        answer.expect(404).json()["message"],
        "Connector ../../etc not found"
    );
    let body = json!({"name": "a\r\nX: y", "config": {"connector.class": "FileStreamSink", "topics": topic, "file": worker.dir().join("out")}});
    let answer =
        send(&request("POST", "/connectors", &[JSON], &body.to_string())).expect("an answer");
    assert!(answer.status >= 400, "{}", answer.text());
    assert_eq!(answer.header("x"), None);
    // What stands for no header in a header stays inside it.
    let mut body = body;
    body["name"] = json!("b \u{416}?#&");
    let answer =
        send(&request("POST", "/connectors", &[JSON], &body.to_string())).expect("an answer");
    let location = answer.expect(201).header("location").map(str::to_owned);
    assert_eq!(
        location.as_deref(),
        Some("http://h:1/connectors/b%20%D0%96%3F%23&")
    );
    for (host, status) in [("Host", 400), ("X", 200)] {
        let twice = request("GET", "/", &[(host, "other")], "");
        send(&twice).expect("an answer").expect(status);
    }
    send(b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n")
        .expect("an answer")
        .expect(400);
    assert!(!worker.log().contains("\nX: y"), "{}", worker.log());
}

fn the_end_waits_for_answers_alone(ctx: &'static Ctx) {
    let worker = worker(ctx, &[]);
    let _silent = connect(worker.port());
    let mut kept = connect(worker.port());
    kept.write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        .unwrap();
    let mut begin = [0; 12];
    kept.read_exact(&mut begin).unwrap();
    assert_eq!(&begin, b"HTTP/1.1 200");
    // Slower than all that ends: it is left.
    let mut half = connect(worker.port());
    half.write_all(b"PUT /connectors/x/config HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{\"")
        .unwrap();
    let status = worker.stop(Duration::from_secs(15));
    assert_eq!(status.code(), Some(0), "{}", worker.log());
    assert!(worker.log().contains("Kafka Connect stopped"));
}

fn admin_is_where_it_was_put(ctx: &'static Ctx) {
    let off = worker(ctx, &[("admin.listeners", "")]);
    off.rest().get("/admin/loggers").unwrap().expect(404);
    let port = scratch::free_port();
    let own = worker(
        ctx,
        &[("admin.listeners", &format!("http://127.0.0.1:{port}"))],
    );
    own.rest().get("/admin/loggers").unwrap().expect(404);
    let get =
        |path: &str| exchange(connect(port), &request("GET", path, &[], "")).expect("an answer");
    get("/admin/loggers/root").expect(200);
    for path in ["/", "/connectors", "/health"] {
        get(path).expect(404);
    }
}

fn a_taken_port_ends_the_start(_: &'static Ctx) {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let converter = "org.apache.kafka.connect.storage.StringConverter";
    for key in ["listeners", "admin.listeners"] {
        let output = Command::new(env!("CARGO_BIN_EXE_turnbuckle"))
            .args(["standalone", "", "--override"])
            .arg(format!("key.converter={converter}"))
            .arg("--override")
            .arg(format!("value.converter={converter}"))
            .arg("--override")
            .arg("listeners=http://127.0.0.1:0")
            .arg("--override")
            .arg(format!("{key}=http://127.0.0.1:{port}"))
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(2), "{told}");
        let expected = format!("cannot listen on http://127.0.0.1:{port}: ");
        assert!(
            told.contains(&expected) && told.contains(&format!("change {key}")),
            "{told}"
        );
    }
}
