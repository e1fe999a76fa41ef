//! [`Harness`]: a sink task driven as the runtime drives it.

use std::time::Duration;

use connect_api::config::{Config, ConfigReader};
use connect_api::plugin::{Plugin, PluginDescriptor};
use connect_api::record::{RecordSlice, SinkRecord, TopicPartition};
use connect_api::sink::{Offsets, PutReport, SinkConnector, SinkTask, SinkTaskContext};
use connect_api::{ConnectError, ErrorClass};

use crate::records::batch;

/// How long a target may take to answer again.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(200);

/// The context of task 0 of a connector named `conformance`.
pub fn context(has_reporter: bool) -> SinkTaskContext {
    SinkTaskContext::new("conformance", 0, has_reporter)
}

/// One task with its configuration.
pub struct Harness {
    pub task: Box<dyn SinkTask>,
    pub config: Config,
    pub context: SinkTaskContext,
}

impl Harness {
    /// The first task that a plugin makes of a configuration; not started.
    ///
    /// # Errors
    /// Why the configuration is refused.
    pub fn new(plugin: &PluginDescriptor, config: &Config) -> Result<Self, String> {
        let connector = connector(plugin, config)?;
        let configs = connector.task_configs(1).map_err(|e| e.trace())?;
        let config = configs.into_iter().next().ok_or("no task configuration")?;
        Ok(Self {
            task: connector.task(),
            config,
            context: context(true),
        })
    }

    /// A started task with open partitions.
    ///
    /// # Errors
    /// Why it does not start.
    pub async fn started(
        plugin: &PluginDescriptor,
        config: &Config,
        partitions: &[TopicPartition],
    ) -> Result<Self, String> {
        let mut harness = Self::new(plugin, config)?;
        harness.start().await.map_err(|e| e.trace())?;
        harness.task.open(partitions).await.map_err(|e| e.trace())?;
        Ok(harness)
    }

    /// # Errors
    /// That of the task.
    pub async fn start(&mut self) -> Result<(), ConnectError> {
        self.task.start(&self.config, &self.context).await
    }

    pub async fn put(&mut self, records: Vec<SinkRecord>) -> PutReport {
        self.task.put(batch(records)).await
    }

    /// Puts records that must all be written, and asks for what may be committed.
    ///
    /// # Errors
    /// What was not written.
    pub async fn write(&mut self, records: Vec<SinkRecord>) -> Result<(), String> {
        let offsets = next_offsets(&records);
        let report = self.put(records).await;
        if let Some(failure) = report.failure {
            return Err(failure.error.trace());
        }
        let safe = self
            .task
            .pre_commit(&offsets)
            .await
            .map_err(|e| e.trace())?;
        for (partition, offset) in safe {
            if offsets.get(&partition).is_none_or(|last| offset > *last) {
                return Err(format!(
                    "{partition} may be committed at {offset}, past {offsets:?}"
                ));
            }
        }
        Ok(())
    }

    /// Puts records as the runtime does where bad ones are reported: those that failed alone are left out, several that
    /// failed together are put again in halves. Gives the places of those left out.
    ///
    /// # Errors
    /// If an error is no record's fault, or a report contradicts itself.
    pub async fn write_isolating(
        &mut self,
        records: Vec<SinkRecord>,
    ) -> Result<Vec<usize>, String> {
        let all = batch(records);
        let mut left_out = Vec::new();
        let mut waiting: Vec<Vec<usize>> = vec![(0..all.len()).collect()];
        while let Some(places) = waiting.pop() {
            let slice: RecordSlice = all.choose(places.iter().copied());
            let report = self.task.put(slice).await;
            let Some(failure) = report.failure else {
                continue;
            };
            if failure.error.class() != ErrorClass::Record {
                return Err(failure.error.trace());
            }
            let open: Vec<usize> = (0..places.len())
                .filter(|i| !report.applied.contains(i))
                .collect();
            let blamed = if failure.records.is_empty() {
                open.clone()
            } else {
                failure.records
            };
            if blamed.is_empty() || blamed.iter().any(|i| !open.contains(i)) {
                return Err(format!(
                    "a report blames {blamed:?} of the open records {open:?}"
                ));
            }
            let of = |chosen: &[usize]| chosen.iter().map(|i| places[*i]).collect::<Vec<_>>();
            let untried: Vec<usize> = open
                .iter()
                .copied()
                .filter(|i| !blamed.contains(i))
                .collect();
            if !untried.is_empty() {
                waiting.push(of(&untried));
            }
            if blamed.len() == 1 {
                left_out.extend(of(&blamed));
            } else {
                let (front, back) = blamed.split_at(blamed.len() / 2);
                waiting.push(of(back));
                waiting.push(of(front));
            }
        }
        left_out.sort_unstable();
        Ok(left_out)
    }

    /// Starts and writes as soon as the target answers; whatever it says meanwhile must mean "not now".
    ///
    /// # Errors
    /// If it says anything else, or does not answer in time.
    pub async fn write_when_up(
        &mut self,
        mut is_started: bool,
        records: &[SinkRecord],
    ) -> Result<(), String> {
        let begin = tokio::time::Instant::now();
        loop {
            let error = if is_started {
                match self.put(records.to_vec()).await.failure {
                    None => return Ok(()),
                    Some(failure) => failure.error,
                }
            } else {
                match self.start().await {
                    Ok(()) => {
                        is_started = true;
                        continue;
                    }
                    Err(error) => error,
                }
            };
            if !means_not_now(&error) {
                return Err(format!("{:?}: {}", error.class(), error.trace()));
            }
            if begin.elapsed() > PATIENCE {
                return Err(format!("still away after {PATIENCE:?}: {}", error.trace()));
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// Whether the runtime answers the error by waiting and trying again.
pub(crate) fn means_not_now(error: &ConnectError) -> bool {
    matches!(
        error.class(),
        ErrorClass::Unavailable | ErrorClass::Retriable
    )
}

pub(crate) fn connector(
    plugin: &PluginDescriptor,
    config: &Config,
) -> Result<Box<dyn SinkConnector>, String> {
    let Plugin::Sink(new) = plugin.plugin else {
        return Err(format!("{} is no sink", plugin.class));
    };
    new(&ConfigReader::new(config)).map_err(|errors| errors.to_string())
}

fn next_offsets(records: &[SinkRecord]) -> Offsets {
    let mut offsets = Offsets::new();
    for record in records {
        let next = offsets.entry((**record.original()).clone()).or_insert(0);
        *next = (*next).max(record.offset() + 1);
    }
    offsets
}
