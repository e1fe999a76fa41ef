//! What commands read of the disk and the environment.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::Failure;
use crate::config::environment::{self, Environment};
use crate::config::layers::{WorkerFile, WorkerProperties};
use crate::config::properties;
use crate::providers::{WorkerProviders, resolve_worker};

/// Reads the worker file; an empty name means that everything comes from elsewhere.
///
/// # Errors
/// The file cannot be read, or is no properties file.
pub fn worker_file(path: &str) -> Result<WorkerFile, Failure> {
    if path.is_empty() {
        return Ok(WorkerFile::default());
    }
    let bytes = fs::read(path).map_err(|e| {
        Failure::NotStarted(format!(
            "cannot read the worker file {path}: {e}; check path and permissions"
        ))
    })?;
    let properties = properties::parse_bytes(&bytes)
        .map_err(|e| Failure::NotStarted(format!("worker file {path}, {e}")))?;
    Ok(WorkerFile {
        path: path.to_owned(),
        properties,
    })
}

/// What the environment of this process says of the worker.
pub fn worker_environment() -> Environment {
    environment::read(environment::texts())
}

/// The worker's properties with what their references stand for, and the providers they name.
///
/// # Errors
/// A provider cannot be made, or cannot give what it is asked for.
pub fn resolved(written: &WorkerProperties) -> Result<WorkerProviders, Failure> {
    let variables = environment::texts().collect();
    resolve_worker(written, &variables).map_err(|(key, error)| {
        Failure::NotStarted(match written.origin(&key) {
            "default" => error.to_string(),
            origin => format!("{error} ({origin})"),
        })
    })
}

/// The connector files that were named, and those in folders that were named, by name.
///
/// A folder gives its `.properties` and `.json` files. Hidden ones are left out: mounted configurations keep their
/// former versions there.
///
/// # Errors
/// A folder cannot be read.
pub fn connector_files(named: &[String]) -> Result<Vec<String>, String> {
    let mut files = Vec::new();
    for path in named {
        if !Path::new(path).is_dir() {
            files.push(path.clone());
            continue;
        }
        let found = files_in(Path::new(path)).map_err(|e| {
            format!(
                "cannot read the folder of connector files {path}: {e}; check path and permissions"
            )
        })?;
        files.extend(found.iter().map(|file| file.to_string_lossy().into_owned()));
    }
    Ok(files)
}

fn files_in(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let hidden = path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with('.'));
        let described = path
            .extension()
            .is_some_and(|extension| extension == "properties" || extension == "json");
        if !hidden && described && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_stand_for_the_connector_files_in_them() {
        let folder = std::env::temp_dir().join(format!("turnbuckle-files-{}", std::process::id()));
        let data = folder.join("..2026_data");
        fs::create_dir_all(&data).expect("a folder");
        fs::create_dir_all(folder.join("d.json")).expect("a folder");
        for name in ["b.properties", "a.json", ".hidden.json", "notes.md"] {
            fs::write(data.join(name), "name=x").expect("a file");
            // As Kubernetes mounts a configuration.
            std::os::unix::fs::symlink(data.join(name), folder.join(name)).expect("a link");
        }
        let path = |name: &str| folder.join(name).to_string_lossy().into_owned();
        let named = ["first.properties".to_owned(), path("")];
        let expected = [
            "first.properties".to_owned(),
            path("a.json"),
            path("b.properties"),
        ];
        assert_eq!(connector_files(&named), Ok(expected.to_vec()));
        fs::remove_dir_all(&folder).expect("an end");
    }
}
