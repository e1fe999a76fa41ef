//! [`BatchQueue`]: partitions' messages in one queue that is read in batches.
//!
//! Reading a batch is not safe against seek, pause and rebalance at the same time (messages get lost), so the consumer
//! that owns the queue does all of these one after the other.

use std::collections::VecDeque;
use std::ffi::CString;
use std::ptr::{self, NonNull};
use std::slice;
use std::sync::{Arc, LazyLock};

use connect_api::TimestampType;
use rdkafka::bindings as sys;
use rdkafka::consumer::{BaseConsumer, ConsumerContext};
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::types::{RDKafkaMessage, RDKafkaRespErr};

use super::wake::BelledQueue;
use super::{Wake, handle};

pub(in crate::kafka) struct BatchQueue<C: ConsumerContext> {
    queue: BelledQueue,
    /// Where librdkafka writes the messages of a batch.
    slots: Vec<*mut RDKafkaMessage>,
    consumer: Arc<BaseConsumer<C>>,
}

// SAFETY: the slots are null between calls; everything else is Send.
unsafe impl<C: ConsumerContext> Send for BatchQueue<C> {}

impl<C: ConsumerContext> BatchQueue<C> {
    /// The most messages one [`read`](Self::read) gives.
    pub const MOST: usize = 1024;

    pub fn new(consumer: Arc<BaseConsumer<C>>, wake: Arc<Wake>) -> Self {
        // SAFETY: the client lives in the consumer, which this holds and drops after the queue.
        let queue = unsafe { BelledQueue::new(handle(&consumer), wake) };
        Self {
            queue,
            slots: vec![ptr::null_mut(); Self::MOST],
            consumer,
        }
    }

    /// Whether messages came into the empty queue since this was asked the last time.
    pub fn take_ring(&self) -> bool {
        self.queue.take_ring()
    }

    /// Leads the partition's messages here. To be done before every assignment: stopping a partition clears its lead
    /// but leaves the mark that it has one, and then nobody reads it when it comes back.
    pub fn lead(&self, topic: &str, partition: i32) -> bool {
        let Ok(topic) = CString::new(topic) else {
            return false;
        };
        // SAFETY: client and queue are alive; the partition's queue is ours to destroy, which gives up our reference
        // to it and not the partition's.
        unsafe {
            let of_partition = sys::rd_kafka_queue_get_partition(
                handle(&self.consumer),
                topic.as_ptr(),
                partition,
            );
            if of_partition.is_null() {
                return false;
            }
            sys::rd_kafka_queue_forward(of_partition, self.queue.ptr());
            sys::rd_kafka_queue_destroy(of_partition);
        }
        true
    }

    /// Appends up to `most` waiting messages and says how many; fewer means that the queue is empty now. Never waits.
    pub fn read(&mut self, most: usize, into: &mut VecDeque<Message>) -> usize {
        let most = most.clamp(1, Self::MOST);
        // A time-out above 0 would wait until the batch is full.
        // SAFETY: the queue is alive and `slots` has room for `most` pointers.
        let count = unsafe {
            sys::rd_kafka_consume_batch_queue(self.queue.ptr(), 0, self.slots.as_mut_ptr(), most)
        };
        let count = usize::try_from(count).unwrap_or(0);
        for slot in &mut self.slots[..count] {
            let message = std::mem::replace(slot, ptr::null_mut());
            into.extend(NonNull::new(message).map(Message));
        }
        count
    }
}

/// A message that is librdkafka's until it is dropped. It pins the whole fetch response it came in, and the client
/// cannot be destroyed while it lives: drop it soon.
pub(in crate::kafka) struct Message(NonNull<RDKafkaMessage>);

// SAFETY: a message may be read and destroyed on any thread.
unsafe impl Send for Message {}

/// Tells messages of one partition from others as long as no topic handle is freed: until the next assignment.
pub(in crate::kafka) type PartitionTag = (usize, i32);

impl Message {
    fn raw(&self) -> &RDKafkaMessage {
        // SAFETY: the pointer is a message that only this value owns.
        unsafe { self.0.as_ref() }
    }

    pub fn error(&self) -> Option<RDKafkaErrorCode> {
        let err = self.raw().err;
        (err != RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR).then(|| err.into())
    }

    pub fn tag(&self) -> PartitionTag {
        (self.raw().rkt as usize, self.raw().partition)
    }

    pub fn partition(&self) -> i32 {
        self.raw().partition
    }

    /// The topic's name; empty if the message has none, as errors of the whole client.
    pub fn topic(&self) -> std::borrow::Cow<'_, str> {
        let topic = self.raw().rkt;
        if topic.is_null() {
            return "".into();
        }
        // SAFETY: the message holds its topic, and with it the name.
        unsafe { super::text(sys::rd_kafka_topic_name(topic)) }.unwrap_or_default()
    }

    pub fn offset(&self) -> i64 {
        self.raw().offset
    }

    /// The value; for an error, its text.
    pub fn value(&self) -> Option<&[u8]> {
        // SAFETY: librdkafka's pointer and length belong together and live as long as the message.
        unsafe { bytes(self.raw().payload.cast(), self.raw().len) }
    }

    pub fn key(&self) -> Option<&[u8]> {
        // SAFETY: as for the value.
        unsafe { bytes(self.raw().key.cast(), self.raw().key_len) }
    }

    /// Bytes of key and value.
    pub fn size(&self) -> usize {
        self.raw().len + self.raw().key_len
    }

    /// Milliseconds since the epoch, −1 if there are none, and what they mean.
    pub fn timestamp(&self) -> (i64, TimestampType) {
        use sys::rd_kafka_timestamp_type_t as native;
        let mut kind = native::RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
        // SAFETY: the message is valid and `kind` is written to before the call returns.
        let time = unsafe { sys::rd_kafka_message_timestamp(self.0.as_ptr(), &mut kind) };
        match kind {
            native::RD_KAFKA_TIMESTAMP_CREATE_TIME => (time, TimestampType::CreateTime),
            native::RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME => (time, TimestampType::LogAppendTime),
            native::RD_KAFKA_TIMESTAMP_NOT_AVAILABLE => (-1, TimestampType::NoTimestampType),
        }
    }

    /// Whether the record says that it has no headers. librdkafka would make a buffer, with its lock, to read that one
    /// byte, which costs as much as the rest of reading the record. False means nothing.
    ///
    /// In the record format of today (v2) the number of headers stands behind the value, both in the response they came
    /// in, and its first byte is 0 only if there are none. In the formats before it there are no headers, and the byte is
    /// of something else.
    fn is_surely_without_headers(&self) -> bool {
        /// Of a page, or of half of one.
        const NEVER_ACROSS: usize = 4096;
        if self.raw().payload.is_null() || !values_stand_in_responses() {
            return false;
        }
        let behind = self.raw().payload.cast::<u8>().wrapping_add(self.raw().len);
        if (behind as usize).is_multiple_of(NEVER_ACROSS) {
            return false;
        }
        // SAFETY: the byte is in the response or, where an old format ends a response, the one behind it. There it may be
        // anyone's, but it can be read: it is in the same page as the byte before it. What it holds decides nothing then.
        unsafe { behind.read_volatile() == 0 }
    }

    /// Calls with name and value of each header, in order.
    pub fn each_header(&self, mut see: impl FnMut(&[u8], Option<&[u8]>)) {
        if self.is_surely_without_headers() {
            return;
        }
        let mut headers = ptr::null_mut();
        // SAFETY: the message is valid; its headers stay its own.
        let err = unsafe { sys::rd_kafka_message_headers(self.0.as_ptr(), &mut headers) };
        if err != RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR {
            return;
        }
        for i in 0.. {
            let (mut name, mut value, mut len) = (ptr::null(), ptr::null(), 0);
            // SAFETY: the headers live as long as the message; an index beyond the last is answered with an error.
            let err = unsafe {
                sys::rd_kafka_header_get_all(headers, i, &mut name, &mut value, &mut len)
            };
            if err != RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR {
                return;
            }
            // SAFETY: a name is a C string, a value is null or has `len` bytes; both live as long as the message.
            unsafe {
                see(
                    std::ffi::CStr::from_ptr(name).to_bytes(),
                    bytes(value.cast(), len),
                )
            };
        }
    }
}

/// Whether this librdkafka was seen to hand over values where they stand in a fetch response. To be looked at
/// (`rd_kafka_msgset_reader_msg_v2`) and raised with each release of it; until then its headers are read the long way.
fn values_stand_in_responses() -> bool {
    const SEEN: i32 = 0x020c_01ff;
    static SAME: LazyLock<bool> = LazyLock::new(|| {
        // SAFETY: it takes nothing and gives a number.
        unsafe { sys::rd_kafka_version() == SEEN }
    });
    *SAME
}

impl Drop for Message {
    fn drop(&mut self) {
        // SAFETY: only this value owns the message.
        unsafe { sys::rd_kafka_message_destroy(self.0.as_ptr()) }
    }
}

/// # Safety
/// `start` is null or has `len` bytes that live for `'a`.
unsafe fn bytes<'a>(start: *const u8, len: usize) -> Option<&'a [u8]> {
    // SAFETY: not null and `len` bytes long by this function's contract.
    (!start.is_null()).then(|| unsafe { slice::from_raw_parts(start, len) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_way_to_no_headers_was_looked_at_for_this_release() {
        assert!(values_stand_in_responses());
    }
}
