//! Which certificates end a chain.

use std::ffi::{c_char, c_int};
use std::sync::Once;

use openssl_sys as sys;

/// `X509_TRUST_SSL_SERVER`.
const TRUST_SSL_SERVER: c_int = 3;

unsafe extern "C" {
    fn X509_VERIFY_PARAM_set1_name(
        param: *mut sys::X509_VERIFY_PARAM,
        name: *const c_char,
    ) -> c_int;
    fn X509_VERIFY_PARAM_set_trust(param: *mut sys::X509_VERIFY_PARAM, trust: c_int) -> c_int;
    fn X509_VERIFY_PARAM_add0_table(param: *mut sys::X509_VERIFY_PARAM) -> c_int;
}

/// Every certificate of a trust store is an anchor, as in Java, be it an intermediate or the server's own. OpenSSL by
/// itself asks for a self-signed one at the end of each chain. All else is checked as ever: signatures, dates, names.
///
/// librdkafka has no setting for it. But OpenSSL looks up how a client verifies servers under a name, and takes what the
/// program has registered under that name before its own; so this holds for every client of this process that OpenSSL
/// serves, and must be called before the first of them connects.
pub(in crate::kafka) fn trust_what_trust_stores_hold() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        sys::init();
        // SAFETY: the parameters are made here and known to nobody else until the table, which then owns them, has them;
        // what was not taken is freed. The name is a C string that is copied. Nothing connects yet, so nobody reads the
        // table while it grows.
        let added = unsafe {
            let param = sys::X509_VERIFY_PARAM_new();
            let added = !param.is_null()
                && X509_VERIFY_PARAM_set1_name(param, c"ssl_server".as_ptr()) == 1
                && sys::X509_VERIFY_PARAM_set_purpose(param, sys::X509_PURPOSE_SSL_SERVER) == 1
                && X509_VERIFY_PARAM_set_trust(param, TRUST_SSL_SERVER) == 1
                && sys::X509_VERIFY_PARAM_set_flags(param, sys::X509_V_FLAG_PARTIAL_CHAIN) == 1
                && X509_VERIFY_PARAM_add0_table(param) == 1;
            if !added {
                sys::X509_VERIFY_PARAM_free(param);
            }
            added
        };
        if !added {
            tracing::warn!(
                "trust stores must hold self-signed certificates: OpenSSL takes no other way"
            );
        }
    });
}
