//! The sink actor: one mailbox, one call at a time, panics caught.

use std::panic::AssertUnwindSafe;

use connect_api::config::Config;
use connect_api::sink::{SinkTask, SinkTaskContext};
use futures_util::FutureExt;
use tokio::sync::mpsc;

use super::machine::{Event, SinkAnswer, SinkCall};

/// Serves calls until the mailbox closes or the task panics.
pub(super) async fn run(
    mut task: Box<dyn SinkTask>,
    config: Config,
    context: SinkTaskContext,
    mut calls: mpsc::UnboundedReceiver<SinkCall>,
    inbox: mpsc::UnboundedSender<Event>,
) {
    while let Some(call) = calls.recv().await {
        // After a panic the task is not touched again, so its broken state is never observed.
        let answer = AssertUnwindSafe(serve(task.as_mut(), call, &config, &context))
            .catch_unwind()
            .await;
        let (answer, is_over) = match answer {
            Ok(answer) => (answer, false),
            Err(panic) => (SinkAnswer::Panicked(panic_text(&*panic)), true),
        };
        let requests = context.take_requests();
        if inbox.send(Event::Sink { answer, requests }).is_err() || is_over {
            break;
        }
    }
    // Dropping a plugin may panic as well; that must not take the process along.
    let _ = std::panic::catch_unwind(AssertUnwindSafe(|| drop(task)));
}

async fn serve(
    task: &mut dyn SinkTask,
    call: SinkCall,
    config: &Config,
    context: &SinkTaskContext,
) -> SinkAnswer {
    match call {
        SinkCall::Start => SinkAnswer::Started(task.start(config, context).await),
        SinkCall::Open(partitions) => SinkAnswer::Opened(task.open(&partitions).await),
        SinkCall::Put(records) => SinkAnswer::Put(task.put(records).await),
        SinkCall::PreCommit(accepted) => SinkAnswer::PreCommitted(task.pre_commit(&accepted).await),
        SinkCall::Close(partitions) => SinkAnswer::Closed(task.close(&partitions).await),
        SinkCall::Stop => {
            task.stop().await;
            SinkAnswer::Stopped
        }
    }
}

/// What a panic said.
pub(super) fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    if let Some(text) = panic.downcast_ref::<&str>() {
        return (*text).to_owned();
    }
    panic
        .downcast_ref::<String>()
        .cloned()
        .unwrap_or_else(|| "no message".to_owned())
}
