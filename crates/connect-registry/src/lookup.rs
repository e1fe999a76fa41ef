//! [`Lookup`]: what is asked of the registry for one spot, on a thread of its own.

use connect_api::ConnectError;

use crate::cache::Spot;
use crate::client::{Client, Registered, RestError};
use crate::settings::{Newest, Settings};
use crate::subject::Strategy;

/// The schema that records name, its version in the subject, and the newest version if that is to take its place.
pub struct Lookup {
    pub spot: Spot,
    /// Known if an earlier look-up found it, which then had no subject yet.
    schema: Option<Registered>,
    /// Where the version counts. None: it hangs on the schema.
    subject: Option<String>,
    newest: Newest,
}

/// What there is.
pub struct Found {
    pub spot: Spot,
    pub schema: Registered,
    pub subject: Option<String>,
    pub version: Option<i32>,
    pub newest: Option<Registered>,
}

/// Why there is nothing, and whether it was the version that was asked for.
pub struct Unfound {
    pub error: RestError,
    pub of_version: bool,
}

impl Unfound {
    pub fn schema(error: RestError) -> Self {
        Self {
            error,
            of_version: false,
        }
    }

    fn version(error: RestError) -> Self {
        Self {
            error,
            of_version: true,
        }
    }
}

impl Lookup {
    /// # Errors
    /// None, as a topic's subject needs no schema.
    pub fn new(spot: Spot, settings: &Settings) -> Result<Self, ConnectError> {
        let subject = match settings.strategy {
            Strategy::Topic => {
                let subject = settings.strategy.subject(&spot.topic, settings.part, None);
                Some(subject?)
            }
            _ => None,
        };
        Ok(Self {
            spot,
            schema: None,
            subject,
            newest: settings.newest.clone(),
        })
    }

    /// The version, now that the subject is known.
    pub fn version_of(found: Found, subject: String, settings: &Settings) -> Self {
        Self {
            spot: found.spot,
            schema: Some(found.schema),
            subject: Some(subject),
            newest: settings.newest.clone(),
        }
    }

    /// Blocks.
    pub fn ask(self, client: &Client) -> Result<Found, Unfound> {
        let schema = match self.schema {
            Some(schema) => schema,
            None => client
                .schema(&self.spot.id, self.subject.as_deref())
                .map_err(Unfound::schema)?,
        };
        let mut found = Found {
            spot: self.spot,
            schema,
            subject: self.subject,
            version: None,
            newest: None,
        };
        if let Some(subject) = &found.subject {
            let version = client.version_of(subject, &found.schema);
            found.version = Some(version.map_err(Unfound::version)?);
            found.newest = match self.newest {
                Newest::No => None,
                Newest::Version => Some(client.latest(subject).map_err(Unfound::version)?),
                Newest::WithMetadata(properties) => {
                    let newest = client.latest_with_metadata(subject, &properties);
                    Some(newest.map_err(Unfound::version)?)
                }
            };
        }
        Ok(found)
    }
}
