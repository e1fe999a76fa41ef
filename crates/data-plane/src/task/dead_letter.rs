//! The dead letter actor: bad records to the log and to the dead letter topic, with their original bytes.

use std::sync::Arc;

use bytes::Bytes;
use connect_api::ConnectError;
use tokio::sync::mpsc;
use tracing::error;

use super::TaskSettings;
use super::machine::{Event, FailedRecord};
use crate::kafka::{DeadLetterTopic, Letter};
use crate::metrics::{StageName, TaskMetrics};
use crate::raw::RawBatch;

/// What the actor is told.
pub(super) enum Mail {
    Prepare,
    Send {
        batch: u64,
        raw: Arc<RawBatch>,
        failed: Vec<FailedRecord>,
    },
}

/// Serves mail in order until the mailbox closes.
pub(super) async fn run(
    topic: Option<Arc<dyn DeadLetterTopic>>,
    settings: TaskSettings,
    mut mail: mpsc::UnboundedReceiver<Mail>,
    inbox: mpsc::UnboundedSender<Event>,
    metrics: Arc<TaskMetrics>,
) {
    while let Some(item) = mail.recv().await {
        let event = match item {
            Mail::Prepare => Event::Prepared(match &topic {
                Some(topic) => topic.prepare().await,
                None => Ok(()),
            }),
            Mail::Send { batch, raw, failed } => {
                let began = metrics.clock().now();
                let result = report(topic.as_deref(), &settings, &metrics, &raw, &failed).await;
                let took = metrics.clock().now().saturating_duration_since(began);
                metrics.spent(StageName::DeadLetter, took);
                Event::Delivered { batch, result }
            }
        };
        if inbox.send(event).is_err() {
            return;
        }
    }
}

async fn report(
    topic: Option<&dyn DeadLetterTopic>,
    settings: &TaskSettings,
    metrics: &TaskMetrics,
    raw: &RawBatch,
    failed: &[FailedRecord],
) -> Result<(), ConnectError> {
    if settings.log_errors {
        for record in failed {
            log(settings, raw, record);
        }
        metrics.logged(failed.len());
    }
    let Some(topic) = topic else { return Ok(()) };
    metrics.letters(failed.len());
    let letters = failed.iter().map(|record| letter(settings, raw, record));
    let sent = topic.send(letters.collect()).await;
    if sent.is_err() {
        // Which of them arrived before the first that was refused is not known.
        metrics.letters_failed(1);
    }
    sent
}

/// Class name of the sink task itself, as Kafka reports it.
const SINK_TASK: &str = "org.apache.kafka.connect.sink.SinkTask";

fn class(record: &FailedRecord) -> &str {
    record.class.as_deref().unwrap_or(SINK_TASK)
}

/// Kafka's own line (`LogReporter`), so that searches and alerts go on working.
fn log(settings: &TaskSettings, raw: &RawBatch, record: &FailedRecord) {
    let mut line = format!(
        "Error encountered in task {}-{}. Executing stage '{}' with class '{}'",
        settings.connector,
        settings.task,
        record.stage.name(),
        class(record)
    );
    if settings.log_messages {
        let place = record.place as usize;
        let run = raw.run_of(place);
        line.push_str(&format!(
            ", where consumed record is {{topic='{}', partition={}, offset={}, timestamp={}, timestampType={}}}",
            run.partition.topic,
            run.partition.partition,
            raw.offset(place),
            raw.timestamp(place),
            raw.timestamp_type(place).name()
        ));
    }
    line.push('.');
    error!(exception = %record.error.trace().trim_end(), "{line}");
}

fn letter(settings: &TaskSettings, raw: &RawBatch, record: &FailedRecord) -> Letter {
    let place = record.place as usize;
    let mut headers: Vec<(Bytes, Option<Bytes>)> = raw.headers(place).collect();
    if settings.context_headers {
        headers.extend(context(settings, raw, record));
    }
    let timestamp = Some(raw.timestamp(place)).filter(|ms| *ms >= 0);
    Letter {
        key: raw.key(place),
        value: raw.value(place),
        timestamp,
        headers,
    }
}

/// Kafka's context headers in Kafka's order (`DeadLetterQueueReporter`).
fn context(
    settings: &TaskSettings,
    raw: &RawBatch,
    record: &FailedRecord,
) -> impl Iterator<Item = (Bytes, Option<Bytes>)> {
    let place = record.place as usize;
    let partition = &raw.run_of(place).partition;
    let text = |text: String| Some(Bytes::from(text));
    [
        ("topic", text(partition.topic.to_string())),
        ("partition", text(partition.partition.to_string())),
        ("offset", text(raw.offset(place).to_string())),
        ("connector.name", text(settings.connector.to_string())),
        ("task.id", text(settings.task.to_string())),
        ("stage", text(record.stage.name().to_owned())),
        ("class.name", text(class(record).to_owned())),
        (
            "exception.class.name",
            text(record.error.exception().to_owned()),
        ),
        (
            "exception.message",
            record.error.message().map(|m| Bytes::from(m.to_owned())),
        ),
        ("exception.stacktrace", text(record.error.trace())),
    ]
    .into_iter()
    .map(|(name, value)| (Bytes::from(format!("__connect.errors.{name}")), value))
}
