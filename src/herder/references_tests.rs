//! Configurations with references to configuration providers.

use std::fs;
use std::path::{Path, PathBuf};

use connect_api::config::Config;

use super::HerderError;
use super::command::{ConfigureMode, RestartScope};
use super::state::State;
use super::tests::{config, create, herder_with, wait_for};
use crate::providers::{Providers, Variables};

const FILE: &str = "org.apache.kafka.common.config.provider.FileConfigProvider";

/// A folder with a file of secrets, and a provider `file` that may read it.
struct Vault {
    dir: PathBuf,
}

impl Vault {
    fn new(name: &str, text: &str) -> Self {
        let dir = std::env::temp_dir().join(format!("turnbuckle-{name}-{}", std::process::id()));
        fs::create_dir_all(&dir).expect("a folder");
        let vault = Self { dir };
        fs::write(vault.file(), text).expect("a file");
        vault
    }

    fn file(&self) -> PathBuf {
        self.dir.join("secrets.properties")
    }

    fn reference(&self, key: &str) -> String {
        format!("${{file:{}:{key}}}", self.file().display())
    }

    fn providers(&self) -> Providers {
        let mut providers = Providers::default();
        let allowed = Config::from([("allowed.paths", self.dir.to_string_lossy())]);
        providers
            .configure("file", FILE, &allowed, &Variables::new())
            .expect("a provider");
        providers
    }
}

impl Drop for Vault {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.dir);
    }
}

#[tokio::test]
async fn what_is_stored_keeps_references_and_what_runs_does_not() {
    let vault = Vault::new("stored", "mood=fails\n");
    let (herder, _) = herder_with(vault.providers());
    let mood = vault.reference("mood");
    create(&herder, "a", &[("mood", &mood)]).await;
    // The task could only fail with what the reference stands for.
    let status = wait_for(&herder, "a", &[State::Running, State::Failed]).await;
    let trace = status.tasks[&0].trace.clone().unwrap_or_default();
    assert!(trace.contains("no luck"), "{trace}");
    let info = herder.info("a").await.expect("info");
    assert_eq!(info.config.get("mood"), Some(mood.as_str()));
    let tasks = herder.tasks("a").await.expect("tasks");
    assert_eq!(tasks[0].get("mood"), Some(mood.as_str()));

    // A restarted task sees what the reference stands for by then.
    fs::write(vault.file(), "mood=good\n").expect("a file");
    assert_eq!(herder.restart_task("a", 0).await, Ok(()));
    wait_for(&herder, "a", &[State::Running; 2]).await;
}

#[tokio::test]
async fn answers_show_references_and_never_what_they_stand_for() {
    let vault = Vault::new("answers", "n=many-secrets\nmood=panic when made\n");
    let (herder, _) = herder_with(vault.providers());
    let (number, mood) = (vault.reference("n"), vault.reference("mood"));
    let raw = config(&[("tasks.max", &number), ("mood", &mood)]);
    let infos = herder.validate(&raw).await.expect("an answer");
    let info = |key: &str| {
        let found = infos.configs.iter().find(|info| info.name() == key);
        found.expect(key).value.clone()
    };
    assert_eq!(info("mood").value, Some(mood));
    assert_eq!(
        info("tasks.max").errors[0],
        format!("Invalid value {number} for configuration tasks.max: Not a number of type INT")
    );
    let refused = herder
        .configure("a", raw, ConfigureMode::CreateOrUpdate)
        .await;
    let text = refused.map(drop).expect_err("refused").to_string();
    assert!(
        text.contains(&number) && !text.contains("many-secrets"),
        "{text}"
    );
}

#[tokio::test]
async fn a_file_that_cannot_be_read_refuses_a_request_and_fails_a_restart() {
    let vault = Vault::new("unread", "mood=good\n");
    let (herder, _) = herder_with(vault.providers());
    let mood = vault.reference("mood");
    create(&herder, "a", &[("mood", &mood)]).await;
    wait_for(&herder, "a", &[State::Running; 2]).await;
    fs::remove_file(vault.file()).expect("removed");
    let why = format!(
        "Could not read properties from file {}",
        vault.file().display()
    );
    let raw = config(&[("mood", &mood)]);
    match herder.validate(&raw).await {
        Err(HerderError::Provider(error)) => assert_eq!(error.message, why),
        other => panic!("{other:?}"),
    }
    // The connector says why; its task goes on with what it has.
    let scope = RestartScope::default();
    herder.restart("a", scope).await.expect("an answer");
    let status = wait_for(&herder, "a", &[State::Failed, State::Running]).await;
    let trace = status.connector.trace.unwrap_or_default();
    assert_eq!(
        trace.trim_end(),
        format!("org.apache.kafka.common.config.ConfigException: {why}")
    );
    fs::write(vault.file(), "mood=good\n").expect("a file");
    herder.restart("a", scope).await.expect("an answer");
    wait_for(&herder, "a", &[State::Running; 2]).await;
}

#[tokio::test]
async fn a_reference_that_no_provider_has_stays_a_text() {
    let vault = Vault::new("text", "");
    let (herder, _) = herder_with(vault.providers());
    let outside = Path::new("/etc/hostname").display();
    let mood = format!(
        "${{vault:x:y}}${{file:{outside}:a}}{}",
        vault.reference("b")
    );
    let raw = config(&[("name", "a"), ("mood", &mood)]);
    let infos = herder.validate(&raw).await;
    assert_eq!(infos.map(|infos| infos.error_count), Ok(0));
    create(&herder, "a", &[("mood", &mood)]).await;
    wait_for(&herder, "a", &[State::Running; 2]).await;
}
