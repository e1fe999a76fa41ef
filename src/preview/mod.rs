//! What converters, transformations and predicates make of records, and what the sink would send: a dry run.
//!
//! Records go through the very stage of a task. Nothing is written anywhere and no target is connected to; a schema
//! registry is asked for the schemas of records, and for nothing else.

mod input;
mod notation;
mod print;
pub mod topic;

use connect_api::config::Config;
use connect_api::convert::SchemaUsed;
use connect_api::sink::Statement;
use connect_api::{ConnectError, RecordSlice, SinkRecord};
use data_plane::raw::RawBatch;
use data_plane::task::machine;
use data_plane::task::stage::{Link, Stage, Step};

pub use self::input::Input;
pub use self::print::{Form, Printer, config_error};
use crate::config::SinkConnectorConfig;
use crate::worker::{Connector, Worker};

/// Puts records through the stage of a connector's tasks.
pub struct Preview {
    stage: Stage,
    /// To ask for statements.
    connector: Option<Connector>,
}

/// Where a record was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub topic: String,
    pub partition: i32,
    pub offset: i64,
}

/// What became of one record.
pub struct Outcome {
    pub place: Place,
    /// Under which schemas of a registry key and value were written, where that is known.
    pub schemas: [Option<SchemaUsed>; 2],
    pub fate: Fate,
}

pub enum Fate {
    /// With what the sink would send, if that was asked for and the sink tells.
    Kept(Box<SinkRecord>, Option<Vec<Statement>>),
    Dropped(Link),
    Failed {
        /// None where the task itself would end.
        stage: Option<&'static str>,
        /// Of the converter, transformation or sink.
        class: Option<String>,
        /// Of the transformation.
        alias: Option<String>,
        error: ConnectError,
    },
}

impl Outcome {
    /// Dropped records have passed, too: it is what was configured.
    pub fn has_passed(&self) -> bool {
        !matches!(self.fate, Fate::Failed { .. })
    }
}

impl Preview {
    /// `connector` is its configuration, references resolved. Its class must exist only if statements are asked for.
    ///
    /// # Errors
    /// The configuration is wrong: what a task would fail with when it starts.
    pub fn new(
        worker: &Worker,
        connector: &Config,
        statements: bool,
    ) -> Result<Self, ConnectError> {
        let parsed = SinkConnectorConfig::parse(connector)
            .map_err(|errors| ConnectError::config(errors.to_string()))?;
        let stage = Stage::for_steps(worker.stage_parts(&parsed, connector)?);
        let connector = match statements {
            true => {
                let connector = worker.make_connector(connector)?;
                connector.check()?;
                Some(connector)
            }
            false => None,
        };
        Ok(Self { stage, connector })
    }

    /// Gets what the converters need for a batch (schemas from a registry), once.
    ///
    /// # Errors
    /// Who was asked does not answer, or refuses.
    pub async fn fetch(&mut self, raw: &RawBatch) -> Result<(), ConnectError> {
        self.stage.fetch_once(raw).await
    }

    /// The records of a batch that [`fetch`](Self::fetch) has seen, one after the other.
    pub fn run(&mut self, raw: &RawBatch) -> Vec<Outcome> {
        let mut outcomes = Vec::with_capacity(raw.len());
        for run in raw.runs() {
            for at in run.records.clone() {
                let place = Place {
                    topic: run.partition.topic.to_string(),
                    partition: run.partition.partition,
                    offset: raw.offset(at),
                };
                let fate = match self.stage.step(raw, run, at) {
                    Step::Keep(record) => self.kept(record),
                    Step::Filtered(by) => Fate::Dropped(by),
                    Step::Failed {
                        stage,
                        class,
                        alias,
                        error,
                    } => Fate::Failed {
                        stage: Some(stage.name()),
                        class: Some(class.to_string()),
                        alias: alias.map(|alias| alias.to_string()),
                        error,
                    },
                    Step::Fatal(error) => Fate::Failed {
                        stage: None,
                        class: None,
                        alias: None,
                        error,
                    },
                };
                let schemas = self.stage.schemas_used(raw, run, at);
                outcomes.push(Outcome {
                    place,
                    schemas,
                    fate,
                });
            }
        }
        outcomes
    }

    fn kept(&self, record: SinkRecord) -> Fate {
        let Some(connector) = &self.connector else {
            return Fate::Kept(Box::new(record), None);
        };
        let records = RecordSlice::new(vec![record]);
        match connector.statements(&records) {
            Ok(statements) => Fate::Kept(Box::new(records.get(0).clone()), statements),
            Err(error) => Fate::Failed {
                stage: Some(machine::Stage::TaskPut.name()),
                class: Some(connector.descriptor.class.to_owned()),
                alias: None,
                error,
            },
        }
    }

    /// Whether statements were asked for and this sink tells none.
    pub fn tells_no_statements(&self) -> bool {
        let tells = |connector: &Connector| {
            matches!(
                connector.statements(&RecordSlice::empty()),
                Ok(Some(_)) | Err(_)
            )
        };
        self.connector
            .as_ref()
            .is_some_and(|connector| !tells(connector))
    }
}
