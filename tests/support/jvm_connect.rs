//! The reference: a standalone Connect worker of Apache Kafka on the JVM, with the file connectors.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::jars;
use super::kafka::java;

/// The command that runs a worker from these files.
pub fn command(worker_properties: &Path, connectors: &[PathBuf]) -> Result<Command, String> {
    let mut java = java("512m", &jars::kafka()?);
    java.arg("org.apache.kafka.connect.cli.ConnectStandalone")
        .arg(worker_properties)
        .args(connectors);
    Ok(java)
}

/// A folder for `plugin.path`, made inside `dir`: the JVM finds the file connectors only there.
pub fn plugin_path(dir: &Path) -> Result<PathBuf, String> {
    let jars = jars::kafka()?;
    let plugins = dir.join("plugins");
    let folder = plugins.join("connect-file");
    let failed = |e: std::io::Error| format!("{}: {e}", folder.display());
    fs::create_dir_all(&folder).map_err(failed)?;
    for entry in fs::read_dir(&jars).map_err(failed)?.flatten() {
        if entry
            .file_name()
            .to_string_lossy()
            .starts_with("connect-file-")
        {
            fs::copy(entry.path(), folder.join(entry.file_name())).map_err(failed)?;
        }
    }
    Ok(plugins)
}
