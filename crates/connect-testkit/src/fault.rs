//! Faults of a target that a test can switch on and off.

use std::future::Future;

use async_trait::async_trait;

/// Takes a sink's target away and gives it back.
#[async_trait]
pub trait TargetFault: Send {
    /// Returns once the target no longer answers.
    async fn down(&mut self);

    /// Returns once the target has been started again; it may take a while until it answers.
    async fn up(&mut self);
}

/// A fault made of two closures, such as one that stops a service and one that starts it.
pub struct FaultBy<D, U> {
    pub down: D,
    pub up: U,
}

#[async_trait]
impl<D, U, F, G> TargetFault for FaultBy<D, U>
where
    D: FnMut() -> F + Send,
    U: FnMut() -> G + Send,
    F: Future<Output = ()> + Send,
    G: Future<Output = ()> + Send,
{
    async fn down(&mut self) {
        (self.down)().await;
    }

    async fn up(&mut self) {
        (self.up)().await;
    }
}
