//! [`Names`]: member names that come again and again.
//!
//! Every string of a record is a slice that counts as a reference to the record's buffer, and counting is most of what a
//! short string costs. Names repeat from record to record, so those seen twice are kept for the life of the process
//! as static texts, which need no counting. Both tables are small and bounded: names beyond the bound, such as ids used as
//! names, are slices like any other string.

use std::collections::{HashMap, HashSet};
use std::sync::{LazyLock, Mutex, PoisonError};

use bytestring::ByteString;

use super::reader::{Name, Reader};
use super::syntax::Syntax;

/// Longest name that is kept.
const MAX_LEN: usize = 64;
/// Names that all converters of the process keep together: a quarter of a megabyte at most.
const MAX_SHARED: usize = 4096;
/// Names that one converter keeps.
const MAX_OWN: usize = 1024;

/// The number of a name that is not kept.
pub(super) const UNKNOWN: u32 = u32::MAX;

/// The kept names of one converter, each with the names that came behind it last.
pub(super) struct Names {
    known: Vec<Known>,
    places: HashMap<&'static str, u32>,
    /// Hashes of names seen once, so that a name is only kept when it comes again.
    seen_once: [u32; 256],
    /// The name read last; 0 at the beginning of a document.
    last: u32,
}

struct Known {
    name: &'static str,
    followers: [u32; 2],
}

impl Default for Names {
    fn default() -> Self {
        let start = Known {
            name: "",
            followers: [0; 2],
        };
        Self {
            known: vec![start],
            places: HashMap::new(),
            seen_once: [0; 256],
            last: 0,
        }
    }
}

impl Names {
    /// Another document begins.
    pub fn restart(&mut self) {
        self.last = 0;
    }

    /// Reads a member's name and the colon behind it. Beside it comes a number: names with different numbers below
    /// [`UNKNOWN`] differ.
    #[inline]
    pub fn read(&mut self, reader: &mut Reader<'_>) -> Result<(ByteString, u32), Syntax> {
        let text = match reader.name()? {
            Name::Plain(text) => text,
            Name::Escaped(text) => return Ok((text, UNKNOWN)),
        };
        for follower in self.known[self.last as usize].followers {
            let known = self.known[follower as usize].name;
            if known == text && follower != 0 {
                self.last = follower;
                return Ok((ByteString::from_static(known), follower));
            }
        }
        Ok(match self.find(text) {
            Some(place) => (
                ByteString::from_static(self.known[place as usize].name),
                place,
            ),
            None => (reader.slice(text), UNKNOWN),
        })
    }

    /// A name that did not stand where it was expected.
    fn find(&mut self, text: &str) -> Option<u32> {
        let place = match self.places.get(text) {
            Some(place) => *place,
            None => self.keep(text)?,
        };
        let followers = &mut self.known[self.last as usize].followers;
        *followers = [place, followers[0]];
        self.last = place;
        Some(place)
    }

    fn keep(&mut self, text: &str) -> Option<u32> {
        if text.len() > MAX_LEN || self.known.len() >= MAX_OWN {
            return None;
        }
        let hash = text.bytes().fold(0x811c_9dc5, |hash: u32, b| {
            (hash ^ u32::from(b)).wrapping_mul(0x0100_0193)
        });
        let seen = &mut self.seen_once[hash as usize % 256];
        if *seen != hash {
            *seen = hash;
            return None;
        }
        let name = shared(text)?;
        let place = self.known.len() as u32;
        self.known.push(Known {
            name,
            followers: [0; 2],
        });
        self.places.insert(name, place);
        Some(place)
    }
}

/// The process's one copy of a name; none if there are too many.
fn shared(text: &str) -> Option<&'static str> {
    static SHARED: LazyLock<Mutex<HashSet<&'static str>>> = LazyLock::new(Mutex::default);
    let mut names = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(name) = names.get(text) {
        return Some(name);
    }
    if names.len() >= MAX_SHARED {
        return None;
    }
    // Never freed, and bounded by the line above.
    let name: &'static str = Box::leak(text.into());
    names.insert(name);
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(names: &mut Names, text: &str) -> ByteString {
        let doc = ByteString::from(format!("\"{text}\":"));
        names.read(&mut Reader::new(&doc)).unwrap().0
    }

    #[test]
    fn names_are_kept_once_they_come_again() {
        let mut names = Names::default();
        for _ in 0..3 {
            names.restart();
            assert_eq!(read(&mut names, "first"), "first");
            assert_eq!(read(&mut names, "second"), "second");
        }
        assert_eq!(names.known.len(), 3);
        let long = "x".repeat(MAX_LEN + 1);
        for _ in 0..3 {
            assert_eq!(read(&mut names, &long), long);
        }
        assert_eq!(names.known.len(), 3);
    }

    #[test]
    fn any_number_of_names_is_read() {
        let mut names = Names::default();
        for round in 0..3 {
            for i in 0..2 * MAX_OWN {
                let text = format!("name {}", i * (round + 1));
                assert_eq!(read(&mut names, &text), text);
            }
        }
        assert!(names.known.len() <= MAX_OWN);
    }
}
