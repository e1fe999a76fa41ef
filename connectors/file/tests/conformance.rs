//! The sink conformance suite on a file of the temporary folder.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use connect_api::config::Config;
use connect_api::data::Value;
use connect_api::plugin::PluginDescriptor;
use connect_api::record::{SinkRecord, TopicPartition};
use connect_testkit::{Outcome, SinkUnderTest, assert_keys_are_read, run};
use connector_file::PLUGIN;

struct FileSink {
    path: PathBuf,
}

impl FileSink {
    fn new(name: &str) -> Self {
        let name = format!("turnbuckle-{name}-{}", std::process::id());
        Self {
            path: std::env::temp_dir().join(name),
        }
    }
}

impl Drop for FileSink {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

#[async_trait]
impl SinkUnderTest for FileSink {
    fn plugin(&self) -> &'static PluginDescriptor {
        &PLUGIN
    }

    fn config(&self) -> Config {
        Config::from([("file", self.path.display().to_string())])
    }

    fn good(&self, origin: &Arc<TopicPartition>, offset: i64, item: u64) -> SinkRecord {
        let mut record = SinkRecord::new(origin.clone(), offset);
        record.value = Value::Int64(item as i64);
        record
    }

    async fn items(&mut self) -> Vec<u64> {
        let lines = fs::read_to_string(&self.path).unwrap_or_default();
        lines.lines().filter_map(|line| line.parse().ok()).collect()
    }

    async fn reset(&mut self) {
        let _ = fs::remove_file(&self.path);
    }

    fn is_idempotent(&self) -> bool {
        false
    }

    fn unstartable(&self) -> Option<Config> {
        Some(Config::from([("file", "/nonexistent/folder/file")]))
    }
}

#[tokio::test]
async fn conformance() {
    let results = run(&mut FileSink::new("conformance")).await;
    for result in &results {
        println!("{}: {:?}", result.name, result.outcome);
    }
    let passed = results.iter().filter(|r| r.outcome == Outcome::Passed);
    assert_eq!(passed.count(), 10);
}

#[test]
fn defined_keys_are_read() {
    assert_keys_are_read(&PLUGIN, &Config::new());
}
