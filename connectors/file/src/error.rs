//! What the operating system refuses, and who must act.

use std::io;
use std::path::Path;

use connect_api::ConnectError;

/// The file cannot be opened: a person must create the folder or grant the right. Kafka's text, with the reason.
pub(crate) fn not_opened(path: &Path, error: io::Error) -> ConnectError {
    let text = format!(
        "Couldn't find or create file '{}' for FileStreamSinkTask",
        path.display()
    );
    ConnectError::fatal(text).with_source(error)
}

/// A write failed. The JVM's sink would not notice; ours stops, because going on would lose records.
pub(crate) fn not_written(target: &str, error: io::Error) -> ConnectError {
    let text =
        format!("could not write to {target}; make room or repair it, then restart the task");
    ConnectError::fatal(text).with_source(error)
}
