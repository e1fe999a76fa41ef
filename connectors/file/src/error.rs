//! Errors of the file system by who must act.

use std::io::{self, ErrorKind};
use std::path::Path;

use connect_api::error::exception;
use connect_api::{ConnectError, ErrorClass};

/// The file cannot be opened; Kafka's text, with the system's own reason behind it.
pub(crate) fn cannot_open(path: &Path, error: io::Error) -> ConnectError {
    let text = format!(
        "Couldn't find or create file '{}' for FileStreamSinkTask",
        path.display()
    );
    ConnectError::new(class(&error), exception::CONNECT, text).with_source(error)
}

/// Lines cannot be written. The JVM's sink would not notice; ours stops, because going on would lose records.
pub(crate) fn cannot_write(target: &str, error: io::Error) -> ConnectError {
    let text = format!(
        "Couldn't write to {target}: {error}; make room or repair it, then restart the task"
    );
    ConnectError::new(class(&error), exception::CONNECT, text).with_source(error)
}

/// A missing permission is named as such. Whatever else a local disk refuses, a full one included, waits for a person
/// too: nothing that the task can try would end it.
fn class(error: &io::Error) -> ErrorClass {
    match error.kind() {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => ErrorClass::Denied,
        _ => ErrorClass::Fatal,
    }
}
