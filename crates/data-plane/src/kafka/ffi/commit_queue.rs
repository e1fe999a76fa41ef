//! [`CommitQueue`]: commits that are answered by number. The safe library's commit has no number to tell answers by.

use std::ffi::c_void;
use std::sync::Arc;

use rdkafka::TopicPartitionList;
use rdkafka::bindings as sys;
use rdkafka::consumer::{BaseConsumer, ConsumerContext};
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::types::RDKafkaRespErr;

use super::wake::BelledQueue;
use super::{Wake, handle, text};

pub(in crate::kafka) struct CommitQueue<C: ConsumerContext> {
    queue: BelledQueue,
    consumer: Arc<BaseConsumer<C>>,
}

/// What became of a commit.
pub(in crate::kafka) struct CommitAnswer {
    pub seq: u64,
    /// The error, and the partition it is of if it is not of all.
    pub error: Option<(RDKafkaErrorCode, Option<String>)>,
}

impl<C: ConsumerContext> CommitQueue<C> {
    pub fn new(consumer: Arc<BaseConsumer<C>>, wake: Arc<Wake>) -> Self {
        // SAFETY: the client lives in the consumer, which this holds and drops after the queue.
        let queue = unsafe { BelledQueue::new(handle(&consumer), wake) };
        Self { queue, consumer }
    }

    /// Sends the offsets; the answer comes by [`next`](Self::next).
    pub fn send(&self, seq: u64, offsets: &TopicPartitionList) -> Result<(), RDKafkaErrorCode> {
        // The number travels as the opaque pointer, which librdkafka never looks behind.
        let opaque = seq as usize as *mut c_void;
        // SAFETY: client, list and queue are alive; librdkafka copies the list.
        let err = unsafe {
            sys::rd_kafka_commit_queue(
                handle(&self.consumer),
                offsets.ptr(),
                self.queue.ptr(),
                None,
                opaque,
            )
        };
        match err {
            RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR => Ok(()),
            err => Err(err.into()),
        }
    }

    /// The next answer that has come.
    pub fn next(&self) -> Option<CommitAnswer> {
        // SAFETY: the queue is alive; an event is ours to destroy, and nothing of it is used afterwards.
        unsafe {
            let event = sys::rd_kafka_queue_poll(self.queue.ptr(), 0);
            if event.is_null() {
                return None;
            }
            let seq = sys::rd_kafka_event_opaque(event) as usize as u64;
            let error = match sys::rd_kafka_event_error(event) {
                RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR => {
                    first_error(sys::rd_kafka_event_topic_partition_list(event))
                }
                err => Some((err.into(), None)),
            };
            sys::rd_kafka_event_destroy(event);
            Some(CommitAnswer { seq, error })
        }
    }
}

/// The first partition that was refused.
///
/// # Safety
/// `list` is null or a valid list.
unsafe fn first_error(
    list: *const sys::rd_kafka_topic_partition_list_t,
) -> Option<(RDKafkaErrorCode, Option<String>)> {
    // SAFETY: null or valid by this function's contract.
    let list = unsafe { list.as_ref() }?;
    let count = usize::try_from(list.cnt).unwrap_or(0);
    for i in 0..count {
        // SAFETY: a list has `cnt` elements.
        let element = unsafe { &*list.elems.add(i) };
        if element.err != RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR {
            // SAFETY: the element's topic is a C string.
            let topic = unsafe { text(element.topic) }.unwrap_or_default();
            let partition = format!("{topic}-{}", element.partition);
            return Some((element.err.into(), Some(partition)));
        }
    }
    None
}
