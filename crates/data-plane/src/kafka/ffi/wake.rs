//! [`Wake`]: librdkafka's "queue is no longer empty" turned into something a future can wait for.

use std::ffi::c_void;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rdkafka::bindings as sys;
use rdkafka::types::{RDKafka, RDKafkaQueue};
use tokio::sync::Notify;

/// Rung by several queues, waited for by one task.
///
/// A queue rings only when it goes from empty to non-empty, so whoever is woken must read it empty.
#[derive(Debug, Default)]
pub(in crate::kafka) struct Wake {
    notify: Notify,
}

impl Wake {
    pub fn ring(&self) {
        self.notify.notify_one();
    }

    /// Waits for a ring, or returns at once if there was one since the last wait.
    pub async fn rung(&self) {
        self.notify.notified().await;
    }
}

/// What a queue rings: the flag that tells which queue it was, then the bell.
#[derive(Debug)]
pub(super) struct Bell {
    pub flag: AtomicBool,
    pub wake: Arc<Wake>,
}

/// A queue with a bell. Both are let go together.
pub(super) struct BelledQueue {
    queue: *mut RDKafkaQueue,
    bell: Arc<Bell>,
}

// SAFETY: librdkafka's queues may be used from any thread; the bell is Send and Sync.
unsafe impl Send for BelledQueue {}
// SAFETY: as above; shared references only read the pointer.
unsafe impl Sync for BelledQueue {}

impl BelledQueue {
    /// A new queue of that client.
    ///
    /// # Safety
    /// `client` is alive and outlives the result.
    pub unsafe fn new(client: *mut RDKafka, wake: Arc<Wake>) -> Self {
        let bell = Arc::new(Bell {
            flag: AtomicBool::new(false),
            wake,
        });
        // SAFETY: the client is alive by this function's contract.
        let queue = unsafe { sys::rd_kafka_queue_new(client) };
        let opaque = Arc::as_ptr(&bell) as *mut c_void;
        // SAFETY: the queue is new and valid. The bell stays where it is until `drop` has taken the callback off,
        // and librdkafka calls it under the queue's lock, so no call is under way after that.
        unsafe { sys::rd_kafka_queue_cb_event_enable(queue, Some(ring), opaque) };
        Self { queue, bell }
    }

    pub fn ptr(&self) -> *mut RDKafkaQueue {
        self.queue
    }

    /// Whether it rang since this was asked the last time.
    pub fn take_ring(&self) -> bool {
        self.bell.flag.swap(false, Ordering::AcqRel)
    }
}

impl Drop for BelledQueue {
    fn drop(&mut self) {
        // SAFETY: the queue is ours and valid until the second call, which gives up our reference.
        unsafe {
            sys::rd_kafka_queue_cb_event_enable(self.queue, None, ptr::null_mut());
            sys::rd_kafka_queue_destroy(self.queue);
        }
    }
}

/// Called by librdkafka's threads with a queue locked: must not block or call back.
unsafe extern "C" fn ring(_client: *mut RDKafka, opaque: *mut c_void) {
    // SAFETY: `opaque` is the bell of the queue, which outlives the registration of this function.
    let bell = unsafe { &*(opaque as *const Bell) };
    bell.flag.store(true, Ordering::Release);
    bell.wake.ring();
}
