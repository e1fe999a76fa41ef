//! The committed offsets of any group: listed, altered, deleted. The safe admin client does none of these.
//!
//! Every call blocks for at most its time-out.

use std::ffi::CString;
use std::ptr;
use std::time::Duration;

use connect_api::TopicPartition;
use connect_api::sink::Offsets;
use rdkafka::bindings as sys;
use rdkafka::client::{Client, ClientContext};
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use rdkafka::types::RDKafkaRespErr;
use sys::rd_kafka_admin_op_t as Api;

use super::text;

/// The error of librdkafka and what it says of it.
pub(in crate::kafka) type Refusal = (RDKafkaErrorCode, String);

type Event = *mut sys::rd_kafka_event_t;
type Options = *const sys::rd_kafka_AdminOptions_t;
type Queue = *mut sys::rd_kafka_queue_t;
type GroupResult = *const sys::rd_kafka_group_result_t;

/// The committed offsets of a group, of all its topics; empty if there is no such group.
pub(in crate::kafka) fn group_offsets<C: ClientContext>(
    client: &Client<C>,
    group: &str,
    timeout: Duration,
) -> Result<Offsets, Refusal> {
    let name = c_string(group)?;
    let api = Api::RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS;
    // SAFETY: the client outlives the calls, and librdkafka copies request and options. The result belongs to the
    // event, which lives while it is read.
    unsafe {
        let mut request = sys::rd_kafka_ListConsumerGroupOffsets_new(name.as_ptr(), ptr::null());
        let send = |options, queue| {
            let client = client.native_ptr();
            sys::rd_kafka_ListConsumerGroupOffsets(client, &mut request, 1, options, queue);
        };
        let result = ask(client, api, timeout, send, |event, count| {
            let result = sys::rd_kafka_event_ListConsumerGroupOffsets_result(event);
            sys::rd_kafka_ListConsumerGroupOffsets_result_groups(result, count)
        });
        sys::rd_kafka_ListConsumerGroupOffsets_destroy(request);
        result
    }
}

/// Commits offsets for a group without members.
pub(in crate::kafka) fn alter_group_offsets<C: ClientContext>(
    client: &Client<C>,
    group: &str,
    offsets: &Offsets,
    timeout: Duration,
) -> Result<(), Refusal> {
    let name = c_string(group)?;
    let mut list = TopicPartitionList::with_capacity(offsets.len());
    for (partition, offset) in offsets {
        c_string(&partition.topic)?;
        let offset = Offset::Offset(*offset);
        list.add_partition_offset(&partition.topic, partition.partition, offset)
            .map_err(|e| (RDKafkaErrorCode::InvalidArgument, e.to_string()))?;
    }
    let api = Api::RD_KAFKA_ADMIN_OP_ALTERCONSUMERGROUPOFFSETS;
    // SAFETY: as above; the list, too, is copied.
    unsafe {
        let mut request = sys::rd_kafka_AlterConsumerGroupOffsets_new(name.as_ptr(), list.ptr());
        let send = |options, queue| {
            let client = client.native_ptr();
            sys::rd_kafka_AlterConsumerGroupOffsets(client, &mut request, 1, options, queue);
        };
        let result = ask(client, api, timeout, send, |event, count| {
            let result = sys::rd_kafka_event_AlterConsumerGroupOffsets_result(event);
            sys::rd_kafka_AlterConsumerGroupOffsets_result_groups(result, count)
        });
        sys::rd_kafka_AlterConsumerGroupOffsets_destroy(request);
        result.map(drop)
    }
}

/// Forgets committed offsets of topics that no member of the group reads.
pub(in crate::kafka) fn delete_group_offsets<C: ClientContext>(
    client: &Client<C>,
    group: &str,
    partitions: &[TopicPartition],
    timeout: Duration,
) -> Result<(), Refusal> {
    let name = c_string(group)?;
    let mut list = TopicPartitionList::with_capacity(partitions.len());
    for partition in partitions {
        c_string(&partition.topic)?;
        list.add_partition(&partition.topic, partition.partition);
    }
    let api = Api::RD_KAFKA_ADMIN_OP_DELETECONSUMERGROUPOFFSETS;
    // SAFETY: as above; the list, too, is copied.
    unsafe {
        let mut request = sys::rd_kafka_DeleteConsumerGroupOffsets_new(name.as_ptr(), list.ptr());
        let send = |options, queue| {
            let client = client.native_ptr();
            sys::rd_kafka_DeleteConsumerGroupOffsets(client, &mut request, 1, options, queue);
        };
        let result = ask(client, api, timeout, send, |event, count| {
            let result = sys::rd_kafka_event_DeleteConsumerGroupOffsets_result(event);
            sys::rd_kafka_DeleteConsumerGroupOffsets_result_groups(result, count)
        });
        sys::rd_kafka_DeleteConsumerGroupOffsets_destroy(request);
        result.map(drop)
    }
}

/// What librdkafka would take for the end of the text is refused: it would mean another group or topic.
fn c_string(text: &str) -> Result<CString, Refusal> {
    CString::new(text).map_err(|_| {
        let why = format!("the name {text:?} has a zero byte");
        (RDKafkaErrorCode::InvalidArgument, why)
    })
}

/// Sends a request about one group and reads the answer.
///
/// # Safety
/// `send` sends one request of this api, and `groups` gives the answer's groups, which belong to the event.
unsafe fn ask<C: ClientContext>(
    client: &Client<C>,
    api: Api,
    timeout: Duration,
    send: impl FnOnce(Options, Queue),
    groups: impl FnOnce(Event, &mut usize) -> *mut GroupResult,
) -> Result<Offsets, Refusal> {
    let millis = i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX);
    let mut why = [0; 256];
    // SAFETY: what is made here is destroyed here, after its last use.
    unsafe {
        let options = sys::rd_kafka_AdminOptions_new(client.native_ptr(), api);
        sys::rd_kafka_AdminOptions_set_request_timeout(
            options,
            millis,
            why.as_mut_ptr(),
            why.len(),
        );
        let queue = sys::rd_kafka_queue_new(client.native_ptr());
        send(options, queue);
        // The request has its own time-out, so an event always comes.
        let event = sys::rd_kafka_queue_poll(queue, -1);
        let result = read(event, groups);
        sys::rd_kafka_event_destroy(event);
        sys::rd_kafka_queue_destroy(queue);
        sys::rd_kafka_AdminOptions_destroy(options);
        result
    }
}

/// # Safety
/// `event` is null or the answer to such a request; `groups` as in [`ask`].
unsafe fn read(
    event: Event,
    groups: impl FnOnce(Event, &mut usize) -> *mut GroupResult,
) -> Result<Offsets, Refusal> {
    let nothing = || (RDKafkaErrorCode::Fail, "no answer".to_owned());
    if event.is_null() {
        return Err(nothing());
    }
    // SAFETY: the event is valid by this function's contract, and what is read belongs to it.
    unsafe {
        let err = sys::rd_kafka_event_error(event);
        if err != RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR {
            let why = text(sys::rd_kafka_event_error_string(event)).unwrap_or_default();
            return Err((err.into(), why.into_owned()));
        }
        let mut count = 0;
        let groups = groups(event, &mut count);
        if groups.is_null() || count == 0 {
            return Err(nothing());
        }
        let error = sys::rd_kafka_group_result_error(*groups);
        if !error.is_null() {
            let why = text(sys::rd_kafka_error_string(error)).unwrap_or_default();
            return Err((sys::rd_kafka_error_code(error).into(), why.into_owned()));
        }
        offsets(sys::rd_kafka_group_result_partitions(*groups))
    }
}

/// # Safety
/// `list` is null or a valid list.
unsafe fn offsets(list: *const sys::rd_kafka_topic_partition_list_t) -> Result<Offsets, Refusal> {
    let mut offsets = Offsets::new();
    // SAFETY: null or valid by this function's contract.
    let Some(list) = (unsafe { list.as_ref() }) else {
        return Ok(offsets);
    };
    for i in 0..usize::try_from(list.cnt).unwrap_or(0) {
        // SAFETY: a list has `cnt` elements, each with a C string for its topic.
        let (element, topic) = unsafe {
            let element = &*list.elems.add(i);
            (element, text(element.topic).unwrap_or_default())
        };
        let partition = TopicPartition::new(topic.as_ref(), element.partition);
        if element.err != RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR {
            let code: RDKafkaErrorCode = element.err.into();
            return Err((code, format!("{partition}: {code}")));
        }
        if element.offset >= 0 {
            offsets.insert(partition, element.offset);
        }
    }
    Ok(offsets)
}
