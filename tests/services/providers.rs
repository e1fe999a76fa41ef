//! References to configuration providers, in the worker's file and in connectors' configurations.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::support::kafka::Record;
use crate::support::{Ctx, Engine, Need, Worker, WorkerSpec, scratch, wait_until};

const PATIENCE: Duration = Duration::from_secs(30);
const SECRET: &str = "hunter2-of-the-vault";
const PROVIDER: &str = "org.apache.kafka.common.config.provider.";

pub fn tests(ctx: &'static Ctx) -> Vec<Trial> {
    let kafka = &[Need::Kafka];
    vec![
        ctx.trial(
            kafka,
            "providers::jvm_worker_resolves_references_and_keeps_them_stored",
            |ctx| resolves_references(ctx, Engine::Jvm),
        ),
        ctx.trial(
            kafka,
            "providers::resolves_references_and_keeps_them_stored",
            |ctx| resolves_references(ctx, Engine::Turnbuckle),
        ),
        ctx.trial(
            kafka,
            "providers::what_references_stand_for_is_never_shown",
            what_references_stand_for_is_never_shown,
        ),
        ctx.trial(
            kafka,
            "providers::a_connector_restarts_by_itself_when_a_secret_has_changed",
            a_connector_restarts_by_itself_when_a_secret_has_changed,
        ),
        ctx.trial(
            &[],
            "providers::check_and_preview_resolve_references_and_show_none",
            check_and_preview_resolve_references_and_show_none,
        ),
        ctx.trial(
            &[],
            "providers::a_provider_that_cannot_be_made_ends_the_worker_with_2",
            a_provider_that_cannot_be_made_ends_the_worker_with_2,
        ),
    ]
}

/// A properties file with secrets in a folder that the provider `file` may read.
struct Vault(PathBuf);

impl Vault {
    fn new(lines: &[(&str, &str)]) -> Vault {
        let dir = scratch::dir("vault");
        let text: String = lines.iter().map(|(k, v)| format!("{k}={v}\n")).collect();
        fs::write(dir.join("secrets.properties"), text).unwrap();
        Vault(dir)
    }

    fn reference(&self, key: &str) -> String {
        let file = self.0.join("secrets.properties");
        format!("${{file:{}:{key}}}", file.display())
    }
}

/// Providers `file` and `env`; the worker's value converter is itself a reference.
fn worker(ctx: &'static Ctx, engine: Engine, vault: &Path) -> Worker {
    WorkerSpec::new(engine, ctx.kafka())
        .set("config.providers", "file,env")
        .set(
            "config.providers.file.class",
            &format!("{PROVIDER}FileConfigProvider"),
        )
        .set(
            "config.providers.file.param.allowed.paths",
            &vault.to_string_lossy(),
        )
        .set("config.providers.env.class", "EnvVarConfigProvider")
        .set("config.providers.env.param.allowlist.pattern", "VAULT_.*")
        .set(
            "value.converter",
            "org.apache.kafka.connect.storage.${env:VAULT_CONVERTER}",
        )
        .env("VAULT_CONVERTER", "StringConverter")
        .start()
}

fn resolves_references(ctx: &'static Ctx, engine: Engine) {
    let topic = ctx.kafka().new_topic("vault", 1);
    let out = scratch::dir("vault-out").join("out.txt");
    let vault = Vault::new(&[
        ("topic", &topic),
        ("folder", &out.parent().unwrap().to_string_lossy()),
    ]);
    let worker = worker(ctx, engine, &vault.0);
    ctx.kafka().produce(&topic, [Record::value("one")]);
    let config = json!({
        "connector.class": "FileStreamSink",
        "tasks.max": "1",
        "topics": vault.reference("topic"),
        "file": format!("{}/out.txt", vault.reference("folder")),
        "x.unknown": "${env:PATH}${vault:a:b}",
    });
    worker.run_connector(&topic, &config);
    ctx.kafka()
        .wait_drained(&format!("connect-{topic}"), &topic, PATIENCE);
    assert_eq!(fs::read_to_string(&out).unwrap(), "one\n");

    let stored = worker
        .rest()
        .get(&format!("/connectors/{topic}/config"))
        .unwrap()
        .json();
    let tasks = worker
        .rest()
        .get(&format!("/connectors/{topic}/tasks"))
        .unwrap()
        .json();
    for key in ["topics", "file", "x.unknown"] {
        assert_eq!(stored[key], config[key], "{key}");
        assert_eq!(tasks[0]["config"][key], config[key], "{key}");
    }
    // A file outside of allowed.paths is as if it had nothing; a missing one is refused.
    for (file, status) in [("/etc/hostname", 200), ("/missing", 500)] {
        let file = match status {
            500 => format!("{}{file}", vault.0.display()),
            _ => file.to_owned(),
        };
        let mut other = config.clone();
        other["file"] = json!(format!(
            "{}/${{file:{file}:k}}",
            out.parent().unwrap().display()
        ));
        other["name"] = json!("other");
        let path = "/connector-plugins/FileStreamSink/config/validate";
        let answer = worker.rest().put(path, &other).unwrap();
        assert_eq!(answer.status, status, "{}", answer.text());
        if status == 500 {
            let why = format!(
                "org.apache.kafka.common.config.ConfigException: Could not read properties from file {file}"
            );
            assert_eq!(answer.json()["message"], Value::String(why));
        }
    }
    worker.delete_connector(&topic);
}

fn a_connector_restarts_by_itself_when_a_secret_has_changed(ctx: &'static Ctx) {
    let dir = scratch::dir("vault-ttl");
    let place = |name: &str| dir.join(name).to_string_lossy().into_owned();
    let vault = Vault::new(&[("out", &place("before"))]);
    let worker = WorkerSpec::new(Engine::Turnbuckle, ctx.kafka())
        .set("config.providers", "file")
        .set("config.providers.file.class", "FileConfigProvider")
        .set("config.providers.file.param.ttl.ms", "1000")
        .start();
    let topics = ["reloads", "stays"].map(|name| ctx.kafka().new_topic(name, 1));
    for (topic, action) in topics.iter().zip(["restart", "none"]) {
        let config = json!({
            "connector.class": "FileStreamSink",
            "topics": topic,
            "value.converter": "org.apache.kafka.connect.storage.StringConverter",
            "file": format!("{}-{action}", vault.reference("out")),
            "config.action.reload": action,
        });
        ctx.kafka().produce(topic, [Record::value("one")]);
        worker.run_connector(topic, &config);
        ctx.kafka()
            .wait_drained(&format!("connect-{topic}"), topic, PATIENCE);
    }
    let text = format!("out={}\n", place("after"));
    fs::write(vault.0.join("secrets.properties"), text).unwrap();
    // The connector opens the new file when it restarts; the old one has what was written before.
    wait_until(PATIENCE, "the new file is there", || {
        dir.join("after-restart").exists()
    });
    for topic in &topics {
        ctx.kafka().produce(topic, [Record::value("two")]);
        ctx.kafka()
            .wait_drained(&format!("connect-{topic}"), topic, PATIENCE);
    }
    let read = |name: &str| fs::read_to_string(dir.join(name)).unwrap();
    assert_eq!(read("before-restart"), "one\n");
    assert_eq!(read("after-restart"), "two\n");
    assert_eq!(read("before-none"), "one\ntwo\n");
    assert!(!dir.join("after-none").exists());
    for topic in &topics {
        worker.delete_connector(topic);
    }
}

fn what_references_stand_for_is_never_shown(ctx: &'static Ctx) {
    let topic = ctx.kafka().new_topic("hidden", 1);
    let vault = Vault::new(&[("secret", SECRET)]);
    let worker = worker(ctx, Engine::Turnbuckle, &vault.0);
    let secret = vault.reference("secret");
    let dir = scratch::dir("hidden-out");
    let mut said = String::new();
    // It runs with it, it is refused because of it, it fails with it.
    for (name, key, value) in [
        ("runs", "consumer.override.client.rack", secret.clone()),
        ("refused", "tasks.max", secret.clone()),
        (
            "fails",
            "file",
            format!("{}/{secret}/no/folder", dir.display()),
        ),
        (
            "client",
            "consumer.override.fetch.min.bytes",
            secret.clone(),
        ),
        ("class", "connector.class", secret.clone()),
        ("transform", "transforms.t.type", secret.clone()),
    ] {
        let mut config = json!({
            "connector.class": "FileStreamSink",
            "tasks.max": "1",
            "topics": topic,
            "file": dir.join("out.txt"),
        });
        config[key] = json!(value);
        if name == "transform" {
            config["transforms"] = json!("t");
        }
        let put = worker
            .rest()
            .put(&format!("/connectors/{name}/config"), &config)
            .unwrap();
        said += &put.text();
        let path = format!("/connector-plugins/{}/config/validate", "FileStreamSink");
        if name != "class" {
            config["name"] = json!(name);
            said += &worker.rest().put(&path, &config).unwrap().text();
        }
        if put.status == 201 {
            let state = if name == "runs" { "RUNNING" } else { "FAILED" };
            worker.wait_state(name, state, PATIENCE);
        }
    }
    for path in [
        "/connectors?expand=info&expand=status",
        "/connectors/runs/tasks",
    ] {
        said += &worker.rest().get(path).unwrap().text();
    }
    assert!(said.contains(&secret.replace('"', "\\\"")), "{said}");
    assert!(said.contains("\"FAILED\""), "{said}");
    assert!(!said.contains(SECRET), "{said}");
    assert!(!worker.log().contains(SECRET), "{}", worker.log());
}

fn check_and_preview_resolve_references_and_show_none(_: &'static Ctx) {
    let vault = Vault::new(&[("class", "FileStreamSink"), ("secret", SECRET)]);
    let converter = "org.apache.kafka.connect.storage.StringConverter";
    let worker = vault.0.join("worker.properties");
    let lines = format!(
        "config.providers=file\nconfig.providers.file.class=FileConfigProvider\n\
         key.converter={converter}\nvalue.converter={converter}\n"
    );
    fs::write(&worker, lines).unwrap();
    let connector = vault.0.join("connector.properties");
    let run = |more: &str, args: &[&str]| {
        let class = vault.reference("class");
        let lines = format!("name=c\nconnector.class={class}\ntopics=t\n{more}\n");
        fs::write(&connector, lines).unwrap();
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_turnbuckle"));
        let output = command.args(args).output().unwrap();
        let printed = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        assert!(!printed.contains(SECRET), "{printed}");
        (output.status.code(), printed)
    };
    let (secret, missing) = (vault.reference("secret"), vault.reference("missing"));
    let (worker, connector) = (worker.to_string_lossy(), connector.to_string_lossy());
    let check = ["check", &worker, &connector];
    let (code, printed) = run(&format!("file=/tmp/{secret}{missing}"), &check);
    assert_eq!(code, Some(0), "{printed}");
    let note = format!("file – no configuration provider has {missing}; it stays as it is");
    assert!(printed.contains(&note), "{printed}");
    let (code, printed) = run(&format!("tasks.max={secret}"), &check);
    assert_eq!(code, Some(3), "{printed}");
    let error = format!("Invalid value {secret} for configuration tasks.max");
    assert!(printed.contains(&error), "{printed}");

    let preview = [
        "preview",
        &connector,
        "--worker",
        &worker,
        "--input",
        "/dev/null",
    ];
    let (code, printed) = run("", &[&preview[..], &["--statements"]].concat());
    assert_eq!(code, Some(0), "{printed}");
    for form in [&[] as &[&str], &["--json"]] {
        let args = [&preview[..], form].concat();
        let (code, printed) = run(&format!("errors.tolerance={secret}"), &args);
        assert_eq!(code, Some(2), "{printed}");
        assert!(printed.contains("Invalid value ${file:"), "{printed}");
    }
}

fn a_provider_that_cannot_be_made_ends_the_worker_with_2(_: &'static Ctx) {
    let dir = scratch::dir("no-provider");
    for (line, expected) in [
        (
            "config.providers.p.class=com.acme.Vault",
            "Invalid value com.acme.Vault for configuration config.providers.p.class: Could not load config provider class or one of its dependencies",
        ),
        (
            "config.providers.p.class=File\nconfig.providers.p.param.allowed.paths=relative",
            "Path relative is not absolute",
        ),
        (
            "config.providers.p.class=Env\\\nVar\nconfig.providers.p.param.allowlist.pattern=(",
            "Invalid value ( for configuration allowlist.pattern",
        ),
        (
            "config.providers.p.class=File\nkey.converter=${p:/no/such/file:k}",
            "Could not read properties from file /no/such/file",
        ),
    ] {
        let file = dir.join("worker.properties");
        fs::write(&file, format!("config.providers=p\n{line}\n")).unwrap();
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_turnbuckle"))
            .arg("standalone")
            .arg(&file)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{line}");
        let log = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        assert!(log.contains(expected), "{line}: {log}");
        if !line.contains("/no/such") {
            assert!(log.contains("worker.properties:2"), "{line}: {log}");
        }
    }
}
