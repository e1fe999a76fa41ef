//! What the safe client library lacks, and the only `unsafe` code of this crate: a queue of our own that is read in
//! batches, answers to commits by number, cached watermarks, the offsets of a group, tokens, and trust in certificates.

mod batch_queue;
mod commit_queue;
mod group_offsets;
mod token;
mod trust;
mod wake;

pub(super) use batch_queue::{BatchQueue, Message};
pub(super) use commit_queue::CommitQueue;
pub(super) use group_offsets::{Refusal, alter_group_offsets, delete_group_offsets, group_offsets};
pub(super) use token::set_token;
pub(super) use trust::trust_what_trust_stores_hold;
pub(super) use wake::Wake;

use std::ffi::{CStr, CString};
use std::sync::Arc;

use rdkafka::bindings as sys;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::types::{RDKafka, RDKafkaRespErr};

/// librdkafka's handle, valid for as long as the consumer lives.
fn handle<C: ConsumerContext>(consumer: &Arc<BaseConsumer<C>>) -> *mut RDKafka {
    consumer.client().native_ptr()
}

/// Low and high watermark as the last fetch response told them; asks no broker. None before the first.
pub(super) fn cached_watermarks<C: ConsumerContext>(
    consumer: &Arc<BaseConsumer<C>>,
    topic: &str,
    partition: i32,
) -> Option<(i64, i64)> {
    let topic = CString::new(topic).ok()?;
    let (mut low, mut high) = (-1, -1);
    // SAFETY: the handle lives as long as the borrowed consumer, and all pointers outlive the call.
    let err = unsafe {
        sys::rd_kafka_get_watermark_offsets(
            handle(consumer),
            topic.as_ptr(),
            partition,
            &mut low,
            &mut high,
        )
    };
    (err == RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR && high >= 0).then_some((low, high))
}

/// A C string of librdkafka's that the caller keeps alive; none for null.
///
/// # Safety
/// `text` is null or a C string that lives for `'a`.
unsafe fn text<'a>(text: *const std::ffi::c_char) -> Option<std::borrow::Cow<'a, str>> {
    if text.is_null() {
        return None;
    }
    // SAFETY: not null, and a C string by this function's contract.
    Some(unsafe { CStr::from_ptr(text) }.to_string_lossy())
}
