//! The task: a batch of records becomes a run of lines.

use std::fs::{File, OpenOptions};
use std::future::pending;
use std::io::{self, Write};
use std::panic::resume_unwind;
use std::path::PathBuf;

use async_trait::async_trait;
use connect_api::ConnectError;
use connect_api::config::{Config, ConfigReader};
use connect_api::data::Value;
use connect_api::data::values::{Utf8, write_java_text};
use connect_api::record::RecordSlice;
use connect_api::sink::{Offsets, PutReport, SinkTask, SinkTaskContext};
use tokio::task::spawn_blocking;

use crate::config::FileSinkConfig;
use crate::error::{cannot_open, cannot_write};

/// Lines are handed to the system in pieces of about this size, which stay in the processor's cache.
const PIECE: usize = 256 * 1024;

/// Appends the lines of each batch to one file (`org.apache.kafka.connect.file.FileStreamSinkTask`).
///
/// Files know blocking calls only, and those may take for ever: a pipe that nobody reads, a network disk that is away.
/// So they are made on a thread for such calls, one for each batch, and neither other tasks nor the REST API wait for it.
#[derive(Debug, Default)]
pub struct FileStreamSinkTask {
    /// None before `start`, and while a call that was given up is still at it.
    writer: Option<Writer>,
}

#[derive(Debug)]
struct Writer {
    target: Target,
    /// Kept from batch to batch.
    lines: Vec<u8>,
}

#[derive(Debug)]
enum Target {
    Stdout,
    File(Output),
}

/// The open file.
#[derive(Debug)]
struct Output {
    file: File,
    path: PathBuf,
    /// A pipe or a device cannot be cut back.
    is_regular: bool,
}

#[async_trait]
impl SinkTask for FileStreamSinkTask {
    async fn start(&mut self, config: &Config, _: &SinkTaskContext) -> Result<(), ConnectError> {
        let config = FileSinkConfig::parse(&ConfigReader::new(config))
            .map_err(|errors| ConnectError::config(errors.to_string()))?;
        let target = match config.file {
            None => Target::Stdout,
            Some(path) => Target::File(blocking(|| Output::open(path)).await?),
        };
        let lines = Vec::new();
        self.writer = Some(Writer { target, lines });
        Ok(())
    }

    async fn put(&mut self, records: RecordSlice) -> PutReport {
        match self.with_writer(move |w| w.append(&records)).await {
            Ok(()) => PutReport::all(),
            Err(error) => PutReport::failed(error),
        }
    }

    /// Lines in files are already with the system; standard output keeps the last ones back.
    async fn pre_commit(&mut self, accepted: &Offsets) -> Result<Offsets, ConnectError> {
        let buffers = self.writer.as_ref().is_some_and(Writer::is_stdout);
        if buffers {
            self.with_writer(|_| io::stdout().flush().map_err(stdout_failed))
                .await?;
        }
        Ok(accepted.clone())
    }

    async fn stop(&mut self) {
        self.writer = None;
    }
}

impl FileStreamSinkTask {
    async fn with_writer(
        &mut self,
        work: impl FnOnce(&mut Writer) -> Result<(), ConnectError> + Send + 'static,
    ) -> Result<(), ConnectError> {
        let not_started = || ConnectError::fatal("The task has not been started");
        let mut writer = self.writer.take().ok_or_else(not_started)?;
        let (writer, done) = blocking(move || {
            let done = work(&mut writer);
            (writer, done)
        })
        .await;
        self.writer = Some(writer);
        done
    }
}

/// Runs it on a thread for blocking calls.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            // The runtime is going down, and this task with it.
            Err(_) => pending().await,
        },
    }
}

impl Writer {
    fn is_stdout(&self) -> bool {
        matches!(self.target, Target::Stdout)
    }

    fn append(&mut self, records: &RecordSlice) -> Result<(), ConnectError> {
        let lines = &mut self.lines;
        match &mut self.target {
            Target::Stdout => {
                write_lines(records, lines, &mut io::stdout().lock()).map_err(stdout_failed)
            }
            Target::File(output) => output.append(records, lines),
        }
    }
}

fn stdout_failed(error: io::Error) -> ConnectError {
    cannot_write("standard output", error)
}

impl Output {
    fn open(path: PathBuf) -> Result<Self, ConnectError> {
        let opened = OpenOptions::new().create(true).append(true).open(&path);
        let kind = opened.and_then(|file| Ok((file.metadata()?.is_file(), file)));
        match kind {
            Ok((is_regular, file)) => Ok(Self {
                file,
                path,
                is_regular,
            }),
            Err(error) => Err(cannot_open(&path, error)),
        }
    }

    /// Writes the batch, or nothing of it.
    fn append(&mut self, records: &RecordSlice, lines: &mut Vec<u8>) -> Result<(), ConnectError> {
        let before = self.length();
        let mut counted = Counted {
            file: &mut self.file,
            bytes: 0,
        };
        let written = write_lines(records, lines, &mut counted);
        let bytes = counted.bytes;
        written.map_err(|error| {
            self.cut_back(before, bytes);
            cannot_write(&format!("file '{}'", self.path.display()), error)
        })
    }

    /// None if the file cannot be cut back to it.
    fn length(&self) -> Option<u64> {
        let metadata = self.is_regular.then(|| self.file.metadata().ok()).flatten();
        metadata.map(|metadata| metadata.len())
    }

    /// Takes back the part of a batch that was written, unless another task has appended behind it since.
    fn cut_back(&self, before: Option<u64>, bytes: u64) {
        if let Some(before) = before
            && self.length() == Some(before + bytes)
        {
            // If this fails too, lines are repeated, which at-least-once allows.
            let _ = self.file.set_len(before);
        }
    }
}

/// Notes how much of a write that fails was written.
struct Counted<'a> {
    file: &'a mut File,
    bytes: u64,
}

impl Write for Counted<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn write_lines(records: &RecordSlice, lines: &mut Vec<u8>, out: &mut impl Write) -> io::Result<()> {
    lines.clear();
    for record in records.iter() {
        append_line(lines, &record.value);
        if lines.len() >= PIECE {
            out.write_all(lines)?;
            lines.clear();
        }
    }
    out.write_all(lines)
}

#[inline]
fn append_line(lines: &mut Vec<u8>, value: &Value) {
    match value {
        Value::String(text) => lines.extend_from_slice(text.as_bytes()),
        // Writing to a Vec cannot fail.
        other => drop(write_java_text(&mut Utf8(lines), other)),
    }
    lines.push(b'\n');
}

/// A record's line without its line feed.
pub fn line(value: &Value) -> String {
    let mut lines = Vec::new();
    append_line(&mut lines, value);
    lines.pop();
    String::from_utf8_lossy(&lines).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_batch_leaves_nothing_behind() {
        let path = std::env::temp_dir().join(format!("file-sink-{}", std::process::id()));
        std::fs::write(&path, "kept\n").unwrap();
        let mut output = Output::open(path.clone()).unwrap();
        output.file.write_all(b"half a ba").unwrap();
        output.cut_back(Some(5), 9);
        assert_eq!(std::fs::read(&path).unwrap(), b"kept\n");
        output.file.write_all(b"mine\ntheirs\n").unwrap();
        output.cut_back(Some(5), 5);
        assert_eq!(std::fs::read(&path).unwrap(), b"kept\nmine\ntheirs\n");
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn a_line_is_what_java_prints() {
        for (value, line) in [
            (Value::string("a b"), "a b\n"),
            (Value::Null, "null\n"),
            (Value::Int64(-5), "-5\n"),
            (Value::Float64(1e10), "1.0E10\n"),
            (
                Value::Array(vec![Value::Boolean(true), Value::Null]),
                "[true, null]\n",
            ),
        ] {
            let mut lines = Vec::new();
            append_line(&mut lines, &value);
            assert_eq!(lines, line.as_bytes());
        }
    }

    #[test]
    fn errors_name_the_file() {
        let missing = Output::open("/nonexistent/folder/file".into()).unwrap_err();
        assert_eq!(
            missing.message(),
            Some("Couldn't find or create file '/nonexistent/folder/file' for FileStreamSinkTask")
        );
        assert!(missing.trace().contains("Caused by: No such file"));
    }
}
