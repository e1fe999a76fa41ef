//! Any text as a Java regular expression or date pattern, on any text.
#![no_main]

use java_compat::date_format::DateFormat;
use java_compat::regex::{JavaRegex, Replacement};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let mut parts = text.split('\n');
    let (pattern, subject) = (
        parts.next().unwrap_or_default(),
        parts.next().unwrap_or_default(),
    );
    let replacement = parts.next().unwrap_or_default();
    if let Ok(regex) = JavaRegex::new(pattern) {
        let _ = regex.matches(subject);
        let _ = regex.replace_first(subject, &Replacement::new(replacement, &regex));
    }
    if let Ok(format) = DateFormat::new(pattern)
        && let Some(millis) = format.parse(subject)
    {
        let _ = format.format(millis);
    }
});
