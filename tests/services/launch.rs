//! How the program is called: by its own name, by links named as Kafka's scripts, and to ask for health.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use libtest_mimic::Trial;

use crate::connectors::{FILE, GRAPH, STRING, lines};
use crate::support::{Ctx, Engine, Need, WorkerSpec, scratch, wait_until};

const PATIENCE: Duration = Duration::from_secs(60);
const BINARY: &str = env!("CARGO_BIN_EXE_turnbuckle");

pub fn tests(ctx: &'static Ctx) -> Vec<Trial> {
    vec![
        ctx.trial(
            &[],
            "launch::links_end_with_the_codes_of_kafkas_scripts",
            links_end_with_the_codes_of_kafkas_scripts,
        ),
        ctx.trial(
            &[],
            "launch::options_of_the_jvm_are_named_once_and_never_their_values",
            options_of_the_jvm_are_named_once_and_never_their_values,
        ),
        ctx.trial(
            &[],
            "launch::check_tells_what_becomes_of_every_key",
            check_tells_what_becomes_of_every_key,
        ),
        ctx.trial(
            &[],
            "launch::check_ends_with_the_code_of_a_start",
            check_ends_with_the_code_of_a_start,
        ),
        ctx.trial(
            &[],
            "launch::check_finds_nothing_to_say_about_the_samples",
            check_finds_nothing_to_say_about_the_samples,
        ),
        ctx.trial(
            &[Need::Kafka],
            "launch::a_daemon_runs_on_and_tells_its_health",
            a_daemon_runs_on_and_tells_its_health,
        ),
        ctx.trial(
            &[Need::Kafka],
            "launch::a_folder_stands_for_its_connector_files",
            a_folder_stands_for_its_connector_files,
        ),
    ]
}

fn link(folder: &Path, name: &str) -> PathBuf {
    let link = folder.join(name);
    symlink(BINARY, &link).expect("a link");
    link
}

/// Exit code, and all that was printed.
fn outcome(command: &mut Command) -> (Option<i32>, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().expect("a process");
    let text = String::from_utf8_lossy(&stdout) + String::from_utf8_lossy(&stderr);
    (status.code(), text.into_owned())
}

fn links_end_with_the_codes_of_kafkas_scripts(_: &'static Ctx) {
    let folder = scratch::dir("links");
    let usage = "USAGE: connect-standalone [-daemon] connect-standalone.properties";
    for (name, arguments, code, text) in [
        ("connect-standalone", &[] as &[&str], 1, usage),
        ("connect-standalone.sh", &["-daemon"], 1, usage),
        ("connect-standalone", &["--help"], 1, "worker.properties"),
        (
            "connect-standalone.sh",
            &["no-such.properties"],
            2,
            "cannot read the worker file no-such.properties",
        ),
        (
            "connect-distributed",
            &["w.properties"],
            1,
            "the distributed mode is to come",
        ),
        (
            "connect-distributed.sh",
            &[],
            1,
            "the distributed mode is to come",
        ),
    ] {
        let link = folder.join(name);
        if !link.exists() {
            self::link(&folder, name);
        }
        let (ended, printed) = outcome(Command::new(link).args(arguments).current_dir(&folder));
        assert_eq!(ended, Some(code), "{name} {arguments:?}: {printed}");
        assert!(printed.contains(text), "{name} {arguments:?}: {printed}");
    }
}

/// The worker gets as far as naming them and then finds no broker.
fn options_of_the_jvm_are_named_once_and_never_their_values(_: &'static Ctx) {
    let port = scratch::free_port();
    let (code, printed) = outcome(
        Command::new(BINARY)
            .args(["standalone", ""])
            .env("CONNECT_BOOTSTRAP_SERVERS", format!("127.0.0.1:{port}"))
            .env("CONNECT_DEFAULT_API_TIMEOUT_MS", "100")
            .env("CONNECT_LISTENERS", "http://127.0.0.1:0")
            .env("CONNECT_KEY_CONVERTER", STRING)
            .env("CONNECT_VALUE_CONVERTER", STRING)
            .env("KAFKA_HEAP_OPTS", "-Xmx2G")
            .env(
                "KAFKA_OPTS",
                "-Djava.security.auth.login.config=/jaas -Dpw=tell-nobody",
            )
            .env("EXTRA_ARGS", "-name connectStandalone"),
    );
    assert_eq!(code, Some(2), "{printed}");
    let named: Vec<&str> = printed
        .lines()
        .filter(|line| line.contains("KAFKA_HEAP_OPTS"))
        .collect();
    assert_eq!(named.len(), 1, "{printed}");
    assert!(
        named[0].contains("INFO") && named[0].contains("EXTRA_ARGS, KAFKA_HEAP_OPTS, KAFKA_OPTS"),
        "{printed}"
    );
    let advice: Vec<&str> = printed
        .lines()
        .filter(|line| line.contains("sasl.jaas.config"))
        .collect();
    assert_eq!(advice.len(), 1, "{printed}");
    assert!(advice[0].contains("WARN"), "{printed}");
    assert!(!printed.contains("tell-nobody"), "{printed}");
}

fn check(folder: &Path, files: &[(&str, &str)]) -> (Option<i32>, String) {
    for (name, text) in files {
        fs::write(folder.join(name), text).expect("a file");
    }
    outcome(
        Command::new(BINARY)
            .arg("check")
            .args(files.iter().map(|(name, _)| name))
            .current_dir(folder),
    )
}

fn check_tells_what_becomes_of_every_key(_: &'static Ctx) {
    let folder = scratch::dir("check");
    let converters = format!("key.converter={STRING}\nvalue.converter={STRING}\n");
    let worker = format!(
        "{converters}plugin.path=/plugins\nrest.port=8083\nconsumer.interceptor.classes=a.B\n"
    );
    let sink = |more: &str| {
        format!(
            "name=s\nconnector.class={GRAPH}\ntopics=t\nneo4j.uri=neo4j://h\n\
             neo4j.authentication.basic.username=u\nneo4j.authentication.basic.password=tell-nobody\n{more}"
        )
    };
    let good = sink("neo4j.cypher.topic.t=CREATE ()\nerrors.tolerence=all\n");
    let (code, printed) = check(
        &folder,
        &[("w.properties", &worker), ("good.properties", &good)],
    );
    assert_eq!(code, Some(0), "{printed}");
    for line in [
        "  honoured   key.converter",
        "  no effect  plugin.path – plugins are built in",
        "  unknown    rest.port – w.properties:4",
        "  no effect  consumer.interceptor.classes – it names a class of the JVM",
        "  honoured   neo4j.cypher.topic.t",
        "  unknown    errors.tolerence",
        "errors: 0, unknown keys: 2; a worker with these files starts (neither Kafka nor a target was asked)",
    ] {
        assert!(printed.lines().any(|l| l == line), "{line}: {printed}");
    }
    for (name, text, expected) in [
        (
            "class.json",
            r#"{"name": "s", "connector.class": "a.B"}"#.to_owned(),
            "a.B",
        ),
        (
            "converter.properties",
            sink("value.converter=a.B\n"),
            "  note       converters here: ",
        ),
        (
            "max.properties",
            sink("tasks.max=many\n"),
            "  ERROR      Invalid value many for configuration tasks.max",
        ),
        (
            "cud.properties",
            sink("neo4j.cud.topics=t\n"),
            "  ERROR      Topic 't' asks for the CUD strategy in neo4j.cud.topics, which is not supported yet",
        ),
    ] {
        let files = [("w.properties", worker.as_str()), (name, text.as_str())];
        let (code, printed) = check(&folder, &files);
        assert_eq!(code, Some(3), "{name}: {printed}");
        assert!(printed.contains(expected), "{name}: {printed}");
        assert!(!printed.contains("tell-nobody"), "{name}: {printed}");
        // Which ones there are grows; that they are all of one kind does not.
        let here = printed.lines().find(|l| l.contains(" converters here: "));
        assert!(
            here.is_none_or(|line| line.contains(STRING) && !line.contains("HeaderConverter")),
            "{name}: {printed}"
        );
    }
}

/// README's pipeline is one of them.
fn check_finds_nothing_to_say_about_the_samples(_: &'static Ctx) {
    let page = include_str!("../../README.md");
    let pipeline = page.split("```properties\n").nth(1);
    let pipeline = pipeline.and_then(|rest| rest.split("```").next());
    let readme = scratch::dir("readme").join("purchases-to-graph.properties");
    fs::write(&readme, pipeline.expect("a pipeline")).expect("a file");
    let (code, printed) = outcome(
        Command::new(BINARY)
            .args(["check", "config/connect-standalone.properties"])
            .args(["config/connect-file-sink.properties", "docs/deploy/compose"])
            .arg(readme)
            .current_dir(env!("CARGO_MANIFEST_DIR")),
    );
    assert_eq!(code, Some(0), "{printed}");
    assert!(printed.contains("errors: 0, unknown keys: 0;"), "{printed}");
    for connector in [
        "local-file-sink",
        "customers-to-graph",
        "purchases-to-graph",
    ] {
        let title = format!("connector {connector} (");
        assert!(printed.contains(&title), "{connector}: {printed}");
    }
}

/// A worker that would not start, and two connectors of one name.
fn check_ends_with_the_code_of_a_start(_: &'static Ctx) {
    let folder = scratch::dir("check");
    let worker = format!("key.converter={STRING}\nvalue.converter={STRING}\n");
    let sink = format!("name=s\nconnector.class={FILE}\ntopics=t\n");
    let files = [
        ("w.properties", worker.as_str()),
        ("a.properties", &sink),
        ("b.properties", &sink),
    ];
    let (code, printed) = check(&folder, &files);
    assert_eq!(code, Some(3), "{printed}");
    assert!(printed.contains("Connector s already exists"), "{printed}");
    let worker = format!("{worker}rest.extension.classes=a.B\n");
    let (code, printed) = check(&folder, &[("w.properties", &worker), files[1]]);
    assert_eq!(code, Some(2), "{printed}");
    assert!(printed.contains("(w.properties:3)"), "{printed}");
    assert!(printed.contains("not checked"), "{printed}");
}

/// Ends a process that is no child of ours, however the test ends.
struct Daemon {
    pid: i32,
}

impl Daemon {
    fn signal(&self, signal: i32) {
        // SAFETY: kill(2) takes two integers and touches no memory of ours.
        unsafe { libc::kill(self.pid, signal) };
    }

    /// A process that nobody has waited for yet counts as ended.
    fn runs(&self) -> bool {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid)).unwrap_or_default();
        let state = stat.rsplit_once(") ").map(|(_, rest)| rest.chars().next());
        !matches!(state, None | Some(Some('Z')))
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if self.runs() {
            self.signal(libc::SIGKILL);
        }
    }
}

fn a_daemon_runs_on_and_tells_its_health(ctx: &'static Ctx) {
    let kafka = ctx.kafka();
    let topic = kafka.new_topic("daemon", 1);
    let folder = scratch::dir("daemon");
    let out = folder.join("out.txt");
    let url = format!("http://127.0.0.1:{}", scratch::free_port());
    let worker = format!(
        "bootstrap.servers={}\nlisteners={url}\nkey.converter={STRING}\nvalue.converter={STRING}\n",
        kafka.bootstrap()
    );
    fs::write(folder.join("worker.properties"), worker).expect("a file");
    let sink = format!(
        "name={topic}\nconnector.class={FILE}\ntopics={topic}\nfile={}\n",
        out.display()
    );
    fs::write(folder.join("sink.properties"), sink).expect("a file");
    let healthcheck = || {
        outcome(
            Command::new(BINARY)
                .args(["healthcheck", "worker.properties"])
                .current_dir(&folder),
        )
    };
    let (code, printed) = healthcheck();
    assert_eq!(code, Some(1), "nobody listens yet: {printed}");
    assert!(printed.contains(&url), "{printed}");

    let (code, printed) = outcome(
        Command::new(link(&folder, "connect-standalone.sh"))
            .args(["-daemon", "worker.properties", "sink.properties"])
            .env("LOG_DIR", "logs")
            .current_dir(&folder),
    );
    assert_eq!(code, Some(0), "{printed}");
    let pid = printed
        .split_once("process ")
        .and_then(|(_, rest)| rest.split(';').next()?.parse().ok());
    let daemon = Daemon {
        pid: pid.unwrap_or_else(|| panic!("no process in {printed}")),
    };
    let log = || fs::read_to_string(folder.join("logs/connectStandalone.out")).unwrap_or_default();
    wait_until(PATIENCE, "a healthy daemon", || {
        assert!(daemon.runs(), "{}", log());
        healthcheck().0 == Some(0)
    });
    let message = "Worker has completed startup and is ready to handle requests.\n";
    assert_eq!(healthcheck(), (Some(0), message.to_owned()));
    kafka.produce(&topic, ["one", "two"]);
    wait_until(PATIENCE, "lines", || lines(&out) == ["one", "two"]);

    daemon.signal(libc::SIGTERM);
    wait_until(PATIENCE, "the end of the daemon", || !daemon.runs());
    assert!(log().contains("Kafka Connect stopped"), "{}", log());
    assert_eq!(healthcheck().0, Some(1));
}

fn a_folder_stands_for_its_connector_files(ctx: &'static Ctx) {
    let folder = scratch::dir("connectors");
    for name in ["b.properties", "a.json"] {
        let connector = scratch::unique("folder");
        let text = match name {
            "a.json" => format!(
                r#"{{"name": "{connector}", "connector.class": "{FILE}", "topics": "{connector}"}}"#
            ),
            _ => format!("name={connector}\nconnector.class={FILE}\ntopics={connector}\n"),
        };
        fs::write(folder.join(name), text).expect("a file");
    }
    fs::write(folder.join("README.md"), "no connector").expect("a file");
    let worker = WorkerSpec::new(Engine::Turnbuckle, ctx.kafka())
        .arg(&folder.to_string_lossy())
        .start();
    wait_until(PATIENCE, "two connectors", || {
        let answer = worker.rest().get("/connectors").expect("an answer").json();
        answer.as_array().is_some_and(|names| names.len() == 2)
    });
}
