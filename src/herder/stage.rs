//! Stages: what the worker is at, for those whose request takes too long.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use data_plane::clock::{Clock, SystemClock};
use java_time::calendar::{Date, MILLIS_PER_DAY};

/// A stage of some work, by its description, and when it began and ended; milliseconds since the epoch.
#[derive(Clone, Debug)]
struct Stage {
    description: String,
    began: i64,
    completed: Option<i64>,
}

impl Stage {
    fn began(description: String) -> Self {
        Self {
            description,
            began: SystemClock.unix_ms(),
            completed: None,
        }
    }

    /// Kafka's sentence, without its full stop.
    fn summary(&self) -> String {
        let (description, began) = (&self.description, instant(self.began));
        match self.completed {
            None => {
                format!("The worker is currently {description}, which began at {began}")
            }
            Some(completed) => format!(
                "The last operation the worker completed was {description}, which began at {began} and completed at {}",
                instant(completed)
            ),
        }
    }
}

/// The stages of the herder's work, connector by connector. Cloning gives another handle on the same.
#[derive(Clone, Default)]
pub struct Stages(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    by_connector: BTreeMap<String, Stage>,
    last: Option<Stage>,
}

impl Stages {
    pub fn begin(&self, name: &str, description: String) {
        self.with(|inner| {
            let stage = Stage::began(description);
            inner.last = Some(stage.clone());
            inner.by_connector.insert(name.to_owned(), stage);
        });
    }

    /// The stage of this connector's work has ended.
    pub fn complete(&self, name: &str) {
        self.with(|inner| {
            if let Some(mut stage) = inner.by_connector.remove(name) {
                stage.completed = Some(SystemClock.unix_ms());
                inner.last = Some(stage);
            }
        });
    }

    /// What the work of this connector is at; without any, what the worker was at last. A sentence with a full stop, or
    /// nothing.
    pub fn summary(&self, name: Option<&str>) -> Option<String> {
        let stage = self.with(|inner| {
            let own = name.and_then(|name| inner.by_connector.get(name));
            own.or(inner.last.as_ref()).cloned()
        })?;
        Some(format!("{}.", stage.summary()))
    }

    fn with<T>(&self, look: impl FnOnce(&mut Inner) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The stage of one request that runs beside the herder. Cloning gives another handle on the same.
#[derive(Clone)]
pub struct RequestStage(Arc<Mutex<Stage>>);

impl RequestStage {
    pub fn new(description: &str) -> Self {
        Self(Arc::new(Mutex::new(Stage::began(description.to_owned()))))
    }

    pub fn begin(&self, description: &str) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) =
            Stage::began(description.to_owned());
    }

    /// Without a full stop, as Kafka has it for validations.
    pub fn summary(&self) -> String {
        let stage = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        stage.summary()
    }
}

/// As Java prints an instant.
fn instant(ms: i64) -> String {
    let Date { year, month, day } = Date::of(ms.div_euclid(MILLIS_PER_DAY));
    let of_day = ms.rem_euclid(MILLIS_PER_DAY);
    let (seconds, millis) = (of_day / 1000, of_day % 1000);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let fraction = match millis {
        0 => String::new(),
        millis => format!(".{millis:03}"),
    };
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_printed_as_by_java() {
        for (ms, expected) in [
            (0, "1970-01-01T00:00:00Z"),
            (1_767_225_600_007, "2026-01-01T00:00:00.007Z"),
            (1_774_012_345_678, "2026-03-20T13:12:25.678Z"),
        ] {
            assert_eq!(instant(ms), expected);
        }
    }

    #[test]
    fn a_summary_tells_the_connectors_own_stage_or_the_last_one() {
        let stages = Stages::default();
        assert_eq!(stages.summary(Some("a")), None);
        stages.begin("a", "stopping connector a".to_owned());
        stages.begin("b", "starting connector b".to_owned());
        let summary = |name| stages.summary(name).unwrap_or_default();
        let current = "The worker is currently stopping connector a, which began at ";
        assert!(
            summary(Some("a")).starts_with(current),
            "{}",
            summary(Some("a"))
        );
        assert!(summary(Some("a")).ends_with("Z."));
        assert!(summary(None).contains("currently starting connector b"));
        stages.complete("b");
        let last =
            "The last operation the worker completed was starting connector b, which began at ";
        assert!(
            summary(Some("b")).starts_with(last),
            "{}",
            summary(Some("b"))
        );
        assert!(summary(Some("b")).contains(" and completed at "));
    }
}
