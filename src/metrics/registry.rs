//! [`Registry`]: whose counts are whose, and how starts ended.
//!
//! It keeps no task alive: the numbers of one are gone with the last who holds them, its handle in the herder and its own
//! actors. A task that failed is held until it is restarted or its connector is deleted, as in Kafka.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Instant;

use data_plane::clock::{Clock, SystemClock};
use data_plane::metrics::{Sampled, TaskMetrics, Windows};

use super::otlp::Otlp;
use super::snapshot::Startups;

/// The counts of this worker.
pub struct Registry {
    clock: Arc<dyn Clock>,
    windows: Windows,
    otlp: Option<Arc<Otlp>>,
    started: Instant,
    started_ms: i64,
    state: Mutex<State>,
}

struct State {
    tasks: BTreeMap<(String, u32), Known>,
    connectors: StartBook,
    task_starts: StartBook,
}

#[derive(Clone)]
struct Known {
    metrics: Weak<TaskMetrics>,
    client_id: String,
    producer_id: String,
}

/// A task that is known, alive.
pub struct KnownTask {
    pub metrics: Arc<TaskMetrics>,
    pub client_id: String,
    pub producer_id: String,
}

struct StartBook {
    successes: u64,
    failures: u64,
    succeeded: Sampled,
}

impl StartBook {
    fn new(windows: Windows) -> Self {
        Self {
            successes: 0,
            failures: 0,
            succeeded: Sampled::new(windows),
        }
    }

    fn record(&mut self, succeeded: bool, now: Instant) {
        match succeeded {
            true => self.successes += 1,
            false => self.failures += 1,
        }
        self.succeeded.record(f64::from(succeeded), now);
    }

    fn at(&self, now: Instant) -> Startups {
        let share = self.succeeded.share(now);
        let any = !self.succeeded.avg(now).is_nan();
        Startups {
            attempts: self.successes + self.failures,
            successes: self.successes,
            failures: self.failures,
            success_share: share,
            failure_share: if any { 1.0 - share } else { 0.0 },
        }
    }
}

impl Default for Registry {
    fn default() -> Self {
        Self::new(Windows::default(), None)
    }
}

impl Registry {
    /// With who is told of traces, if anybody is.
    pub fn new(windows: Windows, otlp: Option<Arc<Otlp>>) -> Self {
        let clock = SystemClock;
        Self {
            windows,
            otlp,
            started: clock.now(),
            started_ms: clock.unix_ms(),
            clock: Arc::new(clock),
            state: Mutex::new(State {
                tasks: BTreeMap::new(),
                connectors: StartBook::new(windows),
                task_starts: StartBook::new(windows),
            }),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The books of a task that is about to start. Those of an earlier start under the same name are shown no more.
    pub fn new_task(
        &self,
        connector: &str,
        task: u32,
        client_id: &str,
        producer_id: &str,
    ) -> Arc<TaskMetrics> {
        let mut metrics = TaskMetrics::new(self.clock.clone(), self.windows);
        let listener = self.otlp.as_ref().and_then(|o| o.listener(connector, task));
        if let Some(listener) = listener {
            metrics = metrics.traced(listener);
        }
        let metrics = Arc::new(metrics);
        let known = Known {
            metrics: Arc::downgrade(&metrics),
            client_id: client_id.to_owned(),
            producer_id: producer_id.to_owned(),
        };
        let mut state = self.state();
        state
            .tasks
            .retain(|_, known| known.metrics.strong_count() > 0);
        state.tasks.insert((connector.to_owned(), task), known);
        metrics
    }

    /// None if the task never started here or is gone.
    pub fn task(&self, connector: &str, task: u32) -> Option<KnownTask> {
        let known = self
            .state()
            .tasks
            .get(&(connector.to_owned(), task))?
            .clone();
        Some(KnownTask {
            metrics: known.metrics.upgrade()?,
            client_id: known.client_id,
            producer_id: known.producer_id,
        })
    }

    pub fn connector_started(&self, succeeded: bool) {
        self.state().connectors.record(succeeded, self.clock.now());
    }

    pub fn task_started(&self, succeeded: bool) {
        self.state().task_starts.record(succeeded, self.clock.now());
    }

    /// Connectors, then tasks.
    pub fn startups(&self) -> (Startups, Startups) {
        let (state, now) = (self.state(), self.clock.now());
        (state.connectors.at(now), state.task_starts.at(now))
    }

    pub fn started_ms(&self) -> i64 {
        self.started_ms
    }

    pub fn uptime(&self) -> std::time::Duration {
        self.clock.now().saturating_duration_since(self.started)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_a_task_are_gone_with_it() {
        let registry = Registry::default();
        let first = registry.new_task("c", 0, "connector-consumer-c-0", "p");
        assert!(registry.task("c", 0).is_some());
        let second = registry.new_task("c", 0, "connector-consumer-c-0", "p");
        drop(first);
        let known = registry.task("c", 0).expect("the second start");
        assert!(Arc::ptr_eq(&known.metrics, &second));
        drop((known, second));
        assert!(registry.task("c", 0).is_none());
    }

    #[test]
    fn starts_are_counted_by_their_end() {
        let registry = Registry::default();
        assert_eq!(registry.startups().0, Startups::default());
        for succeeded in [true, false, true, true] {
            registry.connector_started(succeeded);
        }
        let expected = Startups {
            attempts: 4,
            successes: 3,
            failures: 1,
            success_share: 0.75,
            failure_share: 0.25,
        };
        assert_eq!(registry.startups(), (expected, Startups::default()));
    }
}
