//! The reference: a standalone Connect worker of Apache Kafka on the JVM, with the file connectors.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::jars;
use super::kafka::java;

/// As in the file that Kafka ships. Without one, errors alone are printed and `GET /admin/loggers` lists no root.
const LOGGING: &str = "rootLogger.level=INFO\n\
    rootLogger.appenderRef.out.ref=OUT\n\
    appender.out.type=Console\n\
    appender.out.name=OUT\n\
    appender.out.layout.type=PatternLayout\n\
    appender.out.layout.pattern=[%d] %p %X{connector.context}%m (%c)%n\n";

/// The command that runs a worker from these files, with more jars on its class path.
pub fn command(
    worker_properties: &Path,
    connectors: &[PathBuf],
    more: &[PathBuf],
) -> Result<Command, String> {
    let jars = jars_in(&jars::kafka()?)?;
    // On the class path too, the file connectors would be there twice.
    let path: Vec<String> = jars
        .iter()
        .filter(|jar| !is_file_connector(jar))
        .chain(more)
        .map(|jar| jar.to_string_lossy().into_owned())
        .collect();
    let mut java = java("512m", &path.join(":"));
    let logging = worker_properties.with_file_name("log4j2.properties");
    fs::write(&logging, LOGGING).map_err(|e| format!("{}: {e}", logging.display()))?;
    java.arg(format!("-Dlog4j2.configurationFile={}", logging.display()));
    java.arg("org.apache.kafka.connect.cli.ConnectStandalone")
        .arg(worker_properties)
        .args(connectors);
    Ok(java)
}

/// A folder for `plugin.path`, made inside `dir`: the JVM finds the file connectors only there.
pub fn plugin_path(dir: &Path) -> Result<PathBuf, String> {
    let folder = dir.join("plugins").join("connect-file");
    let failed = |e: std::io::Error| format!("{}: {e}", folder.display());
    fs::create_dir_all(&folder).map_err(failed)?;
    for jar in jars_in(&jars::kafka()?)?
        .iter()
        .filter(|jar| is_file_connector(jar))
    {
        fs::copy(jar, folder.join(jar.file_name().unwrap_or_default())).map_err(failed)?;
    }
    Ok(dir.join("plugins"))
}

fn is_file_connector(jar: &Path) -> bool {
    jar.file_name()
        .is_some_and(|name| name.to_string_lossy().starts_with("connect-file-"))
}

fn jars_in(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let mut jars: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    jars.retain(|path| path.extension().is_some_and(|e| e == "jar"));
    jars.sort();
    Ok(jars)
}
