//! `-daemon` of Kafka's scripts: the same worker in the background.
//!
//! As with the script, the caller gets exit code 0 as soon as the process runs; whether the worker starts stands in
//! `LOG_DIR/connectStandalone.out`, which each start begins anew. Without `LOG_DIR` the folder is `../logs` seen from the program's own.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const LOG_DIR: &str = "LOG_DIR";
const LOG_FILE: &str = "connectStandalone.out";

/// A process that goes on after this one.
pub struct Daemon {
    pub pid: u32,
    pub log: PathBuf,
}

/// Starts the program again with these arguments (its name first), cut off from terminal and caller.
///
/// # Errors
/// What could not be had, with the way out.
pub fn start(arguments: &[OsString]) -> Result<Daemon, String> {
    let program = std::env::current_exe().map_err(|e| format!("-daemon: no program: {e}"))?;
    let folder = log_folder(std::env::var_os(LOG_DIR), &program);
    let log = folder.join(LOG_FILE);
    let output = log_file(&folder, &log).map_err(|e| {
        format!(
            "-daemon: cannot write {}: {e}; set LOG_DIR to a folder that can be written",
            log.display()
        )
    })?;
    let errors = output
        .try_clone()
        .map_err(|e| format!("-daemon: cannot share {}: {e}", log.display()))?;
    let child = Command::new(&program)
        .args(arguments.iter().skip(1))
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(errors)
        // In a group of its own: neither Ctrl-C nor the end of the terminal reaches it.
        .process_group(0)
        .spawn()
        .map_err(|e| format!("-daemon: cannot start {}: {e}", program.display()))?;
    Ok(Daemon {
        pid: child.id(),
        log,
    })
}

fn log_folder(log_dir: Option<OsString>, program: &Path) -> PathBuf {
    if let Some(folder) = log_dir.filter(|folder| !folder.is_empty()) {
        return PathBuf::from(folder);
    }
    let base = program.parent().and_then(Path::parent);
    base.unwrap_or(Path::new("/")).join("logs")
}

fn log_file(folder: &Path, log: &Path) -> io::Result<File> {
    fs::create_dir_all(folder)?;
    File::create(log)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_folder_is_that_of_the_script() {
        let program = Path::new("/opt/turnbuckle/bin/turnbuckle");
        for (log_dir, expected) in [
            (Some("/var/log/connect"), "/var/log/connect"),
            (Some(""), "/opt/turnbuckle/logs"),
            (None, "/opt/turnbuckle/logs"),
        ] {
            let folder = log_folder(log_dir.map(OsString::from), program);
            assert_eq!(folder, Path::new(expected), "{log_dir:?}");
        }
    }
}
