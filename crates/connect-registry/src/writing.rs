//! [`Written`]: under which ids values are written.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use connect_api::ConnectError;

use crate::client::{Client, Registered, RestError};
use crate::format::SchemaText;
use crate::settings::{Newest, Settings};
use crate::wire::SchemaId;

/// A schema in the subject under which it is to be registered.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Writing {
    pub subject: String,
    pub text: String,
}

/// What a value is written under.
pub struct Target<S> {
    pub id: Option<i32>,
    pub guid: Option<SchemaId>,
    pub schema: Arc<S>,
}

pub struct Written<S> {
    known: HashMap<Writing, Result<Arc<Target<S>>, ConnectError>>,
    lacking: Vec<(Writing, Arc<SchemaText>)>,
    most: usize,
}

impl<S> Written<S> {
    pub fn new(most: usize) -> Self {
        Self {
            known: HashMap::new(),
            lacking: Vec::new(),
            most,
        }
    }

    /// # Errors
    /// `Unavailable` if it is not known yet, which is noted then. What the registry refused is told once and asked for
    /// again after that.
    pub fn get(
        &mut self,
        writing: Writing,
        text: Arc<SchemaText>,
    ) -> Result<Arc<Target<S>>, ConnectError> {
        match self.known.get(&writing) {
            Some(Ok(target)) => return Ok(target.clone()),
            Some(Err(error)) => {
                let error = error.clone();
                self.known.remove(&writing);
                return Err(error);
            }
            None => {}
        }
        if self.lacking.iter().all(|(lacking, _)| *lacking != writing) {
            self.lacking.push((writing, text));
        }
        Err(ConnectError::unavailable(
            "the id of the schema is not here yet",
        ))
    }

    pub fn lacking(&self) -> Option<&(Writing, Arc<SchemaText>)> {
        self.lacking.first()
    }

    /// The first of what lacks is here, or refused.
    pub fn settle(&mut self, result: Result<Target<S>, ConnectError>) {
        if self.lacking.is_empty() {
            return;
        }
        let (writing, _) = self.lacking.remove(0);
        if self.known.len() >= self.most {
            let keep: HashSet<Writing> = self.known.keys().skip(1).cloned().collect();
            self.known.retain(|writing, _| keep.contains(writing));
        }
        self.known.insert(writing, result.map(Arc::new));
    }
}

impl Settings {
    /// Whether schemas are registered, rather than looked up.
    pub fn registers(&self) -> bool {
        self.write.auto_register
    }
}

/// Blocks. The schema to write under, with its id.
pub fn ask(
    client: &Client,
    settings: &Settings,
    subject: &str,
    own: Registered,
) -> Result<Registered, RestError> {
    let write = settings.write;
    if write.auto_register {
        let place = client.register(subject, &own, write.normalize, write.propagate_tags)?;
        return Ok(own.at(place));
    }
    if let Some(id) = write.id {
        let mut schema = client.schema(&SchemaId::Id(id), Some(subject))?;
        schema.id = Some(id);
        return Ok(schema);
    }
    match &settings.newest {
        Newest::WithMetadata(properties) => client.latest_with_metadata(subject, properties),
        Newest::Version => client.latest(subject),
        Newest::No => {
            let place = client.look_up(subject, &own, write.normalize)?;
            Ok(own.at(place))
        }
    }
}
