//! The stage: bytes → records → chain of transformations with predicates.
//!
//! It is pure but for the pauses between retries that `errors.retry.timeout` asks for, and for what a converter gets
//! ahead of a batch (schemas from a registry), so `preview` and tests run the very same code. A drop is
//! [`Step::Filtered`] and a failure [`Step::Failed`]; neither is ever an absent value.

use std::sync::Arc;
use std::time::{Duration, Instant};

use connect_api::ByteString;
use connect_api::convert::{Converter, HeaderConverter, LooksAhead, RecordHeaders, SchemaUsed};
use connect_api::{Bytes, ConnectError, Headers, RecordSlice, SinkRecord, TopicPartition};

use super::machine::{Converted, FailedRecord, Moment, Reaction, Stage as FailedAt, reaction};
use super::tolerance::{Retry, tolerance_exceeded};
use super::{ConfiguredTransformation, StageParts, TaskSettings, Tolerance, TopicTracker};
use crate::clock::{Clock, SystemClock};
use crate::metrics::{RecordFailures, StageName, TaskMetrics};
use crate::raw::{RawBatch, Run};

/// What became of one record.
pub enum Step {
    Keep(SinkRecord),
    /// A transformation dropped it; its offset is passed.
    Filtered(Link),
    Failed {
        stage: FailedAt,
        class: Arc<str>,
        /// Of the transformation; none for a converter.
        alias: Option<Arc<str>>,
        error: ConnectError,
    },
    /// No record's fault: the task must end.
    Fatal(ConnectError),
}

/// A link of the chain by its names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    pub alias: Arc<str>,
    pub class: Arc<str>,
}

/// Why a record goes no further.
enum Refusal {
    Filtered(Link),
    Record {
        stage: FailedAt,
        class: Arc<str>,
        alias: Option<Arc<str>>,
        error: ConnectError,
    },
    Fatal(ConnectError),
}

impl From<Refusal> for Step {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Filtered(by) => Step::Filtered(by),
            Refusal::Record {
                stage,
                class,
                alias,
                error,
            } => Step::Failed {
                stage,
                class,
                alias,
                error,
            },
            Refusal::Fatal(error) => Step::Fatal(error),
        }
    }
}

/// The headers of one record of a batch.
struct HeadersOf<'a> {
    raw: &'a RawBatch,
    place: usize,
}

impl RecordHeaders for HeadersOf<'_> {
    fn last(&self, name: &str) -> Option<Bytes> {
        self.raw.last_header(self.place, name)
    }
}

/// Hears that a converter waits and why, and then that it goes on.
type Waits = Box<dyn FnMut(Option<ConnectError>) + Send>;

/// One record in so many tells how the time of a batch is shared between converters and transformations: asking the
/// clock for each would cost as much as some of them do.
const SAMPLED_EVERY: usize = 64;

/// Time that the sampled records took.
#[derive(Default)]
struct Split {
    convert: Duration,
    transform: Duration,
}

impl Split {
    fn transform_share(&self) -> f64 {
        let all = self.convert + self.transform;
        match all.is_zero() {
            true => 0.0,
            false => self.transform.as_secs_f64() / all.as_secs_f64(),
        }
    }
}

/// After so long without an answer, what is asked counts as waited for.
const SLOW: Duration = Duration::from_secs(5);

/// Converters and transformations of one task.
pub struct Stage {
    key: (Box<dyn Converter>, Arc<str>),
    value: (Box<dyn Converter>, Arc<str>),
    header: (Box<dyn HeaderConverter>, Arc<str>),
    chain: Vec<(ConfiguredTransformation, Link)>,
    tolerance: Tolerance,
    retry: Retry,
    /// Whether key or value converter looks ahead.
    looks_ahead: bool,
    waits: Waits,
    topics: Option<TopicTracker>,
    metrics: Arc<TaskMetrics>,
    /// What failed in the present batch.
    failed: RecordFailures,
}

impl Stage {
    /// A stage that goes record by record with [`Self::step`] and tries nothing again.
    pub fn for_steps(parts: StageParts) -> Self {
        let never = Retry::new(Some(Duration::ZERO), Duration::ZERO, Arc::new(SystemClock));
        Self::with(
            parts,
            Tolerance::All,
            never,
            Box::new(|_| {}),
            Arc::default(),
        )
    }

    pub fn new(
        parts: StageParts,
        settings: &TaskSettings,
        clock: Arc<dyn Clock>,
        waits: Waits,
        metrics: Arc<TaskMetrics>,
    ) -> Self {
        let retry = Retry::new(settings.retry_timeout, settings.retry_delay_max, clock);
        Self::with(parts, settings.tolerance, retry, waits, metrics)
    }

    fn with(
        mut parts: StageParts,
        tolerance: Tolerance,
        retry: Retry,
        waits: Waits,
        metrics: Arc<TaskMetrics>,
    ) -> Self {
        let looks_ahead = parts.key.0.ahead().is_some() || parts.value.0.ahead().is_some();
        let named = |class: String| -> Arc<str> { class.into() };
        let chain = parts.transformations.into_iter().map(|t| {
            let link = Link {
                alias: t.alias.as_str().into(),
                class: t.class.as_str().into(),
            };
            (t, link)
        });
        Self {
            key: (parts.key.0, named(parts.key.1)),
            value: (parts.value.0, named(parts.value.1)),
            header: (parts.header.0, named(parts.header.1)),
            chain: chain.collect(),
            tolerance,
            retry,
            looks_ahead,
            waits,
            topics: None,
            metrics,
            failed: RecordFailures::default(),
        }
    }

    /// Tells this one which topics have records.
    pub fn tracking(mut self, topics: Option<TopicTracker>) -> Self {
        self.topics = topics;
        self
    }

    /// Converts and transforms a batch. Without tolerance it ends at the first failure.
    ///
    /// Waits as long as it takes for what the converters need; dropping the future abandons that.
    pub async fn convert(&mut self, raw: &RawBatch) -> Converted {
        if self.looks_ahead {
            self.look(raw);
            if let Err(error) = self.fetch().await {
                return Converted {
                    records: RecordSlice::empty(),
                    origin: Vec::new(),
                    failed: Vec::new(),
                    fatal: Some(error),
                    transform_share: 0.0,
                };
            }
        }
        let began = self.metrics.clock().now();
        let mut split = Split::default();
        let mut records = Vec::with_capacity(raw.len());
        let mut origin = Vec::with_capacity(raw.len());
        let mut failed = Vec::new();
        let mut fatal = None;
        for run in raw.runs() {
            let run = &own(run);
            let kept = records.len();
            // Whether a record that goes no further has passed the converters.
            let mut passed = false;
            for place in run.records.clone() {
                let tried = match place % SAMPLED_EVERY == 0 && !self.chain.is_empty() {
                    false => self.try_record(raw, run, place),
                    true => self.try_timed(raw, run, place, &mut split),
                };
                let mut step = match tried {
                    // Nearly all; a step of its own would be one more copy of the record.
                    Ok(record) => {
                        records.push(record);
                        origin.push(place as u32);
                        continue;
                    }
                    Err(refusal) => refusal.into(),
                };
                if let Step::Failed { .. } = step {
                    step = self.try_again(raw, run, place, step).await;
                }
                match step {
                    Step::Keep(record) => {
                        records.push(record);
                        origin.push(place as u32);
                    }
                    Step::Filtered(_) => passed = true,
                    Step::Failed {
                        stage,
                        class,
                        error,
                        ..
                    } => {
                        passed |= stage == FailedAt::Transformation;
                        self.failed.failures += 1;
                        self.failed.errors += 1;
                        if self.tolerance == Tolerance::All {
                            self.failed.skipped += 1;
                        }
                        if self.tolerance == Tolerance::None {
                            fatal = Some(tolerance_exceeded(error.clone(), raw, place, stage));
                        }
                        failed.push(FailedRecord {
                            place: place as u32,
                            stage,
                            class: Some(class),
                            error,
                        });
                    }
                    Step::Fatal(error) => fatal = Some(error),
                }
                if fatal.is_some() {
                    break;
                }
            }
            if let Some(topics) = &mut self.topics
                && (passed || records.len() > kept)
            {
                topics.passed(&run.partition.topic);
            }
            if fatal.is_some() {
                break;
            }
        }
        self.account(began, &split);
        Converted {
            records: RecordSlice::new(records),
            origin,
            failed,
            fatal,
            transform_share: split.transform_share(),
        }
    }

    /// Puts the batch into the books.
    fn account(&mut self, began: Instant, split: &Split) {
        let took = self.metrics.clock().now().saturating_duration_since(began);
        let transform = took.mul_f64(split.transform_share());
        self.metrics.spent(StageName::Convert, took - transform);
        if !self.chain.is_empty() {
            self.metrics.spent(StageName::Transform, transform);
        }
        let failed = std::mem::take(&mut self.failed);
        if failed != RecordFailures::default() {
            self.metrics.record_failed(failed);
        }
    }

    /// Lets the converters see what a batch needs.
    fn look(&mut self, raw: &RawBatch) {
        if let Some(ahead) = self.key.0.ahead() {
            look(ahead, raw, |place| raw.key(place));
        }
        if let Some(ahead) = self.value.0.ahead() {
            look(ahead, raw, |place| raw.value(place));
        }
    }

    /// Gets what the converters lack, for as long as it takes.
    ///
    /// # Errors
    /// What ends the task.
    async fn fetch(&mut self) -> Result<(), ConnectError> {
        let mut waited = false;
        for converter in [&mut self.key.0, &mut self.value.0] {
            if let Some(ahead) = converter.ahead() {
                waited |= fetch(ahead, &mut self.waits).await?;
            }
        }
        if waited {
            (self.waits)(None);
        }
        Ok(())
    }

    /// What a batch needs, asked for once, for who steps through it with [`Self::step`] and cannot wait.
    ///
    /// # Errors
    /// Why it is not to be had.
    pub async fn fetch_once(&mut self, raw: &RawBatch) -> Result<(), ConnectError> {
        self.look(raw);
        for converter in [&mut self.key.0, &mut self.value.0] {
            if let Some(ahead) = converter.ahead()
                && ahead.lacks()
            {
                ahead.fetch().await?;
            }
        }
        Ok(())
    }

    /// The schemas under which key and value of a record were written, where a registry knows them.
    pub fn schemas_used(
        &mut self,
        raw: &RawBatch,
        run: &Run,
        place: usize,
    ) -> [Option<SchemaUsed>; 2] {
        let (topic, headers) = (&run.partition.topic, HeadersOf { raw, place });
        let used = |converter: &mut Box<dyn Converter>, data: Option<Bytes>| {
            converter.ahead()?.schema_used(topic, &headers, &data?)
        };
        [
            used(&mut self.key.0, raw.key(place)),
            used(&mut self.value.0, raw.value(place)),
        ]
    }

    /// One record through converters and chain; does not wait.
    pub fn step(&mut self, raw: &RawBatch, run: &Run, place: usize) -> Step {
        match self.try_record(raw, run, place) {
            Ok(record) => Step::Keep(record),
            Err(refusal) => refusal.into(),
        }
    }

    /// Tries a failed record again as `errors.retry.*` allow.
    ///
    /// Each try begins with the bytes. That needs no copy of the record, which transformations own and change.
    async fn try_again(&mut self, raw: &RawBatch, run: &Run, place: usize, failed: Step) -> Step {
        let mut attempt = self.retry.attempt();
        let mut step = failed;
        let mut waited = false;
        while let Step::Failed { error, .. } = &step {
            if reaction(error.class(), Moment::Converting) == Reaction::Again {
                (self.waits)(Some(error.clone()));
                waited = true;
            }
            let is_retry = reaction(error.class(), Moment::Converting) != Reaction::Again;
            if !attempt.may_retry(error).await {
                break;
            }
            if is_retry {
                self.failed.failures += 1;
                self.failed.retries += 1;
            }
            step = match self.fetch().await {
                Ok(()) => self.step(raw, run, place),
                Err(error) => Step::Fatal(error),
            };
        }
        if waited {
            (self.waits)(None);
        }
        step
    }

    #[inline]
    fn try_record(
        &mut self,
        raw: &RawBatch,
        run: &Run,
        place: usize,
    ) -> Result<SinkRecord, Refusal> {
        let record = self.convert_one(raw, run, place)?;
        self.transform(record)
    }

    /// The same with a look at the clock, to tell converting from transforming.
    fn try_timed(
        &mut self,
        raw: &RawBatch,
        run: &Run,
        place: usize,
        split: &mut Split,
    ) -> Result<SinkRecord, Refusal> {
        let began = self.metrics.clock().now();
        let converted = self.convert_one(raw, run, place);
        let between = self.metrics.clock().now();
        split.convert += between.saturating_duration_since(began);
        let transformed = self.transform(converted?);
        split.transform += self
            .metrics
            .clock()
            .now()
            .saturating_duration_since(between);
        transformed
    }

    #[inline]
    fn transform(&mut self, mut record: SinkRecord) -> Result<SinkRecord, Refusal> {
        for (configured, link) in &mut self.chain {
            let refused = |error| {
                let alias = Some(&link.alias);
                failed(FailedAt::Transformation, &link.class, alias, error)
            };
            match configured.apply(record).map_err(refused)? {
                Some(changed) => record = changed,
                None => return Err(Refusal::Filtered(link.clone())),
            }
        }
        Ok(record)
    }

    #[inline]
    fn convert_one(
        &mut self,
        raw: &RawBatch,
        run: &Run,
        place: usize,
    ) -> Result<SinkRecord, Refusal> {
        let (topic, own) = (&run.partition.topic, HeadersOf { raw, place });
        let key = &mut self.key.0;
        let key = key.to_connect_data_with_headers(topic, &own, raw.key(place));
        let key = key.map_err(|error| failed(FailedAt::KeyConverter, &self.key.1, None, error))?;
        let value = &mut self.value.0;
        let value = value.to_connect_data_with_headers(topic, &own, raw.value(place));
        let value =
            value.map_err(|error| failed(FailedAt::ValueConverter, &self.value.1, None, error))?;
        let headers = match raw.has_headers(place) {
            true => self.headers(raw, topic, place)?,
            false => Headers::new(),
        };
        let timestamp = timestamp(raw, run, place)?;
        let mut record = SinkRecord::new(run.partition.clone(), raw.offset(place));
        record.headers = headers;
        (record.key_schema, record.key) = (key.schema, key.value);
        (record.value_schema, record.value) = (value.schema, value.value);
        record.timestamp = timestamp;
        record.timestamp_type = raw.timestamp_type(place);
        Ok(record)
    }

    fn headers(&mut self, raw: &RawBatch, topic: &str, place: usize) -> Result<Headers, Refusal> {
        let all = raw.headers(place);
        let mut headers = Headers::with_capacity(all.len());
        for (name, value) in all {
            // Kafka's own client writes UTF-8; bytes of others are read as Java would.
            let name = ByteString::try_from(name.clone())
                .unwrap_or_else(|_| ByteString::from(String::from_utf8_lossy(&name).into_owned()));
            let converted = self.header.0.to_connect_header(topic, &name, value);
            let converted = converted
                .map_err(|error| failed(FailedAt::HeaderConverter, &self.header.1, None, error))?;
            headers.push(name, converted.schema, converted.value);
        }
        Ok(headers)
    }
}

fn look(ahead: &mut dyn LooksAhead, raw: &RawBatch, part: impl Fn(usize) -> Option<Bytes>) {
    for run in raw.runs() {
        for place in run.records.clone() {
            if let Some(data) = part(place) {
                ahead.look(&run.partition.topic, &HeadersOf { raw, place }, &data);
            }
        }
    }
}

/// Whether it had to be waited for.
async fn fetch(ahead: &mut dyn LooksAhead, waits: &mut Waits) -> Result<bool, ConnectError> {
    let mut failures = 0;
    let mut waited = false;
    while ahead.lacks() {
        let error = match answered(ahead, waits, &mut waited).await {
            Ok(()) => continue,
            Err(error) => error,
        };
        match reaction(error.class(), Moment::Converting) {
            Reaction::Fail => return Err(error),
            // Converting the record will say it.
            Reaction::Tolerance => break,
            _ => {}
        }
        failures += 1;
        waited = true;
        waits(Some(error));
        tokio::time::sleep(ahead.pause(failures)).await;
    }
    Ok(waited)
}

/// One fetch; a slow one counts as waiting while it still goes on.
async fn answered(
    ahead: &mut dyn LooksAhead,
    waits: &mut Waits,
    waited: &mut bool,
) -> Result<(), ConnectError> {
    let slow = ConnectError::unavailable(format!(
        "{} has not answered for {} s; the request goes on until its time-out",
        ahead.source(),
        SLOW.as_secs()
    ));
    let mut fetch = ahead.fetch();
    let in_time = tokio::time::timeout(SLOW, &mut fetch).await;
    match in_time {
        Ok(result) => result,
        Err(_) => {
            *waited = true;
            waits(Some(slow));
            fetch.await
        }
    }
}

/// The run under a name of its own. Its records count their references to the name, here while they are made and in the
/// sink while those of the batch before are dropped; a count that both write would cost more than the rest of a record.
fn own(run: &Run) -> Run {
    let topic: Arc<str> = Arc::from(&*run.partition.topic);
    let partition = Arc::new(TopicPartition::new(topic, run.partition.partition));
    Run {
        partition,
        ..run.clone()
    }
}

/// What the class of an error makes of the record.
fn failed(
    stage: FailedAt,
    class: &Arc<str>,
    alias: Option<&Arc<str>>,
    error: ConnectError,
) -> Refusal {
    match reaction(error.class(), Moment::Converting) {
        Reaction::Fail => Refusal::Fatal(error),
        _ => Refusal::Record {
            stage,
            class: class.clone(),
            alias: alias.cloned(),
            error,
        },
    }
}

/// Kafka's −1 is no timestamp; any other negative one ends the task, as in Kafka, tolerance or not.
fn timestamp(raw: &RawBatch, run: &Run, place: usize) -> Result<Option<i64>, Refusal> {
    match raw.timestamp(place) {
        -1 => Ok(None),
        ms if ms >= 0 => Ok(Some(ms)),
        ms => Err(Refusal::Fatal(invalid_timestamp(
            &run.partition,
            raw.offset(place),
            ms,
        ))),
    }
}

fn invalid_timestamp(partition: &TopicPartition, offset: i64, ms: i64) -> ConnectError {
    ConnectError::fatal("Exiting WorkerSinkTask due to unrecoverable exception.").caused_by(
        ConnectError::fatal(format!(
            "Invalid record timestamp {ms} at {partition}, offset {offset}; move the group's offset past it to go on"
        ))
        .named("org.apache.kafka.connect.errors.InvalidRecordException"),
    )
}
