//! The herder with tasks on an in-memory cluster.

use std::future::pending;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use connect_api::config::{Config, ConfigDef, Importance, Key};
use connect_api::plugin::{Plugin, PluginDescriptor};
use connect_api::sink::{PutReport, SinkConnector, SinkTask, SinkTaskContext};
use connect_api::{ConnectError, RecordSlice, TopicPartition};
use data_plane::kafka::client_keys::ClientSettings;
use data_plane::kafka::memory::{Member, MemoryCluster, MemoryDeadLetters, MemoryRecord};
use data_plane::kafka::{DeadLetterTopic, GroupAdmin, GroupConsumer};

use super::command::{ConfigureMode, ConnectorStatus, RestartScope};
use super::state::State;
use super::validation::{RawConfig, refusal};
use super::{Herder, HerderError, standalone};
use crate::config::connector::DeadLetters;
use crate::config::environment::Environment;
use crate::config::layers::{WorkerFile, layered};
use crate::config::topics::Topics;
use crate::config::worker::key_report;
use crate::config::{TargetState, WorkerConfig, connector_file, properties};
use crate::plugins::Plugins;
use crate::providers::{Providers, Secrets};
use crate::worker::{Kafka, Worker};

const MOOD: Key<String> = Key::new("mood", "good", Importance::High, "How the sink behaves.");

static SINK: PluginDescriptor = PluginDescriptor {
    class: "test.MoodySinkConnector",
    aliases: &[],
    version: "7",
    config_def: || ConfigDef::new().define(&MOOD),
    plugin: Plugin::Sink(|reader| {
        let mood = reader.get(&MOOD);
        assert_ne!(mood, "panic when made", "as configured");
        hang_if(mood == "hangs when made");
        let config = reader.config().clone();
        reader.finish(Box::new(Moody { mood, config }) as Box<dyn SinkConnector>)
    }),
};

/// Who is to hang hangs until this is false.
pub(super) static HANGS: AtomicBool = AtomicBool::new(true);

fn hang_if(hangs: bool) {
    while hangs && HANGS.load(Ordering::Relaxed) {
        std::thread::park_timeout(Duration::from_millis(5));
    }
}

struct Moody {
    mood: String,
    config: Config,
}

impl SinkConnector for Moody {
    fn task_configs(&self, max_tasks: usize) -> Result<Vec<Config>, ConnectError> {
        hang_if(self.mood == "hangs for task configs");
        match self.mood.as_str() {
            "no tasks" => Err(ConnectError::fatal("no tasks today")),
            "too many" => Ok(vec![self.config.clone(); max_tasks + 1]),
            _ => Ok(vec![self.config.clone(); max_tasks]),
        }
    }

    fn task(&self) -> Box<dyn SinkTask> {
        assert_ne!(self.mood, "panic for tasks", "as configured");
        Box::new(MoodyTask(self.mood.clone()))
    }
}

struct MoodyTask(String);

#[async_trait]
impl SinkTask for MoodyTask {
    async fn start(&mut self, config: &Config, _: &SinkTaskContext) -> Result<(), ConnectError> {
        assert_eq!(config.get("task.class"), Some("test.MoodySinkTask"));
        match self.0.as_str() {
            "fails" => Err(ConnectError::fatal("no luck")),
            "hangs" => pending().await,
            _ => Ok(()),
        }
    }

    async fn put(&mut self, _: RecordSlice) -> PutReport {
        PutReport::all()
    }

    async fn stop(&mut self) {}
}

#[derive(Default)]
pub(super) struct InMemory {
    cluster: MemoryCluster,
    members: Mutex<Vec<Member>>,
}

impl InMemory {
    pub(super) fn open_members(&self) -> usize {
        let members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        members.iter().filter(|member| !member.is_closed()).count()
    }

    /// Those that have been made so far.
    pub(super) fn members(&self) -> usize {
        let members = self.members.lock();
        members.unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Gives partitions to the member that was made last.
    pub(super) fn assign_last(&self, partitions: &[TopicPartition]) {
        let members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        members.last().expect("a member").assign(partitions);
    }

    pub(super) fn append(&self, topic: &str, record: MemoryRecord) {
        self.cluster.append(topic, 0, record);
    }
}

impl Kafka for InMemory {
    fn consumer(
        &self,
        settings: ClientSettings,
        _: &Topics,
        _: usize,
    ) -> Result<Box<dyn GroupConsumer>, ConnectError> {
        let (consumer, member) = self.cluster.member(settings.group());
        self.members
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(member);
        Ok(Box::new(consumer))
    }

    fn dead_letter_topic(
        &self,
        _: ClientSettings,
        _: ClientSettings,
        _: &DeadLetters,
    ) -> Result<Arc<dyn DeadLetterTopic>, ConnectError> {
        Ok(Arc::new(MemoryDeadLetters::new()))
    }

    fn group_admin(&self, _: ClientSettings) -> Result<Box<dyn GroupAdmin>, ConnectError> {
        Ok(Box::new(self.cluster.clone()))
    }
}

fn herder() -> (Herder, Arc<InMemory>) {
    herder_with(Providers::default())
}

pub(super) fn herder_with(providers: Providers) -> (Herder, Arc<InMemory>) {
    let (worker, kafka) = worker_with(providers);
    (standalone::start(Arc::new(worker)), kafka)
}

pub(super) fn worker_with(providers: Providers) -> (Worker, Arc<InMemory>) {
    let string = "org.apache.kafka.connect.storage.StringConverter";
    let text = format!(
        "key.converter={string}\nvalue.converter={string}\ntask.shutdown.graceful.timeout.ms=300\n"
    );
    let file = WorkerFile {
        path: "w".to_owned(),
        properties: properties::parse(&text).expect("properties"),
    };
    let layers = layered(&file, &Environment::default(), &[]).expect("layers of text");
    let kafka = Arc::new(InMemory::default());
    let mut plugins = Plugins::built_in().all().to_vec();
    plugins.push(&SINK);
    let worker = Worker {
        config: WorkerConfig::parse(&layers).expect("a valid configuration"),
        plugins: Plugins::new(plugins),
        providers: Arc::new(providers),
        secrets: Secrets::default(),
        id: "h:1".to_owned(),
        kafka: kafka.clone(),
        metrics: Arc::default(),
    };
    (worker, kafka)
}

pub(super) fn config(entries: &[(&str, &str)]) -> RawConfig {
    let base = [("connector.class", "MoodySink"), ("topics", "t")];
    let all = base.iter().chain(entries);
    all.map(|(k, v)| ((*k).to_owned(), Some((*v).to_owned())))
        .collect()
}

pub(super) const CREATE: ConfigureMode = ConfigureMode::Create(TargetState::Started);

pub(super) async fn create(herder: &Herder, name: &str, entries: &[(&str, &str)]) {
    let created = herder.configure(name, config(entries), CREATE).await;
    assert!(created.is_ok_and(|c| c.created), "{name}");
}

/// Connector state, then those of the tasks.
pub(super) async fn wait_for(herder: &Herder, name: &str, expected: &[State]) -> ConnectorStatus {
    let began = Instant::now();
    loop {
        let status = herder.status(name).await;
        if let Ok(status) = &status {
            let states = [status.connector.state].into_iter();
            let states: Vec<State> = states
                .chain(status.tasks.values().map(|task| task.state))
                .collect();
            if states == expected {
                return status.clone();
            }
        }
        assert!(
            began.elapsed() < Duration::from_secs(10),
            "{name}: {status:?}"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Waits for a condition; fails the test with `what` otherwise.
pub(super) async fn until(what: &str, condition: impl AsyncFn() -> bool) {
    let began = Instant::now();
    while !condition().await {
        assert!(began.elapsed() < Duration::from_secs(10), "never: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The files in `config/`, as the command line reads them.
#[tokio::test]
async fn the_samples_are_valid() {
    let worker = include_bytes!("../../config/connect-standalone.properties");
    let file = WorkerFile {
        path: "config/connect-standalone.properties".to_owned(),
        properties: properties::parse_bytes(worker).expect("properties"),
    };
    let layers = layered(&file, &Environment::default(), &[]).expect("layers of text");
    assert!(WorkerConfig::parse(&layers).is_ok());
    assert_eq!(key_report(&layers.config).unknown, Vec::<String>::new());

    let (herder, _) = herder();
    for (path, sample) in [
        (
            "file",
            &include_bytes!("../../config/connect-file-sink.properties")[..],
        ),
        (
            "graph",
            &include_bytes!("../../config/graph-sink.properties")[..],
        ),
    ] {
        let file = connector_file::parse(path, sample).expect(path);
        let entries = file.config.iter();
        let raw = entries
            .map(|(k, v)| (k.to_owned(), Some(v.to_owned())))
            .collect();
        let infos = herder.validate(&raw).await.expect(path);
        assert_eq!(refusal(&infos), None, "{path}");
    }
}

#[tokio::test]
async fn a_connector_is_created_runs_and_is_deleted() {
    let (herder, kafka) = herder();
    create(&herder, "a", &[("tasks.max", "2")]).await;
    let status = wait_for(&herder, "a", &[State::Running; 3]).await;
    assert_eq!(
        (status.kind, status.connector.version.as_deref()),
        ("sink", Some("7"))
    );
    assert_eq!(status.connector.worker_id, "h:1");
    assert_eq!(
        herder.info("a").await.map(|info| info.tasks),
        Ok(vec![0, 1])
    );
    assert_eq!(herder.names().await, Ok(vec!["a".to_owned()]));
    let again = herder.configure("a", config(&[]), CREATE).await.map(drop);
    assert_eq!(
        again,
        Err(HerderError::AlreadyExists(
            "Connector a already exists".to_owned()
        ))
    );

    assert_eq!(herder.delete("a").await, Ok(()));
    assert_eq!(kafka.open_members(), 0);
    let gone = HerderError::NotFound("No status found for connector a".to_owned());
    assert_eq!(herder.status("a").await, Err(gone));
    assert_eq!(
        herder.delete("a").await,
        Err(HerderError::connector_not_found("a"))
    );
}

#[tokio::test]
async fn what_fails_is_failed_with_a_trace_and_alone() {
    let (herder, _) = herder();
    create(&herder, "good", &[]).await;
    create(&herder, "start", &[("mood", "fails")]).await;
    create(&herder, "tasks", &[("mood", "no tasks")]).await;
    create(&herder, "many", &[("mood", "too many")]).await;
    create(&herder, "panic", &[("mood", "panic for tasks")]).await;
    let first_line = |trace: &Option<String>| {
        trace
            .as_deref()
            .and_then(|t| t.lines().next())
            .unwrap_or_default()
            .to_owned()
    };
    let status = wait_for(&herder, "start", &[State::Running, State::Failed]).await;
    assert_eq!(
        first_line(&status.tasks[&0].trace),
        "org.apache.kafka.connect.errors.ConnectException: no luck"
    );
    let status = wait_for(&herder, "tasks", &[State::Failed]).await;
    assert!(first_line(&status.connector.trace).ends_with("no tasks today"));
    let status = wait_for(&herder, "many", &[State::Failed]).await;
    assert_eq!(
        first_line(&status.connector.trace),
        "org.apache.kafka.connect.runtime.TooManyTasksException: The connector many has generated 2 tasks, which is greater than 1, the maximum number of tasks it is configured to create. This behaviour should be considered a bug and is disallowed. If necessary, it can be permitted by reconfiguring the connector with 'tasks.max.enforce' set to false; however, this option will be removed in a future release of Kafka Connect."
    );
    let lenient = [("mood", "too many"), ("tasks.max.enforce", "false")];
    create(&herder, "lenient", &lenient).await;
    wait_for(&herder, "lenient", &[State::Running; 3]).await;
    let status = wait_for(&herder, "panic", &[State::Running, State::Failed]).await;
    assert!(
        first_line(&status.tasks[&0].trace).contains("Plugin test.MoodySinkConnector panicked")
    );
    wait_for(&herder, "good", &[State::Running; 2]).await;
    // Whichever way a start failed, it is counted, and once.
    let (connectors, tasks) = herder.worker().metrics.startups();
    assert_eq!((connectors.attempts, connectors.failures), (6, 2));
    assert_eq!((tasks.attempts, tasks.failures), (5, 2));
}

#[tokio::test]
async fn a_panic_while_a_connector_is_made_refuses_the_request() {
    let (herder, _) = herder();
    let refused = herder
        .configure("p", config(&[("mood", "panic when made")]), CREATE)
        .await;
    let error = refused.map(drop).expect_err("refused").to_string();
    assert!(
        error.contains("Plugin test.MoodySinkConnector panicked"),
        "{error}"
    );
    assert_eq!(herder.names().await, Ok(Vec::new()));
}

#[tokio::test]
async fn tasks_that_would_share_an_instance_id_are_refused() {
    let (herder, _) = herder();
    let shared = [
        ("tasks.max", "2"),
        ("consumer.override.group.instance.id", "i"),
    ];
    let refused = herder
        .configure(
            "shared",
            config(&shared),
            ConfigureMode::Create(TargetState::Started),
        )
        .await;
    let text = refused.err().map(|e| e.to_string()).unwrap_or_default();
    assert!(text.contains("would share the group.instance.id"), "{text}");
    create(
        &herder,
        "alone",
        &[("consumer.override.group.instance.id", "i")],
    )
    .await;
}

#[tokio::test]
async fn target_states_are_followed() {
    let (herder, kafka) = herder();
    create(&herder, "a", &[]).await;
    wait_for(&herder, "a", &[State::Running; 2]).await;
    assert_eq!(herder.set_target("a", TargetState::Paused).await, Ok(()));
    wait_for(&herder, "a", &[State::Paused; 2]).await;
    assert_eq!(herder.set_target("a", TargetState::Started).await, Ok(()));
    wait_for(&herder, "a", &[State::Running; 2]).await;
    assert_eq!(herder.set_target("a", TargetState::Stopped).await, Ok(()));
    wait_for(&herder, "a", &[State::Stopped]).await;
    assert_eq!(kafka.open_members(), 0);
    assert_eq!(herder.tasks("a").await, Ok(Vec::new()));
    // A change of the configuration does not start it.
    let put = herder
        .configure("a", config(&[("x", "y")]), ConfigureMode::CreateOrUpdate)
        .await;
    assert!(put.is_ok_and(|c| !c.created && c.info.tasks.is_empty()));
    wait_for(&herder, "a", &[State::Stopped]).await;
    assert_eq!(herder.set_target("a", TargetState::Paused).await, Ok(()));
    wait_for(&herder, "a", &[State::Paused]).await;
    assert_eq!(herder.set_target("a", TargetState::Started).await, Ok(()));
    wait_for(&herder, "a", &[State::Running; 2]).await;
    let unknown = HerderError::NotFound("Unknown connector b".to_owned());
    assert_eq!(
        herder.set_target("b", TargetState::Paused).await,
        Err(unknown)
    );
}

#[tokio::test]
async fn a_failed_connector_stays_so_until_it_is_restarted_or_changed() {
    let (herder, kafka) = herder();
    create(&herder, "a", &[]).await;
    wait_for(&herder, "a", &[State::Running; 2]).await;
    let put = async |mood| {
        let mode = ConfigureMode::CreateOrUpdate;
        let put = herder.configure("a", config(&[("mood", mood)]), mode).await;
        assert!(put.is_ok());
    };
    let target = async |state| assert_eq!(herder.set_target("a", state).await, Ok(()));
    // Its tasks are those of before, and follow the target state.
    put("no tasks").await;
    wait_for(&herder, "a", &[State::Failed, State::Running]).await;
    target(TargetState::Paused).await;
    wait_for(&herder, "a", &[State::Failed, State::Paused]).await;
    target(TargetState::Started).await;
    wait_for(&herder, "a", &[State::Failed, State::Running]).await;
    target(TargetState::Stopped).await;
    wait_for(&herder, "a", &[State::Failed]).await;
    assert_eq!(kafka.open_members(), 0);
    target(TargetState::Started).await;
    wait_for(&herder, "a", &[State::Failed]).await;
    put("good").await;
    wait_for(&herder, "a", &[State::Running; 2]).await;
}

#[tokio::test]
async fn only_a_changed_configuration_restarts_tasks() {
    let (herder, kafka) = herder();
    create(&herder, "a", &[]).await;
    wait_for(&herder, "a", &[State::Running; 2]).await;
    let members = || kafka.members();
    let put = async |entries: &[(&str, &str)]| {
        let mode = ConfigureMode::CreateOrUpdate;
        assert!(herder.configure("a", config(entries), mode).await.is_ok());
    };
    put(&[]).await;
    assert_eq!(members(), 1);
    put(&[("tasks.max", "3")]).await;
    wait_for(&herder, "a", &[State::Running; 4]).await;
    assert_eq!((members(), kafka.open_members()), (4, 3));
    put(&[("tasks.max", "1")]).await;
    wait_for(&herder, "a", &[State::Running; 2]).await;
    assert_eq!(kafka.open_members(), 1);
}

#[tokio::test]
async fn restarts_touch_what_they_name() {
    let (herder, _) = herder();
    create(&herder, "a", &[("mood", "fails")]).await;
    wait_for(&herder, "a", &[State::Running, State::Failed]).await;
    let restart = async |include_tasks, only_failed| {
        let scope = RestartScope {
            include_tasks,
            only_failed,
        };
        let status = herder.restart("a", scope).await.expect("a status");
        wait_for(&herder, "a", &[State::Running, State::Failed]).await;
        (status.connector.state, status.tasks[&0].state)
    };
    assert_eq!(restart(false, true).await, (State::Running, State::Failed));
    assert_eq!(
        restart(true, true).await,
        (State::Running, State::Restarting)
    );
    assert_eq!(
        restart(true, false).await,
        (State::Restarting, State::Restarting)
    );
    assert_eq!(herder.restart_task("a", 0).await, Ok(()));
    let missing = HerderError::NotFound("Task a-7 not found".to_owned());
    assert_eq!(herder.restart_task("a", 7).await, Err(missing));
}

#[tokio::test]
async fn a_hung_task_delays_nobody_longer_than_the_graceful_timeout() {
    let (herder, _) = herder();
    create(&herder, "hung", &[("mood", "hangs")]).await;
    create(&herder, "good", &[]).await;
    wait_for(&herder, "good", &[State::Running; 2]).await;
    let began = Instant::now();
    let deleting = tokio::spawn({
        let herder = herder.clone();
        async move { herder.delete("hung").await }
    });
    tokio::task::yield_now().await;
    // Queued behind the first, and refused when it is done.
    let second = herder.delete("hung");
    assert_eq!(herder.names().await, Ok(vec!["good".to_owned()]));
    assert_eq!(herder.delete("good").await, Ok(()));
    assert!(
        began.elapsed() < Duration::from_millis(300),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(second.await, Err(HerderError::connector_not_found("hung")));
    assert_eq!(deleting.await.ok(), Some(Ok(())));
    assert!(
        began.elapsed() < Duration::from_secs(2),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test]
async fn after_the_shutdown_requests_are_refused() {
    let (herder, kafka) = herder();
    create(&herder, "a", &[]).await;
    create(&herder, "hung", &[("mood", "hangs")]).await;
    wait_for(&herder, "a", &[State::Running; 2]).await;
    // The one that hangs would hang for ever.
    let ended = tokio::time::timeout(Duration::from_secs(60), herder.shutdown());
    assert_eq!(ended.await, Ok(()));
    assert_eq!(herder.names().await, Err(HerderError::shutting_down()));
    // On a busy machine the last words may come after the budget for hearing them.
    until("all have left", async || kafka.open_members() == 0).await;
}
