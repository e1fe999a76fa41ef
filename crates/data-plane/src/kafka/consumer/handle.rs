//! [`Handle`]: the client, and its end on a thread of its own.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use connect_api::ConnectError;
use rdkafka::consumer::{BaseConsumer, Consumer};
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::context::Context;

/// Destroying a consumer blocks: it polls until the group is left, which with brokers away takes long. So that never
/// happens on the thread of whoever drops it.
pub(super) struct Handle(Option<Arc<BaseConsumer<Context>>>);

impl Handle {
    pub fn new(consumer: Arc<BaseConsumer<Context>>) -> Self {
        Self(Some(consumer))
    }

    pub fn get(&self) -> Result<&Arc<BaseConsumer<Context>>, ConnectError> {
        let closed = || ConnectError::fatal("the consumer is closed");
        self.0.as_ref().ok_or_else(closed)
    }

    /// Leaves the group; false if that was not done in time. It then goes on in the background.
    pub async fn close(mut self, deadline: Duration) -> bool {
        match self.end() {
            Some(done) => timeout(deadline, done).await.is_ok(),
            None => true,
        }
    }

    fn end(&mut self) -> Option<oneshot::Receiver<()>> {
        let consumer = self.0.take()?;
        // Rebalances that are not answered, and those that leaving brings, are answered by giving everything up.
        consumer.context().start_closing();
        let (done, wait) = oneshot::channel();
        let end = move || {
            leave(&consumer);
            // Where a call is still under way, it is the last to let go.
            drop(consumer);
            // Nobody may be waiting.
            let _ = done.send(());
        };
        let thread = thread::Builder::new().name("kafka-close".to_owned());
        if let Err(error) = thread.spawn(end) {
            tracing::warn!(%error, "no thread to close a consumer on");
        }
        Some(wait)
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.end();
    }
}

/// Leaves the group and waits until that is done.
fn leave(consumer: &BaseConsumer<Context>) {
    // The error could only be that there is nothing to give up.
    let _ = consumer.unassign();
    // A client that has died does not close; there is nothing to wait for.
    if consumer.close_queue().is_ok() {
        while !consumer.closed() {
            consumer.poll(Duration::from_millis(50));
        }
    }
}
