//! A Kafka broker (KRaft, one node) and what tests do with it: make topics, produce, consume, look at groups.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, NewPartitions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Headers, Message as _};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::process::{Process, run_tool};
use super::{jars, scratch, wait_for, wait_until};

mod produce;

pub use produce::{End, Record};

/// For calls to a broker that is up.
const CALL: Duration = Duration::from_secs(20);

pub struct Kafka {
    port: u16,
    home: PathBuf,
    system_properties: Vec<String>,
    process: Mutex<Option<Process>>,
    /// Kept, because a client takes its time to connect and to go.
    probe: OnceLock<BaseConsumer>,
}

/// How a broker differs from the plain one.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// Further lines for `server.properties`.
    pub settings: Vec<(String, String)>,
    /// Listeners beside the plain one, as `NAME://host:port`; the settings say their protocols.
    pub listeners: Vec<String>,
    /// The same for those that clients are told another address of: where they are, and what is told.
    pub misadvertised: Vec<(String, String)>,
    /// `SCRAM-SHA-256=[name=…,password=…]`.
    pub scram_users: Vec<String>,
    /// `name=value` for the JVM.
    pub system_properties: Vec<String>,
}

/// A record as it lies in its topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub partition: i32,
    pub offset: i64,
    pub timestamp: Option<i64>,
    pub key: Option<Vec<u8>>,
    pub value: Option<Vec<u8>>,
    pub headers: Vec<(String, Option<Vec<u8>>)>,
}

impl Message {
    /// The value as text; empty when there is none.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(self.value.as_deref().unwrap_or_default()).into_owned()
    }

    /// The last header of this name as text.
    pub fn header(&self, name: &str) -> Option<String> {
        let (_, value) = self.headers.iter().rev().find(|(n, _)| n == name)?;
        Some(String::from_utf8_lossy(value.as_deref().unwrap_or_default()).into_owned())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isolation {
    /// Records of aborted and open transactions too.
    ReadUncommitted,
    ReadCommitted,
}

/// A member of a consumer group.
#[derive(Clone, Debug)]
pub struct Member {
    pub id: String,
    pub client_id: String,
}

impl Kafka {
    /// A broker of one's own. Tests that stop or freeze it need that; others share [`super::Ctx::kafka`].
    pub fn start() -> Result<Kafka, String> {
        Kafka::start_with(&[])
    }

    /// The same with further lines for `server.properties`.
    pub fn start_with(settings: &[(&str, &str)]) -> Result<Kafka, String> {
        let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        Kafka::start_setup(&Setup {
            settings: settings.iter().map(owned).collect(),
            ..Setup::default()
        })
    }

    /// A broker with more than the one listener without security.
    pub fn start_setup(setup: &Setup) -> Result<Kafka, String> {
        let kafka = Kafka {
            port: scratch::free_port(),
            home: scratch::dir("kafka"),
            system_properties: setup.system_properties.clone(),
            process: Mutex::new(None),
            probe: OnceLock::new(),
        };
        kafka.write_config(setup)?;
        let mut format = java("256m", &class_path()?);
        format.args([
            "kafka.tools.StorageTool",
            "format",
            "-t",
            "MkU3OEVBNTcwNTJENDM2Qg",
            "-c",
        ]);
        format.arg(kafka.home.join("server.properties"));
        for user in &setup.scram_users {
            format.args(["--add-scram", user]);
        }
        run_tool(format)?;
        kafka.start_again()?;
        Ok(kafka)
    }

    /// `host:port`.
    pub fn bootstrap(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Ends the broker in good order; its data stays.
    pub fn stop(&self) {
        if let Some(process) = self.take() {
            process.stop(Duration::from_secs(30));
        }
    }

    /// kill -9.
    pub fn kill(&self) {
        drop(self.take());
    }

    /// Starts it with the data it had on the port it had.
    pub fn start_again(&self) -> Result<(), String> {
        self.stop();
        let mut java = java("768m", &class_path()?);
        for property in &self.system_properties {
            java.arg(format!("-D{property}"));
        }
        java.arg("kafka.Kafka")
            .arg(self.home.join("server.properties"));
        let process = Process::spawn("kafka", java, &self.home.join("kafka.log"))?;
        process.wait_ready(Duration::from_secs(60), || {
            let quick = Duration::from_secs(1);
            let probe: Result<BaseConsumer, KafkaError> = self.client().create();
            probe.is_ok_and(|p| {
                p.fetch_metadata(None, quick)
                    .is_ok_and(|m| !m.brokers().is_empty())
            })
        })?;
        *self.process.lock().unwrap_or_else(PoisonError::into_inner) = Some(process);
        Ok(())
    }

    /// A black hole: connections are accepted by the kernel and never answered.
    pub fn freeze(&self) {
        self.with_process(Process::freeze);
    }

    pub fn thaw(&self) {
        self.with_process(Process::thaw);
    }

    /// A new topic with this many partitions, named `name-…`.
    pub fn new_topic(&self, name: &str, partitions: i32) -> String {
        let topic = scratch::unique(name);
        self.create_topic(&topic, partitions, &[]);
        topic
    }

    /// A topic with settings such as `("cleanup.policy", "compact")`.
    pub fn create_topic(&self, topic: &str, partitions: i32, settings: &[(&str, &str)]) {
        let mut wanted = NewTopic::new(topic, partitions, TopicReplication::Fixed(1));
        for (key, value) in settings {
            wanted = wanted.set(key, value);
        }
        let made = wait(self.admin().create_topics([&wanted], &AdminOptions::new()));
        made.expect("the broker answers")
            .remove(0)
            .expect("the topic is made");
        // The answer comes before every part of the broker knows the topic.
        wait_until(CALL, "leaders of a new topic", || {
            self.partitions(topic).len() == partitions as usize
        });
    }

    pub fn delete_topic(&self, topic: &str) {
        let gone = wait(self.admin().delete_topics(&[topic], &AdminOptions::new()));
        gone.expect("the broker answers")
            .remove(0)
            .expect("the topic is deleted");
    }

    /// What retention does: records before this offset are gone.
    pub fn delete_records_before(&self, topic: &str, partition: i32, offset: i64) {
        let mut places = TopicPartitionList::new();
        places
            .add_partition_offset(topic, partition, Offset::Offset(offset))
            .expect("a valid offset");
        let gone = wait(self.admin().delete_records(&places, &AdminOptions::new()));
        let gone = gone.expect("the broker answers");
        gone.elements()[0].error().expect("the records are deleted");
    }

    /// Grows a topic to this many partitions.
    pub fn grow_topic(&self, topic: &str, partitions: usize) {
        let wanted = NewPartitions::new(topic, partitions);
        let grown = wait(
            self.admin()
                .create_partitions([&wanted], &AdminOptions::new()),
        );
        grown
            .expect("the broker answers")
            .remove(0)
            .expect("the topic has grown");
    }

    /// Ids of the topic's partitions, once each has a leader; empty when there is no such topic.
    pub fn partitions(&self, topic: &str) -> Vec<i32> {
        // A broker that was frozen leads nothing for a moment; a partition without a leader is no missing one.
        wait_for(CALL, &format!("leaders of {topic}"), || {
            let metadata = self.probe().fetch_metadata(None, CALL).ok()?;
            let found = metadata.topics().iter().find(|t| t.name() == topic);
            let partitions = found.map(|t| t.partitions()).unwrap_or_default();
            let led = partitions.iter().all(|p| p.leader() >= 0);
            let mut ids: Vec<i32> = partitions.iter().map(|p| p.id()).collect();
            ids.sort_unstable();
            led.then_some(ids)
        })
    }

    /// Everything in a topic now, partition after partition, without the records of aborted transactions.
    pub fn read(&self, topic: &str) -> Vec<Message> {
        self.read_isolated(topic, Isolation::ReadCommitted)
    }

    pub fn read_isolated(&self, topic: &str, isolation: Isolation) -> Vec<Message> {
        let level = match isolation {
            Isolation::ReadUncommitted => "read_uncommitted",
            Isolation::ReadCommitted => "read_committed",
        };
        let consumer = self.consumer(
            None,
            &[("isolation.level", level), ("enable.partition.eof", "true")],
        );
        let mut wanted = TopicPartitionList::new();
        let partitions = self.partitions(topic);
        for partition in &partitions {
            wanted
                .add_partition_offset(topic, *partition, Offset::Beginning)
                .expect("a valid offset");
        }
        consumer.assign(&wanted).expect("partitions are assigned");
        let (mut found, mut ended) = (Vec::new(), 0);
        while ended < partitions.len() {
            match consumer.poll(CALL) {
                None => panic!("no record and no end of {topic} within {CALL:?}"),
                Some(Err(KafkaError::PartitionEOF(_))) => ended += 1,
                Some(Err(e)) if passing(&e) => {}
                Some(Err(e)) => panic!("cannot read {topic}: {e}"),
                Some(Ok(message)) => found.push(owned(&message)),
            }
        }
        found.sort_by_key(|m| (m.partition, m.offset));
        found
    }

    /// Next offset of each partition: how many records were ever written, transaction markers counted.
    pub fn end_offsets(&self, topic: &str) -> BTreeMap<i32, i64> {
        // A broker that was away may lose its leadership once more after its metadata has named it the leader.
        let end = |partition| {
            wait_for(CALL, &format!("the end of {topic}-{partition}"), || {
                let marks = self.probe().fetch_watermarks(topic, partition, CALL);
                marks.ok().map(|(_, end)| end)
            })
        };
        self.partitions(topic)
            .into_iter()
            .map(|p| (p, end(p)))
            .collect()
    }

    /// What the group has committed for a topic; partitions without a commit are left out.
    pub fn committed(&self, group: &str, topic: &str) -> BTreeMap<i32, i64> {
        committed(
            &self.consumer(Some(group), &[]),
            topic,
            &self.partitions(topic),
        )
    }

    /// Waits until the group has committed all that is in the topic.
    pub fn wait_drained(&self, group: &str, topic: &str, deadline: Duration) {
        let mut ends = self.end_offsets(topic);
        ends.retain(|_, end| *end > 0);
        assert!(!ends.is_empty(), "{topic} is empty, so it proves nothing");
        let partitions: Vec<i32> = ends.keys().copied().collect();
        let consumer = self.consumer(Some(group), &[]);
        wait_until(
            deadline,
            &format!("{group} commits {ends:?} of {topic}"),
            || {
                let found = committed(&consumer, topic, &partitions);
                ends.iter()
                    .all(|(partition, end)| found.get(partition).is_some_and(|at| at >= end))
            },
        );
    }

    /// Members of a consumer group; empty when it has none or does not exist.
    pub fn members(&self, group: &str) -> Vec<Member> {
        let list = wait_for(CALL, &format!("the members of {group}"), || {
            self.probe().fetch_group_list(Some(group), CALL).ok()
        });
        let members = list.groups().iter().flat_map(|g| g.members());
        members
            .map(|m| Member {
                id: m.id().to_owned(),
                client_id: m.client_id().to_owned(),
            })
            .collect()
    }

    /// Forgets a group's offsets. The group must be empty.
    pub fn delete_group(&self, group: &str) {
        let gone = wait(self.admin().delete_groups(&[group], &AdminOptions::new()));
        gone.expect("the broker answers")
            .remove(0)
            .expect("the group is deleted");
    }

    /// A consumer for what the helpers do not cover.
    pub fn consumer(&self, group: Option<&str>, settings: &[(&str, &str)]) -> BaseConsumer {
        let mut config = self.client();
        config
            .set("group.id", group.unwrap_or("turnbuckle-test-probe"))
            .set("enable.auto.commit", "false");
        for (key, value) in settings {
            config.set(*key, *value);
        }
        config.create().expect("a consumer")
    }

    fn probe(&self) -> &BaseConsumer {
        self.probe.get_or_init(|| self.consumer(None, &[]))
    }

    fn admin(&self) -> AdminClient<DefaultClientContext> {
        self.client().create().expect("an admin client")
    }

    fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", self.bootstrap());
        config
    }

    fn take(&self) -> Option<Process> {
        self.process
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    fn with_process(&self, act: impl FnOnce(&Process)) {
        let process = self.process.lock().unwrap_or_else(PoisonError::into_inner);
        act(process.as_ref().expect("the broker was started"));
    }

    fn write_config(&self, setup: &Setup) -> Result<(), String> {
        let controller = scratch::free_port();
        let more: String = setup.listeners.iter().map(|l| format!(",{l}")).collect();
        let elsewhere = setup.misadvertised.iter();
        let (bound, told): (String, String) = elsewhere
            .map(|(bound, told)| (format!(",{bound}"), format!(",{told}")))
            .unzip();
        let mut text = format!(
            "process.roles=broker,controller\n\
             node.id=1\n\
             controller.quorum.voters=1@127.0.0.1:{controller}\n\
             listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}{more}{bound}\n\
             advertised.listeners=PLAINTEXT://127.0.0.1:{port}{more}{told}\n\
             controller.listener.names=CONTROLLER\n\
             inter.broker.listener.name=PLAINTEXT\n\
             log.dirs={data}\n\
             offsets.topic.replication.factor=1\n\
             offsets.topic.num.partitions=4\n\
             transaction.state.log.replication.factor=1\n\
             transaction.state.log.min.isr=1\n\
             transaction.state.log.num.partitions=4\n\
             message.max.bytes=32000000\n\
             group.initial.rebalance.delay.ms=0\n\
             group.min.session.timeout.ms=1000\n",
            port = self.port,
            data = self.home.join("data").display(),
        );
        for (key, value) in &setup.settings {
            text += &format!("{key}={value}\n");
        }
        let file = self.home.join("server.properties");
        fs::write(&file, text).map_err(|e| format!("{}: {e}", file.display()))
    }
}

/// A JVM set up to start fast, or, with its heap in `TURNBUCKLE_SERVICES_HEAP`, to run fast: benchmarks ask for that.
/// UTC, because the JVM prints dates in its own time zone.
pub fn java(heap: &str, class_path: &str) -> Command {
    let mut java = Command::new("java");
    match std::env::var("TURNBUCKLE_SERVICES_HEAP") {
        Ok(large) => java.arg(format!("-Xmx{large}")),
        Err(_) => java
            .arg(format!("-Xmx{heap}"))
            .args(["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]),
    };
    java.arg("-Duser.timezone=UTC");
    java.arg("-cp").arg(class_path);
    java
}

pub fn class_path() -> Result<String, String> {
    Ok(jars::kafka()?.join("*").to_string_lossy().into_owned())
}

/// Asks with a consumer of the group that never joins it. A broker that has just started may not know yet that it
/// coordinates the group: then the question is asked again.
fn committed(consumer: &BaseConsumer, topic: &str, partitions: &[i32]) -> BTreeMap<i32, i64> {
    let mut wanted = TopicPartitionList::new();
    for partition in partitions {
        wanted.add_partition(topic, *partition);
    }
    let found = wait_for(CALL, "committed offsets", || {
        consumer.committed_offsets(wanted.clone(), CALL).ok()
    });
    let raw = |offset: Offset| offset.to_raw().filter(|n| *n >= 0);
    found
        .elements()
        .iter()
        .filter_map(|e| Some((e.partition(), raw(e.offset())?)))
        .collect()
}

/// An error event that a client gets over by itself: the broker has just come back.
fn passing(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(
            RDKafkaErrorCode::BrokerTransportFailure
                | RDKafkaErrorCode::AllBrokersDown
                | RDKafkaErrorCode::NotLeaderForPartition
                | RDKafkaErrorCode::LeaderNotAvailable
        )
    )
}

fn owned(message: &rdkafka::message::BorrowedMessage<'_>) -> Message {
    let headers = message.headers().map(|all| {
        all.iter()
            .map(|h| (h.key.to_owned(), h.value.map(<[u8]>::to_vec)))
            .collect()
    });
    Message {
        partition: message.partition(),
        offset: message.offset(),
        timestamp: message.timestamp().to_millis(),
        key: message.key().map(<[u8]>::to_vec),
        value: message.payload().map(<[u8]>::to_vec),
        headers: headers.unwrap_or_default(),
    }
}

/// Waits for an admin call: the client's own thread completes it.
fn wait<T>(call: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime")
        .block_on(call)
}
