//! Errors of the database and of conversion, by who must act.
//!
//! The names are those of the exceptions that the Java driver throws for the same code, because users filter dead
//! letters by them. Only a fault of the record's own may ever be dead-lettered: whatever another attempt, another
//! server or a person can cure is classed otherwise.

use std::io;

use connect_api::{ConnectError, ErrorClass};
use neo4rs::{Error, Neo4jError};

use crate::uri::Address;

const AUTHENTICATION: &str = "org.neo4j.driver.exceptions.AuthenticationException";
const CLIENT: &str = "org.neo4j.driver.exceptions.ClientException";
const DATABASE: &str = "org.neo4j.driver.exceptions.DatabaseException";
const FATAL_DISCOVERY: &str = "org.neo4j.driver.exceptions.FatalDiscoveryException";
const SECURITY: &str = "org.neo4j.driver.exceptions.SecurityException";
const SERVICE_UNAVAILABLE: &str = "org.neo4j.driver.exceptions.ServiceUnavailableException";
const SESSION_EXPIRED: &str = "org.neo4j.driver.exceptions.SessionExpiredException";
const TOKEN_EXPIRED: &str = "org.neo4j.driver.exceptions.TokenExpiredException";
const AUTHORIZATION_EXPIRED: &str = "org.neo4j.driver.exceptions.AuthorizationExpiredException";
const TRANSIENT: &str = "org.neo4j.driver.exceptions.TransientException";

const DATE_TIME: &str = "java.time.DateTimeException";
const DATE_TIME_PARSE: &str = "java.time.format.DateTimeParseException";
const MISMATCHED_INPUT: &str = "com.fasterxml.jackson.databind.exc.MismatchedInputException";
const NO_SUCH_ELEMENT: &str = "java.util.NoSuchElementException";

/// What the database at an address answered, or why it did not.
pub fn classify(error: Error, address: &Address) -> ConnectError {
    match error {
        Error::Neo4j(error) => classify_answer(&error),
        Error::AuthenticationError(message) => denied(AUTHENTICATION, &message, CREDENTIALS),
        Error::UnsupportedVersion(..) | Error::ProtocolMismatch(_) => {
            let message =
                format!("{address} does not speak Bolt 4; does neo4j.uri name the Bolt port?");
            ConnectError::config(message).with_source(error)
        }
        Error::InvalidDnsName(_) | Error::UrlParseError(_) | Error::UnsupportedScheme(_) => {
            ConnectError::config(format!("neo4j.uri: {address} is no address")).with_source(error)
        }
        Error::StringTooLong | Error::MapTooBig | Error::BytesTooBig | Error::ListTooLong => {
            client(error.to_string())
        }
        Error::IOError { detail } if is_tls_fault(&detail) => {
            let message = format!(
                "Failed to establish a secured connection with {address}. Check the certificate of the server \
                 and the neo4j.security keys."
            );
            ConnectError::new(ErrorClass::Denied, SECURITY, message).with_source(detail)
        }
        Error::IOError { detail } => {
            let advice = advice(&detail, address);
            unreachable_but(address, &advice).with_source(detail)
        }
        other => unreachable(address).with_source(other),
    }
}

/// The database at an address is not there, for now.
pub fn unreachable(address: &Address) -> ConnectError {
    unreachable_but(address, "")
}

fn unreachable_but(address: &Address, advice: &str) -> ConnectError {
    let message = format!(
        "Unable to connect to {address}, ensure the database is running and that there is a working network \
         connection to it.{advice}"
    );
    ConnectError::new(ErrorClass::Unavailable, SERVICE_UNAVAILABLE, message)
}

/// What else a broken connection may mean; a sentence of its own, or nothing.
fn advice(error: &io::Error, address: &Address) -> String {
    let text = error.to_string();
    let host = &address.host;
    if text.contains("failed to lookup address") {
        return format!(
            " {host} is no name that this machine can resolve: check neo4j.uri and DNS."
        );
    }
    if text.contains("tls handshake eof") {
        return " It does not seem to speak TLS: take the +s or +ssc out of neo4j.uri, or set \
                neo4j.security.encrypted to false."
            .to_owned();
    }
    match error.kind() {
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset => {
            " It hung up: check that neo4j.uri names the Bolt port, and a scheme with +s if the server asks for TLS."
                .to_owned()
        }
        _ => String::new(),
    }
}

const CREDENTIALS: &str = "Check user and password in the neo4j.authentication keys.";
const DATABASE_NAME: &str = "Correct neo4j.database or create the database, then restart the task.";
const PERMISSIONS: &str = "Grant the user what the statement needs, then restart the task.";

fn classify_answer(error: &Neo4jError) -> ConnectError {
    let (class, exception) = match class_of(error.code()) {
        Ok(found) => found,
        Err((exception, advice)) => return denied(exception, error.message(), advice),
    };
    let message = match exception {
        FATAL_DISCOVERY => format!("{} {DATABASE_NAME}", error.message()),
        _ => error.message().to_owned(),
    };
    // The code is the one thing that the text does not say.
    ConnectError::new(class, exception, message).with_source(Code(error.code().to_owned()))
}

/// Class and Java name of a status code, or Java name and advice where a person must act.
fn class_of(code: &str) -> Result<(ErrorClass, &'static str), (&'static str, &'static str)> {
    use ErrorClass::{Config, Record, Retriable, Unavailable};
    let mut parts = code.split('.').skip(1);
    let [kind, category, title] =
        [parts.next(), parts.next(), parts.next()].map(Option::unwrap_or_default);
    Ok(match (kind, category, title) {
        // Ended from outside or by a shutdown; the driver renames these to client errors.
        ("ClientError", "Transaction", "Terminated" | "LockClientStopped") => (Retriable, CLIENT),
        ("ClientError", "Cluster", "NotALeader")
        | ("ClientError", "General", "ForbiddenOnReadOnlyDatabase") => (Retriable, SESSION_EXPIRED),
        ("ClientError", "Security", "AuthorizationExpired") => (Retriable, AUTHORIZATION_EXPIRED),
        ("ClientError", "Security", "Unauthorized") => return Err((AUTHENTICATION, CREDENTIALS)),
        ("ClientError", "Security", "AuthenticationRateLimit" | "CredentialsExpired") => {
            return Err((CLIENT, CREDENTIALS));
        }
        ("ClientError", "Security", "TokenExpired") => return Err((TOKEN_EXPIRED, CREDENTIALS)),
        ("ClientError", "Security", _) => return Err((CLIENT, PERMISSIONS)),
        ("ClientError", "Database", "DatabaseNotFound") => (Config, FATAL_DISCOVERY),
        ("ClientError", ..) => (Record, CLIENT),
        ("TransientError", "General", "DatabaseUnavailable") => (Unavailable, TRANSIENT),
        ("TransientError", ..) => (Retriable, TRANSIENT),
        // The database could not write its log, for want of space say; no record is at fault.
        ("DatabaseError", "Transaction", _) => (Unavailable, DATABASE),
        ("DatabaseError", ..) => (Record, DATABASE),
        // No code at all: nothing says that a record is at fault.
        _ => (Unavailable, DATABASE),
    })
}

fn denied(exception: &'static str, message: &str, advice: &str) -> ConnectError {
    ConnectError::new(ErrorClass::Denied, exception, format!("{message} {advice}"))
}

fn is_tls_fault(error: &io::Error) -> bool {
    error
        .get_ref()
        .is_some_and(|inner| inner.is::<rustls::Error>())
}

/// A status code of the database, as the cause behind its message.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Code(String);

/// A record's fault that the driver or the database would find.
pub fn client(message: impl Into<String>) -> ConnectError {
    ConnectError::record(CLIENT, message)
}

/// A value that has no counterpart in Bolt.
pub fn unconvertible(java_class: &str) -> ConnectError {
    client(format!("Unable to convert {java_class} to Neo4j Value."))
}

pub fn illegal_argument(message: impl Into<String>) -> ConnectError {
    ConnectError::record(connect_api::error::exception::ILLEGAL_ARGUMENT, message)
}

/// Blank text where JSON may stand.
pub fn no_content() -> ConnectError {
    ConnectError::record(MISMATCHED_INPUT, "No content to map due to end-of-input")
}

pub fn no_date_time(message: impl Into<String>) -> ConnectError {
    ConnectError::record(DATE_TIME, message)
}

pub fn no_date_time_text(text: &str) -> ConnectError {
    ConnectError::record(
        DATE_TIME_PARSE,
        format!("Text '{text}' could not be parsed"),
    )
}

/// A record of a topic that `topics` does not name. Its text is that of the original's look-up.
pub fn unknown_topic(topic: &str) -> ConnectError {
    ConnectError::config(format!("Key {topic} is missing in the map.")).named(NO_SUCH_ELEMENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_say_who_must_act() {
        use ErrorClass::*;
        for (code, class, exception) in [
            ("Neo.ClientError.Statement.SyntaxError", Record, CLIENT),
            ("Neo.ClientError.Statement.SemanticError", Record, CLIENT),
            (
                "Neo.ClientError.Schema.ConstraintValidationFailed",
                Record,
                CLIENT,
            ),
            (
                "Neo.ClientError.Procedure.ProcedureCallFailed",
                Record,
                CLIENT,
            ),
            (
                "Neo.DatabaseError.Statement.ExecutionFailed",
                Record,
                DATABASE,
            ),
            (
                "Neo.DatabaseError.Transaction.TransactionCommitFailed",
                Unavailable,
                DATABASE,
            ),
            (
                "Neo.TransientError.Transaction.DeadlockDetected",
                Retriable,
                TRANSIENT,
            ),
            (
                "Neo.TransientError.General.MemoryPoolOutOfMemoryError",
                Retriable,
                TRANSIENT,
            ),
            (
                "Neo.TransientError.General.DatabaseUnavailable",
                Unavailable,
                TRANSIENT,
            ),
            ("Neo.ClientError.Transaction.Terminated", Retriable, CLIENT),
            (
                "Neo.ClientError.Cluster.NotALeader",
                Retriable,
                SESSION_EXPIRED,
            ),
            (
                "Neo.ClientError.Security.AuthorizationExpired",
                Retriable,
                AUTHORIZATION_EXPIRED,
            ),
            (
                "Neo.ClientError.Database.DatabaseNotFound",
                Config,
                FATAL_DISCOVERY,
            ),
            ("", Unavailable, DATABASE),
        ] {
            assert_eq!(class_of(code), Ok((class, exception)), "{code}");
        }
        for (code, exception) in [
            ("Neo.ClientError.Security.Unauthorized", AUTHENTICATION),
            ("Neo.ClientError.Security.TokenExpired", TOKEN_EXPIRED),
            ("Neo.ClientError.Security.Forbidden", CLIENT),
        ] {
            assert_eq!(
                class_of(code).map_err(|(name, _)| name),
                Err(exception),
                "{code}"
            );
        }
    }

    #[test]
    fn a_lost_connection_is_an_outage() {
        let address = Address {
            host: "graph".into(),
            port: 7687,
        };
        for error in [
            Error::ConnectionTimedOut,
            Error::from(std::io::Error::from(std::io::ErrorKind::ConnectionRefused)),
        ] {
            let error = classify(error, &address);
            assert_eq!(error.class(), ErrorClass::Unavailable);
            assert!(error.trace().starts_with(
                "org.neo4j.driver.exceptions.ServiceUnavailableException: Unable to connect to graph:7687, ensure"
            ));
        }
    }

    #[test]
    fn a_broken_connection_comes_with_what_it_may_mean() {
        let address = Address {
            host: "graph".into(),
            port: 7687,
        };
        let eof = io::ErrorKind::UnexpectedEof;
        for (error, advice) in [
            (
                io::Error::other("failed to lookup address information: Name or service not known"),
                "graph is no name that this machine can resolve",
            ),
            (
                io::Error::new(eof, "tls handshake eof"),
                "It does not seem to speak TLS",
            ),
            (
                io::Error::from(eof),
                "It hung up: check that neo4j.uri names the Bolt port",
            ),
            (
                io::Error::from(io::ErrorKind::ConnectionRefused),
                "connection to it.\n",
            ),
        ] {
            let trace = classify(Error::from(error), &address).trace();
            assert!(trace.contains(advice), "{trace}");
        }
    }
}
