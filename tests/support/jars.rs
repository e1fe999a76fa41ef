//! The jars of the services, downloaded by Maven once per machine.
//!
//! They are kept outside the clone, in `$TURNBUCKLE_CACHE` or `~/.cache/turnbuckle`. A folder there is complete or
//! absent: it is filled under another name and then renamed. Its name carries a digest of the list of artifacts: a
//! changed list is a new folder.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::process::run_tool;
use super::scratch::unique;

/// `group:artifact:version` each, with all they need at run time.
const KAFKA: (&str, &[&str]) = (
    "kafka-4.3.1",
    &[
        "org.apache.kafka:kafka_2.13:4.3.1",
        "org.apache.kafka:kafka-tools:4.3.1",
        "org.apache.kafka:connect-runtime:4.3.1",
        "org.apache.kafka:connect-json:4.3.1",
        "org.apache.kafka:connect-transforms:4.3.1",
        "org.apache.kafka:connect-file:4.3.1",
        "org.apache.logging.log4j:log4j-slf4j-impl:2.24.3",
    ],
);
const NEO4J: (&str, &[&str]) = (
    "neo4j-5.26.0",
    &[
        "org.neo4j:neo4j:5.26.0",
        "org.neo4j.app:neo4j-server:5.26.0",
    ],
);

const BASIC_AUTH: (&str, &[&str]) = (
    "connect-basic-auth-4.3.1",
    &["org.apache.kafka:connect-basic-auth-extension:4.3.1"],
);

/// The JVM's extension that asks for logins: its jar alone, the rest is the worker's.
pub fn basic_auth() -> Result<PathBuf, String> {
    let folder = folder(BASIC_AUTH.0, BASIC_AUTH.1)?;
    Ok(folder.join("connect-basic-auth-extension-4.3.1.jar"))
}

/// Broker and Connect worker.
pub fn kafka() -> Result<PathBuf, String> {
    folder(KAFKA.0, KAFKA.1)
}

pub fn neo4j() -> Result<PathBuf, String> {
    folder(NEO4J.0, NEO4J.1)
}

/// The schema registry's archive, which holds all that it needs.
const APICURIO: &str = "io.apicurio:apicurio-registry-app:3.0.9:tar.gz:all";
pub const APICURIO_JAR: &str = "apicurio-registry-app-3.0.9-runner.jar";

/// The unpacked registry; [`APICURIO_JAR`] is what is to be started.
pub fn apicurio() -> Result<PathBuf, String> {
    let target = cache().join("jars/apicurio-registry-3.0.9");
    fill_once(&target, |partial| {
        eprintln!("downloading the schema registry to {}", target.display());
        fs::create_dir_all(partial).map_err(|e| format!("{}: {e}", partial.display()))?;
        // By its coordinates alone: its parents, which a project would ask for, are not to be had.
        let mut maven = Command::new("mvn");
        maven.args(["-q", "-B", "dependency:copy"]);
        maven.arg(format!("-Dartifact={APICURIO}"));
        maven.arg(format!("-DoutputDirectory={}", partial.display()));
        run_tool(maven)?;
        let archive = partial.join("apicurio-registry-app-3.0.9-all.tar.gz");
        let mut tar = Command::new("tar");
        tar.arg("-xzf").arg(&archive).arg("-C").arg(partial);
        run_tool(tar)?;
        fs::remove_file(&archive).map_err(|e| format!("{}: {e}", archive.display()))
    })?;
    Ok(target)
}

/// Where downloads are kept between runs.
pub fn cache() -> PathBuf {
    if let Some(chosen) = std::env::var_os("TURNBUCKLE_CACHE") {
        return PathBuf::from(chosen);
    }
    let home = std::env::var_os("HOME")
        .map(PathBuf::from)
        .unwrap_or_else(std::env::temp_dir);
    home.join(".cache/turnbuckle")
}

/// Fills `target` by `fill`, unless it is there already. `fill` gets another path and must leave it complete.
/// Of several processes one fills, the others wait for it.
pub fn fill_once(
    target: &Path,
    fill: impl FnOnce(&Path) -> Result<(), String>,
) -> Result<(), String> {
    let failed = |e: std::io::Error| format!("{}: {e}", target.display());
    let parent = target.parent().ok_or("a cache folder needs a parent")?;
    fs::create_dir_all(parent).map_err(failed)?;
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let lock = File::create(parent.join(format!(".{name}.lock"))).map_err(failed)?;
    lock.lock().map_err(failed)?;
    if target.exists() {
        return Ok(());
    }
    let partial = parent.join(unique(".partial"));
    let filled = fill(&partial).and_then(|()| fs::rename(&partial, target).map_err(failed));
    let _ = fs::remove_dir_all(&partial);
    filled
}

fn folder(name: &str, artifacts: &[&str]) -> Result<PathBuf, String> {
    let pom = pom(artifacts);
    let target = cache()
        .join("jars")
        .join(format!("{name}-{:08x}", digest(&pom)));
    fill_once(&target, |partial| {
        eprintln!("downloading the jars of {name} to {}", target.display());
        fs::create_dir_all(partial).map_err(|e| format!("{}: {e}", partial.display()))?;
        let project = partial.join("pom.xml");
        fs::write(&project, &pom).map_err(|e| format!("{}: {e}", project.display()))?;
        let mut maven = Command::new("mvn");
        maven.args([
            "-q",
            "-B",
            "dependency:copy-dependencies",
            "-DincludeScope=runtime",
        ]);
        maven
            .arg("-f")
            .arg(&project)
            .arg(format!("-DoutputDirectory={}", partial.display()));
        run_tool(maven).map(drop)
    })?;
    Ok(target)
}

fn pom(artifacts: &[&str]) -> String {
    let dependency = |coordinates: &&str| {
        let mut parts = coordinates.split(':');
        let mut part = || parts.next().unwrap_or_default();
        let (group, artifact, version) = (part(), part(), part());
        format!(
            "<dependency><groupId>{group}</groupId><artifactId>{artifact}</artifactId>\
             <version>{version}</version></dependency>\n"
        )
    };
    let dependencies: String = artifacts.iter().map(dependency).collect();
    format!(
        "<project xmlns=\"http://maven.apache.org/POM/4.0.0\"><modelVersion>4.0.0</modelVersion>\n\
         <groupId>turnbuckle</groupId><artifactId>test-services</artifactId><version>1</version>\n\
         <dependencies>\n{dependencies}</dependencies></project>\n"
    )
}

/// FNV-1a: stable between compilers, unlike the standard library's hasher.
pub fn digest(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}
