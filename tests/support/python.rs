//! Python environments with the clients that scripts of the tests use.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use super::jars::{cache, digest, fill_once};
use super::process::run_tool;

/// An environment: packages at fixed versions, made once per machine.
pub struct Environment {
    name: &'static str,
    packages: &'static [&'static str],
}

/// For the scripts under `tests/goldens`.
const GOLDENS: Environment = Environment {
    name: "python",
    packages: &["confluent-kafka==2.16.1", "neo4j==6.4.1"],
};

/// Confluent's serializers with all that they need, and a compiler of Protobuf files.
pub const SERIALIZERS: Environment = Environment {
    name: "python-serializers",
    packages: &[
        "confluent-kafka[avro,json,protobuf,schemaregistry]==2.16.1",
        "fastavro==1.13.1",
        "grpcio-tools==1.85.1",
        "jsonschema==4.26.0",
        "protobuf==7.36.2",
    ],
};

/// Clients of Connect's REST API that others wrote.
pub const CLIENTS: Environment = Environment {
    name: "python-clients",
    packages: &["kafka-connect-py==1.0.0", "kafka-connect-api==0.5.10"],
};

/// What fuzzes a REST API from its document.
pub const FUZZER: Environment = Environment {
    name: "python-fuzzer",
    packages: &["schemathesis==4.32.5"],
};

/// Runs a program that one of the packages brings, in this folder.
pub fn tool(
    environment: &Environment,
    program: &str,
    args: &[&str],
    dir: &Path,
) -> Result<Output, String> {
    let mut command = Command::new(interpreter(environment)?.with_file_name(program));
    command.args(args).current_dir(dir).stdin(Stdio::null());
    command.output().map_err(|e| format!("{program}: {e}"))
}

/// Runs a script of this repository (path from its root) and gives back what it printed, whatever its exit code.
pub fn run(script: &str, args: &[&str]) -> Result<Output, String> {
    run_in(&GOLDENS, script, args)
}

/// The same in another environment.
pub fn run_in(environment: &Environment, script: &str, args: &[&str]) -> Result<Output, String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join(script);
    let mut command = Command::new(interpreter(environment)?);
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
fn interpreter(environment: &Environment) -> Result<PathBuf, String> {
    let Environment { name, packages } = environment;
    let version = digest(&packages.join("+"));
    let home = cache().join(format!("{name}-{version:08x}"));
    let python = home.join("bin/python");
    fill_once(&home.join("complete"), |stamp| {
        let mut venv = Command::new("python3");
        venv.args(["-m", "venv"]).arg(&home);
        run_tool(venv)?;
        let mut pip = Command::new(&python);
        pip.args(["-m", "pip", "install", "-q", "--disable-pip-version-check"])
            .args(*packages);
        run_tool(pip)?;
        std::fs::create_dir(stamp).map_err(|e| format!("{}: {e}", stamp.display()))
    })?;
    Ok(python)
}
