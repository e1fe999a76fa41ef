//! The poller actor: owns the consumer and does what it is told, one thing after the other.

use std::time::Duration;

use connect_api::ConnectError;
use tokio::sync::mpsc;

use super::machine::{Durable, Event};
use crate::kafka::{ConsumerEvent, GroupConsumer, ReadLimits, Start};
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
) {
    let mut wanted: Option<ReadLimits> = None;
    loop {
        let event = tokio::select! {
            biased;
            order = orders.recv() => match order {
                Some(Order::Close(deadline)) => return close(consumer, deadline, &inbox).await,
                // The task is gone: leave the group all the same.
                None => return consumer.close(Duration::from_secs(1)).await,
                Some(Order::Fetch(limits)) => {
                    wanted = Some(limits);
                    read(consumer.as_mut(), &mut wanted)
                }
                Some(Order::Seek(starts)) => {
                    let result = consumer.seek(&starts).await;
                    Some(Event::Sought { starts, result })
                }
                Some(order) => obey(consumer.as_mut(), order).await.err().map(Event::ConsumerFailed),
            },
            event = consumer.event() => match event {
                ConsumerEvent::Data => read(consumer.as_mut(), &mut wanted),
                event => Some(Event::Consumer(event)),
            },
        };
        if let Some(event) = event
            && inbox.send(event).is_err()
        {
            return consumer.close(Duration::from_secs(1)).await;
        }
    }
}

fn read(consumer: &mut dyn GroupConsumer, wanted: &mut Option<ReadLimits>) -> Option<Event> {
    let batch = consumer.read((*wanted)?);
    if batch.is_empty() {
        return None;
    }
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
