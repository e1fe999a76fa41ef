//! `allowed.paths`: what the providers of files may read.

use std::path::{Component, Path, PathBuf};

use connect_api::config::{Config, Importance, Key};

use super::ProviderError;

pub const ALLOWED_PATHS: Key<Option<String>> = Key::optional(
    "allowed.paths",
    Importance::High,
    "Files and folders that may be read, with all below them, separated by commas; everything if unset or empty. \
     They must exist.",
);

/// None: every path.
pub struct AllowedPaths(Option<Vec<PathBuf>>);

impl AllowedPaths {
    /// # Errors
    /// A path that is relative or that does not exist.
    pub fn new(config: &Config) -> Result<Self, ProviderError> {
        // Kafka takes each item as it stands, blanks included.
        let Some(text) = config.get(ALLOWED_PATHS.name()).filter(|t| !t.is_empty()) else {
            return Ok(Self(None));
        };
        let mut paths = Vec::new();
        for item in text.split(',') {
            let path = normalize(Path::new(item));
            let refused = if !path.is_absolute() {
                "is not absolute"
            } else if !path.exists() {
                "does not exist"
            } else {
                paths.push(path);
                continue;
            };
            let path = path.display();
            return Err(ProviderError::config(format!("Path {path} {refused}")));
        }
        Ok(Self(Some(paths)))
    }

    /// The path to read, or none if it must not be read. Links are followed wherever they lead, as in Kafka.
    pub fn check(&self, path: &str) -> Option<PathBuf> {
        let Some(allowed) = &self.0 else {
            return Some(PathBuf::from(path));
        };
        let path = normalize(Path::new(path));
        let is_allowed = allowed.iter().any(|allowed| path.starts_with(allowed));
        if !is_allowed {
            tracing::warn!(path = %path.display(), "the path is not in the provider's allowed.paths");
        }
        is_allowed.then_some(path)
    }
}

/// Takes out `.` and `..` without asking the file system, as `Path.normalize` does.
fn normalize(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                let climbs = matches!(
                    normal.components().next_back(),
                    None | Some(Component::ParentDir)
                );
                if climbs {
                    normal.push("..");
                } else {
                    normal.pop();
                }
            }
            other => normal.push(other),
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_are_taken_out_by_name_alone() {
        for (path, expected) in [
            ("/a/./b//c/", "/a/b/c"),
            ("/a/../b", "/b"),
            ("/../../b", "/b"),
            ("a/../../b", "../b"),
            ("", ""),
        ] {
            assert_eq!(normalize(Path::new(path)), Path::new(expected), "{path}");
        }
    }
}
