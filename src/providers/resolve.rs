//! References of a configuration become what they stand for (`ConfigTransformer`).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use connect_api::config::Config;
use connect_api::data::values::sort_by_hash;

use super::secrets::keep_out_of_log;
use super::{ProviderError, Providers, Secrets, Values};
use crate::config::reference::{has_reference, references};

/// A configuration without references that a provider knows. Prints neither values nor secrets.
#[derive(Clone, Debug)]
pub struct Resolved {
    pub config: Config,
    pub secrets: Secrets,
    /// References that stay as they are, because no provider has them. They are texts then, as in Kafka.
    pub unresolved: Vec<Unresolved>,
}

/// A reference that stands for nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unresolved {
    /// The configuration's key.
    pub key: String,
    pub reference: String,
}

/// What providers gave, by alias and path.
type Given<'a> = BTreeMap<(&'a str, &'a str), Values>;

impl Providers {
    /// Resolves every value. Reads files: call it where waiting for a disk hurts nobody.
    ///
    /// # Errors
    /// A provider that cannot give what it is asked for, whatever else it was asked.
    pub fn resolve(&self, config: &Config) -> Result<Resolved, ProviderError> {
        let given = self.ask(config)?;
        let mut resolved = Resolved {
            config: Config::new(),
            secrets: Secrets::default(),
            unresolved: Vec::new(),
        };
        for (key, written) in config.iter() {
            let value = replace(key, written, &given, &mut resolved);
            if value != written {
                resolved.secrets.value(&value, written);
            }
            resolved.config.insert(key, value);
        }
        Ok(resolved)
    }

    /// How long what the references of a configuration stand for may be used: the shortest time counts, none is for
    /// ever.
    pub fn time_to_live(&self, config: &Config) -> Option<Duration> {
        let values = config.iter().map(|(_, value)| value);
        let references = values.flat_map(references);
        references
            .filter_map(|reference| self.ttl(reference.provider))
            .min()
    }

    /// Each provider is asked once for each path.
    fn ask<'a>(&self, config: &'a Config) -> Result<Given<'a>, ProviderError> {
        let mut wanted: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
        for (_, value) in config.iter() {
            for reference in references(value) {
                let place = (reference.provider, reference.path);
                wanted.entry(place).or_default().insert(reference.key);
            }
        }
        // In the order of Java's maps, so that of several that fail the same one is told.
        let mut places: Vec<_> = wanted.into_iter().collect();
        sort_by_hash(&mut places, |((_, path), _)| path);
        sort_by_hash(&mut places, |((alias, _), _)| alias);
        let mut given = Given::new();
        for ((alias, path), keys) in places {
            given.insert((alias, path), self.get(alias, path, Some(&keys))?);
        }
        Ok(given)
    }
}

fn replace(key: &str, written: &str, given: &Given<'_>, resolved: &mut Resolved) -> String {
    let mut text = String::with_capacity(written.len());
    let mut end = 0;
    for reference in references(written) {
        let shown = &written[reference.range.clone()];
        text.push_str(&written[end..reference.range.start]);
        end = reference.range.end;
        let values = given.get(&(reference.provider, reference.path));
        match values.and_then(|values| values.get(reference.key)) {
            Some(value) => {
                resolved.secrets.given(value, shown);
                keep_out_of_log(value, shown);
                text.push_str(value);
            }
            None => {
                resolved.unresolved.push(Unresolved {
                    key: key.to_owned(),
                    reference: shown.to_owned(),
                });
                text.push_str(shown);
            }
        }
    }
    text.push_str(&written[end..]);
    text
}

/// Puts the written text back wherever a key had a reference, so that what is derived from a resolved configuration
/// can be stored. Goes by the names of the keys, as Kafka does.
pub fn restore(derived: &mut Config, written: &Config) {
    for (key, value) in written.iter().filter(|(_, value)| has_reference(value)) {
        if derived.contains(key) {
            derived.insert(key, value);
        }
    }
}
