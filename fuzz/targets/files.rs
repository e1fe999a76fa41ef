//! Any bytes as a properties file and as a connector file.
#![no_main]

use libfuzzer_sys::fuzz_target;
use turnbuckle::config::{connector_file, properties};

fuzz_target!(|data: &[u8]| {
    let _ = properties::parse_bytes(data);
    let _ = connector_file::parse("file", data);
});
