//! The task: a batch becomes one piece of text and one write.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};

use async_trait::async_trait;
use connect_api::config::Config;
use connect_api::data::Value;
use connect_api::data::values::{Utf8, write_java_text};
use connect_api::sink::{Offsets, PutReport, SinkTask, SinkTaskContext};
use connect_api::{ConnectError, RecordSlice};

use crate::config::FileSinkConfig;
use crate::error;

pub(crate) struct FileStreamSinkTask {
    settings: FileSinkConfig,
    /// None before `start` and after `stop`.
    target: Option<Target>,
    /// The text of one batch; kept for the next.
    text: Vec<u8>,
}

enum Target {
    Stdout,
    /// A file, a pipe or a device.
    File(File),
}

impl FileStreamSinkTask {
    pub fn new(settings: FileSinkConfig) -> Self {
        Self {
            settings,
            target: None,
            text: Vec::new(),
        }
    }

    fn name(&self) -> String {
        match &self.settings.file {
            Some(path) => format!("file '{}'", path.display()),
            None => "standard output".to_owned(),
        }
    }
}

#[async_trait]
impl SinkTask for FileStreamSinkTask {
    async fn start(&mut self, _: &Config, _: &SinkTaskContext) -> Result<(), ConnectError> {
        self.target = Some(match &self.settings.file {
            None => Target::Stdout,
            Some(path) => {
                let file = OpenOptions::new().append(true).create(true).open(path);
                Target::File(file.map_err(|e| error::not_opened(path, e))?)
            }
        });
        Ok(())
    }

    /// Writes without a helper thread: a local file takes a batch in less time than handing it over would.
    async fn put(&mut self, records: RecordSlice) -> PutReport {
        self.text.clear();
        for record in records.iter() {
            push_line(&mut self.text, &record.value);
        }
        let written = match &mut self.target {
            Some(Target::Stdout) => io::stdout().lock().write_all(&self.text),
            Some(Target::File(file)) => write_whole(file, &self.text),
            None => Err(io::Error::other("put before start")),
        };
        match written {
            Ok(()) => PutReport::all(),
            Err(e) => PutReport::failed(error::not_written(&self.name(), e)),
        }
    }

    async fn pre_commit(&mut self, accepted: &Offsets) -> Result<Offsets, ConnectError> {
        if let Some(Target::Stdout) = self.target {
            io::stdout()
                .flush()
                .map_err(|e| error::not_written(&self.name(), e))?;
        }
        Ok(accepted.clone())
    }

    async fn stop(&mut self) {
        self.target = None;
    }
}

/// `println(value)` of Java. Text, by far the most frequent, is copied as it is.
fn push_line(text: &mut Vec<u8>, value: &Value) {
    match value {
        Value::String(string) => text.extend_from_slice(string.as_bytes()),
        // Writing to memory does not fail.
        other => drop(write_java_text(&mut Utf8(text), other)),
    }
    text.push(b'\n');
}

/// Writes everything or nothing: what was written before an error is taken back, so that the same records can be
/// delivered again without half of them standing twice. Pipes and devices cannot take back.
fn write_whole(file: &mut File, bytes: &[u8]) -> io::Result<()> {
    let mut done = 0;
    while done < bytes.len() {
        match file.write(&bytes[done..]) {
            Ok(0) => return take_back(file, done, io::ErrorKind::WriteZero.into()),
            Ok(n) => done += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return take_back(file, done, e),
        }
    }
    Ok(())
}

fn take_back(file: &File, done: usize, error: io::Error) -> io::Result<()> {
    if done > 0 {
        let state = file.metadata()?;
        if state.is_file() {
            file.set_len(state.len().saturating_sub(done as u64))?;
        }
    }
    Err(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_what_java_prints() {
        let cases = [
            (Value::string("a b"), "a b\n"),
            (Value::Null, "null\n"),
            (Value::Int64(-5), "-5\n"),
            (Value::Float64(1e10), "1.0E10\n"),
            (
                Value::Array(vec![Value::Boolean(true), Value::Null]),
                "[true, null]\n",
            ),
        ];
        for (value, line) in cases {
            let mut text = Vec::new();
            push_line(&mut text, &value);
            assert_eq!(String::from_utf8(text).expect("UTF-8"), line);
        }
    }
}
