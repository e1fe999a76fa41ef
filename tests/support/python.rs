//! A Python environment with the clients that the scripts under `tests/goldens` use.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use super::jars::{cache, fill_once};
use super::process::run_tool;

const PACKAGES: &[&str] = &["confluent-kafka==2.16.1", "neo4j==6.4.1"];

/// Runs a script of this repository (path from its root) and gives back what it printed, whatever its exit code.
pub fn run(script: &str, args: &[&str]) -> Result<Output, String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join(script);
    let mut command = Command::new(interpreter()?);
    // No byte code beside the scripts: it would lie in the clone.
    command
        .arg("-B")
        .arg(&script)
        .args(args)
        .stdin(Stdio::null());
    command
        .output()
        .map_err(|e| format!("{}: {e}", script.display()))
}

/// The environment is made once per machine. It cannot be renamed (its scripts hold its path), so a stamp inside tells
/// that it is complete.
fn interpreter() -> Result<PathBuf, String> {
    let version = PACKAGES.join("+").replace("==", "-");
    let home = cache().join(format!("python-{version}"));
    let python = home.join("bin/python");
    fill_once(&home.join("complete"), |stamp| {
        let mut venv = Command::new("python3");
        venv.args(["-m", "venv"]).arg(&home);
        run_tool(venv)?;
        let mut pip = Command::new(&python);
        pip.args(["-m", "pip", "install", "-q", "--disable-pip-version-check"])
            .args(PACKAGES);
        run_tool(pip)?;
        std::fs::create_dir(stamp).map_err(|e| format!("{}: {e}", stamp.display()))
    })?;
    Ok(python)
}
