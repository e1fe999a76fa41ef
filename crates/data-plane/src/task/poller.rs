//! The poller actor: owns the consumer and does what it is told, one thing after the other.

use std::sync::Arc;
use std::time::{Duration, Instant};

use connect_api::ConnectError;
use tokio::sync::mpsc;
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::machine::{Durable, Event};
use crate::kafka::{ConsumerEvent, GroupConsumer, ReadLimits, Start};
use crate::metrics::{StageName, TaskMetrics};
use connect_api::TopicPartition;

/// What the consumer is told.
pub(super) enum Order {
    Join,
    Fetch(ReadLimits),
    Assign(Vec<Start>),
    Unassign(Vec<TopicPartition>),
    Seek(Vec<Start>),
    Pause(Vec<TopicPartition>),
    Resume(Vec<TopicPartition>),
    Commit { seq: u64, offsets: Durable },
    Close(Duration),
}

/// Serves orders and passes events on until told to close. A fetch stays open until there is something to read.
pub(super) async fn run(
    mut consumer: Box<dyn GroupConsumer>,
    mut orders: mpsc::UnboundedReceiver<Order>,
    inbox: mpsc::UnboundedSender<Event>,
    metrics: Arc<TaskMetrics>,
) {
    let mut wanted: Option<Wanted> = None;
    let mut look = Look::new(&metrics);
    loop {
        let event = tokio::select! {
            biased;
            order = orders.recv() => match order {
                Some(Order::Close(deadline)) => return close(consumer, deadline, &inbox).await,
                // The task is gone: leave the group all the same.
                None => return consumer.close(Duration::from_secs(1)).await,
                Some(Order::Fetch(limits)) => {
                    let since = metrics.clock().now();
                    wanted = Some(Wanted { limits, since });
                    read(consumer.as_mut(), &mut wanted, &metrics)
                }
                Some(Order::Seek(starts)) => {
                    let result = consumer.seek(&starts).await;
                    Some(Event::Sought { starts, result })
                }
                Some(order) => obey(consumer.as_mut(), order).await.err().map(Event::ConsumerFailed),
            },
            event = consumer.event() => match event {
                ConsumerEvent::Data => read(consumer.as_mut(), &mut wanted, &metrics),
                event => Some(Event::Consumer(event)),
            },
            _ = look.timer.tick() => None,
        };
        look.at(consumer.as_ref());
        if let Some(event) = event
            && inbox.send(event).is_err()
        {
            return consumer.close(Duration::from_secs(1)).await;
        }
    }
}

/// A read that is asked for.
#[derive(Clone, Copy)]
struct Wanted {
    limits: ReadLimits,
    since: Instant,
}

/// Looks now and then how far the consumer is; between two looks nothing but the end of a partition moves.
struct Look<'a> {
    metrics: &'a TaskMetrics,
    timer: Interval,
    last: Instant,
}

/// How often while records come, and how often while none do.
const LOOK_EVERY: Duration = Duration::from_secs(1);
const LOOK_IDLE: Duration = Duration::from_secs(5);

impl<'a> Look<'a> {
    fn new(metrics: &'a TaskMetrics) -> Self {
        let mut timer = interval(LOOK_IDLE);
        timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            metrics,
            timer,
            last: metrics.clock().now(),
        }
    }

    fn at(&mut self, consumer: &dyn GroupConsumer) {
        let now = self.metrics.clock().now();
        if now.saturating_duration_since(self.last) >= LOOK_EVERY {
            self.last = now;
            self.metrics.set_positions(consumer.positions(), now);
        }
    }
}

fn read(
    consumer: &mut dyn GroupConsumer,
    wanted: &mut Option<Wanted>,
    metrics: &TaskMetrics,
) -> Option<Event> {
    let Wanted { limits, since } = (*wanted)?;
    let batch = consumer.read(limits);
    if batch.is_empty() {
        return None;
    }
    let took = metrics.clock().now().saturating_duration_since(since);
    metrics.spent(StageName::Consume, took);
    *wanted = None;
    Some(Event::Read(batch))
}

async fn obey(consumer: &mut dyn GroupConsumer, order: Order) -> Result<(), ConnectError> {
    match order {
        Order::Join => consumer.subscribe().await,
        Order::Assign(starts) => consumer.assign(&starts).await,
        Order::Unassign(partitions) => consumer.unassign(&partitions).await,
        Order::Pause(partitions) => consumer.pause(&partitions).await,
        Order::Resume(partitions) => consumer.resume(&partitions).await,
        // The one place where a commit leaves the process; only `Durable` offsets get here.
        Order::Commit { seq, offsets } => consumer.commit(seq, &offsets),
        Order::Fetch(_) | Order::Seek(_) | Order::Close(_) => Ok(()),
    }
}

async fn close(
    consumer: Box<dyn GroupConsumer>,
    deadline: Duration,
    inbox: &mpsc::UnboundedSender<Event>,
) {
    consumer.close(deadline).await;
    // The loop may have stopped waiting; then nobody listens.
    let _ = inbox.send(Event::ConsumerClosed);
}
