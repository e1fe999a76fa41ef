//! Errors of the engine under Neo4j's codes, by which clients decide whose fault it was and whether to try again.

use boltr::error::BoltError;
use grafeo_common::utils::error::{Error, ErrorCode};
use tokio::task::JoinError;

/// The engine refused a statement or a commit.
pub fn refused(error: &Error) -> BoltError {
    let message = error.to_string();
    BoltError::Query {
        code: code(error, &message).to_owned(),
        message,
    }
}

fn code(error: &Error, message: &str) -> &'static str {
    let kind = error.error_code();
    // The engine has no kind of error for constraints.
    if kind != ErrorCode::QuerySyntax && message.to_ascii_lowercase().contains("constraint") {
        return "Neo.ClientError.Schema.ConstraintValidationFailed";
    }
    match kind {
        ErrorCode::QuerySyntax => "Neo.ClientError.Statement.SyntaxError",
        ErrorCode::QuerySemantic | ErrorCode::QueryUnsupported => {
            "Neo.ClientError.Statement.SemanticError"
        }
        ErrorCode::TypeMismatch => "Neo.ClientError.Statement.TypeError",
        ErrorCode::TransactionConflict
        | ErrorCode::TransactionSerialization
        | ErrorCode::TransactionDeadlock => "Neo.TransientError.Transaction.DeadlockDetected",
        ErrorCode::StorageFull => "Neo.TransientError.General.MemoryPoolOutOfMemoryError",
        ErrorCode::Internal | ErrorCode::SerializationError | ErrorCode::IoError => {
            "Neo.DatabaseError.Statement.ExecutionFailed"
        }
        _ => "Neo.ClientError.Statement.ArgumentError",
    }
}

/// The engine panicked.
pub fn panicked(error: &JoinError) -> BoltError {
    BoltError::Query {
        code: "Neo.DatabaseError.Statement.ExecutionFailed".to_owned(),
        message: format!("the embedded graph failed on this statement: {error}"),
    }
}

/// Another client holds the right to write for too long.
pub fn busy() -> BoltError {
    BoltError::Query {
        code: "Neo.TransientError.Transaction.LockAcquisitionTimeout".to_owned(),
        message: "another transaction is open; the embedded graph takes one writer at a time"
            .to_owned(),
    }
}

/// There is one database.
pub fn no_such_database(name: &str) -> BoltError {
    BoltError::Query {
        code: "Neo.ClientError.Database.DatabaseNotFound".to_owned(),
        message: format!("Graph not found: {name}"),
    }
}
