//! Where recorded vectors lie, and which of them a test takes.
//!
//! The folders are the project's own, or the one that the environment variable `GOLDENS_DIR` names: any files of vectors
//! lie in it or in the folders inside it, as many or as few as somebody recorded. What a line is for is told by its `kind`,
//! not by its file; lines without one belong to other tests.

use std::path::{Path, PathBuf};
use std::{env, fs};

use serde_json::Value as Json;

const GOLDENS_DIR: &str = "GOLDENS_DIR";

/// The vectors of some kinds.
pub struct Vectors {
    pub cases: Vec<Json>,
    /// Whether they are those of another folder, which may hold none of these kinds.
    pub is_given: bool,
}

impl Vectors {
    /// Those of `tests/goldens/<own>` below `root`, or of the folder that is given.
    ///
    /// # Panics
    /// If a folder cannot be read or a line of vectors is no JSON.
    #[must_use]
    pub fn read(root: &Path, own: &[&str], kinds: &[&str]) -> Self {
        let given = env::var_os(GOLDENS_DIR).map(|folder| given_folder(root, Path::new(&folder)));
        let is_given = given.is_some();
        let folders = match given {
            Some(folder) => vec![folder],
            None => own
                .iter()
                .map(|own| root.join("tests/goldens").join(own))
                .collect(),
        };
        let mut files = Vec::new();
        for folder in &folders {
            collect(folder, is_given, &mut files);
        }
        files.sort();
        let mut cases = Vec::new();
        for file in &files {
            let text =
                fs::read_to_string(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
            let lines = text.lines().filter(|line| !line.trim().is_empty());
            cases.extend(lines.filter_map(|line| of_kind(file, line, kinds)));
        }
        Self { cases, is_given }
    }

    /// Tries each, says how many passed and fails with all that did not, by their ids.
    ///
    /// # Panics
    /// If a vector fails, or if none was tried of the project's own.
    pub fn check(&self, mut check: impl FnMut(&Json) -> Result<(), String>) {
        let mut failures = Vec::new();
        for case in &self.cases {
            if let Err(why) = check(case) {
                failures.push(format!("{}: {why}", case["id"].as_str().unwrap_or("?")));
            }
        }
        let tried = self.cases.len();
        println!("{} of {tried}", tried - failures.len());
        assert!(tried > 0 || self.is_given, "there are no cases");
        assert!(
            failures.is_empty(),
            "{} of {tried} fail:\n{}",
            failures.len(),
            failures.join("\n")
        );
    }
}

/// Cargo runs tests in their package's folder, people name folders from the workspace's.
fn given_folder(root: &Path, folder: &Path) -> PathBuf {
    match folder.is_dir() {
        true => folder.to_path_buf(),
        false => root.join(folder),
    }
}

fn collect(folder: &Path, with_inner: bool, files: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            if with_inner {
                collect(&path, false, files);
            }
        } else if path
            .extension()
            .is_some_and(|extension| extension == "jsonl")
        {
            files.push(path);
        }
    }
}

fn of_kind(file: &Path, line: &str, kinds: &[&str]) -> Option<Json> {
    let case: Json =
        serde_json::from_str(line).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    let kind = case["kind"].as_str()?;
    kinds.contains(&kind).then_some(case)
}
