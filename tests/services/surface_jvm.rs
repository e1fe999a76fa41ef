//! Status lines, headers and bodies of the HTTP surface, beside those of the JVM's worker from the same file.

use std::collections::BTreeMap;
use std::fs;

use libtest_mimic::Trial;

use crate::support::raw::{connect, exchange, request};
use crate::support::rest::Response;
use crate::support::{Ctx, Engine, Need, Worker, WorkerSpec, jars, scratch};

const EXTENSION: &str =
    "org.apache.kafka.connect.rest.basic.auth.extension.BasicAuthSecurityRestExtension";
const ORIGIN: &str = "http://a.example";
const JSON: (&str, &str) = ("Content-Type", "application/json");
const ASKS: (&str, &str) = ("Access-Control-Request-Method", "POST");

pub fn tests(ctx: &'static Ctx) -> Vec<Trial> {
    let kafka = &[Need::Kafka];
    vec![
        ctx.trial(
            kafka,
            "surface_jvm::origins_paths_and_heads_are_answered_alike",
            origins_paths_and_heads_are_answered_alike,
        ),
        ctx.trial(
            kafka,
            "surface_jvm::logins_and_added_headers_are_answered_alike",
            logins_and_added_headers_are_answered_alike,
        ),
    ]
}

/// A request and what of the answers is known to differ.
struct Case {
    bytes: Vec<u8>,
    only_status: bool,
}

fn case(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Case {
    Case {
        bytes: request(method, path, headers, body),
        only_status: false,
    }
}

/// The server answers these itself: Jetty with a page, ours with nothing.
fn bare(bytes: impl Into<Vec<u8>>) -> Case {
    Case {
        bytes: bytes.into(),
        only_status: true,
    }
}

/// What is compared.
#[derive(Debug, PartialEq, Eq)]
struct Shape {
    status: u16,
    headers: BTreeMap<String, Vec<String>>,
    body: String,
}

fn shape(answer: Option<Response>, only_status: bool) -> Shape {
    let answer = answer.expect("an answer");
    if only_status {
        return Shape {
            status: answer.status,
            headers: BTreeMap::new(),
            body: String::new(),
        };
    }
    let mut headers: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in &answer.headers {
        let name = name.to_ascii_lowercase();
        let value = match name.as_str() {
            // Jetty tells its name and version, ours none; lengths follow from bodies.
            "server" if value.starts_with("Jetty") => continue,
            "content-length" => continue,
            "date" | "expires" | "x-date" if value.len() > 5 => "a date".to_owned(),
            // A set; the JVM's order changes from start to start.
            "access-control-allow-methods" | "allow" => sorted(value),
            _ => value.clone(),
        };
        headers.entry(name).or_default().push(value);
    }
    headers.values_mut().for_each(|values| values.sort());
    let text = answer.text();
    let body = match &*text {
        page if page.starts_with("<html>") => "a page".to_owned(),
        info if info.contains("\"kafka_cluster_id\"") => "info".to_owned(),
        // Of the JVM's map only its keys are told here.
        text => sorted(&text.replace("{name=x}", "{name}")),
    };
    Shape {
        status: answer.status,
        headers,
        body,
    }
}

fn sorted(list: &str) -> String {
    let mut items: Vec<&str> = list.split(',').map(str::trim).collect();
    items.sort_unstable();
    items.join(",")
}

/// All differences at once.
fn expect_alike(cases: &[Case], (jvm, ours): (u16, u16)) {
    let mut differences = String::new();
    for case in cases {
        let answer = |port| shape(exchange(connect(port), &case.bytes), case.only_status);
        let (theirs, ours) = (answer(jvm), answer(ours));
        if theirs != ours {
            let sent = String::from_utf8_lossy(&case.bytes);
            let sent: String = sent.chars().take(200).collect();
            differences += &format!("{sent:?}\n  JVM  {theirs:?}\n  ours {ours:?}\n");
        }
    }
    assert!(differences.is_empty(), "{differences}");
}

/// The same worker twice: the JVM's and ours.
fn both(ctx: &'static Ctx, set: impl Fn(WorkerSpec) -> WorkerSpec) -> (Worker, Worker) {
    let start = |engine| {
        let worker = set(WorkerSpec::new(engine, ctx.kafka())).spawn();
        worker.wait_started();
        worker
    };
    (start(Engine::Jvm), start(Engine::Turnbuckle))
}

fn origins_paths_and_heads_are_answered_alike(ctx: &'static Ctx) {
    let (jvm, ours) = both(ctx, |spec| {
        spec.set(
            "access.control.allow.origin",
            "http://a.example, https://.*[.]b[.]example",
        )
    });
    let mut cases = Vec::new();
    let origins: [&[(&str, &str)]; 9] = [
        &[],
        &[("Origin", ORIGIN)],
        &[("Origin", "http://evil.example")],
        &[("Origin", "HTTP://A.EXAMPLE")],
        &[("Origin", "http://aXexample")],
        &[("Origin", "https://c.b.example")],
        &[("Origin", "http://evil http://a.example")],
        &[("Origin", "null")],
        &[("Origin", "")],
    ];
    for origin in origins {
        for (method, path) in [
            ("GET", "/connectors"),
            ("GET", "/nope"),
            ("HEAD", "/"),
            ("OPTIONS", "/connectors"),
            ("DELETE", "/connectors/x"),
            ("TRACE", "/connectors"),
            ("PATCH", "/"),
            ("GET", "/admin/loggers/x"),
        ] {
            cases.push(case(method, path, origin, ""));
        }
        let asks = [origin, &[ASKS]].concat();
        for path in ["/connectors", "/nope"] {
            cases.push(case("OPTIONS", path, &asks, ""));
        }
        let more = [
            &asks[..],
            &[("Access-Control-Request-Headers", "x-foo, content-type")],
        ]
        .concat();
        cases.push(case("OPTIONS", "/connectors", &more, ""));
        let json = [origin, &[("Accept", "application/json")]].concat();
        cases.push(case("OPTIONS", "/connectors", &json, ""));
    }
    for path in [
        "/connector-plugins/a%2Fb/config",
        "//",
        "/connectors/x;y=z",
        "/connectors/a+b",
        "/connectors/%2e%2e",
        "/connectors?x=y",
        "/connectors/",
        "/health/",
    ] {
        cases.push(case("GET", path, &[("Origin", ORIGIN)], ""));
        cases.push(case("DELETE", path, &[("Origin", ORIGIN)], ""));
    }
    for path in ["/connectors/%zz", "/connectors/%00", "*", "/connectors/a b"] {
        cases.push(bare(request("GET", path, &[], "")));
    }
    let body = [JSON, ("Transfer-Encoding", "chunked")];
    let mut chunked = case("PUT", "/connectors/x/config", &body, "");
    chunked.bytes.extend(b"2\r\n{}\r\n0\r\n\r\n");
    cases.push(chunked);
    cases.push(case(
        "PUT",
        "/connectors/x/config",
        &[("Content-Type", "text/plain")],
        "{}",
    ));
    let long = "y".repeat(9000);
    for head in [
        "GET / HTTP/1.1\r\nConnection: close\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n".to_owned(),
        "GET / HTTP/1.0\r\n\r\n".to_owned(),
        "GARBAGE\r\n\r\n".to_owned(),
        format!("GET / HTTP/1.1\r\nHost: h\r\nX: {long}\r\n\r\n"),
        "GET / HTTP/1.1\r\nHost: h\r\n X: folded\r\nConnection: close\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\nHost : h\r\nConnection: close\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\nHost: h\r\nX: a\0b\r\nConnection: close\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: x\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n".to_owned(),
    ] {
        cases.push(bare(head));
    }
    expect_alike(&cases, (jvm.port(), ours.port()));
}

fn logins_and_added_headers_are_answered_alike(ctx: &'static Ctx) {
    let dir = scratch::dir("logins");
    let users = dir.join("users.properties");
    fs::write(&users, "ann=pw\nbob:b\\u00e9b=x\n").unwrap();
    let jaas = dir.join("jaas.conf");
    let module = EXTENSION.replace("BasicAuthSecurityRestExtension", "PropertyFileLoginModule");
    let entry = format!(
        "KafkaConnect {{\n {module} required\n file=\"{}\";\n}};\n",
        users.display()
    );
    fs::write(&jaas, entry).unwrap();
    let option = format!("-Djava.security.auth.login.config={}", jaas.display());
    let admin = [scratch::free_port(), scratch::free_port()];
    let jar = jars::basic_auth().expect("the extension's jar");
    let next = std::cell::Cell::new(0);
    let (jvm, ours) = both(ctx, |spec| {
        let port = admin[next.replace(1)];
        spec.jar(&jar)
            .env("JAVA_TOOL_OPTIONS", &option)
            .env("KAFKA_OPTS", &option)
            .set("admin.listeners", &format!("http://127.0.0.1:{port}"))
            .set("access.control.allow.origin", "*")
            .set("access.control.allow.methods", "GET, PUT,FOO")
            .set("rest.extension.classes", EXTENSION)
            .set(
                "response.http.headers.config",
                "\"set X-List: a, b\",add X-Multi: 1,add X-Multi: 2,setDate Expires: 1000,addDate X-Date: 0,\
                 set Content-Type: text/weird,set Server: me, add  Vary: Foo,set Date: x",
            )
    });
    let logins: [&[(&str, &str)]; 8] = [
        &[],
        &[("Authorization", "Basic YW5uOnB3")],
        &[("Authorization", "Basic YW5uOm5v")],
        &[("Authorization", "Basic Ym9iOmLDqWI9eA==")],
        &[("Authorization", "basic YW5uOnB3")],
        &[("Authorization", "Bearer YW5uOnB3")],
        &[("Authorization", "Basic YW5u")],
        &[("Authorization", "Basic Og==")],
    ];
    let mut cases = Vec::new();
    for login in logins {
        for (method, path) in [
            ("GET", "/"),
            ("HEAD", "/"),
            ("GET", "/health"),
            ("GET", "/nope"),
            ("PATCH", "/"),
            ("GET", "/connectors/x/tasks"),
            ("OPTIONS", "/connectors"),
            ("DELETE", "/connectors/x"),
            ("GET", "/admin/loggers/root"),
            ("GET", "/connector-plugins/%2F/config"),
        ] {
            cases.push(case(method, path, login, ""));
        }
        let asks = [login, &[("Origin", ORIGIN), ASKS]].concat();
        cases.push(case("OPTIONS", "/connectors", &asks, ""));
        let json = [login, &[JSON]].concat();
        cases.push(case("PUT", "/connectors/x/config", &json, "{}"));
    }
    expect_alike(&cases, (jvm.port(), ours.port()));
    let mut cases = Vec::new();
    for path in [
        "/",
        "/connectors",
        "/health",
        "/admin",
        "/admin/loggers/nope",
        "/admin/loggers/root",
        "/admin/loggers/%2F",
    ] {
        cases.push(case("GET", path, &[("Origin", ORIGIN)], ""));
        cases.push(case("OPTIONS", path, &[("Origin", ORIGIN), ASKS], ""));
    }
    expect_alike(&cases, (admin[0], admin[1]));
    assert!(
        !ours.log().contains("pw") && !ours.log().contains("YW5u"),
        "{}",
        ours.log()
    );
    // What nobody logs in with is answered as a wrong password; the JVM fails on it.
    let broken = request("GET", "/", &[("Authorization", "Basic !!")], "");
    exchange(connect(ours.port()), &broken)
        .expect("an answer")
        .expect(401);
    let health = std::process::Command::new(env!("CARGO_BIN_EXE_turnbuckle"))
        .args(["healthcheck", "--url", &ours.base()])
        .output()
        .unwrap();
    assert!(health.status.success());
}
