//! Transformations and predicates: what happens to a record between converter and sink.

use crate::config::{ConfigErrors, ConfigReader};
use crate::error::ConnectError;
use crate::record::SinkRecord;

/// Changes or drops single records (`org.apache.kafka.connect.transforms.Transformation`).
pub trait Transformation: Send {
    /// Takes the record and gives it back, changed or not; none drops it: no later transformation sees it, its
    /// offset is passed.
    ///
    /// # Errors
    /// A record's fault; `errors.tolerance` decides what follows.
    fn apply(&mut self, record: SinkRecord) -> Result<Option<SinkRecord>, ConnectError>;
}

/// Decides whether a transformation applies to a record (`org.apache.kafka.connect.transforms.predicates.Predicate`).
pub trait Predicate: Send {
    /// # Errors
    /// A record's fault; it counts as the transformation's.
    fn test(&mut self, record: &SinkRecord) -> Result<bool, ConnectError>;
}

/// Makes a transformation from its configuration (prefix taken off). Pure.
pub type NewTransformation = fn(&ConfigReader<'_>) -> Result<Box<dyn Transformation>, ConfigErrors>;

/// Makes a predicate from its configuration (prefix taken off). Pure.
pub type NewPredicate = fn(&ConfigReader<'_>) -> Result<Box<dyn Predicate>, ConfigErrors>;
