//! Converters that get what they need over the network.

use std::collections::BTreeSet;

use connect_api::convert::{LooksAhead, RecordHeaders, SchemaUsed};

use super::*;

/// What the registry of a test does.
struct Registry {
    answer: Mutex<Answer>,
    /// Each fetch with what it asked for.
    asked: Mutex<Vec<Vec<String>>>,
}

#[derive(Clone, Copy)]
enum Answer {
    Good,
    Refused,
    Denied,
    /// Never comes.
    Hangs,
}

impl Registry {
    fn new(answer: Answer) -> Arc<Self> {
        Arc::new(Self {
            answer: Mutex::new(answer),
            asked: Mutex::default(),
        })
    }

    fn becomes(&self, answer: Answer) {
        *self.answer.lock().unwrap() = answer;
    }
}

/// Text that can be read once its first letter was fetched.
struct Letters {
    registry: Arc<Registry>,
    known: BTreeSet<String>,
    lacking: BTreeSet<String>,
}

impl Letters {
    fn new(registry: &Arc<Registry>) -> Box<Self> {
        Box::new(Self {
            registry: registry.clone(),
            known: BTreeSet::new(),
            lacking: BTreeSet::new(),
        })
    }
}

fn letter(data: &Bytes) -> String {
    String::from_utf8_lossy(&data[..1]).into_owned()
}

impl Converter for Letters {
    fn to_connect_data(
        &mut self,
        topic: &str,
        data: Option<Bytes>,
    ) -> Result<SchemaAndValue, ConnectError> {
        let known = data
            .as_ref()
            .is_none_or(|d| self.known.contains(&letter(d)));
        assert!(
            known,
            "a record was converted before its letter was fetched"
        );
        Text.to_connect_data(topic, data)
    }

    fn from_connect_data(
        &mut self,
        _: &str,
        _: Option<&SchemaRef>,
        _: &Value,
    ) -> Result<Option<Bytes>, ConnectError> {
        Ok(None)
    }

    fn ahead(&mut self) -> Option<&mut dyn LooksAhead> {
        Some(self)
    }
}

#[async_trait]
impl LooksAhead for Letters {
    fn look(&mut self, _: &str, headers: &dyn RecordHeaders, data: &Bytes) {
        assert_eq!(headers.last("own").as_deref(), Some(&b"h"[..]));
        if !self.known.contains(&letter(data)) {
            self.lacking.insert(letter(data));
        }
    }

    fn lacks(&self) -> bool {
        !self.lacking.is_empty()
    }

    async fn fetch(&mut self) -> Result<(), ConnectError> {
        let asked = self.lacking.iter().cloned().collect();
        self.registry.asked.lock().unwrap().push(asked);
        let answer = *self.registry.answer.lock().unwrap();
        match answer {
            Answer::Good => {
                self.known.append(&mut self.lacking);
                Ok(())
            }
            Answer::Refused => Err(ConnectError::unavailable("connection refused")),
            Answer::Denied => Err(ConnectError::denied("set basic.auth.user.info")),
            Answer::Hangs => std::future::pending().await,
        }
    }

    fn pause(&self, failures: u32) -> Duration {
        Duration::from_millis(100) * failures
    }

    fn source(&self) -> &str {
        "the registry of letters"
    }

    fn schema_used(&self, _: &str, _: &dyn RecordHeaders, _: &Bytes) -> Option<SchemaUsed> {
        None
    }
}

fn tolerant() -> TaskSettings {
    TaskSettings {
        tolerance: Tolerance::All,
        ..settings()
    }
}

#[tokio::test(start_paused = true)]
async fn a_batch_asks_once_for_each_thing_it_lacks() {
    let registry = Registry::new(Answer::Good);
    let values = ["a1", "b1", "a2", "b2", "a3"];
    let bench = Bench::start_with(Letters::new(&registry), settings(), false, &values);
    bench
        .until("written", |b| b.target.offsets() == [0, 1, 2, 3, 4])
        .await;
    assert_eq!(*registry.asked.lock().unwrap(), [["a", "b"]]);
}

#[tokio::test(start_paused = true)]
async fn a_registry_that_is_away_is_waited_for_visibly_and_nothing_is_dead_lettered() {
    let registry = Registry::new(Answer::Refused);
    let values = ["a1", "a2"];
    let mut bench = Bench::start_with(Letters::new(&registry), tolerant(), true, &values);
    assert!(is_running(&bench.status().await));
    tokio::time::sleep(Duration::from_secs(120)).await;
    let report = bench.handle.phase();
    assert!(matches!(report.phase, Phase::WaitingForRegistry { .. }));
    assert_eq!(report.why.unwrap().message(), Some("connection refused"));
    assert!(bench.statuses.try_recv().is_err(), "it stayed RUNNING");
    assert!(bench.target.offsets().is_empty());
    let tries = registry.asked.lock().unwrap().len();
    assert!((10..100).contains(&tries), "pauses grow: {tries}");

    registry.becomes(Answer::Good);
    bench
        .until("healed", |b| b.target.offsets() == [0, 1])
        .await;
    assert_eq!(bench.handle.phase().phase, Phase::Running);
    assert!(bench.letters.letters().is_empty());
}

#[tokio::test(start_paused = true)]
async fn refused_credentials_fail_the_task_whatever_is_tolerated() {
    let registry = Registry::new(Answer::Denied);
    let mut bench = Bench::start_with(Letters::new(&registry), tolerant(), true, &["a1"]);
    let trace = bench.failure().await;
    assert!(trace.contains("set basic.auth.user.info"), "{trace}");
    assert!(bench.letters.letters().is_empty());
    assert_eq!(bench.committed(), None);
}

#[tokio::test(start_paused = true)]
async fn a_registry_that_hangs_is_seen_as_waited_for() {
    let registry = Registry::new(Answer::Hangs);
    let bench = Bench::start_with(Letters::new(&registry), settings(), false, &["a1"]);
    let waits = |b: &Bench| matches!(b.handle.phase().phase, Phase::WaitingForRegistry { .. });
    bench.until("waiting", waits).await;
    let why = bench.handle.phase().why.unwrap();
    assert!(
        why.to_string()
            .starts_with("the registry of letters has not answered for 5 s"),
        "{why}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_stop_does_not_wait_for_a_registry_that_hangs() {
    let registry = Registry::new(Answer::Hangs);
    let mut bench = Bench::start_with(Letters::new(&registry), settings(), false, &["a1"]);
    bench
        .until("asked", |_| registry.asked.lock().unwrap().len() == 1)
        .await;
    let asked = tokio::time::Instant::now();
    bench.handle.stop();
    bench.handle.finished().await;
    assert_eq!(asked.elapsed(), Duration::ZERO);
    assert!(bench.target.stopped.load(Ordering::SeqCst));
    assert!(bench.member.is_closed());
    assert_eq!(bench.committed(), None);
}

#[tokio::test(start_paused = true)]
async fn a_rebalance_does_not_wait_for_a_registry_that_hangs() {
    let registry = Registry::new(Answer::Hangs);
    let bench = Bench::start_with(Letters::new(&registry), settings(), false, &["a1"]);
    bench
        .until("asked", |_| registry.asked.lock().unwrap().len() == 1)
        .await;
    let asked = tokio::time::Instant::now();
    bench.member.revoke(&[partition()]);
    bench.member.settled().await;
    assert_eq!(asked.elapsed(), Duration::ZERO);
    assert_eq!(*bench.target.closed.lock().unwrap(), [partition()]);
    assert_eq!(bench.committed(), None);
}
