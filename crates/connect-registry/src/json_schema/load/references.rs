//! Where `$ref` leads: within the text, by `$id` and `$anchor`, or to the texts that the registry keeps as its references.

use std::collections::HashMap;

use connect_api::ConnectError;

use super::super::text::Json;
use super::Draft;

/// All texts of a schema, by their URIs.
pub struct Sources<'a> {
    root: &'a Json,
    root_uri: String,
    /// By URI without fragment, and by URI with an anchor behind `#`.
    places: HashMap<String, (&'a Json, Scope<'a>)>,
}

/// Where a schema stands: the document around it, and what relative references are relative to.
#[derive(Clone)]
pub struct Scope<'a> {
    document: &'a Json,
    base: String,
}

impl<'a> Scope<'a> {
    /// The scope inside a schema, which may have an id of its own.
    pub fn inside(&self, json: &'a Json, draft: Draft) -> Self {
        match id_of(json, draft) {
            Some(id) if !id.starts_with('#') && !self.base.ends_with(id) => Self {
                document: self.document,
                base: without_fragment(&resolve(&self.base, id)).to_owned(),
            },
            _ => self.clone(),
        }
    }
}

impl<'a> Sources<'a> {
    pub fn new(root: &'a Json, references: &'a [(&'a str, Json)], draft: Draft) -> Self {
        let root_uri = id_of(root, draft).filter(|id| !id.starts_with('#'));
        let root_uri = without_fragment(root_uri.unwrap_or_default()).to_owned();
        let mut sources = Self {
            root,
            root_uri: root_uri.clone(),
            places: HashMap::new(),
        };
        sources.add(root, &root_uri, draft);
        for (name, json) in references {
            let uri = without_fragment(&resolve(&root_uri, name)).to_owned();
            sources.add(json, &uri, draft);
            // As the text calls it, and as it would be without the text's own URI.
            for alias in [*name, name.trim_start_matches("./")] {
                let scope = Scope {
                    document: json,
                    base: uri.clone(),
                };
                sources
                    .places
                    .entry(alias.to_owned())
                    .or_insert((json, scope));
            }
        }
        sources
    }

    pub fn root_scope(&self) -> Scope<'a> {
        Scope {
            document: self.root,
            base: self.root_uri.clone(),
        }
    }

    fn add(&mut self, document: &'a Json, uri: &str, draft: Draft) {
        let scope = Scope {
            document,
            base: uri.to_owned(),
        };
        self.places
            .entry(uri.to_owned())
            .or_insert((document, scope.clone()));
        self.add_ids(document, &scope, draft);
    }

    fn add_ids(&mut self, json: &'a Json, scope: &Scope<'a>, draft: Draft) {
        let scope = &scope.inside(json, draft);
        if id_of(json, draft).is_some_and(|id| !id.starts_with('#')) {
            self.places
                .entry(scope.base.clone())
                .or_insert((json, scope.clone()));
        }
        for keyword in ["$anchor", "$dynamicAnchor", "$id", "id"] {
            if let Some(anchor) = json.get(keyword).and_then(Json::as_str) {
                let anchor = match anchor.strip_prefix('#') {
                    Some(anchor) => anchor,
                    None if keyword.ends_with("nchor") => anchor,
                    None => continue,
                };
                let place = format!("{}#{anchor}", scope.base);
                self.places.entry(place).or_insert((json, scope.clone()));
            }
        }
        match json {
            Json::Object(members) => {
                for (name, value) in members {
                    if !matches!(&**name, "enum" | "const" | "default" | "examples") {
                        self.add_ids(value, scope, draft);
                    }
                }
            }
            Json::Array(items) => items
                .iter()
                .for_each(|item| self.add_ids(item, scope, draft)),
            _ => {}
        }
    }

    /// The schema that a reference means, its scope, and a name of the place that all references to it share.
    ///
    /// # Errors
    /// A record's fault: there is none.
    pub fn find(
        &self,
        reference: &str,
        scope: &Scope<'a>,
    ) -> Result<(String, &'a Json, Scope<'a>), ConnectError> {
        let place = resolve(&scope.base, reference);
        let place = place.strip_suffix('#').unwrap_or(&place).to_owned();
        let found = self.look_up(&place, scope);
        let found = found.or_else(|| self.look_up(reference, scope));
        let (json, scope) = found.ok_or_else(|| {
            ConnectError::data(format!(
                "Invalid JSON Schema: nothing is found for \"$ref\": \"{reference}\"; it must be a part of the schema or one \
                 of its references in the registry"
            ))
        })?;
        Ok((place, json, scope))
    }

    fn look_up(&self, place: &str, scope: &Scope<'a>) -> Option<(&'a Json, Scope<'a>)> {
        if let Some((json, scope)) = self.places.get(place) {
            return Some((*json, scope.clone()));
        }
        let (uri, fragment) = place.split_once('#').unwrap_or((place, ""));
        let (document, scope) = if uri == scope.base || uri.is_empty() {
            // Pointers go through the document, not through the nearest schema with an id.
            (scope.document, scope.clone())
        } else {
            let (json, scope) = self.places.get(uri)?;
            (*json, scope.clone())
        };
        if fragment.is_empty() {
            return Some((document, scope));
        }
        let mut json = document;
        for part in fragment.strip_prefix('/')?.split('/') {
            let name = percent_decoded(part).replace("~1", "/").replace("~0", "~");
            json = match json {
                Json::Object(_) => json.get(&name)?,
                Json::Array(items) => items.get(name.parse::<usize>().ok()?)?,
                _ => return None,
            };
        }
        Some((json, scope))
    }
}

fn id_of(json: &Json, draft: Draft) -> Option<&str> {
    let keyword = if draft == Draft::Draft4 { "id" } else { "$id" };
    json.get(keyword).and_then(Json::as_str).map(|id| &**id)
}

fn without_fragment(uri: &str) -> &str {
    uri.split('#').next().unwrap_or(uri)
}

/// A URI relative to another one (RFC 3986, section 5.2).
fn resolve(base: &str, reference: &str) -> String {
    if has_scheme(reference) || base.is_empty() {
        return reference.to_owned();
    }
    let base = without_fragment(base);
    if reference.is_empty() || reference.starts_with('#') || base.starts_with("urn:") {
        return format!("{base}{reference}");
    }
    let path_start = match base.find("://") {
        Some(at) => base[at + 3..]
            .find('/')
            .map_or(base.len(), |slash| at + 3 + slash),
        None => base.find(':').map_or(0, |colon| colon + 1),
    };
    let (authority, path) = base.split_at(path_start);
    let (target, fragment) = match reference.find('#') {
        Some(at) => reference.split_at(at),
        None => (reference, ""),
    };
    let merged = if target.starts_with('/') {
        target.to_owned()
    } else {
        let folder = path.rfind('/').map_or("", |at| &path[..=at]);
        let root = if folder.is_empty() && base.contains("://") {
            "/"
        } else {
            ""
        };
        format!("{root}{folder}{target}")
    };
    format!("{authority}{}{fragment}", without_dots(&merged))
}

fn has_scheme(uri: &str) -> bool {
    let Some(colon) = uri.find(':') else {
        return false;
    };
    let scheme = &uri.as_bytes()[..colon];
    scheme.first().is_some_and(u8::is_ascii_alphabetic)
        && scheme
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(b))
}

fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "." => {}
            ".." if kept
                .last()
                .is_some_and(|last| !last.is_empty() && *last != "..") =>
            {
                kept.pop();
            }
            part => kept.push(part),
        }
    }
    kept.join("/")
}

fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = bytes
            .get(at + 1..at + 3)
            .and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) if bytes[at] == b'%' => {
                decoded.push(byte);
                at += 3;
            }
            _ => {
                decoded.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_are_relative_to_their_base() {
        for (base, reference, expected) in [
            ("", "a.json", "a.json"),
            ("", "#/x", "#/x"),
            ("http://x.y/r.json", "#/x", "http://x.y/r.json#/x"),
            ("http://x.y/a/r.json", "s.json#/x", "http://x.y/a/s.json#/x"),
            ("http://x.y/a/r.json", "../s.json", "http://x.y/s.json"),
            ("http://x.y/a/r.json", "./s.json", "http://x.y/a/s.json"),
            ("http://x.y/a/r.json", "/s.json", "http://x.y/s.json"),
            ("http://x.y", "s.json", "http://x.y/s.json"),
            ("a/r.json", "s.json", "a/s.json"),
            ("r.json", "urn:a:b", "urn:a:b"),
            ("urn:a:b", "#c", "urn:a:b#c"),
        ] {
            assert_eq!(resolve(base, reference), expected, "{base} {reference}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_uris_break_it(base: String, reference: String) {
            percent_decoded(&resolve(&base, &reference));
        }
    }
}
