//! The suite against a sink in memory: a sound one passes, and each flaw is found by the check that is there for it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

use async_trait::async_trait;
use connect_api::ConnectError;
use connect_api::config::{
    Config, ConfigDef, ConfigErrors, ConfigReader, Importance, Key, Password,
};
use connect_api::data::Value;
use connect_api::plugin::{Plugin, PluginDescriptor};
use connect_api::record::{RecordSlice, SinkRecord, TopicPartition};
use connect_api::sink::{PutReport, SinkConnector, SinkTask, SinkTaskContext};
use connect_testkit::{FaultBy, Outcome, SinkUnderTest, TargetFault, assert_keys_are_read, run};

const STORE: Key<String> = Key::required("store", Importance::High, "Name of the store.");
const FLAW: Key<String> = Key::new("flaw", "none", Importance::Low, "What the sink does wrong.");
const SECRET: Key<Password> = Key::new("secret", "", Importance::Low, "Opens the store.");
const SIZE: Key<i32> = Key::new("size", "1", Importance::Low, "A number.").at_least(1);

/// Stores by name: what is in them, and whether they answer.
static STORES: LazyLock<Mutex<HashMap<String, Store>>> = LazyLock::new(Mutex::default);

#[derive(Default)]
struct Store {
    items: Vec<u64>,
    is_down: bool,
}

fn with<T>(name: &str, f: impl FnOnce(&mut Store) -> T) -> T {
    f(STORES.lock().unwrap().entry(name.to_owned()).or_default())
}

static MEMORY: PluginDescriptor = PluginDescriptor {
    class: "test.MemorySinkConnector",
    aliases: &[],
    version: "1",
    config_def: || {
        ConfigDef::new()
            .define(&STORE)
            .define(&FLAW)
            .define(&SECRET)
            .define(&SIZE)
    },
    plugin: Plugin::Sink(new),
};

fn new(config: &ConfigReader<'_>) -> Result<Box<dyn SinkConnector>, ConfigErrors> {
    let sink = MemorySink {
        store: config.get(&STORE),
        flaw: config.get(&FLAW),
        config: config.config().clone(),
    };
    if config.get(&SIZE) == 0 && sink.flaw == "prints secrets" {
        config.error(
            "size",
            format!("no room in {}", config.get(&SECRET).reveal()),
        );
    }
    config.get(&SECRET);
    config.finish(Box::new(sink))
}

#[derive(Clone)]
struct MemorySink {
    store: String,
    flaw: String,
    config: Config,
}

impl SinkConnector for MemorySink {
    fn task_configs(&self, max_tasks: usize) -> Result<Vec<Config>, ConnectError> {
        Ok(vec![self.config.clone(); max_tasks])
    }

    fn task(&self) -> Box<dyn SinkTask> {
        Box::new(self.clone())
    }
}

#[async_trait]
impl SinkTask for MemorySink {
    async fn start(&mut self, _: &Config, _: &SinkTaskContext) -> Result<(), ConnectError> {
        if with(&self.store, |s| s.is_down) {
            return Err(ConnectError::unavailable("the store is down"));
        }
        Ok(())
    }

    /// Good records are numbers, bad ones texts; written one by one until a bad one comes.
    async fn put(&mut self, records: RecordSlice) -> PutReport {
        let flaw = self.flaw.as_str();
        with(&self.store, |store| {
            if store.is_down {
                return PutReport::failed(match flaw {
                    "blames records for an outage" => ConnectError::data("no answer"),
                    _ => ConnectError::unavailable("the store is down"),
                });
            }
            let before = store.items.len();
            let mut applied = Vec::new();
            for (i, record) in records.iter().enumerate() {
                match &record.value {
                    Value::Int64(item) => {
                        let item = *item as u64;
                        let is_new = !store.items.contains(&item);
                        if is_new || flaw == "doubles" {
                            store.items.push(item);
                        }
                        applied.push(i);
                    }
                    Value::Null => applied.push(i),
                    _ => {
                        let error = match flaw {
                            "ends at a bad record" => ConnectError::fatal("bad"),
                            _ => ConnectError::data("not a number"),
                        };
                        if flaw == "forgets what it wrote" {
                            store.items.truncate(before);
                        }
                        if flaw == "writes bad records" {
                            store.items.push(record.offset() as u64);
                        }
                        return PutReport::partly(applied, error, vec![i]);
                    }
                }
            }
            PutReport::all()
        })
    }

    async fn stop(&mut self) {}
}

struct Suite {
    store: String,
    flaw: &'static str,
}

#[async_trait]
impl SinkUnderTest for Suite {
    fn plugin(&self) -> &'static PluginDescriptor {
        &MEMORY
    }

    fn config(&self) -> Config {
        Config::from([
            ("store", self.store.as_str()),
            ("flaw", self.flaw),
            ("secret", "open sesame"),
        ])
    }

    fn good(&self, origin: &Arc<TopicPartition>, offset: i64, item: u64) -> SinkRecord {
        let mut record = SinkRecord::new(origin.clone(), offset);
        record.value = Value::Int64(item as i64);
        record
    }

    fn bad(&self, origin: &Arc<TopicPartition>, offset: i64, _: u64) -> Option<SinkRecord> {
        let mut record = SinkRecord::new(origin.clone(), offset);
        record.value = Value::from("bad");
        Some(record)
    }

    async fn items(&mut self) -> Vec<u64> {
        with(&self.store, |s| s.items.clone())
    }

    async fn reset(&mut self) {
        with(&self.store, |s| *s = Store::default());
    }

    fn is_idempotent(&self) -> bool {
        true
    }

    fn fault(&mut self) -> Option<Box<dyn TargetFault>> {
        let (down, up) = (self.store.clone(), self.store.clone());
        Some(Box::new(FaultBy {
            down: move || {
                with(&down, |s| s.is_down = true);
                std::future::ready(())
            },
            up: move || {
                with(&up, |s| s.is_down = false);
                std::future::ready(())
            },
        }))
    }

    fn secrets(&self) -> Vec<String> {
        vec!["open sesame".to_owned()]
    }
}

fn suite(flaw: &'static str) -> Suite {
    Suite {
        store: flaw.to_owned(),
        flaw,
    }
}

#[tokio::test]
async fn a_sound_sink_passes() {
    let results = run(&mut suite("none")).await;
    let skipped: Vec<&str> = results
        .iter()
        .filter(|r| r.outcome != Outcome::Passed)
        .map(|r| r.name)
        .collect();
    assert_eq!(skipped, ["stop after a failed start"]);
}

/// The message of the check that failed.
async fn failure(flaw: &'static str) -> String {
    let failed = tokio::task::spawn_blocking(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(run(&mut suite(flaw)));
    });
    let panic = failed.await.unwrap_err().into_panic();
    *panic.downcast::<String>().unwrap()
}

#[tokio::test]
async fn each_flaw_is_found_by_its_check() {
    for (flaw, check) in [
        ("blames records for an outage", "target down while running"),
        ("ends at a bad record", "one bad record among good ones"),
        ("forgets what it wrote", "one bad record among good ones"),
        ("writes bad records", "one bad record among good ones"),
        ("doubles", "replay after a crash"),
        ("prints secrets", "secrets are never printed"),
    ] {
        let message = failure(flaw).await;
        assert!(message.contains(check), "{flaw}: {message}");
    }
}

#[test]
fn every_key_is_read() {
    assert_keys_are_read(&MEMORY, &Config::from([("store", "keys")]));
}

#[test]
#[should_panic(expected = "never reads: [\"ignored\"]")]
fn a_key_that_is_not_read_is_found() {
    const IGNORED: Key<String> = Key::new("ignored", "", Importance::Low, "Nothing.");
    let plugin = PluginDescriptor {
        config_def: || (MEMORY.config_def)().define(&IGNORED),
        ..MEMORY
    };
    assert_keys_are_read(&plugin, &Config::from([("store", "keys")]));
}
