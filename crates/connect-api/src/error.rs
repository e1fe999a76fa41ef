//! [`ConnectError`]: what went wrong and who must act.
//!
//! A plugin *classifies* an error; the runtime *decides* what follows (next record, dead letter, retry, wait, FAILED).
//! Because users filter dead letters and read traces by Java exception names, every error carries the name that the
//! JVM would have thrown in its place.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

/// Names of the exceptions of the JVM that errors stand for.
pub mod exception {
    pub const CONNECT: &str = "org.apache.kafka.connect.errors.ConnectException";
    pub const DATA: &str = "org.apache.kafka.connect.errors.DataException";
    pub const RETRIABLE: &str = "org.apache.kafka.connect.errors.RetriableException";
    pub const SCHEMA_BUILDER: &str = "org.apache.kafka.connect.errors.SchemaBuilderException";
    pub const CONFIG: &str = "org.apache.kafka.common.config.ConfigException";
    pub const SERIALIZATION: &str = "org.apache.kafka.common.errors.SerializationException";
    pub const ILLEGAL_ARGUMENT: &str = "java.lang.IllegalArgumentException";
    pub const CLASS_CAST: &str = "java.lang.ClassCastException";
    pub const INDEX_OUT_OF_BOUNDS: &str = "java.lang.IndexOutOfBoundsException";
    pub const NULL_POINTER: &str = "java.lang.NullPointerException";
    pub const NUMBER_FORMAT: &str = "java.lang.NumberFormatException";
    pub const PARSE: &str = "java.text.ParseException";
}

/// Who must act, and therefore what the runtime does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorClass {
    /// The record is at fault; another one would pass. `errors.tolerance` decides.
    Record,
    /// The same records will pass later (deadlock, leader switch). Delivered again, without limit.
    Retriable,
    /// The target or a registry is away. The task waits and heals; nothing is dead-lettered.
    Unavailable,
    /// Wrong credentials or a missing permission: a person must act. The task is FAILED with advice.
    Denied,
    /// A configuration value is wrong. The task is FAILED, or the request refused.
    Config,
    /// Nothing helps but a restart after a repair. The task is FAILED.
    Fatal,
}

/// An error of a plugin or of the runtime, by who must act.
///
/// `cause` keeps the chain; nothing is flattened into the message.
#[derive(Clone, Debug)]
pub struct ConnectError {
    class: ErrorClass,
    exception: &'static str,
    message: Option<String>,
    cause: Option<Cause>,
}

#[derive(Clone, Debug)]
enum Cause {
    Connect(Box<ConnectError>),
    Other(Arc<dyn StdError + Send + Sync>),
}

impl ConnectError {
    /// An error of the class, under the name of the JVM's exception (see [`exception`]).
    pub fn new(class: ErrorClass, exception: &'static str, message: impl Into<String>) -> Self {
        Self {
            class,
            exception,
            message: Some(message.into()),
            cause: None,
        }
    }

    /// A record's fault under a given exception name.
    pub fn record(exception: &'static str, message: impl Into<String>) -> Self {
        Self::new(ErrorClass::Record, exception, message)
    }

    /// A record's fault as Kafka's `DataException`.
    pub fn data(message: impl Into<String>) -> Self {
        Self::new(ErrorClass::Record, exception::DATA, message)
    }

    /// Will pass later, as Kafka's `RetriableException`.
    pub fn retriable(message: impl Into<String>) -> Self {
        Self::new(ErrorClass::Retriable, exception::RETRIABLE, message)
    }

    /// The target is away.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(ErrorClass::Unavailable, exception::CONNECT, message)
    }

    /// A person must change credentials or permissions; say which in the message.
    pub fn denied(message: impl Into<String>) -> Self {
        Self::new(ErrorClass::Denied, exception::CONNECT, message)
    }

    /// A configuration value is wrong, as Kafka's `ConfigException`.
    pub fn config(message: impl Into<String>) -> Self {
        Self::new(ErrorClass::Config, exception::CONFIG, message)
    }

    /// Ends the task, as Kafka's `ConnectException`.
    pub fn fatal(message: impl Into<String>) -> Self {
        Self::new(ErrorClass::Fatal, exception::CONNECT, message)
    }

    /// Sets the exception name the JVM would show.
    pub fn named(mut self, exception: &'static str) -> Self {
        self.exception = exception;
        self
    }

    /// Adds the error behind this one.
    pub fn caused_by(mut self, cause: ConnectError) -> Self {
        self.cause = Some(Cause::Connect(Box::new(cause)));
        self
    }

    /// Adds an error of another library as the one behind this.
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.cause = Some(Cause::Other(Arc::from(source.into())));
        self
    }

    pub fn class(&self) -> ErrorClass {
        self.class
    }

    /// The JVM's exception name, for dead letter headers and traces.
    pub fn exception(&self) -> &'static str {
        self.exception
    }

    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// The error behind this one, if it is one of ours.
    pub fn cause(&self) -> Option<&ConnectError> {
        match &self.cause {
            Some(Cause::Connect(cause)) => Some(cause),
            _ => None,
        }
    }

    /// What `GET …/status` shows as `trace` and dead letters as stack trace: the line `exception: message`, then a
    /// `Caused by:` line per cause. The first line says what went wrong, because tools often show only that one.
    pub fn trace(&self) -> String {
        let mut text = self.line();
        let mut next = self.cause.as_ref();
        while let Some(cause) = next {
            text.push_str("\nCaused by: ");
            match cause {
                Cause::Connect(error) => {
                    text.push_str(&error.line());
                    next = error.cause.as_ref();
                }
                Cause::Other(error) => {
                    text.push_str(&error.to_string());
                    let mut source = error.source();
                    while let Some(error) = source {
                        text.push_str("\nCaused by: ");
                        text.push_str(&error.to_string());
                        source = error.source();
                    }
                    next = None;
                }
            }
        }
        text.push('\n');
        text
    }

    fn line(&self) -> String {
        match &self.message {
            Some(message) => format!("{}: {message}", self.exception),
            None => self.exception.to_owned(),
        }
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message.as_deref().unwrap_or(self.exception))
    }
}

impl StdError for ConnectError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.cause {
            Some(Cause::Connect(error)) => Some(error.as_ref()),
            Some(Cause::Other(error)) => Some(error.as_ref()),
            None => None,
        }
    }
}
