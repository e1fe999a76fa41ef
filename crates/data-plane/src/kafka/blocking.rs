//! Calls of the client library that block, kept off the runtime's threads.

use std::thread;

use connect_api::ConnectError;

/// Runs it on a thread for blocking calls.
pub(super) async fn blocking<T: Send + 'static>(
    f: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ConnectError> {
    let done = tokio::task::spawn_blocking(f).await;
    done.map_err(|e| ConnectError::fatal(format!("a call to Kafka's client was cut off: {e}")))
}

/// Drops a client elsewhere, for that waits for its threads and its connections.
pub(super) fn drop_elsewhere<T: Send + 'static>(client: T) {
    let thread = thread::Builder::new().name("kafka-close".to_owned());
    if let Err(error) = thread.spawn(move || drop(client)) {
        tracing::warn!(%error, "no thread to close a kafka client on");
    }
}
