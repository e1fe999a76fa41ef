//! Hygiene that a reader would otherwise have to check: the invariants of ARCHITECTURE.md that can be read off the source.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Every Rust file below a folder.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// Program sources, tests of crates left out.
fn program() -> Vec<PathBuf> {
    let mut found = Vec::new();
    sources(&root().join("src"), &mut found);
    for group in ["crates", "connectors"] {
        for entry in fs::read_dir(root().join(group))
            .expect("a folder")
            .flatten()
        {
            let source = entry.path().join("src");
            if source.is_dir() {
                sources(&source, &mut found);
            }
        }
    }
    found
}

/// Files whose code, comments left out, has the word, other than those in the room where it belongs.
fn strangers(word: &str, room: &str) -> Vec<String> {
    let has_word = |line: &str| !line.trim_start().starts_with("//") && line.contains(word);
    program()
        .iter()
        .filter(|path| !path.starts_with(root().join(room)))
        .filter(|path| read(path).lines().any(has_word))
        .map(|path| path.display().to_string())
        .collect()
}

#[test]
fn only_the_kafka_room_names_the_kafka_client() {
    assert_eq!(
        strangers("rdkafka::", "crates/data-plane/src/kafka"),
        [""; 0]
    );
}

#[test]
fn only_the_rest_room_knows_http() {
    assert_eq!(strangers("axum::", "src/rest"), [""; 0]);
}

#[test]
fn only_the_session_of_the_graph_sink_runs_transactions() {
    assert_eq!(
        strangers("start_txn", "connectors/graph/src/session.rs"),
        [""; 0]
    );
}

#[test]
fn connectors_see_connect_api_alone() {
    for entry in fs::read_dir(root().join("connectors"))
        .expect("a folder")
        .flatten()
    {
        let manifest = entry.path().join("Cargo.toml");
        if !manifest.is_file() {
            continue;
        }
        let text = read(&manifest);
        let dependencies = text.split("[dependencies]").nth(1).unwrap_or_default();
        let dependencies = dependencies.split("\n[").next().unwrap_or_default();
        for ours in [
            "data-plane",
            "turnbuckle",
            "connect-converters",
            "connect-testkit",
            "connector-",
        ] {
            assert!(
                !dependencies.contains(ours),
                "{} depends on {ours}",
                manifest.display()
            );
        }
    }
}

#[test]
fn the_architecture_names_every_folder_of_the_runtime_and_every_crate() {
    let page = read(&root().join("ARCHITECTURE.md"));
    for entry in fs::read_dir(root().join("src"))
        .expect("a folder")
        .flatten()
    {
        if entry.path().is_dir() {
            let name = format!("`src/{}/`", entry.file_name().to_string_lossy());
            assert!(page.contains(&name), "ARCHITECTURE.md does not name {name}");
        }
    }
    for group in ["crates", "connectors"] {
        for entry in fs::read_dir(root().join(group))
            .expect("a folder")
            .flatten()
        {
            if entry.path().is_dir() {
                let name = format!("`{group}/{}`", entry.file_name().to_string_lossy());
                assert!(page.contains(&name), "ARCHITECTURE.md does not name {name}");
            }
        }
    }
}

#[test]
fn nothing_is_left_to_do_in_the_source() {
    for path in program() {
        let text = read(&path);
        for word in ["TODO", "FIXME", "todo!(", "unimplemented!("] {
            assert!(!text.contains(word), "{} has {word}", path.display());
        }
    }
}

/// Its records are written by the service `sample-data`.
#[test]
fn the_pipeline_of_the_compose_file_is_the_samples() {
    let lines = |path: &str| -> Vec<String> {
        let text = read(&root().join(path));
        let lines = text
            .lines()
            .filter(|line| !line.starts_with('#') && !line.is_empty());
        lines
            .map(|line| line.replace("neo4j://localhost:", "neo4j://neo4j:"))
            .collect()
    };
    assert_eq!(
        lines("docs/deploy/compose/graph-sink.properties"),
        lines("config/graph-sink.properties"),
        "let both say the same, and look whether docker-compose.yml writes fitting records"
    );
}
