//! The loop: events in, effects out. Nothing here waits for a target, a broker or a plugin.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use connect_api::ConnectError;
use connect_api::sink::SinkTaskContext;
use futures_util::FutureExt;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tracing::Instrument;

use super::dead_letter::{self, Mail};
use super::machine::{Effect, Event, Machine, Phase, Settings, SinkCall};
use super::poller::{self, Order};
use super::stage::Stage;
use super::trace::Tracing;
use super::{TaskParts, TaskStatus, log, sink};
use crate::clock::Clock;
use crate::metrics::{RatioState, TaskMetrics, WaitReason};
use crate::raw::RawBatch;

/// A running task.
pub struct Task {
    machine: Machine,
    clock: Arc<dyn Clock>,
    inbox: mpsc::UnboundedReceiver<Event>,
    poller: mpsc::UnboundedSender<Order>,
    stage: mpsc::UnboundedSender<(u64, Arc<RawBatch>)>,
    sink: mpsc::UnboundedSender<SinkCall>,
    dead_letters: mpsc::UnboundedSender<Mail>,
    status: Box<dyn Fn(TaskStatus) + Send>,
    report: Arc<Mutex<PhaseReport>>,
    metrics: Arc<TaskMetrics>,
    tracing: Option<Tracing>,
    /// The last that was told of what it waits for.
    waits: Option<WaitReason>,
    /// Ended with the task, wherever they are.
    _actors: JoinSet<()>,
}

/// What a task is at, for REST and metrics.
#[derive(Clone, Debug)]
pub struct PhaseReport {
    pub phase: Phase,
    /// Why it waits and what to do, if it does.
    pub why: Option<ConnectError>,
    /// Bytes read from Kafka and not done with.
    pub bytes_in_flight: usize,
}

/// The herder's end of a task. Dropping it stops the task.
pub struct TaskHandle {
    inbox: mpsc::UnboundedSender<Event>,
    report: Arc<Mutex<PhaseReport>>,
    finished: watch::Receiver<bool>,
    /// A task that failed is shown until it is let go of.
    _metrics: Arc<TaskMetrics>,
}

impl TaskHandle {
    pub fn pause(&self) {
        self.tell(Event::Pause);
    }

    pub fn resume(&self) {
        self.tell(Event::Resume);
    }

    /// Begins to stop; see [`finished`](Self::finished).
    pub fn stop(&self) {
        self.tell(Event::Stop);
    }

    pub fn phase(&self) -> PhaseReport {
        let report = self.report.lock();
        report.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns when the task has reported its last status and left the group.
    pub async fn finished(&mut self) {
        // An error means the sender is gone, and so is the task.
        let _ = self.finished.wait_for(|done| *done).await;
    }

    fn tell(&self, event: Event) {
        // A task that has ended needs no orders.
        let _ = self.inbox.send(event);
    }
}

impl Drop for TaskHandle {
    fn drop(&mut self) {
        self.tell(Event::Stop);
    }
}

impl Task {
    /// Starts a task on the current tokio runtime.
    pub fn spawn(parts: TaskParts) -> TaskHandle {
        let (to_inbox, inbox) = mpsc::unbounded_channel();
        let (to_poller, orders) = mpsc::unbounded_channel();
        let (to_stage, batches) = mpsc::unbounded_channel();
        let (to_sink, calls) = mpsc::unbounded_channel();
        let (to_dead_letters, mail) = mpsc::unbounded_channel();
        let TaskParts {
            settings,
            consumer,
            dead_letter_topic,
            stage,
            sink: task,
            sink_config,
            status,
            clock,
            topics,
            metrics,
        } = parts;
        let producer = dead_letter_topic.as_ref().and_then(|t| t.counters());
        metrics.set_clients(consumer.counters(), producer);
        let span = log::log_span(&settings.connector, settings.task);

        let machine_settings = Settings::new(&settings, dead_letter_topic.is_some());
        let context = SinkTaskContext::new(
            settings.connector.clone(),
            settings.task,
            machine_settings.has_reporter,
        );
        let waits = to_inbox.clone();
        let waits = move |why: Option<ConnectError>| {
            let event = why.map_or(Event::ConverterGoesOn, Event::ConverterWaits);
            // A task that has ended needs to know no more.
            let _ = waits.send(event);
        };
        let stage = Stage::new(
            stage,
            &settings,
            clock.clone(),
            Box::new(waits),
            metrics.clone(),
        )
        .tracking(topics);
        let mut actors = JoinSet::new();
        actors.spawn(
            sink::run(task, sink_config, context, calls, to_inbox.clone()).instrument(span.clone()),
        );
        spawn(
            &mut actors,
            "the consumer",
            &to_inbox,
            &span,
            poller::run(consumer, orders, to_inbox.clone(), metrics.clone()),
        );
        spawn(
            &mut actors,
            "a converter or transformation",
            &to_inbox,
            &span,
            convert(stage, batches, to_inbox.clone()),
        );
        let counted = metrics.clone();
        let letters =
            dead_letter::run(dead_letter_topic, settings, mail, to_inbox.clone(), counted);
        spawn(
            &mut actors,
            "the dead letter queue",
            &to_inbox,
            &span,
            letters,
        );

        let report = PhaseReport {
            phase: Phase::Running,
            why: None,
            bytes_in_flight: 0,
        };
        let report = Arc::new(Mutex::new(report));
        let (done, finished) = watch::channel(false);
        let task = Task {
            machine: Machine::new(machine_settings, metrics.clone(), clock.now()),
            clock,
            inbox,
            poller: to_poller,
            stage: to_stage,
            sink: to_sink,
            dead_letters: to_dead_letters,
            status,
            report: report.clone(),
            tracing: Tracing::new(&metrics),
            metrics: metrics.clone(),
            waits: None,
            _actors: actors,
        };
        let main = async move {
            task.run().await;
            let _ = done.send(true);
        };
        tokio::spawn(main.instrument(span));
        TaskHandle {
            inbox: to_inbox,
            report,
            finished,
            _metrics: metrics,
        }
    }

    async fn run(mut self) {
        let mut event = Event::Tick;
        loop {
            let now = self.clock.now();
            if let Some(tracing) = &mut self.tracing {
                tracing.event(&event, now);
            }
            let effects = self.machine.on(event, now);
            if let Some(tracing) = &mut self.tracing {
                tracing.effects(&effects, &self.machine, now);
            }
            self.publish(now);
            for effect in effects {
                if !self.perform(effect, now) {
                    return;
                }
            }
            event = self.next_event().await;
        }
    }

    async fn next_event(&mut self) -> Event {
        let wake_at = self.machine.wake_at();
        let timer = async {
            match wake_at {
                Some(at) => tokio::time::sleep_until(at.into()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            event = self.inbox.recv() => event.unwrap_or(Event::Stop),
            () = timer => Event::Tick,
        }
    }

    /// Passes an effect on to who does it; false when the task is over.
    fn perform(&self, effect: Effect, now: Instant) -> bool {
        match effect {
            Effect::Fetch(limits) => self.order(Order::Fetch(limits)),
            Effect::Convert { batch, raw } => {
                let _ = self.stage.send((batch, raw));
            }
            Effect::Sink(call) => {
                let _ = self.sink.send(call);
            }
            Effect::PrepareDeadLetters => self.mail(Mail::Prepare),
            Effect::DeadLetter { batch, raw, failed } => {
                self.mail(Mail::Send { batch, raw, failed })
            }
            // Takes `Durable` offsets, which only the machine makes, after delivery and `pre_commit`; nothing else commits.
            Effect::Commit { seq, offsets } => self.order(Order::Commit { seq, offsets }),
            Effect::Join => self.order(Order::Join),
            Effect::Assign(starts) => self.order(Order::Assign(starts)),
            Effect::Unassign(partitions) => self.order(Order::Unassign(partitions)),
            Effect::Seek(starts) => self.order(Order::Seek(starts)),
            Effect::Pause(partitions) => self.order(Order::Pause(partitions)),
            Effect::Resume(partitions) => self.order(Order::Resume(partitions)),
            Effect::CloseConsumer(deadline) => self.order(Order::Close(deadline)),
            Effect::Report(status) => {
                self.metrics.set_state(ratio_state(&status), now);
                (self.status)(status);
            }
            Effect::Note(note) => log::write(&note, now),
            Effect::Finish => return false,
        }
        true
    }

    // An actor that is gone has said so in the inbox already, so a refused letter needs no second report.

    fn order(&self, order: Order) {
        let _ = self.poller.send(order);
    }

    fn mail(&self, mail: Mail) {
        let _ = self.dead_letters.send(mail);
    }

    fn publish(&mut self, now: Instant) {
        let waits = self.machine.wait_reason();
        if waits != self.waits {
            self.waits = waits;
            self.metrics.set_wait(waits, now);
        }
        let (partitions, bytes) = (
            self.machine.partition_count(),
            self.machine.bytes_in_flight(),
        );
        self.metrics.set_sizes(partitions, bytes);
        let report = PhaseReport {
            phase: self.machine.phase(),
            why: self.machine.why().cloned(),
            bytes_in_flight: self.machine.bytes_in_flight(),
        };
        *self.report.lock().unwrap_or_else(PoisonError::into_inner) = report;
    }
}

fn ratio_state(status: &TaskStatus) -> RatioState {
    match status {
        TaskStatus::Running => RatioState::Running,
        TaskStatus::Paused => RatioState::Paused,
        TaskStatus::Failed(_) | TaskStatus::Unassigned => RatioState::Other,
    }
}

async fn convert(
    mut stage: Stage,
    mut batches: mpsc::UnboundedReceiver<(u64, Arc<RawBatch>)>,
    inbox: mpsc::UnboundedSender<Event>,
) {
    while let Some((batch, raw)) = batches.recv().await {
        let converted = stage.convert(&raw).await;
        if inbox.send(Event::Converted { batch, converted }).is_err() {
            return;
        }
    }
}

/// Runs an actor; if it panics, the task hears of it and ends, and nothing else does.
fn spawn(
    actors: &mut JoinSet<()>,
    who: &'static str,
    inbox: &mpsc::UnboundedSender<Event>,
    span: &tracing::Span,
    actor: impl Future<Output = ()> + Send + 'static,
) {
    let inbox = inbox.clone();
    let watched = async move {
        if let Err(panic) = std::panic::AssertUnwindSafe(actor).catch_unwind().await {
            let message = sink::panic_text(&*panic);
            let _ = inbox.send(Event::Panicked { who, message });
        }
    };
    actors.spawn(watched.instrument(span.clone()));
}
