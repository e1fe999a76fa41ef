//! Handing a token to librdkafka, which the safe library does only when librdkafka asks, on the thread that polls.

use std::ffi::{CStr, CString, c_char};

use rdkafka::bindings as sys;
use rdkafka::client::{Client, ClientContext};
use rdkafka::types::RDKafkaRespErr;

use crate::kafka::logins::Token;

const TEXT: usize = 512;

/// # Errors
/// Why librdkafka does not take it.
pub(in crate::kafka) fn set_token<C: ClientContext>(
    client: &Client<C>,
    token: &Token,
    extensions: &[(String, String)],
) -> Result<(), String> {
    let zero = |_| "it holds a zero byte".to_owned();
    let value = CString::new(token.value.as_str()).map_err(zero)?;
    let principal = CString::new(token.principal.as_str()).map_err(zero)?;
    let mut texts = Vec::new();
    for (name, value) in extensions {
        texts.push(CString::new(name.as_str()).map_err(zero)?);
        texts.push(CString::new(value.as_str()).map_err(zero)?);
    }
    let mut pointers: Vec<*const c_char> = texts.iter().map(|t| t.as_ptr()).collect();
    let mut why = [0 as c_char; TEXT];
    // SAFETY: the client is alive, and all texts outlive the call, which copies them; `why` has the length that is
    // given and ends up as a C string.
    unsafe {
        let err = sys::rd_kafka_oauthbearer_set_token(
            client.native_ptr(),
            value.as_ptr(),
            token.expires_ms,
            principal.as_ptr(),
            pointers.as_mut_ptr(),
            pointers.len(),
            why.as_mut_ptr(),
            why.len(),
        );
        match err {
            RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR => Ok(()),
            _ => Err(CStr::from_ptr(why.as_ptr()).to_string_lossy().into_owned()),
        }
    }
}
