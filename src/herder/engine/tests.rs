//! The herder's task behind its two seams: logs that others write to as well, and a membership that settles later.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use connect_api::TopicPartition;
use connect_api::config::Config;
use data_plane::kafka::memory::MemoryRecord;
use tokio::sync::{Notify, mpsc};

use super::{Engine, Parts};
use crate::config::TargetState;
use crate::herder::command::{ConfigureMode, RestartScope};
use crate::herder::membership::{Completion, Membership};
use crate::herder::state::{ConfigRecord, ConfigState, State, StatusRecord};
use crate::herder::store::{Entry, MemoryLog, Store, Ticket};
use crate::herder::tests::{
    CREATE, HANGS, InMemory, config, create, herder_with, until, wait_for, worker_with,
};
use crate::herder::{Herder, HerderError};
use crate::providers::Providers;

/// A topic: what any member appends comes to all of them in one order.
struct Topic {
    entries: mpsc::UnboundedReceiver<Entry<ConfigRecord>>,
    to_all: mpsc::UnboundedSender<Entry<ConfigRecord>>,
    tickets: u64,
}

#[async_trait]
impl Store<ConfigRecord> for Topic {
    fn append(&mut self, records: Vec<ConfigRecord>) -> Ticket {
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        for record in records {
            let _ = self.to_all.send(Entry::Record(record));
        }
        let _ = self.to_all.send(Entry::Appended(ticket, Ok(())));
        ticket
    }

    async fn next(&mut self) -> Entry<ConfigRecord> {
        match self.entries.recv().await {
            Some(entry) => entry,
            None => std::future::pending().await,
        }
    }
}

/// What the group gave this member, as the test says.
#[derive(Default)]
struct Group {
    connectors: Mutex<BTreeSet<String>>,
    tasks: Mutex<BTreeSet<(String, u32)>>,
    news: Notify,
}

impl Group {
    fn assign(&self, connectors: &[&str], tasks: &[(&str, u32)]) {
        let connectors = connectors.iter().map(|name| (*name).to_owned());
        *lock(&self.connectors) = connectors.collect();
        let tasks = tasks.iter().map(|(name, task)| ((*name).to_owned(), *task));
        *lock(&self.tasks) = tasks.collect();
        self.news.notify_one();
    }
}

struct Member(Arc<Group>);

#[async_trait]
impl Membership for Member {
    fn runs_connector(&self, name: &str) -> bool {
        lock(&self.0.connectors).contains(name)
    }

    fn runs_task(&self, name: &str, task: u32) -> bool {
        lock(&self.0.tasks).contains(&(name.to_owned(), task))
    }

    fn generation(&self) -> i32 {
        7
    }

    fn completion(&self) -> Completion {
        Completion::Written
    }

    fn configured(&mut self, _: &ConfigRecord, _: &ConfigState) {}

    async fn reassigned(&mut self) {
        self.0.news.notified().await;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A member of a group, the group, and what others write to the topic.
fn member() -> (
    Herder,
    Arc<InMemory>,
    Arc<Group>,
    mpsc::UnboundedSender<Entry<ConfigRecord>>,
) {
    let (worker, kafka) = worker_with(Providers::default());
    let group = Arc::new(Group::default());
    let (to_all, entries) = mpsc::unbounded_channel();
    let herder = Engine::start(Parts {
        worker: Arc::new(worker),
        config_store: Box::new(Topic {
            entries,
            to_all: to_all.clone(),
            tickets: 0,
        }),
        status_store: Box::new(MemoryLog::<StatusRecord>::default()),
        membership: Box::new(Member(group.clone())),
    });
    (herder, kafka, group, to_all)
}

fn stored(name: &str) -> Config {
    let entries = [
        ("name", name),
        ("connector.class", "MoodySink"),
        ("topics", "t"),
    ];
    Config::from(entries)
}

#[tokio::test]
async fn a_change_is_answered_when_written_and_runs_where_the_group_says() {
    let (herder, kafka, group, _) = member();
    let created = herder.configure("a", config(&[]), CREATE).await;
    assert!(created.is_ok_and(|c| c.created && c.info.tasks.is_empty()));
    // Nobody was told to run it.
    let status = herder.status("a").await;
    let none = HerderError::NotFound("No status found for connector a".to_owned());
    assert_eq!(status, Err(none));
    assert_eq!(kafka.open_members(), 0);

    group.assign(&["a"], &[]);
    let status = wait_for(&herder, "a", &[State::Running]).await;
    assert_eq!(status.connector.generation, 7);
    // Its tasks are configured, and are another's so far.
    until("the tasks are configured", async || {
        herder.tasks("a").await.is_ok_and(|tasks| tasks.len() == 1)
    })
    .await;
    group.assign(&["a"], &[("a", 0)]);
    wait_for(&herder, "a", &[State::Running; 2]).await;

    // The connector goes to another member, the task stays.
    group.assign(&[], &[("a", 0)]);
    wait_for(&herder, "a", &[State::Unassigned, State::Running]).await;
    group.assign(&[], &[]);
    wait_for(&herder, "a", &[State::Unassigned; 2]).await;
    assert_eq!(kafka.open_members(), 0);
}

#[tokio::test]
async fn what_others_write_is_acted_upon() {
    let (herder, kafka, group, others) = member();
    group.assign(&["a"], &[("a", 0)]);
    let write = |record| drop(others.send(Entry::Record(record)));
    let name = || "a".to_owned();
    write(ConfigRecord::Connector {
        name: name(),
        config: Some(stored("a")),
    });
    wait_for(&herder, "a", &[State::Running; 2]).await;
    write(ConfigRecord::Target {
        name: name(),
        state: Some(TargetState::Paused),
    });
    wait_for(&herder, "a", &[State::Paused; 2]).await;
    write(ConfigRecord::Target {
        name: name(),
        state: None,
    });
    wait_for(&herder, "a", &[State::Running; 2]).await;
    let before = kafka.members();
    write(ConfigRecord::Restart {
        name: name(),
        scope: RestartScope {
            include_tasks: true,
            only_failed: false,
        },
    });
    until("the task is started anew", async || {
        kafka.members() > before
    })
    .await;
    wait_for(&herder, "a", &[State::Running; 2]).await;
    write(ConfigRecord::Connector {
        name: name(),
        config: None,
    });
    until("nothing is left", async || {
        herder.status("a").await.is_err() && kafka.open_members() == 0
    })
    .await;
}

#[tokio::test]
async fn topics_are_told_once_they_have_records_until_they_are_reset() {
    let (herder, kafka) = herder_with(Providers::default());
    create(&herder, "a", &[]).await;
    wait_for(&herder, "a", &[State::Running; 2]).await;
    assert_eq!(herder.topics("a").await, Ok(Vec::new()));
    kafka.assign_last(&[TopicPartition::new("t", 0)]);
    let told = async || herder.topics("a").await == Ok(vec!["t".to_owned()]);
    kafka.append("t", MemoryRecord::value("1"));
    until("the topic is told", told).await;

    assert_eq!(herder.reset_topics("a").await, Ok(()));
    assert_eq!(herder.topics("a").await, Ok(Vec::new()));
    kafka.append("t", MemoryRecord::value("2"));
    until("the topic is told again", told).await;

    assert_eq!(herder.delete("a").await, Ok(()));
    assert_eq!(herder.topics("a").await, Ok(Vec::new()));
    assert_eq!(herder.reset_topics("a").await, Ok(()));
}

/// Time passes only when the test says so.
#[tokio::test(start_paused = true)]
async fn what_hangs_is_given_up_with_its_stage_and_holds_up_nobody() {
    let _hanging = Hanging;
    let (herder, _) = herder_with(Providers::default());
    let asked = |name: &'static str, mood: &'static str| {
        let herder = herder.clone();
        let raw = config(&[("name", name), ("mood", mood)]);
        tokio::spawn(async move {
            let mode = ConfigureMode::CreateOrUpdate;
            herder.configure(name, raw, mode).await.map(drop)
        })
    };
    let validating = asked("v", "hangs when made");
    let starting = asked("s", "hangs for task configs");
    until_now(async || herder.info("s").await.is_ok()).await;
    assert_eq!(herder.ping().await, Ok(()));
    create(&herder, "good", &[]).await;
    assert_eq!(herder.names().await.map(|names| names.len()), Ok(2));

    tokio::time::advance(Duration::from_secs(91)).await;
    for (request, stage, end) in [
        (
            validating,
            "validating sink connector-specific properties for the connector",
            "Z",
        ),
        (starting, "starting connector s", "Z."),
    ] {
        let error = request.await.expect("an answer").expect_err("given up");
        let text = error.to_string();
        let begin = format!("Request timed out. The worker is currently {stage}, which began at ");
        assert!(text.starts_with(&begin) && text.ends_with(end), "{text}");
    }
}

/// Lets what hangs go on at the end, or the runtime would wait for it.
struct Hanging;

impl Drop for Hanging {
    fn drop(&mut self) {
        HANGS.store(false, Ordering::Relaxed);
    }
}

/// Lets everything else run until it is so, without time passing.
async fn until_now(condition: impl AsyncFn() -> bool) {
    while !condition().await {
        tokio::task::yield_now().await;
        std::thread::yield_now();
    }
}
