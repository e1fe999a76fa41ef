//! The committed offsets of any group, which the safe admin client cannot list.

use std::ffi::CString;
use std::ptr;
use std::time::Duration;

use connect_api::TopicPartition;
use connect_api::sink::Offsets;
use rdkafka::bindings as sys;
use rdkafka::client::{Client, ClientContext};
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::types::RDKafkaRespErr;

use super::text;

/// The error of librdkafka and what it says of it.
pub(in crate::kafka) type Refusal = (RDKafkaErrorCode, String);

/// The committed offsets of a group, of all its topics; empty if there is no such group. Blocks.
pub(in crate::kafka) fn group_offsets<C: ClientContext>(
    client: &Client<C>,
    group: &str,
    timeout: Duration,
) -> Result<Offsets, Refusal> {
    let invalid = |_| {
        let text = format!("the group name {group:?} has a zero byte");
        (RDKafkaErrorCode::InvalidArgument, text)
    };
    let name = CString::new(group).map_err(invalid)?;
    let millis = i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX);
    let api = sys::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS;
    let mut why = [0; 256];
    // SAFETY: the client outlives the calls. What is made here is destroyed here, after its last use: librdkafka
    // copies request and options, and the result belongs to the event.
    unsafe {
        let options = sys::rd_kafka_AdminOptions_new(client.native_ptr(), api);
        sys::rd_kafka_AdminOptions_set_request_timeout(
            options,
            millis,
            why.as_mut_ptr(),
            why.len(),
        );
        let queue = sys::rd_kafka_queue_new(client.native_ptr());
        let mut request = sys::rd_kafka_ListConsumerGroupOffsets_new(name.as_ptr(), ptr::null());
        sys::rd_kafka_ListConsumerGroupOffsets(
            client.native_ptr(),
            &mut request,
            1,
            options,
            queue,
        );
        // The request has its own time-out, so an event always comes.
        let event = sys::rd_kafka_queue_poll(queue, -1);
        let result = read(event);
        sys::rd_kafka_event_destroy(event);
        sys::rd_kafka_ListConsumerGroupOffsets_destroy(request);
        sys::rd_kafka_queue_destroy(queue);
        sys::rd_kafka_AdminOptions_destroy(options);
        result
    }
}

/// # Safety
/// `event` is null or the answer to such a request.
unsafe fn read(event: *mut sys::rd_kafka_event_t) -> Result<Offsets, Refusal> {
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
        let result = sys::rd_kafka_event_ListConsumerGroupOffsets_result(event);
        let mut count = 0;
        let groups = sys::rd_kafka_ListConsumerGroupOffsets_result_groups(result, &mut count);
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
